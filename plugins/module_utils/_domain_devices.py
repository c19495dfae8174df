# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The devices of a domain (https://libvirt.org/formatdomain.html#devices), from the tables of their sorts."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils._domain_character_rows import CHARACTER
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_controller_rows import CONTROLLERS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_disk_rows import DISKS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_display_rows import DISPLAY
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_filesystem_rows import FILESYSTEMS, SHMEMS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_hostdev_rows import HOSTDEVS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_input_rows import INPUT
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_interface_rows import INTERFACES
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_memory_device_rows import MEMORY_DEVICES
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_other_rows import OTHER
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_plug import Device, Devices
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_sound_rows import SOUND
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow

# Devices that a domain has any number of, and those it has once (a Block or Device).
DEVICES: tuple[AnyRow, ...] = (
    DISKS,
    CONTROLLERS,
    FILESYSTEMS,
    HOSTDEVS,
    SHMEMS,
    MEMORY_DEVICES,
    INTERFACES,
    *CHARACTER,
    *DISPLAY,
    *SOUND,
    *INPUT,
    *OTHER,
)
# Those that can be plugged into a running domain.
PLUGGABLE: tuple[Devices | Device, ...] = tuple(row for row in DEVICES if isinstance(row, (Devices, Device)))
