# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's virtual CPUs: of what model and topology, in which NUMA cells."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Many, Row

_TOPOLOGY = Block(
    "topology",
    "topology",
    (
        Row("sockets", "@sockets", _codecs.Integer(1), help="Number of sockets.", required=True),
        Row("dies", "@dies", _codecs.Integer(1), help="Number of dies in a socket.", absent=1),
        Row("clusters", "@clusters", _codecs.Integer(1), help="Number of clusters in a die.", absent=1, since="10.1.0"),
        Row("cores", "@cores", _codecs.Integer(1), help="Number of cores in a cluster.", required=True),
        Row("threads", "@threads", _codecs.Integer(1), help="Number of threads in a core.", required=True),
    ),
    help="Topology; its product is the number of vCPUs that can be there.",
)

_FEATURES = Many(
    "features",
    "feature",
    (
        Row("name", "@name", help="Name of the feature.", required=True),
        Row(
            "policy",
            "@policy",
            choices=("force", "require", "optional", "disable", "forbid"),
            help="What is asked of it.",
            absent="require",
        ),
    ),
    help="Features of the CPU.",
    keys=("name",),
    fresh={"@policy": "require"},
)

_CACHE = Block(
    "cache",
    "cache",
    (
        Row(
            "mode",
            "@mode",
            _domain_codecs.Decisive("@level", stay_with=("emulate",)),
            choices=("emulate", "passthrough", "disable"),
            help="V(emulate) makes one up, V(passthrough) shows the host's, V(disable) shows none.",
            required=True,
        ),
        Row("level", "@level", _codecs.Integer(1, 3), help="Level that is meant; left out, all of them."),
    ),
    help="The cache that the guest sees.",
)

_MAXPHYSADDR = Block(
    "maxphysaddr",
    "maxphysaddr",
    (
        Row(
            "mode",
            "@mode",
            _domain_codecs.Decisive("@bits", "@limit"),
            choices=("passthrough", "emulate"),
            help="V(passthrough) shows the host's bits, V(emulate) those of O(cpu.maxphysaddr.bits).",
            required=True,
        ),
        Row("bits", "@bits", _codecs.Integer(1, 64), help="Bits, with mode V(emulate)."),
        Row("limit", "@limit", _codecs.Integer(1, 64), help="Bits at most, with mode V(passthrough).", since="9.3.0"),
    ),
    help="Bits of a physical address.",
)

_INITIATOR = Row("initiator", "@initiator", _codecs.Integer(0), help="Cell that accesses.", required=True)
_TARGET = Row("target", "@target", _codecs.Integer(0), help="Cell whose memory it is.", required=True)
_ACCESS = Row("type", "@type", choices=("access", "read", "write"), help="Sort of access.", required=True)
_OF_CACHE = Row("cache", "@cache", _codecs.Integer(1), help="Level of the target's memory side cache that is meant.")

_CELLS = Many(
    "cells",
    "cell",
    (
        Row("id", "@id", _codecs.Integer(0), help="Number of the cell, from 0.", required=True),
        Row("cpus", "@cpus", _domain_codecs.CpuSet(), help="Its vCPUs, such as V(0-3); left out, it has memory only."),
        Row(
            "memory",
            "@memory",
            _domain_codecs.AttributeSize("KiB", 1024, 1024),
            help="Its memory, such as V(1GiB).",
            required=True,
        ),
        Row(
            "mem_access",
            "@memAccess",
            choices=("shared", "private"),
            help="Whether the memory is shared with other processes of the host.",
        ),
        Row(
            "discard", "@discard", _codecs.Switch(), help="Whether the memory's content is dropped when the guest ends."
        ),
        Many(
            "distances",
            "distances/sibling",
            (
                Row("id", "@id", _codecs.Integer(0), help="Number of the other cell.", required=True),
                Row(
                    "value", "@value", _codecs.Integer(10, 255), help="Distance; 10 is the cell itself.", required=True
                ),
            ),
            help="Distances to every cell, the cell itself among them; the same there and back.",
            keys=("id",),
        ),
        Many(
            "caches",
            "cache",
            (
                Row("level", "@level", _codecs.Integer(1), help="Level of the cache.", required=True),
                Row(
                    "associativity",
                    "@associativity",
                    choices=("direct", "full"),
                    help="Associativity.",
                    required=True,
                ),
                Row(
                    "policy",
                    "@policy",
                    choices=("writeback", "writethrough"),
                    help="Write policy.",
                    required=True,
                ),
                Row(
                    "size",
                    "size/@value",
                    _domain_codecs.AttributeSize("KiB", 1024, 1024),
                    help="Size of the cache.",
                    required=True,
                ),
                Row(
                    "line",
                    "line/@value",
                    _domain_codecs.AttributeSize("B"),
                    help="Size of a line, such as V(64B).",
                    required=True,
                ),
            ),
            help="Memory side caches.",
            keys=("level",),
        ),
    ),
    help="The cells. Their memory together is O(memory), and together they have every vCPU that can be there.",
    keys=("id",),
    required=True,
)

_NUMA = Block(
    "numa",
    "numa",
    (
        _CELLS,
        Many(
            "latencies",
            "interconnects/latency",
            (
                _INITIATOR,
                _TARGET,
                _ACCESS,
                Row("value", "@value", _codecs.Integer(1), help="Nanoseconds.", required=True),
                _OF_CACHE,
            ),
            help="How long it takes from one cell to the memory of another.",
        ),
        Many(
            "bandwidths",
            "interconnects/bandwidth",
            (
                _INITIATOR,
                _TARGET,
                _ACCESS,
                Row(
                    "value",
                    "@value",
                    _domain_codecs.AttributeSize("KiB", 1024, 1024),
                    help="Size per second.",
                    required=True,
                ),
            ),
            help="How much goes from one cell to the memory of another.",
        ),
    ),
    help="NUMA cells of the guest.",
)

CPU = Block(
    "cpu",
    "cpu",
    (
        Row(
            "mode",
            "@mode",
            _domain_codecs.Decisive("model", "vendor", "@match", "@check", "@migratable"),
            help="V(host-model) is the host's CPU such that the guest can move to its like, V(host-passthrough) the "
            "very same, V(maximum) all that can be emulated, V(custom) the named O(cpu.model). A new V(kvm) domain has "
            "V(host-model) where O(cpu) is left out.",
            choices=("host-model", "host-passthrough", "maximum", "custom"),
        ),
        Row("model", "model", _domain_codecs.Filled(), help="Name of a CPU model of libvirt's, with mode V(custom)."),
        Row(
            "fallback",
            "model/@fallback",
            choices=("allow", "forbid"),
            help="Whether a near model may stand in for the named one where the host can't do it.",
            absent="allow",
        ),
        Row(
            "vendor_id",
            "model/@vendor_id",
            _codecs.Text(r"[^,\n]{12}", "twelve characters without a comma are wanted"),
            help="Vendor that the guest sees, of twelve characters.",
        ),
        Row("vendor", "vendor", help="Vendor that the host's CPU has to be of, such as V(Intel)."),
        Row(
            "match",
            "@match",
            choices=("minimum", "exact", "strict"),
            help="How near the CPU has to come to what is declared, with mode V(custom).",
            absent="exact",
        ),
        Row(
            "check",
            "@check",
            choices=("none", "partial", "full"),
            help="How much of it libvirt proves before the domain starts.",
        ),
        Row(
            "migratable",
            "@migratable",
            _codecs.Switch("on", "off"),
            help="Whether features that block a migration are left out, with modes V(host-passthrough) and V(maximum).",
        ),
        _TOPOLOGY,
        _FEATURES,
        _CACHE,
        _MAXPHYSADDR,
        _NUMA,
    ),
    help="The guest's CPU.",
)
