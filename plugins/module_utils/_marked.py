# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filling a device that has its name from the beginning: a partition, a LUN.

Until it is whole it begins with a mark, so that what a killed run has left is known from everything else; what the
image itself begins with is written last.
"""

from __future__ import annotations

import os
import socket

from ansible_collections.minicloud.kvm.plugins.module_utils import _copy, _pool_build
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

MARK = b"minicloud.kvm fills this volume, which is not whole yet, from the host "
_HEAD = 4096
# What is looked at of a device: its beginning and end, and that many blocks all over it.
_EDGE, _SAMPLES = 1024 * 1024, 1024


def begun_by(path: str) -> str | None:
    """The host that fills a device, or that was killed while it did; None where it is not marked."""
    with open(path, "rb") as device:
        head = device.read(_HEAD)
    return head[len(MARK) :].split(b"\n")[0].decode(errors="replace") if head.startswith(MARK) else None


def is_unfilled(path: str, blank: bool) -> bool:
    """Whether this host's run has begun to fill a device, or, with blank, whether there is nothing on it.

    Of another host it can't be known whether it is still at it.
    """
    host = begun_by(path)
    if host not in (None, socket.gethostname()):
        raise KvmError(
            "{0} is being filled from the host {1}, or was when that was stopped.".format(path, host),
            error_code="begun_elsewhere",
            remedy="Run it there again. Where that host is gone, make all of it blank (blkdiscard --zeroout).",
        )
    return host is not None or (blank and is_blank(path))


def is_blank(path: str) -> bool:
    """Whether a device holds nothing, as far as can be seen without reading all of it."""
    with open(path, "rb") as device:
        size = device.seek(0, os.SEEK_END)
        places = [size * number // _SAMPLES // _HEAD * _HEAD for number in range(_SAMPLES)]
        for place, length in [(0, _EDGE), *((place, _HEAD) for place in places), (max(size - _EDGE, 0), _EDGE)]:
            device.seek(place)
            if any(device.read(length)):
                return False
    # blkid says of a partition also where it is.
    return all(word.startswith("PART_ENTRY_") for word in _pool_build.inspect(path))


def is_zero(path: str, size: int) -> bool:
    """Whether the first bytes of a device are zeros, all of them: those that would be overwritten."""
    with open(path, "rb") as device:
        for place in range(0, size, _EDGE):
            block = device.read(min(_EDGE, size - place))
            if block.count(0) != len(block):
                return False
    return True


def fill(source: _copy.Image, target: _copy.Image, what: str) -> None:
    """Copy an image to a device, its first bytes last."""
    _copy.require_room(source, target)
    with open(target.path, "r+b") as device:
        device.write((MARK + socket.gethostname().encode() + b"\n").ljust(_HEAD, b"\0"))
        device.flush()
        os.fsync(device.fileno())
    size = _copy.size_of(source)
    if size > _HEAD:
        _copy.copy(source.part(_HEAD, size - _HEAD), target.part(_HEAD, size - _HEAD), what)
    head = min(size, _HEAD)
    _copy.copy(source.part(0, head), target.part(0, head), what, told=False)


def differs(source: _copy.Image, target: _copy.Image) -> bool:
    """Whether a device holds anything else than an image: one that is blank may be whole as it is."""
    return not _copy.same(source, target.part(0, min(_copy.size_of(source), _copy.size_of(target))))
