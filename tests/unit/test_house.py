# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of the house (CONTRIBUTING.md) that a tool can see."""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
PLUGINS = ROOT / "plugins"
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
UTILS = sorted((PLUGINS / "module_utils").glob("*.py"))
HEADER = (
    "# Copyright: (c) 2026, minicloud.kvm contributors\n"
    "# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
)
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
each_util = pytest.mark.parametrize("path", UTILS, ids=lambda path: path.stem)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> t.Iterator[str]:
    """The modules that code imports when it runs, so not those under ``if TYPE_CHECKING:``."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or ""
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def is_documentation(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id in DOCUMENTATION for target in node.targets
    )


@pytest.mark.parametrize("path", sorted(PLUGINS.rglob("*.py")), ids=lambda path: str(path.relative_to(PLUGINS)))
def test_every_file_has_the_header_and_postponed_annotations(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.removeprefix("#!/usr/bin/python\n").startswith(HEADER)
    assert "from __future__ import annotations\n" in text


@each_util
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@each_util
def test_module_utils_are_private(path: Path) -> None:
    assert path.name.startswith("_")


@each_module
def test_a_module_is_documentation_argument_spec_and_main(path: Path) -> None:
    body = [node for node in parsed(path).body if not is_documentation(node)]
    lines = sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in body)
    assert lines <= 80
    assert [node.name for node in body if isinstance(node, ast.ClassDef)] == []


@pytest.mark.parametrize("path", MODULES + UTILS, ids=lambda path: path.stem)
def test_only_the_edge_ends_a_module(path: Path) -> None:
    ends = {
        node.func.attr
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    } & {"exit_json", "fail_json"}
    assert path.name == "_edge.py" or not ends


@pytest.mark.parametrize(
    ("library", "importers"),
    [
        ("lxml", r"_xml"),
        ("libvirt", r"_libvirt\w*"),
        ("pycdlib", r"_seed_iso"),
        ("rtslib_fb", r"_lio"),
        ("rados", r"_ceph_rados"),
    ],
)
def test_a_library_is_imported_in_one_place(library: str, importers: str) -> None:
    found = {path.stem for path in MODULES + UTILS if any(n.split(".")[0] == library for n in imported(parsed(path)))}
    assert {stem for stem in found if not re.fullmatch(importers, stem)} == set()


def test_the_action_group_and_the_readme_name_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    names = [path.stem for path in MODULES]
    assert runtime["action_groups"]["minicloud"] == names
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in readme] == []


def test_every_role_is_complete_and_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = ["README.md", "defaults/main.yml", "meta/argument_specs.yml", "meta/main.yml", "tasks/main.yml"]
    missing = [
        f"{role.name}/{part}"
        for role in sorted((ROOT / "roles").iterdir())
        for part in parts
        if not (role / part).exists()
    ]
    assert missing == []
    assert [role.name for role in (ROOT / "roles").iterdir() if f"| `{role.name}` |" not in readme] == []
