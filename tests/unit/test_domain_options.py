# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's options that are no devices: their values, where they stand, and what does not go together."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _codecs, _domain_codecs, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import edit, mean
from hypothesis import given
from hypothesis import strategies as st

Options = t.Dict[str, t.Any]
CPUS = _domain_codecs.CpuSet()


def edited(text: str, **options: t.Any) -> tuple[list[str], str]:
    """The fields that had to change in a domain, and the domain after it."""
    tree = _xml.parse(text, "it")
    changes = edit(ROWS, tree, mean(ROWS, options))
    assert edit(ROWS, tree, mean(ROWS, options)) == []
    return [change.field for change in changes], _xml.canonical(tree)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("0", "0"),
        ("0-3", "0-3"),
        ("0-3,^2", "0-1,3"),
        (" 8, 3 ,1-2", "1-3,8"),
        ("5,5,5", "5"),
        ("0-1,2-3", "0-3"),
        ("^2,0-3", "0-3"),
        ("16383", "16383"),
    ],
)
def test_sets_of_cpus_are_the_same_by_what_is_in_them(text: str, meaning: str) -> None:
    assert CPUS.mean("cpuset", text) == meaning


@pytest.mark.parametrize("text", ["", "all", "3-", "-3", "1,,2", "0,^0", "3-1", "16384", "0-999999999999", "0;1"])
def test_what_is_no_set_of_cpus(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        CPUS.mean("cpuset", text)
    assert caught.value.message.startswith("cpuset: ")


@given(st.sets(st.integers(0, 200), min_size=1))
def test_a_set_of_cpus_keeps_its_members(numbers: set[int]) -> None:
    text = CPUS.mean("cpuset", ",".join(str(number) for number in numbers))
    assert _domain_codecs.cpu_numbers(text) == numbers
    assert CPUS.mean("cpuset", text) == text


@pytest.mark.parametrize(
    ("codec", "place", "value", "xml", "shown"),
    [
        (_domain_codecs.AttributeSize("KiB", 1024, 1024), "@size", "2MiB", '<e size="2048" unit="KiB"/>', "2MiB"),
        (_domain_codecs.AttributeSize("B"), "l/@v", "64B", '<e><l v="64" unit="B"/></e>', "64B"),
        (_domain_codecs.Bytes(), "r", "5MB", "<e><r>5000000</r></e>", "5000000B"),
        (_domain_codecs.OwnPath(), "", "/a b", "<e>/a b</e>", "/a b"),
        (_domain_codecs.Quota(), "q", -1, "<e><q>-1</q></e>", -1),
        (_domain_codecs.Hexadecimal(), "p", "3", "<e><p>0x0003</p></e>", "0x0003"),
        (_domain_codecs.Stated("v", _codecs.Integer(1)), "s", 7, '<e><s state="on" v="7"/></e>', 7),
        (_domain_codecs.Named(("a", "b")), "n", ["b"], '<e><n name="b" enabled="yes"/></e>', ["b"]),
    ],
)
def test_a_value_is_written_read_and_cleared(
    codec: _codecs.Text, place: str, value: t.Any, xml: str, shown: t.Any
) -> None:
    tree = _xml.new("e")
    assert not codec.read(tree, place)
    meaning = codec.mean("it", value)
    codec.write(tree, place, meaning)
    assert _xml.canonical(tree) == _xml.canonical(_xml.parse(xml, "it"))
    assert codec.read(tree, place) == meaning
    assert codec.show(meaning) == shown
    getattr(codec, "clear", _xml.drop)(tree, place)
    assert not codec.read(tree, place)
    assert _xml.canonical(tree) == "<e></e>"


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (_domain_codecs.Quota(), 999),
        (_domain_codecs.Quota(), -2),
        (_domain_codecs.PowerOfTwo(1024, 65536), 3000),
        (_domain_codecs.Hexadecimal(), "0xg"),
        (_domain_codecs.Named(("a",)), ["c"]),
        (_domain_codecs.OwnPath(), "here"),
    ],
)
def test_what_has_no_meaning_is_refused(codec: _codecs.Text, value: t.Any) -> None:
    with pytest.raises(BadValue):
        codec.mean("it", value)


def test_a_step_with_a_condition_is_found_and_made() -> None:
    tree = _xml.parse("<d><s type='a'><e name='x'>1</e></s></d>", "it")
    assert _xml.get(tree, "s[@type='a']/e[@name='x']") == "1"
    assert _xml.get(tree, "s[@type='b']/e[@name='x']") is None
    _xml.put(tree, "s[@type='b']/e[@name='x/y']", "2")
    _xml.put(tree, "s[@type='b']/e[@name='x/y']/@file", "/f")
    assert _xml.canonical(tree.findall("s")[1]) == '<s type="b"><e file="/f" name="x/y">2</e></s>'
    _xml.put_all(tree, "s[@type='a']/l/@n", ["1", "2"])
    assert _xml.get_all(tree, "s[@type='a']/l/@n") == ["1", "2"]


def test_a_namespace_may_have_slashes() -> None:
    tree = _xml.parse("<domain><name>a</name></domain>", "it")
    fields, text = edited(_xml.write(tree), os_id="http://debian.org/debian/13")
    assert fields == ["os_id"]
    assert '<libosinfo:os id="http://debian.org/debian/13"></libosinfo:os>' in text
    tree = _xml.parse(text, "it")
    _xml.drop(tree, next(row.place for row in ROWS if row.option == "os_id"))
    assert _xml.canonical(tree) == "<domain><name>a</name></domain>"


def test_of_the_threads_of_io_there_are_as_many_as_are_declared() -> None:
    """libvirt takes the longer of the number and the list."""
    three = (
        "<domain><iothreads>3</iothreads><iothreadids><iothread id='2'/><iothread id='4'/><iothread id='6'/>"
        "</iothreadids></domain>"
    )
    fields, text = edited(three, iothreads=1)
    assert fields == ["iothreads"]
    assert text == ('<domain><iothreads>1</iothreads><iothreadids><iothread id="2"></iothread></iothreadids></domain>')
    fields, text = edited(three, iothreadids=[{"id": 4}])
    assert fields == ["iothreadids[2]", "iothreadids[6]"]
    assert "<iothreads>1</iothreads>" in text


def test_a_scheduler_of_several_threads_is_one_for_each() -> None:
    scheds = [{"vcpus": "0-1", "scheduler": "idle"}, {"vcpus": "3", "scheduler": "batch"}]
    there = (
        "<domain><cputune><vcpusched vcpus='0' scheduler='idle'/><vcpusched vcpus='1' scheduler='idle'/>"
        "<vcpusched vcpus='2' scheduler='idle'/></cputune></domain>"
    )
    fields, _text = edited(there, cputune={"vcpusched": scheds})
    assert fields == ["cputune.vcpusched[2]", "cputune.vcpusched[3]"]
    with pytest.raises(BadValue, match="has it too"):
        mean(ROWS, {"cputune": {"vcpusched": [scheds[0], {"vcpus": "1-2", "scheduler": "idle"}]}})


def test_other_features_are_of_another_image_of_the_firmware() -> None:
    """The one that libvirt has chosen before may not have them."""
    there = (
        "<domain><os firmware='efi'><loader readonly='yes' type='pflash'>/a.fd</loader>"
        "<nvram template='/b.fd'>/c.fd</nvram></os></domain>"
    )
    fields, text = edited(there, firmware="efi", firmware_features=[{"name": "secure-boot", "enabled": False}])
    assert fields == ["firmware_features[secure-boot]"]
    assert '<loader readonly="yes" type="pflash"></loader>' in text
    assert "<nvram>/c.fd</nvram>" in text
    assert edited(there, firmware="efi", loader={"path": "/a.fd"})[0] == []
    fields, text = edited(there, loader={"path": "/other.fd", "type": "pflash"})
    assert fields == ["loader.path"]
    assert "firmware=" not in text


def test_the_place_of_the_variables_is_one() -> None:
    there = "<domain><os><nvram type='file'><source file='/a'/></nvram></os></domain>"
    assert edited(there, nvram={"path": "/b"})[1] == "<domain><os><nvram>/b</nvram></os></domain>"
    fields, text = edited("<domain><os><nvram>/b</nvram></os></domain>", nvram={"file": "/a"})
    assert fields == ["nvram.file"]
    assert text == '<domain><os><nvram type="file"><source file="/a"></source></nvram></os></domain>'


def test_another_clock_has_nothing_of_the_one_before() -> None:
    there = "<domain><clock offset='variable' adjustment='3' basis='localtime'><timer name='rtc'/></clock></domain>"
    fields, text = edited(there, clock={"offset": "utc"})
    assert fields == ["clock.offset"]
    assert text == '<domain><clock offset="utc"><timer name="rtc"></timer></clock></domain>'


CELL = {"id": 0, "cpus": "0", "memory": "64MiB"}
SEV = {"type": "sev", "policy": "1"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"memory_slots": 2}, "memory_slots: 2 is not valid: max_memory is wanted with it"),
        ({"memory": "2GiB", "max_memory": "1GiB", "memory_slots": 1}, "max_memory: '1GiB' is not valid"),
        ({"memory_backing": {"pages": [{"size": "2MiB"}], "hugepages": False}}, "memory_backing.hugepages: False"),
        ({"memtune": {"hard_limit": "2GiB", "swap_hard_limit": "1GiB"}}, "memtune.swap_hard_limit: '1GiB'"),
        ({"max_vcpus": 5, "cpu": {"topology": {"sockets": 1, "clusters": 2, "cores": 2, "threads": 1}}}, "for 4 vCPUs"),
        ({"vcpu_placement": "auto", "cpuset": "0"}, "cpuset: '0' is not valid: with vcpu_placement auto"),
        ({"memory": "32MiB", "cpu": {"numa": {"cells": [CELL]}}}, "more than memory, 32MiB"),
        ({"cpu": {"numa": {"cells": [{**CELL, "id": 1}]}}}, "their ids are 0, 1 and so on"),
        ({"cpu": {"numa": {"cells": [CELL, {**CELL, "id": 1}]}}}, "cpu.numa.cells[1].cpus: '0' is not valid"),
        ({"max_vcpus": 2, "cpu": {"numa": {"cells": [CELL]}}}, "every vCPU, which are 2, from 0"),
        ({"iothreads": 2, "iothreadids": [{"id": 3}]}, "iothreads: 2 is not valid: iothreadids has 1"),
        ({"max_vcpus": 2, "cputune": {"vcpupins": [{"vcpu": 2, "cpuset": "0"}]}}, "vCPUs are 0 to 1"),
        (
            {"throttlegroups": [{"group_name": "a", "total_iops_sec": 1, "read_iops_sec": 1}]},
            "throttlegroups[0].read_iops_sec: 1 is not valid: either it or total_iops_sec is wanted",
        ),
        ({"cputune": {"emulatorsched": {"scheduler": "fifo"}}}, "'fifo' is not valid: it wants a priority"),
        ({"cputune": {"vcpusched": [{"vcpus": "0", "scheduler": "idle", "priority": 1}]}}, "it has no priority"),
        (
            {"firmware": "bios", "firmware_features": [{"name": "secure-boot", "enabled": True}]},
            "firmware_features: 'secure-boot'",
        ),
        ({"nvram": {"path": "/a", "file": "/b"}}, "one place is wanted, not path and file"),
        ({"loader": {"stateless": True}, "nvram": {"path": "/a"}}, "a stateless loader has none"),
        ({"shim": "/a"}, "shim: '/a' is not valid: kernel is wanted with it"),
        ({"fwcfg": [{"name": "opt/a"}]}, "fwcfg[0]: 'opt/a' is not valid: either value or file is wanted"),
        ({"features": {"apic": False, "apic_eoi": True}}, "features.apic is wanted with it"),
        ({"features": {"smm_tseg": "8MiB"}}, "features.smm_tseg: '8MiB' is not valid: features.smm is wanted"),
        ({"features": {"hyperv": {"mode": "passthrough", "vapic": True}}}, "features.hyperv.vapic: True"),
        ({"features": {"hyperv": {"stimer_direct": True}}}, "stimer is wanted with it"),
        ({"clock": {"offset": "utc", "timezone": "Europe/Paris"}}, "clock.timezone: 'Europe/Paris' is not valid"),
        ({"clock": {"offset": "timezone"}}, "clock.timezone is wanted with it"),
        ({"clock": {"offset": "utc", "adjustment": "3"}}, "seconds are for offset variable"),
        ({"clock": {"offset": "variable", "adjustment": "reset"}}, "seconds are for offset variable"),
        ({"launch_security": {"type": "s390-pv", "cbitpos": 1}}, "type s390-pv has none"),
        ({"launch_security": {**SEV, "id_block": "A" * 128}}, "id_block: 'given' is not valid: type sev has none"),
        ({"launch_security": {**SEV, "id_block": "AAAA"}}, "96 bytes in base64 are wanted, it has 3"),
        ({"launch_security": {**SEV, "session": "AAA"}}, "launch_security.session: 'given' is not valid: text in"),
        ({"launch_security": {"type": "sev"}}, "launch_security.policy is wanted with it"),
    ],
)
def test_what_does_not_go_together_is_refused(options: Options, said: str) -> None:
    with pytest.raises(BadValue) as caught:
        Domain().desire({"name": "it", "state": "present", **options})
    assert said in caught.value.message
