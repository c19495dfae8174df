# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine's side of iSCSI sessions: the kernel's /sys, open-iscsi's records, iscsiadm and multipathd."""

from __future__ import annotations

import os
import re
import socket
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path as File

from ansible_collections.minicloud.kvm.plugins.module_utils._disk_system import is_claimed
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_session import Machine, Path, Record, Session
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import Portal, plain_address

# Return code, what it printed, what it complained of.
Run = t.Callable[[t.List[str]], t.Tuple[int, str, str]]

# iscsiadm(8), "EXIT STATUS"
_NO_SUCH, _EXISTS, _LOGIN_AUTH = 21, 15, 24
_LINE = re.compile(r"^(?P<name>[a-z0-9_.\[\]]+)\s*=\s*(?P<value>.*?)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class System:
    """What a machine gives. run: run a command. find: where a program is; None where it isn't.

    sys: the kernel's tree. records: where open-iscsi may keep its records (Fedora, EL and Debian 13; Debian 12).
    """

    run: Run
    find: t.Callable[[str], t.Optional[str]]
    sys: str = "/sys"
    records: tuple[str, ...] = ("/var/lib/iscsi/nodes", "/etc/iscsi/nodes")

    def read(self) -> Machine:
        """All sessions and records."""
        return Machine(tuple(self._sessions()), tuple(self._records()))

    def _sessions(self) -> t.Iterator[Session]:
        for directory in sorted(File(self.sys, "class/iscsi_session").glob("session*")):
            number = int(directory.name[len("session") :])
            connections = sorted(File(self.sys, "class/iscsi_connection").glob("connection{0}:*".format(number)))
            try:
                target, state = _word(directory / "targetname"), _word(directory / "state")
                address = _word(connections[0] / "persistent_address")
                portal = Portal(plain_address(address), int(_word(connections[0] / "persistent_port")))
            except (OSError, IndexError, ValueError):  # it is just being made or removed
                continue
            blocks = sorted(directory.glob("device/target*/*/block/*"))
            yield Session(number, target, portal, state, tuple(self._path(block.name) for block in blocks))

    def _path(self, name: str) -> Path:
        block = File(self.sys, "block", name)
        holders = sorted(holder.name for holder in block.glob("holders/*"))
        maps = [holder for holder in holders if _word_or(block.parent / holder / "dm/uuid").startswith("mpath-")]
        if not maps:
            return Path("/dev/" + name, self._size(name), in_use=bool(holders) or is_claimed("/dev/" + name))
        above = "/dev/" + maps[0]
        used = any((block.parent / maps[0] / "holders").glob("*")) or is_claimed(above)
        shown = "/dev/mapper/" + _word_or(block.parent / maps[0] / "dm/name", maps[0])
        return Path("/dev/" + name, self._size(name), shown, self._size(maps[0]), used)

    def _size(self, name: str) -> int:
        """Bytes; the kernel counts in 512 whatever the disk's sectors are."""
        return int(_word_or(File(self.sys, "block", name, "size"), "0")) * 512

    def _records(self) -> t.Iterator[Record]:
        for root in self.records:
            for file in sorted(File(root).glob("*/*")) + sorted(File(root).glob("*/*/*")):
                if file.is_dir():
                    continue
                # TARGET/ADDRESS,PORT,TAG/INTERFACE, or TARGET/ADDRESS,PORT of older versions
                parts = file.relative_to(root).parts
                words = parts[1].split(",")
                try:
                    portal = Portal(plain_address(words[0]), int(words[1]))
                except (ValueError, IndexError):
                    continue
                yield Record(parts[0], portal, str(file), read_values(file.read_text(encoding="utf-8")))

    def discover(self, target: str, portal: Portal) -> None:
        """Have open-iscsi make the records that it lacks. Those it has stay as they are."""
        command = [
            "--mode",
            "discoverydb",
            "--type",
            "sendtargets",
            "--portal",
            str(portal),
            "--op",
            "new",
            "--discover",
        ]
        self._iscsiadm(command, "ask {0} for its targets".format(portal), good=(_NO_SUCH,))
        if not any(one.target == target and one.portal == portal for one in self._records()):
            found = sorted({one.target for one in self._records() if one.portal == portal})
            raise NotFound(
                "Failed to find the target {0} at {1}: it offers this machine {2}.".format(
                    target, portal, ", ".join(found) or "nothing"
                ),
                remedy="Look at its name, and whether it lets in this machine's /etc/iscsi/initiatorname.iscsi.",
            )

    def set_values(self, target: str, portal: Portal, values: t.Mapping[str, str]) -> None:
        """Write records. iscsiadm takes values on its command line only, where any user would see the secrets."""
        for record in self._records():
            if record.target == target and record.portal == portal:
                _replace(record.file, values)
        done = ["--mode", "node", "--targetname", target, "--portal", str(portal)]
        self._iscsiadm(done, "have open-iscsi read the record of {0} at {1}".format(target, portal))

    def login(self, target: str, portal: Portal) -> None:
        command = ["--mode", "node", "--targetname", target, "--portal", str(portal), "--login"]
        code, said = self._iscsiadm(command)
        # EL's iscsiadm ends with 0 also where it could not log in.
        there = any(one.target == target and one.portal == portal for one in self._sessions())
        if code not in (0, _EXISTS) or not there:
            denied = code == _LOGIN_AUTH or "authorization failure" in said
            raise KvmError(
                "Failed to log in to {0} at {1}: iscsiadm ended with code {2}: {3}.".format(target, portal, code, said),
                error_code="login_denied" if denied else "login_failed",
                remedy="Look at the CHAP names and secrets, and at whether the target lets in this machine's"
                " /etc/iscsi/initiatorname.iscsi."
                if denied
                else None,
            )

    def logout(self, target: str, portal: Portal) -> None:
        command = ["--mode", "node", "--targetname", target, "--portal", str(portal), "--logout"]
        self._iscsiadm(command, "log out of {0} at {1}".format(target, portal), good=(_NO_SUCH,))

    def forget(self, target: str, portal: Portal) -> None:
        command = ["--mode", "node", "--targetname", target, "--portal", str(portal), "--op", "delete"]
        self._iscsiadm(command, "forget {0} at {1}".format(target, portal), good=(_NO_SUCH,))

    def rescan(self, session: Session) -> None:
        """Have the kernel look for new disks and sizes."""
        command = ["--mode", "session", "--sid", str(session.number), "--rescan"]
        self._iscsiadm(command, "look for disks of {0} at {1}".format(session.target, session.portal))

    def resize(self, holder: str) -> None:
        """Give a multipath device the size that its paths have."""
        program = self._program(
            "multipathd", "multipath-tools (Debian, Ubuntu) or device-mapper-multipath (Fedora, EL)"
        )
        code, out, err = self.run([program, "resize", "map", os.path.basename(holder)])
        if code != 0 or "fail" in out.lower():
            raise KvmError("Failed to give {0} the size of its paths: {1}.".format(holder, (err or out).strip()))

    def settle(self) -> None:
        """Wait for udev to have seen new disks."""
        program = self.find("udevadm")
        if program is not None:
            self.run([program, "settle", "--timeout=30"])

    def _iscsiadm(self, words: list[str], what: str | None = None, good: t.Collection[int] = ()) -> tuple[int, str]:
        """Its code and what it complained of. what: for an error; without it the caller looks at the code."""
        program = self._program("iscsiadm", "open-iscsi (Debian, Ubuntu) or iscsi-initiator-utils (Fedora, EL)")
        code, out, err = self.run([program, *words])
        said = "; ".join(line.replace("iscsiadm: ", "", 1) for line in (err.strip() or out.strip()).splitlines())
        if what is not None and code != 0 and code not in good:
            raise KvmError("Failed to {0}: iscsiadm ended with code {1}: {2}.".format(what, code, said))
        return code, said

    def _program(self, name: str, package: str) -> str:
        found = self.find(name)
        if found is None:
            raise NotFound(
                "Failed to declare iSCSI sessions: {0} isn't installed here.".format(name),
                error_code="missing_program",
                remedy="Install {0}.".format(package),
            )
        return found


def answers(portal: Portal, timeout: float) -> str:
    """Why a portal can't be reached; empty where it can."""
    try:
        socket.create_connection((portal.address, portal.port), timeout=timeout).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def read_values(text: str) -> dict[str, str]:
    """The values of a record. What is not set is not there, or <empty>."""
    matches = [_LINE.match(line) for line in text.splitlines()]
    values = {match.group("name"): match.group("value") for match in matches if match is not None}
    return {name: value for name, value in values.items() if value not in ("", "<empty>")}


def write_values(text: str, values: t.Mapping[str, str]) -> str:
    """A record's text with these values; an empty one goes. All else stays."""
    left = dict(values)
    lines = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or match.group("name") not in values:
            if line.startswith("# END"):
                lines += ["{0} = {1}".format(name, value) for name, value in left.items() if value]
                left = {}
            lines.append(line)
            continue
        value = left.pop(match.group("name"), "")
        if value:
            lines.append("{0} = {1}".format(match.group("name"), value))
    lines += ["{0} = {1}".format(name, value) for name, value in left.items() if value]
    return "\n".join(lines) + "\n"


def _replace(name: str, values: t.Mapping[str, str]) -> None:
    """At once, for root only."""
    file = File(name)
    text = write_values(file.read_text(encoding="utf-8"), values)
    # Beside the directory of the records: all that is in it iscsiadm takes for one.
    nodes = next(parent for parent in file.parents if parent.name == "nodes")
    handle, temporary = tempfile.mkstemp(prefix=".minicloud-", dir=str(nodes.parent))
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, name)
    except OSError:
        os.unlink(temporary)
        raise


def _word(file: File) -> str:
    return file.read_text(encoding="utf-8").strip()


def _word_or(file: File, default: str = "") -> str:
    try:
        return _word(file)
    except OSError:
        return default
