# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What happens in the lab, step by step: the molecule scenarios and `make demo` are made of these steps.

    story.py STEP...      run steps; `story.py --help` lists them
    story.py demo         the steps of the demo
    story.py ssh HOST     a shell on a machine or a guest
    story.py note TITLE SECONDS RESULT      figures of what was done elsewhere
    story.py inventory          the options that name the scenario's inventories, one word a line
    story.py image              which image its machines are made from

A step is a command that a user would type, and what has to come of it. Its output is shown in short while it runs and
kept whole in .lab/logs/; what it took is noted in .lab/figures.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
import time
import typing as t
from collections.abc import Callable

from stage import (
    FIGURES,
    GUEST,
    Run,
    StoryError,
    check,
    edit_inventory,
    inventory,
    machine_image,
    module,
    note,
    on,
    playbook,
    say,
    scenario,
    ssh_command,
)
from storage import VIRSH, Storage, nothing_lost, place, start_counting
from story_ceph import CEPH
from story_fio import fio
from story_gluster import GLUSTER
from story_iscsi import ISCSI
from story_nfs import NFS

STORAGES = {
    "minicloud": NFS,
    "storage_nfs": NFS,
    "storage_iscsi": ISCSI,
    "storage_gluster": GLUSTER,
    "storage_ceph": CEPH,
}


def storage() -> Storage:
    """The storage system of the scenario that is up."""
    return STORAGES[scenario()]


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
    # SSH answers before cloud-init is through.
    own = on(GUEST, "hostname; systemd-detect-virt; cloud-init status --wait | tail -n 1").splitlines()
    check(own[0] == GUEST, f"{GUEST} answers on SSH with the key of its seed")
    check(own[1] == "kvm", "in it, systemd-detect-virt says kvm")
    check("done" in own[2], "cloud-init says done")
    accelerated = on(host, f"virsh -c qemu:///system dumpxml {GUEST} | grep -c \"<domain type='kvm'\"")
    check(accelerated == "1", f"on {host}, virsh says that its acceleration is KVM")
    return f"on {host}, KVM, disk on {storage().disk(host)}"


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
    start_counting()
    run = playbook("minicloud.kvm.migrate", "-e", f"guest={GUEST}", "-e", "dest=host2")
    edit_inventory(guest_hypervisor="host2")
    check(GUEST in on("host2", "virsh -c qemu:///system list --name").split(), f"{GUEST} runs on host2")
    check(
        GUEST not in on("host1", "virsh -c qemu:///system list --all --name").split(), "host1 does not know it any more"
    )
    time.sleep(2)
    nothing_lost()
    say(f"    - its disk is on {storage().disk('host2')}")
    moved = re.search(r"(\d+) ms, of which it stood still for (\d+) ms", re.sub(r"\s+", " ", run.text))
    return f"moved in {moved[1]} ms, stood still for {moved[2]} ms" if moved else run.what()


def stay() -> str:
    """The same move again"""
    run = playbook("minicloud.kvm.migrate", "-e", f"guest={GUEST}", "-e", "dest=host2")
    check(not any(run.changed.values()), "it is there already: nothing changed")
    return run.what()


LOCAL = "/var/lib/libvirt/images/local.raw"
MINIMAL = '<domain type="kvm"><name>{0}</name><memory>65536</memory><os><type>hvm</type></os>{1}</domain>'
LOCAL_DISK = f'<devices><disk><source file="{LOCAL}"/><target dev="vda"/></disk></devices>'


@dataclasses.dataclass
class Obstacle:
    """Something that keeps the guest on host2: what is done by hand for it and against it, and the error."""

    title: str
    code: str
    words: str
    by_hand: tuple[tuple[str, str], ...] = ()
    undo: tuple[tuple[str, str], ...] = ()
    options: dict[str, object] = dataclasses.field(default_factory=dict)
    runs_on: str = "host2"


OBSTACLES = (
    Obstacle("a hypervisor that does not answer", "unreachable", "host9", options={"dest": "host9"}),
    Obstacle(
        "a name that leads elsewhere",
        "resolves_wrong",
        "192.0.2.1",
        by_hand=(("host2", r"cp /etc/hosts /root/hosts && sed -i 's/^[0-9.]\+ \(host1\)$/192.0.2.1 \1/' /etc/hosts"),),
        undo=(("host2", "cat /root/hosts >/etc/hosts"),),
        runs_on="host1",
    ),
    Obstacle(
        "another guest of its name",
        "defined_twice",
        "different UUIDs",
        by_hand=(("host1", f"echo '{MINIMAL.format(GUEST, '')}' | virsh -c qemu:///system define /dev/stdin"),),
        undo=(("host1", f"virsh -c qemu:///system undefine {GUEST}"),),
    ),
    Obstacle(
        "a network that is not there",
        "network_missing",
        "default",
        by_hand=(("host1", "virsh -c qemu:///system net-destroy default"),),
        undo=(("host1", "virsh -c qemu:///system net-start default"),),
    ),
    Obstacle(
        "a disk that is not shared",
        "not_shared",
        LOCAL,
        by_hand=(
            ("host1", f"truncate -s 1M {LOCAL}"),
            ("host2", f"truncate -s 1M {LOCAL}"),
            ("host2", f"echo '{MINIMAL.format('local', LOCAL_DISK)}' | virsh -c qemu:///system define /dev/stdin"),
        ),
        undo=(
            ("host1", f"rm {LOCAL}"),
            ("host2", f"rm {LOCAL} && virsh -c qemu:///system undefine local"),
        ),
        options={"name": "local"},
    ),
    Obstacle("a move that takes too long", "libvirt_error", "", options={"bandwidth": 1, "timeout": 4}),
)


def refuse() -> str:
    """What keeps a guest from moving is said, and it stays"""
    number = on("host2", f"virsh -c qemu:///system domid {GUEST}")
    for obstacle in OBSTACLES:
        options = {"name": GUEST, "dest": "host1", "hosts": ["host1", "host2"], **obstacle.options}
        if options["dest"] not in t.cast("list[str]", options["hosts"]):
            options["hosts"] = ["host1", "host2", options["dest"]]
        try:
            for host, command in obstacle.by_hand:
                on(host, command)
            told = module(obstacle.runs_on, "vm_migrate", options)
        finally:
            for host, command in obstacle.undo:
                on(host, command)
        said = str(told.get("msg"))
        check(told.get("error_code") == obstacle.code and obstacle.words in said, f"{obstacle.title}: {said}")
    check(on("host2", f"virsh -c qemu:///system domid {GUEST}") == number, f"{GUEST} has run on host2 all the time")
    check(GUEST not in on("host1", "virsh -c qemu:///system list --all --name").split(), "and is defined nowhere else")
    return f"{len(OBSTACLES)} refusals"


def drift() -> str:
    """Things are changed by hand; --check --diff names them"""
    for host, command in storage().drift:
        on(host, command)
    on("host2", f"{VIRSH} setmaxmem {GUEST} 768MiB --config")
    on("host1", f"{VIRSH} net-destroy default")
    run = playbook("minicloud.kvm.site", "--check", "--diff")
    named(run)
    for text in (*storage().shown, "domain " + GUEST, "network default", "768MiB"):
        check(text in run.text, f"the difference shows {text}")
    return "named: " + ", ".join(host for host, _task in run.tasks)


def repair() -> str:
    """A run repairs them"""
    run = playbook("minicloud.kvm.site", "--diff")
    named(run)
    storage().repaired()
    memory = on("host2", f"{VIRSH} dumpxml --inactive {GUEST} | grep -o '<memory[^/]*'")
    check("524288<" in memory, "virsh says 512 MiB")
    check("default" in on("host1", f"{VIRSH} net-list --name").split(), "virsh says that the network is active")
    nothing_lost()
    return run.what()


def named(run: Run) -> None:
    """Exactly the things that were changed by hand are changed back."""
    hosts = sorted(host for host, _task in run.tasks)
    wanted = sorted(("host1", "host2", *storage().drifted))
    check(hosts == wanted, f"exactly one change for each, on {', '.join(wanted)}: {run.tasks}")


def absent() -> str:
    """The guest is retired"""
    edit_inventory(guest_state="absent")
    run = playbook("minicloud.kvm.site", "-t", "guests")
    for host in ("host1", "host2"):
        check(GUEST not in on(host, f"{VIRSH} list --all --name").split(), f"{host} does not know it")
    storage().kept()
    return run.what()


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
    step.__name__: step
    for step in (
        *(up, site, guest, again, dry, migrate, stay, refuse, drift, repair, absent, fio),
        *(step for each in STORAGES.values() for step in each.steps),
    )
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


def ssh(host: str, *command: str) -> None:
    """A shell, or a command, in this process's place."""
    words = ssh_command(host)
    os.execvp(words[0], [*words, *command])


# What is no step.
ASKED: dict[str, Callable[..., None]] = {
    "ssh": ssh,
    "note": lambda title, seconds, result: note(title, float(seconds), result),
    "inventory": lambda: say("\n".join(inventory())),
    "image": lambda: say(machine_image()),
}


def main() -> int:
    """Run the steps that are asked for; the first failure ends it."""
    lines = "\n".join(f"  {name:12} {step.__doc__}" for name, step in STEPS.items())
    parser = argparse.ArgumentParser(
        description="Steps:\n" + lines, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="+", metavar="STEP")
    steps = parser.parse_args().steps
    try:
        if steps[0] in ASKED:
            ASKED[steps[0]](*steps[1:])
            return 0
        if steps == ["demo"]:
            FIGURES.unlink(missing_ok=True)
        results: dict[str, str] = {}
        for name in DEMO if steps == ["demo"] else steps:
            if name in TALK:
                TALK[name]()
                continue
            if steps == ["demo"] and name == "again" and results["site"] == "changed=0":
                continue  # that has just been shown
            step = STEPS[name]
            say(f"\n==> {step.__doc__}")
            began = time.monotonic()
            result = results[name] = step()
            if name != "up":  # its playbook notes that itself
                note(step.__doc__ or name, time.monotonic() - began, result)
            say(f"    {result}: {time.monotonic() - began:.1f} s")
    except StoryError as error:
        say(f"\nerror: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
