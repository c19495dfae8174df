# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What libvirt would refuse to change in place, or would do to the wrong entry, waits for a restart."""

from __future__ import annotations

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _network_live, _xml

SRV = "<srv service='ldap' protocol='tcp'{0}/>"
TXT = "<txt name='{0}' value='{1}'/>"
HOST = "<host mac='52:54:00:00:00:0{0}' ip='192.0.2.{1}'/>"


def calls(live: str, wanted: str) -> tuple[list[str], bool]:
    """The commands for a change, and whether nothing is left then."""
    trees = [_xml.parse(f"<network>{text}</network>", "it") for text in (live, wanted)]
    before = [_xml.canonical(tree) for tree in trees]
    found, after = _network_live.updates(*trees)
    assert [_xml.canonical(tree) for tree in trees] == before
    done = sorted(_xml.canonical(each) for each in after.iter()) == sorted(_xml.canonical(e) for e in trees[1].iter())
    return [f"{call.command} {call.section}" for call in found], done


def dns(*records: str) -> str:
    return "<dns>" + "".join(records) + "</dns>"


def dhcp(*hosts: str) -> str:
    return "<ip address='192.0.2.1'><dhcp>" + "".join(hosts) + "</dhcp></ip>"


@pytest.mark.parametrize(
    ("live", "wanted", "shall", "done"),
    [
        (dns(TXT.format("a", 1)), dns(TXT.format("a", 2)), ["delete dns_txt", "add dns_txt"], True),
        (dns(TXT.format("a", 1)), dns(TXT.format("a", 1), TXT.format("a", 2)), [], False),
        (dns(TXT.format("a", 1), TXT.format("a", 2)), dns(TXT.format("a", 1)), [], False),
        # Without a target, libvirt takes any of that service for it.
        (dns(SRV.format("")), dns(SRV.format(" target='x'")), ["delete dns_srv", "add dns_srv"], True),
        (dns(SRV.format(" target='x'"), SRV.format("")), dns(SRV.format(" target='x'")), [], False),
        (dns(SRV.format(" target='x'")), dns(SRV.format(" target='x'"), SRV.format("")), [], False),
        (
            dhcp(HOST.format(1, 11), HOST.format(2, 12)),
            dhcp(HOST.format(1, 12), HOST.format(2, 11)),
            ["delete ip_dhcp_host"] * 2 + ["add ip_dhcp_host"] * 2,
            True,
        ),
        (dhcp(HOST.format(1, 11)), dhcp(HOST.format(1, 11), HOST.format(1, 12)), [], False),
        # Of an address that is not there yet, nothing can be served.
        ("", dhcp(HOST.format(1, 11)), [], False),
        ("<mtu size='9000'/>", "<mtu size='1500'/>", [], False),
    ],
)
def test_updates(live: str, wanted: str, shall: list[str], done: bool) -> None:
    assert calls(live, wanted) == (shall, done)


def test_what_is_deleted_is_never_in_the_way_of_what_is_added() -> None:
    """A network has one DHCP server for IPv4: it goes from one address before it comes to the other."""
    other = "<ip address='198.51.100.1'>{0}</ip>"
    entry = "<dhcp><range start='198.51.100.2' end='198.51.100.9'/></dhcp>"
    found, done = calls(other.format("") + dhcp(HOST.format(1, 11)), other.format(entry) + "<ip address='192.0.2.1'/>")
    assert found == ["delete ip_dhcp_host", "add ip_dhcp_range"]
    assert done


def test_each_address_of_the_host_has_its_number() -> None:
    live, wanted = (
        _xml.parse(f"<network><ip address='198.51.100.1'/>{dhcp(*hosts)}</network>", "it")
        for hosts in ((HOST.format(1, 11), HOST.format(2, 12)), (HOST.format(1, 11), HOST.format(2, 13)))
    )
    updates, _after = _network_live.updates(live, wanted)
    assert [(call.command, call.index) for call in updates] == [("delete", 1), ("add", 1)]
    assert ".12" in updates[0].xml
    assert ".13" in updates[1].xml
