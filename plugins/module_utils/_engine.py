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
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import (
    AnyRow,
    Change,
    Options,
    edit,
    mean,
    newer,
    spec,
)

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host
    from lxml.etree import _Element as Element

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

    def result(self) -> Result:
        return {
            "name": self.name,
            "uuid": self.uuid,
            "state": self.state,
            "changes": [change.shown() for change in self.changes],
            "restart_required": self.restart_required,
            **self.facts,
        }


class Kind(t.Generic[World]):
    """A kind of object: what it is made of, how it is found, planned and changed.

    A step's verb is a method of the kind called with the world, the plan and the step's arguments.
    """

    singular: t.ClassVar[str]
    plural: t.ClassVar[str]
    tag: t.ClassVar[str]
    rows: t.ClassVar[tuple[AnyRow, ...]]
    # The elements of the root, any of which may be given as xml: a regular expression.
    parts: t.ClassVar[str]
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

    def desire(self, options: Options) -> Options:
        """The meanings of one object's options; BadValue names the first that has none."""
        desired = mean(self.rows, options)
        if "xml" in desired:
            desired["xml"] = _xml.parse(
                desired["xml"], "The xml of {0} {1}".format(self.singular, self.called(options))
            )
            self._read_identity(desired)
        if not self.called(desired):
            names = " or a ".join(self.named_by)
            raise BadValue("name", options.get("name"), "a {0} is wanted, as an option or in the xml".format(names))
        return desired

    def _read_identity(self, desired: Options) -> None:
        """Take what tells which object is meant from a whole document; a fragment has to be one of this kind."""
        tree = desired["xml"]
        if tree.tag != self.tag:
            if not str(tree.tag).startswith("{") and not re.fullmatch(self.parts, str(tree.tag)):
                raise BadValue("xml", "<{0}>".format(tree.tag), "<{0}> or an element of it is wanted".format(self.tag))
            return
        given = {row.option: row.read(tree) for row in self.rows if row.option in self.identities}
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

    def definition(self, desired: Options, tree: Element) -> list[Change]:
        """Make a definition say what is desired. A typed option wins over the raw xml: it is put into that too."""
        changes = edit(self.rows, tree, desired)
        if "xml" in desired:
            given = _merge.document(desired["xml"], self.tag)
            edit(self.rows, given, desired)
            changes += _merge.merge(tree, given)
        return changes

    def verify(self, desired: Options, kept: Element, name: str) -> None:
        """A definition just made has to say what was desired, or every run would find it different again."""
        lost = self.definition(desired, kept)
        if lost:
            raise KvmError(
                "libvirt accepted {0} {1} but keeps {2}.".format(
                    self.singular,
                    name,
                    "; ".join("{0}: {1!r} instead of {2!r}".format(c.field, c.before, c.after) for c in lost),
                ),
                error_code="not_kept",
                remedy="Declare what libvirt keeps, or leave the option out.",
                changes=[change.shown() for change in lost],
            )


def argument_spec(kind: t.Type[Kind[t.Any]]) -> Options:
    """One object's options at the top level, or a list of them under the plural."""
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
        for plan in plans:
            for step in plan.steps:
                getattr(kind, step.verb)(world, plan, **step.args)
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
