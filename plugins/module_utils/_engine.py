# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plan and apply, the same for every kind of libvirt object.

    options -> desired --+
                         +-> plan (pure) -> changes, diff         always
    libvirt -> world ----+        +-------> steps, one by one     never in check mode

All plans of a call are made before the first step is taken: a value that is refused anywhere leaves everything as it
is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _note, _raw, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._forget import forget, left_out
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_about, rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import (
    AnyRow,
    Change,
    Options,
    edit,
    mean,
    spec,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._since import newer

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host
    from lxml.etree import _Element as Element

# So many of the places where libvirt keeps other words than the xml given are told in a warning.
_TOLD = 5
World = t.TypeVar("World")
Result = t.Dict[str, t.Any]


@dataclasses.dataclass
class Step:
    """One thing to do, as data: a verb of the kind and its arguments."""

    verb: str
    args: Options = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Plan:
    """What has to happen to one object. Nothing has to when there are no changes."""

    name: str
    state: str
    uuid: str | None = None
    changes: list[Change] = dataclasses.field(default_factory=list)
    steps: list[Step] = dataclasses.field(default_factory=list)
    restart_required: list[str] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)
    facts: Options = dataclasses.field(default_factory=dict)
    # What the diff calls it, where the name alone does not tell it from others.
    label: str = ""

    def change(self, field: str, before: t.Any, after: t.Any) -> None:
        self.changes.append(Change(field, before, after))

    def define(self, changes: list[Change], new: bool) -> None:
        """Take over the changes of a definition; what a new one starts from was not there before."""
        for change in changes:
            change.before = None if new else change.before
        self.changes += changes

    def step(self, verb: str, **args: t.Any) -> None:
        self.steps.append(Step(verb, args))

    def kept(self, lost: list[Change]) -> None:
        """Tell where libvirt keeps something else than raw xml said."""
        if lost:
            some = "; ".join(map(_kept, lost[:_TOLD])) + ("; ..." if len(lost) > _TOLD else "")
            self.warnings.append("{0}: of the xml, libvirt keeps {1}.".format(self.name, some))

    def result(self) -> Result:
        return {
            "name": self.name,
            "uuid": self.uuid,
            "state": self.state,
            "changes": [change.shown() for change in self.changes],
            "restart_required": self.restart_required,
            **self.facts,
        }


def _kept(change: Change) -> str:
    return "{0}: {1!r} instead of {2!r}".format(change.field, change.before, change.after)


class Kind(t.Generic[World]):
    """A kind of object: what it is made of, how it is found, planned and changed.

    A step's verb is a method of the kind called with the world, the plan and the step's arguments.
    """

    singular: t.ClassVar[str]
    plural: t.ClassVar[str]
    tag: t.ClassVar[str]
    rows: t.ClassVar[t.Sequence[AnyRow]]
    # The elements of the root, any of which may be given as xml: a regular expression.
    parts: t.ClassVar[str]
    # Whether libvirt keeps <metadata>, and so a note of what was declared.
    remembers: t.ClassVar[bool] = False
    # Options without which a task is taken for one about a part of what was declared before.
    essentials: t.ClassVar[tuple[str, ...]] = ()
    # The options that say which object is meant, as a whole document given as xml may too; any of named_by is enough.
    identities: t.ClassVar[tuple[str, ...]] = ("name", "uuid")
    named_by: t.ClassVar[tuple[str, ...]] = ("name",)

    def __init__(self, check_mode: bool = False) -> None:
        # Only for what can't be known before earlier tasks of a check have really run.
        self.check_mode = check_mode

    @classmethod
    def called(cls, options: Options) -> str | None:
        """What a declared object is called in messages."""
        return next((str(options[option]) for option in cls.named_by if options.get(option)), None)

    @classmethod
    def secrets(cls, options: Options) -> set[str]:
        """The secrets that one object's options have within what is none itself."""
        return _raw.secrets(options.get("xml") or "")

    def desire(self, options: Options) -> Options:
        """The meanings of one object's options; BadValue names the first that has none."""
        desired = mean(self.rows, options)
        if "xml" in desired:
            what = "The xml of {0} {1}".format(self.singular, self.called(options))
            desired["xml"] = _raw.parse(desired["xml"], self.tag, self.parts, what)
            self._read_identity(desired)
        if not self.called(desired):
            names = " or a ".join(self.named_by)
            raise BadValue("name", options.get("name"), "a {0} is wanted, as an option or in the xml".format(names))
        return desired

    def _read_identity(self, desired: Options) -> None:
        """Take what tells which object is meant from a whole document."""
        tree = desired["xml"].tree
        given = {row.option: row.read(tree) for row in rows_of(self.rows, self.identities)}
        for option, value in mean(self.rows, given, "xml: ").items():
            if desired.setdefault(option, value) != value:
                raise BadValue(option, desired[option], "the xml has {0!r}".format(value))

    def identity(self, desired: Options) -> str:
        """What tells one declared object from another."""
        return str(desired["name"])

    def survey(self, host: Host, desired: list[Options]) -> World:
        """What is there, read once for all declared objects."""
        raise NotImplementedError

    def plan(self, desired: Options, world: World) -> Plan:
        """What has to happen; changes nothing."""
        raise NotImplementedError

    def apply(self, world: World, plans: list[Plan]) -> None:
        """Take the steps of all plans."""
        for plan in plans:
            for step in plan.steps:
                getattr(self, step.verb)(world, plan, **step.args)

    def definition(self, desired: Options, tree: Element) -> list[Change]:
        """Make a definition say what is desired. A typed option wins over the raw xml: it is put into that too.

        What the definition's own note says was declared before, and is not any more, goes.
        """
        raw: _raw.Raw | None = desired.get("xml")
        given = None if raw is None else _xml.clone(raw.tree)
        note = _note.read(tree) if self.remembers else _note.Note()
        if given is not None:
            edit(self.rows, given, desired)
        # What is declared comes first: what goes with it is not said twice.
        changes = edit(self.rows, tree, desired) + self.forgotten(desired, tree, note)
        if given is not None:
            merged = _merge.merge(tree, given)
            changes += [change for change in merged if _note.digest(change) not in note.kept]
        if self.remembers:
            self._remember(desired, tree, note)
        return changes

    def forgotten(self, desired: Options, tree: Element, note: _note.Note) -> list[Change]:
        """Take out of a definition what was declared before and is not any more."""
        if self._is_partial(desired, note):
            return []
        changes: list[Change] = []
        given: Element | None = desired["xml"].tree if "xml" in desired else None
        old = _raw.remembered(note, self.singular)
        if old is not None and (given is None or desired["xml"].remembered() != note.xml):
            said = _xml.new(self.tag) if given is None else _merge.without_secrets(given)
            edit(self.rows, said, desired)
            changes += _raw.forget(tree, old, said, bool(note.kept))
        if left_out(self.rows, note.declared, desired):
            changes += forget(self.rows, tree, note.declared, desired, self.reference(tree), given)
        return changes

    def _is_partial(self, desired: Options, note: _note.Note) -> bool:
        """Whether a task is about a part of what was declared before: then it takes nothing away."""
        raw: _raw.Raw | None = desired.get("xml")
        return (note.whole and (raw is None or not raw.whole)) or any(
            option in note.declared and option not in desired for option in self.essentials
        )

    def _remember(self, desired: Options, tree: Element, note: _note.Note) -> None:
        raw: _raw.Raw | None = desired.get("xml")
        partial = self._is_partial(desired, note)
        declared = _note.without_secrets(self.rows, desired)
        new = _note.Note({**note.declared, **declared} if partial else declared, kept=note.kept)
        if partial:
            new.xml, new.whole = note.xml, note.whole
        if raw is not None:
            old = _raw.remembered(note, self.singular) if partial else None
            new.xml, new.whole = raw.remembered(old), new.whole or raw.whole
        if new != note:
            _note.write(tree, new)

    def reference(self, tree: Element) -> Element:
        """What a new object of this sort starts from: what an option that is not declared any more falls back to."""
        return _xml.new(self.tag)

    def verify(self, desired: Options, kept: Element, plan: Plan) -> bool:
        """A definition just made has to say what was desired, or every run would find it different again.

        libvirt puts raw xml into its own words, and leaves out what means nothing to it. That is noted in the
        definition, which then has to be made once more (True).
        """
        note = _note.read(kept)
        known, note.kept = note.kept, []
        tree = _xml.clone(kept)
        if self.remembers:
            _note.write(tree, note)
        lost = self.definition(desired, tree)
        if self.remembers and all(change.field.startswith("xml") for change in lost):
            note.kept = [_note.digest(change) for change in lost]
            _note.write(kept, note)
            plan.kept([change for change in lost if _note.digest(change) not in known])
            return sorted(note.kept) != sorted(known)
        if lost:
            raise KvmError(
                "libvirt accepted {0} {1} but keeps {2}.".format(self.singular, plan.name, "; ".join(map(_kept, lost))),
                error_code="not_kept",
                remedy="Declare what libvirt keeps, or leave the option out.",
                changes=[change.shown() for change in lost],
            )
        return False


def argument_spec(kind: t.Type[Kind[t.Any]], given: t.AbstractSet[str] | None = None) -> Options:
    """One object's options at the top level, or a list of them under the plural.

    given: the options that a task has; then as much of a long table as knows them. Where one is unknown it is all, for
    Ansible to name what there is.
    """
    rows = spec(rows_about(kind.rows, given or ()))
    if given is None or not rows.keys() >= given:
        rows = spec(kind.rows)
    return {
        "uri": {"type": "str", "default": "qemu:///system"},
        # Not a secret itself, whatever it is called; an option in it may be one.
        kind.plural: {"type": "list", "elements": "dict", "options": rows, "no_log": False},
        **rows,
    }


def constraints(kind: t.Type[Kind[t.Any]]) -> Options:
    """What AnsibleModule has to know besides the argument spec."""
    return {
        "supports_check_mode": True,
        "mutually_exclusive": [(kind.plural, option) for option in (*kind.named_by, "xml")],
        "required_one_of": [(kind.plural, *kind.named_by, "xml")],
    }


@contextlib.contextmanager
def _naming(kind: Kind[t.Any], index: int, name: str | None) -> t.Iterator[None]:
    """An error inside says which entry of the list it is about."""
    try:
        yield
    except KvmError as error:
        error.message = "{0}[{1}] ({2}): {3}".format(kind.plural, index, name, error.message)
        raise


def _desires(kind: Kind[t.Any], options: Options) -> list[Options]:
    if options.get(kind.plural) is None:
        return [kind.desire(options)]
    desired = []
    for index, each in enumerate(options[kind.plural]):
        with _naming(kind, index, kind.called(each)):
            desired.append(kind.desire(each))
    seen: set[str] = set()
    for each in desired:
        identity = kind.identity(each)
        if identity in seen:
            raise BadValue(kind.plural, identity, "it is declared twice")
        seen.add(identity)
    return desired


def _refuse_newer(kind: Kind[t.Any], host: Host, desired: list[Options]) -> None:
    version = host.version()
    for each in desired:
        for field, value, since in newer(kind.rows, each, version):
            raise KvmError(
                "{0} {1}: {2}: {3!r} needs libvirt {4}; this host has {5}.{6}.{7}.".format(
                    kind.singular.capitalize(),
                    kind.called(each),
                    field,
                    value,
                    since,
                    version // 1000000,
                    version // 1000 % 1000,
                    version % 1000,
                ),
                error_code="too_old",
                remedy="Leave it out for this host, or upgrade libvirt there.",
                option=field,
            )


def declare(kind: Kind[World], host: Host, options: Options, check_mode: bool) -> Result:
    """Make the declared objects so; the module's result."""
    desired = _desires(kind, options)
    _refuse_newer(kind, host, desired)
    world = kind.survey(host, desired)
    plans = []
    for index, each in enumerate(desired):
        with _naming(kind, index, kind.called(each)) if options.get(kind.plural) else contextlib.nullcontext():
            plans.append(kind.plan(each, world))
    if not check_mode:
        kind.apply(world, plans)
    results = [plan.result() for plan in plans]
    result: Result = {
        "changed": any(plan.changes for plan in plans),
        "diff": _diff(kind, plans),
        kind.plural: results,
        "warnings": [warning for plan in plans for warning in plan.warnings],
    }
    if options.get(kind.plural) is None:
        result[kind.singular] = results[0]
    return result


def _diff(kind: Kind[t.Any], plans: list[Plan]) -> Result:
    def side(which: str) -> Result:
        return {
            "{0} {1}".format(kind.singular, plan.label or plan.name): {c.field: getattr(c, which) for c in plan.changes}
            for plan in plans
            if plan.changes
        }

    return {"before": side("before"), "after": side("after")}
