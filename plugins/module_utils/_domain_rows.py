# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a domain is made of (https://libvirt.org/formatdomain.html): each option once.

What few tasks declare is a part of the table: its options by name, and the file that has their rows.
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_devices import DEVICES
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_memory_rows import MEMORY
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_vcpu_rows import VCPUS
from ansible_collections.minicloud.kvm.plugins.module_utils._given import Table, part
from ansible_collections.minicloud.kvm.plugins.module_utils._merge import same_machine
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Row

STEERING: tuple[AnyRow, ...] = (
    Row("autostart", None, _codecs.Switch(), help="Whether libvirt starts the domain when the host starts."),
    Row(
        "force",
        None,
        _codecs.Switch(),
        help="With V(stopped), power the domain off when the guest has not shut down within O(timeout), and throw the "
        "memory of one away that is saved. With V(absent), power a running domain off.",
        default=False,
    ),
    Row(
        "timeout",
        None,
        _codecs.Integer(1),
        help="Seconds that a guest has to shut down, or to let go of a device.",
        default=120,
    ),
    Row(
        "depends_on",
        None,
        _codecs.Texts(),
        help="Domains of the same task that start before this one and stop after it.",
    ),
    Row(
        "restart",
        None,
        choices=("never", "if_required", "always"),
        help="Whether a running domain is shut down and started again: V(if_required) when a change needs it, "
        "V(always) each time that the task runs, which is for handlers.",
        default="never",
    ),
    Row(
        "remove_volumes",
        None,
        _codecs.Texts(),
        help="With V(absent): targets, such as V(vda), of the disks whose volumes are deleted too. Media are never.",
    ),
    Row(
        "xml",
        None,
        _codecs.Text(),
        help="libvirt's XML, a whole document or one element of it, for what has no option of its own. It is merged "
        "into what is there; options win over it.",
    ),
)


@part("genid os_id")
def _identity() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_security_rows  # noqa: PLC0415

    return _domain_security_rows.IDENTITY


@part(
    "firmware loader firmware_features nvram boot bootmenu bios_useserial bios_reboot_timeout smbios_mode "
    "acpi_tables kernel initrd cmdline dtb shim sysinfo fwcfg"
)
def _boot() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_boot_rows  # noqa: PLC0415

    return _domain_boot_rows.BOOT


@part("cpu")
def _cpu() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_cpu_rows  # noqa: PLC0415

    return (_domain_cpu_rows.CPU,)


@part("iothreads iothreadids defaultiothread cputune blkiotune throttlegroups partition fibrechannel_appid perf_events")
def _tuning() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_tuning_rows  # noqa: PLC0415

    return _domain_tuning_rows.TUNING


@part("features clock on_poweroff on_reboot on_crash on_lockfailure suspend_to_mem suspend_to_disk")
def _features() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_feature_rows  # noqa: PLC0415

    return _domain_feature_rows.FEATURES


@part("seclabels launch_security")
def _security() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_security_rows  # noqa: PLC0415

    return _domain_security_rows.SECURITY


@part("emulator qemu_commandline qemu_capabilities qemu_deprecation")
def _qemu() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_qemu_rows  # noqa: PLC0415

    return _domain_qemu_rows.QEMU


ROWS: Table[AnyRow] = Table(
    Row(
        "name",
        "name",
        _codecs.NAME,
        help="Name of the domain. May be left out where O(xml) has it.",
        keep=True,
    ),
    Row(
        "state",
        None,
        help="V(present) is defined, running or not; V(running), V(stopped), V(paused) and V(saved) are defined and "
        "so; V(absent) is not defined. V(stopped) asks the guest to shut down. V(saved) is stopped with the guest's "
        "memory on disk, from where V(running) goes on. V(absent) refuses a running domain unless O(force=true).",
        choices=("present", "running", "stopped", "paused", "saved", "absent"),
        default="present",
    ),
    Row(
        "uuid",
        "uuid",
        _domain_codecs.UuidByName(),
        help="UUID. Left out, a new one is made and an existing one kept.",
        keep=True,
    ),
    Row(
        "title",
        "title",
        _codecs.Text(r"[^\n]+", "it has no line breaks"),
        removable=True,
        help="Short text about the domain.",
        live="text",
    ),
    Row("description", "description", removable=True, help="Longer text about the domain.", live="text"),
    _identity,
    Row(
        "type",
        "@type",
        choices=("kvm", "qemu"),
        help="Hardware virtualisation or emulation. A new domain has V(kvm) where libvirt has it.",
        keep=True,
    ),
    Row("arch", "os/type/@arch", help="Architecture; the host's for a new domain.", keep=True),
    Row("machine", "os/type/@machine", help="Machine type, such as V(q35).", same=same_machine, keep=True),
    _boot,
    *MEMORY,
    *VCPUS,
    _cpu,
    _tuning,
    _features,
    _security,
    *DEVICES.parts,
    _qemu,
    *STEERING,
)
