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
  - DHCP reservations and ranges, DNS records, portgroups and devices of a running network change in place; no guest is
    cut off. What needs a restart of the network is put into its definition and named in RV(networks.restart_required),
    or the network is restarted where O(restart) allows it.
  - Running guests keep their network; their interfaces are plugged back after a restart, and where somebody stopped the
    network, deleted its bridge or took them off it by hand. A network with running guests is stopped only with O(force).
  - A combination that libvirt refuses, or would drop without a word, is refused before anything is changed.
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
    restart:
      description: Whether an active network is stopped and started again when a change needs it. The interfaces of
        running guests are plugged back.
      type: str
      choices:
        - never
        - if_required
      default: never
    force:
      description: 'With V(inactive) and V(absent), stop the network though running guests are in it: they lose it.'
      type: bool
      default: false
    title:
      description: A short text about it. Needs libvirt 9.7.0.
      type: str
    description:
      description: A text about it. Needs libvirt 9.7.0.
      type: str
    ipv6:
      description: Whether guests reach each other by IPv6 where the host has no IPv6 address in the network.
      type: bool
    trust_guest_rx_filters:
      description: Whether the host follows the guests' receive filters.
      type: bool
    forward:
      description: How the network reaches the outside. Left out of a new network, it is isolated.
      type: dict
      suboptions:
        mode:
          description: V(nat) and V(route) reach the outside through the host, V(open) adds no firewall rules, V(bridge)
            uses a bridge of the host that is there already, or macvtap on a device of it, V(private), V(vepa) and
            V(passthrough) are the other modes of macvtap, V(hostdev) gives guests SR-IOV devices, V(isolated) reaches
            only the host.
          type: str
          choices:
            - nat
            - route
            - open
            - bridge
            - private
            - vepa
            - passthrough
            - hostdev
            - isolated
          required: true
        dev:
          description: The only network device of the host to forward to; with the modes of macvtap, the first of
            O(forward.interfaces). An empty text takes it away.
          type: str
        interfaces:
          description: Network devices of the host that guests are spread over, with the modes of macvtap.
          type: list
          elements: str
        pf:
          description: SR-IOV network device of the host whose virtual functions guests get.
          type: str
        addresses:
          description: PCI addresses of the SR-IOV virtual functions that guests get, such as V(0000:03:10.1); with
            V(hostdev).
          type: list
          elements: str
        managed:
          description: Whether libvirt takes a device from its driver on the host, and gives it back; with V(hostdev).
          type: bool
        driver:
          description: Driver of devices that are given to guests; with V(hostdev).
          type: dict
          suboptions:
            name:
              description: How a device is assigned.
              type: str
              choices:
                - vfio
            model:
              description: VFIO driver of the host to use. Needs libvirt 10.0.0.
              type: str
        nat:
          description: Address translation; with V(nat).
          type: dict
          suboptions:
            ipv6:
              description: Whether IPv6 is translated too.
              type: bool
            address:
              description: Addresses of the host that connections come from; of itself the one of the outgoing device.
              type: dict
              suboptions:
                start:
                  description: First address.
                  type: str
                  required: true
                end:
                  description: Last address.
                  type: str
                  required: true
            port:
              description: Ports of the host that connections come from.
              type: dict
              suboptions:
                start:
                  description: First port.
                  type: int
                  required: true
                end:
                  description: Last port.
                  type: int
                  required: true
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
        zone:
          description: firewalld's zone of the bridge; of itself C(libvirt).
          type: str
        mac_table_manager:
          description: Who learns which MAC address is behind which port. With V(libvirt) nothing is flooded.
          type: str
          choices:
            - kernel
            - libvirt
    mac:
      description: MAC address of the bridge; libvirt makes one, and it is kept.
      type: str
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
        register:
          description: Tell systemd-resolved of the host to ask this network for it; needs O(domain.local_only). Needs
            libvirt 10.1.0.
          type: bool
    dns:
      description: The network's DNS server.
      type: dict
      suboptions:
        enable:
          description: Whether there is a DNS server.
          type: bool
        forward_plain_names:
          description: Whether the host's resolver is asked for names without a dot, which it knows nothing of.
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
        txts:
          description: TXT records.
          type: list
          elements: dict
          suboptions:
            name:
              description: Name.
              type: str
              required: true
            value:
              description: Text.
              type: str
              required: true
        srvs:
          description: SRV records.
          type: list
          elements: dict
          suboptions:
            service:
              description: Service, such as C(ldap).
              type: str
              required: true
            protocol:
              description: Its protocol.
              type: str
              choices:
                - tcp
                - udp
              required: true
            domain:
              description: Domain that has it; of itself the network's.
              type: str
            target:
              description: Name of the host that serves it.
              type: str
            port:
              description: Port that it is served on.
              type: int
            priority:
              description: Hosts of the lowest come first.
              type: int
            weight:
              description: Share among hosts of one priority.
              type: int
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
    vlan:
      description: VLAN that the guests are in. Needs an Open vSwitch bridge or SR-IOV devices; with libvirt 11.0.0
        and later a bridge of the host does too.
      type: dict
      suboptions:
        trunk:
          description: Whether guests see the tags; always so with several.
          type: bool
        tags:
          description: The VLANs.
          type: list
          elements: dict
          suboptions:
            id:
              description: The VLAN's number.
              type: int
              required: true
            native_mode:
              description: Makes it the native VLAN of a trunk, whose frames a guest sees tagged or not.
              type: str
              choices:
                - tagged
                - untagged
    virtualport:
      description: How guests are attached to a switch that is not the host's own.
      type: dict
      suboptions:
        type:
          description: 'What guests are attached to: an Open vSwitch bridge, a switch that speaks 802.1Qbg or 802.1Qbh,
            or MidoNet. A portgroup may leave it to the network.'
          type: str
          choices:
            - 802.1Qbg
            - 802.1Qbh
            - openvswitch
            - midonet
        parameters:
          description: What the switch has to know.
          type: dict
          suboptions:
            managerid:
              description: VSI manager, of 802.1Qbg.
              type: int
            typeid:
              description: VSI type, of 802.1Qbg.
              type: int
            typeidversion:
              description: Version of the VSI type, of 802.1Qbg.
              type: int
            instanceid:
              description: UUID of the VSI instance, of 802.1Qbg.
              type: str
            profileid:
              description: Port profile, of 802.1Qbh and Open vSwitch.
              type: str
            interfaceid:
              description: UUID of the port, of Open vSwitch and MidoNet.
              type: str
    bandwidth:
      description: Limits of the whole network's traffic; of a portgroup, of each guest in it.
      type: dict
      suboptions:
        inbound:
          description: Limits of what comes in from the guests' point of view.
          type: dict
          suboptions:
            average:
              description: Average rate in kilobytes a second.
              type: int
            peak:
              description: Highest rate in kilobytes a second.
              type: int
            burst:
              description: Kilobytes that may go at the highest rate in one go.
              type: int
        outbound:
          description: Limits of what goes out from the guests' point of view.
          type: dict
          suboptions:
            average:
              description: Average rate in kilobytes a second.
              type: int
            peak:
              description: Highest rate in kilobytes a second.
              type: int
            burst:
              description: Kilobytes that may go at the highest rate in one go.
              type: int
    port:
      description: What holds for every port.
      type: dict
      suboptions:
        isolated:
          description: Whether guests can't reach each other.
          type: bool
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
        local_ptr:
          description: Never ask another DNS server for names of its addresses.
          type: bool
        tftp:
          description: TFTP server for machines that boot from the network (IPv4).
          type: dict
          suboptions:
            root:
              description: Directory of the host that it serves.
              type: str
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
                lease:
                  description: How long an address is leased; dnsmasq has one hour by itself.
                  type: dict
                  suboptions:
                    expiry:
                      description: How long; V(0) is for ever, else two minutes or more.
                      type: int
                      required: true
                    unit:
                      description: Unit of it.
                      type: str
                      choices:
                        - seconds
                        - minutes
                        - hours
            hosts:
              description: 'Reservations: the address that a MAC address gets.'
              type: list
              elements: dict
              suboptions:
                mac:
                  description: MAC address that the reservation is for (IPv4).
                  type: str
                id:
                  description: DHCP unique identifier that the reservation is for (IPv6).
                  type: str
                name:
                  description: Name that the host gets, or that tells it where there is no O(ips.dhcp.hosts.mac).
                  type: str
                ip:
                  description: Address that the host gets.
                  type: str
                  required: true
                lease:
                  description: How long an address is leased; dnsmasq has one hour by itself.
                  type: dict
                  suboptions:
                    expiry:
                      description: How long; V(0) is for ever, else two minutes or more.
                      type: int
                      required: true
                    unit:
                      description: Unit of it.
                      type: str
                      choices:
                        - seconds
                        - minutes
                        - hours
            bootp:
              description: What machines boot from the network (IPv4).
              type: dict
              suboptions:
                file:
                  description: Boot file, as the server knows it.
                  type: str
                  required: true
                server:
                  description: Its address; of itself the host.
                  type: str
    routes:
      description: Networks that the host reaches through a guest in this one.
      type: list
      elements: dict
      suboptions:
        address:
          description: Network to reach.
          type: str
          required: true
        family:
          description: Follows from the address.
          type: str
          choices:
            - ipv4
            - ipv6
        prefix:
          description: Its prefix length.
          type: int
          required: true
        gateway:
          description: Address in this network that leads there.
          type: str
          required: true
        metric:
          description: The lower, the better; of itself 1.
          type: int
    portgroups:
      description: Sorts of ports; a guest's interface names the one that it has.
      type: list
      elements: dict
      suboptions:
        name:
          description: Name of the portgroup.
          type: str
          required: true
        default:
          description: Whether guests that name none are in this one.
          type: bool
        trust_guest_rx_filters:
          description: Whether the host follows the guests' receive filters; of itself as the network says.
          type: bool
        vlan:
          description: VLAN that the guests are in. Needs an Open vSwitch bridge or SR-IOV devices; with libvirt 11.0.0
            and later a bridge of the host does too.
          type: dict
          suboptions:
            trunk:
              description: Whether guests see the tags; always so with several.
              type: bool
            tags:
              description: The VLANs.
              type: list
              elements: dict
              suboptions:
                id:
                  description: The VLAN's number.
                  type: int
                  required: true
                native_mode:
                  description: Makes it the native VLAN of a trunk, whose frames a guest sees tagged or not.
                  type: str
                  choices:
                    - tagged
                    - untagged
        virtualport:
          description: How guests are attached to a switch that is not the host's own.
          type: dict
          suboptions:
            type:
              description: 'What guests are attached to: an Open vSwitch bridge, a switch that speaks 802.1Qbg or
                802.1Qbh, or MidoNet. A portgroup may leave it to the network.'
              type: str
              choices:
                - 802.1Qbg
                - 802.1Qbh
                - openvswitch
                - midonet
            parameters:
              description: What the switch has to know.
              type: dict
              suboptions:
                managerid:
                  description: VSI manager, of 802.1Qbg.
                  type: int
                typeid:
                  description: VSI type, of 802.1Qbg.
                  type: int
                typeidversion:
                  description: Version of the VSI type, of 802.1Qbg.
                  type: int
                instanceid:
                  description: UUID of the VSI instance, of 802.1Qbg.
                  type: str
                profileid:
                  description: Port profile, of 802.1Qbh and Open vSwitch.
                  type: str
                interfaceid:
                  description: UUID of the port, of Open vSwitch and MidoNet.
                  type: str
        bandwidth:
          description: Limits of the whole network's traffic; of a portgroup, of each guest in it.
          type: dict
          suboptions:
            inbound:
              description: Limits of what comes in from the guests' point of view.
              type: dict
              suboptions:
                average:
                  description: Average rate in kilobytes a second.
                  type: int
                peak:
                  description: Highest rate in kilobytes a second.
                  type: int
                burst:
                  description: Kilobytes that may go at the highest rate in one go.
                  type: int
            outbound:
              description: Limits of what goes out from the guests' point of view.
              type: dict
              suboptions:
                average:
                  description: Average rate in kilobytes a second.
                  type: int
                peak:
                  description: Highest rate in kilobytes a second.
                  type: int
                burst:
                  description: Kilobytes that may go at the highest rate in one go.
                  type: int
    dnsmasq_options:
      description: 'Lines for dnsmasq''s configuration, such as V(dhcp-option=option:ntp-server,192.0.2.1), as they
        are. libvirt does not check them: with a wrong one the network does not start.'
      type: list
      elements: str
  networks:
    description: The networks, each with the options that one has at the top level. What stands beside it counts
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

- name: Many ranges, names and a reservation for IPv6; restarted if it has to be, with its guests plugged back
  minicloud.kvm.libvirt_net:
    name: web
    forward:
      mode: nat
      nat: {port: {start: 20000, end: 40000}}
    domain: {name: web.example, local_only: true}
    ips:
      - address: 10.30.0.1
        prefix: 24
        dhcp:
          ranges:
            - {start: 10.30.0.50, end: 10.30.0.99}
            - {start: 10.30.0.200, end: 10.30.0.250, lease: {expiry: 12, unit: hours}}
      - address: 2001:db8:30::1
        prefix: 64
        dhcp:
          hosts: [{id: '00:03:00:01:52:54:00:30:00:01', name: web1, ip: '2001:db8:30::11'}]
    dns:
      forwarders: [{domain: example.org, addr: 192.0.2.53}]
      srvs: [{service: ldap, protocol: tcp, target: ds1.web.example, port: 389}]
      txts: [{name: web.example, value: the lab's web}]
    dnsmasq_options: ['dhcp-option=option:ntp-server,10.30.0.1']
    restart: if_required

- name: An Open vSwitch bridge of the host, with a VLAN for each portgroup
  minicloud.kvm.libvirt_net:
    name: ovs
    forward: {mode: bridge}
    bridge: {name: ovsbr0}
    virtualport: {type: openvswitch}
    portgroups:
      - {name: office, default: true, vlan: {tags: [{id: 10}]}}
      - {name: servers, vlan: {tags: [{id: 20}]}}
      - {name: routers, vlan: {trunk: true, tags: [{id: 10}, {id: 20}]}}

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
    plugged_back:
      description: Interfaces of running guests that were put on the network's bridge again, each as name and MAC address.
      type: list
      elements: str
      returned: always
      sample: [web1 52:54:00:77:00:0b]
network:
  description: The same of the only object, where the task declares one at the top level.
  returned: success, where RV(networks) was not used as an option
  type: dict
  sample: {name: lab, state: active, changes: [], restart_required: [], plugged_back: []}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run
from ansible_collections.minicloud.kvm.plugins.module_utils._network import Network


def main() -> None:
    run(Network)


if __name__ == "__main__":
    main()
