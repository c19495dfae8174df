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
  - Nothing that a pool holds is ever deleted; V(absent) only makes libvirt forget the pool.
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
      description: V(dir) is a directory of the host, V(netfs) a network file system that libvirt mounts. Needed to
        make a pool; it can't be changed.
      type: str
      choices:
        - dir
        - netfs
    source:
      description: Where a V(netfs) pool comes from.
      type: dict
      suboptions:
        host:
          description: The server.
          type: str
        dir:
          description: The directory that the server exports.
          type: str
        format:
          description: The network file system; libvirt finds V(nfs) by itself.
          type: str
          choices:
            - auto
            - nfs
            - glusterfs
            - cifs
    target:
      description: Where the volumes are on the host.
      type: dict
      suboptions:
        path:
          description: The directory, or where the network file system is mounted. It is made where it is missing.
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
  pools:
    description: The pools, each with the options that one has at the top level.
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
    source: {host: storage, dir: /srv/minicloud, format: nfs}
    target: {path: /var/lib/libvirt/images/shared}
    autostart: true

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
