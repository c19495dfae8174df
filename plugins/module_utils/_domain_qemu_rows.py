# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is handed to QEMU past libvirt's own model (https://libvirt.org/kbase/qemu-passthrough-security.html)."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

_QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"

QEMU: tuple[AnyRow, ...] = (
    Row("emulator", "devices/emulator", _codecs.PATH, help="Program on the host that runs the guest.", keep=True),
    Block(
        "qemu_commandline",
        _QEMU + "commandline",
        (
            Row(
                "args",
                _QEMU + "arg/@value",
                _codecs.Texts(),
                help="Arguments, one by one, such as V(-device) and V(edu).",
            ),
            Many(
                "env",
                _QEMU + "env",
                (
                    Row(
                        "name",
                        "@name",
                        _codecs.Text(r"[A-Za-z_]\w*", "a variable's name is wanted"),
                        help="Name.",
                        required=True,
                    ),
                    Row("value", "@value", help="Value."),
                ),
                help="Variables of its environment.",
                keys=("name",),
            ),
        ),
        help="What is added to QEMU's command line as it is; libvirt marks the domain as tainted by it.",
    ),
    Block(
        "qemu_capabilities",
        _QEMU + "capabilities",
        (
            Row(
                "add",
                _QEMU + "add/@capability",
                _codecs.Texts(ordered=False),
                help="Abilities that QEMU is said to have.",
            ),
            Row(
                "del",
                _QEMU + "del/@capability",
                _codecs.Texts(ordered=False),
                help="Abilities that QEMU is said not to have.",
            ),
        ),
        help="Abilities of QEMU that libvirt is told, in place of what it found out.",
    ),
    Row(
        "qemu_deprecation",
        _QEMU + "deprecation/@behavior",
        choices=("none", "omit", "reject", "crash"),
        help="What QEMU does when libvirt uses something of it that is deprecated; for tests.",
    ),
)
