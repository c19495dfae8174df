# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which devices can be plugged, what they take, and what of them can be changed: libvirt's own conditions."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_devices import pluggable
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_plug import Devices
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_seats import Free

ROWS = {row.option: row for row in pluggable()}
LIVE = _xml.parse(
    "<domain><memoryBacking><access mode='shared'/></memoryBacking><features><acpi/></features><devices>"
    "<controller type='virtio-serial' index='0'/><controller type='scsi' index='0' model='virtio-scsi'/>"
    "</devices></domain>",
    "it",
)
BARE = _xml.parse("<domain><devices><watchdog model='ib700'/></devices></domain>", "it")


def devices(option: str) -> Devices:
    row = ROWS[option]
    assert isinstance(row, Devices)
    return row


@pytest.mark.parametrize(
    ("option", "text", "seats"),
    [
        ("disks", "<disk device='disk'><target bus='virtio'/></disk>", ("pcie",)),
        ("disks", "<disk device='disk' model='virtio-transitional'><target bus='virtio'/></disk>", ("pci",)),
        ("disks", "<disk device='disk'><target bus='usb'/></disk>", ("usb",)),
        ("disks", "<disk device='lun'><target bus='scsi'/></disk>", ()),
        ("disks", "<disk device='disk'><target bus='scsi'/><address controller='1'/></disk>", ("pcie",)),
        ("disks", "<disk device='lun'><target bus='usb'/></disk>", None),
        ("disks", "<disk device='cdrom'><target bus='sata'/></disk>", None),
        ("disks", "<disk device='floppy'><target bus='fdc'/></disk>", None),
        ("interfaces", "<interface type='network'><model type='e1000'/></interface>", ("pci",)),
        ("interfaces", "<interface type='hostdev'/>", ("pcie",)),
        ("interfaces", "<interface type='server'/>", None),
        ("hostdevs", "<hostdev type='usb'/>", ("usb",)),
        ("hostdevs", "<hostdev type='pci'/>", ("pcie",)),
        ("hostdevs", "<hostdev type='scsi'/>", ()),
        ("memory_devices", "<memory model='dimm'/>", ("slot",)),
        ("memory_devices", "<memory model='virtio-mem'/>", ("pcie",)),
        ("memory_devices", "<memory model='nvdimm'/>", None),
        ("memory_devices", "<memory model='sgx-epc'/>", None),
        ("filesystems", "<filesystem><driver type='virtiofs'/></filesystem>", ("pcie",)),
        ("filesystems", "<filesystem/>", None),
        ("inputs", "<input type='tablet'/>", ("usb",)),
        ("inputs", "<input type='keyboard' bus='virtio'/>", ("pcie",)),
        ("inputs", "<input type='mouse' bus='ps2'/>", None),
        ("inputs", "<input type='evdev'/>", None),
        ("watchdogs", "<watchdog model='i6300esb'/>", ("pci",)),
        ("watchdogs", "<watchdog model='ib700'/>", None),
        ("controllers", "<controller type='scsi' model='virtio-scsi'/>", ("pcie",)),
        ("controllers", "<controller type='scsi' model='lsilogic'/>", ("pci",)),
        ("controllers", "<controller type='usb'/>", None),
        ("channels", "<channel type='unix'><target type='virtio'/></channel>", ()),
        ("channels", "<channel type='spicevmc'><target type='virtio'/></channel>", None),
        ("consoles", "<console type='pty'><target type='virtio'/></console>", ()),
        ("consoles", "<console type='pty'/>", None),
        ("serials", "<serial type='pty'><target type='usb-serial'/></serial>", ("usb",)),
        ("serials", "<serial type='pty'><target type='isa-serial'/></serial>", None),
        ("redirdevs", "<redirdev bus='usb' type='tcp'/>", ("usb",)),
        ("redirdevs", "<redirdev bus='usb' type='spicevmc'/>", None),
        ("shmems", "<shmem><model type='ivshmem-plain'/></shmem>", ("pci",)),
    ],
)
def test_what_can_be_plugged(option: str, text: str, seats: tuple[str, ...] | None) -> None:
    row, device = devices(option), _xml.parse(text, "it")
    assert row.able(device, LIVE) is (seats is not None)
    if seats is not None:
        assert row.seats(device, LIVE) == seats


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("memory_devices", "<memory model='dimm'/>"),
        ("filesystems", "<filesystem><driver type='virtiofs'/></filesystem>"),
        ("watchdogs", "<watchdog model='i6300esb'/>"),
        ("channels", "<channel type='unix'><target type='virtio'/></channel>"),
    ],
)
def test_what_the_domain_lacks(option: str, text: str) -> None:
    assert not devices(option).able(_xml.parse(text, "it"), BARE)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("network", "bridge", {"network", "bridge", "link"}),
        ("direct", "network", {"link"}),
        ("user", "network", {"link"}),
        ("vhostuser", "vhostuser", set()),
        ("hostdev", "network", set()),
    ],
)
def test_what_of_an_interface_changes(old: str, new: str, changes: set[str]) -> None:
    elements = [_xml.new("interface", type=kind) for kind in (old, new)]
    assert devices("interfaces").changes(elements[0], elements[1], {"network", "bridge", "link"}) == changes


@pytest.mark.parametrize(
    ("device", "bus", "changes"), [("cdrom", "sata", True), ("cdrom", "usb", False), ("disk", "virtio", False)]
)
def test_a_medium_changes(device: str, bus: str, changes: bool) -> None:
    disk = _xml.parse(f"<disk device='{device}'><target bus='{bus}'/></disk>", "it")
    assert ("file" in devices("disks").changes(disk, disk, set())) is changes
    assert "cache" not in devices("disks").changes(disk, disk, set())


def test_a_controller_goes_when_nothing_sits_on_it() -> None:
    controller = _xml.parse("<controller type='scsi' index='1'/>", "it")
    for index, idle in ((0, True), (1, False)):
        disk = f"<disk><target bus='scsi'/><address type='drive' controller='{index}'/></disk>"
        tree = _xml.parse(f"<domain><devices>{disk}</devices></domain>", "it")
        assert devices("controllers").idle(controller, tree) is idle


def test_a_slot_for_memory() -> None:
    live = _xml.parse("<domain><maxMemory slots='2'>1</maxMemory></domain>", "it")
    for model, seats in (("dimm", ("slot",)), ("virtio-mem", ("slot", "pcie"))):
        assert devices("memory_devices").seats(_xml.new("memory", model=model), live) == seats


def test_what_has_a_place_takes_its_own() -> None:
    """Of the seats of a running domain: ports 1 to 3, of which 1 is in use, and a bridge for conventional PCI."""
    controllers = "".join(
        f"<controller type='pci' index='{index}' model='{model}'/>"
        for index, model in enumerate(("pcie-root", *["pcie-root-port"] * 3, "pcie-to-pci-bridge"))
    )
    address = "<address type='pci' domain='0x0000' bus='0x{:02x}' slot='0x{:02x}' function='0x{}'/>"
    used = "<disk>" + address.format(1, 0, 0) + "</disk>"
    free = Free(_xml.parse(f"<domain><devices>{controllers}{used}</devices></domain>", "it"))

    def device(*place: int) -> t.Any:
        return _xml.parse("<disk>" + address.format(*place) + "</disk>", "it")

    # In use; the root, where nothing is plugged; another function; no such bus.
    for place in ((1, 0, 0), (0, 3, 0), (2, 0, 1), (9, 0, 0)):
        assert not free.take(["pcie"], device(*place))
    assert free.take(["pcie"], device(2, 0, 0))
    assert not free.take(["pcie"], device(2, 0, 0))
    assert free.take(["pcie"])
    assert not free.take(["pcie"])
    # The bus decides on the seat.
    assert free.take(["pcie"], device(4, 1, 0))
    free.give(["pcie"], device(1, 0, 0))
    assert free.take(["pcie"], device(1, 0, 0))
    assert not free.take(["pcie"])
