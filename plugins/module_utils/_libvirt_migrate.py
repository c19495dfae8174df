# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's calls for moving a domain, beside _libvirt.py and _libvirt_domain.py."""

from __future__ import annotations

import contextlib
import threading
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LIBVIRT_IMPORT_ERROR, LibvirtError, doing

if LIBVIRT_IMPORT_ERROR is None:
    import libvirt

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host


def state(domain: Handle) -> str:
    """running, paused or stopped."""
    with doing("read the state of domain {0}".format(domain.name())):
        if not domain.isActive():
            return "stopped"
        return "paused" if domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED else "running"


def migratable_xml(domain: Handle) -> str:
    """The live XML such as another host would get it: with the CPU that the guest really has."""
    with doing("read domain {0}".format(domain.name())):
        return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE if domain.isActive() else 0))


def kept_beside(domain: Handle) -> list[str]:
    """What libvirt keeps of a domain beside its definition and can't hand over: none, or words for it."""
    name = domain.name()
    with doing("ask what is kept of domain {0}".format(name)):
        found = {
            "its saved state": domain.hasManagedSaveImage(0) and not domain.isActive(),
            "its snapshots": domain.snapshotNum(0),
            "its checkpoints": len(domain.listAllCheckpoints(0)),
        }
    return [words for words, there in found.items() if there]


def by_uuid(host: Host, uuid: str) -> Handle | None:
    with doing("look up domain {0}".format(uuid)):
        try:
            return host.connection.lookupByUUIDString(uuid)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise


def cpu_fits(host: Host, emulator: str | None, arch: str | None, machine: str | None, kind: str, cpu: str) -> bool:
    """Whether a host's hypervisor can give a guest this CPU (XML)."""
    with doing("compare a CPU with that of {0}".format(host.uri)):
        try:
            result = host.connection.compareHypervisorCPU(emulator, arch, machine, kind, cpu, 0)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_CPU_INCOMPATIBLE:
                return False
            raise
    return bool(result != libvirt.VIR_CPU_COMPARE_INCOMPATIBLE)


def active_networks(host: Host) -> set[str]:
    with doing("list the networks of {0}".format(host.uri)):
        return {
            str(network.name()) for network in host.connection.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)
        }


def undefine_here(domain: Handle) -> None:
    """Forget a definition whose guest is at home elsewhere; its NVRAM and TPM state are the guest's and stay."""
    # libvirt keeps a TPM's state on request since 8.9.
    flags = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | getattr(libvirt, "VIR_DOMAIN_UNDEFINE_KEEP_TPM", 0)
    with doing("undefine domain {0} where it no longer is".format(domain.name())):
        domain.undefineFlags(flags)


def migrate(domain: Handle, dest: Host, uri: str, bandwidth: int | None, timeout: float, persistent: bool) -> None:
    """Move a running domain, live. bandwidth: MiB/s. After timeout seconds it is aborted, and the guest goes on."""
    flags = libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_ABORT_ON_ERROR
    if persistent:
        flags |= libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
    params: dict[str, t.Any] = {libvirt.VIR_MIGRATE_PARAM_URI: uri}
    if bandwidth:
        params[libvirt.VIR_MIGRATE_PARAM_BANDWIDTH] = bandwidth
    failures: list[LibvirtError] = []

    def move() -> None:
        try:
            with doing("migrate domain {0} to {1}".format(domain.name(), uri)):
                domain.migrate3(dest.connection, params, flags)
        except LibvirtError as error:
            failures.append(error)

    # migrate3 blocks; only from beside it can it be stopped.
    thread = threading.Thread(target=move)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        with contextlib.suppress(libvirt.libvirtError):
            domain.abortJob()
        thread.join()
    if failures:
        raise failures[0]


def job(domain: Handle) -> dict[str, int]:
    """Figures of the migration that brought a domain here: time_elapsed and downtime in ms, data_total in bytes."""
    try:
        return dict(domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED))
    except libvirt.libvirtError:
        # Figures are a courtesy: drivers and versions differ in whether the target keeps them.
        return {}
