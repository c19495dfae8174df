#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module iscsi_session."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_session
short_description: Declare which iSCSI targets a machine is logged in to
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Declares at which portals of a target open-iscsi logs in, now and at boot, with which CHAP names and secrets.
  - Looks for new disks and sizes in the sessions that are there, and gives multipath devices the size of their paths.
  - Other sessions and records stay as they are. One goes only where it is named.
  - A portal that has to answer and doesn't within O(timeout) makes the task fail (RV(ignore:error_code=no_answer)) before
    anything is done. A session whose server has gone away is a warning; open-iscsi goes on trying.
  - Does what M(community.general.open_iscsi) does not. Secrets are not on any command line, each portal has a session of its
    own, IPv6 addresses work, what is in the records is compared and repaired, and check mode works on a bare machine.
extends_documentation_fragment:
  - minicloud.kvm.attributes
attributes:
  check_mode:
    support: partial
    details:
      - Works before open-iscsi is installed and before the server is up; both are then a warning.
      - What looking for new disks and sizes (O(rescan)) finds is not known before it is done.
  diff_mode:
    support: full
    details: What changes, without secrets.
  idempotent:
    support: full
  platform:
    platforms: linux
options:
  target:
    description: The target's name, an IQN.
    type: str
  portals:
    description:
      - The portals to log in at, one session each. Two, in two networks, are what multipath wants.
      - One that is not here stays as it is; name it with O(portals[].state=absent).
    type: list
    elements: dict
    suboptions:
      address:
        description: An IPv4 or IPv6 address, without brackets.
        type: str
        required: true
      port:
        description: The TCP port.
        type: int
        default: 3260
      state:
        description: V(absent) logs out there and forgets it.
        type: str
        choices: [present, absent]
        default: present
  userid:
    description: The CHAP name this machine gives. Left out, what the records say of CHAP stays as it is.
    type: str
  password:
    description: Its CHAP secret, 12 to 255 characters.
    type: str
  mutual_userid:
    description: The CHAP name that the target has to give.
    type: str
  mutual_password:
    description: Its CHAP secret, another than O(password).
    type: str
  startup:
    description: Whether to log in at boot (V(automatic)), not (V(manual)), or in the initial RAM disk (V(onboot)).
    type: str
    choices: [automatic, manual, onboot]
    default: automatic
  settings:
    description:
      - Settings of a record, as iscsid.conf has them, such as C(node.session.timeo.replacement_timeout).
    type: dict
    default: {}
  rescan:
    description: Whether to look for new disks and sizes in the sessions that are there.
    type: bool
    default: true
  allow_disconnect:
    description:
      - Whether to log out although a disk is in use (mounted, or with other devices on top) and has no other path.
      - Without it the task fails then (RV(ignore:error_code=in_use)) before anything is done.
    type: bool
    default: false
  state:
    description:
      - V(present) is logged in at O(portals).
      - V(absent) logs out of the target everywhere and forgets it.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds to wait for a portal to answer.
    type: int
    default: 10
  targets:
    description:
      - Several targets at once. What an item leaves out, its name apart, is taken from the option of that name outside.
    type: list
    elements: dict
    suboptions:
      target:
        description: As O(target).
        type: str
        required: true
      portals:
        description: As O(portals).
        type: list
        elements: dict
        suboptions:
          address:
            description: As O(portals[].address).
            type: str
            required: true
          port:
            description: As O(portals[].port).
            type: int
            default: 3260
          state:
            description: As O(portals[].state).
            type: str
            choices: [present, absent]
            default: present
      userid:
        description: As O(userid).
        type: str
      password:
        description: As O(password).
        type: str
      mutual_userid:
        description: As O(mutual_userid).
        type: str
      mutual_password:
        description: As O(mutual_password).
        type: str
      startup:
        description: As O(startup).
        type: str
        choices: [automatic, manual, onboot]
      settings:
        description: As O(settings).
        type: dict
      rescan:
        description: As O(rescan).
        type: bool
      allow_disconnect:
        description: As O(allow_disconnect).
        type: bool
      state:
        description: As O(state).
        type: str
        choices: [present, absent]
notes:
  - Needs C(iscsiadm), which is in the package open-iscsi (Debian, Ubuntu) or iscsi-initiator-utils (Fedora, EL).
seealso:
  - module: minicloud.kvm.iscsi_target
  - module: community.general.open_iscsi
"""

EXAMPLES = r"""
- name: Two sessions with one target, for multipath
  minicloud.kvm.iscsi_session:
    target: iqn.2026-01.org.example:storage
    portals:
      - {address: 192.168.77.10}
      - {address: 192.168.78.10}
    userid: host1
    password: "{{ vault_chap_host1 }}"
    mutual_userid: storage
    mutual_password: "{{ vault_chap_storage }}"
    settings:
      node.session.timeo.replacement_timeout: 5

- name: A portal has moved
  minicloud.kvm.iscsi_session:
    target: iqn.2026-01.org.example:storage
    portals:
      - {address: 192.168.77.11}
      - {address: 192.168.77.10, state: absent}

- name: A target is no longer used
  minicloud.kvm.iscsi_session:
    target: iqn.2026-01.org.example:old
    state: absent
"""

RETURN = r"""
targets:
  description: The targets of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    target:
      description: The target's name.
      type: str
      sample: iqn.2026-01.org.example:storage
    state:
      description: As declared.
      type: str
      sample: present
    disks:
      description: Its disks, each once (the multipath device where there is one), with C(path) and C(size) in bytes.
      type: list
      elements: dict
      sample: [{path: /dev/mapper/minicloud, size: 214748364800}]
    changes:
      description: What changes, in words.
      type: list
      elements: str
      sample: ["session at 192.168.78.10:3260"]
    relogin_required:
      description: The settings that changed and that a running session takes only at its next login.
      type: list
      elements: str
      sample: [node.session.auth.password]
resized:
  description: The multipath devices that were given the size of their paths (in check mode, would be).
  returned: success
  type: list
  elements: str
  sample: [/dev/mapper/minicloud]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_session_system import System
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_session_task import OPTIONS, declare


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        mutually_exclusive=[("target", "targets")],
        required_one_of=[("target", "targets")],
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C"}
    system = System(module.run_command, module.get_bin_path)
    finish(module, lambda: declare(module.params, system, module.check_mode))


if __name__ == "__main__":
    main()
