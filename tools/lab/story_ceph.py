# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ceph in the lab's story: one machine with three disks, each of which has all that guests' disks hold."""

from __future__ import annotations

import json
import time
import typing as t

from stage import StoryError, check, on, playbook, say
from storage import Storage, counted, goes_on, nothing_lost, place, source

SERVER = "storage"
POOL = "vms"


def ceph(*words: str) -> dict[str, t.Any]:
    """What one of Ceph's commands answers."""
    return t.cast("dict[str, t.Any]", json.loads(on(SERVER, " ".join(("ceph", *words, "--format json")))))


def wait_for(condition: str, holds: t.Callable[[], bool], patience: float = 300) -> float:
    """Until it holds; the seconds that it took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > patience:
            raise StoryError(f"For {patience:.0f} s this does not hold: {condition}\n{on(SERVER, 'ceph -s')}")
        time.sleep(3)
    return time.monotonic() - began


def healthy() -> bool:
    """All is well, and all placement groups have all their copies. Debian 13 can't load the manager's modules, ever."""
    status = ceph("status")
    states = status["pgmap"].get("pgs_by_state", [])
    complaints = set(status["health"]["checks"]) - {"MGR_MODULE_DEPENDENCY"}
    return not complaints and all(each["state_name"] == "active+clean" for each in states)


def disk(host: str) -> str:
    """The guest's disk is an RBD image, which QEMU itself reaches."""
    image = source(host)
    check(image == f"{POOL}/web1-vda", f"on {host}, its disk is the image {image}")
    watchers = json.loads(on(SERVER, f"rbd status {image} --format json"))["watchers"]
    addresses = [each["address"].split(":")[0] for each in watchers]
    check(on(host, "hostname -I").split()[0] in addresses, f"rbd status says that {host} has it open: {addresses}")
    check(healthy(), "ceph -s complains of nothing new, and all placement groups are active+clean")
    return "Ceph"


def repaired() -> None:
    mode = ceph("osd", "pool", "get", POOL, "pg_autoscale_mode")["pg_autoscale_mode"]
    check(mode != "warn", f"ceph says that pg_autoscale_mode of {POOL} is {mode} again")
    caps = ceph("auth", "get", "client.libvirt")[0]["caps"]["osd"]  # type: ignore[index]
    check("allow *" not in caps, f"and client.libvirt may do no more than {caps}")


def kept() -> None:
    images = on(SERVER, f"rbd ls {POOL}").split()
    check("web1-vda" in images, f"its disk {POOL}/web1-vda is still there")


def ceph_dead() -> str:
    """An OSD fails under the guest while it writes"""
    before = counted()
    on(SERVER, "systemctl kill -s KILL ceph-osd@0; systemctl stop ceph-osd@0")
    took = wait_for("Ceph knows that an OSD is down", lambda: not healthy(), 60)
    say(f"    - Ceph has seen it after {took:.0f} s: {ceph('health')['status']}")
    goes_on(before, 60)
    down = playbook("minicloud.kvm.site", "--check", "-t", "storage")
    check(
        (SERVER, "minicloud.kvm.ceph : Start OSDs that were there") in down.tasks, "--check names what would start it"
    )
    playbook("minicloud.kvm.site", "-t", "storage")
    took = wait_for("Ceph is healthy again", healthy)
    say(f"    - healthy, with all copies, {took:.0f} s after the run that started it")
    goes_on(counted())
    gap = nothing_lost()
    return f"the guest on {place()} waited {gap:.1f} s at most"


def ceph_gone() -> str:
    """The hypervisors forget the pool; what is in it stays"""
    absent = ["-e", '{"pools_list": [{"name": "shared", "state": "absent"}]}', "-t", "pools"]
    run = playbook("minicloud.kvm.site", *absent)
    for host in ("host1", "host2"):
        pools = on(host, "virsh -c qemu:///system pool-list --all --name").split()
        check("shared" not in pools, f"{host} does not know the pool")
    again = playbook("minicloud.kvm.site", *absent)
    check(not again.tasks, "the same again changes nothing")
    kept()
    check(healthy(), "ceph -s complains of nothing new")
    return run.what()


CEPH = Storage(
    name="Ceph",
    disk=disk,
    # In one task each: what the pool is, and what the user may do.
    drift=(
        (SERVER, f"ceph osd pool set {POOL} pg_autoscale_mode warn"),
        (SERVER, "ceph auth caps client.libvirt mon 'profile rbd' osd 'allow *'"),
    ),
    drifted=(SERVER, SERVER),
    shown=("pg_autoscale_mode", "allow *"),
    repaired=repaired,
    kept=kept,
    steps=(ceph_dead, ceph_gone),
)
