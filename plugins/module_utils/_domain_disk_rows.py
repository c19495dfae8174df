# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's disks (https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms): each option once."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import (
    NAME,
    PATH,
    Integer,
    Presence,
    Text,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Row

BOOT_ORDER = Row("boot_order", "boot/@order", Integer(1), help="Place in the order of boot; 1 comes first.")

_DISK: tuple[AnyRow, ...] = (
    Row(
        "target",
        "target/@dev",
        Text(r"(?:vd|sd|hd|xvd|fd)[a-z]+", "a device name is wanted, such as vda or sdb"),
        help="Device name, such as V(vda). Left out, the next free one of the bus is taken.",
        keep=True,
    ),
    Row(
        "bus",
        "target/@bus",
        choices=("virtio", "scsi", "sata", "usb", "ide", "fdc"),
        help="Bus; V(virtio) for a new one.",
        keep=True,
    ),
    Row(
        "device", "@device", choices=("disk", "cdrom", "floppy"), help="What the guest sees.", absent="disk", keep=True
    ),
    Row("pool", None, NAME, help="Storage pool of O(disks[].volume)."),
    Row("volume", None, NAME, help="Volume of the pool; its path and format stand in the domain."),
    Row("file", "source/@file", PATH, help="File on the host.", only=("@type", "file")),
    Row("block", "source/@dev", PATH, help="Block device of the host.", only=("@type", "block")),
    Row(
        "format",
        "driver/@type",
        choices=("qcow2", "raw", "vmdk", "vdi", "vpc"),
        help="Format of what the disk lies on. A volume's is known; a file's is V(raw) for libvirt unless said.",
        keep=True,
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
    Row("serial", "serial", removable=True, help="Serial number that the guest sees."),
    BOOT_ORDER,
)

DISKS = Many(
    "disks",
    "devices/disk",
    _DISK,
    help="Disks and media drives.",
    keys=("target", "file", "block"),
    fresh={"@device": "disk", "driver/@name": "qemu"},
    live="plug",
)
