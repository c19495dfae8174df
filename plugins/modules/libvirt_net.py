#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_net
short_description: Declare virtual networks
version_added: 0.1.0
description:
  - Makes, changes, starts, stops and removes libvirt networks, any number of them over one connection.
  - Reservations, ranges and DNS hosts of a running network change in place; no guest is cut off. What needs a restart of
    the network is put into its definition and named in RV(networks.restart_required).
author: minicloud.kvm contributors (@minicloud)
options:
  <<: &one
    name:
      description: Name of the network. May be left out where O(xml) has it.
      type: str
    state:
      description: V(present) is defined, running or not; V(active) runs; V(inactive) is defined and does not run;
        V(absent) is neither.
      type: str
      choices:
        - present
        - active
        - inactive
        - absent
      default: active
    uuid:
      description: UUID. Left out, a new one is made and an existing one kept.
      type: str
    autostart:
      description: Whether libvirt starts the network when the host starts.
      type: bool
    xml:
      description: libvirt's XML, a whole document or one element of it, for what has no option of its own. It is
        merged into what is there; options win over it.
      type: str
    forward:
      description: How the network reaches the outside. Left out of a new network, it is isolated.
      type: dict
      suboptions:
        mode:
          description: V(nat) and V(route) reach the outside through the host, V(open) adds no firewall rules, V(bridge)
            uses a bridge of the host that is there already, V(isolated) reaches only the host.
          type: str
          choices:
            - nat
            - route
            - open
            - bridge
            - isolated
          required: true
        dev:
          description: The only network device of the host to forward to.
          type: str
    bridge:
      description: The bridge that guests are attached to.
      type: dict
      suboptions:
        name:
          description: Name of the host's bridge; libvirt takes virbrN by itself.
          type: str
        stp:
          description: Spanning tree protocol.
          type: bool
        delay:
          description: Forward delay in seconds.
          type: int
    mtu:
      description: MTU in bytes.
      type: int
    domain:
      description: DNS domain.
      type: dict
      suboptions:
        name:
          description: DNS domain of the DHCP server's clients.
          type: str
          required: true
        local_only:
          description: Never ask the host's resolver for it.
          type: bool
    dns:
      description: The network's DNS server.
      type: dict
      suboptions:
        enable:
          description: Whether there is a DNS server.
          type: bool
        forwarders:
          description: DNS servers that are asked instead of the host's.
          type: list
          elements: dict
          suboptions:
            addr:
              description: DNS server to ask.
              type: str
            domain:
              description: Only for names below this domain.
              type: str
        hosts:
          description: Names that the DNS server knows.
          type: list
          elements: dict
          suboptions:
            ip:
              description: Address.
              type: str
              required: true
            hostnames:
              description: Its names.
              type: list
              elements: str
              required: true
    ips:
      description: The host's addresses in the network, with the DHCP server of each.
      type: list
      elements: dict
      suboptions:
        address:
          description: The host's address in this network.
          type: str
          required: true
        family:
          description: Follows from the address.
          type: str
          choices:
            - ipv4
            - ipv6
        prefix:
          description: Prefix length, such as 24.
          type: int
          required: true
        dhcp:
          description: The DHCP server of this address.
          type: dict
          suboptions:
            ranges:
              description: Addresses to lease.
              type: list
              elements: dict
              suboptions:
                start:
                  description: First address.
                  type: str
                  required: true
                end:
                  description: Last address.
                  type: str
                  required: true
            hosts:
              description: 'Reservations: the address that a MAC address gets.'
              type: list
              elements: dict
              suboptions:
                mac:
                  description: MAC address that the reservation is for (IPv4).
                  type: str
                name:
                  description: Name that the host gets.
                  type: str
                ip:
                  description: Address that the host gets.
                  type: str
                  required: true
  networks:
    description: The networks, each with the options that one has at the top level.
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
- name: A network behind NAT, with a reservation
  minicloud.kvm.libvirt_net:
    name: lab
    forward: {mode: nat}
    bridge: {name: virbr-lab}
    ips:
      - address: 192.168.77.1
        prefix: 24
        dhcp:
          ranges: [{start: 192.168.77.100, end: 192.168.77.200}]
          hosts: [{mac: '52:54:00:77:00:0b', name: web1, ip: 192.168.77.11}]
    autostart: true

- name: Two networks in one go
  minicloud.kvm.libvirt_net:
    networks:
      - name: lan
        forward: {mode: bridge}
        bridge: {name: br0}
      - name: backend
        forward: {mode: isolated}
        ips: [{address: 10.20.0.1, prefix: 24}]

- name: The network goes
  minicloud.kvm.libvirt_net:
    name: lab
    state: absent
"""

RETURN = r"""
networks:
  description: What was declared, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name., type: str, returned: always, sample: lab}
    uuid: {description: UUID; none in check mode where there is none yet., type: str, returned: always, sample: 5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69}
    state: {description: Its state after the task., type: str, returned: always, sample: active}
    changes:
      description: What changed, or would in check mode.
      type: list
      elements: dict
      returned: always
      sample: [{field: mtu, before: null, after: 9000}]
    restart_required: {description: Fields that are changed in the definition and wait for a restart., type: list, elements: str, returned: always, sample: []}
network:
  description: The same of the only object, where the task declares one at the top level.
  returned: success, where RV(networks) was not used as an option
  type: dict
  sample: {name: lab, state: active, changes: [], restart_required: []}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run
from ansible_collections.minicloud.kvm.plugins.module_utils._network import Network


def main() -> None:
    run(Network)


if __name__ == "__main__":
    main()
