# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of guests while they run, and can't be declared: addresses and statistics."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_guest
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LibvirtError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle

# So many domains are named in a warning.
_NAMED = 5


def addresses(
    options: Options, active: dict[str, Handle], running: t.Collection[str]
) -> tuple[dict[str, list[Options]], list[str]]:
    """By name the addresses of active domains, each once, and warnings. running: those that can answer themselves."""
    found: dict[str, list[Options]] = {name: [] for name in active}
    warnings: list[str] = []
    for source in options["addresses"]:
        failed: dict[str, list[str]] = {}
        if source == "agent":
            told = _libvirt_guest.agents({name: active[name] for name in running}, options["agent_timeout"])
            silent = sorted(set(running) - set(told))
            if silent:
                failed["no answer within {0} seconds".format(options["agent_timeout"])] = silent
        else:
            told = {name: _ask(handle, source) for name, handle in active.items()}
        for name in sorted(told):
            answer = told[name]
            if isinstance(answer, LibvirtError):
                # One that has no agent, or is gone since, has nothing to tell.
                if not answer.missing and not answer.unsupported:
                    failed.setdefault(str(answer.__cause__ or answer), []).append(name)
                continue
            known = {each["address"] for each in found[name]}
            found[name] += [each for each in answer if each["address"] not in known]
        warnings += [_unknown(source, why, names) for why, names in failed.items()]
    return found, warnings


def _ask(domain: Handle, source: str) -> _libvirt_guest.Answer:
    try:
        return _libvirt_guest.addresses(domain, source)
    except LibvirtError as error:
        return error


def _unknown(source: str, why: str, names: list[str]) -> str:
    some = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return "{0} could not be asked for the addresses of {1} domains ({2}): {3}.".format(source, len(names), some, why)


def nested(counted: t.Mapping[str, t.Any]) -> Options:
    """libvirt's flat names as dicts: cpu.time is cpu: {time: }. What has a number is an entry of ``each`` (id)."""
    tree: Options = {}
    for name, value in counted.items():
        *steps, last = name.split(".")
        holder: t.Any = tree
        for step in steps:
            if step.isdecimal():
                holder = _entry(holder.setdefault("each", []), int(step))
            elif isinstance(holder.setdefault(step, {}), dict):
                holder = holder[step]
            else:
                # A number of that name is there too.
                holder, last = tree, name
                break
        holder[last] = value
    return tree


def _entry(entries: list[Options], number: int) -> Options:
    found = next((entry for entry in entries if entry["id"] == number), None)
    if found is None:
        found = {"id": number}
        entries.append(found)
    return found
