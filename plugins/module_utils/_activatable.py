# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What networks and storage pools have in common: defined, active or not, starting with the host or not."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _note, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import NAME, Switch, Text, Uuid
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Kind, Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options, Row

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element


def common_rows(what: str) -> tuple[Row, ...]:
    return (
        Row("name", "name", NAME, help="Name of the {0}. May be left out where O(xml) has it.".format(what), keep=True),
        Row(
            "state",
            None,
            help="V(present) is defined, running or not; V(active) runs; V(inactive) is defined and does not run; "
            "V(absent) is neither.",
            choices=("present", "active", "inactive", "absent"),
            default="active",
        ),
        Row("uuid", "uuid", Uuid(), help="UUID. Left out, a new one is made and an existing one kept.", keep=True),
        Row("autostart", None, Switch(), help="Whether libvirt starts the {0} when the host starts.".format(what)),
        Row(
            "xml",
            None,
            Text(),
            help="libvirt's XML, a whole document or one element of it, for what has no option of its own. It is "
            "merged into what is there; options win over it.",
        ),
    )


@dataclasses.dataclass
class Found:
    """An object that is there: its handle, its persistent definition, and the live one when it runs."""

    handle: Handle
    uuid: str
    active: bool
    persistent: bool
    autostart: bool
    config: Element
    live: Element | None

    @property
    def state(self) -> str:
        return "active" if self.active else "inactive"


@dataclasses.dataclass
class World:
    host: Host
    found: dict[str, Found]
    uuids: dict[str, str] = dataclasses.field(default_factory=dict)
    facts: Options = dataclasses.field(default_factory=dict)


class Activatable(Kind[World]):
    """Plan and steps of a network or pool; a kind adds how it is listed, read, defined and changed live."""

    def handles(self, host: Host) -> dict[str, Handle]:
        raise NotImplementedError

    def xml(self, handle: Handle, inactive: bool) -> str:
        raise NotImplementedError

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        raise NotImplementedError

    def fresh(self, desired: Options) -> Element:
        """What a new definition starts from."""
        tree = _xml.new(self.tag)
        _xml.put(tree, "name", desired["name"])
        return tree

    def complete(self, desired: Options, world: World) -> None:
        """What follows from what is declared; checks that need to know what else is there."""

    def live_plan(self, desired: Options, live: Element, plan: Plan) -> None:
        """What can be changed while it runs, and what waits for a restart. live: the definition that it runs with."""
        pending = self.definition(desired, _xml.clone(live))
        plan.restart_required = [change.field for change in pending]

    def survey(self, host: Host, desired: list[Options]) -> World:
        handles = self.handles(host)
        world = World(host, {})
        for name in {each["name"] for each in desired} & set(handles):
            found = _libvirt.there(functools.partial(self.look, handles[name]))
            if found is None:
                del handles[name]
            else:
                world.found[name] = found
        world.uuids = {_libvirt.uuid(handle): name for name, handle in handles.items()}
        world.facts["handles"] = handles
        return world

    def look(self, handle: Handle) -> Found:
        active = _libvirt.is_active(handle)
        persistent = _libvirt.is_persistent(handle)
        text = "{0} {1}".format(self.singular, handle.name())
        live = _xml.parse(self.xml(handle, False), text) if active else None
        config = _xml.parse(self.xml(handle, True), text)
        kept = _note.read(config).kept if self.remembers else []
        if live is not None and kept:
            # What libvirt puts into other words in the definition, it does in what runs.
            note = _note.read(live)
            note.kept = sorted({*note.kept, *kept})
            _note.write(live, note)
        return Found(handle, _libvirt.uuid(handle), active, persistent, _libvirt.autostart(handle), config, live)

    def plan(self, desired: Options, world: World) -> Plan:
        name, state = desired["name"], desired["state"]
        found = world.found.get(name)
        plan = Plan(name, state, uuid=found.uuid if found else None)
        if state == "absent":
            self._plan_absent(plan, found)
            return plan
        self.complete(desired, world)
        self._check_uuid(desired, found, world)
        tree = _xml.clone(found.config) if found else self.fresh(desired)
        if found is None:
            plan.change("state", "absent", "inactive" if state == "present" else state)
        elif not found.persistent:
            plan.change("persistent", False, True)
        changes = self.definition(desired, tree)
        plan.define(changes, new=found is None)
        if changes or found is None or not found.persistent:
            plan.step("define", desired=desired, tree=tree)
        if found and found.live is not None:
            self.live_plan(desired, found.live, plan)
        wanted = desired.get("autostart")
        if wanted is not None and wanted != (found.autostart if found else False):
            plan.change("autostart", found.autostart if found else False, wanted)
            plan.step("set_autostart", on=wanted)
        self._plan_state(plan, found)
        return plan

    def _plan_absent(self, plan: Plan, found: Found | None) -> None:
        if found is None:
            return
        plan.change("state", found.state, "absent")
        if found.active:
            plan.step("stop")
        if found.persistent:
            plan.step("undefine")

    def _plan_state(self, plan: Plan, found: Found | None) -> None:
        active = bool(found and found.active)
        if plan.state == "present":
            plan.state = "active" if active else "inactive"
        elif plan.state == "active" and not active:
            if found:
                plan.change("state", "inactive", "active")
            plan.step("start")
        elif plan.state == "inactive" and active:
            plan.change("state", "active", "inactive")
            plan.restart_required = []
            plan.step("stop")

    def _check_uuid(self, desired: Options, found: Found | None, world: World) -> None:
        wanted = desired.get("uuid")
        if wanted is None:
            return
        if found and found.uuid != wanted:
            raise KvmError(
                "{0} {1} is there with UUID {2}, not {3}.".format(
                    self.singular.capitalize(), desired["name"], found.uuid, wanted
                ),
                error_code="wrong_uuid",
                remedy="A UUID can't be changed: leave it out, or take another name.",
            )
        other = world.uuids.get(wanted)
        if found is None and other:
            raise KvmError(
                "UUID {0} of {1} {2} is already {1} {3}'s.".format(wanted, self.singular, desired["name"], other),
                error_code="wrong_uuid",
                remedy="Leave uuid out, or take another.",
            )

    # Steps.

    def define(self, world: World, plan: Plan, desired: Options, tree: Element) -> None:
        handle = self.define_xml(world.host, plan.name, _xml.write(tree))
        plan.uuid = _libvirt.uuid(handle)
        world.facts["handles"][plan.name] = handle
        kept = _xml.parse(self.xml(handle, True), self.singular)
        if self.verify(desired, kept, plan):
            self.define_xml(world.host, plan.name, _xml.write(kept))

    def set_autostart(self, world: World, plan: Plan, on: bool) -> None:
        _libvirt.set_autostart(world.facts["handles"][plan.name], on)

    def start(self, world: World, plan: Plan) -> None:
        _libvirt.start(world.facts["handles"][plan.name])

    def stop(self, world: World, plan: Plan) -> None:
        _libvirt.stop(world.facts["handles"][plan.name])

    def undefine(self, world: World, plan: Plan) -> None:
        _libvirt.undefine(world.facts["handles"][plan.name])
