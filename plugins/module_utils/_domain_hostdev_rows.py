# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's devices in a domain (https://libvirt.org/formatdomain.html#host-device-assignment)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import (
    PATH,
    Integer,
    PciAddress,
    Presence,
    Switch,
    Text,
    Uuid,
    Value,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._device_codecs import ACPI_INDEX
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_address_rows import DRIVE, PCI, USB
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_controller_rows import ALIAS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_disk_rows import BOOT_ORDER
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_plug import Devices, scsi_seat, virtio_seat
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_source_rows import (
    INITIATOR,
    PORT,
    auth,
    check_secret,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class _UsbId(Text):
    """A vendor or product of USB, as lsusb writes it, with or without 0x."""

    def __init__(self) -> None:
        super().__init__(r"(?:0x)?[0-9A-Fa-f]{4}", "four hexadecimal digits are wanted, such as '0x1d6b'", lower=True)

    def mean(self, option: str, value: Value) -> Value:
        return "0x" + super().mean(option, value)[-4:]

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return "0x{0:04x}".format(int(text, 0)) if text else None


class _Wwpn(Text):
    """The name of a vhost-scsi target."""

    def __init__(self) -> None:
        super().__init__(r"naa\.[0-9a-fA-F]{16}", "naa. and 16 hexadecimal digits are wanted", lower=True)

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.put(element, "source/@protocol", "vhost")
        _xml.put(element, place, value)


_SOURCES: tuple[AnyRow, ...] = (
    Row(
        "pci",
        "source/address",
        PciAddress(),
        help="PCI device of the host, by its address, such as V(0000:06:00.0).",
        only=("@type", "pci"),
        keep=True,
    ),
    Block(
        "usb",
        "source",
        (
            Row("vendor", "vendor/@id", _UsbId(), help="Vendor, such as V('0x1d6b').", keep=True),
            Row("product", "product/@id", _UsbId(), help="Product, such as V('0x0002').", keep=True),
            Row("bus", "address/@bus", Integer(1), help="Bus on the host.", keep=True),
            Row(
                "device", "address/@device", Integer(1), help="Device on the bus; it changes when replugged.", keep=True
            ),
        ),
        help="USB device of the host, by vendor and product, by bus and device, or both.",
        only=("@type", "usb"),
        keep=True,
    ),
    Block(
        "scsi",
        "source",
        (
            Row("adapter", "adapter/@name", help="Adapter, such as V(scsi_host0).", required=True, keep=True),
            Row("bus", "address/@bus", Integer(0), help="Bus.", required=True, keep=True),
            Row("target", "address/@target", Integer(0), help="Target.", required=True, keep=True),
            Row("unit", "address/@unit", Integer(0), help="LUN.", required=True, keep=True),
        ),
        help="SCSI device of the host.",
        only=("@type", "scsi"),
        keep=True,
    ),
    Block(
        "iscsi",
        "source",
        (
            Row(
                "name",
                "@name",
                help="Target and LUN, such as V(iqn.2013-07.example:target/1).",
                required=True,
                keep=True,
            ),
            Many(
                "hosts",
                "host",
                (
                    Row("name", "@name", help="Name or address.", required=True, keep=True),
                    Row("port", "@port", PORT, help="Port; 3260 where it is left out.", absent=3260),
                ),
                help="The server.",
                keys=("name",),
                required=True,
            ),
            INITIATOR,
        ),
        help="LUN that QEMU itself reaches over the network, and passes on as it is.",
        only=("@type", "scsi"),
        fresh={"@protocol": "iscsi"},
        keep=True,
    ),
    Row(
        "scsi_host",
        "source/@wwpn",
        _Wwpn(),
        help="vhost-scsi target of the host, by its name, such as V(naa.5123456789abcde0).",
        only=("@type", "scsi_host"),
        keep=True,
    ),
    Row(
        "mdev",
        "source/address/@uuid",
        Uuid(),
        help="Mediated device, such as a share of a graphics card, by its UUID.",
        only=("@type", "mdev"),
        keep=True,
    ),
)

_HOSTDEV: tuple[AnyRow, ...] = (
    *_SOURCES,
    auth("iscsi"),
    Row(
        "model",
        "@model",
        choices=("vfio-pci", "vfio-ap", "vfio-ccw", "virtio", "virtio-transitional", "virtio-non-transitional"),
        help="Model: V(vfio-pci) of a mediated device unless said, a virtio one of O(hostdevs[].scsi_host).",
        keep=True,
    ),
    Row(
        "managed", "@managed", Switch(), help="Whether libvirt takes it from the host's driver and back.", absent=False
    ),
    Row("driver", "driver/@name", choices=("vfio",), help="How a PCI device is passed on.", absent="vfio"),
    Row("driver_model", "driver/@model", help="The host's VFIO driver for a PCI device.", since="10.0.0"),
    Row(
        "startup_policy",
        "source/@startupPolicy",
        choices=("mandatory", "requisite", "optional"),
        help="What becomes of the domain when a USB device is missing: V(mandatory) is an error, V(requisite) only at "
        "a start, V(optional) never.",
        absent="mandatory",
    ),
    Row(
        "guest_reset",
        "source/@guestReset",
        choices=("off", "uninitialized", "on"),
        help="Which resets of a USB device by the guest are done.",
    ),
    Row("display", "@display", Switch("on", "off"), help="Whether the device's picture is shown in the graphics."),
    Row("ramfb", "@ramfb", Switch("on", "off"), help="Whether there is a picture before the guest's driver loads."),
    Row("rawio", "@rawio", Switch(), help="Whether QEMU gets the capability for raw I/O (SCSI)."),
    Row("readonly", "readonly", Presence(), help="Whether the guest can't write (SCSI).", absent=False),
    Row("shareable", "shareable", Presence(), help="Whether several guests may use it (SCSI).", absent=False),
    Block(
        "rom",
        "rom",
        (
            Row("enabled", "@enabled", Switch(), help="Whether the guest gets the device's ROM at all."),
            Row("bar", "@bar", Switch("on", "off"), help="Whether the ROM is in the guest's memory map."),
            Row("file", "@file", PATH, help="File with the ROM on the host."),
        ),
        help="ROM of a PCI device.",
    ),
    Block(
        "teaming",
        "teaming",
        (
            Row("type", "@type", choices=("transient",), help="The device goes for a migration.", required=True),
            Row("persistent", "@persistent", help="Alias of the interface that stands in.", required=True),
        ),
        help="Network device of PCI that a virtio interface stands in for.",
    ),
    ALIAS,
    BOOT_ORDER,
    DRIVE,
    *PCI,
    ACPI_INDEX,
    USB,
)


def _seats(device: Element, live: Element) -> tuple[str, ...]:
    if device.get("type") == "scsi":
        return scsi_seat(_xml.get(device, "address/@controller"), live)
    return ("usb",) if device.get("type") == "usb" else virtio_seat(device, live)


HOSTDEVS = Devices(
    "hostdevs",
    "devices/hostdev",
    _HOSTDEV,
    help="Devices of the host.",
    keys=tuple(row.option for row in _SOURCES),
    fresh={"@mode": "subsystem"},
    seats=_seats,
)


def check(hostdevs: list[Options]) -> None:
    """Every device is one of the host."""
    for index, each in enumerate(hostdevs):
        field = "hostdevs[{0}]".format(index)
        given = [row.option for row in _SOURCES if row.option in each]
        if len(given) != 1:
            raise BadValue(field, each, "one of {0} is wanted".format(", ".join(row.option for row in _SOURCES)))
        usb = each.get("usb", {"vendor": "", "product": ""})
        if ("vendor" in usb) != ("product" in usb) or ("bus" in usb) != ("device" in usb) or not usb:
            raise BadValue(field + ".usb", usb, "vendor and product, bus and device, or all four are wanted")
        check_secret(field, each, "auth")
        if "mdev" in each:
            each.setdefault("model", "vfio-pci")
