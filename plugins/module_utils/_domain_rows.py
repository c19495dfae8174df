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
    Mac,
    Presence,
    Size,
    Switch,
    Text,
    Texts,
    Uuid,
    Value,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._merge import same_machine
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_MIB = 1024 * 1024
_BOOT_ORDER = Row("boot_order", "boot/@order", Integer(1), help="Place in the order of boot; 1 comes first.")


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


class _Port(Integer):
    """A port; -1 lets libvirt choose."""

    def write(self, element: Element, place: str, value: Value) -> None:
        super().write(element, place, value)
        _xml.put(element, "@autoport", "yes" if value == -1 else "no")

    def read(self, element: Element, place: str) -> Value | None:
        return -1 if _xml.get(element, "@autoport") == "yes" else super().read(element, place)


class _Listen(Text):
    """The address to listen at, which libvirt keeps twice."""

    def read(self, element: Element, place: str) -> Value | None:
        return _xml.get(element, "@listen") or _xml.get(element, "listen/@address")

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.drop(element, "listen")
        _xml.put(element, "@listen", value)


_DISK: tuple[AnyRow, ...] = (
    Row(
        "target",
        "target/@dev",
        Text(r"(?:vd|sd|hd|xvd|fd)[a-z]+", "a device name is wanted, such as vda or sdb"),
        help="Device name, such as V(vda). Left out, the next free one of the bus is taken.",
    ),
    Row(
        "bus",
        "target/@bus",
        choices=("virtio", "scsi", "sata", "usb", "ide", "fdc"),
        help="Bus; V(virtio) for a new one.",
    ),
    Row("device", "@device", choices=("disk", "cdrom", "floppy"), help="What the guest sees.", absent="disk"),
    Row("pool", None, NAME, help="Storage pool of O(disks[].volume)."),
    Row("volume", None, NAME, help="Volume of the pool; its path and format stand in the domain."),
    Row("file", "source/@file", PATH, help="File on the host.", only=("@type", "file")),
    Row("block", "source/@dev", PATH, help="Block device of the host.", only=("@type", "block")),
    Row(
        "format",
        "driver/@type",
        choices=("qcow2", "raw", "vmdk", "vdi", "vpc"),
        help="Format of what the disk lies on. A volume's is known; a file's is V(raw) for libvirt unless said.",
    ),
    Row(
        "cache",
        "driver/@cache",
        choices=("default", "none", "writethrough", "writeback", "directsync", "unsafe"),
        help="Caching on the host.",
        absent="default",
    ),
    Row("io", "driver/@io", choices=("threads", "native", "io_uring"), help="How QEMU does I/O."),
    Row(
        "discard",
        "driver/@discard",
        choices=("unmap", "ignore"),
        help="Whether the guest's discards reach the host.",
    ),
    Row("readonly", "readonly", Presence(), help="Whether the guest can't write.", absent=False),
    Row("shareable", "shareable", Presence(), help="Whether several guests may use it.", absent=False),
    Row("serial", "serial", help="Serial number that the guest sees."),
    _BOOT_ORDER,
)

_INTERFACE: tuple[AnyRow, ...] = (
    Row(
        "network",
        "source/@network",
        NAME,
        help="libvirt network to be in.",
        only=("@type", "network"),
        live="update",
    ),
    Row(
        "bridge",
        "source/@bridge",
        Text(r"[^/\s]{1,15}", "the name of a bridge is wanted"),
        help="Bridge of the host to be on.",
        only=("@type", "bridge"),
        live="update",
    ),
    Row("mac", "mac/@address", Mac(), help="MAC address; libvirt makes one for a new interface, and it is kept."),
    Row("model", "model/@type", help="Model; V(virtio) for a new one."),
    Row(
        "target",
        "target/@dev",
        Text(r"[^/\s]{1,15}", "the name of a network device has 1 to 15 characters"),
        help="Name of the device on the host.",
    ),
    Row("mtu", "mtu/@size", Integer(68, 65535), help="MTU in bytes."),
    Row("link", "link/@state", choices=("up", "down"), help="State of the link.", absent="up", live="update"),
    _BOOT_ORDER,
)


def _character(path: bool = True) -> tuple[AnyRow, ...]:
    rows: tuple[AnyRow, ...] = (
        Row("type", "@type", choices=("pty", "file", "unix"), help="What it is on the host.", absent="pty"),
    )
    if path:
        rows += (
            Row("path", "source/@path", PATH, help="Path of the file or socket."),
            Row("log", "log/@file", PATH, help="File that everything is logged to besides."),
        )
    return rows


DEVICES: tuple[Many, ...] = (
    Many(
        "disks",
        "devices/disk",
        _DISK,
        help="Disks and media drives.",
        keys=("target", "file", "block"),
        fresh={"@device": "disk", "driver/@name": "qemu"},
        live="plug",
    ),
    Many(
        "interfaces",
        "devices/interface",
        _INTERFACE,
        help="Network interfaces.",
        keys=("mac",),
        by_order=True,
        fresh={"model/@type": "virtio"},
        live="plug",
    ),
    Many(
        "serials",
        "devices/serial",
        _character(),
        help="Serial ports. A new domain has one V(pty) where this is left out.",
        by_order=True,
        fresh={"@type": "pty"},
    ),
    Many(
        "consoles",
        "devices/console",
        (
            *_character(path=False),
            Row(
                "target",
                "target/@type",
                choices=("serial", "virtio"),
                help="V(serial) is the first serial port, V(virtio) a console of its own.",
                absent="serial",
            ),
        ),
        help="Consoles.",
        by_order=True,
        fresh={"@type": "pty"},
    ),
    Many(
        "channels",
        "devices/channel",
        (
            Row("name", "target/@name", help="Name in the guest.", required=True),
            Row("type", "@type", choices=("unix", "spicevmc", "pty"), help="What it is on the host.", absent="unix"),
        ),
        help="virtio channels. A new domain has that of the guest agent, V(org.qemu.guest_agent.0), where this is left "
        "out.",
        keys=("name",),
        fresh={"@type": "unix", "target/@type": "virtio"},
        live="plug",
    ),
    Many(
        "graphics",
        "devices/graphics",
        (
            Row("type", "@type", choices=("vnc", "spice"), help="Protocol.", required=True),
            Row("port", "@port", _Port(-1, 65535), help="Port; V(-1) lets libvirt choose."),
            Row("listen", "@listen", _Listen(), help="Address to listen at; libvirt's default is 127.0.0.1."),
            Row("password", "@passwd", help="Password.", no_log=True, live="update"),
        ),
        help="Graphical consoles.",
        keys=("type",),
        fresh={"@port": "-1", "@autoport": "yes"},
    ),
    Many(
        "videos",
        "devices/video",
        (Row("model", "model/@type", help="Model, such as V(virtio), V(vga), V(qxl), V(none).", required=True),),
        help="Video cards.",
        by_order=True,
    ),
    Many(
        "rngs",
        "devices/rng",
        (
            Row("model", "@model", choices=("virtio",), help="Model.", absent="virtio"),
            Row("backend", "backend", PATH, help="Source on the host.", absent="/dev/urandom"),
        ),
        help="Random number generators. A new domain has one from /dev/urandom where this is left out.",
        by_order=True,
        fresh={"@model": "virtio", "backend/@model": "random", "backend": "/dev/urandom"},
        live="plug",
    ),
)

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
                Row(part, "@" + part, Integer(1), help="Number of {0}.".format(part), required=part != "dies", absent=1)
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
    Row("name", "name", NAME, help="Name of the domain. May be left out where O(xml) has it."),
    Row(
        "state",
        None,
        help="V(present) is defined, running or not; V(running), V(stopped) and V(paused) are defined and so; "
        "V(absent) is not defined. V(stopped) asks the guest to shut down. V(absent) refuses a running domain unless "
        "O(force=true).",
        choices=("present", "running", "stopped", "paused", "absent"),
        default="present",
    ),
    Row("uuid", "uuid", Uuid(), help="UUID. Left out, a new one is made and an existing one kept."),
    Row("title", "title", help="Short text about the domain.", live="text"),
    Row("description", "description", help="Longer text about the domain.", live="text"),
    Row(
        "type",
        "@type",
        choices=("kvm", "qemu"),
        help="Hardware virtualisation or emulation. A new domain has V(kvm) where libvirt has it.",
    ),
    Row("arch", "os/type/@arch", help="Architecture; the host's for a new domain."),
    Row("machine", "os/type/@machine", help="Machine type, such as V(q35).", same=same_machine),
    Row(
        "firmware", "os/@firmware", _Firmware(), choices=("bios", "efi"), help="Firmware; V(bios) for a new x86 domain."
    ),
    Row("memory", "memory", Size("KiB", _MIB, 1024), help="Memory that the domain can have at most, such as V(2GiB)."),
    Row(
        "current_memory",
        "currentMemory",
        Size("KiB", _MIB, 1024),
        help="Memory that it has now; the same as O(memory) where that is given and this is not.",
        live="memory",
    ),
    Row("max_vcpus", "vcpu", _MaxVcpus(1), help="Virtual CPUs that the domain can have at most."),
    Row("vcpus", "vcpu/@current", _Vcpus(1), help="Virtual CPUs that it has; 1 for a new domain.", live="vcpus"),
    CPU,
    Row(
        "boot", "os/boot/@dev", Texts(choices=("hd", "cdrom", "network", "fd")), help="Order of boot by sort of device."
    ),
    Row("kernel", "os/kernel", PATH, help="Kernel on the host to boot directly."),
    Row("initrd", "os/initrd", PATH, help="Its initial RAM disk."),
    Row("cmdline", "os/cmdline", help="Its command line."),
    *DEVICES,
    *STEERING,
)
