# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sizes: what a user may write, what it means, and back."""

from __future__ import annotations

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import (
    UNITS,
    format_size,
    is_xml_unit,
    parse_size,
    xml_size,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MiB", 512 * 1024**2),
        ("20GiB", 20 * 1024**3),
        ("10GB", 10 * 1000**3),
        ("1.5GiB", 3 * 512 * 1024**2),
        ("0B", 0),
        ("7 bytes", 7),
        ("  2 TiB ", 2 * 1024**4),
        ("1KB", 1000),
        ("1KiB", 1024),
        ("16EiB", 2**64),
    ],
)
def test_a_number_with_a_unit_is_a_number_of_bytes(text: str, size: int) -> None:
    assert parse_size("memory", text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1024",
        1024,
        1.5,
        None,
        True,
        [],
        "GiB",
        "1G",
        "1gib",
        "1 Gi B",
        "-1GiB",
        "+1GiB",
        "1,5GiB",
        "1e3MiB",
        "1QiB",
        "٣GiB",
    ],
)
def test_anything_else_is_refused_and_says_what_is_wanted(text: object) -> None:
    with pytest.raises(BadValue) as failure:
        parse_size("memory", text)
    assert failure.value.error_code == "bad_value"
    assert repr(text) in failure.value.message
    assert failure.value.message.startswith("memory: ")
    assert "512MiB" in failure.value.message


def test_part_of_a_byte_is_refused() -> None:
    with pytest.raises(BadValue, match="whole number of bytes"):
        parse_size("memory", "0.3KiB")


def test_below_the_minimum_is_refused_and_the_minimum_is_named() -> None:
    with pytest.raises(BadValue, match="at least 1MiB"):
        parse_size("memory", "0MiB", minimum=1024**2)
    assert parse_size("memory", "1MiB", minimum=1024**2) == 1024**2


@given(st.integers(min_value=0, max_value=2**80))
def test_every_number_of_bytes_survives_the_way_out_and_in(size: int) -> None:
    assert parse_size("memory", format_size(size)) == size


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from(sorted(UNITS)))
def test_every_unit_means_its_factor(number: int, unit: str) -> None:
    assert parse_size("memory", f"{number}{unit}") == number * UNITS[unit]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (1, "1B"), (1000, "1000B"), (1024, "1KiB"), (1536 * 1024**2, "1536MiB"), (1024**6, "1EiB")],
)
def test_the_shortest_exact_text(size: int, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("number", "unit", "size"),
    [
        ("1048576", None, 2**30),
        ("1", "GiB", 2**30),
        ("1", "G", 2**30),
        ("1", "GB", 10**9),
        ("5", "b", 5),
        ("1", "k", 1024),
    ],
)
def test_libvirts_own_units(number: str, unit: str | None, size: int) -> None:
    """https://libvirt.org/formatdomain.html#memory-allocation: memory without a unit is in KiB."""
    assert xml_size(number, unit, "KiB") == size


def test_what_a_user_writes_means_the_same_in_the_xml() -> None:
    for unit, size in UNITS.items():
        for spelt in (unit, unit.lower(), unit.upper()):
            assert is_xml_unit(spelt)
            assert xml_size("1", spelt, "KiB") == size
    assert xml_size("1", "k", "B") == xml_size("1", "K", "B") == 1024


@pytest.mark.parametrize(("number", "unit"), [("1", "XiB"), ("", "KiB"), ("one", "KiB"), ("1.5", None), ("1", " ")])
def test_what_is_no_size_is_a_value_error(number: str, unit: str) -> None:
    with pytest.raises(ValueError, match=r"unit|int\(\)"):
        xml_size(number, unit, "KiB")
