# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's disks: from pool and volume to the path in the definition, and the names of those without one."""

from __future__ import annotations

import itertools
import os
import string
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._fill import FILE_POOLS
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import PoolFound, look
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host
    from lxml.etree import _Element as Element

_PREFIX = {"virtio": "vd", "ide": "hd", "fdc": "fd"}


def check(desired: Options) -> None:
    """Every disk has one source (media drives may have none)."""
    for index, disk in enumerate(desired.get("disks", [])):
        field = "disks[{0}]".format(index)
        sources = [option for option in ("volume", "file", "block") if option in disk]
        if ("pool" in disk) != ("volume" in disk):
            raise BadValue(field, disk, "pool and volume go together")
        if len(sources) > 1:
            raise BadValue(field, disk, "one source is wanted, not {0}".format(" and ".join(sources)))
        if not sources and disk.get("device", "disk") == "disk":
            raise BadValue(field, disk, "a source is wanted: pool and volume, file or block")


def name_targets(desired: Options, tree: Element) -> None:
    """Give disks without a target that of the same source in the tree, else the next free name of their bus."""
    disks = desired.get("disks", [])
    existing = {
        _xml.get(disk, "source/@file") or _xml.get(disk, "source/@dev"): disk
        for disk in _xml.find_all(tree, "devices/disk")
    }
    for disk in disks:
        known = existing.get(disk.get("file") or disk.get("block") or "")
        if "target" not in disk and known is not None:
            disk["target"] = _xml.get(known, "target/@dev")
    taken = {disk["target"] for disk in disks if "target" in disk}
    for disk in disks:
        if "target" not in disk:
            prefix = _PREFIX.get(disk.get("bus", "virtio"), "sd")
            disk["target"] = next(prefix + letters for letters in _letters() if prefix + letters not in taken)
            taken.add(disk["target"])
        if "bus" not in disk and not any(_xml.get(d, "target/@dev") == disk["target"] for d in existing.values()):
            disk["bus"] = {"vd": "virtio", "hd": "ide", "fd": "fdc"}.get(disk["target"][:2], "sata")


def _letters() -> t.Iterator[str]:
    """a, b, ..., z, aa, ab, ..."""
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            yield "".join(letters)


def volumes_to_remove(desired: Options, config: Element) -> list[str]:
    """Paths of the volumes that a task names by their disks' targets; never media."""
    disks = {_xml.get(disk, "target/@dev"): disk for disk in _xml.find_all(config, "devices/disk")}
    paths = []
    for target in desired.get("remove_volumes", []):
        disk = disks.get(target)
        if disk is None:
            raise BadValue(
                "remove_volumes", target, "the domain's disks are {0}".format(", ".join(str(d) for d in disks))
            )
        if disk.get("device", "disk") != "disk" or _xml.find(disk, "readonly") is not None:
            raise BadValue("remove_volumes", target, "it is a medium or read-only, and those are never deleted")
        path = _xml.get(disk, "source/@file") or _xml.get(disk, "source/@dev")
        if path:
            paths.append(path)
    return paths


class Storage:
    """The pools of a host, looked at when a disk refers to them, each once."""

    def __init__(self, host: Host, check_mode: bool) -> None:
        self.host = host
        self.check_mode = check_mode
        self._handles: dict[str, t.Any] | None = None
        self._pools: dict[str, PoolFound] = {}

    def _pool(self, name: str) -> PoolFound:
        if self._handles is None:
            self._handles = _libvirt.pools(self.host)
        if name not in self._pools:
            self._pools[name] = look(name, self._handles.get(name))
        return self._pools[name]

    def resolve(self, desired: Options) -> list[str]:
        """Put the path and format of its volume into each disk; warnings of what can't be known in check mode."""
        warnings: list[str] = []
        for disk in desired.get("disks", []):
            if "volume" in disk:
                self._resolve(desired["name"], disk, warnings)
        return warnings

    def _resolve(self, name: str, disk: Options, warnings: list[str]) -> None:
        pool = self._pool(disk["pool"])
        missing = None
        if pool.handle is None:
            missing = "there is no storage pool {0}".format(disk["pool"])
        elif pool.read(disk["volume"]) is None:
            missing = "storage pool {0} has no volume {1}".format(disk["pool"], disk["volume"])
        if missing and (not self.check_mode or pool.handle is None):
            raise NotFound(
                "Domain {0}: {1}.".format(name, missing),
                remedy="Declare it first, with minicloud.kvm.libvirt_pool or libvirt_volume.",
            )
        if missing:
            # An earlier task of this check would have made it.
            warnings.append("Domain {0}: {1} yet; it is taken as one that is about to be made.".format(name, missing))
            path, form = os.path.join(pool.path, disk["volume"]), "qcow2"
        else:
            tree = pool.read(disk["volume"])
            assert tree is not None
            path = _xml.get(tree, "target/path") or ""
            form = _xml.get(tree, "target/format/@type") or "raw"
        disk["file" if pool.type in FILE_POOLS else "block"] = path
        # An ISO image is raw to QEMU.
        disk.setdefault("format", form if form in ("qcow2", "vmdk", "vdi", "vpc") else "raw")

    def check_sources(self, desired: Options, plan: Plan) -> None:
        """A domain that is to start needs its disks: say which is missing before anything is done."""
        if "://" in self.host.uri and self.host.uri.split("://", 1)[1].split("/", 1)[0]:
            return
        for disk in desired.get("disks", []):
            path = disk.get("file") or disk.get("block")
            if path and "volume" not in disk and not os.path.exists(path):
                text = "Domain {0}: disk {1}: there is no {2} on this host.".format(plan.name, disk["target"], path)
                if not self.check_mode:
                    raise NotFound(text)
                plan.warnings.append(text + " It is taken as about to be made.")
