# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a disk may become what a task means it for: a pure function of what is known of it."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.minicloud.kvm.plugins.module_utils._disk import Disk, Node, Signature
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

FREE, OURS, WIPE, REFUSED = "free", "ours", "wiped", "refused"

# Names that follow what is on a disk, or the order in which the kernel found it.
_PASSING = re.compile(r"^/dev/disk/by-(uuid|label|diskseq)/")
_LVM = "LVM2_member"
# libblkid's words where they say too little by themselves
_WORDS = {
    "linux_raid_member": "a member of an MD RAID",
    "ceph_bluestore": "a Ceph OSD (bluestore)",
    "crypto_LUKS": "an encrypted volume (LUKS)",
    "zfs_member": "a member of a ZFS pool",
    "mpath_member": "a path of a multipath device",
    "drbd": "a DRBD device",
    "swap": "swap space",
    "swsuspend": "a suspended system's memory",
}


@dataclass(frozen=True)
class Wanted:
    """What a task means a disk for. label, fstype: of a file system. cluster_fsid: empty for any.

    minimum_size: bytes.
    """

    purpose: str
    volume_group: str = ""
    fstype: str = ""
    label: str = ""
    cluster_fsid: str = ""
    minimum_size: int = 0
    wipe: bool = False


@dataclass(frozen=True)
class Verdict:
    """status: one of FREE, OURS, WIPE, REFUSED. found: in words. reason: why it is refused. wipeable: the user could
    have it wiped. warnings: what is worth knowing although it is not refused."""

    disk: Disk
    status: str
    found: tuple[str, ...] = ()
    reason: str = ""
    wipeable: bool = False
    warnings: tuple[str, ...] = ()


def judge(disks: t.Sequence[tuple[Disk, Wanted]]) -> list[Verdict]:
    """The verdict on each disk of a task."""
    verdicts = [_judge(disk, wanted) for disk, wanted in disks]
    wiped = {one.disk.node.device for one in verdicts if one.status == WIPE and one.disk.node is not None}
    return [_with_its_group(one, wiped) for one in verdicts]


def _judge(disk: Disk, wanted: Wanted) -> Verdict:
    node = disk.node
    if node is None:
        return Verdict(disk, REFUSED, reason=disk.missing)
    found = tuple(describe(disk))
    unstable = _unstable(disk.path, node)
    if is_ours(disk, wanted):
        return Verdict(disk, OURS, found, warnings=unstable)
    content = _content(disk, wanted)
    unfit = _unfit(node, wanted) or _busy(disk)
    if unfit:
        return Verdict(disk, REFUSED, found, unfit)
    if not content:
        return Verdict(disk, FREE, found, warnings=unstable)
    reason = ""
    if not wanted.wipe:
        reason = "it holds {0}".format(content)
    elif unstable:
        reason = "wipe wants a name that stays the same: {0}".format(unstable[0])
    return Verdict(disk, REFUSED if reason else WIPE, found, reason, wipeable=not wanted.wipe)


def is_ours(disk: Disk, wanted: Wanted) -> bool:
    """Whether a disk has on it what it is meant for, and nothing else."""
    types = [signature.type for signature in disk.own_signatures()]
    if wanted.purpose == "lvm":
        volume = disk.physical_volume
        return types == [_LVM] and volume is not None and volume.volume_group == wanted.volume_group
    if wanted.purpose == "filesystem":
        return types == [wanted.fstype] and disk.own_signatures()[0].label == wanted.label
    return (
        types in (["ceph_bluestore"], [_LVM])
        and bool(disk.osds)
        and all(wanted.cluster_fsid in ("", osd.cluster_fsid) for osd in disk.osds)
    )


def describe(disk: Disk) -> t.Iterator[str]:
    """What is on a disk and who uses it."""
    if disk.node is None:
        return
    for signature in _meaningful(disk.own_signatures()):
        yield _words(signature, disk)
    for part in _partitions(disk.node):
        on_it = [_words(signature, None) for signature in _meaningful(disk.signatures.get(part.device, ()))]
        yield "partition {0} with {1}".format(part.device, " and ".join(on_it) or "nothing known on it")
    if not disk.blank and not any(disk.signatures.values()):
        yield "data of no known kind"
    yield from _users(disk)


def _users(disk: Disk) -> t.Iterator[str]:
    if disk.node is None:
        return
    for node in disk.node.below():
        for place in node.mountpoints:
            if place == "[SWAP]":
                yield "{0} is used as swap space".format(node.path)
            else:
                yield "{0} is mounted at {1}".format(node.path, place)
        for child in node.children:
            if child.type != "part":
                yield "{0} ({1}) is on top of {2}".format(child.path, child.type, node.path)
    for program in disk.programs:
        yield "{0} has it open".format(program)


def _unfit(node: Node, wanted: Wanted) -> str:
    """Why a disk can't hold anything new, whatever is on it."""
    if node.type == "rom":
        return "it is a CD-ROM drive"
    if node.size == 0:
        return "it has no medium or no size"
    if node.readonly:
        return "it is read-only"
    if node.size < wanted.minimum_size:
        return "it is too small: {0}, and {1} are wanted".format(
            format_size(node.size), format_size(wanted.minimum_size)
        )
    return ""


def _busy(disk: Disk) -> str:
    """Why a disk is somebody else's at this moment. Wiping would be of no use, or the end of that use."""
    if disk.node is None:
        return ""
    paths = [child.path for child in disk.node.children if child.type == "mpath"]
    if paths:
        return "it is a path of the multipath device {0}, which is the one to name".format(paths[0])
    if disk.node.fstype == "mpath_member":
        return "it is a path of a multipath device, which is the one to name (see multipath -ll)"
    users = list(_users(disk))
    if users:
        return "it is in use: {0}".format(", ".join(users))
    return "it is in use: the kernel does not give it to anybody else" if disk.claimed else ""


def _content(disk: Disk, wanted: Wanted) -> str:
    """What would be lost. A physical volume in no volume group is nothing, where a volume group is wanted."""
    volume = disk.physical_volume
    if (
        wanted.purpose == "lvm"
        and [signature.type for signature in disk.own_signatures()] == [_LVM]
        and volume is not None
        and not volume.volume_group
        and not volume.in_use
    ):
        return ""
    return ", ".join(describe(disk))


def _with_its_group(verdict: Verdict, wiped: set[str]) -> Verdict:
    """A volume group on several disks is lost with any one of them."""
    others = sorted(verdict.disk.volume_group_devices - wiped)
    volume = verdict.disk.physical_volume
    if verdict.status != WIPE or not others or volume is None:
        return verdict
    reason = "the volume group {0} is on {1} too, which the task does not wipe".format(
        volume.volume_group, ", ".join(others)
    )
    return replace(verdict, status=REFUSED, reason=reason)


def _unstable(path: str, node: Node) -> tuple[str, ...]:
    if _PASSING.match(path):
        return ("{0} is named after what is on it".format(path),)
    if not path.startswith("/dev/") or path.startswith("/dev/dm-") or path == node.device:
        return ("{0} may be another disk after the next boot; /dev/disk/by-id has names that stay".format(path),)
    return ()


def _partitions(node: Node) -> list[Node]:
    return [child for child in node.children if child.type == "part"]


def _meaningful(signatures: t.Sequence[Signature]) -> list[Signature]:
    """Without the MBR that only protects a GPT."""
    gpt = any(signature.type == "gpt" for signature in signatures)
    return [signature for signature in signatures if not (gpt and signature.type == "PMBR")]


def _words(signature: Signature, disk: Disk | None) -> str:
    """disk: None for a signature on a partition, of which no more is known."""
    if signature.type == _LVM:
        return "an LVM physical volume" + (_group(disk) if disk is not None else "")
    if signature.type in _WORDS:
        return _WORDS[signature.type]
    article = "an" if signature.type[:1] in "aeiou" or signature.type.startswith("xfs") else "a"
    if signature.usage == "partition-table":
        return "{0} {1} partition table".format(article, signature.type)
    if signature.usage == "filesystem":
        label = " labelled {0}".format(signature.label) if signature.label else ""
        return "{0} {1} file system{2}".format(article, signature.type, label)
    return "{0} {1}".format(article, signature.type)


def _group(disk: Disk) -> str:
    volume = disk.physical_volume
    if volume is None:
        return " that LVM does not show here"
    osds = ["OSD {0} of the cluster {1}".format(osd.id, osd.cluster_fsid) for osd in disk.osds]
    if volume.volume_group:
        return " of volume group {0}".format(volume.volume_group) + "".join(" with " + osd for osd in osds)
    return " of a volume group that can't be seen" if volume.in_use else " in no volume group"
