# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a new volume starts from: nothing, an image that it is an overlay of, a volume, a file, a URL."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _copy,
    _download,
    _fill,
    _image,
    _libvirt_storage,
    _marked,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Size
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._place import Place
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import FILE_POOLS, GIVEN_POOLS
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size
from ansible_collections.minicloud.kvm.plugins.module_utils._volume_rows import FILES, PARTITIONS, QCOW2

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host
    from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import PoolFound
    from lxml.etree import _Element as Element


@dataclasses.dataclass
class World:
    host: Host
    pools: dict[str, PoolFound]


@dataclasses.dataclass
class Origin:
    """What a new volume holds from the beginning: its format, and the bytes a guest sees (0: not known yet)."""

    format: str = ""
    capacity: int = 0
    path: str = ""


def blank(desired: Options, world: World, check_mode: bool, warnings: list[str]) -> tuple[Element, int]:
    """A new volume's definition without what is declared of it, and the bytes that a guest will see.

    The bytes are 0 where only the download will say. backing_store gets the path and format that it stands for.
    """
    pool = world.pools[desired["pool"]]
    if pool.type in GIVEN_POOLS:
        raise NotFound(
            "Storage pool {0} has no volume {1}, and libvirt makes none in a pool of type {2}.".format(
                desired["pool"], desired["name"], pool.type
            ),
            remedy="Make it where the storage is, then refresh the pool; name a volume that is there.",
        )
    origin = _origin(desired, world, check_mode, warnings)
    tree = _xml.new("volume")
    _xml.put(tree, "name", desired["name"])
    form = _format(desired, pool, origin)
    if form:
        _xml.put(tree, "target/format/@type", form)
    if form == "qcow2" and not _is_whole(desired):
        # libvirt 9.0 makes the format of 2009 unless told otherwise.
        _xml.put(tree, "target/compat", "1.1")
    if "encryption" in desired:
        _xml.put(tree, "target/encryption/secret/@type", "passphrase")
    if pool.type == "netfs" and os.path.isdir(pool.path):
        # A file on a network file system belongs to whom its directory does: a server that squashes allows no other.
        owner = os.stat(pool.path)
        _xml.put(tree, "target/permissions/owner", str(owner.st_uid))
        _xml.put(tree, "target/permissions/group", str(owner.st_gid))
    capacity = _capacity(desired, origin)
    _allocate(desired, tree, form, capacity, pool)
    if pool.handle is not None:
        _check_way(desired, world, pool, tree)
        _check_room(desired, pool, capacity)
    return tree, capacity


def unfilled(desired: Options, world: World, tree: Element, check_mode: bool, warnings: list[str]) -> str | None:
    """Why a device that is there is to be filled; None where it isn't."""
    pool = world.pools[desired["pool"]]
    place, path = Place.of(world.host, pool), _xml.get(tree, "target/path") or ""
    if desired["fill_blank"] and not place.marks:
        raise BadValue("fill_blank", True, "it is for partitions and LUNs; volumes of this pool are filled when made")
    if not place.marks or not {"clone", "src"} & set(desired) or not os.path.exists(path):
        return None
    if not _marked.is_unfilled(path, desired["fill_blank"]):
        return None
    origin = _origin(desired, world, check_mode, warnings)
    capacity = int(_xml.get(tree, "capacity") or 0)
    if capacity < origin.capacity:
        raise BadValue(
            "capacity", format_size(capacity), "what it starts from has {0}".format(format_size(origin.capacity))
        )
    if _marked.begun_by(path):
        return "begun"
    if not _marked.is_zero(path, origin.capacity):
        # Nothing that is known, and something all the same.
        return None
    image = desired.get("src", origin.path)
    if os.path.exists(image):
        # What is blank may be the whole of an image that is.
        source, target = _copy.local(image, origin.format), _copy.local(path, "raw")
        if not _marked.differs(source, target):
            return None
    return "blank"


def _check_way(desired: Options, world: World, pool: PoolFound, tree: Element) -> None:
    """Refuse what can't be copied, or not from here, before anything is done."""
    place = Place.of(world.host, pool)
    if "clone" not in desired:
        if "src" in desired:
            place.require()
        return
    place.require()
    other = world.pools[desired["clone"].get("pool", desired["pool"])]
    source = other.read(desired["clone"]["volume"])
    if source is not None and other.handle is not None:
        _fill.by_libvirt(place, Place.of(world.host, other), tree, source)


def _check_room(desired: Options, pool: PoolFound, capacity: int) -> None:
    """A volume group gives all of its size at once; of what goes in the same task the room is not known."""
    solid = pool.type == "logical" and desired.get("allocation", "full") == "full"
    if not solid or pool.leaving or desired["allow_overcommit"]:
        return
    room = _libvirt_storage.pool_size(pool.handle)[1] - sum(size for _path, _form, size in pool.coming.values())
    if capacity > room:
        raise BadValue(
            "capacity",
            format_size(capacity),
            "storage pool {0} has {1} left".format(desired["pool"], format_size(max(room, 0))),
        )


def _format(desired: Options, pool: PoolFound, origin: Origin) -> str:
    """The format of a new volume; '' in pools that have none."""
    declared = desired.get("format")
    if declared is None and "xml" in desired:
        declared = _xml.get(desired["xml"].tree, "target/format/@type")
    if pool.type == "disk":
        if declared in FILES or "backing_store" in desired:
            raise BadValue(
                "format", declared or "qcow2", "a disk pool has partitions: {0}".format(", ".join(PARTITIONS))
            )
        _check_partition(desired["name"], pool)
        return declared or ""
    if declared in PARTITIONS:
        raise BadValue("format", declared, "it is a type of partition, which only a disk pool has")
    if pool.type not in ("", *FILE_POOLS):
        if declared not in (None, "raw") or "backing_store" in desired:
            raise BadValue("format", declared or "qcow2", "volumes of a {0} pool are raw".format(pool.type))
        return ""
    if "backing_store" in desired:
        return "qcow2"
    # libvirt has no vhdx. A whole document says all, also by what it leaves out: then libvirt makes a raw one.
    return declared or (origin.format if origin.format in FILES else "raw" if _is_whole(desired) else "qcow2")


def _is_whole(desired: Options) -> bool:
    """Whether the volume is given as a document of libvirt's own."""
    return "xml" in desired and bool(desired["xml"].whole)


def _check_partition(name: str, pool: PoolFound) -> None:
    """libvirt refuses a partition's name only when it has made the partition."""
    disk = os.path.basename(os.path.realpath(pool.device))
    disk += "p" if disk[-1:].isdigit() else ""
    there = {*pool.volumes, *pool.coming} - pool.leaving
    number = next(number for number in range(1, 1000) if disk + str(number) not in there)
    # A multipath device has names of its own.
    if name != disk + str(number) and not disk.startswith("dm-"):
        raise BadValue("name", name, "the next partition of {0} is {1}{2}".format(pool.device, disk, number))


def _capacity(desired: Options, origin: Origin) -> int:
    capacity = int(desired.get("capacity") or origin.capacity)
    if "xml" in desired and not capacity:
        try:
            capacity = int(Size("B").read(desired["xml"].tree, "capacity") or 0)
        except ValueError as error:
            text = _xml.get(desired["xml"].tree, "capacity")
            raise BadValue("xml: capacity", text, "a number is wanted, and a unit that libvirt knows") from error
    given = desired["xml"].tree if _is_whole(desired) else None
    if given is not None and (_xml.get(given, "capacity") or _xml.find(given, "backingStore") is not None):
        # Also none at all; an overlay has that of its image then.
        return capacity
    if not capacity and "src" not in desired:
        raise BadValue(
            "capacity", None, "volume {0} is not there yet: to make it, it is wanted".format(desired["name"])
        )
    if capacity < origin.capacity:
        raise BadValue(
            "capacity", format_size(capacity), "what it starts from has {0}".format(format_size(origin.capacity))
        )
    return capacity


def _allocate(desired: Options, tree: Element, form: str, capacity: int, pool: PoolFound) -> None:
    """What is left out libvirt allocates in full where the format has such a thing; a copy has its source's holes."""
    allocation = desired.get("allocation")
    if allocation is None and "clone" in desired and pool.type in FILE_POOLS and not _is_whole(desired):
        allocation = "thin"
    if allocation == "metadata" and form != "qcow2":
        raise BadValue("allocation", allocation, "only qcow2 has it, not {0}".format(form or "raw"))
    if allocation == "full":
        _xml.put(tree, "allocation", str(capacity))
    elif allocation is not None:
        _xml.put(tree, "allocation", "0" if allocation in ("thin", "metadata") else str(allocation))


def metadata(desired: Options, tree: Element) -> bool:
    """Whether the tables of a qcow2 are written when it is made: without them QEMU allocates nothing."""
    return desired.get("allocation") in ("metadata", "full") and _xml.get(tree, "target/format/@type") == "qcow2"


def rewritten(desired: Options, tree: Element) -> bool:
    """Whether an image is converted even into its own format, because that was declared with options of its own."""
    return metadata(desired, tree) or any(option in desired for option in QCOW2)


def _origin(desired: Options, world: World, check_mode: bool, warnings: list[str]) -> Origin:
    if "src" in desired:
        return _of_src(desired)
    if "clone" in desired:
        source = desired["clone"]
        origin = _of_volume(desired, source.get("pool", desired["pool"]), source["volume"], world, check_mode)
        _refuse_written(desired, origin, world, check_mode, warnings)
        return origin
    store = desired.get("backing_store")
    if not store:
        return Origin()
    if "volume" in store:
        origin = _of_volume(desired, store.get("pool", desired["pool"]), store["volume"], world, check_mode)
        store["path"], store["format"] = origin.path, origin.format
    else:
        content = _image.inspect(store["path"])
        origin = Origin("qcow2", content.capacity)
        store.setdefault("format", content.format)
    return origin


def _of_src(desired: Options) -> Origin:
    content = _fill.inspect(desired["src"])
    if "checksum" in desired and not _download.is_url(desired["src"]):
        _download.verify(desired["src"], desired["checksum"])
    own = desired.get("allocation") in ("metadata", "full") or any(option in desired for option in QCOW2)
    if own or desired.get("format", content.format) != content.format:
        _image.require_whole(content, _download.shown(desired["src"]))
    return Origin(content.format, content.capacity)


def _of_volume(desired: Options, pool_name: str, name: str, world: World, check_mode: bool) -> Origin:
    """A volume that is there, or that an earlier entry of the same call makes."""
    pool = world.pools[pool_name]
    if name in pool.coming:
        path, form, capacity = pool.coming[name]
        return Origin(form, capacity, path)
    tree = pool.read(name)
    if tree is None and check_mode and pool.error:
        return Origin("qcow2", desired.get("capacity", 1), os.path.join(pool_name, name))
    if tree is None:
        raise NotFound(
            "Volume {0}: storage pool {1} has no volume {2} to be {3} of.".format(
                desired["name"], pool_name, name, "a copy" if "clone" in desired else "an overlay"
            )
        )
    form = _xml.get(tree, "target/format/@type") or "raw"
    return Origin(
        form if form in FILES else "raw", int(_xml.get(tree, "capacity") or 0), _xml.get(tree, "target/path") or ""
    )


def _refuse_written(desired: Options, origin: Origin, world: World, check_mode: bool, warnings: list[str]) -> None:
    """A copy of what a guest writes to at the same time would be of no moment at all."""
    user = _libvirt_storage.volume_writer(world.host, origin.path)
    if user is None:
        return
    text = "Volume {0} is in use by domain {1}, which is running".format(desired["clone"]["volume"], user.name())
    if not check_mode:
        raise KvmError(text + ": it is not copied.", error_code="in_use", remedy="Stop the domain first.")
    # An earlier task of this check may have stopped it.
    warnings.append(text + "; it is taken as about to be stopped.")
