# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Codecs and rows that the tables of several sorts of device share."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

ON_OFF = _codecs.Switch("on", "off")
# The names that Linux takes for a network device.
DEVICE = _codecs.Text(r"[^/\s]{1,15}", "the name of a network device has 1 to 15 characters, none a slash or space")


class UnitlessSize(_codecs.Size):
    """A size whose place takes no unit: libvirt knows it as a number of ``unit``."""

    def __init__(self, unit: str = "KiB", minimum: int = 1) -> None:
        super().__init__(unit, minimum, 1024 if unit == "KiB" else 1)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        return None if not text else int(text) * self.multiple

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place, str(value // self.multiple))


class Unsaid(_codecs.Text):
    """A word that stands in the XML by saying nothing; the others stand there."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        if value == self.word:
            _xml.drop(element, place)
        else:
            super().write(element, place, value)


class Reconnect(_codecs.Integer):
    """Seconds after which a client connects again; 0: it does not."""

    def __init__(self) -> None:
        super().__init__(0, 2**32 - 1)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        enabled = _xml.get(element, place + "/@enabled")
        return None if enabled is None else (super().read(element, place + "/@timeout") or 0) * (enabled == "yes")

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place + "/@enabled", "yes" if value else "no")
        if value:
            _xml.put(element, place + "/@timeout", str(value))
        else:
            _xml.drop(element, place + "/@timeout")


# What every virtio device takes.
VIRTIO: tuple[AnyRow, ...] = (
    Row("iommu", "@iommu", ON_OFF, help="Whether it is behind the guest's IOMMU."),
    Row("ats", "@ats", ON_OFF, help="Whether it has address translation services for PCIe."),
    Row("packed", "@packed", ON_OFF, help="Whether it uses packed virtqueues."),
    Row("page_per_vq", "@page_per_vq", ON_OFF, help="Whether each queue's notification has a page of its own."),
)
DRIVER = Block("driver", "driver", VIRTIO, help="What is special to virtio.")
ALIAS = Row(
    "alias",
    "alias/@name",
    _codecs.Text(r"ua-[A-Za-z0-9_-]+", "it begins with ua-, and has letters, digits, hyphens and underlines only"),
    help="Name of the device for libvirt's other commands; begins with V(ua-).",
)
ACPI_INDEX = Row(
    "acpi_index",
    "acpi/@index",
    _codecs.Integer(1, 16383),
    help="Number by which the guest names the device whatever its place, such as C(eno5) for V(5).",
)
ROM = Block(
    "rom",
    "rom",
    (
        Row("enabled", "@enabled", _codecs.Switch(), help="Whether the device has a ROM at all.", absent=True),
        Row("bar", "@bar", ON_OFF, help="Whether the ROM is in the guest's memory map."),
        Row("file", "@file", help="File of the host with the ROM.", removable=True),
    ),
    help="Option ROM of the device.",
)
