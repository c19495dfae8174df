# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which declared item of a list is which existing one."""

from __future__ import annotations

import operator
import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _pairing, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Integer, Presence
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Many, Row, edit, mean, read

AGREES = dict.fromkeys("abc", operator.eq)
TAKE = Many(
    "parts",
    "part",
    (
        Row("kind", "@kind", required=True, keep=True),
        Row("index", "@index", Integer(0), keep=True),
        Row("size", "size"),
        Row("ready", "ready", Presence(), absent=False),
    ),
    keys=("kind", "index"),
    together=True,
    whole=False,
)


@pytest.mark.parametrize(
    ("wanted", "found", "together", "pairs"),
    [
        ([{"a": 1, "b": 2}], [{"a": 1, "b": 3}, {"a": 1, "b": 2}], True, {0: 1}),
        ([{"a": 1}], [{"a": 1, "b": 2}, {"a": 1}], True, {0: 1}),
        ([{"a": 1}], [{"a": 1, "b": 2}], True, {}),
        ([{"a": 1, "b": 2}], [{"a": 1, "b": 2}], False, {0: 0}),
        ([{"a": 1}, {"a": 1}], [{"a": 1, "b": None}], True, {0: 0}),
        ([{"a": None}], [{"a": None}], False, {}),
    ],
)
def test_pairs(wanted: t.Any, found: t.Any, together: bool, pairs: dict[int, int]) -> None:
    assert _pairing.pair(wanted, found, [_pairing.by(["a", "b"], AGREES, together)]) == pairs


@pytest.mark.parametrize(
    ("items", "together", "twins"),
    [
        ([{"a": 1}, {"a": 2}, {"a": 1}], False, (2, 0, "a")),
        ([{"a": 1, "b": 1}, {"a": 1}], True, None),
        ([{"a": 1, "b": 1}, {"a": 1, "b": 1}], True, (1, 0, "a")),
        ([{"b": 1}, {"b": 1}], False, None),
    ],
)
def test_twins(items: t.Any, together: bool, twins: t.Any) -> None:
    assert _pairing.twins(items, ["a", "b"], together) == twins


@pytest.mark.parametrize(
    ("item", "together", "label"),
    [
        ({"a": "x", "b": 0}, True, "x-0"),
        ({"a": None, "b": "y"}, True, "y"),
        ({"a": None, "b": {"c": None, "d": 1, "e": "z"}}, False, "1-z"),
        ({"a": {"c": None}, "b": None}, False, None),
    ],
)
def test_labels(item: t.Any, together: bool, label: str | None) -> None:
    assert _pairing.label(item, ["a", "b"], together) == label


def test_what_is_not_declared_stays_in_a_list_that_is_not_whole() -> None:
    tree = _xml.parse("<r><part kind='x' index='0'/><part kind='x' index='1'><size>1</size></part></r>", "it")
    wanted = mean([TAKE], {"parts": [{"kind": "x", "index": 1, "size": "2"}, {"kind": "y", "index": 0}]})
    fields = [change.field for change in edit([TAKE], tree, wanted)]
    assert fields == ["parts[x-1].size", "parts[y-0]"]
    assert [each.get("kind") for each in tree] == ["x", "x", "y"]
    assert edit([TAKE], tree, wanted) == []
    assert TAKE.agrees(wanted["parts"], read([TAKE], tree)["parts"])


def test_a_block_makes_the_element_one_of_its_sort() -> None:
    rows = [
        Row("file", "source/@file", only=("@type", "file")),
        Block("net", "source", (Row("name", "@name"),), only=("@type", "net"), fresh={"@proto": "x"}),
    ]
    tree = _xml.parse("<disk type='file'><source file='/a'><more/></source></disk>", "it")
    assert read(rows, tree) == {"file": "/a", "net": None}
    assert [change.field for change in edit(rows, tree, {"net": {"name": "b"}})] == ["net.name"]
    assert _xml.canonical(tree) == '<disk type="net"><source name="b" proto="x"></source></disk>'
    assert edit(rows, tree, {"net": {"name": "b"}}) == []
    edit(rows, tree, {"file": "/c"})
    assert _xml.canonical(tree) == '<disk type="file"><source file="/c"></source></disk>'


def test_what_stands_instead_of_something_else() -> None:
    rows = [Row("all", "tune/all", instead_of=("tune/some",)), Row("some", "tune/some", instead_of=("tune/all",))]
    tree = _xml.parse("<r><tune><all>1</all></tune></r>", "it")
    edit(rows, tree, {"some": "2"})
    assert _xml.canonical(tree) == "<r><tune><some>2</some></tune></r>"
