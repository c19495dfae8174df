# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of a disk out of what the tools print, and what that means for it.

What loop devices can show is in tests/integration/test_storage_disk.py. Here is what wants a device mapper, an array, a
drive or an OSD, in the form in which the tools print it.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _disk
from ansible_collections.minicloud.kvm.plugins.module_utils._disk import Disk, Node, Osd, PhysicalVolume, Signature
from ansible_collections.minicloud.kvm.plugins.module_utils._disk_judge import (
    FREE,
    OURS,
    REFUSED,
    WIPE,
    Verdict,
    Wanted,
    judge,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

PATH = "/dev/disk/by-id/wwn-1"
GIB = 1024**3
FSID = "3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11"
PV = (Signature("LVM2_member", "raid"),)
LVM = Wanted("lvm", volume_group="minicloud")


def entry(name: str, kind: str, **more: t.Any) -> dict[str, t.Any]:
    """As lsblk of util-linux 2.38 prints it."""
    return {
        "name": name,
        "kname": name,
        "path": f"/dev/{name}",
        "type": kind,
        "size": 10 * GIB,
        "ro": False,
        "fstype": None,
        "mountpoints": [None],
        **more,
    }


def disk(*signatures: Signature, path: str = PATH, node: dict[str, t.Any] | None = None, **known: t.Any) -> Disk:
    """A disk as lsblk and wipefs tell of it."""
    nodes = _disk.parse_lsblk(json.dumps({"blockdevices": [node or entry("sdb", "disk")]}))
    first = next(iter(nodes.values()))
    return Disk(path, node=first, signatures={first.device: signatures}, **known)


def volume(group: str, in_use: bool = True, **known: t.Any) -> Disk:
    return disk(*PV, physical_volume=PhysicalVolume("/dev/sdb", group, in_use), **known)


def verdict(one: Disk, wanted: Wanted = LVM) -> Verdict:
    return judge([(one, wanted)])[0]


def wiping(wanted: Wanted = LVM) -> Wanted:
    return Wanted(**{**vars(wanted), "wipe": True})


def test_lsblk() -> None:
    swap = entry("vda2", "part", mountpoints=["[SWAP]"])
    root = entry("dm-0", "lvm", path="/dev/mapper/vg-root", mountpoints=["/", "/.snapshots"])
    text = json.dumps({"blockdevices": [entry("vda", "disk", children=[entry("vda1", "part", children=[root]), swap])]})
    assert _disk.parse_lsblk(text) == {
        "/dev/vda": Node(
            "/dev/vda",
            "/dev/vda",
            "disk",
            10 * GIB,
            children=(
                Node(
                    "/dev/vda1",
                    "/dev/vda1",
                    "part",
                    10 * GIB,
                    children=(
                        Node(
                            "/dev/dm-0",
                            "/dev/mapper/vg-root",
                            "lvm",
                            10 * GIB,
                            mountpoints=("/", "/.snapshots"),
                        ),
                    ),
                ),
                Node("/dev/vda2", "/dev/vda2", "part", 10 * GIB, mountpoints=("[SWAP]",)),
            ),
        )
    }


def test_wipefs() -> None:
    recorded = """
{
   "signatures": [
      {"device": "loop1", "type": "gpt", "usage": "partition-table", "label": null},
      {"device": "loop1", "type": "gpt", "usage": "partition-table", "label": null},
      {"device": "loop1", "type": "PMBR", "usage": "partition-table", "label": null},
      {"device": "loop1p1", "type": "xfs", "usage": "filesystem", "label": "brick1"}
   ]
}
"""
    assert _disk.parse_wipefs(recorded) == {
        "/dev/loop1": (Signature("gpt", "partition-table"), Signature("PMBR", "partition-table")),
        "/dev/loop1p1": (Signature("xfs", "filesystem", "brick1"),),
    }
    assert _disk.parse_wipefs("") == {}
    with pytest.raises(KvmError, match="Failed to understand wipefs: it printed 'what"):
        _disk.parse_wipefs("what?")


def test_pvs_and_lvs() -> None:
    pvs = """
  {
      "report": [
          {
              "pv": [
                  {"pv_name":"/dev/sdb", "vg_name":"ceph-3d", "pv_in_use":"used"},
                  {"pv_name":"/dev/sdc", "vg_name":"", "pv_in_use":""}
              ]
          }
      ]
  }
"""
    assert _disk.parse_pvs(pvs) == [PhysicalVolume("/dev/sdb", "ceph-3d", True), PhysicalVolume("/dev/sdc")]
    tags = f"ceph.block_device=/dev/ceph-3d/osd-block-7,ceph.cluster_fsid={FSID},ceph.osd_id=0,ceph.type=block"
    rows = [{"vg_name": "ceph-3d", "lv_tags": tags}, {"vg_name": "minicloud", "lv_tags": "mine,other"}]
    assert _disk.parse_lvs_osds(json.dumps({"report": [{"lv": rows}]})) == {"ceph-3d": (Osd("0", FSID),)}
    # An LVM without any physical volume
    assert _disk.parse_pvs('{"report": [\n]}') == []


def test_a_bluestore_label() -> None:
    label = {"/dev/sdb": {"osd_uuid": "u", "size": 1, "ceph_fsid": FSID, "whoami": "3"}}
    assert _disk.parse_bluestore_label(json.dumps(label)) == Osd("3", FSID)


@pytest.mark.parametrize(
    ("one", "wanted", "status"),
    [
        (disk(), LVM, FREE),
        (volume("minicloud"), LVM, OURS),
        (volume(""), LVM, REFUSED),
        (volume("", in_use=False), LVM, FREE),
        (volume("", in_use=False), Wanted("ceph_osd"), REFUSED),
        (volume("other"), LVM, REFUSED),
        (volume("other"), wiping(), WIPE),
        (volume("minicloud"), wiping(), OURS),
        (disk(*PV), LVM, REFUSED),
        (disk(blank=False), LVM, REFUSED),
        (disk(blank=False), wiping(), WIPE),
        (disk(Signature("xfs", "filesystem", "b1"), blank=False), Wanted("filesystem", fstype="xfs", label="b1"), OURS),
        (volume("", in_use=False, blank=False), LVM, FREE),
        (disk(*PV, Signature("ext4", "filesystem"), physical_volume=PhysicalVolume("", "minicloud")), LVM, REFUSED),
        (volume("ceph-3d", osds=(Osd("0", FSID),)), Wanted("ceph_osd"), OURS),
        (volume("ceph-3d", osds=(Osd("0", FSID),)), wiping(Wanted("ceph_osd", cluster_fsid=FSID)), OURS),
        (volume("ceph-3d", osds=(Osd("0", FSID),)), Wanted("ceph_osd", cluster_fsid="other"), REFUSED),
        (volume("ceph-3d"), Wanted("ceph_osd"), REFUSED),
        (disk(Signature("xfs", "filesystem", "b1")), Wanted("filesystem", fstype="xfs", label="b1"), OURS),
        (disk(Signature("xfs", "filesystem", "b1")), Wanted("filesystem", fstype="xfs", label="b2"), REFUSED),
        (disk(Signature("ext4", "filesystem", "b1")), Wanted("filesystem", fstype="xfs", label="b1"), REFUSED),
    ],
)
def test_status(one: Disk, wanted: Wanted, status: str) -> None:
    assert verdict(one, wanted).status == status


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (Signature("linux_raid_member", "raid", "old:0"), "a member of an MD RAID"),
        (Signature("zfs_member", "filesystem"), "a member of a ZFS pool"),
        (Signature("crypto_LUKS", "crypto"), "an encrypted volume (LUKS)"),
        (Signature("swap", "other"), "swap space"),
        (Signature("dos", "partition-table"), "a dos partition table"),
        (Signature("iso9660", "filesystem", "DEBIAN"), "an iso9660 file system labelled DEBIAN"),
        (Signature("btrfs", "filesystem"), "a btrfs file system"),
        (Signature("isw_raid_member", "raid"), "an isw_raid_member"),
        (Signature("LVM2_member", "raid"), "an LVM physical volume that LVM does not show here"),
    ],
)
def test_what_is_found_is_said(signature: Signature, words: str) -> None:
    found = verdict(disk(signature))
    assert (found.status, found.found, found.reason) == (REFUSED, (words,), f"it holds {words}")
    assert verdict(disk(signature), wiping()).status == WIPE


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (
            disk(node=entry("sdb", "disk", children=[entry("dm-2", "mpath", path="/dev/mapper/mpatha")])),
            "it is a path of the multipath device /dev/mapper/mpatha, which is the one to name",
        ),
        (
            disk(node=entry("sdb", "disk", fstype="mpath_member")),
            "it is a path of a multipath device, which is the one to name (see multipath -ll)",
        ),
        (
            volume("other", node=entry("sdb", "disk", children=[entry("dm-3", "lvm", path="/dev/mapper/other-lv")])),
            "it is in use: /dev/mapper/other-lv (lvm) is on top of /dev/sdb",
        ),
        (
            disk(
                Signature("linux_raid_member", "raid"),
                node=entry("sdb", "disk", children=[entry("md0", "raid1", mountpoints=["/srv"])]),
            ),
            "it is in use: /dev/md0 (raid1) is on top of /dev/sdb, /dev/md0 is mounted at /srv",
        ),
        (
            disk(node=entry("sdb", "disk", children=[entry("sdb1", "part", mountpoints=["[SWAP]"])])),
            "it is in use: /dev/sdb1 is used as swap space",
        ),
        (disk(programs=("qemu-system-x86 (71)",)), "it is in use: qemu-system-x86 (71) has it open"),
        (disk(claimed=True), "it is in use: the kernel does not give it to anybody else"),
        (disk(node=entry("sr0", "rom")), "it is a CD-ROM drive"),
        (disk(node=entry("sdb", "disk", size=0)), "it has no medium or no size"),
        (disk(node=entry("sdb", "disk", ro=True)), "it is read-only"),
    ],
)
def test_wipe_is_of_no_use_against(one: Disk, reason: str) -> None:
    for wanted in (LVM, wiping()):
        found = verdict(one, wanted)
        assert (found.status, found.reason, found.wipeable) == (REFUSED, reason, False)


def test_ours_may_be_in_use_small_or_read_only() -> None:
    node = entry("sdb", "disk", ro=True, children=[entry("dm-3", "lvm", path="/dev/mapper/minicloud-lv")])
    found = verdict(volume("minicloud", node=node, claimed=True), Wanted("lvm", "minicloud", minimum_size=GIB * 100))
    assert found.status == OURS
    assert found.found[1] == "/dev/mapper/minicloud-lv (lvm) is on top of /dev/sdb"


@pytest.mark.parametrize(
    ("path", "kname", "stable"),
    [
        ("/dev/disk/by-id/wwn-1", "sdb", True),
        ("/dev/disk/by-path/pci-0000:00:07.0", "vdb", True),
        ("/dev/mapper/mpatha", "dm-4", True),
        ("/dev/minicloud/lun0", "dm-5", True),
        ("/dev/sdb", "sdb", False),
        ("/dev/dm-4", "dm-4", False),
        ("/dev/disk/by-uuid/1c16", "sdb", False),
        ("/dev/disk/by-label/data", "sdb", False),
        ("/dev/disk/by-diskseq/9", "sdb", False),
        ("/srv/link", "sdb", False),
    ],
)
def test_names_that_stay(path: str, kname: str, stable: bool) -> None:
    free = verdict(disk(path=path, node=entry(kname, "disk")))
    assert (free.status, not free.warnings) == (FREE, stable)
    full = verdict(disk(Signature("ext4", "filesystem"), path=path, node=entry(kname, "disk")), wiping())
    assert full.status == (WIPE if stable else REFUSED)


def test_a_volume_group_on_two_disks() -> None:
    both = frozenset({"/dev/sdb", "/dev/sdc"})
    one = volume("other", volume_group_devices=both)
    other = disk(
        *PV,
        path="/dev/disk/by-id/wwn-2",
        node=entry("sdc", "disk"),
        physical_volume=PhysicalVolume("/dev/sdc", "other", True),
        volume_group_devices=both,
    )
    assert verdict(one, wiping()).reason == "the volume group other is on /dev/sdc too, which the task does not wipe"
    assert [each.status for each in judge([(one, wiping()), (other, wiping())])] == [WIPE, WIPE]
    assert [each.status for each in judge([(one, wiping()), (other, LVM)])] == [REFUSED, REFUSED]
