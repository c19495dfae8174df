# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a machine can be a hypervisor: pure judgement of a Host by what is required of it."""

from __future__ import annotations

import errno
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils._host import Host
from ansible_collections.minicloud.kvm.plugins.module_utils._host_kvm import X86
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

OK, NOTE, WARNING, ERROR = "ok", "note", "warning", "error"


@dataclass(frozen=True)
class Required:
    """What the machine must have. ``acceleration``: kvm or any; sizes are bytes; None and False: not asked for."""

    acceleration: str = "kvm"
    cpus: int | None = None
    memory: int | None = None
    disk: int | None = None
    hugepages: int | None = None
    nested: bool = False
    iommu: bool = False


@dataclass(frozen=True)
class Finding:
    """One check's outcome. ``severity``: ok, note (only worth knowing), warning (it works, but ...) or error.

    ``remedy`` is empty where there is nothing to do.
    """

    check: str
    severity: str
    found: str
    remedy: str = ""


def judge(host: Host, required: Required) -> list[Finding]:
    """Every check's finding, in the order of virt-host-validate(1) first and this collection's own after it."""
    return [
        _virtualization(host, required),
        _kvm(host, required),
        _present("vhost_net", host.vhost_net, WARNING, "/dev/vhost-net", "load the vhost_net module for fast networks"),
        _present("tun", host.tun, ERROR, "/dev/net/tun", "load the tun module: guests have no network without it"),
        _cgroups(host),
        _iommu(host, required),
        _secure_guest(host),
        _bits64(host),
        _cpus(host, required),
        _memory(host, required),
        _disk(host, required),
        _hugepages(host, required),
        _nested(host, required),
        *_unseen(host),
    ]


def problems(findings: t.Iterable[Finding]) -> list[Finding]:
    """Those that somebody may want to do something about, the worst first."""
    order = (ERROR, WARNING, NOTE)
    return sorted((one for one in findings if one.severity != OK), key=lambda one: order.index(one.severity))


def is_ready(findings: t.Iterable[Finding]) -> bool:
    """Ready is: no error."""
    return all(one.severity != ERROR for one in findings)


def domain_type(findings: t.Iterable[Finding]) -> str:
    """What guests can be here, in libvirt's word for a domain's type: kvm, or qemu (emulated)."""
    wanted = {"hardware_virtualization", "kvm"}
    return "kvm" if all(one.severity == OK for one in findings if one.check in wanted) else "qemu"


def _needed(required: Required) -> str:
    """How bad it is to be without KVM: without it, QEMU emulates the CPU, which is right but slow."""
    return ERROR if required.acceleration == "kvm" else WARNING


def _virtualization(host: Host, required: Required) -> Finding:
    check, flag = "hardware_virtualization", host.cpu.virtualization
    if flag:
        return Finding(check, OK, "the CPU has {0}".format(flag))
    if host.architecture not in (*X86, "s390", "s390x"):
        return Finding(check, OK, "a CPU of {0} does not say so in its flags".format(host.architecture))
    wanted = "vmx or svm" if host.architecture in X86 else "sie"
    if host.cpu.guest:
        remedy = (
            "this machine is a virtual one: have its hypervisor pass virtualisation on (nested=1 for its kvm module, "
            "CPU mode host-passthrough), or use acceleration: any"
        )
    else:
        remedy = "switch on VT-x, AMD-V or SVM in the firmware's set-up (and power off once), or use acceleration: any"
    return Finding(check, _needed(required), "the CPU's flags have no {0}".format(wanted), remedy)


def _kvm(host: Host, required: Required) -> Finding:
    check, proof = "kvm", host.kvm.proof
    if proof.proven and host.architecture in X86 and not host.cpu.virtualization:
        # Seen on paravirtualised KVM: a few instructions run, an ordinary guest hangs after its firmware.
        found = "it answers ({0}), but it is not the CPU's own virtualisation".format(_modules(host))
        return Finding(check, WARNING, found, "don't rely on it: ordinary guests may hang; let QEMU emulate the CPU")
    if proof.proven:
        done = "a virtual CPU ran" if proof.reached == "run" else "a virtual machine and a virtual CPU were made"
        return Finding(check, OK, "{0} ({1})".format(done, _modules(host)))
    doing = {
        None: "opening /dev/kvm",
        "open": "asking /dev/kvm for its API",
        "api": "making a virtual machine",
        "vm": "making a virtual CPU",
        "vcpu": "running the virtual CPU",
    }.get(proof.reached, "trying KVM")
    return Finding(check, _needed(required), "{0}: {1}".format(doing, proof.error), _kvm_remedy(host))


def _modules(host: Host) -> str:
    return ", ".join(host.kvm.modules) or "no module seen"


def _kvm_remedy(host: Host) -> str:
    number = host.kvm.proof.errno
    if number in (errno.EACCES, errno.EPERM):
        return "run the check as root (become: true) or as a member of the group of /dev/kvm"
    if number == errno.EBUSY:
        return "another hypervisor (VirtualBox, VMware) holds the CPU's virtualisation: stop it"
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        module = {"vmx": "kvm_intel", "svm": "kvm_amd"}.get(host.cpu.virtualization or "", "kvm")
        return (
            "load the module (modprobe {0}); where the kernel then says that the firmware disabled it, "
            "switch virtualisation on in the firmware's set-up".format(module)
        )
    return "see the kernel's log (journalctl -k); this KVM can't be relied upon"


def _present(check: str, there: bool, severity: str, device: str, remedy: str) -> Finding:
    if there:
        return Finding(check, OK, "{0} is there".format(device))
    return Finding(check, severity, "there is no {0}".format(device), remedy)


def _cgroups(host: Host) -> Finding:
    wanted = {"cpu", "cpuset", "memory", "blkio"}
    if host.cgroups.version == 1:  # in version 2 these two are always there, not controllers to enable
        wanted |= {"cpuacct", "devices"}
    missing = sorted(wanted - set(host.cgroups.controllers))
    if missing:
        found = "no controller for {0}".format(", ".join(missing))
        return Finding("cgroups", WARNING, found, "mount or enable them: libvirt limits and counts by them")
    return Finding("cgroups", OK, "version {0} with {1}".format(host.cgroups.version, ", ".join(sorted(wanted))))


def _iommu(host: Host, required: Required) -> Finding:
    if host.iommu.groups:
        return Finding("iommu", OK, "{0} groups".format(host.iommu.groups))
    severity = ERROR if required.iommu else NOTE
    x86 = host.architecture in X86
    if x86 and host.iommu.table is None:
        found, remedy = "the firmware describes none", "switch on VT-d or AMD-Vi in the firmware's set-up"
    else:
        arguments = " ".join(host.iommu.arguments) or "without an argument for it"
        found = "no groups; the kernel was started {0}".format(arguments)
        word = "intel_iommu=on" if host.cpu.virtualization == "vmx" else "iommu=pt"
        remedy = "start the kernel with {0}".format(word) if x86 else "the platform or its kernel has none"
    return Finding("iommu", severity, found, remedy + " (only to give guests the host's own devices)")


def _secure_guest(host: Host) -> Finding:
    if host.cpu.sev and host.kvm.sev:
        return Finding("secure_guest", OK, "AMD SEV is on")
    if host.cpu.sev:
        return Finding("secure_guest", NOTE, "AMD SEV is off", "start the kernel with kvm_amd.sev=1 to encrypt guests")
    return Finding("secure_guest", NOTE, "none is known here", "(only to encrypt guests' memory)")


def _bits64(host: Host) -> Finding:
    if host.architecture not in X86 or host.architecture == "x86_64":
        return Finding("64_bit", OK, host.architecture)
    found = "a kernel for {0}".format(host.architecture)
    if host.cpu.bits64:
        return Finding("64_bit", ERROR, "{0} on a 64 bit CPU".format(found), "install a 64 bit system")
    return Finding("64_bit", ERROR, "{0}, and the CPU has no lm".format(found), "take a machine with a 64 bit CPU")


def _enough(check: str, has: int, wanted: int | None, found: str, remedy: str, size: bool = True) -> Finding:
    if wanted is None or has >= wanted:
        return Finding(check, OK, found)
    text = format_size(wanted) if size else str(wanted)
    return Finding(check, ERROR, "{0}, {1} wanted".format(found, text), remedy)


def _cpus(host: Host, required: Required) -> Finding:
    cpu = host.cpu
    shape = "{0} (sockets {1}, cores {2}, threads {3})".format(cpu.count, cpu.sockets, cpu.cores, cpu.threads)
    return _enough("cpus", cpu.count, required.cpus, shape, "take a machine with more of them", size=False)


def _memory(host: Host, required: Required) -> Finding:
    found = "{0}, {1} of it available".format(rounded(host.memory.total), rounded(host.memory.available))
    if host.memory.swap_total:
        found += ", {0} of swap".format(rounded(host.memory.swap_total))
    return _enough("memory", host.memory.total, required.memory, found, "take a machine with more of it")


def _disk(host: Host, required: Required) -> Finding:
    found = "{0} free of {1} at {2}".format(rounded(host.disk.free), rounded(host.disk.total), host.disk.found)
    remedy = "make room there, or keep images elsewhere (images_path)"
    return _enough("disk", host.disk.free, required.disk, found, remedy)


def _hugepages(host: Host, required: Required) -> Finding:
    reserved = sum(page.size * page.total for page in host.hugepages)
    found = "{0} reserved".format(rounded(reserved)) if reserved else "none reserved"
    remedy = "reserve them (kernel argument hugepagesz=... hugepages=..., or sysctl vm.nr_hugepages)"
    return _enough("hugepages", reserved, required.hugepages, found, remedy)


def _nested(host: Host, required: Required) -> Finding:
    if host.kvm.nested or not required.nested:
        return Finding("nested", OK, "on" if host.kvm.nested else "off, and not asked for")
    module = {"vmx": "kvm_intel", "svm": "kvm_amd"}.get(host.cpu.virtualization or "", "kvm module")
    remedy = "write 'options {0} nested=1' to a file in /etc/modprobe.d and load the module again".format(module)
    return Finding("nested", ERROR, "guests can't have virtual machines of their own", remedy)


def _unseen(host: Host) -> list[Finding]:
    if not host.unseen:
        return []
    found = "this user may not read {0}".format(", ".join(host.unseen))
    return [Finding("unseen", WARNING, found, "run the check as root (become: true)")]


def rounded(size: int) -> str:
    """A size for people: one digit behind the point, in the unit that suits it."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return "{0:.{1}f} {2}".format(amount, 0 if unit == "B" else 1, unit)
        amount /= 1024
    return "{0:.1f} TiB".format(amount)
