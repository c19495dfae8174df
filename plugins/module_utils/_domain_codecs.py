# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values that only stand in a domain's XML: sets of CPUs, sizes in attributes, switches with a value, quotas."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _sizes,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# More CPUs or NUMA nodes than libvirt can name (VIR_DOMAIN_CPUMASK_LEN).
_NUMBERS = 16384


class CpuSet(_codecs.Text):
    """A set of CPUs or NUMA nodes: 0-3,^2 is 0-1,3, and so it is written."""

    def __init__(self) -> None:
        super().__init__(
            pattern=r"\s*\^?\d{1,9}(-\d{1,9})?(\s*,\s*\^?\d{1,9}(-\d{1,9})?)*\s*",
            allowed="numbers and ranges are wanted, such as 0-3,^2,8",
        )

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        text = super().mean(option, value)
        numbers = cpu_numbers(text)
        if not numbers:
            raise BadValue(option, value, self.allowed)
        if max(numbers) >= _NUMBERS:
            raise BadValue(option, value, "a number below {0} is wanted".format(_NUMBERS))
        return _ranges(numbers)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = super().read(element, place)
        return _ranges(cpu_numbers(text)) if text else None


def cpu_numbers(text: str) -> set[int]:
    """The numbers of a set; what comes later wins, as in libvirt."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, _dash, last = part.strip().lstrip("^").partition("-")
        # A range without an end in sight is not worth its memory.
        members = range(int(first), min(int(last or first), _NUMBERS) + 1)
        numbers = numbers.difference(members) if part.strip().startswith("^") else numbers.union(members)
    return numbers


def _ranges(numbers: set[int]) -> str:
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(first) if first == last else "{0}-{1}".format(first, last) for first, last in parts)


class PlacedSet(CpuSet):
    """A set beside a placement: one that is given is not chosen by numad."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        placement = place.rpartition("@")[0] + "@placement"
        if _xml.get(element, placement) == "auto":
            _xml.put(element, placement, "static")
        super().write(element, place, value)


class Decisive(_codecs.Text):
    """A word on which other places hang: they go where it changes, but for the words that they stay with."""

    def __init__(self, *others: str, stay_with: t.Sequence[str] = ()) -> None:
        super().__init__()
        self.others, self.stay_with = others, tuple(stay_with)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        super().write(element, place, value)
        for other in self.others if value not in self.stay_with else ():
            _xml.drop(element, other)


class AttributeSize(_codecs.Size):
    """A size in an attribute, with its unit in the one beside it."""

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        return None if not text else _sizes.xml_size(text, _xml.get(element, _unit(place)), self.unit)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place, str(value // _sizes.xml_size("1", self.unit, self.unit)))
        _xml.put(element, _unit(place), self.unit)

    def clear(self, element: Element, place: str) -> None:
        _xml.drop(element, _unit(place))
        _xml.drop(element, place)


def _unit(place: str) -> str:
    return place.rpartition("@")[0] + "@unit"


class Bytes(_codecs.Size):
    """A size where libvirt knows no unit but bytes."""

    def __init__(self, minimum: int = 1) -> None:
        super().__init__("B", minimum)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place, str(value))


class Filled(_codecs.Text):
    """The text of an element that may be there for its attributes alone."""

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return super().read(element, place) or None


class OwnText(Filled):
    """The text of the very element whose attributes are the other rows."""

    def clear(self, element: Element, place: str) -> None:
        element.text = None


class OwnPath(OwnText):
    def __init__(self) -> None:
        super().__init__(
            pattern=r"/([^\n\x00]*[^\s\x00])?", allowed="an absolute path is wanted, with no space at its end"
        )


class Stated(_codecs.Text):
    """A switch that needs a value to be on: <vendor_id state='on' value='x'/>. place: the element."""

    def __init__(self, attribute: str, value: _codecs.Text) -> None:
        super().__init__()
        self.attribute, self.value = "@" + attribute, value
        self.ansible_type = value.ansible_type

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return self.value.mean(option, value)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        found = _xml.find(element, place)
        return None if found is None or found.get("state") != "on" else self.value.read(found, self.attribute)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place + "/@state", "on")
        _xml.put(element, place + "/" + self.attribute, str(value))


class Quota(_codecs.Integer):
    """Microseconds of CPU time in a period; -1 is without limit."""

    def __init__(self) -> None:
        super().__init__(-1, 17592186044415)

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        number = super().mean(option, value)
        if -1 < number < 1000:
            raise BadValue(option, value, "-1 or at least 1000 is wanted")
        return number


class PowerOfTwo(_codecs.Integer):
    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        number = super().mean(option, value)
        if number & (number - 1):
            raise BadValue(option, value, "a power of two is wanted")
        return number


class Hexadecimal(_codecs.Text):
    """A number that people write in hexadecimal; any spelling is the same."""

    def __init__(self) -> None:
        super().__init__(pattern=r"0[xX][0-9a-fA-F]+|[0-9]+", allowed="a number is wanted, such as 0x0003")

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return int(super().mean(option, value), 0)

    def show(self, value: _codecs.Value) -> _codecs.Value:
        return None if value is None else "0x{0:04x}".format(value)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        return int(text, 0) if text else None

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place, self.show(value))


class Named(_codecs.Text):
    """A list of names, each an element with enabled='yes'; the others are off."""

    ansible_type = "list"
    elements = "str"

    def __init__(self, names: t.Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        for name in value:
            if name not in self.names:
                raise BadValue(option, name, "allowed are {0}".format(", ".join(self.names)))
        return sorted(set(value))

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return sorted(str(each.get("name")) for each in _xml.find_all(element, place) if each.get("enabled") == "yes")

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put_all(element, place + "/@name", value)
        for each in _xml.find_all(element, place):
            each.set("enabled", "yes")


class UuidByName(_codecs.Uuid):
    """A UUID that stands beside the name: elsewhere libvirt's own schema does not find it."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        name = _xml.find(element, "name")
        if name is not None and _xml.find(element, place) is None:
            name.addnext(_xml.new(place))
        super().write(element, place, value)
