# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""gluster_volume's options: their spec, what can't be meant, and when two values of a volume's option mean the same."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_read import split_brick

Options = t.Mapping[str, t.Any]

_VOLUME: dict[str, t.Any] = {
    "bricks": {"type": "list", "elements": "str"},
    "replicas": {"type": "int", "default": 1},
    "arbiter": {"type": "bool", "default": False},
    "group": {"type": "str"},
    "options": {"type": "dict", "default": {}},
    "remove_bricks": {"type": "list", "elements": "str", "default": []},
    "reset_bricks": {"type": "list", "elements": "str", "default": []},
    "rebalance": {"type": "bool", "default": True},
    "allow_disconnect": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["started", "stopped", "present", "absent"], "default": "started"},
}
OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str"},
    **_VOLUME,
    "volumes": {
        "type": "list",
        "elements": "dict",
        "options": {"name": {"type": "str", "required": True}, **_VOLUME},
    },
    "timeout": {"type": "int", "default": 120},
    "heal_timeout": {"type": "int", "default": 0},
}

# glusterd's own rule for a volume's name
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,255}$")
_HOST = re.compile(r"^[A-Za-z0-9][A-Za-z0-9.:-]*$")
_OPTION = re.compile(r"^[a-z0-9-]+(\.[a-z0-9_-]+)+$")
_ON = frozenset(("on", "yes", "true", "enable"))
_OFF = frozenset(("off", "no", "false", "disable"))
_AMOUNT = re.compile(r"^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|tb|pb)?$", re.IGNORECASE)
_SCALE = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4, "pb": 1024**5}
# Options that are a list without an order.
_LISTS = re.compile(r"^auth\.(allow|reject|ssl-allow)$|-(allow|reject)$")


@dataclass(frozen=True)
class Wanted:
    """A volume as a task declares it. bricks: None where they are not declared. options: None for what is to be reset.

    replicas: copies of the data. arbiter: whether each set has one more brick, with names only.
    """

    name: str
    state: str = "started"
    bricks: tuple[str, ...] | None = None
    replicas: int = 1
    arbiter: bool = False
    options: t.Mapping[str, str | None] = field(default_factory=dict)
    group: str | None = None
    remove_bricks: tuple[str, ...] = ()
    reset_bricks: tuple[str, ...] = ()
    rebalance: bool = True
    allow_disconnect: bool = False

    @property
    def set_size(self) -> int:
        """How many bricks make up a set."""
        return self.replicas + (1 if self.arbiter else 0)


def read_options(options: Options) -> list[Wanted]:
    """The volumes that a task declares. BadValue for what can't be meant."""
    for name in ("timeout", "heal_timeout"):
        if options[name] < 0:
            raise BadValue(name, options[name], "a number of seconds is wanted")
    if options["name"] is not None:
        return [_read_volume(options, "")]
    wanted: list[Wanted] = []
    for position, item in enumerate(options["volumes"]):
        one = _read_volume(item, "volumes[{0}].".format(position))
        if any(other.name == one.name for other in wanted):
            raise BadValue("volumes[{0}].name".format(position), one.name, "the task has it twice")
        wanted.append(one)
    _check_no_brick_twice(wanted)
    return wanted


def _read_volume(options: Options, label: str) -> Wanted:
    name = options["name"]
    if not _NAME.match(name):
        raise BadValue(label + "name", name, "letters, digits, _ and - are wanted")
    wanted = Wanted(
        name,
        options["state"],
        None if options["bricks"] is None else _read_bricks(label + "bricks", options["bricks"]),
        options["replicas"],
        options["arbiter"],
        {key: _value(label, key, value) for key, value in options["options"].items()},
        options["group"],
        _read_bricks(label + "remove_bricks", options["remove_bricks"]),
        _read_bricks(label + "reset_bricks", options["reset_bricks"]),
        options["rebalance"],
        options["allow_disconnect"],
    )
    _check_layout(wanted, label)
    _check_names(wanted, label)
    return wanted


def _read_bricks(option: str, bricks: t.Sequence[str]) -> tuple[str, ...]:
    read = []
    for position, brick in enumerate(bricks):
        host, path = split_brick(brick)
        if (
            ":/" not in brick
            or not _HOST.match(host)
            or path == "/"
            or any(part in ("", ".", "..") for part in path.split("/")[1:])
        ):
            allowed = "HOST:/DIRECTORY is wanted, such as storage1:/srv/gluster/brick1/vms"
            raise BadValue("{0}[{1}]".format(option, position), brick, allowed)
        if brick in read:
            raise BadValue("{0}[{1}]".format(option, position), brick, "it is there twice")
        read.append(brick)
    return tuple(read)


def _check_layout(wanted: Wanted, label: str) -> None:
    if wanted.replicas < 1:
        raise BadValue(label + "replicas", wanted.replicas, "1 or more is wanted")
    if wanted.arbiter and wanted.replicas != 2:
        raise BadValue(label + "arbiter", True, "an arbiter goes with replicas: 2")
    if wanted.state == "absent" or wanted.bricks is None:
        return
    size = wanted.set_size
    if not wanted.bricks or len(wanted.bricks) % size:
        allowed = "{0} bricks, or twice, three times as many, are wanted for replicas: {1}{2}; there are {3}".format(
            size, wanted.replicas, " with an arbiter" if wanted.arbiter else "", len(wanted.bricks)
        )
        raise BadValue(label + "bricks", list(wanted.bricks), allowed)
    for start in range(0, len(wanted.bricks), size):
        hosts = [split_brick(brick)[0] for brick in wanted.bricks[start : start + size]]
        if len(set(hosts)) < size:
            allowed = "{0} bricks in a row keep the same data, and have to be on {0} machines; found {1}"
            raise BadValue(label + "bricks", list(wanted.bricks), allowed.format(size, ", ".join(hosts)))


def _check_names(wanted: Wanted, label: str) -> None:
    declared = set(wanted.bricks or ())
    for option, bricks in (("remove_bricks", wanted.remove_bricks), ("reset_bricks", wanted.reset_bricks)):
        for brick in bricks:
            if option == "remove_bricks" and brick in declared:
                raise BadValue(label + option, brick, "bricks has it too")
            if option == "reset_bricks" and declared and brick not in declared:
                raise BadValue(label + option, brick, "bricks doesn't have it")


def _check_no_brick_twice(wanted: t.Sequence[Wanted]) -> None:
    seen: dict[str, str] = {}
    for one in wanted:
        for brick in one.bricks or () if one.state != "absent" else ():
            if brick in seen:
                raise BadValue("volumes", brick, "{0} and {1} both have it".format(seen[brick], one.name))
            seen[brick] = one.name


def _value(label: str, key: str, value: t.Any) -> str | None:
    where = label + "options"
    if not _OPTION.match(key):
        raise BadValue(where, key, "an option's full name is wanted, such as performance.quick-read")
    if value is None:
        return None
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        value = ",".join(str(item) for item in value)
    if not isinstance(value, (str, int, float)) or not str(value).strip():
        raise BadValue("{0}.{1}".format(where, key), value, "a text, a number, on or off is wanted; null to reset it")
    return str(value).strip()


def read_group(text: str) -> dict[str, str]:
    """A group of options, as it stands in /var/lib/glusterd/groups: a KEY=VALUE in each line."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, _equals, value in pairs}


def same(key: str, one: str | None, other: str | None) -> bool:
    """Whether two values of an option mean the same to Gluster."""
    if one is None or other is None:
        return one is other
    return bool(_meaning(key, one) == _meaning(key, other))


def _meaning(key: str, value: str) -> t.Any:
    low = value.strip().lower()
    if low in _ON:
        return True
    if low in _OFF:
        return False
    if _LISTS.search(key):
        return frozenset(item.strip().lower() for item in value.split(",") if item.strip())
    amount = _AMOUNT.match(low)
    # a bool of Python's is a number too
    return ("amount", float(amount[1]) * _SCALE[amount[2] or ""]) if amount else value.strip()
