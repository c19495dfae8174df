# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""gluster_peer and gluster_volume on a cluster of three real glusterd, checked with gluster itself and a FUSE mount.

Each case goes on where the one before has ended, for a cluster takes seconds to come and volumes take seconds to start.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from gluster_nodes import Node, Nodes, until

if t.TYPE_CHECKING:
    from tests.conftest import RunModule, Runner

ROLE = Path(__file__).resolve().parents[2] / "roles" / "gluster"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.gluster,
    pytest.mark.xdist_group("gluster"),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("glusterd") is None,
        reason="needs root and glusterd (apt install glusterfs-server, which must not run here by itself)",
    ),
]
VIRT = {"storage.owner-uid": 64055, "auth.allow": ["192.0.2.11", "192.0.2.12"]}


class Cluster(t.NamedTuple):
    nodes: list[Node]
    run: RunModule

    def volume(self, **options: t.Any) -> dict[str, t.Any]:
        """gluster_volume for the volume vms. check, expect: as run_module has them."""
        check, expect = options.pop("check", False), options.pop("expect", "ok")
        return self.run("gluster_volume", {"name": "vms", **options}, check=check, expect=expect)

    def case(self, **options: t.Any) -> dict[str, t.Any]:
        """Check mode shows it and does nothing; then it is done; then there is nothing to do. Returns what was done."""
        before = self.info()
        shown = self.volume(check=True, **options)
        assert shown["changed"]
        assert self.info() == before
        done = self.volume(**options)
        assert done["changed"]
        assert (done["volume"]["changes"], done["diff"]) == (shown["volume"]["changes"], shown["diff"])
        for check in (True, False):
            again = self.volume(check=check, **options)
            assert not again["changed"], again["volume"]["steps"]
        return done

    def info(self) -> str:
        return self.nodes[0].gluster("volume", "info")

    def bricks(self, disk: str, volume: str = "vms") -> list[str]:
        return [f"{node.address}:/srv/gluster/{disk}/{volume}" for node in self.nodes]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, runner: Runner) -> t.Iterator[Cluster]:
    with Nodes(tmp_path_factory.mktemp("gluster")) as nodes:
        yield Cluster(nodes, runner(*nodes[0].enter, sys.executable))


def test_peers(cluster: Cluster) -> None:
    addresses = [node.address for node in cluster.nodes]
    options = {"peers": addresses}
    shown = cluster.run("gluster_peer", options, check=True)
    assert shown["probed"] == addresses[1:]
    assert "Number of Peers: 0" in cluster.nodes[0].gluster("peer", "status")
    done = cluster.run("gluster_peer", options)
    assert done["changed"]
    assert "Number of Peers: 2" in cluster.nodes[1].gluster("peer", "status")
    for check in (True, False):
        assert not cluster.run("gluster_peer", options, check=check)["changed"]
    # drift: one was detached by hand
    cluster.nodes[1].gluster("peer", "detach", addresses[2])
    assert cluster.run("gluster_peer", options, check=True)["probed"] == [addresses[2]]
    assert cluster.run("gluster_peer", options)["changed"]
    assert not cluster.run("gluster_peer", options)["changed"]


def test_one_that_is_not_there_is_one_clear_error(cluster: Cluster) -> None:
    failed = cluster.run("gluster_peer", {"peers": ["10.231.77.99"], "timeout": 10}, expect="failed")
    assert failed["error_code"] == "gluster_failed"
    assert "Failed to take 10.231.77.99 into the cluster" in failed["msg"]


def test_a_brick_beside_its_file_system_is_refused(cluster: Cluster) -> None:
    node = cluster.nodes[1]
    node.run("umount", "/srv/gluster/brick1")
    for path in ("brick1/sub/vms", "brick1"):
        bricks = [brick.replace("brick1/vms", path) for brick in cluster.bricks("brick1")]
        failed = cluster.volume(bricks=bricks, replicas=3, expect="failed")
        assert failed["error_code"] == "gluster_failed"
    assert node.run("ls", "-A", "/srv/gluster/brick1") == ""
    node.run("mount", "-t", "tmpfs", "-o", "size=64M", "none", "/srv/gluster/brick1")
    assert "No volumes present" in cluster.nodes[0].gluster("volume", "info", check=False) + cluster.nodes[0].run(
        "sh", "-c", "gluster volume info 2>&1"
    )


def test_a_volume_with_an_arbiter(cluster: Cluster) -> None:
    options = {"bricks": cluster.bricks("brick1"), "replicas": 2, "arbiter": True, "group": "virt", "options": VIRT}
    done = cluster.case(**options)
    assert done["volume"]["steps"][0] == "create it"
    info = cluster.info()
    assert "Number of Bricks: 1 x (2 + 1) = 3" in info
    assert "features.shard: on" in info
    assert "storage.owner-uid: 64055" in info
    assert "Status: Started" in info


def test_options_reset_or_changed_by_hand(cluster: Cluster) -> None:
    options = {"group": "virt", "options": {**VIRT, "network.ping-timeout": 10}}
    cluster.case(**options)
    cluster.nodes[1].gluster("volume", "reset", "vms", "network.ping-timeout")
    cluster.nodes[1].gluster("volume", "set", "vms", "cluster.eager-lock", "off")
    done = cluster.case(**options)
    assert [change["field"] for change in done["volume"]["changes"]] == [
        "options.cluster.eager-lock",
        "options.network.ping-timeout",
    ]
    # the same in other words is no difference
    cluster.nodes[1].gluster("volume", "set", "vms", "cluster.eager-lock", "on")
    cluster.nodes[1].gluster("volume", "set", "vms", "auth.allow", "192.0.2.12,192.0.2.11")
    assert not cluster.volume(**options)["changed"]
    cluster.case(options={"network.ping-timeout": None})
    assert "network.ping-timeout" not in cluster.info()


def test_what_is_refused(cluster: Cluster) -> None:
    before = cluster.info()
    for options, code, said in [
        ({"options": {"features.shard": False}}, "shard_in_use", "features.shard"),
        ({"options": {"client.ssl": True}}, "tls_on_started", "client.ssl"),
        ({"options": {"network.pig-timeout": 3}}, "gluster_failed", "Did you mean network.ping-timeout"),
        ({"group": "nix"}, "bad_value", "virt"),
        ({"bricks": cluster.bricks("brick1"), "replicas": 3}, "layout_differs", "2 times and an arbiter"),
        ({"bricks": cluster.bricks("brick2"), "replicas": 2, "arbiter": True}, "bricks_not_declared", "brick1/vms"),
    ]:
        for check in (True, False):
            if check and code == "gluster_failed":
                continue
            failed = cluster.volume(**options, check=check, expect="failed")
            assert failed["error_code"] == code, failed
            assert said in failed["msg"]
    assert cluster.info() == before


def test_a_brick_that_was_killed_is_started_and_healed(cluster: Cluster) -> None:
    first, second = cluster.nodes[:2]
    second.kill("glusterfsd")
    # the machines of the cluster may always, whatever auth.allow says
    first.run("mount", "-t", "glusterfs", first.address + ":/vms", "/run/mnt")
    first.run("sh", "-c", "head -c 1000000 /dev/urandom > /run/mnt/image && sync")
    failed = cluster.volume(state="present", heal_timeout=1, expect="failed")
    assert failed["error_code"] == "heal_pending"
    assert cluster.volume(state="present")["changed"] is False
    done = cluster.case()
    assert done["volume"]["steps"] == [f"start {second.address}:/srv/gluster/brick1/vms"]
    cluster.volume(heal_timeout=60)
    sums = [node.run("sh", "-c", "cat /srv/gluster/brick1/vms/image | sha256sum") for node in (first, second)]
    assert sums[0] == sums[1]


def test_an_empty_mount_point_is_never_written_to(cluster: Cluster) -> None:
    second = cluster.nodes[1]
    second.kill("glusterfsd")
    until(lambda: not second.run("pgrep", "glusterfsd", check=False))
    second.run("umount", "/srv/gluster/brick1")
    failed = cluster.volume(expect="failed", timeout=5)
    assert failed["error_code"] == "brick_offline"
    assert f"{second.address}:/srv/gluster/brick1/vms doesn't start" in failed["msg"]
    assert second.run("ls", "-A", "/srv/gluster/brick1") == ""


def test_a_replaced_disk_is_filled_again_where_it_is_named(cluster: Cluster) -> None:
    first, second = cluster.nodes[:2]
    second.run("mount", "-t", "tmpfs", "-o", "size=64M", "none", "/srv/gluster/brick1")
    cluster.case(reset_bricks=[f"{second.address}:/srv/gluster/brick1/vms"], heal_timeout=0)
    cluster.volume(heal_timeout=60)
    until(lambda: "image" in second.run("ls", "/srv/gluster/brick1/vms"))
    sums = [node.run("sh", "-c", "cat /srv/gluster/brick1/vms/image | sha256sum") for node in (first, second)]
    assert sums[0] == sums[1]


def test_it_grows_and_shrinks(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    layout = {"replicas": 2, "arbiter": True}
    both = cluster.bricks("brick1") + cluster.bricks("brick2")
    done = cluster.case(bricks=both, **layout)
    assert done["volume"]["steps"][-1] == "start rebalancing it"
    info = cluster.info()
    assert "Number of Bricks: 2 x (2 + 1) = 6" in info
    assert info.count("(arbiter)") == 2
    until(lambda: "completed" in first.gluster("volume", "rebalance", "vms", "status"))
    for n in range(8):
        first.run("sh", "-c", f"echo {n} > /run/mnt/file{n}")
    failed = cluster.volume(bricks=cluster.bricks("brick1"), **layout, expect="failed")
    assert failed["error_code"] == "bricks_not_declared"
    cluster.volume(heal_timeout=60)
    cluster.case(bricks=cluster.bricks("brick1"), **layout, remove_bricks=cluster.bricks("brick2"))
    assert "Number of Bricks: 1 x (2 + 1) = 3" in cluster.info()
    assert first.run("sh", "-c", "cat /run/mnt/file?").split() == [str(n) for n in range(8)]
    # a brick of old is not taken for a new one
    failed = cluster.volume(bricks=both, **layout, expect="failed")
    assert "was a brick before" in failed["msg"]


def test_it_stops_only_when_nobody_uses_it(cluster: Cluster) -> None:
    first = cluster.nodes[0]
    first.run("sh", "-c", f"mountpoint -q /run/mnt || mount -t glusterfs {first.address}:/vms /run/mnt")
    for state in ("stopped", "absent"):
        for check in (True, False):
            failed = cluster.volume(state=state, check=check, expect="failed")
            assert failed["error_code"] == "volume_in_use"
            assert "fuse: 1" in failed["msg"]
    first.run("umount", "/run/mnt")
    until(lambda: "fuse" not in first.gluster("volume", "status", "vms", "client-list"))
    cluster.case(state="stopped")
    assert "Status: Stopped" in cluster.info()
    cluster.case(options={"client.ssl": True, "server.ssl": True}, state="stopped")
    cluster.case(options={"client.ssl": None, "server.ssl": None}, state="stopped")
    # drift: stopped by hand
    cluster.case()
    assert "Status: Started" in cluster.info()


@pytest.fixture
def mount_point(tmp_path: Path) -> t.Iterator[Path]:
    """A directory to be; it may be immutable after the test."""
    yield tmp_path / "pool"
    subprocess.run(["chattr", "-i", str(tmp_path / "pool")], check=False, capture_output=True)


def test_a_hypervisor_mounts_it(cluster: Cluster, tmp_path: Path, mount_point: Path) -> None:
    """The role's own tasks, with this machine's /etc kept out of it."""
    first, second, third = cluster.nodes
    etc, target = tmp_path / "etc", mount_point
    etc.mkdir()
    for name in ("passwd", "group", "nsswitch.conf", "hosts", "ssl", "glusterfs", "ld.so.cache", "alternatives"):
        third.run("cp", "-a", f"/etc/{name}", str(etc))
    third.run("sh", "-c", f"mount --bind {etc} /etc && : > /etc/fstab")
    # the first server is nobody: the mount comes from one of the others
    variables = {
        "gluster_servers": ["10.231.77.99", first.address, second.address],
        "gluster_volume": "vms",
        "gluster_pool_path": str(target),
        "gluster_server_timeout": 10,
    }
    tasks = [{"ansible.builtin.include_role": {"name": "minicloud.kvm.gluster", "tasks_from": "mount"}}]
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, "tasks": tasks}]
    (tmp_path / "play.json").write_text(json.dumps(play))

    def run(*words: str) -> str:
        tool = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [*third.enter, "env", "ANSIBLE_NOCOLOR=1", tool, str(tmp_path / "play.json"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def mounted() -> str:
        return third.run("findmnt", "-n", "-o", "FSTYPE", str(target), check=False).strip()

    assert "changed=1 " in run("--check")
    assert (mounted(), target.exists()) == ("", False)
    # one that auth.allow doesn't have is not let in
    said = " ".join(run().split())
    assert "Mount failed" in said or "is gone again. Is its address among the volume's auth.allow" in said, said
    assert mounted() == ""
    cluster.volume(options={"auth.allow": [third.address]})
    said = run()
    assert "failed=0" in said, said
    assert mounted() == "fuse.glusterfs"
    third.run("touch", str(target / "seen"))
    assert "seen" in first.run("ls", "/srv/gluster/brick1/vms")
    assert "changed=0 " in run()
    assert "changed=0 " in run("--check")
    # drift: unmounted by hand; nobody can put an image beside the volume
    third.run("umount", str(target))
    assert "i" in third.run("lsattr", "-d", str(target)).split()[0]
    assert third.run("sh", "-c", f"touch {target}/image9 2>&1 || echo refused", check=False).endswith("refused\n")
    assert "changed=1 " in run("--check")
    assert mounted() == ""
    assert "changed=1 " in run()
    assert mounted() == "fuse.glusterfs"
    # another server while somebody has something open: for the next boot, and nobody is disturbed
    variables["gluster_servers"] = [second.address, first.address]
    (tmp_path / "play.json").write_text(json.dumps(play))
    writing = ["sh", "-c", f"exec 9>{target}/open && echo open && read end"]
    with subprocess.Popen([*third.enter, *writing], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as guest:
        assert guest.stdout is not None
        assert guest.stdout.readline() == "open\n"
        assert "changed=1 " in run("--check")
        assert "changed=1 " in run()
        assert f"{second.address}:/vms {target} glusterfs" in third.run("cat", "/etc/fstab")
        assert "changed=0 " in run()
        # nor is it unmounted under them, where the pool is to go
        tasks[0]["ansible.builtin.include_role"]["tasks_from"] = "unmount"
        (tmp_path / "play.json").write_text(json.dumps(play))
        said = run()
        assert "busy" in said
        assert "changed=0 " in said
        assert f"{second.address}:/vms {target} glusterfs" in third.run("cat", "/etc/fstab")
        guest.communicate("\n")
    assert "changed=2 " in run("--check")
    assert mounted() == "fuse.glusterfs"
    assert "changed=3 " in run()
    assert (mounted(), target.exists(), third.run("cat", "/etc/fstab")) == ("", False, "")
    assert "changed=0 " in run()
    assert "seen" in first.run("ls", "/srv/gluster/brick1/vms")
    tasks[0]["ansible.builtin.include_role"]["tasks_from"] = "mount"
    # what is something else is left alone, and said
    target.mkdir()
    third.run("mount", "-t", "tmpfs", "other", str(target))
    (tmp_path / "play.json").write_text(json.dumps(play))
    said = " ".join(run().split())
    assert f"other is mounted at {target}, where volume vms is wanted" in said
    assert "changed=0 " in said
    third.run("umount", str(target))
    assert "failed=0" in run()
    assert mounted() == "fuse.glusterfs"
    # what is mounted needs no server, what isn't is one clear error
    variables["gluster_servers"] = ["10.231.77.98", "10.231.77.99"]
    (tmp_path / "play.json").write_text(json.dumps(play))
    third.run("umount", str(target))
    said = run()
    assert "None of 10.231.77.98, 10.231.77.99 answers on port 24007 within 10 s" in " ".join(said.split())
    assert "failed=1" in said
    third.run("umount", "/etc")


def test_a_machine_that_is_down(cluster: Cluster) -> None:
    third = cluster.nodes[2]
    third.stop()
    until(lambda: "Disconnected" in cluster.nodes[0].gluster("peer", "status"))
    done = cluster.volume()
    assert not done["changed"]
    assert f"the machine of {third.address}:/srv/gluster/brick1/vms doesn't answer" in done["warnings"][0]
    peers = cluster.run("gluster_peer", {"peers": [node.address for node in cluster.nodes]})
    assert not peers["changed"]
    assert peers["warnings"] == [f"{third.address} is in the cluster and doesn't answer."]
    failed = cluster.run("gluster_peer", {"peers": [third.address], "state": "absent"}, expect="failed")
    assert failed["error_code"] == "peer_in_use"
    # it comes back with an empty disk, which is named
    third.start()
    until(lambda: third.address in cluster.nodes[0].gluster("volume", "status", "vms", check=False))
    failed = cluster.volume(expect="failed", timeout=5)
    assert failed["error_code"] == "brick_offline"
    cluster.case(reset_bricks=[f"{third.address}:/srv/gluster/brick1/vms"])
    cluster.volume(heal_timeout=60)


def test_the_role_declares_volumes(cluster: Cluster, tmp_path: Path) -> None:
    """Those of its tasks that talk to Gluster: packages, disks and services want a machine of their own."""
    disks = [{"path": "/dev/disk/by-id/x", "name": "brick3"}]
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    machines = {f"s{n}": {**local, "ansible_host": node.address} for n, node in enumerate(cluster.nodes, 1)}
    groups = {
        "storage": {"hosts": machines, "vars": {"gluster_disks": disks}},
        "hypervisors": {"hosts": {"h1": {"ansible_host": "192.0.2.11"}}},
    }
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    del defaults["gluster_disks"]
    defaults["gluster_volumes"] = [{"name": "role", "replicas": 3}]
    names = ("minicloud.kvm.gluster_peer", "minicloud.kvm.gluster_volume", "ansible.builtin.debug")
    tasks = [
        task
        for task in yaml.safe_load((ROLE / "tasks" / "main.yml").read_text())
        if any(name in task for name in (*names, "ansible.builtin.assert"))
    ]
    files = [str(ROLE / "vars" / name) for name in ("main.yml", "Debian.yml")]
    play = [{"hosts": "storage", "gather_facts": False, "vars": {}, "vars_files": files, "tasks": tasks}]

    def run(*words: str) -> str:
        own = tmp_path / "defaults.json"
        own.write_text(json.dumps(defaults))
        play[0]["vars_files"] = [str(own), *files]
        (tmp_path / "play.json").write_text(json.dumps(play))
        (tmp_path / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
        tool = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [*cluster.nodes[0].enter, "env", "ANSIBLE_NOCOLOR=1", "ANSIBLE_INVENTORY_ENABLED=yaml", tool]
        command += ["-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.json"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    said = run("--check")
    assert "changed=1 " in said, said
    assert "Volume Name: role" not in cluster.info()
    said = run()
    assert ("changed=1 " in said, "failed=1" in said) == (True, False), said
    info = cluster.info()
    assert "Brick3: 10.231.77.13:/srv/gluster/brick3/role" in info
    assert "auth.allow: 192.0.2.11" in info
    assert "storage.owner-gid: 64055" in info
    for words in ((), ("--check",)):
        said = run(*words)
        assert ("changed=1 " in said, "failed=1" in said) == (False, False), said
    # what can't be meant together is one clear error
    defaults["gluster_volumes"] = [{"name": "role", "replicas": 3, "disks": ["brick9"]}]
    assert "the disk brick9 of volume role is in no host's gluster_disks" in " ".join(run().split())
    defaults["gluster_volumes"] = [{"name": "role", "state": "absent"}]
    assert "changed=1 " in run()
    assert "Volume Name: role" not in cluster.info()


def test_removal_keeps_what_is_on_the_bricks(cluster: Cluster) -> None:
    cluster.case(state="absent")
    assert "image" in cluster.nodes[0].run("ls", "/srv/gluster/brick1/vms")
    third = cluster.nodes[2].address
    shown = cluster.run("gluster_peer", {"peers": [third], "state": "absent"}, check=True)
    assert shown["detached"] == [third]
    assert cluster.run("gluster_peer", {"peers": [third], "state": "absent"})["changed"]
    assert not cluster.run("gluster_peer", {"peers": [third], "state": "absent"})["changed"]


def test_without_glusterd(cluster: Cluster) -> None:
    cluster.nodes[0].kill("glusterd")
    for name, options in [("gluster_volume", {"name": "vms"}), ("gluster_peer", {"peers": ["10.231.77.12"]})]:
        failed = cluster.run(name, options, check=True, expect="failed")
        assert failed["error_code"] == "no_glusterd"
        assert "systemctl start glusterd" in failed["msg"]
