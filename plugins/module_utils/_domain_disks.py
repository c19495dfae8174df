# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's disks: from pool and volume to the path in the definition, and the names of those without one."""

from __future__ import annotations

import functools
import itertools
import os
import string
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _domain_controller_rows,
    _domain_source_rows,
    _libvirt,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options, read

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._domain_volume_source import Pools
    from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host
    from lxml.etree import _Element as Element

_SOURCES = ("volume", *(row.option for row in _domain_source_rows.SOURCES))
_PREFIX = {"virtio": "vd", "ide": "hd", "fdc": "fd"}


def check(desired: Options) -> None:
    """What can be known of devices without libvirt: such as that a disk has one source (media drives may have none)."""
    _domain_controller_rows.check(desired)
    for index, disk in enumerate(desired.get("disks", [])):
        field = "disks[{0}]".format(index)
        sources = [option for option in _SOURCES if option in disk]
        if ("pool" in disk) != ("volume" in disk):
            raise BadValue(field, sorted(disk), "pool and volume go together")
        if len(sources) > 1:
            raise BadValue(field, sorted(disk), "one source is wanted, not {0}".format(" and ".join(sources)))
        if not sources and disk.get("device", "disk") == "disk":
            raise BadValue(field, sorted(disk), "a source is wanted: {0}".format(", ".join(_SOURCES)))
        if not sources and disk.get("format") == "raw":
            # What libvirt says of an empty drive, but not while it runs.
            del disk["format"]
        if "auth" in disk and "network" not in disk:
            what = sources[0] if sources else "an empty drive"
            raise BadValue(field + ".auth", disk["auth"], "auth is for network; {0} has none".format(what))
        for option in ("auth", "encryption"):
            _domain_source_rows.check_secret(field, disk, option)
        _check_limits(field + ".iotune", disk.get("iotune", {}))


def _check_limits(field: str, limits: Options) -> None:
    for option, value in limits.items():
        what, _line, rest = option.partition("_")
        others = [each for each in ("read_" + rest, "write_" + rest) if limits.get(each)]
        if what == "total" and value and others:
            allowed = "a limit of everything goes with neither reading nor writing: leave it or {0} out"
            raise BadValue("{0}.{1}".format(field, option), value, allowed.format(" and ".join(others)))


def _letters() -> t.Iterator[str]:
    """a, b, ..., z, aa, ab, ..."""
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            yield "".join(letters)


def _path(disk: Options) -> str | None:
    return disk.get("file") or disk.get("block")


def _same_source(disk: Options, other: Options) -> bool:
    """Whether two disks lie on the same, wherever that is."""
    path = _path(disk)
    if path is not None or _path(other) is not None:
        return path == _path(other)
    given = [row for row in _domain_source_rows.SOURCES if disk.get(row.option) is not None]
    return bool(given) and all(
        other.get(row.option) is not None and row.agrees(disk[row.option], other[row.option]) for row in given
    )


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
        if not path and _xml.get(disk, "source/@protocol") == "rbd":
            # libvirt calls the path of an rbd pool's volume what the disk calls its name.
            path = _xml.get(disk, "source/@name")
        if path:
            paths.append(path)
    return paths


class Storage:
    """What disks lie on."""

    def __init__(self, host: Host, check_mode: bool) -> None:
        self.host = host
        self.check_mode = check_mode

    @functools.cached_property
    def _pools(self) -> Pools:
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_volume_source  # noqa: PLC0415

        return _domain_volume_source.Pools(self.host, self.check_mode)

    def resolve(self, desired: Options) -> list[str]:
        """Put the path and format of its volume into each disk; warnings of what can't be known in check mode."""
        warnings: list[str] = []
        for disk in desired.get("disks", []):
            if "volume" in disk:
                warnings += self._pools.resolve("Domain {0}".format(desired["name"]), disk)
        return warnings

    def name_targets(self, desired: Options, tree: Element) -> None:
        """Give disks without a target that of the same source in the tree, else the next free name of their bus."""
        disks = desired.get("disks", [])
        current = _xml.find_all(tree, "devices/disk")
        existing = [(self._source(disk), disk) for disk in current]
        buses = {_xml.get(disk, "target/@dev"): _xml.get(disk, "target/@bus") for disk in current}
        for disk in disks:
            known = next((each for source, each in existing if _same_source(disk, source)), None)
            if known is None:
                continue
            disk.setdefault("target", _xml.get(known, "target/@dev"))
            if known.get("type") == "volume" and disk["target"] == _xml.get(known, "target/@dev"):
                # The same source, by the names of pool and volume instead of the path: nothing to change.
                disk.pop("file", None)
                disk.pop("block", None)
        taken = {disk["target"] for disk in disks if "target" in disk}
        for disk in disks:
            if "target" not in disk:
                prefix = _PREFIX.get(disk.get("bus", "virtio"), "sd")
                disk["target"] = next(prefix + letters for letters in _letters() if prefix + letters not in taken)
                taken.add(disk["target"])
            if "bus" not in disk:
                usual = {"vd": "virtio", "hd": "ide", "fd": "fdc"}.get(disk["target"][:2], "sata")
                disk["bus"] = buses.get(disk["target"]) or usual

    def _source(self, disk: Element) -> Options:
        """Where the source of a disk lies that is in a definition."""
        if disk.get("type") != "volume":
            return read(_domain_source_rows.SOURCES, disk)
        pool, volume = _xml.get(disk, "source/@pool"), _xml.get(disk, "source/@volume")
        tree = self._pools[pool or ""].read(volume or "")
        return {} if tree is None else {"file": _xml.get(tree, "target/path")}

    def check_sources(self, desired: Options, plan: Plan) -> None:
        """A domain that is to start needs its files and networks: say what is missing before anything is done."""
        missing = []
        if not self.host.remote:
            files = {"disk " + disk["target"]: _path(disk) for disk in desired.get("disks", []) if "volume" not in disk}
            files.update({option: desired.get(option) for option in ("kernel", "initrd")})
            missing += [
                "{0}: there is no {1} on this host".format(what, path)
                for what, path in files.items()
                if path and not os.path.exists(path)
            ]
        wanted = [each["network"] for each in desired.get("interfaces", []) if "network" in each]
        networks = _libvirt.networks(self.host) if wanted else {}
        for network in wanted:
            if network not in networks:
                missing.append("there is no network {0}".format(network))
            elif not _libvirt.is_active(networks[network]):
                missing.append("network {0} is not active".format(network))
        for what in missing:
            text = "Domain {0}: {1}.".format(plan.name, what)
            if not self.check_mode:
                raise NotFound(text, remedy="Without it the domain can't start.")
            plan.warnings.append(text + " It is taken as about to be.")
