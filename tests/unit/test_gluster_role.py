# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role gluster makes of an inventory: addresses, bricks, volumes as the module takes them, the pool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minicloud.kvm.plugins.module_utils import _gluster_options
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_options import Wanted

ROLE = Path(__file__).resolve().parents[2] / "roles" / "gluster"
DISKS = [{"path": f"/dev/disk/by-id/virtio-{name}", "name": name} for name in ("brick1", "brick2")]
STORAGE: dict[str, t.Any] = {
    "s1": {"ansible_host": "192.0.2.21"},
    "s2": {"ansible_host": "mgmt2", "gluster_address": "192.0.2.22"},
    "s3": {"gluster_disks": [DISKS[0]]},
}
INVENTORY = {
    "storage": {"hosts": STORAGE, "vars": {"gluster_disks": DISKS}},
    "hypervisors": {"hosts": {"h1": {"ansible_host": "192.0.2.11"}, "h2": {}}},
}
VOLUMES = [
    {"name": "vms", "replicas": 2, "arbiter": True, "disks": ["brick1"]},
    {"name": "fast", "replicas": 2, "hosts": ["s1", "s2"], "options": {"network.ping-timeout": 5}},
    {"name": "own", "bricks": ["192.0.2.21:/srv/x/own"], "group": "db-workload", "state": "stopped"},
    {"name": "old", "state": "absent"},
]
# What the look at a hypervisor's mount point has printed, and its pools.
LOOKS: list[tuple[str, list[dict[str, t.Any]]]] = [
    ("192.0.2.21", [{"name": "shared", "backend": "gluster"}]),
    ("mounted fuse.glusterfs 192.0.2.22:/vms", [{"name": "x", "backend": "nfs"}, {"name": "y", "type": "dir"}]),
    ("mounted fuse.glusterfs s3:vms", [{"name": "shared", "backend": "gluster", "target": {"path": "/srv/x"}}]),
    ("mounted fuse.glusterfs 192.0.2.21:/vms2", []),
    ("mounted nfs4 192.0.2.21:/vms", [{"name": "shared", "backend": "gluster", "state": "absent"}]),
]


def play(place: Path, extra: dict[str, t.Any]) -> dict[str, t.Any]:
    """The role's variables, as Ansible itself makes them on s1, and the pool of each way."""
    (place / "hosts.json").write_text(json.dumps({"all": {"children": INVENTORY}}), encoding="utf-8")
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    own = {**defaults, **extra}
    del own["gluster_disks"]
    (place / "own.json").write_text(json.dumps(own), encoding="utf-8")
    names = ["__gluster_volumes", "__gluster_unknown", "__gluster_addresses"]
    know_pool = yaml.safe_load((ROLE / "tasks" / "hypervisor.yml").read_text())[-1]
    tasks: list[dict[str, t.Any]] = [written(place / "told.json", names)]
    for access in ("fuse", "netfs", "libgfapi"):
        tasks.append({**know_pool, "vars": {**know_pool["vars"], "gluster_access": access}})
        tasks.append(written(place / f"{access}.json", ["gluster_pool"]))
    for number, (answer, pools) in enumerate(LOOKS):
        given = {"__gluster_answer": {"stdout": answer, "rc": 0}, "pools_list": pools}
        names = ["__gluster_mounted", "__gluster_other", "__gluster_goes", "gluster_pool_path"]
        tasks.append({**written(place / f"look{number}.json", names), "vars": given})
    files = [str(place / "own.json"), str(ROLE / "vars" / "main.yml"), str(ROLE / "vars" / "Debian.yml")]
    (place / "play.json").write_text(
        json.dumps(
            [
                {
                    "hosts": "s1",
                    "connection": "local",
                    "gather_facts": False,
                    "vars": {"ansible_python_interpreter": sys.executable},
                    "vars_files": files,
                    "tasks": tasks,
                }
            ]
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "play.json"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp"), "ANSIBLE_INVENTORY_ENABLED": "yaml"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, t.Any] = json.loads((place / "told.json").read_text())
    return {
        **found,
        **{name: json.loads((place / f"{name}.json").read_text()) for name in ("fuse", "netfs", "libgfapi")},
        "looks": [json.loads((place / f"look{number}.json").read_text()) for number in range(len(LOOKS))],
    }


def written(path: Path, names: list[str]) -> dict[str, t.Any]:
    values = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    return {"ansible.builtin.copy": {"dest": str(path), "content": values, "mode": "0600"}}


def read(volumes: list[dict[str, t.Any]]) -> dict[str, Wanted]:
    result = ArgumentSpecValidator(_gluster_options.OPTIONS).validate({"volumes": volumes})
    assert result.error_messages == []
    return {one.name: one for one in _gluster_options.read_options(result.validated_parameters)}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    return play(tmp_path_factory.mktemp("role"), {"gluster_volumes": VOLUMES})


def test_addresses(told: dict[str, t.Any]) -> None:
    assert told["__gluster_addresses"] == {"s1": "192.0.2.21", "s2": "192.0.2.22", "s3": "s3"}
    assert told["__gluster_unknown"] == []


def test_bricks_of_disks_and_hosts(told: dict[str, t.Any]) -> None:
    volumes = read(told["__gluster_volumes"])
    assert volumes["vms"].bricks == tuple(
        f"{host}:/srv/gluster/brick1/vms" for host in ("192.0.2.21", "192.0.2.22", "s3")
    )
    assert volumes["fast"].bricks == tuple(
        f"{host}:/srv/gluster/{disk}/fast" for disk in ("brick1", "brick2") for host in ("192.0.2.21", "192.0.2.22")
    )
    assert volumes["own"].bricks == ("192.0.2.21:/srv/x/own",)
    assert volumes["old"].state == "absent"


def test_options_of_volumes(told: dict[str, t.Any]) -> None:
    volumes = read(told["__gluster_volumes"])
    assert volumes["vms"].options == {
        "storage.owner-uid": "64055",
        "storage.owner-gid": "64055",
        "auth.allow": "192.0.2.11,h2",
        "network.ping-timeout": "20",
        "performance.readdir-ahead": "on",
    }
    assert volumes["fast"].options["network.ping-timeout"] == "5"
    assert [volumes[name].group for name in ("vms", "own", "old")] == ["virt", "db-workload", None]


def test_tls_and_what_there_is_not(tmp_path: Path) -> None:
    volumes = [{"name": "vms", "replicas": 2, "hosts": ["s1", "s9"], "disks": ["brick1", "brick7"]}]
    told = play(tmp_path, {"gluster_volumes": [{**volumes[0], "hosts": ["s1", "s2"]}], "gluster_tls": True})
    options = read(told["__gluster_volumes"])["vms"].options
    assert (options["client.ssl"], options["server.ssl"]) == ("on", "on")
    assert options["auth.ssl-allow"] == "s1,s2,s3,h1,h2"
    assert told["__gluster_unknown"] == ["the disk brick7 of volume vms is in no host's gluster_disks"]


@pytest.mark.parametrize(
    ("access", "pool"),
    [
        ("fuse", {"type": "dir", "target": {"path": "/var/lib/libvirt/images/vms"}}),
        (
            "netfs",
            {
                "type": "netfs",
                "source": {"hosts": [{"name": "192.0.2.21"}], "dir": "/vms", "format": "glusterfs"},
                "mount_opts": ["backup-volfile-servers=192.0.2.22:s3"],
                "target": {"path": "/var/lib/libvirt/images/vms"},
            },
        ),
        ("libgfapi", {"type": "gluster", "source": {"hosts": [{"name": "192.0.2.21"}], "name": "vms", "dir": "/"}}),
    ],
)
def test_the_pool(told: dict[str, t.Any], access: str, pool: dict[str, t.Any]) -> None:
    assert told[access]["gluster_pool"] == {"name": "vms", "autostart": True, **pool}


def test_what_is_mounted_and_what_goes(told: dict[str, t.Any]) -> None:
    names = ("__gluster_mounted", "__gluster_other", "__gluster_goes", "gluster_pool_path")
    images = "/var/lib/libvirt/images/"
    assert [tuple(look[name] for name in names) for look in told["looks"]] == [
        (False, "", False, images + "shared"),
        (True, "", False, images + "vms"),
        (True, "", False, "/srv/x"),
        (True, "192.0.2.21:/vms2", False, images + "vms"),
        (True, "192.0.2.21:/vms", True, images + "shared"),
    ]


def test_nothing_is_mounted_anew_under_guests() -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "mount.yml").read_text())
    [state] = [task["ansible.posix.mount"]["state"] for task in tasks if "ansible.posix.mount" in task]
    assert state == "{{ 'present' if __gluster_mounted else 'mounted' }}"
    # umount(8) refuses what is open; only then fstab, which state absent would change before.
    gone = yaml.safe_load((ROLE / "tasks" / "unmount.yml").read_text())
    assert [task["ansible.posix.mount"]["state"] for task in gone if "ansible.posix.mount" in task] == [
        "unmounted",
        "absent",
    ]
