# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a domain's user has at hand: keyboard, mouse, USB devices and smart cards brought along."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _domain_character_rows,
    _domain_disk_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import (
    AnyRow,
    Block,
    Change,
    Many,
    Row,
    agree,
    read,
)

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class _Hex(_codecs.Text):
    """A number that libvirt writes in hexadecimal digits."""

    def __init__(self, digits: int) -> None:
        super().__init__(
            "0x[0-9a-f]{{1,{0}}}".format(digits), "hexadecimal digits are wanted, such as 0x08", lower=True
        )
        self.digits = digits

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return "0x{0:0{1}x}".format(int(super().mean(option, str(value).lower()), 16), self.digits)


class _Rules(Many):
    """A list whose order means something: the first rule that fits holds."""

    def edit(self, element: Element, wanted: _codecs.Value, field: str) -> list[Change]:
        found = [read(self.rows, each) for each in self.elements(element)]
        if len(found) == len(wanted) and all(agree(self.rows, *pair) for pair in zip(wanted, found)):
            return []
        _xml.drop(element, self.place)
        for item in wanted:
            _xml.add(element, self.place, self.make(item))
        return [Change(field, self.show(found), self.show(wanted), self)]


def _bus(device: Element) -> str | None:
    """The bus of an input device; libvirt's choice where none is said, as far as it is the same on every machine."""
    return device.get("bus") or {"tablet": "usb", "passthrough": "virtio"}.get(device.get("type", ""))


_INPUT: tuple[AnyRow, ...] = (
    Row(
        "type",
        "@type",
        choices=("tablet", "mouse", "keyboard", "passthrough", "evdev"),
        help="What it is; V(passthrough) and V(evdev) are a device of the host.",
        required=True,
    ),
    Row("bus", "@bus", choices=("usb", "virtio", "ps2"), help="Bus; libvirt chooses one.", keep=True),
    Row(
        "evdev",
        "source/@evdev",
        _codecs.PATH,
        help="V(passthrough): device of the host.",
        only=("@type", "passthrough"),
    ),
    Row("dev", "source/@dev", _codecs.PATH, help="V(evdev): device of the host.", only=("@type", "evdev")),
    Row("grab", "source/@grab", choices=("all",), help="V(evdev): whether all of its kind are grabbed with it."),
    Row(
        "grab_toggle",
        "source/@grabToggle",
        choices=("ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock", "ctrl-scrolllock"),
        help="V(evdev): keys that give it to the guest and back.",
    ),
    Row("repeat", "source/@repeat", _device_codecs.ON_OFF, help="V(evdev): whether keys repeat."),
    _device_codecs.DRIVER,
    _device_codecs.ALIAS,
    *_domain_address_rows.PCI,
    _domain_address_rows.USB,
)

INPUT: tuple[Many, ...] = (
    _domain_plug.Devices(
        "inputs",
        "devices/input",
        _INPUT,
        help="Keyboards, mice and tablets. Those of PS/2 that x86 has by itself need not be declared.",
        implied=lambda each: each.get("bus") == "ps2",
        which="with O(inputs[].bus) V(usb) or V(virtio)",
        able=lambda device, _live: _bus(device) in ("usb", "virtio"),
        seats=lambda device, live: ("usb",) if _bus(device) == "usb" else _domain_plug.virtio_seat(device, live),
    ),
    _domain_plug.Devices(
        "redirdevs",
        "devices/redirdev",
        (
            *_domain_character_rows.source_rows("spicevmc", "tcp", "unix", "udp", "pty", log=False),
            _domain_disk_rows.BOOT_ORDER,
            _device_codecs.ALIAS,
            _domain_address_rows.USB,
        ),
        help="USB devices of whoever is connected, by SPICE or by a socket.",
        by_order=True,
        fresh={"@bus": "usb", "@type": "spicevmc"},
        which="V(spicevmc) where there is SPICE",
        able=_domain_plug.has_display,
        seats=lambda _device, _live: ("usb",),
    ),
    _Rules(
        "redirfilter",
        "devices/redirfilter/usbdev",
        (
            Row("usb_class", "@class", _Hex(2), help="Class, such as V(0x08) for storage; any where it is left out."),
            Row("vendor", "@vendor", _Hex(4), help="Vendor, such as V(0x1234)."),
            Row("product", "@product", _Hex(4), help="Product, such as V(0xbeef)."),
            Row(
                "version",
                "@version",
                _codecs.Text(r"\d{1,2}\.\d{2}", "a version is wanted, such as 2.00"),
                help="Version, such as V(2.56).",
            ),
            Row("allow", "@allow", _codecs.Switch(), help="Whether it may be connected.", required=True),
        ),
        help="Which USB devices may be; the first rule that fits holds.",
    ),
    Many(
        "smartcards",
        "devices/smartcard",
        (
            Row(
                "mode",
                "@mode",
                choices=("host", "host-certificates", "passthrough"),
                help="The host's reader, three of its certificates, or a client's.",
                required=True,
            ),
            Row(
                "certificates",
                "certificate",
                _codecs.Texts(),
                help="V(host-certificates): names of three certificates.",
            ),
            Row("database", "database", _codecs.PATH, help="V(host-certificates): directory of the NSS database."),
            Block(
                "passthrough",
                "",
                _domain_character_rows.source_rows("spicevmc", "tcp", "unix", "udp", "pty", log=False),
                help="V(passthrough): how the client is connected.",
                only=("@mode", "passthrough"),
            ),
            _domain_address_rows.CCID,
        ),
        help="Smart card readers.",
    ),
    Many(
        "hubs",
        "devices/hub",
        (
            Row("type", "@type", choices=("usb",), help="Type.", required=True),
            _device_codecs.ALIAS,
            _domain_address_rows.USB,
        ),
        help="Hubs. libvirt adds them where ports run out.",
        by_order=True,
    ),
)
