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
          description: Bridge of the host to be on; one of Open vSwitch with O(interfaces[].virtualport).
          type: str
        direct:
          description: Directly on a network device of the host, by macvtap.
          type: dict
          suboptions:
            dev:
              description: Network device of the host.
              type: str
              required: true
            mode:
              description: V(vepa) leaves all to the switch outside, V(bridge) lets the guests on the device talk
                directly, V(private) keeps them apart, V(passthrough) gives all of the device to one guest.
              type: str
              choices:
                - vepa
                - bridge
                - private
                - passthrough
        hostdev:
          description: A virtual function of an SR-IOV device, given to the guest.
          type: dict
          suboptions:
            address:
              description: PCI address on the host, such as V(0000:06:10.1).
              type: str
              required: true
            managed:
              description: Whether libvirt takes the device from the host's driver and gives it back.
              type: bool
            driver:
              description: How it is given to the guest.
              type: str
              choices:
                - vfio
            driver_model:
              description: The host's driver to bind it to. Needs libvirt 10.0.0.
              type: str
        user:
          description: 'Behind a process without privileges: SLIRP, or C(passt) with O(interfaces[].backend). May
            be empty.'
          type: dict
          suboptions:
            dev:
              description: Device of the host that C(passt) takes its address from.
              type: str
        vhostuser:
          description: A process of the host with the vhost-user protocol. It needs shared memory.
          type: dict
          suboptions:
            path:
              description: Path of the socket. Left out for C(passt) only.
              type: str
            mode:
              description: Which end QEMU is; V(client).
              type: str
              choices:
                - client
                - server
            reconnect:
              description: Seconds after which a lost connection is made again; V(0) for not at all.
              type: int
            dev:
              description: Device of the host that C(passt) takes its address from. Needs libvirt 11.1.0.
              type: str
        vdpa:
          description: vDPA device of the host, such as V(/dev/vhost-vdpa-0).
          type: str
        ethernet:
          description: A tap device on no bridge; O(interfaces[].script) may do the rest. May be empty.
          type: dict
          suboptions:
            ips:
              description: Addresses of the host's end.
              type: list
              elements: dict
              suboptions:
                address:
                  description: The address.
                  type: str
                  required: true
                prefix:
                  description: Bits of its network.
                  type: int
                peer:
                  description: Address of the other end of a point-to-point link.
                  type: str
            routes:
              description: Routes of the host through it.
              type: list
              elements: dict
              suboptions:
                address:
                  description: Network.
                  type: str
                  required: true
                prefix:
                  description: Bits of the network.
                  type: int
                  required: true
                gateway:
                  description: Where it is reached.
                  type: str
                  required: true
                metric:
                  description: Cost; the lowest is taken.
                  type: int
        mcast:
          description: A virtual network of all guests with the same multicast address and port.
          type: dict
          suboptions:
            address:
              description: IPv4 address.
              type: str
              required: true
            port:
              description: Port.
              type: int
              required: true
        udp:
          description: A tunnel of UDP packets to this address.
          type: dict
          suboptions:
            address:
              description: IPv4 address.
              type: str
              required: true
            port:
              description: Port.
              type: int
              required: true
            local_address:
              description: IPv4 address of this end.
              type: str
              required: true
            local_port:
              description: Port of this end.
              type: int
              required: true
        server:
          description: Waits for another guest's V(client).
          type: dict
          suboptions:
            address:
              description: IPv4 address.
              type: str
            port:
              description: Port.
              type: int
              required: true
        client:
          description: Connects to another guest's V(server).
          type: dict
          suboptions:
            address:
              description: IPv4 address.
              type: str
              required: true
            port:
              description: Port.
              type: int
              required: true
        portgroup:
          description: Port group of the network.
          type: str
        virtualport:
          description: Port of a switch that knows more than a bridge of Linux.
          type: dict
          suboptions:
            type:
              description: Sort of switch. It may be left out for a network, which then says it.
              type: str
              choices:
                - openvswitch
                - midonet
                - 802.1Qbg
                - 802.1Qbh
            interfaceid:
              description: UUID of the port; libvirt makes one.
              type: str
            profileid:
              description: Name of the port's profile.
              type: str
            managerid:
              description: 'V(802.1Qbg): identifier of the manager.'
              type: int
            typeid:
              description: 'V(802.1Qbg): identifier of the VSI type.'
              type: int
            typeidversion:
              description: 'V(802.1Qbg): version of that.'
              type: int
            instanceid:
              description: 'V(802.1Qbg): UUID of the instance; libvirt makes one.'
              type: str
        vlan:
          description: 'VLANs, where what it is connected to has them: Open vSwitch, virtual functions, bridges with
            libvirt 11.'
          type: dict
          suboptions:
            trunk:
              description: Whether one tag is a trunk; several are always.
              type: bool
            tags:
              description: The VLANs.
              type: list
              elements: dict
              suboptions:
                id:
                  description: VLAN.
                  type: int
                  required: true
                native_mode:
                  description: Makes it the native VLAN, and says how its packets go out.
                  type: str
                  choices:
                    - tagged
                    - untagged
        mac:
          description: MAC address; libvirt makes one for a new interface, and it is kept.
          type: str
        model:
          description: Model; V(virtio) for a new one.
          type: str
        target:
          description: Name of the device on the host.
          type: str
        target_managed:
          description: With V(false) an O(interfaces[].ethernet) takes O(interfaces[].target) as it is there.
          type: bool
        mtu:
          description: MTU in bytes.
          type: int
        link:
          description: State of the link.
          type: str
          choices:
            - up
            - down
        bandwidth:
          description: Limits of traffic.
          type: dict
          suboptions:
            inbound:
              description: What the guest receives.
              type: dict
              suboptions:
                average:
                  description: Average rate in KiB/s.
                  type: int
                peak:
                  description: Highest rate in KiB/s.
                  type: int
                burst:
                  description: KiB that may be sent at the highest rate at once.
                  type: int
                floor:
                  description: Rate in KiB/s that it has for sure; for a network that has a bandwidth itself.
                  type: int
            outbound:
              description: What the guest sends.
              type: dict
              suboptions:
                average:
                  description: Average rate in KiB/s.
                  type: int
                peak:
                  description: Highest rate in KiB/s.
                  type: int
                burst:
                  description: KiB that may be sent at the highest rate at once.
                  type: int
        filterref:
          description: Network filter of libvirt for the guest's packets.
          type: dict
          suboptions:
            filter:
              description: Name of the filter, such as V(clean-traffic).
              type: str
              required: true
            parameters:
              description: Its variables; a name may come several times.
              type: list
              elements: dict
              suboptions:
                name:
                  description: Name, such as V(IP).
                  type: str
                  required: true
                value:
                  description: Value.
                  type: str
                  required: true
        isolated:
          description: Whether it can't reach the other isolated ones of the same bridge.
          type: bool
        trust_guest_rx_filters:
          description: Whether the host follows changes of MAC address and filters in the guest (macvtap and virtio).
          type: bool
        coalesce:
          description: Most packets received before an interrupt of the host's device.
          type: int
        sndbuf:
          description: Send buffer of the host's device, such as V(1600B); V(0B) is without limit.
          type: str
        driver:
          description: What is special to virtio.
          type: dict
          suboptions:
            name:
              description: Whether the kernel or QEMU moves the packets.
              type: str
              choices:
                - vhost
                - qemu
            txmode:
              description: How QEMU sends when its queue is full.
              type: str
              choices:
                - iothread
                - timer
            queues:
              description: Pairs of queues.
              type: int
            rx_queue_size:
              description: Length of a receive queue; a power of two.
              type: int
            tx_queue_size:
              description: Length of a send queue; a power of two.
              type: int
            ioeventfd:
              description: Whether I/O is asynchronous to the vCPU.
              type: bool
            event_idx:
              description: Whether the number of interrupts is kept down.
              type: bool
            rss:
              description: Whether the host spreads packets over the queues.
              type: bool
            rss_hash_report:
              description: Whether the guest is told a packet's hash.
              type: bool
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
            host:
              description: What the host need not do itself.
              type: dict
              suboptions:
                csum:
                  description: Offload of checksums.
                  type: bool
                gso:
                  description: Offload of generic segmentation.
                  type: bool
                tso4:
                  description: Offload of TCP segmentation over IPv4.
                  type: bool
                tso6:
                  description: Offload of TCP segmentation over IPv6.
                  type: bool
                ecn:
                  description: Offload of TCP segmentation with ECN.
                  type: bool
                ufo:
                  description: Offload of UDP fragmentation.
                  type: bool
                mrg_rxbuf:
                  description: Offload of merging of receive buffers.
                  type: bool
            guest:
              description: What the guest need not do itself.
              type: dict
              suboptions:
                csum:
                  description: Offload of checksums.
                  type: bool
                tso4:
                  description: Offload of TCP segmentation over IPv4.
                  type: bool
                tso6:
                  description: Offload of TCP segmentation over IPv6.
                  type: bool
                ecn:
                  description: Offload of TCP segmentation with ECN.
                  type: bool
                ufo:
                  description: Offload of UDP fragmentation.
                  type: bool
        backend:
          description: What serves it on the host.
          type: dict
          suboptions:
            type:
              description: Process of O(interfaces[].user).
              type: str
              choices:
                - default
                - passt
            log_file:
              description: File that C(passt) logs to.
              type: str
            tap:
              description: Device to make tap devices with instead of /dev/net/tun.
              type: str
            vhost:
              description: Device of vhost instead of /dev/vhost-net.
              type: str
        ips:
          description: Addresses for the guest of O(interfaces[].user), one of IPv4 and one of IPv6.
          type: list
          elements: dict
          suboptions:
            address:
              description: The address.
              type: str
              required: true
            prefix:
              description: Bits of its network.
              type: int
        port_forwards:
          description: What C(passt) lets in to the guest.
          type: list
          elements: dict
          suboptions:
            proto:
              description: Protocol.
              type: str
              choices:
                - tcp
                - udp
              required: true
            address:
              description: Only what comes to this address of the host.
              type: str
            dev:
              description: Only what comes by this device of the host.
              type: str
            ranges:
              description: Ports; all where it is left out.
              type: list
              elements: dict
              suboptions:
                start:
                  description: First port.
                  type: int
                  required: true
                end:
                  description: Last port; the first where it is left out.
                  type: int
                to:
                  description: The guest's port for the first; the same where it is left out.
                  type: int
                exclude:
                  description: Whether these are not forwarded.
                  type: bool
        script:
          description: Program of the host that sets O(interfaces[].ethernet) up.
          type: str
        downscript:
          description: Program of the host that takes it down.
          type: str
        teaming:
          description: 'One of a pair that the guest uses as one: a virtual function, and virtio in its place while
            it is away.'
          type: dict
          suboptions:
            type:
              description: V(persistent) is always there, V(transient) is not during a migration.
              type: str
              choices:
                - persistent
                - transient
              required: true
            persistent:
              description: 'V(transient): alias of the persistent one.'
              type: str
        rom:
          description: Option ROM of the device.
          type: dict
          suboptions:
            enabled:
              description: Whether the device has a ROM at all.
              type: bool
            bar:
              description: Whether the ROM is in the guest's memory map.
              type: bool
            file:
              description: File of the host with the ROM.
              type: str
        boot_order:
          description: Place in the order of boot; 1 comes first.
          type: int
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        acpi_index:
          description: Number by which the guest names the device whatever its place, such as C(eno5) for V(5).
          type: int
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
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
            - dev
            - file
            - pipe
            - unix
            - tcp
            - udp
            - 'null'
            - stdio
            - vc
            - spiceport
            - dbus
        path:
          description: Path of the device, file, pipe or socket.
          type: str
        mode:
          description: Whether a V(unix) or V(tcp) socket is listened at or connected to.
          type: str
          choices:
            - bind
            - connect
        host:
          description: 'V(tcp): host to connect to or address to listen at; V(udp): host to send to.'
          type: str
        service:
          description: Port, or its name, of that host.
          type: str
        bind_host:
          description: 'V(udp): address to receive at.'
          type: str
        bind_service:
          description: 'V(udp): port, or its name, to receive at.'
          type: str
        protocol:
          description: What is spoken over V(tcp).
          type: str
          choices:
            - raw
            - telnet
        tls:
          description: Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.
          type: bool
        reconnect:
          description: Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.
          type: int
        append:
          description: Whether a V(file) is appended to.
          type: bool
        channel:
          description: Name of a V(spiceport) or V(dbus) channel.
          type: str
        log:
          description: File that everything is logged to besides.
          type: str
        log_append:
          description: Whether the log is kept at a start.
          type: bool
        target:
          description: What the guest sees; the usual port of the machine where it is left out.
          type: str
          choices:
            - isa-serial
            - usb-serial
            - pci-serial
            - isa-debug
            - system-serial
            - spapr-vio-serial
            - sclp-serial
        model:
          description: Its model; what goes with O(serials[].target) where it is left out.
          type: str
          choices:
            - isa-serial
            - usb-serial
            - pci-serial
            - isa-debugcon
            - pl011
            - 16550a
            - spapr-vty
            - sclpconsole
            - sclplmconsole
        port:
          description: Number of the port, from 0; counted where it is left out.
          type: int
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
    parallels:
      description: Parallel ports.
      type: list
      elements: dict
      suboptions:
        type:
          description: What it is on the host.
          type: str
          choices:
            - pty
            - dev
            - file
            - pipe
            - unix
            - tcp
            - udp
            - 'null'
            - stdio
            - vc
            - spiceport
            - dbus
        path:
          description: Path of the device, file, pipe or socket.
          type: str
        mode:
          description: Whether a V(unix) or V(tcp) socket is listened at or connected to.
          type: str
          choices:
            - bind
            - connect
        host:
          description: 'V(tcp): host to connect to or address to listen at; V(udp): host to send to.'
          type: str
        service:
          description: Port, or its name, of that host.
          type: str
        bind_host:
          description: 'V(udp): address to receive at.'
          type: str
        bind_service:
          description: 'V(udp): port, or its name, to receive at.'
          type: str
        protocol:
          description: What is spoken over V(tcp).
          type: str
          choices:
            - raw
            - telnet
        tls:
          description: Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.
          type: bool
        reconnect:
          description: Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.
          type: int
        append:
          description: Whether a V(file) is appended to.
          type: bool
        channel:
          description: Name of a V(spiceport) or V(dbus) channel.
          type: str
        log:
          description: File that everything is logged to besides.
          type: str
        log_append:
          description: Whether the log is kept at a start.
          type: bool
        port:
          description: Number of the port, from 0; counted where it is left out.
          type: int
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
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
            - dev
            - file
            - pipe
            - unix
            - tcp
            - udp
            - 'null'
            - stdio
            - vc
            - spiceport
            - dbus
        path:
          description: Path of the device, file, pipe or socket.
          type: str
        mode:
          description: Whether a V(unix) or V(tcp) socket is listened at or connected to.
          type: str
          choices:
            - bind
            - connect
        host:
          description: 'V(tcp): host to connect to or address to listen at; V(udp): host to send to.'
          type: str
        service:
          description: Port, or its name, of that host.
          type: str
        bind_host:
          description: 'V(udp): address to receive at.'
          type: str
        bind_service:
          description: 'V(udp): port, or its name, to receive at.'
          type: str
        protocol:
          description: What is spoken over V(tcp).
          type: str
          choices:
            - raw
            - telnet
        tls:
          description: Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.
          type: bool
        reconnect:
          description: Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.
          type: int
        append:
          description: Whether a V(file) is appended to.
          type: bool
        channel:
          description: Name of a V(spiceport) or V(dbus) channel.
          type: str
        log:
          description: File that everything is logged to besides.
          type: str
        log_append:
          description: Whether the log is kept at a start.
          type: bool
        target:
          description: V(serial) is the first serial port, which need not be declared; V(virtio) a console of its
            own, V(sclp) and V(sclplm) those of s390.
          type: str
          choices:
            - serial
            - virtio
            - sclp
            - sclplm
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
    channels:
      description: virtio channels. A new domain has that of the guest agent, V(org.qemu.guest_agent.0), where this
        is left out.
      type: list
      elements: dict
      suboptions:
        name:
          description: Name in the guest. Wanted but for O(channels[].guestfwd).
          type: str
        guestfwd:
          description: Address in the network of O(interfaces[].user) that the guest finds it at, instead of virtio.
          type: dict
          suboptions:
            address:
              description: IPv4 address.
              type: str
              required: true
            port:
              description: Port.
              type: int
              required: true
        type:
          description: What it is on the host.
          type: str
          choices:
            - unix
            - spicevmc
            - qemu-vdagent
            - pty
            - dev
            - file
            - pipe
            - tcp
            - udp
            - 'null'
            - stdio
            - vc
            - spiceport
            - dbus
        path:
          description: Path of the device, file, pipe or socket.
          type: str
        mode:
          description: Whether a V(unix) or V(tcp) socket is listened at or connected to.
          type: str
          choices:
            - bind
            - connect
        host:
          description: 'V(tcp): host to connect to or address to listen at; V(udp): host to send to.'
          type: str
        service:
          description: Port, or its name, of that host.
          type: str
        bind_host:
          description: 'V(udp): address to receive at.'
          type: str
        bind_service:
          description: 'V(udp): port, or its name, to receive at.'
          type: str
        protocol:
          description: What is spoken over V(tcp).
          type: str
          choices:
            - raw
            - telnet
        tls:
          description: Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.
          type: bool
        reconnect:
          description: Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.
          type: int
        append:
          description: Whether a V(file) is appended to.
          type: bool
        channel:
          description: Name of a V(spiceport) or V(dbus) channel.
          type: str
        log:
          description: File that everything is logged to besides.
          type: str
        log_append:
          description: Whether the log is kept at a start.
          type: bool
        clipboard:
          description: 'V(qemu-vdagent): whether the clipboard is shared.'
          type: bool
        mouse:
          description: 'V(qemu-vdagent): who draws the mouse.'
          type: str
          choices:
            - client
            - server
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
    graphics:
      description: Graphical consoles, one of each type.
      type: list
      elements: dict
      suboptions:
        type:
          description: Protocol, or V(sdl) for a window on the host, V(egl-headless) for OpenGL beside another. V(rdp)
            needs libvirt 11.1.0.
          type: str
          choices:
            - vnc
            - spice
            - sdl
            - egl-headless
            - dbus
            - rdp
          required: true
        port:
          description: Port; V(-1) lets libvirt choose.
          type: int
        websocket:
          description: 'VNC: port for web sockets; V(-1) lets libvirt choose.'
          type: int
        listen:
          description: Address to listen at; libvirt's default is 127.0.0.1.
          type: str
        listens:
          description: Where to listen, instead of O(graphics[].listen). VNC takes one.
          type: list
          elements: dict
          suboptions:
            type:
              description: What is said.
              type: str
              choices:
                - address
                - network
                - socket
                - none
              required: true
            address:
              description: Address, for V(address).
              type: str
            network:
              description: libvirt network in which the host's address is taken, for V(network).
              type: str
            socket:
              description: Path of a UNIX socket, for V(socket); libvirt chooses one.
              type: str
        username:
          description: 'RDP: name to log in with. Needs libvirt 11.1.0.'
          type: str
        password:
          description: Password.
          type: str
        password_valid_to:
          description: Time in UTC until which the password holds, such as V(2030-12-31T23:59:59).
          type: str
        connected:
          description: What a change of the password does to who is connected; VNC has V(keep) only.
          type: str
          choices:
            - keep
            - disconnect
            - fail
        keymap:
          description: Keyboard layout, such as V(de).
          type: str
        share_policy:
          description: 'VNC: whether one client can shut out the others.'
          type: str
          choices:
            - allow-exclusive
            - force-shared
            - ignore
        power_control:
          description: 'VNC: whether clients can shut down and reset the guest.'
          type: bool
        gl:
          description: 'SPICE, SDL and D-Bus: whether with OpenGL.'
          type: bool
        rendernode:
          description: Device of the host for OpenGL, such as V(/dev/dri/renderD128).
          type: str
        audio:
          description: 'VNC and D-Bus: O(audios[].id) of the sound that is sent.'
          type: int
        p2p:
          description: 'D-Bus: whether there is no bus but a connection by libvirt.'
          type: bool
        address:
          description: 'D-Bus: address of the bus.'
          type: str
        display:
          description: 'SDL: X display, such as V(:0).'
          type: str
        xauth:
          description: 'SDL: file of X authorities.'
          type: str
        fullscreen:
          description: 'SDL: whether on the whole screen.'
          type: bool
        tls_port:
          description: 'SPICE: port with TLS; V(-1) lets libvirt choose.'
          type: int
        default_mode:
          description: 'SPICE: whether channels use TLS, unless O(graphics[].channels) says.'
          type: str
          choices:
            - any
            - secure
            - insecure
        channels:
          description: 'SPICE: use of TLS, by channel.'
          type: list
          elements: dict
          suboptions:
            name:
              description: Channel.
              type: str
              choices:
                - main
                - display
                - inputs
                - cursor
                - playback
                - record
                - smartcard
                - usbredir
              required: true
            mode:
              description: Whether with TLS.
              type: str
              choices:
                - secure
                - insecure
              required: true
        image_compression:
          description: 'SPICE: compression of images.'
          type: str
          choices:
            - auto_glz
            - auto_lz
            - quic
            - glz
            - lz
            - 'off'
        jpeg_compression:
          description: 'SPICE: compression of JPEG images over slow links.'
          type: str
          choices:
            - auto
            - never
            - always
        zlib_compression:
          description: 'SPICE: compression with zlib over slow links.'
          type: str
          choices:
            - auto
            - never
            - always
        playback_compression:
          description: 'SPICE: whether sound is compressed.'
          type: bool
        streaming_mode:
          description: 'SPICE: what is sent as video.'
          type: str
          choices:
            - filter
            - all
            - 'off'
        clipboard:
          description: 'SPICE: whether the clipboard is shared.'
          type: bool
        mouse_mode:
          description: 'SPICE: who draws the mouse.'
          type: str
          choices:
            - server
            - client
        filetransfer:
          description: 'SPICE: whether files can be dropped on the guest.'
          type: bool
    videos:
      description: Video cards.
      type: list
      elements: dict
      suboptions:
        model:
          description: Model; V(none) keeps libvirt from adding one.
          type: str
          choices:
            - virtio
            - vga
            - qxl
            - bochs
            - ramfb
            - cirrus
            - vmvga
            - none
          required: true
        vram:
          description: Video memory, such as V(16MiB).
          type: str
        ram:
          description: 'QXL: size of the first bar.'
          type: str
        vgamem:
          description: 'QXL: part of it for VGA.'
          type: str
        vram64:
          description: 'QXL: size of the 64-bit bar.'
          type: str
        heads:
          description: Number of screens.
          type: int
        primary:
          description: Whether it is the first card.
          type: bool
        blob:
          description: 'virtio: whether pixels are shared instead of copied. Needs libvirt 9.2.0.'
          type: bool
        accel3d:
          description: Whether the guest has 3D by the host's OpenGL.
          type: bool
        rendernode:
          description: Device of the host for that, with V(vhostuser).
          type: str
        resolution:
          description: Size of the screen to begin with.
          type: dict
          suboptions:
            x:
              description: Width in pixels.
              type: int
              required: true
            y:
              description: Height in pixels.
              type: int
              required: true
        driver:
          description: What is special to virtio.
          type: dict
          suboptions:
            name:
              description: Whether QEMU or a process of its own draws.
              type: str
              choices:
                - qemu
                - vhostuser
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        acpi_index:
          description: Number by which the guest names the device whatever its place, such as C(eno5) for V(5).
          type: int
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    sounds:
      description: Sound cards.
      type: list
      elements: dict
      suboptions:
        model:
          description: Model. V(virtio) needs libvirt 10.4.0.
          type: str
          choices:
            - ich9
            - ich6
            - ac97
            - es1370
            - sb16
            - pcspk
            - usb
            - virtio
          required: true
        codecs:
          description: 'V(ich6), V(ich9): V(duplex), V(micro) or V(output), one or more.'
          type: list
          elements: str
        audio:
          description: O(audios[].id) of what plays it.
          type: int
        multichannel:
          description: 'V(usb): whether with more than two. Needs libvirt 9.4.0.'
          type: bool
        streams:
          description: 'V(virtio): number of streams. Needs libvirt 10.4.0.'
          type: int
        driver:
          description: What is special to virtio. Needs libvirt 10.4.0.
          type: dict
          suboptions:
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        acpi_index:
          description: Number by which the guest names the device whatever its place, such as C(eno5) for V(5).
          type: int
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    audios:
      description: Where sound goes on the host. libvirt gives a domain one.
      type: list
      elements: dict
      suboptions:
        id:
          description: Number by which sound cards and graphics name it.
          type: int
          required: true
        type:
          description: What plays and records. V(pipewire) needs libvirt 9.10.0.
          type: str
          choices:
            - none
            - alsa
            - jack
            - oss
            - pulseaudio
            - pipewire
            - sdl
            - spice
            - file
            - dbus
          required: true
        timer_period:
          description: Microseconds between two looks at the buffers.
          type: int
        server_name:
          description: 'V(pulseaudio): server.'
          type: str
        path:
          description: 'V(file): the file.'
          type: str
        driver:
          description: 'V(sdl): what SDL uses.'
          type: str
          choices:
            - esd
            - alsa
            - arts
            - pulseaudio
        runtime_dir:
          description: 'V(pipewire): directory of its socket. Needs libvirt 9.10.0.'
          type: str
        try_mmap:
          description: 'V(oss): whether to map the device.'
          type: bool
        exclusive:
          description: 'V(oss): whether nobody else may open it.'
          type: bool
        dsp_policy:
          description: 'V(oss): timing policy; V(-1) for none.'
          type: int
        input:
          description: What is recorded.
          type: dict
          suboptions:
            mixing_engine:
              description: Whether QEMU mixes and converts.
              type: bool
            fixed_settings:
              description: Whether what follows holds whatever the guest asks.
              type: bool
            frequency:
              description: Samples in a second.
              type: int
            channels:
              description: Channels; 2 are stereo.
              type: int
            format:
              description: Format of a sample.
              type: str
              choices:
                - s8
                - u8
                - s16
                - u16
                - s32
                - u32
                - f32
            voices:
              description: Voices at once.
              type: int
            buffer_length:
              description: Length of the buffer in microseconds.
              type: int
            buffer_count:
              description: 'V(oss), V(sdl): number of buffers.'
              type: int
            try_poll:
              description: 'V(oss): whether to poll.'
              type: bool
            dev:
              description: 'V(alsa), V(oss): device of the host.'
              type: str
            name:
              description: 'V(pulseaudio), V(pipewire): sink or source.'
              type: str
            stream_name:
              description: 'V(pulseaudio), V(pipewire): name of the stream.'
              type: str
            latency:
              description: 'V(pulseaudio), V(pipewire): wanted latency in microseconds.'
              type: int
            server_name:
              description: 'V(jack): server.'
              type: str
            client_name:
              description: 'V(jack): name of this client.'
              type: str
            connect_ports:
              description: 'V(jack): ports to connect to, a regular expression.'
              type: str
            exact_name:
              description: 'V(jack): whether another''s name is an error.'
              type: bool
        output:
          description: What is played.
          type: dict
          suboptions:
            mixing_engine:
              description: Whether QEMU mixes and converts.
              type: bool
            fixed_settings:
              description: Whether what follows holds whatever the guest asks.
              type: bool
            frequency:
              description: Samples in a second.
              type: int
            channels:
              description: Channels; 2 are stereo.
              type: int
            format:
              description: Format of a sample.
              type: str
              choices:
                - s8
                - u8
                - s16
                - u16
                - s32
                - u32
                - f32
            voices:
              description: Voices at once.
              type: int
            buffer_length:
              description: Length of the buffer in microseconds.
              type: int
            buffer_count:
              description: 'V(oss), V(sdl): number of buffers.'
              type: int
            try_poll:
              description: 'V(oss): whether to poll.'
              type: bool
            dev:
              description: 'V(alsa), V(oss): device of the host.'
              type: str
            name:
              description: 'V(pulseaudio), V(pipewire): sink or source.'
              type: str
            stream_name:
              description: 'V(pulseaudio), V(pipewire): name of the stream.'
              type: str
            latency:
              description: 'V(pulseaudio), V(pipewire): wanted latency in microseconds.'
              type: int
            server_name:
              description: 'V(jack): server.'
              type: str
            client_name:
              description: 'V(jack): name of this client.'
              type: str
            connect_ports:
              description: 'V(jack): ports to connect to, a regular expression.'
              type: str
            exact_name:
              description: 'V(jack): whether another''s name is an error.'
              type: bool
    inputs:
      description: Keyboards, mice and tablets. Those of PS/2 that x86 has by itself need not be declared.
      type: list
      elements: dict
      suboptions:
        type:
          description: What it is; V(passthrough) and V(evdev) are a device of the host.
          type: str
          choices:
            - tablet
            - mouse
            - keyboard
            - passthrough
            - evdev
          required: true
        bus:
          description: Bus; libvirt chooses one.
          type: str
          choices:
            - usb
            - virtio
            - ps2
        evdev:
          description: 'V(passthrough): device of the host.'
          type: str
        dev:
          description: 'V(evdev): device of the host.'
          type: str
        grab:
          description: 'V(evdev): whether all of its kind are grabbed with it.'
          type: str
          choices:
            - all
        grab_toggle:
          description: 'V(evdev): keys that give it to the guest and back.'
          type: str
          choices:
            - ctrl-ctrl
            - alt-alt
            - shift-shift
            - meta-meta
            - scrolllock
            - ctrl-scrolllock
        repeat:
          description: 'V(evdev): whether keys repeat.'
          type: bool
        driver:
          description: What is special to virtio.
          type: dict
          suboptions:
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    redirdevs:
      description: USB devices of whoever is connected, by SPICE or by a socket.
      type: list
      elements: dict
      suboptions:
        type:
          description: What it is on the host.
          type: str
          choices:
            - spicevmc
            - tcp
            - unix
            - udp
            - pty
        path:
          description: Path of the device, file, pipe or socket.
          type: str
        mode:
          description: Whether a V(unix) or V(tcp) socket is listened at or connected to.
          type: str
          choices:
            - bind
            - connect
        host:
          description: 'V(tcp): host to connect to or address to listen at; V(udp): host to send to.'
          type: str
        service:
          description: Port, or its name, of that host.
          type: str
        bind_host:
          description: 'V(udp): address to receive at.'
          type: str
        bind_service:
          description: 'V(udp): port, or its name, to receive at.'
          type: str
        protocol:
          description: What is spoken over V(tcp).
          type: str
          choices:
            - raw
            - telnet
        tls:
          description: Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.
          type: bool
        reconnect:
          description: Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.
          type: int
        boot_order:
          description: Place in the order of boot; 1 comes first.
          type: int
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
    redirfilter:
      description: Which USB devices may be; the first rule that fits holds.
      type: list
      elements: dict
      suboptions:
        usb_class:
          description: Class, such as V(0x08) for storage; any where it is left out.
          type: str
        vendor:
          description: Vendor, such as V(0x1234).
          type: str
        product:
          description: Product, such as V(0xbeef).
          type: str
        version:
          description: Version, such as V(2.56).
          type: str
        allow:
          description: Whether it may be connected.
          type: bool
          required: true
    smartcards:
      description: Smart card readers.
      type: list
      elements: dict
      suboptions:
        mode:
          description: The host's reader, three of its certificates, or a client's.
          type: str
          choices:
            - host
            - host-certificates
            - passthrough
          required: true
        certificates:
          description: 'V(host-certificates): names of three certificates.'
          type: list
          elements: str
        database:
          description: 'V(host-certificates): directory of the NSS database.'
          type: str
        passthrough:
          description: 'V(passthrough): how the client is connected.'
          type: dict
          suboptions:
            type:
              description: What it is on the host.
              type: str
              choices:
                - spicevmc
                - tcp
                - unix
                - udp
                - pty
            path:
              description: Path of the device, file, pipe or socket.
              type: str
            mode:
              description: Whether a V(unix) or V(tcp) socket is listened at or connected to.
              type: str
              choices:
                - bind
                - connect
            host:
              description: 'V(tcp): host to connect to or address to listen at; V(udp): host to send to.'
              type: str
            service:
              description: Port, or its name, of that host.
              type: str
            bind_host:
              description: 'V(udp): address to receive at.'
              type: str
            bind_service:
              description: 'V(udp): port, or its name, to receive at.'
              type: str
            protocol:
              description: What is spoken over V(tcp).
              type: str
              choices:
                - raw
                - telnet
            tls:
              description: Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.
              type: bool
            reconnect:
              description: Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.
              type: int
    hubs:
      description: Hubs. libvirt adds them where ports run out.
      type: list
      elements: dict
      suboptions:
        type:
          description: Type.
          type: str
          choices:
            - usb
          required: true
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
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
            - virtio-transitional
            - virtio-non-transitional
        backend_model:
          description: V(random) is a device of the host, V(builtin) QEMU's own, V(egd) a daemon.
          type: str
          choices:
            - random
            - builtin
            - egd
        backend:
          description: 'V(random): source on the host.'
          type: str
        egd:
          description: 'V(egd): how the daemon is reached.'
          type: dict
          suboptions:
            type:
              description: What it is on the host.
              type: str
              choices:
                - tcp
                - udp
                - unix
            path:
              description: Path of the device, file, pipe or socket.
              type: str
            mode:
              description: Whether a V(unix) or V(tcp) socket is listened at or connected to.
              type: str
              choices:
                - bind
                - connect
            host:
              description: 'V(tcp): host to connect to or address to listen at; V(udp): host to send to.'
              type: str
            service:
              description: Port, or its name, of that host.
              type: str
            bind_host:
              description: 'V(udp): address to receive at.'
              type: str
            bind_service:
              description: 'V(udp): port, or its name, to receive at.'
              type: str
            protocol:
              description: What is spoken over V(tcp).
              type: str
              choices:
                - raw
                - telnet
            tls:
              description: Whether V(tcp) is encrypted; libvirt's qemu.conf decides else.
              type: bool
            reconnect:
              description: Seconds after which a V(unix) or V(tcp) client connects again; V(0) for not at all.
              type: int
        rate:
          description: How much the guest gets at most in what time.
          type: dict
          suboptions:
            bytes:
              description: Size, such as V(1KiB).
              type: str
              required: true
            period:
              description: Milliseconds.
              type: int
        driver:
          description: What is special to virtio.
          type: dict
          suboptions:
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        acpi_index:
          description: Number by which the guest names the device whatever its place, such as C(eno5) for V(5).
          type: int
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    tpms:
      description: TPMs; all but V(spapr-tpm-proxy) are one at most.
      type: list
      elements: dict
      suboptions:
        type:
          description: swtpm run by libvirt, the host's own, or an emulator that runs by itself.
          type: str
          choices:
            - emulator
            - passthrough
            - external
          required: true
        model:
          description: Model; libvirt's default is V(tpm-tis), on POWER V(tpm-spapr).
          type: str
          choices:
            - tpm-tis
            - tpm-crb
            - tpm-spapr
            - spapr-tpm-proxy
        version:
          description: 'V(emulator): version of TPM.'
          type: str
          choices:
            - '1.2'
            - '2.0'
        persistent_state:
          description: 'V(emulator): whether a transient domain''s state is kept.'
          type: bool
        encryption_secret:
          description: 'V(emulator): UUID of the libvirt secret that encrypts the state.'
          type: str
        active_pcr_banks:
          description: 'V(emulator): banks of TPM 2.0 to have: V(sha1), V(sha256), V(sha384), V(sha512).'
          type: list
          elements: str
        debug:
          description: 'V(emulator): how much it logs. Needs libvirt 10.6.0.'
          type: int
        state:
          description: 'V(emulator): where its state lies. Needs libvirt 10.10.0.'
          type: dict
          suboptions:
            type:
              description: What the path is.
              type: str
              choices:
                - file
                - dir
              required: true
            path:
              description: Path of the state.
              type: str
              required: true
        profile:
          description: 'V(emulator): profile of a new TPM 2.0. Needs libvirt 10.10.0.'
          type: dict
          suboptions:
            source:
              description: Name of the profile.
              type: str
              required: true
            remove_disabled:
              description: What is left out of a custom one that the host's FIPS mode forbids.
              type: str
              choices:
                - check
                - fips-host
        device:
          description: 'V(passthrough): device of the host; V(/dev/tpm0).'
          type: str
        socket:
          description: 'V(external): path of its UNIX socket.'
          type: str
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
    watchdogs:
      description: Watchdogs. That of q35 need not be declared.
      type: list
      elements: dict
      suboptions:
        model:
          description: Model; V(itco) is a part of q35, V(diag288) of s390. V(itco) needs libvirt 9.1.0.
          type: str
          choices:
            - i6300esb
            - ib700
            - diag288
            - itco
          required: true
        action:
          description: What happens when the guest no longer answers.
          type: str
          choices:
            - reset
            - shutdown
            - poweroff
            - pause
            - none
            - dump
            - inject-nmi
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    memballoon:
      description: Memory balloon; a domain has one anyway.
      type: dict
      suboptions:
        model:
          description: Model; V(none) keeps libvirt from adding one.
          type: str
          choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
            - none
        autodeflate:
          description: Whether it gives back before the guest runs out of memory.
          type: bool
        free_page_reporting:
          description: Whether the host gets back what the guest frees.
          type: bool
        period:
          description: 'Seconds between statistics; V(0): none.'
          type: int
        driver:
          description: What is special to virtio.
          type: dict
          suboptions:
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    vsock:
      description: Sockets between host and guest.
      type: dict
      suboptions:
        model:
          description: Model.
          type: str
          choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
        auto_cid:
          description: Whether libvirt chooses the CID at a start.
          type: bool
        cid:
          description: CID of the guest.
          type: int
        driver:
          description: What is special to virtio.
          type: dict
          suboptions:
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    panics:
      description: By what the guest says that its kernel crashed.
      type: list
      elements: dict
      suboptions:
        model:
          description: Model; V(pvpanic) is one of PCI. POWER and s390 have theirs by themselves. V(pvpanic) needs
            libvirt 9.1.0.
          type: str
          choices:
            - isa
            - pvpanic
            - hyperv
            - pseries
            - s390
          required: true
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
    iommu:
      description: IOMMU of the guest.
      type: dict
      suboptions:
        model:
          description: Model.
          type: str
          choices:
            - intel
            - smmuv3
            - virtio
          required: true
        intremap:
          description: 'V(intel): interrupt remapping; needs a split I/O APIC.'
          type: bool
        caching_mode:
          description: 'V(intel): whether VFIO can be used with it.'
          type: bool
        eim:
          description: 'V(intel): whether with x2APIC, for more than 255 vCPUs.'
          type: bool
        iotlb:
          description: 'V(intel): whether virtio devices may cache translations.'
          type: bool
        aw_bits:
          description: 'V(intel): bits of an address.'
          type: int
        dma_translation:
          description: 'V(intel): whether DMA is translated, and not interrupts only. Needs libvirt 10.7.0.'
          type: bool
    cryptos:
      description: virtio devices for cryptography. Needs libvirt 9.1.0.
      type: list
      elements: dict
      suboptions:
        backend:
          description: 'What computes: QEMU or the kernel.'
          type: str
          choices:
            - builtin
            - lkcf
        queues:
          description: Number of queues.
          type: int
        driver:
          description: What is special to virtio.
          type: dict
          suboptions:
            iommu:
              description: Whether it is behind the guest's IOMMU.
              type: bool
            ats:
              description: Whether it has address translation services for PCIe.
              type: bool
            packed:
              description: Whether it uses packed virtqueues.
              type: bool
            page_per_vq:
              description: Whether each queue's notification has a page of its own.
              type: bool
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    pstore:
      description: Store of a guest's last words when its kernel crashes. Needs libvirt 10.6.0.
      type: dict
      suboptions:
        backend:
          description: What the guest sees.
          type: str
          choices:
            - acpi-erst
          required: true
        size:
          description: Size, such as V(512KiB).
          type: str
          required: true
        path:
          description: File of the host; libvirt chooses one.
          type: str
        alias:
          description: Name of the device for libvirt's other commands; begins with V(ua-).
          type: str
        address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
    leases:
      description: Leases that the domain holds while it runs.
      type: list
      elements: dict
      suboptions:
        lockspace:
          description: Lock space of the lock manager.
          type: str
        key:
          description: Name of the lease.
          type: str
          required: true
        path:
          description: File of the lock space.
          type: str
          required: true
        offset:
          description: Where in it, such as V(1MiB).
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
