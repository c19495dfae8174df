# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What virt-install prints for many option sets: its own main() for each, in one process of the system's Python.

A process each would take ten times as long, nearly all of it for the start. stdin: {name: [argument, ...]} as JSON;
stdout: {name: [exit code, stdout, stderr]}.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

# As /usr/bin/virt-install does.
sys.path.insert(0, "/usr/share/virt-manager")

from virtinst import virtinstall  # type: ignore[import-not-found]
from virtinst.connection import VirtinstConnection  # type: ignore[import-not-found]

# Each run would read every domain of the host, some hundred of the tests beside, to see whether one has the disk or the
# MAC address that it is to print. Nothing of this is started.
VirtinstConnection.fetch_all_domains = lambda _self: []


def run(words: list[str]) -> list[object]:
    sys.argv = ["virt-install", *words]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = virtinstall.main()
        except SystemExit as end:
            code = end.code
    return [code, out.getvalue(), err.getvalue()]


if __name__ == "__main__":
    print(json.dumps({name: run(words) for name, words in json.load(sys.stdin).items()}))
