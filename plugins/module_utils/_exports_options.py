# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of an NFS export: which there are, and what a list of them means.

Sources: exports(5) of nfs-utils 2.5 to 2.8, and where the page is silent (acl, pnfs, the order in which options
take effect) the behaviour of exportfs(8), which writes every option out in its table. The tests compare both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Callable, Iterable, Sequence

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue


@dataclass(frozen=True)
class Switch:
    """Two opposite options. ``off`` is the default; the first spelling of each is the one that is shown."""

    on: tuple[str, ...]
    off: tuple[str, ...] = ()
    by_flavor: bool = False  # may differ from one sec= group to the next


SWITCHES: tuple[Switch, ...] = (
    Switch(("rw",), ("ro",), by_flavor=True),
    Switch(("no_root_squash",), ("root_squash",), by_flavor=True),
    Switch(("all_squash",), ("no_all_squash",), by_flavor=True),
    Switch(("async",), ("sync",)),
    Switch(("no_wdelay",), ("wdelay",)),
    Switch(("nohide",), ("hide",)),
    Switch(("crossmnt",), ("nocrossmnt",)),
    Switch(("subtree_check",), ("no_subtree_check",)),
    Switch(("insecure",), ("secure",)),
    Switch(("insecure_locks", "no_auth_nlm"), ("secure_locks", "auth_nlm")),
    Switch(("no_acl",), ("acl",)),
    Switch(("pnfs",), ("no_pnfs",)),
    Switch(("nordirplus",)),
    Switch(("security_label",)),
)
_SETS: dict[str, tuple[Switch, bool]] = {
    spelling: (switch, is_on)
    for switch in SWITCHES
    for is_on, spellings in ((True, switch.on), (False, switch.off))
    for spelling in spellings
}
_VARYING = frozenset(switch.on[0] for switch in SWITCHES if switch.by_flavor)

_FLAVORS = {"sys": "sys", "unix": "sys", "none": "none", "null": "none"}
_FLAVORS.update({name: name for name in ("krb5", "krb5i", "krb5p")})
_XPRTSEC = ("none", "tls", "mtls")


def _number(text: str) -> str | None:
    """A uid or gid, as the 32 bits that the kernel sees: -2 is 4294967294."""
    if not re.fullmatch(r"-[12]|[0-9]{1,10}", text) or int(text) >= 2**32:
        return None
    return str(int(text) % 2**32)


def _fsid(text: str) -> str | None:
    """root (which is 0), a number (decimal, 0x hexadecimal, 0 octal), or a UUID with any punctuation.

    exportfs writes numbers from 2**31 on as negative ones into its table.
    """
    if text == "root":
        return "0"
    if re.fullmatch(r"-[0-9]{1,10}", text):
        return str(int(text) % 2**32)
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", text):
        base = 16 if text[1:2] in ("x", "X") else 8 if text.startswith("0") and len(text) > 1 else 10
        if base != 8 or not re.search("[89]", text):
            return str(int(text, base)) if int(text, base) < 2**32 else None
    digits = re.sub("[^0-9a-fA-F]", "", text)
    return digits.lower() if len(digits) == 32 else None


def _path(text: str) -> str | None:
    return text if text.startswith("/") else None


def _locations(text: str) -> str | None:
    """path@host[+host][:path@host[+host]]"""
    parts = text.split(":/")
    return text if text.startswith("/") and all("@" in part.strip("@") for part in parts) else None


def _transports(text: str) -> str | None:
    """The order does not matter, and all three are the default."""
    wanted = set(text.split(":"))
    return ":".join(name for name in _XPRTSEC if name in wanted) if wanted <= set(_XPRTSEC) else None


def _one_of(*words: str) -> Callable[[str], str | None]:
    return lambda text: text if text in words else None


@dataclass(frozen=True)
class Value:
    """An option with a value: what makes it canonical (None: not valid), what is allowed, its default."""

    canonical: Callable[[str], str | None]
    allowed: str
    default: str | None = None


VALUES: dict[str, Value] = {
    "anonuid": Value(_number, "a uid is wanted", "65534"),
    "anongid": Value(_number, "a gid is wanted", "65534"),
    "fsid": Value(_fsid, "root, a number or a UUID is wanted"),
    "mountpoint": Value(_path, "an absolute path is wanted"),
    "refer": Value(_locations, "path@host[+host][:path@host[+host]] is wanted"),
    "replicas": Value(_locations, "path@host[+host][:path@host[+host]] is wanted"),
    "xprtsec": Value(_transports, "a list of none, tls, mtls, separated by colons, is wanted", ":".join(_XPRTSEC)),
    "reexport": Value(
        _one_of("none", "auto-fsidnum", "predefined-fsidnum"),
        "none, auto-fsidnum or predefined-fsidnum is wanted",
        "none",
    ),
}
_ALIASES = {"mp": "mountpoint"}
KNOWN: tuple[str, ...] = (*_SETS, "mountpoint", "mp", "sec=", *(name + "=" for name in VALUES))


@dataclass(frozen=True)
class _Setting:
    """One option as read: two options with the same slot set the same thing, the later one wins."""

    slot: str
    name: str
    value: str  # canonical; of a switch: "on" or "off"
    by_flavor: bool = False


def _read(option: str) -> _Setting | None:
    """What an option sets; None where it isn't known or its value isn't valid. sec= isn't read here."""
    if option in _SETS:
        switch, is_on = _SETS[option]
        return _Setting(switch.on[0], switch.on[0], "on" if is_on else "off", switch.by_flavor)
    name, equals, text = option.partition("=")
    name = _ALIASES.get(name, name)
    if name == "mountpoint" and not equals:
        return _Setting(name, name, "")
    canonical = VALUES[name].canonical(text) if name in VALUES and equals else None
    if canonical is None:
        return None
    # Of refer and replicas exportfs keeps the last one. exports(5) allows a number and a UUID for fsid, but exportfs
    # then reads the number from the UUID's first digits: here they exclude each other.
    return _Setting("refer" if name == "replicas" else name, name, canonical)


def _flavors(option: str) -> list[str] | None:
    """The security flavors that sec= names; None where it isn't one, or names another."""
    name, _equals, text = option.partition("=")
    flavors = [_FLAVORS.get(flavor, "") for flavor in text.split(":")]
    return flavors if name == "sec" and all(flavors) else None


@dataclass(frozen=True)
class Meaning:
    """What a list of options amounts to; two lists that do the same are equal.

    switches: what departs from the default and holds for every security flavor.
    flavors: the security flavors by preference, each with what departs from the default for it alone.
    values: name and canonical value, defaults left out. unknown: what this collection doesn't know, as it is written.
    """

    switches: frozenset[str]
    flavors: tuple[tuple[str, frozenset[str]], ...]
    values: frozenset[tuple[str, str]]
    unknown: tuple[str, ...] = ()

    def without(self, *names: str) -> Meaning:
        """The same but for some of the values."""
        return replace(self, values=frozenset(pair for pair in self.values if pair[0] not in names))

    def options(self) -> list[str]:
        """A short list of options that means this, in a fixed order."""
        result: list[str] = []
        groups = list(self.flavors)
        if len({ons for _name, ons in groups}) == 1:
            groups = [(":".join(name for name, _ons in groups), groups[0][1])]
        for names, ons in groups:
            if len(groups) > 1 or names != "sys":
                result.append("sec=" + names)
            for switch in SWITCHES:
                if switch.by_flavor and switch.on[0] in ons:
                    result.append(switch.on[0])
                elif switch.by_flavor and (switch is SWITCHES[0] or len(groups) > 1):
                    result.append(switch.off[0])  # ro always: nobody should have to know the default
        result += [switch.on[0] for switch in SWITCHES if switch.on[0] in self.switches]
        order = list(VALUES)
        for name, value in sorted(self.values, key=lambda pair: (order.index(pair[0]), pair[1])):
            result.append("{0}={1}".format(name, value) if value else name)
        return result + list(self.unknown)


def split(text: str) -> list[str]:
    """The options of a comma separated list; blanks before an option don't count, nor does a last comma."""
    parts = [part.lstrip(" \t") for part in text.split(",")]
    return parts[:-1] if parts[-1] == "" else parts


def meaning(*groups: Iterable[str]) -> Meaning:
    """What groups of options mean, one after the other: the default options of a line, then a client's own.

    Later options win. ``sec=`` adds flavors, which start with what was said so far; what follows changes only these.
    """
    general: set[str] = set()
    flavors: dict[str, set[str]] = {}
    values: dict[str, tuple[str, str]] = {}
    unknown: list[str] = []
    for group in groups:
        active: list[set[str]] = []
        for option in group:
            named = _flavors(option)
            setting = _read(option)
            if named is not None:
                active = [flavors.setdefault(name, set(general)) for name in named]
            elif setting is None:
                unknown.append(option)
            elif option in _SETS:
                for ons in [general, *active]:
                    (ons.add if setting.value == "on" else ons.discard)(setting.name)
            else:
                values[setting.slot] = (setting.name, setting.value)
    return Meaning(
        switches=frozenset(general - _VARYING),
        flavors=tuple((name, frozenset(ons & _VARYING)) for name, ons in (flavors or {"sys": general}).items()),
        values=frozenset(pair for pair in values.values() if VALUES[pair[0]].default != pair[1]),
        unknown=tuple(unknown),
    )


def check(label: str, options: Sequence[str]) -> None:
    """BadValue where an option isn't known, its value isn't valid, or two of them contradict each other.

    label: the option of the task that the list was given for.
    """
    said: dict[str, tuple[_Setting, str]] = {}
    for option in options:
        if _flavors(option) is not None:  # a new group of flavors has its own ro, rw and squashing
            said = {slot: pair for slot, pair in said.items() if not pair[0].by_flavor}
            continue
        setting = _read(option)
        if setting is None or re.search(r'[\s,()"\\#]', option):
            raise BadValue(label, option, _why_not(option))
        before, spelling = said.setdefault(setting.slot, (setting, option))
        if before != setting:
            raise BadValue(label, list(options), "{0} and {1} contradict each other".format(spelling, option))


def _why_not(option: str) -> str:
    name, equals, _text = option.partition("=")
    name = _ALIASES.get(name, name)
    if name == "sec" and equals:
        return "security flavors, separated by colons, are wanted: {0}".format(", ".join(_FLAVORS))
    if name in VALUES and equals:
        return "{0}, without blanks, commas, quotes or brackets".format(VALUES[name].allowed)
    return "exports(5) has no such option; one an item, of {0}".format(", ".join(KNOWN))
