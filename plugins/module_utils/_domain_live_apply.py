# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changing a running domain: the calls of libvirt's for what _domain_live.py has planned."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_domain, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_devices import pluggable
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_live_tune import TUNE
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LibvirtError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, edit, read
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element


@dataclasses.dataclass
class Action:
    """One change of a running domain: what, with which value or device XML, and the field it serves."""

    verb: str
    field: str
    value: t.Any = None
    xml: str = ""
    option: str = ""
    timeout: int = 0
    # Others sit on it.
    carrier: bool = False
    # Where it sits is said.
    placed: bool = False
    # All that are unplugged with it, and what came of this one: where a guest keeps a device, others come all the same.
    leaving: list[Action] = dataclasses.field(default_factory=list)
    failed: KvmError | None = None
    # Fields that are as declared once it is done.
    following: list[str] = dataclasses.field(default_factory=list)
    # Changes of the running domain only: they have not happened where this turns out to be impossible.
    changes: list[Change] = dataclasses.field(default_factory=list)


def apply(host: Host, domain: Handle, plan: Plan, action: Action) -> None:
    """Do it; what QEMU turns out not to be able to do live, or the guest not to do, waits for a restart."""
    try:
        _do(host, domain, action)
    except LibvirtError as error:
        if not error.unsupported and not (action.verb in TUNE and error.invalid):
            raise
        plan.changes = [change for change in plan.changes if change not in action.changes]
        plan.restart_required += [action.field, *action.following]
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
        _attach(domain, action)
    elif action.verb == "detach":
        _detach(host, domain, action)
    elif action.verb == "settle":
        for failed in (each.failed for each in action.leaving if each.failed is not None):
            raise failed
    else:
        TUNE[action.verb](host, domain, action.field, action.value)


def _attach(domain: Handle, action: Action) -> None:
    defined = _xml.parse(_libvirt_domain.xml(domain, True), "domain")
    live = _xml.parse(_libvirt_domain.xml(domain, False), "domain")
    device = _as_defined(defined, live, action)
    controllers = [_scsi_controllers(each) for each in (defined, live)]
    on_scsi = "scsi" in (_xml.get(device, "target/@bus"), device.get("type")) and not action.carrier
    for index in sorted(controllers[0].keys() - controllers[1].keys()) if on_scsi else ():
        # Otherwise libvirt plugs in one that is not the definition's.
        if index <= int(_xml.get(device, "address/@controller") or 0):
            _libvirt_domain.attach(domain, _xml.write(_placed(controllers[0][index], live)))
            live = _xml.parse(_libvirt_domain.xml(domain, False), "domain")
    _libvirt_domain.attach(domain, _xml.write(_placed(device, live)))


def _scsi_controllers(tree: Element) -> dict[int, Element]:
    controllers = _xml.find_all(tree, "devices/controller")
    return {int(each.get("index") or 0): each for each in controllers if each.get("type") == "scsi"}


def _as_defined(defined: Element, live: Element, action: Action) -> Element:
    """The device as the definition now has it: with the MAC and address that libvirt gave it, so that both agree."""
    wanted = _xml.parse(action.xml, action.field)
    sort = next(each for each in pluggable() if each.place == action.option)
    plugged = {_identity(each) for each in sort.elements(live)} - {""}
    item = {option: value for option, value in read(sort.rows, wanted).items() if value is not None}
    for each in sort.elements(defined):
        if _identity(each) not in plugged and not edit(sort.rows, _xml.clone(each), item):
            return each
    return wanted


def _placed(device: Element, live: Element) -> Element:
    """A device without an address that the running domain has not free."""
    taken = {_seat(each) for each in _xml.find_all(live, "devices/*")}
    address = _xml.find(device, "address")
    if address is not None and (_seat(device) in taken or not _has_bus(live, address)):
        device.remove(address)
    return device


def _identity(device: Element) -> str:
    """What tells a device from others of its sort: a name, or where it sits; "" where there is nothing."""
    for place in ("mac/@address", "target/@dev", "target/@dir", "@name"):
        if _xml.get(device, place):
            return str(_xml.get(device, place))
    return _seat(device)


def _seat(device: Element) -> str:
    """Where a device sits, and on which sort of bus."""
    address = _xml.find(device, "address")
    if address is None:
        return ""
    known = _xml.clone(address)
    # Only a running module of memory has one.
    _xml.drop(known, "@base")
    return "{0} {1}".format(_xml.get(device, "target/@bus") or "", _xml.canonical(known))


def _has_bus(live: Element, address: Element) -> bool:
    """Whether the running domain has the PCI bus, or the USB hub, that an address is on."""
    if address.get("type") == "usb":
        hub = str(address.get("port")).rpartition(".")[0]
        return hub in ("", *_xml.get_all(live, "devices/hub/address/@port"))
    bus = int(address.get("bus") or "0", 0)
    buses = [each.get("index") for each in _xml.find_all(live, "devices/controller") if each.get("type") == "pci"]
    return address.get("type") != "pci" or str(bus) in buses


def _detach(host: Host, domain: Handle, action: Action) -> None:
    if any(each.failed is not None for each in action.leaving):
        # This guest does not answer; the next run asks it again.
        return
    device = _xml.parse(action.xml, action.field)
    alias = _xml.get(device, "alias/@name")

    def gone(text: str) -> bool:
        there = _xml.find_all(_xml.parse(text, "domain"), action.option)
        if alias is None:
            # A lease is no device of QEMU's.
            return all(_xml.canonical(each) != _xml.canonical(device) for each in there)
        return all(_xml.get(each, "alias/@name") != alias for each in there)

    if not _libvirt_domain.detach(host, domain, action.xml, gone, action.timeout):
        action.failed = KvmError(
            "Domain {0}: the guest has not let go of {1} within {2} s.".format(
                domain.name(), action.field, action.timeout
            ),
            error_code="timeout",
            remedy="It is out of the definition and goes with the next restart; the guest may still be booting.",
        )
