# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's calls on domains, one small typed function a call; beside _libvirt.py the only file that knows them."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import (
    Host,
    LibvirtError,
    doing,
    names,
    quoted,
    unless,
)

with contextlib.suppress(ImportError):  # which _libvirt.py reports
    import libvirt

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle


@dataclasses.dataclass(frozen=True)
class Listing:
    """All domains of a host, with what libvirt can filter by: six calls, however many domains there are."""

    handles: dict[str, Handle]
    running: frozenset[str]
    paused: frozenset[str]
    transient: frozenset[str]
    autostart: frozenset[str]
    saved: frozenset[str]

    def state(self, name: str) -> str:
        """running, paused, saved or stopped; one that crashed or sleeps is whatever libvirt can do with it."""
        if name in self.running:
            return "running"
        return "paused" if name in self.paused else "saved" if name in self.saved else "stopped"


def listing(host: Host) -> Listing:
    def some(flags: int) -> dict[str, Handle]:
        return names(host.connection.listAllDomains(flags))

    with doing("list the domains"):
        every = some(0)
        active = frozenset(name for name, handle in every.items() if handle.ID() != -1)
        paused = frozenset(some(libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED)) & active
        return Listing(
            handles=every,
            running=active - paused,
            paused=paused,
            transient=frozenset(some(libvirt.VIR_CONNECT_LIST_DOMAINS_TRANSIENT)),
            autostart=frozenset(some(libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART)),
            saved=frozenset(some(libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)),
        )


def lookup(host: Host, name: str) -> Handle | None:
    with doing("look up domain {0}".format(name)):
        try:
            return host.connection.lookupByName(name)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise


def xml(domain: Handle, inactive: bool, secure: bool = True) -> str:
    """A domain's XML with its secrets: a definition made of XML without them would lose them.

    secure: False leaves them out, for whoever only reads.
    """
    flags = (libvirt.VIR_DOMAIN_XML_SECURE if secure else 0) | (libvirt.VIR_DOMAIN_XML_INACTIVE if inactive else 0)
    with doing("read domain {0}".format(domain.name())):
        return str(domain.XMLDesc(flags))


def define(host: Host, name: str, text: str) -> Handle:
    with doing("define domain {0}".format(name)):
        return host.connection.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)


def undefine(domain: Handle) -> None:
    """Undefine with what only libvirt keeps of it: managed save, snapshot and checkpoint metadata, NVRAM, TPM state."""
    flags = (
        libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
        | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
        | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
        | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
        | getattr(libvirt, "VIR_DOMAIN_UNDEFINE_TPM", 0)
    )
    with unless(lambda: False, gone=True), doing("undefine domain {0}".format(domain.name())):
        try:
            domain.undefineFlags(flags)
        except libvirt.libvirtError as error:
            # Drivers without snapshots (libvirt's test driver of old) know fewer flags.
            if error.get_error_code() not in (libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_NO_SUPPORT):
                raise
            domain.undefine()


def start(domain: Handle, paused: bool) -> None:
    with unless(lambda: is_active(domain)), doing("start domain {0}".format(domain.name())):
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED if paused else 0)


def suspend(domain: Handle) -> None:
    with doing("pause domain {0}".format(domain.name())):
        domain.suspend()


def resume(domain: Handle) -> None:
    with doing("resume domain {0}".format(domain.name())):
        domain.resume()


def destroy(domain: Handle) -> None:
    off = unless(lambda: not is_active(domain), gone=True)
    with off, doing("power off domain {0}".format(domain.name())):
        domain.destroy()


def is_active(domain: Handle) -> bool:
    with doing("ask whether domain {0} is active".format(domain.name())):
        return bool(domain.isActive())


def shutdown(host: Host, asked: dict[str, tuple[Handle, float]]) -> set[str]:
    """Ask guests to shut down (agent or ACPI, libvirt's choice) and wait; the names of those that have not.

    asked: by name, the domain and the seconds that it has. A guest is asked again every ten seconds: one that is still
    booting does not hear the first request.
    """
    began = time.monotonic()
    up = dict(asked)

    def look() -> bool:
        """Whether all are gone whose time is not over."""
        for name, (domain, _timeout) in list(up.items()):
            if not is_active(domain):
                del up[name]
        return not up

    def left() -> float:
        return max((timeout for _domain, timeout in up.values()), default=0) - (time.monotonic() - began)

    while up and left() > 0:
        for name, (domain, timeout) in list(up.items()):
            if time.monotonic() - began < timeout:
                _ask(name, domain)
        if host.wait(look, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, min(left(), 10)):
            break
    look()
    return set(up)


def _ask(name: str, domain: Handle) -> None:
    with doing("shut down domain {0}".format(name)):
        try:
            domain.shutdownFlags(0)
        except libvirt.libvirtError as error:
            # It went down between two requests.
            if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID or is_active(domain):
                raise


def save(domain: Handle) -> None:
    """Stop the guest with its memory on disk, where the next start finds it."""
    with doing("save domain {0}".format(domain.name())):
        domain.managedSave(0)


def discard_saved(domain: Handle) -> None:
    with doing("discard the saved memory of domain {0}".format(domain.name())):
        domain.managedSaveRemove(0)


def saved_xml(domain: Handle) -> str:
    """The definition that a saved domain goes on with."""
    with doing("read the saved state of domain {0}".format(domain.name())):
        return str(domain.managedSaveGetXMLDesc(libvirt.VIR_DOMAIN_SAVE_IMAGE_XML_SECURE))


def set_memory(host: Host, domain: Handle, size: int, timeout: float) -> bool:
    """Set the balloon of a running domain to size bytes; False when the guest has not followed within timeout."""
    with doing("set the memory of domain {0}".format(domain.name())):
        domain.setMemoryFlags(size // 1024, libvirt.VIR_DOMAIN_AFFECT_LIVE)

        def followed() -> bool:
            return int(domain.info()[2]) == size // 1024

        return host.wait(followed, libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, timeout, domain)


def set_vcpus(domain: Handle, count: int) -> None:
    with doing("set the vCPUs of domain {0}".format(domain.name())):
        domain.setVcpusFlags(count, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_text(domain: Handle, which: str, text: str) -> None:
    """Set the title or description of a running domain."""
    kinds = {"title": libvirt.VIR_DOMAIN_METADATA_TITLE, "description": libvirt.VIR_DOMAIN_METADATA_DESCRIPTION}
    with doing("set the {0} of domain {1}".format(which, domain.name())):
        domain.setMetadata(kinds[which], text or None, None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_metadata(domain: Handle, text: str, prefix: str, namespace: str) -> None:
    """Set one element of a running domain's <metadata>."""
    with doing("note in domain {0} what was declared".format(domain.name())):
        domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, text, prefix, namespace, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def attach(domain: Handle, text: str) -> None:
    with doing("plug a device into domain {0}".format(domain.name())):
        domain.attachDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def update(domain: Handle, text: str) -> None:
    with doing("change a device of domain {0}".format(domain.name())):
        domain.updateDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def detach(host: Host, domain: Handle, text: str, gone: t.Callable[[str], bool], timeout: float) -> bool:
    """Ask the guest to let go of a device; gone(live XML) tells when it has. False when it has not within timeout."""
    with doing("unplug a device of domain {0}".format(domain.name())):
        domain.detachDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        return host.wait(
            lambda: gone(str(domain.XMLDesc(0))), libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, timeout, domain
        )


def set_autostart(domain: Handle, on: bool) -> None:
    with doing("set autostart of domain {0}".format(domain.name())):
        domain.setAutostart(int(on))


def volume_by_path(host: Host, path: str) -> Handle | None:
    """The storage volume at a path, of whatever active pool; None where no pool has it."""
    with doing("look for the volume at {0}".format(path)):
        try:
            return host.connection.storageVolLookupByPath(path)
        except libvirt.libvirtError as error:
            if error.get_error_code() in (libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_NO_STORAGE_POOL):
                return None
            raise


def block_resize(domain: Handle, path: str, size: int) -> None:
    """Grow a disk of a running domain to size bytes; the guest sees it at once."""
    with doing("resize {0} of domain {1}".format(path, domain.name())):
        domain.blockResize(path, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)


def user_of(host: Host, path: str, active: bool = True, other_than: str = "") -> Handle | None:
    """A domain that has a disk, or the image of an overlay, at a path; None where none has.

    active: only running domains, whose XML names all images of an overlay.
    """
    flags = libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE if active else 0
    with doing("list the domains"):
        domains = host.connection.listAllDomains(flags)
    wanted = quoted(path)
    for domain in domains:
        try:
            if domain.name() != other_than and wanted in xml(domain, inactive=False):
                return domain
        except LibvirtError as error:
            # One that is gone since uses nothing.
            if error.code != libvirt.VIR_ERR_NO_DOMAIN:
                raise
    return None
