# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of a disk, out of what the tools of util-linux, LVM and Ceph print."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

# Without NAME there is no tree.
LSBLK_COLUMNS = "NAME,KNAME,PATH,TYPE,SIZE,RO,FSTYPE,MOUNTPOINTS"
WIPEFS_COLUMNS = "DEVICE,TYPE,USAGE,LABEL"


@dataclass(frozen=True)
class Node:
    """A block device, and those that are on top of it. device: the kernel's name (/dev/dm-0); path: the usual one
    (/dev/mapper/mpatha). type: lsblk's (disk, part, lvm, crypt, mpath, raid1, rom ...). size: bytes."""

    device: str
    path: str
    type: str
    size: int
    readonly: bool = False
    fstype: str = ""
    mountpoints: tuple[str, ...] = ()
    children: tuple[Node, ...] = ()

    def below(self) -> t.Iterator[Node]:
        """Itself and all that is on top of it."""
        yield self
        for child in self.children:
            yield from child.below()


@dataclass(frozen=True)
class Signature:
    """What wipefs finds. usage: filesystem, raid, crypto, other or partition-table."""

    type: str
    usage: str = ""
    label: str = ""


@dataclass(frozen=True)
class PhysicalVolume:
    """An LVM physical volume as LVM sees it. volume_group: empty where it is in none. in_use: its own header says that
    it belongs to one, be that to be seen or not."""

    device: str
    volume_group: str = ""
    in_use: bool = False


@dataclass(frozen=True)
class Osd:
    """A Ceph OSD; empty what can't be known."""

    id: str = ""
    cluster_fsid: str = ""


@dataclass(frozen=True)
class Disk:
    """A disk that a task names.

    node: None where there is no such block device, and missing then says why.
    signatures: by device, of the disk and its partitions.
    physical_volume: None where it is none, or LVM does not show it. volume_group_devices: all of that volume group.
    claimed: the kernel gives it to nobody else (it is mounted, swap, or has a device on top of it).
    programs: who else has it, or a partition of it, open.
    blank: nothing but zeros in its first MiB.
    """

    path: str
    node: Node | None = None
    missing: str = ""
    signatures: t.Mapping[str, tuple[Signature, ...]] = field(default_factory=dict)
    physical_volume: PhysicalVolume | None = None
    volume_group_devices: frozenset[str] = frozenset()
    osds: tuple[Osd, ...] = ()
    claimed: bool = False
    programs: tuple[str, ...] = ()
    blank: bool = True

    def own_signatures(self) -> tuple[Signature, ...]:
        """Those of the disk itself, without its partitions'."""
        return () if self.node is None else self.signatures.get(self.node.device, ())


def parse_lsblk(text: str) -> dict[str, Node]:
    """By device, what ``lsblk --json --bytes`` prints with LSBLK_COLUMNS."""
    nodes = [_node(entry) for entry in _load("lsblk", text)["blockdevices"]]
    return {node.device: node for node in nodes}


def _node(entry: t.Mapping[str, t.Any]) -> Node:
    return Node(
        device="/dev/" + entry["kname"],
        path=entry["path"],
        type=entry["type"] or "",
        size=int(entry["size"] or 0),
        readonly=bool(entry["ro"]),
        fstype=entry["fstype"] or "",
        mountpoints=tuple(place for place in entry["mountpoints"] or () if place),
        children=tuple(_node(child) for child in entry.get("children", ())),
    )


def parse_wipefs(text: str) -> dict[str, tuple[Signature, ...]]:
    """By device, what ``wipefs --json --no-act`` prints with WIPEFS_COLUMNS; each signature once, though a partition
    table and some file systems have several copies. util-linux 2.37 prints nothing at all where it finds nothing."""
    found: dict[str, list[Signature]] = {}
    for entry in _load("wipefs", text or '{"signatures": []}')["signatures"]:
        signature = Signature(entry["type"], entry["usage"] or "", entry["label"] or "")
        seen = found.setdefault("/dev/" + entry["device"], [])
        if signature not in seen:
            seen.append(signature)
    return {device: tuple(signatures) for device, signatures in found.items()}


def parse_pvs(text: str) -> list[PhysicalVolume]:
    """What ``pvs --reportformat json`` prints with pv_name, vg_name and pv_in_use."""
    return [
        PhysicalVolume(row["pv_name"], row["vg_name"], bool(row["pv_in_use"]))
        for report in _load("pvs", text)["report"]
        for row in report.get("pv", ())
    ]


def parse_lvs_osds(text: str) -> dict[str, tuple[Osd, ...]]:
    """By volume group, the OSDs of ``lvs --reportformat json`` with vg_name and lv_tags: ceph-volume keeps what it
    knows of an OSD in tags of its logical volumes."""
    found: dict[str, list[Osd]] = {}
    for report in _load("lvs", text)["report"]:
        for row in report.get("lv", ()):
            tags = dict(tag.split("=", 1) for tag in row["lv_tags"].split(",") if "=" in tag)
            if "ceph.osd_id" in tags:
                osd = Osd(tags["ceph.osd_id"], tags.get("ceph.cluster_fsid", ""))
                found.setdefault(row["vg_name"], []).append(osd)
    return {group: tuple(osds) for group, osds in found.items()}


def parse_bluestore_label(text: str) -> Osd:
    """What ``ceph-bluestore-tool show-label`` prints of one device."""
    labels = list(_load("ceph-bluestore-tool", text).values())
    return Osd(str(labels[0].get("whoami", "")), str(labels[0].get("ceph_fsid", ""))) if labels else Osd()


def _load(program: str, text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise KvmError("Failed to understand {0}: it printed {1!r}.".format(program, text[:200])) from error
