# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Facts and judgement of machines of several kinds, read from trees of files as their kernels write them."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._host import Host, HugePages, read_host
from ansible_collections.minicloud.kvm.plugins.module_utils._host_check import (
    Finding,
    Required,
    domain_type,
    is_ready,
    judge,
    problems,
    rounded,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._host_kvm import KvmProof
from ansible_collections.minicloud.kvm.plugins.module_utils._host_programs import Programs, cpu_model, read_programs
from ansible_collections.minicloud.kvm.plugins.module_utils._host_tree import Tree

PROVEN = KvmProof("run", True)
NO_DEVICE = KvmProof(None, False, "No such file or directory", 2)
Files = t.Dict[str, str]

MEMINFO = """\
MemTotal:       32760904 kB
MemFree:            1000 kB
MemAvailable:   30000000 kB
SwapTotal:       1048576 kB
SwapFree:        1048576 kB
HugePages_Total:    1024
"""
UNIFIED: Files = {
    "proc/self/mounts": "sysfs /sys sysfs rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n",
    "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
}
COMMON: Files = {
    "proc/meminfo": MEMINFO,
    "proc/sys/kernel/osrelease": "6.12.43+deb13-amd64\n",
    "proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/vda1 quiet\n",
    "dev/net/tun": "",
    "dev/vhost-net": "",
    "var/lib/keep": "",
    **UNIFIED,
}


def cpuinfo(flags: str, count: int, vendor: str = "GenuineIntel", model: str = "Intel(R) Xeon(R) Gold 6230") -> str:
    """What an x86 kernel says of its CPUs."""
    return "".join(
        f"processor\t: {number}\nvendor_id\t: {vendor}\nmodel name\t: {model}\nflags\t\t: {flags}\nbugs\t\t: srso\n\n"
        for number in range(count)
    )


def topology(sockets: int, cores: int, threads: int) -> Files:
    """sysfs of a machine whose siblings are numbered as Linux does: all first threads, then all second ones."""
    total = sockets * cores * threads
    files = {
        "sys/devices/system/cpu/online": f"0-{total - 1}\n",
        "sys/devices/system/node/online": f"0-{sockets - 1}\n",
    }
    for cpu in range(total):
        core = cpu % (sockets * cores)
        base = f"sys/devices/system/cpu/cpu{cpu}/topology/"
        files[base + "physical_package_id"] = f"{core // cores}\n"
        files[base + "core_id"] = f"{core % cores}\n"
    return files


INTEL: Files = {
    **COMMON,
    **topology(2, 4, 2),
    "proc/cpuinfo": cpuinfo("fpu vme lm vmx ept", 16),
    "proc/cmdline": "root=/dev/sda1 intel_iommu=on iommu=pt\n",
    "dev/kvm": "",
    "sys/module/kvm/parameters/halt_poll_ns": "200000\n",
    "sys/module/kvm_intel/parameters/nested": "Y\n",
    "sys/firmware/acpi/tables/DMAR": "",
    "sys/kernel/iommu_groups/0/type": "DMA\n",
    "sys/kernel/iommu_groups/1/type": "DMA\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "1024\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "1000\n",
    "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "0\n",
    "sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages": "0\n",
    "sys/module/apparmor/parameters/enabled": "Y\n",
}
AMD: Files = {
    **COMMON,
    **topology(1, 8, 2),
    "proc/cpuinfo": cpuinfo("fpu lm svm npt sev sev_es", 16, "AuthenticAMD", "AMD EPYC 7763"),
    "dev/kvm": "",
    "sys/module/kvm_amd/parameters/nested": "1\n",
    "sys/module/kvm_amd/parameters/sev": "N\n",
    "sys/firmware/acpi/tables/IVRS": "",
    "sys/fs/selinux/enforce": "1",
}
# The kernel takes the flag away where the firmware switched the thing off.
FIRMWARE_OFF: Files = {**COMMON, **topology(1, 4, 1), "proc/cpuinfo": cpuinfo("fpu lm", 4)}
# The flag is there, the module isn't loaded.
NOT_LOADED: Files = {**COMMON, **topology(1, 4, 1), "proc/cpuinfo": cpuinfo("fpu lm vmx", 4)}
# A guest whose KVM opens, answers and even runs instructions, without a CPU that can virtualise.
TRAP: Files = {
    **COMMON,
    "proc/cpuinfo": cpuinfo("fpu lm hypervisor", 2, "AuthenticAMD", "AMD EPYC"),
    "dev/kvm": "",
    "sys/module/kvm_pvm/parameters/force": "N\n",
    "sys/module/kvm/parameters/halt_poll_ns": "0\n",
}
ARM: Files = {
    **COMMON,
    "proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"
    "processor\t: 1\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n",
    "dev/kvm": "",
    "sys/firmware/acpi/tables/IORT": "",
    "sys/kernel/iommu_groups/0/type": "DMA\n",
}
OLD_CGROUPS: Files = {
    **INTEL,
    "proc/self/mounts": "".join(
        f"cgroup /sys/fs/cgroup/{name} cgroup rw,nosuid,{name} 0 0\n"
        for name in ("cpu,cpuacct", "cpuset", "memory", "devices")
    ),
}


def plant(root: Path, files: Files) -> Path:
    """Write the files below the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def machine(tmp_path: Path) -> t.Callable[..., Host]:
    """A machine read from a tree of files."""

    def read(
        files: Files, proof: KvmProof = PROVEN, architecture: str = "x86_64", images: str = "/var/lib/images"
    ) -> Host:
        tree = Tree(str(plant(tmp_path, files)))
        return read_host(tree, architecture, images, proof, Programs("10.0.2", "11.3.0", "Cascadelake-Server"))

    return read


def by_check(findings: list[Finding]) -> dict[str, str]:
    """The severity of each check."""
    return {one.check: one.severity for one in findings}


def errors(host: Host, required: Required) -> list[Finding]:
    """What stands in the way."""
    return [one for one in judge(host, required) if one.severity == "error"]


def test_intel_machine(machine: t.Callable[..., Host], tmp_path: Path) -> None:
    host = machine(INTEL)
    cpu = host.cpu
    assert (cpu.virtualization, cpu.bits64, cpu.guest, cpu.model) == ("vmx", True, False, "Intel(R) Xeon(R) Gold 6230")
    assert (cpu.count, cpu.sockets, cpu.cores, cpu.threads, cpu.numa_nodes) == (16, 2, 4, 2, 2)
    assert host.memory.total == 32760904 * 1024
    assert host.memory.swap_total == 1024**3
    assert (host.kvm.device, host.kvm.modules, host.kvm.nested) == (True, ["kvm", "kvm_intel"], True)
    assert (host.iommu.table, host.iommu.groups) == ("DMAR", 2)
    assert host.iommu.arguments == ["intel_iommu=on", "iommu=pt"]
    assert host.hugepages == [HugePages(2 << 20, 1024, 1000), HugePages(1 << 30, 0, 0)]
    assert host.cgroups.version == 2
    assert set(host.cgroups.controllers) >= {"blkio", "cpu", "cpuset", "memory"}
    assert (host.security.apparmor, host.security.selinux) == (True, None)
    assert host.disk.found == "/var/lib"
    # Others write in between.
    assert host.disk.free == pytest.approx(os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize, rel=0.1)
    assert host.unseen == []

    findings = judge(host, Required(cpus=16, memory=30 << 30, hugepages=2 << 30, nested=True, iommu=True))
    assert is_ready(findings)
    assert domain_type(findings) == "kvm"
    assert [one.check for one in problems(findings)] == ["secure_guest"]


def test_amd_machine(machine: t.Callable[..., Host]) -> None:
    host = machine(AMD)
    assert (host.cpu.virtualization, host.cpu.sev, host.kvm.nested, host.kvm.sev) == ("svm", True, True, False)
    assert host.security.selinux == "enforcing"
    found = {one.check: one for one in judge(host, Required())}
    assert found["secure_guest"].remedy.startswith("start the kernel with kvm_amd.sev=1")
    # The firmware has an IOMMU, the kernel does not use it: worth a note, an error only where it is asked for.
    assert found["iommu"].severity == "note"
    assert is_ready(list(found.values()))
    assert [one.check for one in errors(host, Required(iommu=True))] == ["iommu"]


def test_virtualisation_switched_off_in_the_firmware(machine: t.Callable[..., Host]) -> None:
    findings = judge(machine(FIRMWARE_OFF, NO_DEVICE), Required())
    assert by_check(findings)["hardware_virtualization"] == by_check(findings)["kvm"] == "error"
    assert "firmware" in findings[0].remedy
    assert not is_ready(findings)


def test_emulation_is_enough_where_it_is_allowed(machine: t.Callable[..., Host]) -> None:
    findings = judge(machine(FIRMWARE_OFF, NO_DEVICE), Required(acceleration="any"))
    assert is_ready(findings)
    assert domain_type(findings) == "qemu"
    assert by_check(findings)["hardware_virtualization"] == "warning"


def test_module_not_loaded(machine: t.Callable[..., Host]) -> None:
    (problem,) = errors(machine(NOT_LOADED, NO_DEVICE), Required())
    assert problem.check == "kvm"
    assert problem.found == "opening /dev/kvm: No such file or directory"
    assert "modprobe kvm_intel" in problem.remedy


@pytest.mark.parametrize(
    ("proof", "found", "remedy"),
    [
        (KvmProof(None, False, "Permission denied", 13), "opening /dev/kvm: Permission denied", "become: true"),
        (KvmProof("api", False, "Device or resource busy", 16), "making a virtual machine", "another hypervisor"),
        (KvmProof("vm", False, "Invalid argument", 22), "making a virtual CPU", "kernel's log"),
        (KvmProof("vcpu", False, "no answer within 10 s"), "running the virtual CPU: no answer", "kernel's log"),
    ],
)
def test_kvm_that_fails_on_the_way(machine: t.Callable[..., Host], proof: KvmProof, found: str, remedy: str) -> None:
    (problem,) = errors(machine(INTEL, proof), Required())
    assert problem.check == "kvm"
    assert found in problem.found
    assert remedy in problem.remedy


def test_trap_that_answers_without_the_cpus_flags(machine: t.Callable[..., Host]) -> None:
    host = machine(TRAP)
    findings = judge(host, Required())
    assert not is_ready(findings)
    assert domain_type(findings) == "qemu"
    assert by_check(findings)["hardware_virtualization"] == "error"
    assert by_check(findings)["kvm"] == "warning"
    assert "this machine is a virtual one" in findings[0].remedy
    assert (host.cpu.count, host.cpu.sockets, host.cpu.cores) == (2, 1, 2)  # without sysfs, from cpuinfo


def test_arm_has_no_flag(machine: t.Callable[..., Host]) -> None:
    host = machine(ARM, KvmProof("vcpu", True), "aarch64")
    assert (host.cpu.count, host.cpu.vendor, host.cpu.model) == (2, "0x41", "0xd0c")
    assert is_ready(judge(host, Required(iommu=True)))


def test_ibm_z_has_a_flag_of_its_own(machine: t.Callable[..., Host]) -> None:
    flags = "vendor_id       : IBM/S390\n# processors    : 2\nfeatures\t: esan3 zarch {0}\n"
    host = machine({**COMMON, "proc/cpuinfo": flags.format("sie")}, KvmProof("vcpu", True), "s390x")
    assert is_ready(judge(host, Required()))
    host = machine({**COMMON, "proc/cpuinfo": flags.format("")}, KvmProof("vcpu", True), "s390x")
    assert [one.found for one in errors(host, Required())] == ["the CPU's flags have no sie"]


def test_cgroups_of_the_first_version(machine: t.Callable[..., Host]) -> None:
    host = machine(OLD_CGROUPS)
    assert (host.cgroups.version, host.cgroups.controllers) == (1, ["cpu", "cpuacct", "cpuset", "devices", "memory"])
    found = {one.check: one for one in judge(host, Required())}["cgroups"]
    assert (found.severity, found.found) == ("warning", "no controller for blkio")


def test_32_bit_systems(machine: t.Callable[..., Host]) -> None:
    (problem,) = errors(machine(INTEL, architecture="i686"), Required())
    assert (problem.check, problem.remedy) == ("64_bit", "install a 64 bit system")
    (problem,) = errors(machine({**INTEL, "proc/cpuinfo": cpuinfo("fpu vmx", 1)}, architecture="i686"), Required())
    assert problem.remedy == "take a machine with a 64 bit CPU"


@pytest.mark.parametrize(
    ("files", "firewall"),
    [
        ({}, None),
        ({"sys/fs/cgroup/system.slice/firewalld.service/cgroup.procs": "77\n"}, "firewalld"),
        ({"sys/fs/cgroup/systemd/system.slice/firewalld.service/tasks": "77\n"}, "firewalld"),
        ({"etc/ufw/ufw.conf": "# /etc/ufw/ufw.conf\nENABLED=yes\nLOGLEVEL=low\n"}, "ufw"),
        ({"etc/ufw/ufw.conf": "ENABLED=no\n"}, None),
    ],
)
def test_firewall_at_work(machine: t.Callable[..., Host], files: Files, firewall: str | None) -> None:
    assert machine({**INTEL, **files}).security.firewall == firewall


def test_devices_that_are_missing(machine: t.Callable[..., Host]) -> None:
    files = {name: text for name, text in INTEL.items() if name not in ("dev/net/tun", "dev/vhost-net")}
    severities = by_check(judge(machine(files), Required()))
    assert (severities["tun"], severities["vhost_net"]) == ("error", "warning")


@pytest.mark.parametrize(
    ("required", "found"),
    [
        (Required(cpus=17), "17 wanted"),
        (Required(memory=32 << 30), "31.2 GiB, 28.6 GiB of it available, 1.0 GiB of swap, 32GiB wanted"),
        (Required(disk=1 << 60), "1EiB wanted"),
        (Required(hugepages=(2 << 30) + 1), "2.0 GiB reserved, 2147483649B wanted"),
    ],
)
def test_less_than_wanted(machine: t.Callable[..., Host], required: Required, found: str) -> None:
    (problem,) = errors(machine(INTEL), required)
    assert found in problem.found
    assert problem.remedy


def test_nested_wanted(machine: t.Callable[..., Host]) -> None:
    host = machine({**INTEL, "sys/module/kvm_intel/parameters/nested": "N\n"})
    (problem,) = errors(host, Required(nested=True))
    assert "options kvm_intel nested=1" in problem.remedy
    assert is_ready(judge(host, Required()))


def test_what_can_not_be_read_is_said(machine: t.Callable[..., Host]) -> None:
    files = {name: text for name, text in INTEL.items() if name != "proc/cmdline"}
    host = machine({**files, "proc/cmdline/is/no/file": ""})
    assert host.unseen == ["/proc/cmdline"]
    found = {one.check: one for one in judge(host, Required())}["unseen"]
    assert (found.severity, found.found) == ("warning", "this user may not read /proc/cmdline")


def test_an_empty_machine_is_read_without_an_error(tmp_path: Path) -> None:
    host = read_host(Tree(str(tmp_path)), "x86_64", "/srv/images", NO_DEVICE, Programs())
    assert host.disk.found == "/"
    assert host.memory.total == 0
    assert not is_ready(judge(host, Required()))


def test_cpu_model_of_domain_capabilities() -> None:
    text = (
        "<domainCapabilities><cpu><mode name='host-passthrough' supported='yes'/>"
        "<mode name='host-model' supported='yes'><model fallback='forbid'>EPYC-Rome</model></mode></cpu>"
        "</domainCapabilities>"
    )
    assert cpu_model(text) == "EPYC-Rome"
    assert cpu_model("") is None
    assert cpu_model("<domainCapabilities/>") is None


def test_programs_of_an_architecture_that_is_not_here() -> None:
    assert read_programs("pdp11").qemu is None


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 30, "1.0 GiB"), (5 << 40, "5.0 TiB")]
)
def test_rounded(size: int, text: str) -> None:
    assert rounded(size) == text
