#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module gluster_peer."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_peer
short_description: Declare which machines are a Gluster cluster
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Takes machines into the Gluster cluster (the trusted storage pool) of the machine it runs on, or lets them go.
  - Run it on one machine of the cluster only, with C(run_once).
  - Waits until those that were taken in are peers and connected.
extends_documentation_fragment:
  - minicloud.kvm.attributes
attributes:
  check_mode:
    support: full
    details: Works before Gluster is installed; that is then a warning.
  diff_mode:
    support: full
    details: The names of the other machines of the cluster.
  idempotent:
    support: full
  platform:
    platforms: linux
options:
  peers:
    description:
      - The machines, each by the address or host name that all of them and all clients reach it at. It is what their bricks are
        called by afterwards.
      - The machine that it runs on may be among them.
      - With O(state=present) other machines of the cluster stay. A machine that is in and doesn't answer is a warning.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(absent) lets the machines go. One that has bricks is refused (RV(ignore:error_code=peer_in_use)).
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds that one command, and the wait for new machines, may take.
    type: int
    default: 60
notes:
  - Needs C(gluster), of the package glusterfs-server, and glusterd running on all machines.
  - A machine that is in another cluster already is refused by Gluster. Of two clusters none can be made.
seealso:
  - module: minicloud.kvm.gluster_volume
"""

EXAMPLES = r"""
- name: Three machines are a cluster
  minicloud.kvm.gluster_peer:
    peers: [192.168.77.21, 192.168.77.22, 192.168.77.23]
  run_once: true

- name: One goes
  minicloud.kvm.gluster_peer:
    peers: [192.168.77.24]
    state: absent
  run_once: true
"""

RETURN = r"""
probed:
  description: The machines that were taken in (in check mode, would be).
  returned: success
  type: list
  elements: str
  sample: [192.168.77.23]
detached:
  description: The machines that were let go.
  returned: success
  type: list
  elements: str
  sample: []
peers:
  description: The names of the other machines of the cluster.
  returned: success
  type: list
  elements: str
  sample: [192.168.77.22, 192.168.77.23]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_peer import OPTIONS, declare
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_system import System


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    module.run_command_environ_update = {"LC_ALL": "C"}
    system = System(module.run_command, module.get_bin_path, module.params["timeout"])
    finish(module, lambda: declare(module.params, system, module.check_mode))


if __name__ == "__main__":
    main()
