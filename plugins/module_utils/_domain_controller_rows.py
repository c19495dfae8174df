# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's controllers (https://libvirt.org/formatdomain.html#controllers), and what virtio devices share."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_address_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Change, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class _Numbers(_codecs.Text):
    """A list of numbers, each in an element of its own."""

    ansible_type = "list"
    elements = "int"

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return sorted(_codecs.Integer(0).mean(option, number) for number in value)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return sorted(int(text) for text in _xml.get_all(element, place))

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put_all(element, place, [str(number) for number in value])


VIRTIO: tuple[AnyRow, ...] = (
    Row(
        "iommu", "driver/@iommu", _codecs.Switch("on", "off"), help="Whether an IOMMU stands before the virtio device."
    ),
    Row(
        "ats",
        "driver/@ats",
        _codecs.Switch("on", "off"),
        help="Whether the virtio device may cache address translations.",
    ),
    Row("packed", "driver/@packed", _codecs.Switch("on", "off"), help="Whether virtio queues are packed."),
    Row(
        "page_per_vq", "driver/@page_per_vq", _codecs.Switch("on", "off"), help="Whether each virtio queue has a page."
    ),
)
ALIAS = Row(
    "alias",
    "alias/@name",
    _codecs.Text(r"ua-[A-Za-z0-9_-]+", "a name of letters, digits, - and _ that begins with ua- is wanted"),
    help="Name of the device in libvirt and QEMU; it begins with V(ua-).",
)


def _iothreads(since: str) -> Many:
    return Many(
        "iothreads",
        "driver/iothreads/iothread",
        (
            Row("id", "@id", _codecs.Integer(1), help="Number of the I/O thread.", required=True, keep=True),
            Row(
                "queues", "queue/@id", _Numbers(), help="Queues that it serves, counted from 0; shared out unless said."
            ),
        ),
        help="I/O threads that serve the virtio queues.",
        keys=("id",),
        since=since,
    )


IOTHREADS = _iothreads("10.0.0")

_TYPES = ("pci", "scsi", "usb", "sata", "ide", "fdc", "virtio-serial", "ccid")
_MODELS = (
    "pci-root",
    "pcie-root",
    "pci-bridge",
    "dmi-to-pci-bridge",
    "pcie-to-pci-bridge",
    "pcie-root-port",
    "pcie-switch-upstream-port",
    "pcie-switch-downstream-port",
    "pci-expander-bus",
    "pcie-expander-bus",
    "virtio-scsi",
    "lsilogic",
    "lsisas1068",
    "lsisas1078",
    "ibmvscsi",
    "dc390",
    "am53c974",
    "virtio",
    "virtio-transitional",
    "virtio-non-transitional",
    "qemu-xhci",
    "nec-xhci",
    "piix3-uhci",
    "piix4-uhci",
    "ehci",
    "ich9-ehci1",
    "ich9-uhci1",
    "ich9-uhci2",
    "ich9-uhci3",
    "vt82c686b-uhci",
    "pci-ohci",
    "none",
    "piix3",
    "piix4",
    "ich6",
)
_MODEL_NAMES = (
    "pci-bridge",
    "i82801b11-bridge",
    "ioh3420",
    "x3130-upstream",
    "xio3130-downstream",
    "pxb",
    "pxb-pcie",
    "pcie-root-port",
    "spapr-pci-host-bridge",
    "pcie-pci-bridge",
)

_TARGET = Block(
    "target",
    "target",
    (
        Row("chassis_nr", "@chassisNr", _codecs.Integer(1, 255), help="Chassis of a V(pci-bridge)."),
        Row("chassis", "@chassis", _codecs.Integer(0, 255), help="Chassis of a PCI Express port."),
        Row("port", "@port", _codecs.Integer(0, 255), help="Port of a PCI Express port."),
        Row("bus_nr", "@busNr", _codecs.Integer(1, 254), help="First bus of an expander bus."),
        Row("index", "@index", _codecs.Integer(0, 31), help="Number of a pSeries host bridge."),
        Row("hotplug", "@hotplug", _codecs.Switch("on", "off"), help="Whether devices can be plugged into the port."),
        Row("node", "node", _codecs.Integer(0), help="NUMA cell of the guest that an expander bus belongs to."),
        Row(
            "mem_reserve",
            "@memReserve",
            _codecs.PlainSize("KiB"),
            help="Memory that is kept for devices plugged in later (a size).",
            since="10.3.0",
        ),
    ),
    help="Where a PCI controller sits.",
)


def _is_virtio(device: Element) -> bool:
    return device.get("model", "").startswith("virtio")


def _idle(device: Element, live: Element) -> bool:
    """Whether no disk and no SCSI device of the host sits on it; those of PCI are where devices can be plugged."""
    if device.get("type") == "pci":
        return False
    seats = [each for each in _xml.find_all(live, "devices/disk") if _xml.get(each, "target/@bus") == "scsi"]
    seats += [each for each in _xml.find_all(live, "devices/hostdev") if each.get("type") == "scsi"]
    return all(_xml.get(each, "address/@controller") != device.get("index") for each in seats)


CONTROLLERS = _domain_plug.Devices(
    "controllers",
    "devices/controller",
    (
        Row("type", "@type", choices=_TYPES, help="Type.", required=True, keep=True),
        Row("index", "@index", _codecs.Integer(0), help="Which one of its type.", default=0, keep=True),
        Row(
            "model",
            "@model",
            choices=_MODELS,
            help="Model; which of them a type has is in libvirt's documentation of controllers.",
            keep=True,
        ),
        Row("model_name", "model/@name", choices=_MODEL_NAMES, help="QEMU's device for a PCI controller.", keep=True),
        Row(
            "ports",
            "@ports",
            _codecs.Integer(1),
            help="Ports of a USB (V(qemu-xhci), V(nec-xhci)) or virtio-serial controller.",
        ),
        Row("vectors", "@vectors", _codecs.Integer(0), help="Interrupt vectors of a virtio-serial controller."),
        Row("start_port", "master/@startport", _codecs.Integer(0), help="First port of a companion USB controller."),
        Row("queues", "driver/@queues", _codecs.Integer(1), help="Queues of a virtio-scsi controller."),
        Row("cmd_per_lun", "driver/@cmd_per_lun", _codecs.Integer(1), help="Commands that may wait for one disk."),
        Row("max_sectors", "driver/@max_sectors", _codecs.Integer(1), help="Most sectors of 512 bytes in one command."),
        Row(
            "ioeventfd",
            "driver/@ioeventfd",
            _codecs.Switch("on", "off"),
            help="Whether requests are taken without stopping vCPUs.",
        ),
        Row(
            "iothread",
            "driver/@iothread",
            _codecs.Integer(1),
            help="Number of the I/O thread of a virtio-scsi controller.",
        ),
        _iothreads("11.2.0"),
        *VIRTIO,
        _TARGET,
        Row(
            "pcihole64",
            "pcihole64",
            _codecs.Size("KiB", minimum=0),
            help="64-bit PCI hole of a root controller (a size).",
        ),
        ALIAS,
        *_domain_address_rows.PCI,
        _domain_address_rows.USB,
    ),
    help="Controllers. Those that are not declared stay: libvirt adds what the devices need. A new q35 domain has "
    "twelve spare PCI Express ports, unless a V(pcie-root) or V(pcie-root-port) is declared. Disks on SCSI get a "
    "V(virtio-scsi) one where there is none.",
    # The companions of a USB controller have its index.
    keys=("type", "index", "start_port"),
    together=True,
    whole=False,
    which="with O(controllers[].type) V(scsi)",
    able=lambda device, _live: device.get("type") == "scsi",
    idle=_idle,
    seats=lambda device, live: _domain_plug.virtio_seat(device, live) if _is_virtio(device) else ("pci",),
    carrier=True,
)


def check(desired: Options) -> None:
    for position, each in enumerate(desired.get("controllers", [])):
        model = each.get("model", "")
        if each["type"] == "pci" and each["index"] == 0 and model and not model.endswith("-root"):
            field = "controllers[{0}].index".format(position)
            raise BadValue(field, 0, "the first PCI controller is the root; a {0} has index 1 or more".format(model))


def seat_disks(desired: Options, tree: Element) -> list[Change]:
    """The first controller that declared SCSI disks sit on.

    libvirt by itself would take an LSI Logic, which few guests have a driver for; of a pSeries its own.
    """
    wanted = any(disk.get("bus") == "scsi" for disk in desired.get("disks", ()))
    there = any(each.get("type") == "scsi" for each in _xml.find_all(tree, CONTROLLERS.place))
    if not wanted or there or (_xml.get(tree, "os/type/@arch") or "").startswith("ppc64"):
        return []
    options: Options = {"type": "scsi", "index": 0, "model": "virtio-scsi"}
    made = CONTROLLERS.make(options)
    _xml.add(tree, CONTROLLERS.place, made)
    return [Change("controllers[scsi-0]", None, options, CONTROLLERS, new=made)]
