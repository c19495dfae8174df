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
