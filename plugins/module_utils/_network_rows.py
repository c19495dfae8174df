# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a network is made of (https://libvirt.org/formatnetwork.html), but for <forward> and the ports."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._activatable import common_rows
from ansible_collections.minicloud.kvm.plugins.module_utils._network_forward_rows import DEVICE, FORWARD, Address4
from ansible_collections.minicloud.kvm.plugins.module_utils._network_port_rows import (
    BANDWIDTH,
    PORTGROUPS,
    VIRTUALPORT,
    VLAN,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

DNSMASQ = "http://libvirt.org/schemas/network/dnsmasq/1.0"
_FAMILY = ("ipv4", "ipv6")
_DNS_NAME = _codecs.Text(r"[A-Za-z0-9_*.-]+", "a DNS name has letters, digits, hyphens, underlines and dots only")


def prefix_of(element: Element) -> int | None:
    """The prefix length of an <ip> or <route>: said, said as a netmask, or what libvirt takes by itself."""
    said = _xml.get(element, "@prefix")
    if said:
        return int(said)
    netmask = _xml.get(element, "@netmask")
    if netmask:
        return ipaddress.ip_network("0.0.0.0/{0}".format(netmask)).prefixlen
    address = _xml.get(element, "@address")
    if address is None or element.tag == "route":
        return None if address is None else 0
    if ":" in address:
        return 64
    # The classes of old: A, B, C.
    first = int(address.partition(".")[0])
    return next((prefix for limit, prefix in ((128, 8), (192, 16), (224, 24)) if first < limit), None)


class _Prefix(_codecs.Integer):
    """A prefix length, which libvirt also takes and keeps as a netmask."""

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        # An element that is being made is given one.
        return None if element.getparent() is None else prefix_of(element)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.drop(element, "@netmask")
        super().write(element, place, value)


_LEASE = Block(
    "lease",
    "lease",
    (
        Row(
            "expiry",
            "@expiry",
            _codecs.Integer(0),
            required=True,
            help="How long; V(0) is for ever, else two minutes or more.",
        ),
        Row("unit", "@unit", help="Unit of it.", choices=("seconds", "minutes", "hours"), absent="minutes"),
    ),
    help="How long an address is leased; dnsmasq has one hour by itself.",
)

_DHCP = Block(
    "dhcp",
    "dhcp",
    (
        Many(
            "ranges",
            "range",
            (
                Row("start", "@start", _codecs.Address(), required=True, help="First address."),
                Row("end", "@end", _codecs.Address(), required=True, help="Last address."),
                _LEASE,
            ),
            live="update",
            help="Addresses to lease.",
        ),
        Many(
            "hosts",
            "host",
            (
                Row("mac", "@mac", _codecs.Mac(), help="MAC address that the reservation is for (IPv4)."),
                Row(
                    "id",
                    "@id",
                    _codecs.Text(
                        r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2})+", "a DUID is wanted, such as 00:01:00:01:2a", True
                    ),
                    help="DHCP unique identifier that the reservation is for (IPv6).",
                ),
                Row(
                    "name",
                    "@name",
                    _codecs.Text(r"[A-Za-z0-9][A-Za-z0-9._-]*", "a host's name begins with a letter or digit"),
                    help="Name that the host gets, or that tells it where there is no O(ips.dhcp.hosts.mac).",
                ),
                Row("ip", "@ip", _codecs.Address(), required=True, help="Address that the host gets."),
                _LEASE,
            ),
            live="update",
            help="Reservations: the address that a MAC address gets.",
            keys=("mac", "id", "ip"),
        ),
        Block(
            "bootp",
            "bootp",
            (
                Row("file", "@file", required=True, help="Boot file, as the server knows it."),
                Row("server", "@server", Address4(), help="Its address; of itself the host.", removable=True),
            ),
            help="What machines boot from the network (IPv4).",
        ),
    ),
    help="The DHCP server of this address.",
)

_IPS = Many(
    "ips",
    "ip",
    (
        Row("address", "@address", _codecs.Address(), required=True, help="The host's address in this network."),
        Row("family", "@family", help="Follows from the address.", choices=_FAMILY, absent="ipv4", keep=True),
        Row("prefix", "@prefix", _Prefix(1, 128), required=True, help="Prefix length, such as 24."),
        Row(
            "local_ptr", "@localPtr", _codecs.Switch(), help="Never ask another DNS server for names of its addresses."
        ),
        Block(
            "tftp",
            "tftp",
            (Row("root", "@root", _codecs.PATH, required=True, help="Directory of the host that it serves."),),
            help="TFTP server for machines that boot from the network (IPv4).",
        ),
        _DHCP,
    ),
    help="The host's addresses in the network, with the DHCP server of each.",
    keys=("address",),
)

_DNS = Block(
    "dns",
    "dns",
    (
        Row("enable", "@enable", _codecs.Switch(), help="Whether there is a DNS server.", absent=True),
        Row(
            "forward_plain_names",
            "@forwardPlainNames",
            _codecs.Switch(),
            help="Whether the host's resolver is asked for names without a dot, which it knows nothing of.",
            absent=True,
        ),
        Many(
            "forwarders",
            "forwarder",
            (
                Row("addr", "@addr", _codecs.Address(), help="DNS server to ask.", removable=True),
                Row("domain", "@domain", _DNS_NAME, help="Only for names below this domain.", removable=True),
            ),
            help="DNS servers that are asked instead of the host's.",
            by_order=True,
        ),
        Many(
            "txts",
            "txt",
            (
                Row(
                    "name",
                    "@name",
                    _codecs.Text(r"[^ ,]+", "it has no space and no comma"),
                    required=True,
                    help="Name.",
                ),
                Row("value", "@value", required=True, help="Text."),
            ),
            live="update",
            help="TXT records.",
        ),
        Many(
            "srvs",
            "srv",
            (
                Row(
                    "service",
                    "@service",
                    _codecs.Text(r"[A-Za-z0-9_+/*-]+", "it has letters, digits and _+/*- only"),
                    required=True,
                    help="Service, such as C(ldap).",
                ),
                Row("protocol", "@protocol", required=True, help="Its protocol.", choices=("tcp", "udp")),
                Row("domain", "@domain", _DNS_NAME, help="Domain that has it; of itself the network's."),
                Row("target", "@target", _DNS_NAME, help="Name of the host that serves it."),
                Row("port", "@port", _codecs.Integer(1, 65535), help="Port that it is served on."),
                Row(
                    "priority", "@priority", _codecs.Integer(0, 65535), help="Hosts of the lowest come first.", absent=0
                ),
                Row(
                    "weight", "@weight", _codecs.Integer(0, 65535), help="Share among hosts of one priority.", absent=0
                ),
            ),
            live="update",
            help="SRV records.",
        ),
        Many(
            "hosts",
            "host",
            (
                Row("ip", "@ip", _codecs.Address(), required=True, help="Address."),
                Row("hostnames", "hostname", _codecs.Texts(ordered=False), required=True, help="Its names."),
            ),
            live="update",
            help="Names that the DNS server knows.",
            keys=("ip",),
        ),
    ),
    help="The network's DNS server.",
)

_ROUTES = Many(
    "routes",
    "route",
    (
        Row("address", "@address", _codecs.Address(), required=True, help="Network to reach."),
        Row("family", "@family", help="Follows from the address.", choices=_FAMILY, absent="ipv4", keep=True),
        Row("prefix", "@prefix", _Prefix(0, 128), required=True, help="Its prefix length."),
        Row("gateway", "@gateway", _codecs.Address(), required=True, help="Address in this network that leads there."),
        Row("metric", "@metric", _codecs.Integer(1, 4294967295), help="The lower, the better; of itself 1.", absent=1),
    ),
    help="Networks that the host reaches through a guest in this one.",
)

STEERING: tuple[AnyRow, ...] = (
    Row(
        "restart",
        None,
        choices=("never", "if_required"),
        help="Whether an active network is stopped and started again when a change needs it. The interfaces of running "
        "guests are plugged back.",
        default="never",
    ),
    Row(
        "force",
        None,
        _codecs.Switch(),
        help="With V(inactive) and V(absent), stop the network though running guests are in it: they lose it.",
        default=False,
    ),
)

ROWS: tuple[AnyRow, ...] = (
    *common_rows("network"),
    *STEERING,
    Row("title", "title", help="A short text about it.", since="9.7.0", removable=True, live="text"),
    Row("description", "description", help="A text about it.", since="9.7.0", removable=True, live="text"),
    Row(
        "ipv6",
        "@ipv6",
        _codecs.Switch(),
        help="Whether guests reach each other by IPv6 where the host has no IPv6 address in the network.",
        absent=False,
    ),
    Row(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        _codecs.Switch(),
        help="Whether the host follows the guests' receive filters.",
        absent=False,
    ),
    FORWARD,
    Block(
        "bridge",
        "bridge",
        (
            Row("name", "@name", DEVICE, help="Name of the host's bridge; libvirt takes virbrN by itself.", keep=True),
            Row("stp", "@stp", _codecs.Switch("on", "off"), help="Spanning tree protocol.", absent=True, keep=True),
            Row("delay", "@delay", _codecs.Integer(0, 30), help="Forward delay in seconds.", absent=0, keep=True),
            Row(
                "zone",
                "@zone",
                _codecs.Text(
                    r"[A-Za-z0-9_-]{1,17}", "firewalld's zones have 1 to 17 letters, digits, hyphens, underlines"
                ),
                help="firewalld's zone of the bridge; of itself C(libvirt).",
                removable=True,
            ),
            Row(
                "mac_table_manager",
                "@macTableManager",
                help="Who learns which MAC address is behind which port. With V(libvirt) nothing is flooded.",
                choices=("kernel", "libvirt"),
                absent="kernel",
            ),
        ),
        help="The bridge that guests are attached to.",
    ),
    Row(
        "mac",
        "mac/@address",
        _codecs.Mac(),
        help="MAC address of the bridge; libvirt makes one, and it is kept.",
        keep=True,
    ),
    Row("mtu", "mtu/@size", _codecs.Integer(68, 65535), help="MTU in bytes."),
    Block(
        "domain",
        "domain",
        (
            Row("name", "@name", _DNS_NAME, help="DNS domain of the DHCP server's clients.", required=True),
            Row(
                "local_only", "@localOnly", _codecs.Switch(), help="Never ask the host's resolver for it.", absent=False
            ),
            Row(
                "register",
                "@register",
                _codecs.Switch(),
                help="Tell systemd-resolved of the host to ask this network for it; needs O(domain.local_only).",
                absent=False,
                since="10.1.0",
            ),
        ),
        help="DNS domain.",
    ),
    _DNS,
    VLAN,
    VIRTUALPORT,
    BANDWIDTH,
    Block(
        "port",
        "port",
        (Row("isolated", "@isolated", _codecs.Switch(), help="Whether guests can't reach each other.", absent=False),),
        help="What holds for every port.",
    ),
    _IPS,
    _ROUTES,
    PORTGROUPS,
    Row(
        "dnsmasq_options",
        "{{{0}}}options/{{{0}}}option/@value".format(DNSMASQ),
        _codecs.Texts(),
        help="Lines for dnsmasq's configuration, such as V(dhcp-option=option:ntp-server,192.0.2.1), as they are. "
        "libvirt does not check them: with a wrong one the network does not start.",
    ),
)
