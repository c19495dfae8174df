# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disk images: what they are, from their first bytes, and from one format into another.

A format is never guessed by QEMU: an image that a stranger wrote must not choose how it is read (docs/interop of QEMU's
sources describe the headers).
"""

from __future__ import annotations

import dataclasses
import json
import os
import struct
import subprocess
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound

HEAD = 1024


@dataclasses.dataclass(frozen=True)
class Content:
    """What an image is: its format, the bytes a guest sees (0: its header alone does not say), the bytes of the file.

    leans: it is not whole by itself but names other files that belong to it.
    """

    format: str
    capacity: int
    size: int
    leans: bool = False


def inspect(path: str) -> Content:
    """What a file is; KvmError where it can't be read or is no whole image."""
    try:
        with open(path, "rb") as image:
            head = image.read(HEAD)
            size = os.fstat(image.fileno()).st_size
    except FileNotFoundError as error:
        raise NotFound("There is no image {0} on this host.".format(path)) from error
    except OSError as error:
        raise KvmError(
            "The image {0} can't be read: {1}.".format(path, error.strerror), error_code="unreadable"
        ) from error
    content = recognise(head, size, path)
    if not content.capacity:
        content = dataclasses.replace(content, capacity=int(_info(path, content.format)["virtual-size"]))
    return content


def recognise(head: bytes, size: int, name: str) -> Content:
    """What an image of ``size`` bytes is that begins with ``head``, its first HEAD bytes."""
    if not size:
        raise KvmError("The image {0} is empty.".format(name), error_code="unreadable")
    try:
        return _recognise(head, size)
    except struct.error as error:
        raise KvmError("The image {0} ends within its header.".format(name), error_code="unreadable") from error


def _recognise(head: bytes, size: int) -> Content:
    if head[:4] == b"QFI\xfb":
        version, backing = struct.unpack_from(">IQ", head, 4)
        capacity = int(struct.unpack_from(">Q", head, 24)[0])
        outside = version > 2 and bool(struct.unpack_from(">Q", head, 72)[0] & 4)
        return Content("qcow" if version == 1 else "qcow2", capacity, size, bool(backing) or outside)
    # (where, magic, format, where and how the capacity stands, unit in bytes); without a capacity QEMU is asked.
    for at, magic, form, place, layout, unit in (
        (0, b"QED\0", "qed", 48, "<Q", 1),
        (0, b"KDMV", "vmdk", 12, "<Q", 512),
        (0, b"# Disk DescriptorFile", "vmdk", 0, "", 0),
        (0, b"vhdxfile", "vhdx", 0, "", 0),
        (0, b"conectix", "vpc", 48, ">Q", 1),
        (64, b"\x7f\x10\xda\xbe", "vdi", 368, "<Q", 1),
    ):
        if head[at : at + len(magic)] == magic:
            capacity = int(struct.unpack_from(layout, head, place)[0]) * unit if layout else 0
            leans = magic[:1] == b"#" or (form == "qed" and bool(head[16] & 1))
            return Content(form, capacity, size, leans)
    return Content("raw", size, size)


def require_whole(content: Content, name: str) -> None:
    """Refuse an image that would make QEMU read other files of the host in its name."""
    if content.leans:
        raise KvmError(
            "The image {0} is not whole: it names other files that belong to it.".format(name),
            error_code="not_whole",
            remedy="Make it whole with qemu-img convert, where it comes from.",
        )


def convert(src: str, content: Content, target: str, form: str, full: bool) -> None:
    """Write an image into a volume that is there, in the volume's format. full: also its zeros."""
    require_whole(content, src)
    info = _info(src, content.format)
    extents = info.get("format-specific", {}).get("data", {}).get("extents", [])
    others = [each["filename"] for each in extents if each.get("filename") not in (None, src)]
    if "backing-filename" in info or others:
        require_whole(dataclasses.replace(content, leans=True), src)
    # -n: the target is there, with all that it was declared with.
    zeros = ["-S", "0"] if full else []
    _run("qemu-img", "convert", "-n", *zeros, "-f", content.format, "-O", form, src, target)


def shorten(path: str, form: str, size: int) -> None:
    """Cut an image to the bytes that a guest shall see."""
    _run("qemu-img", "resize", "-q", "--shrink", "-f", form, path, str(size))


def _info(path: str, form: str) -> dict[str, t.Any]:
    return dict(json.loads(_run("qemu-img", "info", "-U", "-f", form, "--output=json", path)))


def _run(*command: str) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except OSError as error:
        raise KvmError(
            "{0} can't be run: {1}.".format(command[0], error.strerror),
            error_code="missing_program",
            remedy="Install it (on Debian and Ubuntu qemu-utils, on Fedora and EL qemu-img).",
        ) from error
    if done.returncode:
        raise KvmError("{0} failed: {1}".format(" ".join(command), done.stderr.strip()))
    return done.stdout
