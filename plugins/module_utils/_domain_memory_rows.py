# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's memory: how much, what backs it, and where on the host it lies."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

_MIB = 1024 * 1024
_NUMA_MODES = ("strict", "preferred", "interleave", "restrictive")

_BACKING = Block(
    "memory_backing",
    "memoryBacking",
    (
        # Before hugepages: the last page that goes takes the element with it.
        Many(
            "pages",
            "hugepages/page",
            (
                Row(
                    "size",
                    "@size",
                    _domain_codecs.AttributeSize("KiB", 1024, 1024),
                    help="Size of the pages.",
                    required=True,
                ),
                Row(
                    "nodeset",
                    "@nodeset",
                    _domain_codecs.CpuSet(),
                    help="The guest's NUMA cells that have them; left out, all.",
                ),
            ),
            help="Sizes of huge pages, such as V(2MiB); left out, the host's default size.",
            keys=("size",),
        ),
        Row("hugepages", "hugepages", _codecs.Presence(), help="Whether memory is made of huge pages.", absent=False),
        Row(
            "nosharepages",
            "nosharepages",
            _codecs.Presence(),
            help="Whether the host is kept from merging equal pages (KSM).",
            absent=False,
        ),
        Row(
            "locked",
            "locked",
            _codecs.Presence(),
            help="Whether the memory is never swapped out. Give O(memtune.hard_limit) too, or the guest may take all "
            "of the host's memory.",
            absent=False,
        ),
        Row(
            "source",
            "source/@type",
            choices=("anonymous", "file", "memfd"),
            help="What the memory is; V(memfd) or V(file) is needed to share it.",
            absent="anonymous",
        ),
        Row(
            "access",
            "access/@mode",
            choices=("shared", "private"),
            help="Whether other processes of the host see it; virtiofs and vhost-user need V(shared).",
        ),
        Row(
            "allocation",
            "allocation/@mode",
            choices=("immediate", "ondemand"),
            help="Whether the memory is taken when the domain starts, or when the guest uses it.",
        ),
        Row("allocation_threads", "allocation/@threads", _codecs.Integer(1), help="Threads that take it at the start."),
        Row(
            "discard",
            "discard",
            _codecs.Presence(),
            help="Whether the memory's content is dropped when the guest ends.",
            absent=False,
        ),
    ),
    help="What the guest's memory is on the host.",
)

_MEMTUNE = Block(
    "memtune",
    "memtune",
    (
        Row(
            "hard_limit",
            "hard_limit",
            _codecs.Size("KiB", 0, 1024),
            help="Memory that the whole QEMU process may take. With too little, the host's kernel kills the guest.",
            live="memory_limit",
        ),
        Row(
            "soft_limit",
            "soft_limit",
            _codecs.Size("KiB", 0, 1024),
            help="Memory that it is brought down to when the host is short of it.",
            live="memory_limit",
        ),
        Row(
            "swap_hard_limit",
            "swap_hard_limit",
            _codecs.Size("KiB", 0, 1024),
            help="Memory and swap together that it may take; more than O(memtune.hard_limit).",
            live="memory_limit",
        ),
    ),
    help="Limits of the host's memory for the domain.",
)

_NUMATUNE = Block(
    "numatune",
    "numatune",
    (
        Row(
            "mode",
            "memory/@mode",
            choices=_NUMA_MODES,
            help="How strictly memory comes from the nodes.",
            absent="strict",
        ),
        Row(
            "nodeset",
            "memory/@nodeset",
            _domain_codecs.PlacedSet(),
            help="NUMA nodes of the host, such as V(0-1).",
            live="numa",
        ),
        Row(
            "placement",
            "memory/@placement",
            _domain_codecs.Decisive("memory/@nodeset", "memnode", stay_with=("static",)),
            choices=("static", "auto"),
            help="V(auto) lets numad choose the nodes, V(static) takes O(numatune.nodeset).",
            absent="static",
        ),
        Many(
            "memnodes",
            "memnode",
            (
                Row("cellid", "@cellid", _codecs.Integer(0), help="Number of the guest's NUMA cell.", required=True),
                Row("mode", "@mode", choices=_NUMA_MODES, help="How strictly.", required=True),
                Row("nodeset", "@nodeset", _domain_codecs.CpuSet(), help="NUMA nodes of the host.", required=True),
            ),
            help="The same for single NUMA cells of the guest.",
            keys=("cellid",),
        ),
    ),
    help="NUMA nodes of the host that the memory comes from.",
)

MEMORY: tuple[AnyRow, ...] = (
    Row(
        "memory",
        "memory",
        _codecs.Size("KiB", _MIB, 1024),
        help="Memory that the domain can have at most, such as V(2GiB).",
        keep=True,
    ),
    Row(
        "memory_dump_core",
        "memory/@dumpCore",
        _codecs.Switch("on", "off"),
        help="Whether a core dump of the QEMU process has the guest's memory in it.",
    ),
    Row(
        "current_memory",
        "currentMemory",
        _codecs.Size("KiB", _MIB, 1024),
        help="Memory that it has now; the same as O(memory) where that is given and this is not.",
        live="memory",
        keep=True,
    ),
    Row(
        "max_memory",
        "maxMemory",
        _codecs.Size("KiB", _MIB, 1024),
        help="Memory that there can be with modules plugged in while the domain runs. Needs O(cpu.numa) to "
        "start, and with libvirt before 9.5.0 O(memory_slots).",
    ),
    Row("memory_slots", "maxMemory/@slots", _codecs.Integer(1, 256), help="Slots for such modules.", keep=True),
    _BACKING,
    _MEMTUNE,
    _NUMATUNE,
)
