#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_volume
short_description: Declare storage volumes
version_added: 0.1.0
description:
  - Makes storage volumes, empty, as an overlay of an image, as a copy of another or filled from a file or a URL, and grows
    them; any number over one connection.
  - What a volume holds is never written again; it is shrunk only with O(allow_shrink), deleted only with O(state=absent).
  - A volume in a pool of files (V(dir), V(fs), V(netfs)), in a V(logical) or V(rbd) pool has its name only when it is whole.
    A partition or LUN, which has its name before, begins with a mark till then. What a killed run has left is
    thrown away, or filled anew, by the next one.
  - Images move between pools of any type with O(clone). QEMU's C(qemu-img) copies on the hypervisor, holes stay, the
    system's log says how far it is, and in the end the new volume is read from its storage and compared with what it
    is a copy of. Only the copy of an encrypted volume, one that is not made by root on the hypervisor itself, and one
    within an V(rbd) pool are libvirt's own work, and not compared.
  - An V(rbd) pool's user and key are those of the pool's secret; where that is private, Ceph's keyring on the
    hypervisor. It takes C(rbd) there, and QEMU's driver for it (C(ceph-common) and C(qemu-block-extra) on Debian and
    Ubuntu, C(ceph-common) and C(qemu-block-rbd) on Fedora and EL).
author: minicloud.kvm contributors (@minicloud)
options:
  <<: &one
    name:
      description: Name of the volume. May be left out where O(xml) has it. On a V(disk) pool it is that of the next
        partition, such as V(sdb1).
      type: str
    pool:
      description: Storage pool that it is in, which has to be active.
      type: str
    state:
      description: V(present) is there with at least the declared capacity; V(absent) is deleted, with all it holds.
      type: str
      choices:
        - present
        - absent
      default: present
    capacity:
      description: Size that a guest sees, such as V(20GiB). A smaller volume grows, a larger one is refused unless
        O(allow_shrink). Left out, a new volume has the size of what it starts from.
      type: str
    allocation:
      description: 'Space taken from the beginning, when it is made: V(thin) is as little as can be, V(metadata) that
        for the tables of a V(qcow2), V(full) all of it; or a size. Left out, V(raw) is full, and the others and what
        O(clone) makes are thin.'
      type: str
    format:
      description: 'Format of the volume when it is made: that of O(src) or O(clone) where it is left out, or else
        V(qcow2). What O(src) has in another format is converted. A V(disk) pool has types of partitions: V(none)
        to V(extended). Volumes of other pools of devices are V(raw). It can''t be changed.'
      type: str
      choices:
        - qcow2
        - raw
        - qcow
        - qed
        - vdi
        - vmdk
        - vpc
        - none
        - linux
        - fat16
        - fat32
        - linux-swap
        - linux-lvm
        - linux-raid
        - extended
    compat:
      description: 'Version of V(qcow2): V(1.1) where it is left out.'
      type: str
      choices:
        - '0.10'
        - '1.1'
    cluster_size:
      description: Size of the clusters of a V(qcow2), such as V(64KiB).
      type: str
    lazy_refcounts:
      description: 'Whether a V(qcow2) writes its reference counts late: faster, and slow to repair after a crash.'
      type: bool
    extended_l2:
      description: Whether the clusters of a V(qcow2) have subclusters; take a larger O(cluster_size).
      type: bool
    nocow:
      description: Whether copy on write of Btrfs is off for a new file.
      type: bool
    encryption:
      description: How a V(raw) or V(qcow2) volume is encrypted when it is made, by QEMU itself.
      type: dict
      suboptions:
        format:
          description: Format of the encryption.
          type: str
          choices:
            - luks
          default: luks
        secret:
          description: The secret of libvirt that holds the passphrase.
          type: dict
          suboptions:
            usage:
              description: By its usage.
              type: str
            uuid:
              description: By its UUID.
              type: str
        cipher:
          description: The cipher; QEMU's default where it is left out.
          type: dict
          suboptions:
            name:
              description: Cipher, such as V(aes).
              type: str
            size:
              description: Bits of the key, such as V(256).
              type: int
            mode:
              description: Mode, such as V(xts).
              type: str
            hash:
              description: Hash, such as V(sha256).
              type: str
        ivgen:
          description: How initialization vectors are made; goes with O(encryption.cipher).
          type: dict
          suboptions:
            name:
              description: Generator, such as V(plain64).
              type: str
            hash:
              description: Its hash, where it has one.
              type: str
    backing_store:
      description: The image that the volume is an overlay of, when it is made. It can't be changed.
      type: dict
      suboptions:
        volume:
          description: Name of the volume that holds what is not written yet.
          type: str
        pool:
          description: Its pool; the volume's own where it is left out.
          type: str
        path:
          description: Path of an image instead of a volume.
          type: str
        format:
          description: Its format; a volume's is known.
          type: str
          choices:
            - qcow2
            - raw
            - qcow
            - qed
            - vdi
            - vmdk
            - vpc
    clone:
      description: 'The volume that a new one is a full copy of, whatever the two pools are: with its holes, and compared
        when it is written. What is there already is not copied again. Within one V(rbd) pool it is a layer above
        a snapshot of the other, as Ceph clones.'
      type: dict
      suboptions:
        volume:
          description: Name of the volume.
          type: str
          required: true
        pool:
          description: Its pool; the new volume's own where it is left out.
          type: str
    src:
      description: File on the hypervisor, or a URL, that a new volume is filled from. What is there already is not
        filled again.
      type: str
    checksum:
      description: Checksum of O(src), such as V(sha256:) and its digits, or the URL of a list of checksums instead
        of the digits. A volume has its name only when it is right. An interrupted download is gone on with.
      type: str
    fill_blank:
      description: Whether a partition or LUN that is there, and on which there is nothing, is filled from O(clone)
        or O(src). The volumes of V(iscsi), V(scsi) and V(mpath) pools are there from the beginning. What holds anything
        is left as it is.
      type: bool
      default: false
    mode:
      description: Mode of the file when it is made, such as V('0640').
      type: str
    owner:
      description: Numeric user of the file when it is made; on a V(netfs) pool that of the pool's directory.
      type: int
    group:
      description: Numeric group of the file when it is made; on a V(netfs) pool that of the directory.
      type: int
    allow_overcommit:
      description: Whether the capacity may be more than the whole pool has.
      type: bool
      default: false
    allow_shrink:
      description: 'Whether a larger volume is cut to O(capacity): what is behind is lost. Never that of a running
        domain.'
      type: bool
      default: false
    wipe:
      description: 'With O(state=absent): how what it holds is overwritten before it is deleted. All but V(zero) need
        scrub on the hypervisor.'
      type: str
      choices:
        - zero
        - nnsa
        - dod
        - bsi
        - gutmann
        - schneier
        - pfitzner7
        - pfitzner33
        - random
    xml:
      description: libvirt's XML for a new volume, for what has no option of its own.
      type: str
  volumes:
    description: The volumes, each with the options that one has at the top level. What stands beside it counts
      for all that don't have their own; what may destroy something is refused there.
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
- name: An image, from a file on the hypervisor
  minicloud.kvm.libvirt_volume:
    pool: images
    name: debian-13.qcow2
    src: /var/cache/debian-13-genericcloud-amd64.qcow2

- name: An image, from its maker; converted, for it comes as vmdk
  minicloud.kvm.libvirt_volume:
    pool: images
    name: appliance.qcow2
    src: https://example.org/appliance.vmdk
    checksum: sha256:https://example.org/SHA256SUMS
    format: qcow2

- name: A copy of its own, in another pool
  minicloud.kvm.libvirt_volume:
    pool: fast
    name: db1.raw
    format: raw
    clone: {pool: images, volume: debian-13.qcow2}
    capacity: 40GiB

- name: A guest's disk on a logical volume, from an image in a pool of files
  minicloud.kvm.libvirt_volume:
    pool: vg-guests
    name: db1-vda
    clone: {pool: images, volume: debian-13.qcow2}
    capacity: 40GiB

- name: And from there into Ceph
  minicloud.kvm.libvirt_volume:
    pool: ceph
    name: db1-vda
    clone: {pool: vg-guests, volume: db1-vda}

- name: A LUN that is there, and is filled where it is blank
  minicloud.kvm.libvirt_volume:
    pool: luns
    name: unit:0:0:1
    clone: {pool: images, volume: debian-13.qcow2}
    fill_blank: true

- name: Disks of two guests, overlays of that image
  minicloud.kvm.libvirt_volume:
    volumes:
      - {pool: images, name: web1.qcow2, capacity: 20GiB, backing_store: {volume: debian-13.qcow2}}
      - {pool: images, name: web2.qcow2, capacity: 20GiB, backing_store: {volume: debian-13.qcow2}}

- name: A disk grows
  minicloud.kvm.libvirt_volume:
    pool: images
    name: web1.qcow2
    capacity: 40GiB
"""

RETURN = r"""
volumes:
  description: What was declared, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name., type: str, returned: always, sample: web1.qcow2}
    uuid: {description: UUID; none in check mode where there is none yet., type: str, returned: always, sample: 5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69}
    state: {description: Its state after the task., type: str, returned: always, sample: present}
    changes:
      description: What changed, or would in check mode.
      type: list
      elements: dict
      returned: always
      sample: [{field: capacity, before: 20GiB, after: 40GiB}]
    restart_required: {description: Fields that are changed in the definition and wait for a restart., type: list, elements: str, returned: always, sample: []}
    pool: {description: Its storage pool., type: str, returned: always, sample: images}
    path: {description: Where it is on the hypervisor., type: str, returned: when it is present, sample: /srv/images/web1.qcow2}
volume:
  description: The same of the only object, where the task declares one at the top level.
  returned: success, where no list was given
  type: dict
  sample: {name: web1.qcow2, state: present, changes: [], restart_required: []}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run
from ansible_collections.minicloud.kvm.plugins.module_utils._volume import Volume


def main() -> None:
    run(Volume)


if __name__ == "__main__":
    main()
