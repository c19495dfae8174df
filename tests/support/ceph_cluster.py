# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real Ceph cluster in a directory: one monitor, one manager and some OSDs that store in files, on 127.0.0.1.

    python3 tests/support/ceph_cluster.py DIRECTORY [OSDS]

starts one and keeps it until a key is pressed. It needs ceph-mon, ceph-mgr, ceph-osd, ceph-common, 1 GiB of memory, and
neither a disk nor device mapper, which is what ceph-volume would need.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import typing as t
import uuid
from pathlib import Path

PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-mgr", "ceph-osd", "monmaptool")
CONF = """[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{v2}/0,v1:127.0.0.1:{v1}/0]
auth_allow_insecure_global_id_reclaim = false
keyring = {directory}/admin.keyring
run_dir = {directory}
log_file = {directory}/$name.log
mon_cluster_log_file = {directory}/cluster.log
admin_socket = {directory}/$name.asok
pid_file =
mon_data = {directory}/mon
mgr_data = {directory}/mgr
osd_data = {directory}/osd-$id
crash_dir = {directory}
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 2
osd_objectstore = bluestore
bluestore_block_size = 1073741824
bluestore_fsck_quick_fix_on_mount = false
osd_memory_target = 939524096
mon_max_pg_per_osd = 1000
mgr_initial_modules =
mon_data_avail_warn = 1
mon_data_avail_crit = 0
mon_allow_pool_delete = true
[mon]
keyring = {directory}/mon.keyring
[mgr]
keyring = {directory}/mgr/keyring
[osd]
keyring = {directory}/osd-$id/keyring
"""


def missing() -> list[str]:
    """Which of the programs this machine has not got."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Cluster:
    """The cluster; its daemons end with stop()."""

    def __init__(self, directory: Path, osds: int = 2) -> None:
        self.directory = directory
        self.fsid = str(uuid.uuid4())
        self.conf = directory / "ceph.conf"
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        ports = {"v2": free_port(), "v1": free_port()}
        self.conf.write_text(CONF.format(fsid=self.fsid, directory=directory, **ports))
        self._monitor(ports)
        self._manager()
        for number in range(osds):
            self._osd(number)
        self.wait(lambda: self.json("osd", "stat")["num_up_osds"] == osds)

    def _run(self, *words: str, stdin: str | None = None) -> str:
        done = subprocess.run(words, capture_output=True, text=True, input=stdin, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError("{0}: {1}".format(" ".join(words), done.stderr))
        return done.stdout

    def _program(self, name: str, *words: str) -> str:
        return self._run(name, "--conf", str(self.conf), *words)

    def ceph(self, *words: str, stdin: str | None = None) -> str:
        return self._run("ceph", "--conf", str(self.conf), "--connect-timeout", "20", *words, stdin=stdin)

    def json(self, *words: str) -> t.Any:
        return json.loads(self.ceph(*words, "--format", "json"))

    def wait(self, condition: t.Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(self.ceph("status"))
            time.sleep(0.3)

    def start(self, name: str) -> None:
        """Start a daemon, such as osd.0."""
        kind, _dot, number = name.partition(".")
        log = (self.directory / (name + ".out")).open("ab")
        words = ["ceph-" + kind, "--conf", str(self.conf), "-f", "-i", number]
        self.daemons[name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def end(self, name: str) -> None:
        """End a daemon as systemd does."""
        daemon = self.daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def stop(self) -> None:
        for name in sorted(self.daemons, reverse=True):  # OSDs, then the monitor, then the manager
            self.daemons[name].kill()
        for name in list(self.daemons):
            self.daemons.pop(name).wait()

    def _monitor(self, ports: dict[str, int]) -> None:
        keyring, admin, monmap = (self.directory / name for name in ("mon.keyring", "admin.keyring", "monmap"))
        everything = [word for part in ("mon", "osd", "mgr", "mds") for word in ("--cap", part, "allow *")]
        self._run("ceph-authtool", "-C", str(keyring), "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        self._run("ceph-authtool", "-C", str(admin), "--gen-key", "-n", "client.admin", *everything)
        self._run("ceph-authtool", str(keyring), "--import-keyring", str(admin))
        address = "[v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]".format(**ports)
        self._run("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", address, str(monmap))
        self._program("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(monmap), "--keyring", str(keyring))
        self.start("mon.a")
        self.ceph("mon", "stat")

    def _manager(self) -> None:
        (self.directory / "mgr").mkdir()
        caps = ("mon", "allow profile mgr", "osd", "allow *", "mds", "allow *")
        self.ceph("auth", "get-or-create", "mgr.x", *caps, "-o", str(self.directory / "mgr" / "keyring"))
        self.start("mgr.x")

    def _osd(self, number: int) -> None:
        directory = self.directory / "osd-{0}".format(number)
        directory.mkdir()
        made = str(uuid.uuid4())
        key = self._run("ceph-authtool", "--gen-print-key").strip()
        self.ceph("osd", "new", made, "-i", "-", stdin=json.dumps({"cephx_secret": key}))
        (directory / "keyring").write_text("[osd.{0}]\n\tkey = {1}\n".format(number, key))
        self._program("ceph-osd", "--mkfs", "-i", str(number), "--osd-uuid", made)
        self.start("osd.{0}".format(number))


def main() -> None:
    directory = Path(sys.argv[1]).resolve()
    directory.mkdir(parents=True)
    cluster = Cluster(directory, int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    print("ceph --conf", cluster.conf, flush=True)
    with contextlib.suppress(KeyboardInterrupt, EOFError):
        input()
    cluster.stop()


if __name__ == "__main__":
    main()
