# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's graphical consoles, video cards and sound (https://libvirt.org/formatdomain.html#graphical-framebuffers)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Integer, Text, Value
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


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


DISPLAY: tuple[Many, ...] = (
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
)
