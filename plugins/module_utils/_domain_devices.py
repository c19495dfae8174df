# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The devices of a domain (https://libvirt.org/formatdomain.html#devices), from the tables of their sorts."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._domain_controller_rows import CONTROLLERS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_disk_rows import DISKS
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_interface_rows import INTERFACES
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_plug import Device, Devices
from ansible_collections.minicloud.kvm.plugins.module_utils._given import Table, part
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow


@part("filesystems")
def _filesystems() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_filesystem_rows  # noqa: PLC0415

    return (_domain_filesystem_rows.FILESYSTEMS,)


@part("hostdevs")
def _hostdevs() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_hostdev_rows  # noqa: PLC0415

    return (_domain_hostdev_rows.HOSTDEVS,)


@part("shmems")
def _shmems() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_filesystem_rows  # noqa: PLC0415

    return (_domain_filesystem_rows.SHMEMS,)


@part("memory_devices")
def _memory_devices() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_memory_device_rows  # noqa: PLC0415

    return (_domain_memory_device_rows.MEMORY_DEVICES,)


@part("serials parallels consoles channels")
def _character() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_character_rows  # noqa: PLC0415

    return _domain_character_rows.CHARACTER


@part("graphics videos")
def _display() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_display_rows  # noqa: PLC0415

    return _domain_display_rows.DISPLAY


@part("sounds audios")
def _sound() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_sound_rows  # noqa: PLC0415

    return _domain_sound_rows.SOUND


@part("inputs redirdevs redirfilter smartcards hubs")
def _input() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_input_rows  # noqa: PLC0415

    return _domain_input_rows.INPUT


@part("rngs tpms watchdogs memballoon vsock panics iommu cryptos pstore leases")
def _other() -> t.Sequence[AnyRow]:
    from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_other_rows  # noqa: PLC0415

    return _domain_other_rows.OTHER


# Devices that a domain has any number of, and those it has once (a Block or Device).
DEVICES: Table[AnyRow] = Table(
    DISKS,
    CONTROLLERS,
    _filesystems,
    _hostdevs,
    _shmems,
    _memory_devices,
    INTERFACES,
    _character,
    _display,
    _sound,
    _input,
    _other,
)


def pluggable() -> list[Devices | Device]:
    """Those that can be plugged into a running domain."""
    return [row for row in DEVICES if isinstance(row, (Devices, Device))]
