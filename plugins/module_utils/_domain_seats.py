# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What devices of a running domain sit on, and what of it is free."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_address_rows import slot_of

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# Ports of a USB controller where it does not say how many; the companions of an EHCI have none of their own.
_USB_PORTS = {"ehci": 6, "ich9-ehci1": 6, "pci-ohci": 3, "nec-xhci": 4, "qemu-xhci": 4, "none": 0}
_HUB_PORTS = 8
# Buses of conventional PCI that devices can be plugged into, and their slots.
_PCI_SLOTS = {"pci-root": 30, "pci-bridge": 31, "pcie-to-pci-bridge": 31}
_PCIE_PORTS = ("pcie-root-port", "pcie-switch-downstream-port")


def sitting(tree: Element) -> list[tuple[Element, tuple[int, int]]]:
    """The devices of a domain that sit on PCI, each with its bus and slot."""
    found = ((each, slot_of(_xml.find(each, "address"))) for each in _xml.find_all(tree, "devices/*"))
    return [(each, place) for each, place in found if place is not None]


def _is_first(device: Element | None) -> bool:
    """Whether a device is function 0 of its slot: with that the guest looks, and finds those that are there by then."""
    return device is not None and int(_xml.get(device, "address/@function") or "0", 0) == 0


class Free:
    """The free seats of a running domain."""

    def __init__(self, live: Element) -> None:
        self._live = live
        self._pci = [each for each in _xml.find_all(live, "devices/controller") if each.get("type") == "pci"]
        roots = {each.get("model") for each in self._pci}
        # Where there is one sort of bus all sit on it.
        self._one = "pcie-root" not in roots
        self._used = {place for _device, place in sitting(live)}
        self._left = {"pci": self._slots_of_pci(), "pcie": self._ports(), "usb": self._usb(), "slot": self._memory()}

    def take(self, seats: t.Iterable[str], device: Element | None = None) -> bool:
        """Whether there are such; then they are taken. What has a place of its own comes before what has none."""
        place = None if device is None else slot_of(_xml.find(device, "address"))
        wanted = self._named(seats, place)
        if place is not None and (place in self._used or not self._on(place) or not _is_first(device)):
            return False
        if any(self._left[seat] < wanted.count(seat) for seat in wanted):
            return False
        for seat in wanted:
            self._left[seat] -= 1
        if place is not None:
            self._used.add(place)
        return True

    def give(self, seats: t.Iterable[str], device: Element | None = None) -> None:
        """They are left before any is taken."""
        place = None if device is None else slot_of(_xml.find(device, "address"))
        for seat in self._named(seats, place):
            self._left[seat] += 1
        if place is not None:
            self._used.discard(place)

    def _named(self, seats: t.Iterable[str], place: tuple[int, int] | None = None) -> list[str]:
        """What has a place takes a seat of the bus there, whatever it would take else."""
        if place is not None:
            return [each for seat in seats for each in (self._on(place) if seat in ("pci", "pcie") else [seat])]
        return ["pci" if seat == "pcie" and self._one else seat for seat in seats]

    def _on(self, place: tuple[int, int]) -> list[str]:
        """The sort of the bus that a place is on; none where nothing can be plugged in."""
        for seat, models in (("pci", _PCI_SLOTS), ("pcie", _PCIE_PORTS)):
            if any(int(each.get("index") or "0") == place[0] for each in self._open(models)):
                return [seat]
        return []

    def _addresses(self, kind: str) -> list[Element]:
        return [each for each in _xml.find_all(self._live, "devices/*/address") if each.get("type") == kind]

    def _buses(self) -> list[int]:
        """The bus of each PCI slot in use."""
        return [bus for bus, _slot in self._used]

    def _open(self, models: t.Iterable[str]) -> list[Element]:
        """PCI controllers of these models that devices can be plugged into."""
        return [
            each
            for each in self._pci
            if str(each.get("model")) in models and _xml.get(each, "target/@hotplug") != "off"
        ]

    def _slots_of_pci(self) -> int:
        if not self._pci:
            # Another sort of bus altogether, such as that of s390.
            return 32
        used = self._buses()
        return sum(
            _PCI_SLOTS[str(each.get("model"))] - used.count(int(each.get("index") or "0"))
            for each in self._open(_PCI_SLOTS)
        )

    def _ports(self) -> int:
        used = self._buses()
        return sum(int(each.get("index") or "0") not in used for each in self._open(_PCIE_PORTS))

    def _usb(self) -> int:
        ports = _HUB_PORTS * len(_xml.find_all(self._live, "devices/hub"))
        for each in _xml.find_all(self._live, "devices/controller"):
            model = each.get("model", "")
            if each.get("type") == "usb" and not model.startswith("ich9-uhci"):
                ports += int(each.get("ports") or _USB_PORTS.get(model, 2))
        return ports - len(self._addresses("usb"))

    def _memory(self) -> int:
        """Slots for modules."""
        return int(_xml.get(self._live, "maxMemory/@slots") or 0) - len(_xml.find_all(self._live, "devices/memory"))
