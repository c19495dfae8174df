# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which libvirt knows an option: told by its row, asked before anything is changed."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Value
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Options, Row


def newer(
    rows: t.Sequence[AnyRow], wanted: Options, version: int, prefix: str = ""
) -> t.Iterator[tuple[str, Value, str]]:
    """What of a declaration a libvirt does not know yet: (field, value, the version that does).

    version: as libvirt gives it, 9000000 for 9.0.0.
    """
    for row in rows_of(rows, wanted):
        field, value = prefix + row.option, wanted[row.option]
        since = row.since
        if isinstance(row, Row) and isinstance(value, str):
            since = row.value_since.get(value, since)
        if since and version < number(since):
            yield field, row.show(value), since
        elif isinstance(row, Block):
            yield from newer(row.rows, value, version, field + ".")
        elif isinstance(row, Many):
            for index, item in enumerate(value):
                yield from newer(row.rows, item, version, "{0}[{1}].".format(field, index))


def number(version: str) -> int:
    """libvirt's number of a version: 9000000 of "9.0.0"."""
    major, minor, release = (int(part) for part in version.split("."))
    return (major * 1000 + minor) * 1000 + release
