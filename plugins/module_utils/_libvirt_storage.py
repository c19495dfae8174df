# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's calls for storage pools and volumes, one small typed function a call."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import (
    Host,
    LibvirtError,
    definition,
    doing,
    names,
    quoted,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt_domain import xml

with contextlib.suppress(ImportError):  # which _libvirt.py reports
    import libvirt

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle


def pools(host: Host) -> dict[str, Handle]:
    with doing("list the storage pools"):
        return names(host.connection.listAllStoragePools(0))


def pool_xml(pool: Handle, inactive: bool = True) -> str:
    with doing("read storage pool {0}".format(pool.name())):
        return definition(pool, libvirt.VIR_STORAGE_XML_INACTIVE if inactive else 0)


def pool_define(host: Host, name: str, xml: str) -> Handle:
    with doing("define storage pool {0}".format(name)):
        return host.connection.storagePoolDefineXML(xml, 0)


def pool_build(pool: Handle, source: bool = False) -> None:
    """Make the target's directory; with source also what the pool is on, where libvirt too finds nothing there."""
    flags = libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE if source else libvirt.VIR_STORAGE_POOL_BUILD_NEW
    with doing("{0} of storage pool {1}".format("build the source" if source else "make the target", pool.name())):
        pool.build(flags)


def pool_refresh(pool: Handle) -> None:
    with doing("refresh storage pool {0}".format(pool.name())):
        pool.refresh(0)


def pool_size(pool: Handle) -> tuple[int, int]:
    """(capacity, available) in bytes."""
    with doing("read the size of storage pool {0}".format(pool.name())):
        _state, capacity, _allocation, available = pool.info()
    return int(capacity), int(available)


def volumes(pool: Handle) -> dict[str, Handle]:
    with doing("list the volumes of storage pool {0}".format(pool.name())):
        return names(pool.listAllVolumes(0))


def volume_xml(volume: Handle) -> str | None:
    """A volume's XML; None where its file is gone since libvirt has looked into the pool."""
    with doing("read volume {0}".format(volume.name())):
        try:
            return str(volume.XMLDesc(0))
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL:
                return None
            raise


def volume_create(pool: Handle, name: str, xml: str, metadata: bool = False, source: Handle | None = None) -> Handle:
    """Make a volume. metadata: with the tables of its format written. source: a volume that it is a copy of."""
    flags = libvirt.VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA if metadata else 0
    with doing("create volume {0} in storage pool {1}".format(name, pool.name())):
        return pool.createXML(xml, flags) if source is None else pool.createXMLFrom(xml, source, flags)


def volume_resize(volume: Handle, size: int, shrink: bool = False) -> None:
    flags = libvirt.VIR_STORAGE_VOL_RESIZE_SHRINK if shrink else 0
    with doing("resize volume {0} to {1} bytes".format(volume.name(), size)):
        volume.resize(size, flags)


def volume_wipe(volume: Handle, algorithm: str) -> None:
    """Overwrite what a volume holds. algorithm: such as zero, in virsh's words."""
    with doing("wipe volume {0} ({1})".format(volume.name(), algorithm)):
        volume.wipePattern(getattr(libvirt, "VIR_STORAGE_VOL_WIPE_ALG_" + algorithm.upper()), 0)


def volume_upload(host: Host, volume: Handle, image: t.BinaryIO, size: int, sparse: bool = False) -> None:
    """Fill a volume from its beginning through a stream. sparse: without what the file has holes for.

    Sparse only for a volume that holds nothing: libvirt leaves what was there in place of a hole. What could not be
    written at the end is no error: libvirt forgets it (virFDStreamCloseInt, up to 11.3 at least). So read it again.
    """
    flags = libvirt.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM if sparse else 0
    handle = image.fileno()

    def section(_stream: t.Any, _opaque: object) -> tuple[bool, int]:
        here = os.lseek(handle, 0, os.SEEK_CUR)
        try:
            data = os.lseek(handle, here, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole is left
            data = max(size, here)
        hole = os.lseek(handle, here, os.SEEK_HOLE) if data == here and here < size else data
        os.lseek(handle, here, os.SEEK_SET)
        return data == here, hole - here

    with doing("upload to volume {0}".format(volume.name())):
        stream = host.connection.newStream(0)
        volume.upload(stream, 0, size, flags)
        try:
            if sparse:
                stream.sparseSendAll(
                    lambda _stream, count, _opaque: os.read(handle, count),
                    section,
                    lambda _stream, length, _opaque: os.lseek(handle, length, os.SEEK_CUR),
                    None,
                )
            else:
                stream.sendAll(lambda _stream, count, _opaque: image.read(count), None)
        except BaseException:
            stream.abort()
            raise
        stream.finish()


def volume_begins_with(host: Host, volume: Handle, image: t.BinaryIO, size: int) -> bool:
    """Whether what an image holds is what a volume begins with, read through a stream."""
    image.seek(0)
    read, same = 0, True

    def compare(_stream: t.Any, data: bytes, _opaque: object) -> int:
        nonlocal read, same
        read += len(data)
        same = same and image.read(len(data)) == data
        return len(data)

    with doing("read volume {0} again".format(volume.name())):
        stream = host.connection.newStream(0)
        volume.download(stream, 0, size, 0)
        try:
            stream.recvAll(compare, None)
        except BaseException:
            stream.abort()
            raise
        stream.finish()
    return same and read == size


def volume_delete(volume: Handle) -> None:
    """Delete a volume with all it holds; another host that shares the pool may have been faster."""
    with doing("delete volume {0}".format(volume.name())):
        try:
            volume.delete(0)
        except libvirt.libvirtError:
            pool = volume.storagePoolLookupByVolume()
            pool.refresh(0)
            if volume.name() in pool.listVolumes():
                raise


def pool_user(host: Host, pool: Handle) -> Handle | None:
    """A running domain that has a volume of a pool; None where none has."""
    needles = ["pool={0}".format(quoted(pool.name()))]
    needles += [quoted(volume.path()) for volume in volumes(pool).values()]
    users = (domain for domain, text in _running(host) if any(needle in text for needle in needles))
    return next(users, None)


def disk_at(domain: Handle, path: str) -> str:
    """What a running domain calls the disk that lies on a path: an image of Ceph it only knows by the disk's target."""
    for disk in _xml.find_all(_xml.parse(xml(domain, inactive=False), str(domain.name())), "devices/disk"):
        if _xml.get(disk, "source/@name") == path:
            return _xml.get(disk, "target/@dev") or path
    return path


def volume_writer(host: Host, path: str) -> Handle | None:
    """A running domain that may write to the image at a path: it is a disk's own, and the disk is not read-only."""
    for domain, text in _running(host):
        if quoted(path) in text:
            for disk in _xml.find_all(_xml.parse(text, str(domain.name())), "devices/disk"):
                own = tuple(_xml.get(disk, "source/@" + place) for place in ("file", "dev", "name"))
                if path in own and _xml.find(disk, "readonly") is None:
                    return domain
    return None


def _running(host: Host) -> t.Iterator[tuple[Handle, str]]:
    """The running domains with their XML."""
    with doing("list the domains"):
        domains = host.connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
    for domain in domains:
        try:
            text = xml(domain, inactive=False)
        except LibvirtError as error:
            # One that is gone since uses nothing.
            if error.code != libvirt.VIR_ERR_NO_DOMAIN:
                raise
        else:
            yield domain, text
