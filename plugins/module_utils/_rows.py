# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables in which a kind of object declares its options, once.

A row is an option: its name, type, place in the XML, meaning, and what can be done live. From it come the argument
spec, the documentation, the reader, the comparison and the writer. There are three sorts of row:

* ``Row``: one value at one place;
* ``Block``: a dict of rows below one element (``cpu``);
* ``Many``: a list of dicts, an element each (``disks``).

Values travel as *meanings* (see _codecs.py); an option that was not declared is absent from the dict and is left alone.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _pairing, _sorts, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Text, Unreadable, Value
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_of

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

MASK = "********"
_SECRET = re.compile("pass|key|secret|token")
Options = t.Dict[str, Value]


@dataclasses.dataclass
class Change:
    """One difference between what is declared and what is there, in the user's words."""

    field: str
    before: Value
    after: Value
    # For whoever applies it: the row, and the item's element as it was and as it shall be (Many only).
    row: AnyRow | None = dataclasses.field(default=None, repr=False)
    old: Element | None = dataclasses.field(default=None, repr=False)
    new: Element | None = dataclasses.field(default=None, repr=False)

    def shown(self) -> Options:
        return {"field": self.field, "before": self.before, "after": self.after}


@dataclasses.dataclass(frozen=True)
class Row:
    """One value. place None: the option steers the module and is not in the XML.

    only: (place, word): the row holds only for elements with that word there, such as disks with type='file'; writing
    it makes the element one of them. removable: an empty text takes it away. absent: what it means when nothing stands
    there. same: a comparison beyond equality of meanings. live: the name of the change of a running object; None: it
    waits for a restart. keep: it stays when it is no longer declared (an identity, or what an object can't be without).
    since: the first libvirt that knows it, such as "9.1.0"; value_since: the same of single choices. instead_of: places
    that can't stand beside it, and go when it is written.
    """

    option: str
    place: str | None
    codec: Text = dataclasses.field(default_factory=Text)
    help: str = ""
    choices: tuple[str, ...] = ()
    default: Value = None
    required: bool = False
    removable: bool = False
    no_log: bool = False
    only: tuple[str, str] | None = None
    absent: Value = None
    same: t.Callable[[Value, Value], bool] | None = None
    live: str | None = None
    keep: bool = False
    since: str = ""
    value_since: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    instead_of: tuple[str, ...] = ()

    def spec(self) -> Options:
        spec: Options = {"type": self.codec.ansible_type}
        if self.codec.elements:
            spec["elements"] = self.codec.elements
        if self.choices:
            spec["choices"] = list(self.choices)
        if self.required:
            spec["required"] = True
        if self.default is not None:
            spec["default"] = self.default
        # Ansible warns of every option whose name looks like a secret; say plainly what is one.
        if self.no_log or (self.codec.ansible_type != "bool" and _SECRET.search(self.option)):
            spec["no_log"] = self.no_log
        return spec

    def doc(self) -> Options:
        doc = {"description": _described(self.help, self.since, self.value_since), **self.spec()}
        doc.pop("no_log", None)
        return doc

    def mean(self, field: str, value: Value) -> Value:
        try:
            return "" if value == "" and self.removable else self.codec.mean(field, value)
        except BadValue as error:
            if self.no_log:
                # As Python writes it, Ansible would not find and mask it.
                raise BadValue(field, MASK, error.allowed) from None
            raise

    def show(self, value: Value) -> Value:
        if self.no_log:
            return None if value is None else MASK
        return str(value) if isinstance(value, Unreadable) else self.codec.show(value)

    def read(self, element: Element) -> Value | None:
        if self.place is None or not _sorts.is_one(element, self.only):
            return None
        try:
            return self.codec.read(element, self.place)
        except ValueError:
            return Unreadable(_xml.get(element, self.place) or "")

    def agrees(self, wanted: Value, found: Value | None) -> bool:
        """Whether what is there has the wanted meaning."""
        found = self.absent if found is None else found
        if isinstance(found, Unreadable):
            return False
        if wanted == found or (wanted == "" and found is None) or self.place is None:
            return True
        return self.same is not None and found is not None and self.same(wanted, found)

    def edit(self, element: Element, wanted: Value, field: str) -> list[Change]:
        """Make the element say what is wanted; what had to change."""
        found = self.read(element)
        if self.place is None or self.agrees(wanted, found):
            return []
        found = self.absent if found is None else found
        if wanted == "":
            _xml.drop(element, self.place)
        else:
            self._write(element, self.place, wanted)
        return [Change(field, self.show(found), self.show(wanted), self)]

    def _write(self, element: Element, place: str, wanted: Value) -> None:
        _sorts.make_one(element, self.only)
        self.codec.write(element, place, wanted)
        # Afterwards: an element that is left empty goes too.
        for other in self.instead_of:
            _xml.drop(element, other)


@dataclasses.dataclass(frozen=True)
class Block:
    """A dict of rows; places in them are relative to the element at ``place`` ("": the parent itself).

    only: as in Row; an empty dict makes the element one of that sort too. fresh: what a new element starts from
    ({place: text}). once_at: where it was written the old way; it is edited there. whole: it is one thing, such as a
    device: not declared any more it goes, with all that libvirt has put into it.
    """

    option: str
    place: str
    rows: tuple[AnyRow, ...]
    help: str = ""
    required: bool = False
    live: str | None = None
    keep: bool = False
    since: str = ""
    only: tuple[str, str] | None = None
    fresh: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    once_at: str = ""
    whole: bool = False

    def spec(self) -> Options:
        return {"type": "dict", "options": spec(self.rows), **_not_secret(self.option)}

    def doc(self) -> Options:
        return {"description": _described(self.help, self.since), "type": "dict", "suboptions": docs(self.rows)}

    def mean(self, field: str, value: Value) -> Value:
        return mean(self.rows, value, field + ".")

    def show(self, value: Value) -> Value:
        return None if value is None else show(self.rows, value)

    def find(self, element: Element) -> Element | None:
        """The block's own element."""
        if not _sorts.is_one(element, self.only):
            return None
        found = _xml.find(element, self.place)
        return _xml.find(element, self.once_at) if found is None and self.once_at else found

    def read(self, element: Element) -> Value | None:
        found = self.find(element)
        return None if found is None else read(self.rows, found)

    def agrees(self, wanted: Value, found: Value | None) -> bool:
        return (found is not None or self.only is None) and agree(self.rows, wanted, found or {})

    def edit(self, element: Element, wanted: Value, field: str) -> list[Change]:
        target = self.find(element)
        if target is not None:
            return edit(self.rows, target, wanted, field + ".")
        if self.only is None and agree(self.rows, wanted, {}):
            return []
        other = _sorts.make_one(element, self.only)
        target = _xml.need(element, self.place)
        for place, text in self.fresh.items():
            _xml.put(target, place, text)
        changes = edit(self.rows, target, wanted, field + ".")
        return changes or ([Change(field, None, self.show(wanted), self)] if other else [])


@dataclasses.dataclass(frozen=True)
class Many:
    """A list of dicts, an element each; the declared list is the whole list.

    keys: the options that tell which declared item is which existing one, the strongest first. together: only all of
    them together tell it. by_order: what no key tells is paired in order, so that an edited interface keeps its MAC;
    without it, it is replaced. alike: options that have to agree for that. whole: False where libvirt adds elements by
    itself: those not declared stay. fresh: what a new element starts from ({place: text}). where: whether one is meant.
    implied: libvirt has it by itself: not declared, it is neither removed nor changed. as_implied: as libvirt has it.
    """

    option: str
    place: str
    rows: tuple[AnyRow, ...]
    help: str = ""
    keys: tuple[str, ...] = ()
    together: bool = False
    by_order: bool = False
    alike: tuple[str, ...] = ()
    whole: bool = True
    fresh: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    where: t.Callable[[Element], bool] | None = None
    implied: t.Callable[[Element], bool] | None = None
    as_implied: t.Callable[[Element, Element], bool] = lambda _each, _tree: True
    required: bool = False
    live: str | None = None
    keep: bool = False
    since: str = ""

    def spec(self) -> Options:
        return {"type": "list", "elements": "dict", "options": spec(self.rows), **_not_secret(self.option)}

    def doc(self) -> Options:
        text = _described(self.help, self.since)
        return {"description": text, "type": "list", "elements": "dict", "suboptions": docs(self.rows)}

    def mean(self, field: str, value: Value) -> Value:
        items = [mean(self.rows, item, "{0}[{1}].".format(field, index)) for index, item in enumerate(value)]
        twins = _pairing.twins(items, self.keys, self.together)
        if twins:
            index, other, key = twins
            name = "{0}[{1}].{2}".format(field, index, key)
            raise BadValue(name, items[index][key], "{0}[{1}] has it too".format(field, other))
        return items

    def show(self, value: Value) -> Value:
        return None if value is None else [show(self.rows, item) for item in value]

    def elements(self, element: Element) -> list[Element]:
        return [each for each in _xml.find_all(element, self.place) if self.holds(each)]

    def holds(self, each: Element) -> bool:
        return self.where is None or self.where(each)

    def dispensable(self, _each: Element, _tree: Element) -> bool:
        return True  # One that is not declared any more may go.

    def read(self, element: Element) -> Value | None:
        return [read(self.rows, each) for each in self.elements(element)]

    def agrees(self, wanted: Value, found: Value | None) -> bool:
        found = found or []
        pairs = self.pair(wanted, found)
        if self.whole and len(wanted) != len(found):
            return False
        return len(pairs) == len(wanted) and all(agree(self.rows, wanted[i], found[j]) for i, j in pairs.items())

    def label(self, item: Options, index: int) -> str:
        """What an entry is called in a change: its key, else all that it has to have, else its number."""
        known = _pairing.label(item, self.keys, self.together)
        if known is None and not self.keys and not self.by_order:
            known = "-".join(str(item[row.option]) for row in self.rows if row.required)
        return str(index if known is None else known)

    def edit(self, element: Element, wanted: Value, field: str) -> list[Change]:
        elements = self.elements(element)
        changes: list[Change] = []
        gone: list[Element] = []
        needed = {*self.keys, *self.alike}.union(*wanted)
        rows = rows_of(self.rows, needed)
        found = [read(rows, each) for each in elements]
        implied = {index for index, each in enumerate(elements) if self.implied is not None and self.implied(each)}
        pairs = self.pair(wanted, found, implied)
        for index, each in enumerate(elements):
            if self.whole and index not in pairs.values() and index not in implied:
                item = read(self.rows, each)
                name = "{0}[{1}]".format(field, self.label(item, index))
                changes.append(Change(name, show(self.rows, item), None, self, old=each))
                gone.append(each)
        for index, item in enumerate(wanted):
            known = found[pairs[index]] if index in pairs else {}
            if index in pairs and agree(rows, item, known):
                continue
            name = "{0}[{1}]".format(field, self.label({**known, **item}, index))
            if index in pairs:
                current = elements[pairs[index]]
                before = _xml.clone(current)
                for change in edit(self.rows, current, item, name + "."):
                    # A device is changed as a whole, whatever of it differs.
                    if self.live is not None or not isinstance(change.row, Many):
                        change.row, change.old, change.new = self, before, current
                    changes.append(change)
            else:
                fresh = self.make(item)
                _xml.add(element, self.place, fresh)
                changes.append(Change(name, None, show(self.rows, item), self, new=fresh))
        # At last: a parent that is left empty goes too, and what is new would be added to a parent that is gone.
        for each in gone:
            _xml.remove(each)
        return changes

    def make(self, item: Options) -> Element:
        fresh = _xml.new(_xml.last_step(self.place))
        for place, text in self.fresh.items():
            _xml.put(fresh, place, text)
        edit(self.rows, fresh, item, "")
        return fresh

    def pair(self, wanted: list[Options], found: list[Options], implied: t.Collection[int] = ()) -> dict[int, int]:
        """Which declared item (index) is which existing one (index)."""
        agrees = {row.option: row.agrees for row in rows_of(self.rows, {*self.keys, *self.alike})}
        if self.together:
            return _pairing.pair(wanted, found, [_pairing.by(self.keys, agrees, together=True)])
        tests = [_pairing.by([key], agrees) for key in self.keys]
        tests += _pairing.agreeing(wanted, lambda item, other: agree(self.rows, item, other))
        pairs = _pairing.pair(wanted, found, tests)
        if self.by_order:
            key = self.keys[0] if self.keys else ""
            alike = _pairing.by(self.alike, agrees)
            tests = [lambda item, other: item.get(key) is None and alike(item, other)]
            pairs = _pairing.pair(wanted, found, tests, pairs, implied)
        return pairs


AnyRow = t.Union[Row, Block, Many]


def _not_secret(option: str) -> Options:
    """For a dict or list of options: each option in it says for itself whether it is secret."""
    return {"no_log": False} if _SECRET.search(option) else {}


def _described(text: str, since: str, value_since: t.Mapping[str, str] | None = None) -> str:
    """A description with the libvirt that an option, or a choice of it, needs."""
    needs = [" Needs libvirt {0}.".format(since)] if since else []
    needs += [" V({0}) needs libvirt {1}.".format(value, each) for value, each in (value_since or {}).items()]
    return text + "".join(needs)


def spec(rows: t.Sequence[AnyRow]) -> Options:
    """The argument spec of a table."""
    return {row.option: row.spec() for row in rows}


def docs(rows: t.Sequence[AnyRow]) -> Options:
    """The documentation of a table, as Ansible's DOCUMENTATION wants it."""
    return {row.option: row.doc() for row in rows}


def mean(rows: t.Sequence[AnyRow], options: Options, prefix: str = "") -> Options:
    """The meanings of the declared options; BadValue names the first that has none."""
    said = [option for option, value in options.items() if value is not None]
    return {row.option: row.mean(prefix + row.option, options[row.option]) for row in rows_of(rows, said)}


def show(rows: t.Sequence[AnyRow], values: Options) -> Options:
    """Meanings in the user's words, without those that say nothing."""
    said = [option for option, value in values.items() if value is not None]
    shown = {row.option: row.show(values[row.option]) for row in rows_of(rows, said)}
    return {option: value for option, value in shown.items() if value not in (None, [], {})}


def read(rows: t.Sequence[AnyRow], element: Element) -> Options:
    """What an element says, as meanings; None where it says nothing."""
    return {row.option: row.read(element) for row in rows}


def agree(rows: t.Sequence[AnyRow], wanted: Options, found: Options) -> bool:
    """Whether nothing that is declared speaks against what is there."""
    return all(row.agrees(wanted[row.option], found.get(row.option)) for row in rows_of(rows, wanted))


def edit(rows: t.Sequence[AnyRow], element: Element, wanted: Options, prefix: str = "") -> list[Change]:
    """Make an element say what is wanted, touching nothing else; what had to change."""
    changes: list[Change] = []
    for row in rows_of(rows, wanted):
        changes += row.edit(element, wanted[row.option], prefix + row.option)
    return changes
