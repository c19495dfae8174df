# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a network says of its guests' ports, for all of them or for a portgroup: VLAN, virtual port, bandwidth."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PORT_PARAMETERS = {
    "802.1Qbg": ("managerid", "typeid", "typeidversion", "instanceid"),
    "802.1Qbh": ("profileid",),
    "openvswitch": ("profileid", "interfaceid"),
    "midonet": ("interfaceid",),
}
_KILOBYTES = _codecs.Integer(1, 4294967295)


class _OnlyYes(_codecs.Switch):
    """A bool that stands in the XML only when it is true."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        if value:
            super().write(element, place, value)
        else:
            _xml.drop(element, place)


ONLY_YES = _OnlyYes()

VLAN = Block(
    "vlan",
    "vlan",
    (
        Row("trunk", "@trunk", ONLY_YES, help="Whether guests see the tags; always so with several.", absent=False),
        Many(
            "tags",
            "tag",
            (
                Row("id", "@id", _codecs.Integer(0, 4095), required=True, help="The VLAN's number."),
                Row(
                    "native_mode",
                    "@nativeMode",
                    help="Makes it the native VLAN of a trunk, whose frames a guest sees tagged or not.",
                    choices=("tagged", "untagged"),
                    removable=True,
                ),
            ),
            required=True,
            help="The VLANs.",
            keys=("id",),
        ),
    ),
    help="VLAN that the guests are in. Needs an Open vSwitch bridge or SR-IOV devices; with libvirt 11.0.0 and later "
    "a bridge of the host does too.",
)

VIRTUALPORT = Block(
    "virtualport",
    "virtualport",
    (
        Row(
            "type",
            "@type",
            help="What guests are attached to: an Open vSwitch bridge, a switch that speaks 802.1Qbg or 802.1Qbh, or "
            "MidoNet. A portgroup may leave it to the network.",
            choices=tuple(_PORT_PARAMETERS),
        ),
        Block(
            "parameters",
            "parameters",
            (
                Row("managerid", "@managerid", _codecs.Integer(0, 255), help="VSI manager, of 802.1Qbg."),
                Row("typeid", "@typeid", _codecs.Integer(0, 0xFFFFFF), help="VSI type, of 802.1Qbg."),
                Row(
                    "typeidversion",
                    "@typeidversion",
                    _codecs.Integer(0, 255),
                    help="Version of the VSI type, of 802.1Qbg.",
                ),
                Row("instanceid", "@instanceid", _codecs.Uuid(), help="UUID of the VSI instance, of 802.1Qbg."),
                Row(
                    "profileid",
                    "@profileid",
                    _codecs.Text(r".{1,39}", "1 to 39 characters are wanted"),
                    help="Port profile, of 802.1Qbh and Open vSwitch.",
                    removable=True,
                ),
                Row(
                    "interfaceid", "@interfaceid", _codecs.Uuid(), help="UUID of the port, of Open vSwitch and MidoNet."
                ),
            ),
            help="What the switch has to know.",
        ),
    ),
    help="How guests are attached to a switch that is not the host's own.",
)


def _bandwidth(what: str, words: str) -> Block:
    return Block(
        what,
        what,
        (
            Row("average", "@average", _KILOBYTES, help="Average rate in kilobytes a second."),
            Row("peak", "@peak", _KILOBYTES, help="Highest rate in kilobytes a second."),
            Row("burst", "@burst", _KILOBYTES, help="Kilobytes that may go at the highest rate in one go."),
        ),
        help=words,
    )


BANDWIDTH = Block(
    "bandwidth",
    "bandwidth",
    (
        _bandwidth("inbound", "Limits of what comes in from the guests' point of view."),
        _bandwidth("outbound", "Limits of what goes out from the guests' point of view."),
    ),
    help="Limits of the whole network's traffic; of a portgroup, of each guest in it.",
)

PORTGROUPS = Many(
    "portgroups",
    "portgroup",
    (
        Row("name", "@name", _codecs.Text(r"\S+", "a name has no space"), required=True, help="Name of the portgroup."),
        Row("default", "@default", ONLY_YES, help="Whether guests that name none are in this one.", absent=False),
        Row(
            "trust_guest_rx_filters",
            "@trustGuestRxFilters",
            _codecs.Switch(),
            help="Whether the host follows the guests' receive filters; of itself as the network says.",
        ),
        VLAN,
        VIRTUALPORT,
        BANDWIDTH,
    ),
    help="Sorts of ports; a guest's interface names the one that it has.",
    live="update",
    keys=("name",),
)


def check_ports(options: Options, field: str = "") -> None:
    """BadValue for what libvirt refuses late, or drops, of VLANs, virtual ports and bandwidth."""
    if "vlan" in options:
        _check_vlan(options["vlan"], field + "vlan")
    if "virtualport" in options:
        _check_virtualport(options["virtualport"], field + "virtualport", bool(field))
    for way, rate in options.get("bandwidth", {}).items():
        if "average" not in rate:
            raise BadValue("{0}bandwidth.{1}.average".format(field, way), None, "it is needed for the others")
        if rate.get("peak", rate["average"]) < rate["average"]:
            raise BadValue("{0}bandwidth.{1}.peak".format(field, way), rate["peak"], "it is less than average")
    default = None
    for index, group in enumerate(options.get("portgroups", [])):
        where = "portgroups[{0}].".format(index)
        check_ports(group, where)
        if group.get("default"):
            if default:
                raise BadValue(where + "default", True, "portgroup {0} is the default".format(default))
            default = group["name"]


def _check_virtualport(port: Options, field: str, of_group: bool) -> None:
    if "type" not in port and not of_group:
        raise BadValue(field + ".type", None, "the network's own has to have one")
    allowed = _PORT_PARAMETERS.get(port.get("type", ""))
    parameters = port.get("parameters", {})
    for name, value in parameters.items():
        if allowed is not None and name not in allowed:
            where = "{0}.parameters.{1}".format(field, name)
            raise BadValue(where, value, "type {0} has {1}".format(port["type"], ", ".join(allowed)))
    if port.get("type") == "midonet" and "interfaceid" not in parameters:
        raise BadValue(field + ".parameters.interfaceid", None, "type midonet needs it")


def _check_vlan(vlan: Options, field: str) -> None:
    tags = vlan.get("tags")
    if not tags:
        raise BadValue(field + ".tags", tags, "a VLAN has at least one tag")
    native = [index for index, tag in enumerate(tags) if tag.get("native_mode")]
    if len(native) > 1:
        where = "{0}.tags[{1}].native_mode".format(field, native[1])
        raise BadValue(where, tags[native[1]]["native_mode"], "a trunk has one native VLAN only")
    if vlan.get("trunk") is False and (len(tags) > 1 or native):
        raise BadValue(field + ".trunk", False, "several tags, or a native one, are a trunk")
