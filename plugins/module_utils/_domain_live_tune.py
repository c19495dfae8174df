# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much of the host a running domain gets: which call of libvirt's makes which option so."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_tune, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_codecs import cpu_numbers

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options
    from lxml.etree import _Element as Element

# The names of libvirt's scheduler parameters that are not those of the XML.
_SCHEDULER = {"shares": "cpu_shares", "period": "vcpu_period", "quota": "vcpu_quota"}
_ROWS = ("total", "read", "write")
# The places of an I/O thread's settings, by libvirt's names of them.
_THREAD = {
    "thread_pool_min": "@thread_pool_min",
    "thread_pool_max": "@thread_pool_max",
    "poll_max_ns": "poll/@max",
    "poll_grow": "poll/@grow",
    "poll_shrink": "poll/@shrink",
}
# Every limit of a disk: those that are not declared are none.
LIMITS = (
    *("{0}_{1}_sec{2}".format(s, u, m) for u in ("bytes", "iops") for m in ("", "_max", "_max_length") for s in _ROWS),
    "size_iops_sec",
)


def _scheduler(_host: Host, domain: Handle, field: str, value: int) -> None:
    option = field.rpartition(".")[2]
    _libvirt_tune.set_scheduler(domain, _SCHEDULER.get(option, option), value)


def _memory_limits(_host: Host, domain: Handle, _field: str, value: dict[str, int | None]) -> None:
    limits = {limit: None if size is None else size // 1024 for limit, size in value.items()}
    _libvirt_tune.set_memory_limits(domain, limits)


def _blkio(_host: Host, domain: Handle, _field: str, value: int) -> None:
    _libvirt_tune.set_blkio_weight(domain, value)


def _blkio_device(_host: Host, domain: Handle, _field: str, value: Element) -> None:
    limits = {option: int(_xml.get(value, option) or 0) for option in _libvirt_tune.BLKIO_DEVICE}
    _libvirt_tune.set_blkio_device(domain, _xml.get(value, "path") or "", limits)


def _no_blkio_device(_host: Host, domain: Handle, _field: str, value: Element) -> None:
    _libvirt_tune.set_blkio_device(domain, _xml.get(value, "path") or "", dict.fromkeys(_libvirt_tune.BLKIO_DEVICE, 0))


def _numa(_host: Host, domain: Handle, _field: str, value: str) -> None:
    _libvirt_tune.set_numa_nodeset(domain, value)


def _emulatorpin(host: Host, domain: Handle, _field: str, value: str) -> None:
    _libvirt_tune.pin_emulator(host, domain, cpu_numbers(value))


def _vcpupin(host: Host, domain: Handle, _field: str, value: Element) -> None:
    cpus = cpu_numbers(value.get("cpuset") or "")
    _libvirt_tune.pin_vcpu(host, domain, int(value.get("vcpu") or 0), cpus)


def _iothreadpin(host: Host, domain: Handle, _field: str, value: Element) -> None:
    cpus = cpu_numbers(value.get("cpuset") or "")
    _libvirt_tune.pin_iothread(host, domain, int(value.get("iothread") or 0), cpus)


def _iothreads(_host: Host, domain: Handle, _field: str, value: int) -> None:
    _libvirt_tune.set_iothreads(domain, value)


def _iothread(_host: Host, domain: Handle, _field: str, value: Element) -> None:
    settings = {option: _xml.get(value, place) for option, place in _THREAD.items()}
    given = {option: int(text) for option, text in settings.items() if text is not None}
    _libvirt_tune.set_iothread(domain, int(value.get("id") or 0), given)


def _no_iothread(_host: Host, domain: Handle, _field: str, value: Element) -> None:
    _libvirt_tune.remove_iothread(domain, int(value.get("id") or 0))


def _perf(_host: Host, domain: Handle, _field: str, value: list[str]) -> None:
    _libvirt_tune.set_perf_events(domain, value)


def _balloon_period(_host: Host, domain: Handle, _field: str, value: int) -> None:
    _libvirt_tune.set_balloon_period(domain, value)


def _iotune(_host: Host, domain: Handle, _field: str, value: Element) -> None:
    limits: Options = {limit: int(_xml.get(value, "iotune/" + limit) or 0) for limit in LIMITS}
    for limit in LIMITS:
        # libvirt keeps one, of a second, of a burst that is no more.
        if limit.endswith("_length") and not limits[limit[: -len("_length")]]:
            limits[limit] = 0
    group = _xml.get(value, "iotune/group_name")
    if group:
        limits["group_name"] = group
    _libvirt_tune.set_iotune(domain, _xml.get(value, "target/@dev") or "", limits)


def _lifecycle(_host: Host, domain: Handle, field: str, value: str) -> None:
    _libvirt_tune.set_lifecycle(domain, field, value)


# By the word that a row's live says. A list's is given the entry's element, any other the option's meaning.
TUNE: dict[str, t.Callable[[Host, Handle, str, t.Any], None]] = {
    "scheduler": _scheduler,
    "memory_limit": _memory_limits,
    "blkio": _blkio,
    "blkio_device": _blkio_device,
    "no_blkio_device": _no_blkio_device,
    "numa": _numa,
    "emulatorpin": _emulatorpin,
    "vcpupin": _vcpupin,
    "iothreadpin": _iothreadpin,
    "iothreads": _iothreads,
    "iothread": _iothread,
    "no_iothread": _no_iothread,
    "perf": _perf,
    "balloon_period": _balloon_period,
    "iotune": _iotune,
    "lifecycle": _lifecycle,
}
# What takes away an entry of a list; others can't be taken away, as what they were before is not known.
UNTUNE = {"blkio_device": "no_blkio_device", "iothread": "no_iothread"}
# Those of whose settings none can be taken back while the domain runs.
FOR_GOOD = ("iothread",)
