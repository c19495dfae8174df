# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is on the devices of a pool that is to be built, so that nothing is ever built over data.

libvirt looks too (VIR_STORAGE_POOL_BUILD_NO_OVERWRITE), but only when it builds, and not at all for the
physical volume of another volume group. So everything is looked at before anything is changed, and libvirt is never
told to overwrite.
"""

from __future__ import annotations

import os
import stat
import subprocess

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound

# Types of pools that can be built, with what blkid calls their formats where the names differ. "": none is declared, of
# which libvirt makes "unknown" when the pool is defined.
BUILT: dict[str, dict[str, str]] = {
    "fs": {},
    "logical": {"": "LVM2_member", "unknown": "LVM2_member", "lvm2": "LVM2_member"},
    "disk": {"": "dos", "unknown": "dos"},
}
_SECONDS = 60
_EDGE = 1024 * 1024


def inspect(device: str) -> dict[str, str]:
    """What a device holds, in the words of blkid(8); empty: nothing at all.

    data: 'unknown', where no signature is known but the first MiB is not zeros: a raw disk of a guest, a cipher text.
    """
    try:
        mode = os.stat(device).st_mode
    except OSError as error:
        raise NotFound("There is no device {0} on this host.".format(device)) from error
    if not stat.S_ISBLK(mode):
        raise KvmError("{0} is no block device.".format(device), error_code="unreadable")
    found = _signatures(device)
    if not found:
        with open(device, "rb") as contents:
            if any(contents.read(_EDGE)):
                found["data"] = "unknown"
    return found


def require_unused(device: str) -> None:
    """Refuse a device that is mounted, swap, or part of another device; a disk also for the sake of its partitions."""
    try:
        # O_EXCL on a block device: EBUSY where it, or a partition of it, is in use (open(2)).
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        raise KvmError(
            "The device {0} can't be built on: {1}.".format(device, error.strerror),
            error_code="in_use",
            remedy="It is mounted, swap, or part of another device; take another, or take it out of use first.",
        ) from error


def _signatures(device: str) -> dict[str, str]:
    done = run("blkid", "-p", "-o", "export", device)
    if done.returncode == 8:
        # blkid found several, of which none is surely the true one.
        return {"data": "several signatures"}
    if done.returncode not in (0, 2):
        raise KvmError(
            "What {0} holds can't be read: blkid: {1}".format(device, done.stderr.strip()), error_code="unreadable"
        )
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line and line[:7] != "DEVNAME")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program that every hypervisor has."""
    environment = {**os.environ, "LC_ALL": "C", "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KvmError(
            "{0} can't be run: {1}.".format(command[0], error),
            error_code="missing_program",
            remedy="It is part of util-linux, or of the storage that the pool is of (lvm2).",
        ) from error


def told(found: dict[str, str]) -> str:
    """What a device holds, for a person."""
    if "TYPE" in found:
        label = " ({0})".format(found["LABEL"]) if "LABEL" in found else ""
        group = " of volume group {0}".format(found["VG"]) if found.get("VG") else ""
        return found["TYPE"] + label + group
    if "PTTYPE" in found:
        return "a partition table ({0})".format(found["PTTYPE"])
    return "data: " + found["data"] if "data" in found else "signatures: " + ", ".join(sorted(found))


def survey(kind: str, form: str, group: str, devices: list[str]) -> tuple[bool, dict[str, str]]:
    """(whether the pool is built already, what foreign things the devices hold, by device).

    kind: a type of pool. form: its source's format. group: the volume group of a logical one.
    """
    wanted = BUILT[kind].get(form, form)
    ours, foreign = [], {}
    for device in devices:
        found = inspect(device)
        if kind == "logical" and found.get("TYPE") == wanted:
            found["VG"] = run("pvs", "--noheadings", "-o", "vg_name", device).stdout.strip()
        mine = found.get("PTTYPE" if kind == "disk" else "TYPE") == wanted
        # A file system on the whole disk beside a partition table is not what is wanted.
        if mine and not (kind == "disk" and "TYPE" in found) and found.get("VG", group) == group:
            ours.append(device)
        else:
            require_unused(device)
            if found:
                foreign[device] = told(found)
    if ours and len(ours) < len(devices):
        raise KvmError(
            "Volume group {0} is on {1}, and not on all that is declared.".format(group, ", ".join(ours)),
            error_code="holds_data",
            remedy="A volume group that is there is not built anew: extend it with vgextend.",
        )
    return bool(ours), foreign


def clear(device: str) -> None:
    """Take the signatures off a device that a task has told us to overwrite."""
    require_unused(device)
    done = run("wipefs", "--all", device)
    if done.returncode:
        raise KvmError("The device {0} can't be cleared: {1}".format(device, done.stderr.strip()))
