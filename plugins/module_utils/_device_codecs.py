# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Codecs and rows that the tables of several sorts of device share."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Integer, Size, Switch, Text, Value
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

ON_OFF = Switch("on", "off")
# The names that Linux takes for a network device.
DEVICE = Text(r"[^/\s]{1,15}", "the name of a network device has 1 to 15 characters, none a slash or space")


class UnitlessSize(Size):
    """A size whose place takes no unit: libvirt knows it as a number of ``unit``."""

    def __init__(self, unit: str = "KiB", minimum: int = 1) -> None:
        super().__init__(unit, minimum, 1024 if unit == "KiB" else 1)

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return None if not text else int(text) * self.multiple

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.put(element, place, str(value // self.multiple))


class Unsaid(Text):
    """A word that stands in the XML by saying nothing; the others stand there."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def write(self, element: Element, place: str, value: Value) -> None:
        if value == self.word:
            _xml.drop(element, place)
        else:
            super().write(element, place, value)


class PciAddress(Text):
    """A PCI address as lspci -D writes it; in the XML an <address> with an attribute for each part."""

    _WORDS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])")
    _PARTS = (("domain", 4), ("bus", 2), ("slot", 2), ("function", 1))

    def mean(self, option: str, value: Value) -> Value:
        address = str(value).lower()
        if not self._WORDS.fullmatch(address):
            raise BadValue(option, value, "a PCI address is wanted as lspci -D shows it, such as 0000:06:10.1")
        return address

    def read(self, element: Element, place: str) -> Value | None:
        if _xml.get(element, place + "/@type") not in (None, "pci") or _xml.find(element, place) is None:
            return None
        numbers = [int(_xml.get(element, "{0}/@{1}".format(place, part)) or "0", 0) for part, _digits in self._PARTS]
        return "{0:04x}:{1:02x}:{2:02x}.{3:x}".format(*numbers)

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.drop(element, place)
        _xml.put(element, place + "/@type", "pci")
        match = self._WORDS.fullmatch(value)
        for (part, digits), text in zip(self._PARTS, match.groups() if match else ()):
            _xml.put(element, "{0}/@{1}".format(place, part), "0x{0:0{1}x}".format(int(text, 16), digits))


class Reconnect(Integer):
    """Seconds after which a client connects again; 0: it does not."""

    def __init__(self) -> None:
        super().__init__(0, 2**32 - 1)

    def read(self, element: Element, place: str) -> Value | None:
        enabled = _xml.get(element, place + "/@enabled")
        return None if enabled is None else (super().read(element, place + "/@timeout") or 0) * (enabled == "yes")

    def write(self, element: Element, place: str, value: Value) -> None:
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
    Text(r"ua-[A-Za-z0-9_-]+", "it begins with ua-, and has letters, digits, hyphens and underlines only"),
    help="Name of the device for libvirt's other commands; begins with V(ua-).",
)
ACPI_INDEX = Row(
    "acpi_index",
    "acpi/@index",
    Integer(1, 16383),
    help="Number by which the guest names the device whatever its place, such as C(eno5) for V(5).",
)
ADDRESS = Row(
    "address",
    "address",
    PciAddress(),
    help="PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and it is kept.",
    keep=True,
)
ROM = Block(
    "rom",
    "rom",
    (
        Row("enabled", "@enabled", Switch(), help="Whether the device has a ROM at all.", absent=True),
        Row("bar", "@bar", ON_OFF, help="Whether the ROM is in the guest's memory map."),
        Row("file", "@file", help="File of the host with the ROM.", removable=True),
    ),
    help="Option ROM of the device.",
)
