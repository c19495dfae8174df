# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is on a host, each object as the declaration of it, and beside that what of it nobody can declare."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _domain,
    _domain_new,
    _domain_shape,
    _info_guests,
    _libvirt,
    _libvirt_domain,
    _libvirt_guest,
    _libvirt_objects,
    _libvirt_storage,
    _mounts,
    _network,
    _nwfilter,
    _pool,
    _secret,
    _volume,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._activatable import Activatable
from ansible_collections.minicloud.kvm.plugins.module_utils._adopt import Adopter
from ansible_collections.minicloud.kvm.plugins.module_utils._definable import Definable
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LibvirtError
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_types import TYPES, check
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import FILE_POOLS
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options
from ansible_collections.minicloud.kvm.plugins.module_utils._typed import typed

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

Found = t.Tuple[t.List[Options], t.Dict[str, Options]]


def gather(host: Host, options: Options) -> Options:
    """The module's result: declarations by kind, and their status by kind and name."""
    asked = _Asked(options)
    result: Options = {"changed": False, "status": {}, "warnings": asked.warnings}
    for kind in options["gather"]:
        result[kind], result["status"][kind] = _GATHER[kind](host, asked)
    return result


class _Asked:
    """Which objects are asked for: names and shell patterns; without any, all of them. Of what went wrong, warnings."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.patterns: list[str] | None = options["names"]
        self.warnings: list[str] = []

    def has(self, *names: str) -> bool:
        return self.patterns is None or any(fnmatch.fnmatchcase(n, each) for each in self.patterns for n in names)

    @contextlib.contextmanager
    def about(self, what: str, name: str) -> t.Iterator[None]:
        """One object: it may be gone since it was listed, or be such that no declaration can be of it."""
        try:
            yield
        except LibvirtError as error:
            if not error.missing:
                raise
        except BadValue as error:
            self.warnings.append("{0} {1} is left out, it can't be declared: {2}".format(what, name, error.message))


# Defaults of libvirt's that it writes into every definition.
_WRITTEN_ANYWAY = {
    "on_poweroff": "destroy",
    "on_reboot": "restart",
    "on_crash": "destroy",
    "vcpu/@placement": "static",
    "cpu[@mode='custom']/@match": "exact",
}


# --- domains ----------------------------------------------------------------------------------------------------------


def adopter_of_domains() -> Adopter:
    return Adopter(
        _domain.Domain(),
        _blank_domain,
        _normal_domain,
        alone=lambda desired: _domain_new.blank(desired, _xml.new("capabilities")),
        lacks=_domain_new.lacks,
        shape=_domain_shape.shape,
    )


def _blank_domain(desired: Options) -> Element:
    """What a new domain starts from that is declared with a whole document (_domain_new.blank)."""
    tree = _xml.new("domain")
    _xml.put(tree, "name", desired["name"])
    return tree


def _normal_domain(tree: Element) -> None:
    for place, word in _WRITTEN_ANYWAY.items():
        if _xml.get(tree, place) == word:
            _xml.drop(tree, place)
    features = _xml.find(tree, "features")
    if features is not None and not len(features):
        _xml.remove(features)
    for disk in _xml.find_all(tree, "devices/disk"):
        # An empty drive has no format while it runs.
        if _xml.find(disk, "source") is None and _xml.get(disk, "driver/@type") == "raw":
            _xml.drop(disk, "driver/@type")
        if _xml.find(disk, "source") is None and disk.get("type") == "file":
            _xml.drop(disk, "@type")
    for console in _xml.find_all(tree, "devices/console"):
        # They are counted.
        _xml.drop(console, "target/@port")
    for graphics in _xml.find_all(tree, "devices/graphics"):
        _normal_graphics(graphics)


def _normal_graphics(graphics: Element) -> None:
    # Whether libvirt chooses the port is said by the one or the other.
    if graphics.get("autoport") == "yes":
        _xml.drop(graphics, "@port")
    # Where it listens at no port, nothing chooses one.
    if _xml.get(graphics, "listen/@type") in ("socket", "none"):
        _xml.drop(graphics, "@autoport")
    # They are nothing without the password, which is not told.
    for attribute in ("@passwdValidTo", "@connected"):
        _xml.drop(graphics, attribute)
    # The first address is kept twice, and may be given either way.
    for attribute, kind, kept in (("@listen", "address", "listen/@address"), ("@socket", "socket", "listen/@socket")):
        text = _xml.get(graphics, attribute)
        if text is not None and _xml.find(graphics, "listen") is None:
            _xml.put(graphics, "listen/@type", kind)
            _xml.put(graphics, kept, text)
        if text == _xml.get(graphics, kept):
            _xml.drop(graphics, attribute)
    for listen in _xml.find_all(graphics, "listen"):
        if listen.get("type") == "address" and len(listen.attrib) == 1:
            # The default, which libvirt writes.
            _xml.remove(listen)


def _settle(tree: Element) -> None:
    """Take out of a transient domain what libvirt chose for this run: it has no definition where that is not."""
    for alias in _xml.find_all(tree, "devices//alias"):
        if not (alias.get("name") or "").startswith("ua-"):
            _xml.remove(alias)
    for source in _xml.find_all(tree, "devices/channel/source"):
        if "/channel/target/" in (source.get("path") or ""):
            _xml.remove(source)
    for label in _xml.find_all(tree, "seclabel[@type='dynamic']"):
        if _xml.find(label, "baselabel") is None and label.get("relabel") == "yes":
            _xml.remove(label)
    if _xml.get(tree, "resource/partition") == "/machine":
        _xml.drop(tree, "resource/partition")


def _domains(host: Host, asked: _Asked) -> Found:
    listing = _libvirt_domain.listing(host)
    adopter = adopter_of_domains()
    found: list[Options] = []
    status: dict[str, Options] = {}
    for name in sorted(filter(asked.has, listing.handles)):
        with asked.about("Domain", name):
            handle = listing.handles[name]
            text = _libvirt_domain.xml(handle, True, secure=False)
            steering: Options = {"state": listing.state(name)}
            persistent = name not in listing.transient
            tree = _xml.parse(text, "Domain {0}".format(name))
            if persistent:
                steering["autostart"] = name in listing.autostart
            else:
                _settle(tree)
            found.append(adopter.declaration(tree, steering))
            number = handle.ID()
            status[name] = {"persistent": persistent, "id": None if number == -1 else number}
    _tell_of_guests(host, asked, listing, status)
    return found, status


def _tell_of_guests(host: Host, asked: _Asked, listing: _libvirt_domain.Listing, status: dict[str, Options]) -> None:
    """Add to the status of domains what is asked for of running guests."""
    if asked.options["addresses"]:
        active = {name: listing.handles[name] for name, each in status.items() if each["id"] is not None}
        found, warnings = _info_guests.addresses(asked.options, active, listing.running & set(active))
        asked.warnings += warnings
        for name, known in status.items():
            known["addresses"] = found.get(name, [])
    if asked.options["stats"]:
        handles = [listing.handles[name] for name in status]
        counted = _libvirt_guest.stats(host, handles, asked.options["stats"])
        for name, known in status.items():
            known["stats"] = _info_guests.nested(counted.get(name, {}))


# --- networks and pools -----------------------------------------------------------------------------------------------


def adopter_of(kind: Activatable | Definable) -> Adopter:
    return Adopter(kind, kind.fresh, _normal, _check_pool if isinstance(kind, _pool.Pool) else None)


def _check_pool(desired: Options) -> None:
    if desired.get("type") in TYPES:
        check(desired["name"], desired["type"], desired, new=False)


def _normal(tree: Element) -> None:
    # A pool that is of nothing else has an empty source all the same.
    for source in _xml.find_all(tree, "source"):
        if not len(source) and not source.attrib:
            _xml.remove(source)
    # libvirt's own defaults, which it writes into every network that has a bridge, or NAT.
    for port in _xml.find_all(tree, "forward/nat/port"):
        if (port.get("start"), port.get("end")) == ("1024", "65535"):
            _xml.remove(port)
    for bridge in _xml.find_all(tree, "bridge"):
        for attribute, default in (("@stp", "on"), ("@delay", "0")):
            if _xml.get(bridge, attribute) == default:
                _xml.drop(bridge, attribute)


def _activatable(kind: Activatable, host: Host, asked: _Asked) -> Found:
    adopter = adopter_of(kind)
    found: list[Options] = []
    status: dict[str, Options] = {}
    handles = kind.handles(host)
    for name in sorted(filter(asked.has, handles)):
        with asked.about(kind.singular.capitalize(), name):
            each = kind.look(handles[name])
            steering: Options = {"state": each.state}
            if each.persistent:
                steering["autostart"] = each.autostart
            found.append(adopter.declaration(each.config, steering))
            status[name] = {"persistent": each.persistent}
            if kind.tag == "pool" and each.live is not None:
                for size in ("capacity", "allocation", "available"):
                    status[name][size] = int(_xml.get(each.live, size) or 0)
    return found, status


def _networks(host: Host, asked: _Asked) -> Found:
    return _activatable(_network.Network(), host, asked)


def _pools(host: Host, asked: _Asked) -> Found:
    return _activatable(_pool.Pool(), host, asked)


# --- volumes ----------------------------------------------------------------------------------------------------------


def _volumes(host: Host, asked: _Asked) -> Found:
    """Of active pools. What a volume holds can't be declared; its place in an inactive pool can't be seen."""
    found: list[Options] = []
    status: dict[str, Options] = {}
    paths: dict[str, tuple[str, str]] = {}
    for pool, handle in sorted(_libvirt_storage.pools(host).items()):
        if not _libvirt.is_active(handle):
            continue
        tree = _xml.parse(_libvirt_storage.pool_xml(handle, False), "Storage pool {0}".format(pool))
        if not host.remote:
            _mounts.require_answers({_xml.get(tree, "target/path") or "/": "Storage pool {0}".format(pool)})
        volumes = _libvirt_storage.volumes(handle)
        paths.update((os.path.join(_xml.get(tree, "target/path") or pool, name), (pool, name)) for name in volumes)
        for name, volume in sorted(volumes.items()):
            text = _libvirt_storage.volume_xml(volume) if asked.has(name, pool + "/" + name) else None
            if text is not None:
                each = _xml.parse(text, "Volume {0}".format(name))
                with asked.about("Volume", name):
                    found.append(_volume_of(each, pool, tree.get("type") in FILE_POOLS))
                status[pool + "/" + name] = {
                    "type": each.get("type"),
                    "path": _xml.get(each, "target/path"),
                    "allocation": int(_xml.get(each, "allocation") or 0),
                }
    for options in found:
        pool, name = paths.get(options.get("backing_store", {}).get("path", ""), ("", ""))
        if name:
            options["backing_store"] = {"volume": name, **({} if pool == options["pool"] else {"pool": pool})}
    return _bases_first(found), status


def _bases_first(volumes: list[Options]) -> list[Options]:
    """Elsewhere a volume is made before its overlays."""
    ordered: list[Options] = []
    names: set[tuple[str, str]] = {(each["pool"], each["name"]) for each in volumes}
    while volumes:
        ready = [each for each in volumes if _base(each) not in names] or volumes
        ordered += ready
        names -= {(each["pool"], each["name"]) for each in ready}
        volumes = [each for each in volumes if each not in ready]
    return ordered


def _base(volume: Options) -> tuple[str, str]:
    store = volume.get("backing_store", {})
    return store.get("pool", volume["pool"]), store.get("volume", "")


def _volume_of(tree: Element, pool: str, is_file: bool) -> Options:
    volume = _volume.Volume()
    options: Options = {**(typed(volume.rows, tree) or {}), "pool": pool, "state": "present"}
    if not is_file:
        # Their format and owner are the device's, not the volume's.
        for option in ("format", "mode", "owner", "group"):
            options.pop(option, None)
    Adopter(volume, lambda _desired: _xml.new("volume"), _normal).desire(options)
    return {row.option: options[row.option] for row in volume.rows if row.option in options}


# --- secrets and network filters --------------------------------------------------------------------------------------


def _definable(kind: Definable, handles: list[Handle], asked: _Asked) -> Found:
    adopter = adopter_of(kind)
    found: list[Options] = []
    for handle in sorted(handles, key=kind.title):
        with asked.about(kind.singular.capitalize(), kind.title(handle)):
            found.append(adopter.declaration(kind.look(handle, {}).tree, {"state": "present"}))
    return found, {}


def _secrets(host: Host, asked: _Asked) -> Found:
    every = _libvirt_objects.secrets(host)
    wanted = [each for each in every if asked.has(_libvirt_objects.secret_usage(each)[1], _libvirt.uuid(each))]
    return _definable(_secret.Secret(), wanted, asked)


def _nwfilters(host: Host, asked: _Asked) -> Found:
    every = _libvirt_objects.nwfilters(host)
    return _definable(_nwfilter.NwFilter(), [each for each in every if asked.has(each.name())], asked)


_GATHER: dict[str, t.Callable[[Host, _Asked], Found]] = {
    "domains": _domains,
    "networks": _networks,
    "pools": _pools,
    "volumes": _volumes,
    "secrets": _secrets,
    "nwfilters": _nwfilters,
}
KINDS = tuple(_GATHER)
