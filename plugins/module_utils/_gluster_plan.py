# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be done so that a cluster has the volumes that are declared: a pure function of cluster and task."""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_options import Wanted, same
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_read import (
    STARTED,
    Brick,
    Peer,
    Status,
    Volume,
    split_brick,
)

# A machine of the cluster, by its uuid or, where it is none, by the name it was given; and a directory on it.
Key = t.Tuple[str, str]
# Bricks that keep the same data, and the one among them with names only.
Set = t.Tuple[t.FrozenSet[Key], t.Optional[Key]]
_TLS = ("client.ssl", "server.ssl")


@dataclass(frozen=True)
class Cluster:
    """What there is. local: names and addresses of the machine that is asked, which the cluster's list has not."""

    peers: t.Sequence[Peer] = ()
    volumes: t.Mapping[str, Volume] = field(default_factory=dict)
    status: t.Mapping[str, Status] = field(default_factory=dict)
    local: t.FrozenSet[str] = frozenset()

    def machine(self, host: str) -> str:
        """The uuid of the machine of this name; the name itself where the cluster has none."""
        for peer in self.peers:
            if host in peer.names or (not peer.names and host in self.local) or host == peer.uuid:
                return peer.uuid
        return host

    def key(self, brick: str) -> Key:
        """What a brick is known by, however its machine is named."""
        host, path = split_brick(brick)
        return self.machine(host), posixpath.normpath(path)

    def answers(self, machine: str) -> bool:
        """Whether a machine is connected."""
        return any(peer.connected for peer in self.peers if peer.uuid == machine)


@dataclass(frozen=True)
class Step:
    """Something to do. said: in words. command: after ``gluster --mode=script``. kind: what comes after it."""

    said: str
    command: tuple[str, ...]
    kind: str = ""
    bricks: tuple[str, ...] = ()


@dataclass(frozen=True)
class VolumePlan:
    """One volume: what is to be done, and what it is then."""

    wanted: Wanted
    before: Volume | None
    after: Volume | None
    steps: tuple[Step, ...]
    changes: tuple[dict[str, t.Any], ...]
    warnings: tuple[str, ...] = ()


def plan(wanted: Wanted, cluster: Cluster, groups: t.Mapping[str, t.Mapping[str, str]]) -> VolumePlan:
    """What has to be done. groups: the options of each group that a task names. KvmError for what must not be."""
    current = cluster.volumes.get(wanted.name)
    if wanted.state == "absent":
        return _removal(wanted, current)
    options: dict[str, str | None] = {**groups.get(wanted.group or "", {}), **wanted.options}
    if current is None:
        return _creation(wanted, options)
    return _change(wanted, current, cluster, options)


def _removal(wanted: Wanted, current: Volume | None) -> VolumePlan:
    if current is None:
        return VolumePlan(wanted, None, None, (), ())
    steps = [_stop(wanted)] if current.state == STARTED else []
    steps.append(Step("delete it", ("volume", "delete", wanted.name)))
    return VolumePlan(wanted, current, None, tuple(steps), (_difference("state", current.state, "absent"),))


def _creation(wanted: Wanted, options: t.Mapping[str, str | None]) -> VolumePlan:
    if wanted.bricks is None:
        raise KvmError(
            "Failed to make volume {0}: it isn't there yet, and its bricks aren't declared.".format(wanted.name),
            error_code="not_found",
            remedy="Name them in bricks.",
        )
    layout = ["replica", str(wanted.replicas)] if wanted.replicas > 1 else []
    layout += ["arbiter", "1"] if wanted.arbiter else []
    steps = [Step("create it", ("volume", "create", wanted.name, *layout, *wanted.bricks))]
    given = {key: value for key, value in options.items() if value is not None}
    steps += _set(wanted.name, given)
    if wanted.state == STARTED:
        steps.append(Step("start it", ("volume", "start", wanted.name), "await", wanted.bricks))
    after = Volume(
        wanted.name,
        STARTED if wanted.state == STARTED else "created",
        wanted.set_size,
        1 if wanted.arbiter else 0,
        0,
        tuple(
            Brick(name, "", wanted.arbiter and place % wanted.set_size == wanted.set_size - 1)
            for place, name in enumerate(wanted.bricks)
        ),
        given,
    )
    return VolumePlan(wanted, None, after, tuple(steps), (_difference("state", "absent", after.state),))


def _change(wanted: Wanted, current: Volume, cluster: Cluster, options: t.Mapping[str, str | None]) -> VolumePlan:
    steps: list[Step] = []
    changes: list[dict[str, t.Any]] = []
    bricks = current.bricks
    if wanted.bricks is not None:
        added, removed = _layout(wanted, current, cluster)
        bricks = tuple(brick for brick in current.bricks if brick not in removed)
        bricks += tuple(Brick(name, cluster.machine(split_brick(name)[0]), arbiter) for name, arbiter in added)
        steps += _growth(wanted, current, [name for name, _arbiter in added])
        steps += _shrinking(wanted, cluster, [brick.name for brick in removed])
        if added or removed:
            changes.append(_difference("bricks", [b.name for b in current.bricks], [b.name for b in bricks]))
    differing = {key: value for key, value in options.items() if not same(key, current.options.get(key), value)}
    _check_options(wanted, current, differing)
    for key, value in differing.items():
        changes.append(_difference("options." + key, current.options.get(key), value))
    state = _state(wanted, current)
    if state != current.state:
        changes.append(_difference("state", current.state, state))
    setting = _options(wanted.name, differing)
    if state == STARTED and current.state != STARTED:
        # so that nobody meets it with the options it had
        steps = [
            *setting,
            Step("start it", ("volume", "start", wanted.name), "await", _answering(bricks, cluster)),
            *steps,
        ]
    elif state == "stopped" and current.state == STARTED:
        steps = [*steps, _stop(wanted), *setting]
    else:
        repairs, down = _repairs(wanted, current, cluster)
        steps = [*repairs, *setting, *steps]
        changes += [_difference("offline", down, [])] if down else []
    options_after = {key: value for key, value in {**current.options, **differing}.items() if value is not None}
    after = Volume(current.name, state, current.replica, current.arbiters, current.disperse, bricks, options_after)
    return VolumePlan(wanted, current, after, tuple(steps), tuple(changes), tuple(_silent(current, cluster)))


def _layout(wanted: Wanted, current: Volume, cluster: Cluster) -> tuple[list[tuple[str, bool]], list[Brick]]:
    """The bricks to add, each with whether it is an arbiter, and those to remove. KvmError for what must not be."""
    arbiters = 1 if wanted.arbiter else 0
    if (current.replica, current.arbiters, current.disperse) != (wanted.set_size, arbiters, 0):
        raise KvmError(
            "Failed to change volume {0}: it {1}, declared are {2}.".format(
                wanted.name, _layout_text(current), _wanted_text(wanted)
            ),
            error_code="layout_differs",
            remedy="How often data is kept can't be changed later: declare it as it is, or make another volume.",
        )
    size = wanted.set_size
    names = {cluster.key(name): name for name in wanted.bricks or ()}
    keys = {_brick_key(brick): brick for brick in current.bricks}
    there = _sets(list(keys), [_brick_key(brick) for brick in current.bricks if brick.arbiter], size)
    declared = _sets(
        list(names), [key for place, key in enumerate(names) if arbiters and place % size == size - 1], size
    )
    added = [one for one in declared if one not in there]
    removed = [one for one in there if one not in declared]
    mixed = [key for one in added for key in one[0] if key in keys]
    if mixed:
        raise KvmError(
            "Failed to change volume {0}: {1} keeps the same data as other bricks than is declared. It has {2}.".format(
                wanted.name,
                names[mixed[0]],
                "; ".join(", ".join(keys[key].name for key in keys if key in one[0]) for one in there),
            ),
            error_code="layout_differs",
            remedy="Declare the sets as they are, {0} bricks each, and new ones after them.".format(size),
        )
    gone = [keys[key] for one in removed for key in keys if key in one[0]]
    named = {cluster.key(name) for name in wanted.remove_bricks}
    unnamed = [brick.name for brick in gone if _brick_key(brick) not in named]
    if unnamed:
        raise KvmError(
            "Failed to change volume {0}: it has bricks that aren't declared: {1}.".format(
                wanted.name, ", ".join(unnamed)
            ),
            error_code="bricks_not_declared",
            remedy="Declare them, or name them in remove_bricks; what is on them is then moved to the others.",
        )
    last = {one[1] for one in added}
    return [(names[key], key in last) for one in added for key in names if key in one[0]], gone


def _sets(keys: t.Sequence[Key], arbiters: t.Sequence[Key], size: int) -> list[Set]:
    chunks = [keys[start : start + size] for start in range(0, len(keys), size)]
    return [(frozenset(chunk), next((key for key in chunk if key in arbiters), None)) for chunk in chunks]


def _brick_key(brick: Brick) -> Key:
    return brick.uuid, posixpath.normpath(brick.path)


def _growth(wanted: Wanted, current: Volume, added: t.Sequence[str]) -> list[Step]:
    if not added:
        return []
    running = wanted.state == STARTED or (wanted.state == "present" and current.state == STARTED)
    steps = [
        Step(
            "add {0}".format(", ".join(added)),
            ("volume", "add-brick", wanted.name, *added),
            "await" if current.state == STARTED else "",
            tuple(added),
        )
    ]
    if wanted.rebalance and running:
        steps.append(Step("start rebalancing it", ("volume", "rebalance", wanted.name, "start")))
    return steps


def _shrinking(wanted: Wanted, cluster: Cluster, removed: t.Sequence[str]) -> list[Step]:
    if not removed:
        return []
    if cluster.volumes[wanted.name].state != STARTED:
        raise KvmError(
            "Failed to remove {0} from volume {1}: it isn't started, so what is on them can't be moved.".format(
                ", ".join(removed), wanted.name
            ),
            error_code="not_started",
            remedy="Start it first.",
        )
    command = ("volume", "remove-brick", wanted.name, *removed)
    tasks = cluster.status.get(wanted.name, Status()).tasks
    again = any(task.kind == "remove brick" and set(task.bricks) == set(removed) for task in tasks)
    moving = (
        [] if again else [Step("move what is on {0} to the others".format(", ".join(removed)), (*command, "start"))]
    )
    return [
        Step("see that nothing is left to heal", (), "healed"),
        *moving,
        Step("remove {0}".format(", ".join(removed)), (*command, "commit"), "moved", tuple(removed)),
    ]


def _check_options(wanted: Wanted, current: Volume, differing: t.Mapping[str, str | None]) -> None:
    shard = differing.get("features.shard", "on")
    if same("", current.options.get("features.shard", "off"), "on") and not same("", shard or "off", "on"):
        raise KvmError(
            "Failed to change volume {0}: without features.shard its files can't be read.".format(wanted.name),
            error_code="shard_in_use",
            remedy="Make another volume, and copy.",
        )
    switched = [
        key
        for key in _TLS
        if key in differing and not same("", current.options.get(key, "off"), differing[key] or "off")
    ]
    if switched and current.state == STARTED and wanted.state != "stopped":
        raise KvmError(
            "Failed to change volume {0}: {1} can't be switched while its clients have it.".format(
                wanted.name, " and ".join(switched)
            ),
            error_code="tls_on_started",
            remedy="Shut down what uses it, stop it (state: stopped), and declare it again.",
        )


def _state(wanted: Wanted, current: Volume) -> str:
    if wanted.state == "present" or (wanted.state == "stopped" and current.state != STARTED):
        return current.state
    return wanted.state


def _repairs(wanted: Wanted, current: Volume, cluster: Cluster) -> tuple[list[Step], list[str]]:
    """What brings back bricks that don't run though their machines answer, and which these are."""
    status = cluster.status.get(current.name)
    if wanted.state != STARTED or current.state != STARTED or status is None:
        return [], []
    down = [brick for brick in current.bricks if status.online.get((brick.uuid, brick.path)) is False]
    if not down:
        return [], []
    names = [brick.name for brick in down]
    named = {cluster.key(name) for name in wanted.reset_bricks}
    fill = [brick.name for brick in down if _brick_key(brick) in named]
    if fill and current.replica == 1:
        raise KvmError(
            "Failed to fill {0} again: volume {1} keeps nothing twice.".format(", ".join(fill), current.name),
            error_code="no_replica",
        )
    rest = tuple(name for name in names if name not in fill)
    steps = []
    if rest:
        steps.append(
            Step("start {0}".format(", ".join(rest)), ("volume", "start", current.name, "force"), "await", rest)
        )
    for name in fill:
        reset = ("volume", "reset-brick", current.name, name)
        steps.append(Step("take {0} out".format(name), (*reset, "start")))
        steps.append(Step("fill {0} again".format(name), (*reset, name, "commit", "force"), "await", (name,)))
    return steps, names


def _answering(bricks: t.Sequence[Brick], cluster: Cluster) -> tuple[str, ...]:
    return tuple(brick.name for brick in bricks if cluster.answers(brick.uuid))


def _silent(current: Volume, cluster: Cluster) -> t.Iterator[str]:
    away = [brick.name for brick in current.bricks if not cluster.answers(brick.uuid)]
    if away:
        yield "Volume {0}: the machine of {1} doesn't answer.".format(current.name, ", ".join(away))


def _options(name: str, differing: t.Mapping[str, str | None]) -> list[Step]:
    steps = _set(name, {key: value for key, value in differing.items() if value is not None})
    for key, value in differing.items():
        if value is None:
            steps.append(Step("reset {0}".format(key), ("volume", "reset", name, key)))
    return steps


def _set(name: str, options: t.Mapping[str, str]) -> list[Step]:
    # one command for all: each is a transaction of the whole cluster
    pairs = [word for key, value in options.items() for word in (key, value)]
    return [Step("set {0}".format(", ".join(options)), ("volume", "set", name, *pairs))] if pairs else []


def _stop(wanted: Wanted) -> Step:
    return Step("stop it", ("volume", "stop", wanted.name), "" if wanted.allow_disconnect else "unused")


def _difference(field_name: str, before: t.Any, after: t.Any) -> dict[str, t.Any]:
    return {"field": field_name, "before": before, "after": after}


def _layout_text(volume: Volume) -> str:
    if volume.disperse:
        return "is dispersed over {0} bricks".format(volume.disperse)
    arbiter = " and an arbiter" if volume.arbiters else ""
    return "keeps data {0} times{1}".format(volume.replica - volume.arbiters, arbiter)


def _wanted_text(wanted: Wanted) -> str:
    return "replicas: {0}{1}".format(wanted.replicas, " with an arbiter" if wanted.arbiter else "")
