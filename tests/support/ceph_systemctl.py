# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""systemctl where no systemd runs, for the units of Ceph: it starts and ends the real daemons as their units do.

It stands for systemd only. What it keeps (which daemons run, which units are enabled) is in /run/ceph.
"""

from __future__ import annotations

import fnmatch
import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

STATE = Path("/run/ceph")


def name_of(unit: str) -> tuple[str, str]:
    """('ceph-mon', 'a') of ceph-mon@a.service."""
    template, _at, instance = unit.removesuffix(".service").partition("@")
    return template, instance


def running(unit: str) -> int:
    try:
        pid = int((STATE / (unit + ".pid")).read_text())
        dead = Path("/proc/{0}/stat".format(pid)).read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, ValueError):
        return 0
    return 0 if dead else pid


def start(unit: str) -> None:
    template, instance = name_of(unit)
    if running(unit):
        return
    words = [template, "-f", "--cluster", "ceph", "--id", instance, "--setuser", "ceph", "--setgroup", "ceph"]
    with Path("/var/log/ceph/{0}.out".format(unit)).open("ab") as log:
        daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (STATE / (unit + ".pid")).write_text(str(daemon.pid))
    time.sleep(0.5)
    if daemon.poll() is not None:
        sys.exit("{0} ended with {1}".format(unit, daemon.returncode))


def stop(unit: str) -> None:
    pid = running(unit)
    if pid:
        os.kill(pid, signal.SIGTERM)
        for _turn in range(200):
            if not running(unit):
                break
            time.sleep(0.1)
        else:
            os.kill(pid, signal.SIGKILL)
    (STATE / (unit + ".pid")).unlink(missing_ok=True)


def units() -> list[str]:
    return sorted(path.name[: -len(".pid")] for path in STATE.glob("*.pid") if running(path.name[: -len(".pid")]))


def show(unit: str) -> None:
    print("Id={0}\nLoadState=loaded\nActiveState={1}".format(unit, "active" if running(unit) else "inactive"))


def list_units(patterns: list[str]) -> None:
    for unit in units():
        if any(fnmatch.fnmatch(unit, pattern) for pattern in patterns):
            print(unit, "loaded active running Ceph")


def enabled(unit: str) -> Path:
    return STATE / ("enabled-" + unit)


def is_enabled(unit: str) -> int:
    print("enabled" if enabled(unit).exists() else "disabled")
    return 0 if enabled(unit).exists() else 1


def is_active(unit: str) -> int:
    print("active" if running(unit) else "inactive")
    return 0 if running(unit) else 3


def restart(unit: str) -> None:
    stop(unit)
    start(unit)


VERBS: dict[str, t.Callable[[str], t.Any]] = {
    "show": show,
    "is-active": is_active,
    "is-enabled": is_enabled,
    "enable": lambda unit: enabled(unit).touch(),
    "disable": lambda unit: enabled(unit).unlink(missing_ok=True),
    "start": start,
    "stop": stop,
    "restart": restart,
}


def main() -> int:
    verb, *names = [word.strip("'") for word in sys.argv[1:] if not word.startswith("-")]
    if verb == "list-units":
        list_units(names)
        return 0
    return max(VERBS[verb](name) or 0 for name in names)


if __name__ == "__main__":
    sys.exit(main())
