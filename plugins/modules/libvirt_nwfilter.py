#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_nwfilter
short_description: Declare network filters of libvirt
version_added: 0.1.0
description:
  - Defines the filters that the packets of guests' interfaces have to pass; any number over one connection.
  - A filter that is in use changes at once, for running guests too.
author: minicloud.kvm contributors (@minicloud)
options:
  <<: &one
    name:
      description: Name of the filter. May be left out where O(xml) has it.
      type: str
    state:
      description: V(present) is defined; V(absent) is not. One that a running guest's interface has is not taken
        away.
      type: str
      choices:
        - present
        - absent
      default: present
    uuid:
      description: UUID. Left out, a new one is made and an existing one kept.
      type: str
    chain:
      description: 'The chain that the rules are in: V(root), or one that begins with V(mac), V(stp), V(vlan), V(arp),
        V(rarp), V(ipv4) or V(ipv6) and sees only such packets.'
      type: str
    priority:
      description: Chains with a lower number come first; a new filter has libvirt's default for its O(chain).
      type: int
    filterrefs:
      description: Other filters that this one takes in, in this order. Those of a new filter stand before its rules.
      type: list
      elements: dict
      suboptions:
        filter:
          description: Name of the other filter.
          type: str
          required: true
        parameters:
          description: Variables of the other filter; a name may come several times.
          type: list
          elements: dict
          suboptions:
            name:
              description: Name, such as V(IP).
              type: str
              required: true
            value:
              description: Value.
              type: str
              required: true
    rules:
      description: The rules, in this order. A rule is what it says here and nothing else. Where a value is wanted,
        a variable such as V($IP) may stand.
      type: list
      elements: dict
      suboptions:
        action:
          description: What to do with a packet that matches.
          type: str
          choices:
            - drop
            - reject
            - accept
            - return
            - continue
          required: true
        direction:
          description: Of packets to the guest, from it, or both.
          type: str
          choices:
            - in
            - out
            - inout
          required: true
        priority:
          description: Rules with a lower number come first; V(500) where it is left out.
          type: int
        statematch:
          description: Whether connections are tracked; true where it is left out.
          type: bool
        protocol:
          description: Packets of which protocol match. Left out, all do.
          type: str
          choices:
            - mac
            - vlan
            - stp
            - arp
            - rarp
            - ip
            - ipv6
            - tcp
            - udp
            - sctp
            - udplite
            - esp
            - ah
            - igmp
            - icmp
            - all
            - tcp-ipv6
            - udp-ipv6
            - sctp-ipv6
            - udplite-ipv6
            - esp-ipv6
            - ah-ipv6
            - icmpv6
            - all-ipv6
        negated:
          description: 'Those of the other options that must not match. What belongs to one, such as a mask, follows
            it. With most protocols C(dstportstart) follows C(srcportstart), and C(code) follows C(type): that is
            how libvirt is.'
          type: list
          elements: str
        srcmacaddr:
          description: Sender's MAC address.
          type: str
        srcmacmask:
          description: Bits of C(srcmacaddr) that count.
          type: str
        dstmacaddr:
          description: Receiver's MAC address.
          type: str
        dstmacmask:
          description: Bits of C(dstmacaddr) that count.
          type: str
        protocolid:
          description: 'V(mac): protocol inside, by name or number.'
          type: str
        vlanid:
          description: 'V(vlan): number of the VLAN.'
          type: str
        encap_protocol:
          description: 'V(vlan): protocol inside, by name or number.'
          type: str
        hwtype:
          description: 'V(arp), V(rarp): hardware type.'
          type: str
        protocoltype:
          description: 'V(arp), V(rarp): protocol type.'
          type: str
        opcode:
          description: 'V(arp), V(rarp): operation, by name or number.'
          type: str
        arpsrcmacaddr:
          description: 'V(arp), V(rarp): sender''s MAC address in the message.'
          type: str
        arpdstmacaddr:
          description: 'V(arp), V(rarp): target''s MAC address in the message.'
          type: str
        arpsrcipaddr:
          description: 'V(arp), V(rarp): sender''s IP address in the message.'
          type: str
        arpsrcipmask:
          description: Prefix length of C(arpsrcipaddr).
          type: str
        arpdstipaddr:
          description: 'V(arp), V(rarp): target''s IP address in the message.'
          type: str
        arpdstipmask:
          description: Prefix length of C(arpdstipaddr).
          type: str
        gratuitous:
          description: 'V(arp), V(rarp): whether it is a gratuitous message.'
          type: bool
        srcipaddr:
          description: Sender's IP address.
          type: str
        srcipmask:
          description: Prefix length of C(srcipaddr).
          type: str
        dstipaddr:
          description: Receiver's IP address.
          type: str
        dstipmask:
          description: Prefix length of C(dstipaddr).
          type: str
        srcipfrom:
          description: First of the sender's addresses.
          type: str
        srcipto:
          description: Last of the sender's addresses.
          type: str
        dstipfrom:
          description: First of the receiver's addresses.
          type: str
        dstipto:
          description: Last of the receiver's addresses. libvirt takes no IPv6 address here.
          type: str
        ip_protocol:
          description: 'V(ip), V(ipv6): protocol inside, by name or number.'
          type: str
        srcportstart:
          description: Sender's port, or the first of them.
          type: str
        srcportend:
          description: Last of the sender's ports.
          type: str
        dstportstart:
          description: Receiver's port, or the first of them.
          type: str
        dstportend:
          description: Last of the receiver's ports.
          type: str
        dscp:
          description: Differentiated services code point.
          type: str
        connlimit_above:
          description: More connections than this at once.
          type: str
        state:
          description: 'States of the connection: V(NEW), V(ESTABLISHED), V(RELATED), V(INVALID); V(NONE) looks at
            none.'
          type: list
          elements: str
        ipset:
          description: 'V(all), V(all-ipv6): an IP set of the host, with C(ipsetflags). libvirt loses it with other
            protocols.'
          type: str
        ipsetflags:
          description: V(src) or V(dst) for each part of the set's entries.
          type: list
          elements: str
        flags:
          description: 'V(tcp): flags, such as V(SYN,ACK/SYN): those looked at, those set. V(stp): a number.'
          type: str
        option:
          description: 'V(tcp), V(tcp-ipv6): a TCP option that is set.'
          type: str
        type:
          description: ICMP's type, or STP's.
          type: str
        typeend:
          description: 'V(ipv6): last of the types.'
          type: str
        code:
          description: ICMP's code.
          type: str
        codeend:
          description: 'V(ipv6): last of the codes.'
          type: str
        root_priority:
          description: 'V(stp): priority of the root bridge.'
          type: str
        root_priority_hi:
          description: Last of a range.
          type: str
        root_address:
          description: 'V(stp): MAC address of the root bridge.'
          type: str
        root_address_mask:
          description: Bits of C(root_address) that count.
          type: str
        root_cost:
          description: 'V(stp): cost of the path to the root bridge.'
          type: str
        root_cost_hi:
          description: Last of a range.
          type: str
        sender_priority:
          description: 'V(stp): priority of the sender.'
          type: str
        sender_priority_hi:
          description: Last of a range.
          type: str
        sender_address:
          description: 'V(stp): MAC address of the sender.'
          type: str
        sender_address_mask:
          description: Bits of C(sender_address) that count.
          type: str
        port:
          description: 'V(stp): port.'
          type: str
        port_hi:
          description: Last of a range.
          type: str
        age:
          description: 'V(stp): age of the message, in 1/256 seconds.'
          type: str
        age_hi:
          description: Last of a range.
          type: str
        max_age:
          description: 'V(stp): longest age of a message, in 1/256 seconds.'
          type: str
        max_age_hi:
          description: Last of a range.
          type: str
        hello_time:
          description: 'V(stp): time between two messages, in 1/256 seconds.'
          type: str
        hello_time_hi:
          description: Last of a range.
          type: str
        forward_delay:
          description: 'V(stp): forward delay, in 1/256 seconds.'
          type: str
        forward_delay_hi:
          description: Last of a range.
          type: str
        comment:
          description: Text about the rule.
          type: str
    xml:
      description: libvirt's XML, a whole document or one element of it, for what has no option of its own. It is
        merged into what is there; options win over it.
      type: str
  nwfilters:
    description: The nwfilters, each with the options that one has at the top level. What stands beside it counts
      for all that don't have their own; what may destroy something is refused there.
    type: list
    elements: dict
    suboptions: *one
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
  idempotent: {support: full}
  platform: {platforms: posix}
extends_documentation_fragment:
  - minicloud.kvm.attributes
  - minicloud.kvm.connection
"""

EXAMPLES = r"""
- name: Web servers are what they say they are, and are reached by ssh and https only
  minicloud.kvm.libvirt_nwfilter:
    name: web
    filterrefs:
      - filter: clean-traffic
    rules:
      - {action: accept, direction: in, protocol: tcp, dstportstart: 22, srcipaddr: 192.0.2.0, srcipmask: 24}
      - {action: accept, direction: in, protocol: tcp, dstportstart: 443}
      - {action: accept, direction: out, protocol: all}
      - {action: drop, direction: inout, priority: 1000, protocol: all}

- name: No packet leaves with another MAC address
  minicloud.kvm.libvirt_nwfilter:
    name: own-mac
    chain: mac
    rules:
      - {action: drop, direction: out, protocol: mac, srcmacaddr: $MAC, negated: [srcmacaddr]}

- name: A filter is no longer needed
  minicloud.kvm.libvirt_nwfilter:
    name: web
    state: absent
"""

RETURN = r"""
nwfilters:
  description: What was declared, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name., type: str, returned: always, sample: web}
    uuid: {description: UUID; none in check mode where there is none yet., type: str, returned: always, sample: 5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69}
    state: {description: Its state after the task., type: str, returned: always, sample: present}
    changes:
      description: What changed, or would in check mode.
      type: list
      elements: dict
      returned: always
      sample: [{field: priority, before: 0, after: -100}]
    restart_required: {description: Always empty., type: list, elements: str, returned: always, sample: []}
nwfilter:
  description: The same of the only object, where the task declares one at the top level.
  returned: success, where no list was given
  type: dict
  sample: {name: web, state: present, changes: [], restart_required: []}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run
from ansible_collections.minicloud.kvm.plugins.module_utils._nwfilter import NwFilter


def main() -> None:
    run(NwFilter)


if __name__ == "__main__":
    main()
