# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Gluster cluster has, read from the XML that its command prints."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

STARTED = "started"
# <status> of a volume and of a peer, as the command's own XML has them
_VOLUME_STATES = {"0": "created", "1": STARTED, "2": "stopped"}
_IN_CLUSTER = "3"
# Peers that are still talking to each other about whether to be peers.
_REJECTED = re.compile(r"reject", re.IGNORECASE)
# Clients of a volume that are Gluster's own processes.
_OWN_CLIENTS = frozenset(("glustershd", "glusterd", "rebalance", "bitd", "scrub", "quotad", "snapd", "self-heal"))
_CLIENT = re.compile(r"^(\S+)\s+(\d+)\s*$")


@dataclass(frozen=True)
class Peer:
    """A machine of the cluster. names: the addresses and host names it is known by; none for the one that was asked."""

    uuid: str
    names: tuple[str, ...]
    connected: bool
    state: str
    said: str = ""

    @property
    def in_cluster(self) -> bool:
        return self.state == _IN_CLUSTER

    @property
    def rejected(self) -> bool:
        return bool(_REJECTED.search(self.said))


@dataclass(frozen=True)
class Brick:
    """A directory that is a part of a volume. name: HOST:/PATH as Gluster has it. uuid: its machine's."""

    name: str
    uuid: str
    arbiter: bool = False

    @property
    def path(self) -> str:
        return split_brick(self.name)[1]


@dataclass(frozen=True)
class Volume:
    """A volume as it is. replica: bricks of a set, the arbiter among them; 1 where nothing is kept twice."""

    name: str
    state: str
    replica: int
    arbiters: int
    disperse: int
    bricks: tuple[Brick, ...]
    options: t.Mapping[str, str]


@dataclass(frozen=True)
class Task:
    """A rebalance or a removal of bricks, that runs or has run."""

    kind: str
    state: str
    bricks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """What runs of a volume. online: of each brick whose machine answered, by that machine's uuid and the path."""

    online: t.Mapping[tuple[str, str], bool] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True)
class Heal:
    """What a brick has still to be healed of. pending: None where the brick could not be asked."""

    brick: str
    pending: int | None


def split_brick(name: str) -> tuple[str, str]:
    """('192.0.2.1', '/srv/b') of '192.0.2.1:/srv/b'; an IPv6 address has colons of its own."""
    host, _colon, path = name.partition(":/")
    return host, "/" + path


def answer(text: str, doing: str) -> ET.Element:
    """The root of an answer. KvmError where it is none, or says that it failed."""
    try:
        # The text is that of gluster's own command, not a stranger's.
        root = ET.fromstring(text)  # noqa: S314
    except ET.ParseError as error:
        raise KvmError(
            "Failed to {0}: gluster's answer is no XML ({1}).".format(doing, error), error_code="gluster_failed"
        ) from error
    if _text(root, "opRet") != "0":
        raise refusal(doing, _text(root, "opErrstr") or _text(root, "output") or "it gave no reason")
    return root


def refusal(doing: str, said: str) -> KvmError:
    """The error of a command that was refused, with what helps where that is known."""
    said = " ".join(said.split()).rstrip(".")
    remedy = next((text for pattern, text in _REMEDIES if pattern.search(said)), None)
    return KvmError("Failed to {0}: {1}.".format(doing, said), error_code="gluster_failed", remedy=remedy, gluster=said)


_REMEDIES: list[tuple[re.Pattern[str], str]] = [
    (re.compile("root partition"), "Is the brick's file system mounted on that machine? Nothing is put beside it."),
    (re.compile("Failed to (create|find) brick directory"), "Is the brick's file system mounted on that machine?"),
    (
        re.compile("already part of a volume"),
        "It was a brick before, and has data. Name another, or remove it by hand if nothing of it is wanted.",
    ),
    (
        re.compile("uuid .*same as local uuid"),
        "Both were made of one image: on one stop glusterd, remove /var/lib/glusterd/glusterd.info, start it.",
    ),
    (
        re.compile("another cluster"),
        "The task has to run on a machine of that cluster; or detach the machine there first.",
    ),
    (
        re.compile("Transport endpoint is not connected"),
        "Does glusterd run there, is port 24007 open, and is the address right?",
    ),
]


def read_peers(root: ET.Element) -> list[Peer]:
    """Of ``pool list``: every machine of the cluster, this one among them."""
    peers = []
    for peer in root.iterfind("peerStatus/peer"):
        names = [name.text or "" for name in peer.iterfind("hostnames/hostname")]
        peers.append(
            Peer(
                _text(peer, "uuid"),
                tuple(dict.fromkeys(names)),
                _text(peer, "connected") == "1",
                _text(peer, "state") or _IN_CLUSTER,
                _text(peer, "stateStr"),
            )
        )
    return peers


def read_volumes(root: ET.Element) -> dict[str, Volume]:
    """Of ``volume info``."""
    volumes = {}
    for volume in root.iterfind("volInfo/volumes/volume"):
        name = _text(volume, "name")
        volumes[name] = Volume(
            name,
            _VOLUME_STATES.get(_text(volume, "status"), "stopped"),
            max(1, _number(volume, "replicaCount")),
            _number(volume, "arbiterCount"),
            _number(volume, "disperseCount"),
            tuple(
                Brick(_text(brick, "name"), _text(brick, "hostUuid"), _text(brick, "isArbiter") == "1")
                for brick in volume.iterfind("bricks/brick")
            ),
            {_text(option, "name"): _text(option, "value") for option in volume.iterfind("options/option")},
        )
    return volumes


def read_status(root: ET.Element) -> dict[str, Status]:
    """Of ``volume status all``: the volumes that are started."""
    found = {}
    for volume in root.iterfind("volStatus/volumes/volume"):
        online = {
            (_text(node, "peerid"), _text(node, "path")): _text(node, "status") == "1"
            for node in volume.iterfind("node")
            if _text(node, "path").startswith("/")
        }
        tasks = tuple(
            Task(
                _text(task, "type").lower(),
                _text(task, "statusStr").lower(),
                tuple((brick.text or "").strip() for brick in task.iterfind("params/brick")),
            )
            for task in volume.iterfind("tasks/task")
        )
        found[_text(volume, "volName")] = Status(online, tasks)
    return found


def read_heal(root: ET.Element) -> list[Heal]:
    """Of ``volume heal NAME info summary``."""
    return [
        Heal(_text(brick, "name"), _number(brick, count) if brick.find(count) is not None else None)
        for brick in root.iterfind("healInfo/bricks/brick")
        for count in ["totalNumberOfEntries"]
    ]


def read_removal(root: ET.Element) -> tuple[str, int]:
    """Of ``volume remove-brick NAME BRICK... status``: the slowest machine's state, and how many files failed."""
    states = [_text(node, "statusStr").lower() for node in root.iterfind("volRemoveBrick/node")]
    failures = sum(_number(node, "failures") for node in root.iterfind("volRemoveBrick/node"))
    return next((state for state in states if state != "completed"), "completed" if states else "unknown"), failures


def read_clients(text: str) -> dict[str, int]:
    """Of ``volume status NAME client-list``, which has names in its text only: who has the volume open, how often."""
    found = (_CLIENT.match(line) for line in text.splitlines())
    return {match[1]: int(match[2]) for match in found if match and match[1] not in _OWN_CLIENTS}


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: ET.Element, path: str) -> int:
    text = _text(element, path)
    return int(text) if text.isdigit() else 0
