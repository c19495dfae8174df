# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of what every libvirt module takes and needs."""

from __future__ import annotations


class ModuleDocFragment:
    """The connection."""

    DOCUMENTATION = r"""
options:
  uri:
    description: libvirt's connection URI, as of the machine that the task runs on.
    type: str
    default: qemu:///system
requirements:
  - libvirt (Python bindings; python3-libvirt)
  - lxml (python3-lxml)
notes:
  - Runs on the hypervisor, with its own Python.
"""
