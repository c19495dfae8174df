# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The running guests of a network: who they are, and how they get back into it after it was stopped.

A network that stops takes its bridge along: the guests' tap devices hang loose, and libvirt does not put them on the
bridge of the network that starts again. It does when an interface changes its network; so each is moved to a network
made for that, and back.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _libvirt_domain, _libvirt_network, _xml

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# A transient network of that name is there while guests are plugged back, or where that was interrupted.
AWAY = "{0}-plug-back"
_DEVICES = "/sys/class/net"


@dataclasses.dataclass(frozen=True)
class Guest:
    """An interface of a running domain."""

    domain: Handle
    network: str
    device: str
    mac: str
    interface: Element

    @property
    def label(self) -> str:
        return "{0} {1}".format(self.domain.name(), self.mac)

    @property
    def bridged(self) -> bool:
        """Whether it is a tap device on a bridge of the host; a device of its own (macvtap) stays what it is."""
        return bool(_xml.get(self.interface, "source/@bridge")) and _xml.find(self.interface, "virtualport") is None


def guests(host: Host) -> list[Guest]:
    """All interfaces of running domains that are in a network."""
    found = []
    for domain, text in _libvirt_network.running_domains(host):
        for interface in _xml.find_all(_xml.parse(text, domain.name()), "devices/interface"):
            network = _xml.get(interface, "source/@network")
            if network is not None:
                device, mac = _xml.get(interface, "target/@dev") or "", _xml.get(interface, "mac/@address") or ""
                found.append(Guest(domain, network, device, mac, interface))
    return found


def _seen_from_here(host: Host) -> bool:
    """Whether that host's devices are this machine's: not over ssh, in libvirt's test driver, or out of a container."""
    here = os.uname().nodename.partition(".")[0]
    return not host.remote and host.uri.startswith("qemu:") and host.hostname().partition(".")[0] == here


def has_device(host: Host, name: str) -> bool:
    """Whether a network device is there, as far as that can be seen from here."""
    return os.path.exists(os.path.join(_DEVICES, name)) or not _seen_from_here(host)


def loose_taps(host: Host) -> set[str]:
    """The host's tap devices that are on no bridge."""
    found = {
        name
        for name in os.listdir(_DEVICES)
        if os.path.exists(os.path.join(_DEVICES, name, "tun_flags"))
        and not os.path.exists(os.path.join(_DEVICES, name, "master"))
    }
    return found if found and _seen_from_here(host) else set()


def plug(host: Host, name: str, members: list[Guest], network: Element) -> None:
    """Put the interfaces back on the bridge of an active network. network: the definition that they were in."""
    away = _libvirt.networks(host).get(AWAY.format(name))
    if away is None and members:
        away = _libvirt_network.create(host, AWAY.format(name), _xml.write(_away(name, members)))
    try:
        for guest in members:
            if guest.network == name:
                _move(guest, AWAY.format(name), network)
            _move(guest, name, network)
    finally:
        # With a guest still in it, it stays for the next run to see.
        if away is not None and not any(guest.network == AWAY.format(name) for guest in guests(host)):
            _libvirt.stop(away)


def _away(name: str, members: list[Guest]) -> Element:
    """A network with a bridge and nothing else; an interface keeps its portgroup when it moves."""
    tree = _xml.new("network")
    _xml.put(tree, "name", AWAY.format(name))
    _xml.put(tree, "dns/@enable", "no")
    for group in sorted({_xml.get(guest.interface, "source/@portgroup") or "" for guest in members} - {""}):
        tree.append(_xml.new("portgroup", name=group))
    return tree


def _move(guest: Guest, target: str, network: Element) -> None:
    _libvirt_domain.update(guest.domain, _xml.write(moved(guest.interface, target, network)))


def moved(interface: Element, target: str, network: Element) -> Element:
    """An interface of a running guest, in another network. network: the definition of the one that it is in.

    A running guest's XML says what it got from the network, too; said of the interface itself, that would stay.
    """
    interface = _xml.clone(interface)
    interface.set("type", "network")
    source = _xml.need(interface, "source")
    for passing in ("portid", "bridge"):
        source.attrib.pop(passing, "")
    source.set("network", target)
    for part in ("bandwidth", "vlan"):
        own, given = _xml.find(interface, part), _xml.find(_portgroup(network, source.get("portgroup")), part)
        if own is not None and given is not None and _xml.canonical(own) == _xml.canonical(given):
            _xml.remove(own)
    if _xml.find(network, "port") is not None:
        _xml.drop(interface, "port")
    return interface


def _portgroup(network: Element, name: str | None) -> Element:
    """The portgroup of an interface: the one that it names, or the default; else an empty one."""
    groups = _xml.find_all(network, "portgroup")
    match = (each for each in groups if (each.get("name") == name if name else each.get("default") == "yes"))
    return next(match, _xml.new("portgroup"))
