# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""storage_disk from its options to its result."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import asdict

from ansible_collections.minicloud.kvm.plugins.module_utils._disk import Disk
from ansible_collections.minicloud.kvm.plugins.module_utils._disk_judge import (
    FREE,
    REFUSED,
    WIPE,
    Verdict,
    Wanted,
    judge,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._disk_system import System, known_names
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import parse_size

Options = t.Mapping[str, t.Any]

OPTIONS: dict[str, t.Any] = {
    "disks": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "path", "required": True},
            "wipe": {"type": "bool", "default": False},
            "label": {"type": "str"},
        },
    },
    "purpose": {"type": "str", "required": True, "choices": ["lvm", "filesystem", "ceph_osd"]},
    "volume_group": {"type": "str"},
    "fstype": {"type": "str", "choices": ["xfs", "ext4"], "default": "xfs"},
    "cluster_fsid": {"type": "str"},
    "minimum_size": {"type": "str"},
}
# xfs_admin(8), tune2fs(8): bytes
_LABEL_LENGTH = {"xfs": 12, "ext4": 16}
# lvm(8): the names that it takes
_GROUP_NAME = re.compile(r"^(?!-)(?!\.{1,2}$)[A-Za-z0-9+_.-]{1,127}$")
_FSID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def claim(options: Options, system: System, check_mode: bool) -> dict[str, t.Any]:
    """Say of each disk whether it may be had, and wipe those that are named; in check mode only say so."""
    wanted = read_options(options)
    disks = system.disks([item["path"] for item in options["disks"]], options["purpose"] == "ceph_osd")
    _check_each_once(disks)
    verdicts = judge(list(zip(disks, wanted)))
    refused = [one for one in verdicts if one.status == REFUSED]
    if refused:
        raise _refusal(refused, verdicts, options)
    wiped = [one for one in verdicts if one.status == WIPE]
    if not check_mode:
        for one in wiped:
            system.wipe(one.disk)
    return {
        "changed": bool(wiped),
        "disks": [_shown(one) for one in verdicts],
        "free": [one.disk.path for one in verdicts if one.status in (FREE, WIPE)],
        "warnings": [warning for one in verdicts for warning in one.warnings],
        "diff": [
            {
                "before_header": one.disk.path,
                "after_header": one.disk.path,
                "before": "".join(found + "\n" for found in one.found),
                "after": "",
            }
            for one in wiped
        ],
    }


def read_options(options: Options) -> list[Wanted]:
    """What each disk is meant for. BadValue for what can't be."""
    purpose = options["purpose"]
    if not options["disks"]:
        raise BadValue("disks", options["disks"], "at least one disk is wanted")
    if purpose == "lvm" and not _GROUP_NAME.match(options["volume_group"]):
        raise BadValue("volume_group", options["volume_group"], "a name of letters, digits and +_.- is wanted")
    fsid = (options["cluster_fsid"] or "").lower()
    if fsid and not _FSID.match(fsid):
        raise BadValue("cluster_fsid", options["cluster_fsid"], "a UUID is wanted, as ceph fsid prints it")
    minimum = parse_size("minimum_size", options["minimum_size"]) if options["minimum_size"] is not None else 0
    wanted, labels = [], set()
    for position, item in enumerate(options["disks"]):
        where = "disks[{0}].".format(position)
        if not item["path"].startswith("/"):
            raise BadValue(where + "path", item["path"], "an absolute path is wanted, such as /dev/disk/by-id/...")
        label = item["label"] or ""
        if purpose == "filesystem":
            _check_label(where + "label", item["label"], options["fstype"])
            if label in labels:
                raise BadValue(where + "label", label, "another disk of the task has it")
            labels.add(label)
        wanted.append(
            Wanted(
                purpose,
                volume_group=options["volume_group"] or "",
                fstype=options["fstype"],
                label=label,
                cluster_fsid=fsid,
                minimum_size=minimum,
                wipe=item["wipe"],
            )
        )
    return wanted


def _check_label(where: str, label: str | None, fstype: str) -> None:
    length = _LABEL_LENGTH[fstype]
    if not label or len(label.encode()) > length or any(char.isspace() for char in label):
        raise BadValue(where, label, "1 to {0} bytes without blanks are wanted for {1}".format(length, fstype))


def _check_each_once(disks: t.Sequence[Disk]) -> None:
    seen: dict[str, str] = {}
    for position, disk in enumerate(disks):
        device = os.path.normpath(disk.path) if disk.node is None else disk.node.device
        if device in seen:
            allowed = "it is the same disk as {0}, and one is wanted".format(seen[device])
            raise BadValue("disks[{0}].path".format(position), disk.path, allowed)
        seen[device] = disk.path


def _refusal(refused: t.Sequence[Verdict], verdicts: t.Sequence[Verdict], options: Options) -> KvmError:
    purposes = {
        "lvm": "volume group {0}".format(options["volume_group"]),
        "filesystem": "a file system",
        "ceph_osd": "a Ceph OSD",
    }
    remedies = ["Nothing was written."]
    if any(one.wipeable for one in refused):
        remedies.append("Where what is on a disk may go, say wipe: true for that disk.")
    if any(one.disk.node is None for one in refused):
        names = known_names()
        remedies.append("/dev/disk/by-id has {0}.".format(", ".join(names[:12]) if names else "no disk's name"))
    return KvmError(
        "Failed to take {0} for {1}: {2}.".format(
            ", ".join(one.disk.path for one in refused),
            purposes[options["purpose"]],
            "; ".join("{0}: {1}".format(one.disk.path, one.reason) for one in refused),
        ),
        error_code="disk_refused",
        remedy=" ".join(remedies),
        disks=[_shown(one) for one in verdicts],
    )


def _shown(verdict: Verdict) -> dict[str, t.Any]:
    disk = verdict.disk
    return {
        "path": disk.path,
        "device": None if disk.node is None else disk.node.device,
        "size": None if disk.node is None else disk.node.size,
        "status": verdict.status,
        "found": list(verdict.found),
        "reason": verdict.reason,
        "volume_group": "" if disk.physical_volume is None else disk.physical_volume.volume_group,
        "osds": [asdict(osd) for osd in disk.osds],
    }
