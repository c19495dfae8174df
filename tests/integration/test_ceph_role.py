# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Role ceph on one machine: a mount namespace with nothing of a cluster in it, the real daemons, loop devices as disks.

What this machine has not got has a stand-in: systemd (tests/support/ceph_systemctl.py) and, for want of device mapper,
LVM below ceph-volume (tests/support/ceph_volume.py). Joining monitors and guests are the lab's part.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import libvirt
import pytest
import yaml

SUPPORT = Path(__file__).resolve().parent.parent / "support"
_SPEC = importlib.util.spec_from_file_location("ceph_library", SUPPORT / "ceph_library.py")
assert _SPEC is not None
assert _SPEC.loader is not None
ceph_library = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(ceph_library)
PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-mgr", "ceph-osd", "ceph-volume", "monmaptool", "systemctl")
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.ceph,
    pytest.mark.xdist_group("ceph_role"),
    pytest.mark.skipif(bool(MISSING), reason="needs Ceph's daemons: " + ", ".join(MISSING)),
    pytest.mark.skipif(ceph_library.found() is None, reason="needs python3-rados for this Python"),
]
PLACES = ("/etc/ceph", "/var/lib/ceph", "/var/log/ceph", "/run/ceph")


class Ran(t.NamedTuple):
    changed: int
    failed: int
    text: str


class Machine:
    """A machine without a cluster."""

    def __init__(self, directory: Path, disks: list[str]) -> None:
        self.directory = directory
        self.library = ceph_library.directory(directory)
        lines = ["set -e"]
        for number, place in enumerate(PLACES):
            subprocess.run(["cp", "-a", place, str(directory / str(number))], check=True)
            lines.append("mount --bind {0}/{1} {2}".format(directory, number, place))
        for number in (2, 3):
            for left in (directory / str(number)).iterdir():
                left.unlink()
        for stand_in, program in (("ceph_systemctl.py", "systemctl"), ("ceph_volume.py", "ceph-volume")):
            copy = directory / program
            copy.write_text("#!/usr/bin/python3\n" + (SUPPORT / stand_in).read_text())
            copy.chmod(0o755)
            lines.append("mount --bind {0} $(realpath $(command -v {1}))".format(copy, program))
        lines += ["echo ready", "exec sleep infinity"]
        words = ["unshare", "--mount", "sh", "-c", "\n".join(lines)]
        self.holder = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == "ready\n"
        self.vars: dict[str, t.Any] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_host": "127.0.0.1",
            "ceph_osds": [{"path": disk} for disk in disks],
            "ceph_size": 2,
            "ceph_osd_memory_target": "896MiB",
            "ceph_config": {"global": {"mon_data_avail_warn": 1, "mon_data_avail_crit": 0}},
            "ceph_health_wait": 120,
        }

    def run(self, *words: str) -> str:
        enter = ["nsenter", "--mount", "--target", str(self.holder.pid), *words]
        done = subprocess.run(enter, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> t.Any:
        return json.loads(self.run("ceph", "--connect-timeout", "30", "--format", "json", *words))

    def play(self, *words: str, tasks_from: str = "main", **more: t.Any) -> Ran:
        inventory = {"all": {"vars": {**self.vars, **more}, "children": {"storage": {"hosts": {"box": None}}}}}
        role = {"name": "minicloud.kvm.ceph", "tasks_from": tasks_from}
        play = {"hosts": "storage", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}
        (self.directory / "inventory.yml").write_text(yaml.safe_dump(inventory))
        (self.directory / "play.yml").write_text(yaml.safe_dump([play]))
        done = subprocess.run(
            [
                *("nsenter", "--mount", "--target", str(self.holder.pid)),
                *(str(Path(sys.executable).parent / "ansible-playbook"), "-vvv", "--diff", *words),
                *("-i", str(self.directory / "inventory.yml"), str(self.directory / "play.yml")),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            env={
                **os.environ,
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "ANSIBLE_NOCOLOR": "1",
                "PYTHONPATH": str(self.library),
            },
        )
        text = done.stdout + done.stderr
        recap = re.search(r"box +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=(\d+)", text)
        assert recap is not None, text
        return Ran(int(recap.group(1)), int(recap.group(2)), text)

    def end(self) -> None:
        for unit in self.run("systemctl", "list-units", "*").split():
            if unit.endswith(".service"):
                self.run("systemctl", "stop", unit)
        self.holder.kill()
        self.holder.communicate()


@pytest.fixture(scope="module")
def machine() -> t.Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="mct-ceph-", dir="/var/tmp") as directory:
        Path(directory).chmod(0o755)
        disks = []
        for number in range(3):
            image = Path(directory) / "disk{0}".format(number)
            with image.open("wb") as file:
                file.truncate(2 << 30)
            words = ["losetup", "--find", "--show", str(image)]
            disks.append(subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip())
            # partitions of who had the device before
            subprocess.run(["partx", "--delete", disks[-1]], capture_output=True, check=False)
        found = Machine(Path(directory), disks[:2])
        found.vars["third_disk"] = disks[2]
        try:
            yield found
        finally:
            found.end()
            for disk in disks:
                subprocess.run(["losetup", "--detach", disk], check=True)


def test_a_machine_becomes_a_cluster(machine: Machine) -> None:
    checked = machine.play("--check")
    assert checked.failed == 0, checked.text
    assert "There is no Ceph cluster yet" in checked.text
    assert machine.run("ls", "/etc/ceph", "/var/lib/ceph/mon").split() == ["/etc/ceph:", "rbdmap", "/var/lib/ceph/mon:"]

    made = machine.play()
    assert made.failed == 0, made.text
    health = machine.json("osd", "dump")
    assert [one["up"] for one in health["osds"]] == [1, 1]
    assert {one["pool_name"]: one["size"] for one in health["pools"]}["vms"] == 2
    caps = machine.json("auth", "get", "client.libvirt")[0]["caps"]
    assert caps == {"mon": "profile rbd", "mgr": "profile rbd pool=vms", "osd": "profile rbd pool=vms"}

    # no key is in what Ansible told, however much it was asked to tell
    keys = [one["key"] for one in machine.json("auth", "ls")["auth_dump"]]
    assert len(keys) > 4
    assert [key for key in keys if key in made.text] == []
    for path in machine.run("find", "/etc/ceph", "/var/lib/ceph", "-name", "*keyring*", "-type", "f").split():
        assert machine.run("stat", "-c", "%a", path).strip() in ("600", "640"), path

    again = machine.play()
    assert (again.failed, again.changed) == (0, 0), again.text
    checked = machine.play("--check")
    assert (checked.failed, checked.changed) == (0, 0), checked.text


def test_drift_is_shown_and_repaired(machine: Machine) -> None:
    machine.run("sed", "-i", "/osd_memory_target/d", "/etc/ceph/ceph.conf")
    machine.run("ceph", "osd", "pool", "set", "vms", "size", "3")
    machine.run("ceph", "auth", "caps", "client.libvirt", "mon", "allow *", "osd", "allow *")
    machine.run("ceph", "osd", "out", "1")
    machine.run("chmod", "0644", "/etc/ceph/ceph.client.admin.keyring")
    before = machine.run("systemctl", "list-units", "*"), machine.run("sh", "-c", "cat /run/ceph/*.pid")
    checked = machine.play("--check")
    assert checked.failed == 0, checked.text
    assert checked.changed == 5, checked.text
    assert machine.json("osd", "dump")["osds"][1]["in"] == 0
    assert before[1] == machine.run("sh", "-c", "cat /run/ceph/*.pid")

    repaired = machine.play()
    assert repaired.failed == 0, repaired.text
    osdmap = machine.json("osd", "dump")
    assert [one["in"] for one in osdmap["osds"]] == [1, 1]
    assert {one["pool_name"]: one["size"] for one in osdmap["pools"]}["vms"] == 2
    assert machine.json("auth", "get", "client.libvirt")[0]["caps"]["mon"] == "profile rbd"
    assert "osd_memory_target = 939524096" in machine.run("cat", "/etc/ceph/ceph.conf")
    assert machine.run("stat", "-c", "%a", "/etc/ceph/ceph.client.admin.keyring").strip() == "600"
    # ceph.conf has changed, so every daemon is another process, and nothing keeps data from moving any more
    assert set(before[1].split()).isdisjoint(machine.run("sh", "-c", "tail -qn1 /run/ceph/*.pid").split())
    assert machine.json("osd", "metadata", "0")["osd_objectstore"] == "bluestore"
    assert "noout" not in json.dumps([osdmap["flags_set"], osdmap["crush_node_flags"]])
    assert machine.json("config", "show", "osd.0")[0] is not None
    again = machine.play()
    assert (again.failed, again.changed) == (0, 0), again.text


def test_an_osd_is_added_and_another_removed_only_when_named(machine: Machine) -> None:
    disks = [*machine.vars["ceph_osds"], {"path": machine.vars["third_disk"], "device_class": "ssd"}]
    checked = machine.play("--check", ceph_osds=disks)
    assert (checked.failed, checked.changed) == (0, 1), checked.text
    added = machine.play(ceph_osds=disks)
    assert (added.failed, added.changed) == (0, 1), added.text
    assert [one["up"] for one in machine.json("osd", "dump")["osds"]] == [1, 1, 1]

    # one that is no longer declared stays
    fewer = machine.play(ceph_osds=disks[1:])
    assert (fewer.failed, fewer.changed) == (0, 0), fewer.text
    assert "have to be named" in machine.play(tasks_from="remove_osd").text
    checked = machine.play("--check", tasks_from="remove_osd", ceph_osd_remove=[0])
    assert checked.failed == 0, checked.text
    assert len(machine.json("osd", "dump")["osds"]) == 3
    removed = machine.play(tasks_from="remove_osd", ceph_osd_remove=[0], ceph_osd_remove_wait=120)
    assert removed.failed == 0, removed.text
    assert [one["osd"] for one in machine.json("osd", "dump")["osds"]] == [1, 2]
    again = machine.play(tasks_from="remove_osd", ceph_osd_remove=[0])
    assert (again.failed, again.changed) == (0, 0), again.text
    # its disk still has what was on it
    label = machine.run("ceph-bluestore-tool", "show-label", "--dev", machine.vars["ceph_osds"][0]["path"])
    assert '"whoami": "0"' in label
    # two OSDs are as many as there are copies
    failed = machine.play(tasks_from="remove_osd", ceph_osd_remove=[1], ceph_osd_remove_wait=5)
    assert failed.failed == 1
    assert "does not say that it is safe to destroy" in failed.text
    machine.run("ceph", "osd", "in", "1")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ceph_osd_memory_target": "384MiB"}, "ceph_osd_memory_target: 384MiB is not a size of at least 896MiB"),
        ({"ceph_osd_memory_target": "1024"}, "ceph_osd_memory_target: 1024 is not a size"),
        ({"ceph_address": "storage.example.org"}, "ceph_address: storage.example.org is not an address"),
        ({"ceph_fsid": "mine"}, "ceph_fsid: mine is not a UUID"),
        (
            {"ceph_fsid": "3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11"},
            "not to 3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11. Nothing is changed",
        ),
        ({"ceph_failure_domain": "host"}, "2 copies on different hosts want as many hosts, but ceph_osd_hosts has 1"),
        (
            {"ceph_mon_hosts": ["other"], "ceph_osd_hosts": ["other"]},
            "box is neither in ceph_mon_hosts nor in ceph_osd_hosts",
        ),
        ({"ceph_osds": [{"path": "/dev/null"}]}, "/dev/null"),
        ({"ceph_osds": [{"path": "/dev/loop9"}, {"path": "/dev/loop9"}]}, "ceph_osds: the same path is there twice"),
    ],
)
def test_what_no_cluster_can_be(machine: Machine, more: dict[str, t.Any], message: str) -> None:
    before = machine.run("cat", "/etc/ceph/ceph.conf")
    failed = machine.play("--check", **more)
    assert failed.failed == 1, failed.text
    assert message in " ".join(failed.text.split())
    assert machine.run("cat", "/etc/ceph/ceph.conf") == before


def secret_of(usage: str) -> str:
    """What libvirt itself says of a secret's value; empty where there is none."""
    with libvirt.open("qemu:///system") as conn:
        found = [one for one in conn.listAllSecrets() if one.usageID() == usage]
        return base64.b64encode(found[0].value()).decode() if found else ""


@pytest.fixture
def user(machine: Machine) -> t.Iterator[str]:
    """A user of the cluster with a name that no secret of this machine has."""
    name = "mct-{0}".format(os.getpid())
    machine.run(
        *("ceph", "auth", "get-or-create", "client." + name, "mon", "profile rbd", "osd", "profile rbd pool=vms"),
        *("-o", "/dev/null"),
    )
    yield name
    with libvirt.open("qemu:///system") as conn:
        for secret in conn.listAllSecrets():
            if secret.usageID() == "client." + name:
                secret.undefine()


def test_a_hypervisor_is_a_client_of_any_cluster(machine: Machine, user: str) -> None:
    """Last, for ceph.conf is then a client's. The packages are left out: they would restart this machine's libvirtd."""
    key = machine.run("ceph", "auth", "get-key", "client." + user).strip()
    somebody_elses = {
        "ceph_mon_hosts": [],
        "ceph_osd_hosts": [],
        "ceph_monitors": ["127.0.0.1"],
        "ceph_client": user,
        "ceph_client_key": key,
        "ceph_timeout": 20,
    }

    def play(*words: str, **more: t.Any) -> Ran:
        packages = ("-e", json.dumps({"__ceph_qemu_packages": []}))
        ran = machine.play(*packages, *words, tasks_from="hypervisor", **{**somebody_elses, **more})
        assert key not in ran.text
        return ran

    for more, message in (
        ({"ceph_monitors": []}, "ceph_monitors: the addresses of monitors are wanted"),
        ({"ceph_client": "client.x"}, "ceph_client: client.x is not the name of a user without its type"),
    ):
        failed = play(**more)
        assert (failed.failed, failed.changed) == (1, 0), failed.text
        assert message in " ".join(failed.text.split())

    before = machine.run("cat", "/etc/ceph/ceph.conf")
    checked = play("--check")
    assert (checked.failed, checked.changed) == (0, 3), checked.text
    assert machine.run("cat", "/etc/ceph/ceph.conf") == before
    assert secret_of("client." + user) == ""

    made = play()
    assert (made.failed, made.changed) == (0, 3), made.text
    assert secret_of("client." + user) == key
    keyring = "/etc/ceph/ceph.client.{0}.keyring".format(user)
    assert machine.run("stat", "-c", "%a %U", keyring).split() == ["600", "root"]
    assert machine.run("rbd", "--id", user, "--pool", "vms", "ls") == ""
    assert "'type': 'rbd'" in made.text or '"type": "rbd"' in made.text
    for words in ((), ("--check",)):
        again = play(*words)
        assert (again.failed, again.changed) == (0, 0), again.text

    machine.run("chmod", "0644", keyring)
    with libvirt.open("qemu:///system") as conn:
        secret = next(one for one in conn.listAllSecrets() if one.usageID() == "client." + user)
        secret.setValue(b"somebody else's")
    assert play("--check").changed == 2
    assert play().changed == 2
    assert secret_of("client." + user) == key

    # neither a wrong key nor a cluster that is away lets anybody wait for ever
    wrong = play(ceph_client_key="AQAin8tUMICVFBAALRHNrV0Z4MXupRw4v9JQ6Q==")
    assert wrong.failed == 1
    assert "box can't reach pool vms as client.{0}".format(user) in " ".join(wrong.text.split())
    away = play(ceph_monitors=["127.0.0.9"], ceph_timeout=3)
    assert away.failed == 1
    assert "no answer in 3 s" in " ".join(away.text.split())
