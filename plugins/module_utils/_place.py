# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a volume is made, and how one that is finished gets its name there."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import shutil
import socket
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _copy, _libvirt_storage, _pool_build, _rbd, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import FILE_POOLS, FIXED_POOLS

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import PoolFound
    from lxml.etree import _Element as Element

_DOWNLOADS = "/var/cache/minicloud.kvm"


@dataclasses.dataclass
class Place:
    """Where a volume is: the host, its pool, the pool's type, directory and source."""

    host: Host
    pool: Handle
    type: str
    path: str
    source: Element | None = None

    @classmethod
    def of(cls, host: Host, pool: PoolFound) -> Place:
        return cls(host, pool.handle, pool.type, pool.path, pool.source)

    @property
    def by_name(self) -> bool:
        """Whether its volumes are files of this host, which get their name by renaming."""
        return self.type in FILE_POOLS and not self.host.remote

    @property
    def renames(self) -> bool:
        """Whether a volume can be made under another name and get its own when it is finished."""
        return self.by_name or (self.type in ("logical", "rbd") and not self.host.remote)

    @property
    def marks(self) -> bool:
        """Whether its volumes are devices of this host that have their names from the beginning."""
        return self.type in FIXED_POOLS and not self.host.remote and os.geteuid() == 0

    def passing(self, name: str, what: str) -> str:
        """Of each host its own name: two that share a pool may fill at once, and none throws the other's away."""
        return "{0}.{1}.{2}".format(name, socket.gethostname(), what) if self.renames else name

    def spool(self, name: str, src: str) -> str:
        """Where a download goes: beside the volume where it can become the volume, else where only root looks."""
        if self.by_name:
            return os.path.join(self.path, self.passing(name, "download"))
        os.makedirs(_DOWNLOADS, mode=0o700, exist_ok=True)
        return os.path.join(_DOWNLOADS, hashlib.sha256("{0} {1}".format(name, src).encode()).hexdigest())

    def require(self) -> None:
        """Refuse to begin without the programs that the end needs."""
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        if self.type == "logical" and self.renames and shutil.which("lvrename", path=path) is None:
            raise _copy.missing("lvrename", "lvm2", "lvm2")
        if self.type == "rbd" and self.renames:
            _rbd.require()

    def rename(self, volume: Handle, old: str, new: str) -> None:
        """Give a finished volume its name, unless another host that shares the pool was faster: its own stays then."""
        if self.by_name:
            _rename(str(volume.path()), new)
            return
        try:
            if self.type == "rbd":
                with _rbd.cluster(self.host, self.source) as cluster:
                    cluster.rename(old, new)
            else:
                self._rename_logical(old, new)
        except KvmError:
            if not self.has(new):
                raise
            _libvirt_storage.volume_delete(volume)

    def has(self, name: str) -> bool:
        """Whether there is such a volume by now, whoever made it."""
        if self.by_name:
            return os.path.lexists(os.path.join(self.path, name))
        _libvirt_storage.pool_refresh(self.pool)
        return name in _libvirt_storage.volumes(self.pool)

    def _rename_logical(self, old: str, new: str) -> None:
        group = (_xml.get(self.source, "name") if self.source is not None else None) or str(self.pool.name())
        done = _pool_build.run("lvrename", group, old, new)
        if done.returncode:
            raise KvmError(
                "Volume {0} can't be renamed to {1}: {2}".format(old, new, done.stderr.strip()),
                error_code="not_renamed",
            )

    @contextlib.contextmanager
    def image(self, name: str, path: str, form: str, blank: bool = False) -> t.Iterator[_copy.Image]:
        """One of its volumes as an image."""
        if self.type == "rbd":
            with _rbd.cluster(self.host, self.source) as cluster:
                yield cluster.image(name, blank)
        else:
            yield _copy.local(path, form, blank)


def _rename(path: str, name: str) -> None:
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
