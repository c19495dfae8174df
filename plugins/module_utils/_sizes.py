# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sizes: a number with a unit in, bytes inside, the shortest exact text out."""

from __future__ import annotations

import re
from fractions import Fraction

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

# libvirt's own scale: powers of two for KiB..., powers of ten for KB... (https://libvirt.org/formatdomain.html#memory-allocation)
_PREFIXES = "KMGTPE"
UNITS: dict[str, int] = {"B": 1, "bytes": 1}
UNITS.update({prefix + "iB": 1024 ** (power + 1) for power, prefix in enumerate(_PREFIXES)})
UNITS.update({prefix + "B": 1000 ** (power + 1) for power, prefix in enumerate(_PREFIXES)})

# libvirt also takes K, M ... for KiB, MiB in its XML, and units in any case; a user may not, for it is ambiguous.
_XML_UNITS: dict[str, int] = {unit.lower(): size for unit, size in {**UNITS, "byte": 1}.items()}
_XML_UNITS.update({prefix.lower(): 1024 ** (power + 1) for power, prefix in enumerate(_PREFIXES)})

_ALLOWED = "a number with a unit is wanted, such as 512MiB, 20GiB or 10GB (units: B, {0})".format(
    ", ".join(sorted((unit for unit in UNITS if unit not in ("B", "bytes")), key=UNITS.__getitem__))
)
_SIZE = re.compile(r"^\s*([0-9]{1,30}(?:\.[0-9]{1,30})?)\s*([A-Za-z]+)\s*$")


def parse_size(option: str, text: object, minimum: int = 0) -> int:
    """Bytes of a size as a user writes it; BadValue where it is anything else or below ``minimum`` bytes."""
    match = _SIZE.match(text) if isinstance(text, str) else None
    if match is None or match.group(2) not in UNITS:
        raise BadValue(option, text, _ALLOWED)
    amount = Fraction(match.group(1)) * UNITS[match.group(2)]
    if amount.denominator != 1:
        raise BadValue(option, text, "it is not a whole number of bytes")
    if amount < minimum:
        raise BadValue(option, text, "at least {0} is wanted".format(format_size(minimum)))
    return int(amount)


def format_size(size: int) -> str:
    """The shortest exact text of a number of bytes: 1073741824 is 1GiB."""
    for power in range(len(_PREFIXES), 0, -1):
        if size and size % 1024**power == 0:
            return "{0}{1}iB".format(size // 1024**power, _PREFIXES[power - 1])
    return "{0}B".format(size)


def is_xml_unit(unit: str) -> bool:
    """Whether libvirt takes it as the unit of a size."""
    return unit.lower() in _XML_UNITS


def xml_size(number: str, unit: str | None, default_unit: str) -> int:
    """Bytes of libvirt's number and unit attribute; ValueError where they are no such thing."""
    scale = _XML_UNITS.get((unit or default_unit).lower())
    if scale is None:
        raise ValueError("{0} is no unit of a size".format(unit))
    return int(number) * scale
