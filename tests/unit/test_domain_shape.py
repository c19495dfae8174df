# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Domains made alike are proven once, and each is declared as if it had been proven by itself."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_shape, _note, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._info import adopter_of_domains

DOMAIN = """<domain type='qemu'><name>{name}</name><uuid>5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b{number}</uuid>{more}
  <memory unit='KiB'>1048576</memory><currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu placement='static'>2</vcpu><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>
  <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{image}'/>
    <target dev='vda' bus='virtio'/></disk>
  <interface type='network'><mac address='52:54:00:00:{mac}'/><source network='default'/></interface>
  <console type='pty'/></devices></domain>"""


def domain(number: int, **words: str) -> str:
    given = {"name": f"web{number}", "image": f"/images/web{number}.img", "mac": f"00:{number:02x}", "more": ""}
    return DOMAIN.format(**{**given, "number": f"{number:04}", **words})


def declared(adopter: t.Any, text: str) -> dict[str, t.Any]:
    answer: dict[str, t.Any] = adopter.declaration(_xml.parse(text, "x"), {"state": "stopped"})
    return answer


def alone(text: str) -> dict[str, t.Any]:
    """As it is declared without looking for its shape."""
    adopter = adopter_of_domains()
    adopter.shape = lambda _tree: None
    return declared(adopter, text)


def shape(text: str) -> _domain_shape.Shape | None:
    return _domain_shape.shape(_xml.parse(text, "x"))


def test_domains_made_alike_are_proven_once() -> None:
    adopter = adopter_of_domains()
    texts = [domain(number, more=f"<title>Number {number}</title>") for number in range(3)]
    assert [declared(adopter, text) for text in texts] == [alone(text) for text in texts]
    assert declared(adopter, texts[1])["disks"][0]["file"] == "/images/web1.img"
    assert len(adopter.known) == 1
    adopter.declaration(_xml.parse(texts[0], "x"), {"state": "running"})
    assert len(adopter.known) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"name": "1234"},
        {"name": "a:b:c:d:e:f"},
        {"name": "web &amp; co"},
        {"image": "/images//web2.img"},
        {"image": "/images/web2.img/"},
        {"image": "/images/&lt;web2&gt;.img"},
        {"mac": "00:0A"},
        {"more": "<title> padded</title>"},
        {"more": "<description>minicloud-shape-name</description>"},
        {"more": "<metadata><a:b xmlns:a='urn:a'>/images/web2.img</a:b></metadata>"},
    ],
)
def test_a_word_that_is_not_plain_is_looked_at_for_itself(other: dict[str, str]) -> None:
    adopter = adopter_of_domains()
    declared(adopter, domain(1))
    assert declared(adopter, domain(2, **other)) == alone(domain(2, **other))


def test_a_word_that_is_elsewhere_too_has_no_stand_in() -> None:
    assert shape(domain(1)) is not None
    assert shape(domain(1, more="<metadata><a:b xmlns:a='urn:a'>/images/web1.img</a:b></metadata>")) is None
    assert shape(domain(1, more="<description>minicloud-shape-name</description>")) is None


def test_two_that_are_the_same_are_another_shape_than_two_that_differ() -> None:
    disk = "<disk type='file' device='cdrom'><source file='{0}'/><target dev='sda' bus='sata'/></disk></devices>"
    same, other = (shape(domain(1).replace("</devices>", disk.format(each))) for each in ("/images/web1.img", "/b"))
    assert same is not None
    assert other is not None
    assert same.key != other.key


def noted(text: str, **options: t.Any) -> str:
    """A domain as this collection has declared it."""
    kind, tree = Domain(), _xml.parse(text, "x")
    given = {**{option: row.get("default") for option, row in _spec().items()}, **options}
    kind.definition(kind.desire(given), tree)
    assert _note.there(tree)
    return _xml.write(tree)


def _spec() -> dict[str, t.Any]:
    return {option: {"default": value} for option, value in adopter_of_domains().defaults.items()}


def test_what_was_declared_before_is_of_the_shape_too() -> None:
    adopter = adopter_of_domains()

    def of(number: int, **more: t.Any) -> str:
        disks = [{"target": "vda", "bus": "virtio", "file": f"/images/web{number}.img", "format": "raw"}]
        return noted(domain(number), name=f"web{number}", memory="1GiB", disks=disks, **more)

    texts = [of(number) for number in range(3)]
    assert [declared(adopter, text) for text in texts] == [alone(text) for text in texts]
    assert len(adopter.known) == 1
    # One that somebody has given another image since is another shape.
    drifted = texts[2].replace("'/images/web2.img'", "'/by/hand.img'").replace('file="/images/web2.img"', 'file="/x"')
    assert declared(adopter, drifted) == alone(drifted)
    assert len(adopter.known) == 2
    raw = "<domain><name>web{0}</name><devices><rng model='virtio'><backend model='egd' type='unix'>"
    raw += "<source mode='connect' path='/images/web{0}.img'/></backend></rng></devices></domain>"
    again = [of(number, xml=raw.format(number)) for number in range(3)]
    assert [declared(adopter, text) for text in again] == [alone(text) for text in again]
