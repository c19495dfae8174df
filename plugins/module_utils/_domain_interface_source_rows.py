# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a network interface of a domain is connected to, an option for each of libvirt's types of interface."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

PORT = _codecs.Integer(1, 65535)


class _RouteAddress(_codecs.Address):
    """libvirt takes an address for IPv4 unless told."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, "@family", "ipv6" if ":" in value else "ipv4")
        super().write(element, place, value)


class _SocketPath(_codecs.Text):
    """The path of a vhost-user socket; what libvirt before 11.1 wants said besides is said."""

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return _codecs.PATH.mean(option, value)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, "source/@type", "unix")
        super().write(element, place, value)
        if _xml.get(element, "source/@mode") is None:
            _xml.put(element, "source/@mode", "client")


def ips(place: str, text: str, peer: bool = False) -> Many:
    rows: tuple[AnyRow, ...] = (
        Row("address", "@address", _codecs.Address(), required=True, help="The address."),
        Row("prefix", "@prefix", _codecs.Integer(0, 128), help="Bits of its network."),
    )
    if peer:
        rows += (Row("peer", "@peer", _codecs.Address(), help="Address of the other end of a point-to-point link."),)
    return Many("ips", place, rows, help=text, keys=("address",))


def _socket(option: str, text: str, *more: AnyRow, address: bool = True) -> Block:
    return Block(
        option,
        "",
        (
            Row("address", "source/@address", _codecs.Address(), help="IPv4 address.", required=address),
            Row("port", "source/@port", PORT, help="Port.", required=True),
            *more,
        ),
        help=text,
        only=("@type", option),
    )


SOURCES: tuple[AnyRow, ...] = (
    Row(
        "network",
        "source/@network",
        _codecs.NAME,
        help="libvirt network to be in.",
        only=("@type", "network"),
        live="update",
        keep=True,
    ),
    Row(
        "bridge",
        "source/@bridge",
        _device_codecs.DEVICE,
        help="Bridge of the host to be on; one of Open vSwitch with O(interfaces[].virtualport).",
        only=("@type", "bridge"),
        live="update",
        keep=True,
    ),
    Block(
        "direct",
        "",
        (
            Row("dev", "source/@dev", _device_codecs.DEVICE, help="Network device of the host.", required=True),
            Row(
                "mode",
                "source/@mode",
                choices=("vepa", "bridge", "private", "passthrough"),
                help="V(vepa) leaves all to the switch outside, V(bridge) lets the guests on the device talk directly, "
                "V(private) keeps them apart, V(passthrough) gives all of the device to one guest.",
                absent="vepa",
            ),
        ),
        help="Directly on a network device of the host, by macvtap.",
        only=("@type", "direct"),
        keep=True,
    ),
    Block(
        "hostdev",
        "",
        (
            Row(
                "address",
                "source/address",
                _codecs.PciAddress("pci"),
                help="PCI address on the host, such as V(0000:06:10.1).",
                required=True,
            ),
            Row(
                "managed",
                "@managed",
                _codecs.Switch(),
                help="Whether libvirt takes the device from the host's driver and gives it back.",
                absent=False,
            ),
            Row("driver", "driver/@name", choices=("vfio",), help="How it is given to the guest."),
            Row("driver_model", "driver/@model", help="The host's driver to bind it to.", since="10.0.0"),
        ),
        help="A virtual function of an SR-IOV device, given to the guest.",
        only=("@type", "hostdev"),
        keep=True,
    ),
    Block(
        "user",
        "",
        (
            Row(
                "dev",
                "source/@dev",
                _device_codecs.DEVICE,
                help="Device of the host that C(passt) takes its address from.",
            ),
        ),
        help="Behind a process without privileges: SLIRP, or C(passt) with O(interfaces[].backend). May be empty.",
        only=("@type", "user"),
        keep=True,
    ),
    Block(
        "vhostuser",
        "",
        (
            Row("path", "source/@path", _SocketPath(), help="Path of the socket. Left out for C(passt) only."),
            Row(
                "mode",
                "source/@mode",
                choices=("client", "server"),
                help="Which end QEMU is; V(client).",
                absent="client",
            ),
            Row(
                "reconnect",
                "source/reconnect",
                _device_codecs.Reconnect(),
                help="Seconds after which a lost connection is made again; V(0) for not at all.",
                absent=0,
            ),
            Row(
                "dev",
                "source/@dev",
                _device_codecs.DEVICE,
                help="Device of the host that C(passt) takes its address from.",
                since="11.1.0",
            ),
        ),
        help="A process of the host with the vhost-user protocol. It needs shared memory.",
        only=("@type", "vhostuser"),
        keep=True,
    ),
    Row(
        "vdpa",
        "source/@dev",
        _codecs.PATH,
        help="vDPA device of the host, such as V(/dev/vhost-vdpa-0).",
        only=("@type", "vdpa"),
        keep=True,
    ),
    Block(
        "ethernet",
        "",
        (
            ips("source/ip", "Addresses of the host's end.", peer=True),
            Many(
                "routes",
                "source/route",
                (
                    Row("address", "@address", _RouteAddress(), help="Network.", required=True),
                    Row("prefix", "@prefix", _codecs.Integer(0, 128), help="Bits of the network.", required=True),
                    Row("gateway", "@gateway", _codecs.Address(), help="Where it is reached.", required=True),
                    Row("metric", "@metric", _codecs.Integer(1, 2**32 - 1), help="Cost; the lowest is taken."),
                ),
                help="Routes of the host through it.",
            ),
        ),
        help="A tap device on no bridge; O(interfaces[].script) may do the rest. May be empty.",
        only=("@type", "ethernet"),
        keep=True,
    ),
    _socket("mcast", "A virtual network of all guests with the same multicast address and port."),
    _socket(
        "udp",
        "A tunnel of UDP packets to this address.",
        Row(
            "local_address", "source/local/@address", _codecs.Address(), help="IPv4 address of this end.", required=True
        ),
        Row("local_port", "source/local/@port", PORT, help="Port of this end.", required=True),
    ),
    _socket("server", "Waits for another guest's V(client).", address=False),
    _socket("client", "Connects to another guest's V(server)."),
)
