# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a definition to its declaration, without libvirt: typed options, what is left for the XML, what is kept back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _merge, _note, _rest, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._info import adopter_of, adopter_of_domains
from ansible_collections.minicloud.kvm.plugins.module_utils._network import Network
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import MASK, edit, mean
from ansible_collections.minicloud.kvm.plugins.module_utils._typed import typed

DOMAIN = """<domain type='qemu'><name>web1</name><uuid>5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69</uuid>
  <memory unit='KiB'>1048576</memory><currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu placement='static'>2</vcpu><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>{0}</domain>"""


def declared(text: str) -> dict[str, t.Any]:
    return adopter_of_domains().declaration(_xml.parse(text, "x"), {"state": "stopped"})


def of(*elements: str) -> dict[str, t.Any]:
    return declared(DOMAIN.format("".join(elements)))


def devices(*elements: str) -> dict[str, t.Any]:
    return of("<devices>{0}</devices>".format("".join(elements)))


def test_what_has_options_is_typed_and_nothing_else_is_said() -> None:
    assert of() == {
        "name": "web1",
        "state": "stopped",
        "uuid": "5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69",
        "type": "qemu",
        "arch": "x86_64",
        "machine": "pc-q35-7.2",
        "memory": "1GiB",
        "vcpus": 2,
        # What a new domain would have besides is not wanted.
        "xml": of()["xml"],
    }
    left = _xml.parse(of()["xml"], "x")
    assert [_xml.name(each) for each in left.iter()] == ["domain", "os", "type"]


def test_the_place_of_a_device_is_told() -> None:
    back = devices(
        "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/a'/>"
        "<target dev='vda' bus='virtio'/><address type='pci' domain='0' bus='4' slot='0' function='0'/></disk>"
    )
    disk = {"target": "vda", "bus": "virtio", "file": "/a", "format": "raw", "pci_address": "0000:04:00.0"}
    assert back["disks"] == [disk]


def test_what_options_say_needs_no_xml() -> None:
    root = "<controller type='pci' index='0' model='pcie-root'/>"
    back = of("<clock offset='utc'/><on_crash>destroy</on_crash><devices>" + root + "</devices>")
    assert "xml" not in back
    # What a new domain would have otherwise.
    assert back["features"] == {"acpi": False, "apic": False}
    assert (back["serials"], back["channels"], back["rngs"]) == ([], [], [])
    assert back["controllers"] == [{"type": "pci", "index": 0, "model": "pcie-root"}]
    assert "on_crash" not in back


def test_a_list_that_typed_options_can_not_say_is_in_the_xml_only() -> None:
    disk = "<disk type='volume' device='disk'><source pool='p' volume='v'/><target dev='vda' bus='virtio'/></disk>"
    back = devices(disk)
    assert "disks" not in back
    assert _xml.get(_xml.parse(back["xml"], "x"), "devices/disk/source/@volume") == "v"


def test_a_value_that_its_option_refuses_is_in_the_xml_only() -> None:
    back = of("<title>two\nlines</title>")
    assert "title" not in back
    assert _xml.get(_xml.parse(back["xml"], "x"), "title") == "two\nlines"


def test_space_around_a_text_is_kept() -> None:
    back = of("<description>  indented</description>")
    assert "description" not in back
    assert ">  indented<" in back["xml"]


def test_elements_alike_are_all_there() -> None:
    redirected = "<redirdev bus='usb' type='spicevmc'><address type='usb' bus='0' port='{0}'/></redirdev>"
    back = devices(redirected.format(2), redirected.format(3))
    assert [each["usb_address"] for each in back["redirdevs"]] == ["0:2", "0:3"]
    card = "<smartcard mode='host'><address type='ccid' controller='0' slot='{0}'/><more/></smartcard>"
    back = devices(card.format(0), card.format(1))
    assert len(_xml.find_all(_xml.parse(back["xml"], "x"), "devices/smartcard/more")) == 2


def test_what_libvirt_has_by_itself_is_not_said() -> None:
    back = devices("<input type='mouse' bus='ps2'/>", "<input type='tablet' bus='usb'/>")
    assert back["inputs"] == [{"type": "tablet", "bus": "usb"}]
    assert "ps2" not in back["xml"]


def test_secrets_are_kept_back() -> None:
    back = devices(
        "<graphics type='vnc' port='-1' passwd='hidden' passwdValidTo='2030-01-01T00:00:00' connected='keep'/>",
        "<disk type='network' device='disk'><source protocol='https' name='x'><host name='h' port='443'/>"
        "<cookies><cookie name='a'>hidden</cookie></cookies></source><target dev='vda' bus='virtio'/></disk>",
    )
    assert "hidden" not in str(back)
    assert MASK not in str(back)
    assert "2030" not in str(back)


def test_a_note_of_ours_is_not_told() -> None:
    tree = _xml.parse(DOMAIN.format(""), "x")
    _note.write(tree, _note.Note({"memory": 2**30}))
    assert "declared" not in str(adopter_of_domains().declaration(tree, {"state": "stopped"}))


def test_what_the_check_refuses_falls_to_the_xml() -> None:
    """A topology for one of the two vCPUs."""
    back = of("<cpu><topology sockets='1' dies='1' cores='1' threads='1'/></cpu>")
    assert "topology" not in back.get("cpu", {})
    assert "topology" in back["xml"]


def test_a_network_needs_no_xml_for_what_libvirt_adds() -> None:
    text = """<network><name>n</name><uuid>5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69</uuid><forward mode='nat'><nat>
      <port start='1024' end='65535'/></nat></forward><bridge name='virbr9' stp='on' delay='0'/>
      <mac address='52:54:00:12:34:56'/><ip address='10.0.0.1' netmask='255.255.255.0'/></network>"""
    network = Network()
    back = adopter_of(network).declaration(_xml.parse(text, "x"), {"state": "inactive"})
    assert "xml" not in back
    assert back["ips"] == [{"address": "10.0.0.1", "prefix": 24}]
    assert back["forward"] == {"mode": "nat"}


@pytest.mark.parametrize(
    "text",
    [
        "<devices><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices>",
        "<devices>{0}{0}</devices>".format("<rng model='virtio'><backend model='random'>/dev/random</backend></rng>"),
        "<cpu mode='host-passthrough' check='none' migratable='on'><cache mode='passthrough'/></cpu>",
        "<clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>",
        "<seclabel type='none' model='apparmor'/>",
        "<metadata><a:b xmlns:a='http://an.org/1.0'><a:c/></a:b></metadata>",
        "<devices><unknown with='words'><and>more</and></unknown></devices>",
    ],
)
def test_options_and_xml_give_the_same_definition_back(text: str) -> None:
    tree = _xml.parse(DOMAIN.format(text), "x")
    given = adopter_of_domains().declaration(tree, {"state": "stopped"})
    domain = Domain()
    adopter = adopter_of_domains()
    made = adopter.fresh(given)
    domain.definition(domain.desire({**adopter.defaults, **given}), made)
    _note.drop(made)
    _xml.drop(tree, "vcpu/@placement")
    assert _merge.essence(made) == _merge.essence(tree)
    again = domain.definition(domain.desire({**adopter.defaults, **given}), tree)
    assert [change.field for change in again] == []


def test_typed_options_of_an_element_mean_what_it_says() -> None:
    tree = _xml.parse(DOMAIN.format("<devices><watchdog model='i6300esb' action='poweroff'/></devices>"), "x")
    options = typed(ROWS, tree)
    assert options is not None
    made = _xml.new("domain")
    edit(ROWS, made, mean(ROWS, options))
    assert _rest.alike(_xml.find_all(made, "devices/watchdog")[0], _xml.find_all(tree, "devices/watchdog")[0])


@pytest.mark.parametrize(
    ("field", "left"),
    [
        ("disks[0].cache", {"disks": [{"target": "vda"}], "cpu": {"mode": "custom"}}),
        ("disks[0]", {"cpu": {"mode": "custom"}}),
        ("cpu.mode", {"disks": [{"target": "vda", "cache": "none"}], "cpu": {}}),
        ("cpu.numa.cells", {"disks": [{"target": "vda", "cache": "none"}]}),
    ],
)
def test_the_option_that_is_refused_is_left_out(field: str, left: dict[str, t.Any]) -> None:
    options = {"disks": [{"target": "vda", "cache": "none"}], "cpu": {"mode": "custom"}}
    assert _rest.left_out(options, field)
    assert options == left


def test_an_option_that_is_not_there_can_not_be_left_out() -> None:
    assert not _rest.left_out({"name": "x"}, "disks[0].cache")


def test_a_netmask_and_a_prefix_mean_the_same() -> None:
    tree = _xml.parse("<network><ip address='10.0.0.1' netmask='255.255.255.0'/></network>", "x")
    assert _merge.merge(tree, _xml.parse("<network><ip address='10.0.0.1' prefix='24'/></network>", "x")) == []
    (change,) = _merge.merge(tree, _xml.parse("<network><ip address='10.0.0.1' prefix='16'/></network>", "x"))
    assert change.field == "xml/ip/@prefix"
    assert dict(tree[0].attrib) == {"address": "10.0.0.1", "prefix": "16"}
