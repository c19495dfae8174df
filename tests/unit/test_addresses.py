# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where devices sit in a guest: what is taken for an address, what it stands for, and what it does not tell."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_address_rows, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import PciAddress
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_devices import DEVICES as EVERY
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._forget import forget
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Many, Row, edit, mean

DEVICES = {row.option: row for row in EVERY if isinstance(row, Many)}


def row_of(kind: str, option: str) -> Row:
    found = next(row for row in DEVICES[kind].rows if row.option == option)
    assert isinstance(found, Row)
    return found


@pytest.mark.parametrize(
    ("kind", "option", "words", "meaning", "attributes"),
    [
        (
            "rngs",
            "pci_address",
            "0000:0A:1F.7",
            "0000:0a:1f.7",
            "type=pci domain=0x0000 bus=0x0a slot=0x1f function=0x7",
        ),
        ("inputs", "usb_address", "0:01.02", "0:1.2", "type=usb bus=0 port=1.2"),
        ("channels", "virtio_serial_address", "1:0:03", "1:0:3", "type=virtio-serial controller=1 bus=0 port=3"),
        ("smartcards", "ccid_address", "0:2", "0:2", "type=ccid controller=0 slot=2"),
        ("panics", "iobase", "0x0505", "0x505", "type=isa iobase=0x505"),
    ],
)
def test_an_address(kind: str, option: str, words: str, meaning: str, attributes: str) -> None:
    row, device = row_of(kind, option), _xml.parse("<it><address type='drive' unit='3'/></it>", "it")
    assert row.read(device) is None
    assert row.mean("x", words) == meaning
    edit([row], device, {option: meaning})
    address = _xml.find(device, "address")
    assert address is not None
    assert dict(address.attrib) == dict(each.split("=") for each in attributes.split())
    assert row.read(device) == meaning


@pytest.mark.parametrize(
    ("kind", "option", "words"),
    [
        ("rngs", "pci_address", "01:00.0"),
        ("rngs", "pci_address", "0000:01:20.0"),
        ("inputs", "usb_address", "1"),
        ("inputs", "usb_address", "0:1.2.3.4.5"),
        ("channels", "virtio_serial_address", "0:1"),
        ("smartcards", "ccid_address", "0"),
        ("panics", "iobase", "505"),
    ],
)
def test_no_address(kind: str, option: str, words: str) -> None:
    with pytest.raises(BadValue, match="such as"):
        row_of(kind, option).mean("x", words)


def test_there_is_one_codec_for_pci() -> None:
    codec = PciAddress()
    device = _xml.parse("<it><address domain='0' bus='0x1' slot='2' function='3'/></it>", "it")
    assert codec.read(device, "address") == PciAddress("pci").read(device, "address") == "0000:01:02.3"
    codec.write(device, "address", "0000:04:00.0")
    assert _xml.get(device, "address/@type") is None
    for other in ("<it/>", "<it><address type='usb' bus='0' port='1'/></it>", "<it><address type='pci'/></it>"):
        assert codec.read(_xml.parse(other, "it"), "address") is None


def test_a_new_place_keeps_what_else_is_said_of_it() -> None:
    text = "<it><address type='pci' bus='1' slot='0' function='0' multifunction='on'><zpci uid='1'/></address></it>"
    device = _xml.parse(text, "it")
    edit(_domain_address_rows.PCI, device, {"pci_address": "0000:05:00.0"})
    assert _xml.get(device, "address/@multifunction") == "on"
    assert _xml.find(device, "address/zpci") is not None


def test_an_address_stays_that_is_not_declared_any_more() -> None:
    tree = _xml.parse(
        "<domain><devices><rng model='virtio'><backend model='random'>/dev/urandom</backend>"
        "<address type='pci' bus='5' slot='0' function='0' multifunction='on'/></rng></devices></domain>",
        "it",
    )
    before = {"rngs": [{"model": "virtio", "pci_address": "0000:05:00.0", "multifunction": True}]}
    changes = forget(ROWS, tree, before, {"rngs": [{"model": "virtio"}]}, None)
    assert [change.field for change in changes] == ["rngs[0].multifunction"]
    assert _xml.get(tree, "devices/rng/address/@bus") == "5"


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"disks": [{"pci_address": "0000:05:00.0"}], "memballoon": {"pci_address": "0000:05:00.0"}},
            "memballoon.pci_address: '0000:05:00.0' is not valid: disks[0].pci_address is the same.",
        ),
        (
            {"inputs": [{"usb_address": "0:1"}, {"usb_address": "0:1"}]},
            "inputs[1].usb_address: '0:1' is not valid: inputs[0].usb_address is the same.",
        ),
        (
            {"rngs": [{"multifunction": True}]},
            "rngs[0].multifunction: True is not valid: pci_address is wanted with it.",
        ),
        ({"disks": [{"pci_address": "0000:05:00.0"}, {"pci_address": "0000:05:00.1"}]}, None),
    ],
)
def test_two_at_one_place(declared: dict[str, t.Any], message: str | None) -> None:
    if message is None:
        _domain_address_rows.check(declared)
        return
    with pytest.raises(BadValue) as caught:
        _domain_address_rows.check(declared)
    assert str(caught.value) == message


def test_a_place_tells_devices_apart_only_where_nothing_else_does() -> None:
    interfaces = DEVICES["interfaces"]
    assert isinstance(interfaces, Many)
    x, y = ({"mac": f"52:54:00:00:00:0{each}", "pci_address": f"0000:0{each}:00.0"} for each in (1, 2))
    # The one that sits there, in whatever order they are declared.
    assert interfaces.pair([{}, {"pci_address": "0000:01:00.0"}], [x, y]) == {1: 0, 0: 1}
    # It moves, and is no other one.
    assert interfaces.pair([{}, {"pci_address": "0000:09:00.0"}], [x, y]) == {0: 0, 1: 1}
    by_mac = [{"mac": y["mac"], "pci_address": x["pci_address"]}, {"mac": x["mac"]}]
    assert interfaces.pair(by_mac, [x, y]) == {0: 1, 1: 0}


def test_a_disk_on_another_bus_leaves_its_place() -> None:
    rows = DEVICES["disks"].rows
    disk = _xml.parse(
        "<disk><target dev='vda' bus='virtio'/><address type='pci' bus='1' slot='0' function='0'/></disk>", "x"
    )
    edit(rows, disk, mean(rows, {"bus": "virtio"}))
    assert _xml.find(disk, "address") is not None
    edit(rows, disk, mean(rows, {"bus": "sata", "address": {"unit": 1}}))
    address = _xml.find(disk, "address")
    assert address is not None
    assert dict(address.attrib) == {"type": "drive", "unit": "1"}
