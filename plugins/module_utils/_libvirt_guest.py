# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's calls that tell of running guests: their addresses and statistics."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host, LibvirtError, doing

with contextlib.suppress(ImportError):  # which _libvirt.py reports
    import libvirt

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle

# As virsh domifaddr --source and virsh domstats call them; behind them libvirt's names of the flags.
SOURCES = ("lease", "agent", "arp")
STATS = {
    "state": "STATE",
    "cpu-total": "CPU_TOTAL",
    "balloon": "BALLOON",
    "vcpu": "VCPU",
    "interface": "INTERFACE",
    "block": "BLOCK",
}
# libvirt's daemon works on five requests of a connection at a time.
_AT_ONCE = 5


def addresses(domain: Handle, source: str) -> list[dict[str, t.Any]]:
    """The addresses of a running guest, each with its prefix, interface, MAC address and source."""
    with doing("ask for the addresses of domain {0} ({1})".format(domain.name(), source)):
        found = domain.interfaceAddresses(getattr(libvirt, "VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_" + source.upper()), 0)
    return [
        {
            "address": each["addr"],
            "prefix": each["prefix"],
            "interface": interface,
            "mac": known["hwaddr"],
            "source": source,
        }
        for interface, known in (found or {}).items()
        for each in known["addrs"] or []
    ]


Answer = t.Union[t.List[t.Dict[str, t.Any]], LibvirtError]


def agents(domains: dict[str, Handle], timeout: float) -> dict[str, Answer]:
    """The addresses that guests' agents tell, by domain; those are missing that have not answered within ``timeout``.

    libvirt itself would wait for an agent that has begun to answer without end, or for as long as somebody has set for
    all who ask it: that is not ours to change. So each is asked beside the others, and left alone when time is over.
    """
    waiting: queue.SimpleQueue[tuple[str, Handle]] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()
    for each in domains.items():
        waiting.put(each)

    def ask() -> None:
        while True:
            try:
                name, domain = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                answers.put((name, addresses(domain, "agent")))
            except LibvirtError as error:
                answers.put((name, error))

    for _each in range(min(_AT_ONCE, len(domains))):
        threading.Thread(target=ask, daemon=True, name="guest agents").start()
    told: dict[str, Answer] = {}
    deadline = time.monotonic() + timeout
    while len(told) < len(domains):
        try:
            name, answer = answers.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            break
        told[name] = answer
    return told


def stats(host: Host, domains: t.Sequence[Handle], groups: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    """What libvirt counts of domains, by name: one call. What would have to wait for another job is left out."""
    wanted = 0
    for group in groups:
        wanted |= getattr(libvirt, "VIR_DOMAIN_STATS_" + STATS[group])
    if not domains:
        return {}
    with doing("read the statistics of the domains"):
        found = host.connection.domainListGetStats(
            list(domains), wanted, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        )
    return {str(domain.name()): counted for domain, counted in found}
