# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Raw XML merged into what is there."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

TAGS = st.sampled_from(
    re.findall(
        r"\S+",
        "domain name uuid memory vcpu os boot devices disk interface source target mac model address serial cpu "
        "feature host dhcp ip range dns hostname {urn:x}note",
    )
)
TEXTS = st.sampled_from(["", "1", "0x1", "01", "two", "2048", "52:54:00:AA:BB:CC", "52:54:00:aa:bb:cc", "q35"])
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["type", "dev", "unit", "address", "name", "machine", "index", "mac", "ip", "{urn:x}kind"]),
    st.one_of(TEXTS, st.sampled_from(["KiB", "MiB", "pc-q35-7.2", "disk"])),
    max_size=3,
)


def element(tag: str, text: str, attributes: dict[str, str], children: list[t.Any]) -> t.Any:
    made = etree.Element(tag, attributes)
    made.text = text or None
    made.extend(children)
    return made


TREES = st.recursive(
    st.builds(element, TAGS, TEXTS, ATTRIBUTES, st.just([])),
    lambda children: st.builds(element, TAGS, st.just(""), ATTRIBUTES, st.lists(children, max_size=4)),
    max_leaves=12,
)
DOCUMENTS = st.builds(element, st.just("domain"), st.just(""), ATTRIBUTES, st.lists(TREES, max_size=4))


def merged(tree: t.Any, wanted: t.Any) -> bool:
    """Merge; False where it was refused, as only another UUID is."""
    try:
        _merge.merge(tree, wanted)
    except KvmError as error:
        if error.error_code != "wrong_uuid":
            raise
        return False
    return True


def parsed(tree: t.Any) -> t.Any:
    return _xml.parse(_xml.write(tree), "it")


@given(DOCUMENTS)
def test_a_document_merged_into_itself_changes_nothing(tree: t.Any) -> None:
    tree = parsed(tree)
    before = _xml.canonical(tree)
    assert _merge.merge(tree, _xml.clone(tree)) == []
    assert _xml.canonical(tree) == before


def test_a_unit_without_a_number() -> None:
    tree = _xml.parse("<domain><name>5</name></domain>", "it")
    assert _merge.merge(tree, _xml.parse("<domain><name unit='KiB'/></domain>", "it")) == []


@given(DOCUMENTS, DOCUMENTS)
def test_what_was_merged_changes_nothing_the_second_time(tree: t.Any, wanted: t.Any) -> None:
    tree, wanted = parsed(tree), parsed(wanted)
    if not merged(tree, wanted):
        return
    before = _xml.canonical(tree)
    assert [change.shown() for change in _merge.merge(tree, wanted)] == []
    assert _xml.canonical(tree) == before


@given(DOCUMENTS, TREES)
def test_a_fragment_is_merged_or_refused_without_a_traceback(tree: t.Any, fragment: t.Any) -> None:
    tree, given_document = parsed(tree), _merge.document(parsed(fragment), "domain")
    if merged(tree, given_document):
        assert _merge.merge(tree, given_document) == []


@given(DOCUMENTS)
def test_the_order_of_attributes_means_nothing(tree: t.Any) -> None:
    tree = parsed(tree)
    turned = _xml.clone(tree)
    for each in turned.iter():
        attributes = sorted(each.attrib.items(), reverse=True)
        each.attrib.clear()
        each.attrib.update(attributes)
    assert _merge.merge(tree, turned) == []


def fields(there: str, wanted: str, tag: str = "domain") -> list[tuple[str, t.Any, t.Any]]:
    tree = _xml.parse(there, "it")
    document = _merge.document([_xml.parse(wanted, "it")], tag)
    changes = _merge.merge(tree, document)
    assert _merge.merge(tree, document) == []
    return [(change.field, change.before, change.after) for change in changes]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ("<memory unit='KiB'>1048576</memory>", "<memory unit='GiB'>1</memory>"),
        ("<memory unit='KiB'>1048576</memory>", "<memory>1048576</memory>"),
        (
            "<memtune><hard_limit unit='KiB'>1024</hard_limit></memtune>",
            "<memtune><hard_limit>1024</hard_limit></memtune>",
        ),
        ("<os><type machine='pc-q35-7.2'>hvm</type></os>", "<os><type machine='q35'>hvm</type></os>"),
        ("<os><type machine='pc-i440fx-7.2'>hvm</type></os>", "<os><type machine='pc'/></os>"),
        ("<uuid>6a1c4b52-1111-4222-8333-123456789abc</uuid>", "<uuid>6A1C4B52111142228333123456789ABC</uuid>"),
        ("<devices><a slot='0x0a'/></devices>", "<devices><a slot='10'/></devices>"),
        (
            "<devices><interface type='network'><mac address='52:54:00:aa:bb:cc'/></interface></devices>",
            "<devices><interface type='network'/></devices>",
        ),
        (
            "<devices><interface type='network'><mac address='52:54:00:aa:bb:cc'/></interface></devices>",
            "<devices><interface><mac address='52:54:00:AA:BB:CC'/></interface></devices>",
        ),
        ("<m><page size='2048' unit='KiB'/></m>", "<m><page size='2' unit='M'/></m>"),
    ],
)
def test_the_same_in_other_words(there: str, wanted: str) -> None:
    assert fields(f"<domain>{there}</domain>", f"<domain>{wanted}</domain>") == []


def test_a_unit_goes_with_its_number() -> None:
    tree = _xml.parse("<domain><memory unit='KiB'>1048576</memory><m><page size='2' unit='M'/></m></domain>", "it")
    wanted = _xml.parse(
        "<domain><memory unit='GiB' dump='on'>1</memory><m><page size='1' unit='G'/></m></domain>", "it"
    )
    changes = _merge.merge(tree, wanted)
    assert [change.field for change in changes] == ["xml/memory/@dump", "xml/m/page/@size"]
    assert _xml.write(_xml.need(tree, "m/page")).strip() == '<page size="1" unit="G"/>'
    assert _xml.get(tree, "memory") == "1"
    assert _xml.get(tree, "memory/@unit") == "GiB"


def test_a_machine_of_a_version_is_kept() -> None:
    there = "<domain><os><type arch='x86_64' machine='pc-q35-7.1'>hvm</type></os></domain>"
    wanted = "<domain><os><type arch='i686' machine='q35'>hvm</type></os></domain>"
    assert fields(there, wanted) == [("xml/os/type/@arch", "x86_64", "i686")]


def test_given_disks_are_all_there_are_and_given_controllers_are_not() -> None:
    there = (
        "<domain><devices><disk><target dev='vda'/></disk><disk><target dev='vdb'/></disk>"
        "<controller type='usb' index='0'/><controller type='pci' index='0'/></devices></domain>"
    )
    wanted = (
        "<domain><devices><disk><target dev='vdb'/></disk><controller type='usb' index='0' model='x'/></devices>"
        "</domain>"
    )
    assert [field for field, _b, _a in fields(there, wanted)] == ["xml/devices/disk", "xml/devices/controller/@model"]
    assert fields(there, "<domain><devices/></domain>") == []


def test_a_uuid_is_refused() -> None:
    with pytest.raises(KvmError) as raised:
        fields(
            "<domain><uuid>6a1c4b52-1111-4222-8333-123456789abc</uuid></domain>", "<domain><uuid>6a1c</uuid></domain>"
        )
    assert raised.value.error_code == "wrong_uuid"


@pytest.mark.parametrize(
    ("fragment", "place"),
    [
        ("<watchdog model='x'/>", "devices/watchdog"),
        ("<memory unit='KiB'>1</memory>", "memory"),
        ("<memory model='dimm'><target/></memory>", "devices/memory"),
        ("<cpu mode='maximum'/>", "cpu"),
    ],
)
def test_a_fragment_is_put_where_it_belongs(fragment: str, place: str) -> None:
    assert _xml.find(_merge.document([_xml.parse(fragment, "it")], "domain"), place) is not None


def test_comments_and_instructions_mean_nothing() -> None:
    assert (
        fields("<domain><!-- a --><name>x</name></domain>", "<domain><?pi x?><name>x<!-- b --></name></domain>") == []
    )


@pytest.mark.parametrize("text", ["", " ", "nonsense", "<a>", "<a/><b/>", "<a b=c/>", "<a>&undefined;</a>", "\x00"])
def test_what_is_no_xml_is_refused(text: str) -> None:
    with pytest.raises(KvmError) as raised:
        _xml.parse(text, "The xml of domain web1")
    assert raised.value.error_code == "invalid_xml"
    assert raised.value.message.startswith("The xml of domain web1 ")


def test_nothing_is_read_from_files_or_the_network(tmp_path: t.Any) -> None:
    (tmp_path / "secret").write_text("secret")
    text = f"<!DOCTYPE d [<!ENTITY x SYSTEM 'file://{tmp_path}/secret'>]><domain><name>&x;</name></domain>"
    try:
        found = _xml.write(_xml.parse(text, "it"))
    except KvmError:
        return
    assert "secret" not in found.replace(str(tmp_path), "")
