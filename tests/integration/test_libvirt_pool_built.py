# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_pool on loop devices: what is built, and what never is, because there is something."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

Args = t.Dict[str, t.Any]
MODULE = "libvirt_pool"


def command(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


@pytest.fixture
def volume_group(scratch: str) -> t.Iterator[str]:
    name = scratch + "-vg"
    yield name
    subprocess.run(["vgremove", "-qq", "-y", name], capture_output=True, check=False)


@pytest.fixture
def look(virsh: t.Any, scratch: str, images_dir: Path) -> t.Callable[[], object]:
    """This test's pools, and all that is on the devices."""

    def run() -> object:
        names = [name for name in virsh("pool-list", "--all", "--name").split() if name.startswith(scratch)]
        pools = [virsh("pool-dumpxml", "--inactive", name) + virsh("pool-info", name) for name in sorted(names)]
        os.sync()
        return pools, contents(images_dir)

    return run


def contents(images_dir: Path) -> dict[str, str]:
    """Of a device every byte; of one that is mounted its files: the file system writes by itself for minutes."""
    mounted = images_dir / "mnt"
    if os.path.ismount(mounted):
        return {str(path): path.read_text() if path.is_file() else "" for path in sorted(mounted.rglob("*"))}
    for image in images_dir.glob("device*"):
        wait_until_let_go(image)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(images_dir.glob("device*"))}


def wait_until_let_go(image: Path) -> None:
    """A guest of another test that was started while the device was mounted has a copy of the mount, and the file
    system goes on there: libvirt gives each QEMU a mount namespace of its own."""
    for device in command("losetup", "--noheadings", "--output", "NAME", "--associated", str(image)).split():
        end = time.monotonic() + 300
        while signature(device, "USAGE") == "filesystem" and time.monotonic() < end:
            try:
                os.close(os.open(device, os.O_RDONLY | os.O_EXCL))
                break
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
            time.sleep(0.2)


def fields(result: Args) -> list[str]:
    return [change["field"] for pool in result["pools"] for change in pool["changes"]]


def fs(scratch: str, device: str, images_dir: Path) -> Args:
    return {
        "name": scratch,
        "type": "fs",
        "source": {"devices": [{"path": device}], "format": "ext4"},
        "target": {"path": str(images_dir / "mnt")},
    }


def signature(device: str, which: str = "TYPE") -> str:
    done = subprocess.run(
        ["blkid", "-p", "-s", which, "-o", "value", device], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def test_a_file_system_is_made_once_and_kept(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, loop: t.Any, scratch: str, images_dir: Path
) -> None:
    device = loop()
    args = fs(scratch, device, images_dir)
    # Not asked for, nothing is made.
    assert "Failed to start" in run_module(MODULE, args, expect="failed")["msg"]
    assert signature(device) == ""
    virsh("pool-undefine", scratch)

    done = converge(MODULE, {**args, "build": True}, look)
    assert {"field": "build", "before": None, "after": device} in done["pool"]["changes"]
    assert signature(device) == "ext4"
    assert os.path.ismount(images_dir / "mnt")
    (images_dir / "mnt" / "kept").write_text("data")
    assert fields(converge(MODULE, {**args, "build": True, "state": "inactive"}, look)) == ["state"]
    assert not os.path.ismount(images_dir / "mnt")
    # It is there already: not made anew, not even when overwriting is allowed, and not for a new pool.
    uuid = signature(device, "UUID")
    assert fields(converge(MODULE, {**args, "build": True, "overwrite": True}, look)) == ["state"]
    converge(MODULE, {"name": scratch, "state": "absent"}, look)
    assert "build" not in fields(converge(MODULE, {**args, "build": True, "overwrite": True}, look))
    assert signature(device, "UUID") == uuid
    assert (images_dir / "mnt" / "kept").read_text() == "data"


def test_a_partition_table(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, loop: t.Any, scratch: str
) -> None:
    device = loop()
    args = {
        "name": scratch,
        "type": "disk",
        "source": {"devices": [{"path": device}], "format": "gpt"},
        "target": {"path": "/dev"},
        "build": True,
    }
    converge(MODULE, args, look)
    assert signature(device, "PTTYPE") == "gpt"
    uuid = signature(device, "PTUUID")
    virsh("pool-destroy", scratch)
    assert fields(converge(MODULE, args, look)) == ["state"]
    assert signature(device, "PTUUID") == uuid
    # Another table is not laid over this one.
    converge(MODULE, {"name": scratch, "state": "absent"}, look)
    before = look()
    args["source"]["format"] = "dos"  # type: ignore[index]
    for check in (True, False):
        result = run_module(MODULE, args, check=check, expect="failed")
        assert result["error_code"] == "holds_data"
        assert f"{device} holds a partition table (gpt)" in result["msg"]
        assert look() == before


@pytest.mark.parametrize("form", [{"format": "lvm2"}, {}])
def test_a_volume_group_is_never_built_over(
    converge: t.Any,
    run_module: t.Any,
    virsh: t.Any,
    look: t.Any,
    loop: t.Any,
    scratch: str,
    volume_group: str,
    form: Args,
) -> None:
    """What salt (56454) and Puppet's libvirt module (31) destroy."""
    devices = [loop(), loop()]
    paths = [{"path": device} for device in devices]
    source: Args = {"name": volume_group, "devices": paths, **form}
    args = {"name": scratch, "type": "logical", "source": source, "build": True}
    converge(MODULE, args, look)
    assert volume_group in command("vgs", "--noheadings", "-o", "vg_name")
    uuid = command("vgs", "--noheadings", "-o", "vg_uuid", volume_group)
    virsh("pool-destroy", scratch)
    converge(MODULE, {**args, "overwrite": True}, look)
    assert command("vgs", "--noheadings", "-o", "vg_uuid", volume_group) == uuid
    converge(MODULE, {"name": scratch, "state": "absent"}, look)
    # As on another host, which does not know the pool and finds the volume group.
    assert "build" not in fields(converge(MODULE, args, look))
    assert command("vgs", "--noheadings", "-o", "vg_uuid", volume_group) == uuid
    converge(MODULE, {"name": scratch, "state": "absent"}, look)

    before = look()
    other: Args = {**args, "source": {**source, "name": volume_group + "-other"}}
    result = run_module(MODULE, other, expect="failed")
    assert result["error_code"] == "holds_data"
    assert f"{devices[0]} holds LVM2_member of volume group {volume_group}" in result["msg"]
    # One more device: no reason to make the volume group anew, whatever may be overwritten.
    third = loop()
    before = look()
    more = {**args, "source": {**source, "devices": [*paths, {"path": third}]}, "overwrite": True}
    assert "vgextend" in run_module(MODULE, more, expect="failed")["msg"]
    assert look() == before
    assert command("vgs", "--noheadings", "-o", "vg_uuid", volume_group) == uuid


@pytest.mark.parametrize("what", ["ext2", "gpt", "LVM2_member", "swap", "raw"])
def test_what_is_there_is_named_and_only_destroyed_when_told_so(
    converge: t.Any, run_module: t.Any, look: t.Any, loop: t.Any, scratch: str, images_dir: Path, what: str
) -> None:
    device = loop()
    if what == "ext2":
        command("mkfs.ext2", "-q", "-F", "-L", "precious", device)
    elif what == "gpt":
        command("parted", "--script", device, "mklabel", "gpt", "mkpart", "one", "1MiB", "20MiB")
    elif what == "LVM2_member":
        command("pvcreate", "-qq", "-y", device)
    elif what == "swap":
        command("mkswap", device)
    else:
        with Path(device).open("r+b") as raw:
            raw.write(os.urandom(4096))
    args = {**fs(scratch, device, images_dir), "build": True}
    before = look()
    for check in (True, False):
        result = run_module(MODULE, args, check=check, expect="failed")
        assert result["error_code"] == "holds_data"
        words = {"ext2": "ext2 (precious)", "gpt": "a partition table (gpt)", "raw": "data: unknown"}.get(what, what)
        assert f"{device} holds {words}" in result["msg"]
        assert "overwrite: true" in result["remedy"]
        assert look() == before
    done = converge(MODULE, {**args, "overwrite": True}, look)
    assert {"field": "build", "before": {device: words}, "after": device} in done["pool"]["changes"]
    assert signature(device) == "ext4"
    assert signature(device, "PTTYPE") == ""


def test_a_device_in_use_is_never_built_on(
    run_module: t.Any, look: t.Any, loop: t.Any, scratch: str, images_dir: Path
) -> None:
    device = loop()
    command("mkfs.ext2", "-q", "-F", device)
    (images_dir / "elsewhere").mkdir()
    command("mount", device, str(images_dir / "elsewhere"))
    try:
        args = {**fs(scratch, device, images_dir), "build": True, "overwrite": True}
        for check in (True, False):
            result = run_module(MODULE, args, check=check, expect="failed")
            assert result["error_code"] == "in_use"
            assert device in result["msg"]
    finally:
        command("umount", device)
    assert signature(device) == "ext2"


def test_bad_input_to_build(run_module: t.Any, look: t.Any, loop: t.Any, scratch: str, images_dir: Path) -> None:
    device = loop()
    good = {**fs(scratch, device, images_dir), "build": True}
    file = {"devices": [{"path": str(images_dir / "device0")}], "format": "ext4"}
    bad: list[tuple[Args, str]] = [
        (
            {"type": "dir", "source": None},
            "build: True is not valid: pools of these types are built: fs, logical, disk",
        ),
        ({"source": {"devices": [{"path": device}]}}, "a file system is wanted"),
        ({"source": {"devices": [{"path": device}], "format": "auto"}}, "a file system is wanted"),
        ({"source": file}, "is no block device"),
        ({"source": {"devices": [{"path": "/dev/mct-none"}], "format": "ext4"}}, "There is no device /dev/mct-none"),
        ({"build": False, "overwrite": True}, "it goes with build: true"),
        ({"type": "logical", "source": {"name": "mct-x"}, "target": None}, "source.devices: None is not valid"),
    ]
    before = look()
    for options, words in bad:
        args = {key: value for key, value in {**good, **options}.items() if value is not None}
        assert words in run_module(MODULE, args, expect="failed")["msg"]
        assert look() == before, options
    # An earlier task of the same check may make the device.
    result = run_module(MODULE, {**good, "source": bad[4][0]["source"]}, check=True)
    assert result["warnings"] == ["There is no device /dev/mct-none on this host. It is taken as about to be."]


def test_a_pool_below_a_running_guest_is_not_stopped(
    run_module: t.Any, virsh: t.Any, look: t.Any, loop: t.Any, scratch: str, images_dir: Path
) -> None:
    args = {**fs(scratch, loop(), images_dir), "build": True}
    run_module(MODULE, args)
    run_module("libvirt_volume", {"pool": scratch, "name": "disk.qcow2", "capacity": "8MiB"})
    xml = images_dir / "guest.xml"
    xml.write_text(
        f"<domain type='qemu'><name>{scratch}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>"
        f"<devices><disk type='file'><driver name='qemu' type='qcow2'/><source file='{images_dir}/mnt/disk.qcow2'/>"
        "<target dev='vda'/></disk></devices></domain>"
    )
    virsh("create", str(xml), "--paused")
    for state in ("inactive", "absent"):
        result = run_module(MODULE, {"name": scratch, "state": state}, expect="failed")
        assert result["error_code"] == "in_use"
        assert f"in use by domain {scratch}" in result["msg"]
        told = run_module(MODULE, {"name": scratch, "state": state}, check=True)
        assert "taken as about to be stopped" in told["warnings"][0]
    change = {"name": scratch, "mount_opts": ["noatime"], "restart": "if_required"}
    assert run_module(MODULE, change, expect="failed")["error_code"] == "in_use"
    assert os.path.ismount(images_dir / "mnt")
    virsh("destroy", scratch)
    run_module(MODULE, change)
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    assert [line for line in mounts if f"{images_dir}/mnt" in line and "noatime" in line]
