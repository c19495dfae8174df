# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a domain's machine can do: ACPI, Hyper-V's and KVM's interfaces, clock, power, reaction to events."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

if t.TYPE_CHECKING:
    pass

_MIB = 1024 * 1024


def _state(option: str, text: str, since: str = "") -> Row:
    place = option.replace("_", "-") + "/@state"
    return Row(option, place, _codecs.Switch("on", "off"), help=text, since=since)


def _hyperv(option: str, text: str, since: str = "") -> Row:
    """Hyper-V's words have underscores in libvirt too."""
    return Row(option, option + "/@state", _codecs.Switch("on", "off"), help=text, since=since)


_HYPERV = Block(
    "hyperv",
    "hyperv",
    (
        Row(
            "mode",
            "@mode",
            _domain_codecs.Decisive("*", stay_with=("custom",)),
            choices=("custom", "passthrough"),
            help="V(custom) has what is declared here, V(passthrough) all that the host can.",
            absent="custom",
        ),
        _hyperv("relaxed", "Relaxed timers."),
        _hyperv("vapic", "Virtual APIC."),
        Row(
            "spinlocks_retries",
            "spinlocks",
            _domain_codecs.Stated("retries", _codecs.Integer(4095, 4294967295)),
            help="Turns spinlock support on: how often the guest tries before it tells the hypervisor.",
        ),
        _hyperv("vpindex", "Index of the virtual processor."),
        _hyperv("runtime", "Time that the virtual processor ran."),
        _hyperv("synic", "Synthetic interrupt controller; needs O(features.hyperv.vpindex)."),
        _hyperv("stimer", "Its timers; needs O(features.hyperv.synic)."),
        Row("stimer_direct", "stimer/direct/@state", _codecs.Switch("on", "off"), help="Direct mode of the timers."),
        _hyperv("reset", "Reset by the guest."),
        Row(
            "vendor_id",
            "vendor_id",
            _domain_codecs.Stated(
                "value", _codecs.Text(r"[^,]{1,12}", "at most twelve characters without a comma are wanted")
            ),
            help="Vendor that the hypervisor says it is of, at most twelve characters.",
        ),
        _hyperv("frequencies", "Frequencies in registers."),
        _hyperv("reenlightenment", "Notice after a migration."),
        _hyperv("tlbflush", "Flush of other processors' TLB; needs O(features.hyperv.vpindex)."),
        Row(
            "tlbflush_direct",
            "tlbflush/direct/@state",
            _codecs.Switch("on", "off"),
            help="The same for nested guests.",
            since="11.0.0",
        ),
        Row(
            "tlbflush_extended",
            "tlbflush/extended/@state",
            _codecs.Switch("on", "off"),
            help="The same for parts of the memory.",
            since="11.0.0",
        ),
        _hyperv("ipi", "Interrupts between processors; needs O(features.hyperv.vpindex)."),
        _hyperv("evmcs", "Enlightened VMCS, for nested guests on Intel."),
        _hyperv("avic", "Synthetic interrupts with the host's APICv or AVIC."),
        _hyperv("emsr_bitmap", "Fewer exits of nested guests for registers.", "10.7.0"),
        _hyperv("xmm_input", "Parameters of hypercalls in XMM registers.", "10.7.0"),
    ),
    help="Interfaces of Hyper-V, for Windows guests.",
)

_KVM = Block(
    "kvm",
    "kvm",
    (
        _state("hidden", "Whether the guest can't see that it runs on KVM."),
        _state("hint_dedicated", "Whether the guest is told that its vCPUs have CPUs of their own."),
        _state("poll_control", "Whether the guest may poll before it gives a CPU back."),
        _state("pv_ipi", "Interrupts between vCPUs by hypercall."),
        Row(
            "dirty_ring_size",
            "dirty-ring",
            _domain_codecs.Stated("size", _domain_codecs.PowerOfTwo(1024, 65536)),
            help="Turns the ring of dirtied pages on: how many it holds for each vCPU, a power of two.",
        ),
    ),
    help="What KVM does for or hides from the guest.",
)

_FEATURES = Block(
    "features",
    "features",
    (
        Row(
            "acpi", "acpi", _codecs.Presence(), help="ACPI; without it a guest does not hear that it should shut down."
        ),
        Row("apic", "apic", _codecs.Presence(), help="APIC."),
        Row(
            "apic_eoi",
            "apic/@eoi",
            _codecs.Switch("on", "off"),
            help="End of interrupt by the guest. Needs O(features.apic).",
        ),
        Row("pae", "pae", _codecs.Presence(), help="More than 4 GiB of memory for guests of 32 bit."),
        _state("hap", "Paging with the hardware's help."),
        _HYPERV,
        _KVM,
        _state("pvspinlock", "Whether spinlocks of the guest tell the host."),
        _state("pmu", "Whether the guest can count events of the CPU."),
        _state("vmport", "VMware's I/O port."),
        _state("smm", "System Management Mode; Secure Boot needs it."),
        Row(
            "smm_tseg",
            "smm/tseg",
            _codecs.Size("KiB", 0, 1024),
            help="Size of its extended memory, such as V(48MiB); V(0B) is none. Needs O(features.smm).",
        ),
        Row(
            "ioapic_driver",
            "ioapic/@driver",
            choices=("kvm", "qemu"),
            help="Whether the I/O APIC is the kernel's or QEMU's.",
        ),
        Row("gic_version", "gic/@version", choices=("2", "3", "host"), help="Version of an ARM guest's GIC."),
        _state("vmcoreinfo", "Whether the guest can leave what a crash dump needs."),
        Row(
            "tcg_tb_cache",
            "tcg/tb-cache",
            _codecs.Size("MiB", _MIB, _MIB),
            help="Cache of translated code of an emulated CPU, such as V(128MiB).",
        ),
        Row(
            "async_teardown",
            "async-teardown/@enabled",
            _codecs.Switch(),
            help="Whether memory is given back in the background when the guest ends.",
            since="9.6.0",
        ),
        _state("ras", "Whether an ARM guest hears of faults of the host's memory.", "10.4.0"),
        _state("ps2", "PS/2 controller.", "10.7.0"),
    ),
    help="What the machine can do.",
)


_TIMERS = Many(
    "timers",
    "timer",
    (
        Row(
            "name",
            "@name",
            choices=("rtc", "pit", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer"),
            help="The timer.",
            required=True,
        ),
        Row("present", "@present", _codecs.Switch(), help="Whether the guest has it."),
        Row(
            "tickpolicy",
            "@tickpolicy",
            _domain_codecs.Decisive("catchup", stay_with=("catchup",)),
            choices=("delay", "catchup", "discard"),
            help="What becomes of missed ticks: V(rtc) takes V(delay) and V(catchup), V(pit) V(delay) and V(discard).",
        ),
        Row("track", "@track", choices=("guest", "wall", "realtime"), help="What V(rtc) follows."),
        Row("frequency", "@frequency", _codecs.Integer(1), help="Hertz of V(tsc)."),
        Row(
            "catchup_threshold",
            "catchup/@threshold",
            _codecs.Integer(1),
            help="Threshold of O(clock.timers[].tickpolicy=catchup).",
        ),
        Row("catchup_slew", "catchup/@slew", _codecs.Integer(1), help="Its slew."),
        Row("catchup_limit", "catchup/@limit", _codecs.Integer(1), help="Its limit."),
    ),
    help="Timers that are not as QEMU makes them.",
    keys=("name",),
)

_CLOCK = Block(
    "clock",
    "clock",
    (
        Row(
            "offset",
            "@offset",
            _domain_codecs.Decisive("@timezone", "@adjustment", "@basis", "@start"),
            choices=("utc", "localtime", "timezone", "variable", "absolute"),
            help="What the guest's clock shows: UTC, the host's time, that of O(clock.timezone), UTC and "
            "O(clock.adjustment), or always O(clock.start). A new domain has V(utc).",
        ),
        Row("timezone", "@timezone", help="Zone, such as V(Europe/Paris), with V(timezone)."),
        Row(
            "adjustment",
            "@adjustment",
            _codecs.Text(r"reset|-?(0|[1-9][0-9]*)", "a number of seconds, or reset, is wanted"),
            help="Seconds, with V(variable). With V(utc) and V(localtime): V(reset) forgets what the guest set.",
        ),
        Row(
            "basis",
            "@basis",
            choices=("utc", "localtime"),
            help="What O(clock.adjustment) is added to, with V(variable).",
            absent="utc",
        ),
        Row(
            "start",
            "@start",
            _codecs.Integer(0, 253402300799),
            help="Seconds since 1970 that the clock shows at every start, with V(absolute).",
        ),
        _TIMERS,
    ),
    help="The guest's clock and timers.",
)

FEATURES: tuple[AnyRow, ...] = (
    _FEATURES,
    _CLOCK,
    Row(
        "on_poweroff",
        "on_poweroff",
        choices=("destroy", "restart"),
        help="What follows when the guest powers off.",
        absent="destroy",
        live="lifecycle",
    ),
    Row(
        "on_reboot",
        "on_reboot",
        choices=("destroy", "restart"),
        help="What follows when the guest reboots.",
        absent="restart",
        live="lifecycle",
    ),
    Row(
        "on_crash",
        "on_crash",
        choices=("destroy", "restart", "preserve", "coredump-destroy", "coredump-restart"),
        help="What follows when the guest crashes.",
        absent="destroy",
        live="lifecycle",
    ),
    Row(
        "on_lockfailure",
        "on_lockfailure",
        choices=("poweroff", "restart", "pause", "ignore"),
        help="What follows when the lock of a disk is lost.",
    ),
    Row(
        "suspend_to_mem",
        "pm/suspend-to-mem/@enabled",
        _codecs.Switch(),
        help="Whether the guest is offered sleep (S3).",
    ),
    Row(
        "suspend_to_disk",
        "pm/suspend-to-disk/@enabled",
        _codecs.Switch(),
        help="Whether it is offered hibernation (S4).",
    ),
)
