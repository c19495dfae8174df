# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's network interfaces (https://libvirt.org/formatdomain.html#network-interfaces): each option once."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import NAME, Integer, Mac, Text
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_disk_rows import BOOT_ORDER
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Row

_INTERFACE: tuple[AnyRow, ...] = (
    Row(
        "network",
        "source/@network",
        NAME,
        help="libvirt network to be in.",
        only=("@type", "network"),
        live="update",
    ),
    Row(
        "bridge",
        "source/@bridge",
        Text(r"[^/\s]{1,15}", "the name of a bridge is wanted"),
        help="Bridge of the host to be on.",
        only=("@type", "bridge"),
        live="update",
    ),
    Row(
        "mac",
        "mac/@address",
        Mac(),
        help="MAC address; libvirt makes one for a new interface, and it is kept.",
        keep=True,
    ),
    Row("model", "model/@type", help="Model; V(virtio) for a new one."),
    Row(
        "target",
        "target/@dev",
        Text(r"[^/\s]{1,15}", "the name of a network device has 1 to 15 characters"),
        help="Name of the device on the host.",
    ),
    Row("mtu", "mtu/@size", Integer(68, 65535), help="MTU in bytes."),
    Row("link", "link/@state", choices=("up", "down"), help="State of the link.", absent="up", live="update"),
    BOOT_ORDER,
)

INTERFACES = Many(
    "interfaces",
    "devices/interface",
    _INTERFACE,
    help="Network interfaces.",
    keys=("mac",),
    by_order=True,
    fresh={"model/@type": "virtio"},
    live="plug",
)
