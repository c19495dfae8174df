# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the conditions of a network filter's rules are written, and when two of them mean the same."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_VARIABLE = re.compile(r"\$\s*([A-Za-z0-9_]+)\s*(?:\[\s*(@?)([0-9]+)\s*\])?\s*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+", re.ASCII)


class Match(_codecs.Text):
    """What a packet is compared with: a value, or a variable of the filter such as $IP."""

    def meaning(self, text: str) -> str:
        """One spelling of a value; ValueError where it is none."""
        return text

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        text = super().mean(option, value).strip()
        try:
            return self._spelled(text)
        except ValueError as error:
            raise BadValue(option, value, "{0} or a variable such as $IP is wanted".format(self.allowed)) from error

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        try:
            return None if text is None else self._spelled(text)
        except ValueError:
            return text

    def _spelled(self, text: str) -> str:
        if text.startswith("$"):
            match = _VARIABLE.fullmatch(text)
            if match is None:
                raise ValueError(text)
            index = match[2] + str(int(match[3])) if match[3] else "@0"
            # The first iterator goes without saying.
            return "${0}{1}".format(match[1], "" if index == "@0" else "[{0}]".format(index))
        return self.meaning(text)


class Count(Match):
    """A number, decimal or hexadecimal; some have a name."""

    def __init__(self, maximum: int, minimum: int = 0, names: t.Mapping[int, str] | None = None) -> None:
        self.names = names or {}
        words = "".join(" or {0}".format(name) for name in self.names.values())
        super().__init__(allowed="a number from {0} to {1}{2}".format(minimum, maximum, words))
        self.minimum, self.maximum = minimum, maximum

    def meaning(self, text: str) -> str:
        for number, name in self.names.items():
            if text.lower() == name.lower():
                return self.names[number]
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        number = int(text, 16 if text[:2] in ("0x", "0X") else 10)
        if not self.minimum <= number <= self.maximum:
            raise ValueError(text)
        return self.names.get(number, str(number))


class MacAddress(Match):
    def __init__(self) -> None:
        super().__init__(allowed="a MAC address")

    def meaning(self, text: str) -> str:
        pairs = text.split(":")
        if len(pairs) != 6 or not all(re.fullmatch("[0-9a-fA-F]{1,2}", pair) for pair in pairs):
            raise ValueError(text)
        return ":".join(pair.lower().zfill(2) for pair in pairs)


class MacMask(MacAddress):
    def meaning(self, text: str) -> str:
        mask = super().meaning(text)
        if "01" in "{0:048b}".format(int(mask.replace(":", ""), 16)):
            raise ValueError(text)
        return mask


class IpAddress(Match):
    def __init__(self) -> None:
        super().__init__(allowed="an IP address")

    def meaning(self, text: str) -> str:
        return str(ipaddress.ip_address(text))


class IpMask(Match):
    """A prefix length, or the netmask that it stands for."""

    def __init__(self) -> None:
        super().__init__(allowed="a prefix length or a netmask")

    def meaning(self, text: str) -> str:
        if text.isdecimal():
            if int(text) > 128:
                raise ValueError(text)
            return str(int(text))
        bits = "{0:b}".format(int(ipaddress.ip_address(text)))
        size = 128 if ":" in text else 32
        if "01" in bits.zfill(size):
            raise ValueError(text)
        return str(bits.zfill(size).count("1"))


class Flags(Match):
    """TCP's flags, as mask/flags; a number for STP."""

    words = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")

    def __init__(self) -> None:
        super().__init__(allowed="mask/flags, each words of {0} or ALL or NONE,".format(", ".join(self.words)))

    def meaning(self, text: str) -> str:
        if "/" not in text:
            return Count(255).meaning(text)
        mask, _slash, flags = text.partition("/")
        return "{0}/{1}".format(self._set(mask), self._set(flags))

    def _set(self, text: str) -> str:
        given = {word.strip().upper() for word in text.split(",")} - {""}
        if "ALL" in given:
            given = {"ALL", *self.words}
        if given - {"ALL", "NONE", *self.words}:
            raise ValueError(text)
        found = [word for word in self.words if word in given]
        return "ALL" if len(found) == len(self.words) else ",".join(found) or "NONE"


class Words(_codecs.Texts):
    """A list of words, which stands in one attribute with commas. ordered: as given, with repeats."""

    def __init__(self, *words: str, ordered: bool = False, most: int = 6) -> None:
        super().__init__(ordered, words)
        self.most = most

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        texts = super().mean(option, [self._fold(str(each)) for each in value])
        if not texts or len(texts) > self.most or ("NONE" in texts and len(texts) > 1):
            raise BadValue(option, value, "one to {0} words are wanted, and NONE stands alone".format(self.most))
        return self._sorted(texts)

    def _fold(self, word: str) -> str:
        return word.lower() if self.choices[0].islower() else word.upper()

    def _sorted(self, texts: list[str]) -> list[str]:
        return texts if self.ordered else sorted(set(texts), key=[*self.choices, *texts].index)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        return None if text is None else self._sorted([self._fold(each.strip()) for each in text.split(",")])

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place, ",".join(value))


class TrueFalse(_codecs.Switch):
    """What libvirt takes for true, or for false; every other text is the other."""

    def __init__(self, known: bool) -> None:
        super().__init__("true", "false")
        self.known = known

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        if text is None:
            return None
        return text in ("true", "yes", "1") if self.known else text.lower() not in ("false", "0")


class Priority(_codecs.Integer):
    """A rule's; libvirt takes 500 for one that it can't read or that is out of bounds."""

    def __init__(self) -> None:
        super().__init__(-1000, 1000)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place) or ""
        number = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII) else 500
        return number if -1000 <= number <= 1000 else 500
