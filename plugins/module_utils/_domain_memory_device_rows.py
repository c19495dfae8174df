# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's memory modules (https://libvirt.org/formatdomain.html#memory-devices)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_address_rows,
    _domain_controller_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class _Hex(_codecs.Text):
    """An address in memory."""

    def __init__(self) -> None:
        super().__init__(r"0x[0-9A-Fa-f]{1,16}", "a hexadecimal number is wanted, such as '0x150000000'")

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return hex(int(super().mean(option, value), 16))

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, place)
        return hex(int(text, 0)) if text else None


_MEMORY: tuple[AnyRow, ...] = (
    Row(
        "model",
        "@model",
        choices=("dimm", "nvdimm", "virtio-mem", "virtio-pmem", "sgx-epc"),
        help="Model.",
        required=True,
        keep=True,
    ),
    Row(
        "size", "target/size", _codecs.Size("KiB"), help="Size; of V(virtio-mem) the most there can be.", required=True
    ),
    Row("access", "@access", choices=("shared", "private"), help="Whether other programs can map it."),
    Row("discard", "@discard", _codecs.Switch(), help="Whether the contents of a V(dimm) are dropped when QEMU ends."),
    Row("uuid", "uuid", _codecs.Uuid(), help="UUID of an V(nvdimm) of pSeries.", keep=True),
    Row(
        "path",
        "source/path",
        _codecs.PATH,
        help="File or device of the host behind an V(nvdimm) or V(virtio-pmem).",
        keep=True,
    ),
    Row("page_size", "source/pagesize", _codecs.Size("KiB"), help="Size of the host's pages behind it."),
    Row(
        "nodes",
        "source/nodemask",
        _codecs.Text(r"\^?\d+(-\d+)?(,\^?\d+(-\d+)?)*", "NUMA nodes are wanted, such as 0-1,3"),
        help="NUMA nodes of the host that it is taken from, such as V(0-1).",
    ),
    Row("align_size", "source/alignsize", _codecs.Size("KiB"), help="Alignment of an V(nvdimm) on the host (a size)."),
    Row("pmem", "source/pmem", _codecs.Presence(), help="Whether the host's file is persistent memory.", absent=False),
    Row("node", "target/node", _codecs.Integer(0), help="NUMA cell of the guest that it belongs to."),
    Row("block", "target/block", _codecs.Size("KiB"), help="Steps in which V(virtio-mem) grows (a size)."),
    Row(
        "requested",
        "target/requested",
        _codecs.Size("KiB", minimum=0),
        help="How much of V(virtio-mem) the guest has (a size).",
        live="update",
    ),
    Row("label_size", "target/label/size", _codecs.Size("KiB"), help="Size of the labels of an V(nvdimm)."),
    Row("readonly", "target/readonly", _codecs.Presence(), help="Whether an V(nvdimm) can't be written.", absent=False),
    Row(
        "dynamic_memslots",
        "target/@dynamicMemslots",
        _codecs.Switch(),
        help="Whether V(virtio-mem) takes slots as it grows.",
        since="10.1.0",
    ),
    Row(
        "base",
        "target/address/@base",
        _Hex(),
        help="Address of V(virtio-mem) or V(virtio-pmem) in the guest's memory, such as V('0x150000000').",
        since="9.4.0",
        keep=True,
    ),
    _domain_controller_rows.ALIAS,
    *_domain_address_rows.DIMM,
    *_domain_address_rows.PCI,
)


def _able(device: Element, live: Element) -> bool:
    """A module in a slot is announced by ACPI, where the machine has that; QEMU is told of NVDIMM when it starts."""
    model = device.get("model")
    acpi = _xml.find(live, "features/acpi") is not None or _xml.get(live, "os/type/@arch") == "ppc64"
    if model == "nvdimm":
        return acpi and any(each.get("model") == "nvdimm" for each in _xml.find_all(live, "devices/memory"))
    return model in ("virtio-mem", "virtio-pmem") or (acpi and model == "dimm")


def _seats(device: Element, live: Element) -> tuple[str, ...]:
    if not str(device.get("model")).startswith("virtio-"):
        return ("slot",)
    # Where a maximum does without slots, as from libvirt 9.5.0 on, these do too.
    slots = () if _xml.get(live, "maxMemory/@slots") is None else ("slot",)
    return (*slots, *_domain_plug.virtio_seat(device, live))


MEMORY_DEVICES = _domain_plug.Devices(
    "memory_devices",
    "devices/memory",
    _MEMORY,
    help="Memory modules. O(memory) contains them, and the domain needs a maximum of memory with slots for them.",
    keys=("path",),
    by_order=True,
    alike=("model",),
    which="where there is a free slot of O(memory_slots), but for V(sgx-epc) and a first V(nvdimm)",
    able=_able,
    seats=_seats,
    changes=lambda old, _new, options: options if old.get("model") == "virtio-mem" else set(),
)
