# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images by their first bytes, checksums, what blkid says, and what types of pools take."""

from __future__ import annotations

import contextlib
import io
import subprocess
import typing as t
from pathlib import Path

import hypothesis.strategies as st
import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _download, _pool_build
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._image import HEAD, inspect, recognise
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_types import FORMATS, TYPES, check
from hypothesis import given

MIB = 1024 * 1024
MAGIC = (b"QFI\xfb", b"QED\0", b"KDMV", b"# Disk DescriptorFile", b"vhdxfile", b"conectix", b"")


@given(st.sampled_from(MAGIC), st.binary(max_size=HEAD), st.integers(0, 2**63))
def test_any_bytes_are_an_image_or_refused(magic: bytes, rest: bytes, size: int) -> None:
    with contextlib.suppress(KvmError):
        content = recognise((magic + rest)[:HEAD], size, "x")
        assert content.size == size
        assert content.capacity >= 0


@pytest.mark.parametrize("form", ["raw", "qcow", "qcow2", "qed", "vdi", "vmdk", "vhdx", "vpc"])
def test_what_qemu_img_makes_is_recognised(form: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    options = ["-o", "force_size=on"] if form == "vpc" else []
    subprocess.run(["qemu-img", "create", "-q", "-f", form, *options, str(path), "12M"], check=True)
    content = inspect(str(path))
    assert (content.format, content.capacity, content.leans) == (form, 12 * MIB, False)


@pytest.mark.parametrize("form", ["qcow2", "qed"])
def test_an_overlay_leans(form: str, tmp_path: Path) -> None:
    base, path = tmp_path / "base", tmp_path / "image"
    subprocess.run(["qemu-img", "create", "-q", "-f", "raw", str(base), "1M"], check=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", form, "-b", str(base), "-F", "raw", str(path)], check=True)
    assert inspect(str(path)).leans


def test_an_image_with_its_data_elsewhere_leans(tmp_path: Path) -> None:
    options = f"data_file={tmp_path}/data"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, str(tmp_path / "image"), "1M"], check=True
    )
    assert inspect(str(tmp_path / "image")).leans
    (tmp_path / "flat").write_text("# Disk DescriptorFile\nversion=1\n")
    assert recognise((tmp_path / "flat").read_bytes(), 30, "flat").leans


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("https://user:word@example.org:8443/a", "https://********@example.org:8443/a"),
        ("/a:b@c", "/a:b@c"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, seen: str) -> None:
    assert _download.shown(url) == seen


class Response(io.BytesIO):
    """What urllib gives, of so many bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.headers = {"Content-Length": str(len(content))}

    def getcode(self) -> int:
        return 200


def test_a_download_tells_the_log_how_far_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines: list[str] = []
    monkeypatch.setattr(_download, "log", lines.append)
    monkeypatch.setattr(_download, "_open", lambda _url, _headers: Response(bytes(20 * MIB)))
    _download.fetch("http://x/y", str(tmp_path / "file"), None, "volume disk")
    assert lines == [f"volume disk: {tenth} % of 20MiB downloaded" for tenth in range(10, 101, 10)]
    assert (tmp_path / "file").stat().st_size == 20 * MIB


def test_a_link_where_a_download_goes_is_not_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_download, "_open", lambda _url, _headers: Response(b"content"))
    (tmp_path / "other").write_text("kept")
    (tmp_path / "file").symlink_to(tmp_path / "other")
    digits = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    _download.fetch("http://x/y", str(tmp_path / "file"), "sha256:" + digits, "volume disk")
    assert (tmp_path / "other").read_text() == "kept"
    assert (tmp_path / "file").read_bytes() == b"content"


def test_what_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nothing(_url: str, _headers: t.Any) -> Response:
        raise _download._Interrupted("the server answers 503")

    paused: list[float] = []
    monkeypatch.setattr(_download, "_open", nothing)
    monkeypatch.setattr(_download.time, "sleep", paused.append)
    with pytest.raises(KvmError, match="the server answers 503") as caught:
        _download.fetch("http://x/y", str(tmp_path / "file"), None, "volume disk")
    assert caught.value.error_code == "download_failed"
    assert paused == [1, 2, 5, 10]


@pytest.mark.parametrize(
    ("kind", "found", "built", "foreign"),
    [
        ("fs", {}, False, {}),
        ("fs", {"TYPE": "ext4"}, True, {}),
        ("fs", {"TYPE": "xfs", "LABEL": "old"}, False, {"/dev/x": "xfs (old)"}),
        ("fs", {"PTTYPE": "gpt"}, False, {"/dev/x": "a partition table (gpt)"}),
        ("fs", {"data": "unknown"}, False, {"/dev/x": "data: unknown"}),
        ("fs", {"data": "several signatures"}, False, {"/dev/x": "data: several signatures"}),
        ("disk", {"PTTYPE": "gpt"}, True, {}),
        ("disk", {"PTTYPE": "dos", "TYPE": "vfat"}, False, {"/dev/x": "vfat"}),
    ],
)
def test_what_a_device_holds(
    monkeypatch: pytest.MonkeyPatch, kind: str, found: dict[str, str], built: bool, foreign: dict[str, str]
) -> None:
    monkeypatch.setattr(_pool_build, "inspect", lambda _device: dict(found))
    monkeypatch.setattr(_pool_build, "require_unused", lambda _device: None)
    form = "gpt" if kind == "disk" else "ext4"
    assert _pool_build.survey(kind, form, "", ["/dev/x"]) == (built, foreign)


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_says_what_it_needs_and_takes_nothing_else(kind: str) -> None:
    takes = TYPES[kind]
    path = {"target": {"path": "/x"}} if takes.target else {}
    if takes.needs:
        with pytest.raises(BadValue, match="source wants " + " and ".join(takes.needs)):
            check("p", kind, path, True)
    else:
        check("p", kind, path, True)
    # Of a pool that is there anything may be left out.
    check("p", kind, {}, False)
    every = {option for each in TYPES.values() for option in each.needs + each.takes}
    for option in sorted(every - set(takes.needs + takes.takes)):
        with pytest.raises(BadValue, match=f"source.{option}"):
            check("p", kind, {"source": {option: []}}, False)
    for form in FORMATS:
        if "format" in takes.takes and form not in takes.formats:
            with pytest.raises(BadValue, match=r"source\.format"):
                check("p", kind, {"source": {"format": form}}, False)
