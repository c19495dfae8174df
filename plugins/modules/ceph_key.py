#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module ceph_key."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_key
short_description: Declare the users of a Ceph cluster and what they may do
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Makes users with a key (cephx), and has each be able to do what the task declares, no more and no less.
  - Keys are in no result, no diff, no log and no list of processes. One that the task does not give is made by the cluster
    and stays there.
  - No file is written. Whoever needs the key on another machine gets it with C(ceph auth get), as role C(ceph) does.
extends_documentation_fragment:
  - minicloud.kvm.attributes
  - minicloud.kvm.ceph
attributes:
  check_mode:
    support: full
    details: Whether Ceph can read what O(caps) say only a real run can tell.
  diff_mode:
    support: full
    details: A key is masked.
  idempotent:
    support: full
options:
  name:
    description:
      - The user, with its type, such as V(client.libvirt).
      - The one that the task works as (O(user)) can only be looked at, with neither O(caps) nor O(key).
    type: str
  state:
    description: V(present) is there. V(absent) is not, and whoever uses its key is let in no more.
    type: str
    choices: [present, absent]
    default: present
  caps:
    description:
      - What it may do, by the kind of daemon (C(mon), C(osd), C(mgr), C(mds)). This is all that it may do.
      - Needed for a user that is not there yet. Left out, an existing one may do what it did.
    type: dict
  key:
    description: Its key, in base64, as C(ceph auth print-key) prints it. Left out, an existing one stays.
    type: str
  keys:
    description:
      - Several users at once. What an item leaves out is taken from the option of that name outside.
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
      caps:
        description: As O(caps).
        type: dict
      key:
        description: As O(key).
        type: str
seealso:
  - module: minicloud.kvm.ceph_pool
  - module: minicloud.kvm.libvirt_secret
"""

EXAMPLES = r"""
- name: A user for libvirt that has one pool
  minicloud.kvm.ceph_key:
    name: client.libvirt
    caps:
      mon: profile rbd
      mgr: profile rbd pool=vms
      osd: profile rbd pool=vms

- name: The same with a key that is known already
  minicloud.kvm.ceph_key:
    name: client.libvirt
    key: "{{ vault_ceph_key }}"
    caps:
      mon: profile rbd
      mgr: profile rbd pool=vms
      osd: profile rbd pool=vms
"""

RETURN = r"""
keys:
  description: The users of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str, returned: success, sample: client.libvirt}
    state: {description: As declared., type: str, returned: success, sample: present}
    caps:
      description: What it may do. Not for one that is absent.
      type: dict
      returned: success
      sample: {mon: profile rbd, osd: profile rbd pool=vms}
    fingerprint:
      description:
        - The SHA-256 of the user's name, a blank and its key, which shows whether a keyring has the key, and nothing of the key.
        - None where only a real run makes it. In check mode that of the key that is there. Not for one that is absent.
      type: str
      returned: success
      sample: 6c1a1a5c7a6f1d0f1c5f0d3f0d1cf1b0d7c0d3b4a7b1b2c3d4e5f60718293a4b
    changes:
      description: What changes, or would in check mode. A key is masked.
      type: list
      elements: dict
      returned: success
      sample: [{field: caps, before: {mon: allow r}, after: {mon: profile rbd}}]
key:
  description: The one user, where O(name) is given.
  returned: where O(name) is given
  type: dict
  sample: {name: client.libvirt, state: present, caps: {mon: profile rbd}, changes: []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_key import OPTIONS, key
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import IMPORT_ERROR, PACKAGE, connect
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import OPTIONS as CONNECTION
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**CONNECTION, **OPTIONS},
        mutually_exclusive=[("name", "keys")],
        required_one_of=[("name", "keys")],
        supports_check_mode=True,
    )
    require(module, "rados", IMPORT_ERROR, PACKAGE)
    finish(module, lambda: key(module.params, connect(module.params), module.check_mode))


if __name__ == "__main__":
    main()
