# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copies made and compared by the real qemu-img; the way into a pool of Ceph as far as it can be had without Ceph."""

from __future__ import annotations

import os
import stat
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _copy, _domain_volume_source, _rbd, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_disks import Storage, volumes_to_remove
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import PoolFound

MIB = 1024 * 1024
KEY = b"\x01\x00key of the pool"
UUID = "12345678-1234-4123-8123-123456789abc"


def make(path: Path, form: str, size: str, *more: str) -> Path:
    subprocess.run(["qemu-img", "create", "-q", "-f", form, *more, str(path), size], check=True)
    return path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """32 MiB of which three hold something."""
    path = tmp_path / "a picture, raw"
    path.write_bytes(os.urandom(2 * MIB) + bytes(20 * MIB) + os.urandom(MIB))
    os.truncate(path, 32 * MIB)
    return path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(_copy, "log", lines.append)
    return lines


@pytest.mark.parametrize("form", ["raw", "qcow2"])
@pytest.mark.parametrize("source", ["raw", "qcow2"])
def test_holes_stay_and_the_rest_is_the_same(
    tmp_path: Path, raw: Path, told: list[str], source: str, form: str
) -> None:
    src = tmp_path / "src"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", source, str(raw), str(src)], check=True)
    target = make(tmp_path / "target", form, "48M")
    _copy.copy(_copy.local(str(src), source), _copy.local(str(target), form, blank=True), "volume x")
    assert target.stat().st_blocks * 512 < 6 * MIB
    subprocess.run(["qemu-img", "compare", "-f", source, "-F", form, str(src), str(target)], check=True)
    assert told[-1] == "volume x: 100 % compared"
    assert any(line.endswith("% copied") for line in told)


def test_the_whole_of_it_is_written_where_that_is_wanted(tmp_path: Path, raw: Path) -> None:
    target = make(tmp_path / "target", "raw", "32M")
    _copy.copy(_copy.local(str(raw), "raw"), _copy.local(str(target), "raw"), "volume x", full=True)
    assert target.stat().st_blocks * 512 >= 32 * MIB
    assert target.read_bytes() == raw.read_bytes()


def test_what_a_target_held_is_overwritten_also_by_zeros(tmp_path: Path, raw: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old" * (12 * MIB))
    _copy.copy(_copy.local(str(raw), "raw"), _copy.local(str(target), "raw"), "volume x")
    assert target.read_bytes()[: 32 * MIB] == raw.read_bytes()
    # What is behind the image is nobody's.
    assert target.read_bytes()[32 * MIB :] == (b"old" * (12 * MIB))[32 * MIB :]


def test_what_reads_differently_is_an_error(tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = make(tmp_path / "target", "raw", "32M")

    def spoil(image: _copy.Image) -> None:
        with Path(image.path).open("r+b") as file:
            file.seek(MIB)
            file.write(b"somebody else")

    monkeypatch.setattr(_copy, "_flush", spoil)
    with pytest.raises(KvmError, match="volume x does not hold what it is a copy of: Content mismatch") as caught:
        _copy.copy(_copy.local(str(raw), "raw"), _copy.local(str(target), "raw"), "volume x")
    assert caught.value.error_code == "wrong_copy"


def test_what_somebody_else_has_written_is_read_again(tmp_path: Path) -> None:
    """Byte for byte, whatever format it is; what a device has behind it does not matter."""
    file, other = tmp_path / "image", tmp_path / "volume"
    file.write_bytes(b"QFI\xfb" + b"x" * 1500)
    other.write_bytes(file.read_bytes())
    _copy.require_written(str(file), str(other), "volume v")
    other.write_bytes(file.read_bytes() + bytes(544) + b"what was there")
    _copy.require_written(str(file), str(other), "volume v")
    for content in (file.read_bytes()[:700], file.read_bytes()[:700] + bytes(804)):
        other.write_bytes(content)
        with pytest.raises(KvmError, match="volume v does not hold what it is a copy of") as told:
            _copy.require_written(str(file), str(other), "volume v")
        assert told.value.error_code == "wrong_copy"


def test_what_is_missing_for_want_of_room_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, other = tmp_path / "image", tmp_path / "volume"
    file.write_bytes(b"x" * 1024)
    other.write_bytes(b"x" * 512 + bytes(512))
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result((4096, 4096, 1, 0, 0, 0, 0, 0, 0, 255)))
    with pytest.raises(OSError, match="No space left on device"):
        _copy.require_written(str(file), str(other), "volume v")


def test_too_small_a_target_is_left_alone(tmp_path: Path, raw: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old" * MIB)
    with pytest.raises(BadValue, match="capacity: '3MiB' is not valid: what it starts from has 32MiB"):
        _copy.copy(_copy.local(str(raw), "raw"), _copy.local(str(target), "raw"), "volume x")
    assert target.read_bytes() == b"old" * MIB


def test_an_overlay_is_copied_with_what_it_lies_on(tmp_path: Path, raw: Path) -> None:
    over = make(tmp_path / "over", "qcow2", "40M", "-b", str(raw), "-F", "raw")
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -q -P 7 30M 1M", str(over)], check=True)
    target = make(tmp_path / "target", "raw", "40M")
    _copy.copy(_copy.local(str(over), "qcow2"), _copy.local(str(target), "raw", blank=True), "volume x")
    content = target.read_bytes()
    assert content[: 30 * MIB] == raw.read_bytes()[: 30 * MIB]
    assert content[30 * MIB : 31 * MIB] == b"\7" * MIB


def test_no_format_is_guessed(tmp_path: Path, raw: Path) -> None:
    """An old overlay doesn't say of which format its image is: that image's content would."""
    over = make(tmp_path / "over", "qcow2", "32M", "-b", str(raw), "-F", "raw")
    content = over.read_bytes()
    assert b"\xe2\x79\x2a\xca" in content  # the header's extension that says it
    over.write_bytes(content.replace(b"\xe2\x79\x2a\xca", b"\xe2\x79\x2a\xcb", 1))
    target = make(tmp_path / "target", "raw", "32M")
    with pytest.raises(KvmError, match="does not say of which format") as caught:
        _copy.copy(_copy.local(str(over), "qcow2"), _copy.local(str(target), "raw"), "volume x")
    assert caught.value.error_code == "not_whole"
    # A raw image stays one, whatever a guest has written to its beginning.
    disguised = tmp_path / "disguised"
    disguised.write_bytes(content)
    os.truncate(disguised, 32 * MIB)
    _copy.copy(_copy.local(str(disguised), "raw"), _copy.local(str(target), "raw"), "volume x")
    assert target.read_bytes() == disguised.read_bytes()


def test_a_source_that_is_none(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.write_bytes(b"no qcow2" * 512)
    target = make(tmp_path / "target", "raw", "1M")
    with pytest.raises(KvmError, match=r"volume x can't be copied: .*not in qcow2 format"):
        _copy.copy(_copy.local(str(src), "qcow2"), _copy.local(str(target), "raw"), "volume x")


def test_a_missing_program(tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KvmError, match="qemu-img can't be run") as caught:
        _copy.copy(_copy.local(str(raw), "raw"), _copy.local(str(raw), "raw"), "volume x")
    assert "qemu-utils" in (caught.value.remedy or "")
    with pytest.raises(KvmError, match="rbd can't be run"):
        _rbd.require()


# --- Ceph: what libvirt is told, and programs. The cluster itself can't be had here.


POOL = _xml.parse(
    f"""<pool type='rbd'><name>ceph</name><source><host name='mon1' port='6789'/><host name='fd00::1'/>
    <name>guests</name><auth type='ceph' username='libvirt'><secret uuid='{UUID}'/></auth></source></pool>""",
    "a pool",
)
SOURCE = _xml.need(POOL, "source")


def test_the_configuration_for_ceph() -> None:
    assert _rbd.configuration(SOURCE, KEY).splitlines() == [
        "[global]",
        "mon_host = mon1:6789,[fd00::1]",
        "auth_client_required = cephx",
        "client_mount_timeout = 30",
        "rados_mon_op_timeout = 30",
        "key = AQBrZXkgb2YgdGhlIHBvb2w=",
    ]
    assert "key" not in _rbd.configuration(SOURCE, None)
    open_to_all = _xml.parse("<source><name>guests</name></source>", "a source")
    assert "auth_client_required = none" in _rbd.configuration(open_to_all, None)
    assert "mon_host" not in _rbd.configuration(open_to_all, None)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Ceph's rbd: what it is called with, and what is in the configuration that it is shown."""
    path, said = tmp_path / "rbd", tmp_path / "said"
    path.write_text(
        f"""#!/bin/sh
        echo "$@" >{said}
        cat "$2" >>{said}
        [ ! -e {tmp_path}/wrong ] || {{
            echo 'a line of the log' >&2
            echo 'rbd: rename error: (17) File exists' >&2
            exit 17
        }}"""
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return said


def test_the_key_is_seen_by_the_program_and_nobody_else(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rbd, "_key", lambda _host, _source: KEY)  # libvirt's secret
    with _rbd.cluster(t.cast("t.Any", None), SOURCE) as cluster:
        cluster.rename("web1.host1.partial", "web1")
        called, configuration = program.read_text().split("\n", 1)
        assert called.split()[2:] == ["--id", "libvirt", "mv", "guests/web1.host1.partial", "guests/web1"]
        assert called.split()[:2] == ["-c", f"/proc/self/fd/{cluster.descriptor}"]
        assert "key = AQBrZXkgb2YgdGhlIHBvb2w=" in configuration
        image = cluster.image("web1", blank=True)
        assert image.node == {
            "driver": "raw",
            "file": {
                "driver": "rbd",
                "pool": "guests",
                "image": "web1",
                "conf": f"/proc/self/fd/{cluster.descriptor}",
                "user": "libvirt",
            },
        }
        assert image.descriptors == (cluster.descriptor,)
        assert image.is_device
        (tmp_path / "wrong").touch()
        with pytest.raises(KvmError, match=r"renamed to web1: rbd: rename error: \(17\) File exists"):
            cluster.rename("web1.host1.partial", "web1")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(cluster.descriptor)


def found(kind: str, source: str, volume: str, path: str) -> PoolFound:
    """A pool of a type whose servers can't be had here."""
    pool = PoolFound(t.cast("t.Any", object()), {volume: None}, None, kind, "", source=_xml.parse(source, "a source"))
    text = f"<volume><name>{volume}</name><target><path>{path}</path><format type='raw'/></target></volume>"
    pool._trees[volume] = _xml.parse(text, "a volume")
    return pool


@pytest.mark.parametrize(
    ("kind", "source", "volume", "path", "expected"),
    [
        (
            "rbd",
            _xml.write(SOURCE),
            "web1-vda",
            "guests/web1-vda",
            {
                "network": {
                    "protocol": "rbd",
                    "name": "guests/web1-vda",
                    "hosts": [{"name": "mon1", "port": 6789}, {"name": "fd00::1"}],
                },
                "auth": {"username": "libvirt", "secret": {"type": "ceph", "uuid": UUID}},
            },
        ),
        (
            "iscsi-direct",
            """<source><host name='storage'/><device path='iqn.2026-01.org:a'/><auth type='chap' username='me'>
            <secret usage='the chap'/></auth></source>""",
            "unit:0:0:3",
            "ip-storage:3260-iscsi-iqn.2026-01.org:a-lun-3",
            {
                "network": {"protocol": "iscsi", "name": "iqn.2026-01.org:a/3", "hosts": [{"name": "storage"}]},
                "auth": {"username": "me", "secret": {"type": "iscsi", "usage": "the chap"}},
            },
        ),
        (
            "gluster",
            "<source><host name='storage'/><name>vol</name><dir path='/'/></source>",
            "a.img",
            "gluster://storage/vol/a.img",
            {"network": {"protocol": "gluster", "name": "vol/a.img", "hosts": [{"name": "storage"}]}},
        ),
        ("logical", "<source><name>vg</name></source>", "lv", "/dev/vg/lv", {"block": "/dev/vg/lv"}),
        ("mpath", "<source/>", "dm-1", "/dev/mapper/a", {"block": "/dev/mapper/a"}),
        ("netfs", "<source/>", "a.raw", "/mnt/a.raw", {"file": "/mnt/a.raw"}),
    ],
)
def test_what_a_disk_on_a_volume_lies_on(
    kind: str, source: str, volume: str, path: str, expected: dict[str, t.Any]
) -> None:
    pool = found(kind, source, volume, path)
    assert _domain_volume_source.source(pool, volume, path) == expected
    storage = Storage(t.cast("t.Any", None), check_mode=False)
    storage._pools._handles, storage._pools._pools = {}, {"p": pool}
    disk = {"pool": "p", "volume": volume}
    assert storage.resolve({"name": "web1", "disks": [disk]}) == []
    assert disk == {"pool": "p", "volume": volume, "format": "raw", **expected}
    if kind == "rbd":
        assert os.path.join(pool.base, volume) == path  # noqa: PTH118


def test_a_volume_of_ceph_is_found_for_its_disk() -> None:
    tree = _xml.parse(
        "<domain><devices><disk type='network' device='disk'><source protocol='rbd' name='guests/web1-vda'/>"
        "<target dev='vda'/></disk></devices></domain>",
        "a domain",
    )
    assert volumes_to_remove({"remove_volumes": ["vda"]}, tree) == ["guests/web1-vda"]
