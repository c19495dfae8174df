# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a definition goes along with what is declared: libvirt made it, or would refuse the rest beside it."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_controller_rows import seat_disks
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, Options

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# Sorts of audio that libvirt refuses without graphics of that sort; it has made them because of these.
_AUDIO_OF_GRAPHICS = ("spice", "dbus")


def follow(desired: Options, tree: Element, changes: list[Change]) -> list[Change]:
    """Settle a definition after it was edited; what had to change besides that is to be told."""
    more = seat_disks(desired, tree)
    if any(change.field.startswith("serials") for change in changes):
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_character_rows  # noqa: PLC0415

        # libvirt keeps the first serial port a second time, as a console; it makes that anew.
        for console in _xml.find_all(tree, "devices/console"):
            if _domain_character_rows.mirrors_a_serial(console):
                _xml.remove(console)
    ordered = [_xml.find_all(tree, "devices/{0}/boot".format(device)) for device in ("disk", "interface")]
    if "boot" not in desired and any(ordered):
        # libvirt takes either the order of sorts of devices or that of devices.
        _xml.drop(tree, "os/boot")
    _drop_audio(desired, tree)
    _leave_to_nobody(desired, tree, changes)
    if _xml.find(tree, "devices/watchdog") is not None:
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_watchdog_rows  # noqa: PLC0415

        _domain_watchdog_rows.align_watchdogs(tree, desired.get("watchdogs", ()))
    return more


def _drop_audio(desired: Options, tree: Element) -> None:
    graphics = {each.get("type") for each in _xml.find_all(tree, "devices/graphics")}
    for each in _xml.find_all(tree, "devices/audio") if "audios" not in desired else ():
        if each.get("type") in _AUDIO_OF_GRAPHICS and each.get("type") not in graphics:
            _xml.remove(each)


def _leave_to_nobody(desired: Options, tree: Element, changes: list[Change]) -> None:
    """Where numad chose for vCPUs or memory, libvirt has it choose for both: each would bring the other back."""
    declared = "vcpu_placement" in desired or "placement" in desired.get("numatune", {})
    if declared or not any(
        change.field in ("vcpu_placement", "numatune.placement") and change.before == "auto" for change in changes
    ):
        return
    if _xml.get(tree, "vcpu/@placement") == "auto":
        _xml.drop(tree, "vcpu/@placement")
    if _xml.get(tree, "numatune/memory/@placement") == "auto":
        _xml.drop(tree, "numatune/memory")
