# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How fast a guest's disk is, against the storage as its hypervisor reaches it: fio for both, in turn in one run, so
that their ratio says what lies between: QEMU, and what this collection has set up.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import typing as t

from stage import GUEST, ROOT, StoryError, check, on, say, ssh_command
from storage import VIRSH, place

SIZE = "96MiB"
ROUNDS = 3
SECONDS = 8
VOLUME = "fio"
# name: (options, what counts, its unit, whether more is better)
JOBS = {
    "write": ("--rw=write --bs=1M", ("write", "bw_bytes"), "MB/s"),
    "read": ("--rw=read --bs=1M", ("read", "bw_bytes"), "MB/s"),
    "write 4k": ("--rw=randwrite --bs=4k", ("write", "clat_ns", "mean"), "ms"),
    "read 4k": ("--rw=randread --bs=4k", ("read", "clat_ns", "mean"), "ms"),
}
SCALE = {"MB/s": 1e6, "ms": 1e6}
IN_GUEST = "/var/tmp/fio"


@dataclasses.dataclass
class Place:
    """Where fio runs, how it is called there, and what it works on."""

    host: str
    command: str
    target: str

    def measure(self, options: str, what: tuple[str, ...]) -> float:
        """One number of one run."""
        run = f"{self.command} --name=minicloud {self.target} {options} --size={SIZE} --direct=1 --time_based"
        told = json.loads(on(self.host, f"{run} --runtime={SECONDS} --output-format=json"))["jobs"][0]
        if told["error"]:
            raise StoryError(f"fio on {self.host}: error {told['error']}")
        number: t.Any = told
        for key in what:
            number = number[key]
        return float(number)


def bring_fio(host: str) -> str:
    """The hypervisor's fio, with its libraries, in the guest, which is of the same distribution; the command there."""
    libraries = "$(ldd /usr/bin/fio | grep -o '/[^ ]*')"
    source = subprocess.Popen(
        [*ssh_command(host), f"tar -C / -chf - /usr/bin/fio {libraries} 2>/dev/null"], cwd=ROOT, stdout=subprocess.PIPE
    )
    unpack = f"mkdir -p {IN_GUEST} && tar -C {IN_GUEST} -xf -"
    subprocess.run([*ssh_command(GUEST), unpack], cwd=ROOT, stdin=source.stdout, check=True)
    paths = on(GUEST, f"cd {IN_GUEST} && find . -name '*.so*' -printf '{IN_GUEST}/%h\\n' | sort -u | tr '\\n' ':'")
    return f"{IN_GUEST}/lib64/ld-linux-x86-64.so.2 --library-path {paths} {IN_GUEST}/usr/bin/fio"


def direct(host: str) -> Place:
    """The storage as the hypervisor has it: a volume of the pool, by its path or as an RBD image."""
    on(host, f"{VIRSH} vol-delete {VOLUME} --pool shared >/dev/null 2>&1; true")
    on(host, f"{VIRSH} vol-create-as shared {VOLUME} {SIZE.removesuffix('iB')} --format raw")
    path = on(host, f"{VIRSH} vol-path {VOLUME} --pool shared")
    if path.startswith("/"):
        return Place(host, "fio --ioengine=psync", f"--filename={path}")
    pool, image = path.split("/")
    return Place(host, "fio --ioengine=rbd", f"--clientname=libvirt --pool={pool} --rbdname={image}")


def fio() -> str:
    """The guest's disk against the storage itself, with fio"""
    host = place()
    own = Place(GUEST, f"{bring_fio(host)} --ioengine=psync", "--filename=/var/tmp/fio.dat")
    below = direct(host)
    ratios = []
    say(f"      {'':10} {'storage':>12} {GUEST:>12}   ratio (median of {ROUNDS}, of more is better)")
    for name, (options, what, unit) in JOBS.items():
        pairs = [(below.measure(options, what), own.measure(options, what)) for _round in range(ROUNDS)]
        storage, guest = (statistics.median(numbers) / SCALE[unit] for numbers in zip(*pairs, strict=True))
        ratio = storage / guest if unit == "ms" else guest / storage
        ratios.append(ratio)
        say(f"      {name:10} {storage:7.2f} {unit:4} {guest:7.2f} {unit:4}   {ratio:.2f}")
    on(host, f"{VIRSH} vol-delete {VOLUME} --pool shared")
    on(GUEST, f"rm -rf /var/tmp/fio.dat {IN_GUEST}")
    check(min(ratios) > 0, "all of it was measured")
    return "guest : storage " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in zip(JOBS, ratios, strict=True))
