# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's disks (https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms): each option once."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _domain_controller_rows,
    _domain_plug,
    _domain_source_rows,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

BOOT_ORDER = Row("boot_order", "boot/@order", _codecs.Integer(1), help="Place in the order of boot; 1 comes first.")
MODELS = ("virtio", "virtio-transitional", "virtio-non-transitional")


def _limits() -> tuple[AnyRow, ...]:
    """Limits of throughput: all of it, or reading and writing; a number of bytes or of requests a second."""
    rows: list[AnyRow] = []
    for unit, text, codec in (
        ("bytes", "bytes a second, such as V(50MiB)", _codecs.PlainSize(minimum=0)),
        ("iops", "requests a second", _codecs.Integer(0)),
    ):
        for end, about, kind in (
            ("_sec", "Limit of {0}, in {1}.", codec),
            ("_sec_max", "Burst of {0}, in {1}.", codec),
            ("_sec_max_length", "How long a burst of {0} may last, in seconds.", _codecs.Integer(0)),
        ):
            for what, of in (("total", "all I/O"), ("read", "reading"), ("write", "writing")):
                others = ("read", "write") if what == "total" else ("total",)
                rows.append(
                    Row(
                        "{0}_{1}{2}".format(what, unit, end),
                        "{0}_{1}{2}".format(what, unit, end),
                        kind,
                        help=about.format(of, text) + " 0 is none." * (kind is codec),
                        absent=0,
                        instead_of=tuple("{0}_{1}{2}".format(other, unit, end) for other in others),
                    )
                )
    return tuple(rows)


_IOTUNE = Block(
    "iotune",
    "iotune",
    (
        *_limits(),
        Row(
            "size_iops_sec",
            "size_iops_sec",
            _codecs.PlainSize(minimum=0),
            help="Size that counts as one request.",
            absent=0,
        ),
        Row("group_name", "group_name", help="Group of disks that share the limits."),
    ),
    help="Limits of throughput. The total goes with neither reading nor writing.",
    live="iotune",
)

_DRIVER: tuple[AnyRow, ...] = (
    Row(
        "format",
        "driver/@type",
        choices=("qcow2", "raw", "vmdk", "vdi", "vpc", "qcow", "qed", "bochs", "cloop", "dmg", "fat"),
        help="Format of what the disk lies on. A volume's is known; anything else is V(raw) for libvirt unless said.",
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
        "error_policy",
        "driver/@error_policy",
        choices=("stop", "report", "ignore", "enospace"),
        help="What an error means; V(enospace) stops the guest only when there is no space left.",
    ),
    Row(
        "rerror_policy",
        "driver/@rerror_policy",
        choices=("stop", "report", "ignore"),
        help="What an error in reading means; as O(disks[].error_policy) where it is left out.",
    ),
    Row(
        "discard",
        "driver/@discard",
        choices=("unmap", "ignore"),
        help="Whether the guest's discards reach the host.",
    ),
    Row(
        "detect_zeroes",
        "driver/@detect_zeroes",
        choices=("off", "on", "unmap"),
        help="Whether writing zeroes is done by the quicker way of the host; V(unmap) discards instead.",
    ),
    Row(
        "discard_no_unref",
        "driver/@discard_no_unref",
        _codecs.Switch("on", "off"),
        help="Whether a discarded cluster of a qcow2 image keeps its place, against fragmentation.",
        since="9.5.0",
    ),
    Row("copy_on_read", "driver/@copy_on_read", _codecs.Switch("on", "off"), help="Whether what is read is copied up."),
    Row(
        "metadata_cache_size",
        "driver/metadata_cache/max_size",
        _codecs.Size("B"),
        help="At most so much cache for the metadata of a qcow2 image (a size).",
    ),
    Row("queues", "driver/@queues", _codecs.Integer(1), help="Number of virtio queues."),
    Row(
        "queue_size",
        "driver/@queue_size",
        _codecs.Integer(1, 1024),
        help="Requests that a queue holds; a power of two.",
    ),
    Row("iothread", "driver/@iothread", _codecs.Integer(1), help="Number of the I/O thread of a virtio disk."),
    _domain_controller_rows.IOTHREADS,
    Row(
        "ioeventfd",
        "driver/@ioeventfd",
        _codecs.Switch("on", "off"),
        help="Whether requests are taken without stopping vCPUs.",
    ),
    Row("event_idx", "driver/@event_idx", _codecs.Switch("on", "off"), help="Whether interrupts are spared."),
    *_domain_controller_rows.VIRTIO,
)

_DISK: tuple[AnyRow, ...] = (
    Row(
        "target",
        "target/@dev",
        _codecs.Text(r"(?:vd|sd|hd|xvd|fd)[a-z]+", "a device name is wanted, such as vda or sdb"),
        help="Device name, such as V(vda). Left out, the next free one of the bus is taken.",
        keep=True,
    ),
    Row(
        "bus",
        "target/@bus",
        _domain_address_rows.Bus(),
        choices=("virtio", "scsi", "sata", "usb", "ide", "fdc", "sd"),
        help="Bus; V(virtio) for a new one.",
        keep=True,
    ),
    Row(
        "device",
        "@device",
        choices=("disk", "cdrom", "floppy", "lun"),
        help="What the guest sees; V(lun) passes SCSI commands on to a block device or iSCSI target.",
        absent="disk",
        keep=True,
    ),
    Row("model", "@model", choices=MODELS, help="Model of a virtio disk.", absent="virtio", keep=True),
    *_domain_source_rows.VOLUME,
    *_domain_source_rows.SOURCES,
    *_domain_source_rows.SOURCE_MORE,
    *_DRIVER,
    Row("readonly", "readonly", _codecs.Presence(), help="Whether the guest can't write.", absent=False),
    Row("shareable", "shareable", _codecs.Presence(), help="Whether several guests may use it.", absent=False),
    Row(
        "transient",
        "transient",
        _codecs.Presence(),
        help="Whether what the guest writes is gone when it stops.",
        absent=False,
    ),
    Row(
        "share_backing",
        "transient/@shareBacking",
        _codecs.Switch(),
        help="Whether several guests may share a transient disk.",
        absent=False,
    ),
    Row("serial", "serial", removable=True, help="Serial number that the guest sees."),
    Row(
        "wwn",
        "wwn",
        _codecs.Text(r"[0-9A-Fa-f]{16}", "16 hexadecimal digits are wanted", lower=True),
        help="World wide name that the guest sees.",
    ),
    Row(
        "vendor",
        "vendor",
        _codecs.Text(r"[ -~]{1,8}", "at most 8 printable characters are wanted"),
        help="Vendor that the guest sees of a SCSI disk.",
    ),
    Row(
        "product",
        "product",
        _codecs.Text(r"[ -~]{1,40}", "at most 40 printable characters are wanted"),
        help="Product that the guest sees: 16 characters of a SCSI disk; from libvirt 11.1.0 on, 40 of SATA or IDE.",
    ),
    Row(
        "rotation_rate",
        "target/@rotation_rate",
        _codecs.Integer(1, 65534),
        help="Turns a minute that the guest sees of a SCSI, IDE or SATA disk; 1 is a solid-state disk.",
    ),
    Row("removable", "target/@removable", _codecs.Switch("on", "off"), help="Whether the guest sees a removable disk."),
    Row("tray", "target/@tray", choices=("open", "closed"), help="Tray of a media drive.", absent="closed"),
    Block(
        "geometry",
        "geometry",
        (
            Row("cyls", "@cyls", _codecs.Integer(1), help="Cylinders.", required=True),
            Row("heads", "@heads", _codecs.Integer(1), help="Heads.", required=True),
            Row("secs", "@secs", _codecs.Integer(1), help="Sectors of a track.", required=True),
            Row("trans", "@trans", choices=("auto", "none", "lba"), help="Translation by the BIOS."),
        ),
        help="Geometry that the guest sees.",
    ),
    Block(
        "blockio",
        "blockio",
        (
            Row(
                "logical_block_size",
                "@logical_block_size",
                _codecs.PlainSize(minimum=512),
                help="Logical block (a size).",
            ),
            Row(
                "physical_block_size",
                "@physical_block_size",
                _codecs.PlainSize(minimum=512),
                help="Physical block (a size).",
            ),
            Row(
                "discard_granularity",
                "@discard_granularity",
                _codecs.PlainSize(minimum=512),
                help="Least that is discarded at once (a size).",
                since="10.1.0",
            ),
        ),
        help="Block sizes that the guest sees.",
    ),
    _IOTUNE,
    _domain_address_rows.DRIVE,
    *_domain_address_rows.PCI,
    _device_codecs.ACPI_INDEX,
    _domain_address_rows.USB,
    Row("rawio", "@rawio", _codecs.Switch(), help="Whether QEMU gets the capability for raw I/O (V(lun) only)."),
    Row(
        "snapshot",
        "@snapshot",
        choices=("no", "internal", "external", "manual"),
        help="What a snapshot of the domain takes of this disk.",
        live="update",
    ),
    _domain_controller_rows.ALIAS,
    BOOT_ORDER,
)

# What of a media drive's options is the medium.
_MEDIUM = {"format", "auth", "readonly", *(row.option for row in _domain_source_rows.SOURCES)}


def _can_plug(disk: Element, _live: Element) -> bool:
    device, bus = disk.get("device"), _xml.get(disk, "target/@bus")
    return device != "floppy" and bus in ("virtio", "scsi", "usb") and (device, bus) != ("lun", "usb")


def _seats(disk: Element, live: Element) -> tuple[str, ...]:
    bus = _xml.get(disk, "target/@bus")
    if bus == "scsi":
        return _domain_plug.scsi_seat(_xml.get(disk, "address/@controller"), live)
    return ("usb",) if bus == "usb" else _domain_plug.virtio_seat(disk, live)


def _changes(_old: Element, new: Element, options: set[str]) -> set[str]:
    # What QEMU has of them on USB is a disk, without a tray.
    media = new.get("device") in ("cdrom", "floppy") and _xml.get(new, "target/@bus") != "usb"
    return options | _MEDIUM if media else options


DISKS = _domain_plug.Devices(
    "disks",
    "devices/disk",
    _DISK,
    help="Disks and media drives.",
    keys=("target", "file", "block"),
    fresh={"@device": "disk", "driver/@name": "qemu"},
    which="with O(disks[].bus) V(virtio), V(scsi) or V(usb)",
    able=_can_plug,
    seats=_seats,
    changes=_changes,
)
