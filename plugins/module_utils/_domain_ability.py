# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What this host's QEMU has not: libvirt itself refuses it only when it defines the domain, which a check never does.

By libvirt's domain capabilities (https://libvirt.org/formatdomaincaps.html), only as far as libvirt goes by them too
(its qemu_validate.c): for other devices they tell but a part of what QEMU takes.
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LibvirtError

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host
    from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options
    from lxml.etree import _Element as Element

# A list of devices, an option of each, where the capabilities have what there is of it.
_DEVICES = (
    ("graphics", "type", "devices/graphics/enum[@name='type']/value"),
    ("videos", "model", "devices/video/enum[@name='modelType']/value"),
    ("rngs", "model", "devices/rng/enum[@name='model']/value"),
    ("tpms", "type", "devices/tpm/enum[@name='backendModel']/value"),
    ("tpms", "model", "devices/tpm/enum[@name='model']/value"),
    ("tpms", "version", "devices/tpm/enum[@name='backendVersion']/value"),
    ("cryptos", "backend", "devices/crypto/enum[@name='backendModel']/value"),
)
_CPU = "cpu/mode[@supported='yes']/@name"


class Abilities:
    """What the emulators of a host have, asked once for each sort of domain that wants to know."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[tuple[str | None, ...], Element | None] = {}

    def check(self, desired: Options, tree: Element) -> None:
        """Refuse what is declared and not there. tree: the definition that is to be."""
        asked = list(_asked(desired))
        found = self._of(tree) if asked else None
        if found is None:
            return
        for field, value, place in asked:
            there = _xml.get_all(found, place)
            # An older libvirt does not tell of all.
            if there and value not in there:
                raise KvmError(
                    "{0}: {1!r} is not in {2} of this host ({3}, {4}); it has {5}.".format(
                        field,
                        value,
                        _xml.get(found, "path"),
                        _xml.get(found, "machine"),
                        _xml.get(found, "domain"),
                        ", ".join(there),
                    ),
                    error_code="not_supported",
                    remedy="Declare one of these, or install the version or the package of QEMU that has it.",
                    option=field,
                )

    def _of(self, tree: Element) -> Element | None:
        places = ("devices/emulator", "os/type/@arch", "os/type/@machine", "@type")
        key = tuple(_xml.get(tree, place) for place in places)
        if key not in self._known:
            try:
                self._known[key] = _xml.parse(self._host.domain_capabilities(*key), "The capabilities of its domains")
            except LibvirtError as error:
                if error.error_code == "connection_lost":
                    raise
                # A machine that there is not, or a driver without such a thing: libvirt says so itself.
                self._known[key] = None
        return self._known[key]


def _asked(desired: Options) -> t.Iterator[tuple[str, str, str]]:
    """(field, value, place) of each value that QEMU may lack."""
    for devices, option, place in _DEVICES:
        for index, device in enumerate(desired.get(devices, ())):
            if option in device:
                yield "{0}[{1}].{2}".format(devices, index, option), device[option], place
    mode = desired.get("cpu", {}).get("mode")
    if mode is not None and desired["state"] in ("running", "paused"):
        # It may be defined, and would not start.
        yield "cpu.mode", mode, _CPU
    if desired.get("firmware") == "efi":
        yield "firmware", "efi", "os/enum[@name='firmware']/value"
