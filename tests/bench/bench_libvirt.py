# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long many objects in one call take, beside libvirt's own calls and a play that does nothing.

usage: bench_libvirt.py [--domains 500] [--rounds 5] [--grow 1000,2000] [--write docs/benchmarks.md]

All is measured in one run, in turn, and the medians are set in relation: absolute times say more about the machine.
Objects are called mct-bench-...; they are removed before and after, and none is started.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import libvirt

URI = "qemu:///system"
# What Ansible by itself takes to hand options over.
NOTHING = """
from ansible.module_utils.basic import AnsibleModule

AnsibleModule({"domains": {"type": "list", "elements": "dict"}}).exit_json(invocation={})
"""
PREFIX = "mct-bench-"
Objects = t.List[t.Dict[str, t.Any]]


def clean(conn: libvirt.virConnect) -> None:
    for domain in conn.listAllDomains():
        if domain.name().startswith(PREFIX):
            domain.undefine()
    for network in conn.listAllNetworks():
        if network.name().startswith(PREFIX):
            network.undefine()
    for pool in conn.listAllStoragePools():
        if pool.name().startswith(PREFIX):
            if pool.isActive():
                pool.destroy()
            pool.undefine()


class Bench:
    def __init__(self, work: Path, rounds: int) -> None:
        self.work, self.rounds = work, rounds
        self.plays = 0
        (work / "inventory").write_text(
            f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n"
        )
        (work / "library").mkdir()
        (work / "library" / "mct_nothing.py").write_text(NOTHING)

    def play(self, module: str, options: dict[str, t.Any], changed: bool | None = None) -> float:
        """Seconds that a play of one task takes, from the command to its end."""
        self.plays += 1
        playbook = self.work / f"play{self.plays}.yml"
        variables = {f"bench_{option}": value for option, value in options.items()}
        task = {module: {option: f"{{{{ bench_{option} }}}}" for option in options}}
        play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [task]}
        playbook.write_text(json.dumps([play]))
        began = time.perf_counter()
        done = subprocess.run(
            ["ansible-playbook", "-i", str(self.work / "inventory"), str(playbook)],
            env={
                **os.environ,
                "ANSIBLE_LIBRARY": str(self.work / "library"),
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "ANSIBLE_NOCOLOR": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.perf_counter() - began
        if done.returncode or (changed is not None and f"changed={int(changed)} " not in done.stdout):
            sys.exit(f"{module} did not do what is measured here:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return took

    def medians(self, **measures: t.Callable[[], float]) -> dict[str, float]:
        """Every measure in turn, so that what else the machine does falls on all of them."""
        times: dict[str, list[float]] = {name: [] for name in measures}
        for _round in range(self.rounds):
            for name, measure in measures.items():
                times[name].append(measure())
        return {name: statistics.median(each) for name, each in times.items()}


# All that was reported, for --write.
REPORTS: list[tuple[str, list[tuple[str, float, float]]]] = []


def report(title: str, lines: t.Sequence[tuple[str, float]], relative_to: float) -> None:
    print(f"\n{title}")
    for name, seconds in lines:
        print(f"    {name:<46} {seconds:8.3f} s   {seconds / relative_to:6.2f} x")
    REPORTS.append((title, [(name, seconds, seconds / relative_to) for name, seconds in lines]))


def page() -> str:
    """docs/benchmarks.md."""
    text = """# Benchmarks

Written by `make bench`. All of a table is from one run, in turn; the last column is the relation to the table's first
line. Seconds say more about the machine.
"""
    for title, lines in REPORTS:
        text += f"\n## {title}\n\n| | seconds | relation |\n|---|---:|---:|\n"
        text += "".join(f"| {name} | {seconds:.3f} | {times:.2f} |\n" for name, seconds, times in lines)
    return text


def read_domains() -> float:
    """What libvirt itself takes to tell all about every domain."""
    began = time.perf_counter()
    with libvirt.open(URI) as conn:
        for domain in conn.listAllDomains():
            domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    return time.perf_counter() - began


def defining(conn: libvirt.virConnect, count: int) -> float:
    """Seconds that libvirt takes to define what the module has defined, once more."""
    found = [each for each in conn.listAllDomains() if each.name().startswith(PREFIX)]
    texts = [each.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) for each in found]
    for domain in found:
        domain.undefine()
    assert len(texts) == count
    began = time.perf_counter()
    for text in texts:
        conn.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    return time.perf_counter() - began


def bench_domains(bench: Bench, conn: libvirt.virConnect, count: int) -> None:
    image = bench.work / "disk.raw"
    image.write_bytes(b"\0" * 4096)
    domains: Objects = [
        {
            "name": f"{PREFIX}{number:04}",
            "type": "qemu",
            "memory": "64MiB",
            "vcpus": 1,
            "disks": [{"file": str(image), "format": "raw"}],
            "interfaces": [{"network": "default"}],
        }
        for number in range(count)
    ]
    new = bench.play("minicloud.kvm.libvirt_domain", {"domains": domains}, changed=True)
    own = defining(conn, count)
    report(
        f"{count} domains defined anew, once",
        [("libvirt's own calls", own), ("a play with one libvirt_domain", new)],
        own,
    )
    found = bench.medians(
        empty=lambda: bench.play("ansible.builtin.ping", {"data": "pong"}),
        libvirt=read_domains,
        nothing=lambda: bench.play("mct_nothing", {"domains": domains}),
        module=lambda: bench.play("minicloud.kvm.libvirt_domain", {"domains": domains}, changed=False),
        states=lambda: bench.play(
            "minicloud.kvm.libvirt_domain", {"domains": [{"name": each["name"]} for each in domains]}, changed=False
        ),
    )
    report(
        f"{count} unchanged domains in one call, median of {bench.rounds} (aim: 2 x the empty play)",
        [
            ("an empty play (ping)", found["empty"]),
            ("libvirt's own calls (list, XML of each)", found["libvirt"]),
            ("the same options to a module that does nothing", found["nothing"]),
            ("a play with one libvirt_domain", found["module"]),
            ("the same, only names declared", found["states"]),
        ],
        found["empty"],
    )
    bench_info(bench, conn, count)


def bench_info(bench: Bench, conn: libvirt.virConnect, count: int) -> None:
    """What libvirt_info takes for domains made alike, and for domains none of which is like another."""
    asked = {"gather": ["domains"], "names": [PREFIX + "*"]}

    def read() -> dict[str, float]:
        return bench.medians(
            empty=lambda: bench.play("ansible.builtin.ping", {"data": "pong"}),
            libvirt=read_domains,
            info=lambda: bench.play("minicloud.kvm.libvirt_info", asked, changed=False),
        )

    alike = read()
    for number, domain in enumerate(each for each in conn.listAllDomains() if each.name().startswith(PREFIX)):
        domain.setMemoryFlags(64 * 1024 - number, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    unlike = read()
    report(
        f"{count} domains read as declarations, median of {bench.rounds}",
        [
            ("an empty play (ping)", alike["empty"]),
            ("libvirt's own calls (list, XML of each)", alike["libvirt"]),
            ("a play with one libvirt_info", alike["info"]),
            ("the same, no domain like another", unlike["info"]),
        ],
        alike["empty"],
    )


def growing(bench: Bench, counts: t.Sequence[int]) -> None:
    """The module alone, without Ansible's controller: it should take twice as long for twice as many."""
    runner = Path(__file__).resolve().parent.parent / "support" / "run_as_ansible.py"
    lines = []
    for count in counts:
        domains = [{"name": f"{PREFIX}{number:04}", "type": "qemu", "memory": "64MiB"} for number in range(count)]
        arguments = {"domains": domains, "_ansible_check_mode": False, "_ansible_remote_tmp": str(bench.work)}
        text = json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_module_name": "libvirt_domain"}})
        times = []
        for _round in range(4):
            began = time.perf_counter()
            with subprocess.Popen(
                [sys.executable, str(runner), "libvirt_domain"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                t.cast("t.IO[str]", process.stdin).write(text)
                t.cast("t.IO[str]", process.stdin).close()
                said = t.cast("t.IO[str]", process.stdout).read()
                _pid, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            times.append(time.perf_counter() - began)
            if process.returncode:
                sys.exit(f"libvirt_domain failed:\n{said[-3000:]}")
        lines.append((f"{count} domains, at most {usage.ru_maxrss // 1024} MiB", statistics.median(times[1:])))
    report("Unchanged domains, the module alone, median of 3 (aim: linear, and below 200 MiB)", lines, lines[0][1])


def bench_others(bench: Bench, kind: str, title: str, plural: str, objects: Objects) -> None:
    new = bench.play(f"minicloud.kvm.{kind}", {plural: objects}, changed=True)
    found = bench.medians(
        empty=lambda: bench.play("ansible.builtin.ping", {"data": "pong"}),
        module=lambda: bench.play(f"minicloud.kvm.{kind}", {plural: objects}, changed=False),
    )
    report(
        title,
        [
            ("an empty play (ping)", found["empty"]),
            ("all made anew, once", new),
            (f"unchanged, median of {bench.rounds}", found["module"]),
        ],
        found["empty"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--domains", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--grow", default="500,1000,2000", help="numbers of domains, or nothing")
    parser.add_argument("--write", type=Path, help="a page that the tables are written to")
    arguments = parser.parse_args()
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    work = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/var/tmp"))
    with libvirt.open(URI) as conn:
        clean(conn)
        try:
            bench = Bench(work, arguments.rounds)
            bench_domains(bench, conn, arguments.domains)
            networks = [
                {"name": f"{PREFIX}{n}", "forward": {"mode": "isolated"}, "state": "present"} for n in range(100)
            ]
            bench_others(bench, "libvirt_net", "100 networks in one call", "networks", networks)
            pool = {"name": PREFIX + "pool", "type": "dir", "target": {"path": str(work / "pool")}}
            bench.play("minicloud.kvm.libvirt_pool", {"pools": [pool]})
            volumes = [{"pool": pool["name"], "name": f"v{n}", "capacity": "1MiB", "format": "raw"} for n in range(200)]
            bench_others(bench, "libvirt_volume", "200 volumes in one call", "volumes", volumes)
            clean(conn)
            if arguments.grow:
                growing(bench, [int(count) for count in arguments.grow.split(",")])
        finally:
            clean(conn)
            shutil.rmtree(work)
    if arguments.write:
        arguments.write.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
