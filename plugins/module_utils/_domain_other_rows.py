# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's smaller devices: random numbers, TPM, balloon, watchdog and the like."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _domain_character_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_watchdog_rows import WATCHDOGS
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import (
    AnyRow,
    Block,
    Change,
    Many,
    Row,
)

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_VIRTIO_MODELS = ("virtio", "virtio-transitional", "virtio-non-transitional")
_BANKS = ("sha1", "sha256", "sha384", "sha512")


class _BackendType(_codecs.Text):
    """A backend without what only belonged to the one before."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.drop(element, "backend")
        super().write(element, place, value)


class _Egd(Block):
    """A backend of another model has a text, which this has not."""

    def edit(self, element: Element, wanted: _codecs.Value, field: str) -> list[Change]:
        if self.read(element) is None:
            _xml.drop(element, self.place)
        return super().edit(element, wanted, field)


class _Balloon(Block):
    """libvirt wants the model said."""

    def edit(self, element: Element, wanted: _codecs.Value, field: str) -> list[Change]:
        if _xml.find(element, self.place) is None:
            _xml.put(element, self.place + "/@model", "virtio")
        return super().edit(element, wanted, field)


class _TpmSocket(_codecs.Text):
    """The socket of a TPM that runs outside, with all that libvirt wants said of it."""

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return _codecs.PATH.mean(option, value)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, "backend/source/@type", "unix")
        _xml.put(element, "backend/source/@mode", "connect")
        super().write(element, place, value)


class _Banks(_codecs.Texts):
    """Banks of a TPM, an element each."""

    def __init__(self) -> None:
        super().__init__(ordered=False, choices=_BANKS)

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        return [bank for bank in _BANKS if _xml.find(element, "{0}/{1}".format(place, bank)) is not None]

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.drop(element, place)
        for bank in value:
            _xml.need(element, "{0}/{1}".format(place, bank))


class _Period(_codecs.Integer):
    """Seconds; 0 is said by saying nothing."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        if value:
            super().write(element, place, value)
        else:
            _xml.drop(element, place)


_RNG: tuple[AnyRow, ...] = (
    Row("model", "@model", choices=_VIRTIO_MODELS, help="Model.", absent="virtio"),
    Row(
        "backend_model",
        "backend/@model",
        _BackendType(),
        choices=("random", "builtin", "egd"),
        help="V(random) is a device of the host, V(builtin) QEMU's own, V(egd) a daemon.",
        keep=True,
    ),
    Row(
        "backend",
        "backend",
        _codecs.PATH,
        help="V(random): source on the host.",
        only=("backend/@model", "random"),
        absent="/dev/urandom",
    ),
    _Egd(
        "egd",
        "backend",
        _domain_character_rows.source_rows("tcp", "udp", "unix", log=False),
        help="V(egd): how the daemon is reached.",
        only=("backend/@model", "egd"),
        keep=True,
    ),
    Block(
        "rate",
        "rate",
        (
            Row("bytes", "@bytes", _device_codecs.UnitlessSize("B"), help="Size, such as V(1KiB).", required=True),
            Row("period", "@period", _codecs.Integer(1, 2**32 - 1), help="Milliseconds.", absent=1000),
        ),
        help="How much the guest gets at most in what time.",
    ),
    _device_codecs.DRIVER,
    _device_codecs.ALIAS,
    _device_codecs.ACPI_INDEX,
    *_domain_address_rows.PCI,
)

_TPM: tuple[AnyRow, ...] = (
    Row(
        "type",
        "backend/@type",
        _BackendType(),
        choices=("emulator", "passthrough", "external"),
        help="swtpm run by libvirt, the host's own, or an emulator that runs by itself.",
        required=True,
    ),
    Row(
        "model",
        "@model",
        choices=("tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy"),
        help="Model; libvirt's default is V(tpm-tis), on POWER V(tpm-spapr).",
        keep=True,
    ),
    Row("version", "backend/@version", choices=("1.2", "2.0"), help="V(emulator): version of TPM.", keep=True),
    Row(
        "persistent_state",
        "backend/@persistent_state",
        _codecs.Switch(),
        help="V(emulator): whether a transient domain's state is kept.",
        absent=False,
    ),
    Row(
        "encryption_secret",
        "backend/encryption/@secret",
        _codecs.Uuid(),
        help="V(emulator): UUID of the libvirt secret that encrypts the state.",
        keep=True,
    ),
    Row(
        "active_pcr_banks",
        "backend/active_pcr_banks",
        _Banks(),
        help="V(emulator): banks of TPM 2.0 to have: V(sha1), V(sha256), V(sha384), V(sha512).",
    ),
    Row("debug", "backend/@debug", _codecs.Integer(0, 255), help="V(emulator): how much it logs.", since="10.6.0"),
    Block(
        "state",
        "backend/source",
        (
            Row("type", "@type", choices=("file", "dir"), help="What the path is.", required=True),
            Row("path", "@path", _codecs.PATH, help="Path of the state.", required=True),
        ),
        help="V(emulator): where its state lies.",
        since="10.10.0",
        keep=True,
    ),
    Block(
        "profile",
        "backend/profile",
        (
            Row("source", "@source", help="Name of the profile.", required=True),
            Row(
                "remove_disabled",
                "@removeDisabled",
                choices=("check", "fips-host"),
                help="What is left out of a custom one that the host's FIPS mode forbids.",
            ),
        ),
        help="V(emulator): profile of a new TPM 2.0.",
        since="10.10.0",
        keep=True,
    ),
    Row("device", "backend/device/@path", _codecs.PATH, help="V(passthrough): device of the host; V(/dev/tpm0)."),
    Row("socket", "backend/source/@path", _TpmSocket(), help="V(external): path of its UNIX socket."),
    _device_codecs.ALIAS,
)

_IOMMU: tuple[AnyRow, ...] = (
    Row("model", "@model", choices=("intel", "smmuv3", "virtio"), help="Model.", required=True, keep=True),
    Row(
        "intremap",
        "driver/@intremap",
        _device_codecs.ON_OFF,
        help="V(intel): interrupt remapping; needs a split I/O APIC.",
    ),
    Row(
        "caching_mode",
        "driver/@caching_mode",
        _device_codecs.ON_OFF,
        help="V(intel): whether VFIO can be used with it.",
    ),
    Row("eim", "driver/@eim", _device_codecs.ON_OFF, help="V(intel): whether with x2APIC, for more than 255 vCPUs."),
    Row(
        "iotlb", "driver/@iotlb", _device_codecs.ON_OFF, help="V(intel): whether virtio devices may cache translations."
    ),
    Row("aw_bits", "driver/@aw_bits", _codecs.Integer(39, 57), help="V(intel): bits of an address."),
    Row(
        "dma_translation",
        "driver/@dma_translation",
        _device_codecs.ON_OFF,
        help="V(intel): whether DMA is translated, and not interrupts only.",
        since="10.7.0",
    ),
    *_domain_address_rows.PCI,
)

_BALLOON: tuple[AnyRow, ...] = (
    Row(
        "model",
        "@model",
        choices=(*_VIRTIO_MODELS, "none"),
        help="Model; V(none) keeps libvirt from adding one.",
        absent="virtio",
    ),
    Row(
        "autodeflate",
        "@autodeflate",
        _device_codecs.ON_OFF,
        help="Whether it gives back before the guest runs out of memory.",
    ),
    Row(
        "free_page_reporting",
        "@freePageReporting",
        _device_codecs.ON_OFF,
        help="Whether the host gets back what the guest frees.",
    ),
    Row(
        "period",
        "stats/@period",
        _Period(0, 2**31 - 1),
        help="Seconds between statistics; V(0): none.",
        absent=0,
        live="balloon_period",
    ),
    _device_codecs.DRIVER,
    _device_codecs.ALIAS,
    *_domain_address_rows.PCI,
)


OTHER: tuple[AnyRow, ...] = (
    _domain_plug.Devices(
        "rngs",
        "devices/rng",
        _RNG,
        help="Random number generators. A new domain has one from /dev/urandom where this is left out.",
        by_order=True,
        fresh={"@model": "virtio", "backend/@model": "random", "backend": "/dev/urandom"},
        seats=_domain_plug.virtio_seat,
    ),
    Many("tpms", "devices/tpm", _TPM, help="TPMs; all but V(spapr-tpm-proxy) are one at most.", by_order=True),
    WATCHDOGS,
    _Balloon("memballoon", "devices/memballoon", _BALLOON, help="Memory balloon; a domain has one anyway."),
    _domain_plug.Device(
        "vsock",
        "devices/vsock",
        (
            Row("model", "@model", choices=_VIRTIO_MODELS, help="Model.", absent="virtio"),
            Row(
                "auto_cid",
                "cid/@auto",
                _codecs.Switch(),
                help="Whether libvirt chooses the CID at a start.",
                absent=False,
            ),
            Row("cid", "cid/@address", _codecs.Integer(3, 2**32 - 1), help="CID of the guest."),
            _device_codecs.DRIVER,
            _device_codecs.ALIAS,
            *_domain_address_rows.PCI,
        ),
        help="Sockets between host and guest.",
        seats=_domain_plug.virtio_seat,
    ),
    Many(
        "panics",
        "devices/panic",
        (
            Row(
                "model",
                "@model",
                choices=("isa", "pvpanic", "hyperv", "pseries", "s390"),
                help="Model; V(pvpanic) is one of PCI. POWER and s390 have theirs by themselves.",
                required=True,
                value_since={"pvpanic": "9.1.0"},
            ),
            _device_codecs.ALIAS,
            _domain_address_rows.ISA,
            *_domain_address_rows.PCI,
        ),
        help="By what the guest says that its kernel crashed.",
        keys=("model",),
        implied=lambda each: each.get("model") in ("pseries", "s390"),
    ),
    Block("iommu", "devices/iommu", _IOMMU, help="IOMMU of the guest.", whole=True),
    Many(
        "cryptos",
        "devices/crypto",
        (
            Row("backend", "backend/@model", choices=("builtin", "lkcf"), help="What computes: QEMU or the kernel."),
            Row("queues", "backend/@queues", _codecs.Integer(1, 256), help="Number of queues.", absent=1),
            _device_codecs.DRIVER,
            _device_codecs.ALIAS,
            *_domain_address_rows.PCI,
        ),
        help="virtio devices for cryptography.",
        by_order=True,
        fresh={"@model": "virtio", "@type": "qemu", "backend/@model": "builtin"},
        since="9.1.0",
    ),
    Block(
        "pstore",
        "devices/pstore",
        (
            Row("backend", "@backend", choices=("acpi-erst",), help="What the guest sees.", required=True, keep=True),
            Row("size", "size", _codecs.Size("KiB"), help="Size, such as V(512KiB).", required=True, keep=True),
            Row("path", "path", _codecs.PATH, help="File of the host; libvirt chooses one.", keep=True),
            _device_codecs.ALIAS,
            *_domain_address_rows.PCI,
        ),
        help="Store of a guest's last words when its kernel crashes.",
        whole=True,
        since="10.6.0",
    ),
    _domain_plug.Devices(
        "leases",
        "devices/lease",
        (
            Row("lockspace", "lockspace", help="Lock space of the lock manager."),
            Row("key", "key", help="Name of the lease.", required=True, no_log=False),
            Row("path", "target/@path", _codecs.PATH, help="File of the lock space.", required=True),
            Row(
                "offset",
                "target/@offset",
                _device_codecs.UnitlessSize("B", 0),
                help="Where in it, such as V(1MiB).",
                absent=0,
            ),
        ),
        help="Leases that the domain holds while it runs.",
        keys=("key",),
    ),
)
