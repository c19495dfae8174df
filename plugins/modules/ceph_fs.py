#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module ceph_fs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_fs
short_description: Declare the file systems of a Ceph cluster
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Makes file systems (CephFS) of pools that are there. It never removes one.
extends_documentation_fragment:
  - minicloud.kvm.attributes
  - minicloud.kvm.ceph
attributes:
  check_mode:
    support: full
    details: Pools that are not there yet are a warning.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description: The file system's name.
    type: str
  metadata_pool:
    description: The pool for names and attributes. It can't change later.
    type: str
  data_pools:
    description: The pools for what files hold. The first can't change later; more can be added, none is taken away.
    type: list
    elements: str
  max_mds:
    description: How many metadata servers share the work.
    type: int
  filesystems:
    description:
      - Several file systems at once. What an item leaves out is taken from the option of that name outside.
    type: list
    elements: dict
    suboptions:
      name:
        description: As O(name).
        type: str
        required: true
      metadata_pool:
        description: As O(metadata_pool).
        type: str
      data_pools:
        description: As O(data_pools).
        type: list
        elements: str
      max_mds:
        description: As O(max_mds).
        type: int
seealso:
  - module: minicloud.kvm.ceph_pool
"""

EXAMPLES = r"""
- name: A file system for images and ISOs
  minicloud.kvm.ceph_fs:
    name: images
    metadata_pool: images_metadata
    data_pools: [images_data]
"""

RETURN = r"""
filesystems:
  description: The file systems of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str, returned: success, sample: images}
    state: {description: Always V(present)., type: str, returned: success, sample: present}
    changes:
      description: What changes, or would in check mode.
      type: list
      elements: dict
      returned: success
      sample: [{field: state, before: absent, after: present}]
filesystem:
  description: The one file system, where O(name) is given.
  returned: where O(name) is given
  type: dict
  sample: {name: images, state: present, changes: []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_fs import OPTIONS, filesystem
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import IMPORT_ERROR, PACKAGE, connect
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import OPTIONS as CONNECTION
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**CONNECTION, **OPTIONS},
        mutually_exclusive=[("name", "filesystems")],
        required_one_of=[("name", "filesystems")],
        supports_check_mode=True,
    )
    require(module, "rados", IMPORT_ERROR, PACKAGE)
    finish(module, lambda: filesystem(module.params, connect(module.params), module.check_mode))


if __name__ == "__main__":
    main()
