# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the installed programs say: versions of QEMU and libvirt, the CPU model that libvirt gives guests."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree

# EL keeps its QEMU away from the path; the "kvm" names are the same program for the machine's own architecture.
_QEMU = ("/usr/bin/qemu-system-{0}", "/usr/libexec/qemu-kvm", "/usr/bin/qemu-kvm")
_QEMU_NAMES = {"i686": "i386", "ppc64le": "ppc64", "armv7l": "arm"}
_LIBVIRT = ("/usr/sbin/virtqemud", "/usr/sbin/libvirtd", "/usr/bin/virsh")
_SECONDS = 30


@dataclass(frozen=True)
class Programs:
    """Versions such as 10.0.2, None where it is not installed (``libvirt`` falls back on that of virsh).

    ``cpu_model``: what libvirt calls this machine's CPU (its host-model), None where libvirt does not answer.
    """

    qemu: str | None = None
    libvirt: str | None = None
    cpu_model: str | None = None


def read_programs(architecture: str) -> Programs:
    """Ask the programs of this machine."""
    qemu = [path.format(_QEMU_NAMES.get(architecture, architecture)) for path in _QEMU]
    return Programs(
        qemu=_version(qemu, r"version (\d+(?:\.\d+)+)"),
        libvirt=_version(_LIBVIRT, r"(\d+(?:\.\d+)+)"),
        cpu_model=cpu_model(_output("/usr/bin/virsh", "-q", "-r", "-c", "qemu:///system", "domcapabilities")),
    )


def cpu_model(xml: str) -> str | None:
    """The host-model of libvirt's domain capabilities (https://libvirt.org/formatdomaincaps.html)."""
    try:
        # The text is libvirt's own, not a stranger's.
        model = ElementTree.fromstring(xml).find("./cpu/mode[@name='host-model']/model")  # noqa: S314
    except ElementTree.ParseError:
        return None
    return model.text if model is not None else None


def _version(paths: tuple[str, ...] | list[str], pattern: str) -> str | None:
    for path in paths:
        if os.access(path, os.X_OK):
            match = re.search(pattern, _output(path, "--version"))
            if match:
                return match.group(1)
    return None


def _output(*command: str) -> str:
    """What a program writes; nothing where it is missing, fails or does not end in time."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
