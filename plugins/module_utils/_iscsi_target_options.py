# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of iscsi_target, and what they mean."""

from __future__ import annotations

import re
import typing as t
import uuid
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import (
    BLOCK,
    FILEIO,
    Auth,
    Backstore,
    Initiator,
    Mapping,
    Portal,
    plain_address,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import parse_size

Options = t.Mapping[str, t.Any]

_PORTAL = {"address": {"type": "str", "required": True}, "port": {"type": "int", "default": 3260}}
_LUN: dict[str, t.Any] = {
    "lun": {"type": "int", "required": True},
    "name": {"type": "str"},
    "device": {"type": "path"},
    "file": {"type": "path"},
    "size": {"type": "str"},
    "write_back": {"type": "bool", "default": False},
    "readonly": {"type": "bool", "default": False},
    "wwn": {"type": "str"},
    "attributes": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
_MAPPING = {
    "lun": {"type": "int", "required": True},
    "mapped_lun": {"type": "int"},
    "write_protect": {"type": "bool", "default": False},
}
_INITIATOR: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "userid": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "mutual_userid": {"type": "str"},
    "mutual_password": {"type": "str", "no_log": True},
    "luns": {"type": "list", "elements": "dict", "options": _MAPPING},
}
_TARGET: dict[str, t.Any] = {
    "portals": {"type": "list", "elements": "dict", "options": _PORTAL},
    "luns": {"type": "list", "elements": "dict", "default": [], "options": _LUN},
    "initiators": {"type": "list", "elements": "dict", "options": _INITIATOR},
    "attributes": {"type": "dict", "default": {}},
    "allow_disconnect": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str"},
    **_TARGET,
    "allow_disconnect": {"type": "bool", "default": False},
    "targets": {"type": "list", "elements": "dict", "options": {"name": {"type": "str", "required": True}, **_TARGET}},
}

# What rtslib takes for an IQN. RFC 7143 4.2.7 has names in lower case.
_IQN = re.compile(r"^iqn\.[0-9]{4}-(0[1-9]|1[0-2])\.[^ _:]+\.[^ _]+$")
_OTHER_NAME = re.compile(r"^(eui\.[0-9a-f]{16}|naa\.[125][0-9a-f]{15})$")
_BACKSTORE_NAME = re.compile(r"^[A-Za-z0-9_.:-]{1,64}$")
_ATTRIBUTE = re.compile(r"^[a-z0-9_]+$")
_UNIT_SERIAL = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_SERIALS = uuid.UUID("6b2f5c0e-0c1f-5d0a-9a53-6f0f6f1f3c51")  # for uuid5; any will do, as long as it stays
_HIGHEST_LUN = 255


@dataclass(frozen=True)
class WantedLun:
    """A LUN as a task declares it. backstore: None where it shall go. serial: whether the task names its wwn."""

    lun: int
    backstore: Backstore | None = None
    serial: bool = False


@dataclass(frozen=True)
class Wanted:
    """A target as a task declares it. portals, initiators: None where the task leaves them out."""

    name: str
    present: bool = True
    portals: tuple[Portal, ...] | None = None
    luns: tuple[WantedLun, ...] = ()
    initiators: t.Mapping[str, Initiator] | None = None
    # Initiators without luns of their own see all of the target's.
    sees_all: frozenset[str] = frozenset()
    attributes: t.Mapping[str, str] = field(default_factory=dict)
    allow_disconnect: bool = False


def read_options(options: Options) -> list[Wanted]:
    """The targets that a task declares. BadValue for what LIO would not take or a user can't mean."""
    if options["name"] is not None:
        return [_read_target(options, options, "")]
    wanted: list[Wanted] = []
    for position, item in enumerate(options["targets"]):
        one = _read_target(item, options, "targets[{0}].".format(position))
        if any(one.name == earlier.name for earlier in wanted):
            raise BadValue("targets[{0}].name".format(position), item["name"], "another target of the task has it")
        wanted.append(one)
    return wanted


def _read_target(item: Options, options: Options, where: str) -> Wanted:
    name = read_name(where + "name", item["name"])
    allow = options["allow_disconnect"] if item["allow_disconnect"] is None else item["allow_disconnect"]
    if item["state"] == "absent":
        return Wanted(name, present=False, allow_disconnect=allow)
    attributes = _read_attributes(where + "attributes", item["attributes"])
    for managed in ("authentication", "generate_node_acls"):
        if managed in attributes:
            raise BadValue(where + "attributes", managed, "it is set by what initiators says")
    luns = tuple(_read_luns(where + "luns", item["luns"], name))
    there = [one.lun for one in luns if one.backstore is not None]
    initiators = None
    if item["initiators"] is not None:
        initiators = _read_initiators(where + "initiators", item["initiators"], there)
        attributes["authentication"] = str(int(any(one.auth.userid for one in initiators.values())))
        attributes["generate_node_acls"] = "0"
    return Wanted(
        name,
        portals=_read_portals(where + "portals", item["portals"]),
        luns=luns,
        initiators=initiators,
        sees_all=frozenset(each["name"].lower() for each in item["initiators"] or () if each["luns"] is None),
        attributes=attributes,
        allow_disconnect=allow,
    )


def read_name(where: str, name: str) -> str:
    lower = name.lower()
    if not (_IQN.match(lower) or _OTHER_NAME.match(lower)) or len(lower) > 223:
        raise BadValue(
            where,
            name,
            "an IQN is wanted, such as iqn.2026-01.org.example:storage (a year and month, a domain backwards with a dot"
            " in it, no blank and no underscore)",
        )
    return lower


def _read_portals(where: str, items: t.Sequence[Options] | None) -> tuple[Portal, ...] | None:
    if items is None:
        return None
    if not items:
        raise BadValue(where, [], "a target without an address can't be reached; name one, or leave the option out")
    portals: list[Portal] = []
    for position, item in enumerate(items):
        here = "{0}[{1}].".format(where, position)
        try:
            portal = Portal(plain_address(item["address"]), item["port"])
        except ValueError as error:
            raise BadValue(here + "address", item["address"], "an IPv4 or IPv6 address is wanted") from error
        if not 1 <= portal.port <= 65535:
            raise BadValue(here + "port", portal.port, "1 to 65535 is wanted")
        for other in portals:
            every = {one.address for one in (other, portal)} & {"0.0.0.0", "::"}  # noqa: S104  compared, not bound to
            if other == portal or (every and other.port == portal.port):
                raise BadValue(here + "address", item["address"], "{0} has it already".format(other))
        portals.append(portal)
    return tuple(sorted(portals, key=str))


def _read_luns(where: str, items: t.Sequence[Options], target: str) -> t.Iterator[WantedLun]:
    numbers: set[int] = set()
    names: set[str] = set()
    for position, item in enumerate(items):
        here = "{0}[{1}].".format(where, position)
        _check_lun(here + "lun", item["lun"])
        if item["lun"] in numbers:
            raise BadValue(here + "lun", item["lun"], "another LUN of the target has it")
        numbers.add(item["lun"])
        if item["state"] == "absent":
            yield WantedLun(item["lun"])
            continue
        if not item["name"] or not _BACKSTORE_NAME.match(item["name"]):
            raise BadValue(here + "name", item["name"], "1 to 64 letters, digits and _.:- are wanted")
        if item["name"] in names:
            raise BadValue(here + "name", item["name"], "another LUN of the target has it")
        names.add(item["name"])
        yield WantedLun(item["lun"], _read_backstore(here, item, target), serial=item["wwn"] is not None)


def _read_backstore(here: str, item: Options, target: str) -> Backstore:
    name, device, file = item["name"], item["device"], item["file"]
    if (device is None) == (file is None):
        raise BadValue(here + "device", device, "either a device or a file is wanted")
    for option, path in (("device", device), ("file", file)):
        if path is not None and (not path.startswith("/") or re.search(r"[\s,=]", path)):
            raise BadValue(here + option, path, "an absolute path without blanks, commas and = is wanted")
    for option, only in (("size", file), ("write_back", file), ("readonly", device)):
        if item[option] and only is None:
            other = "file" if device else "device"
            raise BadValue(here + option, item[option], "it is for a {0}".format(other))
    if file is not None and item["size"] is None:
        raise BadValue(here + "size", None, "a file's size is wanted, such as 20GiB")
    size = None if file is None else parse_size(here + "size", item["size"], minimum=1024 * 1024)
    if size is not None and size % 512:
        raise BadValue(here + "size", item["size"], "whole sectors of 512 bytes are wanted")
    wwn = (item["wwn"] or str(uuid.uuid5(_SERIALS, "{0}/{1}".format(target, name)))).lower()
    if not _UNIT_SERIAL.match(wwn):
        raise BadValue(here + "wwn", item["wwn"], "a UUID is wanted")
    return Backstore(
        BLOCK if file is None else FILEIO,
        name,
        path=device or file,
        wwn=wwn,
        size=size,
        write_back=item["write_back"],
        readonly=item["readonly"],
        attributes=_read_attributes(here + "attributes", item["attributes"]),
    )


def _read_initiators(where: str, items: t.Sequence[Options], luns: t.Collection[int]) -> dict[str, Initiator]:
    initiators: dict[str, Initiator] = {}
    for position, item in enumerate(items):
        here = "{0}[{1}].".format(where, position)
        name = read_name(here + "name", item["name"])
        if name in initiators:
            raise BadValue(here + "name", item["name"], "another initiator of the target has it")
        auth = read_auth(here, item)
        if initiators and bool(auth.userid) != bool(next(iter(initiators.values())).auth.userid):
            raise BadValue(here + "userid", item["userid"], "either all initiators of a target have one, or none has")
        wanted = item["luns"] if item["luns"] is not None else [{"lun": lun} for lun in luns]
        initiators[name] = Initiator(name, auth, _read_mappings(here + "luns", wanted))
    return initiators


def read_auth(here: str, item: Options) -> Auth:
    auth = Auth(*(item[name] or "" for name in ("userid", "password", "mutual_userid", "mutual_password")))
    for user, secret, prefix in (
        (auth.userid, auth.password, ""),
        (auth.mutual_userid, auth.mutual_password, "mutual_"),
    ):
        if bool(user) != bool(secret):
            raise BadValue(here + prefix + "userid", user, "a name and a secret go together")
        if user and (user != user.strip() or user == "NULL" or len(user) > 255):
            raise BadValue(here + prefix + "userid", user, "1 to 255 characters without blanks around them are wanted")
        if secret and (secret != secret.strip() or not 12 <= len(secret) <= 255):
            allowed = "12 to 255 characters without blanks around them are wanted"
            raise BadValue(here + prefix + "password", "(hidden)", allowed)
    if auth.mutual_userid and not auth.userid:
        raise BadValue(here + "mutual_userid", auth.mutual_userid, "it is of use only together with userid")
    if auth.mutual_password and auth.mutual_password == auth.password:
        raise BadValue(here + "mutual_password", "(hidden)", "another secret than password is wanted (RFC 7143 12.1.3)")
    return auth


def _read_mappings(where: str, items: t.Sequence[Options]) -> tuple[Mapping, ...]:
    mappings: dict[int, Mapping] = {}
    for position, item in enumerate(items):
        here = "{0}[{1}].".format(where, position)
        number = item.get("mapped_lun")
        number = item["lun"] if number is None else number
        _check_lun(here + "lun", item["lun"])
        _check_lun(here + "mapped_lun", number)
        if number in mappings:
            raise BadValue(here + "mapped_lun", number, "the initiator has that number already")
        mappings[number] = Mapping(number, item["lun"], bool(item.get("write_protect")))
    return tuple(mappings[number] for number in sorted(mappings))


def _check_lun(where: str, number: int) -> None:
    if not 0 <= number <= _HIGHEST_LUN:
        raise BadValue(where, number, "0 to {0} is wanted".format(_HIGHEST_LUN))


def _read_attributes(where: str, given: Options) -> dict[str, str]:
    attributes = {}
    for name, value in given.items():
        if not isinstance(name, str) or not _ATTRIBUTE.match(name):
            raise BadValue(where, name, "an attribute's name is wanted, such as emulate_tpu")
        if not isinstance(value, (str, int)):
            raise BadValue(where + "." + name, value, "a number or a word is wanted")
        # YAML's true and false are LIO's 1 and 0.
        attributes[name] = str(int(value)) if isinstance(value, bool) else str(value).strip()
    return attributes
