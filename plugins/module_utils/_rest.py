# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a definition says beyond its typed options, as raw XML that gives it back together with them.

An element that has something left keeps its attributes, so that a reader and the merge (_merge.py) can tell which one
it is; of its children only those are there that have something left themselves.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Options, Row, edit, read

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

Lists = t.Dict[str, t.List[Many]]


def lists(rows: t.Sequence[AnyRow], prefix: str = "") -> Lists:
    """The lists of a table, and those in them, by the place of their elements from the root."""
    found: Lists = {}
    for row in rows:
        if isinstance(row, Row):
            continue
        place = _join(prefix, _plain(row.place))
        if isinstance(row, Many):
            found.setdefault(place, []).append(row)
        for inner, every in lists(row.rows, place).items():
            found.setdefault(inner, []).extend(every)
    return found


def rest(found: Element, made: Element, known: Lists, path: str = "") -> Element | None:
    """What ``found`` says and ``made``, the same from its options alone, does not; None where that is nothing."""
    text, attributes = _merge.meaning(found)
    made_text, made_attributes = _merge.meaning(made)
    left = _xml.new(_xml.name(found))
    same_text = text in ("", made_text)
    nothing = same_text and all(
        key in made_attributes and made_attributes[key] == attributes[key] for key in attributes
    )
    for key, value in found.attrib.items():
        # A unit goes with its number.
        if key != "unit" or not same_text or not (found.text or "").strip():
            left.set(key, value)
    if not same_text:
        left.text = found.text
    for child, partner in _merge.pairs(made, found):
        where = _join(path, _merge.local(child))
        part = _xml.clone(child) if partner is None else rest(child, partner, known, where)
        if part is None:
            continue
        nothing = False
        if partner is not None:
            part = _told_apart(child, part, known.get(where, ()))
        left.append(part)
    return None if nothing else left


def _told_apart(child: Element, part: Element, every: t.Sequence[Many]) -> Element:
    """What is left of an entry of a list, with what tells the entry from the others: its keys, else all of it."""
    parent = child.getparent()
    if parent is None:
        return part
    row = next((each for each in every if each.holds(child)), None)
    if row is None:
        # Of an element that is there several times, nothing less would do.
        return part if len(parent.findall(_xml.name(child))) == 1 else _xml.clone(child)
    item = read(row.rows, child)
    keys = [key for key in row.keys if item.get(key) is not None]
    if not keys:
        return _xml.clone(child)
    edit(row.rows, part, {key: item[key] for key in (keys if row.together else keys[:1])})
    return part


def areas(rows: t.Sequence[AnyRow]) -> dict[str, str]:
    """For each option, the part of the root that it speaks of: "cpu", "devices/disk", "@type"."""
    found: dict[str, str] = {}
    for row in rows:
        if row.place:
            found[row.option] = _area(_plain(row.place))
    return found


def spoilt(found: Element, made: Element) -> set[str]:
    """The parts of the root in which two definitions differ."""
    bad = {"@" + key for key in {*found.attrib, *made.attrib} if found.get(key) != made.get(key)}
    for one, other in ((found, made), (made, found)):
        for child, partner in _merge.pairs(other, one):
            tag = _merge.local(child)
            if partner is not None and alike(partner, child):
                continue
            if tag != "devices" or partner is None:
                bad.add(tag)
                continue
            for device, same in _merge.pairs(partner, child):
                if same is None or not alike(same, device):
                    bad.add("devices/" + _merge.local(device))
    return bad


def alike(found: Element, made: Element) -> bool:
    """Whether two definitions say the same."""
    return _merge.essence(found) == _merge.essence(made)


def part_of(field: str) -> str:
    """The part of the root that a change of the raw XML is in (see areas)."""
    steps = field.split("/")[1:]
    return "/".join(steps[: 2 if steps[:1] == ["devices"] else 1])


def option_of(field: str) -> str:
    """The option at the root that the name of a change begins with."""
    match = re.match(r"\w+", field)
    return match.group() if match else field


def left_out(options: Options, field: str) -> bool:
    """Take the option that a check has named (disks[0].cache) out of options; whether there was one."""
    steps = re.findall(r"\w+|\[[^\]]*\]", field)
    holder: t.Any = options
    trail: list[tuple[t.Any, str]] = []
    for step in steps:
        if step.startswith("["):
            index = step[1:-1]
            if not isinstance(holder, list) or not index.isdecimal() or int(index) >= len(holder):
                break
            holder = holder[int(index)]
        elif isinstance(holder, dict) and step in holder:
            trail.append((holder, step))
            holder = holder[step]
        else:
            break
    if not trail:
        return False
    # An entry of a list that is refused as a whole takes the list with it.
    owner, option = trail[-1]
    del owner[option]
    return True


def _plain(place: str) -> str:
    """Without conditions and namespaces' addresses."""
    return re.sub(r"\[[^\]]*\]|\{[^}]*\}", "", place)


def _join(path: str, step: str) -> str:
    return "/".join(each for each in (path, step) if each)


def _area(place: str) -> str:
    steps = place.split("/")
    return "/".join(steps[:2]) if steps[0] == "devices" else steps[0]
