# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The directory of an NFS export, where a task declares it: made, and whose it is."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError

OPTIONS: dict[str, t.Any] = {
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
}
# What a directory gets that is made without a mode: the same as mkdir(1) of root gives it.
_MODE = 0o755


@dataclass(frozen=True)
class Place:
    """A directory that is there: the numbers of its owner and group, and its mode."""

    uid: int
    gid: int
    mode: int


@dataclass(frozen=True)
class Change:
    """What is to be done to a directory: set these numbers; of one that isn't there, after it was made.

    before, after: the same in the words of the options.
    """

    before: dict[str, t.Any] | None
    after: dict[str, t.Any]
    uid: int
    gid: int
    mode: int


@dataclass(frozen=True)
class Directory:
    """A directory as a task declares it. What is None is not compared."""

    uid: int | None = None
    gid: int | None = None
    mode: int | None = None

    def change(self, found: Place | None) -> Change | None:
        """What has to be done to have it so; None: nothing."""
        start = found or Place(0, 0, _MODE)
        uid = start.uid if self.uid is None else self.uid
        gid = start.gid if self.gid is None else self.gid
        mode = start.mode if self.mode is None else self.mode
        if found == Place(uid, gid, mode):
            return None
        before = None if found is None else _words(found.uid, found.gid, found.mode)
        return Change(before, _words(uid, gid, mode), uid, gid, mode)


def _words(uid: int, gid: int, mode: int) -> dict[str, t.Any]:
    return {"owner": uid, "group": gid, "mode": "{0:04o}".format(mode)}


def read_directory(label: str, options: t.Mapping[str, t.Any] | None) -> Directory | None:
    """The directory that a task declares; BadValue where this machine doesn't know the owner."""
    if options is None:
        return None
    return Directory(
        _number(label + "directory.owner", options.get("owner"), lambda name: pwd.getpwnam(name).pw_uid, "user"),
        _number(label + "directory.group", options.get("group"), lambda name: grp.getgrnam(name).gr_gid, "group"),
        _mode(label + "directory.mode", options.get("mode")),
    )


def _number(label: str, value: str | None, find: t.Callable[[str], int], what: str) -> int | None:
    if value is None:
        return None
    if re.fullmatch("[0-9]{1,10}", value) and int(value) < 2**32 - 1:
        return int(value)
    try:
        return find(value)
    except KeyError:
        raise BadValue(label, value, "the number or the name of a {0} of this machine is wanted".format(what)) from None


def _mode(label: str, value: t.Any) -> int | None:
    """YAML reads 0770 as a number of base 8 and "0770" as a text; both are meant as chmod(1) has it."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0o7777:
        return value
    if isinstance(value, str) and re.fullmatch("[0-7]{3,4}", value):
        return int(value, 8)
    raise BadValue(label, value, "a mode of three or four octal digits is wanted, such as '0770'")


def look(path: str) -> Place | None:
    """The directory there is; None where nothing is there. KvmError where it is something else."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KvmError("Failed to look at {0}: {1}.".format(path, error.strerror), path=path) from error
    if not stat.S_ISDIR(found.st_mode):
        raise KvmError(
            "Failed to export {0}: it isn't a directory.".format(path), error_code="not_a_directory", path=path
        )
    return Place(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))


class Undo:
    """What is to be undone where the rest fails. Only what is empty still is removed again."""

    def __init__(self) -> None:
        self._steps: list[t.Callable[[], t.Any]] = []

    def make(self, path: str, change: Change) -> None:
        """Have a directory as it is wanted."""
        path = os.path.normpath(path)
        try:
            if change.before is None:
                self._make_parents(path)
            self._set(path, change)
        except OSError as error:
            raise KvmError("Failed to make {0}: {1}.".format(path, error.strerror), path=path) from error

    def _make_parents(self, path: str) -> None:
        if os.path.isdir(path):  # above another one that was made just now
            return
        missing = [path]
        while not os.path.isdir(os.path.dirname(missing[-1])):
            missing.append(os.path.dirname(missing[-1]))
        for each in reversed(missing):
            # Nobody else may look in before it has its owner.
            os.mkdir(each, 0o700 if each == path else _MODE)
            self._steps.append(lambda each=each: os.rmdir(each))  # type: ignore[misc]  # mypy knows no defaults here

    def _set(self, path: str, change: Change) -> None:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found = os.fstat(handle)
            if change.before is not None:
                self._steps.append(lambda: os.chmod(path, stat.S_IMODE(found.st_mode)))
                self._steps.append(lambda: os.chown(path, found.st_uid, found.st_gid))
            os.fchown(handle, change.uid, change.gid)
            os.fchmod(handle, change.mode)  # after the owner, who else would lose the set-group-ID bit
        finally:
            os.close(handle)

    def undo(self) -> None:
        """Put back what was done, the last first."""
        for step in reversed(self._steps):
            with contextlib.suppress(OSError):
                step()
