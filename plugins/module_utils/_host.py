# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a machine is, as far as virtual machines are concerned: facts read from /proc, /sys and the installed programs.

Sizes are bytes. None means: not there, or not to be seen by this user (``unseen`` has the paths).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils._host_kvm import KvmProof
from ansible_collections.minicloud.kvm.plugins.module_utils._host_programs import Programs
from ansible_collections.minicloud.kvm.plugins.module_utils._host_tree import Tree

_CPUS = ("sys", "devices", "system", "cpu")
# The controllers that libvirt uses, by its own names (virt-host-validate says the same ones).
_CGROUP_V1 = ("cpu", "cpuacct", "cpuset", "memory", "devices", "blkio")
_CGROUP_V2 = {"io": "blkio"}


@dataclass(frozen=True)
class Cpu:
    """``virtualization``: vmx (Intel), svm (AMD), sie (IBM Z) or None; ``bits64``: the x86 flag lm is there.

    ``guest``: the machine is itself a virtual one; ``cores`` are those of a socket, ``threads`` those of a core.
    """

    model: str | None
    vendor: str | None
    virtualization: str | None
    bits64: bool
    guest: bool
    sev: bool
    count: int
    sockets: int
    cores: int
    threads: int
    numa_nodes: int


@dataclass(frozen=True)
class Memory:
    """Bytes, as the kernel counts them (a little less than what is plugged in)."""

    total: int
    available: int
    swap_total: int
    swap_free: int


@dataclass(frozen=True)
class Disk:
    """The file system where images go: ``found`` is the nearest directory of ``path`` that is there."""

    path: str
    found: str
    total: int
    free: int


@dataclass(frozen=True)
class Kvm:
    """``device``: /dev/kvm is there; ``modules``: those of KVM in the kernel; ``proof``: what came of using it.

    ``nested``: guests may have virtual machines of their own; ``sev``: their memory may be encrypted (AMD).
    """

    device: bool
    modules: list[str]
    proof: KvmProof
    nested: bool | None
    sev: bool | None


@dataclass(frozen=True)
class Iommu:
    """``table``: the firmware describes one (DMAR, IVRS, IORT); ``groups``: how many; ``arguments``: the kernel's."""

    table: str | None
    groups: int
    arguments: list[str]


@dataclass(frozen=True)
class HugePages:
    """One page size: bytes a page, how many are reserved and how many of those free."""

    size: int
    total: int
    free: int


@dataclass(frozen=True)
class Cgroups:
    """``version``: 1, 2 or None; ``controllers``: by libvirt's names (blkio is version 2's io)."""

    version: int | None
    controllers: list[str]


@dataclass(frozen=True)
class Security:
    """``selinux``: enforcing, permissive or None (off); ``apparmor``: whether it is on.

    ``firewall``: the one at work that somebody has to tell which ports are open: firewalld, ufw or None.
    """

    selinux: str | None
    apparmor: bool
    firewall: str | None


@dataclass(frozen=True)
class Host:
    """Everything that is known of a machine."""

    architecture: str
    kernel: str | None
    cpu: Cpu
    memory: Memory
    disk: Disk
    kvm: Kvm
    iommu: Iommu
    hugepages: list[HugePages]
    cgroups: Cgroups
    security: Security
    vhost_net: bool
    tun: bool
    programs: Programs
    unseen: list[str]


def read_host(tree: Tree, architecture: str, images_path: str, proof: KvmProof, programs: Programs) -> Host:
    """Read a machine. ``architecture`` is uname's machine; ``images_path`` an absolute directory, there or not."""
    total, free = tree.space(tree.nearest(images_path))
    return Host(
        architecture=architecture,
        kernel=tree.text("proc", "sys", "kernel", "osrelease"),
        cpu=_cpu(tree),
        memory=_memory(tree),
        disk=Disk(images_path, tree.nearest(images_path), total, free),
        kvm=_kvm(tree, proof),
        iommu=_iommu(tree),
        hugepages=_hugepages(tree),
        cgroups=_cgroups(tree),
        security=_security(tree),
        vhost_net=tree.exists("dev", "vhost-net"),
        tun=tree.exists("dev", "net", "tun"),
        programs=programs,
        unseen=tree.unseen,
    )


def _cpu(tree: Tree) -> Cpu:
    text = tree.text("proc", "cpuinfo") or ""
    # One block a CPU on most architectures; the fields of the first CPU are those of all.
    fields: dict[str, str] = {}
    for name, value in re.findall(r"^([^:\n]+?)\s*:[ \t]*(.*)$", text, re.MULTILINE):
        fields.setdefault(name, value.strip())
    flags = set((fields.get("flags") or fields.get("Features") or fields.get("features") or "").split())
    online = _ranges(tree.text(*_CPUS, "online") or "")
    if not online:
        online = list(range(max(1, len(re.findall(r"^processor\s*:", text, re.MULTILINE)))))
    places = [
        (
            tree.text(*_CPUS, "cpu{0}".format(cpu), "topology", "physical_package_id") or "0",
            tree.text(*_CPUS, "cpu{0}".format(cpu), "topology", "core_id") or str(cpu),
        )
        for cpu in online
    ]
    sockets, cores = len({place[0] for place in places}), len(set(places))
    return Cpu(
        model=fields.get("model name") or fields.get("cpu") or fields.get("CPU part"),
        vendor=fields.get("vendor_id") or fields.get("CPU implementer"),
        virtualization=next((flag for flag in ("vmx", "svm", "sie") if flag in flags), None),
        bits64="lm" in flags,
        guest="hypervisor" in flags,
        sev="sev" in flags,
        count=len(online),
        sockets=sockets,
        cores=max(1, cores // sockets),
        threads=max(1, len(online) // cores),
        numa_nodes=max(1, len(_ranges(tree.text("sys", "devices", "system", "node", "online") or ""))),
    )


def _ranges(text: str) -> list[int]:
    """The numbers of a kernel list: "0-2,4" is [0, 1, 2, 4]."""
    numbers: list[int] = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def _memory(tree: Tree) -> Memory:
    sizes = {
        name: int(size) * 1024
        for name, size in re.findall(r"^(\w+):\s+(\d+) kB$", tree.text("proc", "meminfo") or "", re.MULTILINE)
    }
    return Memory(
        sizes.get("MemTotal", 0), sizes.get("MemAvailable", 0), sizes.get("SwapTotal", 0), sizes.get("SwapFree", 0)
    )


def _kvm(tree: Tree, proof: KvmProof) -> Kvm:
    modules = [name for name in tree.names("sys", "module") if name == "kvm" or name.startswith("kvm_")]
    nested = [_switch(tree.text("sys", "module", name, "parameters", "nested")) for name in modules]
    return Kvm(
        device=tree.exists("dev", "kvm"),
        modules=modules,
        proof=proof,
        nested=next((value for value in nested if value is not None), None),
        sev=_switch(tree.text("sys", "module", "kvm_amd", "parameters", "sev")),
    )


def _switch(text: str | None) -> bool | None:
    """A module's yes or no, which the kernel writes as Y, N, 1 or 0 (or a number such as -1 for "by itself")."""
    return None if text is None else text[:1] in ("Y", "1")


def _iommu(tree: Tree) -> Iommu:
    tables = tree.names("sys", "firmware", "acpi", "tables")
    arguments = (tree.text("proc", "cmdline") or "").split()
    return Iommu(
        table=next((table for table in ("DMAR", "IVRS", "IORT") if table in tables), None),
        groups=len(tree.names("sys", "kernel", "iommu_groups")),
        arguments=[word for word in arguments if re.match(r"(intel_|amd_|arm-smmu\S*)?iommu[.=]", word)],
    )


def _hugepages(tree: Tree) -> list[HugePages]:
    pages = []
    base = ("sys", "kernel", "mm", "hugepages")
    for name in tree.names(*base):
        size = re.match(r"hugepages-(\d+)kB$", name)
        if size:
            total, free = (tree.number(*base, name, file) or 0 for file in ("nr_hugepages", "free_hugepages"))
            pages.append(HugePages(int(size.group(1)) * 1024, total, free))
    return sorted(pages, key=lambda page: page.size)


def _cgroups(tree: Tree) -> Cgroups:
    """Controllers of version 1 are those mounted; of version 2 those that the top group offers."""
    mounted: dict[str, set[str]] = {"cgroup": set(), "cgroup2": set()}
    for line in (tree.text("proc", "self", "mounts") or "").splitlines():
        words = line.split()
        if len(words) > 3 and words[2] in mounted:
            mounted[words[2]].add(words[1])
            if words[2] == "cgroup":
                mounted["cgroup"].update(words[3].split(","))
    first = [name for name in _CGROUP_V1 if name in mounted["cgroup"]]
    second: list[str] = []
    for place in sorted(mounted["cgroup2"]):
        names = (tree.text(*place.strip("/").split("/"), "cgroup.controllers") or "").split()
        second.extend(_CGROUP_V2.get(name, name) for name in names)
    # A machine may have both (systemd's hybrid): a controller is in one of them.
    version = 1 if first else 2 if mounted["cgroup2"] else None
    return Cgroups(version, sorted({*first, *second}))


def _security(tree: Tree) -> Security:
    enforce = tree.text("sys", "fs", "selinux", "enforce")
    return Security(
        selinux=None if enforce is None else "enforcing" if enforce == "1" else "permissive",
        apparmor=_switch(tree.text("sys", "module", "apparmor", "parameters", "enabled")) or False,
        firewall=_firewall(tree),
    )


def _firewall(tree: Tree) -> str | None:
    """firewalld is at work while systemd has a control group for it; ufw where its file says so (ufw(8))."""
    groups = (("sys", "fs", "cgroup"), ("sys", "fs", "cgroup", "systemd"))
    if any(tree.exists(*group, "system.slice", "firewalld.service") for group in groups):
        return "firewalld"
    enabled = re.search(r"^ENABLED=[\"']?yes", tree.text("etc", "ufw", "ufw.conf") or "", re.MULTILINE | re.IGNORECASE)
    return "ufw" if enabled else None
