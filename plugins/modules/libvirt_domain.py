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
  - What was declared before and is not any more is taken away, unless somebody has changed it since. It is remembered in
    the domain's metadata. A task that leaves out O(memory), O(disks) or O(interfaces) though it was declared before, or
    gives no O(xml) or only elements where a whole document was declared before, is about a part of the domain and takes
    nothing away.
  - A running domain is changed at once where libvirt can. What it can not is put into the definition and named in
    RV(domains.restart_required), until the domain was restarted.
  - Many domains are one call. They stop and start together, in the order of O(depends_on) where there is one.
notes:
  - That a guest reboots is no state. O(restart=always) in a handler restarts it once when it is notified.
  - docs/options.md of the collection lists every option, whether it changes in a running domain, and the libvirt it needs.
author: minicloud.kvm contributors (@minicloud)
options:
  <<: &one
    name:
      description: Name of the domain. May be left out where O(xml) has it.
      type: str
    state:
      description: V(present) is defined, running or not; V(running), V(stopped), V(paused) and V(saved) are defined
        and so; V(absent) is not defined. V(stopped) asks the guest to shut down. V(saved) is stopped with the guest's
        memory on disk, from where V(running) goes on. V(absent) refuses a running domain unless O(force=true).
      type: str
      choices:
        - present
        - running
        - stopped
        - paused
        - saved
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
          description: 'Volume of the pool; its path and format stand in the domain. That of an V(rbd), V(gluster)
            or V(iscsi-direct) pool has no path: what the pool says of servers and credentials stands there as O(disks[].network)
            and O(disks[].auth).'
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
          description: Where it sits on its SCSI, SATA, IDE or floppy controller. libvirt chooses a free place.
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        acpi_index:
          description: Number by which the guest names the device whatever its place, such as C(eno5) for V(5).
          type: int
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
          type: str
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
      description: 'Controllers. Those that are not declared stay: libvirt adds what the devices need. A new q35 domain
        has twelve spare PCI Express ports, unless a V(pcie-root) or V(pcie-root-port) is declared. Disks on SCSI
        get a V(virtio-scsi) one where there is none.'
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
          type: str
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
        address:
          description: Where it sits on its SCSI, SATA, IDE or floppy controller. libvirt chooses a free place.
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        acpi_index:
          description: Number by which the guest names the device whatever its place, such as C(eno5) for V(5).
          type: int
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
          type: str
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        slot:
          description: Slot of a V(dimm) or V(nvdimm), from 0.
          type: int
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
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
        iobase:
          description: I/O port of one on ISA, such as V('0x505').
          type: str
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
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
        virtio_serial_address:
          description: Index of the virtio-serial controller, its bus (0) and the port, such as V('0:0:1').
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
        virtio_serial_address:
          description: Index of the virtio-serial controller, its bus (0) and the port, such as V('0:0:1').
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
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
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
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
        ccid_address:
          description: Index of the CCID controller and the slot, such as V('0:0').
          type: str
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
        usb_address:
          description: Bus (the index of a USB controller) and port in the guest, such as V('0:1'), or V('0:1.2')
            on a hub.
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
      description: Watchdogs, all with one action. That of q35 need not be declared.
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        iobase:
          description: I/O port of one on ISA, such as V('0x505').
          type: str
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
        pci_address:
          description: PCI address in the guest, such as V(0000:01:00.0). libvirt chooses one for a new device, and
            it is kept.
          type: str
        multifunction:
          description: Whether other devices sit in the same PCI slot, as functions from 1 on; said of the one with
            function 0. libvirt sees to it where it is left out.
          type: bool
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
      description: With V(stopped), power the domain off when the guest has not shut down within O(timeout), and throw
        the memory of one away that is saved. With V(absent), power a running domain off.
      type: bool
      default: false
    timeout:
      description: Seconds that a guest has to shut down, or to let go of a device.
      type: int
      default: 120
    depends_on:
      description: Domains of the same task that start before this one and stop after it.
      type: list
      elements: str
    restart:
      description: 'Whether a running domain is shut down and started again: V(if_required) when a change needs it,
        V(always) each time that the task runs, which is for handlers.'
      type: str
      choices:
        - never
        - if_required
        - always
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
    description: The domains, each with the options that one has at the top level. What stands beside it counts
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

- name: A guest on an image of Ceph and a logical volume, by their pools; servers and credentials are those of the pool
  minicloud.kvm.libvirt_domain:
    name: db1
    memory: 4GiB
    disks:
      - {pool: ceph, volume: db1-vda}
      - {pool: vg-guests, volume: db1-vdb}

- name: Several at once
  minicloud.kvm.libvirt_domain:
    domains:
      - {name: web1, state: running}
      - {name: web2, state: stopped, force: true, timeout: 60}

- name: What has no option of its own, as libvirt's XML
  minicloud.kvm.libvirt_domain:
    name: web1
    xml: <keywrap><cipher name='aes' state='on'/></keywrap>

- name: The web server comes up after its database, and goes down before it
  minicloud.kvm.libvirt_domain:
    domains:
      - {name: db1, state: running}
      - {name: web1, state: running, depends_on: [db1]}

- name: Limits that a running guest gets at once
  minicloud.kvm.libvirt_domain:
    name: web1
    cputune: {shares: 512, vcpupins: [{vcpu: 0, cpuset: 2-3}]}
    memtune: {hard_limit: 3GiB}

- name: A handler that restarts a guest
  minicloud.kvm.libvirt_domain:
    name: web1
    restart: always

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
