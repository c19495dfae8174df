# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_net on this machine's own libvirtd."""

from __future__ import annotations

import re
import socket
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_net"


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    """All that there is of this test's networks, the definition and the live one of each."""

    def run() -> str:
        names = [name for name in virsh("net-list", "--all", "--name").split() if name.startswith(scratch)]
        return "\n".join(
            virsh("net-dumpxml", name) + virsh("net-dumpxml", "--inactive", name) + virsh("net-info", name)
            for name in sorted(names)
        )

    return run


@pytest.fixture
def bridge(scratch: str) -> str:
    return "mb" + scratch.rpartition("-")[2]


@pytest.fixture
def lab(scratch: str, bridge: str) -> Args:
    """A network with all that a typed option can say of it."""
    return {
        "name": scratch + "-lab",
        "forward": {"mode": "nat"},
        "bridge": {"name": bridge, "stp": True, "delay": 0},
        "mtu": 1400,
        "domain": {"name": "lab.test", "local_only": True},
        "dns": {
            "enable": True,
            "forwarders": [{"addr": "192.0.2.53", "domain": "example.org"}, {"addr": "192.0.2.54"}],
            "hosts": [{"ip": "198.51.100.1", "hostnames": ["gate", "gate.lab.test"]}],
        },
        "ips": [
            {
                "address": "198.51.100.1",
                "prefix": 24,
                "dhcp": {
                    "ranges": [{"start": "198.51.100.100", "end": "198.51.100.200"}],
                    "hosts": [{"mac": "52:54:00:77:00:0b", "name": "host1", "ip": "198.51.100.11"}],
                },
            },
            {"address": "2001:db8:77::1", "prefix": 64},
        ],
    }


def fields(result: Args) -> list[str]:
    return [change["field"] for network in result["networks"] for change in network["changes"]]


def test_what_stands_beside_a_list_counts_for_all(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str
) -> None:
    one, other = scratch + "-one", scratch + "-other"
    names = [{"name": one}, {"name": other, "autostart": False}]
    done = converge(MODULE, {"networks": names, "state": "present", "autostart": True}, look)
    assert [each["state"] for each in done["networks"]] == ["inactive", "inactive"]
    assert [re.search(r"Autostart: +(\w+)", virsh("net-info", name))[1] for name in (one, other)] == ["yes", "no"]  # type: ignore[index]
    # What may destroy something is not said of all at once.
    before = look()
    gone = {"networks": names, "state": "absent"}
    failed = run_module(MODULE, {**gone, "force": True}, expect="failed")
    assert (failed["error_code"], failed["msg"][:28]) == ("bad_value", "force stands beside networks")
    assert look() == before
    # Without it they would be made and started.
    converge(MODULE, gone, look)
    assert not {one, other} & set(virsh("net-list", "--all", "--name").split())


def test_from_nothing_to_active_and_back(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, lab: Args, bridge: str
) -> None:
    done = converge(MODULE, {**lab, "autostart": True}, look)
    assert done["changed"]
    assert done["network"]["state"] == "active"
    assert done["network"]["uuid"] == virsh("net-uuid", lab["name"]).strip()
    info = virsh("net-info", lab["name"])
    assert re.search(r"Active:\s+yes", info)
    assert re.search(r"Autostart:\s+yes", info)
    shown = subprocess.run(["ip", "-o", "addr", "show", bridge], capture_output=True, text=True, check=True).stdout
    assert "198.51.100.1/24" in shown
    assert "2001:db8:77::1/64" in shown
    assert (
        "mtu 1400" in subprocess.run(["ip", "link", "show", bridge], capture_output=True, text=True, check=True).stdout
    )

    done = converge(MODULE, {"name": lab["name"], "state": "inactive", "autostart": False}, look)
    assert fields(done) == ["autostart", "state"]
    assert re.search(r"Active:\s+no", virsh("net-info", lab["name"]))
    done = converge(MODULE, {"name": lab["name"]}, look)
    assert fields(done) == ["state"]

    done = converge(MODULE, {"name": lab["name"], "state": "absent"}, look)
    assert done["diff"] == {
        "before": {f"network {lab['name']}": {"state": "active"}},
        "after": {f"network {lab['name']}": {"state": "absent"}},
    }
    assert lab["name"] not in virsh("net-list", "--all", "--name")


def test_absent_in_check_mode_deletes_nothing(run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    """community.libvirt deletes an inactive network in check mode."""
    run_module(MODULE, {"name": scratch, "state": "present", "forward": {"mode": "isolated"}})
    before = look()
    assert run_module(MODULE, {"name": scratch, "state": "absent"}, check=True)["changed"]
    assert look() == before
    assert run_module(MODULE, {"name": scratch, "state": "absent"})["changed"]
    assert not run_module(MODULE, {"name": scratch, "state": "absent"})["changed"]


def test_reservations_and_names_change_in_place(
    converge: t.Any, virsh: t.Any, look: t.Any, lab: Args, bridge: str
) -> None:
    converge(MODULE, lab, look)
    index = Path(f"/sys/class/net/{bridge}/ifindex")
    before = index.read_text()
    dhcp = lab["ips"][0]["dhcp"]
    dhcp["hosts"] = [
        {"mac": "52:54:00:77:00:0b", "name": "host1", "ip": "198.51.100.12"},
        {"mac": "52:54:00:77:00:0c", "name": "host2", "ip": "198.51.100.13"},
    ]
    lab["dns"]["hosts"].append({"ip": "198.51.100.9", "hostnames": ["nine"]})
    done = converge(MODULE, lab, look)
    assert fields(done) == [
        "dns.hosts[198.51.100.9]",
        "ips[198.51.100.1].dhcp.hosts[52:54:00:77:00:0b].ip",
        "ips[198.51.100.1].dhcp.hosts[52:54:00:77:00:0c]",
    ]
    assert done["network"]["restart_required"] == []
    for which in ([], ["--inactive"]):
        xml = virsh("net-dumpxml", *which, lab["name"])
        assert "198.51.100.13" in xml
        assert "198.51.100.12" in xml
        assert "198.51.100.11'" not in xml
        assert "nine" in xml

    dhcp["hosts"] = dhcp["hosts"][:1]
    dhcp["ranges"] = [{"start": "198.51.100.100", "end": "198.51.100.150"}]
    lab["dns"]["hosts"] = lab["dns"]["hosts"][:1]
    done = converge(MODULE, lab, look)
    assert done["network"]["restart_required"] == []
    assert "198.51.100.150" in virsh("net-dumpxml", lab["name"])
    assert "52:54:00:77:00:0c" not in virsh("net-dumpxml", lab["name"])
    assert index.read_text() == before, "the bridge is another one: guests have lost their network"


def test_all_that_libvirt_can_change_in_place_is_changed_so(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, lab: Args, bridge: str
) -> None:
    """DHCP, DNS records, portgroups, the device: live and in the definition, and the bridge stays the same one."""
    lab["dns"]["txts"] = [{"name": "one", "value": "first"}, {"name": "two", "value": "second"}]
    lab["dns"]["srvs"] = [{"service": "ldap", "protocol": "tcp", "target": "ds1.lab.test", "port": 389}]
    lab["portgroups"] = [{"name": "a", "default": True}, {"name": "b"}]
    lab["ips"][1]["dhcp"] = {"hosts": [{"name": "six", "ip": "2001:db8:77::6"}]}
    hosts = [{"mac": f"52:54:00:77:00:0{n}", "name": f"host{n}", "ip": f"198.51.100.1{n}"} for n in range(3)]
    lab["ips"][0]["dhcp"]["hosts"] = hosts
    converge(MODULE, lab, look)
    index = Path(f"/sys/class/net/{bridge}/ifindex")
    before = index.read_text()
    # Two hosts swap their addresses, one is renamed.
    hosts[0]["ip"], hosts[1]["ip"] = hosts[1]["ip"], hosts[0]["ip"]
    hosts[2]["name"] = "other"
    lab["ips"][0]["dhcp"]["ranges"] = [
        {"start": "198.51.100.100", "end": "198.51.100.200", "lease": {"expiry": 2, "unit": "hours"}},
        {"start": "198.51.100.210", "end": "198.51.100.220"},
    ]
    lab["ips"][1]["dhcp"]["hosts"] = [{"id": "00:03:00:01:52:54:00:77:00:01", "ip": "2001:db8:77::7"}]
    # The same name for two addresses, and more names for one that is there.
    lab["dns"]["hosts"] = [
        {"ip": "198.51.100.1", "hostnames": ["gate", "door"]},
        {"ip": "2001:db8:77::1", "hostnames": ["gate"]},
    ]
    lab["dns"]["txts"] = [{"name": "two", "value": "changed"}, {"name": "three", "value": "third"}]
    lab["dns"]["srvs"] = [{"service": "ldap", "protocol": "tcp", "target": "ds2.lab.test", "port": 636}]
    lab["portgroups"] = [{"name": "b", "default": True}, {"name": "c", "bandwidth": {"inbound": {"average": 100}}}]
    lab["forward"]["dev"] = "lo"
    done = converge(MODULE, lab, look)
    assert done["network"]["restart_required"] == []
    assert index.read_text() == before, "the bridge is another one: guests have lost their network"
    live, kept = (etree.fromstring(virsh("net-dumpxml", *which, lab["name"])) for which in ([], ["--inactive"]))
    for xpath in (
        "forward[@dev='lo']/interface[@dev='lo']",
        "ip/dhcp/host[@mac='52:54:00:77:00:00' and @ip='198.51.100.11']",
        "ip/dhcp/host[@mac='52:54:00:77:00:01' and @ip='198.51.100.10']",
        "ip/dhcp/host[@name='other' and @ip='198.51.100.12']",
        "ip/dhcp/range[@end='198.51.100.200']/lease[@expiry='2']",
        "ip/dhcp/range[@end='198.51.100.220']",
        "ip/dhcp/host[@id and @ip='2001:db8:77::7']",
        "dns/host[@ip='198.51.100.1']/hostname[.='door']",
        "dns/host[@ip='2001:db8:77::1']/hostname[.='gate']",
        "dns/txt[@name='two' and @value='changed']",
        "dns/txt[@name='three']",
        "dns[not(txt[3])]/srv[@target='ds2.lab.test' and @port='636']",
        "self::network[not(portgroup[@name='a'])]/portgroup[@name='b' and @default='yes']",
        "portgroup[@name='c']/bandwidth/inbound[@average='100']",
    ):
        assert live.xpath(xpath), xpath
        assert kept.xpath(xpath), xpath
    dnsmasq = Path(f"/var/lib/libvirt/dnsmasq/{lab['name']}.conf").read_text()
    assert "ds2.lab.test,636" in dnsmasq
    assert "changed" in dnsmasq
    assert "ds1" not in dnsmasq
    # What only the running network says, changed by hand, is seen and repaired; the definition needs nothing.
    virsh("net-update", lab["name"], "delete", "dns-txt", "<txt name='three' value='third'/>", "--live")
    virsh("net-update", lab["name"], "add", "portgroup", "<portgroup name='byhand'/>", "--live")
    assert fields(run_module(MODULE, lab, check=True)) == ["dns.txts[three-third]", "portgroups[byhand]"]
    converge(MODULE, lab, look)
    assert "byhand" not in virsh("net-dumpxml", lab["name"])
    # And so with raw XML.
    xml = virsh("net-dumpxml", "--inactive", lab["name"]).replace("value='third'", "value='3rd'")
    done = converge(MODULE, {"xml": xml.replace("198.51.100.12", "198.51.100.22")}, look)
    assert done["network"]["restart_required"] == []
    assert "3rd" in virsh("net-dumpxml", lab["name"])
    assert "198.51.100.22" in virsh("net-dumpxml", lab["name"])
    # libvirt finds a TXT record by its name only: with two of one name, it waits.
    lab["dns"]["txts"] = [{"name": "two", "value": "changed"}, {"name": "two", "value": "again"}]
    done = run_module(MODULE, {"name": lab["name"], "dns": lab["dns"]})
    assert done["network"]["restart_required"] == ["dns.txts[three-3rd]", "dns.txts[two-again]"]
    assert index.read_text() == before
    assert not run_module(MODULE, {"name": lab["name"], "dns": lab["dns"]})["changed"]
    done = converge(MODULE, {"name": lab["name"], "dns": lab["dns"], "restart": "if_required"}, look)
    assert fields(done) == ["restart"]
    assert "again" in virsh("net-dumpxml", lab["name"])


def test_the_devices_of_a_pool_change_in_place(converge: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    args = {"name": scratch, "forward": {"mode": "private", "interfaces": ["eth7", "eth8"]}}
    converge(MODULE, args, look)
    for interfaces in (["eth8", "eth9"], ["eth9"], []):
        done = converge(MODULE, {"name": scratch, "forward": {"mode": "private", "interfaces": interfaces}}, look)
        assert fields(done) == ["forward.interfaces"]
        assert done["network"]["restart_required"] == []
        for which in ([], ["--inactive"]):
            tree = etree.fromstring(virsh("net-dumpxml", *which, scratch))
            assert tree.xpath("forward/interface/@dev") == interfaces
    # In another order, they can't be put without taking one away.
    converge(MODULE, args, look)
    args["forward"]["interfaces"] = ["eth8", "eth7"]
    assert converge(MODULE, args, look)["network"]["restart_required"] == ["forward.interfaces"]


def test_from_one_mode_to_another(run_module: t.Any, virsh: t.Any, scratch: str) -> None:
    """What libvirt has put into a network by itself is not in the way of another mode."""
    base = {"name": scratch, "state": "present"}
    ips = [{"address": "203.0.113.1", "prefix": 28}]
    nat = {"mode": "nat", "dev": "eth7", "nat": {"port": {"start": 2000, "end": 3000}}}
    for args, xpath in (
        ({"forward": nat, "ips": ips}, "forward[@mode='nat' and @dev='eth7']/nat/port"),
        ({"forward": {"mode": "route"}}, "forward[@mode='route' and @dev='eth7' and not(nat)]"),
        ({"forward": {"mode": "route", "dev": ""}}, "forward[@mode='route' and not(@dev) and not(interface)]"),
        ({"forward": nat}, "forward[@mode='nat' and @dev='eth7']/nat/port"),
        ({"forward": {"mode": "open"}}, "forward[@mode='open' and not(*)]"),
        ({"forward": {"mode": "bridge"}, "bridge": {"name": "br-there"}, "ips": []}, "bridge[@name='br-there']"),
        ({"forward": {"mode": "bridge", "interfaces": ["eth7", "eth8"]}}, "forward/interface[2]"),
        ({"forward": {"mode": "vepa"}}, "forward[@mode='vepa' and @dev='eth7']/interface[2]"),
        ({"forward": {"mode": "hostdev", "pf": "eth7"}}, "forward[@mode='hostdev']/pf"),
        ({"forward": {"mode": "passthrough", "dev": "eth9", "pf": ""}}, "forward[@dev='eth9' and not(pf)]"),
        ({"forward": {"mode": "nat"}, "ips": ips}, "forward[@mode='nat']"),
        ({"forward": {"mode": "isolated"}}, "self::network[not(forward)]/bridge/@name"),
    ):
        if "interfaces" in args["forward"]:
            # A network has either a bridge or devices.
            failed = run_module(MODULE, {**base, **args}, check=True, expect="failed")
            assert "forward.dev" in failed["msg"] or "the network has a bridge" in failed["msg"]
            run_module(MODULE, {**base, "forward": {"mode": "private"}})
        told = run_module(MODULE, {**base, **args}, check=True)
        assert run_module(MODULE, {**base, **args})["network"]["changes"] == told["network"]["changes"]
        assert not run_module(MODULE, {**base, **args})["changed"]
        text = virsh("net-dumpxml", "--inactive", scratch)
        assert etree.fromstring(text).xpath(xpath), f"{xpath}\n{text}"


def test_what_waits_for_a_restart_is_named_until_there_was_one(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, lab: Args
) -> None:
    converge(MODULE, lab, look)
    uuid = virsh("net-uuid", lab["name"])
    done = converge(MODULE, {**lab, "forward": {"mode": "route"}, "mtu": 1300}, look)
    assert fields(done) == ["forward.mode", "mtu"]
    assert done["network"]["restart_required"] == ["forward.mode", "mtu"]
    assert "mode='nat'" in virsh("net-dumpxml", lab["name"])
    assert "mode='route'" in virsh("net-dumpxml", "--inactive", lab["name"])
    run_module(MODULE, {"name": lab["name"], "state": "inactive"})
    done = run_module(MODULE, {**lab, "forward": {"mode": "route"}, "mtu": 1300})
    assert fields(done) == ["state"]
    assert done["network"]["restart_required"] == []
    assert virsh("net-uuid", lab["name"]) == uuid


def test_drift_by_hand_is_shown_and_repaired(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, lab: Args
) -> None:
    converge(MODULE, {**lab, "autostart": True}, look)
    name = lab["name"]
    virsh(
        "net-update",
        name,
        "add",
        "ip-dhcp-host",
        "<host mac='52:54:00:99:99:99' ip='198.51.100.99'/>",
        "--live",
        "--config",
    )
    virsh("net-autostart", name, "--disable")
    args = {**lab, "autostart": True}
    told = run_module(MODULE, args, check=True)
    assert told["network"]["changes"] == [
        {
            "field": "ips[198.51.100.1].dhcp.hosts[52:54:00:99:99:99]",
            "before": {"mac": "52:54:00:99:99:99", "ip": "198.51.100.99"},
            "after": None,
        },
        {"field": "autostart", "before": False, "after": True},
    ]
    converge(MODULE, args, look)
    assert "99:99:99" not in virsh("net-dumpxml", name)
    # Only the running network drifts: it is changed back, the definition needs nothing.
    virsh("net-update", name, "add", "ip-dhcp-host", "<host mac='52:54:00:99:99:99' ip='198.51.100.99'/>", "--live")
    done = converge(MODULE, args, look)
    assert fields(done) == ["ips[198.51.100.1].dhcp.hosts[52:54:00:99:99:99]"]
    assert "99:99:99" not in virsh("net-dumpxml", name)
    virsh("net-destroy", name)
    assert fields(run_module(MODULE, args, check=True)) == ["state"]
    converge(MODULE, args, look)


def test_what_is_not_declared_is_left_alone(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, lab: Args, images_dir: t.Any
) -> None:
    converge(MODULE, lab, look)
    name = lab["name"]
    before = virsh("net-dumpxml", "--inactive", name)
    xml = before.replace("<ip ", "<route address='203.0.113.0' prefix='24' gateway='198.51.100.7'/>\n  <ip ", 1)
    (images_dir / "net.xml").write_text(xml)
    virsh("net-define", str(images_dir / "net.xml"))
    for args in ({"name": name}, lab, {"name": name, "ips": lab["ips"]}):
        assert not run_module(MODULE, args)["changed"]
    lab["ips"][0]["dhcp"]["hosts"] = []
    assert fields(converge(MODULE, lab, look)) == ["ips[198.51.100.1].dhcp.hosts[52:54:00:77:00:0b]"]
    xml = virsh("net-dumpxml", "--inactive", name)
    assert "203.0.113.0" in xml
    for kept in re.findall(r"<(?:uuid|mac).*", before):
        assert kept in xml


@pytest.mark.parametrize("mode", ["nat", "route", "open", "isolated"])
def test_every_way_out(converge: t.Any, virsh: t.Any, look: t.Any, scratch: str, bridge: str, mode: str) -> None:
    ips = [{"address": "203.0.113.1", "prefix": 24}]
    args = {"name": scratch, "forward": {"mode": mode}, "bridge": {"name": bridge}, "ips": ips}
    converge(MODULE, args, look)
    xml = virsh("net-dumpxml", scratch)
    assert (f"<forward mode='{mode}'" in xml) == (mode != "isolated")
    for other in ("nat", "isolated"):
        if other != mode:
            done = converge(MODULE, {"name": scratch, "state": "present", "forward": {"mode": other}}, look)
            assert {"field": "forward.mode", "before": mode, "after": other} in done["network"]["changes"]
            mode = other


def test_an_existing_bridge(converge: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    args = {"name": scratch, "forward": {"mode": "bridge"}, "bridge": {"name": "br-there"}}
    converge(MODULE, args, look)
    xml = virsh("net-dumpxml", scratch)
    assert "<forward mode='bridge'/>" in xml
    assert "<bridge name='br-there'/>" in xml


def test_a_network_given_as_xml(converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    xml = (
        f"<network><forward mode='nat'/><name>{scratch}</name><ip netmask='255.255.255.0' address='203.0.113.1'>"
        "<dhcp><range end='203.0.113.99' start='203.0.113.50'/></dhcp></ip></network>"
    )
    done = converge(MODULE, {"xml": xml}, look)
    assert done["network"]["name"] == scratch
    # The typed option says the same in other words.
    ips = [
        {"address": "203.0.113.1", "prefix": 24, "dhcp": {"ranges": [{"start": "203.0.113.50", "end": "203.0.113.99"}]}}
    ]
    assert not run_module(MODULE, {"name": scratch, "ips": ips})["changed"]
    # What libvirt keeps is nothing new; of a running network it also shows the ports that it has chosen for NAT.
    assert fields(converge(MODULE, {"xml": virsh("net-dumpxml", scratch)}, look)) == ["xml/forward/nat"]
    assert not run_module(MODULE, {"xml": virsh("net-dumpxml", "--inactive", scratch)})["changed"]
    # An option wins over the xml; a fragment is added.
    done = converge(MODULE, {"name": scratch, "xml": "<domain name='frag.test'/>", "forward": {"mode": "open"}}, look)
    assert fields(done) == ["forward.mode", "xml/domain"]


def test_many_in_one_call(converge: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    networks = [
        {
            "name": f"{scratch}-{n}",
            "forward": {"mode": "isolated"},
            "ips": [{"address": f"198.51.100.{n * 16 + 1}", "prefix": 28}],
        }
        for n in range(3)
    ]
    done = converge(MODULE, {"networks": networks}, look)
    assert [each["state"] for each in done["networks"]] == ["active"] * 3
    assert "network" not in done
    networks[1]["state"] = "absent"
    networks[2]["mtu"] = 1450
    done = converge(MODULE, {"networks": networks}, look)
    assert fields(done) == ["state", "mtu"]
    assert set(done["diff"]["after"]) == {f"network {scratch}-1", f"network {scratch}-2"}


def test_a_transient_network_becomes_a_defined_one(
    converge: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: t.Any
) -> None:
    (images_dir / "net.xml").write_text(f"<network><name>{scratch}</name></network>")
    virsh("net-create", str(images_dir / "net.xml"))
    assert fields(converge(MODULE, {"name": scratch}, look)) == ["persistent"]
    assert re.search(r"Persistent:\s+yes", virsh("net-info", scratch))


BAD: list[tuple[Args, str]] = [
    ({"name": "a/b"}, "name: 'a/b' is not valid"),
    ({"name": "a\nb"}, "name: 'a\\nb' is not valid"),
    ({"name": ""}, "name: '' is not valid"),
    ({"ips": [{"address": "300.1.1.1", "prefix": 24}]}, "ips[0].address: '300.1.1.1' is not valid"),
    ({"ips": [{"address": "203.0.113.1", "prefix": 33}]}, "ips[0].prefix: 33 is not valid"),
    (
        {
            "ips": [
                {
                    "address": "203.0.113.1",
                    "prefix": 24,
                    "dhcp": {"hosts": [{"mac": "52:54:00:0", "ip": "203.0.113.9"}]},
                }
            ]
        },
        "ips[0].dhcp.hosts[0].mac: '52:54:00:0' is not valid",
    ),
    (
        {
            "ips": [
                {
                    "address": "203.0.113.1",
                    "prefix": 24,
                    "dhcp": {"hosts": [{"mac": "53:54:00:00:00:01", "ip": "203.0.113.9"}]},
                }
            ]
        },
        "multicast",
    ),
    (
        {
            "ips": [
                {
                    "address": "203.0.113.1",
                    "prefix": 24,
                    "dhcp": {"ranges": [{"start": "203.0.112.5", "end": "203.0.113.9"}]},
                }
            ]
        },
        "ips[0].dhcp.ranges[0].start: '203.0.112.5' is not valid: it is not in 203.0.113.0/24",
    ),
    (
        {
            "ips": [
                {
                    "address": "203.0.113.1",
                    "prefix": 24,
                    "dhcp": {"ranges": [{"start": "203.0.113.9", "end": "203.0.113.5"}]},
                }
            ]
        },
        "ips[0].dhcp.ranges[0].end: '203.0.113.5' is not valid",
    ),
    (
        {"ips": [{"address": "203.0.113.1", "prefix": 24}, {"address": "203.0.113.2", "prefix": 25}]},
        "ips[1]",
    ),
    ({"uuid": "12-34"}, "uuid: '12-34' is not valid"),
    ({"mtu": 5}, "mtu: 5 is not valid"),
    ({"bridge": {"name": "much-too-long-a-name"}}, "bridge.name: 'much-too-long-a-name' is not valid"),
    ({"xml": "<network><name>x</name>"}, "not well-formed XML"),
    ({"xml": "nonsense"}, "not well-formed XML"),
    ({"xml": "<network><name>other</name></network>"}, "name"),
    ({"xml": "<pool><name>other</name></pool>"}, "pool"),
]


@pytest.mark.parametrize(("bad", "words"), BAD, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("check", [True, False], ids=["check", "apply"])
def test_bad_input_is_one_clear_error_and_nothing_is_done(
    run_module: t.Any, look: t.Any, scratch: str, bad: Args, words: str, check: bool
) -> None:
    args = {"name": scratch + "-bad", "state": "present", **bad}
    result = run_module(MODULE, args, check=check, expect="failed")
    assert words in result["msg"]
    assert result["error_code"] in ("bad_value", "invalid_xml")
    good = {"name": scratch + "-good"}
    result = run_module(MODULE, {"networks": [good, args]}, check=check, expect="failed")
    assert words in result["msg"]
    assert "networks[1]" in result["msg"]
    assert look() == ""


def test_overlapping_networks_are_refused(run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    def network(name: str, address: str, prefix: int = 24, **more: t.Any) -> Args:
        return {"name": f"{scratch}-{name}", "ips": [{"address": address, "prefix": prefix}], **more}

    run_module(MODULE, network("a", "198.51.100.1"))
    before = look()
    for networks in (
        [network("b", "198.51.100.200", 25)],
        [network("ok", "203.0.113.1"), network("b", "198.51.100.200", 25)],
        [network("b", "203.0.113.1"), network("c", "203.0.113.99", 28)],
    ):
        for check in (True, False):
            result = run_module(MODULE, {"networks": networks}, check=check, expect="failed")
            assert result["error_code"] == "overlap"
            assert "overlaps" in result["msg"]
            assert look() == before
    # One that is not active overlaps nobody, nor does the same network in other words.
    assert run_module(MODULE, network("b", "198.51.100.200", 25, state="present"))["changed"]
    # In one call the one makes way for the other, in the order of the list.
    done = run_module(
        MODULE,
        {"networks": [{"name": f"{scratch}-a", "state": "inactive"}, network("b", "198.51.100.200", 25)]},
    )
    assert [each["state"] for each in done["networks"]] == ["inactive", "active"]


def test_no_two_networks_have_one_bridge(run_module: t.Any, look: t.Any, scratch: str, bridge: str) -> None:
    first, second = ({"name": f"{scratch}-{n}", "state": "present", "bridge": {"name": bridge}} for n in "ab")
    for check in (True, False):
        failed = run_module(MODULE, {"networks": [first, second]}, check=check, expect="failed")
        assert f"bridge.name: '{bridge}' is not valid: network {scratch}-a has it" in failed["msg"]
    run_module(MODULE, first)
    before = look()
    for check in (True, False):
        assert "bridge.name" in run_module(MODULE, second, check=check, expect="failed")["msg"]
        assert look() == before
    # The one makes way for the other; on a bridge of the host there may be several.
    assert run_module(MODULE, {"networks": [{"name": first["name"], "state": "absent"}, second]})["changed"]
    assert run_module(MODULE, {**first, "forward": {"mode": "bridge"}})["changed"]


def test_a_uuid_is_never_changed(run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    uuid = "6a1c4b52-1111-4222-8333-{:012x}".format(abs(hash(scratch)) % 16**12)
    run_module(MODULE, {"name": scratch, "uuid": uuid.upper(), "state": "present"})
    assert virsh("net-uuid", scratch).strip() == uuid
    assert not run_module(MODULE, {"name": scratch, "uuid": uuid, "state": "present"})["changed"]
    before = look()
    other = uuid.replace("1111", "2222")
    for args in (
        {"name": scratch, "uuid": other},
        {"name": scratch + "-2", "uuid": uuid},
        {"xml": f"<network><name>{scratch}</name><uuid>{other}</uuid></network>"},
        {"xml": f"<network><name>{scratch}-2</name><uuid>{uuid}</uuid></network>"},
    ):
        result = run_module(MODULE, args, expect="failed")
        assert result["error_code"] == "wrong_uuid"
        assert look() == before


def test_a_uri_that_cannot_be_reached(run_module: t.Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for uri in (
        f"qemu+tcp://127.0.0.1:{port}/system",
        "qemu+ssh://root@nohost.invalid/system",
        "qemu+unix:///system?socket=/nonexistent/libvirt-sock",
        "nonsense:///x",
    ):
        began = time.monotonic()
        result = run_module(MODULE, {"uri": uri, "name": "never"}, expect="failed", timeout=60)
        assert uri in result["msg"]
        assert result["error_code"] == "no_connection"
        assert time.monotonic() - began < 60


def test_declared_twice(run_module: t.Any, look: t.Any, scratch: str) -> None:
    result = run_module(MODULE, {"networks": [{"name": scratch}, {"name": scratch}]}, expect="failed")
    assert result["msg"] == f"networks: '{scratch}' is not valid: it is declared twice."
    assert look() == ""
