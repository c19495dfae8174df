# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a guest should run: found among the hypervisors, checked, and moved.

At every moment the guest runs in at most one place; whatever fails, it goes on where it was, and is defined only there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _libvirt,
    _libvirt_domain,
    _libvirt_migrate,
    _preflight,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._machines import Machine
from ansible_collections.minicloud.kvm.plugins.module_utils._preflight import Place

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle

Result = t.Dict[str, t.Any]


@dataclasses.dataclass
class Wanted:
    """The options of a move."""

    name: str
    dest: str
    hosts: list[str]
    user: str
    uris: dict[str, str]
    mode: str
    fallback: str
    missing: str
    timeout: int
    shutdown_timeout: int
    bandwidth: int | None


@dataclasses.dataclass
class Plan:
    """Where the guest is, where it goes and how; source None: it is there already, or nowhere."""

    dest: Place
    source: Place | None = None
    mode: str = "live"
    found: str | None = None
    leftover: Place | None = None
    copies: list[str] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)


def place(wanted: Wanted, check_mode: bool) -> Result:
    """Find the guest and move it; the module's result."""
    if wanted.dest not in wanted.hosts:
        raise BadValue("dest", wanted.dest, "it is not one of hosts ({0})".format(", ".join(wanted.hosts)))
    with contextlib.ExitStack() as open_connections:
        plan = _plan(wanted, open_connections, check_mode)
        figures: Result = {"time_ms": None, "downtime_ms": None, "bytes": None}
        if plan.source and not check_mode:
            figures.update(_move(wanted, plan, plan.source))
        if plan.leftover and not check_mode:
            _libvirt_migrate.undefine_here(plan.leftover.domain)
    before, after = plan.found, wanted.dest if plan.source else plan.found
    return {
        "changed": bool(plan.source or plan.leftover),
        "name": wanted.name,
        "found": plan.found,
        "source": plan.source.machine.name if plan.source else plan.found,
        "dest": wanted.dest,
        "mode": plan.mode if plan.source else None,
        "left_behind": plan.copies,
        "diff": {
            "before": {wanted.name: _where(before, plan.leftover)},
            "after": {wanted.name: _where(after, None)},
        },
        "warnings": plan.warnings,
        **figures,
    }


def _where(host: str | None, leftover: Place | None) -> Result:
    return {"hypervisor": host, **({"also_defined_on": leftover.machine.name} if leftover else {})}


def _plan(wanted: Wanted, open_connections: contextlib.ExitStack, check_mode: bool) -> Plan:
    places, unreachable = _look(wanted, open_connections)
    dest = places[wanted.dest]
    plan = Plan(dest)
    if unreachable:
        text = "{0} can't be reached: whether {1} is there too is not known".format(", ".join(unreachable), wanted.name)
        plan.warnings.append(text + ".")
    there = [each for each in places.values() if each.domain is not None]
    active = [each for each in there if each.state != "stopped"]
    if len(active) > 1:
        raise KvmError(
            "{0} runs on {1} at once.".format(wanted.name, " and ".join(each.machine.name for each in active)),
            error_code="runs_twice",
            remedy="Power one of them off by hand at once, if they share a disk.",
        )
    if not there:
        return _nowhere(wanted, plan, unreachable)
    uuids = {each.uuid for each in there}
    if len(uuids) > 1:
        raise KvmError(
            "{0} is defined on {1} with different UUIDs: they are different guests of the same name.".format(
                wanted.name, " and ".join(each.machine.name for each in there)
            ),
            error_code="defined_twice",
            remedy="Rename or remove one of them.",
        )
    source = (active or [each for each in there if each is dest] or there)[0]
    plan.found = source.machine.name
    others = [each for each in there if each is not source]
    if len(others) > 1:
        raise KvmError(
            "{0} is defined on {1}.".format(wanted.name, ", ".join(each.machine.name for each in there)),
            error_code="defined_twice",
            remedy="Undefine it where it is not wanted.",
        )
    # The rest of a move that was interrupted: the same guest, not running there.
    plan.leftover = next((each for each in others if source is dest), None)
    if source is dest:
        return plan
    plan.source = source
    plan.mode = "offline" if source.state == "stopped" else wanted.mode
    try:
        plan.copies = _preflight.check(source, dest, plan.mode, plan.warnings, check_mode)
    except KvmError as error:
        if plan.mode == "offline" or wanted.fallback != "offline" or error.error_code not in _preflight.ONLY_LIVE:
            raise
        plan.mode = "offline"
        plan.warnings.append("It can't move while it runs: {0}".format(error.message))
        plan.copies = _preflight.check(source, dest, plan.mode, plan.warnings, check_mode)
    return plan


def _nowhere(wanted: Wanted, plan: Plan, unreachable: list[str]) -> Plan:
    if wanted.missing == "ignore" and not unreachable:
        return plan
    raise NotFound(
        "{0} is on none of {1}{2}.".format(
            wanted.name,
            ", ".join(host for host in wanted.hosts if host not in unreachable),
            "; {0} can't be reached".format(", ".join(unreachable)) if unreachable else "",
        )
    )


def _look(wanted: Wanted, open_connections: contextlib.ExitStack) -> tuple[dict[str, Place], list[str]]:
    """Each hypervisor with the guest on it, if it is; and the names of those that can't be reached."""
    places: dict[str, Place] = {}
    unreachable: list[str] = []
    for name in wanted.hosts:
        machine = Machine(name, wanted.user, wanted.uris.get(name))
        try:
            host = open_connections.enter_context(_libvirt.connect(machine.uri))
        except _libvirt.LibvirtError as error:
            if name == wanted.dest:
                error.error_code = "unreachable"
                raise
            unreachable.append(name)
            continue
        domain = _libvirt_domain.lookup(host, wanted.name)
        state = _libvirt_migrate.state(domain) if domain is not None else "absent"
        uuid = _libvirt.uuid(domain) if domain is not None else ""
        places[name] = Place(machine, host, domain, state, uuid)
    return places, unreachable


def _move(wanted: Wanted, plan: Plan, source: Place) -> Result:
    dest = plan.dest
    autostart = _libvirt.autostart(source.domain)
    persistent = _libvirt.is_persistent(source.domain)
    started = time.monotonic()
    logical = _preflight.logical_disks(source)
    try:
        for path in logical:
            dest.machine.activate(path)
        figures = _live(wanted, plan, source, persistent) if plan.mode == "live" else _offline(wanted, plan, source)
    except KvmError:
        for path in logical:
            dest.machine.deactivate(path)
        raise
    for path in logical:
        # Nobody here would hear of it if it were removed or made larger there.
        if not source.machine.deactivate(path):
            plan.warnings.append("{0} is still active on {1}.".format(path, source.machine.name))
    moved = _libvirt_domain.lookup(dest.host, wanted.name)
    if moved is None:
        raise KvmError("{0} has moved but is not on {1}.".format(wanted.name, wanted.dest), error_code="lost")
    if autostart:
        _libvirt_domain.set_autostart(moved, True)
    job = _libvirt_migrate.job(moved) if plan.mode == "live" else {}
    elapsed = int((time.monotonic() - started) * 1000)
    return {
        "time_ms": job.get("time_elapsed") or elapsed,
        "downtime_ms": job.get("downtime", figures.get("downtime_ms")),
        "bytes": job.get("data_total", job.get("memory_total", 0)),
    }


def _live(wanted: Wanted, plan: Plan, source: Place, persistent: bool) -> Result:
    dest = plan.dest
    _forget_leftover(source, dest)
    uri = "tcp://{0}".format(dest.machine.name)
    try:
        _libvirt_migrate.migrate(source.domain, dest.host, uri, wanted.bandwidth, wanted.timeout, persistent)
    except _libvirt.LibvirtError as error:
        _restore(wanted, source, dest)
        if wanted.fallback != "offline":
            error.facts["found"] = source.machine.name
            error.remedy = error.remedy or "The guest goes on on {0}; nothing has changed.".format(source.machine.name)
            raise
        plan.mode = "offline"
        plan.warnings.append("It could not move while it ran: {0}".format(error.message))
        return _offline(wanted, plan, source)
    return {}


def _restore(wanted: Wanted, source: Place, dest: Place) -> None:
    """After a failed move: the guest runs on the source as before, and is defined only there."""
    if source.state == "running" and _libvirt_migrate.state(source.domain) == "paused":
        _libvirt_domain.resume(source.domain)
    domain = _libvirt_domain.lookup(dest.host, wanted.name)
    if domain is not None and _libvirt_migrate.state(domain) == "stopped":
        _libvirt_migrate.undefine_here(domain)


def _forget_leftover(source: Place, dest: Place) -> None:
    """A definition that an interrupted move left on the target makes way."""
    if dest.domain is not None and dest.uuid == source.uuid:
        _libvirt_migrate.undefine_here(dest.domain)


def _offline(wanted: Wanted, plan: Plan, source: Place) -> Result:
    """Shut down, define on the target, start there, undefine on the source; back again where a step fails."""
    dest = plan.dest
    was_running = source.state != "stopped"
    down = time.monotonic()
    if source.state == "paused":
        _libvirt_domain.resume(source.domain)
    if was_running and _libvirt_domain.shutdown(source.host, {wanted.name: (source.domain, wanted.shutdown_timeout)}):
        raise KvmError(
            "{0} was asked to shut down and has not within {1} s; it goes on on {2}.".format(
                wanted.name, wanted.shutdown_timeout, source.machine.name
            ),
            error_code="timeout",
            remedy="Give it a longer shutdown_timeout, or look at its console.",
        )
    _forget_leftover(source, dest)
    text = _libvirt_domain.xml(source.domain, True)
    moved: Handle | None = None
    try:
        moved = _libvirt_domain.define(dest.host, wanted.name, text)
        if was_running:
            _libvirt_domain.start(moved, paused=source.state == "paused")
    except _libvirt.LibvirtError as error:
        if moved is not None:
            _libvirt_migrate.undefine_here(moved)
        if was_running:
            _libvirt_domain.start(source.domain, paused=source.state == "paused")
        error.remedy = "It is back on {0}.".format(source.machine.name)
        raise
    _libvirt_migrate.undefine_here(source.domain)
    return {"downtime_ms": int((time.monotonic() - down) * 1000) if was_running else None}
