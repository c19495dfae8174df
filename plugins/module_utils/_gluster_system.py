# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine's side of Gluster: its command, its groups of options, its own names."""

from __future__ import annotations

import errno
import re
import socket
import time
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_options import read_group
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_plan import Cluster
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_read import (
    STARTED,
    Heal,
    Peer,
    Status,
    answer,
    read_clients,
    read_heal,
    read_peers,
    read_removal,
    read_status,
    read_volumes,
    refusal,
)

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Run = t.Callable[[t.List[str]], t.Tuple[int, str, str]]
_GROUPS = "/var/lib/glusterd/groups"
_DOWN = re.compile("Connection failed|check if gluster daemon is operational")
# Another command has the cluster's lock, or some of the machines have not found each other again yet.
_BUSY = re.compile(
    r"another transaction is in progress|locking failed|please try again|is not in .{1,6}Peer in Cluster"
    r"|staging failed on .{1,300} is not started",
    re.IGNORECASE,
)
_PAUSE = 0.5
_TRIES = 20


@dataclass(frozen=True)
class System:
    """What a machine gives. run: run a command. find: where a program is; None where it isn't."""

    run: Run
    find: t.Callable[[str], t.Optional[str]]
    timeout: int = 120

    @property
    def installed(self) -> bool:
        return self.find("gluster") is not None

    def ask(self, doing: str, *command: str) -> Element:
        """The root of the command's XML. KvmError where it failed, with what it said."""
        return answer(self._run(doing, ["--xml", *command]), doing)

    def _run(self, doing: str, command: list[str]) -> str:
        program = self.find("gluster")
        if program is None:
            raise NotFound(
                "Failed to {0}: gluster isn't installed here.".format(doing),
                error_code="missing_gluster",
                remedy="Install glusterfs-server (Debian, Ubuntu, Fedora, EL), or use role gluster.",
            )
        # gluster itself gives up after this
        line = [program, "--mode=script", "--timeout={0}".format(max(1, self.timeout)), *command]
        for _each in range(_TRIES):
            code, out, err = self.run(line)
            if not _BUSY.search(out + err):
                break
            time.sleep(_PAUSE)
        said = err.strip() or out.strip()
        if _DOWN.search(said):
            raise KvmError(
                "Failed to {0}: glusterd doesn't answer here.".format(doing),
                error_code="no_glusterd",
                remedy="Start it: systemctl start glusterd; it writes to /var/log/glusterfs/glusterd.log.",
            )
        # with XML the code is 0 also where the answer says that it failed
        if code != 0 and not out.lstrip().startswith("<"):
            raise refusal(doing, said or "it ended with code {0}".format(code))
        return out

    def peers(self) -> list[Peer]:
        return read_peers(self.ask("read the cluster's machines", "pool", "list"))

    def cluster(self, names: t.Collection[str]) -> Cluster:
        """What there is. names: of volumes that a task declares."""
        peers = self.peers()
        volumes = read_volumes(self.ask("read the volumes", "volume", "info"))
        running = any(volumes[name].state == STARTED for name in names if name in volumes)
        return Cluster(peers, volumes, self.status() if running else {})

    def status(self) -> dict[str, Status]:
        return read_status(self.ask("read the volumes' status", "volume", "status", "all"))

    def heal(self, volume: str) -> list[Heal]:
        doing = "read what is to be healed of volume {0}".format(volume)
        return read_heal(self.ask(doing, "volume", "heal", volume, "info", "summary"))

    def removal(self, volume: str, bricks: t.Sequence[str]) -> tuple[str, int]:
        doing = "read how far the removal of {0} from volume {1} is".format(", ".join(bricks), volume)
        return read_removal(self.ask(doing, "volume", "remove-brick", volume, *bricks, "status"))

    def clients(self, volume: str) -> dict[str, int]:
        """Who has a volume open, Gluster's own processes apart."""
        doing = "read who uses volume {0}".format(volume)
        return read_clients(self._run(doing, ["volume", "status", volume, "client-list"]))

    def wait(self, ready: t.Callable[[], bool], seconds: float | None = None) -> bool:
        """Whether something is so in time. Gluster tells nobody of what happens, so it is asked."""
        end = time.monotonic() + (self.timeout if seconds is None else seconds)
        while not ready():
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
        return True

    def group(self, name: str) -> dict[str, str]:
        """The options of a group, as Gluster's package brings it. BadValue where there is none of that name."""
        try:
            there = sorted(path.name for path in Path(_GROUPS).iterdir())
            if name in there:
                return read_group(Path(_GROUPS, name).read_text(encoding="utf-8"))
        except OSError as error:
            raise KvmError("Failed to read {0}: {1}.".format(_GROUPS, error.strerror)) from error
        raise BadValue("group", name, "{0} has {1}".format(_GROUPS, ", ".join(there) or "none"))


def aliased(
    peers: t.Sequence[Peer], names: t.Iterable[str], look_up: t.Callable[[str], t.AbstractSet[str]] | None = None
) -> list[Peer]:
    """The machines, each also by those of the names that lead to an address of its own.

    A machine calls the one that took it in by what the resolver says of that one's address, and not as the task does.
    look_up: the addresses of a name.
    """
    find = look_up or addresses
    known = {name for peer in peers for name in peer.names}
    leading = {name: find(name) for name in names if name not in known}
    if not any(leading.values()):
        return list(peers)
    return [_aliased(peer, leading, find) for peer in peers]


def _aliased(
    peer: Peer, leading: t.Mapping[str, t.AbstractSet[str]], find: t.Callable[[str], t.AbstractSet[str]]
) -> Peer:
    own = {address for name in peer.names for address in find(name)}
    return replace(peer, names=(*peer.names, *sorted(name for name, found in leading.items() if found & own)))


def addresses(name: str) -> frozenset[str]:
    """The addresses that a name leads to; none where it leads nowhere."""
    try:
        return frozenset(str(each[4][0]) for each in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        return frozenset()


def is_local(name: str) -> bool:
    """Whether an address or host name is one of this machine's."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(_is_mine(family, address) for family, _type, _proto, _name, address in found)


def _is_mine(family: socket.AddressFamily, address: t.Any) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address[0], 0, *address[2:]))
    except OSError as error:
        return error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
    return True
