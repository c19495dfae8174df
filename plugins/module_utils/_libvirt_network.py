# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's calls on networks that only libvirt_net needs, one small typed function a call."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host, doing

with contextlib.suppress(ImportError):  # which _libvirt.py reports
    import libvirt

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle


def update(network: Handle, command: str, section: str, index: int, xml: str) -> None:
    """Change one entry of a running network in place.

    command: add, delete, modify. section: the name of a VIR_NETWORK_SECTION_* in lower case. index: which <ip>, -1: of
    none.
    """
    commands = {
        "add": libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
        "delete": libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE,
        "modify": libvirt.VIR_NETWORK_UPDATE_COMMAND_MODIFY,
    }
    number = getattr(libvirt, "VIR_NETWORK_SECTION_" + section.upper())
    with doing("change {0} of network {1}".format(section, network.name())):
        network.update(commands[command], number, index, xml, libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE)


def keeps_texts() -> bool:
    """Whether networks have a title and a description (libvirt 9.7.0 and later)."""
    return hasattr(libvirt, "VIR_NETWORK_METADATA_TITLE")


def set_text(network: Handle, which: str, text: str) -> None:
    """Set the title or description of a running network (libvirt 9.7.0 and later)."""
    kinds = {"title": libvirt.VIR_NETWORK_METADATA_TITLE, "description": libvirt.VIR_NETWORK_METADATA_DESCRIPTION}
    with doing("set the {0} of network {1}".format(which, network.name())):
        network.setMetadata(kinds[which], text or None, None, None, libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE)


def create(host: Host, name: str, xml: str) -> Handle:
    """Start a network that is gone when it is stopped."""
    with doing("make network {0}".format(name)):
        return host.connection.networkCreateXML(xml)


def active(host: Host) -> dict[str, str]:
    """The active networks: name → XML; one that stops meanwhile is left out."""
    with doing("list the active networks"):
        networks = host.connection.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)
    return {network.name(): xml for network, xml in _read(networks, libvirt.VIR_ERR_NO_NETWORK)}


def bridges(host: Host) -> dict[str, str]:
    """The bridge of each network that has one, active or not."""
    found = {}
    with doing("list the networks"):
        networks = host.connection.listAllNetworks(0)
    for network in networks:
        # Without a bridge that is an error, and one that is gone meanwhile has none.
        with contextlib.suppress(libvirt.libvirtError):
            found[str(network.name())] = str(network.bridgeName())
    return found


def running_domains(host: Host) -> list[tuple[Handle, str]]:
    """The running domains, with the XML of each; one that stops meanwhile is left out."""
    with doing("list the running domains"):
        domains = host.connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
    return list(_read(domains, libvirt.VIR_ERR_NO_DOMAIN))


def _read(handles: list[Handle], gone: int) -> t.Iterator[tuple[Handle, str]]:
    for handle in handles:
        with doing("read {0}".format(handle.name())):
            try:
                yield handle, str(handle.XMLDesc(0))
            except libvirt.libvirtError as error:
                if error.get_error_code() != gone:
                    raise
