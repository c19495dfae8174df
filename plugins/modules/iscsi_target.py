#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module iscsi_target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_target
short_description: Declare what an iSCSI server (LIO) offers to whom
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Declares targets of LIO, the Linux kernel's iSCSI server, with the block devices or files behind their LUNs, the
    addresses they are offered at, and the initiators that may log in.
  - Works by rtslib, as C(targetcli) does. What it sets up is seen and can be changed there.
  - What the kernel has and what will be restored at the next boot (C(saveconfig.json)) are both compared. Where either
    differs it is put right. Saving writes all that LIO has, also what others have set up.
    Where something of others is saved that the kernel does not have, saving would lose it, and the task fails
    (RV(ignore:error_code=not_restored)).
  - Data is never touched. A LUN, a backstore or a target that is removed leaves its device or file as it was.
  - A logged-in initiator is not interrupted unless O(allow_disconnect=true). What would interrupt it makes the task fail
    (RV(ignore:error_code=in_use)) and names it.
  - A LUN on a block device has the device's size at any time. When a logical volume has grown, the initiators have to look
    again (C(iscsiadm -m session -R), C(multipathd resize map)), nothing has to be done here.
extends_documentation_fragment:
  - minicloud.kvm.attributes
attributes:
  check_mode:
    support: full
    details: Works before rtslib is installed and before a device is there; both are then a warning.
  diff_mode:
    support: full
    details: The whole target in words, without secrets.
  idempotent:
    support: full
  platform:
    platforms: linux
options:
  name:
    description: The target's name, an IQN such as V(iqn.2026-01.org.example:storage).
    type: str
  portals:
    description:
      - The addresses the target is offered at. This is the whole list; left out, they stay as they are. A new target needs
        one. Two, in two networks, are what multipath wants.
      - An address has to be one of this machine's, or V(0.0.0.0) or V(::) for all of them.
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
  luns:
    description:
      - The LUNs, each with a number that stays. A LUN that is not here stays as it is, with a warning. To remove one name
        it with O(luns[].state=absent).
    type: list
    elements: dict
    default: []
    suboptions:
      lun:
        description: The LUN's number, 0 to 255.
        type: int
        required: true
      name:
        description:
          - The name of its backstore, such as V(minicloud). Needed unless O(luns[].state=absent).
        type: str
      device:
        description: The block device behind it, such as V(/dev/minicloud/lun0). Either this or O(luns[].file).
        type: path
      file:
        description:
          - The file behind it. It is made if it isn't there, sparse, for root only.
        type: path
      size:
        description:
          - The size of O(luns[].file), such as V(20GiB). Needed with it.
          - A file can grow, never shrink. LIO sees its new size only when the backstore is made anew, which interrupts.
        type: str
      write_back:
        description:
          - Whether writes to O(luns[].file) may stay in this machine's memory until the initiator flushes them.
        type: bool
        default: false
      readonly:
        description: Whether O(luns[].device) is opened for reading only.
        type: bool
        default: false
      wwn:
        description:
          - The unit serial, a UUID. By it initiators know the disk, whatever way they reach it.
          - By default it is what it is already; for a new one it is made of O(name) and O(luns[].name), the same each time.
        type: str
      attributes:
        description:
          - Attributes of the backstore as C(targetcli) has them, such as C(emulate_tpu) with V(1), which lets initiators give
            back unused space of a thin volume. What is left out stays as it is.
        type: dict
        default: {}
      state:
        description:
          - V(absent) removes the LUN from the target, and its backstore where no other LUN is on it.
        type: str
        choices: [present, absent]
        default: present
  initiators:
    description:
      - Who may log in. This is the whole list; left out, who may log in stays as it is. Either all have a
        O(initiators[].userid), or none has.
    type: list
    elements: dict
    suboptions:
      name:
        description: The initiator's name, which is in its C(/etc/iscsi/initiatorname.iscsi).
        type: str
        required: true
      userid:
        description: The CHAP name that the initiator gives.
        type: str
      password:
        description: Its CHAP secret, 12 to 255 characters.
        type: str
      mutual_userid:
        description: The CHAP name that the target gives to the initiator.
        type: str
      mutual_password:
        description: Its CHAP secret, another than O(initiators[].password).
        type: str
      luns:
        description:
          - The LUNs it sees. By default all of O(luns), each by its own number, for reading and writing.
        type: list
        elements: dict
        suboptions:
          lun:
            description: The LUN's number in the target.
            type: int
            required: true
          mapped_lun:
            description: The number that the initiator sees. By default O(initiators[].luns[].lun).
            type: int
          write_protect:
            description: Whether it may only read.
            type: bool
            default: false
  attributes:
    description:
      - Attributes of the target's portal group as C(targetcli) has them, such as C(login_timeout). What is left out
        stays as it is.
      - V(authentication) and V(generate_node_acls) are set by what O(initiators) says.
    type: dict
    default: {}
  allow_disconnect:
    description:
      - Whether initiators that are logged in may be interrupted, where a change wants it.
      - Without it such a change is refused before anything is done.
    type: bool
    default: false
  state:
    description:
      - V(absent) removes the target with its LUNs and their backstores where no other LUN is on them.
    type: str
    choices: [present, absent]
    default: present
  targets:
    description:
      - Several targets at once, each with the options that one has at the top level.
      - O(targets[].allow_disconnect) is that of the top level where it is left out.
    type: list
    elements: dict
    suboptions:
      name:
        description: As O(name).
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
      luns:
        description: As O(luns).
        type: list
        elements: dict
        default: []
        suboptions:
          lun:
            description: As O(luns[].lun).
            type: int
            required: true
          name:
            description: As O(luns[].name).
            type: str
          device:
            description: As O(luns[].device).
            type: path
          file:
            description: As O(luns[].file).
            type: path
          size:
            description: As O(luns[].size).
            type: str
          write_back:
            description: As O(luns[].write_back).
            type: bool
            default: false
          readonly:
            description: As O(luns[].readonly).
            type: bool
            default: false
          wwn:
            description: As O(luns[].wwn).
            type: str
          attributes:
            description: As O(luns[].attributes).
            type: dict
            default: {}
          state:
            description: As O(luns[].state).
            type: str
            choices: [present, absent]
            default: present
      initiators:
        description: As O(initiators).
        type: list
        elements: dict
        suboptions:
          name:
            description: As O(initiators[].name).
            type: str
            required: true
          userid:
            description: As O(initiators[].userid).
            type: str
          password:
            description: As O(initiators[].password).
            type: str
          mutual_userid:
            description: As O(initiators[].mutual_userid).
            type: str
          mutual_password:
            description: As O(initiators[].mutual_password).
            type: str
          luns:
            description: As O(initiators[].luns).
            type: list
            elements: dict
            suboptions:
              lun:
                description: As O(initiators[].luns[].lun).
                type: int
                required: true
              mapped_lun:
                description: As O(initiators[].luns[].mapped_lun).
                type: int
              write_protect:
                description: As O(initiators[].luns[].write_protect).
                type: bool
                default: false
      attributes:
        description: As O(attributes).
        type: dict
        default: {}
      allow_disconnect:
        description: As O(allow_disconnect).
        type: bool
      state:
        description: As O(state).
        type: str
        choices: [present, absent]
        default: present
requirements:
  - rtslib_fb (python3-rtslib-fb on Debian and Ubuntu, python3-rtslib on Fedora and EL)
notes:
  - Its first portal group (tag 1) is a target's only one here. Others are left alone.
  - CHAP proves who logs in; it does not encrypt what is read and written. Storage networks are not for strangers.
seealso:
  - name: targetcli(8)
    description: The shell that shows and changes the same.
    link: https://manpages.debian.org/targetcli-fb/targetcli.8.en.html
"""

EXAMPLES = r"""
- name: A logical volume for two hypervisors, over two networks
  minicloud.kvm.iscsi_target:
    name: iqn.2026-01.org.example:storage
    portals:
      - {address: 192.168.77.10}
      - {address: 192.168.78.10}
    luns:
      - {lun: 0, name: minicloud, device: /dev/minicloud/lun0, attributes: {emulate_tpu: 1}}
    initiators:
      - name: iqn.2026-01.org.example:host1
        userid: host1
        password: "{{ vault_chap_host1 }}"
        mutual_userid: storage
        mutual_password: "{{ vault_chap_storage }}"
      - name: iqn.2026-01.org.example:host2
        userid: host2
        password: "{{ vault_chap_host2 }}"
        mutual_userid: storage
        mutual_password: "{{ vault_chap_storage }}"

- name: One LUN goes; its logical volume stays
  minicloud.kvm.iscsi_target:
    name: iqn.2026-01.org.example:storage
    portals: [{address: 192.168.77.10}]
    luns: [{lun: 1, state: absent}]
    initiators: [{name: "iqn.2026-01.org.example:host1"}]
    allow_disconnect: true

- name: A target goes
  minicloud.kvm.iscsi_target:
    name: iqn.2026-01.org.example:old
    state: absent
"""

RETURN = r"""
targets:
  description: The targets of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The target's name.
      type: str
      sample: iqn.2026-01.org.example:storage
    state:
      description: As declared.
      type: str
      sample: present
    luns:
      description:
        - The declared LUNs, as they are after the task, each with its C(lun), C(name), C(path), C(wwn) and C(wwid), which
          is by what multipath on an initiator knows the disk.
      type: list
      elements: dict
      sample:
        - {lun: 0, name: minicloud, path: /dev/minicloud/lun0, wwn: 3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11,
          wwid: 360014053f0c3a2e6e5e4a3b8f550b6f4}
    sessions:
      description: The initiators that are logged in, before the task.
      type: list
      elements: str
      sample: ["iqn.2026-01.org.example:host1"]
    changes:
      description: What changes, in words and in the order in which it is done.
      type: list
      elements: str
      sample: ["LUN 0 is minicloud", "save"]
target:
  description: The one target, where O(name) is given.
  returned: where O(name) is given
  type: dict
  sample: {name: "iqn.2026-01.org.example:old", state: absent, luns: [], sessions: [], changes: []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_options import OPTIONS
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_task import declare
from ansible_collections.minicloud.kvm.plugins.module_utils._lio import IMPORT_ERROR


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        mutually_exclusive=[("name", "targets")],
        required_one_of=[("name", "targets")],
        supports_check_mode=True,
    )
    if not module.check_mode:
        require(module, "rtslib_fb", IMPORT_ERROR, "python3-rtslib-fb or python3-rtslib")
    finish(module, lambda: declare(module.params, module.check_mode))


if __name__ == "__main__":
    main()
