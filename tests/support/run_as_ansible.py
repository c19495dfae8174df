# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run one module of the collection the way Ansible's own wrapper does: arguments first, then the file as ``__main__``.

usage: run_as_ansible.py MODULE < arguments.json
"""

from __future__ import annotations

import os
import runpy
import sys

from ansible.module_utils import basic


def run(module: str, arguments: bytes) -> None:
    basic._ANSIBLE_ARGS = arguments
    # ansible-core 2.19 and later pick the encoding of arguments and results by this name; earlier ones don't look
    # at it.
    basic._ANSIBLE_PROFILE = "legacy"
    # A module under Ansible has no input of its own.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    runpy.run_module("ansible_collections.minicloud.kvm.plugins.modules." + module, run_name="__main__")


if __name__ == "__main__":
    run(sys.argv[1], sys.stdin.buffer.read())
