# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ceph_pool from its options to its result."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._ceph import Cluster, Command
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_plan import (
    ObjectPlan,
    Options,
    apply,
    declarations,
    result,
    spec,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError

OWN: dict[str, t.Any] = {
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "application": {"type": "str"},
    "size": {"type": "int"},
    "min_size": {"type": "int"},
    "pg_autoscale_mode": {"type": "str", "choices": ["on", "warn", "off"]},
    "pg_num": {"type": "int"},
    "crush_rule": {"type": "str"},
    "failure_domain": {"type": "str"},
    "delete_data": {"type": "bool", "default": False},
}
OPTIONS = spec(OWN, "pools", "name")
# ceph osd dump and pg dump call them by number.
_REPLICATED = 1


def pool(options: Options, cluster: Cluster, check_mode: bool) -> dict[str, t.Any]:
    """Have the pools that the task declares; in check mode only say what that takes."""
    declared = [_checked(label, one) for label, one in declarations(options, OWN, "pools", "name")]
    osdmap = cluster.ask("osd dump")
    crush = cluster.ask("osd crush dump") if any(_wants_rule(one) for one in declared) else {}
    usage = cluster.ask("df") if any(one["state"] == "absent" for one in declared) else {}
    plans = plan(declared, osdmap, crush, usage)
    if not check_mode:
        apply(plans, cluster)
    return result(plans, "pools", "pool", options["name"] is not None)


def _wants_rule(one: Options) -> bool:
    return one["state"] == "present" and bool(one["crush_rule"] or one["failure_domain"])


def _checked(label: str, one: Options) -> Options:
    """BadValue for what can't be meant."""
    name = one["name"]
    if not name or not re.match(r"^[^\s/@]+$", name):
        raise BadValue(label + "name", name, "a name without blanks, / and @ is wanted")
    size, min_size, pg_num = one["size"], one["min_size"], one["pg_num"]
    if size is not None and not 1 <= size <= 10:
        raise BadValue(label + "size", size, "a number of copies from 1 to 10 is wanted")
    if min_size is not None and not 1 <= min_size <= (size or 10):
        raise BadValue(label + "min_size", min_size, "a number from 1 to the pool's size is wanted")
    if pg_num is not None and not 1 <= pg_num <= 65536:
        raise BadValue(label + "pg_num", pg_num, "a number from 1 to 65536 is wanted, best a power of 2")
    if one["crush_rule"] and one["failure_domain"]:
        raise BadValue(label + "failure_domain", one["failure_domain"], "crush_rule is given too, and says it already")
    return one


def plan(declared: t.Sequence[Options], osdmap: Options, crush: Options, usage: Options) -> list[ObjectPlan]:
    """What has to change: a pure function of the task and what the cluster says (osd dump, osd crush dump, df)."""
    pools = {found["pool_name"]: found for found in osdmap["pools"]}
    rules = list(crush.get("rules", ()))
    plans = []
    for one in declared:
        current = pools.get(one["name"])
        if one["state"] == "absent":
            plans.append(_removal(one, current, usage))
        else:
            plans.append(_presence(one, current, crush, rules))
    return plans


def _removal(one: Options, current: Options | None, usage: Options) -> ObjectPlan:
    name = one["name"]
    todo = ObjectPlan(name, "absent", "delete pool " + name)
    if current is None:
        return todo
    objects = next((found["stats"]["objects"] for found in usage["pools"] if found["name"] == name), 0)
    if objects and not one["delete_data"]:
        raise KvmError(
            "Failed to delete pool {0}: it holds {1} objects.".format(name, objects),
            error_code="pool_not_empty",
            remedy="Move what is in it first, or set delete_data to true to lose it.",
            objects=objects,
        )
    sure = {"pool": name, "pool2": name, "yes_i_really_really_mean_it": True}
    todo.change("state", "present", "absent", "osd pool delete", **sure)
    return todo


def _presence(one: Options, current: Options | None, crush: Options, rules: list[t.Any]) -> ObjectPlan:
    name = one["name"]
    todo = ObjectPlan(name, "present", "{0} pool {1}".format("create" if current is None else "change", name))
    if current is None:
        wanted = {"pg_num": one["pg_num"]} if one["pg_num"] else {}
        todo.change("state", "absent", "present", "osd pool create", pool=name, **wanted)
    elif current["type"] != _REPLICATED and (one["size"] or _wants_rule(one)):
        raise KvmError(
            "Failed to change pool {0}: it is erasure-coded, which has neither a size nor a rule to choose.".format(
                name
            ),
            error_code="pool_type_differs",
            remedy="Leave out size, failure_domain and crush_rule, or take another name.",
        )
    found: Options = current or {}
    _autoscale(todo, one, found)
    if _wants_rule(one):
        _rule(todo, one, found, crush, rules)
    _sizes(todo, one, found)
    _application(todo, one, found)
    return todo


def _set(todo: ObjectPlan, field: str, before: t.Any, after: t.Any) -> None:
    todo.change(field, before, after)
    todo.steps.append(_set_command(todo.name, field, after))


def _set_command(name: str, field: str, value: t.Any) -> Command:
    # Ceph wants to be told twice where a single copy is meant
    sure = {"yes_i_really_mean_it": True} if (field, value) == ("size", 1) else {}
    return Command("osd pool set", {"pool": name, "var": field, "val": str(value), **sure})


def _autoscale(todo: ObjectPlan, one: Options, found: Options) -> None:
    before = found.get("pg_autoscale_mode")
    mode = one["pg_autoscale_mode"]
    if mode and mode != before:
        _set(todo, "pg_autoscale_mode", before, mode)
    # Where Ceph chooses the number itself, the declared one is only what a new pool begins with.
    if one["pg_num"] and found and (mode or before) != "on" and one["pg_num"] != found["pg_num_target"]:
        _set(todo, "pg_num", found["pg_num_target"], one["pg_num"])


def _rule(todo: ObjectPlan, one: Options, found: Options, crush: Options, rules: list[t.Any]) -> None:
    before = next((rule for rule in rules if rule["rule_id"] == found.get("crush_rule")), None)
    before_name = before["rule_name"] if before else None
    wanted, domain = one["crush_rule"], one["failure_domain"]
    if wanted:
        if all(rule["rule_name"] != wanted for rule in rules):
            raise BadValue(
                "crush_rule",
                wanted,
                "the cluster has {0}".format(", ".join(sorted(r["rule_name"] for r in rules)) or "none"),
            )
        if wanted != before_name:
            _set(todo, "crush_rule", before_name, wanted)
        return
    kinds = [kind["name"] for kind in crush["types"]]
    if domain not in kinds:
        raise BadValue("failure_domain", domain, "one of {0} is wanted".format(", ".join(kinds)))
    if before is not None and domain_of(before) == domain:
        return  # also on one class of disks, or below another root: that is not what was declared
    fitting = [r["rule_name"] for r in rules if domain_of(r) == domain and r["steps"][0].get("item_name") == "default"]
    if not fitting:
        made = "replicated_" + domain
        if any(rule["rule_name"] == made for rule in rules):
            raise KvmError(
                "Failed to {0}: there is a CRUSH rule {1}, but it is not one for copies on different {2}s.".format(
                    todo.doing, made, domain
                ),
                error_code="crush_rule_differs",
                remedy="Name the rule with crush_rule.",
            )
        todo.change(
            "failure_domain",
            domain_of(before) if before else None,
            domain,
            "osd crush rule create-replicated",
            name=made,
            root="default",
            type=domain,
        )
        # for the next pool of the same task
        steps = [{"op": "take", "item_name": "default"}, {"op": "chooseleaf_firstn", "type": domain}, {"op": "emit"}]
        rules.append({"rule_id": None, "rule_name": made, "type": _REPLICATED, "steps": steps})
        fitting = [made]
    _set(todo, "crush_rule", before_name, fitting[0])


def domain_of(rule: Options) -> str | None:
    """What a rule puts the copies on different ones of (osd, host, ...); None for one that does anything else."""
    steps = [step for step in rule["steps"] if not step["op"].startswith("set_")]
    if rule["type"] != _REPLICATED or [step["op"] for step in steps][::2] != ["take", "emit"] or len(steps) != 3:
        return None
    if steps[1]["op"] not in ("choose_firstn", "chooseleaf_firstn"):
        return None
    return str(steps[1]["type"])


def _sizes(todo: ObjectPlan, one: Options, found: Options) -> None:
    size, min_size = one["size"], one["min_size"]
    resized = size is not None and size != found.get("size")
    if resized:
        _set(todo, "size", found.get("size"), size)
    # a new size brings a new min_size
    if min_size is not None and (resized or min_size != found.get("min_size")):
        before = found.get("min_size")
        if found and min_size > (size or found["size"]):
            raise BadValue("min_size", min_size, "pool {0} has only {1} copies".format(todo.name, found["size"]))
        if before == min_size:
            todo.steps.append(_set_command(todo.name, "min_size", min_size))
        else:
            _set(todo, "min_size", before, min_size)


def _application(todo: ObjectPlan, one: Options, found: Options) -> None:
    wanted = one["application"]
    has = sorted(found.get("application_metadata", {}))
    if not wanted or wanted in has:
        return
    if has:
        raise KvmError(
            "Failed to {0}: it is for {1}, not for {2}.".format(todo.doing, " and ".join(has), wanted),
            error_code="pool_application_differs",
            remedy="Take another name, or end what uses it and run: ceph osd pool application disable {0} {1}".format(
                todo.name, has[0]
            ),
        )
    todo.change("application", None, wanted, "osd pool application enable", pool=todo.name, app=wanted)
