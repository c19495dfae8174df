#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module ceph_pool."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_pool
short_description: Declare the pools of a Ceph cluster
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Makes replicated pools, and has them differ in nothing that the task declares. What it leaves out stays as it is.
  - The rule that spreads the copies is chosen by what they have to be on different ones of (O(failure_domain)), and made
    where there is none.
  - Changing O(size), O(failure_domain) or O(crush_rule) moves data in the background while the pool is in use.
extends_documentation_fragment:
  - minicloud.kvm.attributes
  - minicloud.kvm.ceph
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description: The pool's name.
    type: str
  state:
    description:
      - V(present) is there. V(absent) is not, which Ceph allows only where C(mon_allow_pool_delete) is set.
    type: str
    choices: [present, absent]
    default: present
  application:
    description:
      - What it is for, V(rbd), V(cephfs), V(rgw) or a name of your own. A pool that is for something else is refused.
    type: str
  size:
    description:
      - How many copies there are of everything.
      - A single one (V(1)) Ceph allows only where C(mon_allow_pool_size_one) is set.
    type: int
  min_size:
    description: How many copies have to be there for guests to go on reading and writing.
    type: int
  pg_autoscale_mode:
    description: Whether Ceph chooses the number of placement groups itself (V(on)), only warns, or does neither.
    type: str
    choices: ["on", warn, "off"]
  pg_num:
    description:
      - The number of placement groups. A new pool begins with it. Later it is compared only where
        O(pg_autoscale_mode) is not V(on).
    type: int
  crush_rule:
    description: The name of the rule that spreads the copies. It has to be there.
    type: str
  failure_domain:
    description:
      - What no two copies are on the same one of, a type of the CRUSH map, such as V(osd) (one machine with several disks)
        or V(host).
      - Where no replicated rule does that, one is made with the name C(replicated_) and the type.
      - Ceph takes the change also where there are not enough of them. Copies are then missing until there are.
    type: str
  delete_data:
    description: Whether a pool that holds objects may be deleted. What is in it is lost.
    type: bool
    default: false
  pools:
    description:
      - Several pools at once. What an item leaves out is taken from the option of that name outside.
    type: list
    elements: dict
    suboptions:
      name:
        description: As O(name).
        type: str
        required: true
      state:
        description: As O(state).
        type: str
        choices: [present, absent]
      application:
        description: As O(application).
        type: str
      size:
        description: As O(size).
        type: int
      min_size:
        description: As O(min_size).
        type: int
      pg_autoscale_mode:
        description: As O(pg_autoscale_mode).
        type: str
        choices: ["on", warn, "off"]
      pg_num:
        description: As O(pg_num).
        type: int
      crush_rule:
        description: As O(crush_rule).
        type: str
      failure_domain:
        description: As O(failure_domain).
        type: str
      delete_data:
        description: As O(delete_data).
        type: bool
seealso:
  - module: minicloud.kvm.ceph_key
  - module: minicloud.kvm.libvirt_pool
"""

EXAMPLES = r"""
- name: A pool for guests' disks, three copies on three hosts
  minicloud.kvm.ceph_pool:
    name: vms
    application: rbd
    size: 3
    min_size: 2
    failure_domain: host

- name: Two pools for a file system
  minicloud.kvm.ceph_pool:
    application: cephfs
    size: 3
    pools:
      - {name: images_metadata, pg_num: 16}
      - {name: images_data}

- name: A pool that is empty and goes
  minicloud.kvm.ceph_pool:
    name: old
    state: absent
"""

RETURN = r"""
pools:
  description: The pools of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str, returned: success, sample: vms}
    state: {description: As declared., type: str, returned: success, sample: present}
    changes:
      description: What changes, or would in check mode.
      type: list
      elements: dict
      returned: success
      sample: [{field: size, before: 2, after: 3}]
pool:
  description: The one pool, where O(name) is given.
  returned: where O(name) is given
  type: dict
  sample: {name: vms, state: present, changes: []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_pool import OPTIONS, pool
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import IMPORT_ERROR, PACKAGE, connect
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import OPTIONS as CONNECTION
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**CONNECTION, **OPTIONS},
        mutually_exclusive=[("name", "pools")],
        required_one_of=[("name", "pools")],
        supports_check_mode=True,
    )
    require(module, "rados", IMPORT_ERROR, PACKAGE)
    finish(module, lambda: pool(module.params, connect(module.params), module.check_mode))


if __name__ == "__main__":
    main()
