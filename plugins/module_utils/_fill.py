# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A new volume filled from an image or another volume, such that there is never half of one under its name.

    in a pool of files    NAME.HOST.download -> NAME.HOST.partial -> NAME     the last two by renaming
    in any other pool     NAME, which is deleted again where filling it fails

What an interrupted run has left is thrown away by the next one; a download with a checksum is gone on with. Two runs
at once on one host take turns, volume by volume: neither throws away what the other one is about.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import socket
import tempfile
import time
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _download, _image, _libvirt_storage, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Size
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import FILE_POOLS
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

_DOWNLOADS = "/var/cache/minicloud.kvm"
# Seconds that libvirt has to finish a copy that an interrupted run has begun, and between two looks.
_PATIENCE, _LOOK = 3600, 1


@dataclasses.dataclass
class Place:
    """Where a volume is made: the host, its pool, the pool's type and directory."""

    host: Host
    pool: Handle
    type: str
    path: str

    @property
    def by_name(self) -> bool:
        """Whether a volume can be made under another name and get its own when it is finished."""
        return self.type in FILE_POOLS and not self.host.remote

    def passing(self, name: str, what: str) -> str:
        """Of each host its own name: two that share a pool may fill at once, and none throws the other's away."""
        return "{0}.{1}.{2}".format(name, socket.gethostname(), what) if self.by_name else name

    def spool(self, name: str, src: str) -> str:
        """Where a download goes: beside the volume where it can become the volume, else where only root looks."""
        if self.by_name:
            return os.path.join(self.path, self.passing(name, "download"))
        os.makedirs(_DOWNLOADS, mode=0o700, exist_ok=True)
        return os.path.join(_DOWNLOADS, hashlib.sha256("{0} {1}".format(name, src).encode()).hexdigest())


def inspect(src: str) -> _image.Content:
    """What a new volume is to be filled from; what a stranger's image leans on is not taken with it."""
    if not _download.is_url(src):
        return _image.inspect(src)
    content = _download.peek(src)
    _image.require_whole(content, _download.shown(src))
    return content


@dataclasses.dataclass
class Filling:
    """What a volume is made as: its definition, the bytes a guest will see (0: those of the image).

    rewrite: its format has options of its own, so that the image is converted even where it has that format. metadata:
    see _libvirt_storage.volume_create.
    """

    tree: Element
    capacity: int
    rewrite: bool = False
    metadata: bool = False


def create(place: Place, src: str, checksum: str | None, filling: Filling) -> None:
    """Make a volume and fill it from a file, which the plan has verified, or a URL."""
    name = _xml.get(filling.tree, "name") or ""
    with _writing(name), _alone(place, name) as needed:
        if not needed:
            return
        if _download.is_url(src):
            _bring(place, src, place.spool(name, src), checksum, filling)
        else:
            _create(place, src, False, filling)


def _bring(place: Place, src: str, file: str, checksum: str | None, filling: Filling) -> None:
    try:
        _download.fetch(src, file, checksum, "volume {0}".format(_xml.get(filling.tree, "name")))
    except BaseException:
        if not checksum:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)
        raise
    try:
        _create(place, file, True, filling)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file)


def _create(place: Place, file: str, ours: bool, filling: Filling) -> None:
    tree, capacity = filling.tree, filling.capacity
    content = _image.inspect(file)
    if 0 < capacity < content.capacity:
        # The header of a vhdx is too far from its beginning to be asked for before.
        raise BadValue("capacity", format_size(capacity), "the image has {0}".format(format_size(content.capacity)))
    if ours:
        _image.require_whole(content, file)
    form = _xml.get(tree, "target/format/@type") or "raw"
    if place.type not in FILE_POOLS:
        form = "raw"
    # A file that is filled byte for byte grows when it is whole; a partition can't, an image is converted into any.
    as_it_is = form == content.format and not filling.rewrite
    grows = as_it_is and place.type in FILE_POOLS
    Size("B").write(tree, "capacity", content.capacity if grows else max(content.capacity, capacity))

    def fill(volume: Handle) -> None:
        path = str(volume.path())
        if not as_it_is:
            _image.convert(file, content, path, form, (_xml.get(tree, "allocation") or "0") != "0")
        elif ours and place.by_name:
            # It is there already: it takes the place of the empty file, as which it is seen from now on.
            made = os.stat(path)
            os.chown(file, made.st_uid, made.st_gid)
            os.chmod(file, made.st_mode & 0o7777)
            os.replace(file, path)
        else:
            sparse = form == "raw" and place.type in FILE_POOLS and _xml.get(tree, "allocation") == "0"
            with open(file, "rb") as image:
                _libvirt_storage.volume_upload(place.host, volume, image, content.size, sparse)

    if ours and place.by_name and as_it_is:
        _xml.put(tree, "allocation", "0")
    _finish(place, filling, None, fill)


def make(place: Place, filling: Filling, source: Handle | None) -> None:
    """Make a volume: empty, an overlay, or a copy of a source."""
    name = _xml.get(filling.tree, "name") or ""
    if source is None:
        _libvirt_storage.volume_create(place.pool, name, _xml.write(filling.tree), filling.metadata)
        return
    with _writing(name), _alone(place, name) as needed:
        if needed:
            _finish(place, filling, source, lambda _volume: None)


@contextlib.contextmanager
def _alone(place: Place, name: str) -> t.Iterator[bool]:
    """Wait for another run of this host that makes the same volume; whether it is still to be made then."""
    root = os.geteuid() == 0
    runtime = "/run" if root else os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    directory = os.path.join(runtime, "minicloud.kvm" if root else "minicloud.kvm-{0}".format(os.geteuid()))
    os.makedirs(directory, mode=0o700, exist_ok=True)
    which = "{0}/{1}".format(place.pool.UUIDString(), name)
    # It stays when it is not needed any more: who waits for it would not see another one under its name.
    lock = os.path.join(directory, hashlib.sha256(which.encode()).hexdigest() + ".lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _download.log("volume {0}: another run is making it; waiting for that".format(name))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield not (place.by_name and os.path.lexists(os.path.join(place.path, name)))
    finally:
        os.close(handle)


@contextlib.contextmanager
def _writing(name: str) -> t.Iterator[None]:
    """A file system that is full, or read-only, is an error of the task and not of the module."""
    try:
        yield
    except OSError as error:
        raise KvmError(
            "Volume {0} can't be written: {1}{2}.".format(
                name, error.strerror or error, " ({0})".format(error.filename) if error.filename else ""
            ),
            error_code="unwritable",
        ) from error


def _finish(place: Place, filling: Filling, source: Handle | None, fill: t.Callable[[Handle], None]) -> None:
    """Make a volume under a passing name, fill it, grow it, and give it its own name."""
    tree = filling.tree
    name = _xml.get(tree, "name") or ""
    partial = place.passing(name, "partial")
    if partial != name:
        _throw_away(place.pool, partial)
    _xml.put(tree, "name", partial)
    volume = _libvirt_storage.volume_create(place.pool, partial, _xml.write(tree), filling.metadata, source)
    try:
        fill(volume)
        _libvirt_storage.pool_refresh(place.pool)
        volume = _there(place.pool, partial)
        made = _xml.parse(_libvirt_storage.volume_xml(volume) or "<volume/>", partial)
        if filling.capacity > int(_xml.get(made, "capacity") or 0):
            _libvirt_storage.volume_resize(volume, filling.capacity)
        if partial != name:
            _rename(str(volume.path()), name)
            _libvirt_storage.pool_refresh(place.pool)
    except BaseException:
        _libvirt_storage.volume_delete(volume)
        raise


def _there(pool: Handle, name: str) -> Handle:
    volume = _libvirt_storage.volumes(pool).get(name)
    if volume is None:
        raise NotFound(
            "Volume {0} is gone: somebody has deleted it while it was being filled.".format(name),
            remedy="Run it again; nothing is there under the volume's own name.",
        )
    return volume


def _throw_away(pool: Handle, name: str) -> None:
    """Delete what an interrupted run has left; a copy libvirt itself goes on with, and lets nobody touch till then."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        leftover = _libvirt_storage.volumes(pool).get(name)
        if leftover is None:
            return
        try:
            _libvirt_storage.volume_delete(leftover)
        except KvmError as error:
            if "still being allocated" not in error.message or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK)


def _rename(path: str, name: str) -> None:
    """Give a finished volume its name, unless another host that shares the pool was faster: then that one's stays."""
    target = os.path.join(os.path.dirname(path), name)
    try:
        os.link(path, target)
    except FileExistsError:
        pass
    except OSError:
        # A file system without hard links (vfat, cifs).
        if not os.path.lexists(target):
            os.rename(path, target)
            return
    os.unlink(path)
