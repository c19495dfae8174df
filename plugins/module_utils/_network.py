# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual networks (https://libvirt.org/formatnetwork.html)."""

from __future__ import annotations

import ipaddress
import itertools
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._activatable import Activatable, World, common_rows
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import (
    Address,
    Integer,
    Mac,
    Switch,
    Text,
    Texts,
    Value,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Change, Many, Options, Row

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element

# A network device's name: at most 15 characters (IFNAMSIZ), no slash, no white space.
_DEVICE = Text(r"[^/\s]{1,15}", "the name of a network device has 1 to 15 characters, no slash and no space")


class _Prefix(Integer):
    """A prefix length, which libvirt also takes and keeps as a netmask."""

    def read(self, element: Element, place: str) -> Value | None:
        netmask = _xml.get(element, "@netmask")
        if netmask:
            return ipaddress.ip_network("0.0.0.0/{0}".format(netmask)).prefixlen
        return super().read(element, place)

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.drop(element, "@netmask")
        super().write(element, place, value)


class _Mode(Text):
    """A forward mode without what only another one may have."""

    def write(self, element: Element, place: str, value: Value) -> None:
        for part in {"nat": (), "route": ("nat",), "open": ("nat", "@dev", "interface")}.get(value, ("nat", "@dev")):
            _xml.drop(element, part)
        super().write(element, place, value)


class _Forward(Block):
    """<forward>, which an isolated network has not."""

    def edit(self, element: Element, wanted: Value, field: str) -> list[Change]:
        found = _xml.find(element, "forward")
        mode = "isolated" if found is None else found.get("mode", "nat")
        if wanted["mode"] == mode == "isolated":
            return []
        if wanted["mode"] == "isolated":
            _xml.drop(element, "forward")
        elif mode == "isolated":
            _xml.put(element, "forward/@mode", wanted["mode"])
        else:
            return super().edit(element, wanted, field)
        changes = [Change(field + ".mode", mode, wanted["mode"], self)]
        return changes if wanted["mode"] == "isolated" else changes + super().edit(element, wanted, field)


_DHCP = Block(
    "dhcp",
    "dhcp",
    (
        Many(
            "ranges",
            "range",
            (
                Row("start", "@start", Address(), required=True, help="First address."),
                Row("end", "@end", Address(), required=True, help="Last address."),
            ),
            help="Addresses to lease.",
        ),
        Many(
            "hosts",
            "host",
            (
                Row("mac", "@mac", Mac(), help="MAC address that the reservation is for (IPv4)."),
                Row("name", "@name", help="Name that the host gets."),
                Row("ip", "@ip", Address(), required=True, help="Address that the host gets."),
            ),
            help="Reservations: the address that a MAC address gets.",
            keys=("mac", "ip"),
        ),
    ),
    help="The DHCP server of this address.",
)


class Network(Activatable):
    singular, plural, tag = "network", "networks", "network"
    remembers = True
    essentials = ("forward", "ips")
    parts = "title|description|metadata|forward|bridge|mtu|mac|domain|dns|ip|route|portgroup|vlan|bandwidth|virtualport"
    rows = (
        *common_rows("network"),
        _Forward(
            "forward",
            "forward",
            (
                Row(
                    "mode",
                    "@mode",
                    _Mode(),
                    help="V(nat) and V(route) reach the outside through the host, V(open) adds no firewall rules, "
                    "V(bridge) uses a bridge of the host that is there already, V(isolated) reaches only the host.",
                    choices=("nat", "route", "open", "bridge", "isolated"),
                    required=True,
                    absent="nat",
                ),
                Row("dev", "@dev", _DEVICE, help="The only network device of the host to forward to."),
            ),
            help="How the network reaches the outside. Left out of a new network, it is isolated.",
        ),
        Block(
            "bridge",
            "bridge",
            (
                Row("name", "@name", _DEVICE, help="Name of the host's bridge; libvirt takes virbrN by itself."),
                Row("stp", "@stp", Switch("on", "off"), help="Spanning tree protocol.", absent=True),
                Row("delay", "@delay", Integer(0), help="Forward delay in seconds.", absent=0),
            ),
            help="The bridge that guests are attached to.",
        ),
        Row("mtu", "mtu/@size", Integer(68, 65535), help="MTU in bytes."),
        Block(
            "domain",
            "domain",
            (
                Row("name", "@name", help="DNS domain of the DHCP server's clients.", required=True),
                Row("local_only", "@localOnly", Switch(), help="Never ask the host's resolver for it.", absent=False),
            ),
            help="DNS domain.",
        ),
        Block(
            "dns",
            "dns",
            (
                Row("enable", "@enable", Switch(), help="Whether there is a DNS server.", absent=True),
                Many(
                    "forwarders",
                    "forwarder",
                    (
                        Row("addr", "@addr", Address(), help="DNS server to ask."),
                        Row("domain", "@domain", help="Only for names below this domain."),
                    ),
                    help="DNS servers that are asked instead of the host's.",
                    keys=("addr",),
                ),
                Many(
                    "hosts",
                    "host",
                    (
                        Row("ip", "@ip", Address(), required=True, help="Address."),
                        Row("hostnames", "hostname", Texts(ordered=False), required=True, help="Its names."),
                    ),
                    help="Names that the DNS server knows.",
                    keys=("ip",),
                ),
            ),
            help="The network's DNS server.",
        ),
        Many(
            "ips",
            "ip",
            (
                Row("address", "@address", Address(), required=True, help="The host's address in this network."),
                Row("family", "@family", choices=("ipv4", "ipv6"), help="Follows from the address.", absent="ipv4"),
                Row("prefix", "@prefix", _Prefix(1, 128), required=True, help="Prefix length, such as 24."),
                _DHCP,
            ),
            help="The host's addresses in the network, with the DHCP server of each.",
            keys=("address",),
        ),
    )

    def handles(self, host: Host) -> dict[str, Handle]:
        return _libvirt.networks(host)

    def xml(self, handle: Handle, inactive: bool) -> str:
        return _libvirt.network_xml(handle, inactive)

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        return _libvirt.network_define(host, name, xml)

    def desire(self, options: Options) -> Options:
        desired = super().desire(options)
        for index, ip in enumerate(desired.get("ips", [])):
            _check_ip(ip, "ips[{0}]".format(index))
            for other in desired["ips"][:index]:
                if _range(other).overlaps(_range(ip)):
                    raise BadValue(
                        "ips[{0}].address".format(index), ip["address"], "it is in {0} too".format(_range(other))
                    )
        return desired

    def plan(self, desired: Options, world: World) -> Plan:
        plan = super().plan(desired, world)
        _refuse_overlap(self, desired, world, plan)
        return plan

    def live_plan(self, desired: Options, live: Element, plan: Plan) -> None:
        """DHCP hosts, DHCP ranges and DNS hosts change in place (virNetworkUpdate); the rest waits."""
        addresses = [_xml.get(ip, "@address") for ip in _xml.find_all(live, "ip")]
        for change in self.definition(desired, _xml.clone(live)):
            update = _update(change, addresses)
            if update is None:
                plan.restart_required.append(change.field)
                continue
            if not any(change.field == other.field for other in plan.changes):
                plan.changes.append(change)
            plan.step("update", **update)

    def update(self, world: World, plan: Plan, **update: t.Any) -> None:
        _libvirt.network_update(world.found[plan.name].handle, live=True, **update)


_IN_PLACE = re.compile(
    r"(?:ips\[(?P<ip>[^]]+)]\.dhcp\.(?P<dhcp>hosts|ranges)|(?P<dns>dns)\.hosts)\[[^]]+](?P<part>\..+)?"
)


def _update(change: Change, addresses: list[str | None]) -> Options | None:
    """virNetworkUpdate's arguments for a difference of the running network; None where it can't do it."""
    match = _IN_PLACE.fullmatch(change.field)
    element = change.new if change.new is not None else change.old
    if match is None or element is None:
        return None
    section = "dns_host" if match["dns"] else "ip_dhcp_host" if match["dhcp"] == "hosts" else "ip_dhcp_range"
    command = "modify" if match["part"] else "add" if change.new is not None else "delete"
    if command == "modify" and section != "ip_dhcp_host":
        return None
    index = -1 if match["dns"] else addresses.index(match["ip"]) if match["ip"] in addresses else None
    if index is None:
        return None
    return {"command": command, "section": section, "index": index, "xml": _xml.write(element)}


def _range(ip: Options) -> t.Any:
    """The network that an address with its prefix is in."""
    return ipaddress.ip_network((ip["address"], ip["prefix"]), strict=False)


def _check_ip(ip: Options, field: str) -> None:
    """An address has to fit its prefix, and what the DHCP server leases has to lie in the network."""
    address = ipaddress.ip_address(ip["address"])
    if ip.setdefault("family", "ipv{0}".format(address.version)) != "ipv{0}".format(address.version):
        raise BadValue(field + ".family", ip["family"], "{0} is of the other".format(address))
    if ip["prefix"] > address.max_prefixlen:
        raise BadValue(field + ".prefix", ip["prefix"], "at most {0} is allowed".format(address.max_prefixlen))
    network = _range(ip)
    leased = []
    for option, parts in (("ranges", ("start", "end")), ("hosts", ("ip",))):
        for index, each in enumerate(ip.get("dhcp", {}).get(option, [])):
            leased += [("{0}.dhcp.{1}[{2}].{3}".format(field, option, index, part), each[part]) for part in parts]
            if option == "ranges" and ipaddress.ip_address(each["end"]) < ipaddress.ip_address(each["start"]):  # type: ignore[operator]
                raise BadValue(leased[-1][0], each["end"], "it comes before start, {0}".format(each["start"]))
    for option, each in leased:
        if ipaddress.ip_address(each) not in network:
            raise BadValue(option, each, "it is not in {0}".format(network))


def _ranges(tree: Element) -> list[t.Any]:
    """The networks of a definition's addresses."""
    masks = [
        (_xml.get(ip, "@address"), _xml.get(ip, "@netmask") or _xml.get(ip, "@prefix"))
        for ip in _xml.find_all(tree, "ip")
    ]
    return [ipaddress.ip_network("{0}/{1}".format(*each), strict=False) for each in masks if each[1]]


def _refuse_overlap(kind: Network, desired: Options, world: World, plan: Plan) -> None:
    """Two active networks with the same addresses cut each other off. Entries of a call are taken in their order."""
    if "ranges" not in world.facts:
        world.facts["ranges"] = {
            name: _ranges(_xml.parse(kind.xml(handle, False), name))
            for name, handle in world.facts["handles"].items()
            if _libvirt.is_active(handle)
        }
    active = world.facts["ranges"]
    if plan.state != "active":
        active.pop(desired["name"], None)
    elif any(step.verb == "start" for step in plan.steps):
        tree = next((step.args["tree"] for step in plan.steps if step.verb == "define"), None)
        mine = _ranges(tree if tree is not None else world.found[desired["name"]].config)
        for name, ranges in active.items():
            for wanted, other in itertools.product(mine, ranges):
                if wanted.overlaps(other):
                    raise KvmError(
                        "Network {0}: {1} overlaps {2} of network {3}, which is active.".format(
                            desired["name"], wanted, other, name
                        ),
                        error_code="overlap",
                        remedy="Take other addresses, or make {0} inactive first.".format(name),
                    )
        active[desired["name"]] = mine
