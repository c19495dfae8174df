# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Domains: how they are found, planned, defined, started and stopped. What they are made of is in _domain_rows.py."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _domain_check,
    _domain_device_checks,
    _domain_disks,
    _domain_new,
    _domain_power,
    _libvirt,
    _libvirt_domain,
    _merge,
    _note,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_ability import Abilities
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_follow import follow
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_found import Ahead, Found
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Kind, Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, Options

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._domain_live_apply import Action
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt_domain import Listing
    from lxml.etree import _Element as Element


@dataclasses.dataclass
class World:
    host: Host
    listing: Listing
    ahead: Ahead
    storage: _domain_disks.Storage
    abilities: Abilities
    # Names of the declared domains, in the order in which they come up.
    levels: list[set[str]]

    @functools.cached_property
    def capabilities(self) -> Element:
        """The host's; asked where something new is made."""
        return _xml.parse(self.host.capabilities(), "The host's capabilities")

    @functools.cached_property
    def owners(self) -> dict[str, str]:
        """The names of all domains by their UUIDs."""
        return {_libvirt.uuid(handle): name for name, handle in self.listing.handles.items()}


class Domain(Kind[World]):
    singular, plural, tag = "domain", "domains", "domain"
    parts = _merge.DEVICES + (
        "|genid|title|description|metadata|memory|memoryBacking|memtune|numatune|maxMemory|currentMemory|blkiotune|vcpu|"
        "vcpus|iothreads|iothreadids|defaultiothread|cputune|resource|sysinfo|bootloader|bootloader_args|os|idmap|"
        "features|cpu|clock|on_poweroff|on_reboot|on_crash|on_lockfailure|pm|perf|devices|seclabel|keywrap|"
        "launchSecurity|throttlegroups"
    )
    rows = ROWS
    remembers = True
    essentials = ("memory", "disks", "interfaces")

    def desire(self, options: Options) -> Options:
        desired = super().desire(options)
        if "xml" in desired and desired["xml"].tree.get("id"):
            allowed = "it describes a running domain; what it is made of is shown by virsh dumpxml --inactive"
            raise BadValue("xml", "<domain id='{0}'>".format(desired["xml"].tree.get("id")), allowed)
        _domain_check.check(desired)
        _domain_disks.check(desired)
        _domain_device_checks.check(desired)
        return desired

    def survey(self, host: Host, desired: list[Options]) -> World:
        listing = _libvirt_domain.listing(host)
        return World(
            levels=_domain_power.levels(desired),
            host=host,
            listing=listing,
            ahead=Ahead(listing, [each["name"] for each in desired]),
            storage=_domain_disks.Storage(host, self.check_mode),
            abilities=Abilities(host),
        )

    def plan(self, desired: Options, world: World) -> Plan:
        name, state = desired["name"], desired["state"]
        found = world.ahead.take(name)
        plan = Plan(name, state, uuid=found.uuid if found else None)
        if state == "absent":
            self._plan_absent(desired, world, plan, found)
            return plan
        self._check_uuid(desired, found, world)
        plan.warnings += world.storage.resolve(desired)
        # Edited in place: what was there is told by the changes.
        tree = found.config if found else _domain_new.blank(desired, world.capabilities)
        if found is None:
            plan.change("state", "absent", "stopped" if state == "present" else state)
        elif not found.persistent:
            plan.change("persistent", False, True)
        world.storage.name_targets(desired, tree)
        changes = self.definition(desired, tree)
        plan.define(changes, new=found is None)
        if changes or found is None or not found.persistent:
            world.abilities.check(desired, tree)
            plan.step("define", desired=desired, tree=tree)
        wanted = desired.get("autostart")
        if wanted is not None and wanted != (found.autostart if found else False):
            plan.change("autostart", found.autostart if found else False, wanted)
            plan.step("set_autostart", on=wanted)
        if found and found.live is not None and state != "stopped":
            self._plan_live(desired, plan, found.live, found.active, _note.read(tree))
        self._plan_state(desired, world, plan, found)
        return plan

    def _plan_live(self, desired: Options, plan: Plan, live: Element, active: bool, noted: _note.Note) -> None:
        # What only running domains need is read here: it takes as long as to plan a hundred of them.
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_live  # noqa: PLC0415

        note = _note.read(live)
        _domain_live.plan(desired, live, lambda tree: self.forgotten(desired, tree, note), plan, active)
        if active and plan.steps:
            plan.step("note_live", before=note, after=noted)

    def definition(self, desired: Options, tree: Element) -> list[Change]:
        changes = super().definition(desired, tree)
        return changes + follow(desired, tree, changes)

    def reference(self, tree: Element) -> Element:
        return _domain_new.reference(tree)

    def _check_uuid(self, desired: Options, found: Found | None, world: World) -> None:
        wanted = desired.get("uuid")
        if wanted is None:
            return
        if found and found.uuid != wanted:
            raise KvmError(
                "Domain {0} is there with UUID {1}, not {2}.".format(desired["name"], found.uuid, wanted),
                error_code="wrong_uuid",
                remedy="A UUID can't be changed: leave it out, or take another name.",
            )
        owner = world.owners.get(wanted) if found is None else None
        if owner is not None:
            raise KvmError(
                "UUID {0} of domain {1} is already domain {2}'s.".format(wanted, desired["name"], owner),
                error_code="wrong_uuid",
                remedy="Leave uuid out, or take another.",
            )

    def _plan_state(self, desired: Options, world: World, plan: Plan, found: Found | None) -> None:
        _domain_power.plan(desired, plan, found.state if found else None)
        if any(step.verb == "start" for step in plan.steps) and (found is None or not found.active):
            world.storage.check_sources(desired, plan)

    def _plan_absent(self, desired: Options, world: World, plan: Plan, found: Found | None) -> None:
        if found is None:
            return
        plan.change("state", found.state, "absent")
        if found.active:
            if not desired["force"]:
                raise KvmError(
                    "Domain {0} is {1}: removing it would power it off.".format(plan.name, found.state),
                    error_code="running",
                    remedy="Declare it stopped first, or force: true.",
                )
            plan.step("destroy")
        for path in _domain_disks.volumes_to_remove(desired, found.config):
            if _libvirt_domain.volume_by_path(world.host, path) is None:
                plan.warnings.append(
                    "Domain {0}: {1} is a volume of no active storage pool and stays.".format(plan.name, path)
                )
                continue
            user = _libvirt_domain.user_of(world.host, path, active=False, other_than=plan.name)
            if user is not None:
                raise KvmError(
                    "Domain {0}: {1} is used by domain {2} too: it is not deleted.".format(
                        plan.name, path, user.name()
                    ),
                    error_code="in_use",
                )
            plan.change("volume", path, None)
            plan.step("delete_volume", path=path)
        if found.persistent:
            plan.step("undefine")

    def apply(self, world: World, plans: list[Plan]) -> None:
        for plan in plans:
            for step in plan.steps:
                if step.verb not in _domain_power.POWER:
                    getattr(self, step.verb)(world, plan, **step.args)
        _domain_power.apply(world.host, world.listing.handles, plans, world.levels)

    # Steps.

    def _handle(self, world: World, plan: Plan) -> Handle:
        return world.listing.handles[plan.name]

    def define(self, world: World, plan: Plan, desired: Options, tree: Element) -> None:
        handle = _libvirt_domain.define(world.host, plan.name, _xml.write(tree))
        world.listing.handles[plan.name] = handle
        plan.uuid = _libvirt.uuid(handle)
        kept = _xml.parse(_libvirt_domain.xml(handle, True), plan.name)
        if self.verify(desired, kept, plan):
            _libvirt_domain.define(world.host, plan.name, _xml.write(kept))

    def set_autostart(self, world: World, plan: Plan, on: bool) -> None:
        _libvirt_domain.set_autostart(self._handle(world, plan), on)

    def live(self, world: World, plan: Plan, action: Action) -> None:
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_live_apply  # noqa: PLC0415

        _domain_live_apply.apply(world.host, self._handle(world, plan), plan, action)

    def note_live(self, world: World, plan: Plan, before: _note.Note, after: _note.Note) -> None:
        """Note in the running domain too what it is now; what waits for a restart, as it was."""
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_live  # noqa: PLC0415

        note = _domain_live.noted(before, after, plan.restart_required)
        _libvirt_domain.set_metadata(self._handle(world, plan), *_note.as_metadata(note))

    def destroy(self, world: World, plan: Plan) -> None:
        _libvirt_domain.destroy(self._handle(world, plan))

    def delete_volume(self, world: World, plan: Plan, path: str) -> None:
        from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_storage  # noqa: PLC0415

        volume = _libvirt_domain.volume_by_path(world.host, path)
        if volume is not None:
            _libvirt_storage.volume_delete(volume)

    def undefine(self, world: World, plan: Plan) -> None:
        _libvirt_domain.undefine(self._handle(world, plan))
