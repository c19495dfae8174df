# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_volume: volumes that start from a URL, from an image in another format, from another volume."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _libvirt_storage

Args = t.Dict[str, t.Any]
MODULE = "libvirt_volume"
MIB = 1024 * 1024
RUNNER = Path(__file__).resolve().parent.parent / "support" / "run_as_ansible.py"


class Server(http.server.ThreadingHTTPServer):
    """What it has, by path, and how it answers: cut ends each answer after so many bytes, slow waits between blocks."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut: int | None = None
        self.slow = 0.0
        self.ranges = True
        self.etag = '"one"'
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        server = self.server
        content = server.files.get(self.path)
        asked = self.headers.get("Range")
        server.asked.append(asked)
        if content is None:
            self.send_error(404)
            return
        whole = len(content)
        first, last = 0, whole - 1
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked or "")
        partly = bool(match) and server.ranges and self.headers.get("If-Range", server.etag) == server.etag
        if match and partly:
            first = int(match.group(1))
            last = min(last, int(match.group(2) or last))
            if first >= whole:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{whole}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if partly else 200)
        self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(last - first + 1))
        if partly:
            self.send_header("Content-Range", f"bytes {first}-{last}/{whole}")
        self.end_headers()
        body = content[first : last + 1]
        if server.cut is not None and len(body) > server.cut:
            body = body[: server.cut]
            self.close_connection = True
        for start in range(0, len(body), 65536):
            try:
                self.wfile.write(body[start : start + 65536])
            except OSError:
                return
            time.sleep(server.slow)


@pytest.fixture
def web() -> t.Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pool(run_module: t.Any, scratch: str, images_dir: Path) -> str:
    run_module("libvirt_pool", {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "pool")}})
    return scratch


@pytest.fixture
def look(pool: str, images_dir: Path) -> t.Callable[[], object]:
    def run() -> object:
        return [
            (path.name, path.stat().st_size, path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted((images_dir / "pool").iterdir())
        ]

    return run


@pytest.fixture
def picture(images_dir: Path) -> bytes:
    """A qcow2 of 32 MiB with some data."""
    return make_image(images_dir / "picture", "qcow2").read_bytes()


def make_image(path: Path, form: str, size: str = "32M") -> Path:
    raw = path.with_suffix(".source")
    subprocess.run(["qemu-img", "create", "-q", "-f", "raw", str(raw), size], check=True)
    with raw.open("r+b") as file:
        file.write(hashlib.shake_256(b"seed").digest(2 * MIB))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", form, str(raw), str(path)], check=True)
    return path


def image(path: str | Path) -> Args:
    done = subprocess.run(["qemu-img", "info", "--output=json", str(path)], capture_output=True, text=True, check=True)
    info: Args = json.loads(done.stdout)
    return info


def same(one: str | Path, other: str | Path) -> None:
    done = subprocess.run(["qemu-img", "compare", str(one), str(other)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def test_from_a_url(
    converge: t.Any, run_module: t.Any, look: t.Any, pool: str, web: Server, picture: bytes, images_dir: Path
) -> None:
    web.files = {"/disk.img": picture}
    args = {
        "pool": pool,
        "name": "disk",
        "src": web.url + "/disk.img",
        "checksum": sha256(picture),
        "capacity": "48MiB",
        "mode": "0640",
    }
    done = converge(MODULE, args, look)
    path = Path(done["volume"]["path"])
    assert {"field": "src", "before": None, "after": args["src"]} in done["volume"]["changes"]
    assert image(path)["format"] == "qcow2"
    assert image(path)["virtual-size"] == 48 * MIB
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["disk"]
    # What is there is there: nobody asks the server any more.
    web.files.clear()
    asked = len(web.asked)
    assert not run_module(MODULE, args)["changed"]
    assert len(web.asked) == asked


@pytest.mark.parametrize(
    "listing", ["{0}  other\n{1}  disk.img\n", "SHA256 (disk.img) = {1}\n", "{1} *disk.img", "{1}"]
)
def test_a_url_of_checksums(
    run_module: t.Any, pool: str, web: Server, picture: bytes, listing: str, images_dir: Path
) -> None:
    digits = hashlib.sha256(picture).hexdigest()
    web.files = {"/disk.img": picture, "/SHA256SUMS": listing.format("0" * 64, digits).encode()}
    args = {"pool": pool, "name": "disk", "src": web.url + "/disk.img", "checksum": f"sha256:{web.url}/SHA256SUMS"}
    same(run_module(MODULE, args)["volume"]["path"], images_dir / "picture")


def test_a_connection_that_ends_is_taken_up_again(
    run_module: t.Any, pool: str, web: Server, picture: bytes, images_dir: Path
) -> None:
    web.files = {"/disk.img": picture}
    web.cut = len(picture) // 3
    args = {"pool": pool, "name": "disk", "src": web.url + "/disk.img"}
    same(run_module(MODULE, args)["volume"]["path"], images_dir / "picture")
    assert web.asked[2:] == [f"bytes={web.cut * n}-" for n in range(1, len(web.asked) - 1)]
    # A server that knows no ranges begins anew.
    web.ranges, web.cut, web.asked = False, None, []
    run_module(MODULE, {**args, "name": "other"})
    same(images_dir / "pool" / "other", images_dir / "picture")


def test_a_wrong_checksum_makes_no_volume(
    run_module: t.Any, look: t.Any, pool: str, web: Server, picture: bytes, images_dir: Path
) -> None:
    web.files = {"/disk.img": picture, "/SUMS": b"nothing of it"}
    url = web.url + "/disk.img"
    local = str(images_dir / "picture")
    for src in (url, local):
        args = {"pool": pool, "name": "disk", "src": src, "checksum": sha256(b"other")}
        if src == local:
            assert run_module(MODULE, args, check=True, expect="failed")["error_code"] == "wrong_checksum"
        result = run_module(MODULE, args, expect="failed")
        assert result["error_code"] == "wrong_checksum"
        assert hashlib.sha256(b"other").hexdigest() in result["msg"]
        assert look() == []
    args = {"pool": pool, "name": "disk", "src": url, "checksum": f"sha256:{web.url}/SUMS"}
    assert "There is no sha256 checksum of disk.img" in run_module(MODULE, args, expect="failed")["msg"]
    assert look() == []
    run_module(MODULE, {"pool": pool, "name": "disk", "src": local, "checksum": sha256(picture)})
    same(images_dir / "pool" / "disk", local)


def test_a_url_that_has_nothing(run_module: t.Any, look: t.Any, pool: str, web: Server) -> None:
    web.files = {"/empty": b"", "/cut": b"QFI\xfb\0\0"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://user:word@127.0.0.1:{free.getsockname()[1]}/x"
    for src, words in (
        (web.url + "/none", "the server answers 404"),
        (web.url + "/empty", "is empty"),
        (web.url + "/cut", "ends within its header"),
        (closed, "can't be read"),
    ):
        for check in (True, False):
            result = run_module(MODULE, {"pool": pool, "name": "disk", "src": src}, check=check, expect="failed")
            assert words in result["msg"]
            assert "word@" not in result["msg"]
            assert look() == []


def test_an_image_that_leans_on_a_file_of_the_host_is_not_taken(
    run_module: t.Any, look: t.Any, pool: str, web: Server, images_dir: Path
) -> None:
    """A stranger's image must not make QEMU read /etc/shadow in its name."""
    secret = make_image(images_dir / "secret", "raw", "4M")
    image_file = images_dir / "evil"
    words = ["-b", str(secret), "-F", "raw", str(image_file)]
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *words], check=True)
    web.files = {"/evil": image_file.read_bytes()}
    for args in ({"src": web.url + "/evil"}, {"src": str(image_file), "format": "raw"}):
        for check in (True, False):
            result = run_module(MODULE, {"pool": pool, "name": "disk", **args}, check=check, expect="failed")
            assert result["error_code"] == "not_whole"
            assert look() == []


@pytest.mark.parametrize("form", ["vmdk", "vdi", "vhdx", "vpc", "qed", "qcow", "raw"])
@pytest.mark.parametrize("where", ["file", "url"])
def test_converted(
    converge: t.Any, look: t.Any, pool: str, web: Server, images_dir: Path, form: str, where: str
) -> None:
    src = make_image(images_dir / "picture", form)
    web.files = {"/picture": src.read_bytes()}
    args = {
        "pool": pool,
        "name": "disk",
        "src": str(src) if where == "file" else web.url + "/picture",
        "format": "qcow2",
        "cluster_size": "128KiB",
        "capacity": "48MiB",
    }
    done = converge(MODULE, args, look)
    info = image(done["volume"]["path"])
    assert (info["format"], info["cluster-size"], info["virtual-size"]) == ("qcow2", 128 * 1024, 48 * MIB)
    same(done["volume"]["path"], images_dir / "picture.source")
    assert len(list((images_dir / "pool").iterdir())) == 1


def test_what_libvirt_has_no_format_for_becomes_qcow2_and_others_stay(
    converge: t.Any, look: t.Any, pool: str, images_dir: Path
) -> None:
    for form, becomes in (("vhdx", "qcow2"), ("vmdk", "vmdk"), ("qcow2", "qcow2")):
        src = make_image(images_dir / form, form)
        done = converge(MODULE, {"pool": pool, "name": "as-" + form, "src": str(src)}, look)
        assert image(done["volume"]["path"])["format"] == becomes
        same(done["volume"]["path"], images_dir / (form + ".source"))
    done = converge(MODULE, {"pool": pool, "name": "plain", "src": str(images_dir / "qcow2"), "format": "raw"}, look)
    assert image(done["volume"]["path"])["format"] == "raw"
    same(done["volume"]["path"], images_dir / "qcow2.source")


def test_options_of_qcow2_rewrite_a_qcow2(
    converge: t.Any, look: t.Any, pool: str, web: Server, picture: bytes, images_dir: Path
) -> None:
    web.files = {"/picture": picture}
    options = {"cluster_size": "128KiB", "lazy_refcounts": True, "allocation": "full"}
    volumes = [
        {"pool": pool, "name": "file", "src": str(images_dir / "picture"), **options},
        {"pool": pool, "name": "url", "src": web.url + "/picture", "checksum": sha256(picture), **options},
        {"pool": pool, "name": "clone", "clone": {"volume": "file"}, **options},
    ]
    for each in converge(MODULE, {"volumes": volumes}, look)["volumes"]:
        info = image(each["path"])
        assert (info["format"], info["cluster-size"]) == ("qcow2", 128 * 1024)
        assert info["format-specific"]["data"]["lazy-refcounts"]
        assert info["actual-size"] >= 32 * MIB
        same(each["path"], images_dir / "picture.source")


def test_a_vhdx_that_is_larger_than_declared(
    run_module: t.Any, look: t.Any, pool: str, web: Server, images_dir: Path
) -> None:
    web.files = {"/picture": make_image(images_dir / "picture", "vhdx").read_bytes()}
    args = {"pool": pool, "name": "disk", "src": web.url + "/picture", "capacity": "16MiB"}
    result = run_module(MODULE, args, expect="failed")
    assert (result["error_code"], "the image has 32MiB" in result["msg"]) == ("bad_value", True)
    assert look() == []


def test_a_pool_that_fills_while_it_downloads(
    run_module: t.Any, scratch: str, loop: t.Any, web: Server, images_dir: Path
) -> None:
    source = {"devices": [{"path": loop()}], "format": "ext4"}
    target = {"path": str(images_dir / "mnt")}
    run_module("libvirt_pool", {"name": scratch, "type": "fs", "source": source, "target": target, "build": True})
    web.files = {"/big": os.urandom(MIB) * 100}
    args = {"pool": scratch, "name": "disk", "src": web.url + "/big", "allow_overcommit": True}
    result = run_module(MODULE, args, expect="failed")
    assert (result["error_code"], "No space left on device" in result["msg"]) == ("unwritable", True)
    assert [path.name for path in (images_dir / "mnt").iterdir()] == ["lost+found"]


def test_a_thin_raw_volume_is_filled_without_its_holes(
    converge: t.Any, look: t.Any, pool: str, images_dir: Path
) -> None:
    src = images_dir / "sparse"
    with src.open("wb") as file:
        for at in (MIB, 5 * MIB, 31 * MIB):
            file.seek(at)
            file.write(b"data" * 1024)
        file.truncate(48 * MIB)
    args = {"pool": pool, "src": str(src), "allocation": "thin"}
    path = Path(converge(MODULE, {**args, "name": "thin"}, look)["volume"]["path"])
    assert path.read_bytes() == src.read_bytes()
    assert path.stat().st_blocks * 512 < MIB
    full = Path(converge(MODULE, {**args, "name": "full", "allocation": "full"}, look)["volume"]["path"])
    assert full.read_bytes() == src.read_bytes()
    assert full.stat().st_blocks * 512 >= 48 * MIB


@pytest.mark.parametrize("form", [None, "raw", "qcow2"])
def test_cloned_also_from_another_pool(
    converge: t.Any, run_module: t.Any, look: t.Any, pool: str, images_dir: Path, form: str | None
) -> None:
    other = pool + "-other"
    run_module("libvirt_pool", {"name": other, "type": "dir", "target": {"path": str(images_dir / "other")}})
    run_module(MODULE, {"pool": other, "name": "base", "src": str(make_image(images_dir / "picture", "qcow2"))})
    args: Args = {"pool": pool, "name": "copy", "clone": {"pool": other, "volume": "base"}, "capacity": "48MiB"}
    if form:
        args["format"] = form
    done = converge(MODULE, args, look)
    info = image(done["volume"]["path"])
    assert (info["format"], info["virtual-size"]) == (form or "qcow2", 48 * MIB)
    assert "backing-filename" not in info
    same(done["volume"]["path"], images_dir / "picture.source")
    assert [each.name for each in (images_dir / "pool").iterdir()] == ["copy"]
    # The copy is on its own from now on.
    subprocess.run(
        ["qemu-io", "-f", "qcow2", "-c", "write -q -P 1 0 1M", str(images_dir / "other" / "base")], check=True
    )
    assert not run_module(MODULE, args)["changed"]
    same(done["volume"]["path"], images_dir / "picture.source")
    bad = run_module(MODULE, {**args, "name": "small", "capacity": "1MiB"}, expect="failed")
    assert "what it starts from has 32MiB" in bad["msg"]


def test_made_and_cloned_in_one_call(converge: t.Any, look: t.Any, pool: str, images_dir: Path) -> None:
    src = make_image(images_dir / "picture", "qcow2")
    volumes: list[Args] = [
        {"pool": pool, "name": "base", "src": str(src)},
        {"pool": pool, "name": "copy", "clone": {"volume": "base"}},
        {"pool": pool, "name": "over", "backing_store": {"volume": "copy"}},
    ]
    done = converge(MODULE, {"volumes": volumes}, look)
    same(done["volumes"][1]["path"], src)
    assert image(done["volumes"][2]["path"])["backing-filename"] == done["volumes"][1]["path"]


def killed(args: Args, moment: t.Callable[[], bool], tmp_path: Path) -> None:
    """Run the module and kill it the hard way at a moment."""
    payload = {"ANSIBLE_MODULE_ARGS": {**args, "_ansible_remote_tmp": str(tmp_path), "_ansible_module_name": MODULE}}
    with subprocess.Popen(
        [sys.executable, str(RUNNER), MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin
        process.stdin.write(json.dumps(payload).encode())
        process.stdin.close()
        deadline = time.monotonic() + 60
        while not moment():
            assert process.poll() is None, "it was over before the moment came"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_killed_while_it_downloads(
    converge: t.Any, look: t.Any, pool: str, web: Server, picture: bytes, images_dir: Path, tmp_path: Path
) -> None:
    web.files = {"/disk.img": picture}
    web.slow = 0.1
    args = {"pool": pool, "name": "disk", "src": web.url + "/disk.img", "checksum": sha256(picture)}
    partial = images_dir / "pool" / f"disk.{socket.gethostname()}.download"
    killed(args, lambda: partial.exists() and partial.stat().st_size >= MIB, tmp_path)
    size = partial.stat().st_size
    web.slow, web.asked = 0.0, []
    converge(MODULE, args, look)
    assert f"bytes={size}-" in web.asked
    same(images_dir / "pool" / "disk", images_dir / "picture")
    assert [each.name for each in (images_dir / "pool").iterdir()] == ["disk"]


@pytest.mark.parametrize("left", ["other", "whole", "longer"])
def test_what_is_left_of_a_download_is_only_believed_when_the_checksum_is_right(
    run_module: t.Any, pool: str, web: Server, picture: bytes, images_dir: Path, left: str
) -> None:
    web.files = {"/disk.img": picture}
    partial = images_dir / "pool" / f"disk.{socket.gethostname()}.download"
    partial.write_bytes({"other": b"x" * MIB, "whole": picture, "longer": picture + b"more"}[left])
    args = {"pool": pool, "name": "disk", "src": web.url + "/disk.img", "checksum": sha256(picture)}
    run_module(MODULE, args)
    same(images_dir / "pool" / "disk", images_dir / "picture")
    # Without a checksum nothing is believed.
    (images_dir / "pool" / f"two.{socket.gethostname()}.download").write_bytes(picture[:MIB])
    web.asked = []
    run_module(MODULE, {"pool": pool, "name": "two", "src": web.url + "/disk.img"})
    assert web.asked[1:] == [None]
    same(images_dir / "pool" / "two", images_dir / "picture")


def test_killed_while_it_copies(converge: t.Any, look: t.Any, pool: str, images_dir: Path, tmp_path: Path) -> None:
    """Who copies for it ends with it, and the next run begins anew."""
    src = images_dir / "big"
    with src.open("wb") as file:
        file.truncate(400 * MIB)
        os.posix_fallocate(file.fileno(), 0, 400 * MIB)
        for at in range(0, 400 * MIB, 4 * MIB):
            file.seek(at)
            file.write(os.urandom(MIB))
    converge(MODULE, {"pool": pool, "name": "base", "src": str(src)}, look)
    args = {"pool": pool, "name": "copy", "clone": {"volume": "base"}}
    partial = images_dir / "pool" / f"copy.{socket.gethostname()}.partial"
    killed(args, partial.exists, tmp_path)
    assert not (images_dir / "pool" / "copy").exists()
    converge(MODULE, args, look)
    assert (images_dir / "pool" / "copy").read_bytes() == src.read_bytes()
    assert sorted(each.name for each in (images_dir / "pool").iterdir()) == ["base", "copy"]


def test_killed_while_it_uploads(converge: t.Any, look: t.Any, pool: str, images_dir: Path, tmp_path: Path) -> None:
    src = images_dir / "big"
    src.write_bytes(os.urandom(4 * MIB) * 50)
    args = {"pool": pool, "name": "disk", "src": str(src)}
    partial = images_dir / "pool" / f"disk.{socket.gethostname()}.partial"
    killed(args, partial.exists, tmp_path)
    assert not (images_dir / "pool" / "disk").exists()
    converge(MODULE, args, look)
    assert (images_dir / "pool" / "disk").read_bytes() == src.read_bytes()
    assert [each.name for each in (images_dir / "pool").iterdir()] == ["disk"]


@pytest.mark.parametrize("size", [MIB, 3 * MIB + 5])
def test_what_only_libvirt_can_read_is_read_through_it(
    run_module: t.Any, pool: str, images_dir: Path, libvirt_uri: str, size: int
) -> None:
    source = images_dir / "image.src"
    source.write_bytes(hashlib.shake_256(b"seed").digest(size))
    run_module(MODULE, {"pool": pool, "name": "disk", "format": "raw", "src": str(source)})
    with _libvirt.connect(libvirt_uri) as host, source.open("rb") as image:
        volume = host.connection.storagePoolLookupByName(pool).storageVolLookupByName("disk")
        assert _libvirt_storage.volume_begins_with(host, volume, image, size)
        with (images_dir / "pool" / "disk").open("r+b") as disk:
            disk.seek(size - 1)
            disk.write(b"?")
        assert not _libvirt_storage.volume_begins_with(host, volume, image, size)
        os.truncate(images_dir / "pool" / "disk", size // 2)
        assert not _libvirt_storage.volume_begins_with(host, volume, image, size)
