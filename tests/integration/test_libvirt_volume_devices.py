# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_volume where volumes are no files: the partitions of a loop device, a file system on one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path
from unittest import mock

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _logical, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._marked import MARK
from ansible_collections.minicloud.kvm.plugins.module_utils._place import Place
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import PoolFound

Args = t.Dict[str, t.Any]
MODULE = "libvirt_volume"
MIB = 1024 * 1024
RUNNER = Path(__file__).resolve().parent.parent / "support" / "run_as_ansible.py"


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


@pytest.fixture
def files(run_module: t.Any, scratch: str, images_dir: Path) -> str:
    """Another pool, of files."""
    run_module(
        "libvirt_pool", {"name": scratch + "-files", "type": "dir", "target": {"path": str(images_dir / "files")}}
    )
    return scratch + "-files"


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_a_volume_cloned_to_a_partition_and_back(
    converge: t.Any, run_module: t.Any, look: t.Any, virsh: t.Any, files: str, disk: str, images_dir: Path, form: str
) -> None:
    scratch = files.rpartition("-")[0]
    raw = images_dir / "raw"
    raw.write_bytes(os.urandom(2 * MIB) + bytes(10 * MIB) + os.urandom(MIB))
    run_module(MODULE, {"pool": files, "name": "base", "src": str(raw), "format": form, "allocation": "thin"})
    name = Path(disk).name + "p1"
    args = {"pool": scratch, "name": name, "clone": {"pool": files, "volume": "base"}, "capacity": "16MiB"}
    converge(MODULE, args, look)
    assert Path(disk + "p1").read_bytes()[: 13 * MIB] == raw.read_bytes()
    back = {"pool": files, "name": "back", "clone": {"pool": scratch, "volume": name}, "format": form}
    converge(MODULE, back, lambda: virsh("vol-list", files))
    made = images_dir / "files/back"
    assert made.stat().st_blocks * 512 < 8 * MIB
    subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", form, str(raw), str(made)], check=True)
    # One that is too small, or has no room, is refused before anything is done.
    before = look()
    for check in (True, False):
        small = {**args, "name": Path(disk).name + "p2", "capacity": "4MiB"}
        assert "what it starts from has 13MiB" in run_module(MODULE, small, check=check, expect="failed")["msg"]
        assert look() == before


def test_a_device_that_is_there_and_blank_is_filled_where_that_is_asked_for(
    converge: t.Any, run_module: t.Any, look: t.Any, files: str, scratch: str, disk: str, images_dir: Path
) -> None:
    """A partition stands for a LUN: iscsi, scsi and mpath pools can't be had without their kernel modules."""
    raw, device = images_dir / "raw", Path(disk + "p1")
    raw.write_bytes(bytes(2 * MIB) + os.urandom(2 * MIB))
    run_module(MODULE, {"pool": files, "name": "base", "src": str(raw), "format": "qcow2"})
    empty: Args = {"pool": scratch, "name": device.name, "capacity": "8MiB"}
    run_module(MODULE, empty)
    args = {**empty, "clone": {"pool": files, "volume": "base"}}
    # Without being asked nothing is written.
    assert not run_module(MODULE, args)["changed"]
    assert not any(device.read_bytes())
    args["fill_blank"] = True
    done = converge(MODULE, args, lambda: (look(), device.read_bytes()))
    assert [each["field"] for each in done["volume"]["changes"]] == ["clone"]
    assert device.read_bytes() == raw.read_bytes() + bytes(4 * MIB)
    # What holds anything, wherever that is, stays.
    for place in (0, 3 * MIB, 8 * MIB - 1):
        content = bytearray(8 * MIB)
        content[place : place + 1] = b"x"
        if place == 3 * MIB:
            content[place : place + 64 * 1024] = b"x" * 64 * 1024
        device.write_bytes(content)
        assert not run_module(MODULE, args)["changed"]
        assert device.read_bytes() == content
    # A blank image is whole as it is; one that does not fit is refused.
    device.write_bytes(bytes(8 * MIB))
    blank, big = images_dir / "blank", images_dir / "big"
    blank.write_bytes(bytes(MIB))
    big.write_bytes(b"x" * 9 * MIB)
    src: Args = {**empty, "fill_blank": True}
    assert not run_module(MODULE, {**src, "src": str(blank)})["changed"]
    for check in (True, False):
        failed = run_module(MODULE, {**src, "src": str(big)}, check=check, expect="failed")
        assert "what it starts from has 9MiB" in failed["msg"]
    assert not any(device.read_bytes())
    # One that a running guest has is the guest's.
    domain = {
        "name": scratch + "-guest",
        "type": "qemu",
        "memory": "64MiB",
        "state": "paused",
        "disks": [{"pool": scratch, "volume": device.name}],
    }
    run_module("libvirt_domain", domain)
    assert not run_module(MODULE, {**src, "src": str(raw)})["changed"]
    assert not any(device.read_bytes())
    run_module("libvirt_domain", {"name": domain["name"], "state": "absent", "force": True})
    converge(MODULE, {**src, "src": str(raw)}, lambda: (look(), device.read_bytes()))
    assert device.read_bytes()[: 4 * MIB] == raw.read_bytes()
    for wrong, words in (
        ({"fill_blank": True}, "clone or src is wanted"),
        ({"pool": files, "name": "base", "fill_blank": True, "src": str(raw)}, "it is for partitions and LUNs"),
    ):
        assert words in run_module(MODULE, {**empty, **wrong}, expect="failed")["msg"]


@pytest.mark.parametrize("way", ["clone", "src"])
def test_killed_while_a_partition_is_filled(
    converge: t.Any, run_module: t.Any, look: t.Any, files: str, disk: str, images_dir: Path, way: str
) -> None:
    """What is left bears a mark: the next run begins anew."""
    scratch, device = files.rpartition("-")[0], Path(disk + "p1")
    raw = images_dir / "raw"
    raw.write_bytes(os.urandom(8 * MIB))
    run_module(MODULE, {"pool": files, "name": "base", "src": str(raw)})
    args: Args = {"pool": scratch, "name": device.name}
    args.update({"src": str(raw)} if way == "src" else {"clone": {"pool": files, "volume": "base"}})
    # A qemu-img that never ends stands for one that is slow.
    (images_dir / "qemu-img").write_text(
        '#!/bin/sh\n[ "$1" != convert ] || exec sleep 1000\nexec /usr/bin/qemu-img "$@"\n'
    )
    (images_dir / "qemu-img").chmod(0o755)
    payload = {"ANSIBLE_MODULE_ARGS": {**args, "_ansible_remote_tmp": str(images_dir), "_ansible_module_name": MODULE}}
    with subprocess.Popen(
        [sys.executable, str(RUNNER), MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PATH": f"{images_dir}:{os.environ['PATH']}"},
    ) as process:
        assert process.stdin
        process.stdin.write(json.dumps(payload).encode())
        process.stdin.close()
        deadline = time.monotonic() + 60
        while not device.exists() or not device.read_bytes().startswith(MARK):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        sleeper = _child_of(process.pid)
        process.kill()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{sleeper}").exists():  # who writes for a module ends with it
        assert time.monotonic() < deadline
        time.sleep(0.05)
    head = device.read_bytes()[:4096]
    assert head.startswith(MARK)
    # Of another host nobody knows whether it is still at it.
    with device.open("r+b") as file:
        file.write(MARK + b"elsewhere\n")
    failed = run_module(MODULE, args, expect="failed")
    assert (failed["error_code"], "from the host elsewhere" in failed["msg"]) == ("begun_elsewhere", True)
    with device.open("r+b") as file:
        file.write(head)
    done = converge(MODULE, args, lambda: (look(), device.read_bytes()))
    assert done["volume"]["changes"][0]["before"] == "begun"
    assert device.read_bytes()[: 8 * MIB] == raw.read_bytes()


def _child_of(pid: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                if Path(f"/proc/{child}/comm").read_text() == "sleep\n":
                    return int(child)
        time.sleep(0.05)
    raise AssertionError("nobody sleeps")


def test_what_a_partition_is_copied_from_may_not_be_written(
    run_module: t.Any, look: t.Any, files: str, scratch: str, disk: str
) -> None:
    name = Path(disk).name + "p1"
    run_module(MODULE, {"pool": scratch, "name": name, "capacity": "4MiB"})
    domain = {
        "name": scratch + "-guest",
        "type": "qemu",
        "memory": "64MiB",
        "state": "paused",
        "disks": [{"pool": scratch, "volume": name}],
    }
    run_module("libvirt_domain", domain)
    args = {"pool": files, "name": "copy", "clone": {"pool": scratch, "volume": name}}
    failed = run_module(MODULE, args, expect="failed")
    assert (failed["error_code"], "is in use by domain" in failed["msg"]) == ("in_use", True)


def test_a_volume_group_without_room(
    run_module: t.Any, loop: t.Any, scratch: str, virsh: t.Any, files: str, images_dir: Path
) -> None:
    """What it has room for can't be made on a kernel without device mapper."""
    source = {"devices": [{"path": loop()}], "name": scratch}
    run_module("libvirt_pool", {"name": scratch, "type": "logical", "source": source, "build": True})
    try:
        src = images_dir / "src"
        src.write_bytes(b"x" * MIB)
        run_module(MODULE, {"pool": files, "name": "base", "src": str(src), "format": "qcow2"})
        one = {"pool": scratch, "name": "web1-vda", "clone": {"pool": files, "volume": "base"}, "capacity": "40MiB"}
        for check in (True, False):
            result = run_module(MODULE, {**one, "capacity": "61MiB"}, check=check, expect="failed")
            assert f"storage pool {scratch} has 60MiB left" in result["msg"]
        both = {"volumes": [one, {**one, "name": "web2-vda"}]}
        assert f"storage pool {scratch} has 20MiB left" in run_module(MODULE, both, check=True, expect="failed")["msg"]
        assert run_module(MODULE, one, check=True)["changed"]
        assert virsh("vol-list", scratch).strip() == ""
    finally:
        virsh("pool-destroy", scratch)
        subprocess.run(["vgremove", "--force", scratch], check=True, capture_output=True)


def test_a_logical_volume_gets_its_name(
    loop: t.Any, scratch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real volume group, whose volumes are not activated: that takes device mapper."""
    (tmp_path / "lvm.conf").write_text("global { activation = 0 }\n")
    monkeypatch.setenv("LVM_SYSTEM_DIR", str(tmp_path))

    def lvm(*words: str) -> str:
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    place = Place(
        mock.Mock(remote=False), mock.Mock(), "logical", "", _xml.parse(f"<s><name>{scratch}</name></s>", "s")
    )
    volume = mock.Mock()
    partial = place.passing("web1-vda", "partial")
    lvm("vgcreate", "-qq", scratch, loop())
    try:
        lvm("lvcreate", "-qq", "-an", "-Zn", "-L", "8M", "-n", partial, scratch)
        place.rename(volume, partial, "web1-vda")
        assert lvm("lvs", "--noheadings", "-o", "lv_name", scratch).split() == ["web1-vda"]
        lvm("lvcreate", "-qq", "-an", "-Zn", "-L", "8M", "-n", partial, scratch)
        monkeypatch.setattr(Place, "has", lambda _place, _name: False)
        with pytest.raises(KvmError, match="already exists in volume group"):
            place.rename(volume, partial, "web1-vda")
        # Another host was faster: its volume stays, and this one goes.
        monkeypatch.setattr(Place, "has", lambda _place, _name: True)
        place.rename(volume, partial, "web1-vda")
        volume.delete.assert_called_once()
    finally:
        lvm("vgremove", "-qq", "--force", scratch)


def test_a_logical_volume_grows(loop: t.Any, scratch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real volume group, whose volumes are not active: libvirt lists none of them."""
    (tmp_path / "lvm.conf").write_text("global { activation = 0 }\n")
    monkeypatch.setenv("LVM_SYSTEM_DIR", str(tmp_path))
    source = _xml.parse(f"<s><name>{scratch}</name></s>", "s")
    pool = PoolFound(mock.Mock(), {}, None, "logical", f"/dev/{scratch}", source=source)
    subprocess.run(["vgcreate", "-qq", scratch, loop()], check=True)
    try:
        subprocess.run(["lvcreate", "-qq", "-an", "-Zn", "-L", "8M", "-n", "web1-vda", scratch], check=True)
        assert _logical.is_hidden(pool, "web1-vda")
        assert not _logical.is_hidden(pool, "web1")
        _logical.extend(pool, "web1-vda", 9 * MIB)
        options = ["--noheadings", "--units", "m", "-o", "lv_size"]
        found = subprocess.run(["lvs", *options, scratch], check=True, capture_output=True, text=True)
        assert found.stdout.strip() == "12.00m"
        with pytest.raises(KvmError, match=r"Volume web1-vda can't be extended: lvextend: .*Insufficient free space"):
            _logical.extend(pool, "web1-vda", 10 * 1024 * MIB)
        with pytest.raises(KvmError, match=r"Volume web2 can't be activated: lvs: .*Failed to find logical"):
            _logical.activate(pool, "web2")
    finally:
        subprocess.run(["vgremove", "-qq", "--force", scratch], check=True)


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
