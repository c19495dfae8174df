# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""gluster_volume from its options to its result."""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import replace

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_options import Wanted, read_options
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_plan import Cluster, Step, VolumePlan, plan
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_read import STARTED, Volume, split_brick
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_system import System, aliased, is_local

Options = t.Mapping[str, t.Any]


def declare(options: Options, system: System, check_mode: bool) -> dict[str, t.Any]:
    """Make the cluster have the volumes that the task declares; in check mode only say what that takes."""
    wanted = read_options(options)
    bare = check_mode and not system.installed
    cluster = Cluster() if bare else _with_names(system.cluster([one.name for one in wanted]), _hosts(wanted))
    groups = {} if bare else {one.group: system.group(one.group) for one in wanted if one.group}
    todo = [plan(one, cluster, groups) for one in wanted]
    warnings = ["gluster isn't installed here yet; a real run needs it."] if bare else []
    warnings += [warning for one in todo for warning in one.warnings]
    for one in todo:
        _check_unused(one, system)
    if not check_mode:
        for one in todo:
            apply(one, system)
        if options["heal_timeout"]:
            _wait_healed(todo, system, options["heal_timeout"])
    result: dict[str, t.Any] = {
        "changed": any(one.steps for one in todo),
        "volumes": [_shown(one, cluster) for one in todo],
        "diff": [_diff(one) for one in todo if one.steps],
        "warnings": warnings,
    }
    if options["name"] is not None:
        result["volume"] = result["volumes"][0]
    return result


def _with_names(cluster: Cluster, names: t.AbstractSet[str]) -> Cluster:
    """The cluster, in which the task's own names of machines are known, too."""
    unknown = names - {name for peer in cluster.peers for name in peer.names}
    local = frozenset(name for name in unknown if is_local(name))
    return replace(cluster, local=local, peers=aliased(cluster.peers, unknown - local))


def _hosts(wanted: t.Sequence[Wanted]) -> set[str]:
    bricks = (brick for one in wanted for brick in [*(one.bricks or ()), *one.remove_bricks, *one.reset_bricks])
    return {split_brick(brick)[0] for brick in bricks}


def _check_unused(todo: VolumePlan, system: System) -> None:
    """KvmError where a volume is to be stopped that somebody has open."""
    if not any(step.kind == "unused" for step in todo.steps):
        return
    name = todo.wanted.name
    clients = system.clients(name)
    if clients:
        raise KvmError(
            "Failed to stop volume {0}: it is in use ({1}).".format(
                name, ", ".join("{0}: {1}".format(client, count) for client, count in sorted(clients.items()))
            ),
            error_code="volume_in_use",
            remedy="Shut down the guests on it and stop its pools, or set allow_disconnect.",
        )


def apply(todo: VolumePlan, system: System) -> None:
    """Do the steps. KvmError says at which it failed, and what had been done."""
    done: list[str] = []
    for step in todo.steps:
        try:
            _take(step, todo, system)
        except KvmError as error:
            if not done:
                raise
            raise KvmError(
                "{0} Done before: {1}.".format(error.message, "; ".join(done)),
                error_code=error.error_code,
                remedy=error.remedy,
                **error.facts,
            ) from error
        done.append(step.said)


def _take(step: Step, todo: VolumePlan, system: System) -> None:
    name = todo.wanted.name
    doing = "change volume {0} ({1})".format(name, step.said)
    if step.kind == "healed":
        _check_healed(todo, system, doing)
    if step.kind == "moved":
        _wait_moved(step, name, system, doing)
    if step.command:
        system.ask(doing, *step.command)
    if step.kind == "await":
        _wait_online(step, name, system, doing)


def _wait_online(step: Step, name: str, system: System, doing: str) -> None:
    wanted = [split_brick(brick) for brick in step.bricks]
    cluster = _with_names(Cluster(system.peers()), {host for host, _path in wanted})
    keys = {cluster.key(brick): brick for brick in step.bricks}

    def down() -> list[str]:
        found = system.status()
        online = found[name].online if name in found else {}
        return [brick for key, brick in keys.items() if not online.get(key, False)]

    if not system.wait(lambda: not down(), min(system.timeout, 30)):
        raise KvmError(
            "Failed to {0}: {1} doesn't start.".format(doing, ", ".join(down())),
            error_code="brick_offline",
            remedy=(
                "Is its file system mounted there? Nothing is written to an empty mount point. Gluster says why in "
                "/var/log/glusterfs/glusterd.log and in /var/log/glusterfs/bricks of that machine. Where its disk was "
                "replaced, name it in reset_bricks."
            ),
        )


def _wait_moved(step: Step, name: str, system: System, doing: str) -> None:
    """Wait until what is on bricks is on the others. KvmError where it takes too long, or some of it stayed."""
    if not system.wait(lambda: system.removal(name, step.bricks)[0] != "in progress"):
        raise KvmError(
            "Failed to {0}: what is on them isn't moved within {1} s; it goes on.".format(doing, system.timeout),
            error_code="still_moving",
            remedy="Run the task again later, or with a greater timeout.",
        )
    state, failures = system.removal(name, step.bricks)
    if state != "completed" or failures:
        raise KvmError(
            "Failed to {0}: moving what is on them ended as {1}, {2} files failed. They stay.".format(
                doing, state, failures
            ),
            error_code="not_moved",
            remedy="See /var/log/glusterfs/{0}-rebalance.log; then gluster volume remove-brick {0} ... stop.".format(
                name
            ),
        )


def _check_healed(todo: VolumePlan, system: System, doing: str) -> None:
    if todo.wanted.set_size > 1:
        pending = _pending(todo.wanted.name, system)
        if pending:
            raise KvmError(
                "Failed to {0}: {1}.".format(doing, pending),
                error_code="heal_pending",
                remedy="Wait until it is healed (heal_timeout).",
            )


def _wait_healed(todo: t.Sequence[VolumePlan], system: System, seconds: int) -> None:
    end = time.monotonic() + seconds
    for one in todo:
        after = one.after
        if after is None or after.state != STARTED or after.replica == 1:
            continue
        name = one.wanted.name
        while _pending(name, system) and time.monotonic() < end:
            # What was left over by one round is otherwise looked at ten minutes later.
            with contextlib.suppress(KvmError):
                system.ask("heal volume {0}".format(name), "volume", "heal", name)
            system.wait(lambda name=name: not _pending(name, system), min(10, end - time.monotonic()))  # type: ignore[misc]
        if _pending(name, system):
            raise KvmError(
                "Failed to see volume {0} healed within {1} s: {2}.".format(name, seconds, _pending(name, system)),
                error_code="heal_pending",
            )


def _pending(name: str, system: System) -> str:
    """What is still to be healed, in words; empty where nothing is."""
    heal = system.heal(name)
    silent = [one.brick for one in heal if one.pending is None]
    waiting = ["{0}: {1}".format(one.brick, one.pending) for one in heal if one.pending]
    said = ["still to heal are {0}".format(", ".join(waiting))] if waiting else []
    said += ["{0} could not be asked".format(", ".join(silent))] if silent else []
    return "; ".join(said)


def _shown(todo: VolumePlan, cluster: Cluster) -> dict[str, t.Any]:
    name, after = todo.wanted.name, todo.after
    status = cluster.status.get(name)
    return {
        "name": name,
        "state": after.state if after else "absent",
        "replicas": after.replica - after.arbiters if after else None,
        "arbiter": bool(after.arbiters) if after else None,
        "bricks": [
            {
                "brick": brick.name,
                "arbiter": brick.arbiter,
                "online": status.online.get((brick.uuid, brick.path)) if status else None,
            }
            for brick in (after.bricks if after else ())
        ],
        "changes": list(todo.changes),
        "steps": [step.said for step in todo.steps],
    }


def _diff(todo: VolumePlan) -> dict[str, str]:
    down = any(change["field"] == "offline" for change in todo.changes)
    return {
        "before_header": todo.wanted.name,
        "after_header": todo.wanted.name,
        "before": _described(todo.before) + ("not all bricks run\n" if down else ""),
        "after": _described(todo.after),
    }


def _described(volume: Volume | None) -> str:
    if volume is None:
        return ""
    lines = ["state: {0}".format(volume.state)]
    lines += ["brick: {0}{1}".format(brick.name, " (arbiter)" if brick.arbiter else "") for brick in volume.bricks]
    lines += ["{0}: {1}".format(key, value) for key, value in sorted(volume.options.items())]
    return "".join(line + "\n" for line in lines)
