# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rows of a table a declaration is about: of the hundreds that a domain has, a handful."""

from __future__ import annotations

import typing as t


class _Named(t.Protocol):
    @property
    def option(self) -> str: ...


AnyNamed = t.TypeVar("AnyNamed", bound=_Named)
# By table and options. A table is told by its identity, for to hash all of its rows would cost more than is saved; it
# is kept here, so that no other can come to have the same.
_TABLES: dict[int, tuple[t.Any, dict[tuple[str, ...], list[t.Any]]]] = {}


def rows_of(rows: t.Sequence[AnyNamed], options: t.Iterable[str]) -> list[AnyNamed]:
    """The rows of the options given, in the order of the table; what is no option of it is left out."""
    known = _TABLES.setdefault(id(rows), (rows, {}))[1]
    key = tuple(options)
    if key not in known:
        known[key] = [row for row in rows if row.option in key]
    return known[key]
