# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the role guests; the logic is in plugin_utils/_guests.py and _guest_seeds.py."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.minicloud.kvm.plugins.plugin_utils import _guest_seeds, _guests
from ansible_collections.minicloud.kvm.plugins.plugin_utils._guests import BadGuest, Options, Site, Variables

HostVars = t.Mapping[str, Variables]
Filter = t.Callable[..., t.Any]

_PLACING = ("guest_hypervisor", "guest_state", "guest_address")


def _filter(function: Filter) -> Filter:
    """A BadGuest becomes the filter's error."""

    @functools.wraps(function)
    def wrapped(*args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return function(*args, **kwargs)
        except BadGuest as error:
            raise AnsibleFilterError(str(error)) from error

    return wrapped


def guests_work(hostvars: HostVars, guests: list[str], hypervisors: list[str], play_hosts: list[str]) -> Options:
    """Who declares which guests where: {host of the play: {hypervisor, guests, absent}}."""
    places: dict[str, str] = {}
    absent = []
    addresses: dict[str, str] = {}
    for name in guests:
        host = hostvars[name]
        variables = {word: host[word] for word in _PLACING if word in host}
        places[name] = _guests.hypervisor_of(name, variables, hypervisors)
        if _guests.state(name, variables) == "absent":
            absent.append(name)
        elif variables.get("guest_address"):
            # On whatever hypervisor: they may meet.
            address = str(variables["guest_address"]).split("/", 1)[0]
            if addresses.setdefault(address, name) != name:
                raise _guests.bad(
                    name, "its guest_address {0} is that of {1} as well".format(address, addresses[address])
                )
    return _guests.assign(places, absent, play_hosts, hypervisors)


def guests_to_migrate(hostvars: HostVars, work: Options, host: str, hypervisors: list[str]) -> list[str]:
    """The guests of this host's work that have to be looked for on other hypervisors, by what virsh said on each."""
    domains = {}
    for worker, share in work.items():
        found = hostvars[worker].get("__guests_domains") or {}
        if found.get("rc") == 0:
            domains[share["hypervisor"]] = _guests.domains_of(found["stdout_lines"])
    return _guests.to_migrate(work[host]["guests"], work[host]["hypervisor"], hypervisors, domains)


def guests_plan(hostvars: HostVars, work: Options, site: Options, listing: list[str]) -> Options:
    """The options of libvirt_volume and libvirt_domain for one host's work. listing: what virsh list --all said."""
    guests = {name: _guests.variables(hostvars, name) for name in work["guests"]}
    absent = {name: _guests.variables(hostvars, name) for name in work["absent"]}
    active = [name for name, is_active in _guests.domains_of(listing).items() if is_active]
    plan = _guests.declare(guests, absent, Site(**site), active)
    for name, guest in guests.items():
        if _guests.has_seed(guest):
            # What is wrong with a seed is to be said before anything is done.
            _guest_seeds.seed(name, guest, Site(**site), None)
    return plan


def guests_to_fill(hostvars: HostVars, work: Options, host: str) -> list[Options]:
    """The images that this host of the play fills, of those whose volumes were not found. work: of all hosts."""
    waiting = []
    for other in work:
        if other == host:
            break
        if (hostvars[other].get("__guests_volumes") or {}).get("error_code") == "not_found":
            waiting.append(hostvars[other]["__guests_plan"]["images"])
    return _guests.to_fill(hostvars[host]["__guests_plan"]["images"], waiting)


def guests_seeds(
    hostvars: HostVars, work: Options, site: Options, names: list[str], private: list[str], public: list[str]
) -> list[Options]:
    """The options of cloudinit_seed for one host's work. names, private, public: guests and their SSH host keys."""
    keys = {name: {"private": one, "public": other} for name, one, other in zip(names, private, public)}
    guests = {name: _guests.variables(hostvars, name) for name in work["guests"]}
    return [
        _guest_seeds.seed(name, guest, Site(**site), keys.get(name))
        for name, guest in guests.items()
        if _guests.has_seed(guest)
    ]


def guests_known_hosts(hostvars: HostVars, public: t.Mapping[str, str]) -> str:
    """The text of a known_hosts file. public: {guest: public host key}."""
    return _guest_seeds.known_hosts({name: _guests.variables(hostvars, name) for name in public}, public)


class FilterModule:
    def filters(self) -> dict[str, Filter]:
        return {
            each.__name__: _filter(each)
            for each in (guests_work, guests_to_migrate, guests_plan, guests_to_fill, guests_seeds, guests_known_hosts)
        }
