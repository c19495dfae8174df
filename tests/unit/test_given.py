# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Of a long table only the parts are imported that a declaration is about."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_rows import ROWS
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import argument_spec
from ansible_collections.minicloud.kvm.plugins.module_utils._given import Part, Table, part, rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Row, spec

PARTS = [each for each in ROWS.parts if isinstance(each, Part)]
A, B, C = Row("a", "a"), Row("b", "b"), Row("c", "c")


def table(read: list[str]) -> Table[AnyRow]:
    @part("b c")
    def rows() -> tuple[AnyRow, ...]:
        read.append("b c")
        return (B, C)

    return Table(A, rows)


@pytest.mark.parametrize("each", PARTS, ids=lambda each: each.options[0])
def test_a_part_has_the_rows_that_it_says(each: Part[AnyRow]) -> None:
    assert [row.option for row in each.rows()] == list(each.options)


@pytest.mark.parametrize("each", PARTS, ids=lambda each: each.options[0])
def test_a_part_has_nothing_that_holds_undeclared(each: Part[AnyRow]) -> None:
    """A default, or that an option has to be declared, would be missed where the part is not imported."""
    assert [option for option, said in spec(each.rows()).items() if said.get("required") or "default" in said] == []


def test_a_part_is_imported_for_its_options() -> None:
    read: list[str] = []
    rows = table(read)
    assert rows_of(rows, ["a", "uri"]) == rows.about(["a"]) == [A]
    assert len(rows) == 3
    assert read == []
    assert rows_of(rows, ["c", "a"]) == [A, C]
    assert read == ["b c"]
    assert list(rows) == list(rows[:]) == [A, B, C]


def test_the_spec_is_as_large_as_the_task_wants() -> None:
    less, more, whole = (argument_spec(Domain, given) for given in ({"name"}, {"name", "cpu"}, None))
    assert "cpu" not in less
    assert more["cpu"] == whole["cpu"]
    assert set(more) - set(less) == {"cpu"}
    assert argument_spec(Domain, {"name", "nonsense"}) == whole


def test_a_plain_task_imports_few_tables() -> None:
    code = (
        "import sys\n"
        "from ansible_collections.minicloud.kvm.plugins.module_utils import _domain, _edge_libvirt, _rows\n"
        "_rows.mean(_domain.ROWS, {'name': 'a', 'memory': '1GiB', 'vcpus': 1, 'disks': [], 'interfaces': []})\n"
        "print(*(name.rpartition('.')[2] for name in sys.modules))\n"
    )
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in names if name.startswith("_domain_") and name.endswith("_rows")} == {
        "_domain_address_rows",
        "_domain_controller_rows",
        "_domain_disk_rows",
        "_domain_interface_rows",
        "_domain_interface_source_rows",
        "_domain_memory_rows",
        "_domain_rows",
        "_domain_source_rows",
        "_domain_vcpu_rows",
    }
