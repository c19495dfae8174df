# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of a network filter (https://libvirt.org/formatnwfilter.html#supported-protocols).

libvirt silently drops a condition that its protocol does not have, which makes a rule match more than was meant. So a
rule is whole here: what it does not say is not in it, and what libvirt would drop is refused.
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._nwfilter_codecs import (
    Count,
    Flags,
    IpAddress,
    IpMask,
    MacAddress,
    MacMask,
    Match,
    Priority,
    TrueFalse,
    Words,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options, Row, read

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_ETHER = {0x806: "arp", 0x8035: "rarp", 0x800: "ipv4", 0x86DD: "ipv6", 0x8100: "vlan"}
_IP = {6: "tcp", 17: "udp", 136: "udplite", 50: "esp", 51: "ah", 1: "icmp", 2: "igmp", 132: "sctp", 58: "icmpv6"}
_ARP = {
    1: "Request",
    2: "Reply",
    3: "Request_Reverse",
    4: "Reply_Reverse",
    5: "DRARP_Request",
    6: "DRARP_Reply",
    7: "DRARP_Error",
    8: "InARP_Request",
    9: "ARP_NAK",
}
_U8, _U16, _U32 = Count(255), Count(65535), Count(4294967295)


def _row(option: str, codec: _codecs.Text, text: str, place: str = "") -> Row:
    return Row(option, "@" + (place or option.replace("_", "-")), codec, help=text)


# What of a packet is looked at. From libvirt's own tables (src/conf/nwfilter_conf.c): its schema differs from them.
CONDITIONS = (
    _row("srcmacaddr", MacAddress(), "Sender's MAC address."),
    _row("srcmacmask", MacMask(), "Bits of C(srcmacaddr) that count."),
    _row("dstmacaddr", MacAddress(), "Receiver's MAC address."),
    _row("dstmacmask", MacMask(), "Bits of C(dstmacaddr) that count."),
    _row("protocolid", Count(65535, 0x600, _ETHER), "V(mac): protocol inside, by name or number."),
    _row("vlanid", Count(4095), "V(vlan): number of the VLAN."),
    _row("encap_protocol", Count(65535, 0x3C, _ETHER), "V(vlan): protocol inside, by name or number."),
    _row("hwtype", _U16, "V(arp), V(rarp): hardware type."),
    _row("protocoltype", _U16, "V(arp), V(rarp): protocol type."),
    _row("opcode", Count(65535, 0, _ARP), "V(arp), V(rarp): operation, by name or number."),
    _row("arpsrcmacaddr", MacAddress(), "V(arp), V(rarp): sender's MAC address in the message."),
    _row("arpdstmacaddr", MacAddress(), "V(arp), V(rarp): target's MAC address in the message."),
    _row("arpsrcipaddr", IpAddress(), "V(arp), V(rarp): sender's IP address in the message."),
    _row("arpsrcipmask", IpMask(), "Prefix length of C(arpsrcipaddr)."),
    _row("arpdstipaddr", IpAddress(), "V(arp), V(rarp): target's IP address in the message."),
    _row("arpdstipmask", IpMask(), "Prefix length of C(arpdstipaddr)."),
    _row("gratuitous", TrueFalse(known=True), "V(arp), V(rarp): whether it is a gratuitous message."),
    _row("srcipaddr", IpAddress(), "Sender's IP address."),
    _row("srcipmask", IpMask(), "Prefix length of C(srcipaddr)."),
    _row("dstipaddr", IpAddress(), "Receiver's IP address."),
    _row("dstipmask", IpMask(), "Prefix length of C(dstipaddr)."),
    _row("srcipfrom", IpAddress(), "First of the sender's addresses."),
    _row("srcipto", IpAddress(), "Last of the sender's addresses."),
    _row("dstipfrom", IpAddress(), "First of the receiver's addresses."),
    _row("dstipto", IpAddress(), "Last of the receiver's addresses. libvirt takes no IPv6 address here."),
    _row("ip_protocol", Count(255, 0, _IP), "V(ip), V(ipv6): protocol inside, by name or number.", "protocol"),
    _row("srcportstart", _U16, "Sender's port, or the first of them."),
    _row("srcportend", _U16, "Last of the sender's ports."),
    _row("dstportstart", _U16, "Receiver's port, or the first of them."),
    _row("dstportend", _U16, "Last of the receiver's ports."),
    _row("dscp", Count(63), "Differentiated services code point."),
    _row("connlimit_above", _U16, "More connections than this at once."),
    _row(
        "state",
        Words("NEW", "ESTABLISHED", "RELATED", "INVALID", "NONE"),
        "States of the connection: V(NEW), V(ESTABLISHED), V(RELATED), V(INVALID); V(NONE) looks at none.",
    ),
    _row(
        "ipset",
        Match(r"[A-Za-z0-9_.:+$\[\]@ -]{1,31}", "the name of a set, at most 31 characters"),
        "V(all), V(all-ipv6): an IP set of the host, with C(ipsetflags). libvirt loses it with other protocols.",
    ),
    _row("ipsetflags", Words("src", "dst", ordered=True), "V(src) or V(dst) for each part of the set's entries."),
    _row("flags", Flags(), "V(tcp): flags, such as V(SYN,ACK/SYN): those looked at, those set. V(stp): a number."),
    _row("option", _U8, "V(tcp), V(tcp-ipv6): a TCP option that is set."),
    _row("type", _U8, "ICMP's type, or STP's."),
    _row("typeend", _U8, "V(ipv6): last of the types."),
    _row("code", _U8, "ICMP's code."),
    _row("codeend", _U8, "V(ipv6): last of the codes."),
    _row("root_priority", _U16, "V(stp): priority of the root bridge."),
    _row("root_priority_hi", _U16, "Last of a range."),
    _row("root_address", MacAddress(), "V(stp): MAC address of the root bridge."),
    _row("root_address_mask", MacMask(), "Bits of C(root_address) that count."),
    _row("root_cost", _U32, "V(stp): cost of the path to the root bridge."),
    _row("root_cost_hi", _U32, "Last of a range."),
    _row("sender_priority", _U16, "V(stp): priority of the sender."),
    _row("sender_priority_hi", _U16, "Last of a range."),
    _row("sender_address", MacAddress(), "V(stp): MAC address of the sender."),
    _row("sender_address_mask", MacMask(), "Bits of C(sender_address) that count."),
    _row("port", _U16, "V(stp): port."),
    _row("port_hi", _U16, "Last of a range."),
    _row("age", _U16, "V(stp): age of the message, in 1/256 seconds."),
    _row("age_hi", _U16, "Last of a range."),
    _row("max_age", _U16, "V(stp): longest age of a message, in 1/256 seconds."),
    _row("max_age_hi", _U16, "Last of a range."),
    _row("hello_time", _U16, "V(stp): time between two messages, in 1/256 seconds."),
    _row("hello_time_hi", _U16, "Last of a range."),
    _row("forward_delay", _U16, "V(stp): forward delay, in 1/256 seconds."),
    _row("forward_delay_hi", _U16, "Last of a range."),
    _row(
        "comment", _codecs.Text(r"[^\n]{1,256}", "one line of at most 256 characters is wanted"), "Text about the rule."
    ),
)

_MACS = ("srcmacaddr", "srcmacmask", "dstmacaddr", "dstmacmask")
_IPS = ("srcipaddr", "srcipmask", "dstipaddr", "dstipmask")
_PORTS = ("srcportstart", "srcportend", "dstportstart", "dstportend")
_L3 = (
    *("srcmacaddr", *_IPS, "srcipfrom", "srcipto", "dstipfrom", "dstipto", "dscp", "connlimit_above", "state"),
    "comment",
)
_ARPS = tuple(
    row.option for row in CONDITIONS if row.option.startswith("arp") or row.option in ("hwtype", "protocoltype")
)
_STP = tuple(
    row.option
    for row in CONDITIONS
    if row.option.startswith(("root_", "sender_", "port", "age", "max_", "hello_", "forward_"))
)
_INSIDE: dict[str, tuple[str, ...]] = {"tcp": (*_PORTS, "option", "flags"), "udp": _PORTS, "sctp": _PORTS}
PROTOCOLS: dict[str, tuple[str, ...]] = {
    "mac": (*_MACS, "protocolid", "comment"),
    "vlan": (*_MACS, "vlanid", "encap_protocol", "comment"),
    "stp": ("srcmacaddr", "srcmacmask", "type", "flags", *_STP, "comment"),
    "arp": (*_MACS, *_ARPS, "opcode", "gratuitous", "comment"),
    "rarp": (*_MACS, *_ARPS, "opcode", "gratuitous", "comment"),
    "ip": (*_MACS, *_IPS, "ip_protocol", *_PORTS, "dscp", "comment"),
    "ipv6": (*_MACS, *_IPS, "ip_protocol", *_PORTS, "type", "typeend", "code", "codeend", "comment"),
    **{each: (*_L3, *_INSIDE.get(each, ())) for each in ("tcp", "udp", "sctp", "udplite", "esp", "ah", "igmp")},
    "icmp": (*_L3, "type", "code"),
    "all": (*_L3, "ipset", "ipsetflags"),
    "tcp-ipv6": (*_L3, *_PORTS, "option"),
    "udp-ipv6": (*_L3, *_PORTS),
    "sctp-ipv6": (*_L3, *_PORTS),
    **dict.fromkeys(("udplite-ipv6", "esp-ipv6", "ah-ipv6"), _L3),
    "icmpv6": (*_L3, "type", "code"),
    "all-ipv6": (*_L3, "ipset", "ipsetflags"),
}
# What says nothing without another condition.
BELONGS = {
    **{
        row.option: row.option.replace("mask", "addr")
        for row in CONDITIONS
        if row.option.endswith(("ipmask", "acmask"))
    },
    **{row.option: row.option[:-5] for row in CONDITIONS if row.option.endswith("_mask")},
    **{row.option: row.option[:-3] for row in CONDITIONS if row.option.endswith("_hi")},
    "srcipto": "srcipfrom",
    "dstipto": "dstipfrom",
    "srcportend": "srcportstart",
    "dstportend": "dstportstart",
    "typeend": "type",
    "codeend": "code",
    "ipset": "ipsetflags",
    "ipsetflags": "ipset",
}

RULE = (
    Row(
        "action",
        "@action",
        choices=("drop", "reject", "accept", "return", "continue"),
        required=True,
        help="What to do with a packet that matches.",
    ),
    Row(
        "direction",
        "@direction",
        choices=("in", "out", "inout"),
        required=True,
        help="Of packets to the guest, from it, or both.",
    ),
    Row(
        "priority",
        "@priority",
        Priority(),
        help="Rules with a lower number come first; V(500) where it is left out.",
    ),
    Row(
        "statematch",
        "@statematch",
        TrueFalse(known=False),
        help="Whether connections are tracked; true where it is left out.",
    ),
    Row("protocol", None, choices=tuple(PROTOCOLS), help="Packets of which protocol match. Left out, all do."),
    Row(
        "negated",
        None,
        _codecs.Texts(ordered=False),
        help="Those of the other options that must not match. What belongs to one, such as a mask, follows it. With "
        "most protocols C(dstportstart) follows C(srcportstart), and C(code) follows C(type): that is how libvirt is.",
    ),
    *CONDITIONS,
)
_DEFAULTS: Options = {"priority": 500, "statematch": True}


def whole(field: str, rule: Options) -> Options:
    """A declared rule with what it means without being said; BadValue for what libvirt would drop or turn around."""
    rule = {**_DEFAULTS, **rule}
    protocol = rule.get("protocol")
    allowed = PROTOCOLS.get(str(protocol), ())
    given = [row.option for row in CONDITIONS if row.option in rule]
    for option in given:
        name, value = field + option, rule[option]
        if not protocol:
            raise BadValue(name, value, "it wants a protocol")
        if option not in allowed:
            raise BadValue(name, value, "protocol {0} has only {1}".format(protocol, ", ".join(allowed)))
        if option in BELONGS and BELONGS[option] not in rule:
            raise BadValue(name, value, "it belongs to {0}, which is not given".format(BELONGS[option]))
        _check_family(name, option, str(value), str(protocol))
    if "flags" in rule and ("/" in rule["flags"]) != (protocol == "tcp"):
        raise BadValue(field + "flags", rule["flags"], "tcp wants mask/flags, stp a number")
    if protocol in ("ip", "ipv6") and rule.get("ip_protocol") not in ("tcp", "udp", "33", "sctp"):
        for option in _PORTS:
            if option in rule:
                raise BadValue(
                    field + option, rule[option], "ip_protocol tcp, udp, 33 (dccp) or sctp is wanted with it"
                )
    _check_negated(field, rule, given)
    return rule


def _check_family(name: str, option: str, value: str, protocol: str) -> None:
    """An address is of the protocol's family; libvirt itself takes no IPv6 address as dstipto."""
    six = protocol.endswith("v6")
    if value.startswith("$"):
        return
    if option.endswith(("ipaddr", "ipfrom", "ipto")) and (":" in value) != six:
        raise BadValue(name, value, "protocol {0} wants an IPv{1} address".format(protocol, 6 if six else 4))
    if option == "dstipto" and six:
        raise BadValue(name, value, "libvirt takes no IPv6 address here: use dstipaddr and dstipmask")
    if option.endswith("ipmask") and not six and int(value) > 32:
        raise BadValue(name, value, "at most 32 is allowed")


def _led(rule: Options) -> dict[str, str]:
    """Whose sign a condition has with libvirt, whatever was said of it."""
    leaders = {}
    if rule.get("protocol") in ("tcp", "udp", "sctp", "tcp-ipv6", "udp-ipv6", "sctp-ipv6"):
        leaders["dstportstart"] = "srcportstart"
    if rule.get("protocol") in ("icmp", "icmpv6", "ipv6"):
        leaders["code"] = "type"
    return leaders


def _check_negated(field: str, rule: Options, given: list[str]) -> None:
    field += "negated"
    negated = rule.pop("negated", [])
    for option in negated:
        if option not in given or option in BELONGS or option == "comment":
            free = [each for each in given if each not in BELONGS and each != "comment"]
            raise BadValue(field, option, "of this rule, {0} can be negated".format(", ".join(free) or "nothing"))
    for option, leader in _led(rule).items():
        if option in given and (option in negated) != (leader in negated):
            text = "libvirt negates {0} with {1} only: name both or none".format(option, leader)
            raise BadValue(field, negated, text)
    if negated:
        rule["negated"] = sorted(set(negated))


def says(element: Element) -> Options:
    """What a rule's element says to libvirt, as whole() has it."""
    rule = {**_DEFAULTS, **{key: value for key, value in read(RULE[:4], element).items() if value is not None}}
    negated = set()
    for child in _conditions(element):
        rule["protocol"] = str(child.tag)
        found = {option: value for option, value in read(_rows(str(child.tag)), child).items() if value is not None}
        rule.update(found)
        if child.get("match") == "no":
            negated |= {option for option in found if option not in BELONGS and option != "comment"}
    for option, leader in _led(rule).items():
        negated -= {option}
        negated |= {option} if leader in negated and option in rule else set()
    if negated:
        rule["negated"] = sorted(negated)
    return rule


def ignored(element: Element) -> list[str]:
    """What a user's element says that libvirt would not."""
    rule = says(element)
    places = {str(row.place)[1:]: row.option for row in _rows(str(rule.get("protocol")))}
    words = []
    for child in element:
        if child.tag != rule.get("protocol"):
            words.append("<{0}>".format(child.tag))
            continue
        for attribute in map(str, child.attrib):
            option = places.get(attribute, "")
            lost = _led(rule).get(option, option) not in rule.get("negated", ()) and child.get("match") == "no"
            if attribute != "match" and (not option or (lost and option in _led(rule))):
                words.append("{0} of <{1}>{2}".format(attribute, child.tag, " with match='no'" if option else ""))
    return words


def _rows(protocol: str) -> list[Row]:
    return [row for row in CONDITIONS if row.option in PROTOCOLS.get(protocol, ())]


def _conditions(element: Element) -> list[Element]:
    """The elements of a rule that libvirt looks at: those of the first protocol."""
    known = [child for child in element if child.tag in PROTOCOLS]
    return [child for child in known if child.tag == known[0].tag]


def make(rule: Options) -> Element:
    """A new element that says what a whole rule says."""
    element = _xml.new("rule")
    for row in RULE[:4]:
        if rule[row.option] != _DEFAULTS.get(row.option) or row.option == "priority":
            row.codec.write(element, str(row.place), rule[row.option])
    if "protocol" not in rule:
        return element
    signs: dict[bool, list[Row]] = {False: [], True: []}
    for row in CONDITIONS:
        if row.option in rule:
            signs[BELONGS.get(row.option, row.option) in rule.get("negated", ())].append(row)
    for negated, rows in signs.items():
        if rows or (not negated and not signs[True]):
            child = _xml.new(rule["protocol"])
            if negated:
                child.set("match", "no")
            for row in rows:
                row.codec.write(child, str(row.place), rule[row.option])
            element.append(child)
    return element
