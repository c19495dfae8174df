#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_secret
short_description: Declare secrets of libvirt
version_added: 0.1.0
description:
  - Defines the secrets that libvirt keeps for encrypted volumes, Ceph, iSCSI, TLS keys and virtual TPMs, and sets their
    values; any number over one connection.
  - A value is in no result, no diff and no log.
author: minicloud.kvm contributors (@minicloud)
options:
  <<: &one
    usage:
      description: 'What the secret is for: the V(volume) that it decrypts, Ceph''s or iSCSI''s authentication, the
        password of a V(tls) key, the state of a V(vtpm).'
      type: str
      choices:
        - volume
        - ceph
        - iscsi
        - tls
        - vtpm
    name:
      description: 'Which of its O(usage): the path of the volume, or a name that disks, pools and devices refer to
        it by. The two tell one secret from another. A secret of no usage has only its O(uuid).'
      type: str
    state:
      description: V(present) is defined; V(absent) is not, and its value is gone.
      type: str
      choices:
        - present
        - absent
      default: present
    uuid:
      description: UUID. Left out, a new one is made and an existing one kept. Instead of O(name), it means the secret
        that has it, of whatever usage.
      type: str
    description:
      description: Text about the secret.
      type: str
    ephemeral:
      description: Whether it is kept in memory only, and gone when libvirt's daemon ends.
      type: bool
    private:
      description: Whether libvirt tells its value to nobody. What is private can't become public again.
      type: bool
    value:
      description: The value, as a text. It is compared with what libvirt has, where O(private) allows that.
      type: str
    value_base64:
      description: The value in base64, for one that is not a text. A Ceph key, as C(ceph auth get-key) prints it,
        belongs here.
      type: str
    update_value:
      description: 'V(always) sets the value where it is another one, and every time where the secret is private:
        whether it differs can''t be known then. V(on_create) sets it only where there is none yet.'
      type: str
      choices:
        - always
        - on_create
      default: always
    xml:
      description: libvirt's XML, a whole document or one element of it, for what has no option of its own. It is
        merged into what is there; options win over it.
      type: str
  secrets:
    description: The secrets, each with the options that one has at the top level. What stands beside it counts
      for all that don't have their own; what may destroy something is refused there.
    type: list
    elements: dict
    suboptions: *one
attributes:
  check_mode: {support: full}
  diff_mode: {support: full, details: A value is masked.}
  idempotent:
    support: partial
    details: Nobody can read the value of a private secret, so it is set every time, which is a change; O(update_value=on_create) avoids it.
  platform: {platforms: posix}
extends_documentation_fragment:
  - minicloud.kvm.attributes
  - minicloud.kvm.connection
"""

EXAMPLES = r"""
- name: The key of a Ceph client, for pools and disks
  minicloud.kvm.libvirt_secret:
    usage: ceph
    name: client.libvirt
    value_base64: "{{ vault_ceph_key }}"

- name: The passphrases of two encrypted volumes, which nobody can read again
  minicloud.kvm.libvirt_secret:
    secrets:
      - usage: volume
        name: /srv/images/web1.qcow2
        private: true
        value: "{{ vault_web1 }}"
        update_value: on_create
      - usage: volume
        name: /srv/images/web2.qcow2
        private: true
        value: "{{ vault_web2 }}"
        update_value: on_create

- name: The password of an iSCSI target is no longer needed
  minicloud.kvm.libvirt_secret:
    usage: iscsi
    name: iqn.2026-01.org.example:disks
    state: absent
"""

RETURN = r"""
secrets:
  description: What was declared, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name; the UUID of a secret that was declared without one., type: str, returned: always, sample: client.libvirt}
    usage: {description: What it is for., type: str, returned: always, sample: ceph}
    uuid: {description: UUID; none in check mode where there is none yet., type: str, returned: always, sample: 5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69}
    state: {description: Its state after the task., type: str, returned: always, sample: present}
    changes:
      description: What changed, or would in check mode. A value is masked.
      type: list
      elements: dict
      returned: always
      sample: [{field: value, before: another one, after: "********"}]
    restart_required: {description: Always empty., type: list, elements: str, returned: always, sample: []}
secret:
  description: The same of the only object, where the task declares one at the top level.
  returned: success, where no list was given
  type: dict
  sample: {name: client.libvirt, usage: ceph, state: present, changes: [], restart_required: []}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run
from ansible_collections.minicloud.kvm.plugins.module_utils._secret import Secret


def main() -> None:
    run(Secret)


if __name__ == "__main__":
    main()
