#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module gluster_volume."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_volume
short_description: Declare Gluster volumes, their bricks and options
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Makes, changes, starts, stops and removes volumes of the Gluster cluster of the machine it runs on. Run it on one machine of
    the cluster only, with C(run_once).
  - A longer list of bricks adds bricks. A shorter one is refused, unless O(remove_bricks) names those that go; what is on them
    is moved to the others first.
  - Options are compared by what they mean. V(on), V(enable), V(yes) and V(true) are the same, so are V(1GB) and V(1024MB), and
    the order of addresses in V(auth.allow) makes no difference.
  - Bricks that don't run though their machine is there are started again, and reported as a change.
  - Nothing on a brick is ever deleted. A directory that was a brick before is refused as a new one. A brick is never made beside
    the file system it belongs on, for Gluster is never told to C(force) it. The only exception are O(reset_bricks).
extends_documentation_fragment:
  - minicloud.kvm.attributes
attributes:
  check_mode:
    support: full
    details: Works before Gluster is installed; that is then a warning.
  diff_mode:
    support: full
    details: State, bricks and options of each volume that changes.
  idempotent:
    support: full
  platform:
    platforms: linux
options:
  name:
    description: The volume's name.
    type: str
  bricks:
    description:
      - The directories that the volume is made of, each V(HOST:/DIRECTORY), with the host's name as in
        M(minicloud.kvm.gluster_peer). This is the whole list.
      - With O(replicas=3) each three in a row keep the same data, and have to be on three machines. With O(arbiter=true) the last
        of each three keeps names only. The order of the sets, and of bricks in a set, makes no difference later.
      - A directory inside a mounted file system is wanted, not the mount point itself. Its parent has to be there; it is made.
      - May be left out where the volume is there already; then they stay as they are.
    type: list
    elements: str
  replicas:
    description:
      - How often the data is kept. With more bricks than that, files are distributed over the sets.
      - It isn't changed on a volume that is there (RV(ignore:error_code=layout_differs)).
    type: int
    default: 1
  arbiter:
    description:
      - Whether each set has one more brick that keeps names and no data, so that two copies can't differ for want of a majority.
      - Goes with O(replicas=2).
    type: bool
    default: false
  group:
    description:
      - A group of options that Gluster brings in V(/var/lib/glusterd/groups), such as V(virt) for images of virtual machines.
      - Each of its options is declared with it. O(options) win over them.
    type: str
  options:
    description:
      - Options of the volume by their full names. V(null) resets one to its default. What isn't named stays as it is.
      - V(features.shard) is never switched off on a volume that has it (RV(ignore:error_code=shard_in_use)), for its files could no
        longer be read.
      - V(client.ssl) and V(server.ssl) are not switched while the volume is started (RV(ignore:error_code=tls_on_started)).
    type: dict
    default: {}
  remove_bricks:
    description:
      - Bricks that may go, whole sets of them. They are removed where O(bricks) no longer has them.
      - What is on them is moved to the others; this is waited for (O(timeout)), and goes on where it takes longer.
      - They may stay here afterwards.
    type: list
    elements: str
    default: []
  reset_bricks:
    description:
      - Bricks whose disk was replaced by an empty one. Where such a brick doesn't run it is made anew and filled from the others.
      - Its new file system has to be mounted. Gluster doesn't look after that here.
      - They may stay here afterwards; a brick that runs is left alone.
    type: list
    elements: str
    default: []
  rebalance:
    description: Whether files are spread anew, in the background, when bricks were added.
    type: bool
    default: true
  allow_disconnect:
    description:
      - Whether a volume may be stopped that somebody has open. Guests on it then get errors.
      - Without it that is refused (RV(ignore:error_code=volume_in_use)).
    type: bool
    default: false
  state:
    description:
      - V(started), it is there and started, and all its bricks run.
      - V(stopped), it is there and nobody can use it.
      - V(present), it is there; whether it is started is left alone.
      - V(absent), it is removed. What is on its bricks stays there.
    type: str
    choices: [started, stopped, present, absent]
    default: started
  volumes:
    description: Several volumes at once, each with these options.
    type: list
    elements: dict
    suboptions:
      name:
        description: As O(name).
        type: str
        required: true
      bricks:
        description: As O(bricks).
        type: list
        elements: str
      replicas:
        description: As O(replicas).
        type: int
        default: 1
      arbiter:
        description: As O(arbiter).
        type: bool
        default: false
      group:
        description: As O(group).
        type: str
      options:
        description: As O(options).
        type: dict
        default: {}
      remove_bricks:
        description: As O(remove_bricks).
        type: list
        elements: str
        default: []
      reset_bricks:
        description: As O(reset_bricks).
        type: list
        elements: str
        default: []
      rebalance:
        description: As O(rebalance).
        type: bool
        default: true
      allow_disconnect:
        description: As O(allow_disconnect).
        type: bool
        default: false
      state:
        description: As O(state).
        type: str
        choices: [started, stopped, present, absent]
        default: started
  timeout:
    description: Seconds that one command, and the wait for bricks that are emptied, may take.
    type: int
    default: 120
  heal_timeout:
    description:
      - Seconds to wait at the end until nothing is left to heal on the volumes. V(0) doesn't wait.
      - Where something is left, or a brick can't be asked, the task fails (RV(ignore:error_code=heal_pending)).
      - Useful between two machines of a rolling update. In check mode there is no wait.
    type: int
    default: 0
notes:
  - Needs C(gluster), of the package glusterfs-server, and glusterd running.
seealso:
  - module: minicloud.kvm.gluster_peer
"""

EXAMPLES = r"""
- name: A volume for guests' images, every byte three times
  minicloud.kvm.gluster_volume:
    name: vms
    replicas: 3
    bricks:
      - 192.168.77.21:/srv/gluster/brick1/vms
      - 192.168.77.22:/srv/gluster/brick1/vms
      - 192.168.77.23:/srv/gluster/brick1/vms
    group: virt
    options:
      storage.owner-uid: 64055
      storage.owner-gid: 64055
      auth.allow: [192.168.77.11, 192.168.77.12]
  run_once: true

- name: Twice, and an arbiter
  minicloud.kvm.gluster_volume:
    name: iso
    replicas: 2
    arbiter: true
    bricks:
      - 192.168.77.21:/srv/gluster/brick2/iso
      - 192.168.77.22:/srv/gluster/brick2/iso
      - 192.168.77.23:/srv/gluster/brick2/iso
  run_once: true

- name: Wait until everything is healed
  minicloud.kvm.gluster_volume:
    name: vms
    heal_timeout: 600
  run_once: true
"""

RETURN = r"""
volumes:
  description: The volumes of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The volume's name.
      type: str
      sample: vms
    state:
      description: As Gluster has it then, V(started), V(stopped), V(created) (never started), or V(absent).
      type: str
      sample: started
    replicas:
      description: How often the data is kept. None where it is absent.
      type: int
      sample: 3
    arbiter:
      description: Whether each set has an arbiter. None where it is absent.
      type: bool
      sample: false
    bricks:
      description: Its bricks, each with whether it is an arbiter, and whether it ran before the task; None where that isn't known.
      type: list
      elements: dict
      sample: [{brick: "192.168.77.21:/srv/gluster/brick1/vms", arbiter: false, online: true}]
    changes:
      description: What changes.
      type: list
      elements: dict
      sample: [{field: options.network.ping-timeout, before: "42", after: "20"}]
    steps:
      description: What is done for that, in words.
      type: list
      elements: str
      sample: [set network.ping-timeout]
volume:
  description: The one volume, where O(name) is given.
  returned: where O(name) is given
  type: dict
  sample: {name: vms, state: started, replicas: 3, arbiter: false, bricks: [], changes: [], steps: []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_options import OPTIONS
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_system import System
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_task import declare


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        mutually_exclusive=[("name", "volumes")],
        required_one_of=[("name", "volumes")],
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C"}
    system = System(module.run_command, module.get_bin_path, module.params["timeout"])
    finish(module, lambda: declare(module.params, system, module.check_mode))


if __name__ == "__main__":
    main()
