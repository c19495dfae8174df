# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What secrets and network filters have in common: they are defined or not, and never run."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Text
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Kind, Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options, Row

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

XML = Row(
    "xml",
    None,
    Text(),
    help="libvirt's XML, a whole document or one element of it, for what has no option of its own. It is merged into "
    "what is there; options win over it.",
)


@dataclasses.dataclass
class Found:
    """An object that is there: its handle and its definition."""

    handle: Handle
    uuid: str
    tree: Element
    facts: Options = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class World:
    host: Host
    # By identity.
    found: dict[str, Found]
    # Of all objects of this kind, what they are called, by UUID.
    uuids: dict[str, str]


class Definable(Kind[World]):
    """Plan and steps; a kind adds how it is listed, read, defined and undefined."""

    def handles(self, host: Host) -> list[Handle]:
        raise NotImplementedError

    def title(self, handle: Handle) -> str:
        """What an object is called in messages; the identity of a declaration that names it."""
        raise NotImplementedError

    def xml(self, handle: Handle) -> str:
        raise NotImplementedError

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        raise NotImplementedError

    def undefine_handle(self, handle: Handle) -> None:
        raise NotImplementedError

    def fresh(self, desired: Options) -> Element:
        """What a new definition starts from."""
        return _xml.new(self.tag)

    def describe(self, desired: Options) -> Options:
        """More keys of the result."""
        return {}

    def survey(self, host: Host, desired: list[Options]) -> World:
        world = World(host, {}, {})
        handles = {}
        for handle in self.handles(host):
            world.uuids[handle.UUIDString()] = self.title(handle)
            handles[self.title(handle)] = handles[handle.UUIDString()] = handle
        for each in desired:
            identity = self.identity(each)
            if identity in handles:
                found = _libvirt.there(functools.partial(self.look, handles[identity], each))
                if found is None:
                    del world.uuids[handles[identity].UUIDString()]
                else:
                    world.found[identity] = found
        return world

    def look(self, handle: Handle, desired: Options) -> Found:
        return Found(handle, handle.UUIDString(), _xml.parse(self.xml(handle), self.singular))

    def plan(self, desired: Options, world: World) -> Plan:
        identity = self.identity(desired)
        found = world.found.get(identity)
        plan = Plan(str(self.called(desired)), desired["state"], uuid=found.uuid if found else None, label=identity)
        plan.facts = self.describe(desired)
        if desired["state"] == "absent":
            if found:
                plan.change("state", "present", "absent")
                plan.step("undefine", found=found)
            return plan
        self._check_uuid(desired, found, world)
        tree = _xml.clone(found.tree) if found else self.fresh(desired)
        if found is None:
            plan.change("state", "absent", "present")
        changes = self.definition(desired, tree)
        plan.define(changes, new=found is None)
        if changes or found is None:
            plan.step("define", desired=desired, tree=tree)
        self.complete(desired, found, tree, plan)
        return plan

    def complete(self, desired: Options, found: Found | None, tree: Element, plan: Plan) -> None:
        """Refuse what can't be changed; add what is more than the definition. tree: the definition that will be."""

    def _check_uuid(self, desired: Options, found: Found | None, world: World) -> None:
        wanted = desired.get("uuid")
        if wanted is None or (found and found.uuid == wanted):
            return
        name = "{0} {1}".format(self.singular.capitalize(), self.identity(desired))
        if found:
            raise KvmError(
                "{0} is there with UUID {1}, not {2}.".format(name, found.uuid, wanted),
                error_code="wrong_uuid",
                remedy="A UUID can't be changed: leave it out, or declare the old one absent first.",
            )
        if wanted in world.uuids:
            raise KvmError(
                "UUID {0} of {1} is already that of {2}.".format(wanted, name, world.uuids[wanted]),
                error_code="wrong_uuid",
                remedy="Leave uuid out, or take another.",
            )

    # Steps.

    def define(self, world: World, plan: Plan, desired: Options, tree: Element) -> None:
        if plan.uuid is not None:
            _xml.put(tree, "uuid", plan.uuid)  # it may have been made by the step before
        handle = self.define_xml(world.host, plan.label, _xml.write(tree))
        plan.uuid = handle.UUIDString()
        kept = self.look(handle, {})
        self.verify(desired, kept.tree, plan)
        world.found[plan.label] = kept

    def undefine(self, world: World, plan: Plan, found: Found) -> None:
        self.undefine_handle(found.handle)
