# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ceph_fs from its options to its result."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._ceph import Cluster
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_plan import (
    ObjectPlan,
    Options,
    apply,
    declarations,
    result,
    spec,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound

OWN: dict[str, t.Any] = {
    "name": {"type": "str"},
    "metadata_pool": {"type": "str"},
    "data_pools": {"type": "list", "elements": "str"},
    "max_mds": {"type": "int"},
}
OPTIONS = spec(OWN, "filesystems", "name")


def filesystem(options: Options, cluster: Cluster, check_mode: bool) -> dict[str, t.Any]:
    """Have the file systems that the task declares; in check mode only say what that takes."""
    declared = [_checked(label, one) for label, one in declarations(options, OWN, "filesystems", "name")]
    plans = plan(declared, cluster.ask("fs dump"), cluster.ask("osd dump"), check_mode)
    if not check_mode:
        apply(plans, cluster)
    return result(plans, "filesystems", "filesystem", options["name"] is not None)


def _checked(label: str, one: Options) -> Options:
    """BadValue for what can't be meant."""
    name, meta, data = one["name"], one["metadata_pool"], one["data_pools"]
    if not re.match(r"^[A-Za-z0-9_.-]+$", name or ""):
        raise BadValue(label + "name", name, "letters, digits, _, . and - are wanted")
    if not meta:
        raise BadValue(label + "metadata_pool", meta, "the name of a pool is wanted")
    if not data or len(set(data)) < len(data) or meta in data:
        raise BadValue(label + "data_pools", data, "pools are wanted, each once, and not the metadata pool")
    if one["max_mds"] is not None and not 1 <= one["max_mds"] <= 16:
        raise BadValue(label + "max_mds", one["max_mds"], "a number from 1 to 16 is wanted")
    return one


def plan(declared: t.Sequence[Options], fsmap: Options, osdmap: Options, check_mode: bool = False) -> list[ObjectPlan]:
    """What has to change: a pure function of the task and what the cluster says (fs dump, osd dump)."""
    pools = {found["pool"]: found["pool_name"] for found in osdmap["pools"]}
    current = {found["mdsmap"]["fs_name"]: found["mdsmap"] for found in fsmap["filesystems"]}
    used = {
        number: name for name, found in current.items() for number in (found["metadata_pool"], *found["data_pools"])
    }
    plans = [_plan(one, current.get(one["name"]), pools) for one in declared]
    for one, todo in zip(declared, plans):
        numbers = {name: number for number, name in pools.items()}
        for name in (one["metadata_pool"], *one["data_pools"]):
            if name not in numbers:
                if not check_mode:  # there an earlier task may be about to make it
                    raise NotFound("Failed to {0}: there is no pool {1}.".format(todo.doing, name), pool=name)
                todo.warnings.append("There is no pool {0} yet; a real run needs it.".format(name))
            elif used.get(numbers[name], one["name"]) != one["name"]:
                text = "Failed to {0}: pool {1} belongs to file system {2}."
                raise KvmError(text.format(todo.doing, name, used[numbers[name]]), error_code="pool_in_use")
    return plans


def _plan(one: Options, current: Options | None, pools: t.Mapping[int, str]) -> ObjectPlan:
    name, first = one["name"], one["data_pools"][0]
    todo = ObjectPlan(name, "present", "{0} file system {1}".format("make" if current is None else "change", name))
    has: list[str] = []
    if current is None:
        todo.change("state", "absent", "present", "fs new", fs_name=name, metadata=one["metadata_pool"], data=first)
        has = [first]
    else:
        meta, has = pools[current["metadata_pool"]], [pools[number] for number in current["data_pools"]]
        if meta != one["metadata_pool"] or has[0] != first:
            raise KvmError(
                "Failed to {0}: its pools are {1} and {2}, which can't change any more.".format(
                    todo.doing, meta, has[0]
                ),
                error_code="filesystem_pools_differ",
                remedy="Declare these, or take another name.",
            )
    for pool in one["data_pools"]:
        if pool not in has:
            todo.change("data_pools", list(has), [*has, pool], "fs add_data_pool", fs_name=name, pool=pool)
            has = [*has, pool]
    extra = [pool for pool in has if pool not in one["data_pools"]]
    if extra:
        todo.warnings.append("File system {0} also has {1}, which stay.".format(name, ", ".join(extra)))
    before = current["max_mds"] if current else 1
    if one["max_mds"] is not None and one["max_mds"] != before:
        after = one["max_mds"]
        todo.change("max_mds", before, after, "fs set", fs_name=name, var="max_mds", val=str(after))
    return todo
