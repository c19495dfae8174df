# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a definition to the declaration of it: declared again it changes nothing, and elsewhere it makes the same.

Both are proven here, on the definition itself, before a declaration is given out: by the very code that would declare
it. What of the typed options does not stand that falls back to raw XML.
"""

from __future__ import annotations

import copy
import json
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _note, _rest, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Kind
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Many, Options, Row, edit, mean, read, spec
from ansible_collections.minicloud.kvm.plugins.module_utils._typed import typed, without_defaults

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._domain_shape import Shape
    from lxml.etree import _Element as Element

# Every turn leaves at least one option out; so often is more than any definition has needed.
_TURNS = 12
# Options that follow from others where they are left out.
_FOLLOW = ("current_memory", "max_vcpus", "iothreads")


class Adopter:
    """Declarations of one kind of object.

    fresh: what a new definition starts from, given what is desired. normal: brings what libvirt writes in two ways into
    one. check: what the kind refuses only when it plans. alone: what a new one starts from that is declared without raw
    XML, where that is more than fresh, and lacks: from a definition, the options that say what of it is not there.
    """

    def __init__(
        self,
        kind: Kind[t.Any],
        fresh: t.Callable[[Options], Element],
        normal: t.Callable[[Element], None],
        check: t.Callable[[Options], None] | None = None,
        alone: t.Callable[[Options], Element] | None = None,
        lacks: t.Callable[[Element], Options] = lambda _tree: {},
        shape: t.Callable[[Element], Shape | None] = lambda _tree: None,
    ) -> None:
        self.kind, self.fresh, self.normal, self.check = kind, fresh, normal, check
        self.alone, self.lacks = alone, lacks
        self.shape = shape
        # By shape and steering: the declaration as JSON; "" where there is none of stand-ins.
        self.known: dict[tuple[object, ...], str] = {}
        # By list and canonical XML: entries of the partial lists.
        self.entries: dict[tuple[str, str], Options | None] = {}
        self.lists = _rest.lists(kind.rows)
        self.areas = _rest.areas(kind.rows)
        self.defaults: Options = {option: each.get("default") for option, each in spec(kind.rows).items()}
        self.partial = [row for row in kind.rows if isinstance(row, Many) and not row.whole]
        self.whole = [row for row in kind.rows if row not in self.partial]
        self.identities = {"name", *kind.identities}

    def declaration(self, tree: Element, steering: Options) -> Options:
        """The options that declare a definition. steering: those that are not in it, such as the state."""
        shape = self.shape(tree)
        if shape is None:
            return self._declaration(tree, steering)
        key = (shape.key, *sorted(steering.items()))
        if key not in self.known:
            try:
                self.known[key] = json.dumps(self._declaration(shape.tree, steering))
            except BadValue:
                self.known[key] = ""
        # Its own words are in the message about one that can't be declared.
        return shape.said(self.known[key]) if self.known[key] else self._declaration(tree, steering)

    def _declaration(self, tree: Element, steering: Options) -> Options:
        bare = _merge.without_secrets(tree)
        for secret in _xml.find_all(bare, ".//cookies"):
            _xml.remove(secret)
        self._normalize(bare)
        essence = _merge.essence(bare)
        options = {**(typed(self.whole, bare) or {}), **self._parts(bare), **steering}
        follow = {
            option: options.pop(option) for option in _FOLLOW if option in options and _may_follow(option, options)
        }
        complete = self._without_rest(options, follow, tree, bare)
        if complete is not None:
            return self._in_order(complete)
        for _turn in range(_TURNS):
            given = self._with_rest(options, bare)
            bad = self._bad(given, tree, bare, essence)
            if not bad:
                break
            if follow:
                options.update(follow)
                follow = {}
                continue
            loose = [option for option in options if option not in self.identities and option not in steering]
            if not loose:
                break
            for option in [option for option in loose if option in bad] or loose:
                del options[option]
        return self._in_order(given)

    def _in_order(self, given: Options) -> Options:
        return {row.option: given[row.option] for row in self.kind.rows if row.option in given}

    def _without_rest(self, options: Options, follow: Options, tree: Element, bare: Element) -> Options | None:
        """A declaration without raw XML, where that says all of it."""
        if self.alone is None:
            return None
        plain = _xml.clone(bare)
        without_defaults(self.kind.rows, plain)
        essence = _merge.essence(plain)
        for more in ({}, follow) if follow else ({},):
            given = copy.deepcopy({**options, **more})
            for option, value in self.lacks(bare).items():
                given[option] = {**given.get(option, {}), **value} if isinstance(value, dict) else value
            try:
                self.desire(given)
            except BadValue:
                return None
            if not self._bad(given, tree, bare, essence, self.alone):
                return given
        return None

    def _normalize(self, tree: Element) -> None:
        _note.drop(tree)
        _merge.drop_passing(tree)
        for row in self.kind.rows:
            if isinstance(row, Many) and row.implied is not None:
                for each in filter(row.implied, row.elements(tree)):
                    if row.as_implied(each, tree):
                        _xml.remove(each)
        self.normal(tree)

    def _with_rest(self, options: Options, bare: Element) -> Options:
        """Options that the kind's own check takes, and what they do not say."""
        desired = self.desire(options)
        made = self.fresh(desired)
        edit(self.kind.rows, made, desired)
        if self.alone is not None:
            left = _rest.rest(bare, made, self.lists)
            left = _xml.new(self.kind.tag) if left is None else left
        else:
            left = None if _rest.alike(bare, made) else _rest.rest(bare, made, self.lists)
        return options if left is None else {**options, "xml": _xml.write(left)}

    def desire(self, options: Options) -> Options:
        """The meanings; options that the check refuses are taken out."""
        while True:
            try:
                desired = self.kind.desire({**self.defaults, **options})
                if self.check is not None:
                    self.check(desired)
            except BadValue as error:
                field = str(error.facts.get("option", ""))
                if not _rest.left_out(options, field) and not options.pop(_rest.option_of(field), None):
                    raise
            else:
                return desired

    def _parts(self, bare: Element) -> Options:
        """Lists that need not be whole: what has to be in the raw XML anyway is there only."""
        options: Options = {}
        for row in self.partial:
            found = [self._part(row, each) for each in row.elements(bare)]
            kept = [item for item in found if item is not None]
            if kept:
                options[row.option] = kept
        return options

    def _part(self, row: Many, element: Element) -> Options | None:
        """An entry of such a list. They are much the same in all domains: controllers, consoles."""
        key = (row.option, _xml.canonical(element))
        if key not in self.entries:
            self.entries[key] = typed(row.rows, element) if _is_own(row, element) else None
        return copy.deepcopy(self.entries[key])

    def _bad(
        self,
        given: Options,
        tree: Element,
        bare: Element,
        essence: object,
        fresh: t.Callable[[Options], Element] | None = None,
    ) -> set[str]:
        """The options that do not stand the proof; empty: it is a declaration of this very definition."""
        try:
            desired = self.kind.desire({**self.defaults, **given})
            made = (fresh or self.fresh)(desired)
            self.kind.definition(copy.copy(desired), made)
            self._normalize(made)
            if fresh is not None:
                without_defaults(self.kind.rows, made)
            same = essence == _merge.essence(made)
            # One that comes out the same is what is declared, unless it is noted that more of it was declared before.
            if not same:
                again = self.kind.definition(desired, _xml.clone(tree))
            elif self.kind.remembers and _note.there(tree):
                again = self.kind.forgotten(desired, _xml.clone(tree), _note.read(tree))
            else:
                again = []
        except BadValue as error:
            return {_rest.option_of(str(error.facts.get("option", "")))}
        except KvmError:
            return set(given)
        fields = {_rest.option_of(change.field) for change in again} - {"xml"}
        parts = {_rest.part_of(change.field) for change in again if change.field.startswith("xml")}
        if not same:
            parts |= _rest.spoilt(bare, made)
        found = fields | {option for option, area in self.areas.items() if area in parts}
        return found or ({"xml"} if again or parts else set())


def _may_follow(option: str, options: Options) -> bool:
    """Whether there is another option that this one could follow from."""
    if option == "current_memory":
        return bool(options[option] == options.get("memory"))
    if option == "max_vcpus":
        return "topology" in options.get("cpu", {}) or bool(options[option] == options.get("vcpus"))
    return "iothreadids" in options


def _is_own(row: Many, element: Element) -> bool:
    """Whether an entry says more than which one it is and where, or its options say all of it."""
    says = read([each for each in row.rows if isinstance(each, Row) and not each.keep], element)
    if any(value not in (None, "", [], False) for value in says.values()):
        return True
    item = typed(row.rows, element)
    if item is None:
        return False
    found, made = _xml.clone(element), row.make(mean(row.rows, item))
    for each in (found, made):
        without_defaults(row.rows, each)
    return _rest.alike(found, made)
