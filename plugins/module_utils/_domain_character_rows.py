# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's serial ports, consoles and channels (https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# What serial and parallel ports and consoles can be on the host with QEMU.
_TYPES = ("pty", "dev", "file", "pipe", "unix", "tcp", "udp", "null", "stdio", "vc", "spiceport", "dbus")


class _Type(_codecs.Text):
    """What it is on the host; the source of another type has no meaning for this one."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.drop(element, "source")
        _xml.drop(element, "protocol")
        super().write(element, place, value)


class _Endpoint(_codecs.Text):
    """Host or service of one end. UDP has a source for each end; TCP has one, which either connects or is bound."""

    def __init__(self, mode: str, attribute: str) -> None:
        super().__init__()
        self.mode, self.attribute = mode, attribute

    def _source(self, element: Element) -> Element | None:
        sources = _xml.find_all(element, "source")
        if element.get("type") == "udp":
            return next((each for each in sources if each.get("mode", "connect") == self.mode), None)
        return next((each for each in sources if self.mode == "connect"), None)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        source = self._source(element)
        return None if source is None else source.get(self.attribute)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        source = self._source(element)
        if source is None:
            source = _xml.new("source", mode=self.mode)
            _xml.add(element, "source", source)
        source.set(self.attribute, value)


def source_rows(*types: str, log: bool = True) -> tuple[AnyRow, ...]:
    """What a character device is on the host: its type, and what the types take."""
    rows: list[AnyRow] = [
        Row("type", "@type", _Type(), choices=types, help="What it is on the host.", keep=True),
        Row("path", "source/@path", _codecs.PATH, help="Path of the device, file, pipe or socket."),
        Row(
            "mode",
            "source/@mode",
            choices=("bind", "connect"),
            help="Whether a V(unix) or V(tcp) socket is listened at or connected to.",
        ),
        Row(
            "host",
            "source",
            _Endpoint("connect", "host"),
            help="V(tcp): host to connect to or address to listen at; V(udp): host to send to.",
        ),
        Row("service", "source", _Endpoint("connect", "service"), help="Port, or its name, of that host."),
        Row("bind_host", "source", _Endpoint("bind", "host"), help="V(udp): address to receive at."),
        Row("bind_service", "source", _Endpoint("bind", "service"), help="V(udp): port, or its name, to receive at."),
        Row(
            "protocol",
            "protocol/@type",
            choices=("raw", "telnet"),
            help="What is spoken over V(tcp).",
            absent="raw",
        ),
        Row(
            "tls",
            "source/@tls",
            _codecs.Switch(),
            help="Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.",
        ),
        Row(
            "reconnect",
            "source/reconnect",
            _device_codecs.Reconnect(),
            help="Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.",
            absent=0,
        ),
    ]
    if "file" in types:
        rows.append(
            Row(
                "append",
                "source/@append",
                _device_codecs.ON_OFF,
                help="Whether a V(file) is appended to.",
                absent=False,
            )
        )
    if {"spiceport", "dbus"} & set(types):
        rows.append(Row("channel", "source/@channel", help="Name of a V(spiceport) or V(dbus) channel."))
    if log:
        rows += [
            Row("log", "log/@file", _codecs.PATH, help="File that everything is logged to besides.", removable=True),
            Row(
                "log_append",
                "log/@append",
                _device_codecs.ON_OFF,
                help="Whether the log is kept at a start.",
                absent=True,
            ),
        ]
    return tuple(rows)


def mirrors_a_serial(console: Element) -> bool:
    """libvirt shows the first serial port a second time, as a console; but for one on a bus that a guest finds late."""
    parent = console.getparent()
    port = None if parent is None else _xml.get(parent, "serial/target/@type")
    return _xml.get(console, "target/@type") in (None, "serial") and port not in ("pci-serial", "usb-serial")


_SERIAL_SEATS = {"pci-serial": ("pci",), "usb-serial": ("usb",)}


def _on_virtio(device: Element, live: Element) -> bool:
    """A controller can't be plugged in for it."""
    there = _domain_plug.has_controller(live, "virtio-serial") and _domain_plug.has_display(device, live)
    return there and _xml.get(device, "target/@type") == "virtio"


_PORT = Row(
    "port",
    "target/@port",
    _codecs.Integer(0, 255),
    help="Number of the port, from 0; counted where it is left out.",
    keep=True,
)

CHARACTER: tuple[Many, ...] = (
    _domain_plug.Devices(
        "serials",
        "devices/serial",
        (
            *source_rows(*_TYPES),
            Row(
                "target",
                "target/@type",
                choices=(
                    "isa-serial",
                    "usb-serial",
                    "pci-serial",
                    "isa-debug",
                    "system-serial",
                    "spapr-vio-serial",
                    "sclp-serial",
                ),
                help="What the guest sees; the usual port of the machine where it is left out.",
                keep=True,
            ),
            Row(
                "model",
                "target/model/@name",
                choices=(
                    "isa-serial",
                    "usb-serial",
                    "pci-serial",
                    "isa-debugcon",
                    "pl011",
                    "16550a",
                    "spapr-vty",
                    "sclpconsole",
                    "sclplmconsole",
                ),
                help="Its model; what goes with O(serials[].target) where it is left out.",
                keep=True,
            ),
            _PORT,
            _device_codecs.ALIAS,
            _domain_address_rows.ISA,
            *_domain_address_rows.PCI,
            _domain_address_rows.USB,
        ),
        help="Serial ports. A new domain has one V(pty) where this is left out.",
        by_order=True,
        fresh={"@type": "pty"},
        which="with O(serials[].target) V(pci-serial) or V(usb-serial)",
        able=lambda device, live: (
            _xml.get(device, "target/@type") in _SERIAL_SEATS and _domain_plug.has_display(device, live)
        ),
        seats=lambda device, _live: _SERIAL_SEATS[_xml.get(device, "target/@type") or ""],
    ),
    Many(
        "parallels",
        "devices/parallel",
        (*source_rows(*_TYPES), _PORT, _device_codecs.ALIAS),
        help="Parallel ports.",
        by_order=True,
        fresh={"@type": "pty"},
    ),
    _domain_plug.Devices(
        "consoles",
        "devices/console",
        (
            *source_rows(*_TYPES),
            Row(
                "target",
                "target/@type",
                choices=("serial", "virtio", "sclp", "sclplm"),
                help="V(serial) is the first serial port, which need not be declared; V(virtio) a console of its own, "
                "V(sclp) and V(sclplm) those of s390.",
                absent="serial",
                keep=True,
            ),
            _device_codecs.ALIAS,
            _domain_address_rows.VIRTIO_SERIAL,
        ),
        help="Consoles.",
        by_order=True,
        fresh={"@type": "pty"},
        implied=mirrors_a_serial,
        which="with O(consoles[].target) V(virtio), where there is a controller for it",
        able=_on_virtio,
    ),
    _domain_plug.Devices(
        "channels",
        "devices/channel",
        (
            Row("name", "target/@name", help="Name in the guest. Wanted but for O(channels[].guestfwd).", keep=True),
            Block(
                "guestfwd",
                "target",
                (
                    Row("address", "@address", _codecs.Address(), help="IPv4 address.", required=True),
                    Row("port", "@port", _codecs.Integer(1, 65535), help="Port.", required=True),
                ),
                help="Address in the network of O(interfaces[].user) that the guest finds it at, instead of virtio.",
                only=("target/@type", "guestfwd"),
                keep=True,
            ),
            *source_rows("unix", "spicevmc", "qemu-vdagent", *(each for each in _TYPES if each != "unix")),
            Row(
                "clipboard",
                "source/clipboard/@copypaste",
                _codecs.Switch(),
                help="V(qemu-vdagent): whether the clipboard is shared.",
                absent=False,
            ),
            Row(
                "mouse",
                "source/mouse/@mode",
                choices=("client", "server"),
                help="V(qemu-vdagent): who draws the mouse.",
            ),
            _device_codecs.ALIAS,
            _domain_address_rows.VIRTIO_SERIAL,
        ),
        help="virtio channels. A new domain has that of the guest agent, V(org.qemu.guest_agent.0), where this is left "
        "out.",
        keys=("name",),
        fresh={"@type": "unix", "target/@type": "virtio"},
        which="where there is a controller for it",
        able=lambda device, live: _xml.get(device, "target/@type") == "guestfwd" or _on_virtio(device, live),
    ),
)
