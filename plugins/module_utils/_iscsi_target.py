# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an iSCSI server has: backstores, targets, LUNs, portals, initiators; out of what rtslib dumps or has saved."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass, field

TAG = 1  # the portal group
BLOCK, FILEIO = "block", "fileio"
Key = t.Tuple[str, str]  # a backstore's plugin and name


@dataclass(frozen=True)
class Backstore:
    """What is behind a LUN. plugin: BLOCK, FILEIO, or another of LIO's. size: bytes, of a file; None of a device."""

    plugin: str
    name: str
    path: str
    wwn: str = ""
    size: int | None = None
    write_back: bool = False
    readonly: bool = False
    attributes: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return (self.plugin, self.name)


@dataclass(frozen=True)
class Portal:
    """An address, without brackets, and a port."""

    address: str
    port: int = 3260

    def __str__(self) -> str:
        return ("[{0}]:{1}" if ":" in self.address else "{0}:{1}").format(self.address, self.port)


@dataclass(frozen=True)
class Auth:
    """CHAP names and secrets, both ways; empty where there is none. Never shown."""

    userid: str = ""
    password: str = field(default="", repr=False)
    mutual_userid: str = ""
    mutual_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Mapping:
    """A LUN of the target as one initiator sees it."""

    mapped_lun: int
    lun: int
    write_protect: bool = False

    def __str__(self) -> str:
        shown = "LUN {0}".format(self.lun)
        if self.mapped_lun != self.lun:
            shown += " as {0}".format(self.mapped_lun)
        return shown + (" for reading only" if self.write_protect else "")


@dataclass(frozen=True)
class Initiator:
    """Who may log in. session: whether it is logged in."""

    name: str
    auth: Auth = field(default_factory=Auth)
    mappings: tuple[Mapping, ...] = ()
    session: bool = False


@dataclass(frozen=True)
class Target:
    """A target and its first portal group."""

    name: str
    enabled: bool = True
    attributes: t.Mapping[str, str] = field(default_factory=dict)
    luns: t.Mapping[int, Key] = field(default_factory=dict)
    portals: tuple[Portal, ...] = ()
    initiators: t.Mapping[str, Initiator] = field(default_factory=dict)


@dataclass(frozen=True)
class Lio:
    """All that is there."""

    backstores: t.Mapping[Key, Backstore] = field(default_factory=dict)
    targets: t.Mapping[str, Target] = field(default_factory=dict)


def parse(dump: t.Mapping[str, t.Any], sessions: t.Mapping[str, t.Collection[str]] | None = None) -> Lio:
    """What rtslib dumps, or saveconfig.json(5) has. sessions: by target, the initiators that are logged in."""
    backstores = [_backstore(entry) for entry in dump.get("storage_objects", ())]
    targets = [
        _target(entry, (sessions or {}).get(entry["wwn"], ()))
        for entry in dump.get("targets", ())
        if entry.get("fabric") == "iscsi"
    ]
    return Lio({one.key: one for one in backstores}, {one.name: one for one in targets})


def _backstore(entry: t.Mapping[str, t.Any]) -> Backstore:
    plugin = entry["plugin"]
    return Backstore(
        plugin,
        entry["name"],
        path=str(entry.get("dev") or ""),
        wwn=entry.get("wwn") or "",
        size=entry.get("size") if plugin == FILEIO else None,
        # Of a block device this is what the device says of itself.
        write_back=bool(entry.get("write_back")) and plugin == FILEIO,
        readonly=bool(entry.get("readonly")),
        attributes={name: str(value) for name, value in entry.get("attributes", {}).items()},
    )


def _target(entry: t.Mapping[str, t.Any], sessions: t.Collection[str]) -> Target:
    groups = [each for each in entry.get("tpgs", ()) if each.get("tag") == TAG]
    group: t.Mapping[str, t.Any] = groups[0] if groups else {"enable": False}
    luns = {}
    for each in group.get("luns", ()):
        plugin, name = each["storage_object"].split("/")[2:]
        luns[each["index"]] = (plugin, name)
    initiators = [_initiator(each, each["node_wwn"] in sessions) for each in group.get("node_acls", ())]
    return Target(
        entry["wwn"],
        enabled=bool(group.get("enable", True)),
        attributes={name: str(value) for name, value in group.get("attributes", {}).items()},
        luns=luns,
        portals=tuple(
            sorted(
                (Portal(plain_address(each["ip_address"]), int(each["port"])) for each in group.get("portals", ())),
                key=str,
            )
        ),
        initiators={one.name: one for one in initiators},
    )


def _initiator(entry: t.Mapping[str, t.Any], session: bool) -> Initiator:
    mappings = [
        Mapping(each["index"], each["tpg_lun"], bool(each.get("write_protect")))
        for each in entry.get("mapped_luns", ())
    ]
    return Initiator(
        entry["node_wwn"],
        Auth(*(entry.get("chap_" + name) or "" for name in ("userid", "password", "mutual_userid", "mutual_password"))),
        tuple(sorted(mappings, key=lambda each: each.mapped_lun)),
        session,
    )


def plain_address(text: str) -> str:
    """An address in its one spelling, without brackets. ValueError where it is none."""
    return str(ipaddress.ip_address(text.strip("[]")))


def wwid(wwn: str) -> str:
    """By what an initiator knows a disk (its NAA name, as udev and multipath write it): LIO makes it of the digits of
    the unit serial, behind its own number."""
    digits = [char for char in wwn.lower() if char in "0123456789abcdef"]
    return "36001405" + "".join(digits)[:25] if wwn else ""


def describe(target: Target | None, backstores: t.Mapping[Key, Backstore]) -> list[str]:
    """A target in words, without secrets."""
    if target is None:
        return []
    lines = ["target {0}{1}".format(target.name, "" if target.enabled else " (disabled)")]
    lines += ["portal {0}".format(portal) for portal in target.portals]
    for number, key in sorted(target.luns.items()):
        there = backstores.get(key)
        lines.append("LUN {0}: {1}".format(number, key[1] if there is None else describe_backstore(there)))
    for _name, one in sorted(target.initiators.items()):
        words = ["initiator {0}".format(one.name)]
        if one.auth.userid:
            words.append("CHAP {0}".format(one.auth.userid))
        if one.auth.mutual_userid:
            words.append("mutual CHAP {0}".format(one.auth.mutual_userid))
        lines.append(", ".join(words + [str(each) for each in one.mappings]))
    return lines


def describe_backstore(one: Backstore) -> str:
    """A backstore in words."""
    words = ["{0} {1} on {2}".format(one.plugin, one.name, one.path)]
    if one.size is not None:
        words.append("{0} bytes".format(one.size))
    words += ["wwn {0}".format(one.wwn)] if one.wwn else []
    words += ["read-only"] if one.readonly else []
    words += ["write back"] if one.write_back else []
    return ", ".join(words)
