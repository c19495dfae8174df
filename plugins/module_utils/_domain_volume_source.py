# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a disk lies on that is a volume: a file, a device of the host, or what QEMU itself reaches over the network.

libvirt takes no volume of an rbd pool for a disk's source (virDomainDiskTranslateSourcePool in its sources): servers
and credentials of the pool stand in the domain instead, as those of the disk.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_storage, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import FILE_POOLS, PoolFound, look

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

# What a secret for each type of pool is called.
_SECRETS = {"rbd": "ceph", "iscsi-direct": "iscsi"}


class Pools:
    """The pools of a host, looked at when a disk refers to them, each once."""

    def __init__(self, host: Host, check_mode: bool) -> None:
        self.host = host
        self.check_mode = check_mode
        self._handles: dict[str, Handle] | None = None
        self._pools: dict[str, PoolFound] = {}

    def __getitem__(self, name: str) -> PoolFound:
        if self._handles is None:
            self._handles = _libvirt_storage.pools(self.host)
        if name not in self._pools:
            self._pools[name] = look(name, self._handles.get(name), self.host.remote)
        return self._pools[name]

    def resolve(self, what: str, disk: Options) -> list[str]:
        """Put the path and format of its volume into a disk; warnings of what can't be known in check mode."""
        pool = self[disk["pool"]]
        warnings = pool.require(what, self.check_mode)
        tree = pool.read(disk["volume"])
        if tree is None:
            missing = "{0}: storage pool {1} has no volume {2}.".format(what, disk["pool"], disk["volume"])
            if not self.check_mode:
                raise NotFound(missing, remedy="Declare it with minicloud.kvm.libvirt_volume first.")
            if not pool.error:
                # An earlier task of this check would have made it.
                warnings.append(missing + " It is taken as about to be made.")
            path = os.path.join(pool.base or disk["pool"], disk["volume"])
            form = "qcow2" if pool.type in ("", *FILE_POOLS) else "raw"
        else:
            path = _xml.get(tree, "target/path") or ""
            form = _xml.get(tree, "target/format/@type") or "raw"
        disk.update(source(pool, disk["volume"], path))
        # An ISO image is raw to QEMU.
        disk.setdefault("format", form if form in ("qcow2", "vmdk", "vdi", "vpc") else "raw")
        return warnings


def source(pool: PoolFound, volume: str, path: str) -> Options:
    """The options of a disk whose source is the volume with that name and path."""
    if pool.type in ("", *FILE_POOLS):
        return {"file": path}
    if pool.type == "rbd":
        return {"network": {"protocol": "rbd", "name": path, **_hosts(pool)}, **_auth(pool)}
    if pool.type == "iscsi-direct":
        return {"network": {"protocol": "iscsi", "name": _lun(pool, volume), **_hosts(pool)}, **_auth(pool)}
    if pool.type == "gluster":
        # The path is a URL: gluster://host/volume/directory/file.
        name = path.partition("://")[2].partition("/")[2] or path
        return {"network": {"protocol": "gluster", "name": name, **_hosts(pool)}}
    return {"block": path}


def _hosts(pool: PoolFound) -> Options:
    found = []
    for host in [] if pool.source is None else _xml.find_all(pool.source, "host"):
        entry: Options = {"name": host.get("name") or ""}
        if host.get("port"):
            entry["port"] = int(host.get("port") or 0)
        found.append(entry)
    return {"hosts": found} if found else {}


def _lun(pool: PoolFound, volume: str) -> str:
    """Target and LUN: a volume is called unit:0:0:LUN."""
    target = "" if pool.source is None else _xml.get(pool.source, "device/@path") or ""
    words = volume.split(":")
    if len(words) != 4:
        raise BadValue("volume", volume, "a volume of an iscsi-direct pool is called such as unit:0:0:1")
    return "{0}/{1}".format(target, words[3])


def _auth(pool: PoolFound) -> Options:
    found = None if pool.source is None else _xml.find(pool.source, "auth")
    if found is None:
        return {}
    secret: Options = {"type": _SECRETS[pool.type]}
    for word in ("usage", "uuid"):
        value = _xml.get(found, "secret/@" + word)
        if value:
            secret[word] = value
            break
    return {"auth": {"username": found.get("username") or "", "secret": secret}}
