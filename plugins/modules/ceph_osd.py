#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module ceph_osd."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_osd
short_description: Have OSDs of a Ceph cluster in, out or removed
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Says of OSDs that are there whether data is put on them, and removes them from the cluster where they are named and
    nothing is lost by it.
  - OSDs are made with C(ceph-volume) on the host that has the disk, as role C(ceph) does, and not by this module. Nor does
    it start or stop daemons or touch disks.
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
  ids:
    description: The OSDs, by their numbers.
    type: list
    elements: int
    required: true
  state:
    description:
      - V(in), data is put on them.
      - V(out), none is, and what is there moves to others.
      - V(absent), they are removed with their keys and their places in the CRUSH map (C(ceph osd purge)). That is refused
        while their daemons run, and where Ceph does not say that they are safe to destroy, all of them together.
    type: str
    choices: [in, out, absent]
    default: in
  wait:
    description:
      - Seconds to wait until Ceph says that they are safe to destroy, with V(out) after that, with V(absent) before.
      - With V(out) V(0) does not wait. With V(absent) V(0) looks once.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Move everything off OSD 3, for at most an hour
  minicloud.kvm.ceph_osd:
    ids: [3]
    state: out
    wait: 3600

- name: Its daemon ends
  ansible.builtin.systemd_service:
    name: ceph-osd@3
    state: stopped
    enabled: false

- name: It is no longer part of the cluster
  minicloud.kvm.ceph_osd:
    ids: [3]
    state: absent
    wait: 60
"""

RETURN = r"""
osds:
  description: The OSDs of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its number., type: str, returned: success, sample: "3"}
    state: {description: As declared., type: str, returned: success, sample: in}
    exists: {description: Whether it was there before the task., type: bool, returned: success, sample: true}
    changes:
      description: What changes, or would in check mode.
      type: list
      elements: dict
      returned: success
      sample: [{field: state, before: out, after: in}]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_osd import OPTIONS, osd
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import IMPORT_ERROR, PACKAGE, connect
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_rados import OPTIONS as CONNECTION
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**CONNECTION, **OPTIONS},
        supports_check_mode=True,
    )
    require(module, "rados", IMPORT_ERROR, PACKAGE)
    finish(module, lambda: osd(module.params, connect(module.params), module.check_mode))


if __name__ == "__main__":
    main()
