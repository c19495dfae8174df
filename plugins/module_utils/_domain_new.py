# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a new domain starts from, before what is declared is written into it."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Options, edit

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# PCI Express ports of a new q35 domain, about what virt-install makes.
_SPARE_PORTS = 12
# Whoever declares one of these says what there is.
_LAID_OUT = ("pcie-root", "pcie-root-port")
_X86 = ("x86_64", "i686")
# Devices of a new domain, each unless its option is declared.
_DEVICES: Options = {
    "serials": [{"type": "pty"}],
    "channels": [{"name": "org.qemu.guest_agent.0"}],
    "rngs": [{"model": "virtio", "backend": "/dev/urandom"}],
}


def blank(desired: Options, capabilities: Element) -> Element:
    """A definition to start from. A whole document stands for itself; else it is what one expects of a server.

    capabilities: the host's (virConnectGetCapabilities).
    """
    tree = _xml.new("domain")
    _xml.put(tree, "name", desired["name"])
    if "xml" in desired and desired["xml"].whole:
        return tree
    if "memory" not in desired:
        raise BadValue("memory", None, "domain {0} is not there yet: to make it, it is wanted".format(desired["name"]))
    arch = desired.get("arch") or _xml.get(capabilities, "host/cpu/arch") or "x86_64"
    guest = next((g for g in _xml.find_all(capabilities, "guest") if _xml.get(g, "arch/@name") == arch), None)
    kind = desired.get("type") or _best_type(guest)
    tree.set("type", kind)
    if not {"vcpus", "max_vcpus"} & set(desired):
        _xml.put(tree, "vcpu", "1")
    _xml.put(tree, "os/type", (None if guest is None else _xml.get(guest, "os_type")) or "hvm")
    _xml.put(tree, "os/type/@arch", arch)
    if guest is not None and "machine" in desired:
        _check_machine(desired["machine"], guest)
    machine = desired.get("machine") or _best_machine(arch, guest)
    if machine:
        _xml.put(tree, "os/type/@machine", machine)
    _add_defaults(tree, set(desired))
    if "q35" in (machine or "") and not any(each.get("model") in _LAID_OUT for each in desired.get("controllers", [])):
        _add_ports(tree)
    return tree


def lacks(tree: Element) -> Options:
    """What a new domain starts with that a definition has not, as options that take it away."""
    options: Options = {row.option: [] for row in rows_of(ROWS, _DEVICES) if not _there(row, tree)}
    if _xml.get(tree, "os/type/@arch") in _X86:
        features = {each: False for each in ("acpi", "apic") if _xml.find(tree, "features/" + each) is None}
        options.update({"features": features} if features else {})
    return options


def _there(row: AnyRow, tree: Element) -> bool:
    return isinstance(row, Many) and bool(row.elements(tree))


def reference(tree: Element) -> Element:
    """What a domain of this type and architecture starts from: what an option that is taken back falls back to."""
    fresh = _xml.new("domain", type=tree.get("type", "kvm"))
    _xml.put(fresh, "os/type/@arch", _xml.get(tree, "os/type/@arch") or "x86_64")
    _add_defaults(fresh, set())
    if fresh.get("type") in ("kvm", "qemu"):
        # libvirt's own, whose model has to be said.
        _xml.put(fresh, "devices/memballoon/@model", "virtio")
    return fresh


def _add_defaults(tree: Element, declared: set[str]) -> None:
    kind = tree.get("type")
    if _xml.get(tree, "os/type/@arch") in _X86:
        # Without ACPI a guest doesn't hear that it should shut down.
        _xml.need(tree, "features/acpi")
        _xml.need(tree, "features/apic")
    if kind == "kvm":
        _xml.put(tree, "cpu/@mode", "host-model")
    _xml.put(tree, "clock/@offset", "utc")
    _xml.need(tree, "devices")
    if kind in ("kvm", "qemu"):
        edit(ROWS, tree, {option: value for option, value in _DEVICES.items() if option not in declared})


def _best_type(guest: Element | None) -> str:
    """Hardware virtualisation where libvirt has it, else what it has."""
    types = [] if guest is None else [str(each.get("type")) for each in _xml.find_all(guest, "arch/domain")]
    return next((each for each in ("kvm", "qemu", *types) if each in types), "kvm")


def _check_machine(machine: str, guest: Element) -> None:
    """libvirt itself refuses it only when it defines the domain."""
    there = _xml.get_all(guest, "arch/machine") + _xml.get_all(guest, "arch/domain/machine")
    if machine not in there:
        # Their names without a version stand for the newest.
        newest = sorted({name for name in there if "-" not in name or not name[-1].isdigit()})
        raise BadValue(
            "machine", machine, "QEMU of this host has {0} and more: virsh capabilities".format(", ".join(newest))
        )


def _best_machine(arch: str, guest: Element | None) -> str | None:
    """q35 where there is one, else libvirt's own default."""
    machines = [] if guest is None else _xml.get_all(guest, "arch/machine")
    return "q35" if arch == "x86_64" and "q35" in machines else None


def _add_ports(tree: Element) -> None:
    """Without a free port nothing can be plugged into a running domain; libvirt alone leaves one."""
    _xml.add(tree, "devices/controller", _xml.new("controller", type="pci", index="0", model="pcie-root"))
    for _port in range(_SPARE_PORTS):
        _xml.add(tree, "devices/controller", _xml.new("controller", type="pci", model="pcie-root-port"))
