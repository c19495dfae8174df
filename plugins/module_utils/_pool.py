# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage pools (https://libvirt.org/formatstorage.html): directories and network file systems."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._activatable import Activatable, World, common_rows
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import PATH, Integer, Octal, Text
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Change, Options, Row

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element


class Pool(Activatable):
    singular, plural, tag = "pool", "pools", "pool"
    parts = "source|target|features|refresh"
    rows = (
        *common_rows("storage pool"),
        Row(
            "type",
            "@type",
            choices=("dir", "netfs"),
            help="V(dir) is a directory of the host, V(netfs) a network file system that libvirt mounts. Needed to "
            "make a pool; it can't be changed.",
        ),
        Block(
            "source",
            "source",
            (
                Row("host", "host/@name", Text(r"[^\s/]+", "a host's name or address is wanted"), help="The server."),
                Row("dir", "dir/@path", PATH, help="The directory that the server exports."),
                Row(
                    "format",
                    "format/@type",
                    choices=("auto", "nfs", "glusterfs", "cifs"),
                    help="The network file system; libvirt finds V(nfs) by itself.",
                    absent="auto",
                ),
            ),
            help="Where a V(netfs) pool comes from.",
        ),
        Block(
            "target",
            "target",
            (
                Row(
                    "path",
                    "path",
                    PATH,
                    help="The directory, or where the network file system is mounted. It is made where it is missing.",
                    same=lambda wanted, found: os.path.normpath(wanted) == os.path.normpath(found),
                ),
                Row(
                    "mode",
                    "permissions/mode",
                    Octal(),
                    help="Mode of the directory when it is made, such as V('0711').",
                ),
                Row("owner", "permissions/owner", Integer(0), help="Numeric user of the directory when it is made."),
                Row("group", "permissions/group", Integer(0), help="Numeric group of the directory when it is made."),
            ),
            help="Where the volumes are on the host.",
        ),
    )

    def handles(self, host: Host) -> dict[str, Handle]:
        return _libvirt.pools(host)

    def xml(self, handle: Handle, inactive: bool) -> str:
        return _libvirt.pool_xml(handle, inactive)

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        return _libvirt.pool_define(host, name, xml)

    def fresh(self, desired: Options) -> Element:
        tree = super().fresh(desired)
        if "xml" not in desired:
            for option, place in (
                ("type", desired.get("type")),
                ("target.path", desired.get("target", {}).get("path")),
            ):
                if not place:
                    raise BadValue(
                        option, None, "pool {0} is not there yet: to make it, it is wanted".format(desired["name"])
                    )
            if desired["type"] == "netfs" and not {"host", "dir"} <= set(desired.get("source", {})):
                raise BadValue("source", desired.get("source"), "a netfs pool wants host and dir")
        return tree

    def definition(self, desired: Options, tree: Element) -> list[Change]:
        if _xml.get(tree, "uuid") and "target" in desired:
            # Mode, owner and group are for making the directory. What a directory has that is there is its owner's.
            target = {option: value for option, value in desired["target"].items() if option == "path"}
            desired = {**desired, "target": target}
        return super().definition(desired, tree)

    def complete(self, desired: Options, world: World) -> None:
        self._refuse_shared(desired, world)
        found = world.found.get(desired["name"])
        if found and "type" in desired and found.config.get("type") != desired["type"]:
            raise BadValue(
                "type", desired["type"], "pool {0} is of type {1}".format(desired["name"], found.config.get("type"))
            )

    def _refuse_shared(self, desired: Options, world: World) -> None:
        """Two pools of one directory would each believe that its files are theirs; libvirt refuses the second."""
        path = os.path.normpath(desired.get("target", {}).get("path", ""))
        found = world.found.get(desired["name"])
        if path == "." or (found and path == os.path.normpath(_xml.get(found.config, "target/path") or "")):
            return
        if "paths" not in world.facts:
            trees = {name: _xml.parse(self.xml(each, True), name) for name, each in world.facts["handles"].items()}
            world.facts["paths"] = {_xml.get(tree, "target/path"): name for name, tree in trees.items()}
        owner = world.facts["paths"].setdefault(path, desired["name"])
        if owner != desired["name"]:
            raise BadValue("target.path", path, "it is the directory of storage pool {0}".format(owner))

    def start(self, world: World, plan: Plan) -> None:
        handle = world.facts["handles"][plan.name]
        tree = _xml.parse(self.xml(handle, True), plan.name)
        path = _xml.get(tree, "target/path")
        # Building makes the directory. It would also set the mode of one that is there, which nobody asked for.
        if tree.get("type") in ("dir", "netfs") and path and not os.path.isdir(path):
            _libvirt.pool_build(handle)
        super().start(world, plan)
