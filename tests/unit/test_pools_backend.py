# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pools that name what they are on: from one word to libvirt_pool's options, and in the example inventories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.minicloud.kvm.plugins.filter.pools import FilterModule
from ansible_collections.minicloud.kvm.plugins.plugin_utils import _pools
from ansible_collections.minicloud.kvm.plugins.plugin_utils._pools import BadPool

ROOT = Path(__file__).resolve().parents[2]
PATH = "/var/lib/libvirt/images/shared"
NFS = {
    "type": "netfs",
    "source": {"hosts": [{"name": "storage"}], "dir": "/srv/minicloud", "format": "nfs"},
    "autostart": True,
}
FOUND: dict[str, dict[str, t.Any]] = {
    "nfs": NFS,
    "iscsi": {"name": "vms", "type": "logical", "source": {"name": "vms"}, "autostart": True},
    "gluster": {"name": "vms", "type": "dir", "target": {"path": "/srv/vms"}, "autostart": True},
    "ceph": {"name": "vms", "type": "rbd", "source": {"name": "vms", "auth": {"username": "libvirt"}}},
}
LOCAL = {"name": "local", "type": "dir", "target": {"path": "/srv/local"}}
XML = {"xml": "<pool type='dir'><name>x</name></pool>"}


def pool(backend: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": "shared", "backend": backend, **more}


def declared(backend: str, **more: t.Any) -> dict[str, t.Any]:
    [one] = _pools.declared([pool(backend, **more)], FOUND)
    return one


def test_each_backend_once_and_in_one_order() -> None:
    pools = [pool("ceph"), LOCAL, pool("nfs", name="iso"), pool("ceph", name="more"), XML]
    assert _pools.backends(pools) == ["nfs", "ceph"]
    assert _pools.backends([pool(each) for each in reversed(_pools.BACKENDS)]) == ["nfs", "iscsi", "gluster", "ceph"]
    assert _pools.backends([LOCAL, XML]) == []
    assert _pools.backends([]) == []


@pytest.mark.parametrize("backend", _pools.BACKENDS)
def test_a_pool_is_what_its_backend_is_here_by_its_own_name(backend: str) -> None:
    one = declared(backend)
    assert one["name"] == "shared"
    assert "backend" not in one
    assert {key: one[key] for key in FOUND[backend] if key != "name"} == {
        key: value for key, value in FOUND[backend].items() if key != "name"
    }


def test_files_that_are_mounted_lie_at_the_same_place_everywhere() -> None:
    assert declared("nfs")["target"] == {"path": PATH}
    assert declared("nfs", target={"path": "/srv/x"})["target"] == {"path": "/srv/x"}
    assert declared("nfs", target={"mode": "0711"})["target"] == {"path": PATH, "mode": "0711"}
    # Where the backend has said it, it stays.
    assert declared("gluster")["target"] == {"path": "/srv/vms"}
    assert all("target" not in declared(backend) for backend in ("iscsi", "ceph"))


def test_its_own_options_win_and_leave_the_rest() -> None:
    one = declared("nfs", source={"dir": "/srv/iso"}, autostart=False, mount_opts=["ro"])
    assert one["source"] == {"hosts": [{"name": "storage"}], "dir": "/srv/iso", "format": "nfs"}
    assert (one["autostart"], one["mount_opts"]) == (False, ["ro"])
    # What is there for all pools is nobody's to change.
    assert NFS["source"] == {"hosts": [{"name": "storage"}], "dir": "/srv/minicloud", "format": "nfs"}


def test_pools_in_libvirt_s_words_are_left_alone() -> None:
    assert _pools.declared([LOCAL, XML], {}) == [LOCAL, XML]
    assert _pools.known([LOCAL, XML]) == [LOCAL, XML]


def test_a_pool_that_goes_wants_nothing_to_be_known() -> None:
    assert _pools.declared([pool("ceph", state="absent")], {}) == [{"name": "shared", "state": "absent"}]
    assert declared("gluster", state="absent")["state"] == "absent"
    with pytest.raises(BadPool, match=r"pool shared is on ceph, and what that is on this host isn't known.*storage"):
        _pools.declared([pool("ceph")], {"nfs": NFS})


@pytest.mark.parametrize(
    ("backend", "access", "kind", "path"),
    [
        ("nfs", "fuse", "netfs", PATH),
        ("iscsi", "fuse", "logical", None),
        ("gluster", "fuse", "dir", PATH),
        ("gluster", "netfs", "netfs", PATH),
        ("gluster", "libgfapi", "gluster", None),
        ("ceph", "fuse", "rbd", None),
    ],
)
def test_what_the_inventory_alone_says(backend: str, access: str, kind: str, path: str | None) -> None:
    [one] = _pools.known([pool(backend)], access)
    assert (one["name"], one["type"]) == ("shared", kind)
    assert one.get("target") == ({"path": path} if path else None)
    [own] = _pools.known([pool(backend, type="dir", target={"path": "/srv/x"})], access)
    assert (own["type"], own["target"]) == ("dir", {"path": "/srv/x"})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (
            {"name": "shared", "backend": "zfs"},
            "the backend of pool shared is 'zfs'; it can be nfs, iscsi, gluster, ceph",
        ),
        ({"name": "shared", "backend": None}, "the backend of pool shared is None"),
        ({"name": "shared", "backend": ["ceph"]}, "the backend of pool shared is"),
        ({"name": "shared", "backend": "Ceph"}, "'Ceph'; it can be"),
        ({"backend": "ceph"}, "a pool with a backend has no name: .*ceph"),
        ({"name": "", "backend": "ceph"}, "a pool with a backend has no name"),
    ],
)
def test_what_cannot_be_is_named(bad: dict[str, t.Any], words: str) -> None:
    filters = FilterModule().filters()
    for name, more in (("pools_backends", ()), ("pools_declared", (FOUND,)), ("pools_known", ())):
        with pytest.raises(AnsibleFilterError, match=words):
            filters[name]([LOCAL, bad], *more)


# The example inventories: what Ansible itself reads of them, and what site makes of that.

EXAMPLES = sorted(path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml"))
# What the machines of the group storage become, and what the hypervisors' pools are for guests.
EXPECTED: dict[str, tuple[list[str], dict[str, tuple[str, str | None]]]] = {
    "minicloud": (["nfs"], {"shared": ("netfs", PATH)}),
    "iscsi": (["iscsi"], {"shared": ("logical", None)}),
    "gluster": (["gluster"], {"shared": ("dir", PATH)}),
    "ceph": (["ceph"], {"shared": ("rbd", None)}),
    # Its pool is the directory that it exports.
    "single": (["nfs"], {"shared": ("dir", "/srv/minicloud")}),
}
RESOLVED = (
    "{{ {'address': ansible_host, 'backends': storage_backends, 'pools': pools_list | default([])"
    " | minicloud.kvm.pools_known(gluster_access | default('fuse'))} | to_json }}"
)


def test_every_example_is_looked_at() -> None:
    assert set(EXPECTED) == set(EXAMPLES)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_site_makes_of_an_example(name: str, tmp_path: Path) -> None:
    role = ROOT / "roles" / "storage"
    play = {
        "hosts": "hypervisors:storage",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable, "ansible_connection": "local"},
        "vars_files": [str(role / "defaults/main.yml"), str(role / "vars/main.yml")],
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "content": RESOLVED,
                    "dest": str(tmp_path / "told" / "{{ inventory_hostname }}.json"),
                    "mode": "0600",
                },
            }
        ],
    }
    (tmp_path / "told").mkdir()
    (tmp_path / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("ansible-playbook")), "-i", f"inventories/{name}"),
            str(tmp_path / "play.json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    backends, pools = EXPECTED[name]
    told = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "told").iterdir()}
    for host, one in told.items():
        assert one["backends"] == backends, host
        kinds = {each["name"]: (each["type"], each.get("target", {}).get("path")) for each in one["pools"]}
        assert kinds == pools, host
    assert "host1" in told or "box" in told
    assert len({one["address"] for one in told.values()}) == len(told)
