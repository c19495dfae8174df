#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_migrate
short_description: Declare on which hypervisor a virtual machine runs
version_added: 0.1.0
description:
  - Finds the guest among the hypervisors and moves it to O(dest), live where it runs. Where it is there already, nothing
    is done.
  - Before anything is done it is checked that the hypervisors can be reached, that the target's name leads to it from the
    source, that disks are the same files or devices on both (what is read-only, such as a seed, may be a file of each with
    the same content), that the CPU can be had and the networks are active on the target,
    that no other guest has the name or UUID there, and that the source keeps nothing beside the definition that would be
    lost (a saved state, snapshots, checkpoints; for an offline move the state of an emulated TPM).
  - Logical volumes of a volume group that both see need not be active on O(dest). They are activated there, as large as they
    are now, and deactivated where the guest was.
  - Whatever fails, the guest goes on where it was and is defined only there.
  - The machine that the task runs on logs in to the others with ssh, as O(user), with keys and host keys in place (the role
    P(minicloud.kvm.hypervisor#role) puts them there). The guest's memory itself goes from hypervisor to hypervisor over
    TCP, unencrypted.
options:
  name:
    description: Name of the domain.
    type: str
    required: true
  dest:
    description: Hypervisor that it should run on, one of O(hosts).
    type: str
    required: true
  hosts:
    description: All hypervisors that it may be on, by the names with which they reach each other.
    type: list
    elements: str
    required: true
  user:
    description: User to log in to the other hypervisors with.
    type: str
    default: root
  uris:
    description:
      - libvirt's URIs of hypervisors, by name, where they are not V(qemu+ssh://USER@NAME/system); the machine that the task
        runs on is reached directly.
    type: dict
    default: {}
  mode:
    description: V(live) moves it while it runs, V(offline) shuts it down and starts it on the target. A guest that does not run
      is moved as it is.
    type: str
    choices: [live, offline]
    default: live
  fallback:
    description: V(offline) moves it offline where it can't be moved, or fails to be, while it runs.
    type: str
    choices: [none, offline]
    default: none
  missing:
    description: Whether it is an error that the guest is on none of O(hosts).
    type: str
    choices: [fail, ignore]
    default: fail
  timeout:
    description: Seconds that a live move may take; then it is aborted, and the guest goes on where it was.
    type: int
    default: 600
  shutdown_timeout:
    description: Seconds that the guest has to shut down, where it is moved offline.
    type: int
    default: 120
  bandwidth:
    description: Limit for a live move, in MiB/s.
    type: int
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
  idempotent: {support: full}
  platform: {platforms: posix}
extends_documentation_fragment: [minicloud.kvm.attributes]
requirements:
  - libvirt (Python bindings; python3-libvirt)
  - lxml (python3-lxml)
author: minicloud.kvm contributors (@minicloud)
"""

EXAMPLES = r"""
- name: The guest web1 runs on host2
  minicloud.kvm.vm_migrate:
    name: web1
    dest: host2
    hosts: [host1, host2]

- name: Also if it has to be shut down for that
  minicloud.kvm.vm_migrate:
    name: web1
    dest: host2
    hosts: "{{ groups.hypervisors }}"
    fallback: offline
"""

RETURN = r"""
name: {description: Name of the domain., returned: success, type: str, sample: web1}
found: {description: Hypervisor that it was on; none where it is on none., returned: success, type: str, sample: host1}
source: {description: The same as RV(found)., returned: success, type: str, sample: host1}
dest: {description: Hypervisor that it is on now., returned: success, type: str, sample: host2}
mode: {description: How it moved; none where it did not., returned: success, type: str, sample: live}
left_behind:
  description: Files of read-only disks that stay on the source, for the target has its own with the same content.
  returned: success
  type: list
  elements: str
  sample: [/var/lib/libvirt/images/web1-seed.iso]
time_ms: {description: Duration of the move in milliseconds., returned: when it moved, type: int, sample: 6900}
downtime_ms: {description: How long the guest stood still in milliseconds., returned: when it moved, type: int, sample: 120}
bytes: {description: Bytes that were transferred., returned: when it moved, type: int, sample: 312000000}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LIBVIRT_IMPORT_ERROR
from ansible_collections.minicloud.kvm.plugins.module_utils._migrate import Wanted, place
from ansible_collections.minicloud.kvm.plugins.module_utils._xml import LXML_IMPORT_ERROR


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "dest": {"type": "str", "required": True},
            "hosts": {"type": "list", "elements": "str", "required": True},
            "user": {"type": "str", "default": "root"},
            "uris": {"type": "dict", "default": {}},
            "mode": {"type": "str", "choices": ["live", "offline"], "default": "live"},
            "fallback": {"type": "str", "choices": ["none", "offline"], "default": "none"},
            "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
            "timeout": {"type": "int", "default": 600},
            "shutdown_timeout": {"type": "int", "default": 120},
            "bandwidth": {"type": "int"},
        },
        supports_check_mode=True,
    )
    require(module, "libvirt", LIBVIRT_IMPORT_ERROR, "python3-libvirt")
    require(module, "lxml", LXML_IMPORT_ERROR, "python3-lxml")
    finish(module, lambda: place(Wanted(**module.params), module.check_mode))


if __name__ == "__main__":
    main()
