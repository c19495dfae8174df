#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a machine can be a KVM hypervisor."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kvm_host_check
short_description: Whether a machine can be a KVM hypervisor, and what to do where it can't
version_added: 0.1.0
author: minicloud.kvm contributors (@minicloud)
description:
  - Reads what a machine is (CPU, memory, disk space, kernel, devices, security, installed versions) and judges it by what
    is required of a hypervisor.
  - Does not take C(/dev/kvm) at its word. A virtual machine with one CPU is made, a few instructions are run in it, and
    their result is looked at, in a process of its own that is ended where it does not answer. On other architectures than
    x86 the proof ends with the virtual CPU made.
  - Agrees with C(virt-host-validate qemu) wherever both look, and needs nothing installed.
  - Changes nothing, and fails only where O(fail_if_not_ready=true).
options:
  acceleration:
    description:
      - V(kvm) makes it an error where the machine can't run guests with KVM.
      - V(any) makes that a warning. QEMU then emulates the guests' CPUs, which works and is many times slower.
    type: str
    choices: [kvm, any]
    default: kvm
  cpus:
    description: The least number of CPUs (threads) that have to be online.
    type: int
  memory:
    description:
      - The least memory, such as V(8GiB).
      - It is compared with what the kernel has (C(MemTotal)), which is a little less than what is plugged in.
    type: str
  disk:
    description: The least free space in the file system of O(images_path), such as V(100GiB).
    type: str
  images_path:
    description:
      - The directory where images of virtual machines go, an absolute path.
      - Where it is not there yet, the nearest directory above it that is there is looked at.
    type: path
    default: /var/lib/libvirt/images
  hugepages:
    description: The least memory that has to be reserved in huge pages of any size, such as V(4GiB).
    type: str
  nested:
    description: Whether guests have to be able to run virtual machines themselves.
    type: bool
    default: false
  iommu:
    description: Whether an IOMMU has to be at work, which is needed to give devices of the host to guests.
    type: bool
    default: false
  fail_if_not_ready:
    description: Whether the task fails (RV(ignore:error_code=not_ready)) where the machine is not ready.
    type: bool
    default: false
extends_documentation_fragment:
  - minicloud.kvm.attributes.reads
attributes:
  platform:
    description: The operating systems a target machine may run.
    platforms: linux
notes:
  - Run it with C(become=true). An ordinary user may not open C(/dev/kvm) everywhere; what could not be seen is said.
seealso:
  - name: virt-host-validate(1)
    description: libvirt's own check, to be had where libvirt is installed.
    link: https://libvirt.org/manpages/virt-host-validate.html
"""

EXAMPLES = r"""
- name: See whether the machine can be a hypervisor
  minicloud.kvm.kvm_host_check:
  register: host

- name: Say what is in the way
  ansible.builtin.debug:
    var: host.problems
  when: not host.ready

- name: Go no further on a machine that is too small
  minicloud.kvm.kvm_host_check:
    cpus: 8
    memory: 30GiB
    disk: 200GiB
    images_path: /srv/images
    fail_if_not_ready: true

- name: Take machines without hardware virtualisation as well
  minicloud.kvm.kvm_host_check:
    acceleration: any
    fail_if_not_ready: true
"""

RETURN = r"""
ready:
  description: Whether there is no problem of severity V(error).
  type: bool
  returned: always
  sample: true
domain_type:
  description:
    - V(kvm) where guests can run with KVM, else V(qemu). It is what O(minicloud.kvm.libvirt_domain#module:type) takes.
  type: str
  returned: always
  sample: kvm
problems:
  description: What is not as it could be, the worst first.
  type: list
  elements: dict
  returned: always
  contains:
    check:
      description: The check's name.
      type: str
      sample: kvm
    severity:
      description: V(error) (not ready), V(warning) (it works, but not as well as it could) or V(note) (worth knowing).
      type: str
      sample: error
    found:
      description: What was found.
      type: str
      sample: "opening /dev/kvm: No such file or directory"
    remedy:
      description: What to do.
      type: str
      sample: load the module (modprobe kvm_amd)
checks:
  description: Every check that was made, in a fixed order, in the form of RV(problems) with a further severity V(ok).
  type: list
  elements: dict
  returned: always
  sample: [{check: tun, severity: ok, found: /dev/net/tun is there, remedy: ""}]
facts:
  description:
    - What the machine is. Sizes are bytes; what is not there, or can't be seen, is null.
    - Has the keys C(architecture), C(kernel), C(cpu), C(memory), C(disk), C(kvm), C(iommu), C(hugepages), C(cgroups),
      C(security), C(vhost_net), C(tun), C(programs) and C(unseen) (paths that this user may not read).
  type: dict
  returned: always
  sample:
    architecture: x86_64
    kernel: 6.12.43+deb13-cloud-amd64
    cpu: {model: AMD EPYC 7763, vendor: AuthenticAMD, virtualization: svm, bits64: true, guest: false, sev: true,
      count: 16, sockets: 1, cores: 8, threads: 2, numa_nodes: 1}
    memory: {total: 33547165696, available: 31138512896, swap_total: 0, swap_free: 0}
    disk: {path: /var/lib/libvirt/images, found: /var/lib, total: 250685575168, free: 201863462912}
    kvm: {device: true, modules: [kvm, kvm_amd], proof: {reached: run, proven: true, error: null, errno: null},
      nested: true, sev: false}
    iommu: {table: IVRS, groups: 24, arguments: [iommu=pt]}
    hugepages: [{size: 2097152, total: 0, free: 0}]
    cgroups: {version: 2, controllers: [blkio, cpu, cpuset, memory, pids]}
    security: {selinux: null, apparmor: true, firewall: null}
    vhost_net: true
    tun: true
    programs: {qemu: 10.0.2, libvirt: 11.3.0, cpu_model: EPYC-Milan}
    unseen: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish
from ansible_collections.minicloud.kvm.plugins.module_utils._host_task import check_host


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "acceleration": {"type": "str", "choices": ["kvm", "any"], "default": "kvm"},
            "cpus": {"type": "int"},
            "memory": {"type": "str"},
            "disk": {"type": "str"},
            "images_path": {"type": "path", "default": "/var/lib/libvirt/images"},
            "hugepages": {"type": "str"},
            "nested": {"type": "bool", "default": False},
            "iommu": {"type": "bool", "default": False},
            "fail_if_not_ready": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: check_host(module.params))


if __name__ == "__main__":
    main()
