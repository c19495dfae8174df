# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A seed as a file: read with what it holds, written in one step, never where something else lies."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils import _seed_iso
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound

# QEMU's own group, which has no members: on Debian and Ubuntu; on Fedora and EL. Not kvm: people are members of that.
_QEMU_GROUPS = ("libvirt-qemu", "qemu")


@dataclass(frozen=True)
class Found:
    """What is there. mode: permission bits; owner, group: numbers."""

    documents: t.Mapping[str, str]
    mode: int
    owner: int
    group: int


def read(path: str) -> Found | None:
    """The seed that is there, or None where there is no such file; a KvmError where something else is there."""
    try:
        with Path(path).open("rb") as image:
            info = os.fstat(image.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise _not_a_seed(path, "it is not a regular file")
            documents = _seed_iso.read(image)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError as error:
        raise _not_a_seed(path, "it is a directory") from error
    except _seed_iso.NotASeed as error:
        raise _not_a_seed(path, str(error)) from error
    except OSError as error:
        raise _failed("read", path, error) from error
    return Found(documents, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid)


def has_place(path: str) -> bool:
    """Whether a seed can be put here: its directory is there."""
    return Path(path).parent.is_dir()


def no_place(path: str) -> NotFound:
    return NotFound(
        "Failed to write seed {0}: there is no directory {1}.".format(path, os.path.dirname(path)),
        remedy="Make it first; a storage pool's directory is made by libvirt_pool.",
        path=path,
    )


def write(path: str, documents: t.Mapping[str, str], mode: int, owner: int | None, group: int | None) -> None:
    """Put the seed there in one step. Until it has its owner, group and mode, nobody but this process' user can read
    it. Owner and group that aren't given stay those of the file that is replaced, or are QEMU's group."""
    image = _seed_iso.write(documents)
    directory, name = os.path.split(path)
    temporary = None
    try:
        # mkstemp makes the file with mode 0600.
        descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".{0}.".format(name[:32]))
        with os.fdopen(descriptor, "wb") as out:
            out.write(image)
            out.flush()
            with contextlib.suppress(PermissionError):  # what nobody asked for need not be possible
                os.fchown(out.fileno(), *_usual_owners(path, owner, group))
            os.fchown(out.fileno(), -1 if owner is None else owner, -1 if group is None else group)
            os.fchmod(out.fileno(), mode)
            os.fsync(out.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise _failed("write", path, error) from error


def _usual_owners(path: str, owner: int | None, group: int | None) -> tuple[int, int]:
    """User and group for fchown, -1 for "leave it", of a seed that doesn't declare them."""
    try:
        info = Path(path).stat()
        usual_owner, usual_group = info.st_uid, info.st_gid
    except FileNotFoundError:
        usual_owner, usual_group = -1, _qemu_group()
    return (usual_owner if owner is None else -1, usual_group if group is None else -1)


def _qemu_group() -> int:
    for name in _QEMU_GROUPS:
        with contextlib.suppress(KeyError):
            return grp.getgrnam(name).gr_gid
    return -1


def set_access(path: str, mode: int, owner: int | None, group: int | None) -> None:
    """Owner, group (where given) and mode of a seed that is there."""
    try:
        os.chown(path, -1 if owner is None else owner, -1 if group is None else group)
        Path(path).chmod(mode)
    except OSError as error:
        raise _failed("set owner, group and mode of", path, error) from error


def remove(path: str) -> None:
    """Remove a seed; another host that shares the directory may have been faster."""
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise _failed("remove", path, error) from error


def owner_number(option: str, name: str | None) -> int | None:
    """The user's number; the option takes names and numbers."""
    return _number(option, name, lambda text: pwd.getpwnam(text).pw_uid, "user")


def group_number(option: str, name: str | None) -> int | None:
    """The group's number; the option takes names and numbers."""
    return _number(option, name, lambda text: grp.getgrnam(text).gr_gid, "group")


def _number(option: str, name: str | None, look_up: t.Callable[[str], int], kind: str) -> int | None:
    if name is None or name.isdigit():
        return None if name is None else int(name)
    try:
        return look_up(name)
    except KeyError as error:
        raise BadValue(option, name, "there is no such {0} on this machine".format(kind)) from error


def _not_a_seed(path: str, what: str) -> KvmError:
    return KvmError(
        "{0} is not a cloud-init seed: {1}. It is left as it is.".format(path, what),
        error_code="not_a_seed",
        remedy="Choose another path, or remove the file yourself if it is not needed.",
        path=path,
    )


def _failed(what: str, path: str, error: OSError) -> KvmError:
    return KvmError("Failed to {0} seed {1}: {2}.".format(what, path, error.strerror), error_code="io", path=path)
