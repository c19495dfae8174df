# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""storage_disk on loop devices with real file systems, partition tables and physical volumes.

What wants a device mapper (active logical volumes, multipath) or an OSD is in tests/unit/test_disk.py, out of what the
tools print.
"""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest

if t.TYPE_CHECKING:
    from tests.conftest import RunModule

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
BY_ID = Path("/dev/disk/by-id")
SIZE = 320 * 1024 * 1024  # mkfs.xfs wants 300 MiB


def sh(*command: str) -> str:
    # LVM complains of what pytest has open.
    env = {**os.environ, "LVM_SUPPRESS_FD_WARNINGS": "1", "LC_ALL": "C"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=env)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


class LoopDisk:
    """A disk with a name that stays the same."""

    def __init__(self, image: Path, name: str) -> None:
        with image.open("wb") as file:
            file.truncate(SIZE)
        self.image = image
        self.device = sh("losetup", "--find", "--partscan", "--show", str(image)).strip()
        self.path = BY_ID / name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.symlink_to(self.device)

    def __str__(self) -> str:
        return str(self.path)

    def partition(self) -> None:
        script = "label: gpt\n,100M\n,\n"
        subprocess.run(["sfdisk", "-q", self.device], input=script, text=True, check=True, capture_output=True)
        subprocess.run(["partx", "--add", self.device], check=False, capture_output=True)

    def types(self) -> list[str]:
        """What blkid, another tool than the module's, finds."""
        done = subprocess.run(["blkid", "-p", "-o", "export", self.device], capture_output=True, text=True, check=False)
        return [line.partition("=")[2] for line in done.stdout.splitlines() if line.startswith(("TYPE", "PTTYPE"))]

    def close(self) -> None:
        sh("blockdev", "--setrw", self.device)  # the number is given to others again
        subprocess.run(["partx", "--delete", self.device], check=False, capture_output=True)
        sh("losetup", "--detach", self.device)
        self.path.unlink()


@pytest.fixture
def disk(images_dir: Path) -> t.Iterator[t.Callable[[], LoopDisk]]:
    """``disk()``: one more empty disk."""
    disks: list[LoopDisk] = []

    def run() -> LoopDisk:
        disks.append(LoopDisk(images_dir / f"disk{len(disks)}", f"mct-{os.getpid()}-{len(disks)}"))
        return disks[-1]

    yield run
    for one in disks:
        one.close()
    for directory in (BY_ID, BY_ID.parent):
        if directory.is_dir() and not any(directory.iterdir()):
            directory.rmdir()


def lvm(*disks: LoopDisk, wipe: bool = False, **more: t.Any) -> dict[str, t.Any]:
    return {
        "purpose": "lvm",
        "volume_group": f"mct{os.getpid()}",
        "disks": [{"path": str(one), "wipe": wipe} for one in disks],
        **more,
    }


def brick(one: LoopDisk, wipe: bool = False, label: str = "brick1") -> dict[str, t.Any]:
    return {"purpose": "filesystem", "disks": [{"path": str(one), "label": label, "wipe": wipe}]}


def refusal(run_module: RunModule, args: dict[str, t.Any], check: bool = False) -> dict[str, t.Any]:
    result = run_module("storage_disk", args, check=check, expect="failed")
    assert result["error_code"] == "disk_refused"
    return result


def test_an_empty_disk_becomes_a_volume_group(
    run_module: RunModule, disk: t.Callable[[], LoopDisk], request: pytest.FixtureRequest
) -> None:
    one = disk()
    group = lvm()["volume_group"]
    for check in (True, False):
        result = run_module("storage_disk", lvm(one), check=check)
        assert (result["changed"], result["free"]) == (False, [str(one)])
        assert result["disks"][0] == {
            "path": str(one),
            "device": one.device,
            "size": SIZE,
            "status": "free",
            "found": [],
            "reason": "",
            "volume_group": "",
            "osds": [],
        }
    assert one.types() == []
    # lvg may be cut off between the two
    sh("pvcreate", "-q", one.device)
    result = run_module("storage_disk", lvm(one))
    assert (result["free"], result["disks"][0]["found"]) == (
        [str(one)],
        ["an LVM physical volume in no volume group"],
    )
    sh("vgcreate", "-q", group, one.device)
    request.addfinalizer(lambda: subprocess.run(["vgremove", "-q", "-f", group], check=False, capture_output=True))
    for wipe in (False, True):  # never a second time
        result = run_module("storage_disk", lvm(one, wipe=wipe))
        assert (result["changed"], result["free"], result["disks"][0]["status"]) == (False, [], "ours")
        assert result["disks"][0]["volume_group"] == group
    assert "group" not in sh("vgs", "--noheadings", "-o", "vg_name", group).replace(group, "")

    result = refusal(run_module, lvm(one, volume_group="other"))
    assert result["disks"][0]["reason"] == f"it holds an LVM physical volume of volume group {group}"
    refusal(run_module, brick(one))
    refusal(run_module, {"purpose": "ceph_osd", "disks": [{"path": str(one)}]})


def test_a_volume_group_is_wiped_as_a_whole_or_not_at_all(
    run_module: RunModule, disk: t.Callable[[], LoopDisk], request: pytest.FixtureRequest
) -> None:
    one, two = disk(), disk()
    group = f"mctold{os.getpid()}"
    sh("vgcreate", "-q", group, one.device, two.device)
    request.addfinalizer(lambda: subprocess.run(["vgremove", "-q", "-f", group], check=False, capture_output=True))
    result = refusal(run_module, lvm(one, wipe=True))
    assert (
        result["disks"][0]["reason"] == f"the volume group {group} is on {two.device} too, which the task does not wipe"
    )
    assert one.types() == ["LVM2_member"]
    assert run_module("storage_disk", lvm(one, two, wipe=True), check=True)["changed"]
    assert one.types() == two.types() == ["LVM2_member"]
    assert run_module("storage_disk", lvm(one, two, wipe=True))["changed"]
    assert one.types() == two.types() == []


def test_a_file_system_is_refused_and_wiped_where_named(run_module: RunModule, disk: t.Callable[[], LoopDisk]) -> None:
    one = disk()
    sh("mkfs.ext4", "-q", "-L", "data", one.device)
    before = one.image.read_bytes()
    for check in (True, False):
        result = refusal(run_module, lvm(one), check=check)
        assert result["disks"][0]["reason"] == "it holds an ext4 file system labelled data"
        assert f"{one}: it holds an ext4 file system labelled data" in result["msg"]
        assert "wipe: true" in result["remedy"]
    result = run_module("storage_disk", lvm(one, wipe=True), check=True)
    assert (result["changed"], result["disks"][0]["status"]) == (True, "wiped")
    assert result["diff"][0]["before"] == "an ext4 file system labelled data\n"
    assert one.image.read_bytes() == before
    result = run_module("storage_disk", lvm(one, wipe=True))
    assert (result["changed"], result["free"], one.types()) == (True, [str(one)], [])
    result = run_module("storage_disk", lvm(one, wipe=True))
    assert (result["changed"], result["disks"][0]["status"]) == (False, "free")


def test_a_brick_keeps_its_data_through_every_run(
    run_module: RunModule, disk: t.Callable[[], LoopDisk], tmp_path: Path
) -> None:
    one = disk()
    assert run_module("storage_disk", brick(one))["free"] == [str(one)]
    sh("mkfs.xfs", "-q", "-L", "brick1", one.device)
    sh("mount", one.device, str(tmp_path))
    try:
        result = run_module("storage_disk", brick(one, wipe=True))
        assert (result["changed"], result["disks"][0]["status"]) == (False, "ours")
        assert result["disks"][0]["found"] == [
            "an xfs file system labelled brick1",
            f"{one.device} is mounted at {tmp_path}",
        ]
        for wipe in (False, True):
            result = refusal(run_module, brick(one, wipe=wipe, label="brick2"))
            assert result["disks"][0]["reason"] == f"it is in use: {one.device} is mounted at {tmp_path}"
            assert "wipe: true" not in result["remedy"]
    finally:
        sh("umount", str(tmp_path))
    result = refusal(run_module, brick(one, label="brick2"))
    assert result["disks"][0]["reason"] == "it holds an xfs file system labelled brick1"
    assert one.types() == ["xfs"]


def test_partitions(run_module: RunModule, disk: t.Callable[[], LoopDisk], tmp_path: Path) -> None:
    one = disk()
    one.partition()
    part = one.device + "p1"
    sh("mkfs.ext4", "-q", "-L", "root", part)
    result = refusal(run_module, lvm(one))
    assert result["disks"][0]["found"] == [
        "a gpt partition table",
        f"partition {part} with an ext4 file system labelled root",
        f"partition {one.device}p2 with nothing known on it",
    ]
    sh("mount", part, str(tmp_path))
    try:
        result = refusal(run_module, lvm(one, wipe=True))
        assert result["disks"][0]["reason"] == f"it is in use: {part} is mounted at {tmp_path}"
    finally:
        sh("umount", str(tmp_path))
    assert run_module("storage_disk", lvm(one, wipe=True))["changed"]
    assert one.types() == []
    assert run_module("storage_disk", lvm(one))["free"] == [str(one)]


def test_a_disk_that_a_program_has_open(run_module: RunModule, disk: t.Callable[[], LoopDisk]) -> None:
    one = disk()
    with subprocess.Popen(["sleep", "infinity"], stdin=os.open(one.device, os.O_RDWR)) as sleeping:
        try:
            result = refusal(run_module, lvm(one, wipe=True))
        finally:
            sleeping.terminate()
    reason = result["disks"][0]["reason"]
    # pytest itself opened it for the sleeper
    assert f"sleep ({sleeping.pid}) has it open" in reason
    assert reason.startswith("it is in use: ")


def test_bluestore_is_an_osd(run_module: RunModule, disk: t.Callable[[], LoopDisk]) -> None:
    one = disk()
    Path(one.device).write_bytes(b"bluestore block device\n")
    ceph = {"purpose": "ceph_osd", "disks": [{"path": str(one), "wipe": True}]}
    result = run_module("storage_disk", ceph)
    assert (result["changed"], result["disks"][0]["status"]) == (False, "ours")
    result = refusal(run_module, lvm(one))
    assert result["disks"][0]["reason"] == "it holds a Ceph OSD (bluestore)"
    # of which cluster, nobody here can tell
    fsid = "3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11"
    refusal(run_module, {"purpose": "ceph_osd", "cluster_fsid": fsid, "disks": [{"path": str(one)}]})


def test_data_of_no_known_kind(run_module: RunModule, disk: t.Callable[[], LoopDisk]) -> None:
    one = disk()
    with Path(one.device).open("r+b") as stream:
        stream.seek(700_000)
        stream.write(b"cipher text")
    result = refusal(run_module, lvm(one))
    assert result["disks"][0]["reason"] == "it holds data of no known kind"
    assert run_module("storage_disk", lvm(one, wipe=True), check=True)["changed"]
    assert one.image.read_bytes()[700_000:700_011] == b"cipher text"
    assert run_module("storage_disk", lvm(one, wipe=True))["changed"]
    assert not any(one.image.read_bytes()[: 1024 * 1024])
    assert not run_module("storage_disk", lvm(one, wipe=True))["changed"]


def test_names(run_module: RunModule, disk: t.Callable[[], LoopDisk], tmp_path: Path) -> None:
    one = disk()
    kernel = {"path": one.device}
    result = run_module("storage_disk", lvm(disks=[kernel]))
    assert result["warnings"] == [
        f"{one.device} may be another disk after the next boot; /dev/disk/by-id has names that stay"
    ]
    sh("mkfs.ext4", "-q", one.device)
    result = refusal(run_module, lvm(disks=[{**kernel, "wipe": True}]))
    assert result["disks"][0]["reason"].startswith("wipe wants a name that stays the same: ")
    assert one.types() == ["ext4"]
    result = run_module("storage_disk", lvm(disks=[kernel, {"path": str(one)}]), expect="failed")
    assert (
        result["msg"] == f"disks[1].path: '{one}' is not valid: it is the same disk as {one.device}, and one is wanted."
    )

    plain = tmp_path / "file"
    plain.touch()
    for path, reason in ((plain, "it is not a block device"), (BY_ID / "mct-nothing", "there is no such device")):
        result = refusal(run_module, lvm(disks=[{"path": str(path), "wipe": True}]))
        assert (result["disks"][0]["reason"], result["disks"][0]["device"]) == (reason, None)
    assert one.path.name in result["remedy"]


def test_one_refused_disk_keeps_the_others_from_being_wiped(
    run_module: RunModule, disk: t.Callable[[], LoopDisk]
) -> None:
    one, two = disk(), disk()
    for each in (one, two):
        sh("mkfs.ext4", "-q", each.device)
    disks = [{"path": str(one), "wipe": True}, {"path": str(two)}]
    result = refusal(run_module, lvm(disks=disks))
    assert [each["status"] for each in result["disks"]] == ["wiped", "refused"]
    assert one.types() == two.types() == ["ext4"]


def test_too_small_and_read_only(run_module: RunModule, disk: t.Callable[[], LoopDisk]) -> None:
    one = disk()
    result = refusal(run_module, lvm(one, minimum_size="1GiB"))
    assert result["disks"][0]["reason"] == "it is too small: 320MiB, and 1GiB are wanted"
    sh("blockdev", "--setro", one.device)
    assert refusal(run_module, lvm(one))["disks"][0]["reason"] == "it is read-only"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"volume_group": "a b"}, "volume_group: 'a b' is not valid: a name of letters, digits and +_.- is wanted."),
        ({"disks": []}, "disks: [] is not valid: at least one disk is wanted."),
        ({"disks": [{"path": "sdb"}]}, "disks[0].path: 'sdb' is not valid: an absolute path is wanted"),
        ({"minimum_size": "10"}, "minimum_size: '10' is not valid: a number with a unit is wanted"),
        ({"purpose": "ceph_osd", "cluster_fsid": "ceph"}, "cluster_fsid: 'ceph' is not valid: a UUID is wanted"),
        (
            {"purpose": "filesystem"},
            "disks[0].label: None is not valid: 1 to 12 bytes without blanks are wanted for xfs.",
        ),
        (
            {"purpose": "filesystem", "disks": [{"path": f"/dev/{n}", "label": "a"} for n in "xy"]},
            "disks[1].label: 'a' is not valid: another disk of the task has it.",
        ),
    ],
)
def test_bad_values(run_module: RunModule, args: dict[str, t.Any], said: str) -> None:
    given = {"purpose": "lvm", "volume_group": "vg", "disks": [{"path": "/dev/null"}], **args}
    result = run_module("storage_disk", given, expect="failed")
    assert said in result["msg"]
    assert result["error_code"] == "bad_value"
