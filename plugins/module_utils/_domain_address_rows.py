# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a device sits in its guest (https://libvirt.org/formatdomain.html#device-addresses), for every sort of device.

A device has one address, on the bus that it is on; libvirt chooses one for a new device, and it is kept. It tells a
declared device from another one only where nothing else does.
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class Seat(_codecs.Text):
    """An address of one kind as a text, its parts separated by colons; a port below hubs is 1.2."""

    def __init__(self, kind: str, parts: t.Sequence[str], pattern: str, allowed: str, base: int = 10) -> None:
        super().__init__(pattern, allowed, lower=True)
        self.kind, self.parts, self.base = kind, parts, base

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return ":".join(self._said(part) for part in super().mean(option, value).split(":"))

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        found = _xml.find(element, place)
        if found is None or found.get("type") != self.kind:
            return None
        parts = [found.get(part) for part in self.parts]
        return None if None in parts else ":".join(self._said(part or "") for part in parts)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _sit(element, place, self.kind)
        for part, text in zip(self.parts, value.split(":")):
            _xml.put(element, "{0}/@{1}".format(place, part), text)

    def _said(self, part: str) -> str:
        form = "0x{0:x}" if self.base == 16 else "{0}"
        numbers = (int(each, 16 if each[:2] == "0x" else self.base) for each in part.split("."))
        return ".".join(form.format(number) for number in numbers)


class Bus(_codecs.Text):
    """A bus; the address of a device on the bus before has no meaning on this one."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        if self.read(element, place) is not None:
            _xml.drop(element, "address")
        super().write(element, place, value)


class _OnDrive(_codecs.Integer):
    """A part of a drive's address; a virtio disk has that of a PCI device."""

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return super().read(element, place) if element.get("type") == "drive" else None


class _Slot(_codecs.Integer):
    """The slot of a memory module; virtio-mem has the address of a PCI device."""

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return super().read(element, place) if _xml.get(element, "address/@type") == "dimm" else None

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _sit(element, "address", "dimm")
        super().write(element, place, value)


def _sit(element: Element, place: str, kind: str) -> None:
    """Give a device an address of this kind, instead of one of another."""
    if _xml.get(element, place + "/@type") != kind:
        _xml.drop(element, place)
        _xml.put(element, place + "/@type", kind)


PCI: tuple[AnyRow, ...] = (
    Row(
        "pci_address",
        "address",
        _codecs.PciAddress("pci"),
        help="PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and it is kept.",
        keep=True,
    ),
    Row(
        "multifunction",
        "address/@multifunction",
        _device_codecs.ON_OFF,
        help="Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with function 0. "
        "libvirt sees to it where it is left out.",
    ),
)
USB = Row(
    "usb_address",
    "address",
    Seat(
        "usb",
        ("bus", "port"),
        r"\d{1,3}:\d{1,3}(\.\d{1,3}){0,3}",
        "a bus and a port are wanted, such as 0:1, or 0:1.2 for port 2 of the hub at port 1",
    ),
    help="Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2') on a hub.",
    keep=True,
)
VIRTIO_SERIAL = Row(
    "virtio_serial_address",
    "address",
    Seat(
        "virtio-serial",
        ("controller", "bus", "port"),
        r"\d{1,5}:\d{1,5}:\d{1,5}",
        "controller, bus and port are wanted, such as 0:0:1",
    ),
    help="Index of the virtio-serial controller, its bus (0) and the port, such as V('0:0:1').",
    keep=True,
)
CCID = Row(
    "ccid_address",
    "address",
    Seat("ccid", ("controller", "slot"), r"\d{1,5}:\d{1,5}", "controller and slot are wanted, such as 0:0"),
    help="Index of the CCID controller and the slot, such as V('0:0').",
    keep=True,
)
ISA = Row(
    "iobase",
    "address",
    Seat("isa", ("iobase",), r"0x[0-9a-fA-F]{1,4}", "a hexadecimal number is wanted, such as 0x505", base=16),
    help="I/O port of one on ISA, such as V('0x505').",
    keep=True,
)
DIMM: tuple[AnyRow, ...] = (
    Row("slot", "address/@slot", _Slot(0, 255), help="Slot of a V(dimm) or V(nvdimm), from 0.", keep=True),
)
DRIVE = Block(
    "address",
    "address",
    (
        Row("controller", "@controller", _OnDrive(0), help="Index of the controller."),
        Row("bus", "@bus", _OnDrive(0), help="Bus of the controller."),
        Row("target", "@target", _OnDrive(0, 255), help="SCSI target."),
        Row("unit", "@unit", _OnDrive(0, 16383), help="Unit: the LUN of a SCSI disk."),
    ),
    help="Where it sits on its SCSI, SATA, IDE or floppy controller. libvirt chooses a free place.",
    fresh={"@type": "drive"},
    keep=True,
)
_UNIQUE = ("pci_address", "usb_address", "virtio_serial_address", "ccid_address")
_SAID = frozenset((*_UNIQUE, "multifunction"))


def check(desired: Options) -> None:
    """Refuse two devices at one address, and what is said of an address that is not."""
    seen: dict[tuple[str, str], str] = {}
    for option, value in desired.items():
        for index, device in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(device, dict) or _SAID.isdisjoint(device):
                continue
            field = "{0}[{1}]".format(option, index) if isinstance(value, list) else option
            if device.get("multifunction") is not None and "pci_address" not in device:
                allowed = "pci_address is wanted with it"
                raise BadValue(field + ".multifunction", device["multifunction"], allowed)
            for each in _UNIQUE:
                if each in device:
                    name = "{0}.{1}".format(field, each)
                    other = seen.setdefault((each, device[each]), name)
                    if other != name:
                        raise BadValue(name, device[each], "{0} is the same".format(other))


def slot_of(address: Element | None) -> tuple[int, int] | None:
    """The PCI bus and slot of an address; None where it is no such address."""
    if address is None or address.get("type") != "pci" or not {"bus", "slot"} & set(address.attrib):
        return None
    return int(address.get("bus") or "0", 0), int(address.get("slot") or "0", 0)
