# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connection to a Ceph cluster, one for all commands of a task. The only importer of rados, Ceph's own library."""

from __future__ import annotations

import atexit
import errno
import json
import re
import threading
import traceback
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._ceph import Answer, Cluster, Command, Unreachable
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

try:
    import rados

    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

PACKAGE = "python3-rados, which ceph-common brings"
OPTIONS: dict[str, t.Any] = {
    "conf": {"type": "path"},
    "user": {"type": "str", "default": "client.admin"},
    "keyring": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
}
# What the managers answer, and not the monitors (flag mgr of get_command_descriptions).
_OF_THE_MANAGERS = frozenset({"osd purge", "osd safe-to-destroy"})


def connect(options: t.Mapping[str, t.Any]) -> Cluster:
    """The cluster with the task's options. It is called when the first command is."""
    if options["timeout"] < 1:
        raise BadValue("timeout", options["timeout"], "a number of seconds from 1 is wanted")
    if not re.match(r"^[a-z]+\.\S+$", options["user"]):
        raise BadValue("user", options["user"], "a name with its type is wanted, such as client.admin")
    return Cluster(_Connection(options).run)


class _Connection:
    """A connection that opens with its first command."""

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        self._options = options
        self._handle: t.Any = None
        self._problem = ""
        self._opening: threading.Thread | None = None

    def run(self, command: Command) -> Answer:
        if self._handle is None:
            self._open()
        send = self._handle.mgr_command if command.prefix in _OF_THE_MANAGERS else self._handle.mon_command
        words = json.dumps({"prefix": command.prefix, **command.arguments})
        try:
            code, said, complaint = send(words, (command.data or "").encode())
        except rados.Error as error:
            raise Unreachable(_said(error)) from error
        # a monitor may end with the same code, and says of what then
        if abs(code) == errno.ETIMEDOUT and not complaint:
            raise self._no_answer()
        return Answer(abs(code), said.decode("utf-8", "replace"), str(complaint))

    def _open(self) -> None:
        # Ceph's library tries ten times as long as it was told. A thread that still does is the next command's to wait
        # for, and ends with the process.
        if self._opening is None or not self._opening.is_alive():
            self._problem = ""
            self._opening = threading.Thread(target=self._connect, daemon=True)
            self._opening.start()
        self._opening.join(self._options["timeout"])
        if self._handle is None:
            raise Unreachable(self._problem) if self._problem else self._no_answer()
        atexit.register(self._handle.shutdown)  # its own threads would go on while the process ends

    def _connect(self) -> None:
        seconds = str(self._options["timeout"])
        own = dict.fromkeys(("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"), seconds)
        if self._options["keyring"]:
            own["keyring"] = self._options["keyring"]
        try:
            # "" is where Ceph itself looks
            made = rados.Rados(name=self._options["user"], conffile=self._options["conf"] or "", conf=own)
            made.connect()
        except rados.Error as error:
            self._problem = _said(error)
        else:
            self._handle = made

    def _no_answer(self) -> Unreachable:
        return Unreachable("no answer in {0} s".format(self._options["timeout"]))


def _said(error: Exception) -> str:
    return str(error).rstrip(".")
