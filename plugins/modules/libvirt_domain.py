#!/usr/bin/python
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_domain
short_description: Declare virtual machines
version_added: 0.1.0
description:
  - Makes, changes, starts, stops and removes libvirt domains, any number of them over one connection.
  - Only what is declared is compared and changed. A list that is declared, such as O(disks), is the whole list. UUID, MAC
    addresses and PCI addresses of what is there are kept.
  - A running domain is changed at once where libvirt can. What it can not is put into the definition and named in
    RV(domains.restart_required), until the domain was restarted.
author: minicloud.kvm contributors (@minicloud)
options:
  <<: &one
    name:
      description: Name of the domain. May be left out where O(xml) has it.
      type: str
    state:
      description: V(present) is defined, running or not; V(running), V(stopped) and V(paused) are defined and so;
        V(absent) is not defined. V(stopped) asks the guest to shut down. V(absent) refuses a running domain unless
        O(force=true).
      type: str
      choices:
        - present
        - running
        - stopped
        - paused
        - absent
      default: present
    uuid:
      description: UUID. Left out, a new one is made and an existing one kept.
      type: str
    title:
      description: Short text about the domain.
      type: str
    description:
      description: Longer text about the domain.
      type: str
    type:
      description: Hardware virtualisation or emulation. A new domain has V(kvm) where libvirt has it.
      type: str
      choices:
        - kvm
        - qemu
    arch:
      description: Architecture; the host's for a new domain.
      type: str
    machine:
      description: Machine type, such as V(q35).
      type: str
    firmware:
      description: Firmware; V(bios) for a new x86 domain.
      type: str
      choices:
        - bios
        - efi
    memory:
      description: Memory that the domain can have at most, such as V(2GiB).
      type: str
    current_memory:
      description: Memory that it has now; the same as O(memory) where that is given and this is not.
      type: str
    max_vcpus:
      description: Virtual CPUs that the domain can have at most.
      type: int
    vcpus:
      description: Virtual CPUs that it has; 1 for a new domain.
      type: int
    cpu:
      description: The guest's CPU.
      type: dict
      suboptions:
        mode:
          description: V(host-model) is the host's CPU such that the guest can move to its like, V(host-passthrough)
            the very same, V(maximum) all that can be emulated, V(custom) the named O(cpu.model). A new V(kvm) domain
            has V(host-model) where O(cpu) is left out.
          type: str
          choices:
            - host-model
            - host-passthrough
            - maximum
            - custom
        model:
          description: Name of a CPU model of libvirt's, with mode V(custom).
          type: str
        topology:
          description: Topology; its product is the number of vCPUs that can be there.
          type: dict
          suboptions:
            sockets:
              description: Number of sockets.
              type: int
              required: true
            dies:
              description: Number of dies.
              type: int
            cores:
              description: Number of cores.
              type: int
              required: true
            threads:
              description: Number of threads.
              type: int
              required: true
        features:
          description: Features of the CPU.
          type: list
          elements: dict
          suboptions:
            name:
              description: Name of the feature.
              type: str
              required: true
            policy:
              description: What is asked of it.
              type: str
              choices:
                - force
                - require
                - optional
                - disable
                - forbid
    boot:
      description: Order of boot by sort of device.
      type: list
      elements: str
    kernel:
      description: Kernel on the host to boot directly.
      type: str
    initrd:
      description: Its initial RAM disk.
      type: str
    cmdline:
      description: Its command line.
      type: str
    disks:
      description: Disks and media drives.
      type: list
      elements: dict
      suboptions:
        target:
          description: Device name, such as V(vda). Left out, the next free one of the bus is taken.
          type: str
        bus:
          description: Bus; V(virtio) for a new one.
          type: str
          choices:
            - virtio
            - scsi
            - sata
            - usb
            - ide
            - fdc
        device:
          description: What the guest sees.
          type: str
          choices:
            - disk
            - cdrom
            - floppy
        pool:
          description: Storage pool of O(disks[].volume).
          type: str
        volume:
          description: Volume of the pool; its path and format stand in the domain.
          type: str
        file:
          description: File on the host.
          type: str
        block:
          description: Block device of the host.
          type: str
        format:
          description: Format of what the disk lies on. A volume's is known; a file's is V(raw) for libvirt unless
            said.
          type: str
          choices:
            - qcow2
            - raw
            - vmdk
            - vdi
            - vpc
        cache:
          description: Caching on the host.
          type: str
          choices:
            - default
            - none
            - writethrough
            - writeback
            - directsync
            - unsafe
        io:
          description: How QEMU does I/O.
          type: str
          choices:
            - threads
            - native
            - io_uring
        discard:
          description: Whether the guest's discards reach the host.
          type: str
          choices:
            - unmap
            - ignore
        readonly:
          description: Whether the guest can't write.
          type: bool
        shareable:
          description: Whether several guests may use it.
          type: bool
        serial:
          description: Serial number that the guest sees.
          type: str
        boot_order:
          description: Place in the order of boot; 1 comes first.
          type: int
    interfaces:
      description: Network interfaces.
      type: list
      elements: dict
      suboptions:
        network:
          description: libvirt network to be in.
          type: str
        bridge:
          description: Bridge of the host to be on.
          type: str
        mac:
          description: MAC address; libvirt makes one for a new interface, and it is kept.
          type: str
        model:
          description: Model; V(virtio) for a new one.
          type: str
        target:
          description: Name of the device on the host.
          type: str
        mtu:
          description: MTU in bytes.
          type: int
        link:
          description: State of the link.
          type: str
          choices:
            - up
            - down
        boot_order:
          description: Place in the order of boot; 1 comes first.
          type: int
    serials:
      description: Serial ports. A new domain has one V(pty) where this is left out.
      type: list
      elements: dict
      suboptions:
        type:
          description: What it is on the host.
          type: str
          choices:
            - pty
            - file
            - unix
        path:
          description: Path of the file or socket.
          type: str
        log:
          description: File that everything is logged to besides.
          type: str
    consoles:
      description: Consoles.
      type: list
      elements: dict
      suboptions:
        type:
          description: What it is on the host.
          type: str
          choices:
            - pty
            - file
            - unix
        target:
          description: V(serial) is the first serial port, V(virtio) a console of its own.
          type: str
          choices:
            - serial
            - virtio
    channels:
      description: virtio channels. A new domain has that of the guest agent, V(org.qemu.guest_agent.0), where this
        is left out.
      type: list
      elements: dict
      suboptions:
        name:
          description: Name in the guest.
          type: str
          required: true
        type:
          description: What it is on the host.
          type: str
          choices:
            - unix
            - spicevmc
            - pty
    graphics:
      description: Graphical consoles.
      type: list
      elements: dict
      suboptions:
        type:
          description: Protocol.
          type: str
          choices:
            - vnc
            - spice
          required: true
        port:
          description: Port; V(-1) lets libvirt choose.
          type: int
        listen:
          description: Address to listen at; libvirt's default is 127.0.0.1.
          type: str
        password:
          description: Password.
          type: str
    videos:
      description: Video cards.
      type: list
      elements: dict
      suboptions:
        model:
          description: Model, such as V(virtio), V(vga), V(qxl), V(none).
          type: str
          required: true
    rngs:
      description: Random number generators. A new domain has one from /dev/urandom where this is left out.
      type: list
      elements: dict
      suboptions:
        model:
          description: Model.
          type: str
          choices:
            - virtio
        backend:
          description: Source on the host.
          type: str
    autostart:
      description: Whether libvirt starts the domain when the host starts.
      type: bool
    force:
      description: With V(stopped), power the domain off when the guest has not shut down within O(timeout). With
        V(absent), power a running domain off.
      type: bool
      default: false
    timeout:
      description: Seconds that a guest has to shut down, or to let go of a device.
      type: int
      default: 120
    restart:
      description: Whether a running domain is shut down and started again when a change needs it.
      type: str
      choices:
        - never
        - if_required
      default: never
    remove_volumes:
      description: 'With V(absent): targets, such as V(vda), of the disks whose volumes are deleted too. Media are
        never.'
      type: list
      elements: str
    xml:
      description: libvirt's XML, a whole document or one element of it, for what has no option of its own. It is
        merged into what is there; options win over it.
      type: str
  domains:
    description: The domains, each with the options that one has at the top level.
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
- name: A guest on a volume, in a network
  minicloud.kvm.libvirt_domain:
    name: web1
    memory: 2GiB
    vcpus: 2
    disks:
      - {pool: images, volume: web1.qcow2}
      - {file: /srv/images/web1-seed.iso, format: raw, readonly: true}
    interfaces: [{network: default}]
    autostart: true
    state: running

- name: Several at once
  minicloud.kvm.libvirt_domain:
    domains:
      - {name: web1, state: running}
      - {name: web2, state: stopped, force: true, timeout: 60}

- name: What has no option of its own, as libvirt's XML
  minicloud.kvm.libvirt_domain:
    name: web1
    xml: <watchdog model='i6300esb' action='reset'/>

- name: The guest goes, with its first disk
  minicloud.kvm.libvirt_domain:
    name: web1
    state: absent
    force: true
    remove_volumes: [vda]
"""

RETURN = r"""
domains:
  description: What was declared, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name., type: str, returned: always, sample: web1}
    uuid: {description: UUID; none in check mode where there is none yet., type: str, returned: always, sample: 5b6c1a3e-7e0c-4f0a-8b5e-3f1d2c4b5a69}
    state: {description: Its state after the task., type: str, returned: always, sample: running}
    changes:
      description: What changed, or would in check mode.
      type: list
      elements: dict
      returned: always
      sample: [{field: memory, before: 1GiB, after: 2GiB}]
    restart_required: {description: Fields that are changed in the definition and wait for a restart., type: list, elements: str, returned: always, sample: []}
domain:
  description: The same of the only object, where the task declares one at the top level.
  returned: success, where no list was given
  type: dict
  sample: {name: web1, state: running, changes: [], restart_required: []}
"""

from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import run


def main() -> None:
    run(Domain)


if __name__ == "__main__":
    main()
