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
            - sd
        device:
          description: What the guest sees; V(lun) passes SCSI commands on to a block device or iSCSI target.
          type: str
          choices:
            - disk
            - cdrom
            - floppy
            - lun
        model:
          description: Model of a virtio disk.
          type: str
          choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
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
        dir:
          description: Directory of the host that the guest sees as a FAT file system; O(disks[].format) is V(fat).
          type: str
        network:
          description: Storage that QEMU itself reaches over the network.
          type: dict
          suboptions:
            protocol:
              description: Protocol. V(ssh) needs libvirt 9.8.0.
              type: str
              choices:
                - rbd
                - iscsi
                - gluster
                - nfs
                - http
                - https
                - ftp
                - ftps
                - nbd
                - ssh
              required: true
            name:
              description: 'What it is called there: pool and image, target and LUN, volume and file, export or path.'
              type: str
            query:
              description: Query of an HTTP address, without the question mark.
              type: str
            hosts:
              description: Servers. Only V(rbd) and V(gluster) take more than one.
              type: list
              elements: dict
              suboptions:
                name:
                  description: Name or address.
                  type: str
                port:
                  description: Port; the protocol's own where it is left out.
                  type: int
                transport:
                  description: Transport.
                  type: str
                  choices:
                    - tcp
                    - rdma
                    - unix
                socket:
                  description: Socket of transport V(unix).
                  type: str
            tls:
              description: Whether NBD is encrypted.
              type: bool
            tls_hostname:
              description: Name in the NBD server's certificate.
              type: str
            snapshot:
              description: Snapshot of an RBD image.
              type: str
            config:
              description: Ceph's configuration file on the host.
              type: str
            initiator:
              description: IQN that QEMU logs in with.
              type: str
            ssl_verify:
              description: Whether the server's certificate is verified.
              type: bool
            cookies:
              description: HTTP cookies.
              type: list
              elements: dict
              suboptions:
                name:
                  description: Name.
                  type: str
                  required: true
                value:
                  description: Value.
                  type: str
                  required: true
            readahead:
              description: Size of the buffer for reading ahead (a size).
              type: str
            timeout:
              description: Timeout of the connection, in seconds.
              type: int
            user:
              description: 'User for NFS: a name, or V(+) and a number.'
              type: str
            group:
              description: 'Group for NFS: a name, or V(+) and a number.'
              type: str
            username:
              description: User for SSH with a key. Needs libvirt 9.8.0.
              type: str
            keyfile:
              description: File with the private SSH key. Needs libvirt 9.8.0.
              type: str
            agentsock:
              description: Socket of an SSH agent. Needs libvirt 9.8.0.
              type: str
            known_hosts:
              description: File with the SSH server's key. Needs libvirt 9.8.0.
              type: str
            reconnect_delay:
              description: Seconds that requests wait for an NBD server to come back. Needs libvirt 9.2.0.
              type: int
        nvme:
          description: NVMe namespace that QEMU drives itself.
          type: dict
          suboptions:
            address:
              description: PCI address of the controller.
              type: str
              required: true
            namespace:
              description: Namespace.
              type: int
              required: true
            managed:
              description: Whether libvirt takes it from the host's driver and back.
              type: bool
        vhost_user:
          description: Disk of a vhost-user-blk server; the guest's memory has to be shared.
          type: dict
          suboptions:
            path:
              description: Socket of the vhost-user-blk server.
              type: str
              required: true
            reconnect:
              description: Whether QEMU connects again after a loss.
              type: bool
            reconnect_timeout:
              description: Seconds between attempts.
              type: int
        vhost_vdpa:
          description: vDPA block device, such as V(/dev/vhost-vdpa-0); the guest's memory has to be shared. Needs
            libvirt 9.8.0.
          type: str
        auth:
          description: How to log in to a network source.
          type: dict
          suboptions:
            username:
              description: User name.
              type: str
              required: true
            secret:
              description: The libvirt secret, by its usage or its UUID.
              type: dict
              suboptions:
                type:
                  description: Type of the secret.
                  type: str
                  choices:
                    - ceph
                    - iscsi
                  required: true
                usage:
                  description: Usage of the secret.
                  type: str
                uuid:
                  description: UUID of the secret.
                  type: str
        encryption:
          description: Decryption of the image.
          type: dict
          suboptions:
            format:
              description: Format. V(luks-any) needs libvirt 9.3.0.
              type: str
              choices:
                - luks
                - luks2
                - luks-any
              required: true
            engine:
              description: What decrypts it. V(librbd) alone knows V(luks2) and V(luks-any), and takes only RBD images.
              type: str
              choices:
                - qemu
                - librbd
            secret:
              description: The libvirt secret, by its usage or its UUID.
              type: dict
              suboptions:
                usage:
                  description: Usage of the secret.
                  type: str
                uuid:
                  description: UUID of the secret.
                  type: str
        startup_policy:
          description: 'What becomes of the domain when the file is missing: V(mandatory) is an error, V(requisite)
            only at a start by hand, V(optional) never.'
          type: str
          choices:
            - mandatory
            - requisite
            - optional
        slice:
          description: Part of the source that holds the image.
          type: dict
          suboptions:
            offset:
              description: Where it begins (a size).
              type: str
              required: true
            size:
              description: Size.
              type: str
              required: true
        reservations:
          description: SCSI persistent reservations.
          type: dict
          suboptions:
            managed:
              description: Whether libvirt runs the helper.
              type: bool
              required: true
            socket:
              description: Socket of a helper that libvirt does not run.
              type: str
        data_store:
          description: Raw file or device that holds the data of a qcow2 image. Needs libvirt 10.10.0.
          type: dict
          suboptions:
            file:
              description: File on the host.
              type: str
            block:
              description: Block device of the host.
              type: str
        backing_store:
          description: What the image lies on. Left out, QEMU takes what stands in the image.
          type: dict
          suboptions:
            file:
              description: File on the host.
              type: str
            block:
              description: Block device of the host.
              type: str
            format:
              description: Format.
              type: str
              choices:
                - raw
                - qcow2
              required: true
            backing_store:
              description: What the image lies on. Left out, QEMU takes what stands in the image.
              type: dict
              suboptions:
                file:
                  description: File on the host.
                  type: str
                block:
                  description: Block device of the host.
                  type: str
                format:
                  description: Format.
                  type: str
                  choices:
                    - raw
                    - qcow2
                  required: true
                backing_store:
                  description: What the image lies on. Left out, QEMU takes what stands in the image.
                  type: dict
                  suboptions:
                    file:
                      description: File on the host.
                      type: str
                    block:
                      description: Block device of the host.
                      type: str
                    format:
                      description: Format.
                      type: str
                      choices:
                        - raw
                        - qcow2
                      required: true
        format:
          description: Format of what the disk lies on. A volume's is known; anything else is V(raw) for libvirt unless
            said.
          type: str
          choices:
            - qcow2
            - raw
            - vmdk
            - vdi
            - vpc
            - qcow
            - qed
            - bochs
            - cloop
            - dmg
            - fat
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
        error_policy:
          description: What an error means; V(enospace) stops the guest only when there is no space left.
          type: str
          choices:
            - stop
            - report
            - ignore
            - enospace
        rerror_policy:
          description: What an error in reading means; as O(disks[].error_policy) where it is left out.
          type: str
          choices:
            - stop
            - report
            - ignore
        discard:
          description: Whether the guest's discards reach the host.
          type: str
          choices:
            - unmap
            - ignore
        detect_zeroes:
          description: Whether writing zeroes is done by the quicker way of the host; V(unmap) discards instead.
          type: str
          choices:
            - 'off'
            - 'on'
            - unmap
        discard_no_unref:
          description: Whether a discarded cluster of a qcow2 image keeps its place, against fragmentation. Needs
            libvirt 9.5.0.
          type: bool
        copy_on_read:
          description: Whether what is read is copied up.
          type: bool
        metadata_cache_size:
          description: At most so much cache for the metadata of a qcow2 image (a size).
          type: str
        queues:
          description: Number of virtio queues.
          type: int
        queue_size:
          description: Requests that a queue holds; a power of two.
          type: int
        iothread:
          description: Number of the I/O thread of a virtio disk.
          type: int
        iothreads:
          description: I/O threads that serve the virtio queues. Needs libvirt 10.0.0.
          type: list
          elements: dict
          suboptions:
            id:
              description: Number of the I/O thread.
              type: int
              required: true
            queues:
              description: Queues that it serves, counted from 0; shared out unless said.
              type: list
              elements: int
        ioeventfd:
          description: Whether requests are taken without stopping vCPUs.
          type: bool
        event_idx:
          description: Whether interrupts are spared.
          type: bool
        iommu:
          description: Whether an IOMMU stands before the virtio device.
          type: bool
        ats:
          description: Whether the virtio device may cache address translations.
          type: bool
        packed:
          description: Whether virtio queues are packed.
          type: bool
        page_per_vq:
          description: Whether each virtio queue has a page.
          type: bool
        readonly:
          description: Whether the guest can't write.
          type: bool
        shareable:
          description: Whether several guests may use it.
          type: bool
        transient:
          description: Whether what the guest writes is gone when it stops.
          type: bool
        share_backing:
          description: Whether several guests may share a transient disk.
          type: bool
        serial:
          description: Serial number that the guest sees.
          type: str
        wwn:
          description: World wide name that the guest sees.
          type: str
        vendor:
          description: Vendor that the guest sees of a SCSI disk.
          type: str
        product:
          description: 'Product that the guest sees: 16 characters of a SCSI disk; from libvirt 11.1.0 on, 40 of SATA
            or IDE.'
          type: str
        rotation_rate:
          description: Turns a minute that the guest sees of a SCSI, IDE or SATA disk; 1 is a solid-state disk.
          type: int
        removable:
          description: Whether the guest sees a removable disk.
          type: bool
        tray:
          description: Tray of a media drive.
          type: str
          choices:
            - open
            - closed
        geometry:
          description: Geometry that the guest sees.
          type: dict
          suboptions:
            cyls:
              description: Cylinders.
              type: int
              required: true
            heads:
              description: Heads.
              type: int
              required: true
            secs:
              description: Sectors of a track.
              type: int
              required: true
            trans:
              description: Translation by the BIOS.
              type: str
              choices:
                - auto
                - none
                - lba
        blockio:
          description: Block sizes that the guest sees.
          type: dict
          suboptions:
            logical_block_size:
              description: Logical block (a size).
              type: str
            physical_block_size:
              description: Physical block (a size).
              type: str
            discard_granularity:
              description: Least that is discarded at once (a size). Needs libvirt 10.1.0.
              type: str
        iotune:
          description: Limits of throughput. The total goes with neither reading nor writing.
          type: dict
          suboptions:
            total_bytes_sec:
              description: Limit of all I/O, in bytes a second, such as V(50MiB). 0 is none.
              type: str
            read_bytes_sec:
              description: Limit of reading, in bytes a second, such as V(50MiB). 0 is none.
              type: str
            write_bytes_sec:
              description: Limit of writing, in bytes a second, such as V(50MiB). 0 is none.
              type: str
            total_bytes_sec_max:
              description: Burst of all I/O, in bytes a second, such as V(50MiB). 0 is none.
              type: str
            read_bytes_sec_max:
              description: Burst of reading, in bytes a second, such as V(50MiB). 0 is none.
              type: str
            write_bytes_sec_max:
              description: Burst of writing, in bytes a second, such as V(50MiB). 0 is none.
              type: str
            total_bytes_sec_max_length:
              description: How long a burst of all I/O may last, in seconds.
              type: int
            read_bytes_sec_max_length:
              description: How long a burst of reading may last, in seconds.
              type: int
            write_bytes_sec_max_length:
              description: How long a burst of writing may last, in seconds.
              type: int
            total_iops_sec:
              description: Limit of all I/O, in requests a second. 0 is none.
              type: int
            read_iops_sec:
              description: Limit of reading, in requests a second. 0 is none.
              type: int
            write_iops_sec:
              description: Limit of writing, in requests a second. 0 is none.
              type: int
            total_iops_sec_max:
              description: Burst of all I/O, in requests a second. 0 is none.
              type: int
            read_iops_sec_max:
              description: Burst of reading, in requests a second. 0 is none.
              type: int
            write_iops_sec_max:
              description: Burst of writing, in requests a second. 0 is none.
              type: int
            total_iops_sec_max_length:
              description: How long a burst of all I/O may last, in seconds.
              type: int
            read_iops_sec_max_length:
              description: How long a burst of reading may last, in seconds.
              type: int
            write_iops_sec_max_length:
              description: How long a burst of writing may last, in seconds.
              type: int
            size_iops_sec:
              description: Size that counts as one request.
              type: str
            group_name:
              description: Group of disks that share the limits.
              type: str
        address:
          description: Where a disk sits on its SCSI, SATA, IDE or floppy controller. libvirt chooses a free place.
          type: dict
          suboptions:
            controller:
              description: Index of the controller.
              type: int
            bus:
              description: Bus of the controller.
              type: int
            target:
              description: SCSI target.
              type: int
            unit:
              description: 'Unit: the LUN of a SCSI disk.'
              type: int
        rawio:
          description: Whether QEMU gets the capability for raw I/O (V(lun) only).
          type: bool
        snapshot:
          description: What a snapshot of the domain takes of this disk.
          type: str
          choices:
            - 'no'
            - internal
            - external
            - manual
        alias:
          description: Name of the device in libvirt and QEMU; it begins with V(ua-).
          type: str
        boot_order:
          description: Place in the order of boot; 1 comes first.
          type: int
    controllers:
      description: 'Controllers. Those that are not declared stay: libvirt adds what the devices need.'
      type: list
      elements: dict
      suboptions:
        type:
          description: Type.
          type: str
          choices:
            - pci
            - scsi
            - usb
            - sata
            - ide
            - fdc
            - virtio-serial
            - ccid
          required: true
        index:
          description: Which one of its type.
          type: int
          default: 0
        model:
          description: Model; which of them a type has is in libvirt's documentation of controllers.
          type: str
          choices:
            - pci-root
            - pcie-root
            - pci-bridge
            - dmi-to-pci-bridge
            - pcie-to-pci-bridge
            - pcie-root-port
            - pcie-switch-upstream-port
            - pcie-switch-downstream-port
            - pci-expander-bus
            - pcie-expander-bus
            - virtio-scsi
            - lsilogic
            - lsisas1068
            - lsisas1078
            - ibmvscsi
            - dc390
            - am53c974
            - virtio
            - virtio-transitional
            - virtio-non-transitional
            - qemu-xhci
            - nec-xhci
            - piix3-uhci
            - piix4-uhci
            - ehci
            - ich9-ehci1
            - ich9-uhci1
            - ich9-uhci2
            - ich9-uhci3
            - vt82c686b-uhci
            - pci-ohci
            - none
            - piix3
            - piix4
            - ich6
        model_name:
          description: QEMU's device for a PCI controller.
          type: str
          choices:
            - pci-bridge
            - i82801b11-bridge
            - ioh3420
            - x3130-upstream
            - xio3130-downstream
            - pxb
            - pxb-pcie
            - pcie-root-port
            - spapr-pci-host-bridge
            - pcie-pci-bridge
        ports:
          description: Ports of a USB (V(qemu-xhci), V(nec-xhci)) or virtio-serial controller.
          type: int
        vectors:
          description: Interrupt vectors of a virtio-serial controller.
          type: int
        start_port:
          description: First port of a companion USB controller.
          type: int
        queues:
          description: Queues of a virtio-scsi controller.
          type: int
        cmd_per_lun:
          description: Commands that may wait for one disk.
          type: int
        max_sectors:
          description: Most sectors of 512 bytes in one command.
          type: int
        ioeventfd:
          description: Whether requests are taken without stopping vCPUs.
          type: bool
        iothread:
          description: Number of the I/O thread of a virtio-scsi controller.
          type: int
        iothreads:
          description: I/O threads that serve the virtio queues. Needs libvirt 11.2.0.
          type: list
          elements: dict
          suboptions:
            id:
              description: Number of the I/O thread.
              type: int
              required: true
            queues:
              description: Queues that it serves, counted from 0; shared out unless said.
              type: list
              elements: int
        iommu:
          description: Whether an IOMMU stands before the virtio device.
          type: bool
        ats:
          description: Whether the virtio device may cache address translations.
          type: bool
        packed:
          description: Whether virtio queues are packed.
          type: bool
        page_per_vq:
          description: Whether each virtio queue has a page.
          type: bool
        target:
          description: Where a PCI controller sits.
          type: dict
          suboptions:
            chassis_nr:
              description: Chassis of a V(pci-bridge).
              type: int
            chassis:
              description: Chassis of a PCI Express port.
              type: int
            port:
              description: Port of a PCI Express port.
              type: int
            bus_nr:
              description: First bus of an expander bus.
              type: int
            index:
              description: Number of a pSeries host bridge.
              type: int
            hotplug:
              description: Whether devices can be plugged into the port.
              type: bool
            node:
              description: NUMA cell of the guest that an expander bus belongs to.
              type: int
            mem_reserve:
              description: Memory that is kept for devices plugged in later (a size). Needs libvirt 10.3.0.
              type: str
        pcihole64:
          description: 64-bit PCI hole of a root controller (a size).
          type: str
        alias:
          description: Name of the device in libvirt and QEMU; it begins with V(ua-).
          type: str
    filesystems:
      description: Directories of the host that the guest can mount.
      type: list
      elements: dict
      suboptions:
        target:
          description: Name under which the guest mounts it.
          type: str
          required: true
        source:
          description: Directory on the host.
          type: str
        socket:
          description: Socket of a virtiofsd that runs already, instead of a source.
          type: str
        driver:
          description: V(path) is 9p, V(virtiofs) needs shared memory, V(mtp) is a media device on USB. V(mtp) needs
            libvirt 10.2.0.
          type: str
          choices:
            - path
            - virtiofs
            - mtp
        model:
          description: Model of 9p.
          type: str
          choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
        accessmode:
          description: 'With whose rights files are made: V(passthrough) those of the guest''s user, V(mapped) QEMU''s
            with the guest''s kept beside, V(squash) like V(passthrough) without errors. V(virtiofs) has V(passthrough)
            only.'
          type: str
          choices:
            - passthrough
            - mapped
            - squash
        multidevs:
          description: What 9p does with several file systems below one source.
          type: str
          choices:
            - default
            - remap
            - forbid
            - warn
        fmode:
          description: Mode of new files, of V(mapped) only.
          type: str
        dmode:
          description: Mode of new directories, of V(mapped) only.
          type: str
        readonly:
          description: Whether the guest can't write.
          type: bool
        queue:
          description: Requests that the queue of V(virtiofs) holds.
          type: int
        iommu:
          description: Whether an IOMMU stands before the virtio device.
          type: bool
        ats:
          description: Whether the virtio device may cache address translations.
          type: bool
        packed:
          description: Whether virtio queues are packed.
          type: bool
        page_per_vq:
          description: Whether each virtio queue has a page.
          type: bool
        binary:
          description: How virtiofsd runs.
          type: dict
          suboptions:
            path:
              description: Program; libvirt finds it where this is left out.
              type: str
            xattr:
              description: Whether extended attributes are passed on.
              type: bool
            cache:
              description: What the guest caches.
              type: str
              choices:
                - none
                - always
            sandbox:
              description: How the program is locked in.
              type: str
              choices:
                - namespace
                - chroot
            posix_lock:
              description: Whether POSIX locks reach the host.
              type: bool
            flock:
              description: Whether BSD locks reach the host.
              type: bool
            thread_pool:
              description: Most threads; 0 is none beside the main one.
              type: int
            open_files:
              description: Most open files. Needs libvirt 10.6.0.
              type: int
        uid:
          description: UIDs of the guest and those of the host that they are. Needs libvirt 10.0.0.
          type: list
          elements: dict
          suboptions:
            start:
              description: First UID in the guest.
              type: int
              required: true
            target:
              description: First UID on the host.
              type: int
              required: true
            count:
              description: How many.
              type: int
              required: true
        gid:
          description: GIDs of the guest and those of the host that they are. Needs libvirt 10.0.0.
          type: list
          elements: dict
          suboptions:
            start:
              description: First GID in the guest.
              type: int
              required: true
            target:
              description: First GID on the host.
              type: int
              required: true
            count:
              description: How many.
              type: int
              required: true
        alias:
          description: Name of the device in libvirt and QEMU; it begins with V(ua-).
          type: str
        boot_order:
          description: Place in the order of boot; 1 comes first.
          type: int
    hostdevs:
      description: Devices of the host.
      type: list
      elements: dict
      suboptions:
        pci:
          description: PCI device of the host, by its address, such as V(0000:06:00.0).
          type: str
        usb:
          description: USB device of the host, by vendor and product, by bus and device, or both.
          type: dict
          suboptions:
            vendor:
              description: Vendor, such as V('0x1d6b').
              type: str
            product:
              description: Product, such as V('0x0002').
              type: str
            bus:
              description: Bus on the host.
              type: int
            device:
              description: Device on the bus; it changes when replugged.
              type: int
        scsi:
          description: SCSI device of the host.
          type: dict
          suboptions:
            adapter:
              description: Adapter, such as V(scsi_host0).
              type: str
              required: true
            bus:
              description: Bus.
              type: int
              required: true
            target:
              description: Target.
              type: int
              required: true
            unit:
              description: LUN.
              type: int
              required: true
        iscsi:
          description: LUN that QEMU itself reaches over the network, and passes on as it is.
          type: dict
          suboptions:
            name:
              description: Target and LUN, such as V(iqn.2013-07.example:target/1).
              type: str
              required: true
            hosts:
              description: The server.
              type: list
              elements: dict
              suboptions:
                name:
                  description: Name or address.
                  type: str
                  required: true
                port:
                  description: Port; 3260 where it is left out.
                  type: int
            initiator:
              description: IQN that QEMU logs in with.
              type: str
        scsi_host:
          description: vhost-scsi target of the host, by its name, such as V(naa.5123456789abcde0).
          type: str
        mdev:
          description: Mediated device, such as a share of a graphics card, by its UUID.
          type: str
        auth:
          description: How to log in to a network source.
          type: dict
          suboptions:
            username:
              description: User name.
              type: str
              required: true
            secret:
              description: The libvirt secret, by its usage or its UUID.
              type: dict
              suboptions:
                type:
                  description: Type of the secret.
                  type: str
                  choices:
                    - iscsi
                  required: true
                usage:
                  description: Usage of the secret.
                  type: str
                uuid:
                  description: UUID of the secret.
                  type: str
        model:
          description: 'Model: V(vfio-pci) of a mediated device unless said, a virtio one of O(hostdevs[].scsi_host).'
          type: str
          choices:
            - vfio-pci
            - vfio-ap
            - vfio-ccw
            - virtio
            - virtio-transitional
            - virtio-non-transitional
        managed:
          description: Whether libvirt takes it from the host's driver and back.
          type: bool
        driver:
          description: How a PCI device is passed on.
          type: str
          choices:
            - vfio
        driver_model:
          description: The host's VFIO driver for a PCI device. Needs libvirt 10.0.0.
          type: str
        startup_policy:
          description: 'What becomes of the domain when a USB device is missing: V(mandatory) is an error, V(requisite)
            only at a start, V(optional) never.'
          type: str
          choices:
            - mandatory
            - requisite
            - optional
        guest_reset:
          description: Which resets of a USB device by the guest are done.
          type: str
          choices:
            - 'off'
            - uninitialized
            - 'on'
        display:
          description: Whether the device's picture is shown in the graphics.
          type: bool
        ramfb:
          description: Whether there is a picture before the guest's driver loads.
          type: bool
        rawio:
          description: Whether QEMU gets the capability for raw I/O (SCSI).
          type: bool
        readonly:
          description: Whether the guest can't write (SCSI).
          type: bool
        shareable:
          description: Whether several guests may use it (SCSI).
          type: bool
        rom:
          description: ROM of a PCI device.
          type: dict
          suboptions:
            enabled:
              description: Whether the guest gets the device's ROM at all.
              type: bool
            bar:
              description: Whether the ROM is in the guest's memory map.
              type: bool
            file:
              description: File with the ROM on the host.
              type: str
        teaming:
          description: Network device of PCI that a virtio interface stands in for.
          type: dict
          suboptions:
            type:
              description: The device goes for a migration.
              type: str
              choices:
                - transient
              required: true
            persistent:
              description: Alias of the interface that stands in.
              type: str
              required: true
        alias:
          description: Name of the device in libvirt and QEMU; it begins with V(ua-).
          type: str
        boot_order:
          description: Place in the order of boot; 1 comes first.
          type: int
    shmems:
      description: Memory that domains of a host share.
      type: list
      elements: dict
      suboptions:
        name:
          description: Name of the memory on the host.
          type: str
          required: true
        model:
          description: V(ivshmem-doorbell) has interrupts and needs a server.
          type: str
          choices:
            - ivshmem-plain
            - ivshmem-doorbell
          required: true
        size:
          description: Size, a power of two; V(ivshmem-plain) has 4MiB unless said.
          type: str
        role:
          description: V(master) keeps the memory in a migration, V(peer) has to be unplugged for it.
          type: str
          choices:
            - master
            - peer
        server:
          description: Socket of the server.
          type: str
        msi_vectors:
          description: Interrupt vectors.
          type: int
        msi_ioeventfd:
          description: Whether interrupts are taken aside.
          type: bool
        alias:
          description: Name of the device in libvirt and QEMU; it begins with V(ua-).
          type: str
    memory_devices:
      description: Memory modules. O(memory) contains them, and the domain needs a maximum of memory with slots for
        them.
      type: list
      elements: dict
      suboptions:
        model:
          description: Model.
          type: str
          choices:
            - dimm
            - nvdimm
            - virtio-mem
            - virtio-pmem
            - sgx-epc
          required: true
        size:
          description: Size; of V(virtio-mem) the most there can be.
          type: str
          required: true
        access:
          description: Whether other programs can map it.
          type: str
          choices:
            - shared
            - private
        discard:
          description: Whether the contents of a V(dimm) are dropped when QEMU ends.
          type: bool
        uuid:
          description: UUID of an V(nvdimm) of pSeries.
          type: str
        path:
          description: File or device of the host behind an V(nvdimm) or V(virtio-pmem).
          type: str
        page_size:
          description: Size of the host's pages behind it.
          type: str
        nodes:
          description: NUMA nodes of the host that it is taken from, such as V(0-1).
          type: str
        align_size:
          description: Alignment of an V(nvdimm) on the host (a size).
          type: str
        pmem:
          description: Whether the host's file is persistent memory.
          type: bool
        node:
          description: NUMA cell of the guest that it belongs to.
          type: int
        block:
          description: Steps in which V(virtio-mem) grows (a size).
          type: str
        requested:
          description: How much of V(virtio-mem) the guest has (a size).
          type: str
        label_size:
          description: Size of the labels of an V(nvdimm).
          type: str
        readonly:
          description: Whether an V(nvdimm) can't be written.
          type: bool
        dynamic_memslots:
          description: Whether V(virtio-mem) takes slots as it grows. Needs libvirt 10.1.0.
          type: bool
        base:
          description: Address of V(virtio-mem) or V(virtio-pmem) in the guest's memory, such as V('0x150000000').
            Needs libvirt 9.4.0.
          type: str
        alias:
          description: Name of the device in libvirt and QEMU; it begins with V(ua-).
          type: str
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
