# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What happens in the lab, step by step: the molecule scenario `minicloud` and `make demo` are made of these steps.

    story.py STEP...      run steps; `story.py --help` lists them
    story.py demo         the steps of the demo
    story.py ssh HOST     a shell on a machine or a guest
    story.py note TITLE SECONDS RESULT      figures of what was done elsewhere

A step is a command that a user would type, and what has to come of it. Its output is shown in short while it runs and
kept whole in .lab/logs/; what it took is noted in .lab/figures.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".lab"
FIGURES = STATE / "figures.json"
# What the user would edit in the inventory while the story goes on: where the guest is, whether it is wanted.
EDITED = STATE / "inventory.yml"
INVENTORY = [
    ROOT / "inventories/minicloud",
    *(ROOT / "extensions/molecule" / d / "inventory" for d in ("lab", "minicloud")),
]
GUEST = "web1"
COUNT = "/var/tmp/count"

TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(.*)\] \*")
RESULT = re.compile(r"^(changed|fatal|failed): \[([^\]\s]+)")
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")


class StoryError(Exception):
    """A step did not show what it has to show."""


def say(text: str = "", end: str = "\n") -> None:
    """A line for whoever watches."""
    print(text, end=end, flush=True)


def check(holds: bool, text: str) -> None:
    """What a step has to show; said where it holds, the end of the story where it doesn't."""
    if not holds:
        raise StoryError(text)
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
    return [word for path in [*INVENTORY, EDITED] if path.exists() for word in ("-i", os.path.relpath(path, ROOT))]


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
    wanted = "{{ [ansible_user, ansible_host, ansible_ssh_common_args] | to_json }}"
    command = ["ansible", host, *inventory(), "-m", "ansible.builtin.debug", "-a", f"msg={wanted}"]
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"=> (\{.*\})\s*$", done.stdout, re.DOTALL)
    if done.returncode != 0 or not found:
        raise StoryError(f"The inventory does not say how {host} is reached:\n{done.stdout}{done.stderr}")
    answer = json.loads(found[1])["msg"]
    user, address, arguments = json.loads(answer) if isinstance(answer, str) else answer
    return ["ssh", *shlex.split(arguments), f"{user}@{address}"]


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


def note(title: str, seconds: float, result: str) -> None:
    """Keep a step's figures."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else []
    figures.append({"title": title, "seconds": round(seconds, 1), "result": result})
    FIGURES.write_text(json.dumps(figures, indent=1), encoding="utf-8")


# The steps. Each returns its result in a few words.


def up() -> str:
    """Three bare machines boot"""
    playbook("extensions/molecule/lab/create.yml")
    return "bare: systemd, sshd, python3"


def site() -> str:
    """Bare machines become a mini-cloud"""
    return playbook("minicloud.kvm.site").what()


def guest() -> str:
    """The guest is what was declared"""
    host = place()
    own = on(
        GUEST, "hostname; systemd-detect-virt; cloud-init status; cat /proc/sys/kernel/random/boot_id"
    ).splitlines()
    check(own[0] == GUEST, f"{GUEST} answers on SSH with the key of its seed")
    check(own[1] == "kvm", "in it, systemd-detect-virt says kvm")
    check("done" in own[2], "cloud-init says done")
    accelerated = on(host, f"virsh -c qemu:///system dumpxml {GUEST} | grep -c \"<domain type='kvm'\"")
    check(accelerated == "1", f"on {host}, virsh says that its acceleration is KVM")
    disk = on(host, f"virsh -c qemu:///system domblklist {GUEST} | awk '$1 == \"vda\" {{print $2}}'")
    source = on(host, f"findmnt -n -o FSTYPE,SOURCE -T {disk}").split()
    check(source[0].startswith("nfs"), f"its disk {disk} lies on {source[1]} ({source[0]})")
    return f"on {host}, KVM, disk on NFS"


def again() -> str:
    """The same run again"""
    run = playbook("minicloud.kvm.site")
    check(not run.tasks and not any(run.changed.values()), "nothing changed on any host")
    return run.what()


def dry() -> str:
    """The same run with --check"""
    run = playbook("minicloud.kvm.site", "--check")
    check(not run.tasks and not any(run.changed.values()), "nothing would change on any host")
    return run.what()


def migrate() -> str:
    """The guest moves while it counts"""
    # The process's number, then a line for each count: the number, the boot it was counted in, the guest's own clock.
    loop = (
        "echo $$; n=0; read -r b </proc/sys/kernel/random/boot_id; while :; do n=$((n+1)); read -r u _ </proc/uptime; "
    )
    loop += 'echo "$n $b $u"; sleep 0.2; done'
    on(GUEST, f"setsid -f sh -c {shlex.quote(loop)} </dev/null >{COUNT} 2>&1")
    time.sleep(2)
    run = playbook("minicloud.kvm.migrate", "-e", f"guest={GUEST}", "-e", "dest=host2")
    edit_inventory(guest_hypervisor="host2")
    check(GUEST in on("host2", "virsh -c qemu:///system list --name").split(), f"{GUEST} runs on host2")
    check(
        GUEST not in on("host1", "virsh -c qemu:///system list --all --name").split(), "host1 does not know it any more"
    )
    time.sleep(2)
    process, *lines = on(GUEST, f"cat {COUNT}").splitlines()
    counts = [line.split() for line in lines]
    numbers = [int(count[0]) for count in counts]
    times = [float(count[2]) for count in counts]
    check(numbers == list(range(1, len(numbers) + 1)), f"it counted from 1 to {len(numbers)} and left none out")
    boot = on(GUEST, f"kill -0 {process} && cat /proc/sys/kernel/random/boot_id")
    check({count[1] for count in counts} == {boot}, "it was not restarted, and the process that counts is the same")
    gap = max(later - earlier for earlier, later in zip(times, times[1:], strict=False))
    say(f"    - the longest time between two counts was {gap:.2f} s")
    moved = re.search(r"(\d+) ms, of which it stood still for (\d+) ms", re.sub(r"\s+", " ", run.text))
    return f"moved in {moved[1]} ms, stood still for {moved[2]} ms" if moved else run.what()


def stay() -> str:
    """The same move again"""
    run = playbook("minicloud.kvm.migrate", "-e", f"guest={GUEST}", "-e", "dest=host2")
    check(not any(run.changed.values()), "it is there already: nothing changed")
    return run.what()


def drift() -> str:
    """Three things are changed by hand; --check --diff names them"""
    on("storage", "sed -i '/^.srv/s/\\bsync\\b/async/' /etc/exports && exportfs -ra")
    on("host2", f"virsh -c qemu:///system setmaxmem {GUEST} 768MiB --config")
    on("host1", "virsh -c qemu:///system net-destroy default")
    run = playbook("minicloud.kvm.site", "--check", "--diff")
    named(run)
    for text in ("async", "domain " + GUEST, "network default", "768MiB"):
        check(text in run.text, f"the difference shows {text}")
    return "named: " + ", ".join(host for host, _task in run.tasks)


def repair() -> str:
    """A run repairs them"""
    run = playbook("minicloud.kvm.site", "--diff")
    named(run)
    check("async" not in on("storage", "exportfs -v"), "exportfs says that the export is sync again")
    memory = on("host2", f"virsh -c qemu:///system dumpxml --inactive {GUEST} | grep -o '<memory[^/]*'")
    check("524288<" in memory, "virsh says 512 MiB")
    check(
        "default" in on("host1", "virsh -c qemu:///system net-list --name").split(),
        "virsh says that the network is active",
    )
    return run.what()


def named(run: Run) -> None:
    """Exactly the three things that were changed by hand are changed back."""
    hosts = sorted(host for host, _task in run.tasks)
    check(
        hosts == ["host1", "host2", "storage"],
        "exactly one change on each of host1, host2 and storage: " + str(run.tasks),
    )


def absent() -> str:
    """The guest is retired"""
    disk = on("host2", f"virsh -c qemu:///system domblklist {GUEST} | awk '$1 == \"vda\" {{print $2}}'")
    edit_inventory(guest_state="absent")
    run = playbook("minicloud.kvm.site", "-t", "guests")
    for host in ("host1", "host2"):
        check(GUEST not in on(host, "virsh -c qemu:///system list --all --name").split(), f"{host} does not know it")
    check(on("host2", f"qemu-img info {disk} | head -1") != "", f"its disk {disk} is still there")
    return run.what()


def place() -> str:
    """The hypervisor that the guest runs on."""
    for host in ("host1", "host2"):
        if GUEST in on(host, "virsh -c qemu:///system list --name").split():
            return host
    raise StoryError(f"{GUEST} runs on neither host1 nor host2.")


VIRSH = "virsh -q -c qemu:///system"


def picture() -> None:
    """What there is now, in words"""
    say("\n==> What there is now\n")
    for host in ("storage", "host1", "host2"):
        system = on(
            host, ". /etc/os-release; echo \"$PRETTY_NAME, $(nproc) processors, $(free -h | awk 'NR==2 {print $2}')\""
        )
        say(f"    {host}: {system}")
        if host == "storage":
            for line in on(host, "exportfs -s").splitlines():
                path, clients = line.split(maxsplit=1)
                say(f"      exports {path} to {clients.split('(')[0]}")
            continue
        say(f"      {on(host, f'{VIRSH} version | grep -E ^Running.hypervisor').partition(': ')[2]} with KVM")
        for name in on(host, f"{VIRSH} net-list --name").split():
            address = on(host, f"{VIRSH} net-dumpxml {name} | grep -o \"<ip address='[^']*'\"").split("'")[1]
            say(f"      network {name}: {address}")
        for name in on(host, f"{VIRSH} pool-list --name").split():
            target = on(host, f"{VIRSH} pool-dumpxml {name} | sed -n 's:.*<path>\\(.*\\)</path>:\\1:p'")
            say(f"      pool {name}: {on(host, f'findmnt -n -o SOURCE,FSTYPE -T {target}')}")
        for line in on(host, f"{VIRSH} list --all").splitlines():
            name, state = line.split(maxsplit=2)[1:]
            say(f"      guest {name}: {state}")
    on_host = place()
    address = on(GUEST, "hostname -I").split()[0]
    say(
        f"\n    {GUEST} ({address}) was made on host1 and is on {on_host};"
        f" it has been up for {on(GUEST, 'uptime -p')[3:]}."
    )


def onwards() -> None:
    """How to go on."""
    say("""
    make demo-ssh HOST=host1     a shell on a machine: host1, host2, storage
    make demo-ssh HOST=web1      a shell in the guest
    make demo                    the same again: quick, and nothing changes
    make lab-reset               the machines are bare again
    make demo-down               all of it goes; what was downloaded stays in the cache
""")


STEPS: dict[str, Callable[[], str]] = {
    step.__name__: step for step in (up, site, guest, again, dry, migrate, stay, drift, repair, absent)
}


DEMO = ("up", "site", "guest", "again", "migrate", "picture", "table", "onwards")


def table() -> None:
    """The figures of all steps."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else []
    width = max((len(figure["title"]) for figure in figures), default=0)
    say()
    for figure in figures:
        say(f"    {figure['title']:{width}}  {figure['seconds']:7.1f} s   {figure['result']}")
    say(f"    {'together':{width}}  {sum(figure['seconds'] for figure in figures):7.1f} s")


TALK: dict[str, Callable[[], None]] = {"picture": picture, "table": table, "onwards": onwards}


def main() -> int:
    """Run the steps that are asked for; the first failure ends it."""
    lines = "\n".join(f"  {name:8} {step.__doc__}" for name, step in STEPS.items())
    parser = argparse.ArgumentParser(
        description="Steps:\n" + lines, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="+", metavar="STEP")
    steps = parser.parse_args().steps
    try:
        if steps[0] == "ssh":
            command = ssh_command(steps[1])
            os.execvp(command[0], [*command, *steps[2:]])
        if steps[0] == "note":
            note(steps[1], float(steps[2]), steps[3])
            return 0
        for name in DEMO if steps == ["demo"] else steps:
            if name in TALK:
                TALK[name]()
                continue
            step = STEPS[name]
            say(f"\n==> {step.__doc__}")
            began = time.monotonic()
            result = step()
            if name != "up":  # its playbook notes that itself
                note(step.__doc__ or name, time.monotonic() - began, result)
            say(f"    {result}: {time.monotonic() - began:.1f} s")
    except StoryError as error:
        say(f"\nerror: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
