#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module ceph_health."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_health
short_description: Wait until a Ceph cluster is healthy
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Looks at a cluster until monitors, OSDs, placement groups and health checks are as they should be, or the time is over.
  - Between two steps of a rolling restart, and before and after anything that takes an OSD or a monitor away.
extends_documentation_fragment:
  - minicloud.kvm.attributes.reads
  - minicloud.kvm.ceph
options:
  wait:
    description: Seconds to wait. V(0) looks once.
    type: int
    default: 0
  monitors:
    description: Monitors that have to be in the quorum.
    type: list
    elements: str
    default: []
  osds:
    description: OSDs that have to be up, by their numbers.
    type: list
    elements: int
    default: []
  after_epoch:
    description:
      - They have to have come up after this epoch of the OSD map (RV(epoch) of an earlier task). Right after a restart Ceph may
        still say that all is well, for it has not noticed yet.
    type: int
    default: 0
  clean:
    description: Whether all placement groups have to be active and clean.
    type: bool
    default: true
  ignore:
    description: Health checks that may be, such as V(OSDMAP_FLAGS) while C(noout) is set. Muted ones always may.
    type: list
    elements: str
    default: []
  fail:
    description: Whether the task fails where something is wrong (RV(ignore:error_code=unhealthy)), or only says what.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Before
  minicloud.kvm.ceph_health:
  register: before

- name: OSD 2 restarts
  ansible.builtin.systemd_service:
    name: ceph-osd@2
    state: restarted

- name: It is back, and nothing is missing
  minicloud.kvm.ceph_health:
    osds: [2]
    after_epoch: "{{ before.epoch }}"
    wait: 300
"""

RETURN = r"""
problems:
  description: What is wrong, in words; empty where nothing is.
  returned: always
  type: list
  elements: str
  sample: [OSD 2 is down, 1 osds down (OSD_DOWN)]
status:
  description: Ceph's own word for it.
  returned: always
  type: str
  sample: HEALTH_WARN
checks:
  description: The names of Ceph's health checks that complain.
  returned: always
  type: list
  elements: str
  sample: [OSD_DOWN]
fsid:
  description: The cluster's.
  returned: always
  type: str
  sample: 3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11
epoch:
  description: The epoch of the OSD map.
  returned: always
  type: int
  sample: 42
monitors:
  description: The monitors in the quorum.
  returned: always
  type: list
  elements: str
  sample: [storage1, storage2, storage3]
osds:
  description: The OSDs, each with C(id), C(up), C(in) and C(up_from), the epoch that it came up in.
  returned: always
  type: list
  elements: dict
  sample: [{id: 0, up: true, in: true, up_from: 6}]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_health import OPTIONS, health
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
    finish(module, lambda: health(module.params, connect(module.params)))


if __name__ == "__main__":
    main()
