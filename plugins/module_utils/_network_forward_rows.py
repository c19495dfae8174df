# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a network reaches the outside: <forward> and what depends on its mode."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Change, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# A network device's name: at most 15 characters (IFNAMSIZ), no slash, no white space.
DEVICE = _codecs.Text(r"[^/\s]{1,15}", "the name of a network device has 1 to 15 characters, no slash and no space")
# Modes in which libvirt makes the bridge and serves addresses on it; in the others it only hands out what is there.
SERVED = ("nat", "route", "open", "isolated")
POOLS = ("bridge", "private", "vepa", "passthrough")
# What <forward> may hold, by mode: place of the part → the option's name.
_PARTS = {
    "@dev": "dev",
    "interface": "interfaces",
    "nat": "nat",
    "pf": "pf",
    "address": "addresses",
    "driver": "driver",
    "@managed": "managed",
}
_ALLOWED = {
    "nat": ("dev", "interfaces", "nat"),
    "route": ("dev", "interfaces"),
    **dict.fromkeys(POOLS, ("dev", "interfaces", "pf")),
    "hostdev": ("pf", "addresses", "driver", "managed"),
}


def mode_of(tree: Element) -> str:
    """A network's forward mode."""
    found = _xml.find(tree, "forward")
    return "isolated" if found is None else str(found.get("mode", "nat"))


class _Mode(_codecs.Text):
    """A forward mode without what only another one may have."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        for part, option in _PARTS.items():
            if option not in _ALLOWED.get(value, ()):
                _xml.drop(element, part)
        super().write(element, place, value)


class _Devices(_codecs.Texts):
    def __init__(self) -> None:
        super().__init__()
        self.pattern, self.allowed = DEVICE.pattern, DEVICE.allowed

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        names = super().mean(option, value)
        for name in names:
            if names.count(name) > 1:
                raise BadValue(option, name, "it is listed twice")
        return names


class _PciAddresses(_codecs.Text):
    """PCI addresses, an element each."""

    ansible_type = "list"
    elements = "str"
    _ONE = _codecs.PciAddress("pci")

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        addresses = [self._ONE.mean(option, each) for each in value]
        for address in addresses:
            if addresses.count(address) > 1:
                raise BadValue(option, address, "it is listed twice")
        return addresses

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return [said for said in map(self._ONE.said, _xml.find_all(element, place)) if said is not None]

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.drop(element, place)
        for address in value:
            _xml.add(element, place, _xml.new(place, type="pci", **self._ONE.parts(address)))


class _Forward(Block):
    """<forward>, which an isolated network has not."""

    def edit(self, element: Element, wanted: _codecs.Value, field: str) -> list[Change]:
        mode = mode_of(element)
        if wanted["mode"] == mode == "isolated":
            return []
        if wanted["mode"] != mode:
            _leave(element, wanted)
        if wanted["mode"] == "isolated":
            _xml.drop(element, "forward")
            return [Change(field + ".mode", mode, "isolated", self)]
        if mode != "isolated":
            changes = super().edit(element, wanted, field)
        else:
            _xml.put(element, "forward/@mode", wanted["mode"])
            changes = [Change(field + ".mode", mode, wanted["mode"], self), *super().edit(element, wanted, field)]
        _first_device(_xml.need(element, "forward"), wanted)
        return changes


def _leave(tree: Element, wanted: _codecs.Value) -> None:
    """Take out what libvirt itself has put into a network and refuses with the new mode."""
    if wanted["mode"] in SERVED:
        return
    _xml.drop(tree, "mac")
    for attribute in ("@stp", "@delay"):
        _xml.drop(tree, "bridge/" + attribute)
    if wanted["mode"] != "bridge" or any(wanted.get(option) for option in ("dev", "interfaces", "pf")):
        _xml.drop(tree, "bridge")


def _first_device(forward: Element, wanted: _codecs.Value) -> None:
    """libvirt keeps the first device twice, as dev and as the first interface: both have to go along."""
    first = _xml.get(forward, "interface/@dev")
    if "interfaces" in wanted and forward.get("dev") not in (None, first):
        _xml.drop(forward, "@dev")
    elif "interfaces" not in wanted and "dev" in wanted and first not in (None, forward.get("dev")):
        _xml.drop(forward, "interface")


def forget_device(tree: Element, wanted: _codecs.Value, changes: list[Change]) -> None:
    """Neither of the two comes back by the other where one of them is not declared any more, and the other is not."""
    forward = _xml.find(tree, "forward")
    gone = {change.field for change in changes if change.after is None}
    if forward is None or {"dev", "interfaces"} & set(wanted) or not gone & {"forward.dev", "forward.interfaces"}:
        return
    _xml.drop(forward, "@dev")
    if len(_xml.find_all(forward, "interface")) == 1:
        _xml.drop(forward, "interface")


def check_forward(forward: _codecs.Value, field: str = "forward") -> None:
    """BadValue for what the mode does not have, and libvirt would drop or refuse late."""
    mode = forward["mode"]
    for option, value in forward.items():
        if option == "mode" or option in _ALLOWED.get(mode, ()):
            continue
        modes = [each for each in _ALLOWED if option in _ALLOWED[each]]
        raise BadValue("{0}.{1}".format(field, option), value, "it is for mode {0} only".format(", ".join(modes)))
    dev, interfaces = forward.get("dev"), forward.get("interfaces")
    if dev and interfaces is not None and interfaces[:1] != [dev]:
        raise BadValue(field + ".dev", dev, "it has to be the first of interfaces, or left out")
    if interfaces and len(interfaces) > 1 and mode in SERVED:
        raise BadValue(field + ".interfaces", interfaces, "mode {0} has one only".format(mode))
    sources = [option for option in ("interfaces", "addresses", "pf") if forward.get(option)]
    if dev and "pf" in sources and "interfaces" not in sources:
        sources.insert(0, "dev")
    if len(sources) > 1:
        raise BadValue("{0}.{1}".format(field, sources[1]), forward[sources[1]], "there is {0} too".format(sources[0]))
    for part in ("address", "port"):
        ends = forward.get("nat", {}).get(part)
        if ends and (ends["end"] < ends["start"] if part == "port" else _number(ends["end"]) < _number(ends["start"])):
            raise BadValue("{0}.nat.{1}.end".format(field, part), ends["end"], "it comes before start")


def _number(address: str) -> tuple[int, ...]:
    return tuple(int(part) for part in address.split("."))


class Address4(_codecs.Address):
    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        address = super().mean(option, value)
        if ":" in address:
            raise BadValue(option, value, "an IPv4 address is wanted")
        return address


def _ends(
    codec: _codecs.Text, first: str, last: str, absent: tuple[_codecs.Value, _codecs.Value] = (None, None)
) -> tuple[Row, Row]:
    return (
        Row("start", "@start", codec, required=True, help=first, absent=absent[0]),
        Row("end", "@end", codec, required=True, help=last, absent=absent[1]),
    )


FORWARD = _Forward(
    "forward",
    "forward",
    (
        Row(
            "mode",
            "@mode",
            _Mode(),
            help="V(nat) and V(route) reach the outside through the host, V(open) adds no firewall rules, V(bridge) "
            "uses a bridge of the host that is there already, or macvtap on a device of it, V(private), V(vepa) and "
            "V(passthrough) are the other modes of macvtap, V(hostdev) gives guests SR-IOV devices, V(isolated) "
            "reaches only the host.",
            choices=("nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev", "isolated"),
            required=True,
            absent="nat",
            keep=True,
        ),
        Row(
            "dev",
            "@dev",
            DEVICE,
            help="The only network device of the host to forward to; with the modes of macvtap, the first of "
            "O(forward.interfaces). An empty text takes it away.",
            removable=True,
        ),
        Row(
            "interfaces",
            "interface/@dev",
            _Devices(),
            help="Network devices of the host that guests are spread over, with the modes of macvtap.",
            live="update",
        ),
        Row(
            "pf",
            "pf/@dev",
            DEVICE,
            help="SR-IOV network device of the host whose virtual functions guests get.",
            removable=True,
        ),
        Row(
            "addresses",
            "address",
            _PciAddresses(),
            help="PCI addresses of the SR-IOV virtual functions that guests get, such as V(0000:03:10.1); with "
            "V(hostdev).",
        ),
        Row(
            "managed",
            "@managed",
            _codecs.Switch(),
            help="Whether libvirt takes a device from its driver on the host, and gives it back; with V(hostdev).",
            absent=False,
        ),
        Block(
            "driver",
            "driver",
            (
                Row("name", "@name", help="How a device is assigned.", choices=("vfio",)),
                Row("model", "@model", help="VFIO driver of the host to use.", since="10.0.0", removable=True),
            ),
            help="Driver of devices that are given to guests; with V(hostdev).",
        ),
        Block(
            "nat",
            "nat",
            (
                Row("ipv6", "@ipv6", _codecs.Switch(), help="Whether IPv6 is translated too.", absent=False),
                Block(
                    "address",
                    "address",
                    _ends(Address4(), "First address.", "Last address."),
                    help="Addresses of the host that connections come from; of itself the one of the outgoing device.",
                ),
                Block(
                    "port",
                    "port",
                    _ends(_codecs.Integer(1, 65535), "First port.", "Last port.", (1024, 65535)),
                    help="Ports of the host that connections come from.",
                ),
            ),
            help="Address translation; with V(nat).",
        ),
    ),
    help="How the network reaches the outside. Left out of a new network, it is isolated.",
)
