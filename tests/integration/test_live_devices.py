# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Devices of every sort that libvirt can plug come and go in a running guest; the others wait for its restart."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"
NUMA = (
    "<domain type='qemu'><memory unit='MiB'>256</memory><maxMemory slots='4' unit='GiB'>2</maxMemory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='{}'>hvm</type></os>"
    "<cpu><numa><cell id='0' cpus='0' memory='262144' unit='KiB' memAccess='shared'/></numa></cpu></domain>"
)


@pytest.fixture
def guest(scratch: str, tiny: Args, images_dir: Path) -> Args:
    for name in ("a", "b", "c"):
        (images_dir / name).write_bytes(bytes(1024 * 1024))
    images_dir.chmod(0o777)
    return {
        "name": scratch,
        "state": "running",
        "type": "qemu",
        "machine": "q35",
        "memory": "256MiB",
        "vcpus": 1,
        **tiny,
        "cmdline": "console=ttyS0",
        "features": {"acpi": True, "apic": True},
        "serials": [{"type": "file", "path": str(images_dir / "console")}],
        "controllers": [
            {"type": "pci", "index": 0, "model": "pcie-root"},
            *({"type": "pci", "index": index, "model": "pcie-root-port"} for index in range(1, 13)),
            {"type": "pci", "index": 13, "model": "pcie-to-pci-bridge"},
            {"type": "usb", "index": 0, "model": "qemu-xhci", "ports": 8},
            {"type": "virtio-serial", "index": 0},
        ],
        "channels": [],
        "rngs": [],
        "disks": [],
        "interfaces": [],
        "timeout": 60,
        "xml": NUMA.format("q35"),
    }


def sides(virsh: t.Any, name: str) -> list[t.Any]:
    """The running domain and its definition."""
    return [etree.fromstring(virsh("dumpxml", *words, name)) for words in ((), ("--inactive",))]


def addresses(tree: t.Any, tag: str) -> list[dict[str, str]]:
    found = [dict(each.attrib) for each in tree.findall(f"devices/{tag}/address")]
    for each in found:
        each.pop("base", None)
    return sorted(found, key=str)


def test_plug_and_unplug(
    converge: t.Any, virsh: t.Any, run_module: t.Any, guest: Args, images_dir: Path, up: t.Any
) -> None:
    name = guest["name"]

    def look() -> str:
        return virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name)

    run_module(MODULE, guest)
    up()
    process = virsh("domid", name)
    more: Args = {
        "controllers": [*guest["controllers"], {"type": "scsi", "index": 1, "model": "virtio-scsi"}],
        "disks": [
            {"file": str(images_dir / "a"), "target": "sda", "bus": "scsi", "address": {"controller": 1, "unit": 3}},
            {"file": str(images_dir / "b"), "target": "sdb", "bus": "usb"},
            {"file": str(images_dir / "c"), "target": "vda"},
        ],
        "shmems": [{"name": name, "model": "ivshmem-plain", "size": "4MiB"}],
        "watchdogs": [{"model": "i6300esb", "action": "none"}],
        "inputs": [{"type": "tablet", "bus": "usb"}, {"type": "keyboard", "bus": "virtio"}, {"type": "tablet"}],
        "redirdevs": [{"type": "unix", "path": str(images_dir / "redir"), "mode": "bind"}],
        "serials": [*guest["serials"], {"type": "pty", "target": "pci-serial"}],
        "consoles": [{"type": "pty", "target": "virtio"}],
        "channels": [{"name": "org.example.0"}],
        "rngs": [{"model": "virtio", "backend": "/dev/urandom"}],
        "filesystems": [{"target": "shared", "source": str(images_dir), "driver": "virtiofs"}],
        "leases": [{"key": "one", "lockspace": "here", "path": str(images_dir / "leases")}],
        "memory": "384MiB",
        "memory_devices": [{"model": "dimm", "size": "128MiB", "node": 0}],
        "interfaces": [{"user": {}}, {"user": {}, "model": "e1000"}],
    }
    done = converge(MODULE, {**guest, **more}, look)["domain"]
    assert done["restart_required"] == []
    live, config = sides(virsh, name)
    tags = "disk input redirdev serial console channel rng filesystem shmem watchdog interface memory lease controller[@type='scsi']"
    for tag in tags.split():
        assert live.findall(f"devices/{tag}"), tag
        assert addresses(live, tag) == addresses(config, tag), tag
    # Whether a module of memory goes again is the guest's own decision: see below.
    stays: Args = {key: more[key] for key in ("memory", "memory_devices")}
    done = converge(MODULE, {**guest, **stays}, look)["domain"]
    assert done["restart_required"] == []
    live, config = sides(virsh, name)
    for tree in (live, config):
        for tag in tags.split():
            left = {"serial": 1, "console": 1, "memory": 1, "input": 2, "controller[@type='scsi']": 2}.get(tag, 0)
            assert len(tree.findall(f"devices/{tag}")) == left, tag
    done = run_module(MODULE, guest)
    kept = len(sides(virsh, name)[0].findall("devices/memory"))
    waiting = ["memory_devices[0]", "current_memory", "memory"] if kept else []
    assert done["domain"]["restart_required"] == waiting
    assert len(done["warnings"]) == kept
    assert not sides(virsh, name)[1].findall("devices/memory")
    assert virsh("domid", name) == process
