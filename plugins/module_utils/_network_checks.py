# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a network can't be: combinations that libvirt refuses only when it defines or starts it, or drops silently."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._network_forward_rows import (
    SERVED,
    check_forward,
    mode_of,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._network_port_rows import check_ports
from ansible_collections.minicloud.kvm.plugins.module_utils._network_rows import DNSMASQ, prefix_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

Net = t.Any  # an IPv4Network or IPv6Network
# The first libvirt that has VLANs on a bridge of the host.
_BRIDGE_VLAN = 11000000
# Modes in which a guest has a device of its own.
_PASSED = ("hostdev", "passthrough")
_LEASE_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}


def check_options(desired: Options) -> None:
    """What is declared has to fit together; completes what follows from it (families)."""
    if "forward" in desired:
        check_forward(desired["forward"])
    ips = desired.get("ips", [])
    for index, ip in enumerate(ips):
        _check_ip(ip, "ips[{0}]".format(index))
        for other in ips[:index]:
            if _range(other).overlaps(_range(ip)):
                raise BadValue(
                    "ips[{0}].address".format(index), ip["address"], "it is in {0} too".format(_range(other))
                )
    if desired.get("mtu", 1280) < 1280 and any(ip["family"] == "ipv6" for ip in ips):
        raise BadValue("mtu", desired["mtu"], "IPv6 needs at least 1280")
    for index, route in enumerate(desired.get("routes", [])):
        _check_route(route, "routes[{0}]".format(index))
    domain = desired.get("domain", {})
    if domain.get("register") and not domain.get("local_only"):
        raise BadValue("domain.register", True, "it needs domain.local_only: true, or names would be asked in circles")
    _check_dns(desired.get("dns", {}))
    check_ports(desired)


def _range(ip: Options) -> Net:
    """The network that an address with its prefix is in."""
    return ipaddress.ip_network((ip["address"], ip["prefix"]), strict=False)


def _check_family(each: Options, field: str) -> t.Any:
    address = ipaddress.ip_address(each["address"])
    if each.setdefault("family", "ipv{0}".format(address.version)) != "ipv{0}".format(address.version):
        raise BadValue(field + ".family", each["family"], "{0} is of the other".format(address))
    if each["prefix"] > address.max_prefixlen:
        raise BadValue(field + ".prefix", each["prefix"], "at most {0} is allowed".format(address.max_prefixlen))
    return address


def _check_route(route: Options, field: str) -> None:
    _check_family(route, field)
    network = _range(route)
    if str(network.network_address) != route["address"]:
        raise BadValue(
            field + ".address", route["address"], "a network's address is wanted, such as {0}".format(network)
        )
    if ipaddress.ip_address(route["gateway"]).version != network.version:
        raise BadValue(field + ".gateway", route["gateway"], "it is not of {0}".format(route["family"]))


def _check_ip(ip: Options, field: str) -> None:
    """An address has to fit its prefix, and what the DHCP server leases has to lie in the network."""
    address = _check_family(ip, field)
    network, dhcp = _range(ip), ip.get("dhcp", {})
    for option, value in (("tftp", ip.get("tftp")), ("dhcp.bootp", dhcp.get("bootp"))):
        if network.version == 6 and value is not None:
            raise BadValue("{0}.{1}".format(field, option), value, "it is for IPv4 only")
    for index, each in enumerate(dhcp.get("ranges", [])):
        where = "{0}.dhcp.ranges[{1}]".format(field, index)
        for part in ("start", "end"):
            _check_inside(each[part], network, "{0}.{1}".format(where, part))
        if _ordered(each["end"]) < _ordered(each["start"]):
            raise BadValue(where + ".end", each["end"], "it comes before start, {0}".format(each["start"]))
        _check_lease(each, where)
    seen = {str(address): "the host"}
    for index, each in enumerate(dhcp.get("hosts", [])):
        where = "{0}.dhcp.hosts[{1}]".format(field, index)
        _check_host(each, network, where)
        if each["ip"] in seen:
            raise BadValue(where + ".ip", each["ip"], "it is {0}'s".format(seen[each["ip"]]))
        seen[each["ip"]] = "dhcp.hosts[{0}]".format(index)


def _check_host(host: Options, network: Net, field: str) -> None:
    _check_inside(host["ip"], network, field + ".ip")
    wrong, right = ("mac", "id") if network.version == 6 else ("id", "mac")
    if wrong in host:
        raise BadValue("{0}.{1}".format(field, wrong), host[wrong], "a host of {0} has {1}".format(network, right))
    if right not in host and "name" not in host:
        raise BadValue(field, host, "either {0} or name is wanted".format(right))
    _check_lease(host, field)


def _ordered(address: str) -> int:
    return int(ipaddress.ip_address(address))


def _check_inside(address: str, network: Net, field: str) -> None:
    each = ipaddress.ip_address(address)
    if each not in network:
        raise BadValue(field, address, "it is not in {0}".format(network))
    if network.version == 4 and network.prefixlen < 31 and each in (network[0], network[-1]):
        raise BadValue(field, address, "it is the address of {0} itself or of all hosts in it".format(network))


def _check_lease(each: Options, field: str) -> None:
    lease = each.get("lease")
    if lease is None:
        return
    if lease["expiry"] == 0:
        lease.pop("unit", None)
    elif lease["expiry"] * _LEASE_UNITS[lease.get("unit", "minutes")] < 120:
        raise BadValue(field + ".lease.expiry", lease["expiry"], "two minutes is the least")


def _check_dns(dns: Options) -> None:
    for option in ("forwarders", "txts", "srvs", "hosts"):
        if dns.get("enable") is False and dns.get(option):
            raise BadValue("dns." + option, dns[option], "with dns.enable: false there is nobody to serve it")
    for index, each in enumerate(dns.get("forwarders", [])):
        if not each.get("addr") and not each.get("domain"):
            raise BadValue("dns.forwarders[{0}]".format(index), each, "addr or domain is wanted")
    for index, each in enumerate(dns.get("srvs", [])):
        for option in ("port", "priority", "weight"):
            if option in each and "target" not in each:
                raise BadValue("dns.srvs[{0}].{1}".format(index, option), each[option], "it needs a target")


# --- the whole definition -------------------------------------------------------------------------------------------


def ranges(tree: Element) -> list[Net]:
    """The networks of a definition's addresses."""
    found = [(_xml.get(ip, "@address") or "", prefix_of(ip)) for ip in _xml.find_all(tree, "ip")]
    return [ipaddress.ip_network((address, prefix), strict=False) for address, prefix in found if prefix is not None]


def check_definition(tree: Element, version: int) -> None:
    """A definition as it is going to be, whatever of it was declared. version: libvirt's."""
    mode = mode_of(tree)
    if mode in SERVED:
        if mode != "isolated" and not _xml.find_all(tree, "ip"):
            raise BadValue("forward.mode", mode, "it needs an address of the host: declare ips")
        _check_dhcp(tree)
        _check_gateways(tree)
    else:
        _check_unserved(tree, mode)
    _check_ports(tree, mode, version)


def _check_unserved(tree: Element, mode: str) -> None:
    """A network that only hands out what the host has."""
    served = {
        "ip": "ips",
        "route": "routes",
        "domain": "domain",
        "mtu": "mtu",
        "mac": "mac",
        "bridge/@stp": "bridge.stp",
        "bridge/@delay": "bridge.delay",
        "bridge/@zone": "bridge.zone",
        "{{{0}}}options".format(DNSMASQ): "dnsmasq_options",
        **{"dns/" + tag: "dns.{0}s".format(tag) for tag in ("forwarder", "txt", "srv", "host")},
    }
    for place, option in served.items():
        if _xml.get(tree, place) is not None:
            raise BadValue(
                "forward.mode", mode, "the network has {0}, which is for {1}".format(option, ", ".join(SERVED))
            )
    bridge = _xml.find(tree, "bridge") is not None
    if bridge and mode != "bridge":
        raise BadValue("forward.mode", mode, "the network has a bridge, which is for bridge, " + ", ".join(SERVED))
    for option, place in (("dev", "@dev"), ("interfaces", "interface"), ("pf", "pf")):
        if bridge and _xml.get(tree, "forward/" + place) is not None:
            raise BadValue("forward." + option, _xml.get(tree, "forward/" + place), "the network has a bridge")
    if not bridge and _xml.find(tree, "port") is not None:
        raise BadValue("port", mode, "there is no bridge whose ports it could be about")


def _check_dhcp(tree: Element) -> None:
    seen: dict[str, str] = {}
    for ip in _xml.find_all(tree, "ip"):
        address, family = _xml.get(ip, "@address") or "", _xml.get(ip, "@family") or "ipv4"
        if _xml.find(ip, "dhcp/range") is None and _xml.find(ip, "dhcp/host") is None:
            if _xml.find(ip, "dhcp/bootp") is not None:
                allowed = "it needs ranges or hosts that are leased to"
                raise BadValue("ips[{0}].dhcp.bootp".format(address), _xml.get(ip, "dhcp/bootp/@file"), allowed)
            continue
        if family in seen:
            allowed = "{0} has a DHCP server; there is one for {1}".format(seen[family], family)
            raise BadValue("ips[{0}].dhcp".format(address), family, allowed)
        seen[family] = address


def _check_gateways(tree: Element) -> None:
    for route in _xml.find_all(tree, "route"):
        gateway = _xml.get(route, "@gateway")
        if gateway and not any(ipaddress.ip_address(gateway) in network for network in ranges(tree)):
            where = "routes[{0}].gateway".format(_xml.get(route, "@address"))
            raise BadValue(where, gateway, "no address of the host is in a network with it")


def _check_ports(tree: Element, mode: str, version: int) -> None:
    """VLANs and bandwidth are for some sorts of network; a portgroup's virtual port comes before the network's."""
    shaped = mode in SERVED or (mode == "bridge" and _xml.get(tree, "bridge/@name") is not None)
    groups = _xml.find_all(tree, "portgroup")
    for each, field in [(tree, ""), *((group, _group(group)) for group in groups)]:
        if _xml.find(each, "bandwidth") is not None and not shaped:
            raise BadValue(field + "bandwidth", mode, "it needs a network with a bridge")
    tagged = _xml.find(tree, "vlan") is not None
    port = _xml.get(tree, "virtualport/@type")
    switched = mode == "bridge" and (port == "openvswitch" or (port is None and version >= _BRIDGE_VLAN))
    if tagged and not any(_xml.get(group, "@default") == "yes" for group in groups):
        _check_vlan("vlan", switched or mode in _PASSED, mode, port)
    for group in groups:
        if tagged or _xml.find(group, "vlan") is not None:
            own = _xml.find(group, "virtualport") is not None
            kind = _xml.get(group, "virtualport/@type") if own else port
            good = mode == "bridge" and kind == "openvswitch" if own else switched or mode in _PASSED
            _check_vlan(_group(group) + "vlan", good, mode, kind)


def _group(group: Element) -> str:
    return "portgroups[{0}].".format(_xml.get(group, "@name"))


def _check_vlan(field: str, good: bool, mode: str, port: str | None) -> None:
    if not good:
        allowed = "it needs mode bridge with an Open vSwitch virtualport, or mode hostdev or passthrough"
        raise BadValue(field, "{0} with {1}".format(mode, port) if port else mode, allowed)
