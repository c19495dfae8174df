#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_pool
short_description: Declare storage pools
version_added: 0.1.0
description:
  - Makes, changes, starts, stops and removes libvirt storage pools, any number of them over one connection.
  - Nothing that a pool holds is ever deleted; V(absent) only makes libvirt forget the pool. A pool that would take its
    volumes from a running domain is not stopped.
  - Where what a pool is on is mounted from another machine and does not answer for 30 seconds, the task fails
    (V(mount_hangs)), instead of waiting for ever.
  - What a pool is on is only made with O(build), where there is nothing; what is there is only destroyed with O(overwrite).
author: minicloud.kvm contributors (@minicloud)
options:
  <<: &one
    name:
      description: Name of the storage pool. May be left out where O(xml) has it.
      type: str
    state:
      description: V(present) is defined, running or not; V(active) runs; V(inactive) is defined and does not run;
        V(absent) is neither.
      type: str
      choices:
        - present
        - active
        - inactive
        - absent
      default: active
    uuid:
      description: UUID. Left out, a new one is made and an existing one kept.
      type: str
    autostart:
      description: Whether libvirt starts the storage pool when the host starts.
      type: bool
    xml:
      description: libvirt's XML, a whole document or one element of it, for what has no option of its own. It is
        merged into what is there; options win over it.
      type: str
    type:
      description: V(dir) is a directory of the host, V(netfs) a network file system that libvirt mounts, V(fs) a
        file system on a device, V(logical) a volume group, V(disk) the partitions of a disk. Needed to make a pool;
        it can't be changed.
      type: str
      choices:
        - dir
        - fs
        - netfs
        - logical
        - disk
        - iscsi
        - iscsi-direct
        - scsi
        - mpath
        - rbd
        - gluster
        - zfs
    source:
      description: Where a pool comes from; what it takes depends on O(type).
      type: dict
      suboptions:
        hosts:
          description: 'The servers: the monitors of a V(rbd) pool, one server of any other.'
          type: list
          elements: dict
          suboptions:
            name:
              description: Name or address.
              type: str
            port:
              description: Port; the service's own where it is left out.
              type: int
        devices:
          description: 'The devices that a pool is on. V(logical) takes any number: its volume group is made of them.'
          type: list
          elements: dict
          suboptions:
            path:
              description: Block device, best under C(/dev/disk/by-id); the target's IQN of an iSCSI pool.
              type: str
            part_separator:
              description: Whether partitions of a multipath device have a V(p) before their number.
              type: bool
        dir:
          description: The directory that the server exports, the share of V(cifs), a directory in the volume of V(gluster).
          type: str
        name:
          description: The volume group of V(logical) (the pool's name where it is left out), the pool of V(rbd) and
            V(zfs), the volume of V(gluster).
          type: str
        format:
          description: The file system of V(fs) and V(netfs), or V(auto) for the one that is there; the partition
            table of V(disk); V(lvm2) for V(logical).
          type: str
          choices:
            - auto
            - ext2
            - ext3
            - ext4
            - ufs
            - iso9660
            - udf
            - gfs
            - gfs2
            - vfat
            - hfs+
            - xfs
            - ocfs2
            - vmfs
            - nfs
            - glusterfs
            - cifs
            - unknown
            - lvm2
            - dos
            - dvh
            - gpt
            - mac
            - bsd
            - pc98
            - sun
        protocol_ver:
          description: Version of the protocol with which NFS is mounted, such as V('4.2').
          type: str
        adapter:
          description: The SCSI adapter of a V(scsi) pool.
          type: dict
          suboptions:
            type:
              description: V(scsi_host) is an adapter of this host, V(fc_host) a virtual one on Fibre Channel.
              type: str
              choices:
                - scsi_host
                - fc_host
            name:
              description: Name of a V(scsi_host) adapter, such as V(scsi_host1).
              type: str
            parentaddr:
              description: Where a V(scsi_host) adapter is; unlike its name it stays the same over reboots.
              type: dict
              suboptions:
                unique_id:
                  description: The adapter's number in C(/sys/class/scsi_host/host*/unique_id).
                  type: int
                address:
                  description: PCI address, such as V(0000:00:1f.2).
                  type: str
            parent:
              description: The adapter that a V(fc_host) one is made on, such as V(scsi_host5).
              type: str
            parent_wwnn:
              description: World wide node name of that adapter, instead of its name.
              type: str
            parent_wwpn:
              description: World wide port name of it; goes with O(source.adapter.parent_wwnn).
              type: str
            parent_fabric_wwn:
              description: World wide name of its fabric, instead of its name.
              type: str
            wwnn:
              description: World wide node name of a V(fc_host) adapter.
              type: str
            wwpn:
              description: World wide port name of a V(fc_host) adapter.
              type: str
            managed:
              description: Whether the V(fc_host) adapter goes when the pool stops.
              type: bool
        initiator_iqn:
          description: IQN by which this host logs in to an iSCSI target.
          type: str
        auth:
          description: How this host logs in to the server.
          type: dict
          suboptions:
            type:
              description: V(chap) for iSCSI, V(ceph) for V(rbd).
              type: str
              choices:
                - chap
                - ceph
            username:
              description: The user.
              type: str
            secret:
              description: The secret of libvirt that holds the password or key.
              type: dict
              suboptions:
                usage:
                  description: By its usage.
                  type: str
                uuid:
                  description: By its UUID.
                  type: str
        vendor:
          description: Vendor of the storage; a note.
          type: str
        product:
          description: Product that the storage is; a note.
          type: str
    target:
      description: Where the volumes are on the host.
      type: dict
      suboptions:
        path:
          description: 'The directory, or where the file system is mounted: it is made where it is missing. For V(disk)
            C(/dev), for V(iscsi) and V(scsi) C(/dev/disk/by-path), for V(mpath) C(/dev/mapper).'
          type: str
        mode:
          description: Mode of the directory when it is made, such as V('0711').
          type: str
        owner:
          description: Numeric user of the directory when it is made.
          type: int
        group:
          description: Numeric group of the directory when it is made.
          type: int
        label:
          description: 'SELinux label of the directory; a note: libvirt sets none.'
          type: str
    features:
      description: Features of the file system of a V(dir) or V(fs) pool.
      type: dict
      suboptions:
        cow:
          description: Whether Btrfs copies on write; libvirt turns it off by itself.
          type: bool
    mount_opts:
      description: Options for mount, of a V(fs) or V(netfs) pool.
      type: list
      elements: str
    config_opts:
      description: Ceph's options by name, of a V(rbd) pool.
      type: dict
    refresh_volume_allocation:
      description: What is taken for the allocation of a volume of a V(rbd) pool; V(capacity) is faster to find.
      type: str
      choices:
        - default
        - capacity
    build:
      description: 'Whether what a V(fs), V(logical) or V(disk) pool is on is made where its devices hold nothing:
        the file system, the volume group, the partition table. Where they hold anything else, the task fails.'
      type: bool
      default: false
    overwrite:
      description: With O(build), whether what else the devices hold is destroyed. A device that is in use never is,
        nor what is such a file system, volume group or partition table already.
      type: bool
      default: false
    refresh:
      description: Whether libvirt looks anew at what volumes there are; it is not counted as a change.
      type: bool
      default: false
    restart:
      description: Whether a running pool is stopped and started again when a change needs it.
      type: str
      choices:
        - never
        - if_required
      default: never
  pools:
    description: The pools, each with the options that one has at the top level. What stands beside it counts for
      all that don't have their own; what may destroy something is refused there.
    type: list
    elements: dict
    suboptions: *one
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
  idempotent: {support: full}
  platform: {platforms: posix}
extends_documentation_fragment:
  - minicloud.kvm.attributes
  - minicloud.kvm.connection
"""

EXAMPLES = r"""
- name: A directory of the host
  minicloud.kvm.libvirt_pool:
    name: images
    type: dir
    target: {path: /srv/images, mode: '0711'}
    autostart: true

- name: An NFS export, the same on every hypervisor
  minicloud.kvm.libvirt_pool:
    name: shared
    type: netfs
    source: {hosts: [{name: storage}], dir: /srv/minicloud, format: nfs}
    target: {path: /var/lib/libvirt/images/shared}
    autostart: true

- name: A file system on a disk, made where the disk is empty
  minicloud.kvm.libvirt_pool:
    name: fast
    type: fs
    source: {devices: [{path: /dev/disk/by-id/nvme-fast}], format: xfs}
    target: {path: /srv/fast}
    build: true

- name: A volume group that is there
  minicloud.kvm.libvirt_pool:
    name: guests
    type: logical
    source: {name: vg0}

- name: A pool of Ceph
  minicloud.kvm.libvirt_pool:
    name: ceph
    type: rbd
    source:
      name: guests
      hosts: [{name: mon1}, {name: mon2}, {name: mon3}]
      auth: {type: ceph, username: libvirt, secret: {usage: ceph}}

- name: libvirt forgets the pool; its files stay
  minicloud.kvm.libvirt_pool:
    name: images
    state: absent
"""

RETURN = r"""
pools:
  description: What was declared, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name., type: str, returned: always, sample: images}
    uuid: {description: UUID; none in check mode where there is none yet., type: str, returned: always, sample: 5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69}
    state: {description: Its state after the task., type: str, returned: always, sample: active}
    changes:
      description: What changed, or would in check mode.
      type: list
      elements: dict
      returned: always
      sample: [{field: autostart, before: false, after: true}]
    restart_required: {description: Fields that are changed in the definition and wait for a restart., type: list, elements: str, returned: always, sample: []}
pool:
  description: The same of the only object, where the task declares one at the top level.
  returned: success, where RV(pools) was not used as an option
  type: dict
  sample: {name: images, state: active, changes: [], restart_required: []}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run
from ansible_collections.minicloud.kvm.plugins.module_utils._pool import Pool


def main() -> None:
    run(Pool)


if __name__ == "__main__":
    main()
