#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_info
short_description: Read what libvirt has, as declarations
version_added: 0.1.0
description:
  - Returns the domains, networks, storage pools, volumes, secrets and network filters of a host in the words of the
    modules that declare them, whoever made them. So an object that was made by hand or by another tool is adopted by
    pasting what is returned.
  - What is returned, declared on the same host, changes nothing; declared where there is no such object, it makes the
    same one, with its UUID, its MAC addresses and the places of its devices. Both are proven by the code that would
    declare it, before it is returned.
  - What has no option of its own is in V(xml), and so is an option that would not give the same back; most domains have
    none. Options that win over it can be added and changed. What is said though it is libvirt's default is left out.
  - Of domains that were made alike, and differ only in names, titles, UUIDs, MAC addresses and paths of images, one is
    proven for all.
  - It only reads, over a connection that can't do more. Only guest agents have to be asked over one that can.
author: minicloud.kvm contributors (@minicloud)
options:
  gather:
    description: The kinds of object to read. V(volumes) are those of active pools, each read by a call of its own.
    type: list
    elements: str
    choices:
      - domains
      - networks
      - pools
      - volumes
      - secrets
      - nwfilters
    default:
      - domains
      - networks
      - pools
      - secrets
      - nwfilters
  names:
    description: Names of the objects, or shell patterns such as V(web*); all of them where it is left out. A secret
      may be named by its UUID too, a volume as V(pool/volume).
    type: list
    elements: str
  addresses:
    description:
      - Who is asked for the addresses of running guests, one after the other; an address is told once. An empty list
        asks nobody.
      - V(lease) is the DHCP server of libvirt's own networks, V(arp) the host's table of neighbours; both answer at
        once. V(agent) is the guest's agent.
    type: list
    elements: str
    choices:
      - lease
      - agent
      - arp
    default:
      - lease
  agent_timeout:
    description: Seconds that all guest agents of the host have together. Those that have not answered are named in a
      warning.
    type: int
    default: 10
  stats:
    description: Groups of statistics of the domains to add, as C(virsh domstats) calls them. One call reads all of
      them; it does not wait for a domain that is busy, of which there is less then.
    type: list
    elements: str
    choices:
      - state
      - cpu-total
      - balloon
      - vcpu
      - interface
      - block
    default: []
attributes:
  check_mode:
    support: full
extends_documentation_fragment:
  - minicloud.kvm.connection
  - minicloud.kvm.attributes.reads
notes:
  - Secrets are never returned. Passwords and cookies of a definition are left out; declared on the same host, the
    object keeps them; for a new one they have to be added. The value of a secret is not read.
  - Of a running domain the definition is read that it starts from the next time. A port, a bridge, a device that
    libvirt chose for what runs is no part of it.
  - What a volume holds can't be declared. Declared elsewhere, a volume of the same size is made.
  - A transient object (C(persistent) is false in RV(status)) is returned as it runs; declaring it makes it persistent,
    which is a change.
seealso:
  - module: minicloud.kvm.libvirt_domain
  - module: minicloud.kvm.libvirt_net
  - module: minicloud.kvm.libvirt_nwfilter
  - module: minicloud.kvm.libvirt_pool
  - module: minicloud.kvm.libvirt_secret
  - module: minicloud.kvm.libvirt_volume
"""

EXAMPLES = r"""
- name: What is there
  minicloud.kvm.libvirt_info:
  register: there

- name: Keep the declaration of every domain beside the playbook
  ansible.builtin.copy:
    content: "{{ {'domains': there.domains} | to_nice_yaml }}"
    dest: "{{ playbook_dir }}/domains-of-{{ inventory_hostname }}.yml"
    mode: "0600"
  delegate_to: localhost

- name: Take over the domains that another tool made; nothing is changed
  minicloud.kvm.libvirt_domain:
    domains: "{{ there.domains }}"

- name: Only the web servers, and the networks
  minicloud.kvm.libvirt_info:
    gather: [domains]
    names: [web*]
  register: web

- name: Give each of them more memory, and leave the rest as it is
  minicloud.kvm.libvirt_domain:
    domains: "{{ web.domains | map('combine', {'memory': '4GiB'}) }}"

- name: Where the guests can be reached, by whatever source knows
  minicloud.kvm.libvirt_info:
    gather: [domains]
    addresses: [lease, agent, arp]
  register: guests

- name: The first address of each
  ansible.builtin.debug:
    msg: "{{ item.key }} {{ (item.value.addresses | first).address }}"
  loop: "{{ guests.status.domains | dict2items | selectattr('value.addresses') }}"

- name: How much memory the running guests have got
  minicloud.kvm.libvirt_info:
    gather: [domains]
    stats: [state, balloon]
  register: counted

- name: In bytes
  ansible.builtin.debug:
    msg: "{{ counted.status.domains.values() | map(attribute='stats.balloon.current', default=0) | sum * 1024 }}"
"""

RETURN = r"""
domains:
  description: The domains by name, each with the options of M(minicloud.kvm.libvirt_domain).
  returned: when asked for
  type: list
  elements: dict
  sample:
    - name: web1
      state: running
      uuid: 5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69
      memory: 2GiB
      vcpus: 2
      disks: [{target: vda, bus: virtio, file: /var/lib/libvirt/images/web1.qcow2, format: qcow2}]
      interfaces: [{network: default, mac: "52:54:00:12:34:56", model: virtio, pci_address: "0000:01:00.0"}]
      autostart: true
      controllers: [{type: pci, index: 0, model: pcie-root}, "..."]
networks:
  description: The networks by name, each with the options of M(minicloud.kvm.libvirt_net).
  returned: when asked for
  type: list
  elements: dict
  sample: [{name: default, state: active, autostart: true, forward: {mode: nat}, bridge: {name: virbr0}}]
pools:
  description: The storage pools by name, each with the options of M(minicloud.kvm.libvirt_pool).
  returned: when asked for
  type: list
  elements: dict
  sample: [{name: default, state: active, autostart: true, type: dir, target: {path: /var/lib/libvirt/images}}]
volumes:
  description: The volumes of active pools, each with the options of M(minicloud.kvm.libvirt_volume).
  returned: when asked for
  type: list
  elements: dict
  sample: [{name: web1.qcow2, pool: default, state: present, capacity: 20GiB, format: qcow2}]
secrets:
  description: The secrets, each with the options of M(minicloud.kvm.libvirt_secret) but no value.
  returned: when asked for
  type: list
  elements: dict
  sample: [{usage: ceph, name: client.libvirt, state: present, private: true}]
nwfilters:
  description: The network filters by name, each with the options of M(minicloud.kvm.libvirt_nwfilter).
  returned: when asked for
  type: list
  elements: dict
  sample: [{name: no-mail, state: present, chain: ipv4, rules: [{action: drop, direction: out, protocol: tcp}]}]
status:
  description:
    - What of the objects can't be declared, by kind and name (of volumes V(pool/volume)).
    - Domains, networks and pools have C(persistent); domains C(id), which is null while they do not run; active pools
      C(capacity), C(allocation) and C(available), volumes C(type), C(path) and C(allocation), in bytes.
    - Domains have C(addresses) too, a list that is empty while they do not run, unless O(addresses) is empty.
    - With O(stats) domains have C(stats), under libvirt's names, which virDomainListGetStats explains. C(cpu.time) is
      C(time) in C(cpu). What libvirt numbers, such as C(block.0.name), is in the list C(each) of C(block), with its
      number as C(id).
  returned: always
  type: dict
  sample:
    domains:
      web1:
        persistent: true
        id: 3
        addresses:
          - {address: 192.168.122.23, prefix: 24, interface: vnet0, mac: "52:54:00:12:34:56", source: lease}
        stats: {state: {state: 1, reason: 1}, balloon: {current: 2097152, maximum: 2097152, rss: 812340}}
    pools: {default: {persistent: true, capacity: 53687091200, allocation: 4294967296, available: 49392123904}}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run_reading
from ansible_collections.minicloud.kvm.plugins.module_utils._info import KINDS, gather
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt_guest import SOURCES, STATS


def main() -> None:
    run_reading(
        {
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": list(KINDS),
                "default": [kind for kind in KINDS if kind != "volumes"],
            },
            "names": {"type": "list", "elements": "str"},
            "addresses": {"type": "list", "elements": "str", "choices": list(SOURCES), "default": ["lease"]},
            "agent_timeout": {"type": "int", "default": 10},
            "stats": {"type": "list", "elements": "str", "choices": list(STATS), "default": []},
        },
        gather,
        read_only=lambda options: "agent" not in options["addresses"] or "domains" not in options["gather"],
    )


if __name__ == "__main__":
    main()
