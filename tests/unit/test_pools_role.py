# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role pools makes of its list, mounted by libvirt or by fstab."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

ROLE = Path(__file__).resolve().parents[2] / "roles" / "pools"
RESULTS = (
    "__pools_servers",
    "__pools_paths",
    "__pools_booleans",
    "__pools_mounts",
    "__pools_declared",
    "__pools_groups",
    "__pools_driver_types",
    "__pools_driver_packages",
)

LOCAL = {"name": "local", "type": "dir", "target": {"path": "/srv/local"}}
SHARED = {
    "name": "shared",
    "type": "netfs",
    "source": {
        "hosts": [{"name": "storage"}],
        "dir": "/srv/minicloud",
        "format": "nfs",
        "protocol_ver": "4.2",
    },
    "target": {"path": "/var/lib/libvirt/images/shared"},
    "autostart": True,
}
SIX = {
    "name": "six",
    "type": "netfs",
    "source": {"hosts": [{"name": "2001:db8::1"}], "dir": "/x"},
    "target": {"path": "/srv/six"},
    "mount_opts": ["nconnect=4", "noatime"],
}
VOLUME = {
    "name": "volume",
    "type": "netfs",
    "source": {"hosts": [{"name": "g1"}], "dir": "/vol", "format": "glusterfs"},
    "target": {"path": "/srv/volume"},
}
SHARE = {
    "name": "share",
    "type": "netfs",
    "state": "present",
    "source": {"hosts": [{"name": "s"}], "dir": "iso", "format": "cifs"},
    "target": {"path": "/srv/share"},
}
GONE = {"name": "gone", "type": "netfs", "state": "absent", "target": {"path": "/srv/gone"}}
XML = {"xml": "<pool type='dir'><name>x</name><target><path>/x</path></target></pool>"}
GROUP = {"name": "g", "type": "logical", "source": {"name": "guests", "devices": [{"path": "/dev/mapper/minicloud"}]}}
OWN = {"name": "own", "type": "logical", "source": {"devices": [{"path": "/dev/sdb"}]}}
THERE = {"name": "there", "type": "logical", "source": {"name": "vg"}}
KINDS = [{"name": each, "type": each} for each in ("rbd", "logical", "dir", "scsi")]


def facts(family: str, distribution: str, version: str) -> dict[str, str]:
    return {
        "os_family": family,
        "distribution": distribution,
        "distribution_version": version,
        "distribution_major_version": version.partition(".")[0],
    }


CASES: dict[str, dict[str, t.Any]] = {
    "bookworm": {"pools_list": KINDS, "ansible_facts": facts("Debian", "Debian", "12.9")},
    "trixie": {"pools_list": KINDS, "ansible_facts": facts("Debian", "Debian", "13.1")},
    "trixie without": {
        "pools_list": [LOCAL, SHARED, XML, {**GROUP, "state": "absent"}],
        "ansible_facts": facts("Debian", "Debian", "13.1"),
    },
    "noble": {"pools_list": KINDS, "ansible_facts": facts("Debian", "Ubuntu", "24.04")},
    "plucky": {"pools_list": [GROUP], "ansible_facts": facts("Debian", "Ubuntu", "25.04")},
    "fedora": {"pools_list": KINDS, "ansible_facts": facts("RedHat", "Fedora", "42")},
    "nothing": {},
    "groups": {"pools_list": [LOCAL, GROUP, OWN, THERE, XML]},
    "own groups": {"pools_list": [LOCAL, OWN, THERE, XML]},
    "local": {"pools_list": [LOCAL, XML]},
    "libvirt": {"pools_list": [LOCAL, SHARED, SIX, VOLUME, SHARE, GONE]},
    "options": {"pools_list": [LOCAL, SHARED, SIX, GONE], "pools_mount_options": ["noatime"]},
    "fstab": {
        "pools_list": [LOCAL, SHARED, SIX, VOLUME, SHARE, GONE],
        "pools_mounted_by": "fstab",
        "pools_mount_options": ["noatime"],
    },
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, run_play: t.Any) -> dict[str, dict[str, t.Any]]:
    """Each case's results, by Ansible itself."""
    place = tmp_path_factory.mktemp("pools_role")
    play = {
        "vars_files": [str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml")],
        "vars": {"ansible_facts": facts("RedHat", "Fedora", "42")},
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "content": {name: f"{{{{ {name} }}}}" for name in RESULTS},
                    "dest": str(place / f"{number}.json"),
                    "mode": "0644",
                },
                "vars": given,
            }
            for number, given in enumerate(CASES.values())
        ],
    }
    run_play(place, play)
    return {name: json.loads((place / f"{number}.json").read_text()) for number, name in enumerate(CASES)}


def test_nothing_mounted(told: dict[str, dict[str, t.Any]]) -> None:
    assert set(map(str, told["nothing"].values())) == {"[]"}
    assert told["local"]["__pools_declared"] == [LOCAL, XML]
    assert told["local"]["__pools_servers"] == []
    assert told["local"]["__pools_booleans"] == []


def test_volume_groups_that_others_see(told: dict[str, dict[str, t.Any]]) -> None:
    """Where there is one, hypervisors take turns."""
    assert told["groups"]["__pools_groups"] == ["/dev/mapper/minicloud"]
    assert told["own groups"]["__pools_groups"] == []


def test_libvirt_mounts(told: dict[str, dict[str, t.Any]]) -> None:
    assert told["libvirt"]["__pools_declared"] == [LOCAL, SHARED, SIX, VOLUME, SHARE, GONE]
    assert told["libvirt"]["__pools_mounts"] == []
    assert told["libvirt"]["__pools_servers"] == [
        {"host": "storage", "port": 2049},
        {"host": "2001:db8::1", "port": 2049},
        {"host": "g1", "port": 24007},
    ]
    assert told["libvirt"]["__pools_booleans"] == ["virt_use_nfs", "virt_use_fusefs", "virt_use_samba"]
    assert "/srv/local" in told["libvirt"]["__pools_paths"]
    assert "/srv/gone" in told["libvirt"]["__pools_paths"]
    assert told["options"]["__pools_declared"] == [LOCAL, {**SHARED, "mount_opts": ["noatime"]}, SIX, GONE]


def test_fstab_mounts(told: dict[str, dict[str, t.Any]]) -> None:
    declared = told["fstab"]["__pools_declared"]
    assert [pool["type"] for pool in declared] == ["dir"] * 6
    assert declared[1] == {
        "name": "shared",
        "type": "dir",
        "target": {"path": "/var/lib/libvirt/images/shared"},
        "autostart": True,
    }
    assert not any(set(pool) & {"source", "mount_opts"} for pool in declared)
    assert [(m["src"], m["path"], m["fstype"], m["opts"], m["absent"]) for m in told["fstab"]["__pools_mounts"]] == [
        (
            "storage:/srv/minicloud",
            "/var/lib/libvirt/images/shared",
            "nfs",
            "_netdev,vers=4.2,noatime",
            False,
        ),
        ("[2001:db8::1]:/x", "/srv/six", "nfs", "_netdev,nconnect=4,noatime", False),
        ("g1:/vol", "/srv/volume", "glusterfs", "_netdev,noatime", False),
        (":", "/srv/gone", "nfs", "_netdev,noatime", True),
    ]


@pytest.mark.parametrize(
    ("case", "kinds", "packages"),
    [
        ("bookworm", {"rbd", "logical", "scsi"}, {"rbd"}),
        ("trixie", {"rbd", "logical", "scsi"}, {"rbd", "logical", "scsi"}),
        ("trixie without", set(), set()),
        ("noble", {"rbd", "logical", "scsi"}, {"rbd"}),
        ("plucky", {"logical"}, {"logical"}),
        ("fedora", {"rbd", "logical", "scsi"}, set()),
    ],
)
def test_packages_of_drivers(told: dict[str, dict[str, t.Any]], case: str, kinds: set[str], packages: set[str]) -> None:
    """Debian's control files: libvirt-daemon-driver-storage-* of libvirt 9.0 and 11.3."""
    assert set(told[case]["__pools_driver_types"]) == kinds
    assert set(told[case]["__pools_driver_packages"]) == {f"libvirt-daemon-driver-storage-{each}" for each in packages}
