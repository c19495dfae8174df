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
    genid:
      description: Generation id, a UUID, by which the guest sees that it was cloned or turned back.
      type: str
    os_id:
      description: libosinfo's id of the guest's system, such as V(http://debian.org/debian/13), for tools that show
        it.
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
    loader:
      description: The image of the firmware.
      type: dict
      suboptions:
        path:
          description: Image of the firmware; left out, libvirt chooses one.
          type: str
        type:
          description: What the image is; UEFI is V(pflash).
          type: str
          choices:
            - rom
            - pflash
        readonly:
          description: Whether the guest can't write to it.
          type: bool
        secure:
          description: Whether the image can do Secure Boot.
          type: bool
        stateless:
          description: Whether the firmware keeps no variables.
          type: bool
        format:
          description: Format of the image. Needs libvirt 9.2.0.
          type: str
          choices:
            - raw
            - qcow2
    firmware_features:
      description: What the firmware that libvirt chooses has to have. Needs O(firmware=efi).
      type: list
      elements: dict
      suboptions:
        name:
          description: V(secure-boot) is Secure Boot, V(enrolled-keys) that Microsoft's keys are in its store.
          type: str
          choices:
            - secure-boot
            - enrolled-keys
          required: true
        enabled:
          description: Whether it has to be there or may not.
          type: bool
          required: true
    nvram:
      description: Where the firmware keeps its variables.
      type: dict
      suboptions:
        path:
          description: File of the firmware's variables; made from a template at the start.
          type: str
        template:
          description: File that it is made from.
          type: str
        template_format:
          description: Format of the template. Needs libvirt 10.10.0.
          type: str
          choices:
            - raw
            - qcow2
        file:
          description: File of the variables, as a source.
          type: str
        block:
          description: Block device of the variables.
          type: str
        format:
          description: Format of the variables. Needs libvirt 9.2.0.
          type: str
          choices:
            - raw
            - qcow2
    boot:
      description: Order of boot by sort of device.
      type: list
      elements: str
    bootmenu:
      description: The firmware's boot menu.
      type: dict
      suboptions:
        enable:
          description: Whether a menu can be called at the start.
          type: bool
          required: true
        timeout:
          description: Milliseconds that it waits.
          type: int
    bios_useserial:
      description: Whether the BIOS writes to the serial port too, which has to be there.
      type: bool
    bios_reboot_timeout:
      description: Milliseconds after which a boot that failed is tried again; V(-1) is never.
      type: int
    smbios_mode:
      description: Whether SMBIOS is what QEMU makes up, the host's, or O(sysinfo).
      type: str
      choices:
        - emulate
        - host
        - sysinfo
    acpi_tables:
      description: ACPI tables that the guest gets besides QEMU's.
      type: list
      elements: dict
      suboptions:
        type:
          description: Sort of the table. V(raw) needs libvirt 11.2.0. V(msdm) needs libvirt 11.2.0.
          type: str
          choices:
            - slic
            - raw
            - msdm
          required: true
        path:
          description: File of the table.
          type: str
          required: true
    kernel:
      description: Kernel on the host to boot directly.
      type: str
    initrd:
      description: Its initial RAM disk.
      type: str
    cmdline:
      description: Its command line.
      type: str
    dtb:
      description: Its device tree.
      type: str
    shim:
      description: UEFI program on the host that proves O(kernel) for Secure Boot. Needs libvirt 11.2.0.
      type: str
    sysinfo:
      description: What the guest reads of its machine (SMBIOS). It counts with O(smbios_mode=sysinfo).
      type: dict
      suboptions:
        bios:
          description: Block 0.
          type: dict
          suboptions:
            vendor:
              description: Maker of the BIOS.
              type: str
            version:
              description: Version.
              type: str
            date:
              description: Date, as mm/dd/yyyy.
              type: str
            release:
              description: Release, such as V(10.22).
              type: str
        system:
          description: Block 1.
          type: dict
          suboptions:
            manufacturer:
              description: Maker.
              type: str
            product:
              description: Name of the product.
              type: str
            version:
              description: Version.
              type: str
            serial:
              description: Serial number.
              type: str
            uuid:
              description: UUID; it has to be the domain's own.
              type: str
            sku:
              description: Stock number.
              type: str
            family:
              description: Family of products.
              type: str
        base_board:
          description: Block 2.
          type: dict
          suboptions:
            manufacturer:
              description: Maker.
              type: str
            product:
              description: Name of the product.
              type: str
            version:
              description: Version.
              type: str
            serial:
              description: Serial number.
              type: str
            asset:
              description: Asset tag.
              type: str
            location:
              description: Place in the chassis.
              type: str
        chassis:
          description: Block 3.
          type: dict
          suboptions:
            manufacturer:
              description: Maker.
              type: str
            version:
              description: Version.
              type: str
            serial:
              description: Serial number.
              type: str
            asset:
              description: Asset tag.
              type: str
            sku:
              description: Stock number.
              type: str
        oem_strings:
          description: 'Block 11: free texts for programs in the guest.'
          type: list
          elements: str
    fwcfg:
      description: Entries of QEMU's firmware configuration, such as an Ignition file.
      type: list
      elements: dict
      suboptions:
        name:
          description: Name of the entry, such as V(opt/org.example/config).
          type: str
          required: true
        value:
          description: Its text.
          type: str
        file:
          description: File on the host that it is, in place of a text.
          type: str
    memory:
      description: Memory that the domain can have at most, such as V(2GiB).
      type: str
    memory_dump_core:
      description: Whether a core dump of the QEMU process has the guest's memory in it.
      type: bool
    current_memory:
      description: Memory that it has now; the same as O(memory) where that is given and this is not.
      type: str
    max_memory:
      description: Memory that there can be with modules plugged in while the domain runs. Needs O(cpu.numa) to start,
        and with libvirt before 9.5.0 O(memory_slots).
      type: str
    memory_slots:
      description: Slots for such modules.
      type: int
    memory_backing:
      description: What the guest's memory is on the host.
      type: dict
      suboptions:
        pages:
          description: Sizes of huge pages, such as V(2MiB); left out, the host's default size.
          type: list
          elements: dict
          suboptions:
            size:
              description: Size of the pages.
              type: str
              required: true
            nodeset:
              description: The guest's NUMA cells that have them; left out, all.
              type: str
        hugepages:
          description: Whether memory is made of huge pages.
          type: bool
        nosharepages:
          description: Whether the host is kept from merging equal pages (KSM).
          type: bool
        locked:
          description: Whether the memory is never swapped out. Give O(memtune.hard_limit) too, or the guest may take
            all of the host's memory.
          type: bool
        source:
          description: What the memory is; V(memfd) or V(file) is needed to share it.
          type: str
          choices:
            - anonymous
            - file
            - memfd
        access:
          description: Whether other processes of the host see it; virtiofs and vhost-user need V(shared).
          type: str
          choices:
            - shared
            - private
        allocation:
          description: Whether the memory is taken when the domain starts, or when the guest uses it.
          type: str
          choices:
            - immediate
            - ondemand
        allocation_threads:
          description: Threads that take it at the start.
          type: int
        discard:
          description: Whether the memory's content is dropped when the guest ends.
          type: bool
    memtune:
      description: Limits of the host's memory for the domain.
      type: dict
      suboptions:
        hard_limit:
          description: Memory that the whole QEMU process may take. With too little, the host's kernel kills the guest.
          type: str
        soft_limit:
          description: Memory that it is brought down to when the host is short of it.
          type: str
        swap_hard_limit:
          description: Memory and swap together that it may take; more than O(memtune.hard_limit).
          type: str
    numatune:
      description: NUMA nodes of the host that the memory comes from.
      type: dict
      suboptions:
        mode:
          description: How strictly memory comes from the nodes.
          type: str
          choices:
            - strict
            - preferred
            - interleave
            - restrictive
        nodeset:
          description: NUMA nodes of the host, such as V(0-1).
          type: str
        placement:
          description: V(auto) lets numad choose the nodes, V(static) takes O(numatune.nodeset).
          type: str
          choices:
            - static
            - auto
        memnodes:
          description: The same for single NUMA cells of the guest.
          type: list
          elements: dict
          suboptions:
            cellid:
              description: Number of the guest's NUMA cell.
              type: int
              required: true
            mode:
              description: How strictly.
              type: str
              choices:
                - strict
                - preferred
                - interleave
                - restrictive
              required: true
            nodeset:
              description: NUMA nodes of the host.
              type: str
              required: true
    max_vcpus:
      description: Virtual CPUs that the domain can have at most.
      type: int
    vcpus:
      description: Virtual CPUs that it has; 1 for a new domain.
      type: int
    vcpu_placement:
      description: V(auto) lets numad choose the host's CPUs, V(static) takes O(cpuset).
      type: str
      choices:
        - static
        - auto
    cpuset:
      description: CPUs of the host that the domain may use where O(cputune) says nothing else, such as V(0-3,^2).
      type: str
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
        fallback:
          description: Whether a near model may stand in for the named one where the host can't do it.
          type: str
          choices:
            - allow
            - forbid
        vendor_id:
          description: Vendor that the guest sees, of twelve characters.
          type: str
        vendor:
          description: Vendor that the host's CPU has to be of, such as V(Intel).
          type: str
        match:
          description: How near the CPU has to come to what is declared, with mode V(custom).
          type: str
          choices:
            - minimum
            - exact
            - strict
        check:
          description: How much of it libvirt proves before the domain starts.
          type: str
          choices:
            - none
            - partial
            - full
        migratable:
          description: Whether features that block a migration are left out, with modes V(host-passthrough) and V(maximum).
          type: bool
        topology:
          description: Topology; its product is the number of vCPUs that can be there.
          type: dict
          suboptions:
            sockets:
              description: Number of sockets.
              type: int
              required: true
            dies:
              description: Number of dies in a socket.
              type: int
            clusters:
              description: Number of clusters in a die. Needs libvirt 10.1.0.
              type: int
            cores:
              description: Number of cores in a cluster.
              type: int
              required: true
            threads:
              description: Number of threads in a core.
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
        cache:
          description: The cache that the guest sees.
          type: dict
          suboptions:
            mode:
              description: V(emulate) makes one up, V(passthrough) shows the host's, V(disable) shows none.
              type: str
              choices:
                - emulate
                - passthrough
                - disable
              required: true
            level:
              description: Level that is meant; left out, all of them.
              type: int
        maxphysaddr:
          description: Bits of a physical address.
          type: dict
          suboptions:
            mode:
              description: V(passthrough) shows the host's bits, V(emulate) those of O(cpu.maxphysaddr.bits).
              type: str
              choices:
                - passthrough
                - emulate
              required: true
            bits:
              description: Bits, with mode V(emulate).
              type: int
            limit:
              description: Bits at most, with mode V(passthrough). Needs libvirt 9.3.0.
              type: int
        numa:
          description: NUMA cells of the guest.
          type: dict
          suboptions:
            cells:
              description: The cells. Their memory together is O(memory), and together they have every vCPU that can
                be there.
              type: list
              elements: dict
              suboptions:
                id:
                  description: Number of the cell, from 0.
                  type: int
                  required: true
                cpus:
                  description: Its vCPUs, such as V(0-3); left out, it has memory only.
                  type: str
                memory:
                  description: Its memory, such as V(1GiB).
                  type: str
                  required: true
                mem_access:
                  description: Whether the memory is shared with other processes of the host.
                  type: str
                  choices:
                    - shared
                    - private
                discard:
                  description: Whether the memory's content is dropped when the guest ends.
                  type: bool
                distances:
                  description: Distances to every cell, the cell itself among them; the same there and back.
                  type: list
                  elements: dict
                  suboptions:
                    id:
                      description: Number of the other cell.
                      type: int
                      required: true
                    value:
                      description: Distance; 10 is the cell itself.
                      type: int
                      required: true
                caches:
                  description: Memory side caches.
                  type: list
                  elements: dict
                  suboptions:
                    level:
                      description: Level of the cache.
                      type: int
                      required: true
                    associativity:
                      description: Associativity.
                      type: str
                      choices:
                        - direct
                        - full
                      required: true
                    policy:
                      description: Write policy.
                      type: str
                      choices:
                        - writeback
                        - writethrough
                      required: true
                    size:
                      description: Size of the cache.
                      type: str
                      required: true
                    line:
                      description: Size of a line, such as V(64B).
                      type: str
                      required: true
            latencies:
              description: How long it takes from one cell to the memory of another.
              type: list
              elements: dict
              suboptions:
                initiator:
                  description: Cell that accesses.
                  type: int
                  required: true
                target:
                  description: Cell whose memory it is.
                  type: int
                  required: true
                type:
                  description: Sort of access.
                  type: str
                  choices:
                    - access
                    - read
                    - write
                  required: true
                value:
                  description: Nanoseconds.
                  type: int
                  required: true
                cache:
                  description: Level of the target's memory side cache that is meant.
                  type: int
            bandwidths:
              description: How much goes from one cell to the memory of another.
              type: list
              elements: dict
              suboptions:
                initiator:
                  description: Cell that accesses.
                  type: int
                  required: true
                target:
                  description: Cell whose memory it is.
                  type: int
                  required: true
                type:
                  description: Sort of access.
                  type: str
                  choices:
                    - access
                    - read
                    - write
                  required: true
                value:
                  description: Size per second.
                  type: str
                  required: true
    iothreads:
      description: Number of I/O threads for disks.
      type: int
    iothreadids:
      description: The I/O threads one by one, where their ids or settings matter; then O(iothreads) is their number.
      type: list
      elements: dict
      suboptions:
        id:
          description: Id of the I/O thread.
          type: int
          required: true
        thread_pool_min:
          description: Worker threads that it keeps at least.
          type: int
        thread_pool_max:
          description: Worker threads that it has at most.
          type: int
        poll_max:
          description: Nanoseconds that it polls at most before it sleeps; V(0) is no polling. Needs libvirt 9.4.0.
          type: int
        poll_grow:
          description: Step by which polling gets longer. Needs libvirt 9.4.0.
          type: int
        poll_shrink:
          description: Step by which it gets shorter. Needs libvirt 9.4.0.
          type: int
    defaultiothread:
      description: QEMU's main loop, which does the other disks' I/O.
      type: dict
      suboptions:
        thread_pool_min:
          description: Worker threads that it keeps at least.
          type: int
        thread_pool_max:
          description: Worker threads that it has at most.
          type: int
    cputune:
      description: CPU time and CPUs of the host.
      type: dict
      suboptions:
        shares:
          description: Weight against other domains, at most 10000 with cgroups v2.
          type: int
        period:
          description: Microseconds in which each vCPU may use CPU time of O(cputune.quota).
          type: int
        quota:
          description: Microseconds of CPU time of each vCPU in a period; V(-1) is without limit.
          type: int
        global_period:
          description: Microseconds in which the whole domain may use CPU time of O(cputune.global_quota).
          type: int
        global_quota:
          description: Microseconds of CPU time of the whole domain in a period; V(-1) is without limit.
          type: int
        emulator_period:
          description: Microseconds in which QEMU's own threads may use CPU time of O(cputune.emulator_quota).
          type: int
        emulator_quota:
          description: Microseconds of CPU time of QEMU's own threads in a period; V(-1) is without limit.
          type: int
        iothread_period:
          description: Microseconds in which each I/O thread may use CPU time of O(cputune.iothread_quota).
          type: int
        iothread_quota:
          description: Microseconds of CPU time of each I/O thread in a period; V(-1) is without limit.
          type: int
        vcpupins:
          description: CPUs of the host that a vCPU runs on.
          type: list
          elements: dict
          suboptions:
            vcpu:
              description: Number of the vCPU, from 0.
              type: int
              required: true
            cpuset:
              description: CPUs of the host, such as V(0-3,^2).
              type: str
              required: true
        emulatorpin:
          description: CPUs of the host that QEMU's own threads run on.
          type: str
        iothreadpins:
          description: CPUs of the host that an I/O thread runs on.
          type: list
          elements: dict
          suboptions:
            iothread:
              description: Id of the I/O thread.
              type: int
              required: true
            cpuset:
              description: CPUs of the host, such as V(4-5).
              type: str
              required: true
        vcpusched:
          description: Schedulers of vCPUs.
          type: list
          elements: dict
          suboptions:
            vcpus:
              description: The vCPUs, such as V(0-1).
              type: str
              required: true
            scheduler:
              description: Scheduler of the host's kernel; V(fifo) and V(rr) are for real time.
              type: str
              choices:
                - batch
                - idle
                - fifo
                - rr
              required: true
            priority:
              description: Priority, for V(fifo) and V(rr).
              type: int
        iothreadsched:
          description: Schedulers of I/O threads.
          type: list
          elements: dict
          suboptions:
            iothreads:
              description: Ids of the I/O threads.
              type: str
              required: true
            scheduler:
              description: Scheduler of the host's kernel; V(fifo) and V(rr) are for real time.
              type: str
              choices:
                - batch
                - idle
                - fifo
                - rr
              required: true
            priority:
              description: Priority, for V(fifo) and V(rr).
              type: int
        emulatorsched:
          description: Scheduler of QEMU's own threads.
          type: dict
          suboptions:
            scheduler:
              description: Scheduler of the host's kernel; V(fifo) and V(rr) are for real time.
              type: str
              choices:
                - batch
                - idle
                - fifo
                - rr
              required: true
            priority:
              description: Priority, for V(fifo) and V(rr).
              type: int
        cachetune:
          description: CPU caches of the host that vCPUs get (resctrl).
          type: list
          elements: dict
          suboptions:
            vcpus:
              description: The vCPUs, such as V(0-1).
              type: str
              required: true
            caches:
              description: Shares of the host's caches.
              type: list
              elements: dict
              suboptions:
                level:
                  description: Level of the cache.
                  type: int
                  required: true
                id:
                  description: Id of the host's cache.
                  type: int
                  required: true
                type:
                  description: What is cached.
                  type: str
                  choices:
                    - both
                    - code
                    - data
                  required: true
                size:
                  description: Share of it.
                  type: str
                  required: true
            monitors:
              description: What is measured.
              type: list
              elements: dict
              suboptions:
                level:
                  description: Level of the cache.
                  type: int
                  required: true
                vcpus:
                  description: The vCPUs, such as V(0-1).
                  type: str
                  required: true
        memorytune:
          description: Memory bandwidth of the host that vCPUs get (resctrl).
          type: list
          elements: dict
          suboptions:
            vcpus:
              description: The vCPUs, such as V(0-1).
              type: str
              required: true
            nodes:
              description: Shares of the nodes' bandwidth.
              type: list
              elements: dict
              suboptions:
                id:
                  description: NUMA node of the host.
                  type: int
                  required: true
                bandwidth:
                  description: 'Bandwidth in what the host''s resctrl counts: per cent, MB/s, or eighths of GB/s.'
                  type: int
                  required: true
    blkiotune:
      description: Throughput of the host's disks.
      type: dict
      suboptions:
        weight:
          description: Weight against other domains; 10 to 1000 with cgroups v1.
          type: int
        devices:
          description: The same for single block devices of the host.
          type: list
          elements: dict
          suboptions:
            path:
              description: Block device of the host.
              type: str
              required: true
            weight:
              description: Weight on this device.
              type: int
            read_bytes_sec:
              description: Reads per second, such as V(50MiB).
              type: str
            write_bytes_sec:
              description: Writes per second, such as V(50MiB).
              type: str
            read_iops_sec:
              description: Read operations per second.
              type: int
            write_iops_sec:
              description: Write operations per second.
              type: int
    throttlegroups:
      description: Limits that several disks share. Needs libvirt 11.2.0.
      type: list
      elements: dict
      suboptions:
        group_name:
          description: Name of the group.
          type: str
          required: true
        total_bytes_sec:
          description: Bytes (total) per second, such as V(50MiB).
          type: str
        read_bytes_sec:
          description: Bytes (read) per second, such as V(50MiB).
          type: str
        write_bytes_sec:
          description: Bytes (write) per second, such as V(50MiB).
          type: str
        total_iops_sec:
          description: Operations (total) per second.
          type: int
        read_iops_sec:
          description: Operations (read) per second.
          type: int
        write_iops_sec:
          description: Operations (write) per second.
          type: int
        total_bytes_sec_max:
          description: Bytes in a burst (total) per second, such as V(50MiB).
          type: str
        read_bytes_sec_max:
          description: Bytes in a burst (read) per second, such as V(50MiB).
          type: str
        write_bytes_sec_max:
          description: Bytes in a burst (write) per second, such as V(50MiB).
          type: str
        total_iops_sec_max:
          description: Operations in a burst (total) per second.
          type: int
        read_iops_sec_max:
          description: Operations in a burst (read) per second.
          type: int
        write_iops_sec_max:
          description: Operations in a burst (write) per second.
          type: int
        total_bytes_sec_max_length:
          description: Seconds that a burst of O(throttlegroups[].total_bytes_sec_max) may last.
          type: int
        read_bytes_sec_max_length:
          description: Seconds that a burst of O(throttlegroups[].read_bytes_sec_max) may last.
          type: int
        write_bytes_sec_max_length:
          description: Seconds that a burst of O(throttlegroups[].write_bytes_sec_max) may last.
          type: int
        total_iops_sec_max_length:
          description: Seconds that a burst of O(throttlegroups[].total_iops_sec_max) may last.
          type: int
        read_iops_sec_max_length:
          description: Seconds that a burst of O(throttlegroups[].read_iops_sec_max) may last.
          type: int
        write_iops_sec_max_length:
          description: Seconds that a burst of O(throttlegroups[].write_iops_sec_max) may last.
          type: int
        size_iops_sec:
          description: Size of what counts as one operation.
          type: str
    partition:
      description: Group of the host's resources that the domain is in, such as V(/machine); it has to be there.
      type: str
    fibrechannel_appid:
      description: Id by which a Fibre Channel network knows the domain's I/O.
      type: str
    perf_events:
      description: Events that are counted, such as V(cpu_cycles); virsh domstats shows them.
      type: list
      elements: str
    features:
      description: What the machine can do.
      type: dict
      suboptions:
        acpi:
          description: ACPI; without it a guest does not hear that it should shut down.
          type: bool
        apic:
          description: APIC.
          type: bool
        apic_eoi:
          description: End of interrupt by the guest. Needs O(features.apic).
          type: bool
        pae:
          description: More than 4 GiB of memory for guests of 32 bit.
          type: bool
        hap:
          description: Paging with the hardware's help.
          type: bool
        hyperv:
          description: Interfaces of Hyper-V, for Windows guests.
          type: dict
          suboptions:
            mode:
              description: V(custom) has what is declared here, V(passthrough) all that the host can.
              type: str
              choices:
                - custom
                - passthrough
            relaxed:
              description: Relaxed timers.
              type: bool
            vapic:
              description: Virtual APIC.
              type: bool
            spinlocks_retries:
              description: 'Turns spinlock support on: how often the guest tries before it tells the hypervisor.'
              type: int
            vpindex:
              description: Index of the virtual processor.
              type: bool
            runtime:
              description: Time that the virtual processor ran.
              type: bool
            synic:
              description: Synthetic interrupt controller; needs O(features.hyperv.vpindex).
              type: bool
            stimer:
              description: Its timers; needs O(features.hyperv.synic).
              type: bool
            stimer_direct:
              description: Direct mode of the timers.
              type: bool
            reset:
              description: Reset by the guest.
              type: bool
            vendor_id:
              description: Vendor that the hypervisor says it is of, at most twelve characters.
              type: str
            frequencies:
              description: Frequencies in registers.
              type: bool
            reenlightenment:
              description: Notice after a migration.
              type: bool
            tlbflush:
              description: Flush of other processors' TLB; needs O(features.hyperv.vpindex).
              type: bool
            tlbflush_direct:
              description: The same for nested guests. Needs libvirt 11.0.0.
              type: bool
            tlbflush_extended:
              description: The same for parts of the memory. Needs libvirt 11.0.0.
              type: bool
            ipi:
              description: Interrupts between processors; needs O(features.hyperv.vpindex).
              type: bool
            evmcs:
              description: Enlightened VMCS, for nested guests on Intel.
              type: bool
            avic:
              description: Synthetic interrupts with the host's APICv or AVIC.
              type: bool
            emsr_bitmap:
              description: Fewer exits of nested guests for registers. Needs libvirt 10.7.0.
              type: bool
            xmm_input:
              description: Parameters of hypercalls in XMM registers. Needs libvirt 10.7.0.
              type: bool
        kvm:
          description: What KVM does for or hides from the guest.
          type: dict
          suboptions:
            hidden:
              description: Whether the guest can't see that it runs on KVM.
              type: bool
            hint_dedicated:
              description: Whether the guest is told that its vCPUs have CPUs of their own.
              type: bool
            poll_control:
              description: Whether the guest may poll before it gives a CPU back.
              type: bool
            pv_ipi:
              description: Interrupts between vCPUs by hypercall.
              type: bool
            dirty_ring_size:
              description: 'Turns the ring of dirtied pages on: how many it holds for each vCPU, a power of two.'
              type: int
        pvspinlock:
          description: Whether spinlocks of the guest tell the host.
          type: bool
        pmu:
          description: Whether the guest can count events of the CPU.
          type: bool
        vmport:
          description: VMware's I/O port.
          type: bool
        smm:
          description: System Management Mode; Secure Boot needs it.
          type: bool
        smm_tseg:
          description: Size of its extended memory, such as V(48MiB); V(0B) is none. Needs O(features.smm).
          type: str
        ioapic_driver:
          description: Whether the I/O APIC is the kernel's or QEMU's.
          type: str
          choices:
            - kvm
            - qemu
        gic_version:
          description: Version of an ARM guest's GIC.
          type: str
          choices:
            - '2'
            - '3'
            - host
        vmcoreinfo:
          description: Whether the guest can leave what a crash dump needs.
          type: bool
        tcg_tb_cache:
          description: Cache of translated code of an emulated CPU, such as V(128MiB).
          type: str
        async_teardown:
          description: Whether memory is given back in the background when the guest ends. Needs libvirt 9.6.0.
          type: bool
        ras:
          description: Whether an ARM guest hears of faults of the host's memory. Needs libvirt 10.4.0.
          type: bool
        ps2:
          description: PS/2 controller. Needs libvirt 10.7.0.
          type: bool
    clock:
      description: The guest's clock and timers.
      type: dict
      suboptions:
        offset:
          description: 'What the guest''s clock shows: UTC, the host''s time, that of O(clock.timezone), UTC and O(clock.adjustment),
            or always O(clock.start). A new domain has V(utc).'
          type: str
          choices:
            - utc
            - localtime
            - timezone
            - variable
            - absolute
        timezone:
          description: Zone, such as V(Europe/Paris), with V(timezone).
          type: str
        adjustment:
          description: 'Seconds, with V(variable). With V(utc) and V(localtime): V(reset) forgets what the guest set.'
          type: str
        basis:
          description: What O(clock.adjustment) is added to, with V(variable).
          type: str
          choices:
            - utc
            - localtime
        start:
          description: Seconds since 1970 that the clock shows at every start, with V(absolute).
          type: int
        timers:
          description: Timers that are not as QEMU makes them.
          type: list
          elements: dict
          suboptions:
            name:
              description: The timer.
              type: str
              choices:
                - rtc
                - pit
                - hpet
                - tsc
                - kvmclock
                - hypervclock
                - armvtimer
              required: true
            present:
              description: Whether the guest has it.
              type: bool
            tickpolicy:
              description: 'What becomes of missed ticks: V(rtc) takes V(delay) and V(catchup), V(pit) V(delay) and
                V(discard).'
              type: str
              choices:
                - delay
                - catchup
                - discard
            track:
              description: What V(rtc) follows.
              type: str
              choices:
                - guest
                - wall
                - realtime
            frequency:
              description: Hertz of V(tsc).
              type: int
            catchup_threshold:
              description: Threshold of O(clock.timers[].tickpolicy=catchup).
              type: int
            catchup_slew:
              description: Its slew.
              type: int
            catchup_limit:
              description: Its limit.
              type: int
    on_poweroff:
      description: What follows when the guest powers off.
      type: str
      choices:
        - destroy
        - restart
    on_reboot:
      description: What follows when the guest reboots.
      type: str
      choices:
        - destroy
        - restart
    on_crash:
      description: What follows when the guest crashes.
      type: str
      choices:
        - destroy
        - restart
        - preserve
        - coredump-destroy
        - coredump-restart
    on_lockfailure:
      description: What follows when the lock of a disk is lost.
      type: str
      choices:
        - poweroff
        - restart
        - pause
        - ignore
    suspend_to_mem:
      description: Whether the guest is offered sleep (S3).
      type: bool
    suspend_to_disk:
      description: Whether it is offered hibernation (S4).
      type: bool
    seclabels:
      description: Labels of the host's security drivers, one each.
      type: list
      elements: dict
      suboptions:
        model:
          description: Security driver of the host; V(none) where it has none.
          type: str
          choices:
            - selinux
            - apparmor
            - dac
            - none
          required: true
        type:
          description: V(dynamic) is a label that libvirt makes, V(static) the given one, V(none) no confinement.
          type: str
          choices:
            - dynamic
            - static
            - none
          required: true
        relabel:
          description: Whether the domain's files get the label too.
          type: bool
        label:
          description: The label, with V(static); V(dac) has V(user:group).
          type: str
        baselabel:
          description: What a label is made from, with V(dynamic).
          type: str
    launch_security:
      description: Encryption of the guest's memory.
      type: dict
      suboptions:
        type:
          description: AMD's SEV or SEV-SNP, or IBM's Secure Execution. V(sev-snp) needs libvirt 10.5.0.
          type: str
          choices:
            - sev
            - sev-snp
            - s390-pv
          required: true
        policy:
          description: Policy of SEV, such as V(0x0003).
          type: str
        cbitpos:
          description: Place of the C-bit; left out, the host's.
          type: int
        reduced_phys_bits:
          description: Address bits lost; left out, the host's.
          type: int
        kernel_hashes:
          description: Whether O(kernel) and the like are measured.
          type: bool
        dh_cert:
          description: The owner's Diffie-Hellman certificate (SEV).
          type: str
        session:
          description: The owner's session (SEV).
          type: str
        author_key:
          description: Whether O(launch_security.id_auth) has one. Needs libvirt 10.5.0.
          type: bool
        vcek:
          description: Whether the guest may use a VCEK. Needs libvirt 10.5.0.
          type: bool
        guest_visible_workarounds:
          description: Workarounds that the guest is told of, 16 bytes (SEV-SNP). Needs libvirt 10.5.0.
          type: str
        id_block:
          description: Id block, 96 bytes (SEV-SNP). Needs libvirt 10.5.0.
          type: str
        id_auth:
          description: Its proof, 4096 bytes (SEV-SNP). Needs libvirt 10.5.0.
          type: str
        host_data:
          description: 32 bytes for the guest (SEV-SNP). Needs libvirt 10.5.0.
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
    emulator:
      description: Program on the host that runs the guest.
      type: str
    qemu_commandline:
      description: What is added to QEMU's command line as it is; libvirt marks the domain as tainted by it.
      type: dict
      suboptions:
        args:
          description: Arguments, one by one, such as V(-device) and V(edu).
          type: list
          elements: str
        env:
          description: Variables of its environment.
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
    qemu_capabilities:
      description: Abilities of QEMU that libvirt is told, in place of what it found out.
      type: dict
      suboptions:
        add:
          description: Abilities that QEMU is said to have.
          type: list
          elements: str
        del:
          description: Abilities that QEMU is said not to have.
          type: list
          elements: str
    qemu_deprecation:
      description: What QEMU does when libvirt uses something of it that is deprecated; for tests.
      type: str
      choices:
        - none
        - omit
        - reject
        - crash
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
