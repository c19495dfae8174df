# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run one module as run_as_ansible.py does, with something happening at one of its calls to libvirt.

usage: run_with_fault.py MODULE < arguments.json, with the environment variable FAULT as JSON:

    calls    a regular expression; the calls that match are counted: virConnect.defineXMLFlags, virDomain.create, ...
    at       which of these calls is meant: 1 is the first, 0 none
    when     before or after the call
    run      a command; null: the module's process is killed with SIGKILL
    log      a file to which each counted call is appended, a line each
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import libvirt

FAULT = json.loads(os.environ["FAULT"])
COUNT = itertools.count(1)
LOCK = threading.RLock()
CLASSES = ("Connect", "Domain", "Network", "StoragePool", "StorageVol", "Secret", "NWFilter", "Stream")


def happen() -> None:
    if FAULT["run"] is None:
        os.kill(os.getpid(), signal.SIGKILL)
    subprocess.run(FAULT["run"], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def wrapped(name: str, call: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(call)
    def run(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with LOCK:
            number = next(COUNT)
            with Path(FAULT["log"]).open("a", encoding="utf-8") as log:
                log.write(name + "\n")
            if number == FAULT["at"] and FAULT["when"] == "before":
                happen()
        result = call(*args, **kwargs)
        if number == FAULT["at"] and FAULT["when"] == "after":
            happen()
        return result

    return run


for kind in CLASSES:
    cls = getattr(libvirt, "vir" + kind)
    for method, call in list(vars(cls).items()):
        name = f"vir{kind}.{method}"
        if callable(call) and not method.startswith("_") and re.fullmatch(FAULT["calls"], name):
            setattr(cls, method, wrapped(name, call))

sys.argv = [str(Path(__file__).with_name("run_as_ansible.py")), *sys.argv[1:]]
runpy.run_path(sys.argv[0], run_name="__main__")
