# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What becomes of a domain's disks, controllers and host devices when their declaration changes."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"
UUID = "12345678-1234-4123-8123-123456789abc"
RBD = {"protocol": "rbd", "name": "pool/image", "hosts": [{"name": "mon1.example", "port": 6789}, {"name": "mon2"}]}


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    def run() -> str:
        names = [name for name in virsh("list", "--all", "--name").split() if name.startswith(scratch)]
        return "\n".join(virsh("dumpxml", "--inactive", "--security-info", name) for name in sorted(names))

    return run


@pytest.fixture
def declare(converge: t.Any, look: t.Any, scratch: str) -> t.Callable[..., t.Any]:
    """Declare a domain; the fields that changed, and what there is then."""

    def run(**options: t.Any) -> tuple[list[str], t.Any]:
        args = {"name": scratch + "-storage", "type": "qemu", "memory": "64MiB", "machine": "q35", **options}
        done = converge(MODULE, args, look)
        return [change["field"] for change in done["domain"]["changes"]], etree.fromstring(look())

    return run


def test_a_disk_comes_to_lie_on_something_else(declare: t.Any, images_dir: Path) -> None:
    path = str(images_dir / "a.raw")
    auth = {"username": "me", "secret": {"type": "ceph", "usage": "a key"}}
    disk: Args = {"target": "vda", "file": path, "format": "raw", "startup_policy": "optional"}
    declare(disks=[disk])
    disk = {"target": "vda", "network": RBD, "auth": auth, "format": "raw", "cache": "none"}
    changed, tree = declare(disks=[disk])
    assert "disks[vda].network.name" in changed
    assert tree.xpath(
        "devices/disk[@type='network'][driver[@cache='none']]/source[@name='pool/image' and count(host)=2]"
    )
    assert not tree.xpath("devices/disk/source[@file or @startupPolicy]")
    # A secret by its UUID instead of its usage.
    disk["auth"] = {"username": "me", "secret": {"type": "ceph", "uuid": UUID}}
    changed, tree = declare(disks=[disk])
    assert changed == ["disks[vda].auth.secret.uuid"]
    assert tree.xpath(f"devices/disk/source/auth/secret[@uuid='{UUID}' and not(@usage)]")
    disk = {"target": "vda", "block": "/dev/loop0", "format": "raw"}
    changed, tree = declare(disks=[disk])
    assert changed == ["disks[vda].block", "disks[vda].cache"]
    assert tree.xpath("devices/disk[@type='block']/source[@dev='/dev/loop0' and not(@*[name()!='dev']) and not(*)]")


def test_a_network_disk_without_a_target_is_known_by_its_source(declare: t.Any) -> None:
    first: Args = {"network": RBD, "format": "raw"}
    second: Args = {"network": {**RBD, "name": "pool/other"}, "format": "raw"}
    _changed, tree = declare(disks=[first, second])
    assert [disk.get("dev") for disk in tree.iterfind("devices/disk/target")] == ["vda", "vdb"]
    changed, tree = declare(disks=[second])
    assert changed == ["disks[vda]"]
    assert tree.xpath("devices/disk[source[@name='pool/other']]/target[@dev='vdb']")


def test_where_older_definitions_keep_credentials(declare: t.Any, virsh: t.Any, tmp_path: Path, scratch: str) -> None:
    old = tmp_path / "old.xml"
    old.write_text(
        f"""<domain type='qemu'><name>{scratch}-storage</name><memory unit='MiB'>64</memory><os><type
        arch='x86_64' machine='q35'>hvm</type></os><devices><disk type='network' device='disk'>
        <driver name='qemu' type='raw'/><source protocol='rbd' name='pool/image'/><auth username='me'>
        <secret type='ceph' usage='a key'/></auth><encryption format='luks'><secret type='passphrase' uuid='{UUID}'/>
        </encryption><target dev='vda' bus='virtio'/></disk></devices></domain>"""
    )
    virsh("define", str(old))
    disk: Args = {
        "network": {"protocol": "rbd", "name": "pool/image"},
        "auth": {"username": "me", "secret": {"type": "ceph", "usage": "a key"}},
        "encryption": {"format": "luks", "secret": {"uuid": UUID}},
    }
    changed, _tree = declare(disks=[disk])
    assert changed == []
    disk["auth"]["username"] = "you"
    changed, tree = declare(disks=[disk])
    assert changed == ["disks[vda].auth.username"]
    assert tree.xpath("count(//auth[@username='you'])") == 1


def test_limits_of_all_or_of_reading_and_writing(declare: t.Any, images_dir: Path) -> None:
    disk: Args = {"file": str(images_dir / "a.raw"), "format": "raw", "iotune": {"total_bytes_sec": "10MiB"}}
    declare(disks=[disk])
    disk["iotune"] = {"read_bytes_sec": "5MiB", "write_bytes_sec": "1MiB"}
    changed, tree = declare(disks=[disk])
    assert changed == ["disks[vda].iotune.read_bytes_sec", "disks[vda].iotune.write_bytes_sec"]
    assert tree.xpath("devices/disk/iotune[read_bytes_sec='5242880' and not(total_bytes_sec)]")
    disk["iotune"] = {"read_bytes_sec": "0B", "write_bytes_sec": "1MiB"}
    changed, tree = declare(disks=[disk])
    assert changed == ["disks[vda].iotune.read_bytes_sec"]
    assert not tree.xpath("devices/disk/iotune/read_bytes_sec")


def test_controllers_that_are_not_declared_stay(declare: t.Any) -> None:
    _changed, tree = declare()
    there = {(each.get("type"), each.get("index")) for each in tree.iterfind("devices/controller")}
    assert ("sata", "0") in there
    changed, tree = declare(controllers=[{"type": "usb", "model": "qemu-xhci", "ports": 4}])
    assert all(field.startswith("controllers[usb-0]") for field in changed)
    assert tree.xpath("devices/controller[@type='usb' and @index='0' and @model='qemu-xhci' and @ports='4']")
    assert there <= {(each.get("type"), each.get("index")) for each in tree.iterfind("devices/controller")}
    scsi: Args = {"type": "scsi", "model": "virtio-scsi", "queues": 2}
    changed, tree = declare(controllers=[scsi, {**scsi, "index": 1}])
    assert changed == ["controllers[scsi-0]", "controllers[scsi-1]"]
    changed, tree = declare(controllers=[{**scsi, "index": 1, "queues": 4}])
    assert changed == ["controllers[scsi-1].queues"]
    assert tree.xpath("count(devices/controller[@type='scsi'])") == 2


def test_host_devices_are_known_by_what_they_are(declare: t.Any) -> None:
    pci: Args = {"pci": "0000:06:00.0"}
    usb: Args = {"usb": {"vendor": "0x1d6b", "product": "0x0002"}}
    declare(hostdevs=[pci, usb])
    changed, _tree = declare(hostdevs=[{**usb, "startup_policy": "optional"}, {**pci, "managed": True}])
    assert changed == ["hostdevs[0x1d6b-0x0002].startup_policy", "hostdevs[0000:06:00.0].managed"]
    changed, tree = declare(hostdevs=[{"pci": "0000:07:00.0"}])
    assert set(changed) == {"hostdevs[0000:06:00.0]", "hostdevs[0x1d6b-0x0002]", "hostdevs[0000:07:00.0]"}
    assert tree.xpath("count(devices/hostdev)") == 1


def test_a_domain_that_runs_has_all_of_it(declare: t.Any, virsh: t.Any, scratch: str, images_dir: Path) -> None:
    """What libvirt writes differently while a domain runs (aliases, addresses, backing chains) is no change."""
    for name, of in (("base", []), ("top", ["-b", str(images_dir / "base"), "-F", "qcow2"])):
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *of, str(images_dir / name), "8M"], check=True)
    for name in ("a.raw", "b.raw", "c.raw"):
        (images_dir / name).write_bytes(bytes(1 << 20))
    (images_dir / "shared").mkdir()
    options: Args = {
        "disks": [
            {
                "file": str(images_dir / "top"),
                "format": "qcow2",
                "backing_store": {"file": str(images_dir / "base"), "format": "qcow2"},
                "alias": "ua-top",
                "queues": 2,
                "discard": "unmap",
                "iotune": {"total_bytes_sec": "50MiB", "total_iops_sec": 500},
                "metadata_cache_size": "1MiB",
            },
            {
                "file": str(images_dir / "a.raw"),
                "format": "raw",
                "bus": "scsi",
                "wwn": "5000C50015EA71AC",
                "vendor": "ACME",
                "rotation_rate": 1,
                "blockio": {"logical_block_size": "512B", "physical_block_size": "4KiB"},
                "address": {"unit": 3},
            },
            {
                "file": str(images_dir / "b.raw"),
                "format": "raw",
                "bus": "sata",
                "slice": {"offset": "0B", "size": "64KiB"},
            },
            {"device": "cdrom", "bus": "sata", "tray": "closed", "startup_policy": "optional"},
            {"file": str(images_dir / "c.raw"), "format": "raw", "bus": "usb", "removable": True},
        ],
        "controllers": [
            {"type": "scsi", "model": "virtio-scsi", "queues": 2, "alias": "ua-scsi"},
            {"type": "usb", "model": "qemu-xhci", "ports": 8},
        ],
        "filesystems": [
            {"source": str(images_dir / "shared"), "target": "share", "accessmode": "mapped", "fmode": "0640"}
        ],
        "shmems": [{"name": scratch, "model": "ivshmem-plain", "size": "1MiB"}],
        "state": "running",
    }
    changed, _tree = declare(**options)
    assert "state" in changed
    options["disks"][0]["iotune"]["total_iops_sec"] = 600
    changed, _tree = declare(**options)
    assert changed == ["disks[vda].iotune.total_iops_sec"]
    virsh("destroy", scratch + "-storage")


BAD: list[tuple[Args, str]] = [
    ({"disks": [{"network": RBD, "file": "/a"}]}, "one source is wanted, not file and network"),
    ({"disks": [{"target": "vda"}]}, "a source is wanted: volume, file, block, dir, network, nvme"),
    ({"disks": [{"nvme": {"address": "06:00.0", "namespace": 1}}]}, "disks[0].nvme.address: '06:00.0' is not valid"),
    ({"disks": [{"nvme": {"address": "0000:06:00.0", "namespace": 0}}]}, "disks[0].nvme.namespace: 0 is not valid"),
    ({"disks": [{"file": "/a", "wwn": "123"}]}, "disks[0].wwn: '123' is not valid"),
    ({"disks": [{"file": "/a", "alias": "disk"}]}, "disks[0].alias: 'disk' is not valid"),
    ({"disks": [{"file": "/a", "iotune": {"total_bytes_sec": "10"}}]}, "a number with a unit is wanted"),
    (
        {"disks": [{"file": "/a", "iotune": {"total_iops_sec": 1, "read_iops_sec": 1}}]},
        "goes with neither reading nor writing",
    ),
    ({"disks": [{"file": "/a", "auth": {"username": "me"}}]}, "auth is for network"),
    ({"disks": [{"device": "cdrom", "auth": {"username": "me"}}]}, "auth is for network; an empty drive has none"),
    ({"disks": [{"network": RBD, "auth": {"username": "me"}}]}, "disks[0].auth.secret"),
    (
        {"disks": [{"file": "/a", "encryption": {"format": "luks", "secret": {"usage": "a", "uuid": UUID}}}]},
        "disks[0].encryption.secret",
    ),
    ({"controllers": [{"type": "pci", "model": "pcie-root-port"}]}, "the first PCI controller is the root"),
    ({"controllers": [{"type": "scsi"}, {"type": "scsi"}]}, "controllers[0] has it too"),
    ({"hostdevs": [{"managed": True}]}, "one of pci, usb, scsi, iscsi, scsi_host, mdev is wanted"),
    ({"hostdevs": [{"usb": {"vendor": "0x1234"}}]}, "vendor and product, bus and device, or all four are wanted"),
    ({"hostdevs": [{"pci": "0000:06:00.9"}]}, "a PCI address is wanted"),
    ({"hostdevs": [{"scsi_host": "naa.1"}]}, "naa. and 16 hexadecimal digits"),
    ({"filesystems": [{"target": "a"}]}, "either source or socket is wanted"),
]


@pytest.mark.parametrize(("bad", "words"), BAD, ids=lambda value: str(value)[:60])
def test_bad_input_is_one_clear_error_and_nothing_is_done(
    run_module: t.Any, look: t.Any, scratch: str, bad: Args, words: str
) -> None:
    args = {"name": scratch + "-bad", "type": "qemu", "memory": "64MiB", **bad}
    for check in (True, False):
        result = run_module(MODULE, args, check=check, expect="failed")
        assert words in result["msg"]
        assert result["error_code"] == "bad_value"
    assert look() == ""
