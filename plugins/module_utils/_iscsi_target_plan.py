# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to change so that LIO offers what is declared: a pure function of what it has, has saved, and the task."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import (
    Backstore,
    Initiator,
    Key,
    Lio,
    Mapping,
    Portal,
    Target,
    describe_backstore,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_options import Wanted, WantedLun
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_saved import (
    check_restored,
    is_saved_otherwise,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size


@dataclass(frozen=True)
class Step:
    """One thing to be done. method: of the adapter (_lio.py), with args. said: in words, without secrets."""

    method: str
    args: tuple[t.Any, ...]
    said: str


@dataclass(frozen=True)
class Files:
    """What the plan has to know of paths. same: whether two are the same device or file. size: a file's, None where it
    isn't there."""

    same: t.Callable[[str, str], bool]
    size: t.Callable[[str], t.Optional[int]]


@dataclass
class TargetPlan:
    """What is to be done for one target."""

    wanted: Wanted
    steps: list[Step] = field(default_factory=list)
    # what would be interrupted, and who is logged in there
    interrupts: list[tuple[str, list[str]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """Everything that is to be done, and what LIO then has. save: whether saveconfig.json is to be written."""

    targets: list[TargetPlan]
    after: Lio
    save: bool

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.save


def plan(wanted: t.Sequence[Wanted], current: Lio, saved: tuple[Lio, bool], files: Files) -> Plan:
    """What has to change. saved: what the next boot will bring, and whether root alone may read that.

    KvmError where a change is refused.
    """
    state = _State(dict(current.backstores), dict(current.targets), files)
    todo = [state.plan(one) for one in wanted]
    for one in todo:
        if one.interrupts and not one.wanted.allow_disconnect:
            raise _refusal(one)
    after = Lio(state.backstores, state.targets)
    found, private = saved
    save = any(one.steps for one in todo) or not private
    save = save or any(is_saved_otherwise(one.name, after, found) for one in wanted)
    if save:
        check_restored({one.name for one in wanted}, current, found)
    return Plan(todo, after, save)


def _refusal(one: TargetPlan) -> KvmError:
    sessions = sorted({name for _what, names in one.interrupts for name in names})
    return KvmError(
        "Failed to declare the target {0}: {1} would interrupt {2}, which {3} logged in. Nothing was done.".format(
            one.wanted.name,
            ", ".join(what for what, _names in one.interrupts),
            ", ".join(sessions),
            "is" if len(sessions) == 1 else "are",
        ),
        error_code="in_use",
        remedy="Log out there first, or set allow_disconnect: true where that may happen.",
        sessions=sessions,
    )


@dataclass
class _State:
    """What LIO has after the steps so far."""

    backstores: dict[Key, Backstore]
    targets: dict[str, Target]
    files: Files

    def plan(self, wanted: Wanted) -> TargetPlan:
        todo = TargetPlan(wanted)
        if not wanted.present:
            self._remove(todo)
            return todo
        if wanted.name not in self.targets:
            if not wanted.portals:
                raise BadValue("portals", wanted.portals, "a new target needs at least one ({0})".format(wanted.name))
            todo.steps.append(Step("create_target", (wanted.name,), "target {0}".format(wanted.name)))
            self.targets[wanted.name] = Target(wanted.name, enabled=False)
        undeclared = sorted(set(self.target(todo).luns) - {one.lun for one in wanted.luns})
        if undeclared and wanted.luns:
            numbers = ", ".join(str(number) for number in undeclared)
            todo.warnings.append(
                "{0} also has LUN {1}, which the task does not name. It stays.".format(wanted.name, numbers)
            )
        for lun in wanted.luns:
            self._plan_lun(todo, lun)
        self._plan_attributes(todo)
        if wanted.initiators is not None:
            self._plan_initiators(todo, wanted.initiators)
        if wanted.portals is not None:
            self._plan_portals(todo, wanted.portals)
        if not self.target(todo).enabled:
            todo.steps.append(Step("enable", (wanted.name,), "enabled"))
            self._set(todo, enabled=True)
        return todo

    def target(self, todo: TargetPlan) -> Target:
        """The target as it is after the steps so far."""
        return self.targets[todo.wanted.name]

    def _set(self, todo: TargetPlan, **changes: t.Any) -> None:
        self.targets[todo.wanted.name] = replace(self.target(todo), **changes)

    def _remove(self, todo: TargetPlan) -> None:
        name = todo.wanted.name
        if name not in self.targets:
            return
        sessions = [one.name for one in self.target(todo).initiators.values() if one.session]
        if sessions:
            todo.interrupts.append(("removing it", sessions))
        todo.steps.append(Step("delete_target", (name,), "no target {0}".format(name)))
        for key in sorted(set(self.targets.pop(name).luns.values())):
            self._release(todo, key)

    def _release(self, todo: TargetPlan, key: Key) -> None:
        """Remove a backstore that nothing is on any more."""
        if key in self.backstores and not any(key in target.luns.values() for target in self.targets.values()):
            todo.steps.append(Step("delete_backstore", key, "no backstore {0}".format(key[1])))
            del self.backstores[key]

    def _plan_lun(self, todo: TargetPlan, lun: WantedLun) -> None:
        old = self.target(todo).luns.get(lun.lun)
        if lun.backstore is None:
            if old is not None:
                self._delete_lun(todo, lun.lun, "removing LUN {0}".format(lun.lun))
                self._release(todo, old)
            return
        lost: list[tuple[int, Initiator, Mapping]] = []
        key = lun.backstore.key
        if old is not None and old != key:
            lost += self._delete_lun(todo, lun.lun, "giving LUN {0} another backstore".format(lun.lun))
            self._release(todo, old)
        lost += self._plan_backstore(todo, lun)
        for number in sorted({number for number, _one, _mapping in lost} | {lun.lun}):
            if number not in self.target(todo).luns:
                said = "LUN {0} is {1}".format(number, key[1])
                todo.steps.append(Step("create_lun", (todo.wanted.name, number, *key), said))
                self._set(todo, luns={**self.target(todo).luns, number: key})
        for _number, initiator, mapping in lost:
            self._map(todo, initiator.name, mapping)

    def _delete_lun(self, todo: TargetPlan, number: int, what: str) -> list[tuple[int, Initiator, Mapping]]:
        """Remove a LUN, with all that maps it, and return that."""
        target = self.target(todo)
        lost = [
            (number, one, each) for one in target.initiators.values() for each in one.mappings if each.lun == number
        ]
        sessions = sorted({one.name for _number, one, _mapping in lost if one.session})
        if sessions:
            todo.interrupts.append((what, sessions))
        todo.steps.append(Step("delete_lun", (target.name, number), "no LUN {0}".format(number)))
        initiators = {
            name: replace(one, mappings=tuple(each for each in one.mappings if each.lun != number))
            for name, one in target.initiators.items()
        }
        self._set(todo, luns={lun: key for lun, key in target.luns.items() if lun != number}, initiators=initiators)
        return lost

    def _plan_backstore(self, todo: TargetPlan, lun: WantedLun) -> list[tuple[int, Initiator, Mapping]]:
        """The backstore as wanted; what it took away where it had to be made anew."""
        wanted = lun.backstore
        if wanted is None:
            return []
        old = self.backstores.get(wanted.key)
        lost: list[tuple[int, Initiator, Mapping]] = []
        if old is not None:
            if not lun.serial:
                wanted = replace(wanted, wwn=old.wwn)
            differs = self._differs(old, wanted)
            if differs:
                self._check_replaceable(todo, old, wanted)
                for number in [n for n, key in self.target(todo).luns.items() if key == old.key]:
                    what = "giving LUN {0} another {1}".format(number, " and ".join(differs))
                    lost += self._delete_lun(todo, number, what)
                self._release(todo, old.key)
                keep = {name: value for name, value in old.attributes.items() if name.startswith("emulate_")}
                keep.pop("emulate_write_cache", None)  # write_back sets it
                wanted = replace(wanted, attributes={**keep, **wanted.attributes})
        if wanted.key not in self.backstores:
            self._create_backstore(todo, wanted)
        self._plan_backstore_attributes(todo, wanted)
        return lost

    def _differs(self, old: Backstore, wanted: Backstore) -> list[str]:
        """The options that can't be changed while it is there."""
        found = [] if self.files.same(old.path, wanted.path) else ["device" if wanted.size is None else "file"]
        return found + [
            option
            for option in ("size", "write_back", "readonly", "wwn")
            if getattr(old, option) != getattr(wanted, option)
        ]

    def _check_replaceable(self, todo: TargetPlan, old: Backstore, wanted: Backstore) -> None:
        users = [name for name, target in self.targets.items() if old.key in target.luns.values()]
        if users != [todo.wanted.name]:
            raise KvmError(
                "Failed to declare the target {0}: LIO has another backstore of this name ({1}), which {2}.".format(
                    todo.wanted.name,
                    describe_backstore(old),
                    "is in use by {0}".format(", ".join(users)) if users else "no target uses",
                ),
                error_code="backstore_taken",
                remedy="Choose another name for the LUN, or remove that backstore (targetcli).",
            )
        if wanted.size is not None and old.size is not None and wanted.size < old.size:
            raise _shrinking(wanted.path, old.size, wanted.size)

    def _create_backstore(self, todo: TargetPlan, wanted: Backstore) -> None:
        if wanted.size is not None:
            size = self.files.size(wanted.path)
            if size is not None and size > wanted.size:
                raise _shrinking(wanted.path, size, wanted.size)
            if size != wanted.size:
                said = "{0} has {1}".format(wanted.path, format_size(wanted.size))
                todo.steps.append(Step("grow_file", (wanted.path, wanted.size), said))
        todo.steps.append(Step("create_backstore", (wanted,), "backstore {0}".format(describe_backstore(wanted))))
        self.backstores[wanted.key] = replace(wanted, attributes={})

    def _plan_backstore_attributes(self, todo: TargetPlan, wanted: Backstore) -> None:
        there = self.backstores[wanted.key]
        for name, value in sorted(wanted.attributes.items()):
            if there.attributes.get(name) != value:
                said = "{0}: {1}={2}".format(wanted.name, name, value)
                todo.steps.append(Step("set_backstore_attribute", (*wanted.key, name, value), said))
        self.backstores[wanted.key] = replace(there, attributes={**there.attributes, **wanted.attributes})

    def _plan_attributes(self, todo: TargetPlan) -> None:
        target = self.target(todo)
        for name, value in sorted(todo.wanted.attributes.items()):
            if target.attributes.get(name) != value:
                said = "{0}={1}".format(name, value)
                todo.steps.append(Step("set_attribute", (target.name, name, value), said))
        self._set(todo, attributes={**target.attributes, **todo.wanted.attributes})

    def _plan_initiators(self, todo: TargetPlan, wanted: t.Mapping[str, Initiator]) -> None:
        name = todo.wanted.name
        for old in list(self.target(todo).initiators.values()):
            if old.name not in wanted:
                if old.session:
                    todo.interrupts.append(("removing the initiator {0}".format(old.name), [old.name]))
                said = "no initiator {0}".format(old.name)
                todo.steps.append(Step("delete_initiator", (name, old.name), said))
                rest = {each: one for each, one in self.target(todo).initiators.items() if each != old.name}
                self._set(todo, initiators=rest)
        for one in wanted.values():
            if one.name not in self.target(todo).initiators:
                todo.steps.append(Step("create_initiator", (name, one.name), "initiator {0}".format(one.name)))
                self._set_initiator(todo, Initiator(one.name))
            there = self.target(todo).initiators[one.name]
            if there.auth != one.auth:
                said = "{0}: {1}".format(one.name, "CHAP names and secrets" if one.auth.userid else "no CHAP")
                todo.steps.append(Step("set_auth", (name, one.name, one.auth), said))
                self._set_initiator(todo, replace(there, auth=one.auth))
            self._plan_mappings(todo, one)

    def _plan_mappings(self, todo: TargetPlan, one: Initiator) -> None:
        target = self.target(todo)
        there = target.initiators[one.name]
        wanted = {each.mapped_lun: each for each in one.mappings}
        declared = {lun.lun for lun in todo.wanted.luns}
        for each in there.mappings:
            keep = one.name in todo.wanted.sees_all and each.lun not in declared
            if keep:
                wanted.setdefault(each.mapped_lun, each)
            new = wanted.get(each.mapped_lun)
            if new is None or new.lun != each.lun:
                what = "taking {0} from {1}".format(each, one.name)
                if there.session:
                    todo.interrupts.append((what, [one.name]))
                said = "{0} does not see {1}".format(one.name, each)
                todo.steps.append(Step("unmap_lun", (target.name, one.name, each.mapped_lun), said))
                self._drop_mapping(todo, one.name, each)
        for each in wanted.values():
            if each.lun not in target.luns:
                raise KvmError(
                    "Failed to declare the target {0}: {1} is to see LUN {2}, which the target does not have.".format(
                        target.name, one.name, each.lun
                    ),
                    error_code="not_found",
                )
            self._map(todo, one.name, each)

    def _map(self, todo: TargetPlan, initiator: str, wanted: Mapping) -> None:
        there = {each.mapped_lun: each for each in self.target(todo).initiators[initiator].mappings}
        old = there.get(wanted.mapped_lun)
        if old == wanted:
            return
        method = "map_lun" if old is None else "set_write_protect"
        said = "{0} sees {1}".format(initiator, wanted)
        todo.steps.append(Step(method, (todo.wanted.name, initiator, wanted), said))
        if old is not None:
            self._drop_mapping(todo, initiator, old)
        one = self.target(todo).initiators[initiator]
        mappings = sorted((*one.mappings, wanted), key=lambda each: each.mapped_lun)
        self._set_initiator(todo, replace(one, mappings=tuple(mappings)))

    def _drop_mapping(self, todo: TargetPlan, initiator: str, gone: Mapping) -> None:
        one = self.target(todo).initiators[initiator]
        self._set_initiator(todo, replace(one, mappings=tuple(each for each in one.mappings if each != gone)))

    def _set_initiator(self, todo: TargetPlan, one: Initiator) -> None:
        self._set(todo, initiators={**self.target(todo).initiators, one.name: one})

    def _plan_portals(self, todo: TargetPlan, wanted: t.Sequence[Portal]) -> None:
        target = self.target(todo)
        # First those that go: 0.0.0.0 and an address of this machine can't be had together.
        for portal in target.portals:
            if portal not in wanted:
                sessions = [one.name for one in target.initiators.values() if one.session]
                if sessions:
                    todo.interrupts.append(("removing the portal {0}".format(portal), sessions))
                todo.steps.append(Step("delete_portal", (target.name, portal), "no portal {0}".format(portal)))
        for portal in wanted:
            if portal not in target.portals:
                todo.steps.append(Step("create_portal", (target.name, portal), "portal {0}".format(portal)))
        self._set(todo, portals=tuple(wanted))


def _shrinking(path: str, size: int, wanted: int) -> KvmError:
    return KvmError(
        "Failed to give {0} the size {1}: it has {2}, and a LUN is never made smaller.".format(
            path, format_size(wanted), format_size(size)
        ),
        error_code="would_shrink",
    )
