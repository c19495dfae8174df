# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual networks: how they are planned and changed. What they are made of is in _network_rows.py."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _libvirt,
    _libvirt_network,
    _network_guests,
    _network_live,
    _note,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._activatable import Activatable, Found, World
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LibvirtError
from ansible_collections.minicloud.kvm.plugins.module_utils._network_checks import (
    check_definition,
    check_options,
    ranges,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._network_forward_rows import SERVED, forget_device, mode_of
from ansible_collections.minicloud.kvm.plugins.module_utils._network_guests import AWAY, Guest
from ansible_collections.minicloud.kvm.plugins.module_utils._network_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, Options

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# Where a running network's text is changed (libvirt 9.7.0 and later).
_TEXTS = ("title", "description")


class Network(Activatable):
    singular, plural, tag = "network", "networks", "network"
    remembers = True
    essentials = ("forward", "ips")
    parts = (
        "title|description|metadata|forward|bridge|mtu|mac|domain|dns|ip|route|portgroup|port|vlan|bandwidth|"
        "virtualport"
    )
    rows = ROWS

    def handles(self, host: Host) -> dict[str, Handle]:
        return _libvirt.networks(host)

    def xml(self, handle: Handle, inactive: bool) -> str:
        return _libvirt.network_xml(handle, inactive)

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        return _libvirt.network_define(host, name, xml)

    def desire(self, options: Options) -> Options:
        desired = super().desire(options)
        if "xml" in desired:
            _drop_defaults(desired)
        check_options(desired)
        return desired

    def definition(self, desired: Options, tree: Element) -> list[Change]:
        changes = super().definition(desired, tree)
        forget_device(tree, desired.get("forward", {}), changes)
        return changes

    def plan(self, desired: Options, world: World) -> Plan:
        plan = super().plan(desired, world)
        plan.facts["plugged_back"] = []
        found = world.found.get(plan.name)
        tree = next((step.args["tree"] for step in plan.steps if step.verb == "define"), None)
        if tree is not None:
            check_definition(tree, world.host.version())
            _refuse_bridge(tree, world, plan)
        elif found is not None:
            tree = found.config
        if plan.state == "absent":
            world.facts.setdefault("gone", set()).add(plan.name)
        if any(step.verb == "stop" for step in plan.steps):
            self._plan_stop(desired, world, plan)
        elif plan.state == "active" and tree is not None:
            self._plan_guests(desired, world, plan, found, tree)
        _refuse_overlap(desired, world, plan)
        return plan

    def _plan_stop(self, desired: Options, world: World, plan: Plan) -> None:
        """A network that stops takes the connection of its running guests along."""
        members = _members(world, plan.name)
        if not members or desired["force"]:
            return
        text = "Network {0}: running guests are in it: {1}".format(plan.name, ", ".join(g.label for g in members))
        if not self.check_mode:
            raise KvmError(
                text + ".",
                error_code="in_use",
                remedy="Stop them first, or force: true.",
                guests=[guest.label for guest in members],
            )
        # An earlier task of this check may have stopped them.
        plan.warnings.append(text + "; they are taken as about to be stopped.")

    def _plan_guests(self, desired: Options, world: World, plan: Plan, found: Found | None, tree: Element) -> None:
        """Restart where it is needed and allowed, and put guests on the bridge that should be and are not."""
        if found is None or found.live is None:
            # Guests may have outlived a network that was stopped by hand, or by force.
            members = [guest for guest in _members(world, plan.name) if guest.bridged]
            if members:
                _plug(plan, members)
            return
        bridge = _xml.get(found.live, "bridge/@name")
        own = bridge if mode_of(found.live) in SERVED else None
        if own and not _network_guests.has_device(world.host, own):
            plan.change("bridge", None, bridge)
            self._restart(plan, _members(world, plan.name))
        elif plan.restart_required and desired["restart"] == "if_required":
            members = _members(world, plan.name)
            stuck = [guest.label for guest in members if not guest.bridged]
            if members and not {mode_of(found.live), mode_of(tree)} <= {*SERVED, "bridge"}:
                stuck = [guest.label for guest in members]
            if stuck:
                plan.warnings.append(
                    "Network {0} is not restarted: these running guests could not be plugged back: {1}.".format(
                        plan.name, ", ".join(stuck)
                    )
                )
                return
            plan.change("restart", None, ", ".join(plan.restart_required))
            self._restart(plan, members)
        elif _has_away(world, plan.name) or (bridge and self._loose(world)):
            loose = self._loose(world)
            members = [g for g in _members(world, plan.name) if g.network != plan.name or g.device in loose]
            if members or _has_away(world, plan.name):
                plan.change("plugged_back", None, [guest.label for guest in members])
                _plug(plan, members)

    def _restart(self, plan: Plan, members: list[Guest]) -> None:
        """It starts with all that is in its definition: what would change in place has not to."""
        plan.steps = [step for step in plan.steps if step.verb not in ("update", "set_text")]
        plan.restart_required = []
        plan.facts["plugged_back"] = [guest.label for guest in members]
        plan.step("restart", members=members)

    def _loose(self, world: World) -> set[str]:
        if "loose" not in world.facts:
            world.facts["loose"] = _network_guests.loose_taps(world.host)
        return t.cast("set[str]", world.facts["loose"])

    def live_plan(self, desired: Options, live: Element, plan: Plan) -> None:
        """What can change in place does; the rest waits for a restart."""
        wanted = _xml.clone(live)
        pending = self.definition(desired, wanted)
        if not pending:
            return
        calls, after = _network_live.updates(live, wanted)
        for text in _TEXTS if _libvirt_network.keeps_texts() else ():
            shall = _xml.get(wanted, text)
            if shall != _xml.get(after, text):
                plan.step("set_text", which=text, text=shall or "")
                _xml.put(after, text, shall or "")
        # What others keep there does nothing. What was declared when it started is still to be forgotten.
        note = _note.read(live) if _note.there(live) else None
        for each in _xml.find_all(after, "metadata"):
            after.remove(each)
        after.extend(_xml.clone(each) for each in _xml.find_all(wanted, "metadata"))
        _note.drop(after) if note is None else _note.write(after, note)
        plan.restart_required = [change.field for change in self.definition(desired, after)]
        known = {change.field for change in plan.changes}
        for change in pending:
            if change.field not in known and change.field not in plan.restart_required:
                plan.changes.append(change)
        for call in calls:
            plan.step("update", call=call)

    # Steps.

    def update(self, world: World, plan: Plan, call: _network_live.Update) -> None:
        handle = world.found[plan.name].handle
        _libvirt_network.update(handle, call.command, call.section, call.index, call.xml)

    def set_text(self, world: World, plan: Plan, which: str, text: str) -> None:
        _libvirt_network.set_text(world.found[plan.name].handle, which, text)

    def restart(self, world: World, plan: Plan, members: list[Guest]) -> None:
        """Stop and start; where it does not start with its new definition, it runs on with what it had."""
        handle = world.facts["handles"][plan.name]
        _libvirt.stop(handle)
        try:
            _libvirt.start(handle)
        except LibvirtError as error:
            live = world.found[plan.name].live
            _libvirt_network.create(world.host, plan.name, _xml.write(t.cast("Element", live)))
            self.plug(world, plan, members)
            raise KvmError(
                "Network {0} is defined anew and could not be restarted: {1}".format(plan.name, error.message),
                error_code="not_restarted",
                remedy="It runs on with what it had. Correct the declaration.",
                **error.facts,
            ) from error
        self.plug(world, plan, members)

    def plug(self, world: World, plan: Plan, members: list[Guest]) -> None:
        found = world.found.get(plan.name)
        network = _xml.new("network") if found is None else found.config if found.live is None else found.live
        _network_guests.plug(world.host, plan.name, members, network)


def _drop_defaults(desired: Options) -> None:
    """Take out of the xml what libvirt would not keep, because it is so anyway."""
    tree = desired["xml"].tree
    if tree.tag == "network" and tree.get("ipv6") == "no":
        del tree.attrib["ipv6"]
        desired.setdefault("ipv6", False)
    for tag, attribute in (("portgroup", "default"), ("vlan", "trunk")):
        for each in tree.iter(tag):
            if each.get(attribute) == "no":
                del each.attrib[attribute]


def _members(world: World, name: str) -> list[Guest]:
    """The interfaces of running guests in a network, or on their way back into it; all guests are read once a call."""
    if "guests" not in world.facts:
        world.facts["guests"] = _network_guests.guests(world.host)
    networks = (name, AWAY.format(name)) if _has_away(world, name) else (name,)
    return [guest for guest in world.facts["guests"] if guest.network in networks]


def _has_away(world: World, name: str) -> bool:
    """Whether guests were being plugged back when that was interrupted; what is defined is somebody's own network."""
    away = world.facts["handles"].get(AWAY.format(name))
    return away is not None and not _libvirt.is_persistent(away)


def _plug(plan: Plan, members: list[Guest]) -> None:
    plan.facts["plugged_back"] = [guest.label for guest in members]
    plan.step("plug", members=members)


def _refuse_bridge(tree: Element, world: World, plan: Plan) -> None:
    """No two networks make the same bridge; entries of a call are taken in their order."""
    bridge = _xml.get(tree, "bridge/@name")
    if bridge is None or mode_of(tree) not in SERVED:
        return
    if "bridges" not in world.facts:
        world.facts["bridges"] = _libvirt_network.bridges(world.host)
    for name, other in world.facts["bridges"].items():
        if other == bridge and name != plan.name and name not in world.facts.get("gone", ()):
            raise BadValue("bridge.name", bridge, "network {0} has it".format(name))
    world.facts["bridges"][plan.name] = bridge


def _refuse_overlap(desired: Options, world: World, plan: Plan) -> None:
    """Two active networks with the same addresses cut each other off. Entries of a call are taken in their order."""
    verbs = {step.verb for step in plan.steps}
    if not verbs & {"start", "stop", "restart"}:
        return
    if "ranges" not in world.facts:
        found = _libvirt_network.active(world.host)
        world.facts["ranges"] = {name: ranges(_xml.parse(xml, name)) for name, xml in found.items()}
    active = world.facts["ranges"]
    if "stop" in verbs:
        active.pop(desired["name"], None)
    else:
        tree = next((step.args["tree"] for step in plan.steps if step.verb == "define"), None)
        mine = ranges(tree if tree is not None else world.found[desired["name"]].config)
        for name, others in active.items():
            for wanted, other in itertools.product(mine, others):
                if name != desired["name"] and wanted.overlaps(other):
                    raise KvmError(
                        "Network {0}: {1} overlaps {2} of network {3}, which is active.".format(
                            desired["name"], wanted, other, name
                        ),
                        error_code="overlap",
                        remedy="Take other addresses, or make {0} inactive first.".format(name),
                    )
        active[desired["name"]] = mine
