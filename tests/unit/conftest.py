# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Ansible itself makes of a role's variables and tasks, on this machine and without changing it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest


class Play(t.Protocol):
    """Run a play, its hosts' names and variables included, in a directory of the test's own; it has to succeed."""

    def __call__(self, place: Path, play: dict[str, t.Any], inventory: str = "localhost,") -> None: ...


@pytest.fixture(scope="session")
def run_play() -> Play:
    def run(place: Path, play: dict[str, t.Any], inventory: str = "localhost,") -> None:
        variables = {"ansible_python_interpreter": sys.executable, **play.pop("vars", {})}
        given = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, **play}
        (place / "play.json").write_text(json.dumps([given]), encoding="utf-8")
        done = subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", inventory, "play.json"],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp")},
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run
