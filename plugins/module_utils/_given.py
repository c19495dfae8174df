# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rows of a table a declaration is about: of the hundreds that a domain has, a handful.

What is seldom declared stands in files of its own, the parts of a ``Table``, each of which is imported when one of its
options is asked for. On a target Python compiles every file anew in each run of a module: to compile all tables of a
domain takes as long as to compare a hundred domains.
"""

from __future__ import annotations

import dataclasses
import typing as t


class _Named(t.Protocol):
    @property
    def option(self) -> str: ...


AnyNamed = t.TypeVar("AnyNamed", bound=_Named)
# By table and options. A table is told by its identity, for to hash all of its rows would cost more than is saved; it
# is kept here, so that no other can come to have the same.
_TABLES: dict[int, tuple[t.Any, dict[tuple[str, ...], list[t.Any]]]] = {}


@dataclasses.dataclass(frozen=True)
class Part(t.Generic[AnyNamed]):
    """The options of a part of a table, and what imports their rows."""

    options: tuple[str, ...]
    rows: t.Callable[[], t.Sequence[AnyNamed]]


def part(options: str) -> t.Callable[[t.Callable[[], t.Sequence[AnyNamed]]], Part[AnyNamed]]:
    """Makes a part with these options, apart by spaces, of the function that imports their rows."""
    return lambda rows: Part(tuple(options.split()), rows)


class Table(t.Sequence[AnyNamed]):
    """Rows and parts, in order. Whoever goes through it imports the parts that come on the way."""

    def __init__(self, *parts: AnyNamed | Part[AnyNamed]) -> None:
        self.parts = parts

    def about(self, options: t.Iterable[str]) -> list[AnyNamed]:
        """The rows without the parts that none of the options is in."""
        wanted = set(options)
        rows: list[AnyNamed] = []
        for each in self.parts:
            if not isinstance(each, Part):
                rows.append(each)
            elif not wanted.isdisjoint(each.options):
                rows += each.rows()
        return rows

    def __iter__(self) -> t.Iterator[AnyNamed]:
        for each in self.parts:
            yield from each.rows() if isinstance(each, Part) else (each,)

    def __len__(self) -> int:
        return sum(len(each.options) if isinstance(each, Part) else 1 for each in self.parts)

    @t.overload
    def __getitem__(self, index: int) -> AnyNamed: ...

    @t.overload
    def __getitem__(self, index: slice) -> t.Sequence[AnyNamed]: ...

    def __getitem__(self, index: int | slice) -> AnyNamed | t.Sequence[AnyNamed]:
        return list(self)[index]


def rows_about(rows: t.Sequence[AnyNamed], options: t.Iterable[str]) -> t.Sequence[AnyNamed]:
    """The rows of a table, of a long one those that stand with the options given."""
    return rows.about(options) if isinstance(rows, Table) else rows


def rows_of(rows: t.Sequence[AnyNamed], options: t.Iterable[str]) -> list[AnyNamed]:
    """The rows of the options given, in the order of the table; what is no option of it is left out."""
    known = _TABLES.setdefault(id(rows), (rows, {}))[1]
    key = tuple(options)
    if key not in known:
        known[key] = [row for row in rows_about(rows, key) if row.option in key]
    return known[key]
