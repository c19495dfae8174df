# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which devices libvirt plugs into a running domain, and the seats that they take there (_domain_seats.py).

The conditions are those of libvirt's qemuDomainAttachDeviceLive and qemuDomainDetachDeviceLive; they stand beside the
rows of each sort of device.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Block, Change, Many, Options

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# Asked of a device, and of the definition of the running domain.
Condition = t.Callable[["Element", "Element"], bool]
# What a device sits on, of which there is only so much: "pcie", "pci" (conventional), "usb", "slot" (of memory).
Seats = t.Callable[["Element", "Element"], t.Tuple[str, ...]]


def _any(_device: Element, _live: Element) -> bool:
    return True


def _none(_device: Element, _live: Element) -> tuple[str, ...]:
    return ()


def _same(_old: Element, _new: Element, options: set[str]) -> set[str]:
    return options


@dataclasses.dataclass(frozen=True)
class Devices(Many):
    """A list of devices that can be plugged into a running domain, and out of it.

    which: the same as able, in words. able: whether libvirt plugs this one. idle: whether it can go: nothing else needs
    it (asked of the domain as it then is). seats: what it takes. carrier: others sit on it, so it comes before them and
    goes after them. changes: of what libvirt can change in a running one (the rows with live), what it can change in
    this one; asked with how it is and how it shall be.
    """

    live: str | None = "plug"
    which: str = ""
    able: Condition = _any
    idle: Condition = _any
    seats: Seats = _none
    carrier: bool = False
    changes: t.Callable[[Element, Element, t.Set[str]], t.Set[str]] = _same

    def dispensable(self, each: Element, tree: Element) -> bool:
        return self.idle(each, tree)


@dataclasses.dataclass(frozen=True)
class Device(Block):
    """A device that a domain has once; it comes and goes as a whole. able, idle, seats, carrier: as of Devices."""

    live: str | None = "plug"
    whole: bool = True
    able: Condition = _any
    idle: Condition = _any
    seats: Seats = _none
    carrier: bool = False

    def elements(self, element: Element) -> list[Element]:
        return [each for each in (self.find(element),) if each is not None]

    def edit(self, element: Element, wanted: Options, field: str) -> list[Change]:
        comes = self.find(element) is None
        changes = super().edit(element, wanted, field)
        if not comes or not changes:
            return changes
        return [Change(field, None, self.show(wanted), self, new=self.find(element))]


def virtio_seat(device: Element, _live: Element) -> tuple[str, ...]:
    """A transitional device is one of conventional PCI."""
    return ("pci",) if device.get("model") == "virtio-transitional" else ("pcie",)


def scsi_seat(controller: str | None, live: Element) -> tuple[str, ...]:
    """That of a disk: libvirt plugs in the controller that it sits on, where it is not there."""
    there = {
        each.get("index"): str(each.get("model"))
        for each in _xml.find_all(live, "devices/controller")
        if each.get("type") == "scsi"
    }
    if (controller or "0") in there:
        return ()
    # It is like the others; the first one is an LSI Logic.
    return ("pcie",) if any(model.startswith("virtio") for model in there.values()) else ("pci",)


def has_display(device: Element, live: Element) -> bool:
    """Whether the graphics are there that a character device goes through."""
    needed = {"spicevmc": "spice", "spiceport": "spice", "dbus": "dbus"}.get(device.get("type", ""))
    return needed is None or needed in [each.get("type") for each in _xml.find_all(live, "devices/graphics")]


def has_controller(live: Element, kind: str) -> bool:
    return any(each.get("type") == kind for each in _xml.find_all(live, "devices/controller"))
