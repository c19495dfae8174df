# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's serial ports, consoles and channels (https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices)."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import PATH
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Row


def _character(path: bool = True) -> tuple[AnyRow, ...]:
    rows: tuple[AnyRow, ...] = (
        Row("type", "@type", choices=("pty", "file", "unix"), help="What it is on the host.", absent="pty"),
    )
    if path:
        rows += (
            Row("path", "source/@path", PATH, help="Path of the file or socket."),
            Row("log", "log/@file", PATH, help="File that everything is logged to besides."),
        )
    return rows


CHARACTER: tuple[Many, ...] = (
    Many(
        "serials",
        "devices/serial",
        _character(),
        help="Serial ports. A new domain has one V(pty) where this is left out.",
        by_order=True,
        fresh={"@type": "pty"},
    ),
    Many(
        "consoles",
        "devices/console",
        (
            *_character(path=False),
            Row(
                "target",
                "target/@type",
                choices=("serial", "virtio"),
                help="V(serial) is the first serial port, V(virtio) a console of its own.",
                absent="serial",
            ),
        ),
        help="Consoles.",
        by_order=True,
        fresh={"@type": "pty"},
    ),
    Many(
        "channels",
        "devices/channel",
        (
            Row("name", "target/@name", help="Name in the guest.", required=True),
            Row("type", "@type", choices=("unix", "spicevmc", "pty"), help="What it is on the host.", absent="unix"),
        ),
        help="virtio channels. A new domain has that of the guest agent, V(org.qemu.guest_agent.0), where this is left "
        "out.",
        keys=("name",),
        fresh={"@type": "unix", "target/@type": "virtio"},
        live="plug",
    ),
)
