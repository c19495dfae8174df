# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What role guests removes behind guests that it has fetched: of one that was found nowhere, nothing, and no error."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

TASKS = Path(__file__).resolve().parents[2] / "roles/guests/tasks/fetch.yml"
NOWHERE = {"name": "new", "source": None, "left_behind": []}
MOVED = {"name": "web1", "source": "localhost", "left_behind": ["/images/web1-vda.raw", "/images/web1-seed.iso"]}
SHARED = {"name": "web2", "source": "localhost", "left_behind": []}


@pytest.mark.parametrize(
    ("results", "removed"),
    [([NOWHERE], []), ([SHARED, NOWHERE], []), ([NOWHERE, MOVED, SHARED], ["/images/web1-seed.iso"])],
)
def test_what_is_left_behind(
    run_play: t.Any, tmp_path: Path, results: list[dict[str, t.Any]], removed: list[str]
) -> None:
    task = yaml.safe_load(TASKS.read_text(encoding="utf-8"))[1]
    wanted = task.pop("minicloud.kvm.cloudinit_seed")
    assert wanted["state"] == "absent"
    task["ansible.builtin.shell"] = f"echo '{wanted['path']}' >>{tmp_path}/removed"
    run_play(tmp_path, {"vars": {"__guests_fetched": {"results": results}}, "tasks": [task]})
    seen = tmp_path / "removed"
    assert (seen.read_text().split() if seen.exists() else []) == removed
