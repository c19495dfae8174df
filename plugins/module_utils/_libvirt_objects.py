# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's calls for what is only defined and never runs: secrets and network filters."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host, LibvirtError, doing, unless

with contextlib.suppress(ImportError):  # which _libvirt.py reports
    import libvirt

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle

# By libvirt's number of a usage: VIR_SECRET_USAGE_TYPE_NONE is 0.
USAGES = ("none", "volume", "ceph", "iscsi", "tls", "vtpm")


# --- secrets --------------------------------------------------------------------------------------------------------


def secrets(host: Host) -> list[Handle]:
    with doing("list the secrets"):
        return list(host.connection.listAllSecrets(0))


def secret_usage(secret: Handle) -> tuple[str, str]:
    """What a secret is for, and which of these; libvirt keeps both in the handle, so this asks nothing."""
    number = secret.usageType()
    return (USAGES[number] if number < len(USAGES) else str(number)), (secret.usageID() or "").strip()


def secret_xml(secret: Handle) -> str:
    with doing("read secret {0}".format(secret.UUIDString())):
        return str(secret.XMLDesc(0))


def secret_define(host: Host, name: str, xml: str) -> Handle:
    with doing("define secret {0}".format(name)):
        return host.connection.secretDefineXML(xml, 0)


def secret_value(secret: Handle) -> bytes | None:
    """The value of a secret that is not private; None where it has none yet."""
    with doing("read the value of secret {0}".format(secret.UUIDString())):
        try:
            return bytes(secret.value(0))
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_SECRET:
                return None
            raise


def secret_set_value(secret: Handle, value: bytes) -> None:
    with doing("set the value of secret {0}".format(secret.UUIDString())):
        secret.setValue(value, 0)


def secret_undefine(secret: Handle) -> None:
    with unless(lambda: False, gone=True), doing("undefine secret {0}".format(secret.UUIDString())):
        secret.undefine()


# --- network filters ------------------------------------------------------------------------------------------------


def nwfilters(host: Host) -> list[Handle]:
    with doing("list the network filters"):
        return list(host.connection.listAllNWFilters(0))


def nwfilter_xml(nwfilter: Handle) -> str:
    with doing("read network filter {0}".format(nwfilter.name())):
        return str(nwfilter.XMLDesc(0))


def nwfilter_define(host: Host, name: str, xml: str) -> Handle:
    with doing("define network filter {0}".format(name)):
        return host.connection.nwfilterDefineXML(xml)


def nwfilter_bindings(host: Host) -> list[str]:
    """The XML of each binding: a guest's network device and the filter on it."""
    with doing("list the network filters' bindings"):
        found = []
        for binding in host.connection.listAllNWFilterBindings(0):
            try:
                found.append(str(binding.XMLDesc(0)))
            except libvirt.libvirtError as error:  # its guest may have stopped since
                if error.get_error_code() != libvirt.VIR_ERR_NO_NWFILTER_BINDING:
                    raise
        return found


def nwfilter_undefine(nwfilter: Handle) -> None:
    try:
        with unless(lambda: False, gone=True), doing("undefine network filter {0}".format(nwfilter.name())):
            nwfilter.undefine()
    except LibvirtError as error:
        if error.code == libvirt.VIR_ERR_OPERATION_INVALID:
            error.error_code = "in_use"
            error.remedy = (
                "A running guest's interface has it, or a filter that refers to it: take it from there first."
            )
        raise
