# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The volumes of a storage pool, as they are now."""

from __future__ import annotations

import dataclasses
import functools
import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _libvirt_storage, _mounts, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle
    from lxml.etree import _Element as Element

# Types of pools whose volumes are files, where a finished volume can be given its name by renaming.
FILE_POOLS = ("dir", "fs", "netfs")
# Types whose volumes are partitions or LUNs: devices that can't be given another name.
FIXED_POOLS = ("disk", "iscsi", "scsi", "mpath")
# Types whose volumes are there from the beginning: libvirt makes none.
GIVEN_POOLS = ("iscsi", "iscsi-direct", "scsi", "mpath", "gluster")
# Types whose volumes have no path on the host: QEMU itself reaches them over the network.
NETWORK_POOLS = ("rbd", "gluster", "iscsi-direct")


@dataclasses.dataclass
class PoolFound:
    """A pool that is used: its handle, type, directory, size in bytes, and volumes.

    error: why it can't be looked into; then there is no handle and there are no volumes.
    """

    handle: Handle | None
    volumes: dict[str, Handle]
    error: KvmError | None = None
    type: str = ""
    path: str = ""
    capacity: int = 0
    # Of a disk pool: the disk.
    device: str = ""
    # What its volumes lie on: its source element.
    source: Element | None = None
    # Volumes that an earlier entry of the same call makes: (path, format, capacity in bytes) by name.
    coming: dict[str, tuple[str, str, int]] = dataclasses.field(default_factory=dict)
    # Volumes that an earlier entry of the same call deletes.
    leaving: set[str] = dataclasses.field(default_factory=set)
    _trees: dict[str, Element] = dataclasses.field(default_factory=dict)
    _fresh: bool = False

    @property
    def base(self) -> str:
        """What the paths of its volumes begin with: its directory, or of an rbd pool what Ceph calls it."""
        own = _xml.get(self.source, "name") if self.type in NETWORK_POOLS and self.source is not None else None
        return own or self.path

    def read(self, name: str) -> Element | None:
        """A volume's definition, or None.

        libvirt knows a pool as it was when it last looked into it: another host may have put the volume there since,
        or removed it. So libvirt looks again, once, before something is believed to be missing.
        """
        if self.handle is None:
            return None
        if name not in self._trees:
            text = _libvirt_storage.volume_xml(self.volumes[name]) if name in self.volumes else None
            if text is None and not self._fresh:
                _libvirt_storage.pool_refresh(self.handle)
                self.volumes, self._fresh = _libvirt_storage.volumes(self.handle), True
                # What was read is there no more than its handle is.
                self._trees = {key: tree for key, tree in self._trees.items() if key in self.volumes}
                text = _libvirt_storage.volume_xml(self.volumes[name]) if name in self.volumes else None
            if text is None:
                return None
            self._trees[name] = _xml.parse(text, "Volume {0}".format(name))
        return self._trees[name]

    def look_again(self) -> None:
        """Have libvirt look anew before the next volume is believed to be missing."""
        self._fresh = False

    def require(self, who: str, check_mode: bool) -> list[str]:
        """Refuse to go on without the pool; in check mode only a warning: an earlier task would have made it."""
        if self.error is None:
            return []
        text = "{0}: {1}".format(who, self.error.message)
        if not check_mode:
            self.error.message = text
            raise self.error
        return [text + " It is taken as about to be."]

    def overlay_of(self, path: str) -> str | None:
        """The name of a volume of this pool that is an overlay of the image at a path, and is not about to go."""
        for name in sorted(set(self.volumes) - self.leaving):
            tree = self.read(name)
            backing = None if tree is None else _xml.get(tree, "backingStore/path")
            if backing and os.path.join(self.path, backing) == path:
                return name
        return None


def look(name: str, handle: Handle | None, remote: bool) -> PoolFound:
    """A pool and its volumes; one that somebody has removed since it was listed is not there.

    remote: whether libvirt is on another host. KvmError where what the pool is on here is mounted and doesn't answer.
    """
    found = None if handle is None else _libvirt.there(functools.partial(_look, name, handle, remote))
    return _look(name, None, remote) if found is None else found


def _look(name: str, handle: Handle | None, remote: bool) -> PoolFound:
    if handle is None:
        missing = "there is no storage pool {0}.".format(name)
        return PoolFound(None, {}, NotFound(missing, remedy="Declare it with minicloud.kvm.libvirt_pool first."))
    if not _libvirt.is_active(handle):
        inactive = KvmError(
            "storage pool {0} is not active: its volumes can't be seen.".format(name),
            error_code="pool_inactive",
            remedy="Start it with minicloud.kvm.libvirt_pool (state: active).",
        )
        return PoolFound(None, {}, inactive)
    tree = _xml.parse(_libvirt_storage.pool_xml(handle, inactive=False), name)
    path = _xml.get(tree, "target/path") or ""
    if path and not remote:
        _mounts.require_answers({path: "Storage pool " + name})
    volumes, capacity = _libvirt_storage.volumes(handle), _libvirt_storage.pool_size(handle)[0]
    device = _xml.get(tree, "source/device/@path") or ""
    source = _xml.find(tree, "source")
    return PoolFound(handle, volumes, None, tree.get("type") or "", path, capacity, device, source)
