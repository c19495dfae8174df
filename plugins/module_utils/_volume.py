# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage volumes (https://libvirt.org/formatstorage.html#storage-volume-xml).

What a volume holds is data: it is filled when it is made and never written again; it grows and does not shrink.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _fill, _libvirt_domain, _libvirt_storage, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import (
    NAME,
    PATH,
    Integer,
    Octal,
    Size,
    Switch,
    Text,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Kind, Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import PoolFound, look
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Options, Row
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element


@dataclasses.dataclass
class World:
    host: Host
    pools: dict[str, PoolFound]


class Volume(Kind[World]):
    singular, plural, tag = "volume", "volumes", "volume"
    parts = "target|backingStore"
    rows = (
        Row("name", "name", NAME, help="Name of the volume. May be left out where O(xml) has it."),
        Row("pool", None, NAME, help="Storage pool that it is in, which has to be active.", required=False),
        Row(
            "state",
            None,
            help="V(present) is there with at least the declared capacity; V(absent) is deleted, with all it holds.",
            choices=("present", "absent"),
            default="present",
        ),
        Row(
            "capacity",
            "capacity",
            Size("B"),
            help="Size that a guest sees, such as V(20GiB). A smaller volume grows, a larger one is refused: nothing "
            "is ever shrunk. Left out, a new volume has the size of O(src) or O(backing_store).",
        ),
        Row("allocation", "allocation", Size("B", minimum=0), help="Space taken from the beginning, when it is made."),
        Row(
            "format",
            "target/format/@type",
            choices=("qcow2", "raw"),
            help="Format of the volume when it is made; V(qcow2) where it is left out. It can't be changed.",
        ),
        Block(
            "backing_store",
            "backingStore",
            (
                Row("volume", None, NAME, help="Name of the volume that holds what is not written yet."),
                Row("pool", None, NAME, help="Its pool; the volume's own where it is left out."),
                Row("path", "path", PATH, help="Path of an image instead of a volume."),
                Row("format", "format/@type", choices=("qcow2", "raw"), help="Its format; a volume's is known."),
            ),
            help="The image that the volume is an overlay of, when it is made. It can't be changed.",
        ),
        Row(
            "src",
            None,
            PATH,
            help="File on the hypervisor that a new volume is filled from, byte for byte. What is there already is not "
            "filled again.",
        ),
        Row("mode", "target/permissions/mode", Octal(), help="Mode of the file when it is made, such as V('0640')."),
        Row(
            "owner",
            "target/permissions/owner",
            Integer(0),
            help="Numeric user of the file when it is made; on a V(netfs) pool that of the pool's directory.",
        ),
        Row(
            "group",
            "target/permissions/group",
            Integer(0),
            help="Numeric group of the file when it is made; on a V(netfs) pool that of the directory.",
        ),
        Row(
            "allow_overcommit",
            None,
            Switch(),
            help="Whether the capacity may be more than the whole pool has.",
            default=False,
        ),
        Row("xml", None, Text(), help="libvirt's XML for a new volume, for what has no option of its own."),
    )

    def desire(self, options: Options) -> Options:
        desired = super().desire(options)
        if not desired.get("pool"):
            raise BadValue("pool", options.get("pool"), "volume {0} wants a pool".format(desired["name"]))
        if "backing_store" not in desired:
            return desired
        store = desired["backing_store"]
        if ("volume" in store) == ("path" in store):
            raise BadValue("backing_store", store, "either volume or path is wanted")
        if desired.get("format") == "raw":
            raise BadValue("format", "raw", "an overlay of an image is qcow2")
        if "src" in desired:
            raise BadValue(
                "src", desired["src"], "a volume is filled from src or an overlay of backing_store, not both"
            )
        return desired

    def identity(self, desired: Options) -> str:
        return "{0}/{1}".format(desired["pool"], desired["name"])

    def survey(self, host: Host, desired: list[Options]) -> World:
        pools = _libvirt_storage.pools(host)
        names = {each["pool"] for each in desired}
        names |= {each["backing_store"]["pool"] for each in desired if "pool" in each.get("backing_store", {})}
        world = World(host, {name: look(name, pools.get(name)) for name in sorted(names)})
        for each in desired:
            world.pools[each["pool"]].read(each["name"])
            store = each.get("backing_store", {})
            if "volume" in store:
                world.pools[store.get("pool", each["pool"])].read(store["volume"])
        return world

    def plan(self, desired: Options, world: World) -> Plan:
        pool = world.pools[desired["pool"]]
        plan = Plan(desired["name"], desired["state"], facts={"pool": desired["pool"]})
        if desired["state"] == "present" or not isinstance(pool.error, NotFound):
            plan.warnings += pool.require("Volume {0}".format(plan.name), self.check_mode)
        tree = pool.read(desired["name"])
        if desired["state"] == "absent":
            if tree is not None:
                self._plan_absent(world, pool, plan, tree)
            return plan
        if tree is None:
            self._plan_new(desired, world, plan)
        else:
            self._plan_existing(desired, world, plan, tree)
        return plan

    def _plan_absent(self, world: World, pool: PoolFound, plan: Plan, tree: Element) -> None:
        path = _xml.get(tree, "target/path") or ""
        plan.change("state", "present", "absent")
        plan.step("delete", volume=pool.volumes[plan.name])
        pool.leaving.add(plan.name)
        overlay = pool.overlay_of(path)
        if overlay:
            raise KvmError(
                "Volume {0} is what volume {1} is an overlay of: it is not deleted.".format(plan.name, overlay),
                error_code="in_use",
                remedy="Delete {0} first; in one task, list it first.".format(overlay),
            )
        user = _libvirt_domain.user_of(world.host, path)
        if user is not None:
            text = "Volume {0} is in use by domain {1}, which is running".format(plan.name, user.name())
            if not self.check_mode:
                raise KvmError(text + ": it is not deleted.", error_code="in_use", remedy="Stop the domain first.")
            # An earlier task of this check may have stopped it.
            plan.warnings.append(text + "; it is taken as about to be stopped.")

    def _plan_new(self, desired: Options, world: World, plan: Plan) -> None:
        pool = world.pools[desired["pool"]]
        tree, capacity = self._blank(desired, world)
        if pool.handle and capacity > pool.capacity and not desired["allow_overcommit"]:
            raise BadValue(
                "capacity",
                format_size(capacity),
                "storage pool {0} has {1} in all (allow_overcommit: true makes it so all the same)".format(
                    desired["pool"], format_size(pool.capacity)
                ),
            )
        plan.change("state", "absent", "present")
        plan.changes += [change for change in self.definition(desired, tree) if change.field != "pool"]
        if "src" in desired:
            plan.change("src", None, desired["src"])
        _xml.put(tree, "capacity", str(capacity))
        plan.facts["path"] = os.path.join(pool.path or desired["pool"], desired["name"])
        form = _xml.get(tree, "target/format/@type") or "raw"
        pool.coming[desired["name"]] = (plan.facts["path"], form, capacity)
        plan.step("create", desired=desired, tree=tree, capacity=capacity)

    def _blank(self, desired: Options, world: World) -> tuple[Element, int]:
        """What a new volume starts from, and the bytes that a guest will see."""
        tree = _xml.new("volume")
        _xml.put(tree, "name", desired["name"])
        content = _fill.inspect(desired["src"]) if "src" in desired else None
        form = desired.get("format") or (content.format if content else "qcow2")
        _xml.put(tree, "target/format/@type", form)
        if form == "qcow2":
            # libvirt still makes the format of 2009 unless told otherwise.
            _xml.put(tree, "target/compat", "1.1")
        _own(tree, world.pools[desired["pool"]])
        if content and desired.get("format", content.format) != content.format:
            raise BadValue("format", desired["format"], "{0} is {1}".format(desired["src"], content.format))
        minimum = content.capacity if content else 0
        store = desired.get("backing_store")
        if store:
            store["path"], store["format"], minimum = self._backing(desired, store, world)
        capacity = desired.get("capacity") or minimum
        if "xml" in desired and not capacity:
            self.definition({"xml": desired["xml"]}, tree)
            capacity = int(_xml.get(tree, "capacity") or 0)
        if not capacity:
            raise BadValue(
                "capacity", None, "volume {0} is not there yet: to make it, it is wanted".format(desired["name"])
            )
        if capacity < minimum:
            raise BadValue(
                "capacity", format_size(capacity), "what it starts from has {0}".format(format_size(minimum))
            )
        return tree, capacity

    def _backing(self, desired: Options, store: Options, world: World) -> tuple[str, str, int]:
        """(path, format, capacity) of the image that a volume is an overlay of."""
        if "volume" not in store:
            content = _fill.inspect(store["path"])
            return store["path"], store.get("format", content.format), content.capacity
        pool_name = str(store.get("pool", desired["pool"]))
        pool = world.pools[pool_name]
        if store["volume"] in pool.coming:
            return pool.coming[store["volume"]]
        tree = pool.read(store["volume"])
        if tree is None and self.check_mode and pool.error:
            return os.path.join(pool_name, store["volume"]), "qcow2", desired.get("capacity", 1)
        if tree is None:
            raise NotFound(
                "Volume {0}: storage pool {1} has no volume {2} to be an overlay of.".format(
                    desired["name"], pool_name, store["volume"]
                )
            )
        path, form = _xml.get(tree, "target/path") or "", _xml.get(tree, "target/format/@type") or "raw"
        return path, form, int(_xml.get(tree, "capacity") or 0)

    def _plan_existing(self, desired: Options, world: World, plan: Plan, tree: Element) -> None:
        plan.facts["path"] = _xml.get(tree, "target/path")
        found = _xml.get(tree, "target/format/@type")
        if found and desired.get("format", found) != found:
            raise KvmError(
                "Volume {0} is {1}, not {2}.".format(desired["name"], found, desired["format"]),
                error_code="immutable",
                remedy="A volume's format can't be changed: make another volume, or leave format out.",
            )
        self._check_backing(desired, world, tree)
        capacity = int(_xml.get(tree, "capacity") or 0)
        wanted = desired.get("capacity", capacity)
        if wanted < capacity:
            raise KvmError(
                "Volume {0} has {1}, more than {2}.".format(
                    desired["name"], format_size(capacity), format_size(wanted)
                ),
                error_code="would_shrink",
                remedy="Shrinking loses what is at the end: declare at least {0}.".format(format_size(capacity)),
            )
        if wanted > capacity:
            plan.change("capacity", format_size(capacity), format_size(wanted))
            plan.step("resize", volume=world.pools[desired["pool"]].volumes[plan.name], capacity=wanted)

    def _check_backing(self, desired: Options, world: World, tree: Element) -> None:
        store = desired.get("backing_store")
        if not store:
            return
        pool = world.pools[store.get("pool", desired["pool"])]
        wanted = store.get("path") or os.path.join(pool.path, store["volume"])
        found = _xml.get(tree, "backingStore/path")
        if not found or os.path.realpath(wanted) != os.path.realpath(found):
            raise KvmError(
                "Volume {0} is an overlay of {1}, not of {2}.".format(desired["name"], found or "nothing", wanted),
                error_code="immutable",
                remedy="What a volume is an overlay of can't be changed: make another volume.",
            )

    # Steps.

    def create(self, world: World, plan: Plan, desired: Options, tree: Element, capacity: int) -> None:
        pool = world.pools[desired["pool"]]
        if "src" in desired:
            _fill.create(world.host, pool.handle, pool.type, desired["src"], tree, capacity)
        else:
            _libvirt_storage.volume_create(pool.handle, plan.name, _xml.write(tree))

    def resize(self, world: World, plan: Plan, volume: Handle, capacity: int) -> None:
        path = plan.facts["path"]
        user = _libvirt_domain.user_of(world.host, path)
        if user is None:
            _libvirt_storage.volume_resize(volume, capacity, False)
        else:
            # A running QEMU holds the file: it grows it itself, and tells the guest.
            _libvirt_domain.block_resize(user, path, capacity)
            _libvirt_storage.pool_refresh(world.pools[plan.facts["pool"]].handle)

    def delete(self, world: World, plan: Plan, volume: Handle) -> None:
        _libvirt_storage.volume_delete(volume)


def _own(tree: Element, pool: PoolFound) -> None:
    """A file on a network file system belongs to whom its directory does: a server that squashes allows no other."""
    if pool.type == "netfs" and os.path.isdir(pool.path):
        owner = os.stat(pool.path)
        _xml.put(tree, "target/permissions/owner", str(owner.st_uid))
        _xml.put(tree, "target/permissions/group", str(owner.st_gid))
