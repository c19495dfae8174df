# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a network can't be is refused before anything is done: an option by itself, and the definition as a whole."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._network import Network
from ansible_collections.minicloud.kvm.plugins.module_utils._network_checks import check_definition
from ansible_collections.minicloud.kvm.plugins.module_utils._network_rows import prefix_of

Args = t.Dict[str, t.Any]


def refused(options: Args, version: int = 9000000) -> None:
    """What a plan for a new network does before its first step."""
    kind = Network()
    desired = kind.desire({"name": "lab", "state": "present", **options})
    tree = kind.fresh(desired)
    kind.definition(desired, tree)
    check_definition(tree, version)


BAD: list[tuple[Args, str]] = [
    *(
        ({"forward": forward}, words)
        for forward, words in (
            ({"mode": "nat", "managed": True}, "forward.managed: True is not valid: it is for mode hostdev only"),
            ({"mode": "route", "nat": {"ipv6": True}}, "forward.nat"),
            ({"mode": "open", "dev": "eth0"}, "forward.dev: 'eth0' is not valid: it is for mode nat, route, bridge"),
            ({"mode": "isolated", "dev": "eth0"}, "forward.dev"),
            ({"mode": "hostdev", "interfaces": ["eth0"]}, "forward.interfaces"),
            ({"mode": "bridge", "addresses": ["0000:03:10.1"]}, "forward.addresses"),
            ({"mode": "hostdev", "addresses": ["3:10.1"]}, "forward.addresses: '3:10.1' is not valid"),
            ({"mode": "hostdev", "addresses": ["0000:03:10.1"], "pf": "eth0"}, "there is addresses too"),
            ({"mode": "vepa", "dev": "eth0", "interfaces": ["eth1"]}, "it has to be the first of interfaces"),
            ({"mode": "vepa", "dev": "eth0", "pf": "eth1"}, "there is dev too"),
            ({"mode": "vepa", "interfaces": ["eth1", "eth1"]}, "it is listed twice"),
            ({"mode": "nat", "interfaces": ["eth1", "eth2"]}, "mode nat has one only"),
            ({"mode": "nat", "nat": {"port": {"start": 9, "end": 8}}}, "forward.nat.port.end: 8 is not valid"),
            ({"mode": "nat", "nat": {"address": {"start": "192.0.2.9", "end": "192.0.2.10"}}}, "declare ips"),
            ({"mode": "nat", "nat": {"address": {"start": "192.0.2.10", "end": "192.0.2.9"}}}, "before start"),
            ({"mode": "nat", "nat": {"address": {"start": "2001:db8::1", "end": "2001:db8::2"}}}, "an IPv4 address"),
        )
    ),
    *(
        ({"forward": {"mode": "bridge"}, "bridge": {"name": "br-there"}, **more}, words)
        for more, words in (
            ({"ips": [{"address": "203.0.113.1", "prefix": 24}]}, "the network has ips"),
            ({"mtu": 1400}, "the network has mtu"),
            ({"mac": "52:54:00:00:00:01"}, "the network has mac"),
            ({"domain": {"name": "x.test"}}, "the network has domain"),
            ({"bridge": {"name": "br0", "stp": False}}, "the network has bridge.stp"),
            ({"bridge": {"name": "br0", "zone": "trusted"}}, "the network has bridge.zone"),
            ({"dns": {"forwarders": [{"addr": "192.0.2.1"}]}}, "the network has dns.forwarders"),
            ({"dnsmasq_options": ["domain-needed"]}, "the network has dnsmasq_options"),
            ({"forward": {"mode": "vepa"}}, "the network has a bridge"),
            ({"forward": {"mode": "bridge", "dev": "eth0"}}, "forward.dev: 'eth0' is not valid: the network has a br"),
            ({"virtualport": {"type": "midonet"}}, "type midonet needs it"),
            ({"virtualport": {"parameters": {"profileid": "x"}}}, "virtualport.type"),
            (
                {"virtualport": {"type": "openvswitch", "parameters": {"managerid": 1}}},
                "virtualport.parameters.managerid: 1 is not valid: type openvswitch has profileid, interfaceid",
            ),
            ({"virtualport": {"type": "802.1Qbg"}, "vlan": {"tags": [{"id": 4}]}}, "vlan: 'bridge with 802.1Qbg'"),
            ({"vlan": {"tags": [{"id": 4096}]}}, "vlan.tags[0].id: 4096 is not valid"),
            ({"vlan": {"tags": []}}, "vlan.tags"),
            ({"vlan": {"tags": [{"id": 1}, {"id": 1}]}}, "vlan.tags[1].id"),
            ({"vlan": {"trunk": False, "tags": [{"id": 1}, {"id": 2}]}}, "vlan.trunk"),
            (
                {"vlan": {"tags": [{"id": 1, "native_mode": "tagged"}, {"id": 2, "native_mode": "tagged"}]}},
                "a trunk has one native VLAN only",
            ),
        )
    ),
    *(
        ({"ips": [{"address": "203.0.113.1", "prefix": 24}], **more}, words)
        for more, words in (
            ({"vlan": {"tags": [{"id": 4}]}}, "vlan: 'isolated' is not valid: it needs mode bridge with an Open vS"),
            ({"portgroups": [{"name": "a", "vlan": {"tags": [{"id": 4}]}}]}, "portgroups[a].vlan: 'isolated'"),
            ({"portgroups": [{"name": "a"}, {"name": "a"}]}, "portgroups[1].name"),
            ({"portgroups": [{"name": "a", "default": True}, {"name": "b", "default": True}]}, "portgroup a is the"),
            ({"bandwidth": {"inbound": {"peak": 5}}}, "bandwidth.inbound.average"),
            ({"bandwidth": {"inbound": {"average": 5, "peak": 4}}}, "bandwidth.inbound.peak"),
            ({"bandwidth": {"inbound": {"average": 0}}}, "bandwidth.inbound.average: 0 is not valid"),
            (
                {"forward": {"mode": "private", "dev": "eth0"}, "ips": [], "bandwidth": {"inbound": {"average": 5}}},
                "a bridge",
            ),
            ({"forward": {"mode": "private", "dev": "eth0"}, "ips": [], "port": {"isolated": True}}, "port: 'private'"),
            ({"domain": {"name": "x y"}}, "domain.name"),
            (
                {"domain": {"name": "x.test", "register": True}},
                "domain.register: True is not valid: it needs domain.lo",
            ),
            ({"dns": {"enable": False, "hosts": [{"ip": "192.0.2.1", "hostnames": ["x"]}]}}, "dns.hosts"),
            ({"dns": {"forwarders": [{}]}}, "dns.forwarders[0]"),
            ({"dns": {"srvs": [{"service": "x.y", "protocol": "tcp"}]}}, "dns.srvs[0].service"),
            ({"dns": {"srvs": [{"service": "x", "protocol": "tcp", "port": 1}]}}, "dns.srvs[0].port: 1 is not valid"),
            ({"dns": {"txts": [{"name": "x y", "value": "z"}]}}, "dns.txts[0].name"),
            (
                {"routes": [{"address": "192.0.2.0", "prefix": 24, "gateway": "192.0.2.1"}]},
                "no address of the host is in",
            ),
            ({"routes": [{"address": "192.0.2.1", "prefix": 24, "gateway": "203.0.113.2"}]}, "such as 192.0.2.0/24"),
            ({"routes": [{"address": "192.0.2.0", "prefix": 24, "gateway": "2001:db8::1"}]}, "routes[0].gateway"),
            ({"bridge": {"delay": 31}}, "bridge.delay: 31 is not valid"),
            ({"mtu": 1000, "ips": [{"address": "2001:db8::1", "prefix": 64}]}, "IPv6 needs at least 1280"),
            ({"ips": [{"address": "2001:db8::1", "prefix": 64, "tftp": {"root": "/x"}}]}, "ips[0].tftp"),
            (
                {"ips": [{"address": "2001:db8::1", "prefix": 64, "dhcp": {"bootp": {"file": "x"}}}]},
                "ips[0].dhcp.bootp",
            ),
            (
                {
                    "ips": [
                        {
                            "address": f"203.0.{n}.1",
                            "prefix": 24,
                            "dhcp": {"ranges": [{"start": f"203.0.{n}.9", "end": f"203.0.{n}.19"}]},
                        }
                        for n in (1, 2)
                    ]
                },
                "203.0.1.1 has a DHCP server; there is one for ipv4",
            ),
        )
    ),
    *(
        ({"ips": [{"address": "203.0.113.1", "prefix": 24, "dhcp": dhcp}]}, words)
        for dhcp, words in (
            ({"bootp": {"file": "x"}}, "it needs ranges or hosts"),
            (
                {"ranges": [{"start": "203.0.113.0", "end": "203.0.113.9"}]},
                "it is the address of 203.0.113.0/24 itself",
            ),
            ({"ranges": [{"start": "203.0.113.9", "end": "203.0.113.9", "lease": {"expiry": 1}}]}, "two minutes"),
            ({"hosts": [{"ip": "203.0.113.9"}]}, "either mac or name is wanted"),
            ({"hosts": [{"id": "00:01", "ip": "203.0.113.9"}]}, "a host of 203.0.113.0/24 has mac"),
            ({"hosts": [{"name": "a", "ip": "203.0.113.9"}, {"name": "b", "ip": "203.0.113.9"}]}, "dhcp.hosts[0]'s"),
            ({"hosts": [{"name": "a", "ip": "203.0.113.1"}]}, "it is the host's"),
            ({"hosts": [{"name": "-a", "ip": "203.0.113.2"}]}, "dhcp.hosts[0].name"),
        )
    ),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=lambda value: str(value)[:70])
def test_what_does_not_fit_is_refused(options: Args, words: str) -> None:
    with pytest.raises(BadValue) as error:
        refused(options)
    assert words in error.value.message


def test_a_vlan_on_a_bridge_of_the_host_needs_a_newer_libvirt() -> None:
    options = {"forward": {"mode": "bridge"}, "bridge": {"name": "br0"}, "vlan": {"tags": [{"id": 4}]}}
    with pytest.raises(BadValue):
        refused(options, 10999999)
    refused(options, 11000000)


@pytest.mark.parametrize(
    ("xml", "prefix"),
    [
        ("<ip address='10.0.0.1'/>", 8),
        ("<ip address='172.16.0.1'/>", 16),
        ("<ip address='192.168.7.1'/>", 24),
        ("<ip address='224.0.0.1'/>", None),
        ("<ip family='ipv6' address='2001:db8::1'/>", 64),
        ("<ip address='10.0.0.1' netmask='255.255.240.0'/>", 20),
        ("<ip address='10.0.0.1' prefix='30'/>", 30),
        ("<route address='0.0.0.0' gateway='10.0.0.7'/>", 0),
    ],
)
def test_the_prefix_that_libvirt_takes(xml: str, prefix: int | None) -> None:
    """virNetworkIPDefPrefix of libvirt's network_conf.c; a route without one leads everywhere."""
    assert prefix_of(_xml.parse(xml, "it")) == prefix
