# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to change so that a machine is logged in to the iSCSI targets that are declared: a pure function."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import Auth, Portal

LOGGED_IN = "LOGGED_IN"
_SECRETS = ("node.session.auth.password", "node.session.auth.password_in")


@dataclass(frozen=True)
class Path:
    """A disk as one session has it. holder: the multipath device on top of it, empty where there is none; in_use:
    whether that, or else the disk, is mounted or has another device on top of it. Sizes in bytes."""

    device: str
    size: int
    holder: str = ""
    holder_size: int = 0
    in_use: bool = False


@dataclass(frozen=True)
class Session:
    """A session of the kernel's. state: LOGGED_IN, FAILED (the server does not answer, iscsid goes on) or FREE."""

    number: int
    target: str
    portal: Portal
    state: str = LOGGED_IN
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Record:
    """What open-iscsi knows of a target at a portal: what is done at boot, and how. file: where it keeps that."""

    target: str
    portal: Portal
    file: str
    values: t.Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Machine:
    """What a machine has."""

    sessions: tuple[Session, ...] = ()
    records: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """A target as a task declares it. gone: portals that are to go. auth: None where the task says nothing of it."""

    target: str
    present: bool = True
    portals: tuple[Portal, ...] = ()
    gone: tuple[Portal, ...] = ()
    startup: str = "automatic"
    auth: Auth | None = None
    settings: t.Mapping[str, str] = field(default_factory=dict)
    rescan: bool = True
    allow_disconnect: bool = False

    def values(self) -> dict[str, str]:
        """What its records shall say; an empty value is one that shall not be there."""
        values = {"node.startup": self.startup, **self.settings}
        if self.auth is not None:
            values["node.session.auth.authmethod"] = "CHAP" if self.auth.userid else "None"
            values["node.session.auth.username"] = self.auth.userid
            values["node.session.auth.password"] = self.auth.password
            values["node.session.auth.username_in"] = self.auth.mutual_userid
            values["node.session.auth.password_in"] = self.auth.mutual_password
        return values


@dataclass(frozen=True)
class Step:
    """One thing to be done. method: of the machine's side (_iscsi_session_system.py), with args. said: in words."""

    method: str
    args: tuple[t.Any, ...] = field(repr=False)
    said: str


@dataclass
class Plan:
    """What is to be done for one target. relogin: the settings that a running session takes only at its next login.

    rescan: the sessions to look for new disks and sizes in; what that finds nobody knows before.
    """

    wanted: Wanted
    steps: list[Step] = field(default_factory=list)
    relogin: list[str] = field(default_factory=list)
    rescan: list[Session] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def connects(self) -> list[Portal]:
        """The portals that have to answer."""
        return list(dict.fromkeys(step.args[1] for step in self.steps if step.method in ("discover", "login")))


def plan(wanted: Wanted, machine: Machine) -> Plan:
    """What has to change for one target. KvmError where what would be logged out is in use."""
    todo = Plan(wanted)
    sessions = {one.portal: one for one in machine.sessions if one.target == wanted.target}
    records: dict[Portal, list[Record]] = {}
    for one in machine.records:
        if one.target == wanted.target:
            records.setdefault(one.portal, []).append(one)
    if not wanted.present:
        _leave(todo, list(sessions), list(records), sessions)
        return todo
    _leave(
        todo,
        [portal for portal in wanted.gone if portal in sessions],
        [portal for portal in wanted.gone if portal in records],
        sessions,
    )
    for portal in wanted.portals:
        _plan_portal(todo, portal, records.get(portal, []), sessions.get(portal))
    for portal, session in sessions.items():
        if portal not in wanted.portals and portal not in wanted.gone:
            todo.warnings.append(
                "There is a session with {0} at {1} too, which the task does not name. It stays.".format(
                    wanted.target, portal
                )
            )
        if session.state != LOGGED_IN and portal in wanted.portals:
            todo.warnings.append(
                "The session with {0} at {1} is there, but {1} does not answer (state {2}).".format(
                    wanted.target, portal, session.state
                )
            )
    if wanted.rescan:
        todo.rescan = [one for one in sessions.values() if one.state == LOGGED_IN and one.portal in wanted.portals]
    return todo


def _plan_portal(todo: Plan, portal: Portal, records: t.Sequence[Record], session: Session | None) -> None:
    target, values = todo.wanted.target, todo.wanted.values()
    if not records:
        todo.steps.append(Step("discover", (target, portal), "record of {0}".format(portal)))
        names = sorted(name for name, value in values.items() if value)
        todo.steps.append(Step("set_values", (target, portal, values), _said(portal, values, names, {})))
    for record in records:
        names = sorted(name for name, value in values.items() if record.values.get(name, "") != value)
        if names:
            todo.steps.append(Step("set_values", (target, portal, values), _said(portal, values, names, record.values)))
            if session is not None:
                todo.relogin += [name for name in names if name != "node.startup" and name not in todo.relogin]
            break  # one step is for all of the portal's records
    if session is None:
        todo.steps.append(Step("login", (target, portal), "session at {0}".format(portal)))


def _said(portal: Portal, values: t.Mapping[str, str], names: t.Sequence[str], old: t.Mapping[str, str]) -> str:
    """The values that change, without secrets."""
    words = []
    for name in names:
        hidden = name in _SECRETS
        if hidden:
            words.append("{0}: (hidden)".format(name))
        elif name in old:
            words.append("{0}: {1} instead of {2}".format(name, values[name] or "nothing", old[name]))
        else:
            words.append("{0}: {1}".format(name, values[name]))
    return "{0}: {1}".format(portal, ", ".join(words))


def _leave(
    todo: Plan, logout: t.Sequence[Portal], forget: t.Sequence[Portal], sessions: t.Mapping[Portal, Session]
) -> None:
    """Log out and forget, where nothing is lost by it."""
    target = todo.wanted.target
    rest = {path.holder for portal, one in sessions.items() if portal not in logout for path in one.paths} - {""}
    used = sorted(
        {
            path.holder or path.device
            for portal in logout
            for path in sessions[portal].paths
            if path.in_use and path.holder not in rest
        }
    )
    if used and not todo.wanted.allow_disconnect:
        raise KvmError(
            "Failed to log out of {0}: {1} {2} in use (mounted, or other devices are on top). Nothing was done.".format(
                target, ", ".join(used), "is" if len(used) == 1 else "are"
            ),
            error_code="in_use",
            remedy="Stop what uses it, or set allow_disconnect: true where that may lose its disk.",
            devices=used,
        )
    for portal in logout:
        todo.steps.append(Step("logout", (target, portal), "no session at {0}".format(portal)))
    for portal in forget:
        todo.steps.append(Step("forget", (target, portal), "no record of {0}".format(portal)))


def to_resize(machine: Machine, targets: t.Collection[str]) -> list[str]:
    """Multipath devices all of whose paths have grown, and they have not."""
    paths: dict[str, list[Path]] = {}
    for session in machine.sessions:
        for path in session.paths:
            if path.holder and session.target in targets and session.state == LOGGED_IN:
                paths.setdefault(path.holder, []).append(path)
    return sorted(holder for holder, each in paths.items() if all(path.size > path.holder_size for path in each))


def disks(machine: Machine, targets: t.Collection[str]) -> dict[str, int]:
    """The disks of these targets, each once, with their sizes in bytes."""
    found: dict[str, int] = {}
    for session in machine.sessions:
        for path in session.paths:
            if session.target in targets:
                found[path.holder or path.device] = path.holder_size if path.holder else path.size
    return dict(sorted(found.items()))
