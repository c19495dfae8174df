# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values: what a user may write, what it means, how it stands in XML."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _codecs, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from hypothesis import given
from hypothesis import strategies as st

MACS = st.binary(min_size=6, max_size=6).map(lambda b: bytes([b[0] & 0xFE | 2]) + b[1:]).map(lambda b: b.hex(":"))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
VALUES: dict[str, tuple[_codecs.Text, st.SearchStrategy[t.Any]]] = {
    "text": (_codecs.Text(), WORDS),
    "integer": (_codecs.Integer(-1), st.integers(-1, 2**40)),
    "switch": (_codecs.Switch("on", "off"), st.booleans()),
    "presence": (_codecs.Presence(), st.booleans()),
    "size": (_codecs.Size("KiB", 1, 1024), st.integers(1, 2**40).map(lambda n: f"{n}KiB")),
    "bytes": (_codecs.Size("B", 0), st.integers(0, 2**60).map(lambda n: f"{n}B")),
    "plain size": (_codecs.PlainSize("KiB", 0), st.integers(0, 2**40).map(lambda n: f"{n}KiB")),
    "pci address": (
        _codecs.PciAddress(),
        st.from_regex(r"\A[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]\Z"),
    ),
    "texts": (_codecs.Texts(), st.lists(WORDS, max_size=4)),
    "unordered": (_codecs.Texts(ordered=False), st.lists(WORDS, max_size=4)),
    "mac": (_codecs.Mac(), st.one_of(MACS, MACS.map(str.upper))),
    "uuid": (_codecs.Uuid(), st.one_of(st.uuids().map(str), st.uuids().map(lambda u: u.hex.upper()))),
    "address": (_codecs.Address(), st.ip_addresses().map(str)),
    "octal": (_codecs.Octal(), st.integers(0, 0o7777).map(lambda n: f"{n:04o}")),
    "name": (_codecs.NAME, st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,20}[a-z0-9]\Z")),
    "path": (_codecs.PATH, st.from_regex(r"\A(/[a-z0-9._ -]{0,9}[a-z0-9]){1,4}\Z")),
}
each_codec = pytest.mark.parametrize("name", VALUES)


@each_codec
@given(data=st.data())
def test_a_meaning_shown_means_the_same(name: str, data: st.DataObject) -> None:
    codec, values = VALUES[name]
    meaning = codec.mean("option", data.draw(values))
    assert codec.mean("option", codec.show(meaning)) == meaning


@each_codec
@given(data=st.data())
def test_what_is_written_is_read(name: str, data: st.DataObject) -> None:
    codec, values = VALUES[name]
    place = {"presence": "deep/there", "texts": "deep/each/@name", "unordered": "each"}.get(name, "deep/place")
    meaning = codec.mean("option", data.draw(values))
    tree = _xml.new("root")
    _xml.put(tree, "other/@kept", "yes")
    codec.write(tree, place, meaning)
    tree = _xml.parse(_xml.write(tree), "it")
    assert codec.read(tree, place) == meaning
    assert _xml.get(tree, "other/@kept") == "yes"


@each_codec
def test_where_nothing_stands_nothing_is_read(name: str) -> None:
    assert VALUES[name][0].read(_xml.new("root"), "deep/place") in (None, False, [])


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (_codecs.Text(), ""),
        (_codecs.Text(), "bell\a"),
        (_codecs.Integer(1), 0),
        (_codecs.Integer(1, 5), 6),
        (_codecs.Size(), "0KiB"),
        (_codecs.Size(), "10"),
        (_codecs.Size("KiB", 1, 1024), "1023B"),
        (_codecs.Texts(choices=("hd",)), ["usb"]),
        (_codecs.Mac(), "52:54:00:00:00"),
        (_codecs.Mac(), "52-54-00-00-00-01"),
        (_codecs.Mac(), "01:00:5e:00:00:01"),
        (_codecs.Mac(), "00:00:00:00:00:00"),
        (_codecs.Uuid(), "nonsense"),
        (_codecs.Address(), "10.0.0.256"),
        (_codecs.Address(), "10.0.0.0/8"),
        (_codecs.Octal(), "8"),
        (_codecs.Octal(), "rwxr-xr-x"),
        *((_codecs.NAME, name) for name in ("", "a/b", "a\nb", " a", "a ", ".", "..", "a\x00", "a\x7f")),
        *((_codecs.PATH, path) for path in ("", "a", "./a", "/a\nb")),
    ],
)
def test_what_has_no_meaning_is_refused_with_option_and_value(codec: _codecs.Text, value: t.Any) -> None:
    with pytest.raises(BadValue) as raised:
        codec.mean("disks[0].thing", value)
    bad = value[0] if isinstance(value, list) else value
    assert raised.value.message.startswith(f"disks[0].thing: {bad!r} is not valid: ")


@pytest.mark.parametrize(
    ("codec", "one", "other"),
    [
        (_codecs.Size(), "1GiB", "1048576KiB"),
        (_codecs.Mac(), "52:54:00:AA:BB:CC", "52:54:00:aa:bb:cc"),
        (_codecs.Uuid(), "6A1C4B52111142228333123456789ABC", "6a1c4b52-1111-4222-8333-123456789abc"),
        (_codecs.Address(), "2001:DB8::0:1", "2001:db8::1"),
        (_codecs.Octal(), "711", "0711"),
        (_codecs.Texts(ordered=False), ["b", "a"], ["a", "b"]),
    ],
)
def test_spellings_of_the_same_are_the_same(codec: _codecs.Text, one: t.Any, other: t.Any) -> None:
    assert codec.mean("option", one) == codec.mean("option", other)


def test_a_size_in_any_unit_of_libvirts() -> None:
    size = _codecs.Size("KiB")
    for text in ("<r><m unit='GiB'>1</m></r>", "<r><m unit='G'>1</m></r>", "<r><m>1048576</m></r>"):
        assert size.read(_xml.parse(text, "it"), "m") == 1024**3
