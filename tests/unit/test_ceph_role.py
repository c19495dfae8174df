# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role ceph makes of an inventory: ceph.conf, packages, and what the modules get."""

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
from ansible_collections.minicloud.kvm.plugins.module_utils import _ceph_fs, _ceph_key, _ceph_pool

ROLE = Path(__file__).resolve().parents[2] / "roles" / "ceph"
NAMES = [
    *("ceph_mon_hosts", "ceph_monitors", "ceph_failure_domain", "ceph_client_caps", "ceph_pool", "ceph_pool_name"),
    *("__ceph_filesystem_pools", "__ceph_filesystem_list", "__ceph_server_packages", "__ceph_qemu_packages"),
    *("__ceph_keyrings", "__ceph_keyrings_wanted", "__ceph_asleep", "__ceph_daemon_keyrings"),
    *("__ceph_osd_memory_bytes", "__ceph_mon_host", "__ceph_is_mon", "__ceph_admin"),
]
# What the look at a machine found, and what ceph_key said of the users on the first one.
SEEN = [
    "active ceph-mon@s2.service",
    "active ceph-mgr@s2.service",
    "active ceph-osd@1.service",
    "enabled ceph-mon@s2.service",
    "enabled ceph-mds@s2.service",
    "keyring /etc/ceph/ceph.client.admin.keyring root:root 600 aa",
    "keyring /var/lib/ceph/bootstrap-osd/ceph.keyring ceph:ceph 600 bb",
]
USERS = [{"name": "client.admin", "fingerprint": "aa"}, {"name": "client.bootstrap-osd", "fingerprint": "bb"}]
THREE: dict[str, t.Any] = {
    "storage": {
        "hosts": {
            "s1": {"ansible_host": "192.0.2.21", "__ceph_users_had": {"keys": USERS}},
            "s2": {"ansible_host": "mgmt2", "ceph_address": "192.0.2.22"},
            "s3": {"ansible_host": "192.0.2.23"},
            "s4": {"ansible_host": "192.0.2.24"},
        },
        "vars": {"ceph_osds": [{"path": "/dev/disk/by-id/virtio-osd1"}]},
    },
    "hypervisors": {"hosts": {"h1": {}}},
}
MORE = {
    "ceph_osd_memory_target": "1.5GiB",
    "ceph_public_network": "192.0.2.0/24",
    "ceph_pools": [
        {"name": "vms"},
        {"name": "iso", "application": "rbd", "size": 2},
        {"name": "x", "application": "rgw"},
    ],
    "ceph_filesystems": [{"name": "images"}, {"name": "big", "data_pools": ["d1", "d2"], "max_mds": 2}],
    "ceph_config": {"osd": {"osd_max_backfills": 1}, "client": {"rbd_cache": "true"}},
}


def told(
    place: Path, inventory: dict[str, t.Any], host: str, more: dict[str, t.Any], family: str = "Debian"
) -> dict[str, t.Any]:
    """The role's variables as Ansible itself makes them on a host, and both ceph.conf."""
    (place / "hosts.json").write_text(json.dumps({"all": {"children": inventory}}), encoding="utf-8")
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    defaults.pop("ceph_osds")  # the inventory's win over a role's defaults, and not over a file of variables
    facts = {
        "hostname": host,
        "distribution": {"Debian": "Debian", "RedHat": "Fedora"}[family],
        "distribution_major_version": "13",
    }
    own = {
        "ceph_osds": [],
        "__ceph_seen": {"stdout_lines": SEEN},
        **more,
        "__ceph_fsid": "3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11",
    }
    if "ceph_osds" not in more and host.startswith("s"):
        own.pop("ceph_osds")
    for name, content in (("defaults", defaults), ("own", own)):
        (place / (name + ".json")).write_text(json.dumps(content), encoding="utf-8")
    variables = "{" + ", ".join("'{0}': {0}".format(name) for name in NAMES) + "}"
    tasks: list[dict[str, t.Any]] = [
        {"ansible.builtin.set_fact": {"ansible_facts": facts}},
        {
            "ansible.builtin.copy": {
                "dest": str(place / "told"),
                "content": "{{ " + variables + " | to_json }}",
                "mode": "0600",
            }
        },
    ]
    tasks += [
        {
            "ansible.builtin.template": {
                "src": str(ROLE / "templates" / name),
                "dest": str(place / name[:-3]),
                "mode": "0600",
            }
        }
        for name in ("ceph.conf.j2", "ceph-client.conf.j2")
    ]
    files = ["defaults.json", ROLE / "vars" / "main.yml", ROLE / "vars" / (family + ".yml"), "own.json"]
    play = {
        "hosts": host,
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable, "ansible_facts": facts},
        "vars_files": [str(place / file) for file in files],
        "tasks": tasks[1:],
    }
    (place / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-playbook"),
            "-i",
            str(place / "hosts.json"),
            str(place / "play.json"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, t.Any] = json.loads((place / "told").read_text())
    found["conf"], found["client_conf"] = (place / "ceph.conf").read_text(), (place / "ceph-client.conf").read_text()
    return found


def refused(own: dict[str, t.Any], options: dict[str, t.Any]) -> list[str]:
    spec = {name: {key: value for key, value in one.items() if key != "no_log"} for name, one in own.items()}
    return list(ArgumentSpecValidator(spec).validate(options).error_messages)


def test_three_machines_and_more(tmp_path: Path) -> None:
    found = told(tmp_path, THREE, "s2", MORE)
    assert found["ceph_mon_hosts"] == ["s1", "s2", "s3"]
    assert found["ceph_monitors"] == ["192.0.2.21", "192.0.2.22", "192.0.2.23"]
    assert found["ceph_failure_domain"] == "host"
    assert int(found["__ceph_osd_memory_bytes"]) == 1610612736
    conf = found["conf"]
    for line in (
        "mon_host = 192.0.2.21,192.0.2.22,192.0.2.23",
        "public_network = 192.0.2.0/24",
        "osd_memory_target = 1610612736",
        "osd_max_backfills = 1",
        "[client]\nrbd_cache = true",
        # a monitor that joins finds its own address nowhere else
        "[mon.s2]\npublic_addr = 192.0.2.22",
    ):
        assert line in conf, conf
    assert [one["name"] for one in found["__ceph_keyrings"]] == ["client.admin", "client.bootstrap-osd"]
    assert {"ceph-volume", "ceph-mds"} <= set(found["__ceph_server_packages"])
    for pool in [*MORE["ceph_pools"], *found["__ceph_filesystem_pools"]]:  # type: ignore[misc]
        assert refused(_ceph_pool.OWN, pool) == []
    assert [pool["name"] for pool in found["__ceph_filesystem_pools"]] == [
        "images_metadata",
        "images_data",
        "big_metadata",
        "d1",
        "d2",
    ]
    for one in found["__ceph_filesystem_list"]:
        assert refused(_ceph_fs.OWN, one) == []
    assert found["__ceph_filesystem_list"][1]["data_pools"] == ["d1", "d2"]
    assert found["ceph_client_caps"] == {
        "mon": "profile rbd, allow r fsname=images, allow r fsname=big",
        "osd": "profile rbd pool=vms, profile rbd pool=iso, "
        "allow rw tag cephfs data=images, allow rw tag cephfs data=big",
        "mgr": "profile rbd pool=vms, profile rbd pool=iso",
        "mds": "allow rw fsname=images, allow rw fsname=big",
    }
    assert refused(_ceph_key.OWN, {"name": "client.libvirt", "caps": found["ceph_client_caps"]}) == []


def test_what_a_look_leaves_to_do(tmp_path: Path) -> None:
    # one that runs and does not start at boot, one the other way round
    found = told(tmp_path, THREE, "s2", MORE)
    assert found["__ceph_asleep"] == ["ceph-mds@s2.service", "ceph-mgr@s2.service"]
    assert found["__ceph_keyrings_wanted"] == []
    assert found["__ceph_daemon_keyrings"] == [
        "/var/lib/ceph/mgr/ceph-s2/keyring",
        "/var/lib/ceph/mds/ceph-s2/keyring",
    ]
    for drift, name in (
        ([SEEN[5].replace("600", "644"), SEEN[6]], "client.admin"),
        ([SEEN[5].replace("root:root", "root:ceph"), SEEN[6]], "client.admin"),
        ([SEEN[5]], "client.bootstrap-osd"),
        ([SEEN[5], SEEN[6].replace("bb", "aa")], "client.bootstrap-osd"),
    ):
        again = told(tmp_path, THREE, "s2", {**MORE, "__ceph_seen": {"stdout_lines": drift}})
        assert [one["name"] for one in again["__ceph_keyrings_wanted"]] == [name]
    bare = told(tmp_path, THREE, "s4", {"__ceph_seen": {"stdout_lines": []}})
    assert bare["__ceph_asleep"] == []
    assert [one["name"] for one in bare["__ceph_keyrings_wanted"]] == ["client.bootstrap-osd"]


def test_a_machine_with_disks_only(tmp_path: Path) -> None:
    found = told(tmp_path, THREE, "s4", {})
    assert found["__ceph_is_mon"] is False
    assert "[mon." not in found["conf"]
    assert [one["name"] for one in found["__ceph_keyrings"]] == ["client.bootstrap-osd"]
    assert "ceph-mds" not in found["__ceph_server_packages"]


def test_one_machine_with_ipv6(tmp_path: Path) -> None:
    one = {"storage": {"hosts": {"s1": {"ansible_host": "2001:db8::21", "__ceph_users_had": {"keys": USERS}}}}}
    found = told(tmp_path, one, "s1", {"ceph_osds": []})
    assert (found["ceph_mon_hosts"], found["ceph_failure_domain"]) == (["s1"], "osd")
    assert "mon_host = [2001:db8::21]" in found["conf"]
    assert "ms_bind_ipv6 = true\nms_bind_ipv4 = false" in found["conf"]


@pytest.mark.parametrize("family", ["Debian", "RedHat"])
def test_a_hypervisor(tmp_path: Path, family: str) -> None:
    found = told(tmp_path, THREE, "h1", {}, family)
    assert found["ceph_pool"] == {
        "name": "vms",
        "type": "rbd",
        "source": {
            "name": "vms",
            "hosts": [{"name": "192.0.2.21"}, {"name": "192.0.2.22"}, {"name": "192.0.2.23"}],
            "auth": {"type": "ceph", "username": "libvirt", "secret": {"usage": "client.libvirt"}},
        },
        "autostart": True,
    }
    assert found["__ceph_admin"] == "s1"
    assert "mon_host = 192.0.2.21,192.0.2.22,192.0.2.23" in found["client_conf"]
    module = {"Debian": "qemu-block-extra", "RedHat": "qemu-block-rbd"}[family]
    assert found["__ceph_qemu_packages"] == [module, "libvirt-daemon-driver-storage-rbd"]


def test_somebody_elses_cluster(tmp_path: Path) -> None:
    theirs = {"ceph_mon_hosts": [], "ceph_osd_hosts": [], "ceph_monitors": ["192.0.2.1"], "ceph_pool_name": "theirs"}
    found = told(tmp_path, {"hypervisors": {"hosts": {"h1": {}}}}, "h1", theirs)
    assert found["ceph_pool"]["source"]["hosts"] == [{"name": "192.0.2.1"}]
    assert found["ceph_pool"]["name"] == "theirs"
    assert "fsid" not in found["client_conf"]
    assert found["__ceph_admin"] == "h1"
