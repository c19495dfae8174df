# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine's side of NFS exports: its files, the server's table, and exportfs."""

from __future__ import annotations

import os
import socket
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound

# Return code, what it printed, what it complained of.
Run = t.Callable[[t.List[str]], t.Tuple[int, str, str]]
EXPORTS = "/etc/exports"
EXPORTS_D = "/etc/exports.d"


@dataclass(frozen=True)
class System:
    """What a machine gives: commands, and the way to put a finished file in the place of another.

    run: run a command. find: where a program is; None where it isn't.
    move: move a file into place at once, with the owner, mode and SELinux context of what it replaces.
    """

    run: Run
    find: t.Callable[[str], t.Optional[str]]
    move: t.Callable[[str, str], None]

    def exports_files(self) -> list[str]:
        """Every file that exportfs reads, in its order (exports(5), "Extra Export Tables")."""
        try:
            names = [path.name for path in Path(EXPORTS_D).iterdir()]
        except FileNotFoundError:
            names = []
        return [EXPORTS, *(EXPORTS_D + "/" + name for name in sorted(names) if is_read(name))]

    def table(self) -> str | None:
        """The server's table of exports, which exportfs keeps and the kernel is answered from; None where there is no
        NFS server yet."""
        directory = "/var/lib/nfs"
        nfsconf = self.find("nfsconf")
        if nfsconf is not None:  # nfs.conf(5), state-directory-path
            code, out, _err = self.run([nfsconf, "--get", "mountd", "state-directory-path"])
            directory = out.strip() if code == 0 and out.strip() else directory
        text = read_text(directory + "/etab")
        return "" if text is None and self.find("exportfs") is not None else text

    def kernel(self) -> str | None:
        """What the kernel's NFS server says that it exports; None where there is none, or where it isn't told.

        Without the mount that nfs-server.service has the first is not there; the second always is.
        """
        for name in ("/proc/fs/nfsd/exports", "/proc/fs/nfs/exports"):
            text = read_text(name)
            if text is not None:
                return text
        return None

    def exportfs(self) -> str:
        """Where exportfs is."""
        found = self.find("exportfs")
        if found is None:
            raise NotFound(
                "Failed to export anything: exportfs isn't installed here.",
                error_code="missing_exportfs",
                remedy="Install nfs-kernel-server (Debian, Ubuntu) or nfs-utils (Fedora, EL), or use role nfs_server.",
            )
        return found

    def reexport(self) -> tuple[int, str]:
        """Have the server's table made anew from the files: exportfs' return code and what it complained of.

        -f: without it exportfs 2.6 leaves the kernel what it was told after the table was last changed.
        """
        code, _out, err = self.run([self.exportfs(), "-r", "-f"])
        lines = [line.replace("exportfs: ", "", 1).strip() for line in err.splitlines()]
        return code, "; ".join(dict.fromkeys(line for line in lines if line))

    def write(self, name: str, text: str | None, expected: str | None) -> None:
        """Give a file this text, or remove it (None), at once and for good. KvmError where it isn't what it was when
        the plan was made (``expected``)."""
        target = os.path.realpath(name)
        if read_text(target) != expected:
            raise KvmError(
                "Failed to write {0}: somebody else has just changed it.".format(name),
                error_code="changed_meanwhile",
                remedy="Run the task again.",
            )
        directory = os.path.dirname(target)
        try:
            if text is None:
                Path(target).unlink()
            else:
                Path(directory).mkdir(mode=0o755, exist_ok=True)
                # a name with a dot in front: exportfs doesn't read it if this ends here
                handle, temporary = tempfile.mkstemp(prefix=".minicloud-", dir=directory)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(text.encode("latin-1"))
                    stream.flush()
                    os.fsync(stream.fileno())
                self.move(temporary, target)
            _sync(directory)
        except OSError as error:
            raise KvmError("Failed to write {0}: {1}.".format(name, error.strerror)) from error


def is_read(name: str) -> bool:
    """Whether exportfs reads a file of this name in /etc/exports.d."""
    return name.endswith(".exports") and not name.startswith(".") and name != ".exports"


def read_text(name: str) -> str | None:
    """A file's bytes as Latin-1; None where there is no file."""
    try:
        return Path(name).read_bytes().decode("latin-1")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KvmError("Failed to read {0}: {1}.".format(name, error.strerror)) from error


def resolve(name: str) -> frozenset[str]:
    """What a host name, or an address, is known by; only itself where the resolver doesn't know it."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        return frozenset((name,))
    return frozenset(
        {name, *(str(address[0]) for *_rest, address in found), *(entry[3].lower() for entry in found)} - {""}
    )


def _sync(directory: str) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
