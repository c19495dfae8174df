# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fixtures for every test: running a module as Ansible does."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import hypothesis
import hypothesis.configuration
import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "tests" / "support" / "module_server.py"

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


class Runner(t.Protocol):
    """The type of the fixture ``runner``, for annotations in tests."""

    def __call__(self, *python: str) -> RunModule: ...


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Runner]:
    """``runner(python)``: a ``run_module`` whose modules run under that Python, which may be a command of several
    words (``nsenter``)."""
    # Not pytest's directory: a socket's path is short.
    with tempfile.TemporaryDirectory(prefix="mct-") as directory, contextlib.ExitStack() as servers:
        number = itertools.count()

        def start(*python: str) -> RunModule:
            listening = Path(directory, f"{next(number)}.ready")
            command = [*python, str(SERVER), str(listening.with_suffix(""))]
            server = servers.enter_context(subprocess.Popen(command, stdin=subprocess.DEVNULL))
            servers.callback(server.terminate)
            while not listening.exists():
                assert server.poll() is None, "module_server.py has ended"
                time.sleep(0.02)
            return modules_of(str(listening), str(tmp_path_factory.mktemp("remote_tmp")))

        yield start


@pytest.fixture(scope="session")
def run_module(runner: Runner) -> RunModule:
    """``run_module(name, args, check=False, diff=True, expect="ok")`` runs plugins/modules/<name>.py in a process of
    its own and returns its result as a dict.

    check, diff: Ansible's --check and --diff.
    expect: "ok", "failed" or "either"; the test fails with everything the module printed where it ends otherwise, and
        so it does where a module writes to stderr, prints no JSON, or takes longer than ``timeout`` seconds.
    """
    return runner(sys.executable)


def modules_of(server: str, remote_tmp: str) -> RunModule:
    """run_module of a module_server.py, by its socket."""

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
        code, stdout, stderr = run_forked(server, name, json.dumps(payload), timeout)
        told = f"{name} {json.dumps(args)} ended with code {code}\n{stdout}\n{stderr}"
        lines = stdout.strip().splitlines()
        try:
            result: dict[str, t.Any] = json.loads(lines[-1])
        except (IndexError, ValueError):
            pytest.fail(f"no JSON result: {told}")
        ended = "failed" if result.get("failed") or code else "ok"
        assert expect in (ended, "either"), f"expected {expect}: {told}"
        assert "Traceback" not in stderr, f"a traceback: {told}"
        if "warnings" in result:  # ansible-core 2.19 wraps each warning's text for its controller
            result["warnings"] = [w if isinstance(w, str) else w["event"]["msg"] for w in result["warnings"]]
        return result

    return run


def run_forked(server: str, module: str, arguments: str, timeout: float) -> tuple[int | None, str, str]:
    """(exit code, None where it died; stdout; stderr) of one module run by module_server.py."""
    with tempfile.TemporaryDirectory(prefix="mct-") as directory, socket.socket(socket.AF_UNIX) as connection:
        out, err = Path(directory, "out"), Path(directory, "err")
        request = {
            "module": module,
            "arguments": arguments,
            "stdout": str(out),
            "stderr": str(err),
            "cwd": str(Path.cwd()),
            "env": dict(os.environ),
        }
        connection.settimeout(timeout)
        connection.connect(server)
        with connection.makefile("rw") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            pid = int(stream.readline())
            try:
                code = stream.readline()
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                pytest.fail(f"{module} took longer than {timeout} s: {arguments}")
        return int(code) if code else None, out.read_text(), err.read_text()
