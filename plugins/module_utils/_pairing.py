# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which declared item of a list is which existing one, and what it is called."""

from __future__ import annotations

import typing as t

Item = t.Dict[str, t.Any]
Test = t.Callable[[Item, Item], bool]
# Options that say where a device sits (_domain_address_rows.py).
_PLACES = frozenset(("pci_address", "usb_address", "virtio_serial_address", "ccid_address"))


def pair(
    wanted: list[Item],
    found: list[Item],
    tests: t.Iterable[Test],
    known: t.Mapping[int, int] | None = None,
    out: t.Collection[int] = (),
) -> dict[int, int]:
    """Which declared item (index) is which existing one (index): the first test that holds for both tells it.

    known: pairs that are told already. out: existing ones that are not to be paired.
    """
    pairs: dict[int, int] = dict(known or {})
    for test in tests:
        for index, item in enumerate(wanted):
            if index in pairs:
                continue
            taken = {*pairs.values(), *out}
            free = (other for other in range(len(found)) if other not in taken)
            other = next((other for other in free if test(item, found[other])), None)
            if other is not None:
                pairs[index] = other
    return pairs


def by(keys: t.Sequence[str], agrees: t.Mapping[str, t.Callable[[t.Any, t.Any], bool]], together: bool = False) -> Test:
    """The test of whether both have all of these options, and they agree. together: or both have one of them not."""

    def test(item: Item, other: Item) -> bool:
        for key in keys:
            wanted, found = item.get(key), other.get(key)
            if wanted is None or found is None:
                if not together or wanted is not found:
                    return False
            elif not agrees[key](wanted, found):
                return False
        return True

    return test


def agreeing(wanted: list[Item], agrees: Test) -> list[Test]:
    """The test of whether both agree, where what has a place of its own comes before what would take any."""
    if all(map(_PLACES.isdisjoint, wanted)):
        return [agrees]
    return [lambda item, other: not _PLACES.isdisjoint(item) and agrees(item, other), agrees]


def twins(items: list[Item], keys: t.Sequence[str], together: bool) -> tuple[int, int, str] | None:
    """The first item that has the same keys as an earlier one, which one that is, and the key; None: there is none."""
    for index, item in enumerate(items):
        given = list(keys) if together else [key for key in keys[:1] if key in item]
        for other, earlier in enumerate(items[:index]):
            if given and all(earlier.get(key) == item.get(key) for key in given):
                return index, other, given[0]
    return None


def label(item: Item, keys: t.Sequence[str], together: bool) -> str | None:
    """What an item is called by its keys; None where it has none."""
    if together:
        return "-".join(str(item[key]) for key in keys if item.get(key) is not None)
    words = (_word(item.get(key)) for key in keys)
    return next((word for word in words if word), None)


def _word(value: t.Any) -> str:
    if isinstance(value, dict):
        return "-".join(str(each) for each in value.values() if isinstance(each, (str, int)))
    return str(value or "")
