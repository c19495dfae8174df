# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A new volume filled from a file of the hypervisor, such that there is never half of one under its name."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import struct
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_storage, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# Types of pools whose volumes are files, where a finished volume can be given its name by renaming.
FILE_POOLS = ("dir", "fs", "netfs")


@dataclasses.dataclass(frozen=True)
class Content:
    """What an image is: its format, the bytes a guest sees, the bytes of the file."""

    format: str
    capacity: int
    size: int


def inspect(path: str) -> Content:
    """Format and sizes of an image, from its first bytes.

    A qcow2 header has its magic at 0 and the virtual size, big-endian, at 24 (QEMU's docs/interop/qcow2.txt).
    """
    try:
        with open(path, "rb") as image:
            header = image.read(32)
            size = os.fstat(image.fileno()).st_size
    except FileNotFoundError as error:
        raise NotFound("There is no image {0} on this host.".format(path)) from error
    except OSError as error:
        raise KvmError(
            "The image {0} can't be read: {1}.".format(path, error.strerror), error_code="unreadable"
        ) from error
    if not size:
        raise KvmError("The image {0} is empty.".format(path), error_code="unreadable")
    if header[:4] == b"QFI\xfb":
        if len(header) < 32:
            raise KvmError("The image {0} ends within its qcow2 header.".format(path), error_code="unreadable")
        return Content("qcow2", int(struct.unpack(">Q", header[24:32])[0]), size)
    return Content("raw", size, size)


def create(host: Host, pool: Handle, pool_type: str, src: str, tree: Element, capacity: int) -> None:
    """Make a volume and fill it. An interrupted one keeps a name of its own and is thrown away by the next run."""
    name = _xml.get(tree, "name") or ""
    content = inspect(src)
    # Of each host its own: two that share a pool may fill at once, and none may take the other's for a leftover.
    partial = "{0}.{1}.partial".format(name, socket.gethostname()) if pool_type in FILE_POOLS else name
    leftover = _libvirt_storage.volumes(pool).get(partial)
    if leftover is not None:
        _libvirt_storage.volume_delete(leftover)
    _xml.put(tree, "name", partial)
    _xml.put(tree, "capacity", str(content.capacity))
    volume = _libvirt_storage.volume_create(pool, partial, _xml.write(tree))
    try:
        with open(src, "rb") as image:
            _libvirt_storage.volume_upload(host, volume, image.read, content.size)
        if capacity > content.capacity:
            _libvirt_storage.pool_refresh(pool)
            _libvirt_storage.volume_resize(_libvirt_storage.volumes(pool)[partial], capacity, False)
        if partial != name:
            _rename(str(volume.path()), name)
            _libvirt_storage.pool_refresh(pool)
    except BaseException:
        _libvirt_storage.volume_delete(volume)
        raise


def _rename(path: str, name: str) -> None:
    """Give a finished volume its name, unless another host that shares the pool was faster: then that one's stays."""
    with contextlib.suppress(FileExistsError):
        os.link(path, os.path.join(os.path.dirname(path), name))
    os.unlink(path)
