# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Raw XML that a user gives, merged into what libvirt has, by meaning.

What the given XML says has to be so; what it does not say is left alone. Of elements that may repeat and that libvirt
does not add by itself (disks, interfaces, DHCP hosts, ...) the given ones are all there are.
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import XML_UNITS, xml_size

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

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
}
# Where libvirt means something else than KiB when there is no unit.
_UNITLESS = {"capacity": "B", "allocation": "B", "available": "B"}


def merge(tree: Element, given: Element, tag: str) -> list[Change]:
    """Make ``tree`` say what ``given`` says: a whole document (its root is ``tag``), or one element of it."""
    if given.tag == tag:
        return _merge(tree, given, "xml")
    parent = "devices" if tree.tag == "domain" and given.tag in _DEVICES else ""
    wrapped = _xml.new(tag)
    if parent:
        _xml.need(wrapped, parent).append(_xml.clone(given))
    else:
        wrapped.append(_xml.clone(given))
    return _merge(tree, wrapped, "xml")


# The device elements of https://libvirt.org/formatdomain.html#devices: a fragment's root that belongs below <devices>.
_DEVICES = frozenset(
    "audio channel console controller crypto disk emulator filesystem graphics hostdev hub input interface iommu lease "
    "memballoon memory nvram panic parallel pstore redirdev redirfilter rng serial shmem smartcard sound tpm video "
    "vsock watchdog".split()
)


def _meaning(element: Element) -> tuple[object, dict[str, object]]:
    """An element's text and attributes, as what they mean."""
    tag = str(element.tag)
    text: object = (element.text or "").strip()
    attributes: dict[str, object] = {str(key): _number(str(value)) for key, value in element.attrib.items()}
    unit = element.get("unit")
    if text and (unit in XML_UNITS or (unit is None and tag in ("memory", "currentMemory", *_UNITLESS))):
        attributes.pop("unit", None)
        if str(text).isdigit():
            text = xml_size(str(text), unit, _UNITLESS.get(tag, "KiB"))
    elif tag == "uuid":
        text = str(text).lower().replace("-", "")
    return _number(text) if isinstance(text, str) else text, attributes


def _number(text: str) -> object:
    """0x0a, 10 and 010 in libvirt's addresses are the same number; MAC addresses don't differ by case."""
    try:
        return int(text, 0)
    except ValueError:
        pass
    return int(text) if text.isdigit() else text.lower() if text.count(":") == 5 else text


def _says(found: Element, given: Element) -> bool:
    """Whether an element says all that the given one says."""
    text, attributes = _meaning(given)
    found_text, found_attributes = _meaning(found)
    if text and text != found_text and not _alias(given, str(text), str(found_text)):
        return False
    for key, value in attributes.items():
        if found_attributes.get(key) != value and not _alias(given, value, found_attributes.get(key), key):
            return False
    pairs = _pairs(found, given)
    return all(other is not None and _says(other, each) for each, other in pairs)


def _alias(element: Element, given: object, found: object, key: str | None = None) -> bool:
    """q35 is what libvirt keeps as pc-q35-7.2."""
    return element.tag == "type" and key == "machine" and same_machine(str(given), str(found))


def same_machine(given: str, found: str) -> bool:
    """Whether a machine type is the one a short name stands for on this host: q35 is pc-q35-*, pc is pc-i440fx-*."""
    long = {"q35": "pc-q35-", "pc": "pc-i440fx-"}.get(given, given + "-")
    return given == found or found.startswith(long)


def _pairs(found: Element, given: Element) -> list[tuple[Element, Element | None]]:
    """For each child of the given element, the child that it speaks of."""
    free: list[Element] = [child for child in found if isinstance(child.tag, str)]
    pairs: list[tuple[Element, Element | None]] = []
    for child in given:
        siblings = [other for other in free if other.tag == child.tag]
        other = _partner(child, siblings, len(_xml.find_all(given, str(child.tag))) == 1)
        if other is not None:
            free.remove(other)
        pairs.append((child, other))
    return pairs


def _partner(child: Element, siblings: list[Element], only: bool) -> Element | None:
    places = [place for place in _IDENTITY.get(str(child.tag), ()) if _xml.get(child, place) is not None]
    if places:
        return next(
            (
                other
                for other in siblings
                if all(_number(_xml.get(other, p) or "") == _number(_xml.get(child, p) or "") for p in places)
            ),
            None,
        )
    for other in siblings:
        if _says(other, child):
            return other
    repeats = (str(child.tag), str(child.getparent().tag)) in _WHOLE or len(siblings) > 1  # type: ignore[union-attr]
    return siblings[0] if siblings and (only and not repeats or str(child.tag) == "interface") else None


def _merge(found: Element, given: Element, path: str) -> list[Change]:
    changes: list[Change] = []
    text, attributes = _meaning(given)
    found_text, found_attributes = _meaning(found)
    differs = text != "" and text != found_text
    if differs:
        changes.append(Change(path, _text(found), _text(given)))
    for key, value in attributes.items():
        if found_attributes.get(key) == value or _alias(given, value, found_attributes.get(key), key):
            continue
        changes.append(Change("{0}/@{1}".format(path, key), found.get(key), given.get(key)))
        found.set(key, given.get(key) or "")
    if differs:
        if given.tag == "uuid":
            raise KvmError("The uuid of something that is there can't be changed.", error_code="wrong_uuid")
        found.text = given.text
        if "unit" in found.attrib:
            del found.attrib["unit"]
        if given.get("unit"):
            found.set("unit", given.get("unit") or "")
    pairs = _pairs(found, given)
    spoken = [other for _each, other in pairs if other is not None]
    for tag in {str(child.tag) for child in given if (str(child.tag), str(given.tag)) in _WHOLE}:
        for other in _xml.find_all(found, tag):
            if other not in spoken:
                changes.append(Change("{0}/{1}".format(path, tag), _xml.canonical(other), None))
                found.remove(other)
    for child, partner in pairs:
        where = "{0}/{1}".format(path, child.tag)
        if partner is not None:
            changes += _merge(partner, child, where)
        else:
            changes.append(Change(where, None, _xml.canonical(child)))
            _xml.add(found, str(child.tag), _xml.clone(child))
    return changes


def _text(element: Element) -> str:
    unit = element.get("unit")
    return (element.text or "").strip() + (unit or "")
