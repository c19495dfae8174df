# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A new volume filled from an image or another volume, such that there is never half of one under its name.

    in a pool of files           NAME.HOST.download -> NAME.HOST.partial -> NAME     the last two by renaming
    in a logical or rbd pool     NAME.HOST.partial -> NAME
    as a partition or a LUN      NAME, with a mark at its beginning until it is whole (see _marked.py)
    in any other pool            NAME, which is deleted again where filling it fails

What an interrupted run has left is thrown away by the next one; a download with a checksum is gone on with. Two runs
at once on one host take turns, volume by volume: neither throws away what the other one is about.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import tempfile
import time
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _copy,
    _download,
    _image,
    _libvirt_storage,
    _marked,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Size
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._place import Place
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import FILE_POOLS
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle
    from lxml.etree import _Element as Element

# Seconds that libvirt has to finish a copy that an interrupted run has begun, and between two looks.
_PATIENCE, _LOOK = 3600, 1


@dataclasses.dataclass
class Source:
    """A volume that a new one is a copy of: its handle, its place, its definition."""

    volume: Handle
    place: Place
    tree: Element

    @property
    def path(self) -> str:
        return _xml.get(self.tree, "target/path") or ""

    @property
    def format(self) -> str:
        return (_xml.get(self.tree, "target/format/@type") if self.place.type in FILE_POOLS else None) or "raw"


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
        if place.type == "rbd" or place.marks:
            _image.require_whole(content, file)
            write = _marked.fill if place.marks else _copy.copy
            with place.image(str(volume.name()), path, "raw", blank=place.type == "rbd") as target:
                write(_copy.local(file, content.format), target, "volume {0}".format(volume.name()))
        elif not as_it_is:
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
                if place.host.remote or not os.access(path, os.R_OK | os.W_OK):
                    _require_uploaded(place, volume, image, content.size)
                else:
                    _copy.require_written(file, path, "volume {0}".format(_xml.get(tree, "name")))

    if ours and place.by_name and as_it_is:
        _xml.put(tree, "allocation", "0")
    _finish(place, filling, None, fill)


def _require_uploaded(place: Place, volume: Handle, image: t.BinaryIO, size: int) -> None:
    """As _copy.require_written, of what only libvirt can read."""
    if not _libvirt_storage.volume_begins_with(place.host, volume, image, size):
        raise KvmError(
            "Volume {0} does not hold what was uploaded to it.".format(volume.name()),
            error_code="wrong_copy",
            remedy="See whether there is room in its pool.",
        )


def make(place: Place, filling: Filling, source: Source | None) -> None:
    """Make a volume: empty, an overlay, or a copy of a source."""
    name = _xml.get(filling.tree, "name") or ""
    if source is None:
        _libvirt_storage.volume_create(place.pool, name, _xml.write(filling.tree), filling.metadata)
        return
    with _writing(name), _alone(place, name) as needed:
        if not needed:
            return
        if by_libvirt(place, source.place, filling.tree, source.tree):
            _finish(place, filling, source.volume, lambda _volume: None)
        else:
            _finish(place, filling, None, lambda volume: _copied(place, filling, source, volume))


def by_libvirt(place: Place, other: Place, tree: Element, source: Element) -> bool:
    """Whether libvirt itself has to make a copy, or does it better; KvmError where nobody can.

    It reaches what this process doesn't, alone knows the passphrases of its secrets, and Ceph makes a layer of what is
    in one pool. Its rbd pools take no volume of any other.
    """
    ceph = [each.type == "rbd" for each in (place, other)]
    if all(ceph) and place.pool.UUIDString() == other.pool.UUIDString():
        return True
    sealed = any(_xml.find(each, "target/encryption") is not None for each in (tree, source))
    path = _xml.get(source, "target/path") or ""
    far = place.host.remote or (not ceph[1] and not os.access(path, os.R_OK)) or os.geteuid() != 0
    if any(ceph) and (sealed or far):
        raise KvmError(
            "Volume {0} can't be copied: {1}.".format(
                _xml.get(source, "name"),
                "one of the two is encrypted" if sealed else "libvirt can't copy from or into an rbd pool",
            ),
            error_code="not_copied",
            remedy="Run the task on the hypervisor itself, as root, for a volume that is not encrypted.",
        )
    return bool(sealed or far)


def _copied(place: Place, filling: Filling, source: Source, volume: Handle) -> None:
    name, path = str(volume.name()), str(volume.path())
    form = _xml.get(filling.tree, "target/format/@type") if place.type in FILE_POOLS else None
    full = form == "qcow2" and (_xml.get(filling.tree, "allocation") or "0") != "0"
    blank = place.type in (*FILE_POOLS, "rbd")
    with contextlib.ExitStack() as images:
        image = images.enter_context(source.place.image(str(source.volume.name()), source.path, source.format))
        target = images.enter_context(place.image(name, path, form or "raw", blank))
        if place.marks:
            _marked.fill(image, target, "volume {0}".format(name))
        else:
            _copy.copy(image, target, "volume {0}".format(name), full)


def again(place: Place, volume: Handle, source: Source | tuple[str, str | None], filling: Filling) -> None:
    """Fill a device that is there. source: a volume, or a file or URL and its checksum."""
    name = str(volume.name())
    with _writing(name), _alone(place, name), contextlib.ExitStack() as images:
        if not _marked.is_unfilled(str(volume.path()), blank=True):
            # Another run was about it, too.
            return
        if isinstance(source, Source):
            _copied(place, filling, source, volume)
            return
        src, checksum = source
        file = src
        if _download.is_url(src):
            file = place.spool(name, src)
            images.callback(_remove, file)
            _download.fetch(src, file, checksum, "volume {0}".format(name))
        content = _image.inspect(file)
        _image.require_whole(content, _download.shown(src))
        target = images.enter_context(place.image(name, str(volume.path()), "raw"))
        _marked.fill(_copy.local(file, content.format), target, "volume {0}".format(name))


def _remove(file: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(file)


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
        yield not (place.renames and place.has(name))
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
            place.rename(volume, partial, name)
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
