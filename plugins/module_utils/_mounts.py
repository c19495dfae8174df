# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mounted from other machines, and whether it answers.

Whoever looks at a directory on a mount whose server is gone waits for that server for ever, libvirt and all that ask it
included. So a child looks first, and nobody waits for one that doesn't come back.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

# Seconds. A server that restarts is silent for less.
_PATIENCE = 30
_NETWORK = re.compile(r"autofs|nfs4?|cifs|smb3|ceph|glusterfs|afs|9p|gfs2|ocfs2|lustre|fuse(\..+)?")


@dataclass(frozen=True)
class Mount:
    """A line of /proc/self/mountinfo (proc(5))."""

    point: str
    fstype: str
    source: str

    @property
    def is_network(self) -> bool:
        """Whether what is mounted may be on another machine."""
        return _NETWORK.fullmatch(self.fstype) is not None


def parse_mountinfo(text: str) -> list[Mount]:
    """The mounts, in their order; of two on one directory the later one is what is seen."""
    mounts = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if dash and len(left) > 4 and len(right) > 1:
            mounts.append(Mount(_plain(left[4]), right[0], _plain(right[1])))
    return mounts


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def mount_of(path: str, mounts: t.Iterable[Mount]) -> Mount | None:
    """What a path is on, as far as its text tells: to resolve a symbolic link is to look."""
    path = os.path.normpath(path)
    best: Mount | None = None
    for mount in mounts:
        below = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        if below and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def silent(points: t.Iterable[str], patience: float) -> list[str]:
    """Of these directories those on which a look doesn't come back within so many seconds."""
    # statfs(2), which no file system answers from memory. In a session of its own: it may outlive this process.
    waiting = {
        point: subprocess.Popen(
            ["stat", "--file-system", "--", point],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for point in sorted(set(points))
    }
    end = time.monotonic() + patience
    while True:
        waiting = {point: child for point, child in waiting.items() if child.poll() is None}
        if not waiting or time.monotonic() >= end:
            break
        time.sleep(0.01)
    for child in waiting.values():
        child.kill()
        # Not waited for, and nobody's to wait for: it may never end.
        child.returncode = 0
    return list(waiting)


def require_answers(paths: t.Mapping[str, str]) -> None:
    """KvmError where one of these paths (what it is of, by path) is on a mount that doesn't answer."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
            mounts = parse_mountinfo(stream.read())
    except OSError:
        return
    found = {path: mount_of(path, mounts) for path in paths}
    network = {path: mount for path, mount in found.items() if mount is not None and mount.is_network}
    dead = set(silent((mount.point for mount in network.values()), _PATIENCE)) if network else set()
    for path, mount in network.items():
        if mount.point in dead:
            raise KvmError(
                "{0} is on {1}, where {2} ({3}) is mounted, which has not answered for {4} s.".format(
                    paths[path], mount.point, mount.source, mount.fstype, _PATIENCE
                ),
                error_code="mount_hangs",
                remedy="Bring its server back, or unmount it (umount -l). Nothing was changed.",
                mount_point=mount.point,  # not "path": of a path in a result, Ansible itself looks at what is there
                source=mount.source,
            )
