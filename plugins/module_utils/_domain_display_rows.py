# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's graphical consoles and video cards (https://libvirt.org/formatdomain.html#graphical-framebuffers)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Change, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class _Type(_codecs.Text):
    """A type; what is not a server has no port."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        super().write(element, place, value)
        if value not in ("vnc", "spice", "rdp"):
            _xml.drop(element, "@port")
            _xml.drop(element, "@autoport")


class _Port(_codecs.Integer):
    """A port; -1 lets libvirt choose."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        super().write(element, place, value)
        _xml.put(element, "@autoport", "yes" if value == -1 else "no")

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return -1 if _xml.get(element, "@autoport") == "yes" else super().read(element, place)


class _Listen(_codecs.Text):
    """The address to listen at, which libvirt keeps twice."""

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return _xml.get(element, "@listen") or _xml.get(element, "listen/@address")

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _drop_short(element)
        _xml.drop(element, "listen")
        _xml.put(element, "@listen", value)


class _Listens(Many):
    """The first of them stands in the attributes too, and both have to say the same."""

    def edit(self, element: Element, wanted: _codecs.Value, field: str) -> list[Change]:
        changes = super().edit(element, wanted, field)
        if changes:
            _drop_short(element)
            if wanted and wanted[0]["type"] in ("none", "socket"):
                # There is no port.
                _xml.drop(element, "@port")
                _xml.drop(element, "@autoport")
        return changes


def _drop_short(element: Element) -> None:
    for attribute in ("@listen", "@socket"):
        _xml.drop(element, attribute)


class _VideoModel(_codecs.Text):
    """A model without the memory and heads that libvirt chose for the one before."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        primary = _xml.get(element, "model/@primary")
        _xml.drop(element, "model")
        super().write(element, place, value)
        if primary is not None:
            _xml.put(element, "model/@primary", primary)


_SPICE: tuple[AnyRow, ...] = (
    Row("tls_port", "@tlsPort", _codecs.Integer(-1, 65535), help="SPICE: port with TLS; V(-1) lets libvirt choose."),
    Row(
        "default_mode",
        "@defaultMode",
        choices=("any", "secure", "insecure"),
        help="SPICE: whether channels use TLS, unless O(graphics[].channels) says.",
        absent="any",
    ),
    Many(
        "channels",
        "channel",
        (
            Row(
                "name",
                "@name",
                choices=("main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir"),
                help="Channel.",
                required=True,
            ),
            Row("mode", "@mode", choices=("secure", "insecure"), help="Whether with TLS.", required=True),
        ),
        help="SPICE: use of TLS, by channel.",
        keys=("name",),
    ),
    Row(
        "image_compression",
        "image/@compression",
        choices=("auto_glz", "auto_lz", "quic", "glz", "lz", "off"),
        help="SPICE: compression of images.",
    ),
    Row(
        "jpeg_compression",
        "jpeg/@compression",
        choices=("auto", "never", "always"),
        help="SPICE: compression of JPEG images over slow links.",
    ),
    Row(
        "zlib_compression",
        "zlib/@compression",
        choices=("auto", "never", "always"),
        help="SPICE: compression with zlib over slow links.",
    ),
    Row(
        "playback_compression",
        "playback/@compression",
        _device_codecs.ON_OFF,
        help="SPICE: whether sound is compressed.",
    ),
    Row("streaming_mode", "streaming/@mode", choices=("filter", "all", "off"), help="SPICE: what is sent as video."),
    Row("clipboard", "clipboard/@copypaste", _codecs.Switch(), help="SPICE: whether the clipboard is shared."),
    Row("mouse_mode", "mouse/@mode", choices=("server", "client"), help="SPICE: who draws the mouse."),
    Row(
        "filetransfer",
        "filetransfer/@enable",
        _codecs.Switch(),
        help="SPICE: whether files can be dropped on the guest.",
    ),
)

_GRAPHICS: tuple[AnyRow, ...] = (
    Row(
        "type",
        "@type",
        _Type(),
        choices=("vnc", "spice", "sdl", "egl-headless", "dbus", "rdp"),
        help="Protocol, or V(sdl) for a window on the host, V(egl-headless) for OpenGL beside another.",
        required=True,
        value_since={"rdp": "11.1.0"},
    ),
    Row("port", "@port", _Port(-1, 65535), help="Port; V(-1) lets libvirt choose."),
    Row(
        "websocket",
        "@websocket",
        _codecs.Integer(-1, 65535),
        help="VNC: port for web sockets; V(-1) lets libvirt choose.",
    ),
    Row("listen", "@listen", _Listen(), help="Address to listen at; libvirt's default is 127.0.0.1."),
    _Listens(
        "listens",
        "listen",
        (
            Row("type", "@type", choices=("address", "network", "socket", "none"), help="What is said.", required=True),
            Row("address", "@address", help="Address, for V(address)."),
            Row("network", "@network", help="libvirt network in which the host's address is taken, for V(network)."),
            Row("socket", "@socket", _codecs.PATH, help="Path of a UNIX socket, for V(socket); libvirt chooses one."),
        ),
        help="Where to listen, instead of O(graphics[].listen). VNC takes one.",
        by_order=True,
    ),
    Row("username", "@username", help="RDP: name to log in with.", removable=True, since="11.1.0"),
    Row("password", "@passwd", help="Password.", removable=True, no_log=True, live="update"),
    Row(
        "password_valid_to",
        "@passwdValidTo",
        _codecs.Text(
            r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}",
            "a time in UTC is wanted, such as 2030-12-31T23:59:59",
        ),
        help="Time in UTC until which the password holds, such as V(2030-12-31T23:59:59).",
        removable=True,
        live="update",
        no_log=False,
    ),
    Row(
        "connected",
        "@connected",
        choices=("keep", "disconnect", "fail"),
        help="What a change of the password does to who is connected; VNC has V(keep) only.",
        live="update",
    ),
    Row("keymap", "@keymap", help="Keyboard layout, such as V(de).", removable=True),
    Row(
        "share_policy",
        "@sharePolicy",
        choices=("allow-exclusive", "force-shared", "ignore"),
        help="VNC: whether one client can shut out the others.",
    ),
    Row(
        "power_control",
        "@powerControl",
        _codecs.Switch(),
        help="VNC: whether clients can shut down and reset the guest.",
    ),
    Row("gl", "gl/@enable", _codecs.Switch(), help="SPICE, SDL and D-Bus: whether with OpenGL."),
    Row(
        "rendernode",
        "gl/@rendernode",
        _codecs.PATH,
        help="Device of the host for OpenGL, such as V(/dev/dri/renderD128).",
    ),
    Row("audio", "audio/@id", _codecs.Integer(1, 255), help="VNC and D-Bus: O(audios[].id) of the sound that is sent."),
    Row(
        "p2p",
        "@p2p",
        _codecs.Switch(),
        help="D-Bus: whether there is no bus but a connection by libvirt.",
        absent=False,
    ),
    Row("address", "@address", help="D-Bus: address of the bus.", removable=True),
    Row("display", "@display", help="SDL: X display, such as V(:0).", removable=True),
    Row("xauth", "@xauth", _codecs.PATH, help="SDL: file of X authorities.", removable=True),
    Row("fullscreen", "@fullscreen", _codecs.Switch(), help="SDL: whether on the whole screen.", absent=False),
    *_SPICE,
)

_VIDEO: tuple[AnyRow, ...] = (
    Row(
        "model",
        "model/@type",
        _VideoModel(),
        choices=("virtio", "vga", "qxl", "bochs", "ramfb", "cirrus", "vmvga", "none"),
        help="Model; V(none) keeps libvirt from adding one.",
        required=True,
        keep=True,
    ),
    Row("vram", "model/@vram", _device_codecs.UnitlessSize(), help="Video memory, such as V(16MiB).", keep=True),
    Row("ram", "model/@ram", _device_codecs.UnitlessSize(), help="QXL: size of the first bar.", keep=True),
    Row("vgamem", "model/@vgamem", _device_codecs.UnitlessSize(), help="QXL: part of it for VGA.", keep=True),
    Row(
        "vram64", "model/@vram64", _device_codecs.UnitlessSize("KiB", 0), help="QXL: size of the 64-bit bar.", keep=True
    ),
    Row("heads", "model/@heads", _codecs.Integer(1, 16), help="Number of screens.", keep=True),
    Row("primary", "model/@primary", _codecs.Switch(), help="Whether it is the first card.", absent=False, keep=True),
    Row(
        "blob",
        "model/@blob",
        _device_codecs.ON_OFF,
        help="virtio: whether pixels are shared instead of copied.",
        since="9.2.0",
    ),
    Row(
        "accel3d",
        "model/acceleration/@accel3d",
        _codecs.Switch(),
        help="Whether the guest has 3D by the host's OpenGL.",
    ),
    Row(
        "rendernode",
        "model/acceleration/@rendernode",
        _codecs.PATH,
        help="Device of the host for that, with V(vhostuser).",
    ),
    Block(
        "resolution",
        "model/resolution",
        (
            Row("x", "@x", _codecs.Integer(1, 65535), help="Width in pixels.", required=True),
            Row("y", "@y", _codecs.Integer(1, 65535), help="Height in pixels.", required=True),
        ),
        help="Size of the screen to begin with.",
    ),
    Block(
        "driver",
        "driver",
        (
            Row(
                "name",
                "@name",
                choices=("qemu", "vhostuser"),
                help="Whether QEMU or a process of its own draws.",
                absent="qemu",
            ),
            *_device_codecs.VIRTIO,
        ),
        help="What is special to virtio.",
    ),
    _device_codecs.ALIAS,
    _device_codecs.ACPI_INDEX,
    *_domain_address_rows.PCI,
)

DISPLAY: tuple[Many, ...] = (
    Many(
        "graphics",
        "devices/graphics",
        _GRAPHICS,
        help="Graphical consoles, one of each type.",
        keys=("type",),
        fresh={"@port": "-1", "@autoport": "yes"},
    ),
    Many("videos", "devices/video", _VIDEO, help="Video cards.", by_order=True),
)
