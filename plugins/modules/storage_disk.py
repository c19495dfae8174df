#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module storage_disk."""

from __future__ import annotations

DOCUMENTATION = r"""
module: storage_disk
short_description: See whether disks may become storage, and wipe those that are named
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Says of each disk whether it is free, has on it already what it is meant for, or has to be left alone, and what was
    found on it.
  - It goes before the tasks that make a volume group, a file system or a Ceph OSD of disks. It makes none of these itself.
  - A disk with anything else on it is refused. That is a file system, a partition table, an LVM physical volume of another
    volume group, a member of a RAID or a multipath device, a Ceph OSD, swap space, encryption, anything else that
    C(wipefs) knows, or data of no known kind in the first MiB (a guest's raw disk, say).
  - So is a disk that is mounted, used by another device or opened by a program (a guest's QEMU), a read-only one, one that
    is too small, and what is no block device. O(disks[].wipe=true) does not help against these.
  - Where a disk is refused the task fails (RV(ignore:error_code=disk_refused)) and says why, of every one.
  - Nothing is written unless O(disks[].wipe=true) names that very disk, and no disk of the task is refused.
extends_documentation_fragment:
  - minicloud.kvm.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: What is found on each disk that is wiped.
  idempotent:
    support: full
    details: A disk that has on it what it is meant for is not wiped again.
  platform:
    platforms: linux
options:
  disks:
    description: The disks, or partitions.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - The disk's path, best one of V(/dev/disk/by-id), which stays the same whatever is plugged in beside it. Also
            V(/dev/disk/by-path), or a multipath device (V(/dev/mapper/mpatha)).
          - A name in the order of finding (V(/dev/sdb)) is taken with a warning, for another disk may have it after
            the next boot. What has data on it is refused anyway. With O(disks[].wipe=true) such a name is refused.
        type: path
        required: true
      wipe:
        description:
          - Whether to remove what is on it, with C(wipefs) and zeros in the first MiB, so that it is free. What was on the
            disk is then lost.
          - It says so of this disk only. It may stay as it is, for a disk that is in use as declared is not wiped.
        type: bool
        default: false
      label:
        description: The label of its file system. Needed with O(purpose=filesystem).
        type: str
  purpose:
    description:
      - What the disks are meant for.
      - V(lvm), physical volumes of O(volume_group).
      - V(filesystem), each one file system of type O(fstype), with the label O(disks[].label).
      - V(ceph_osd), a Ceph OSD each, as C(ceph-volume) makes them, with LVM or without.
    type: str
    required: true
    choices: [lvm, filesystem, ceph_osd]
  volume_group:
    description: The name of the volume group. Needed with O(purpose=lvm).
    type: str
  fstype:
    description: The type of the file systems.
    type: str
    choices: [xfs, ext4]
    default: xfs
  cluster_fsid:
    description:
      - The C(fsid) of the Ceph cluster. An OSD of another cluster is then refused.
      - Without it any OSD will do.
    type: str
  minimum_size:
    description: The least size of a disk that is not in use yet, such as V(10GiB).
    type: str
notes:
  - Needs C(lsblk) and C(wipefs) (util-linux 2.37 or later) and, to know the volume group of a physical volume, lvm2.
  - A disk that was emptied by hand with C(wipefs) or C(pvremove) still has data of no known kind. Say O(disks[].wipe=true)
    for it.
seealso:
  - module: community.general.lvg
  - module: community.general.filesystem
  - name: wipefs(8)
    description: What is looked for, and how it is removed.
    link: https://man7.org/linux/man-pages/man8/wipefs.8.html
"""

EXAMPLES = r"""
- name: Two disks for a volume group; whatever is on the second may go
  minicloud.kvm.storage_disk:
    purpose: lvm
    volume_group: minicloud
    disks:
      - path: /dev/disk/by-id/wwn-0x5002538e40b1c2d3
      - path: /dev/disk/by-id/wwn-0x5002538e40b1c2d4
        wipe: true

- name: Make the volume group
  community.general.lvg:
    vg: minicloud
    pvs: /dev/disk/by-id/wwn-0x5002538e40b1c2d3,/dev/disk/by-id/wwn-0x5002538e40b1c2d4

- name: Disks for Gluster's bricks
  minicloud.kvm.storage_disk:
    purpose: filesystem
    minimum_size: 100GiB
    disks:
      - {path: /dev/disk/by-id/virtio-brick1, label: brick1}
      - {path: /dev/disk/by-id/virtio-brick2, label: brick2}

- name: Which disks are still to become OSDs
  minicloud.kvm.storage_disk:
    purpose: ceph_osd
    disks: [{path: /dev/disk/by-id/virtio-osd1}, {path: /dev/disk/by-id/virtio-osd2}]
  register: osds

- name: Name them
  ansible.builtin.debug:
    msg: "{{ osds.free }}"
"""

RETURN = r"""
disks:
  description: The disks of the task, in its order. Also where the task fails because one is refused.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: As declared.
      type: str
      sample: /dev/disk/by-id/virtio-data1
    device:
      description: What it is now. None where there is no such device.
      type: str
      sample: /dev/vdb
    size:
      description: Its size in bytes. None where there is no such device.
      type: int
      sample: 107374182400
    status:
      description:
        - V(free), nothing is on it.
        - V(ours), it has on it what it is meant for.
        - V(wiped), what was on it is removed (in check mode, would be), so that it is free.
        - V(refused), it has to be left alone.
      type: str
      sample: free
    found:
      description: What is on it and who uses it, in words.
      type: list
      elements: str
      sample: [a gpt partition table, "partition /dev/vdb1 with an ext4 file system labelled data", /dev/vdb1 is mounted at /srv]
    reason:
      description: Why it is refused, and what to do. Empty where it isn't.
      type: str
      sample: there is a gpt partition table on it
    volume_group:
      description: The volume group it belongs to; empty for a physical volume that is in none.
      type: str
      sample: minicloud
    osds:
      description: The Ceph OSDs on it, each with its C(id) and C(cluster_fsid) where they can be known.
      type: list
      elements: dict
      sample: [{id: "0", cluster_fsid: 3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11}]
free:
  description: The paths of the disks that are free, those that were wiped among them.
  returned: success
  type: list
  elements: str
  sample: [/dev/disk/by-id/virtio-data1]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._disk_system import System
from ansible_collections.minicloud.kvm.plugins.module_utils._disk_task import OPTIONS, claim
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        required_if=[("purpose", "lvm", ["volume_group"])],
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C", "LVM_SUPPRESS_FD_WARNINGS": "1"}
    system = System(module.run_command, module.get_bin_path)
    finish(module, lambda: claim(module.params, system, module.check_mode))


if __name__ == "__main__":
    main()
