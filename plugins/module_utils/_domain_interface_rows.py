# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's network interfaces (https://libvirt.org/formatdomain.html#network-interfaces): each option once."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _domain_disk_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_interface_source_rows import (
    PORT,
    SOURCES,
    ips,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SPEED = _codecs.Integer(1, 2**54)
_OFFLOADS = {
    "csum": "checksums",
    "gso": "generic segmentation",
    "tso4": "TCP segmentation over IPv4",
    "tso6": "TCP segmentation over IPv6",
    "ecn": "TCP segmentation with ECN",
    "ufo": "UDP fragmentation",
    "mrg_rxbuf": "merging of receive buffers",
}


def _offloads(side: str, names: tuple[str, ...]) -> Block:
    rows = tuple(
        Row(name, "@" + name, _device_codecs.ON_OFF, help="Offload of {0}.".format(_OFFLOADS[name])) for name in names
    )
    return Block(side, side, rows, help="What the {0} need not do itself.".format(side))


def _traffic(side: str, text: str, *more: AnyRow) -> Block:
    return Block(
        side,
        side,
        (
            Row("average", "@average", _SPEED, help="Average rate in KiB/s.", live="update"),
            Row("peak", "@peak", _SPEED, help="Highest rate in KiB/s.", live="update"),
            Row(
                "burst",
                "@burst",
                _codecs.Integer(1, 2**32 - 1),
                help="KiB that may be sent at the highest rate at once.",
                live="update",
            ),
            *more,
        ),
        help=text,
        live="update",
    )


_VIRTUALPORT = Block(
    "virtualport",
    "virtualport",
    (
        Row(
            "type",
            "@type",
            choices=("openvswitch", "midonet", "802.1Qbg", "802.1Qbh"),
            help="Sort of switch. It may be left out for a network, which then says it.",
        ),
        Row(
            "interfaceid",
            "parameters/@interfaceid",
            _codecs.Uuid(),
            help="UUID of the port; libvirt makes one.",
            keep=True,
        ),
        Row(
            "profileid",
            "parameters/@profileid",
            _codecs.Text(r".{1,39}", "it has 1 to 39 characters"),
            help="Name of the port's profile.",
        ),
        Row(
            "managerid",
            "parameters/@managerid",
            _codecs.Integer(0, 255),
            help="V(802.1Qbg): identifier of the manager.",
        ),
        Row(
            "typeid",
            "parameters/@typeid",
            _codecs.Integer(0, 2**24 - 1),
            help="V(802.1Qbg): identifier of the VSI type.",
        ),
        Row(
            "typeidversion", "parameters/@typeidversion", _codecs.Integer(0, 255), help="V(802.1Qbg): version of that."
        ),
        Row(
            "instanceid",
            "parameters/@instanceid",
            _codecs.Uuid(),
            help="V(802.1Qbg): UUID of the instance; libvirt makes one.",
            keep=True,
        ),
    ),
    help="Port of a switch that knows more than a bridge of Linux.",
)
_VLAN = Block(
    "vlan",
    "vlan",
    (
        Row("trunk", "@trunk", _codecs.Switch(), help="Whether one tag is a trunk; several are always.", absent=False),
        Many(
            "tags",
            "tag",
            (
                Row("id", "@id", _codecs.Integer(0, 4095), help="VLAN.", required=True),
                Row(
                    "native_mode",
                    "@nativeMode",
                    choices=("tagged", "untagged"),
                    help="Makes it the native VLAN, and says how its packets go out.",
                ),
            ),
            help="The VLANs.",
            keys=("id",),
            required=True,
        ),
    ),
    help="VLANs, where what it is connected to has them: Open vSwitch, virtual functions, bridges with libvirt 11.",
)
_DRIVER = Block(
    "driver",
    "driver",
    (
        Row("name", "@name", choices=("vhost", "qemu"), help="Whether the kernel or QEMU moves the packets."),
        Row("txmode", "@txmode", choices=("iothread", "timer"), help="How QEMU sends when its queue is full."),
        Row("queues", "@queues", _codecs.Integer(1, 256), help="Pairs of queues.", absent=1),
        Row(
            "rx_queue_size",
            "@rx_queue_size",
            _codecs.Integer(256, 1024),
            help="Length of a receive queue; a power of two.",
        ),
        Row(
            "tx_queue_size",
            "@tx_queue_size",
            _codecs.Integer(256, 1024),
            help="Length of a send queue; a power of two.",
        ),
        Row("ioeventfd", "@ioeventfd", _device_codecs.ON_OFF, help="Whether I/O is asynchronous to the vCPU."),
        Row("event_idx", "@event_idx", _device_codecs.ON_OFF, help="Whether the number of interrupts is kept down."),
        Row("rss", "@rss", _device_codecs.ON_OFF, help="Whether the host spreads packets over the queues."),
        Row(
            "rss_hash_report",
            "@rss_hash_report",
            _device_codecs.ON_OFF,
            help="Whether the guest is told a packet's hash.",
        ),
        *_device_codecs.VIRTIO,
        _offloads("host", ("csum", "gso", "tso4", "tso6", "ecn", "ufo", "mrg_rxbuf")),
        _offloads("guest", ("csum", "tso4", "tso6", "ecn", "ufo")),
    ),
    help="What is special to virtio.",
)
_BACKEND = Block(
    "backend",
    "backend",
    (
        Row(
            "type",
            "@type",
            _device_codecs.Unsaid("default"),
            choices=("default", "passt"),
            help="Process of O(interfaces[].user).",
            absent="default",
        ),
        Row("log_file", "@logFile", _codecs.PATH, help="File that C(passt) logs to.", removable=True),
        Row(
            "tap", "@tap", _codecs.PATH, help="Device to make tap devices with instead of /dev/net/tun.", removable=True
        ),
        Row("vhost", "@vhost", _codecs.PATH, help="Device of vhost instead of /dev/vhost-net.", removable=True),
    ),
    help="What serves it on the host.",
)
_PORT_FORWARDS = Many(
    "port_forwards",
    "portForward",
    (
        Row("proto", "@proto", choices=("tcp", "udp"), help="Protocol.", required=True),
        Row("address", "@address", _codecs.Address(), help="Only what comes to this address of the host."),
        Row("dev", "@dev", _device_codecs.DEVICE, help="Only what comes by this device of the host."),
        Many(
            "ranges",
            "range",
            (
                Row("start", "@start", PORT, help="First port.", required=True),
                Row("end", "@end", PORT, help="Last port; the first where it is left out."),
                Row("to", "@to", PORT, help="The guest's port for the first; the same where it is left out."),
                Row("exclude", "@exclude", _codecs.Switch(), help="Whether these are not forwarded.", absent=False),
            ),
            help="Ports; all where it is left out.",
        ),
    ),
    help="What C(passt) lets in to the guest.",
)
_FILTERREF = Block(
    "filterref",
    "filterref",
    (
        Row("filter", "@filter", help="Name of the filter, such as V(clean-traffic).", required=True, live="update"),
        Many(
            "parameters",
            "parameter",
            (
                Row("name", "@name", help="Name, such as V(IP).", required=True),
                Row("value", "@value", help="Value.", required=True),
            ),
            help="Its variables; a name may come several times.",
            live="update",
        ),
    ),
    help="Network filter of libvirt for the guest's packets.",
    live="update",
)
_TEAMING = Block(
    "teaming",
    "teaming",
    (
        Row(
            "type",
            "@type",
            choices=("persistent", "transient"),
            help="V(persistent) is always there, V(transient) is not during a migration.",
            required=True,
        ),
        Row("persistent", "@persistent", help="V(transient): alias of the persistent one.", removable=True),
    ),
    help="One of a pair that the guest uses as one: a virtual function, and virtio in its place while it is away.",
)

_INTERFACE: tuple[AnyRow, ...] = (
    *SOURCES,
    Row("portgroup", "source/@portgroup", help="Port group of the network.", only=("@type", "network"), removable=True),
    _VIRTUALPORT,
    _VLAN,
    Row(
        "mac",
        "mac/@address",
        _codecs.Mac(),
        help="MAC address; libvirt makes one for a new interface, and it is kept.",
        keep=True,
    ),
    Row("model", "model/@type", help="Model; V(virtio) for a new one.", keep=True),
    Row("target", "target/@dev", _device_codecs.DEVICE, help="Name of the device on the host.", keep=True),
    Row(
        "target_managed",
        "target/@managed",
        _codecs.Switch(),
        help="With V(false) an O(interfaces[].ethernet) takes O(interfaces[].target) as it is there.",
        absent=True,
    ),
    Row("mtu", "mtu/@size", _codecs.Integer(68, 65535), help="MTU in bytes."),
    Row("link", "link/@state", choices=("up", "down"), help="State of the link.", absent="up", live="update"),
    Block(
        "bandwidth",
        "bandwidth",
        (
            _traffic(
                "inbound",
                "What the guest receives.",
                Row(
                    "floor",
                    "@floor",
                    _SPEED,
                    help="Rate in KiB/s that it has for sure; for a network that has a bandwidth itself.",
                    live="update",
                ),
            ),
            _traffic("outbound", "What the guest sends."),
        ),
        help="Limits of traffic.",
        live="update",
    ),
    _FILTERREF,
    Row(
        "isolated",
        "port/@isolated",
        _codecs.Switch(),
        help="Whether it can't reach the other isolated ones of the same bridge.",
        absent=False,
        live="update",
    ),
    Row(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        _codecs.Switch(),
        help="Whether the host follows changes of MAC address and filters in the guest (macvtap and virtio).",
        absent=False,
    ),
    Row(
        "coalesce",
        "coalesce/rx/frames/@max",
        _codecs.Integer(1, 2**32 - 1),
        help="Most packets received before an interrupt of the host's device.",
        live="update",
    ),
    Row(
        "sndbuf",
        "tune/sndbuf",
        _device_codecs.UnitlessSize("B", 0),
        help="Send buffer of the host's device, such as V(1600B); V(0B) is without limit.",
    ),
    _DRIVER,
    _BACKEND,
    ips("ip", "Addresses for the guest of O(interfaces[].user), one of IPv4 and one of IPv6."),
    _PORT_FORWARDS,
    Row("script", "script/@path", help="Program of the host that sets O(interfaces[].ethernet) up.", removable=True),
    Row("downscript", "downscript/@path", help="Program of the host that takes it down.", removable=True),
    _TEAMING,
    _device_codecs.ROM,
    _domain_disk_rows.BOOT_ORDER,
    _device_codecs.ALIAS,
    _device_codecs.ACPI_INDEX,
    *_domain_address_rows.PCI,
    _domain_address_rows.USB,
)

# Those that libvirt plugs; those of which it changes nothing; those on a bridge of the host, which it moves between
# bridges; those with a device on the host, which it limits.
_PLUGGED = ("network", "bridge", "direct", "ethernet", "user", "vhostuser", "hostdev", "vdpa")
_FIXED = ("hostdev", "vdpa", "vhostuser", "null", "vds")
_BRIDGED = ("network", "bridge")
_LIMITED = (*_BRIDGED, "direct", "ethernet")


def _seats(device: Element, _live: Element) -> tuple[str, ...]:
    model = _xml.get(device, "model/@type") or ""
    if model == "usb-net":
        return ("usb",)
    express = device.get("type") == "hostdev" or model in ("virtio", "virtio-non-transitional", "e1000e")
    return ("pcie",) if express else ("pci",)


def _changes(old: Element, new: Element, options: set[str]) -> set[str]:
    if old.get("type") in _FIXED or new.get("type") in _FIXED:
        return set()
    if old.get("type") not in _LIMITED:
        return options & {"link"}
    on_a_bridge = old.get("type") in _BRIDGED and new.get("type") in _BRIDGED
    moves = on_a_bridge and _xml.find(new, "virtualport") is None
    return options if moves else options - {"network", "bridge"}


class _Interfaces(_domain_plug.Devices):
    """A device of the host is no model of QEMU's."""

    def make(self, item: Options) -> Element:
        fresh = super().make(item)
        if fresh.get("type") == "hostdev" and "model" not in item:
            _xml.drop(fresh, "model")
        return fresh


INTERFACES = _Interfaces(
    "interfaces",
    "devices/interface",
    _INTERFACE,
    help="Network interfaces.",
    keys=("mac",),
    by_order=True,
    fresh={"model/@type": "virtio"},
    which="but for tunnels between QEMU processes (O(interfaces[].server) and the like)",
    able=lambda device, _live: device.get("type") in _PLUGGED,
    seats=_seats,
    changes=_changes,
)
