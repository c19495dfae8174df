# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an option's value is checked, compared, shown, and stands in libvirt's XML.

A codec has one *meaning* of a value (bytes, a bool, a lower-case MAC): two values are the same when their meanings are
equal, whatever they looked like.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
import uuid as uuids

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size, parse_size, xml_size

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

Value = t.Any
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Unreadable(str):
    """What stands at a place where it means nothing, such as a word for a number: it agrees with nothing."""


class Text:
    """A text, as it is; the base of the others."""

    ansible_type = "str"
    elements: str | None = None

    def __init__(self, pattern: str | None = None, allowed: str = "", lower: bool = False) -> None:
        self.pattern = re.compile(pattern) if pattern else None
        self.allowed = allowed
        self.lower = lower

    def mean(self, option: str, value: Value) -> Value:
        """The meaning of a user's value; BadValue where it has none."""
        text = str(value)
        if not text:
            raise BadValue(option, value, self.allowed or "it can't be empty")
        if self.pattern is not None and not self.pattern.fullmatch(text):
            raise BadValue(option, value, self.allowed)
        if _NO_XML.search(text):
            raise BadValue(option, value, "control characters, and what is no character, can't stand in XML")
        return text.lower() if self.lower else text

    def show(self, value: Value) -> Value:
        """The meaning as a user would write it."""
        return value

    def read(self, element: Element, place: str) -> Value | None:
        """The meaning of what stands at a place, None where nothing does; ValueError where it means nothing."""
        text = _xml.get(element, place)
        return None if text is None else (text.lower() if self.lower else text)

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.put(element, place, str(value))

    def clear(self, element: Element, place: str) -> None:
        """Take away what write makes."""
        _xml.drop(element, place)


class Integer(Text):
    ansible_type = "int"

    def __init__(self, minimum: int | None = None, maximum: int | None = None) -> None:
        super().__init__()
        self.minimum, self.maximum = minimum, maximum

    def mean(self, option: str, value: Value) -> Value:
        number = int(value)
        if self.minimum is not None and number < self.minimum:
            raise BadValue(option, value, "at least {0} is wanted".format(self.minimum))
        if self.maximum is not None and number > self.maximum:
            raise BadValue(option, value, "at most {0} is allowed".format(self.maximum))
        return number

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return int(text, 0) if text else None


class Switch(Text):
    """A bool that libvirt writes as one of two words: yes/no, on/off."""

    ansible_type = "bool"

    def __init__(self, on: str = "yes", off: str = "no") -> None:
        super().__init__()
        self.on, self.off = on, off

    def mean(self, option: str, value: Value) -> Value:
        return bool(value)

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return None if text is None else text == self.on

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.put(element, place, self.on if value else self.off)


class Presence(Text):
    """A bool that is true when an element is there."""

    ansible_type = "bool"

    def mean(self, option: str, value: Value) -> Value:
        return bool(value)

    def read(self, element: Element, place: str) -> Value | None:
        return _xml.find(element, place) is not None

    def write(self, element: Element, place: str, value: Value) -> None:
        if value:
            _xml.need(element, place)
        else:
            _xml.drop(element, place)


class Size(Text):
    """Bytes. ``unit`` is both what libvirt means without a unit attribute and what is written."""

    def __init__(self, unit: str = "KiB", minimum: int = 1, multiple: int = 1) -> None:
        super().__init__()
        self.unit, self.minimum, self.multiple = unit, minimum, multiple

    def mean(self, option: str, value: Value) -> Value:
        size = parse_size(option, value, self.minimum)
        if size % self.multiple:
            raise BadValue(option, value, "a multiple of {0} is wanted".format(format_size(self.multiple)))
        return size

    def show(self, value: Value) -> Value:
        return None if value is None else format_size(value)

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return None if not text else xml_size(text, _xml.get(element, place + "/@unit"), self.unit)

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.put(element, place + "/@unit", self.unit)
        _xml.put(element, place, str(value // xml_size("1", self.unit, self.unit)))


class PlainSize(Size):
    """Bytes, where libvirt takes a number that has no unit attribute: it is always in ``unit``."""

    def __init__(self, unit: str = "B", minimum: int = 1, multiple: int = 1) -> None:
        super().__init__(unit, minimum, max(multiple, xml_size("1", unit, unit)))

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return None if not text else xml_size(text, self.unit, self.unit)

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.put(element, place, str(value // xml_size("1", self.unit, self.unit)))


class Texts(Text):
    """A list of texts, each in an element of its own; ``ordered`` says whether the order means something."""

    ansible_type = "list"
    elements = "str"

    def __init__(self, ordered: bool = True, choices: t.Sequence[str] = ()) -> None:
        super().__init__()
        self.ordered, self.choices = ordered, choices

    def mean(self, option: str, value: Value) -> Value:
        texts = [super(Texts, self).mean(option, text) for text in value]
        for text in texts:
            if self.choices and text not in self.choices:
                raise BadValue(option, text, "allowed are {0}".format(", ".join(self.choices)))
        return texts if self.ordered else sorted(texts)

    def read(self, element: Element, place: str) -> Value | None:
        texts = _xml.get_all(element, place)
        return texts if self.ordered else sorted(texts)

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.put_all(element, place, value)

    def clear(self, element: Element, place: str) -> None:
        _xml.put_all(element, place, [])


class Mac(Text):
    def __init__(self) -> None:
        super().__init__(
            pattern=r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}",
            allowed="six pairs of hexadecimal digits are wanted, such as 52:54:00:12:34:56",
            lower=True,
        )

    def mean(self, option: str, value: Value) -> Value:
        mac = super().mean(option, value)
        if int(mac[:2], 16) & 1:
            raise BadValue(option, value, "it is a multicast address (the first pair is odd)")
        if mac == "00:00:00:00:00:00":
            raise BadValue(option, value, "it is the null address")
        return mac


class Uuid(Text):
    def mean(self, option: str, value: Value) -> Value:
        try:
            return str(uuids.UUID(str(value)))
        except ValueError as error:
            raise BadValue(option, value, "a UUID is wanted, such as 12345678-1234-4123-8123-123456789abc") from error


class Address(Text):
    """An IPv4 or IPv6 address; spellings of the same address are the same."""

    def mean(self, option: str, value: Value) -> Value:
        try:
            return str(ipaddress.ip_address(str(value)))
        except ValueError as error:
            raise BadValue(option, value, "an IPv4 or IPv6 address is wanted") from error

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return None if text is None else str(ipaddress.ip_address(text))


class PciAddress(Text):
    """A PCI device as lspci -D writes it, 0000:06:00.0; in the XML an element with domain, bus, slot and function.

    kind: the element's type attribute, where one is written; an address of another type is none of PCI.
    """

    _PARTS = ("domain", "bus", "slot", "function")

    def __init__(self, kind: str = "") -> None:
        super().__init__(
            r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{2}:[01][0-9A-Fa-f]\.[0-7]",
            "a PCI address is wanted as lspci -D shows it, such as 0000:06:00.0",
            lower=True,
        )
        self.kind = kind

    def read(self, element: Element, place: str) -> Value | None:
        found = _xml.find(element, place)
        return None if found is None else self.said(found)

    def said(self, address: Element) -> str | None:
        """The address that an element says."""
        if address.get("slot") is None or address.get("type", "pci") != "pci":
            return None
        numbers = [int(address.get(part) or "0", 0) for part in self._PARTS]
        return "{0:04x}:{1:02x}:{2:02x}.{3:x}".format(*numbers)

    def write(self, element: Element, place: str, value: Value) -> None:
        if self.kind and _xml.get(element, place + "/@type") != self.kind:
            _xml.drop(element, place)
            _xml.put(element, place + "/@type", self.kind)
        for part, text in self.parts(value).items():
            _xml.put(element, "{0}/@{1}".format(place, part), text)

    def parts(self, value: str) -> dict[str, str]:
        """The attributes for an address."""
        return {part: "0x" + text for part, text in zip(self._PARTS, value.replace(".", ":").split(":"))}


class Octal(Text):
    """A mode, as libvirt and chmod write it: 0711."""

    def __init__(self) -> None:
        super().__init__(pattern=r"0?[0-7]{3,4}", allowed="an octal mode is wanted, such as '0711'")

    def mean(self, option: str, value: Value) -> Value:
        return "{0:04o}".format(int(super().mean(option, value), 8))

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, place)
        return "{0:04o}".format(int(text, 8)) if text else None


# What may be the name of a libvirt object: libvirt itself refuses '/', and anything that can't be in a file name would
# make a definition that can't be stored under /etc/libvirt.
NAME = Text(
    pattern=r"(?!\.{1,2}$)[^/\x00-\x20\x7f]([^/\x00-\x1f\x7f]*[^/\x00-\x20\x7f])?",
    allowed="a name has no slash, no line break or other control character, and no space at its ends",
)
PATH = Text(pattern=r"/([^\n\x00]*[^\s\x00])?", allowed="an absolute path is wanted, with no space at its end")
