# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules for Ceph's objects have in common: one object or a list in, plans in between, the result out."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._ceph import Cluster, Command
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

Options = t.Mapping[str, t.Any]
Change = t.Dict[str, t.Any]


@dataclass
class ObjectPlan:
    """What has to be done with one object.

    doing: for the error of a step, such as "create pool vms". state: as declared. facts: more of its result.
    """

    name: str
    state: str
    doing: str
    changes: list[Change] = field(default_factory=list)
    steps: list[Command] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, t.Any] = field(default_factory=dict)

    def change(self, name: str, before: t.Any, after: t.Any, prefix: str | None = None, /, **arguments: t.Any) -> None:
        """A field that differs, and the command that changes it; none where another command does."""
        self.changes.append({"field": name, "before": before, "after": after})
        if prefix:
            self.steps.append(Command(prefix, arguments))


def spec(own: dict[str, t.Any], plural: str, key: str) -> dict[str, t.Any]:
    """The options of a module: one object's at the top level, or a list of objects. An item takes from the top level
    what it leaves out, so its options have no defaults of their own."""
    items = {name: {k: v for k, v in one.items() if k != "default"} for name, one in own.items()}
    items[key] = {**items[key], "required": True}
    return {**own, plural: {"type": "list", "elements": "dict", "options": items}}


def declarations(options: Options, own: t.Mapping[str, t.Any], plural: str, key: str) -> list[tuple[str, Options]]:
    """What a task declares: for each object how its options are called in an error, and the options."""
    shared = {name: options[name] for name in own}
    if options[key] is not None:
        return [("", shared)]
    found: list[tuple[str, Options]] = []
    for position, item in enumerate(options[plural]):
        given = {name: value for name, value in item.items() if value is not None}
        if any(earlier[key] == given[key] for _label, earlier in found):
            raise BadValue("{0}[{1}].{2}".format(plural, position, key), given[key], "the task has it twice")
        found.append(("{0}[{1}].".format(plural, position), {**shared, **given}))
    return found


def apply(plans: t.Sequence[ObjectPlan], cluster: Cluster) -> None:
    """Do what the plans say, in their order."""
    for plan in plans:
        for step in plan.steps:
            cluster.do(plan.doing, step)


def result(plans: t.Sequence[ObjectPlan], plural: str, singular: str, single: bool) -> dict[str, t.Any]:
    """The module's result."""
    found = [{"name": plan.name, "state": plan.state, "changes": plan.changes, **plan.facts} for plan in plans]
    answer: dict[str, t.Any] = {
        "changed": any(plan.changes for plan in plans),
        plural: found,
        "diff": [_diff(plan, singular) for plan in plans if plan.changes],
        "warnings": [warning for plan in plans for warning in plan.warnings],
    }
    if single:
        answer[singular] = found[0]
    return answer


def _diff(plan: ObjectPlan, singular: str) -> dict[str, t.Any]:
    header = "{0} {1}".format(singular, plan.name)
    return {
        "before_header": header,
        "after_header": header,
        "before": {change["field"]: change["before"] for change in plan.changes},
        "after": {change["field"]: change["after"] for change in plan.changes},
    }
