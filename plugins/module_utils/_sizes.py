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

# libvirt also writes K, M, G ... and KiB for the same thing in its XML; a user may not, for it is ambiguous.
XML_UNITS: dict[str, int] = {**UNITS, "b": 1, "byte": 1}
XML_UNITS.update({prefix: 1024 ** (power + 1) for power, prefix in enumerate(_PREFIXES)})
XML_UNITS["k"] = 1024

_ALLOWED = "a number with a unit is wanted, such as 512MiB, 20GiB or 10GB (units: B, {0})".format(
    ", ".join(sorted((unit for unit in UNITS if unit not in ("B", "bytes")), key=UNITS.__getitem__))
)
_SIZE = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)\s*$")


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


def xml_size(number: str, unit: str | None, default_unit: str) -> int:
    """Bytes of libvirt's number and unit attribute."""
    return int(number) * XML_UNITS[unit or default_unit]
