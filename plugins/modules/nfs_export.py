#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module nfs_export."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nfs_export
short_description: Declare what an NFS server exports
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Declares which clients may mount a directory over NFS, and how, in V(/etc/exports) or a file of V(/etc/exports.d).
  - Reads all of exports(5), the way C(exportfs) reads it. What a task does not name is kept byte for byte.
  - Options are compared by what they mean. Their order, those that are the default anyway
    (V(sync), V(root_squash), V(no_subtree_check), V(wdelay), V(secure), V(hide), V(anonuid=65534) and so on) and
    synonyms make no difference, nor does the spelling of a client
    (V(192.0.2.0/255.255.255.0) is V(192.0.2.0/24), V(HOST1) is V(host1)).
  - The files are replaced at once, then the server exports anew (C(exportfs -r)). Where that does not give the
    declared exports, the files are put back as they were and the task fails with what C(exportfs) said.
  - An export that is in the file but not in the server's own table (C(exportfs -s)), or is different there, is
    exported anew and reported as a change of V(active). So is one that the kernel exports otherwise than the table says
    (C(/proc/fs/nfsd/exports)), because it was told so earlier and not told to forget it.
extends_documentation_fragment:
  - minicloud.kvm.attributes
attributes:
  check_mode:
    support: full
    details: Works before the NFS server is installed and before the directory is there; both are then a warning.
  diff_mode:
    support: full
    details: The text of each file that changes.
  idempotent:
    support: full
options:
  path:
    description:
      - The directory to export, an absolute path. It has to be there, or to be declared with O(directory).
    type: path
  clients:
    description:
      - Who may mount it. This is the whole list for O(path) in O(file). A client that is not here is removed.
      - The order counts only where two networks, two patterns or two netgroups may be true for the same machine and
        have different options. There the first one is what counts.
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - A host name, an address, a network (V(192.0.2.0/24), V(2001:db8::/64)), a pattern (V(*.example.org)), a
            netgroup (V(@hosts)), or V(*) for everyone.
          - An IPv6 address is written without brackets.
        type: str
        required: true
      options:
        description:
          - The options of exports(5), one an item, such as V(rw) or V(anonuid=64055). Without V(rw) it is read-only.
        type: list
        elements: str
        default: []
  options:
    description:
      - Options for all clients; what a client has itself comes after them and wins.
    type: list
    elements: str
    default: []
  file:
    description:
      - The file the export is declared in, V(/etc/exports) or V(/etc/exports.d/NAME.exports), for C(exportfs) reads
        nothing else.
      - It is an error if another file exports O(path) to the same client, and a warning if to another.
    type: path
    default: /etc/exports
  state:
    description:
      - V(present) exports O(path) to O(clients) and nobody else.
      - V(absent) removes every client of O(path) from O(file). The directory stays.
    type: str
    choices: [present, absent]
    default: present
  allow_everyone:
    description:
      - Whether a client may be everyone (V(*), V(0.0.0.0/0), V(::/0), or networks that make up one of these).
    type: bool
    default: false
  directory:
    description:
      - Whose the directory of O(path) is. It is made where it is missing, with the directories above it; what is in it
        is left alone. What is left out here is not compared.
      - Without this option the directory is left alone, and it is an error if it isn't there.
    type: dict
    suboptions:
      owner: &owner
        description: The user, as a number or by name. A directory that is made is root's without it.
        type: str
      group: &group
        description: The group, as a number or by name. A directory that is made is root's without it.
        type: str
      mode: &mode
        description: The mode, such as V('0770'). A directory that is made has V('0755') without it.
        type: raw
  exports:
    description:
      - Several exports at once. Each file is read and written once, and exported anew once.
      - What an item leaves out, its path apart, is taken from the option of that name outside.
    type: list
    elements: dict
    suboptions:
      path:
        description: As O(path).
        type: path
        required: true
      clients:
        description: As O(clients).
        type: list
        elements: dict
        suboptions:
          host:
            description: As O(clients[].host).
            type: str
            required: true
          options:
            description: As O(clients[].options).
            type: list
            elements: str
            default: []
      options:
        description: As O(options).
        type: list
        elements: str
      file:
        description: As O(file).
        type: path
      state:
        description: As O(state).
        type: str
        choices: [present, absent]
      allow_everyone:
        description: As O(allow_everyone).
        type: bool
      directory:
        description: As O(directory).
        type: dict
        suboptions:
          owner: *owner
          group: *group
          mode: *mode
notes:
  - Needs C(exportfs), which is in the package nfs-kernel-server (Debian, Ubuntu) or nfs-utils (Fedora, EL).
  - A host name that the server can't resolve is an error, for C(exportfs) leaves such a client out.
seealso:
  - name: exports(5)
    description: The options and the spellings of clients.
    link: https://man7.org/linux/man-pages/man5/exports.5.html
"""

EXAMPLES = r"""
- name: Two hypervisors share a directory for their guests' disks
  minicloud.kvm.nfs_export:
    path: /srv/minicloud
    clients:
      - {host: 192.168.77.11, options: [rw, all_squash, anonuid=64055, anongid=64055]}
      - {host: 192.168.77.12, options: [rw, all_squash, anonuid=64055, anongid=64055]}

- name: The same with options for all, in a file of its own
  minicloud.kvm.nfs_export:
    path: /srv/minicloud
    file: /etc/exports.d/minicloud.exports
    options: [rw, all_squash, anonuid=64055, anongid=64055]
    clients:
      - host: 192.168.77.11
      - host: 192.168.77.12

- name: The directory is made where it is missing, for QEMU on Debian
  minicloud.kvm.nfs_export:
    path: /srv/images
    directory: {owner: 64055, group: 64055, mode: "0770"}
    clients: [{host: 192.168.77.0/24, options: [rw, all_squash, anonuid=64055, anongid=64055]}]

- name: Kerberos for a network, encrypted for the rest of the domain, and hosts of a netgroup as they are
  minicloud.kvm.nfs_export:
    path: /srv/home
    clients:
      - {host: "2001:db8:77::/64", options: [rw, "sec=krb5p:krb5i:krb5"]}
      - {host: "*.example.org", options: [rw, sec=krb5p]}
      - {host: "@trusted", options: [sec=sys, ro, sec=krb5, rw]}

- name: Several exports at once, and one that goes
  minicloud.kvm.nfs_export:
    exports:
      - path: /srv/images
        clients: [{host: 192.168.77.0/24, options: [ro]}]
      - path: /srv/home
        clients: [{host: "*.example.org", options: [rw, sec=krb5p]}]
      - path: /srv/old
        state: absent
"""

RETURN = r"""
exports:
  description: The exports of the task, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The directory.
      type: str
      returned: success
      sample: /srv/minicloud
    file:
      description: The file the export is declared in.
      type: str
      returned: success
      sample: /etc/exports
    state:
      description: As declared.
      type: str
      returned: success
      sample: present
    clients:
      description: Who may mount it from that file, each with the shortest list of options that means what it has.
      type: list
      elements: dict
      returned: success
      sample: [{host: 192.168.77.11, options: [rw, all_squash, anonuid=64055, anongid=64055]}]
    changes:
      description:
        - What changes. V(clients) is what the file says, V(active) whether that is what is exported, V(directory) whose
          the directory is.
      type: list
      elements: dict
      returned: success
      sample:
        - {field: clients, before: [192.168.77.11(ro)], after: [192.168.77.11(rw)]}
export:
  description: The one export, where O(path) is given.
  returned: where O(path) is given
  type: dict
  sample: {path: /srv/old, file: /etc/exports, state: absent, clients: [], changes: []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_system import System
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_task import OPTIONS, export


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        mutually_exclusive=[("path", "exports")],
        required_one_of=[("path", "exports")],
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"LC_ALL": "C"}
    system = System(module.run_command, module.get_bin_path, module.atomic_move)
    finish(module, lambda: export(module.params, system, module.check_mode))


if __name__ == "__main__":
    main()
