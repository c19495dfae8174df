# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_nwfilter on this machine's own libvirtd."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._nwfilter import NwFilter
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import read, show
from ansible_collections.minicloud.kvm.plugins.module_utils._xml import parse

Args = t.Dict[str, t.Any]
MODULE = "libvirt_nwfilter"
SSH = {"action": "accept", "direction": "in", "protocol": "tcp", "dstportstart": 22}
DNS = {"action": "accept", "direction": "out", "protocol": "udp", "dstportstart": "0x35"}
REST = {"action": "drop", "direction": "inout", "protocol": "all", "priority": 1000}


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    """All that there is of this test's filters."""

    def run() -> str:
        names = [line.split()[-1] for line in virsh("nwfilter-list").splitlines()]
        return "\n".join(virsh("nwfilter-dumpxml", name) for name in sorted(names) if name.startswith(scratch))

    return run


def fields(result: Args) -> list[str]:
    return [change["field"] for nwfilter in result["nwfilters"] for change in nwfilter["changes"]]


def define(virsh: t.Any, path: Path, text: str) -> None:
    """Drift by hand."""
    path.write_text(text)
    virsh("nwfilter-define", str(path))


def test_from_nothing_through_drift_to_nothing(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, tmp_path: Path
) -> None:
    args = {"name": scratch, "filterrefs": [{"filter": "clean-traffic"}], "rules": [SSH, DNS, REST]}
    done = converge(MODULE, args, look)
    assert fields(done) == ["state", "name", "filterrefs", "rules"]
    made = virsh("nwfilter-dumpxml", scratch)
    assert done["nwfilter"]["uuid"] in made

    for drift in (
        made.replace("dstportstart='22'", "dstportstart='22' srcipaddr='10.0.0.1'"),  # what no option speaks of
        made.replace("<tcp ", "<tcp match='no' srcportstart='1' "),
        made.replace("priority='1000'", "priority='999'"),
        made.replace("<rule action='drop'", "<rule action='return' direction='in'/><rule action='drop'"),
        made.replace("<filterref filter='clean-traffic'/>", "<filterref filter='no-mac-spoofing'/>"),
    ):
        assert drift != made
        define(virsh, tmp_path / "drift.xml", drift)
        assert virsh("nwfilter-dumpxml", scratch) != made
        converge(MODULE, args, look)
        assert virsh("nwfilter-dumpxml", scratch) == made

    # The order counts, and what is not declared is left alone.
    done = converge(MODULE, {"name": scratch, "rules": [DNS, SSH, REST]}, look)
    assert fields(done) == ["rules"]
    text = virsh("nwfilter-dumpxml", scratch)
    assert text.index("filterref") < text.index("udp") < text.index("tcp") < text.index("all")
    same = {**SSH, "dstportstart": "0x16", "priority": 500, "statematch": True}
    assert not run_module(MODULE, {"name": scratch, "rules": [DNS, same, REST]})["changed"]

    done = converge(MODULE, {"name": scratch, "filterrefs": [], "rules": []}, look)
    assert "rule" not in virsh("nwfilter-dumpxml", scratch)
    done = converge(MODULE, {"name": scratch, "state": "absent"}, look)
    assert fields(done) == ["state"]
    assert scratch not in virsh("nwfilter-list")


def test_a_chain_brings_its_priority(converge: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    converge(MODULE, {"name": scratch, "chain": "arp"}, look)
    assert "chain='arp' priority='-500'" in virsh("nwfilter-dumpxml", scratch)
    converge(MODULE, {"name": scratch, "chain": "ipv4-own"}, look)
    assert "chain='ipv4-own' priority='-700'" in virsh("nwfilter-dumpxml", scratch)
    # libvirt leaves 0 out, and must not take it for the chain's own when a rule changes.
    converge(MODULE, {"name": scratch, "priority": 0}, look)
    converge(MODULE, {"name": scratch, "rules": [SSH]}, look)
    assert "chain='ipv4-own'>" in virsh("nwfilter-dumpxml", scratch)
    done = converge(MODULE, {"name": scratch, "chain": "root", "priority": 7}, look)
    assert fields(done) == ["chain", "priority"]


def test_xml_is_compared_by_what_libvirt_makes_of_it(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, tmp_path: Path
) -> None:
    document = f"""
        <filter chain='root' name='{scratch}'>
          <rule direction='in' action='drop'><tcp dstportstart='0x16' srcipmask='255.0.0.0' srcipaddr='10.0.0.0'/>
          </rule>
          <filterref filter='clean-traffic'>
            <parameter name='IP' value='10.0.0.2'/><parameter name='DHCPSERVER' value='10.0.0.1'/>
          </filterref>
          <rule direction='out' action='accept'><mac srcmacaddr='2:0:0:0:0:A' protocolid='0x806'/></rule>
        </filter>"""
    done = converge(MODULE, {"xml": document}, look)
    assert done["nwfilter"]["name"] == scratch
    made = virsh("nwfilter-dumpxml", scratch)
    assert made.index("<tcp") < made.index("<filterref") < made.index("<mac")
    # Whole: what came in by hand goes, be it the order only.
    lines = made.splitlines()
    rule = next(index for index, line in enumerate(lines) if "<mac" in line)
    moved = [*lines[:2], *lines[rule - 1 : rule + 2], *lines[2 : rule - 1], *lines[rule + 2 :]]
    for drift in (
        "\n".join(moved),
        made.replace("</filter>", "<filterref filter='no-mac-spoofing'/></filter>"),
        made.replace("chain='root'", "chain='arp'"),
    ):
        define(virsh, tmp_path / "drift.xml", drift)
        assert virsh("nwfilter-dumpxml", scratch) != made
        converge(MODULE, {"xml": document}, look)
        assert virsh("nwfilter-dumpxml", scratch) == made
    # An element alone is added to what is there.
    more = {"name": scratch, "xml": "<rule action='reject' direction='in'><udp dstportstart='9'/></rule>"}
    converge(MODULE, more, look)
    assert virsh("nwfilter-dumpxml", scratch).count("<rule") == 3
    # A typed option wins.
    converge(MODULE, {"xml": document, "rules": [REST]}, look)
    text = virsh("nwfilter-dumpxml", scratch)
    assert text.count("<rule") == 1
    assert "clean-traffic" in text


def test_what_is_there_can_be_declared_as_it_is(run_module: t.Any, virsh: t.Any, libvirt_uri: str) -> None:
    """libvirt's own filters: what they say, as options, is no change; and so is their XML without a UUID."""
    names = [line.split()[-1] for line in virsh("nwfilter-list").splitlines()]
    dumps = {name: virsh("nwfilter-dumpxml", name) for name in names if not name.startswith("mct-")}
    assert "clean-traffic" in dumps
    trees = {name: parse(text, name) for name, text in dumps.items()}
    typed = [show(NwFilter.rows, read(NwFilter.rows, tree)) for tree in trees.values()]
    assert {row for each in typed for row in each} >= {"name", "uuid", "chain", "priority", "rules", "filterrefs"}
    assert not run_module(MODULE, {"nwfilters": typed}, check=True)["changed"]
    raw = [{"xml": re.sub("<uuid>.*</uuid>", "", text)} for text in dumps.values()]
    assert not run_module(MODULE, {"nwfilters": raw}, check=True)["changed"]


def test_what_libvirt_ignores_in_xml_is_a_warning(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str
) -> None:
    rules = """
        <rule action='accept' direction='in'><icmp dstportstart='22'/><udp/></rule>
        <rule action='accept' direction='in'><tcp match='no' dstportstart='22'/></rule>
        <rule action='accept' direction='in'><tcp ipset='hosts' ipsetflags='src'/></rule>"""
    done = converge(MODULE, {"xml": f"<filter name='{scratch}'>{rules}</filter>"}, look)
    assert "<icmp/>" in virsh("nwfilter-dumpxml", scratch)
    warnings = done["warnings"]
    assert len(warnings) == 3
    assert "dstportstart of <icmp>, <udp>" in warnings[0]
    assert "dstportstart of <tcp> with match='no'" in warnings[1]
    assert "ipset of <tcp>, ipsetflags of <tcp>" in warnings[2]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"chain": "forward"}, "root is wanted, or mac"),
        ({"chain": "ipv4-far-too-long"}, "at most 12"),
        ({"priority": 1001}, "at most 1000"),
        ({"filterrefs": [{"filter": "f", "parameters": [{"name": "IP", "value": "10.0.0.0/8"}]}]}, "letters, digits"),
        ({"rules": [{**SSH, "vlanid": 5}]}, "rules[0].vlanid: '5' is not valid: protocol tcp has only"),
        ({"rules": [{"action": "drop", "direction": "in", "dscp": 5}]}, "it wants a protocol"),
        ({"rules": [{**SSH, "srcipmask": 8}]}, "it belongs to srcipaddr"),
        ({"rules": [{**SSH, "srcipaddr": "::1"}]}, "protocol tcp wants an IPv4 address"),
        ({"rules": [{**SSH, "srcipaddr": "10.0.0.0/8"}]}, "an IP address or a variable such as $IP is wanted"),
        ({"rules": [{**SSH, "srcipaddr": "10.0.0.0", "srcipmask": "255.0.255.0"}]}, "a prefix length or a netmask"),
        ({"rules": [{**SSH, "srcipaddr": "10.0.0.0", "srcipmask": 64}]}, "at most 32"),
        ({"rules": [{**SSH, "protocol": "tcp-ipv6", "dstipfrom": "::1", "dstipto": "::2"}]}, "no IPv6 address here"),
        ({"rules": [{**SSH, "dstportend": 65536}]}, "a number from 0 to 65535"),
        ({"rules": [{**SSH, "flags": "SYN"}]}, "mask/flags"),
        ({"rules": [{**SSH, "state": ["NEW", "NONE"]}]}, "NONE stands alone"),
        ({"rules": [{**SSH, "state": ["OPEN"]}]}, "allowed are NEW"),
        ({"rules": [{**SSH, "negated": ["dstportstart"]}]}, "with srcportstart only"),
        ({"rules": [{**SSH, "negated": ["srcipaddr"]}]}, "of this rule, dstportstart can be negated"),
        ({"rules": [{**SSH, "protocol": "ip"}]}, "ip_protocol tcp, udp, 33 (dccp) or sctp is wanted"),
        ({"rules": [{**SSH, "protocol": "all", "ipset": "hosts"}]}, "protocol all has only"),
        ({"rules": [{**REST, "ipset": "hosts"}]}, "it belongs to ipsetflags"),
        ({"rules": [{**SSH, "comment": "x" * 257}]}, "at most 256"),
        ({"xml": "<network/>"}, "<filter> or elements of it are wanted"),
        ({"xml": "<filter name='other'/>"}, "the xml has 'other'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_done(
    run_module: t.Any, look: t.Any, scratch: str, args: Args, words: str
) -> None:
    failed = run_module(MODULE, {"name": scratch, **args}, expect="failed")
    assert failed["error_code"] == "bad_value", failed
    assert words in failed["msg"]
    assert look() == ""


def test_a_uuid_is_of_one_filter(run_module: t.Any, look: t.Any, scratch: str) -> None:
    uuid = run_module(MODULE, {"name": scratch + "-a"})["nwfilter"]["uuid"]
    run_module(MODULE, {"name": scratch + "-b"})
    before = look()
    for name in ("-b", "-c"):
        failed = run_module(MODULE, {"name": scratch + name, "uuid": uuid}, expect="failed")
        assert failed["error_code"] == "wrong_uuid"
    assert look() == before


def test_a_filter_in_use_changes_at_once_and_is_not_taken_away(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, tmp_path: Path
) -> None:
    inner, outer = scratch + "-inner", scratch + "-outer"
    filters = [{"name": inner, "rules": [SSH]}, {"name": outer, "filterrefs": [{"filter": inner}], "rules": [REST]}]
    converge(MODULE, {"nwfilters": filters}, look)
    network = {"name": scratch, "bridge": {"name": "mf" + scratch.rpartition("-")[2]}, "forward": {"mode": "isolated"}}
    run_module("libvirt_net", network)
    (tmp_path / "guest.xml").write_text(
        f"<domain type='qemu'><name>{scratch}</name><memory unit='MiB'>64</memory>"
        "<os><type arch='x86_64'>hvm</type></os><devices><interface type='network'>"
        f"<source network='{scratch}'/><filterref filter='{outer}'/></interface></devices></domain>"
    )
    virsh("create", str(tmp_path / "guest.xml"))

    def rules() -> str:
        return subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout

    device = next(line.split()[0] for line in virsh("nwfilter-binding-list").splitlines() if outer in line)
    assert any(f"-{device} " in line and "--dport 22 " in line for line in rules().splitlines())
    filters[0]["rules"] = [{**SSH, "dstportstart": 42022}]
    run_module(MODULE, {"nwfilters": filters}, check=True)
    assert "42022" not in rules()
    converge(MODULE, {"nwfilters": filters}, look)
    assert "42022" in rules()

    before = look()
    failed = run_module(MODULE, {"name": outer, "state": "absent"}, expect="failed")
    assert failed["error_code"] == "in_use"
    assert scratch in failed["msg"]
    failed = run_module(MODULE, {"name": inner, "state": "absent"}, expect="failed")
    assert failed["error_code"] == "in_use"
    assert "take it from there first" in failed["msg"]
    told = run_module(MODULE, {"name": outer, "state": "absent"}, check=True)
    assert "about to be free" in json.dumps(told["warnings"])
    assert look() == before
    # A reference that goes in the same call sets the other free.
    filters[1]["filterrefs"] = []
    filters = [filters[1], {"name": inner, "state": "absent"}]
    converge(MODULE, {"nwfilters": filters}, look)
    virsh("destroy", scratch)
    assert fields(converge(MODULE, {"name": outer, "state": "absent"}, look)) == ["state"]
