# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""gluster_peer from its options to its result: which machines are a cluster."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_read import Peer, Volume, read_volumes, split_brick
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_system import System, aliased, is_local

OPTIONS: dict[str, t.Any] = {
    "peers": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "timeout": {"type": "int", "default": 60},
}
_HOST = re.compile(r"^[A-Za-z0-9][A-Za-z0-9.:-]*$")


@dataclass(frozen=True)
class PeerPlan:
    """probe: machines to take in. detach: machines to let go. silent: those that are in and don't answer."""

    probe: tuple[str, ...]
    detach: tuple[str, ...]
    silent: tuple[str, ...]


def read_names(peers: t.Sequence[str]) -> list[str]:
    """The declared machines. BadValue for what can't be meant."""
    for position, name in enumerate(peers):
        if not _HOST.match(name):
            raise BadValue("peers[{0}]".format(position), name, "an address or a host name is wanted")
        if name in peers[:position]:
            raise BadValue("peers[{0}]".format(position), name, "it is there twice")
    if not peers:
        raise BadValue("peers", list(peers), "at least one machine is wanted")
    return list(peers)


def plan(
    names: t.Sequence[str], absent: bool, peers: t.Sequence[Peer], volumes: t.Iterable[Volume], local: t.Collection[str]
) -> PeerPlan:
    """What has to be done. local: the names that are this machine's. KvmError for what must not be."""
    known = {name: peer for peer in peers for name in (*peer.names, peer.uuid)}
    if absent:
        if local:
            raise BadValue("peers", min(local), "a machine can't be detached by itself; run the task on another")
        for name in names:
            _check_no_bricks(name, known.get(name), volumes)
        return PeerPlan((), tuple(name for name in names if name in known), ())
    for name in names:
        if name not in local and name in known and known[name].rejected:
            raise KvmError(
                "Failed to have {0} in the cluster: it is there, and is rejected ({1}).".format(name, known[name].said),
                error_code="peer_rejected",
                remedy=(
                    "Its list of volumes differs. Stop glusterd there, remove everything in /var/lib/glusterd but "
                    "glusterd.info, start it, and probe it again; the bricks' data is not in that directory."
                ),
            )
    return PeerPlan(
        tuple(name for name in names if name not in known and name not in local),
        (),
        tuple(name for name in names if name in known and name not in local and not known[name].connected),
    )


def _check_no_bricks(name: str, peer: Peer | None, volumes: t.Iterable[Volume]) -> None:
    bricks = [
        brick.name
        for volume in volumes
        for brick in volume.bricks
        if (peer is not None and brick.uuid == peer.uuid) or split_brick(brick.name)[0] == name
    ]
    if bricks:
        raise KvmError(
            "Failed to detach {0}: it has bricks: {1}.".format(name, ", ".join(bricks)),
            error_code="peer_in_use",
            remedy="Remove them from their volumes first (gluster_volume, remove_bricks).",
        )


def declare(options: t.Mapping[str, t.Any], system: System, check_mode: bool) -> dict[str, t.Any]:
    """Make the cluster have, or not have, the machines that the task names; in check mode only say what that takes."""
    names = read_names(options["peers"])
    absent = options["state"] == "absent"
    bare = check_mode and not system.installed
    peers = [] if bare else system.peers()
    volumes = read_volumes(system.ask("read the volumes", "volume", "info")).values() if absent and not bare else ()
    known = {name for peer in peers for name in peer.names}
    local = {name for name in names if name not in known and is_local(name)}
    peers = aliased(peers, (name for name in names if name not in local))
    known = {name for peer in peers for name in peer.names}
    todo = plan(names, absent, peers, volumes, local)
    if not check_mode:
        apply(todo, system)
    lines = "".join("{0}\n".format(name) for name in sorted(known))
    after = (known | set(todo.probe)) - set(todo.detach)
    warnings = ["{0} is in the cluster and doesn't answer.".format(name) for name in todo.silent]
    warnings += ["gluster isn't installed here yet; a real run needs it."] if bare else []
    return {
        "changed": bool(todo.probe or todo.detach),
        "probed": list(todo.probe),
        "detached": list(todo.detach),
        "peers": sorted(after),
        "diff": {
            "before_header": "gluster pool list",
            "after_header": "gluster pool list",
            "before": lines,
            "after": "".join("{0}\n".format(name) for name in sorted(after)),
        },
        "warnings": warnings,
    }


def apply(todo: PeerPlan, system: System) -> None:
    """Probe and detach. KvmError says of which machine it failed."""
    for name in todo.detach:
        system.ask("detach {0}".format(name), "peer", "detach", name)
    for name in todo.probe:
        system.ask("take {0} into the cluster".format(name), "peer", "probe", name)

    def missing() -> list[str]:
        ready = {name for peer in system.peers() if peer.in_cluster and peer.connected for name in peer.names}
        return [name for name in todo.probe if name not in ready]

    if todo.probe and not system.wait(lambda: not missing()):
        raise KvmError(
            "Failed to take {0} into the cluster: not done within {1} s.".format(", ".join(missing()), system.timeout),
            error_code="peer_not_ready",
            remedy="gluster peer status says how far it is.",
        )
