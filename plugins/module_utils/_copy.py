# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The content of one volume into another, whatever the two lie on: holes stay, and what was written is read again.

qemu-img does it (https://www.qemu.org/docs/master/tools/qemu-img.html): it alone reads every format and reaches Ceph,
which has no streams in libvirt. Each image is given to it as the node that it is, so that it guesses no format.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._download import log
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

Node = t.Dict[str, t.Any]

_PROGRESS = re.compile(rb"\((\d+)[.,]\d+/100%\)")
_SECTOR = 512
# Bytes; a file system with less is full.
_FULL = 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Image:
    """An image: the node that QEMU opens it as, and the descriptors that the node names.

    path: of a file or device of this host. blank: it is known to hold nothing but zeros.
    """

    node: Node
    descriptors: tuple[int, ...] = ()
    path: str = ""
    blank: bool = False

    @property
    def name(self) -> str:
        return "json:" + json.dumps(self.node)

    @property
    def is_device(self) -> bool:
        node = self.node
        while isinstance(node.get("file"), dict):
            node = node["file"]
        return bool(node["driver"] != "file")

    def part(self, offset: int, size: int) -> Image:
        """A part of what a guest sees of it."""
        return dataclasses.replace(self, node={"driver": "raw", "offset": offset, "size": size, "file": self.node})


def local(path: str, form: str, blank: bool = False) -> Image:
    """An image in a file or on a device of this host."""
    driver = "host_device" if stat.S_ISBLK(os.stat(path).st_mode) else "file"
    return Image({"driver": form, "file": {"driver": driver, "filename": path}}, (), path, blank)


def copy(source: Image, target: Image, what: str, full: bool = False, told: bool = True) -> None:
    """Write a source's content into a target that is there, and compare the two. full: also its zeros.

    what: which volume, for the log and for errors. told: whether the log says how far it is.
    """
    _require_known(source, what)
    require_room(source, target)
    size, room = size_of(source), size_of(target)
    words = ["convert", "-p", "-n"]
    if full:
        words += ["-S", "0"]
    elif target.blank:
        words.append("--target-is-zero")
    if target.is_device:
        # Past the memory of the host, and in any order: what is written stands on the device at the end.
        words += ["-W", "-t", "none" if target.path else "writeback"]
    words += ["--target-image-opts"]
    done = _run([*words, source.name, _dotted(target.node)], (source, target), what, "copied" * told)
    if done.returncode:
        raise KvmError("{0} can't be copied: {1}".format(what, done.stderr), error_code="not_copied")
    _flush(target)
    _compare(source, target if room == size else target.part(0, -(-size // _SECTOR) * _SECTOR), what, told)


def require_room(source: Image, target: Image) -> None:
    size, room = size_of(source), size_of(target)
    if room < size:
        raise BadValue("capacity", format_size(room), "what it starts from has {0}".format(format_size(size)))


def same(one: Image, other: Image) -> bool:
    """Whether two images hold the same."""
    return _run(["compare", one.name, other.name], (one, other), "", "").returncode == 0


def require_written(file: str, path: str, what: str) -> None:
    """What somebody else has written to a file or device is what is in this file, byte for byte."""
    source, target = local(file, "raw"), local(path, "raw")
    _flush(target)
    size, room = os.stat(file).st_size, size_of(target)
    try:
        _compare(source, target if room <= size else target.part(0, -(-size // _SECTOR) * _SECTOR), what, True)
    except KvmError:
        left = os.statvfs(path)
        if not target.is_device and left.f_bavail * left.f_frsize < _FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path) from None
        raise


def _compare(source: Image, target: Image, what: str, told: bool) -> None:
    done = _run(["compare", "-p", source.name, target.name], (source, target), what, "compared" * told)
    if done.returncode == 1:
        raise KvmError(
            "{0} does not hold what it is a copy of: {1}".format(what, done.stdout),
            error_code="wrong_copy",
            remedy="What was written reads differently: look at the storage, or at who else writes to it.",
        )
    if done.returncode:
        raise KvmError("{0} can't be compared: {1}".format(what, done.stderr), error_code="not_copied")


def _flush(target: Image) -> None:
    """What was written is on the storage, and is read from there when it is compared."""
    if not target.path:
        return
    handle = os.open(target.path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(handle)
        with contextlib.suppress(OSError):
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def _require_known(source: Image, what: str) -> None:
    """An overlay says of which format the image below it is: QEMU would guess it, and a guest may have written that."""
    if source.node["driver"] == "raw":
        return
    done = _run(["info", "--backing-chain", "--output=json", source.name], (source,), what, "")
    if done.returncode:
        raise KvmError("{0} can't be copied: {1}".format(what, done.stderr), error_code="not_copied")
    for layer in json.loads(done.stdout):
        if "backing-filename" in layer and "backing-filename-format" not in layer:
            raise KvmError(
                "{0}: the image {1} does not say of which format {2} is, that it is an overlay of.".format(
                    what, layer.get("filename"), layer["backing-filename"]
                ),
                error_code="not_whole",
                remedy="Write it down with qemu-img rebase -u -F.",
            )


def size_of(image: Image) -> int:
    done = _run(["info", "--output=json", image.name], (image,), "", "")
    if done.returncode:
        raise KvmError("An image can't be read: {0}".format(done.stderr), error_code="unreadable")
    return int(json.loads(done.stdout)["virtual-size"])


def _dotted(node: Node) -> str:
    """A node in the words of --target-image-opts."""
    found: list[str] = []

    def walk(value: t.Any, place: str) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                walk(each, "{0}.{1}".format(place, key) if place else key)
        else:
            found.append("{0}={1}".format(place, str(value).replace(",", ",,")))

    walk(node, "")
    return ",".join(found)


def _run(words: list[str], images: tuple[Image, ...], what: str, done: str) -> subprocess.CompletedProcess[str]:
    """qemu-img with these words. done: what it has done a tenth of, for the log."""
    command = ["qemu-img", *words]
    if shutil.which("setpriv"):
        # Where this module is killed nobody goes on writing to what the next run makes anew.
        command = ["setpriv", "--pdeathsig", "KILL", *command]
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "LC_ALL": "C"},
                pass_fds=[each for image in images for each in image.descriptors],
            )
        except OSError as error:
            raise missing("qemu-img", "qemu-utils", "qemu-img") from error
        with process:
            try:
                output = _watch(process, what, done)
            except BaseException:
                process.kill()
                raise
        errors.seek(0)
        told = errors.read().decode(errors="replace").strip()
    return subprocess.CompletedProcess(command, process.returncode, output.decode(errors="replace").strip(), told)


def _watch(process: subprocess.Popen[bytes], what: str, done: str) -> bytes:
    """All that it prints; its progress goes to the log, for a module can't show anything before its end."""
    output, told = b"", 0
    descriptor = process.stdout.fileno() if process.stdout else -1
    while True:
        block = os.read(descriptor, 4096)
        if not block:
            return _PROGRESS.sub(b"", output)
        output += block
        found = _PROGRESS.findall(output[-8192:])
        if done and found and int(found[-1]) // 10 > told:
            told = int(found[-1]) // 10
            log("{0}: {1} % {2}".format(what, told * 10, done))


def missing(program: str, debian: str, fedora: str) -> KvmError:
    return KvmError(
        "{0} can't be run: it is not on this host.".format(program),
        error_code="missing_program",
        remedy="Install it (on Debian and Ubuntu {0}, on Fedora and EL {1}).".format(debian, fedora),
    )
