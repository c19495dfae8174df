# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an element says, as options that could have been declared: what a user would write to get it.

Only what stands there and comes back the same: a value that the option's own check refuses, or that is another one
after it, is left out. It is for the raw XML to say (see _rest.py).
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


# What an element with nothing in it says, by row (of the tables, which stay) and tag.
_EMPTY: dict[tuple[int, object], t.Any] = {}


def typed(rows: t.Sequence[AnyRow], element: Element) -> Options | None:
    """The options, in the user's words, that an element says; None where one is missing that has to be given."""
    options: Options = {}
    for row in rows:
        value = _value(row, element)
        if value is None and isinstance(row, Row) and row.place is not None:
            # Ansible fills it in.
            value = row.default
        if value is not None:
            options[row.option] = value
        elif row.required:
            return None
    return options


def _value(row: AnyRow, element: Element) -> t.Any:
    if isinstance(row, Row):
        return _word(row, element)
    if isinstance(row, Block):
        target = row.find(element)
        found = None if target is None else typed(row.rows, target)
        # Of a sort of element, an empty dict says that it is one.
        return found if found or row.only is not None else None
    if any(getattr(type(row), way) is not getattr(Many, way) for way in ("read", "mean", "show", "edit")):
        # A list that has its own way with its entries.
        return _checked(row, row.read(element))
    items = [typed(row.rows, each) for each in row.elements(element)]
    if row.whole and None in items:
        return None
    return [item for item in items if item is not None] or None


def _word(row: Row, element: Element) -> t.Any:
    if row.place is None or row.no_log:
        return None
    value = _read(row, element)
    if value is None or value in ("", [], {}) or (value == row.absent and not row.required):
        return None
    if isinstance(value, str) and _xml.is_padded(element, row.place):
        # The option would say it without the space around it.
        return None
    key = (id(row), element.tag)
    if key not in _EMPTY:
        _EMPTY[key] = row.read(_xml.new(_xml.name(element)))
    if _EMPTY[key] == value:
        # So says an element with nothing in it.
        return None
    return _checked(row, value)


def _read(row: Row, element: Element) -> t.Any:
    """None also for what can't be read."""
    try:
        return row.read(element)
    except (ValueError, LookupError):
        return None


def _checked(row: AnyRow, value: t.Any) -> t.Any:
    """A meaning in the user's words, where these mean the same again."""
    try:
        words = row.show(value)
        if not words and words not in (0, False):
            return None
        good = row.mean(row.option, words) == _said(value) and allowed(row, words)
    except (BadValue, ValueError, LookupError, TypeError):
        return None
    return words if good else None


def _said(value: t.Any) -> t.Any:
    """A meaning without the options that say nothing."""
    if isinstance(value, list):
        return [_said(each) for each in value]
    return {key: _said(each) for key, each in value.items() if each is not None} if isinstance(value, dict) else value


def allowed(row: AnyRow, words: t.Any) -> bool:
    """Whether Ansible would take these words: what is required is there, what has choices is one of them."""
    if isinstance(row, Row):
        return not row.choices or words in row.choices
    items = [words] if isinstance(row, Block) else words
    return all(
        allowed(each, item[each.option]) if each.option in item else not each.required
        for item in items
        for each in row.rows
    )


def without_defaults(rows: t.Sequence[AnyRow], element: Element) -> None:
    """Take out of an element what it would mean anyway: libvirt writes some of its defaults into every definition."""
    for row in rows:
        if isinstance(row, Row):
            if (
                row.absent is not None
                and row.place is not None
                and not row.required
                and _read(row, element) == row.absent
            ):
                row.codec.clear(element, row.place)
            continue
        found = [row.find(element)] if isinstance(row, Block) else row.elements(element)
        for each in found:
            if each is None or not (len(each) or each.attrib):
                continue
            without_defaults(row.rows, each)
            if isinstance(row, Block) and row.place and not (len(each) or each.attrib or (each.text or "").strip()):
                _xml.remove(each)
