# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a plan a running domain can follow at once, and what waits for its restart.

The live definition is compared with what is declared, like the persistent one: so a field waits for a restart until
there has been one, however often the task runs.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_domain, _merge, _note, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_devices import LISTS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_live_tune import TUNE
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_source_rows import SOURCES
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LibvirtError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, Many, Options, Row, edit
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# What of a media drive's options is the medium.
_MEDIUM = {"format", "auth", "readonly", *(row.option for row in SOURCES)}
Forget = t.Callable[["Element"], t.List[Change]]
# Buses that a disk can be plugged into while the guest runs.
_HOTPLUG = ("virtio", "scsi", "usb")
# Compared where the domain runs only as far as they can be known: libvirt writes out there what the CPU came to be.
_CPU = {"host-model": "custom"}
# Differences of the live XML that mean nothing while the domain runs.
_IGNORED = ("name", "uuid", "autostart", "xml")


@dataclasses.dataclass
class Action:
    """One change of a running domain: what, with which value or device XML, and the field it serves."""

    verb: str
    field: str
    value: t.Any = None
    xml: str = ""
    option: str = ""
    timeout: int = 0
    needs_port: bool = False
    # Changes of the running domain only: they have not happened where this turns out to be impossible.
    changes: list[Change] = dataclasses.field(default_factory=list)


def plan(desired: Options, live: Element, forget: Forget, plan: Plan, active: bool) -> None:
    """Add to a plan what is done live, and name what waits.

    forget: takes out of a definition what its own note says was declared, and is not any more. active: False for a
    domain that is saved: it goes on with what it was saved with, and nothing of that can be changed.
    """
    note = _note.read(live)
    tree = _in_own_words(live)
    pending = _xml_pending(desired, live, note) + edit(ROWS, tree, _comparable(desired, live)) + forget(tree)
    started = {
        option for option, value in _note.without_secrets(ROWS, desired).items() if value == note.declared.get(option)
    }
    known = {change.field for change in plan.changes}
    ports = _free_ports(live)
    for changes in _by_item(pending).values():
        action = _action(changes, live, desired) if active else None
        if action is not None and action.needs_port:
            action = action if ports > 0 else None
            ports -= 1
        if action is None:
            plan.restart_required += [change.field for change in changes if _waits(change, started)]
            continue
        action.changes = [change for change in changes if change.field not in known]
        plan.changes += action.changes
        plan.step("live", action=action)


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
    return isinstance(change.row, Many) and (change.old is None or change.new is None)


def _in_own_words(live: Element) -> Element:
    """The live definition without what libvirt writes differently while a domain runs."""
    live = _xml.clone(live)
    for interface in _xml.find_all(live, "devices/interface"):
        # In a network on a bridge of the host it says which bridge that is.
        if _xml.get(interface, "source/@network") is not None:
            interface.set("type", "network")
    return live


def _xml_pending(desired: Options, live: Element, note: _note.Note) -> list[Change]:
    """What raw XML wants that the running domain has not; none of it is changed live."""
    if "xml" not in desired:
        return []
    given = _xml.clone(desired["xml"].tree)
    edit(ROWS, given, desired)
    changes = [each for each in _merge.merge(_in_own_words(live), given) if _note.digest(each) not in note.kept]
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
    return wanted


def _by_item(changes: list[Change]) -> dict[str, list[Change]]:
    """Changes by what is changed at once: all of one device's together."""
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        key = change.field.split("]")[0] if isinstance(change.row, Many) else change.field
        # A disk's limits are changed by themselves.
        key += ".iotune" if "].iotune." in change.field else ""
        grouped.setdefault(key, []).append(change)
    return grouped


def _action(changes: list[Change], live: Element, desired: Options) -> Action | None:
    """What to do for the changes of one field or device; None where it can't be done live."""
    first = changes[0]
    row = first.row
    if isinstance(row, Many):
        return _device(row, changes, desired)
    if not isinstance(row, Row) or row.live is None:
        return None
    value = _declared(desired, first.field)
    if value is None:
        # It is not declared any more: libvirt can empty a text; what else a limit was before is not known.
        return Action("text", first.field, value="", option=row.option) if row.live == "text" else None
    if row.live == "memory" and not _balloon(value, desired, live):
        return None
    if row.live == "vcpus" and not _pluggable(value, live):
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
    row = next(row for row in ROWS if row.option == "memory")
    maximum = int(row.read(live) or 0)
    return value <= maximum and (value != desired.get("memory") or value == maximum)


def _pluggable(count: int, live: Element) -> bool:
    """Whether the running domain can have so many vCPUs: not more than its maximum, not fewer than are fixed."""
    fixed = sum(
        each.get("enabled") == "yes" and each.get("hotpluggable") == "no" for each in _xml.find_all(live, "vcpus/vcpu")
    )
    return fixed <= count <= int(_xml.get(live, "vcpu") or 0)


def _device(row: Many, changes: list[Change], desired: Options) -> Action | None:
    first = changes[0]
    name = first.field.split("]")[0] + "]"
    before, after = first.old, first.new
    if before is not None and after is not None:
        return _changed_device(row, changes, name, after)
    device = after if after is not None else before
    if device is None:
        return None
    if row.live in TUNE:
        return None if after is None else Action(str(row.live), name, value=_xml.clone(after))
    if row.live != "plug" or (row.option == "disks" and _xml.get(device, "target/@bus") not in _HOTPLUG):
        return None
    text = _xml.write(device)
    if after is not None:
        return Action("attach", name, xml=text, option=row.place, needs_port=_on_pci(row, after))
    return Action("detach", name, xml=text, option=row.place, timeout=desired["timeout"])


def _changed_device(row: Many, changes: list[Change], name: str, after: Element) -> Action | None:
    if row.live in TUNE:
        return Action(str(row.live), name, value=_xml.clone(after))
    if all("].iotune." in change.field for change in changes):
        return Action("iotune", name + ".iotune", value=_xml.clone(after))
    return Action("update", name, xml=_xml.write(after)) if _can_update(row, changes, after) else None


def _on_pci(row: Many, device: Element) -> bool:
    """Whether a device takes a PCI slot of its own (channels and disks of other buses sit on a controller)."""
    if row.option == "disks":
        return _xml.get(device, "target/@bus") == "virtio"
    if row.option == "hostdevs":
        return device.get("type") in ("pci", "mdev")
    if row.option == "memory_devices":
        return str(device.get("model")).startswith("virtio-")
    return row.option in ("interfaces", "rngs", "shmems", "filesystems")


def _free_ports(live: Element) -> int:
    """How many devices can still be plugged into PCI. Only PCI Express runs short: a port holds one device."""
    controllers = [each for each in _xml.find_all(live, "devices/controller") if each.get("type") == "pci"]
    if all(each.get("model") != "pcie-root" for each in controllers):
        return 32
    used = {
        int(each.get("bus") or "0", 0) for each in _xml.find_all(live, "devices/*/address") if each.get("type") == "pci"
    }
    ports = [int(each.get("index") or "0") for each in controllers if each.get("model") == "pcie-root-port"]
    return sum(port not in used for port in ports)


def _can_update(row: Many, changes: list[Change], device: Element) -> bool:
    """Whether libvirt changes all of these in a running device."""
    if row.option == "disks":
        media = device.get("device") in ("cdrom", "floppy")
        if media and all(_part(change) in _MEDIUM for change in changes):
            return True
    live = {each.option for each in row.rows if each.live == "update"}
    return all(_part(change) in live for change in changes)


def _part(change: Change) -> str:
    """Which option of a device a change is about: bandwidth of interfaces[0].bandwidth.inbound.average."""
    return re.split(r"[.\[]", change.field.partition("].")[2])[0]


def apply(host: Host, domain: Handle, plan: Plan, action: Action) -> None:
    """Do it; what QEMU turns out not to be able to do live, or the guest not to do, waits for a restart."""
    try:
        _do(host, domain, action)
    except LibvirtError as error:
        if not error.unsupported and not (action.verb in TUNE and error.invalid):
            raise
        plan.changes = [change for change in plan.changes if change not in action.changes]
        plan.restart_required.append(action.field)
        plan.warnings.append("{0} is changed in the definition only. {1}".format(action.field, error.message))


def _do(host: Host, domain: Handle, action: Action) -> None:
    if action.verb == "memory":
        if not _libvirt_domain.set_memory(host, domain, action.value, action.timeout):
            raise KvmError(
                "Domain {0}: the guest has not followed its memory balloon to {1} within {2} s.".format(
                    domain.name(), format_size(action.value), action.timeout
                ),
                error_code="timeout",
                remedy="Has the guest a virtio balloon driver, and does it get by with so little?",
            )
    elif action.verb == "vcpus":
        _libvirt_domain.set_vcpus(domain, action.value)
    elif action.verb == "text":
        _libvirt_domain.set_text(domain, action.option, action.value)
    elif action.verb == "update":
        _libvirt_domain.update(domain, action.xml)
    elif action.verb == "attach":
        _libvirt_domain.attach(domain, _as_defined(domain, action))
    elif action.verb == "detach":
        _detach(host, domain, action)
    else:
        TUNE[action.verb](host, domain, action.field, action.value)


def _as_defined(domain: Handle, action: Action) -> str:
    """The device as the definition now has it: with the MAC and address that libvirt gave it, so that both agree."""
    wanted = _xml.parse(action.xml, action.field)
    many = next(each for each in LISTS if each.place == action.option)
    defined = _xml.parse(_libvirt_domain.xml(domain, True), "domain")
    live = _xml.parse(_libvirt_domain.xml(domain, False), "domain")
    plugged = {_xml.get(each, "mac/@address") or _xml.get(each, "target/@dev") for each in many.elements(live)}
    item = {option: value for option, value in _read(many, wanted).items() if value is not None}
    for each in many.elements(defined):
        identity = _xml.get(each, "mac/@address") or _xml.get(each, "target/@dev")
        if identity not in plugged and not edit(many.rows, _xml.clone(each), item):
            taken = {_xml.canonical(address) for address in _xml.find_all(live, "devices/*/address")}
            address = _xml.find(each, "address")
            if address is not None and (_xml.canonical(address) in taken or not _has_bus(live, address)):
                each.remove(address)
            return _xml.write(each)
    return action.xml


def _read(many: Many, element: Element) -> Options:
    return {row.option: row.read(element) for row in many.rows}


def _has_bus(live: Element, address: Element) -> bool:
    """Whether the running domain has the PCI bus that an address is on."""
    bus = int(address.get("bus") or "0", 0)
    buses = [each.get("index") for each in _xml.find_all(live, "devices/controller") if each.get("type") == "pci"]
    return address.get("type") != "pci" or str(bus) in buses


def _detach(host: Host, domain: Handle, action: Action) -> None:
    device = _xml.parse(action.xml, action.field)
    alias = _xml.get(device, "alias/@name")

    def gone(text: str) -> bool:
        live = _xml.parse(text, "domain")
        return all(_xml.get(each, "alias/@name") != alias for each in _xml.find_all(live, action.option))

    if not _libvirt_domain.detach(host, domain, action.xml, gone, action.timeout):
        raise KvmError(
            "Domain {0}: the guest has not let go of {1} within {2} s.".format(
                domain.name(), action.field, action.timeout
            ),
            error_code="timeout",
            remedy="It is out of the definition and goes with the next restart; the guest may still be booting.",
        )
