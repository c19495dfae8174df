# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several real glusterd on one machine, each in namespaces of its own (network, mounts, processes).

The file systems of the bricks are tmpfs, which carries the attributes that Gluster keeps on a brick. Whatever a node
starts ends with it, for its first process is the first one of its process namespace.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

BRICKS = ("brick1", "brick2", "brick3")
# What a node's first process does. It stays, and takes over what daemons leave behind.
_BOOT = """
mount --bind "$1/lib" /var/lib/glusterd && mount --bind "$1/log" /var/log/glusterfs || exit 1
mount -t tmpfs none /run && mkdir -p /run/gluster /run/mnt && mount -t tmpfs none /srv || exit 1
for name in $2; do mkdir -p /srv/gluster/$name; mount -t tmpfs -o size=64M none /srv/gluster/$name || exit 1; done
glusterd || exit 1
echo ready
while :; do sleep 1; done
"""


class Node:
    """One machine of a cluster."""

    def __init__(self, name: str, address: str, bridge: str, state: Path) -> None:
        self.name, self.address, self.state, self.bridge = name, address, state, bridge
        self.holder: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Boot; a second time with what it had, its bricks' content apart."""
        for directory in ("lib", "log"):
            (self.state / directory).mkdir(parents=True, exist_ok=True)
        if not (self.state / "lib" / "groups").exists():
            shutil.copytree("/var/lib/glusterd/groups", self.state / "lib" / "groups")
        _do("ip", "netns", "add", self.name)
        _do("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _do("ip", "link", "set", self.name, "master", self.bridge, "up")
        for words in (
            ["addr", "add", self.address + "/24", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["link", "set", "lo", "up"],
        ):
            _do("ip", "-n", self.name, *words)
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
        self.holder = subprocess.Popen(
            ["ip", "netns", "exec", self.name, *unshare, "sh", "-c", _BOOT, "sh", str(self.state), " ".join(BRICKS)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == "ready\n", f"glusterd of {self.name} doesn't start: {self.state}/log"
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        self.enter = ["nsenter", "--mount", "--net", "--pid", "--target", children[0]]

    def stop(self) -> None:
        """As if its plug were pulled."""
        if self.holder is not None:
            self.holder.kill()
            self.holder.communicate()
            self.holder = None
        with contextlib.suppress(subprocess.CalledProcessError):
            _do("ip", "link", "del", self.name)
        with contextlib.suppress(subprocess.CalledProcessError):
            _do("ip", "netns", "del", self.name)

    def run(self, *command: str, check: bool = True) -> str:
        done = subprocess.run([*self.enter, *command], capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def gluster(self, *command: str, check: bool = True) -> str:
        return self.run("gluster", "--mode=script", *command, check=check)

    def kill(self, pattern: str) -> None:
        """End this node's processes whose command line has a text. Only its own can be seen there."""
        for pid in self.run("pgrep", "-f", pattern, check=False).split():
            self.run("kill", "-9", pid, check=False)


class Nodes:
    """A bridge and the machines on it, 10.231.77.11 and following."""

    def __init__(self, state: Path, count: int = 3) -> None:
        tag = f"mct{os.getpid() % 100000}"
        self.bridge = tag + "g"
        self.nodes = [
            Node(f"{tag}g{n}", f"10.231.77.{10 + n}", self.bridge, state / str(n)) for n in range(1, count + 1)
        ]

    def __enter__(self) -> list[Node]:
        _do("ip", "link", "add", self.bridge, "type", "bridge")
        _do("ip", "link", "set", self.bridge, "up")
        try:
            for node in self.nodes:
                node.start()
        except BaseException:
            self.__exit__()
            raise
        return self.nodes

    def __exit__(self, *_error: t.Any) -> None:
        for node in self.nodes:
            node.stop()
        _do("ip", "link", "del", self.bridge)


def until(ready: t.Callable[[], bool], seconds: float = 30) -> None:
    """Wait for it; fail where it doesn't come."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it doesn't happen"
        time.sleep(0.2)


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
