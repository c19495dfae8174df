# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a plan a running domain can follow at once, and what waits for its restart.

The live definition is compared with what is declared, like the persistent one: so a field waits for a restart until
there has been one, however often the task runs.
"""

from __future__ import annotations

import itertools
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _note, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_address_rows import slot_of
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_controller_rows import seat_disks
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_live_apply import Action
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_live_tune import FOR_GOOD, TUNE, UNTUNE
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_memory_device_rows import MEMORY_DEVICES
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_plug import Device, Devices
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_seats import Free, sitting
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, Many, Options, Row, edit

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
    from lxml.etree import _Element as Element

Forget = t.Callable[["Element"], t.List[Change]]
# Compared where the domain runs only as far as they can be known: libvirt writes out there what the CPU came to be.
_CPU = {"host-model": "custom"}
# Differences of the live XML that mean nothing while the domain runs.
_IGNORED = ("name", "uuid", "autostart", "xml")


def plan(desired: Options, live: Element, forget: Forget, plan: Plan, active: bool) -> None:
    """Add to a plan what is done live, and name what waits.

    forget: takes out of a definition what its own note says was declared, and is not any more. active: False for a
    domain that is saved: it goes on with what it was saved with, and nothing of that can be changed.
    """
    note = _note.read(live)
    tree = _in_own_words(live)
    pending = edit(ROWS, tree, _comparable(desired, live)) + forget(tree) + seat_disks(desired, tree)
    # Typed options come first, as in a definition: what they bring is not waited for as a part of the xml.
    pending = _xml_pending(desired, tree, note) + pending
    started = {
        option for option, value in _note.without_secrets(ROWS, desired).items() if value == note.declared.get(option)
    }
    known = {change.field for change in plan.changes}
    # Both as it runs and as it is to be.
    states = (live, tree)
    free = Free(live)
    groups = list(itertools.chain.from_iterable(map(_apart, _by_item(pending).values())))
    actions: list[Action | None] = [None] * len(groups)
    for index in sorted(range(len(groups) if active else 0), key=lambda index: _order(groups[index][0])):
        actions[index] = _action(groups[index], states, desired, free)
        if actions[index] is None and _order(groups[index][0])[0] == 1:
            # What would sit on it has to do without.
            _xml.remove(t.cast("Element", groups[index][0].new))
    brought = _brought(actions)
    done: list[Action] = []
    following: set[str] = set()
    for changes, action in zip(groups, actions):
        if action is None:
            fields = {change.field for change in changes if _follows(change, live, desired, brought)}
            following |= fields
            waiting = [change for change in changes if change.field not in fields]
            plan.restart_required += [change.field for change in waiting if _waits(change, started)]
            continue
        action.changes = [change for change in changes if change.field not in known]
        plan.changes += action.changes
        done.append(action)
    leaving = [action for action in done if action.verb == "detach"]
    for action in sorted(done, key=_turn):
        action.leaving = leaving
        if action.option == MEMORY_DEVICES.place:
            action.following = sorted(following)
        plan.step("live", action=action)
    if leaving:
        plan.step("live", action=Action("settle", "", leaving=leaving))


def _order(change: Change) -> tuple[int, bool]:
    """In which seats are given.

    What goes makes room for what comes, others sit on some of that, and what has a place comes before what takes any
    that is left.
    """
    if change.new is None:
        return 0, False
    carries = isinstance(change.row, (Devices, Device)) and change.row.carrier and change.old is None
    return 1 if carries else 2, slot_of(_xml.find(change.new, "address")) is None


def _turn(action: Action) -> tuple[int, bool]:
    """What goes makes room for what comes. What others sit on comes before them, and goes after them."""
    turns = {"detach": (1, 4), "attach": (3, 2)}
    return turns[action.verb][action.carrier] if action.verb in turns else 0, not action.placed


def _brought(actions: list[Action | None]) -> int:
    """By how much the domain's memory changes with the modules that are plugged, in bytes."""
    size = next(row for row in MEMORY_DEVICES.rows if row.option == "size")
    signs = {"attach": 1, "detach": -1}
    return sum(
        signs.get(action.verb, 0) * int(size.read(_xml.parse(action.xml, action.field)) or 0)
        for action in actions
        if action is not None and action.option == MEMORY_DEVICES.place
    )


def _follows(change: Change, live: Element, desired: Options, brought: int) -> bool:
    """Whether a difference goes with what else is done: that of memory with its modules."""
    if change.field not in ("memory", "current_memory") or not isinstance(change.row, Row):
        return False
    return brought != 0 and bool(int(change.row.read(live) or 0) + brought == desired.get(change.field))


def noted(before: _note.Note, after: _note.Note, waiting: list[str]) -> _note.Note:
    """The note of a running domain: what it was started with, and what has been changed while it ran.

    before, after: the note that it has, and that of its definition. waiting: the fields that wait for a restart.
    """
    waits = {_top(field) for field in waiting}
    declared = {option: value for option, value in after.declared.items() if option not in waits}
    declared.update({option: value for option, value in before.declared.items() if option in waits})
    return _note.Note(declared, before.xml, before.whole, before.kept)


def _top(field: str) -> str:
    """The option of the domain that a field belongs to: disks of disks[vda].cache."""
    return re.split(r"[.\[]", field)[0]


def _waits(change: Change, started: set[str]) -> bool:
    """Whether a difference waits for a restart.

    started: the options with which the domain was started, as declared now. What libvirt has made of their values is
    what they mean while it runs; only whole devices may have come or gone since.
    """
    if _top(change.field) not in started:
        return True
    return isinstance(change.row, (Many, Device)) and (change.old is None or change.new is None)


def _in_own_words(live: Element) -> Element:
    """The live definition without what libvirt writes differently while a domain runs."""
    live = _xml.clone(live)
    for interface in _xml.find_all(live, "devices/interface"):
        # In a network on a bridge of the host it says which bridge that is.
        if _xml.get(interface, "source/@network") is not None:
            interface.set("type", "network")
    return live


def _xml_pending(desired: Options, tree: Element, note: _note.Note) -> list[Change]:
    """What raw XML wants that the running domain has not; none of it is changed live.

    tree: the domain as the typed options make it.
    """
    if "xml" not in desired:
        return []
    given = _xml.clone(desired["xml"].tree)
    edit(ROWS, given, desired)
    changes = [each for each in _merge.merge(_xml.clone(tree), given) if _note.digest(each) not in note.kept]
    if desired["xml"].remembered() == note.xml:
        # It was started with this xml: as above.
        return [each for each in changes if each.before is None and re.fullmatch("xml/devices/[a-z]+", each.field)]
    # What libvirt makes of these is only known when the domain starts.
    chosen = r"xml/(name|uuid|currentMemory|cpu(/.*)?|os/(@?firmware|loader|nvram).*|devices/graphics(/@\w*[pP]ort)?)"
    return [each for each in changes if not re.fullmatch(chosen, each.field)]


def _comparable(desired: Options, live: Element) -> Options:
    """What is declared, as far as the live XML can be held against it."""
    wanted = {option: value for option, value in desired.items() if option not in _IGNORED}
    cpu = dict(wanted.get("cpu", {}))
    mode = _xml.get(live, "cpu/@mode")
    if cpu.get("mode") in _CPU and mode == _CPU[cpu["mode"]]:
        del cpu["mode"]
    # With it libvirt says, of one that runs, that it has proven what the CPU came to be.
    cpu.pop("check", None)
    live_features = {_xml.get(each, "@name"): each for each in _xml.find_all(live, "cpu/feature")}
    if all(each["name"] in live_features for each in cpu.get("features", [])):
        cpu.pop("features", None)
    if "cpu" in wanted:
        wanted["cpu"] = cpu
    modules = [*_xml.get_all(live, "devices/memory/@model"), *(m["model"] for m in wanted.get("memory_devices", ()))]
    if any(model.startswith("virtio-") for model in modules) and wanted.get("current_memory") == wanted.get("memory"):
        # All of it; of these the guest has what it took.
        wanted.pop("current_memory", None)
    if "iothreadids" in wanted:
        # One by one, they are made one by one; their number follows.
        wanted.pop("iothreads", None)
    return wanted


def _by_item(changes: list[Change]) -> dict[str, list[Change]]:
    """Changes by what is changed at once: all of one device's together."""
    grouped: dict[str, list[Change]] = {}
    for index, change in enumerate(changes):
        key = change.field.split("]")[0] if isinstance(change.row, Many) else change.field
        if isinstance(change.row, (Many, Device)) and (change.old is None or change.new is None):
            # Two that come or go may be called the same.
            key += "#{0}".format(index)
        if isinstance(change.row, Row) and change.row.live == "memory_limit":
            # One may not be above the other, whichever comes first.
            key = "memtune"
        # A disk's limits are changed by themselves.
        key += ".iotune" if "].iotune." in change.field else ""
        grouped.setdefault(key, []).append(change)
    return grouped


def _action(changes: list[Change], states: tuple[Element, Element], desired: Options, free: Free) -> Action | None:
    """What to do for the changes of one field or device; None where it can't be done live."""
    first = changes[0]
    row = first.row
    if isinstance(row, (Many, Device)):
        return _device(row, changes, states, desired, free)
    if not isinstance(row, Row) or row.live is None:
        return None
    if row.live == "memory_limit":
        limits = {change.field.rpartition(".")[2]: _declared(desired, change.field) for change in changes}
        return Action(row.live, first.field, value=limits, following=[change.field for change in changes[1:]])
    value = _declared(desired, first.field)
    if value is None:
        # It is not declared any more, and becomes what it would be without. Of some that is not known.
        value = "" if row.live == "text" else row.absent
    if value is None:
        return None
    possible = _POSSIBLE.get(row.live)
    if possible is not None and not possible(value, desired, states[0]):
        return None
    return Action(row.live, first.field, value=value, option=row.option, timeout=min(desired["timeout"], 30))


def _declared(desired: Options, field: str) -> t.Any:
    """The meaning that a field has in the declaration: cputune.shares."""
    value: t.Any = desired
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _balloon(value: int, desired: Options, live: Element) -> bool:
    """Whether current_memory is for the balloon: below what the domain has, and not a part of a new memory."""
    row = rows_of(ROWS, ["memory"])[0]
    maximum = int(row.read(live) or 0)
    return value <= maximum and (value != desired.get("memory") or value == maximum)


def _pluggable(count: int, _desired: Options, live: Element) -> bool:
    """Whether the running domain can have so many vCPUs: not more than its maximum, not fewer than are fixed."""
    fixed = sum(
        each.get("enabled") == "yes" and each.get("hotpluggable") == "no" for each in _xml.find_all(live, "vcpus/vcpu")
    )
    return fixed <= count <= int(_xml.get(live, "vcpu") or 0)


def _loosely_placed(_nodes: str, _desired: Options, live: Element) -> bool:
    """Whether memory may come from other nodes from now on: not where QEMU was told the nodes."""
    return _xml.get(live, "numatune/memory/@mode") in (None, "restrictive")


# By the change of a running domain: whether it can be made, asked with the value, all of them, and the live definition.
_POSSIBLE: dict[str, t.Callable[[t.Any, Options, Element], bool]] = {
    "memory": _balloon,
    "vcpus": _pluggable,
    "numa": _loosely_placed,
}


def _device(
    row: Many | Device, changes: list[Change], states: tuple[Element, Element], desired: Options, free: Free
) -> Action | None:
    name = changes[0].field.split("]")[0] + ("]" if isinstance(row, Many) else "")
    before, after = changes[0].old, changes[0].new
    if isinstance(row, Many) and before is not None and after is not None:
        return _changed_device(row, changes, name, before, after)
    device = after if after is not None else before
    if device is None:
        return None
    if row.live in TUNE:
        verb = str(row.live) if after is not None else UNTUNE.get(str(row.live))
        return None if verb is None else Action(verb, name, value=_xml.clone(device))
    if not isinstance(row, (Devices, Device)):
        return None
    return _plug(row, name, device, after is None, states, desired, free)


def _plug(
    row: Devices | Device,
    name: str,
    device: Element,
    goes: bool,
    states: tuple[Element, Element],
    desired: Options,
    free: Free,
) -> Action | None:
    live, tree = states
    if not row.able(device, live):
        return None
    action = Action("detach" if goes else "attach", name, xml=_xml.write(device), option=row.place)
    action.carrier, action.timeout = row.carrier, desired["timeout"]
    place = slot_of(_xml.find(device, "address"))
    action.placed = place is not None
    seats = row.seats(device, live if goes else tree)
    if not goes:
        return action if free.take(seats, device) else None
    # QEMU lets the functions of a slot go together only.
    if row.idle(device, tree) and place not in [each for _other, each in sitting(tree)]:
        free.give(seats, device)
        return action
    return None


def _changed_device(row: Many, changes: list[Change], name: str, before: Element, after: Element) -> Action | None:
    if row.live in TUNE:
        stays = row.live in FOR_GOOD and any(change.after is None for change in changes)
        return None if stays else Action(str(row.live), name, value=_xml.clone(after))
    if all("].iotune." in change.field for change in changes):
        return Action("iotune", name + ".iotune", value=_xml.clone(after))
    return Action("update", name, xml=_xml.write(after)) if _can_update(row, changes, before, after) else None


def _apart(changes: list[Change]) -> list[list[Change]]:
    """The changes of one device: those that can be made while it runs apart from those that wait."""
    row, old, new = changes[0].row, changes[0].old, changes[0].new
    if not isinstance(row, Many) or row.live in TUNE or old is None or new is None:
        return [changes]
    now = [change for change in changes if _can_update(row, [change], old, new)]
    later = [change for change in changes if change not in now]
    device = _with_old(row, {_part(change) for change in later}, {_part(change) for change in now}, old, new)
    if not now or not later or device is None:
        return [changes]
    for change in now:
        change.new = device
    return [now, later]


def _with_old(row: Many, later: set[str], now: set[str], old: Element, new: Element) -> Element | None:
    """The new device with what waits as it was; None where the two can't be told apart by their elements."""
    steps = {each.option: str(each.place).partition("/")[0] for each in row.rows}
    waiting = {steps.get(option, "") for option in later}
    if waiting & {steps.get(option) for option in now} or any(step[:1] in ("", "@") for step in waiting):
        return None
    device = _xml.clone(new)
    for step in waiting:
        for each in _xml.find_all(device, step):
            device.remove(each)
        for each in _xml.find_all(old, step):
            device.append(_xml.clone(each))
    return device


def _can_update(row: Many, changes: list[Change], old: Element, new: Element) -> bool:
    """Whether libvirt changes all of these in a running device."""
    live = {each.option for each in row.rows if each.live == "update"}
    if isinstance(row, Devices):
        live = row.changes(old, new, live)
    return all(_part(change) in live for change in changes)


def _part(change: Change) -> str:
    """Which option of a device a change is about: bandwidth of interfaces[0].bandwidth.inbound.average."""
    return re.split(r"[.\[]", change.field.partition("].")[2])[0]
