# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage pools (https://libvirt.org/formatstorage.html): defined, built, started, looked at anew."""

from __future__ import annotations

import functools
import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _libvirt_storage, _mounts, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._activatable import Activatable, Found, World, common_rows
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Switch
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan, Step
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_build import BUILT, clear, survey
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_types import TYPES, check
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, Options, Row

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# Types whose volumes are files in a directory that is the pool's own.
_DIRECTORIES = ("dir", "fs", "netfs")


class Pool(Activatable):
    singular, plural, tag = "pool", "pools", "pool"
    parts = "source|target|features|refresh"
    rows = (
        *common_rows("storage pool"),
        *ROWS,
        Row(
            "build",
            None,
            Switch(),
            help="Whether what a V(fs), V(logical) or V(disk) pool is on is made where its devices hold nothing: the "
            "file system, the volume group, the partition table. Where they hold anything else, the task fails.",
            default=False,
        ),
        Row(
            "overwrite",
            None,
            Switch(),
            help="With O(build), whether what else the devices hold is destroyed. A device that is in use never is, "
            "nor what is such a file system, volume group or partition table already.",
            default=False,
        ),
        Row(
            "refresh",
            None,
            Switch(),
            help="Whether libvirt looks anew at what volumes there are; it is not counted as a change.",
            default=False,
        ),
        Row(
            "restart",
            None,
            choices=("never", "if_required"),
            help="Whether a running pool is stopped and started again when a change needs it.",
            default="never",
        ),
    )

    def handles(self, host: Host) -> dict[str, Handle]:
        return _libvirt_storage.pools(host)

    def xml(self, handle: Handle, inactive: bool) -> str:
        return _libvirt_storage.pool_xml(handle, inactive)

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        return _libvirt_storage.pool_define(host, name, xml)

    def survey(self, host: Host, desired: list[Options]) -> World:
        # libvirt may be looking at what is mounted there already, and then not even tells of the pool any more.
        declared = {each["name"]: each.get("target", {}).get("path") for each in desired if each["state"] != "absent"}
        self._require_answers(host, declared)
        world = super().survey(host, desired)
        # To stop a pool that libvirt has mounted is to unmount it, which waits for the server too.
        absent = {each["name"] for each in desired if each["state"] == "absent"}
        there = {
            name: _xml.get(found.config, "target/path")
            for name, found in world.found.items()
            if name not in absent or (found.active and found.config.get("type") == "netfs")
        }
        self._require_answers(host, {name: path for name, path in there.items() if path != declared.get(name)})
        return world

    def _require_answers(self, host: Host, paths: t.Mapping[str, str | None]) -> None:
        if not host.remote:
            _mounts.require_answers({path: "Storage pool " + name for name, path in paths.items() if path})

    def desire(self, options: Options) -> Options:
        desired = super().desire(options)
        if desired["overwrite"] and not desired["build"]:
            raise BadValue("overwrite", True, "it goes with build: true")
        if desired["build"] and "xml" in desired and "type" not in desired:
            raise BadValue("build", True, "it wants type and source as options, not in the xml")
        return desired

    def definition(self, desired: Options, tree: Element) -> list[Change]:
        if _xml.get(tree, "uuid") and "target" in desired:
            # Mode, owner and group are for making the directory. What a directory has that is there is its owner's.
            target = {option: value for option, value in desired["target"].items() if option == "path"}
            desired = {**desired, "target": target}
        _drop_alternatives(desired.get("source", {}), tree)
        return super().definition(desired, tree)

    def complete(self, desired: Options, world: World) -> None:
        found = world.found.get(desired["name"])
        kind = (found.config.get("type") if found else None) or desired.get("type")
        if "type" in desired and kind != desired["type"]:
            raise BadValue("type", desired["type"], "pool {0} is of type {1}".format(desired["name"], kind))
        if kind is None and "xml" not in desired:
            raise BadValue("type", None, "pool {0} is not there yet: to make it, it is wanted".format(desired["name"]))
        if kind in TYPES:
            check(desired["name"], kind, desired, new=found is None and "xml" not in desired)
        if desired["build"] and kind not in BUILT:
            raise BadValue("build", True, "pools of these types are built: {0}; not {1}".format(", ".join(BUILT), kind))
        if kind in _DIRECTORIES:
            self._refuse_shared(desired, world)

    def plan(self, desired: Options, world: World) -> Plan:
        plan = super().plan(desired, world)
        found = world.found.get(plan.name)
        if any(step.verb == "stop" for step in plan.steps):
            self._keep_users(plan, t.cast(Found, found), world)
        if desired["state"] == "absent":
            return plan
        if desired["build"] and not (found and found.active):
            self._plan_build(desired, plan, found, world)
        if desired["refresh"] and plan.state == "active":
            plan.step("refresh")
        return plan

    def live_plan(self, desired: Options, live: Element, plan: Plan) -> None:
        super().live_plan(desired, live, plan)
        if plan.restart_required and desired["restart"] == "if_required" and desired["state"] != "inactive":
            plan.change("restart", None, ", ".join(plan.restart_required))
            plan.step("stop")
            plan.step("start")
            plan.restart_required = []

    def _keep_users(self, plan: Plan, found: Found, world: World) -> None:
        """A pool whose stop takes its volumes from the host is not stopped below a running domain."""
        if found.config.get("type") not in ("fs", "netfs", "logical", "iscsi", "scsi", "zfs"):
            return
        user = _libvirt_storage.pool_user(world.host, found.handle)
        if user is None:
            return
        text = "Storage pool {0} is in use by domain {1}, which is running".format(plan.name, user.name())
        if not self.check_mode:
            raise KvmError(text + ": it is not stopped.", error_code="in_use", remedy="Stop the domain first.")
        # An earlier task of this check may have stopped it.
        plan.warnings.append(text + "; it is taken as about to be stopped.")

    def _plan_build(self, desired: Options, plan: Plan, found: Found | None, world: World) -> None:
        if world.host.remote:
            raise BadValue(
                "build",
                True,
                "devices can only be looked at on the hypervisor itself, not over {0}".format(world.host.uri),
            )
        tree = _xml.clone(found.config) if found else self.fresh(desired)
        self.definition(desired, tree)
        kind, form = tree.get("type") or "", _xml.get(tree, "source/format/@type") or ""
        devices = _xml.get_all(tree, "source/device/@path")
        if not devices:
            raise BadValue("source.devices", None, "to build pool {0}, they are wanted".format(plan.name))
        if kind == "fs" and form in ("", "auto"):
            raise BadValue(
                "source.format", form or None, "to build pool {0}, a file system is wanted".format(plan.name)
            )
        try:
            built, foreign = survey(kind, form, _xml.get(tree, "source/name") or plan.name, devices)
        except NotFound as error:
            if not self.check_mode:
                raise
            plan.warnings.append("{0} It is taken as about to be.".format(error.message))
            built, foreign = False, {}
        if built:
            return
        if foreign and not desired["overwrite"]:
            raise KvmError(
                "Storage pool {0} is not built: {1}.".format(
                    plan.name, "; ".join("{0} holds {1}".format(*each) for each in sorted(foreign.items()))
                ),
                error_code="holds_data",
                remedy="Take another device, or declare overwrite: true to destroy what is there.",
                devices=foreign,
            )
        plan.change("build", foreign or None, ", ".join(devices))
        # Between the definition and the start.
        at = next((index for index, step in enumerate(plan.steps) if step.verb == "start"), len(plan.steps))
        plan.steps.insert(at, Step("build", {"overwrite": sorted(foreign)}))

    def _refuse_shared(self, desired: Options, world: World) -> None:
        """Two pools of one directory would each believe that its files are theirs; libvirt refuses the second."""
        path = os.path.normpath(desired.get("target", {}).get("path", ""))
        found = world.found.get(desired["name"])
        if path == "." or (found and path == os.path.normpath(_xml.get(found.config, "target/path") or "")):
            return
        if "paths" not in world.facts:
            texts = {
                name: _libvirt.there(functools.partial(self.xml, each, True))
                for name, each in world.facts["handles"].items()
            }
            trees = {name: _xml.parse(text, name) for name, text in texts.items() if text is not None}
            world.facts["paths"] = {
                _xml.get(tree, "target/path"): name for name, tree in trees.items() if tree.get("type") in _DIRECTORIES
            }
        owner = world.facts["paths"].setdefault(path, desired["name"])
        if owner != desired["name"]:
            raise BadValue("target.path", path, "it is the directory of storage pool {0}".format(owner))

    # Steps.

    def build(self, world: World, plan: Plan, overwrite: list[str]) -> None:
        for device in overwrite:
            clear(device)
        _libvirt_storage.pool_build(world.facts["handles"][plan.name], source=True)

    def start(self, world: World, plan: Plan) -> None:
        handle = world.facts["handles"][plan.name]
        tree = _xml.parse(self.xml(handle, True), plan.name)
        path = _xml.get(tree, "target/path")
        # Building makes the directory. It would also set the mode of one that is there, which nobody asked for.
        if tree.get("type") in _DIRECTORIES and path and not os.path.isdir(path):
            _libvirt_storage.pool_build(handle)
        super().start(world, plan)

    def refresh(self, world: World, plan: Plan) -> None:
        _libvirt_storage.pool_refresh(world.facts["handles"][plan.name])


def _drop_alternatives(source: Options, tree: Element) -> None:
    """Of two ways to name the same, the one that is declared is the only one."""
    for options, both in (
        (source.get("auth", {}).get("secret", {}), ("auth/secret/@usage", "auth/secret/@uuid")),
        (source.get("adapter", {}), ("adapter/@name", "adapter/parentaddr")),
    ):
        given = [place for place in both if place.rpartition("/")[2].lstrip("@") in options]
        if len(given) == 1:
            _xml.drop(tree, "source/" + next(place for place in both if place not in given))
