# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Any options and any XML: one clear error or success, never a traceback, and what was given is never changed."""

from __future__ import annotations

import copy
import functools
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _domain,
    _network,
    _nwfilter,
    _pool,
    _secret,
    _volume,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_new import blank
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import (
    AnyRow,
    Block,
    Many,
    read,
    spec,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._since import newer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Options = t.Dict[str, t.Any]
KINDS: dict[str, t.Any] = {
    "domain": _domain.Domain,
    "net": _network.Network,
    "nwfilter": _nwfilter.NwFilter,
    "pool": _pool.Pool,
    "secret": _secret.Secret,
    "volume": _volume.Volume,
}
EXAMPLES = 60
each_kind = pytest.mark.parametrize("name", KINDS)
fuzz = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
# What a user may write anywhere, and what comes near to something.
WORDS = [
    *["", " ", "0", "1", "-1", "01", "0x10", "0xzz", "1.5", "1e3", "yes", "no", "on", "off", "auto", "none", "default"],
    *[
        "1KiB",
        "1mib",
        "10GB",
        "1.5KiB",
        "999999999EiB",
        "0B",
        "-1MiB",
        "1 GiB",
        "²",
        "१",
        "½",
        "\u00e4",
        "a\nb",
        "a\x00",
    ],
    *["/", "//", "/a/../b", "a/b", "..", "0-3", "3-0", "0-", "^1", "0,,1", "0-999999", "1,2", "*", "$IP", "@1"],
    *["52:54:00:12:34:56", "01:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "zz:54:00:12:34:56", "0000:06:00.0", "0:0:0:0"],
    *["10.0.0.1", "10.0.0.1/24", "10.0.0.256", "::1", "fe80::1%eth0", "::ffff:1.2.3.4", "255.255.255.0", "255.0.255.0"],
    *[
        "12345678-1234-4123-8123-123456789abc",
        "{12345678123441238123123456789abc}",
        "0711",
        "99",
        "'",
        '"',
        "<a/>",
        "&",
    ],
    *["<a", "<domain/>", "<metadata/>", "\ud800", "http://x/y", "http://[", "sha256:zz", "a" * 300, "9" * 5000],
]
ANYTHING = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 1, -1, 2**31, 2**32, 2**63, 2**64]),
    st.booleans(),
    st.none(),
    st.floats(),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.dictionaries(st.sampled_from(["name", "type", "x"]), st.sampled_from(WORDS), max_size=2),
)
# Without which nothing new is made.
BASE: dict[str, Options] = {
    "domain": {"memory": "64MiB"},
    "secret": {"usage": "ceph"},
    "volume": {"pool": "p", "capacity": "1GiB"},
}
CASES: dict[str, list[Options]] = {name: [] for name in KINDS}
for path in sorted((Path(__file__).parents[1] / "integration" / "options").glob("*.yml")):
    text = path.read_text(encoding="utf-8").replace("{images}", "/srv").replace("{scratch}", "mct")
    CASES[path.stem.partition("_")[0]] += [
        {"name": "it", **BASE.get(path.stem.partition("_")[0], {}), **case["declare"]}
        for case in yaml.safe_load(text).values()
    ]
CASES["volume"] = [
    {"name": "it", "pool": "p", "capacity": "1GiB", "format": "qcow2", "allocation": "full", "compat": "1.1"},
    {"name": "it", "pool": "p", "clone": {"volume": "x", "pool": "q"}, "permissions": {"mode": "0600", "owner": 1}},
    {"name": "it", "pool": "p", "backing_store": {"path": "/a", "format": "raw"}, "xml": "<target/>"},
]


def value(row: AnyRow) -> st.SearchStrategy[t.Any]:
    """Mostly of the option's own type, now and then anything."""
    typed: st.SearchStrategy[t.Any]
    if isinstance(row, Block):
        typed = table(row.rows)
    elif isinstance(row, Many):
        typed = st.lists(table(row.rows), max_size=3)
    elif row.choices:
        typed = st.sampled_from(row.choices)
    elif row.codec.ansible_type == "int":
        typed = st.one_of(st.integers(-2, 300), st.integers(-(2**70), 2**70))
    elif row.codec.ansible_type == "bool":
        typed = st.booleans()
    elif row.codec.ansible_type == "list":
        typed = st.lists(st.sampled_from([*WORDS, *getattr(row.codec, "choices", ())]), max_size=3)
    else:
        typed = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))
    return st.integers(0, 15).flatmap(lambda turn: typed if turn else ANYTHING)


def table(rows: t.Sequence[AnyRow]) -> st.SearchStrategy[Options]:
    """Some options of a table, with all that are required."""
    required = {row.option: value(row) for row in rows if row.required}
    some = st.lists(st.sampled_from(rows), max_size=4, unique_by=lambda row: row.option)
    chosen = some.flatmap(lambda rows: st.fixed_dictionaries({row.option: value(row) for row in rows}))
    return st.builds(lambda one, other: {**one, **other}, st.fixed_dictionaries(required), chosen)


def places(options: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    """Every place in nested options."""
    keys = options if isinstance(options, dict) else range(len(options)) if isinstance(options, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(options[key], (*path, key))


@st.composite
def spoilt(draw: t.Any, name: str) -> Options:
    """What works, but for one or two places."""
    options = copy.deepcopy(draw(st.sampled_from(CASES[name])))
    for _turn in range(draw(st.integers(0, 2))):
        where = draw(st.sampled_from(list(places(options))))
        inside = options
        for key in where[:-1]:
            inside = inside[key]
        inside[where[-1]] = draw(ANYTHING)
    return options


def desired(kind: t.Any, options: Options) -> Options | None:
    """What is desired by options that Ansible has looked at; None where either has refused them."""
    try:
        checked = ArgumentSpecValidator(spec(kind.rows)).validate(options)
    except (TypeError, ValueError, OverflowError):  # Ansible's own: 0 where a dict is wanted, infinity for a number
        return None
    if checked.error_messages:
        return None
    given = checked.validated_parameters
    before = repr(given)
    try:
        wanted = kind.desire(given)
    except KvmError as error:
        error.as_result()
        return None
    finally:
        assert repr(given) == before, "the options were changed"
    return wanted


def defined(kind: t.Any, wanted: Options) -> None:
    """Into a new definition, and again."""
    list(newer(kind.rows, wanted, 9000000))
    fresh = _xml.new("capabilities")
    try:
        tree = blank(wanted, fresh) if kind.tag == "domain" else _xml.new(kind.tag)
    except KvmError:
        return
    try:
        for change in kind.definition(wanted, tree):
            change.shown()
        tree = _xml.parse(_xml.write(tree), "it")
        read(kind.rows, tree)
        kind.definition(wanted, tree)
        kind.definition({"name": wanted.get("name")}, tree)
    except KvmError as error:
        error.as_result()


@each_kind
@fuzz
@given(data=st.data())
def test_any_options_mean_something_or_are_refused(name: str, data: st.DataObject) -> None:
    kind = KINDS[name]()
    options = {**data.draw(table(kind.rows)), **BASE.get(name, {}), "name": "it"}
    wanted = desired(kind, options)
    if wanted is not None:
        defined(kind, wanted)


@each_kind
@fuzz
@given(data=st.data())
def test_options_with_something_spoilt_mean_something_or_are_refused(name: str, data: st.DataObject) -> None:
    kind = KINDS[name]()
    wanted = desired(kind, data.draw(spoilt(name)))
    if wanted is not None:
        defined(kind, wanted)


# --- any XML ---------------------------------------------------------------------------------------------------------

# What can stand in XML.
TEXTS = st.sampled_from([word for word in WORDS if not any(c < " " or c == "\ud800" for c in word)])


@functools.cache
def written(name: str) -> list[str]:
    """Definitions of the cases, with the notes of what was declared."""
    kind, found = KINDS[name](), []
    for options in CASES[name]:
        checked = ArgumentSpecValidator(spec(kind.rows)).validate(options)
        wanted = kind.desire(checked.validated_parameters)
        tree = _xml.new(kind.tag)
        kind.definition(wanted, tree)
        found.append(_xml.write(tree))
    return found


@st.composite
def trees(draw: t.Any, name: str) -> t.Any:
    """A definition in which some is spoilt: values, elements lost, doubled and moved."""
    tree = _xml.parse(draw(st.sampled_from(written(name))), "it")
    for _turn in range(draw(st.integers(0, 4))):
        each = draw(st.sampled_from(list(tree.iter())))
        how = draw(st.sampled_from(["text", "attribute", "drop", "double", "unit", "move"]))
        if how == "text":
            each.text = draw(TEXTS)
        elif how == "unit":
            each.set("unit", draw(TEXTS))
        elif how == "attribute" and each.attrib:
            each.set(draw(st.sampled_from(sorted(each.attrib))), draw(TEXTS))
        elif how == "drop" and each.getparent() is not None:
            each.getparent().remove(each)
        elif how in ("double", "move") and each.tag == "metadata":
            continue  # there is one at most
        elif how == "double" and each.getparent() is not None:
            each.addnext(_xml.clone(each))
        elif how == "move":
            tree.append(_xml.clone(each))
    return tree


@each_kind
@fuzz
@given(data=st.data())
def test_any_definition_is_read_and_edited(name: str, data: st.DataObject) -> None:
    """What somebody else has written there, or has done to the note of what was declared."""
    kind, tree = KINDS[name](), data.draw(trees(name))
    before = _xml.canonical(tree)
    read(kind.rows, tree)
    assert _xml.canonical(tree) == before, "reading has changed it"
    wanted = desired(kind, data.draw(st.sampled_from(CASES[name])))
    if wanted is None:
        return
    try:
        kind.definition(wanted, tree)
        kind.definition({"name": "it"}, tree)
    except KvmError as error:
        error.as_result()


@each_kind
@fuzz
@given(data=st.data())
def test_any_xml_is_merged_or_refused(name: str, data: st.DataObject) -> None:
    """Also another document than the one that was declared before; the same a second time is no change."""
    kind = KINDS[name]()
    tree = data.draw(trees(name))
    given = _xml.write(data.draw(trees(name)))
    wanted = desired(kind, {"name": "it", "pool": "p", "xml": given} if name == "volume" else {"xml": given})
    if wanted is None:
        return
    asked = _xml.canonical(wanted["xml"].tree) if hasattr(wanted["xml"], "tree") else ""
    try:
        kind.definition(wanted, tree)
        assert not asked or _xml.canonical(wanted["xml"].tree) == asked, "what was given was changed"
        tree = _xml.parse(_xml.write(tree), "it")
        changes = kind.definition(wanted, tree)
        assert [change.shown() for change in changes] == []
    except KvmError as error:
        error.as_result()
