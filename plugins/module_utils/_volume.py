# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage volumes (https://libvirt.org/formatstorage.html#storage-volume-xml).

What a volume holds is data: it is filled when it is made and never written again; it grows, and shrinks only when told.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _libvirt_domain,
    _libvirt_storage,
    _logical,
    _pool_build,
    _volume_new,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Size
from ansible_collections.minicloud.kvm.plugins.module_utils._download import passwords, shown
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Kind, Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._fill import Filling, Source, again, make
from ansible_collections.minicloud.kvm.plugins.module_utils._fill import create as fill
from ansible_collections.minicloud.kvm.plugins.module_utils._image import shorten
from ansible_collections.minicloud.kvm.plugins.module_utils._place import Place
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import FILE_POOLS, PoolFound, look
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Options, Row
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size
from ansible_collections.minicloud.kvm.plugins.module_utils._volume_new import World, blank, metadata, rewritten
from ansible_collections.minicloud.kvm.plugins.module_utils._volume_rows import FIXED, ROWS, check

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# How much larger than declared a volume may have become because what it is made of has no smaller parts: the extents of
# a volume group, a cylinder, a track.
_ROUNDED = {"logical": 32 * 1024 * 1024, "disk": 8 * 1024 * 1024, "vpc": 8 * 1024 * 1024}


class Volume(Kind[World]):
    singular, plural, tag = "volume", "volumes", "volume"
    parts = "target|backingStore"
    rows = ROWS

    @classmethod
    def secrets(cls, options: Options) -> set[str]:
        return super().secrets(options).union(*(passwords(options.get(option) or "") for option in ("src", "checksum")))

    def desire(self, options: Options) -> Options:
        desired = super().desire(options)
        if not desired.get("pool"):
            raise BadValue("pool", options.get("pool"), "volume {0} wants a pool".format(desired["name"]))
        check(desired)
        return desired

    def identity(self, desired: Options) -> str:
        return "{0}/{1}".format(desired["pool"], desired["name"])

    def survey(self, host: Host, desired: list[Options]) -> World:
        pools = _libvirt_storage.pools(host)
        others = [
            (each[option].get("pool", each["pool"]), each[option]["volume"])
            for each in desired
            for option in ("backing_store", "clone")
            if "volume" in each.get(option, {})
        ]
        names = {each["pool"] for each in desired} | {pool for pool, _volume in others}
        world = World(host, {name: look(name, pools.get(name), host.remote) for name in sorted(names)})
        for pool, volume in [(each["pool"], each["name"]) for each in desired] + others:
            world.pools[pool].read(volume)
        return world

    def plan(self, desired: Options, world: World) -> Plan:
        pool = world.pools[desired["pool"]]
        plan = Plan(desired["name"], desired["state"], facts={"pool": desired["pool"]}, label=self.identity(desired))
        if desired["state"] == "present" or not isinstance(pool.error, NotFound):
            plan.warnings += pool.require("Volume {0}".format(plan.name), self.check_mode)
        tree = pool.read(desired["name"])
        if tree is None and pool.type == "logical" and not world.host.remote and _logical.is_hidden(pool, plan.name):
            return self._plan_hidden(desired, world, pool, plan)
        if desired["state"] == "absent":
            if tree is not None:
                self._plan_absent(desired, world, pool, plan, tree)
            return plan
        if tree is None:
            self._plan_new(desired, world, plan)
        else:
            self._plan_existing(desired, world, plan, tree)
        return plan

    def _plan_hidden(self, desired: Options, world: World, pool: PoolFound, plan: Plan) -> Plan:
        """A logical volume that another machine has made, on a volume group that both see, is not active here yet."""
        if not self.check_mode:
            _logical.activate(pool, plan.name)
            pool.look_again()
            if pool.read(plan.name) is None:
                raise KvmError("Volume {0} is active now, and libvirt does not list it.".format(plan.label))
            return self.plan(desired, world)
        if desired["state"] == "absent":
            plan.change("state", "present", "absent")
            return plan
        plan.facts["path"] = os.path.join(pool.base or desired["pool"], plan.name)
        plan.warnings.append("Volume {0} is not active here: how it differs can't be known.".format(plan.label))
        return plan

    def _plan_absent(self, desired: Options, world: World, pool: PoolFound, plan: Plan, tree: Element) -> None:
        path = _xml.get(tree, "target/path") or ""
        plan.change("state", "present", "absent")
        plan.step("delete", volume=pool.volumes[plan.name], wipe=desired.get("wipe"))
        pool.leaving.add(plan.name)
        overlay = pool.overlay_of(path)
        if overlay:
            raise KvmError(
                "Volume {0} is what volume {1} is an overlay of: it is not deleted.".format(plan.name, overlay),
                error_code="in_use",
                remedy="Delete {0} first; in one task, list it first.".format(overlay),
            )
        self._refuse_used(world, plan, path, "deleted")

    def _plan_new(self, desired: Options, world: World, plan: Plan) -> None:
        pool = world.pools[desired["pool"]]
        tree, capacity = blank(desired, world, self.check_mode, plan.warnings)
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
        for option in ("allocation", "clone", "src"):
            if option in desired:
                plan.change(option, None, self._shown(option, desired))
        if capacity or _xml.find(tree, "backingStore") is None:
            Size("B").write(tree, "capacity", capacity)
        _xml.drop(tree, "clone")
        plan.facts["path"] = os.path.join(pool.base or desired["pool"], desired["name"])
        form = _xml.get(tree, "target/format/@type") or "raw"
        pool.coming[desired["name"]] = (plan.facts["path"], form, capacity)
        plan.step("create", desired=desired, tree=tree, capacity=capacity)

    def _shown(self, option: str, desired: Options) -> t.Any:
        if option == "src":
            return shown(desired["src"])
        return next(row.show(desired[option]) for row in self.rows if row.option == option)

    def _plan_existing(self, desired: Options, world: World, plan: Plan, tree: Element) -> None:
        pool = world.pools[desired["pool"]]
        plan.facts["path"] = _xml.get(tree, "target/path")
        # The type of a partition is in no pool's memory, and a device has no format of its own.
        found = _xml.get(tree, "target/format/@type") if pool.type in FILE_POOLS else None
        if found and desired.get("format", found) != found:
            raise KvmError(
                "Volume {0} is {1}, not {2}.".format(desired["name"], found, desired["format"]),
                error_code="immutable",
                remedy="A volume's format can't be changed: make another volume, or leave format out.",
            )
        self._check_fixed(desired, tree)
        self._check_backing(desired, world, tree)
        self._plan_filling(desired, world, plan, tree)
        capacity = int(_xml.get(tree, "capacity") or 0)
        wanted = desired.get("capacity", capacity)
        rounded = _ROUNDED.get(pool.type, 0) or _ROUNDED.get(found or "", 0)
        if capacity - rounded <= wanted <= capacity:
            return
        grows = pool.type == "logical" and wanted > capacity and not world.host.remote
        if pool.type not in (*FILE_POOLS, "rbd") and not grows:
            raise KvmError(
                "Volume {0} has {1}, not {2}: libvirt can't resize the volumes of a {3} pool.".format(
                    desired["name"], format_size(capacity), format_size(wanted), pool.type
                ),
                error_code="immutable",
                remedy="Resize it with its own tool (of a logical pool lvreduce), then refresh the pool.",
            )
        # Before others are looked at: that may list the volumes anew.
        volume = pool.volumes[plan.name]
        if wanted < capacity:
            self._check_shrink(desired, world, plan, capacity)
        plan.change("capacity", format_size(capacity), format_size(wanted))
        plan.step(
            "resize",
            volume=volume,
            capacity=wanted,
            shrink=wanted < capacity,
            form=found or "raw",
        )

    def _plan_filling(self, desired: Options, world: World, plan: Plan, tree: Element) -> None:
        """A device that is there is filled where a killed run has begun that, or where that is asked for."""
        pool, path = world.pools[desired["pool"]], str(plan.facts["path"])
        why = _volume_new.unfilled(desired, world, tree, self.check_mode, plan.warnings)
        if why is None:
            return
        user = _libvirt_domain.user_of(world.host, path)
        if user is not None and why == "blank":
            # It is the guest's to write to.
            return
        if user is not None:
            raise KvmError(
                "Volume {0} is in use by domain {1}, which is running: it is not filled.".format(
                    plan.name, user.name()
                ),
                error_code="in_use",
                remedy="Stop the domain first.",
            )
        _pool_build.require_unused(path)
        option = "clone" if "clone" in desired else "src"
        plan.change(option, why, self._shown(option, desired))
        plan.step("fill", desired=desired, tree=tree, volume=pool.volumes[plan.name])

    def _check_fixed(self, desired: Options, tree: Element) -> None:
        """What can't be changed of a volume that is there, and is declared otherwise."""
        for row in self.rows:
            if row.option not in FIXED or row.option not in desired:
                continue
            wanted, found = desired[row.option], row.read(tree)
            if row.option == "encryption":
                # libvirt forgets the rest when it looks at the volume anew.
                wanted, found = wanted["format"], (found or {}).get("format")
            if found is None and isinstance(row, Row):
                found = row.absent
            if wanted != found and not (found is None and row.option == "cluster_size"):  # of an old libvirt
                raise KvmError(
                    "Volume {0}: {1} is {2}, not {3}.".format(
                        desired["name"], row.option, *(_word(row, value) for value in (found, wanted))
                    ),
                    error_code="immutable",
                    remedy="It can't be changed: make another volume, or leave {0} out.".format(row.option),
                )

    def _check_shrink(self, desired: Options, world: World, plan: Plan, capacity: int) -> None:
        if not desired["allow_shrink"]:
            raise KvmError(
                "Volume {0} has {1}, more than {2}.".format(
                    desired["name"], format_size(capacity), format_size(desired["capacity"])
                ),
                error_code="would_shrink",
                remedy="Shrinking loses what is at the end: declare at least {0}, or allow_shrink: true.".format(
                    format_size(capacity)
                ),
            )
        path = plan.facts["path"]
        overlay = world.pools[desired["pool"]].overlay_of(path)
        if overlay:
            raise KvmError(
                "Volume {0} is what volume {1} is an overlay of: it is not shrunk.".format(plan.name, overlay),
                error_code="in_use",
            )
        self._refuse_used(world, plan, path, "shrunk")

    def _refuse_used(self, world: World, plan: Plan, path: str, done: str) -> None:
        user = _libvirt_domain.user_of(world.host, path)
        if user is None:
            return
        text = "Volume {0} is in use by domain {1}, which is running".format(plan.name, user.name())
        if not self.check_mode:
            raise KvmError(
                "{0}: it is not {1}.".format(text, done), error_code="in_use", remedy="Stop the domain first."
            )
        # An earlier task of this check may have stopped it.
        plan.warnings.append(text + "; it is taken as about to be stopped.")

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
        place = Place.of(world.host, pool)
        filling = Filling(tree, capacity, rewritten(desired, tree), metadata(desired, tree))
        if "src" in desired:
            fill(place, desired["src"], desired.get("checksum"), filling)
            return
        make(place, filling, self._source(world, plan, desired) if "clone" in desired else None)

    def fill(self, world: World, plan: Plan, desired: Options, tree: Element, volume: Handle) -> None:
        place = Place.of(world.host, world.pools[desired["pool"]])
        if "clone" in desired:
            again(place, volume, self._source(world, plan, desired), Filling(tree, 0))
        else:
            again(place, volume, (desired["src"], desired.get("checksum")), Filling(tree, 0))

    @staticmethod
    def _source(world: World, plan: Plan, desired: Options) -> Source:
        """What a volume is to be a copy of; an earlier entry of the same call may have made it."""
        other, name = world.pools[desired["clone"].get("pool", desired["pool"])], desired["clone"]["volume"]
        found = _libvirt_storage.volumes(other.handle).get(name)
        text = None if found is None else _libvirt_storage.volume_xml(found)
        if text is None:
            raise NotFound(
                "Volume {0}: clone.volume {1} has been deleted since the task began.".format(plan.name, name)
            )
        return Source(found, Place.of(world.host, other), _xml.parse(text, name))

    def resize(self, world: World, plan: Plan, volume: Handle, capacity: int, shrink: bool, form: str) -> None:
        path = plan.facts["path"]
        user = _libvirt_domain.user_of(world.host, path)
        pool = world.pools[plan.facts["pool"]]
        if pool.type == "logical":
            # libvirt makes none larger. QEMU, told to, looks how large its device has become.
            _logical.extend(pool, plan.name, capacity)
            if user is not None:
                _libvirt_domain.block_resize(user, _libvirt_storage.disk_at(user, path), capacity)
            _libvirt_storage.pool_refresh(pool.handle)
        elif shrink and pool.type in FILE_POOLS and not world.host.remote:
            # libvirt itself never goes below what is allocated.
            shorten(path, form, capacity)
            _libvirt_storage.pool_refresh(pool.handle)
        elif user is None:
            _libvirt_storage.volume_resize(volume, capacity, shrink)
        else:
            # A running QEMU holds the file: it grows it itself, and tells the guest.
            _libvirt_domain.block_resize(user, _libvirt_storage.disk_at(user, path), capacity)
            _libvirt_storage.pool_refresh(pool.handle)

    def delete(self, world: World, plan: Plan, volume: Handle, wipe: str | None) -> None:
        if wipe:
            _libvirt_storage.volume_wipe(volume, wipe)
        _libvirt_storage.volume_delete(volume)


def _word(row: AnyRow, value: t.Any) -> str:
    """A value as a user would write it; of an encryption only the format."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value if isinstance(value, str) else row.show(value) or "off")
