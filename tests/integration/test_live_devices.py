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
        "cmdline": "console=ttyS0 clearcpuid=cx16",
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
        # The action that q35's own one has, where there is one (libvirt 9.1).
        "watchdogs": [{"model": "i6300esb", "action": "reset"}],
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
    tags = (
        "disk input redirdev serial console channel rng filesystem shmem watchdog[@model='i6300esb'] interface memory "
        "lease controller[@type='scsi']"
    )
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


def test_places_of_their_own(
    converge: t.Any, virsh: t.Any, run_module: t.Any, guest: Args, images_dir: Path, up: t.Any
) -> None:
    """What has an address is plugged in there; an address that is declared otherwise waits for a restart."""
    name = guest["name"]
    run_module(MODULE, guest)
    up()

    def look() -> str:
        return virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name)

    def places(tag: str) -> list[list[str]]:
        found = [tree.findall(f"devices/{tag}/address") for tree in sides(virsh, name)]
        return [[str(each.get("bus")) + " " + str(each.get("port")) for each in some] for some in found]

    free = [int(each.get("index")) for each in sides(virsh, name)[0].findall("devices/controller[@type='pci']")]
    used = {int(each.get("bus"), 0) for each in sides(virsh, name)[0].findall("devices/*/address[@type='pci']")}
    first, second, third = [index for index in free if index not in {0, 13, *used}][:3]
    disk: Args = {"file": str(images_dir / "a"), "target": "vda", "pci_address": f"0000:{second:02x}:00.0"}
    more: Args = {
        # The first free port would be taken by the one without an address.
        "rngs": [{"model": "virtio", "backend": "/dev/urandom"}],
        "disks": [disk],
        "interfaces": [{"user": {}, "pci_address": f"0000:{first:02x}:00.0", "multifunction": True}],
        "inputs": [{"type": "tablet", "bus": "usb", "usb_address": "0:3"}],
        "channels": [{"name": "org.example.0", "virtio_serial_address": "0:0:5"}],
    }
    assert converge(MODULE, {**guest, **more}, look)["domain"]["restart_required"] == []
    assert places("disk") == [[f"0x{second:02x} None"]] * 2
    assert places("interface") == [[f"0x{first:02x} None"]] * 2
    assert places("rng") == [[f"0x{third:02x} None"]] * 2
    assert places("input[@bus='usb']") == [["0 3"]] * 2
    assert places("channel") == [["0 5"]] * 2

    moved: Args = {**more, "disks": [{**disk, "pci_address": "0000:0b:00.0"}]}
    done = converge(MODULE, {**guest, **moved}, look)["domain"]
    assert done["restart_required"] == ["disks[vda].pci_address"]
    assert places("disk") == [[f"0x{second:02x} None"], ["0x0b None"]]
    # Where it is not said any more, it stays.
    del disk["pci_address"]
    assert not run_module(MODULE, {**guest, **more})["changed"]
    disk["pci_address"] = f"0000:{second:02x}:00.0"
    assert converge(MODULE, {**guest, **more}, look)["domain"]["restart_required"] == []

    # Nothing is plugged into the root of q35, nor as another function of a slot that is in use.
    for place in ("0000:00:1d.0", f"0000:{first:02x}:00.1"):
        other: Args = {"file": str(images_dir / "b"), "target": "vdb", "pci_address": place}
        done = converge(MODULE, {**guest, **more, "disks": [disk, other]}, look)["domain"]
        assert done["restart_required"] == ["disks[vdb]"], place
        assert [len(each) for each in places("disk")] == [1, 2]
    assert converge(MODULE, guest, look)["domain"]["restart_required"] == []
    assert places("disk") == places("interface") == [[], []]


def test_modules_of_memory(converge: t.Any, virsh: t.Any, run_module: t.Any, guest: Args, images_dir: Path) -> None:
    """What is plugged is a part of the memory; of virtio-mem only what the guest has taken is its own."""
    name = guest["name"]
    path, other = images_dir / "pmem", images_dir / "nvdimm"
    for each in (path, other):
        with each.open("wb") as file:
            file.truncate(128 * 1024 * 1024)
        each.chmod(0o666)

    def look() -> str:
        return virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name)

    run_module(MODULE, guest)
    modules: list[Args] = [
        {"model": "virtio-mem", "size": "512MiB", "node": 0, "block": "2MiB", "requested": "0B"},
        {"model": "virtio-pmem", "path": str(path), "size": "128MiB", "access": "shared"},
        {"model": "dimm", "size": "128MiB", "node": 0},
    ]
    guest.update(memory="1GiB", memory_devices=modules)
    done = converge(MODULE, guest, look)["domain"]
    assert done["restart_required"] == []
    modules[0]["requested"] = "64MiB"
    done = converge(MODULE, guest, look)["domain"]
    assert [change["field"] for change in done["changes"]] == ["memory_devices[0].requested"]
    assert done["restart_required"] == []
    for tree in sides(virsh, name):
        assert tree.xpath("memory[.='1048576'] and devices/memory/target/requested[.='65536']")
        assert tree.xpath("count(devices/memory[@model='dimm' or @model='virtio-pmem']) = 2")
    # QEMU has to be told of NVDIMM when it starts, and a domain has as many slots as it was started with.
    modules += [
        {"model": "nvdimm", "path": str(other), "size": "128MiB", "node": 0, "access": "shared"},
        {"model": "dimm", "size": "128MiB", "node": 0},
    ]
    guest.update(memory="1280MiB", xml=NUMA.format("q35").replace("slots='4'", "slots='5'"))
    done = converge(MODULE, guest, look)["domain"]
    assert sorted(done["restart_required"]) == ["memory", f"memory_devices[{other}]", "xml/maxMemory/@slots"]
    assert len(sides(virsh, name)[0].findall("devices/memory")) == 4


def test_what_can_not_be_plugged_waits(
    converge: t.Any, virsh: t.Any, run_module: t.Any, scratch: str, images_dir: Path
) -> None:
    images_dir.chmod(0o777)
    for name in ("a", "b"):
        (images_dir / name).write_bytes(bytes(1024 * 1024))
    guest: Args = {
        "name": scratch,
        "state": "running",
        "type": "qemu",
        "machine": "pc",
        "memory": "64MiB",
        "channels": [],
        "timeout": 1,
    }
    run_module(MODULE, guest)

    def look() -> str:
        return virsh("dumpxml", scratch) + virsh("dumpxml", "--inactive", scratch)

    guest.update(
        disks=[
            {"file": str(images_dir / "a"), "target": "hda", "bus": "ide"},
            {"file": str(images_dir / "b"), "target": "fda", "bus": "fdc", "device": "floppy"},
        ],
        controllers=[{"type": "sata", "index": 0}],
        filesystems=[{"target": "plan9", "source": str(images_dir)}],
        serials=[{"type": "pty"}, {"type": "pty", "target": "isa-serial"}],
        parallels=[{"type": "pty"}],
        consoles=[{"type": "pty", "target": "virtio"}],
        channels=[{"name": "org.example.0"}],
        graphics=[{"type": "spice"}],
        videos=[{"model": "vga"}],
        sounds=[{"model": "ac97"}],
        # The two ports of the controller are taken by the first two.
        inputs=[{"type": "keyboard", "bus": "usb"}],
        redirdevs=[
            {"type": "unix", "path": str(images_dir / "one"), "mode": "bind"},
            {"type": "spicevmc"},
            {"type": "unix", "path": str(images_dir / "two"), "mode": "bind"},
        ],
        watchdogs=[{"model": "ib700"}],
        panics=[{"model": "isa"}],
        hubs=[{"type": "usb"}],
    )
    done = converge(MODULE, guest, look)["domain"]
    waiting = sorted(done["restart_required"])
    assert waiting == [
        "channels[org.example.0]",
        "consoles[0]",
        "controllers[sata-0]",
        "disks[fda]",
        "disks[hda]",
        "filesystems[plan9]",
        "graphics[spice]",
        "hubs[0]",
        "panics[isa]",
        "parallels[0]",
        "redirdevs[1]",
        "redirdevs[2]",
        "serials[1]",
        "sounds[0]",
        "videos[0]",
        "watchdogs[ib700]",
    ]
    assert [len(tree.findall("devices/redirdev")) for tree in sides(virsh, scratch)] == [1, 3]
    guest.update(restart="if_required", force=True)
    done = converge(MODULE, guest, look)["domain"]
    assert [change["field"] for change in done["changes"]] == ["restart"]
    assert done["restart_required"] == []


def test_one_goes_and_another_comes(converge: t.Any, virsh: t.Any, run_module: t.Any, guest: Args, up: t.Any) -> None:
    """The port that is left is taken."""
    name = guest["name"]

    def look() -> str:
        return virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name)

    # Ports: those of the controllers and the balloon, and one.
    guest["controllers"] = [*guest["controllers"][:7], *guest["controllers"][-2:]]
    guest["interfaces"] = [{"mac": "52:54:00:00:00:0a", "user": {}}]
    run_module(MODULE, guest)
    up()
    used = len(sides(virsh, name)[0].xpath("devices/*/address[@type='pci' and @bus!='0x00']"))
    ports = len(sides(virsh, name)[0].xpath("devices/controller[@model='pcie-root-port']"))
    guest["interfaces"] = [{"mac": f"52:54:00:00:00:{index:02x}", "user": {}} for index in range(16, 17 + ports - used)]
    done = converge(MODULE, guest, look)["domain"]
    assert done["restart_required"] == []
    guest["interfaces"].append({"mac": "52:54:00:00:00:0b", "user": {}})
    done = converge(MODULE, guest, look)["domain"]
    assert done["restart_required"] == ["interfaces[52:54:00:00:00:0b]"]


def test_a_guest_that_keeps_a_device(converge: t.Any, virsh: t.Any, run_module: t.Any, scratch: str) -> None:
    """Without an operating system nobody lets go: that is an error, and gone with a restart."""
    guest: Args = {
        "name": scratch,
        "state": "running",
        "type": "qemu",
        "memory": "64MiB",
        "timeout": 1,
        "machine": "pc",
    }
    run_module(MODULE, guest)
    guest["rngs"] = []
    guest["shmems"] = [{"name": scratch, "model": "ivshmem-plain"}]
    for fields in ([f"shmems[{scratch}]", "rngs[0]"], ["rngs[0]"]):
        told = run_module(MODULE, guest, check=True)
        assert [change["field"] for change in told["domain"]["changes"]] == fields
        result = run_module(MODULE, guest, expect="failed")
        assert result["error_code"] == "timeout"
        assert f"Domain {scratch}: the guest has not let go of rngs[0] within 1 s." in result["msg"]
        assert [len(tree.findall("devices/rng")) for tree in sides(virsh, scratch)] == [1, 0]
        # What else is declared comes all the same.
        assert all(tree.findall("devices/shmem") for tree in sides(virsh, scratch))
    virsh("destroy", scratch)
    done = run_module(MODULE, guest)
    assert [change["field"] for change in done["domain"]["changes"]] == ["state"]
    assert not sides(virsh, scratch)[0].findall("devices/rng")


def test_disks_on_scsi_get_a_virtio_controller(
    converge: t.Any, virsh: t.Any, run_module: t.Any, scratch: str, images_dir: Path
) -> None:
    """libvirt alone makes an LSI Logic, which few guests have a driver for; nor does one go that a disk sits on."""
    (images_dir / "a").write_bytes(bytes(1024 * 1024))
    images_dir.chmod(0o777)
    disk = {"target": "sda", "bus": "scsi", "file": str(images_dir / "a"), "format": "raw"}
    args: Args = {"name": scratch, "type": "qemu", "memory": "64MiB", "interfaces": [], "disks": []}

    def models() -> list[list[str]]:
        return [tree.xpath("devices/controller[@type='scsi']/@model") for tree in sides(virsh, scratch)]

    def look() -> object:
        return scratch in virsh("list", "--all", "--name") and models()

    converge(MODULE, {**args, "state": "running"}, look)
    assert models() == [[], []]
    done = converge(MODULE, {**args, "state": "running", "disks": [disk]}, look)
    assert [change["field"] for change in done["domain"]["changes"]] == ["disks[sda]", "controllers[scsi-0]"]
    assert done["domain"]["restart_required"] == []
    assert models() == [["virtio-scsi"]] * 2
    run_module(MODULE, {"name": scratch, "state": "absent", "force": True})

    controller = {"type": "scsi", "index": 0, "model": "virtio-scsi", "queues": 2}
    converge(MODULE, {**args, "state": "stopped", "disks": [disk], "controllers": [controller]}, look)
    converge(MODULE, {**args, "state": "stopped", "disks": [disk]}, look)
    assert models()[1] == ["virtio-scsi"]
    converge(MODULE, {**args, "state": "stopped", "disks": [disk], "controllers": [controller]}, look)
    converge(MODULE, {**args, "state": "stopped"}, look)
    assert models()[1] == []
