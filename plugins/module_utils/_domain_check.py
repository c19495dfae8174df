# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of a domain that can't be meant together: what libvirt would silently change, or refuse in words of its own.

Everything here is known from the declaration alone. Values are meanings (bytes, sets of CPUs as text).
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._domain_codecs import cpu_numbers
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size


def check(desired: Options) -> None:
    """BadValue names the first option that does not go with another. What follows from one is filled in."""
    _check_memory(desired)
    _check_vcpus(desired)
    _check_cells(desired)
    _check_tuning(desired)
    _check_schedulers(desired.get("cputune", {}))
    _check_boot(desired)
    _check_features(desired.get("features", {}))
    _check_clock(desired.get("clock", {}))
    _check_launch_security(desired.get("launch_security", {}))


def _check_memory(desired: Options) -> None:
    if "memory" in desired:
        desired.setdefault("current_memory", desired["memory"])
        if desired["current_memory"] > desired["memory"]:
            raise BadValue("current_memory", format_size(desired["current_memory"]), "it is more than memory")
        if desired.get("max_memory", desired["memory"]) < desired["memory"]:
            raise BadValue("max_memory", format_size(desired["max_memory"]), "it is less than memory")
    if "max_memory" in desired and "memory_slots" not in desired:
        raise BadValue("max_memory", format_size(desired["max_memory"]), "memory_slots is wanted with it")
    if "memory_slots" in desired and "max_memory" not in desired:
        raise BadValue("memory_slots", desired["memory_slots"], "max_memory is wanted with it")
    backing = desired.get("memory_backing", {})
    if backing.get("pages") and backing.get("hugepages") is False:
        raise BadValue("memory_backing.hugepages", False, "memory_backing.pages are huge pages")
    limits = desired.get("memtune", {})
    if limits.get("swap_hard_limit", math.inf) < limits.get("hard_limit", 0):
        raise BadValue("memtune.swap_hard_limit", format_size(limits["swap_hard_limit"]), "it is less than hard_limit")


def _check_vcpus(desired: Options) -> None:
    topology = desired.get("cpu", {}).get("topology")
    if topology:
        product = math.prod(topology.values())
        if desired.setdefault("max_vcpus", product) != product or desired.get("vcpus", 1) > product:
            count = max(desired["max_vcpus"], desired.get("vcpus", 1))
            raise BadValue("cpu.topology", topology, "it is for {0} vCPUs, not {1}".format(product, count))
    if desired.get("vcpus", 1) > desired.get("max_vcpus", desired.get("vcpus", 1)):
        raise BadValue("vcpus", desired["vcpus"], "it is more than max_vcpus")
    if desired.get("vcpu_placement") == "auto" and desired.get("cpuset"):
        raise BadValue("cpuset", desired["cpuset"], "with vcpu_placement auto it is numad that chooses")


def _check_cells(desired: Options) -> None:
    """libvirt takes a sum of the cells for the memory, and gives vCPUs of no cell to the first one."""
    field = "cpu.numa.cells"
    cells: list[Options] = desired.get("cpu", {}).get("numa", {}).get("cells", [])
    if not cells:
        return
    total = sum(cell["memory"] for cell in cells)
    if "memory" in desired and total > desired["memory"]:
        raise BadValue(
            field, format_size(total), "together they have more than memory, {0}".format(format_size(desired["memory"]))
        )
    if sorted(cell["id"] for cell in cells) != list(range(len(cells))):
        raise BadValue(field, [cell["id"] for cell in cells], "their ids are 0, 1 and so on")
    seen: set[int] = set()
    for cell in cells:
        cpus = cpu_numbers(cell.get("cpus", "")) if cell.get("cpus") else set()
        if seen & cpus:
            raise BadValue("{0}[{1}].cpus".format(field, cell["id"]), cell["cpus"], "another cell has some of them too")
        seen |= cpus
    count = desired.get("max_vcpus")
    if count is not None and seen and seen != set(range(count)):
        raise BadValue(field, len(seen), "together they have every vCPU, which are {0}, from 0".format(count))


def _check_tuning(desired: Options) -> None:
    ids = desired.get("iothreadids")
    if ids is not None and desired.setdefault("iothreads", len(ids)) != len(ids):
        raise BadValue("iothreads", desired["iothreads"], "iothreadids has {0}".format(len(ids)))
    count = desired.get("max_vcpus")
    for index, pin in enumerate(desired.get("cputune", {}).get("vcpupins", [])):
        if count is not None and pin["vcpu"] >= count:
            field = "cputune.vcpupins[{0}].vcpu".format(index)
            raise BadValue(field, pin["vcpu"], "vCPUs are 0 to {0}".format(count - 1))
    for index, group in enumerate(desired.get("throttlegroups", [])):
        for option in group:
            sort, _underscore, rest = option.partition("_")
            if sort in ("read", "write") and "total_" + rest in group:
                field = "throttlegroups[{0}].{1}".format(index, option)
                raise BadValue(field, group[option], "either it or total_{0} is wanted".format(rest))


def _check_schedulers(cputune: Options) -> None:
    for option in ("vcpusched", "iothreadsched", "emulatorsched"):
        entries = cputune.get(option, [])
        for entry in entries if isinstance(entries, list) else [entries]:
            real_time = entry["scheduler"] in ("fifo", "rr")
            if real_time != ("priority" in entry):
                allowed = "it wants a priority" if real_time else "it has no priority"
                raise BadValue("cputune.{0}.scheduler".format(option), entry["scheduler"], allowed)


def _check_boot(desired: Options) -> None:
    nvram, loader = desired.get("nvram", {}), desired.get("loader", {})
    if desired.get("firmware_features") and (desired.get("firmware") == "bios" or "path" in loader):
        raise BadValue(
            "firmware_features", "given", "they are for a firmware efi that libvirt chooses, without loader.path"
        )
    places = [option for option in ("path", "file", "block") if option in nvram]
    if len(places) > 1:
        raise BadValue("nvram", nvram, "one place is wanted, not {0}".format(" and ".join(places)))
    if loader.get("stateless") and nvram:
        raise BadValue("nvram", nvram, "a stateless loader has none")
    if desired.get("shim") and "kernel" not in desired:
        raise BadValue("shim", desired["shim"], "kernel is wanted with it")
    for index, entry in enumerate(desired.get("fwcfg", [])):
        if ("value" in entry) == ("file" in entry):
            raise BadValue("fwcfg[{0}]".format(index), entry["name"], "either value or file is wanted")


def _check_features(features: Options) -> None:
    if features.get("apic") is False and features.get("apic_eoi") is not None:
        raise BadValue("features.apic_eoi", features["apic_eoi"], "features.apic is wanted with it")
    if "smm_tseg" in features and not features.get("smm"):
        raise BadValue("features.smm_tseg", format_size(features["smm_tseg"]), "features.smm is wanted with it")
    hyperv = features.get("hyperv", {})
    if hyperv.get("mode") == "passthrough" and len(hyperv) > 1:
        single = next(option for option in hyperv if option != "mode")
        raise BadValue(
            "features.hyperv." + single, hyperv[single], "mode passthrough already has all that the host can"
        )
    for option, needs in (
        ("stimer_direct", "stimer"),
        ("tlbflush_direct", "tlbflush"),
        ("tlbflush_extended", "tlbflush"),
    ):
        if option in hyperv and not hyperv.get(needs):
            raise BadValue("features.hyperv." + option, hyperv[option], "{0} is wanted with it".format(needs))


def _check_clock(clock: Options) -> None:
    offset = clock.get("offset")
    if offset is None:
        return
    belongs: dict[str, tuple[str, ...]] = {
        "timezone": ("timezone",),
        "basis": ("variable",),
        "start": ("absolute",),
        "adjustment": ("variable", "utc", "localtime"),
    }
    for option, offsets in belongs.items():
        if option in clock and offset not in offsets:
            raise BadValue("clock." + option, clock[option], "it is for offset {0}".format(" or ".join(offsets)))
    for needed, of_offset in (("timezone", "timezone"), ("start", "absolute")):
        if offset == of_offset and needed not in clock:
            raise BadValue("clock.offset", offset, "clock.{0} is wanted with it".format(needed))
    if "adjustment" in clock and (clock["adjustment"] == "reset") != (offset != "variable"):
        allowed = "seconds are for offset variable, reset for utc and localtime"
        raise BadValue("clock.adjustment", clock["adjustment"], allowed)


_BOTH = frozenset({"type", "policy", "cbitpos", "reduced_phys_bits", "kernel_hashes"})
_OF_TYPE: t.Mapping[str, frozenset[str]] = {
    "sev": _BOTH | {"dh_cert", "session"},
    "sev-snp": _BOTH | {"author_key", "vcek", "guest_visible_workarounds", "id_block", "id_auth", "host_data"},
    "s390-pv": frozenset({"type"}),
}


def _check_launch_security(security: Options) -> None:
    if not security:
        return
    sort = security["type"]
    for option in security:
        if option not in _OF_TYPE[sort]:
            raise BadValue("launch_security." + option, "given", "type {0} has none".format(sort))
    if sort != "s390-pv" and "policy" not in security:
        raise BadValue("launch_security.type", sort, "launch_security.policy is wanted with it")
