# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a domain boots: firmware, kernel, order of devices, and what the firmware tells the guest."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Change, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_FLASH_FORMATS = ("raw", "qcow2")


class _Firmware(_codecs.Text):
    def read(self, element: Element, place: str) -> _codecs.Value | None:
        efi = _xml.get(element, "os/@firmware") == "efi" or _xml.get(element, "os/loader/@type") == "pflash"
        return "efi" if efi else "bios"

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        for part in ("os/loader", "os/nvram", "os/firmware", "os/@firmware"):
            _xml.drop(element, part)
        if value == "efi":
            _xml.put(element, "os/@firmware", "efi")


@dataclasses.dataclass(frozen=True)
class _FirmwareFeatures(Many):
    """What the firmware has to have; the one that libvirt chose before may not have it."""

    def edit(self, element: Element, wanted: _codecs.Value, field: str) -> list[Change]:
        changes = super().edit(element, wanted, field)
        chosen = _xml.get(element, "os/@firmware") is not None
        loader = _xml.find(element, "os/loader")
        if changes and chosen:
            for part in ("os/nvram/@template", "os/nvram/@templateFormat"):
                _xml.drop(element, part)
            if loader is not None:
                loader.text = None
        elif changes and wanted:
            _xml.put(element, "os/@firmware", "bios" if _xml.get(element, "os/loader/@type") == "rom" else "efi")
        return changes


class _LoaderPath(_domain_codecs.OwnPath):
    """A named image; libvirt does not look for one itself then."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        super().write(element, place, value)
        system = element.getparent()
        if system is not None:
            _xml.drop(system, "@firmware")
            _xml.drop(system, "firmware")


class _VariablesPath(_domain_codecs.OwnPath):
    """A file that is named by the element's text, the old way."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        for part in ("source", "@type"):
            _xml.drop(element, part)
        super().write(element, place, value)


class _VariablesSource(_codecs.Text):
    """A source, as a disk has it."""

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return _codecs.PATH.mean(option, value)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        element.text = None
        super().write(element, place, value)

    def clear(self, element: Element, place: str) -> None:
        for part in ("source", "@type"):
            _xml.drop(element, part)


FIRMWARE: tuple[AnyRow, ...] = (
    Row(
        "firmware", "os/@firmware", _Firmware(), choices=("bios", "efi"), help="Firmware; V(bios) for a new x86 domain."
    ),
    Block(
        "loader",
        "os/loader",
        (
            Row("path", "", _LoaderPath(), help="Image of the firmware; left out, libvirt chooses one."),
            Row("type", "@type", choices=("rom", "pflash"), help="What the image is; UEFI is V(pflash)."),
            Row("readonly", "@readonly", _codecs.Switch(), help="Whether the guest can't write to it."),
            Row("secure", "@secure", _codecs.Switch(), help="Whether the image can do Secure Boot.", absent=False),
            Row(
                "stateless",
                "@stateless",
                _codecs.Switch(),
                help="Whether the firmware keeps no variables.",
                absent=False,
            ),
            Row("format", "@format", choices=_FLASH_FORMATS, help="Format of the image.", since="9.2.0"),
        ),
        help="The image of the firmware.",
    ),
    # Behind the loader: one that is named is not chosen.
    _FirmwareFeatures(
        "firmware_features",
        "os/firmware/feature",
        (
            Row(
                "name",
                "@name",
                choices=("secure-boot", "enrolled-keys"),
                help="V(secure-boot) is Secure Boot, V(enrolled-keys) that Microsoft's keys are in its store.",
                required=True,
            ),
            Row("enabled", "@enabled", _codecs.Switch(), help="Whether it has to be there or may not.", required=True),
        ),
        help="What the firmware that libvirt chooses has to have. Needs O(firmware=efi).",
        keys=("name",),
    ),
    Block(
        "nvram",
        "os/nvram",
        (
            Row(
                "path",
                "",
                _VariablesPath(),
                help="File of the firmware's variables; made from a template at the start.",
            ),
            Row("template", "@template", _codecs.PATH, help="File that it is made from."),
            Row(
                "template_format",
                "@templateFormat",
                choices=_FLASH_FORMATS,
                help="Format of the template.",
                since="10.10.0",
            ),
            Row(
                "file",
                "source/@file",
                _VariablesSource(),
                help="File of the variables, as a source.",
                only=("@type", "file"),
            ),
            Row(
                "block",
                "source/@dev",
                _VariablesSource(),
                help="Block device of the variables.",
                only=("@type", "block"),
            ),
            Row("format", "@format", choices=_FLASH_FORMATS, help="Format of the variables.", since="9.2.0"),
        ),
        help="Where the firmware keeps its variables.",
    ),
)


def _entries(**texts: str) -> tuple[Row, ...]:
    return tuple(
        Row(
            name,
            "entry[@name='{0}']".format(name),
            _codecs.Uuid() if name == "uuid" else _codecs.Text(),
            help=text,
            removable=True,
        )
        for name, text in texts.items()
    )


_SYSINFO = Block(
    "sysinfo",
    "sysinfo[@type='smbios']",
    (
        Block(
            "bios",
            "bios",
            _entries(
                vendor="Maker of the BIOS.",
                version="Version.",
                date="Date, as mm/dd/yyyy.",
                release="Release, such as V(10.22).",
            ),
            help="Block 0.",
        ),
        Block(
            "system",
            "system",
            _entries(
                manufacturer="Maker.",
                product="Name of the product.",
                version="Version.",
                serial="Serial number.",
                uuid="UUID; it has to be the domain's own.",
                sku="Stock number.",
                family="Family of products.",
            ),
            help="Block 1.",
        ),
        Block(
            "base_board",
            "baseBoard",
            _entries(
                manufacturer="Maker.",
                product="Name of the product.",
                version="Version.",
                serial="Serial number.",
                asset="Asset tag.",
                location="Place in the chassis.",
            ),
            help="Block 2.",
        ),
        Block(
            "chassis",
            "chassis",
            _entries(
                manufacturer="Maker.",
                version="Version.",
                serial="Serial number.",
                asset="Asset tag.",
                sku="Stock number.",
            ),
            help="Block 3.",
        ),
        Row("oem_strings", "oemStrings/entry", _codecs.Texts(), help="Block 11: free texts for programs in the guest."),
    ),
    help="What the guest reads of its machine (SMBIOS). It counts with O(smbios_mode=sysinfo).",
)

BOOT: tuple[AnyRow, ...] = (
    *FIRMWARE,
    Row(
        "boot",
        "os/boot/@dev",
        _codecs.Texts(choices=("hd", "cdrom", "network", "fd")),
        help="Order of boot by sort of device.",
    ),
    Block(
        "bootmenu",
        "os/bootmenu",
        (
            Row(
                "enable", "@enable", _codecs.Switch(), help="Whether a menu can be called at the start.", required=True
            ),
            Row("timeout", "@timeout", _codecs.Integer(0, 65535), help="Milliseconds that it waits."),
        ),
        help="The firmware's boot menu.",
    ),
    Row(
        "bios_useserial",
        "os/bios/@useserial",
        _codecs.Switch(),
        help="Whether the BIOS writes to the serial port too, which has to be there.",
    ),
    Row(
        "bios_reboot_timeout",
        "os/bios/@rebootTimeout",
        _codecs.Integer(-1, 65535),
        help="Milliseconds after which a boot that failed is tried again; V(-1) is never.",
    ),
    Row(
        "smbios_mode",
        "os/smbios/@mode",
        choices=("emulate", "host", "sysinfo"),
        help="Whether SMBIOS is what QEMU makes up, the host's, or O(sysinfo).",
    ),
    Many(
        "acpi_tables",
        "os/acpi/table",
        (
            Row(
                "type",
                "@type",
                choices=("slic", "raw", "msdm"),
                help="Sort of the table.",
                required=True,
                value_since={"raw": "11.2.0", "msdm": "11.2.0"},
            ),
            Row("path", "", _domain_codecs.OwnPath(), help="File of the table.", required=True),
        ),
        help="ACPI tables that the guest gets besides QEMU's.",
    ),
    Row("kernel", "os/kernel", _codecs.PATH, removable=True, help="Kernel on the host to boot directly."),
    Row("initrd", "os/initrd", _codecs.PATH, removable=True, help="Its initial RAM disk."),
    Row("cmdline", "os/cmdline", removable=True, help="Its command line."),
    Row("dtb", "os/dtb", _codecs.PATH, removable=True, help="Its device tree."),
    Row(
        "shim",
        "os/shim",
        _codecs.PATH,
        removable=True,
        help="UEFI program on the host that proves O(kernel) for Secure Boot.",
        since="11.2.0",
    ),
    _SYSINFO,
    Many(
        "fwcfg",
        "sysinfo[@type='fwcfg']/entry",
        (
            Row(
                "name",
                "@name",
                _codecs.Text(r"opt/\S+", "a name that begins with opt/ is wanted"),
                help="Name of the entry, such as V(opt/org.example/config).",
                required=True,
            ),
            Row("value", "", _domain_codecs.OwnText(), help="Its text."),
            Row("file", "@file", _codecs.PATH, help="File on the host that it is, in place of a text."),
        ),
        help="Entries of QEMU's firmware configuration, such as an Ignition file.",
        keys=("name",),
    ),
)
