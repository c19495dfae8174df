# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to hold before a guest is moved: one check each, one clear error each. Nothing here changes anything."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_migrate, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._machines import is_logical, is_loopback

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from ansible_collections.minicloud.kvm.plugins.module_utils._machines import Machine
    from lxml.etree import _Element as Element

# What only keeps a running guest from moving, not one that is shut down first.
ONLY_LIVE = ("cpu_incompatible", "resolves_wrong")


@dataclasses.dataclass
class Place:
    """A hypervisor, its connection, and the guest on it: None and 'absent' where it is not."""

    machine: Machine
    host: Host
    domain: Handle | None
    state: str
    uuid: str


def check(source: Place, dest: Place, mode: str, warnings: list[str], check_mode: bool) -> list[str]:
    """Raise a KvmError for the first thing that keeps the guest from moving.

    The read-only images that the target has copies of: those of the source are left behind.
    """
    tree = _xml.parse(_libvirt_migrate.migratable_xml(source.domain), "The domain")
    name = _xml.get(tree, "name") or ""
    _check_uuid(name, source, dest)
    _check_rest(name, tree, source, mode)
    _check_networks(name, tree, dest)
    if mode == "live":
        _check_name(source, dest)
        _check_cpu(name, tree, source, dest)
    copies = _check_disks(name, tree, source, dest, warnings if check_mode else None)
    if mode == "offline" and _xml.find(tree, "os/nvram") is not None:
        warnings.append(
            "{0} gets new UEFI variables on {1}: only a live move carries them.".format(name, dest.machine.name)
        )
    return copies


def _check_uuid(name: str, source: Place, dest: Place) -> None:
    other = _libvirt_migrate.by_uuid(dest.host, source.uuid)
    if other is not None and other.name() != name:
        raise KvmError(
            "{0} can't move to {1}: its UUID {2} is domain {3}'s there.".format(
                name, dest.machine.name, source.uuid, other.name()
            ),
            error_code="wrong_uuid",
        )


def _check_networks(name: str, tree: Element, dest: Place) -> None:
    wanted = {_xml.get(each, "source/@network") for each in _xml.find_all(tree, "devices/interface")} - {None}
    missing = sorted(
        str(network) for network in wanted - t.cast("set[t.Any]", _libvirt_migrate.active_networks(dest.host))
    )
    if missing:
        raise KvmError(
            "{0} can't move to {1}: it is in network {2}, which is not active there.".format(
                name, dest.machine.name, ", ".join(missing)
            ),
            error_code="network_missing",
            remedy="Declare it there with minicloud.kvm.libvirt_net.",
        )


def _check_name(source: Place, dest: Place) -> None:
    """QEMU on the source connects to the target by name: the name has to lead there."""
    found = source.machine.resolve(dest.machine.name)
    own = dest.machine.own_addresses()
    wrong = [address for address in found if is_loopback(address) or address not in own]
    if not found or wrong:
        raise KvmError(
            "On {0} the name {1} resolves to {2}, which is not {1}.".format(
                source.machine.name, dest.machine.name, ", ".join(wrong) or "nothing"
            ),
            error_code="resolves_wrong",
            remedy="Put the right address into /etc/hosts or DNS; the role minicloud.kvm.hypervisor does.",
        )


def _check_cpu(name: str, tree: Element, source: Place, dest: Place) -> None:
    cpu = _xml.find(tree, "cpu")
    if cpu is None:
        return
    if cpu.get("mode") in ("host-passthrough", "maximum"):
        # The guest has all of the source's CPU: the target's has to be like it.
        cpu = _xml.find(_xml.parse(source.host.capabilities(), "The host's capabilities"), "host/cpu")
        if cpu is None:
            return
    emulator, machine = _xml.get(tree, "devices/emulator"), _xml.get(tree, "os/type/@machine")
    kind = tree.get("type") or "kvm"
    if not _libvirt_migrate.cpu_fits(
        dest.host, emulator, _xml.get(tree, "os/type/@arch"), machine, kind, _xml.write(cpu)
    ):
        raise KvmError(
            "{0} can't move to {1}: the CPU that it has on {2} can't be had there.".format(
                name, dest.machine.name, source.machine.name
            ),
            error_code="cpu_incompatible",
            remedy="Give it a CPU model that both have (cpu: mode: custom), or move it with fallback: offline.",
        )


def _check_disks(name: str, tree: Element, source: Place, dest: Place, warnings: list[str] | None) -> list[str]:
    """Every image, and what it is an overlay of, has to be the same file on both, or the same device.

    What is only read, such as a seed, may as well be a copy on each; these are returned. warnings: of check mode, where
    an earlier task would have made a copy that is missing.
    """
    disks = "devices/disk//source/@"
    paths = sorted({path for place in ("file", "dev") for path in _xml.get_all(tree, disks + place)} - {""})
    if not paths:
        return []
    here, there = source.machine.files(paths), dest.machine.files(paths)
    others = [path for path in paths if path not in there or here.get(path) != there[path]]
    read_only = [path for path in others if path in _read_only(tree)]
    ours = source.machine.contents([path for path in read_only if path in there])
    theirs = dest.machine.contents(list(ours))
    copies = [path for path in read_only if path in ours and ours[path] == theirs.get(path)]
    for path in others:
        if warnings is not None and path in read_only and path not in there:
            warnings.append("{0} is missing on {1}; it is taken as about to be made.".format(path, dest.machine.name))
            copies.append(path)
        elif path not in copies:
            remedy = "Disks have to lie on storage that both hypervisors share, at the same place."
            if path in read_only:
                remedy = "What is read-only may be a file of each hypervisor, with the same content."
            raise KvmError(
                "{0} can't move to {1}: {2} is {3} there.".format(
                    name, dest.machine.name, path, "another file" if path in there else "missing"
                ),
                error_code="not_shared",
                remedy=remedy,
            )
    return copies


def logical_disks(source: Place) -> list[str]:
    """The paths of a guest's disks that are logical volumes: a machine has them only where it is told to."""
    tree = _xml.parse(_libvirt_migrate.migratable_xml(source.domain), "The domain")
    paths = sorted({path for path in _xml.get_all(tree, "devices/disk//source/@dev") if path})
    found = source.machine.files(paths) if paths else {}
    return [path for path in paths if is_logical(found.get(path, ""))]


def _read_only(tree: Element) -> set[str]:
    """The files of disks that nobody writes to; not what one that is written to is an overlay of."""
    found: set[str] = set()
    written: set[str] = set()
    for disk in _xml.find_all(tree, "devices/disk"):
        paths = set(_xml.get_all(disk, ".//source/@file"))
        if _xml.find(disk, "readonly") is not None and len(paths) == 1:
            found |= paths
        else:
            written |= paths
    return found - written


def _check_rest(name: str, tree: Element, source: Place, mode: str) -> None:
    """What libvirt keeps of a guest beside its definition stays on the hypervisor, and would be lost."""
    kept = _libvirt_migrate.kept_beside(source.domain)
    if mode == "offline" and any(each.get("type") == "emulator" for each in _xml.find_all(tree, "devices/tpm/backend")):
        kept.append("its TPM's state")
    if kept:
        raise KvmError(
            "{0} can't move {1} from {2}, which keeps {3} of it.".format(
                name, mode, source.machine.name, " and ".join(kept)
            ),
            error_code="kept_beside",
            remedy="Start a guest that is saved or has a TPM, and move it live; delete snapshots and checkpoints.",
        )
