# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gluster in the lab's story: three machines, each of which has all that guests' disks hold."""

from __future__ import annotations

import os
import re
import subprocess
import time
import typing as t
import xml.etree.ElementTree as ET

from stage import GUEST, ROOT, StoryError, check, on, playbook, say, ssh_command
from storage import VIRSH, Storage, counted, goes_on, nothing_lost, place, source

SERVERS = ("gluster1", "gluster2", "gluster3")
# The one that the hypervisors ask for the volume, and that a run does what is done once on. It is the one that dies.
FIRST, OTHER = SERVERS[:2]
VOLUME = "vms"
BRICK = f"/srv/gluster/brick1/{VOLUME}"
PATH = "/var/lib/libvirt/images/shared"
PING_TIMEOUT = 20


def gluster(host: str, *words: str) -> ET.Element:
    """What one of Gluster's commands answers."""
    return ET.fromstring(on(host, f"gluster --mode=script --xml volume {' '.join(words)}"))


def option(name: str) -> str:
    return gluster(FIRST, "get", VOLUME, name).findtext(".//Value") or ""


def running() -> int:
    """How many of the volume's bricks run."""
    nodes = gluster(OTHER, "status", VOLUME).findall(".//volume/node")
    return sum(BRICK in (node.findtext("path") or "") and node.findtext("status") == "1" for node in nodes)


def to_heal() -> int | None:
    """How many entries have still to be healed; None where a brick can't be asked."""
    counts = [
        brick.findtext("totalNumberOfEntries") for brick in gluster(OTHER, "heal", VOLUME, "info summary").iter("brick")
    ]
    return sum(int(count or "") for count in counts) if counts and all((c or "-").isdigit() for c in counts) else None


def wait_for(condition: str, holds: t.Callable[[], bool], patience: float = 300) -> float:
    """Until it holds; the seconds that it took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > patience:
            raise StoryError(f"For {patience:.0f} s this does not hold: {condition}")
        time.sleep(2)
    return time.monotonic() - began


def lab(command: str, host: str, *words: str) -> None:
    """A command of this machine's libvirt about a machine of the lab."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    done = subprocess.run(
        [*sudo, "virsh", "-q", "-c", "qemu:///system", command, f"mclab-{host}", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StoryError(f"virsh {command} of mclab-{host} ended with {done.returncode}: {done.stderr}")


def answers(host: str) -> bool:
    """Whether a machine can be reached over a new connection."""
    # Of options that are there twice, ssh takes the first.
    words = ["ssh", "-o", "ControlPath=none", "-o", "ConnectTimeout=5", *ssh_command(host)[1:], "true"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


def disk(host: str) -> str:
    """The guest's disk is a file on the volume, and all bricks have it."""
    path = source(host)
    kind, where = on(host, f"findmnt -n -o FSTYPE,SOURCE -T {path}").split()
    check(
        kind == "fuse.glusterfs" and where.endswith(f":/{VOLUME}"),
        f"on {host}, its disk {path} lies on {where} ({kind})",
    )
    for server in SERVERS:
        check(on(server, f"ls {BRICK}/{path.rpartition('/')[2]}") != "", f"{server} has it in its brick")
    check(running() == len(SERVERS), "gluster volume status says that all three bricks run")
    return "Gluster"


def repaired() -> None:
    check(option("network.ping-timeout").split()[0] == str(PING_TIMEOUT), f"gluster says {PING_TIMEOUT} s again")
    check(option("features.shard").startswith("on"), "and kept the options of its group virt")
    mounted = on("host1", f"findmnt -n -o FSTYPE,SOURCE {PATH}")
    check("fuse.glusterfs" in mounted, f"host1 has it mounted again: {mounted}")
    shown = on("host1", f"{VIRSH} pool-info shared | grep Autostart")
    check("yes" in shown, "and its pool starts at boot")


def kept() -> None:
    check(on("host1", f"ls {PATH}/web1-vda.qcow2") != "", f"its disk {PATH}/web1-vda.qcow2 is still there")


def gluster_dead() -> str:
    """A brick's machine dies under the guest while it writes"""
    hypervisor = place()
    number = on(hypervisor, f"{VIRSH} domid {GUEST}")
    lab("destroy", FIRST)
    # One more than what it has written: that one it waits for.
    goes_on(counted() + 1, PING_TIMEOUT + 60)
    gap = nothing_lost()
    check(gap < PING_TIMEOUT + 15, f"it waited for its disk about as long as network.ping-timeout is, {PING_TIMEOUT} s")
    wait_for(f"gluster says that {FIRST} is away", lambda: running() == len(SERVERS) - 1, 60)
    others = ["--check", "-t", "storage", "--limit", f"all:!{FIRST}"]
    down = playbook("minicloud.kvm.site", *others)
    check(not down.tasks, "the machines that are there are as declared")
    check("doesn't answer" in re.sub(r"\s+", " ", down.text), f"and the run says that {FIRST} doesn't answer")
    goes_on(counted())
    waiting = to_heal()
    lab("start", FIRST)
    booted = wait_for(f"{FIRST} answers", lambda: answers(FIRST), 600)
    came = wait_for("all bricks run", lambda: running() == len(SERVERS), 300)
    healed = wait_for("nothing is left to heal", lambda: to_heal() == 0, 600)
    say(
        f"    - {FIRST} answers after {booted:.0f} s, its brick runs {came:.0f} s later,"
        f" nothing is left to heal {healed:.0f} s later"
    )
    say(f"      (before it came back: {'not known' if waiting is None else waiting} entries to heal on the others)")
    run = playbook("minicloud.kvm.site", "-t", "storage")
    check(not run.tasks, "a run has nothing to change")
    goes_on(counted())
    nothing_lost()
    check(on(hypervisor, f"{VIRSH} domid {GUEST}") == number, f"{GUEST} has run on {hypervisor} all the time")
    return f"the guest on {hypervisor} waited {gap:.1f} s at most"


def gluster_grow() -> str:
    """The disks under the bricks become bigger, and the volume with them, while the guest writes"""
    before, size = counted(), int(on("host1", f"df -B1 --output=size {PATH} | tail -n 1"))
    for server in SERVERS:
        lab("blockresize", server, "vdc", "10GiB")
    run = playbook("minicloud.kvm.site", "-t", "storage")
    check(sorted(host for host, _task in run.tasks) == sorted(SERVERS), "one change for each storage machine")
    now = int(on("host1", f"df -B1 --output=size {PATH} | tail -n 1"))
    check(
        now > size + 1.9 * 2**30,
        f"on host1, the pool's file system has {now / 2**30:.1f} GiB, and had {size / 2**30:.1f}",
    )
    check(not playbook("minicloud.kvm.site", "-t", "storage").tasks, "the same again changes nothing")
    goes_on(before)
    nothing_lost()
    return run.what()


def sums(server: str) -> str:
    """What a brick holds, as one checksum: of all files and their content, in the order of their names."""
    files = f"cd {BRICK} && find . -path ./.glusterfs -prune -o -type f -print0"
    return on(server, f"{files} | LC_ALL=C sort -z | xargs -0 cksum | cksum")


def gluster_gone() -> str:
    """The hypervisors forget the pool; what is in it stays"""
    absent = ["-e", '{"pools_list": [{"name": "shared", "backend": "gluster", "state": "absent"}]}', "-t", "pools"]
    run = playbook("minicloud.kvm.site", *absent)
    for host in ("host1", "host2"):
        pools = on(host, f"{VIRSH} pool-list --all --name").split()
        check("shared" not in pools, f"{host} does not know the pool")
        left = on(host, f"grep -e ' {PATH} ' /proc/self/mounts /etc/fstab || true; ls -d {PATH} 2>/dev/null || true")
        check(left == "", "and neither has it mounted nor mounts it at boot")
    again = playbook("minicloud.kvm.site", *absent)
    check(not again.tasks, "the same again changes nothing")
    check(running() == len(SERVERS) and to_heal() == 0, "all bricks run, with nothing to heal")
    on(FIRST, f"ls {BRICK}/web1-vda.qcow2")
    say("    - the guest's disk is still in them")
    found = {sums(server) for server in SERVERS}
    check(len(found) == 1, f"all three bricks hold the same, bit for bit: {' '.join(found)}")
    return run.what()


GLUSTER = Storage(
    name="Gluster",
    disk=disk,
    # An option of the volume; on a hypervisor the mount, and a property of the pool.
    drift=(
        (FIRST, f"gluster --mode=script volume reset {VOLUME} network.ping-timeout"),
        ("host1", f"umount {PATH}"),
        ("host1", f"{VIRSH} pool-autostart shared --disable"),
    ),
    drifted=(FIRST, "host1", "host1"),
    shown=(f"network.ping-timeout: {PING_TIMEOUT}", f":/{VOLUME}", "pool shared", "autostart"),
    repaired=repaired,
    kept=kept,
    steps=(gluster_dead, gluster_grow, gluster_gone),
)
