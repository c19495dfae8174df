# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The seed's image, read back by ourselves and by somebody else's tools."""

from __future__ import annotations

import io
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _seed_iso

DOCUMENTS = {
    "meta-data": "instance-id: x\n",
    "user-data": "#cloud-config\n" + "# ä 😀\n" * 2000,
    "vendor-data": "#cloud-config\n{}\n",
    "network-config": "version: 2\n",
}


def test_read_gives_what_was_written() -> None:
    assert _seed_iso.read(io.BytesIO(_seed_iso.write(DOCUMENTS))) == DOCUMENTS


def test_same_documents_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = _seed_iso.write(DOCUMENTS)
    monkeypatch.setattr("time.time", lambda: 1234567890.0)
    assert _seed_iso.write(dict(reversed(DOCUMENTS.items()))) == first


def test_others_see_label_and_files(tmp_path: Path) -> None:
    image = tmp_path / "seed.iso"
    image.write_bytes(_seed_iso.write(DOCUMENTS))

    def run(*words: str) -> str:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert run("blkid", "-p", "-s", "LABEL", "-o", "value", str(image)).strip() == "CIDATA"
    assert run("blkid", "-p", "-s", "TYPE", "-o", "value", str(image)).strip() == "iso9660"
    for names in ("nojoliet", "norock"):
        out = tmp_path / names
        run("xorriso", "-read_fs", names, "-osirrox", "on", "-indev", str(image), "-extract", "/", str(out))
        assert {file.name: file.read_text() for file in out.iterdir()} == DOCUMENTS
    listing = run("xorriso", "-indev", str(image), "-lsl", "/")
    assert listing.count("-r--------") == len(DOCUMENTS)


@pytest.mark.parametrize("options", [("-J", "-r"), ("-r",), ("-J",)])
@pytest.mark.parametrize("label", ["cidata", "CIDATA"])
def test_seeds_of_others_are_read(tmp_path: Path, options: tuple[str, ...], label: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, text in DOCUMENTS.items():
        (tree / name).write_text(text)
    image = tmp_path / "seed.iso"
    subprocess.run(
        ["xorriso", "-as", "mkisofs", *options, "-V", label, "-o", str(image), str(tree)],
        check=True,
        capture_output=True,
    )
    with image.open("rb") as opened:
        assert _seed_iso.read(opened) == DOCUMENTS


def _image(label: str, tmp_path: Path) -> bytes:
    (tmp_path / "tree").mkdir()
    image = tmp_path / "other.iso"
    subprocess.run(
        ["xorriso", "-as", "mkisofs", "-V", label, "-o", str(image), str(tmp_path / "tree")],
        check=True,
        capture_output=True,
    )
    return image.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda _path: b"", "not an ISO 9660"),
        (lambda _path: b"QFI\xfb" + bytes(200000), "not an ISO 9660"),
        (lambda _path: b"text\n" * 20000, "not an ISO 9660"),
        (lambda path: _image("DEBIAN_13", path), "labelled 'DEBIAN_13'"),
        (lambda _path: _seed_iso.write(DOCUMENTS)[:40000], "not an ISO 9660"),
        (lambda _path: _seed_iso.write(DOCUMENTS)[:60000], "can't be read|not an ISO 9660"),
    ],
)
def test_what_is_no_seed(tmp_path: Path, content: t.Callable[[Path], bytes], said: str) -> None:
    with pytest.raises(_seed_iso.NotASeed, match=said):
        _seed_iso.read(io.BytesIO(content(tmp_path)))
