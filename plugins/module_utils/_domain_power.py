# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Domains on and off: what a declared state asks for, in which order, and many at once.

Whatever changes definitions is done before; then come the domains that go down, those that depend on others first, and
at last those that come up, those that others depend on first. Domains that do not wait for each other go together.
"""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_domain
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan, Step
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host

# So many calls run at once: libvirt's default is that a client has five, and twenty workers for all clients.
_AT_ONCE = 4
_DOWN = ("stop", "save", "discard", "suspend")
_UP = ("start", "resume")
POWER = (*_DOWN, *_UP)


def plan(desired: Options, plan: Plan, before: str | None) -> None:
    """Add the steps from the state before (None: not there) to the declared one."""
    was = before or "stopped"
    wanted = plan.state if plan.state != "present" else was
    plan.state = wanted
    if before and wanted != was:
        plan.change("state", was, wanted)
    ask = {"force": desired["force"], "timeout": desired["timeout"]}
    restart = wanted == was == "running" and (
        desired["restart"] == "always" or (desired["restart"] == "if_required" and bool(plan.restart_required))
    )
    if restart:
        plan.change("restart", None, ", ".join(plan.restart_required) or "always")
        plan.step("stop", resume=False, **ask)
        plan.step("start", paused=False)
        plan.restart_required = []
    elif wanted == "stopped" and was == "saved":
        _plan_discard(desired, plan)
    elif wanted == "stopped" and was != "stopped":
        plan.step("stop", resume=was == "paused", **ask)
        plan.restart_required = []
    elif wanted == "saved" and was in ("running", "paused"):
        plan.step("save")
    elif wanted == "saved" and was == "stopped":
        _refuse_saved(plan, bool(before))
    elif wanted in ("running", "paused") and was in ("stopped", "saved"):
        plan.step("start", paused=wanted == "paused")
    elif wanted == "paused" and was == "running":
        plan.step("suspend")
    elif wanted == "running" and was == "paused":
        plan.step("resume")


def _plan_discard(desired: Options, plan: Plan) -> None:
    if not desired["force"]:
        raise KvmError(
            "Domain {0} is saved: to make it stopped would throw its memory away.".format(plan.name),
            error_code="saved",
            remedy="Declare it running first, so that its guest can shut down, or force: true.",
        )
    plan.step("discard")
    plan.restart_required = []


def _refuse_saved(plan: Plan, there: bool) -> None:
    raise KvmError(
        "Domain {0} is {1}: what does not run can't be saved.".format(plan.name, "stopped" if there else "not there"),
        error_code="not_running",
        remedy="Declare it running first.",
    )


def levels(declared: t.Sequence[Options]) -> list[set[str]]:
    """Names in the order in which they come up; those of one level do not wait for each other."""
    wanted = {str(each["name"]): list(each.get("depends_on", [])) for each in declared}
    for name, others in wanted.items():
        for other in others:
            if other not in wanted:
                raise BadValue(
                    "depends_on", other, "domain {0} can only wait for domains of the same task".format(name)
                )
    ordered: list[set[str]] = []
    done: set[str] = set()
    while len(done) < len(wanted):
        level = {name for name, others in wanted.items() if name not in done and done.issuperset(others)}
        if not level:
            left = sorted(set(wanted) - done)
            raise BadValue("depends_on", ", ".join(left), "these domains wait for each other")
        ordered.append(level)
        done |= level
    return ordered


def apply(host: Host, handles: dict[str, Handle], plans: list[Plan], ordered: list[set[str]]) -> None:
    """Take the power steps of all plans."""
    steps = [(plan, step) for plan in plans for step in plan.steps if step.verb in POWER]
    for level in reversed(ordered):
        _together(handles, [(p, s) for p, s in steps if p.name in level and s.verb in _DOWN and s.verb != "stop"])
        _stop_all(host, handles, [(p, s) for p, s in steps if p.name in level and s.verb == "stop"])
    for level in ordered:
        _together(handles, [(p, s) for p, s in steps if p.name in level and s.verb in _UP])


def _take(handle: Handle, step: Step) -> None:
    if step.verb == "start":
        _libvirt_domain.start(handle, step.args["paused"])
    elif step.verb == "resume":
        _libvirt_domain.resume(handle)
    elif step.verb == "suspend":
        _libvirt_domain.suspend(handle)
    elif step.verb == "save":
        _libvirt_domain.save(handle)
    elif step.verb == "discard":
        _libvirt_domain.discard_saved(handle)


def _together(handles: dict[str, Handle], steps: list[tuple[Plan, Step]]) -> None:
    """Take steps of different domains at once; every one of them is tried before the first failure is told."""
    if len(steps) < 2:
        for plan, step in steps:
            _take(handles[plan.name], step)
        return
    with concurrent.futures.ThreadPoolExecutor(min(_AT_ONCE, len(steps))) as pool:
        running = [(plan, pool.submit(_take, handles[plan.name], step)) for plan, step in steps]
    errors: list[tuple[Plan, KvmError]] = []
    for plan, future in running:
        try:
            future.result()
        except KvmError as error:
            errors.append((plan, error))
    _raise([plan.name for plan, _error in errors], [error for _plan, error in errors])


def _stop_all(host: Host, handles: dict[str, Handle], steps: list[tuple[Plan, Step]]) -> None:
    """Ask all guests to shut down, then wait for all."""
    for plan, step in steps:
        if step.args["resume"]:
            # A paused guest hears nothing.
            _libvirt_domain.resume(handles[plan.name])
    asked = {plan.name: (handles[plan.name], step.args["timeout"]) for plan, step in steps}
    up = _libvirt_domain.shutdown(host, asked)
    errors = []
    for plan, step in steps:
        if plan.name in up and step.args["force"]:
            _libvirt_domain.destroy(handles[plan.name])
        elif plan.name in up:
            errors.append(
                KvmError(
                    "Domain {0} was asked to shut down and has not within {1} s.".format(
                        plan.name, step.args["timeout"]
                    ),
                    error_code="timeout",
                    remedy="Look at its console (virsh console {0}), give it a longer timeout, or force: true.".format(
                        plan.name
                    ),
                )
            )
    _raise([plan.name for plan, step in steps if plan.name in up and not step.args["force"]], errors)


def _raise(names: list[str], errors: list[KvmError]) -> None:
    """The first failure, which names the other domains that failed too."""
    if not errors:
        return
    first = errors[0]
    if len(errors) > 1:
        first.message += " The same task failed for {0} too.".format(", ".join(names[1:]))
        first.facts["failed_domains"] = names
    raise first
