# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Raw XML that a user gives, merged into what libvirt has, by meaning.

What the given XML says has to be so; what it does not say is left alone. Of elements that may repeat and that libvirt
does not add by itself (disks, interfaces, DHCP hosts, ...) the given ones are all there are.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import ipaddress
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import MASK, Change
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import is_xml_unit, xml_size

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DNSMASQ = "{http://libvirt.org/schemas/network/dnsmasq/1.0}"
# Elements of which the given ones are all: (tag, its parent's tag).
_WHOLE = frozenset(
    {
        ("disk", "devices"),
        ("interface", "devices"),
        ("hostdev", "devices"),
        ("filesystem", "devices"),
        ("graphics", "devices"),
        ("feature", "cpu"),
        ("boot", "os"),
        ("ip", "network"),
        ("route", "network"),
        ("portgroup", "network"),
        ("host", "dhcp"),
        ("range", "dhcp"),
        ("host", "dns"),
        ("srv", "dns"),
        ("txt", "dns"),
        ("forwarder", "dns"),
        ("interface", "forward"),
        ("address", "forward"),
        ("tag", "vlan"),
        (_DNSMASQ + "option", _DNSMASQ + "options"),
        ("hostname", "host"),
    }
)
# What tells one element from its siblings, by tag: the places that have to agree.
_IDENTITY: dict[str, tuple[str, ...]] = {
    "disk": ("target/@dev",),
    "interface": ("mac/@address",),
    "controller": ("@type", "@index"),
    "ip": ("@address",),
    "host": ("@mac", "@ip"),
    "feature": ("@name",),
    "timer": ("@name",),
    "portgroup": ("@name",),
    "boot": ("@dev",),
    "channel": ("target/@name",),
    "graphics": ("@type",),
    "filesystem": ("target/@dir",),
}
# The device elements of https://libvirt.org/formatdomain.html#devices: a fragment's root that belongs below <devices>.
DEVICES = (
    "audio|channel|console|controller|crypto|disk|emulator|filesystem|graphics|hostdev|hub|input|interface|iommu|lease|"
    "memballoon|nvram|panic|parallel|pstore|redirdev|redirfilter|rng|serial|shmem|smartcard|sound|tpm|video|vsock|"
    "watchdog"
)
# What is nobody's business in a result: attributes of any element, and the texts of elements.
_SECRET_ATTRIBUTES = ("passwd",)
_SECRET_TEXTS = ("cookie",)
# What libvirt means by a size that has no unit.
_UNITLESS = {
    **dict.fromkeys(("memory", "currentMemory", "hard_limit", "soft_limit", "swap_hard_limit", "min_guarantee"), "KiB"),
    **dict.fromkeys(("capacity", "allocation", "available"), "B"),
}


# Elements whose size is an attribute, in KiB where there is no unit.
_SIZED = {"page": ("size",), "cell": ("memory",), "cache": ("size",), "monitor": ("size",)}


def merge(tree: Element, given: Element) -> list[Change]:
    """Make ``tree`` say what ``given``, a whole document, says."""
    return _merge(tree, given, "xml")


def document(given: t.Sequence[Element], tag: str) -> Element:
    """What a user gave, as a document whose root is ``tag``: it is one, or elements of one."""
    if len(given) == 1 and given[0].tag == tag:
        whole = _xml.clone(given[0])
    else:
        whole = _xml.new(tag)
        for each in given:
            # <memory> is the domain's own size, unless it is a DIMM.
            device = re.fullmatch(DEVICES, str(each.tag)) or (each.tag == "memory" and each.get("model") is not None)
            inside = "devices" if tag == "domain" and device else ""
            _xml.need(whole, inside).append(_xml.clone(each))
    drop_passing(whole)
    return whole


def drop_passing(given: Element) -> None:
    """Take out what libvirt says of a network or pool that runs, and would not keep (a pasted virsh net-dumpxml)."""
    given.attrib.pop("connections", "")
    if given.tag == "pool":
        for part in ("capacity", "allocation", "available", "source/device/freeExtent"):
            _xml.drop(given, part)
        for part in ("owner", "group"):
            # -1 is libvirt's word for whoever it is.
            if _xml.get(given, "target/permissions/" + part) == "-1":
                _xml.drop(given, "target/permissions/" + part)
        if given.get("type") == "logical":
            # It follows from the name.
            _xml.drop(given, "target/path")


def meaning(element: Element) -> tuple[object, dict[str, object]]:
    """An element's text and attributes, as what they mean."""
    tag = str(element.tag)
    text = (element.text or "").strip()
    attributes: dict[str, object] = {str(key): _number(str(value)) for key, value in element.attrib.items()}
    if "netmask" in attributes:
        _as_prefix(attributes)
    unit = element.get("unit")
    for key in _SIZED.get(tag, ()):
        if isinstance(attributes.get(key), int) and (unit is None or is_xml_unit(unit)):
            attributes.pop("unit", None)
            attributes[key] = xml_size(str(attributes[key]), unit, "KiB")
    if not text:
        if tag in _UNITLESS:
            attributes.pop("unit", None)  # without a number it says nothing
        return "", attributes
    if (is_xml_unit(unit) if unit else tag in _UNITLESS) and re.fullmatch(r"[0-9]{1,30}", text):
        attributes.pop("unit", None)
        return xml_size(text, unit, _UNITLESS.get(tag, "KiB")), attributes
    return text.lower().replace("-", "") if tag == "uuid" else _number(text), attributes


def _as_prefix(attributes: dict[str, object]) -> None:
    """An IPv4 netmask is a prefix that is written otherwise."""
    with contextlib.suppress(ValueError):
        attributes["prefix"] = ipaddress.ip_network("0.0.0.0/{0}".format(attributes["netmask"])).prefixlen
        del attributes["netmask"]


@functools.lru_cache(maxsize=65536)
def _number(text: str) -> object:
    """0x0a and 10 in libvirt's addresses are the same number; MAC addresses don't differ by case, paths by slashes."""
    if text[:1] == "/":
        return re.sub("/+", "/", text).rstrip("/")
    if _NUMBER.fullmatch(text):
        return int(text, 16 if text[:2] in ("0x", "0X") else 10)
    return text.lower() if text.count(":") == 5 else text


_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,30}|-?(0|[1-9][0-9]{0,30})", re.ASCII)


def essence(element: Element) -> tuple[object, ...]:
    """What an element says with all that is in it: the same for two that differ in order, units and spelling only."""
    text, attributes = meaning(element)
    if not len(element):
        return (element.tag, text, frozenset(attributes.items()))
    children = collections.Counter([essence(child) for child in element if isinstance(child.tag, str)])
    return (element.tag, text, frozenset(attributes.items()), frozenset(children.items()))


def says(found: Element, given: Element) -> bool:
    """Whether an element says all that the given one says."""
    text, attributes = meaning(given)
    found_text, found_attributes = meaning(found)
    _leave_unit(text, found_text, attributes)
    return (
        text in ("", found_text)
        and not any(_differs(given, key, value, found_attributes.get(key)) for key, value in attributes.items())
        and all(other is not None and says(other, each) for each, other in pairs(found, given))
    )


def _leave_unit(text: object, found_text: object, attributes: dict[str, object]) -> None:
    """A unit without a number says nothing of a number that is there."""
    if text == "" and found_text != "":
        attributes.pop("unit", None)


def _differs(element: Element, key: str, given: object, found: object) -> bool:
    if element.tag == "type" and key == "machine" and found is not None:
        return not same_machine(str(given), str(found))
    return given != found


def same_machine(given: str, found: str) -> bool:
    """Whether a machine type is the one a short name stands for on this host: q35 is pc-q35-*, pc is pc-i440fx-*."""
    long = {"q35": "pc-q35-", "pc": "pc-i440fx-"}.get(given, given + "-")
    return given == found or found.startswith(long)


def pairs(found: Element, given: Element) -> list[tuple[Element, Element | None]]:
    """For each child of the given element, the child that it speaks of.

    By identity, by what it says (it says nothing more, or nothing less), by order.
    """
    there: dict[str, list[Element]] = {}
    for other in found:
        if isinstance(other.tag, str):
            there.setdefault(other.tag, []).append(other)
    children = [child for child in given if isinstance(child.tag, str)]
    spoken: dict[str, list[Element]] = {}
    for child in children:
        if child.tag in there:
            spoken.setdefault(str(child.tag), []).append(child)
    partners: dict[Element, Element] = {}
    for tag, some in spoken.items():
        # Of most tags there is one, which needs no long look.
        if len(some) == len(there[tag]) == 1 and not _identity(some[0]) and _same_place(there[tag][0], some[0]):
            partners[some[0]] = there[tag][0]
        else:
            _pair(some, there[tag], partners)
    return [(child, partners.get(child)) for child in children]


def _pair(some: list[Element], free: list[Element], partners: dict[Element, Element]) -> None:
    """The partners of some elements of one tag."""
    known: dict[tuple[str, ...], list[tuple[list[object], Element]]] = {}
    left = []
    for child in some:
        places = tuple(_identity(child))
        if not places:
            left.append(child)
            continue
        if places not in known:
            known[places] = [(_values(other, places), other) for other in free]
        values = _values(child, places)
        found = next((other for identity, other in known[places] if identity == values and other in free), None)
        if found is not None:
            partners[child] = found
            free.remove(found)
    for test in (_same_words, _same_and_more, _same_place):
        for child in left:
            found = None if child in partners else next((other for other in free if test(other, child)), None)
            if found is not None:
                partners[child] = found
                free.remove(found)


def _values(element: Element, places: t.Iterable[str]) -> list[object]:
    found = [_xml.get(element, place) for place in places]
    return [None if text is None else _number(text) for text in found]


def _identity(child: Element) -> list[str]:
    """The places by which this element can be told from its siblings."""
    return [place for place in _IDENTITY.get(str(child.tag), ()) if _xml.get(child, place) is not None]


def _same_words(other: Element, child: Element) -> bool:
    return says(other, child)


def _same_and_more(other: Element, child: Element) -> bool:
    """Whether the given one says all that an element says, and more: what that is made of has told less of it."""
    return says(child, other)


def _same_place(other: Element, child: Element) -> bool:
    """Whether an element that differs is the one that is meant: the only one of its kind, or an interface in order."""
    parent, there = child.getparent(), other.getparent()
    if parent is None or there is None:
        return False
    if child.tag == "interface":
        return True
    alone = len(parent.findall(child.tag)) == len(there.findall(child.tag)) == 1
    return alone and (str(child.tag), str(parent.tag)) not in _WHOLE


def _merge(found: Element, given: Element, path: str) -> list[Change]:
    changes = _merge_self(found, given, path)
    matched = pairs(found, given)
    spoken = [other for _each, other in matched if other is not None]
    for tag in sorted({child.tag for child, _other in matched if (str(child.tag), str(given.tag)) in _WHOLE}):
        for other in found.findall(tag):
            if other not in spoken:
                changes.append(Change("{0}/{1}".format(path, local(other)), shown(other), None))
                found.remove(other)
    for child, partner in matched:
        where = "{0}/{1}".format(path, local(child))
        if partner is not None:
            changes += _merge(partner, child, where)
        else:
            changes.append(Change(where, None, shown(child)))
            _xml.add_child(found, _xml.clone(child))
    return changes


def _masked(key: str, text: str | None) -> str | None:
    return MASK if text is not None and key in _SECRET_ATTRIBUTES else text


def _merge_self(found: Element, given: Element, path: str) -> list[Change]:
    """The element's own text and attributes."""
    text, attributes = meaning(given)
    found_text, found_attributes = meaning(found)
    _leave_unit(text, found_text, attributes)
    wrong = [key for key, value in attributes.items() if _differs(given, key, value, found_attributes.get(key))]
    changes = [
        Change("{0}/@{1}".format(path, key), _masked(key, found.get(key)), _masked(key, given.get(key)))
        for key in wrong
    ]
    if text not in ("", found_text):
        if given.tag == "uuid" and found_text:
            raise KvmError(
                "xml: the UUID is {0}, not {1}.".format(_text(found), _text(given)),
                error_code="wrong_uuid",
                remedy="A UUID can't be changed: leave it out of the xml, or take another name.",
            )
        changes.append(Change(path, _text(found) or None, _text(given)))
    if changes:
        # A number and its unit go together.
        if text != "":
            found.text = given.text
            found.attrib.pop("unit", "")
        if "prefix" in wrong:
            found.attrib.pop("netmask", "")
            found.attrib.pop("prefix", "")
            wrong.append("netmask")
        for key in {"unit", *wrong} & set(given.attrib):
            found.set(key, given.get(key) or "")
    return changes


def without_secrets(element: Element, mask: str | None = None) -> Element:
    """A copy in which secrets are left out, or masked."""
    copy = _xml.clone(element)
    for each in copy.iter():
        for key in _SECRET_ATTRIBUTES:
            if key in each.attrib:
                if mask is None:
                    del each.attrib[key]
                else:
                    each.set(key, mask)
        if each.tag in _SECRET_TEXTS:
            each.text = mask
    return copy


def shown(element: Element) -> str:
    """An element in a result."""
    return _xml.canonical(without_secrets(element, MASK))


def local(element: Element) -> str:
    """An element's name without its namespace's address."""
    return str(element.tag).rpartition("}")[2]


def _text(element: Element) -> str:
    return (element.text or "").strip() + (element.get("unit") or "")
