# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fixtures for every test: running a module as Ansible does."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import hypothesis
import hypothesis.configuration
import pytest

ROOT = Path(__file__).resolve().parent.parent
RUNNER = ROOT / "tests" / "support" / "run_as_ansible.py"

hypothesis.configuration.set_hypothesis_home_dir(ROOT / ".cache" / "hypothesis")
# A slow machine is no failure: no deadline for one example.
hypothesis.settings.register_profile("minicloud", deadline=None)
hypothesis.settings.load_profile("minicloud")


class RunModule(t.Protocol):
    """The type of the fixture ``run_module``, for annotations in tests."""

    def __call__(
        self,
        name: str,
        args: dict[str, t.Any],
        check: bool = False,
        diff: bool = True,
        expect: str = "ok",
        timeout: float = 300,
    ) -> dict[str, t.Any]: ...


@pytest.fixture(scope="session")
def run_module(tmp_path_factory: pytest.TempPathFactory) -> RunModule:
    """``run_module(name, args, check=False, diff=True, expect="ok")`` runs plugins/modules/<name>.py in a process of
    its own and returns its result as a dict.

    check, diff: Ansible's --check and --diff.
    expect: "ok", "failed" or "either"; the test fails with everything the module printed where it ends otherwise, and
        so it does where a module writes to stderr, prints no JSON, or takes longer than ``timeout`` seconds.
    """
    remote_tmp = str(tmp_path_factory.mktemp("remote_tmp"))

    def run(
        name: str,
        args: dict[str, t.Any],
        check: bool = False,
        diff: bool = True,
        expect: str = "ok",
        timeout: float = 300,
    ) -> dict[str, t.Any]:
        payload = {
            "ANSIBLE_MODULE_ARGS": {
                **args,
                "_ansible_check_mode": check,
                "_ansible_diff": diff,
                "_ansible_remote_tmp": remote_tmp,
                "_ansible_module_name": "minicloud.kvm." + name,
            }
        }
        done = subprocess.run(
            [sys.executable, str(RUNNER), name],
            input=json.dumps(payload),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        told = f"{name} {json.dumps(args)} ended with code {done.returncode}\n{done.stdout}\n{done.stderr}"
        lines = done.stdout.strip().splitlines()
        try:
            result: dict[str, t.Any] = json.loads(lines[-1])
        except (IndexError, ValueError):
            pytest.fail(f"no JSON result: {told}")
        ended = "failed" if result.get("failed") or done.returncode else "ok"
        assert expect in (ended, "either"), f"expected {expect}: {told}"
        assert "Traceback" not in done.stderr, f"a traceback: {told}"
        if "warnings" in result:  # ansible-core 2.19 wraps each warning's text for its controller
            result["warnings"] = [w if isinstance(w, str) else w["event"]["msg"] for w in result["warnings"]]
        return result

    return run
