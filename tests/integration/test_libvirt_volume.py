# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_volume on this machine's own libvirtd, with qemu-img as the judge."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import subprocess
import typing as t
from pathlib import Path

import libvirt
import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_storage

Args = t.Dict[str, t.Any]
MODULE = "libvirt_volume"
MIB = 1024 * 1024


@pytest.fixture
def pool(run_module: t.Any, scratch: str, images_dir: Path) -> str:
    """An active pool on images_dir / "pool"."""
    run_module("libvirt_pool", {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "pool")}})
    return scratch


@pytest.fixture
def look(pool: str, images_dir: Path) -> t.Callable[[], object]:
    """Every file of the pool: name, size, time of its last change, content."""

    def run() -> object:
        return [
            (path.name, path.stat().st_size, path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted((images_dir / "pool").iterdir())
        ]

    return run


def image(path: str | Path) -> Args:
    done = subprocess.run(
        ["qemu-img", "info", "--output=json", "-U", str(path)], capture_output=True, text=True, check=True
    )
    info: Args = json.loads(done.stdout)
    return info


def fields(result: Args) -> list[str]:
    return [change["field"] for volume in result["volumes"] for change in volume["changes"]]


def make_image(path: Path, form: str, size: str, pattern: int = 0xAB) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", form, str(path), size], check=True)
    subprocess.run(["qemu-io", "-f", form, "-c", f"write -q -P {pattern} 0 1M", str(path)], check=True)


def test_made_grown_and_removed(converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, pool: str) -> None:
    args = {"pool": pool, "name": "disk.qcow2", "capacity": "64MiB"}
    done = converge(MODULE, args, look)
    info = image(done["volume"]["path"])
    assert (info["format"], info["virtual-size"]) == ("qcow2", 64 * MIB)
    assert info["format-specific"]["data"]["compat"] == "1.1"
    assert done["volume"]["pool"] == pool

    # The same size in other words.
    assert not run_module(MODULE, {**args, "capacity": "65536KiB"})["changed"]
    done = converge(MODULE, {**args, "capacity": "96MiB"}, look)
    assert done["volume"]["changes"] == [{"field": "capacity", "before": "64MiB", "after": "96MiB"}]
    assert image(done["volume"]["path"])["virtual-size"] == 96 * MIB
    # Drift: somebody made it larger. A larger one is refused, not shrunk.
    virsh("vol-resize", "--pool", pool, "disk.qcow2", "128M")
    before = look()
    for check in (True, False):
        result = run_module(MODULE, {**args, "capacity": "96MiB"}, check=check, expect="failed")
        assert result["error_code"] == "would_shrink"
        assert look() == before
    assert not run_module(MODULE, {"pool": pool, "name": "disk.qcow2"})["changed"]
    done = converge(MODULE, {"pool": pool, "name": "disk.qcow2", "state": "absent"}, look)
    assert look() == []


def test_a_raw_volume_with_mode_owner_and_allocation(converge: t.Any, look: t.Any, pool: str) -> None:
    args = {
        "pool": pool,
        "name": "disk.raw",
        "capacity": "8MiB",
        "allocation": "8MiB",
        "format": "raw",
        "mode": "0640",
        "owner": 64055,
        "group": 0,
    }
    done = converge(MODULE, args, look)
    path = Path(done["volume"]["path"])
    assert image(path)["format"] == "raw"
    assert image(path)["actual-size"] >= 8 * MIB
    assert (path.stat().st_mode & 0o777, path.stat().st_uid, path.stat().st_gid) == (0o640, 64055, 0)
    converge(MODULE, {**args, "capacity": "16MiB"}, look)
    assert image(path)["virtual-size"] == 16 * MIB


def test_an_overlay(converge: t.Any, run_module: t.Any, look: t.Any, pool: str, images_dir: Path) -> None:
    base = images_dir / "base.qcow2"
    make_image(base, "qcow2", "32M")
    volumes = [
        {"pool": pool, "name": "base", "src": str(base)},
        {"pool": pool, "name": "web1", "backing_store": {"volume": "base"}, "capacity": "64MiB"},
        {"pool": pool, "name": "web2", "backing_store": {"volume": "base"}},
        {"pool": pool, "name": "web3", "backing_store": {"path": str(base)}},
    ]
    done = converge(MODULE, {"volumes": volumes}, look)
    sizes = [image(each["path"])["virtual-size"] // MIB for each in done["volumes"]]
    assert sizes == [32, 64, 32, 32]
    for each, backing in zip(done["volumes"][1:], [done["volumes"][0]["path"]] * 2 + [str(base)]):
        info = image(each["path"])
        assert info["backing-filename"] == backing
        assert info["backing-filename-format"] == "qcow2"
    before = look()
    result = run_module(MODULE, {"pool": pool, "name": "web1", "backing_store": {"path": str(base)}}, expect="failed")
    assert result["error_code"] == "immutable"
    result = run_module(MODULE, {"pool": pool, "name": "web1", "format": "raw"}, expect="failed")
    assert result["error_code"] == "immutable"
    assert look() == before


@pytest.mark.parametrize(("form", "size"), [("raw", None), ("raw", "48MiB"), ("qcow2", None), ("qcow2", "48MiB")])
def test_filled_from_a_file_once(
    converge: t.Any, run_module: t.Any, look: t.Any, pool: str, images_dir: Path, form: str, size: str | None
) -> None:
    src = images_dir / "image"
    make_image(src, form, "32M")
    args = {"pool": pool, "name": "disk", "src": str(src), **({"capacity": size} if size else {})}
    done = converge(MODULE, args, look)
    path = Path(done["volume"]["path"])
    assert image(path)["format"] == form
    assert image(path)["virtual-size"] == (48 if size else 32) * MIB
    subprocess.run(["qemu-io", "-f", form, "-c", "read -q -P 0xab 0 1M", str(path)], check=True)
    # Another image of the same name, and what a guest wrote: never filled again.
    subprocess.run(["qemu-io", "-f", form, "-c", "write -q -P 0x11 0 1M", str(path)], check=True)
    make_image(src, form, "32M", 0x22)
    before = look()
    assert not run_module(MODULE, args)["changed"]
    src.unlink()
    assert not run_module(MODULE, args)["changed"]
    assert look() == before


def test_what_a_crash_left_behind_is_thrown_away(
    converge: t.Any, virsh: t.Any, look: t.Any, pool: str, images_dir: Path
) -> None:
    src = images_dir / "image"
    make_image(src, "qcow2", "32M")
    (images_dir / "pool" / f"disk.{socket.gethostname()}.partial").write_bytes(b"half of an image")
    done = converge(MODULE, {"pool": pool, "name": "disk", "src": str(src)}, look)
    subprocess.run(["qemu-img", "compare", "-q", str(src), done["volume"]["path"]], check=True)
    assert [path.name for path in (images_dir / "pool").iterdir()] == ["disk"]
    assert virsh("vol-list", pool).split()[0] == "disk"


def test_a_file_that_came_behind_libvirts_back_is_seen(
    run_module: t.Any, look: t.Any, pool: str, images_dir: Path
) -> None:
    """On a shared pool the other host makes volumes, and removes them."""
    make_image(images_dir / "pool" / "other", "qcow2", "32M")
    before = look()
    assert not run_module(MODULE, {"pool": pool, "name": "other", "capacity": "32MiB"})["changed"]
    assert look() == before
    (images_dir / "pool" / "other").unlink()
    assert run_module(MODULE, {"pool": pool, "name": "other", "capacity": "32MiB"})["changed"]
    assert (images_dir / "pool" / "other").exists()


def test_a_volume_that_another_host_deleted_first(run_module: t.Any, pool: str, images_dir: Path) -> None:
    run_module(MODULE, {"pool": pool, "name": "other", "capacity": "1MiB"})
    with libvirt.open("qemu:///system") as conn:
        found = conn.storagePoolLookupByName(pool)
        volume = found.storageVolLookupByName("other")
        (images_dir / "pool" / "other").unlink()
        _libvirt_storage.volume_delete(volume)
        assert found.listVolumes() == []


def test_options_of_qcow2(converge: t.Any, run_module: t.Any, look: t.Any, pool: str) -> None:
    args = {
        "pool": pool,
        "name": "disk",
        "capacity": "64MiB",
        "cluster_size": "128KiB",
        "lazy_refcounts": True,
        "extended_l2": True,
        "nocow": False,
    }
    done = converge(MODULE, args, look)
    data = image(done["volume"]["path"])["format-specific"]["data"]
    assert image(done["volume"]["path"])["cluster-size"] == 128 * 1024
    assert (data["compat"], data["lazy-refcounts"], data["extended-l2"]) == ("1.1", True, True)
    before = look()
    for change, words in (
        ({"cluster_size": "64KiB"}, "cluster_size is 128KiB, not 64KiB"),
        ({"lazy_refcounts": False}, "lazy_refcounts is on, not off"),
        ({"extended_l2": False}, "extended_l2 is on, not off"),
        ({"compat": "0.10", "lazy_refcounts": None, "extended_l2": None}, "compat is 1.1, not 0.10"),
    ):
        result = run_module(MODULE, {**args, **change}, expect="failed")
        assert (result["error_code"], words in result["msg"]) == ("immutable", True), result["msg"]
        assert look() == before
    old = converge(MODULE, {"pool": pool, "name": "old", "capacity": "1MiB", "compat": "0.10"}, look)
    assert image(old["volume"]["path"])["format-specific"]["data"]["compat"] == "0.10"


@pytest.mark.parametrize("form", ["qcow", "qed", "vdi", "vmdk", "vpc"])
def test_other_formats(converge: t.Any, look: t.Any, pool: str, form: str) -> None:
    done = converge(MODULE, {"pool": pool, "name": "disk", "capacity": "9MiB", "format": form}, look)
    assert image(done["volume"]["path"])["format"] == form


@pytest.mark.parametrize(
    ("form", "allocation", "low", "high"),
    [
        ("raw", None, 8 * MIB, 9 * MIB),
        ("raw", "thin", 0, MIB),
        ("raw", "full", 8 * MIB, 9 * MIB),
        ("raw", "2MiB", 2 * MIB, 3 * MIB),
        ("qcow2", None, 0, MIB),
        ("qcow2", "thin", 0, MIB),
        ("qcow2", "metadata", 0, MIB),
        ("qcow2", "full", 8 * MIB, 9 * MIB),
    ],
)
def test_allocation(
    converge: t.Any, look: t.Any, pool: str, form: str, allocation: str | None, low: int, high: int
) -> None:
    args = {"pool": pool, "name": "disk", "capacity": "8MiB", "format": form, "allocation": allocation}
    done = converge(MODULE, {key: value for key, value in args.items() if value}, look)
    info = image(done["volume"]["path"])
    assert low <= info["actual-size"] <= high
    mapped = subprocess.run(["qemu-img", "map", done["volume"]["path"]], capture_output=True, text=True, check=True)
    if form == "qcow2":
        # Tables that are written make the file as long as what they speak of.
        assert (Path(done["volume"]["path"]).stat().st_size >= 8 * MIB) == (allocation in ("metadata", "full"))
    assert mapped.returncode == 0


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_shrunk_only_when_told_and_never_below_a_guest(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, pool: str, images_dir: Path, form: str
) -> None:
    args = {"pool": pool, "name": "disk", "capacity": "16MiB", "format": form}
    path = converge(MODULE, args, look)["volume"]["path"]
    small = {**args, "capacity": "8MiB"}
    assert run_module(MODULE, small, expect="failed")["error_code"] == "would_shrink"
    small["allow_shrink"] = True
    xml = images_dir / "guest.xml"
    xml.write_text(
        f"<domain type='qemu'><name>{pool}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>"
        f"<devices><disk type='file'><driver name='qemu' type='{form}'/><source file='{path}'/>"
        "<target dev='vda'/></disk></devices></domain>"
    )
    virsh("create", str(xml), "--paused")
    copy = {"pool": pool, "name": "copy", "clone": {"volume": "disk"}}
    for given, words in ((small, "it is not shrunk"), (copy, "it is not copied")):
        result = run_module(MODULE, given, expect="failed")
        assert result["error_code"] == "in_use"
        assert words in result["msg"]
        assert "taken as about to be stopped" in run_module(MODULE, given, check=True)["warnings"][0]
    virsh("destroy", pool)
    done = converge(MODULE, small, look)
    assert done["volume"]["changes"] == [{"field": "capacity", "before": "16MiB", "after": "8MiB"}]
    assert image(path)["virtual-size"] == 8 * MIB
    # What an overlay reads is not cut.
    run_module(MODULE, {"pool": pool, "name": "over", "backing_store": {"volume": "disk"}})
    result = run_module(MODULE, {**small, "capacity": "4MiB"}, expect="failed")
    assert result["error_code"] == "in_use"


def test_encrypted(converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, pool: str, images_dir: Path) -> None:
    uuid = "f52a81b2-424e-490c-823d-{0:012x}".format(int(pool.split("-")[2], 16))
    xml = images_dir / "secret.xml"
    xml.write_text(
        f"<secret ephemeral='yes' private='yes'><uuid>{uuid}</uuid>"
        f"<usage type='volume'><volume>/{pool}</volume></usage></secret>"
    )
    virsh("secret-define", str(xml))
    try:
        phrase = images_dir / "phrase"
        phrase.write_text("open sesame")
        virsh("secret-set-value", uuid, "--file", str(phrase), "--plain")
        cipher = {
            "cipher": {"name": "aes", "size": 256, "mode": "xts", "hash": "sha256"},
            "ivgen": {"name": "plain64", "hash": "sha256"},
        }
        volumes = [
            {"name": "one", "format": "raw", "encryption": {"secret": {"uuid": uuid}}},
            {"name": "two", "format": "qcow2", "encryption": {"secret": {"usage": f"/{pool}"}, **cipher}},
        ]
        args = {"volumes": [{"pool": pool, "capacity": "8MiB", **each} for each in volumes]}
        done = converge(MODULE, args, look)
        assert subprocess.run(["qemu-img", "info", done["volumes"][0]["path"]], check=True, capture_output=True)
        assert Path(done["volumes"][0]["path"]).read_bytes()[:4] == b"LUKS"
        assert image(done["volumes"][1]["path"])["format-specific"]["data"]["encrypt"]["format"] == "luks"
        plain = {"pool": pool, "name": "plain", "capacity": "8MiB"}
        run_module(MODULE, plain)
        # A copy of a plain one is encrypted on its way.
        copy = {"pool": pool, "name": "copy", "clone": {"volume": "plain"}, **volumes[1], "capacity": None}
        copy["name"] = "copy"
        done = converge(MODULE, {key: value for key, value in copy.items() if value is not None}, look)
        assert image(done["volume"]["path"])["format-specific"]["data"]["encrypt"]["format"] == "luks"
        result = run_module(MODULE, {**plain, "encryption": volumes[0]["encryption"]}, expect="failed")
        assert result["error_code"] == "immutable"
        assert "encryption is off, not luks" in result["msg"]
        assert "sesame" not in str(done)
    finally:
        virsh("secret-undefine", uuid)


def test_wiped_before_they_are_deleted(converge: t.Any, run_module: t.Any, look: t.Any, pool: str) -> None:
    ways = ["zero", "nnsa", "dod", "bsi", "gutmann", "schneier", "pfitzner7", "pfitzner33", "random"]
    volumes = [{"pool": pool, "name": way, "capacity": "64KiB", "format": "raw"} for way in ways]
    paths = [Path(each["path"]) for each in run_module(MODULE, {"volumes": volumes})["volumes"]]
    for path in paths:
        path.write_bytes(b"secret" * 10000)
    with contextlib.ExitStack() as stack:
        open_files = [stack.enter_context(path.open("rb")) for path in paths]
        gone = [{"pool": pool, "name": way, "state": "absent", "wipe": way} for way in ways]
        converge(MODULE, {"volumes": gone}, look)
        assert not [way for way, file in zip(ways, open_files) if b"secret" in file.read()]
    assert look() == []


def test_as_xml(converge: t.Any, look: t.Any, pool: str) -> None:
    xml = (
        "<volume><name>odd</name><capacity unit='MiB'>8</capacity><target><format type='qcow2'/>"
        "<compat>0.10</compat></target></volume>"
    )
    done = converge(MODULE, {"pool": pool, "xml": xml}, look)
    info = image(done["volume"]["path"])
    assert info["virtual-size"] == 8 * MIB
    assert info["format-specific"]["data"]["compat"] == "0.10"


def test_a_whole_document_says_all(converge: t.Any, look: t.Any, pool: str, images_dir: Path) -> None:
    """What it leaves out is as libvirt itself would have it."""
    plain = "<volume><name>{}</name><capacity unit='MiB'>2</capacity>{}</volume>"
    converge(MODULE, {"pool": pool, "xml": plain.format("plain", "")}, look)
    assert image(images_dir / "pool" / "plain")["format"] == "raw"
    converge(MODULE, {"pool": pool, "xml": plain.format("old", "<target><format type='qcow2'/></target>")}, look)
    # libvirt's own choice was the format of 2009 for long.
    assert image(images_dir / "pool" / "old")["format-specific"]["data"]["compat"] in ("0.10", "1.1")
    over = f"<backingStore><path>{images_dir}/pool/plain</path><format type='raw'/></backingStore>"
    xml = f"<volume><name>over</name><target><format type='qcow2'/></target>{over}</volume>"
    converge(MODULE, {"pool": pool, "xml": xml}, look)
    assert image(images_dir / "pool" / "over")["virtual-size"] == 2 << 20


def test_bad_input_is_one_clear_error_and_nothing_is_done(
    run_module: t.Any, look: t.Any, pool: str, scratch: str, images_dir: Path
) -> None:
    empty = images_dir / "empty"
    empty.write_bytes(b"")
    image_file = images_dir / "image"
    make_image(image_file, "qcow2", "32M")
    cut = images_dir / "cut"
    cut.write_bytes(image_file.read_bytes()[:16])
    run_module("libvirt_pool", {"name": scratch + "-off", "type": "dir", "target": {"path": str(images_dir / "o")}})
    run_module("libvirt_pool", {"name": scratch + "-off", "state": "inactive"})
    bad: list[tuple[Args, str, str]] = [
        ({"capacity": "10"}, "capacity: '10' is not valid", "bad_value"),
        ({"capacity": "10XB"}, "capacity: '10XB' is not valid", "bad_value"),
        ({"capacity": "0MiB"}, "capacity: '0MiB' is not valid", "bad_value"),
        ({"capacity": "-1MiB"}, "capacity: '-1MiB' is not valid", "bad_value"),
        ({"capacity": "8EiB"}, "capacity", "bad_value"),
        ({"capacity": "1000TiB"}, f"storage pool {pool} has", "bad_value"),
        ({}, "capacity", "bad_value"),
        ({"name": "a/b", "capacity": "1MiB"}, "name: 'a/b' is not valid", "bad_value"),
        ({"name": "a\nb", "capacity": "1MiB"}, "name: 'a\\nb' is not valid", "bad_value"),
        ({"name": "..", "capacity": "1MiB"}, "name: '..' is not valid", "bad_value"),
        ({"pool": "mct-nowhere", "capacity": "1MiB"}, "there is no storage pool mct-nowhere", "not_found"),
        ({"pool": scratch + "-off", "capacity": "1MiB"}, "is not active", "pool_inactive"),
        ({"pool": None, "capacity": "1MiB"}, "pool", "bad_value"),
        ({"src": str(images_dir / "missing")}, f"There is no image {images_dir}/missing", "not_found"),
        ({"src": str(empty)}, f"The image {empty} is empty", "unreadable"),
        ({"src": str(images_dir)}, f"The image {images_dir} can't be read", "unreadable"),
        ({"src": str(cut)}, f"The image {cut}", "unreadable"),
        ({"src": "relative"}, "src: 'relative' is not valid", "bad_value"),
        ({"src": str(image_file), "format": "linux"}, "format: 'linux' is not valid", "bad_value"),
        ({"src": str(image_file), "capacity": "1MiB"}, "capacity: '1MiB' is not valid", "bad_value"),
        ({"src": str(image_file), "backing_store": {"volume": "x"}}, "src", "bad_value"),
        ({"backing_store": {"volume": "nothing"}}, "has no volume nothing", "not_found"),
        ({"backing_store": {"path": str(images_dir / "no")}}, "There is no image", "not_found"),
        ({"backing_store": {}, "capacity": "1MiB"}, "backing_store", "bad_value"),
        ({"backing_store": {"path": str(image_file)}, "capacity": "1MiB"}, "capacity: '1MiB'", "bad_value"),
        ({"backing_store": {"path": str(image_file)}, "format": "raw"}, "format: 'raw' is not valid", "bad_value"),
        ({"src": "ftp://x/y"}, "src: 'ftp://x/y' is not valid: an absolute path or a URL", "bad_value"),
        ({"src": str(image_file), "checksum": "sha256:zz"}, "checksum: 'sha256:zz' is not valid", "bad_value"),
        ({"capacity": "1MiB", "checksum": "sha256:00"}, "it is that of src", "bad_value"),
        ({"src": str(image_file), "clone": {"volume": "x"}}, "one of backing_store, clone, src", "bad_value"),
        ({"clone": {"volume": "nothing"}}, "has no volume nothing to be a copy of", "not_found"),
        ({"capacity": "1MiB", "allocation": "some"}, "or one of thin, metadata, full is wanted", "bad_value"),
        ({"capacity": "1MiB", "format": "raw", "allocation": "metadata"}, "only qcow2 has it, not raw", "bad_value"),
        ({"capacity": "1MiB", "format": "raw", "compat": "1.1"}, "compat: '1.1' is not valid: only qcow2", "bad_value"),
        ({"capacity": "1MiB", "compat": "0.10", "lazy_refcounts": True}, "it needs compat 1.1", "bad_value"),
        ({"capacity": "1MiB", "cluster_size": "100KiB"}, "a power of two is wanted", "bad_value"),
        ({"capacity": "1MiB", "wipe": "zero"}, "it goes with state: absent", "bad_value"),
        ({"capacity": "1MiB", "encryption": {}}, "encryption.secret: None is not valid", "bad_value"),
        ({"xml": "<volume>", "capacity": "1MiB"}, "not well-formed XML", "invalid_xml"),
        ({"mode": "9999", "capacity": "1MiB"}, "mode: '9999' is not valid", "bad_value"),
    ]
    before = look()
    good = {"pool": pool, "name": "good", "capacity": "1MiB"}
    for options, words, code in bad:
        args = {"pool": pool, "name": "bad", **options}
        for check, given in ((True, args), (False, {"volumes": [good, args]})):
            if check and code in ("not_found", "pool_inactive") and "pool" in options:
                continue
            result = run_module(MODULE, given, check=check, expect="failed")
            assert words in result["msg"], options
            assert result["error_code"] == code, options
        assert look() == before, options


def test_in_check_mode_a_missing_pool_is_a_warning(run_module: t.Any, scratch: str) -> None:
    """An earlier task of the same check would have made it."""
    volumes = [
        {"pool": scratch, "name": "base", "capacity": "1MiB"},
        {"pool": scratch, "name": "over", "backing_store": {"volume": "base"}},
    ]
    result = run_module(MODULE, {"volumes": volumes}, check=True)
    assert result["changed"]
    assert result["warnings"] == [
        f"Volume {name}: there is no storage pool {scratch}. It is taken as about to be." for name in ("base", "over")
    ]
    assert not run_module(MODULE, {"pool": scratch, "name": "base", "state": "absent"})["changed"]


def test_a_volume_that_is_in_use_is_not_deleted(run_module: t.Any, look: t.Any, pool: str, images_dir: Path) -> None:
    """Neither the disk of a domain nor the image of an overlay."""
    volumes = [
        {"pool": pool, "name": "base", "capacity": "1MiB"},
        {"pool": pool, "name": "over", "backing_store": {"volume": "base"}},
    ]
    run_module(MODULE, {"volumes": volumes})
    before = look()
    result = run_module(MODULE, {"pool": pool, "name": "base", "state": "absent"}, expect="failed")
    assert result["error_code"] == "in_use"
    assert look() == before
    both = [{**each, "state": "absent"} for each in reversed(volumes)]
    assert run_module(MODULE, {"volumes": [{k: v[k] for k in ("pool", "name", "state")} for v in both]})["changed"]
    assert look() == []
