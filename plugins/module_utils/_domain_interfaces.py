# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a domain's network interfaces can be refused without asking libvirt."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils._domain_interface_source_rows import SOURCES
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

_SOURCES = tuple(row.option for row in SOURCES)
# libvirt makes names of devices with these, and takes such a name for one of its own.
_MADE = ("vnet", "macvtap", "macvlan")


def check(desired: Options) -> None:
    """Every interface has one source, and what belongs to one source is not said of another."""
    for index, interface in enumerate(desired.get("interfaces", [])):
        _check(interface, "interfaces[{0}]".format(index))


def _check(interface: Options, field: str) -> None:
    sources = [option for option in _SOURCES if option in interface]
    if len(sources) != 1:
        allowed = "one source is wanted, {0}: {1}".format(
            "not {0}".format(" and ".join(sources)) if sources else "one of", ", ".join(_SOURCES)
        )
        raise BadValue(field, interface, allowed)
    source = sources[0]
    passt = interface.get("backend", {}).get("type") == "passt"
    if source == "vhostuser" and not passt and "path" not in interface["vhostuser"]:
        raise BadValue(field + ".vhostuser", interface["vhostuser"], "a path is wanted, unless the backend is passt")
    allowed_with = {
        "portgroup": ("network",),
        "ips": ("user", "vhostuser"),
        "filterref": ("network", "bridge", "ethernet"),
        "virtualport": ("network", "bridge", "direct", "hostdev"),
        "script": ("ethernet", "bridge"),
        "downscript": ("ethernet",),
    }
    for option, wanted in allowed_with.items():
        if option in interface and source not in wanted:
            raise BadValue(
                "{0}.{1}".format(field, option),
                interface[option],
                "it is for {0}, not for {1}".format(" and ".join(wanted), source),
            )
    if "port_forwards" in interface and not passt:
        raise BadValue(field + ".port_forwards", interface["port_forwards"], "it is for a backend of type passt")
    if str(interface.get("target", "")).startswith(_MADE) and interface.get("target_managed", True):
        names = ", ".join(_MADE)
        raise BadValue(field + ".target", interface["target"], "libvirt takes names with {0} for its own".format(names))
    for option in ("rx_queue_size", "tx_queue_size"):
        size = interface.get("driver", {}).get(option, 1)
        if size & (size - 1):
            raise BadValue("{0}.driver.{1}".format(field, option), size, "a power of two is wanted")
    if "vlan" in interface and not interface["vlan"].get("tags"):
        raise BadValue(field + ".vlan", interface["vlan"], "a tag is wanted")
