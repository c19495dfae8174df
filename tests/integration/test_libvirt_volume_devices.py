# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_volume where volumes are no files: the partitions of a loop device, a file system on one."""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest

Args = t.Dict[str, t.Any]
MODULE = "libvirt_volume"
MIB = 1024 * 1024


@pytest.fixture
def disk(run_module: t.Any, loop: t.Any, scratch: str) -> str:
    """A loop device with an empty partition table that is a pool."""
    device: str = loop()
    source = {"devices": [{"path": device}], "format": "gpt"}
    run_module(
        "libvirt_pool", {"name": scratch, "type": "disk", "source": source, "target": {"path": "/dev"}, "build": True}
    )
    return device


@pytest.fixture
def look(virsh: t.Any, scratch: str, disk: str) -> t.Callable[[], str]:
    def run() -> str:
        os.sync()
        words = ["parted", "--script", "--machine", disk, "unit", "B", "print"]
        return virsh("vol-list", scratch) + subprocess.run(words, capture_output=True, text=True, check=True).stdout

    return run


def test_partitions(converge: t.Any, run_module: t.Any, look: t.Any, scratch: str, disk: str) -> None:
    types = ("linux", "none", "linux-swap", "fat16", "fat32", "linux-lvm", "linux-raid")
    volumes = [
        {"pool": scratch, "name": f"{Path(disk).name}p{number}", "capacity": "4MiB", "format": form}
        for number, form in enumerate(types, 1)
    ]
    done = converge(MODULE, {"volumes": volumes}, look)
    assert [each["path"] for each in done["volumes"]] == [f"{disk}p{number}" for number in range(1, len(types) + 1)]
    before = look()
    for options, words in (
        ({"capacity": "8MiB"}, "can't resize the volumes of a disk pool"),
        ({"name": "data", "capacity": "4MiB"}, f"the next partition of {disk} is {Path(disk).name}p8"),
        ({"name": f"{Path(disk).name}p8", "capacity": "4MiB", "format": "qcow2"}, "a disk pool has partitions"),
    ):
        for check in (True, False):
            result = run_module(MODULE, {**volumes[0], **options}, check=check, expect="failed")
            assert words in result["msg"]
            assert look() == before


def test_logical_partitions(converge: t.Any, run_module: t.Any, loop: t.Any, scratch: str, virsh: t.Any) -> None:
    device = loop()
    source = {"devices": [{"path": device}], "format": "dos"}
    pool = {"name": scratch, "type": "disk", "source": source, "target": {"path": "/dev"}, "build": True}
    run_module("libvirt_pool", pool)
    name = Path(device).name
    types = ("linux", "linux", "linux", "extended", "linux")
    volumes = [
        {"pool": scratch, "name": f"{name}p{number}", "capacity": "4MiB", "format": form}
        for number, form in enumerate(types, 1)
    ]
    volumes[3]["capacity"] = "32MiB"
    done = converge(MODULE, {"volumes": volumes}, lambda: virsh("vol-list", scratch))
    assert done["volumes"][4]["path"] == device + "p5"


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_a_partition_filled_from_an_image(
    converge: t.Any, look: t.Any, scratch: str, disk: str, images_dir: Path, form: str
) -> None:
    raw, src = images_dir / "raw", images_dir / "picture"
    raw.write_bytes(os.urandom(2 * MIB) + bytes(2 * MIB))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", form, str(raw), str(src)], check=True)
    args = {"pool": scratch, "name": Path(disk).name + "p1", "src": str(src)}
    converge(MODULE, args, look)
    assert Path(disk + "p1").read_bytes()[: 4 * MIB] == raw.read_bytes()


def test_a_volume_cloned_to_a_partition(
    converge: t.Any, run_module: t.Any, look: t.Any, scratch: str, disk: str, images_dir: Path
) -> None:
    raw = images_dir / "raw"
    raw.write_bytes(os.urandom(2 * MIB) + bytes(2 * MIB))
    files = scratch + "-files"
    run_module("libvirt_pool", {"name": files, "type": "dir", "target": {"path": str(images_dir / "files")}})
    run_module(MODULE, {"pool": files, "name": "base", "src": str(raw)})
    args = {"pool": scratch, "name": Path(disk).name + "p1", "clone": {"pool": files, "volume": "base"}}
    converge(MODULE, args, look)
    assert Path(disk + "p1").read_bytes()[: 4 * MIB] == raw.read_bytes()


def test_a_file_system_on_a_device_has_files(
    run_module: t.Any, loop: t.Any, scratch: str, images_dir: Path, virsh: t.Any
) -> None:
    pool: Args = {
        "name": scratch,
        "type": "fs",
        "source": {"devices": [{"path": loop()}], "format": "ext4"},
        "target": {"path": str(images_dir / "mnt")},
        "build": True,
    }
    run_module("libvirt_pool", pool)
    src = images_dir / "src"
    src.write_bytes(os.urandom(MIB))
    args = {"pool": scratch, "name": "disk", "src": str(src), "capacity": "4MiB", "format": "qcow2"}
    assert run_module(MODULE, args)["changed"]
    assert not run_module(MODULE, args)["changed"]
    # The device is full: one clear error, and nothing half there.
    big = images_dir / "big"
    big.write_bytes(os.urandom(80 * MIB))
    args = {"pool": scratch, "name": "big", "src": str(big), "allow_overcommit": True}
    assert "space" in run_module(MODULE, args, expect="failed")["msg"].lower()
    assert "big" not in virsh("vol-list", scratch)
    assert not list((images_dir / "mnt").glob("big*"))
