# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the story has to know of a storage system, and a guest that counts and writes while things happen to it."""

from __future__ import annotations

import dataclasses
import re
import shlex
import time
from collections.abc import Callable

from stage import GUEST, StoryError, check, on, say


@dataclasses.dataclass(frozen=True)
class Storage:
    """A storage system: where a guest's disk is with it, what somebody changes by hand, and how that is seen.

    disk: checks, with the storage system's own tools, that the disk which a hypervisor has is there; says where.
    drift: (machine, command) by which somebody changes it; drifted: the machines that a run then changes, a task each.
    shown: what --diff says of it. repaired: checks that it is as declared again.
    kept: checks, after the guest is gone, that its disk is still there.
    steps: further steps.
    """

    name: str
    disk: Callable[[str], str]
    drift: tuple[tuple[str, str], ...]
    drifted: tuple[str, ...]
    shown: tuple[str, ...]
    repaired: Callable[[], None]
    kept: Callable[[], None]
    steps: tuple[Callable[[], str], ...]


VIRSH = "virsh -q -c qemu:///system"


def place() -> str:
    """The hypervisor that the guest runs on."""
    for host in ("host1", "host2"):
        if GUEST in on(host, f"{VIRSH} list --name").split():
            return host
    raise StoryError(f"{GUEST} runs on neither host1 nor host2.")


def source(host: str) -> str:
    """What the guest's first disk is on this hypervisor: a path, or the name of a network disk."""
    return on(host, f"{VIRSH} domblklist {GUEST} | awk '$1 == \"vda\" {{print $2}}'")


COUNT = "/var/tmp/count"
# The process's number, then a line for each count: the number, the boot it was counted in, the guest's own clock. Every
# line is on the disk before the next is begun: the file is one that is written synchronously (chattr(1)). bash needs no
# further process for any of it, nor to wait (for what nobody writes): processes are dear in an emulated machine.
LOOP = (
    "exec 9<> <(:); echo $$; n=0; read -r b </proc/sys/kernel/random/boot_id; "
    'while :; do n=$((n+1)); read -r u _ </proc/uptime; echo "$n $b $u" || echo "write failed"; read -r -t 1 -u 9; done'
)


def start_counting() -> None:
    """The guest counts and writes from now on; one that does so since earlier makes way."""
    on(GUEST, f"p=$(head -n 1 {COUNT} 2>/dev/null); grep -qsa /proc/uptime /proc/$p/cmdline && kill $p; true")
    on(GUEST, f"rm -f {COUNT}; touch {COUNT} && chattr +S {COUNT}")
    on(GUEST, f"setsid -f bash -c {shlex.quote(LOOP)} </dev/null >{COUNT} 2>&1")
    time.sleep(2)


def counted() -> int:
    """How far the guest has counted."""
    line = on(GUEST, f"tail -n 1 {COUNT}").split()
    return int(line[0]) if len(line) == 3 else 0


def goes_on(before: int, patience: float = 10) -> None:
    """The guest counts and writes on, within so many seconds."""
    end = time.monotonic() + patience
    while (now := counted()) <= before and time.monotonic() < end:
        time.sleep(2)
    check(now > before, f"{GUEST} has counted on and written it, from {before} to {now}")


# Linux at each boot says that it protects its "read-only data"; that is no trouble.
_TROUBLE = "i/o error|remounting filesystem read-only|aborted journal"


def errors() -> str:
    """What the guest's kernel says of its disks that it should not."""
    # Only root may read it; where nobody may, this fails and does not say that there is nothing.
    lines = on(GUEST, "sudo -n dmesg").splitlines()
    return "\n".join(line for line in lines if re.search(_TROUBLE, line, re.IGNORECASE))


def nothing_lost() -> float:
    """All counts are there, of one process in one boot, without an error of the disk; the longest time between two."""
    process, *lines = on(GUEST, f"cat {COUNT}").splitlines()
    counts = [line.split() for line in lines]
    check(all(len(count) == 3 for count in counts), "every count was written without an error")
    numbers = [int(count[0]) for count in counts]
    check(numbers == list(range(1, len(numbers) + 1)), f"it counted from 1 to {len(numbers)} and left none out")
    boot = on(GUEST, f"kill -0 {process} && cat /proc/sys/kernel/random/boot_id")
    check({count[1] for count in counts} == {boot}, "it was not restarted, and the process that counts is the same")
    check(errors() == "", "its kernel has seen no error of the disk")
    times = [float(count[2]) for count in counts]
    gap = max(later - earlier for earlier, later in zip(times, times[1:], strict=False))
    say(f"    - the longest time between two counts was {gap:.2f} s")
    return gap
