# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's calls that tune a running domain, one small typed function a call."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import doing

with contextlib.suppress(ImportError):  # which _libvirt.py reports
    import libvirt

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host


# VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, which libvirt's Python does not have.
_UNLIMITED = 9007199254740991


def set_scheduler(domain: Handle, parameter: str, value: int) -> None:
    """Shares, periods and quotas of CPU time (VIR_DOMAIN_SCHEDULER_*)."""
    with doing("set {0} of domain {1}".format(parameter, domain.name())):
        domain.setSchedulerParametersFlags({parameter: value}, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_memory_limits(domain: Handle, limits: dict[str, int | None]) -> None:
    """Limits in KiB (VIR_DOMAIN_MEMORY_*), all at once; None is none."""
    with doing("set the {0} of memory of domain {1}".format(", ".join(limits), domain.name())):
        given = {limit: _UNLIMITED if kib is None else kib for limit, kib in limits.items()}
        domain.setMemoryParameters(given, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_blkio_weight(domain: Handle, weight: int) -> None:
    with doing("set the I/O weight of domain {0}".format(domain.name())):
        domain.setBlkioParameters({"weight": weight}, libvirt.VIR_DOMAIN_AFFECT_LIVE)


# libvirt's parameters for single block devices, by their names in the XML.
BLKIO_DEVICE = {
    "weight": "device_weight",
    "read_iops_sec": "device_read_iops_sec",
    "write_iops_sec": "device_write_iops_sec",
    "read_bytes_sec": "device_read_bytes_sec",
    "write_bytes_sec": "device_write_bytes_sec",
}


def set_blkio_device(domain: Handle, path: str, limits: dict[str, int]) -> None:
    """Weight and limits (names of the XML) of a block device of the host; 0 is none."""
    with doing("limit the I/O of domain {0} on {1}".format(domain.name(), path)):
        there = domain.blkioParameters(libvirt.VIR_DOMAIN_AFFECT_LIVE)
        given = {}
        for option, value in limits.items():
            parameter = BLKIO_DEVICE[option]
            before = dict(zip(*[iter(str(there.get(parameter, "")).split(","))] * 2)).get(path, "0")
            # A host may lack what is not wanted.
            if str(value) != before:
                given[parameter] = "{0},{1}".format(path, value)
        domain.setBlkioParameters(given, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_perf_events(domain: Handle, events: t.Collection[str]) -> None:
    """Count these events, and no others."""
    with doing("count events of domain {0}".format(domain.name())):
        there = domain.perfEvents(libvirt.VIR_DOMAIN_AFFECT_LIVE)
        changed = {event: event in events for event, on in there.items() if bool(on) != (event in events)}
        domain.setPerfEvents(changed, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_numa_nodeset(domain: Handle, nodeset: str) -> None:
    with doing("set the NUMA nodes of domain {0}".format(domain.name())):
        domain.setNumaParameters({"numa_nodeset": nodeset}, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def _map(host: Host, cpus: set[int]) -> tuple[bool, ...]:
    return tuple(cpu in cpus for cpu in range(host.connection.getInfo()[2]))


def pin_vcpu(host: Host, domain: Handle, vcpu: int, cpus: set[int]) -> None:
    with doing("pin vCPU {0} of domain {1}".format(vcpu, domain.name())):
        domain.pinVcpuFlags(vcpu, _map(host, cpus), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def pin_emulator(host: Host, domain: Handle, cpus: set[int]) -> None:
    with doing("pin the emulator of domain {0}".format(domain.name())):
        domain.pinEmulator(_map(host, cpus), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def pin_iothread(host: Host, domain: Handle, iothread: int, cpus: set[int]) -> None:
    with doing("pin I/O thread {0} of domain {1}".format(iothread, domain.name())):
        domain.pinIOThread(iothread, _map(host, cpus), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_iothreads(domain: Handle, count: int) -> None:
    """Add I/O threads with the lowest free ids, or remove those with the highest."""
    with doing("set the number of I/O threads of domain {0}".format(domain.name())):
        there = sorted(int(each[0]) for each in domain.ioThreadInfo(libvirt.VIR_DOMAIN_AFFECT_LIVE))
        free = [number for number in range(1, count + len(there) + 1) if number not in there]
        for number in free[: max(0, count - len(there))]:
            domain.addIOThread(number, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        for number in there[count:]:
            domain.delIOThread(number, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_iothread(domain: Handle, number: int, settings: dict[str, int]) -> None:
    """Add an I/O thread where it is not there; its settings (VIR_DOMAIN_IOTHREAD_*)."""
    with doing("set I/O thread {0} of domain {1}".format(number, domain.name())):
        if number not in [int(each[0]) for each in domain.ioThreadInfo(libvirt.VIR_DOMAIN_AFFECT_LIVE)]:
            domain.addIOThread(number, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        if settings:
            domain.setIOThreadParams(number, settings, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def remove_iothread(domain: Handle, number: int) -> None:
    with doing("remove I/O thread {0} of domain {1}".format(number, domain.name())):
        domain.delIOThread(number, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_balloon_period(domain: Handle, seconds: int) -> None:
    with doing("set the statistics period of domain {0}".format(domain.name())):
        domain.setMemoryStatsPeriod(seconds, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_iotune(domain: Handle, target: str, limits: dict[str, t.Any]) -> None:
    """Limits of a disk's throughput; what is left out is without limit."""
    with doing("limit the throughput of {0} of domain {1}".format(target, domain.name())):
        domain.setBlockIoTune(target, limits, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_lifecycle(domain: Handle, event: str, action: str) -> None:
    """What follows an event (on_poweroff, on_reboot, on_crash)."""
    events = {
        "on_poweroff": libvirt.VIR_DOMAIN_LIFECYCLE_POWEROFF,
        "on_reboot": libvirt.VIR_DOMAIN_LIFECYCLE_REBOOT,
        "on_crash": libvirt.VIR_DOMAIN_LIFECYCLE_CRASH,
    }
    actions = {
        "destroy": libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY,
        "restart": libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_RESTART,
        "preserve": libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_PRESERVE,
        "coredump-destroy": libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_COREDUMP_DESTROY,
        "coredump-restart": libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_COREDUMP_RESTART,
    }
    with doing("set {0} of domain {1}".format(event, domain.name())):
        domain.setLifecycleAction(events[event], actions[action], libvirt.VIR_DOMAIN_AFFECT_LIVE)
