# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's smaller devices: random numbers, watchdog, TPM, balloon and the like."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import PATH
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Many, Row

OTHER: tuple[Many, ...] = (
    Many(
        "rngs",
        "devices/rng",
        (
            Row("model", "@model", choices=("virtio",), help="Model.", absent="virtio"),
            Row("backend", "backend", PATH, help="Source on the host.", absent="/dev/urandom"),
        ),
        help="Random number generators. A new domain has one from /dev/urandom where this is left out.",
        by_order=True,
        fresh={"@model": "virtio", "backend/@model": "random", "backend": "/dev/urandom"},
        live="plug",
    ),
)
