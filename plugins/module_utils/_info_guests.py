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
        if source == "agent":
            told = _libvirt_guest.agents({name: active[name] for name in running}, options["agent_timeout"])
            silent = sorted(set(running) - set(told))
            if silent:
                warnings.append(_silent(silent, options["agent_timeout"]))
        else:
            told = {name: _ask(handle, source) for name, handle in active.items()}
        for name in active:
            answer = told.get(name, [])
            if isinstance(answer, LibvirtError):
                if not answer.missing and not (answer.unsupported and source != "agent"):
                    warnings.append(answer.message)
                continue
            known = {each["address"] for each in found[name]}
            found[name] += [each for each in answer if each["address"] not in known]
    return found, warnings


def _ask(domain: Handle, source: str) -> _libvirt_guest.Answer:
    try:
        return _libvirt_guest.addresses(domain, source)
    except LibvirtError as error:
        return error


def _silent(names: list[str], timeout: int) -> str:
    some = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return "The guest agents of {0} domains have not answered within {1} seconds: {2}.".format(
        len(names), timeout, some
    )


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
