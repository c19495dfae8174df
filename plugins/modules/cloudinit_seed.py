#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudinit_seed
short_description: Declare cloud-init NoCloud seeds
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Makes the small image from which cloud-init's NoCloud data source reads what a virtual machine is to become, an
    ISO 9660 file system labelled C(CIDATA) with the files C(user-data), C(meta-data) and, where given,
    C(vendor-data) and C(network-config).
  - A seed is rewritten only if the content of these files differs; the same content gives the same image, byte for byte.
  - What is no seed is neither overwritten nor removed.
  - Documents may hold secrets. Their values are hidden in the task's options as Ansible logs them; a difference names
    the keys that differ and shows only harmless values.
  - Hang a seed on a virtio disk, read-only. The kernels of many cloud images have no driver for a SATA CD-ROM.
extends_documentation_fragment:
  - minicloud.kvm.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Of user data and vendor data, only the keys and harmless values are shown.
  idempotent:
    support: full
  platform:
    platforms: posix
requirements:
  - pycdlib (C(python3-pycdlib))
  - PyYAML, if a document is given as text (C(python3-yaml), on Fedora and EL C(python3-pyyaml))
options:
  path:
    description:
      - The seed's file, an absolute path. Its directory has to be there.
      - Required unless O(seeds) is given.
    type: path
  state:
    description:
      - V(present) makes the seed what the options say.
      - V(absent) removes the file if it is a seed.
    type: str
    choices: [present, absent]
    default: present
  user_data:
    description:
      - The C(user-data), a mapping (it is written as a C(#cloud-config)) or text.
      - >-
        Text has to begin as cloud-init knows it, with C(#cloud-config), C(#!), C(#include), C(#part-handler),
        C(#cloud-boothook), C(## template: jinja), C(#cloud-config-archive), C(#cloud-config-jsonp) or a MIME header.
        YAML is checked.
      - Left out, the seed has an empty C(#cloud-config), for cloud-init takes no seed without.
    type: raw
  meta_data:
    description:
      - The C(meta-data), a mapping or text; the keys C(instance-id) and C(local-hostname) are the usual ones.
      - A mapping without C(instance-id) gets one, C(local-hostname) if that is given, else the name of the file
        without C(-seed.iso). It stays the same when other content changes.
      - cloud-init takes a machine with a new C(instance-id) for a new machine and does again what it does once per
        instance, such as making SSH host keys, running C(runcmd), or partitioning with C(disk_setup). So a running
        guest doesn't follow changed user data until it is given a new C(instance-id) and rebooted; that is asked for
        by writing it here.
    type: raw
  vendor_data:
    description: The C(vendor-data), in the same forms as O(user_data).
    type: raw
  network_config:
    description: The C(network-config), version 1 or 2 (netplan), a mapping or text.
    type: raw
  mode:
    description: The file's permissions, octal; a string, or a number as YAML reads octal.
    type: raw
    default: "0640"
  owner:
    description:
      - The file's owner, a name or a number.
      - Left out, the owner is unmanaged. libvirt gives the files of a running guest to QEMU's user.
    type: str
  group:
    description:
      - The file's group, a name or a number.
      - Left out, a new file gets QEMU's group (C(libvirt-qemu) or C(qemu)) where there is one, and the group of one
        that is there is unmanaged.
    type: str
  seeds:
    description: Many seeds in one call, instead of the options of one.
    type: list
    elements: dict
    suboptions:
      path:
        description: As the module's option of this name.
        type: path
        required: true
      state:
        description: As the module's option of this name.
        type: str
        choices: [present, absent]
        default: present
      user_data:
        description: As the module's option of this name.
        type: raw
      meta_data:
        description: As the module's option of this name.
        type: raw
      vendor_data:
        description: As the module's option of this name.
        type: raw
      network_config:
        description: As the module's option of this name.
        type: raw
      mode:
        description: As the module's option of this name.
        type: raw
        default: "0640"
      owner:
        description: As the module's option of this name.
        type: str
      group:
        description: As the module's option of this name.
        type: str
seealso:
  - module: minicloud.kvm.libvirt_domain
  - name: NoCloud
    description: cloud-init's own page on seeds.
    link: https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html
"""

EXAMPLES = r"""
- name: A guest that its owner reaches with a key
  minicloud.kvm.cloudinit_seed:
    path: /var/lib/libvirt/images/web1-seed.iso
    meta_data:
      local-hostname: web1
    user_data:
      users:
        - name: admin
          sudo: ALL=(ALL) NOPASSWD:ALL
          shell: /bin/bash
          ssh_authorized_keys:
            - "{{ lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub') }}"
    network_config:
      version: 2
      ethernets:
        all:
          match: {name: "e*"}
          dhcp4: true

- name: Hang it on the guest
  minicloud.kvm.libvirt_domain:
    name: web1
    disks:
      - {target: vda, bus: virtio, pool: default, volume: web1.qcow2}
      - {target: vdb, bus: virtio, file: /var/lib/libvirt/images/web1-seed.iso, format: raw, readonly: true}

- name: User data from a file of one's own, for a guest that is to run everything again at its next boot
  minicloud.kvm.cloudinit_seed:
    path: /var/lib/libvirt/images/db1-seed.iso
    meta_data:
      instance-id: db1-2
      local-hostname: db1
    user_data: "{{ lookup('ansible.builtin.file', 'db1.cloud-config.yml') }}"

- name: Many seeds at once
  minicloud.kvm.cloudinit_seed:
    seeds:
      - {path: /var/lib/libvirt/images/a-seed.iso, meta_data: {local-hostname: a}}
      - {path: /var/lib/libvirt/images/b-seed.iso, meta_data: {local-hostname: b}}
      - {path: /var/lib/libvirt/images/old-seed.iso, state: absent}
"""

RETURN = r"""
seeds:
  description: Each declared seed and what changed of it.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: The file., type: str, returned: always}
    state: {description: The declared state., type: str, returned: always}
    changes:
      description: Each field that differed, before and after, secrets hidden.
      type: list
      elements: dict
      returned: always
  sample:
    - path: /var/lib/libvirt/images/web1-seed.iso
      state: present
      changes:
        - {field: user-data, before: {users: (hidden)}, after: {users: "(hidden, differs)"}}
seed:
  description: The one seed, where O(seeds) was not given.
  returned: success, without O(seeds)
  type: dict
  sample: {path: /var/lib/libvirt/images/web1-seed.iso, state: present, changes: []}
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils import _seed, _seed_iso, _seed_text
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require


def main() -> None:
    # no_log keeps the documents out of the system's journal.
    document = {"type": "raw", "no_log": True}
    one: dict[str, dict[str, t.Any]] = {
        "path": {"type": "path"},
        "state": {"choices": ["present", "absent"], "default": "present"},
        "user_data": document,
        "meta_data": document,
        "vendor_data": document,
        "network_config": document,
        "mode": {"type": "raw", "default": "0640"},
        "owner": {"type": "str"},
        "group": {"type": "str"},
    }
    each = {**one, "path": {"type": "path", "required": True}}
    module = AnsibleModule(
        argument_spec={**one, "seeds": {"type": "list", "elements": "dict", "options": each}},
        required_one_of=[("path", "seeds")],
        mutually_exclusive=[(name, "seeds") for name in one if "default" not in one[name]],
        supports_check_mode=True,
    )
    params = _seed.hide_documents(module.params)
    # Every word of a document would be masked in the result, a path with the guest's name in it as well; the documents
    # themselves are no longer in what Ansible returns, and the plan shows none of their secrets.
    module.no_log_values = set()
    require(module, "pycdlib", _seed_iso.IMPORT_ERROR, "python3-pycdlib")
    if _seed.wants_yaml(params):
        require(module, "PyYAML", _seed_text.YAML_IMPORT_ERROR, "python3-yaml or python3-pyyaml")
    finish(module, lambda: _seed.run(params, module.check_mode))


if __name__ == "__main__":
    main()
