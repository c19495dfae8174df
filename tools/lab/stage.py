# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the lab's story plays: playbooks and commands run as a user would run them, and what came of them."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import shlex
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".lab"
FIGURES = STATE / "figures.json"
# What the user would edit in the inventory while the story goes on: where the guest is, whether it is wanted.
EDITED = STATE / "inventory.yml"
SCENARIOS = ROOT / "extensions/molecule"
GUEST = "web1"
# Ansible is what lies beside this Python, also where no virtual environment is activated.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(.*)\] \*")
RESULT = re.compile(r"^(changed|fatal|failed): \[([^\]\s]+)")
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")


class StoryError(Exception):
    """A step did not show what it has to show."""


def scenario() -> str:
    """The scenario of the lab that is up; before, the one that is asked for."""
    noted = STATE / "scenario"
    return (
        noted.read_text(encoding="utf-8").strip() if noted.exists() else os.environ.get("LAB_SCENARIO") or "minicloud"
    )


def inventories() -> list[Path]:
    """The inventories of the scenario, as its molecule.yml gives them to Ansible."""
    directory = SCENARIOS / scenario()
    if not (directory / "molecule.yml").exists():
        known = ", ".join(sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml")))
        raise StoryError(f"There is no scenario {scenario()}; there are {known}.")
    molecule = yaml.safe_load((directory / "molecule.yml").read_text(encoding="utf-8"))
    options = molecule["ansible"]["executor"]["args"]["ansible_playbook"]
    return [
        Path(os.path.normpath(option.partition("=")[2].replace("${MOLECULE_SCENARIO_DIRECTORY}", str(directory))))
        for option in options
        if option.startswith("--inventory=")
    ]


def machine_image() -> str:
    """The image that the scenario's machines are made from."""
    for path in inventories():
        for variables in path.glob("group_vars/all.yml"):
            if kind := (yaml.safe_load(variables.read_text(encoding="utf-8")) or {}).get("lab_image_kind"):
                return str(kind)
    return "machine"


def say(text: str = "", end: str = "\n") -> None:
    """A line for whoever watches."""
    print(text, end=end, flush=True)


def check(holds: bool, text: str) -> None:
    """What a step has to show; said where it holds, the end of the story where it doesn't."""
    if not holds:
        raise StoryError(f"This does not hold: {text}")
    say(f"    - {text}")


@dataclasses.dataclass
class Run:
    """What a run of ansible-playbook did: seconds, changed tasks by host, its whole output."""

    seconds: float
    changed: dict[str, int]
    tasks: list[tuple[str, str]]
    text: str

    def what(self) -> str:
        """Its changes in a few words."""
        if not any(self.changed.values()):
            return "changed=0"
        return "changed " + ", ".join(f"{host}={count}" for host, count in self.changed.items() if count)


def inventory() -> list[str]:
    """The options that name the inventory."""
    return [word for path in [*inventories(), EDITED] if path.exists() for word in ("-i", os.path.relpath(path, ROOT))]


def playbook(name: str, *options: str) -> Run:
    """Run a playbook, show its tasks as they come, keep its output; a failed run ends the story."""
    command = ["ansible-playbook", name, *inventory(), *options]
    say(f"    $ {' '.join(command)}")
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "0", "PYTHONUNBUFFERED": "1"}
    environment |= {"ANSIBLE_HOST_KEY_CHECKING": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}
    environment.pop("ANSIBLE_FORCE_COLOR", None)
    began, lines, task, open_line = time.monotonic(), [], "", False
    changed: dict[str, int] = {}
    tasks: list[tuple[str, str]] = []
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout or []:
        lines.append(line)
        if found := TASK.match(line):
            task = found[1]
            say(("\n" if open_line else "") + f"      {time.monotonic() - began:6.1f} s  {task}", end="")
            open_line = True
        elif found := RESULT.match(line):
            if found[1] == "changed" and (found[2], task) not in tasks:
                tasks.append((found[2], task))
                say(f"  [{found[2]} changed]", end="")
        elif found := RECAP.match(line):
            changed[found[1]] = int(found[2])
    if open_line:
        say()
    text = "".join(lines)
    logs = STATE / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{len(list(logs.iterdir())):02d}-{name.removesuffix('.yml').replace('/', '.').rpartition('.')[2]}.log"
    log.write_text(text, encoding="utf-8")
    if process.wait() != 0:
        tail = "".join(lines[-60:])
        raise StoryError(f"`{' '.join(command)}` failed ({log.relative_to(ROOT)}):\n{tail}")
    return Run(time.monotonic() - began, changed, tasks, text)


def ssh_command(host: str) -> list[str]:
    """How the inventory says that a host is reached, as an ssh command."""
    return list(_ssh_command(host, EDITED.stat().st_mtime_ns if EDITED.exists() else 0))


@functools.cache
def _ssh_command(host: str, _edited: int) -> tuple[str, ...]:
    """Ansible takes its time to say it, and says the same until the inventory is edited."""
    wanted = "{{ [ansible_user, ansible_host, ansible_ssh_common_args] | to_json }}"
    command = ["ansible", host, *inventory(), "-m", "ansible.builtin.debug", "-a", f"msg={wanted}"]
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"=> (\{.*\})\s*$", done.stdout, re.DOTALL)
    if done.returncode != 0 or not found:
        raise StoryError(f"The inventory does not say how {host} is reached:\n{done.stdout}{done.stderr}")
    answer = json.loads(found[1])["msg"]
    user, address, arguments = json.loads(answer) if isinstance(answer, str) else answer
    return ("ssh", *shlex.split(arguments), f"{user}@{address}")


def on(host: str, command: str) -> str:
    """Run a command on a machine or guest; what it printed, without the end of line."""
    done = subprocess.run(
        [*ssh_command(host), command], cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise StoryError(f"On {host}, `{command}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def edit_inventory(**variables: str) -> None:
    """Write what the user changes of the guest in the inventory."""
    known = json.loads(EDITED.read_text(encoding="utf-8"))["guests"]["hosts"][GUEST] if EDITED.exists() else {}
    EDITED.write_text(json.dumps({"guests": {"hosts": {GUEST: known | variables}}}), encoding="utf-8")


def module(host: str, name: str, options: dict[str, object]) -> dict[str, object]:
    """Run a module on a host by itself; its result, failed or not."""
    command = ["ansible", host, *inventory(), "-m", f"minicloud.kvm.{name}", "-a", json.dumps(options)]
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"=> (\{.*\})", done.stdout, re.DOTALL)
    if not found:
        raise StoryError(f"{name} on {host} gives no result:\n{done.stdout}{done.stderr}")
    return t.cast("dict[str, object]", json.loads(found[1]))


def note(title: str, seconds: float, result: str) -> None:
    """Keep a step's figures."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else []
    figures.append({"title": title, "seconds": round(seconds, 1), "result": result})
    FIGURES.write_text(json.dumps(figures, indent=1), encoding="utf-8")
