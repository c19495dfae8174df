# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The devices of a domain (https://libvirt.org/formatdomain.html#devices): each option once."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import (
    NAME,
    PATH,
    Integer,
    Mac,
    Presence,
    Text,
    Value,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_BOOT_ORDER = Row("boot_order", "boot/@order", Integer(1), help="Place in the order of boot; 1 comes first.")


class _Port(Integer):
    """A port; -1 lets libvirt choose."""

    def write(self, element: Element, place: str, value: Value) -> None:
        super().write(element, place, value)
        _xml.put(element, "@autoport", "yes" if value == -1 else "no")

    def read(self, element: Element, place: str) -> Value | None:
        return -1 if _xml.get(element, "@autoport") == "yes" else super().read(element, place)


class _Listen(Text):
    """The address to listen at, which libvirt keeps twice."""

    def read(self, element: Element, place: str) -> Value | None:
        return _xml.get(element, "@listen") or _xml.get(element, "listen/@address")

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.drop(element, "listen")
        _xml.put(element, "@listen", value)


_DISK: tuple[AnyRow, ...] = (
    Row(
        "target",
        "target/@dev",
        Text(r"(?:vd|sd|hd|xvd|fd)[a-z]+", "a device name is wanted, such as vda or sdb"),
        help="Device name, such as V(vda). Left out, the next free one of the bus is taken.",
    ),
    Row(
        "bus",
        "target/@bus",
        choices=("virtio", "scsi", "sata", "usb", "ide", "fdc"),
        help="Bus; V(virtio) for a new one.",
    ),
    Row("device", "@device", choices=("disk", "cdrom", "floppy"), help="What the guest sees.", absent="disk"),
    Row("pool", None, NAME, help="Storage pool of O(disks[].volume)."),
    Row("volume", None, NAME, help="Volume of the pool; its path and format stand in the domain."),
    Row("file", "source/@file", PATH, help="File on the host.", only=("@type", "file")),
    Row("block", "source/@dev", PATH, help="Block device of the host.", only=("@type", "block")),
    Row(
        "format",
        "driver/@type",
        choices=("qcow2", "raw", "vmdk", "vdi", "vpc"),
        help="Format of what the disk lies on. A volume's is known; a file's is V(raw) for libvirt unless said.",
    ),
    Row(
        "cache",
        "driver/@cache",
        choices=("default", "none", "writethrough", "writeback", "directsync", "unsafe"),
        help="Caching on the host.",
        absent="default",
    ),
    Row("io", "driver/@io", choices=("threads", "native", "io_uring"), help="How QEMU does I/O."),
    Row(
        "discard",
        "driver/@discard",
        choices=("unmap", "ignore"),
        help="Whether the guest's discards reach the host.",
    ),
    Row("readonly", "readonly", Presence(), help="Whether the guest can't write.", absent=False),
    Row("shareable", "shareable", Presence(), help="Whether several guests may use it.", absent=False),
    Row("serial", "serial", removable=True, help="Serial number that the guest sees."),
    _BOOT_ORDER,
)

_INTERFACE: tuple[AnyRow, ...] = (
    Row(
        "network",
        "source/@network",
        NAME,
        help="libvirt network to be in.",
        only=("@type", "network"),
        live="update",
    ),
    Row(
        "bridge",
        "source/@bridge",
        Text(r"[^/\s]{1,15}", "the name of a bridge is wanted"),
        help="Bridge of the host to be on.",
        only=("@type", "bridge"),
        live="update",
    ),
    Row("mac", "mac/@address", Mac(), help="MAC address; libvirt makes one for a new interface, and it is kept."),
    Row("model", "model/@type", help="Model; V(virtio) for a new one."),
    Row(
        "target",
        "target/@dev",
        Text(r"[^/\s]{1,15}", "the name of a network device has 1 to 15 characters"),
        help="Name of the device on the host.",
    ),
    Row("mtu", "mtu/@size", Integer(68, 65535), help="MTU in bytes."),
    Row("link", "link/@state", choices=("up", "down"), help="State of the link.", absent="up", live="update"),
    _BOOT_ORDER,
)


def _character(path: bool = True) -> tuple[AnyRow, ...]:
    rows: tuple[AnyRow, ...] = (
        Row("type", "@type", choices=("pty", "file", "unix"), help="What it is on the host.", absent="pty"),
    )
    if path:
        rows += (
            Row("path", "source/@path", PATH, help="Path of the file or socket."),
            Row("log", "log/@file", PATH, help="File that everything is logged to besides."),
        )
    return rows


DEVICES: tuple[Many, ...] = (
    Many(
        "disks",
        "devices/disk",
        _DISK,
        help="Disks and media drives.",
        keys=("target", "file", "block"),
        fresh={"@device": "disk", "driver/@name": "qemu"},
        live="plug",
    ),
    Many(
        "interfaces",
        "devices/interface",
        _INTERFACE,
        help="Network interfaces.",
        keys=("mac",),
        by_order=True,
        fresh={"model/@type": "virtio"},
        live="plug",
    ),
    Many(
        "serials",
        "devices/serial",
        _character(),
        help="Serial ports. A new domain has one V(pty) where this is left out.",
        by_order=True,
        fresh={"@type": "pty"},
    ),
    Many(
        "consoles",
        "devices/console",
        (
            *_character(path=False),
            Row(
                "target",
                "target/@type",
                choices=("serial", "virtio"),
                help="V(serial) is the first serial port, V(virtio) a console of its own.",
                absent="serial",
            ),
        ),
        help="Consoles.",
        by_order=True,
        fresh={"@type": "pty"},
    ),
    Many(
        "channels",
        "devices/channel",
        (
            Row("name", "target/@name", help="Name in the guest.", required=True),
            Row("type", "@type", choices=("unix", "spicevmc", "pty"), help="What it is on the host.", absent="unix"),
        ),
        help="virtio channels. A new domain has that of the guest agent, V(org.qemu.guest_agent.0), where this is left "
        "out.",
        keys=("name",),
        fresh={"@type": "unix", "target/@type": "virtio"},
        live="plug",
    ),
    Many(
        "graphics",
        "devices/graphics",
        (
            Row("type", "@type", choices=("vnc", "spice"), help="Protocol.", required=True),
            Row("port", "@port", _Port(-1, 65535), help="Port; V(-1) lets libvirt choose."),
            Row("listen", "@listen", _Listen(), help="Address to listen at; libvirt's default is 127.0.0.1."),
            Row("password", "@passwd", help="Password.", removable=True, no_log=True, live="update"),
        ),
        help="Graphical consoles.",
        keys=("type",),
        fresh={"@port": "-1", "@autoport": "yes"},
    ),
    Many(
        "videos",
        "devices/video",
        (Row("model", "model/@type", help="Model, such as V(virtio), V(vga), V(qxl), V(none).", required=True),),
        help="Video cards.",
        by_order=True,
    ),
    Many(
        "rngs",
        "devices/rng",
        (
            Row("model", "@model", choices=("virtio",), help="Model.", absent="virtio"),
            Row("backend", "backend", PATH, help="Source on the host.", absent="/dev/urandom"),
        ),
        help="Random number generators. A new domain has one from /dev/urandom where this is left out.",
        by_order=True,
        fresh={"@model": "virtio", "backend/@model": "random", "backend": "/dev/urandom"},
        live="plug",
    ),
)
