# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The third way of the comparison: what was declared before and is not any more goes.

It goes only where it still says what was declared: what somebody has changed since is theirs. Where it goes, it becomes
what it would be in a new object.
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import (
    AnyRow,
    Block,
    Change,
    Many,
    Options,
    Row,
    read,
    show,
)

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


def forget(
    rows: t.Sequence[AnyRow],
    element: Element,
    before: Options,
    wanted: Options,
    fresh: Element | None,
    given: Element | None = None,
    prefix: str = "",
    all_of_it: bool = False,
) -> list[Change]:
    """Take out of an element what was declared (``before``) and is not any more (``wanted``); what had to change.

    fresh: the same element as it is in a new object. given: raw XML that is declared too: what it says stays.
    all_of_it: the whole element was declared and is not any more, so also what it can't be without.
    """
    changes: list[Change] = []
    for row in rows_of(rows, before):
        if row.place is None or row.keep:
            continue
        if row.option in wanted and not lacks(row, before[row.option], wanted[row.option]):
            continue
        field = prefix + row.option
        if isinstance(row, Row):
            if row.option not in wanted and (all_of_it or not row.required):
                changes += _forget_value(row, element, before[row.option], fresh, given, field)
        elif isinstance(row, Block):
            changes += _forget_block(row, element, before[row.option], wanted.get(row.option), fresh, given, field)
        elif row.option in wanted:
            changes += _forget_in_items(row, element, before[row.option], wanted[row.option], field)
        elif given is None or not row.elements(given):
            changes += _forget_items(row, element, before[row.option], fresh, field)
    return changes


def lacks(row: AnyRow, old: t.Any, new: t.Any) -> bool:
    """Whether a value leaves out something that an earlier one had. Cheap: in most runs nothing is left out."""
    if isinstance(row, Row) or old == new:
        return False
    if isinstance(row, Many):
        return len(old) != len(new) or any(left_out(row.rows, *pair) for pair in zip(old, new))
    return left_out(row.rows, old, new)


def left_out(rows: t.Sequence[AnyRow], old: Options, new: Options) -> bool:
    """Whether a declaration leaves out what an earlier one had, of what can go."""
    return any(
        not row.keep and (row.option not in new or lacks(row, old[row.option], new[row.option]))
        for row in rows_of(rows, old)
    )


def _forget_value(
    row: Row, element: Element, old: t.Any, fresh: Element | None, given: Element | None, field: str
) -> list[Change]:
    found = row.read(element)
    new = None if fresh is None else row.read(fresh)
    if found is None or found == new or not (row.no_log or row.agrees(old, found)):
        return []
    if (found == row.absent and new is None) or (given is not None and row.read(given) is not None):
        return []
    place = t.cast(str, row.place)
    row.codec.clear(element, place)
    if new is not None and row.read(element) != new:
        row.codec.write(element, place, new)
    return [Change(field, row.show(found), row.show(new), row)]


def _forget_block(
    row: Block,
    element: Element,
    old: Options,
    wanted: Options | None,
    fresh: Element | None,
    given: Element | None,
    field: str,
) -> list[Change]:
    target = _xml.find(element, row.place)
    if target is None and (fresh is None or _xml.find(fresh, row.place) is None):
        return []
    # What a new object has, and this one was declared not to have, comes back.
    target = _xml.need(element, row.place) if target is None else target
    new, raw = (None if each is None else _xml.find(each, row.place) for each in (fresh, given))
    if row.whole and wanted is None and new is None and raw is None:
        found = row.read(element)
        if not row.agrees(old, found):
            return []
        was = _xml.clone(target)
        _xml.remove(target)
        return [Change(field, row.show(found), None, row, old=was)]
    changes = forget(row.rows, target, old, wanted or {}, new, raw, field + ".", wanted is None)
    if wanted is None and changes and new is None and raw is None:
        _drop_defaults(row.rows, target)
    if not len(target) and not target.attrib and not (target.text or "").strip() and (new is None or not changes):
        _xml.remove(target)
    return changes


def _drop_defaults(rows: t.Sequence[AnyRow], element: Element) -> None:
    """Take out what means nothing by itself: libvirt writes some defaults beside what is declared."""
    if not any(row.read(element) not in (None, [], row.absent) for row in rows if isinstance(row, Row)):
        for row in rows:
            if isinstance(row, Row) and row.place is not None and row.read(element) is not None:
                row.codec.clear(element, row.place)


def _forget_in_items(
    row: Many, element: Element, old: list[Options], wanted: list[Options], field: str
) -> list[Change]:
    """Options of items that are still declared."""
    elements = row.elements(element)
    found = [read(row.rows, each) for each in elements]
    before = {index: old[item] for item, index in row.pair(old, found).items()}
    changes: list[Change] = []
    for item, index in row.pair(wanted, found).items():
        if index not in before or before[index] == wanted[item]:
            continue
        name = "{0}[{1}].".format(field, row.label({**found[index], **wanted[item]}, item))
        was = _xml.clone(elements[index])
        made = row.make({key: value for key, value in wanted[item].items() if value is not None})
        for change in forget(row.rows, elements[index], before[index], wanted[item], made, prefix=name):
            change.row, change.old, change.new = row, was, elements[index]
            changes.append(change)
    return changes


def _forget_items(row: Many, element: Element, old: list[Options], fresh: Element | None, field: str) -> list[Change]:
    """A list that is not declared any more: its items go, but for those that a new object has too."""
    elements = row.elements(element)
    found = [read(row.rows, each) for each in elements]
    new = [] if fresh is None else [read(row.rows, each) for each in row.elements(fresh)]
    declared = {index: old[item] for item, index in row.pair(old, found).items()}
    # One with more than a new one has is none of those.
    stays = {
        index
        for item, index in row.pair(new, found).items()
        if all(new[item].get(option) == value for option, value in declared.get(index, {}).items())
    }
    changes: list[Change] = []
    for index in sorted(set(declared) - stays):
        if not row.dispensable(elements[index], element):
            continue
        name = "{0}[{1}]".format(field, row.label(found[index], index))
        changes.append(Change(name, show(row.rows, found[index]), None, row, old=elements[index]))
    if changes and len(changes) == len(elements) and fresh is not None:
        for index, each in enumerate(row.elements(fresh)):
            made = _xml.clone(each)
            _xml.add(element, row.place, made)
            changes.append(Change("{0}[{1}]".format(field, index), None, show(row.rows, new[index]), row, new=made))
    for change in changes:
        if change.old is not None:
            _xml.remove(change.old)
    return changes
