# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Role packages on this machine, by its own README, in check mode: nothing is installed here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

README = Path(__file__).resolve().parents[2] / "roles" / "packages" / "README.md"
pytestmark = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="this machine has no dpkg")


def play(place: Path, variables: dict[str, t.Any]) -> tuple[dict[str, int], dict[str, t.Any]]:
    """The README's play with other variables, if any: how its recap counts, and the facts that it leaves."""
    found = re.search(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    plays = yaml.safe_load(found[1])
    plays[0]["tasks"][0]["vars"].update(variables)
    facts = {name: f"{{{{ packages_{name} }}}}" for name in ("installed", "bare", "asleep")}
    copy = {"content": facts, "dest": str(place / "facts.json"), "mode": "0644"}
    plays[0]["tasks"].append({"ansible.builtin.copy": copy, "check_mode": False, "changed_when": False})
    (place / "play.yml").write_text(yaml.safe_dump([{**plays[0], "become": False, "gather_facts": True}]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    (place / "hosts.json").write_text(json.dumps({"storage": {"hosts": {"here": host}}}))
    words = ["ansible-playbook", "-i", str(place / "hosts.json"), str(place / "play.yml"), "--check"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, "ANSIBLE_GATHER_SUBSET": "!all"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    recap = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", done.stdout.splitlines()[-2])}
    return recap, json.loads((place / "facts.json").read_text())


def test_what_is_there_is_not_asked_for(tmp_path: Path) -> None:
    recap, facts = play(tmp_path, {"packages_names": ["bash", "coreutils"], "packages_units": []})
    assert (recap["changed"], recap["failed"]) == (0, 0)
    assert facts == {"installed": False, "bare": False, "asleep": []}
    recap, facts = play(tmp_path, {"packages_names": ["bash"], "packages_units": ["no-such.service"]})
    assert (recap["changed"], facts["asleep"]) == (0, ["no-such.service"])


def test_what_is_missing_would_be_installed(tmp_path: Path) -> None:
    missing = not shutil.which("smartctl")
    recap, facts = play(tmp_path, {})
    assert (recap["changed"], recap["failed"]) == (int(missing), 0)
    assert (facts["installed"], facts["bare"]) == (missing, missing)
    recap, facts = play(tmp_path, {"packages_names": ["bash", "of-this-name-there-is-none"]})
    assert (recap["changed"], recap["failed"], facts["bare"]) == (1, 0, True)
    assert bool(shutil.which("smartctl")) != missing
