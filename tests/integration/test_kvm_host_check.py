# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""kvm_host_check on this machine, beside virt-host-validate, /proc and an ordinary user's view."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

if t.TYPE_CHECKING:
    from ..conftest import RunModule

# virt-host-validate's own words for what both look at; its PASS is ok, WARN is warning or note, FAIL is error.
SAME = {
    r"hardware virtualization": "hardware_virtualization",
    r"device /dev/kvm is accessible": "kvm",
    r"device /dev/kvm exists": "kvm",
    r"device /dev/vhost-net exists": "vhost_net",
    r"device /dev/net/tun exists": "tun",
    r"secure guest support": "secure_guest",
    r"device assignment IOMMU support": "iommu",
    r"IOMMU is enabled by kernel": "iommu",
}
SEVERITIES = {"PASS": {"ok"}, "WARN": {"warning", "note"}, "NOTE": {"note"}, "FAIL": {"error"}}


def validated() -> list[tuple[str, str]]:
    """What virt-host-validate says: (what it checked, PASS, WARN, NOTE or FAIL)."""
    done = subprocess.run(
        ["virt-host-validate", "qemu"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    # libvirt 11 puts a device in quotes.
    said = re.sub(r"device '(\S+)'", r"device \1", done.stdout)
    return re.findall(r"QEMU: Checking (?:for|if) (.*?)\s+: (PASS|WARN|NOTE|FAIL)", said)


def disagreements(
    lines: list[tuple[str, str]], checks: dict[str, str], controllers: list[str], version: int
) -> list[str]:
    """Where the two tools say different things of the same."""
    different = []
    verdicts: dict[str, set[str]] = {}
    for what, verdict in lines:
        controller = re.match(r"cgroup '(\w+)' controller support", what)
        if controller:
            name = controller.group(1)
            if version == 2 and name in ("cpuacct", "devices"):
                continue  # not controllers of the kernel's version 2; libvirt has other means for them
            if (verdict == "PASS") != (name in controllers):
                different.append(f"{what}: {verdict}, {controllers}")
        elif what in SAME:
            verdicts.setdefault(SAME[what], set()).add(verdict)
    for check, said in verdicts.items():
        worst = next(verdict for verdict in ("FAIL", "WARN", "NOTE", "PASS") if verdict in said)
        if checks[check] not in SEVERITIES[worst]:
            different.append(f"{check}: {said}, {checks[check]}")
    return different


@pytest.mark.skipif(shutil.which("virt-host-validate") is None, reason="virt-host-validate is not installed")
def test_agrees_with_virt_host_validate(run_module: RunModule) -> None:
    result = run_module("kvm_host_check", {})
    checks = {one["check"]: one["severity"] for one in result["checks"]}
    lines = validated()
    assert len([line for line in lines if line[0] in SAME]) >= 4, lines
    cgroups = result["facts"]["cgroups"]
    assert disagreements(lines, checks, cgroups["controllers"], cgroups["version"]) == []


def test_readiness_follows_the_cpus_flags_and_not_the_device(run_module: RunModule) -> None:
    result = run_module("kvm_host_check", {}, check=True)
    flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    assert result["changed"] is False
    if not flags & {"vmx", "svm"} and os.uname().machine == "x86_64":
        assert result["ready"] is False
        assert result["domain_type"] == "qemu"
        assert result["problems"][0]["check"] == "hardware_virtualization"
    assert [one for one in result["problems"] if not one["remedy"] or not one["found"]] == []
    assert run_module("kvm_host_check", {"acceleration": "any"})["ready"] is True


def test_facts_are_those_of_other_tools(run_module: RunModule) -> None:
    facts = run_module("kvm_host_check", {"images_path": "/var/lib/no/such/place"})["facts"]
    described = {
        line["field"].rstrip(":"): line["data"]
        for line in json.loads(subprocess.check_output(["lscpu", "-J"], env={**os.environ, "LC_ALL": "C"}))["lscpu"]
    }
    assert facts["cpu"]["count"] == int(described["CPU(s)"])
    assert facts["cpu"]["sockets"] == int(described["Socket(s)"])
    assert facts["cpu"]["cores"] == int(described["Core(s) per socket"])
    assert facts["cpu"]["threads"] == int(described["Thread(s) per core"])
    assert facts["cpu"]["numa_nodes"] == int(described["NUMA node(s)"])
    assert facts["memory"]["total"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    size = subprocess.check_output(["df", "-B1", "--output=size", "/var/lib"], text=True).split()[1]
    assert (facts["disk"]["found"], facts["disk"]["total"]) == ("/var/lib", int(size))
    assert facts["kernel"] == os.uname().release
    if shutil.which("virsh"):
        assert facts["programs"]["libvirt"] == subprocess.check_output(["virsh", "--version"], text=True).strip()


def test_fails_only_where_it_is_asked_to(run_module: RunModule) -> None:
    too_much = {"acceleration": "any", "memory": "1PiB", "cpus": 9999}
    result = run_module("kvm_host_check", too_much)
    assert result["ready"] is False
    assert [one["check"] for one in result["problems"] if one["severity"] == "error"] == ["cpus", "memory"]
    failed = run_module("kvm_host_check", {**too_much, "fail_if_not_ready": True}, expect="failed")
    assert failed["error_code"] == "not_ready"
    assert "1PiB wanted" in failed["msg"]
    assert "9999 wanted" in failed["msg"]
    # What is found of memory varies from one moment to the next; which checks found a problem does not.
    assert [one["check"] for one in failed["problems"]] == [one["check"] for one in result["problems"]]
    run_module("kvm_host_check", {"acceleration": "any", "fail_if_not_ready": True})


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"memory": "4"}, "memory: '4' is not valid"),
        ({"memory": "0GiB"}, "memory: '0GiB' is not valid"),
        ({"disk": "10 gigs"}, "disk: '10 gigs' is not valid"),
        ({"hugepages": "-1GiB"}, "hugepages: '-1GiB' is not valid"),
        ({"cpus": 0}, "cpus: 0 is not valid"),
        ({"images_path": "images"}, "images_path: 'images' is not valid: an absolute path is wanted"),
        ({"acceleration": "xen"}, "value of acceleration must be one of: kvm, any"),
    ],
)
def test_bad_values(run_module: RunModule, args: dict[str, t.Any], words: str) -> None:
    assert words in run_module("kvm_host_check", args, expect="failed")["msg"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_is_told_what_could_not_be_seen() -> None:
    """As nobody, with this Python's path: facts are read, /dev/kvm is said to be closed where it is."""
    script = (
        "import json, os, sys; sys.path[:] = json.loads(sys.argv[1])\n"
        "from ansible_collections.minicloud.kvm.plugins.module_utils._host_task import check_host\n"
        # Not earlier: nobody may not be let into the checkout.
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "options = dict.fromkeys(['cpus', 'memory', 'disk', 'hugepages'])\n"
        "options.update(dict.fromkeys(['nested', 'iommu', 'fail_if_not_ready'], False))\n"
        "options.update(acceleration='kvm', images_path='/root/x')\n"
        "print(json.dumps(check_host(options)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(sys.path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["facts"]["memory"]["total"] > 0
    if not Path("/root").stat().st_mode & 0o001:
        assert result["facts"]["unseen"] == ["/root/x"]
        assert result["checks"][-1]["check"] == "unseen"
    device = Path("/dev/kvm")
    if device.exists() and not device.stat().st_mode & 0o006:
        kvm = next(one for one in result["checks"] if one["check"] == "kvm")
        assert kvm["found"] == "opening /dev/kvm: Permission denied"
        assert "become: true" in kvm["remedy"]
