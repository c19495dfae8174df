# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a domain is made of (https://libvirt.org/formatdomain.html): each option once."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import (
    NAME,
    PATH,
    Integer,
    Size,
    Switch,
    Text,
    Texts,
    Uuid,
    Value,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_devices import DEVICES
from ansible_collections.minicloud.kvm.plugins.module_utils._merge import same_machine
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_MIB = 1024 * 1024


class _Vcpus(Integer):
    """The vCPUs that are there at boot: <vcpu current='2'>4</vcpu>, or all of <vcpu>4</vcpu>."""

    def read(self, element: Element, place: str) -> Value | None:
        text = _xml.get(element, "vcpu/@current") or _xml.get(element, "vcpu")
        return int(text) if text else None

    def write(self, element: Element, place: str, value: Value) -> None:
        maximum = int(_xml.get(element, "vcpu") or 0)
        if value > maximum:
            _xml.put(element, "vcpu", str(value))
        if value >= maximum:
            _xml.drop(element, "vcpu/@current")
        else:
            _xml.put(element, "vcpu/@current", str(value))


class _MaxVcpus(Integer):
    """The vCPUs that can be there; how many are there at boot stays as it was."""

    def write(self, element: Element, place: str, value: Value) -> None:
        before = int(_xml.get(element, "vcpu") or value)
        current = int(_xml.get(element, "vcpu/@current") or before)
        _xml.put(element, "vcpu", str(value))
        if current < value:
            _xml.put(element, "vcpu/@current", str(current))
        else:
            _xml.drop(element, "vcpu/@current")


class _Firmware(Text):
    def read(self, element: Element, place: str) -> Value | None:
        efi = _xml.get(element, "os/@firmware") == "efi" or _xml.get(element, "os/loader/@type") == "pflash"
        return "efi" if efi else "bios"

    def write(self, element: Element, place: str, value: Value) -> None:
        for part in ("os/loader", "os/nvram", "os/firmware", "os/@firmware"):
            _xml.drop(element, part)
        if value == "efi":
            _xml.put(element, "os/@firmware", "efi")


class _CpuMode(Text):
    """A mode without what only belonged to the one before."""

    def write(self, element: Element, place: str, value: Value) -> None:
        for part in ("model", "vendor", "@match", "@check", "@fallback", "@migratable"):
            _xml.drop(element, part)
        super().write(element, place, value)


CPU = Block(
    "cpu",
    "cpu",
    (
        Row(
            "mode",
            "@mode",
            _CpuMode(),
            help="V(host-model) is the host's CPU such that the guest can move to its like, V(host-passthrough) the "
            "very same, V(maximum) all that can be emulated, V(custom) the named O(cpu.model). A new V(kvm) domain has "
            "V(host-model) where O(cpu) is left out.",
            choices=("host-model", "host-passthrough", "maximum", "custom"),
        ),
        Row("model", "model", help="Name of a CPU model of libvirt's, with mode V(custom)."),
        Block(
            "topology",
            "topology",
            tuple(
                Row(
                    part,
                    "@" + part,
                    Integer(1),
                    help="Number of {0}.".format(part),
                    required=part != "dies",
                    absent=1 if part == "dies" else None,
                )
                for part in ("sockets", "dies", "cores", "threads")
            ),
            help="Topology; its product is the number of vCPUs that can be there.",
        ),
        Many(
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
        ),
    ),
    help="The guest's CPU.",
)

STEERING: tuple[AnyRow, ...] = (
    Row("autostart", None, Switch(), help="Whether libvirt starts the domain when the host starts."),
    Row(
        "force",
        None,
        Switch(),
        help="With V(stopped), power the domain off when the guest has not shut down within O(timeout). With "
        "V(absent), power a running domain off.",
        default=False,
    ),
    Row(
        "timeout",
        None,
        Integer(1),
        help="Seconds that a guest has to shut down, or to let go of a device.",
        default=120,
    ),
    Row(
        "restart",
        None,
        choices=("never", "if_required"),
        help="Whether a running domain is shut down and started again when a change needs it.",
        default="never",
    ),
    Row(
        "remove_volumes",
        None,
        Texts(),
        help="With V(absent): targets, such as V(vda), of the disks whose volumes are deleted too. Media are never.",
    ),
    Row(
        "xml",
        None,
        Text(),
        help="libvirt's XML, a whole document or one element of it, for what has no option of its own. It is merged "
        "into what is there; options win over it.",
    ),
)

ROWS: tuple[AnyRow, ...] = (
    Row(
        "name",
        "name",
        NAME,
        help="Name of the domain. May be left out where O(xml) has it.",
        keep=True,
    ),
    Row(
        "state",
        None,
        help="V(present) is defined, running or not; V(running), V(stopped) and V(paused) are defined and so; "
        "V(absent) is not defined. V(stopped) asks the guest to shut down. V(absent) refuses a running domain unless "
        "O(force=true).",
        choices=("present", "running", "stopped", "paused", "absent"),
        default="present",
    ),
    Row(
        "uuid",
        "uuid",
        Uuid(),
        help="UUID. Left out, a new one is made and an existing one kept.",
        keep=True,
    ),
    Row(
        "title",
        "title",
        Text(r"[^\n]+", "it has no line breaks"),
        removable=True,
        help="Short text about the domain.",
        live="text",
    ),
    Row("description", "description", removable=True, help="Longer text about the domain.", live="text"),
    Row(
        "type",
        "@type",
        choices=("kvm", "qemu"),
        help="Hardware virtualisation or emulation. A new domain has V(kvm) where libvirt has it.",
        keep=True,
    ),
    Row(
        "arch",
        "os/type/@arch",
        help="Architecture; the host's for a new domain.",
        keep=True,
    ),
    Row(
        "machine",
        "os/type/@machine",
        help="Machine type, such as V(q35).",
        same=same_machine,
        keep=True,
    ),
    Row(
        "firmware",
        "os/@firmware",
        _Firmware(),
        choices=("bios", "efi"),
        help="Firmware; V(bios) for a new x86 domain.",
        keep=True,
    ),
    Row(
        "memory",
        "memory",
        Size("KiB", _MIB, 1024),
        help="Memory that the domain can have at most, such as V(2GiB).",
        keep=True,
    ),
    Row(
        "current_memory",
        "currentMemory",
        Size("KiB", _MIB, 1024),
        help="Memory that it has now; the same as O(memory) where that is given and this is not.",
        live="memory",
        keep=True,
    ),
    Row(
        "max_vcpus",
        "vcpu",
        _MaxVcpus(1),
        help="Virtual CPUs that the domain can have at most.",
        keep=True,
    ),
    Row(
        "vcpus",
        "vcpu/@current",
        _Vcpus(1),
        help="Virtual CPUs that it has; 1 for a new domain.",
        live="vcpus",
        keep=True,
    ),
    CPU,
    Row(
        "boot", "os/boot/@dev", Texts(choices=("hd", "cdrom", "network", "fd")), help="Order of boot by sort of device."
    ),
    Row("kernel", "os/kernel", PATH, removable=True, help="Kernel on the host to boot directly."),
    Row("initrd", "os/initrd", PATH, removable=True, help="Its initial RAM disk."),
    Row("cmdline", "os/cmdline", removable=True, help="Its command line."),
    *DEVICES,
    *STEERING,
)
