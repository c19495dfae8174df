# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine's side of disks: what util-linux, LVM, Ceph and the kernel say of them, and wipefs."""

from __future__ import annotations

import errno
import os
import stat
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils import _disk
from ansible_collections.minicloud.kvm.plugins.module_utils._disk import Disk, Node, Osd, PhysicalVolume
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound

# Return code, what it printed, what it complained of.
Run = t.Callable[[t.List[str]], t.Tuple[int, str, str]]
# They look at every device for a moment, or keep those open that might become part of theirs, and write nothing.
_WATCHERS = {"systemd-udevd", "udevd", "(udev-worker)", "multipathd"}
_EDGE = 1024 * 1024
_LVM = ["--reportformat", "json", "--config", "devices { use_devicesfile = 0 }", "--options"]


@dataclass(frozen=True)
class System:
    """What a machine gives. run: run a command. find: where a program is; None where it isn't."""

    run: Run
    find: t.Callable[[str], t.Optional[str]]

    def disks(self, paths: t.Sequence[str], ceph: bool) -> list[Disk]:
        """What is known of each of these paths. ceph: whether to ask for OSDs."""
        missing = {path: why_no_device(path) for path in paths}
        devices = {path: device_of(path) for path in paths if not missing[path]}
        nodes = self._nodes(sorted(set(devices.values())))
        disks = [
            Disk(path, missing=missing[path]) if missing[path] else self._seen(path, nodes[devices[path]])
            for path in paths
        ]
        signatures = self._signatures(
            [device for disk in disks if disk.node is not None and disk.node.size > 0 for device in _devices(disk)]
        )
        disks = [self._with_blank(replace(disk, signatures=signatures)) for disk in disks]
        return self._with_ceph(self._with_lvm(disks), ceph)

    def wipe(self, disk: Disk) -> None:
        """Remove every signature from a disk and its partitions. wipefs itself refuses what is in use."""
        devices = _devices(disk)
        for device in reversed(devices):
            self._must([self._program("wipefs"), "--all", device], "wipe {0}".format(device))
        self._blank(devices[0])
        left = self._signatures(devices[:1]).get(devices[0])  # the partitions are gone
        if left:
            raise KvmError(
                "Failed to wipe {0}: wipefs ended well, but there is still {1} on it.".format(
                    disk.path, ", ".join(signature.type for signature in left)
                ),
                error_code="wipe_failed",
            )
        self._settle()  # links to partitions that are gone, and what udev knew of the disk

    def _settle(self) -> None:
        udevadm = self.find("udevadm")
        if udevadm is not None:
            self.run([udevadm, "settle", "--timeout=30"])

    def _blank(self, device: str) -> None:
        """Zeros in the first MiB: what a removed file system leaves there would look like data of no known kind."""
        try:
            handle = os.open(device, os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC)
            try:
                size = min(_EDGE, os.lseek(handle, 0, os.SEEK_END))
                os.pwrite(handle, bytes(size), 0)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise KvmError("Failed to wipe {0}: {1}.".format(device, error.strerror)) from error

    def _nodes(self, devices: t.Sequence[str]) -> dict[str, Node]:
        if not devices:
            return {}
        command = [self._program("lsblk"), "--json", "--bytes", "--output", _disk.LSBLK_COLUMNS, *devices]
        return _disk.parse_lsblk(self._must(command, "look at {0}".format(", ".join(devices))))

    def _seen(self, path: str, node: Node) -> Disk:
        devices = {one.device for one in node.below() if one is node or one.type == "part"}
        programs = programs_with(devices)
        if programs:  # udev may have had LVM or blkid look at it, which is over in a moment
            self._settle()
            programs = programs_with(devices)
        return Disk(path, node=node, claimed=is_claimed(node.device), programs=tuple(programs))

    def _signatures(self, devices: t.Sequence[str]) -> dict[str, tuple[_disk.Signature, ...]]:
        if not devices:
            return {}
        command = [self._program("wipefs"), "--no-act", "--json", "--output", _disk.WIPEFS_COLUMNS, *devices]
        return _disk.parse_wipefs(self._must(command, "see what is on {0}".format(", ".join(devices))))

    def _with_blank(self, disk: Disk) -> Disk:
        """With whether there is data that has no signature: a guest's raw disk, a cipher text."""
        if disk.node is None or disk.node.size == 0 or disk.own_signatures():
            return disk
        try:
            with open(disk.node.device, "rb") as stream:
                return replace(disk, blank=not any(stream.read(_EDGE)))
        except OSError as error:
            raise KvmError("Failed to read {0}: {1}.".format(disk.path, error.strerror)) from error

    def _with_lvm(self, disks: list[Disk]) -> list[Disk]:
        """With the volume groups of those that are physical volumes. Where LVM isn't installed, these stay unknown."""
        pvs = self.find("pvs")
        if pvs is None or not any(_has(disk, "LVM2_member") for disk in disks):
            return disks
        # Also those that LVM's file of devices (EL 9) doesn't have yet: a disk from another machine has its data too.
        printed = self._must([pvs, *_LVM, "pv_name,vg_name,pv_in_use"], "ask LVM for its physical volumes")
        volumes = {_real(one.device): one for one in _disk.parse_pvs(printed)}
        return [
            replace(
                disk,
                physical_volume=volumes.get(disk.node.device),
                volume_group_devices=_same_group(volumes, disk.node.device),
            )
            if disk.node is not None
            else disk
            for disk in disks
        ]

    def _with_ceph(self, disks: list[Disk], ceph: bool) -> list[Disk]:
        lvs = self.find("lvs")
        groups: dict[str, tuple[Osd, ...]] = {}
        if ceph and lvs is not None and any(disk.physical_volume is not None for disk in disks):
            printed = self._must([lvs, *_LVM, "vg_name,lv_tags"], "ask LVM for its logical volumes")
            groups = _disk.parse_lvs_osds(printed)
        result = []
        for disk in disks:
            osds: tuple[Osd, ...] = ()
            if disk.physical_volume is not None:
                osds = groups.get(disk.physical_volume.volume_group, ())
            elif ceph and _has(disk, "ceph_bluestore"):
                osds = (self._bluestore(disk),)
            result.append(replace(disk, osds=osds))
        return result

    def _bluestore(self, disk: Disk) -> Osd:
        tool = self.find("ceph-bluestore-tool")
        if tool is None or disk.node is None:
            return Osd()
        code, out, _err = self.run([tool, "show-label", "--dev", disk.node.device])
        return _disk.parse_bluestore_label(out) if code == 0 else Osd()

    def _program(self, name: str) -> str:
        found = self.find(name)
        if found is None:
            raise NotFound(
                "Failed to look at disks: {0} isn't installed here.".format(name),
                error_code="missing_program",
                remedy="Install util-linux.",
            )
        return found

    def _must(self, command: list[str], what: str) -> str:
        code, out, err = self.run(command)
        if code != 0:
            said = err.strip() or out.strip() or "it said nothing"
            raise KvmError(
                "Failed to {0}: {1} ended with code {2}: {3}.".format(what, os.path.basename(command[0]), code, said)
            )
        return out


def why_no_device(path: str) -> str:
    """Why there is no block device at a path; empty where there is one."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return "there is no such device"
    except OSError as error:
        return "it can't be looked at: {0}".format(error.strerror)
    return "" if stat.S_ISBLK(mode) else "it is not a block device"


def device_of(path: str) -> str:
    """The kernel's name of a block device: /dev/dm-0 for /dev/mapper/mpatha, which may be a link or a node."""
    number = Path(path).stat().st_rdev
    known = os.path.realpath("/sys/dev/block/{0}:{1}".format(os.major(number), os.minor(number)))
    device = "/dev/" + os.path.basename(known).replace("!", "/")  # /sys can't have cciss/c0d0
    return device if os.path.exists(device) else os.path.realpath(path)


def known_names(directory: str = "/dev/disk/by-id") -> list[str]:
    """The names there are in a directory of /dev/disk, without those of partitions, LVM and the like."""
    try:
        names = sorted(path.name for path in Path(directory).iterdir())
    except OSError:
        return []
    return [name for name in names if "-part" not in name and not name.startswith(("dm-", "lvm-", "md-"))]


def is_claimed(device: str) -> bool:
    """Whether the kernel has given the device, or a part of it, to a mount, swap, or a device on top of it."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        # No medium, say; its size then says so.
        return error.errno == errno.EBUSY
    return False


def programs_with(devices: t.Collection[str]) -> list[str]:
    """The programs that have any of these devices open, such as ``qemu-system-x86 (4711)``. They need not have told
    the kernel that it is theirs alone: QEMU does not."""
    found = []
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        if process.name == str(os.getpid()):
            continue
        try:
            opened = {os.readlink(handle) for handle in (process / "fd").iterdir()}
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:  # it has ended, or is none of ours to look at
            continue
        if name not in _WATCHERS and not opened.isdisjoint(devices):
            found.append("{0} ({1})".format(name, process.name))
    return found


def _real(device: str) -> str:
    """As device_of; LVM also lists physical volumes that are missing, as [unknown]."""
    return device if why_no_device(device) else device_of(device)


def _devices(disk: Disk) -> list[str]:
    """The disk, then its partitions."""
    if disk.node is None:
        return []
    return [disk.node.device, *(child.device for child in disk.node.children if child.type == "part")]


def _has(disk: Disk, signature: str) -> bool:
    return any(one.type == signature for one in disk.own_signatures())


def _same_group(volumes: t.Mapping[str, PhysicalVolume], device: str) -> frozenset[str]:
    group = volumes[device].volume_group if device in volumes else ""
    return frozenset(other for other, volume in volumes.items() if group and volume.volume_group == group)
