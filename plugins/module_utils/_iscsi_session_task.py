# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""iscsi_session from its options to its result."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_session import (
    Machine,
    Plan,
    Wanted,
    disks,
    plan,
    to_resize,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_session_system import System, answers
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import Auth, Portal, plain_address
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_options import read_auth, read_name

Options = t.Mapping[str, t.Any]

_PORTALS: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "address": {"type": "str", "required": True},
        "port": {"type": "int", "default": 3260},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
}
# What an item of targets may leave to the task: each with its default there.
_SHARED: dict[str, tuple[dict[str, t.Any], t.Any]] = {
    "portals": (_PORTALS, None),
    "userid": ({"type": "str"}, None),
    "password": ({"type": "str", "no_log": True}, None),
    "mutual_userid": ({"type": "str"}, None),
    "mutual_password": ({"type": "str", "no_log": True}, None),
    "startup": ({"type": "str", "choices": ["automatic", "manual", "onboot"]}, "automatic"),
    "settings": ({"type": "dict"}, {}),
    "rescan": ({"type": "bool"}, True),
    "allow_disconnect": ({"type": "bool"}, False),
    "state": ({"type": "str", "choices": ["present", "absent"]}, "present"),
}
OPTIONS: dict[str, t.Any] = {
    "target": {"type": "str"},
    **{name: spec if default is None else {**spec, "default": default} for name, (spec, default) in _SHARED.items()},
    "timeout": {"type": "int", "default": 10},
    "targets": {
        "type": "list",
        "elements": "dict",
        "options": {
            "target": {"type": "str", "required": True},
            **{name: spec for name, (spec, _default) in _SHARED.items()},
        },
    },
}

_SETTING = re.compile(r"^node\.[a-zA-Z0-9_.\[\]]+$")


def declare(options: Options, system: System, check_mode: bool) -> dict[str, t.Any]:
    """Have the machine logged in as the task declares; in check mode only say what that takes."""
    wanted = read_options(options)
    before = system.read()
    todo = [plan(one, before) for one in wanted]
    warnings = [warning for one in todo for warning in one.warnings]
    silent = _silent(todo, options["timeout"])
    if silent and not check_mode:
        raise KvmError(
            "Failed to log in: {0}. Nothing was done.".format("; ".join(silent)),
            error_code="no_answer",
            remedy="Is the storage node up, its target running, and its firewall open?",
        )
    warnings += ["A real run needs more: {0}.".format(said) for said in silent]
    if check_mode and system.find("iscsiadm") is None:
        warnings.append("iscsiadm isn't installed here yet; a real run needs it.")
    names = {one.target for one in wanted if one.present}
    resized = to_resize(before, names)
    after = before
    if not check_mode:
        after, resized = _apply(todo, names, system)
    return _result(todo, before, after, resized, warnings)


def _silent(todo: t.Sequence[Plan], timeout: float) -> list[str]:
    """The portals that have to answer, and don't."""
    portals = list(dict.fromkeys(portal for one in todo for portal in one.connects))
    why = {portal: answers(portal, timeout) for portal in portals}
    return ["{0} does not answer ({1})".format(portal, why[portal]) for portal in portals if why[portal]]


def _apply(todo: t.Sequence[Plan], names: t.Collection[str], system: System) -> tuple[Machine, list[str]]:
    """Do it; what the machine then has, and the multipath devices that were resized."""
    for one in todo:
        for step in one.steps:
            try:
                getattr(system, step.method)(*step.args)
            except OSError as error:
                raise KvmError(
                    "Failed to declare the sessions with {0} ({1}): {2}.".format(one.wanted.target, step.said, error)
                ) from error
        for session in one.rescan:
            system.rescan(session)
    if any(one.steps or one.rescan for one in todo):
        system.settle()
    found = system.read()
    resized = to_resize(found, names)
    for holder in resized:
        system.resize(holder)
    return (system.read() if resized else found), resized


def _result(
    todo: t.Sequence[Plan], before: Machine, after: Machine, resized: t.Sequence[str], warnings: list[str]
) -> dict[str, t.Any]:
    targets = []
    changed = bool(resized)
    diffs = []
    for one in todo:
        name = [one.wanted.target]
        said = [step.said for step in one.steps]
        old, new = disks(before, name), disks(after, name)
        # What logging in brings is known by then; what a rescan finds is a change of its own.
        found = [
            "{0}: {1} bytes{2}".format(disk, size, " instead of {0}".format(old[disk]) if disk in old else "")
            for disk, size in new.items()
            if old.get(disk) != size
        ]
        changed = changed or bool(said or found)
        if said or found:
            diffs.append(
                {
                    "before_header": one.wanted.target,
                    "after_header": one.wanted.target,
                    "before": "",
                    "after": "".join(line + "\n" for line in said + found),
                }
            )
        targets.append(
            {
                "target": one.wanted.target,
                "state": "present" if one.wanted.present else "absent",
                "disks": [{"path": disk, "size": size} for disk, size in new.items()],
                "changes": said + found,
                "relogin_required": one.relogin,
            }
        )
    return {"changed": changed, "targets": targets, "resized": list(resized), "diff": diffs, "warnings": warnings}


def read_options(options: Options) -> list[Wanted]:
    """The targets that a task declares. BadValue for what can't be meant."""
    if options["target"] is not None:
        return [_read_target(options, "")]
    shared = {name: options[name] for name in _SHARED}
    wanted: list[Wanted] = []
    for position, item in enumerate(options["targets"]):
        given = {name: value for name, value in item.items() if value is not None}
        one = _read_target({**shared, **given}, "targets[{0}].".format(position))
        if any(one.target == earlier.target for earlier in wanted):
            raise BadValue("targets[{0}].target".format(position), item["target"], "the task has it twice")
        wanted.append(one)
    return wanted


def _read_target(item: Options, where: str) -> Wanted:
    name = read_name(where + "target", item["target"])
    if item["state"] == "absent":
        return Wanted(name, present=False, rescan=False, allow_disconnect=item["allow_disconnect"])
    portals, gone = _read_portals(where + "portals", item["portals"] or [])
    if not portals:
        raise BadValue(where + "portals", item["portals"], "at least one is wanted; set state to absent to log out")
    auth: Auth | None = read_auth(where, item)
    if auth == Auth():
        auth = None  # a task that says nothing of it
    settings = {}
    for setting, value in item["settings"].items():
        if not _SETTING.match(setting) or setting == "node.startup" or setting.startswith("node.session.auth."):
            raise BadValue(
                where + "settings",
                setting,
                "a setting of iscsid.conf is wanted that begins with node. and has no option of its own",
            )
        text = str(value).strip()
        if not text or "\n" in text:
            raise BadValue(where + "settings." + setting, value, "one word or number is wanted")
        settings[setting] = text
    return Wanted(
        name,
        portals=portals,
        gone=gone,
        startup=item["startup"],
        auth=auth,
        settings=settings,
        rescan=item["rescan"],
        allow_disconnect=item["allow_disconnect"],
    )


def _read_portals(where: str, items: t.Sequence[Options]) -> tuple[tuple[Portal, ...], tuple[Portal, ...]]:
    states: dict[Portal, str] = {}
    for position, item in enumerate(items):
        here = "{0}[{1}].".format(where, position)
        try:
            portal = Portal(plain_address(item["address"]), item["port"])
        except ValueError as error:
            raise BadValue(here + "address", item["address"], "an IPv4 or IPv6 address is wanted") from error
        if not 1 <= portal.port <= 65535:
            raise BadValue(here + "port", portal.port, "1 to 65535 is wanted")
        if portal in states:
            raise BadValue(here + "address", item["address"], "the target has it twice")
        states[portal] = item["state"]
    return (
        tuple(portal for portal, state in states.items() if state == "present"),
        tuple(portal for portal, state in states.items() if state == "absent"),
    )
