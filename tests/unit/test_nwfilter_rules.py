# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of network filters: what is declared, what is written, what is read."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._nwfilter import NwFilter
from ansible_collections.minicloud.kvm.plugins.module_utils._nwfilter_rules import (
    BELONGS,
    CONDITIONS,
    PROTOCOLS,
    ignored,
    says,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Many, Options
from hypothesis import given
from hypothesis import strategies as st

RULES = next(row for row in NwFilter.rows if isinstance(row, Many) and row.option == "rules")
KNOWN = {row.option for row in CONDITIONS}
SAMPLES = {
    **dict.fromkeys(KNOWN, "$VALUE"),
    "comment": "A <comment>",
    "gratuitous": True,
    "state": ["NEW", "RELATED"],
    "ipset": "hosts",
    "ipsetflags": ["dst", "src"],
}


def test_every_condition_is_of_some_protocol_and_every_protocol_has_known_ones() -> None:
    assert {option for options in PROTOCOLS.values() for option in options} == KNOWN
    assert set(BELONGS) | set(BELONGS.values()) <= KNOWN
    for protocol, options in PROTOCOLS.items():
        assert len(set(options)) == len(options), protocol
        assert all(BELONGS[option] in options for option in options if option in BELONGS), protocol


@st.composite
def rules(draw: st.DrawFn) -> Options:
    protocol = draw(st.sampled_from(sorted(PROTOCOLS)))
    options = set(draw(st.sets(st.sampled_from(PROTOCOLS[protocol]))))
    options |= {BELONGS[option] for option in options if option in BELONGS}
    if protocol in ("ip", "ipv6") and any("port" in option for option in options):
        options.add("ip_protocol")
    rule: Options = {option: SAMPLES[option] for option in sorted(options)}
    if "ip_protocol" in rule:
        rule["ip_protocol"] = "17"
    if "flags" in rule:
        rule["flags"] = "NONE/ALL" if protocol == "tcp" else "0x7"
    # Ports and codes have the sign of others with most protocols.
    free = sorted(options - set(BELONGS) - {"comment", "dstportstart", "srcportstart", "code", "type"})
    negated = draw(st.lists(st.sampled_from(free), unique=True)) if free else []
    return {"action": "drop", "direction": "in", "protocol": protocol, **rule, "negated": negated}


@given(rules())
def test_what_is_written_is_read_again(rule: Options) -> None:
    tree = _xml.new("filter")
    wanted = RULES.mean("rules", [rule])
    assert RULES.edit(tree, wanted, "rules")
    again = _xml.parse(_xml.write(tree), "what was written")
    assert RULES.read(again) == wanted
    assert RULES.edit(again, wanted, "rules") == []
    assert ignored(again[0]) == []


@given(st.lists(st.integers(0, 4), max_size=6), st.lists(st.integers(0, 4), max_size=6))
def test_a_list_becomes_the_declared_one_and_leaves_the_rest_in_its_place(before: list[int], after: list[int]) -> None:
    def declared(numbers: list[int]) -> t.Any:
        return RULES.mean("r", [{"action": "drop", "direction": "in", "priority": number} for number in numbers])

    tree = _xml.new("filter")
    RULES.edit(tree, declared(before), "r")
    tree.insert(0, _xml.new("uuid", "first"))
    changes = RULES.edit(tree, declared(after), "r")
    assert [rule["priority"] for rule in RULES.read(tree) or []] == after
    assert bool(changes) == (before != after)
    assert tree[0].tag == "uuid"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<ip protocol='6' srcipmask='255.255.0.0'/>", "<ip srcipmask='16' protocol='tcp'/>"),
        ("<ip protocol='0x11'/>", "<ip protocol='UDP'/>"),
        ("<tcp srcmacaddr='1:2:3:a:b:C'/>", "<tcp srcmacaddr='01:02:03:0A:0B:0C' match='yes'/>"),
        ("<tcp flags='ack,SYN/SYN'/>", "<tcp flags='SYN,ACK/SYN'/>"),
        ("<tcp flags='ALL/NONE'/>", "<tcp flags='SYN,ACK,URG,PSH,FIN,RST/'/>"),
        ("<tcp srcipaddr='$A[ 01 ]'/>", "<tcp srcipaddr='$A[1]'/>"),
        ("<tcp srcipaddr='$A[@0]'/>", "<tcp srcipaddr='$A'/>"),
        ("<tcp state='related,NEW'/>", "<tcp state='NEW,RELATED'/>"),
        ("<all-ipv6 srcipaddr='0a::0' srcipmask='ffff::'/>", "<all-ipv6 srcipaddr='a::' srcipmask='16'/>"),
        ("<arp gratuitous='yes' opcode='1'/>", "<arp gratuitous='true' opcode='request'/>"),
        ("<icmp dstportstart='22'/>", "<icmp/>"),
        ("<tcp match='no' dstportstart='22'/>", "<tcp dstportstart='22'/>"),
        ("<icmp match='no' type='8'/><icmp code='0'/>", "<icmp match='no' type='8' code='0'/>"),
        ("<tcp/><udp dstportstart='22'/>", "<tcp/>"),
    ],
)
def test_spellings_that_mean_the_same_to_libvirt(first: str, second: str) -> None:
    one, other = (
        says(_xml.parse(f"<rule action='drop' direction='in'>{text}</rule>", "a rule")) for text in (first, second)
    )
    assert one == other


@pytest.mark.parametrize("text", ["priority='x'", "priority='1001'", "priority='500' statematch='maybe'", ""])
def test_what_libvirt_can_not_read_of_a_rule_is_its_default(text: str) -> None:
    assert says(_xml.parse(f"<rule {text}/>", "a rule")) == {"priority": 500, "statematch": True}
