# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option xml: what a user gives as libvirt's XML, as one document, and what of an earlier one has to go."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _note, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# Elements that only hold others together: what was declared in them goes, not they themselves.
_CONTAINERS = re.compile(
    "devices|os|features|metadata|cputune|memtune|numatune|blkiotune|memoryBacking|clock|cpu|pm|hyperv|kvm|dns|dhcp|"
    "forward|source|target"
)
# Identities, and what an object can't be without: these stay.
_STAY = re.compile("name|uuid|memory|currentMemory|vcpu|type|mac|address|alias|emulator|genid|bridge")


@dataclasses.dataclass(frozen=True)
class Raw:
    """tree: a document with all that was given. whole: it was given as a document, not as elements of one."""

    tree: Element
    whole: bool

    def remembered(self, beside: Element | None = None) -> str:
        """As it may stand in the object's own XML: without secrets. beside: what was declared besides, and still is."""
        own = _merge.without_secrets(self.tree)
        if beside is None:
            return _xml.canonical(own)
        _merge.merge(beside, own)
        return _xml.canonical(beside)


def secrets(text: str) -> set[str]:
    """The secrets in what a user gave, as they stand in it: also in a text that is not XML at all."""
    found = re.findall(r"""\bpasswd\s*=\s*(?:"([^"]*)"|'([^']*)')|<cookie\b[^>]*>([^<]*)<""", text)
    return {each for every in found for each in every if each}


def parse(text: str, tag: str, parts: str, what: str) -> Raw:
    """A document (its root is ``tag``) or elements of one; parts: which those may be, a regular expression."""
    roots = _xml.parse_all(text, what)
    if len(roots) == 1 and roots[0].tag == tag:
        _note.drop(roots[0])
        return Raw(_merge.document(roots, tag), True)
    for root in roots:
        if not str(root.tag).startswith("{") and not re.fullmatch(parts, str(root.tag)):
            raise BadValue("xml", "<{0}>".format(root.tag), "<{0}> or elements of it are wanted".format(tag))
    return Raw(_merge.document(roots, tag), False)


def remembered(note: _note.Note, what: str) -> Element | None:
    """The document of a note; None where there is none, or where somebody has spoilt it."""
    try:
        return None if note.xml is None else _xml.parse(note.xml, what)
    except KvmError:
        return None


def forget(found: Element, old: Element, new: Element | None, loose: bool, path: str = "xml") -> list[Change]:
    """Take out of ``found`` what the ``old`` document said and the ``new`` one does not; what had to change.

    loose: libvirt has put the old one into other words, so that what it said can't be looked for to the letter.
    """
    changes = [] if new is None else _forget_self(found, old, new, path)
    news = {} if new is None else _still(old, new)
    for child, partner in _merge.pairs(found, old):
        if partner is None or (_STAY.fullmatch(str(child.tag)) and child.get("model") is None):
            continue
        still = news.get(child)
        where = "{0}/{1}".format(path, _merge.local(child))
        if still is not None or _CONTAINERS.fullmatch(str(child.tag)):
            changes += forget(partner, child, still, loose, where)
            if still is None and not len(partner) and not partner.attrib and child.tag != "devices":
                found.remove(partner)
        elif _merge.says(partner, child) or (loose and child.tag != "interface"):
            changes.append(Change(where, _merge.shown(partner), None))
            found.remove(partner)
    return changes


def _still(old: Element, new: Element) -> dict[Element, Element]:
    """Of each child of the old document the one that the new one says instead; either may leave out what identifies."""
    still = {other: each for each, other in _merge.pairs(old, new) if other is not None}
    still.update({each: other for each, other in _merge.pairs(new, old) if other is not None})
    return still


def _forget_self(found: Element, old: Element, new: Element, path: str) -> list[Change]:
    """The element's own text and attributes."""
    changes = []
    text, attributes = _merge.meaning(old)
    found_text, found_attributes = _merge.meaning(found)
    for key in attributes:
        if key not in new.attrib and key in found.attrib and attributes[key] == found_attributes.get(key):
            changes.append(Change("{0}/@{1}".format(path, key), found.get(key), None))
            del found.attrib[key]
    if text and text == found_text and not (new.text or "").strip():
        changes.append(Change(path, found.text, None))
        found.text = None
    return changes
