# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run modules as run_as_ansible.py does, each in a process of its own that is forked from this one.

Python, Ansible, lxml and libvirt are imported once and not at each of some thousand runs, which takes most of a run's
time. No module's code has run in this process: each starts from the same clean state.

usage: module_server.py SOCKET. A request is one line of JSON on the socket:

    module, arguments    the module's name, what Ansible would give it as JSON
    stdout, stderr       files for what it prints
    cwd, env             its directory and environment

The answer is two lines: its process id when it begins, its exit code when it has ended.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import socketserver
import sys
import traceback
from pathlib import Path

import run_as_ansible

UTILS = "ansible_collections.minicloud.kvm.plugins.module_utils"


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        request = json.loads(self.rfile.readline())
        self.wfile.write(b"%d\n" % os.getpid())
        for handle, file in ((1, request["stdout"]), (2, request["stderr"])):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), handle)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = [run_as_ansible.__file__, request["module"]]
        try:
            run_as_ansible.run(request["module"], request["arguments"].encode())
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except Exception:  # noqa: BLE001  as Python's own last resort does
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        self.wfile.write(b"%d\n" % code)


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    # As many as ask wait for their turn to be taken on.
    request_queue_size = 64
    max_children = 64


def main() -> None:
    for module in pkgutil.iter_modules(importlib.import_module(UTILS).__path__):
        importlib.import_module(f"{UTILS}.{module.name}")
    with Server(sys.argv[1], Handler) as server:
        # Who waits for the socket under this name finds it listening.
        Path(sys.argv[1]).rename(sys.argv[1] + ".ready")
        # It ends with the tests, also with those that were killed.
        parent = os.getppid()
        while os.getppid() == parent:
            server.timeout = 1
            server.handle_request()


if __name__ == "__main__":
    main()
