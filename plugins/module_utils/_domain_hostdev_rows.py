# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's devices in a domain (https://libvirt.org/formatdomain.html#host-device-assignment)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _domain_controller_rows,
    _domain_disk_rows,
    _domain_plug,
    _domain_source_rows,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class _UsbId(_codecs.Text):
    """A vendor or product of USB, as lsusb writes it, with or without 0x."""

    def __init__(self) -> None:
        super().__init__(r"(?:0x)?[0-9A-Fa-f]{4}", "four hexadecimal digits are wanted, such as '0x1d6b'", lower=True)

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return "0x" + super().mean(option, value)[-4:]

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        return "0x{0:04x}".format(int(text, 0)) if text else None


class _Wwpn(_codecs.Text):
    """The name of a vhost-scsi target."""

    def __init__(self) -> None:
        super().__init__(r"naa\.[0-9a-fA-F]{16}", "naa. and 16 hexadecimal digits are wanted", lower=True)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, "source/@protocol", "vhost")
        _xml.put(element, place, value)


_SOURCES: tuple[AnyRow, ...] = (
    Row(
        "pci",
        "source/address",
        _codecs.PciAddress(),
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
            Row("bus", "address/@bus", _codecs.Integer(1), help="Bus on the host.", keep=True),
            Row(
                "device",
                "address/@device",
                _codecs.Integer(1),
                help="Device on the bus; it changes when replugged.",
                keep=True,
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
            Row("bus", "address/@bus", _codecs.Integer(0), help="Bus.", required=True, keep=True),
            Row("target", "address/@target", _codecs.Integer(0), help="Target.", required=True, keep=True),
            Row("unit", "address/@unit", _codecs.Integer(0), help="LUN.", required=True, keep=True),
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
                    Row(
                        "port", "@port", _domain_source_rows.PORT, help="Port; 3260 where it is left out.", absent=3260
                    ),
                ),
                help="The server.",
                keys=("name",),
                required=True,
            ),
            _domain_source_rows.INITIATOR,
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
        _codecs.Uuid(),
        help="Mediated device, such as a share of a graphics card, by its UUID.",
        only=("@type", "mdev"),
        keep=True,
    ),
)

_HOSTDEV: tuple[AnyRow, ...] = (
    *_SOURCES,
    _domain_source_rows.auth("iscsi"),
    Row(
        "model",
        "@model",
        choices=("vfio-pci", "vfio-ap", "vfio-ccw", "virtio", "virtio-transitional", "virtio-non-transitional"),
        help="Model: V(vfio-pci) of a mediated device unless said, a virtio one of O(hostdevs[].scsi_host).",
        keep=True,
    ),
    Row(
        "managed",
        "@managed",
        _codecs.Switch(),
        help="Whether libvirt takes it from the host's driver and back.",
        absent=False,
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
    Row(
        "display",
        "@display",
        _codecs.Switch("on", "off"),
        help="Whether the device's picture is shown in the graphics.",
    ),
    Row(
        "ramfb",
        "@ramfb",
        _codecs.Switch("on", "off"),
        help="Whether there is a picture before the guest's driver loads.",
    ),
    Row("rawio", "@rawio", _codecs.Switch(), help="Whether QEMU gets the capability for raw I/O (SCSI)."),
    Row("readonly", "readonly", _codecs.Presence(), help="Whether the guest can't write (SCSI).", absent=False),
    Row("shareable", "shareable", _codecs.Presence(), help="Whether several guests may use it (SCSI).", absent=False),
    Block(
        "rom",
        "rom",
        (
            Row("enabled", "@enabled", _codecs.Switch(), help="Whether the guest gets the device's ROM at all."),
            Row("bar", "@bar", _codecs.Switch("on", "off"), help="Whether the ROM is in the guest's memory map."),
            Row("file", "@file", _codecs.PATH, help="File with the ROM on the host."),
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
    _domain_controller_rows.ALIAS,
    _domain_disk_rows.BOOT_ORDER,
    _domain_address_rows.DRIVE,
    *_domain_address_rows.PCI,
    _device_codecs.ACPI_INDEX,
    _domain_address_rows.USB,
)


def _seats(device: Element, live: Element) -> tuple[str, ...]:
    if device.get("type") == "scsi":
        return _domain_plug.scsi_seat(_xml.get(device, "address/@controller"), live)
    return ("usb",) if device.get("type") == "usb" else _domain_plug.virtio_seat(device, live)


HOSTDEVS = _domain_plug.Devices(
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
        _domain_source_rows.check_secret(field, each, "auth")
        if "mdev" in each:
            each.setdefault("model", "vfio-pci")
