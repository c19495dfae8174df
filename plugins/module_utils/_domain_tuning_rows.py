# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much of the host a domain gets: CPU time, pinning, I/O threads, disk throughput, cgroups."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Change, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


@dataclasses.dataclass(frozen=True)
class _PerThread(Many):
    """A list whose entries may name several threads at once; libvirt keeps an element for each of them."""

    def mean(self, field: str, value: _codecs.Value) -> _codecs.Value:
        key = self.keys[0]
        items = [
            {**item, key: str(number)}
            for item in super().mean(field, value)
            for number in sorted(_domain_codecs.cpu_numbers(item[key]))
        ]
        # Once more, for a thread that is named twice.
        return super().mean(field, items)


class _Iothreads(_codecs.Integer):
    """The number of I/O threads. libvirt takes the longer of this and the list of their ids."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        for surplus in _xml.find_all(element, "iothreadids/iothread")[value:]:
            _xml.remove(surplus)
        super().write(element, place, value)


@dataclasses.dataclass(frozen=True)
class _IothreadIds(Many):
    def edit(self, element: Element, wanted: _codecs.Value, field: str) -> list[Change]:
        changes = super().edit(element, wanted, field)
        if changes:
            _xml.put(element, "iothreads", str(len(wanted)))
        return changes


_SCHEDULER = Row(
    "scheduler",
    "@scheduler",
    _domain_codecs.Decisive("@priority", stay_with=("fifo", "rr")),
    choices=("batch", "idle", "fifo", "rr"),
    help="Scheduler of the host's kernel; V(fifo) and V(rr) are for real time.",
    required=True,
)
_PRIORITY = Row("priority", "@priority", _codecs.Integer(1, 99), help="Priority, for V(fifo) and V(rr).")
_VCPU_SET = Row("vcpus", "@vcpus", _domain_codecs.CpuSet(), help="The vCPUs, such as V(0-1).", required=True)
_TIMES: tuple[tuple[str, str], ...] = (
    ("", "each vCPU"),
    ("global_", "the whole domain"),
    ("emulator_", "QEMU's own threads"),
    ("iothread_", "each I/O thread"),
)


def _times() -> t.Iterator[Row]:
    for prefix, what in _TIMES:
        text = "Microseconds in which {0} may use CPU time of O(cputune.{1}quota)."
        yield Row(
            prefix + "period",
            prefix + "period",
            _codecs.Integer(1000, 1000000),
            help=text.format(what, prefix),
            absent=100000,
            live="scheduler",
        )
        text = "Microseconds of CPU time of {0} in a period; V(-1) is without limit."
        yield Row(
            prefix + "quota",
            prefix + "quota",
            _domain_codecs.Quota(),
            help=text.format(what),
            absent=-1,
            live="scheduler",
        )


_CPUTUNE = Block(
    "cputune",
    "cputune",
    (
        Row(
            "shares",
            "shares",
            _codecs.Integer(0, 262144),
            help="Weight against other domains, at most 10000 with cgroups v2.",
            live="scheduler",
        ),
        *_times(),
        Many(
            "vcpupins",
            "vcpupin",
            (
                Row("vcpu", "@vcpu", _codecs.Integer(0), help="Number of the vCPU, from 0.", required=True),
                Row(
                    "cpuset",
                    "@cpuset",
                    _domain_codecs.CpuSet(),
                    help="CPUs of the host, such as V(0-3,^2).",
                    required=True,
                ),
            ),
            help="CPUs of the host that a vCPU runs on.",
            live="vcpupin",
            keys=("vcpu",),
        ),
        Row(
            "emulatorpin",
            "emulatorpin/@cpuset",
            _domain_codecs.CpuSet(),
            help="CPUs of the host that QEMU's own threads run on.",
            live="emulatorpin",
        ),
        Many(
            "iothreadpins",
            "iothreadpin",
            (
                Row("iothread", "@iothread", _codecs.Integer(1), help="Id of the I/O thread.", required=True),
                Row(
                    "cpuset",
                    "@cpuset",
                    _domain_codecs.CpuSet(),
                    help="CPUs of the host, such as V(4-5).",
                    required=True,
                ),
            ),
            help="CPUs of the host that an I/O thread runs on.",
            live="iothreadpin",
            keys=("iothread",),
        ),
        _PerThread(
            "vcpusched", "vcpusched", (_VCPU_SET, _SCHEDULER, _PRIORITY), help="Schedulers of vCPUs.", keys=("vcpus",)
        ),
        _PerThread(
            "iothreadsched",
            "iothreadsched",
            (
                Row("iothreads", "@iothreads", _domain_codecs.CpuSet(), help="Ids of the I/O threads.", required=True),
                _SCHEDULER,
                _PRIORITY,
            ),
            help="Schedulers of I/O threads.",
            keys=("iothreads",),
        ),
        Block("emulatorsched", "emulatorsched", (_SCHEDULER, _PRIORITY), help="Scheduler of QEMU's own threads."),
        Many(
            "cachetune",
            "cachetune",
            (
                _VCPU_SET,
                Many(
                    "caches",
                    "cache",
                    (
                        Row("level", "@level", _codecs.Integer(1), help="Level of the cache.", required=True),
                        Row("id", "@id", _codecs.Integer(0), help="Id of the host's cache.", required=True),
                        Row("type", "@type", choices=("both", "code", "data"), help="What is cached.", required=True),
                        Row(
                            "size",
                            "@size",
                            _domain_codecs.AttributeSize("KiB", 1024, 1024),
                            help="Share of it.",
                            required=True,
                        ),
                    ),
                    help="Shares of the host's caches.",
                ),
                Many(
                    "monitors",
                    "monitor",
                    (
                        Row("level", "@level", _codecs.Integer(1), help="Level of the cache.", required=True),
                        _VCPU_SET,
                    ),
                    help="What is measured.",
                ),
            ),
            help="CPU caches of the host that vCPUs get (resctrl).",
            keys=("vcpus",),
        ),
        Many(
            "memorytune",
            "memorytune",
            (
                _VCPU_SET,
                Many(
                    "nodes",
                    "node",
                    (
                        Row("id", "@id", _codecs.Integer(0), help="NUMA node of the host.", required=True),
                        Row(
                            "bandwidth",
                            "@bandwidth",
                            _codecs.Integer(1),
                            help="Bandwidth in what the host's resctrl counts: per cent, MB/s, or eighths of GB/s.",
                            required=True,
                        ),
                    ),
                    help="Shares of the nodes' bandwidth.",
                    keys=("id",),
                ),
            ),
            help="Memory bandwidth of the host that vCPUs get (resctrl).",
            keys=("vcpus",),
        ),
    ),
    help="CPU time and CPUs of the host.",
)

_POOL: tuple[Row, ...] = (
    Row("thread_pool_min", "@thread_pool_min", _codecs.Integer(0), help="Worker threads that it keeps at least."),
    Row("thread_pool_max", "@thread_pool_max", _codecs.Integer(1), help="Worker threads that it has at most."),
)

_IOTHREADS: tuple[AnyRow, ...] = (
    Row("iothreads", "iothreads", _Iothreads(0), help="Number of I/O threads for disks.", absent=0, live="iothreads"),
    _IothreadIds(
        "iothreadids",
        "iothreadids/iothread",
        (
            Row("id", "@id", _codecs.Integer(1), help="Id of the I/O thread.", required=True),
            *_POOL,
            Row(
                "poll_max",
                "poll/@max",
                _codecs.Integer(0),
                help="Nanoseconds that it polls at most before it sleeps; V(0) is no polling.",
                since="9.4.0",
            ),
            Row(
                "poll_grow", "poll/@grow", _codecs.Integer(0), help="Step by which polling gets longer.", since="9.4.0"
            ),
            Row(
                "poll_shrink", "poll/@shrink", _codecs.Integer(0), help="Step by which it gets shorter.", since="9.4.0"
            ),
        ),
        help="The I/O threads one by one, where their ids or settings matter; then O(iothreads) is their number.",
        keys=("id",),
        live="iothread",
    ),
    Block("defaultiothread", "defaultiothread", _POOL, help="QEMU's main loop, which does the other disks' I/O."),
)


def _rate(option: str, text: str) -> Row:
    return Row(option, option, _domain_codecs.Bytes(), help=text + " per second, such as V(50MiB).")


def _iops(option: str, text: str) -> Row:
    return Row(option, option, _codecs.Integer(1), help=text + " per second.")


_BLKIOTUNE = Block(
    "blkiotune",
    "blkiotune",
    (
        Row(
            "weight",
            "weight",
            _codecs.Integer(1, 10000),
            help="Weight against other domains; 10 to 1000 with cgroups v1.",
            live="blkio",
        ),
        Many(
            "devices",
            "device",
            (
                Row("path", "path", _codecs.PATH, help="Block device of the host.", required=True),
                Row("weight", "weight", _codecs.Integer(1, 10000), help="Weight on this device."),
                _rate("read_bytes_sec", "Reads"),
                _rate("write_bytes_sec", "Writes"),
                _iops("read_iops_sec", "Read operations"),
                _iops("write_iops_sec", "Write operations"),
            ),
            help="The same for single block devices of the host.",
            keys=("path",),
            live="blkio_device",
        ),
    ),
    help="Throughput of the host's disks.",
)


_SORTS = ("total", "read", "write")


def _limits() -> t.Iterator[Row]:
    # In this order: libvirt's schema wants what is read and what is written side by side.
    for sort in _SORTS:
        yield _rate(sort + "_bytes_sec", "Bytes ({0})".format(sort))
    for sort in _SORTS:
        yield _iops(sort + "_iops_sec", "Operations ({0})".format(sort))
    for sort in _SORTS:
        yield _rate(sort + "_bytes_sec_max", "Bytes in a burst ({0})".format(sort))
    for sort in _SORTS:
        yield _iops(sort + "_iops_sec_max", "Operations in a burst ({0})".format(sort))
    for unit in ("bytes", "iops"):
        for sort in _SORTS:
            name = "{0}_{1}_sec_max_length".format(sort, unit)
            text = "Seconds that a burst of O(throttlegroups[].{0}_{1}_sec_max) may last."
            yield Row(name, name, _codecs.Integer(1), help=text.format(sort, unit))
    yield Row("size_iops_sec", "size_iops_sec", _domain_codecs.Bytes(), help="Size of what counts as one operation.")


_PERF_EVENTS = (
    "cmt",
    "mbmt",
    "mbml",
    "cpu_cycles",
    "instructions",
    "cache_references",
    "cache_misses",
    "branch_instructions",
    "branch_misses",
    "bus_cycles",
    "stalled_cycles_frontend",
    "stalled_cycles_backend",
    "ref_cpu_cycles",
    "cpu_clock",
    "task_clock",
    "page_faults",
    "context_switches",
    "cpu_migrations",
    "page_faults_min",
    "page_faults_maj",
    "alignment_faults",
    "emulation_faults",
)

TUNING: tuple[AnyRow, ...] = (
    *_IOTHREADS,
    _CPUTUNE,
    _BLKIOTUNE,
    Many(
        "throttlegroups",
        "throttlegroups/throttlegroup",
        (Row("group_name", "group_name", help="Name of the group.", required=True), *_limits()),
        help="Limits that several disks share.",
        keys=("group_name",),
        since="11.2.0",
    ),
    Row(
        "partition",
        "resource/partition",
        _codecs.PATH,
        help="Group of the host's resources that the domain is in, such as V(/machine); it has to be there.",
    ),
    Row(
        "fibrechannel_appid",
        "resource/fibrechannel/@appid",
        _codecs.Text(r"[ -~]{1,128}", "at most 128 printable characters are wanted"),
        help="Id by which a Fibre Channel network knows the domain's I/O.",
    ),
    Row(
        "perf_events",
        "perf/event",
        _domain_codecs.Named(_PERF_EVENTS),
        help="Events that are counted, such as V(cpu_cycles); virsh domstats shows them.",
        absent=[],
        live="perf",
    ),
)
