# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Ceph cluster by the commands that its monitors and managers take, JSON in and out (src/mon/MonCommands.h and
src/mgr/MgrCommands.h of Ceph; ``ceph -h`` has them as words)."""

from __future__ import annotations

import errno
import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError


@dataclass(frozen=True)
class Command:
    """A command. prefix: its name. arguments: as its description calls them. data: its input, perhaps with a secret."""

    prefix: str
    arguments: t.Mapping[str, t.Any] = field(default_factory=dict)
    data: str | None = None


class Answer(t.NamedTuple):
    """How a command ended: 0 or an errno(3), what it says, what it complains of."""

    code: int
    said: str
    complaint: str


class Unreachable(Exception):
    """No monitor was reached, or none lets the user in."""


# Raises Unreachable.
Run = t.Callable[[Command], Answer]


@dataclass(frozen=True)
class Cluster:
    """run: run a command."""

    run: Run

    def ask(self, prefix: str, missing: tuple[int, ...] = (), /, **arguments: t.Any) -> t.Any:
        """What a command that only reads says; None where it ends with one of the codes for what is not there."""
        return self.answer(prefix, missing, **arguments)[0]

    def answer(self, prefix: str, missing: tuple[int, ...] = (), /, **arguments: t.Any) -> tuple[t.Any, str]:
        """The same, with what it complained of."""
        doing = "ask Ceph for " + prefix
        code, said, complaint = self._run(doing, Command(prefix, {**arguments, "format": "json"}))
        if code in missing:
            return None, complaint
        if code != 0:
            raise failure(doing, code, complaint)
        try:
            return json.loads(said), ""
        except ValueError:
            text = "Failed to {0}: its answer is no JSON: {1}.".format(doing, said[:200].strip() or "it is empty")
            raise KvmError(text, error_code="ceph_failed") from None

    def do(self, doing: str, command: Command) -> None:
        """Change something. ``doing`` is for the error: to do what to which object."""
        code, _said, complaint = self._run(doing, command)
        if code != 0:
            raise failure(doing, code, complaint)

    def _run(self, doing: str, command: Command) -> Answer:
        try:
            return self.run(command)
        except Unreachable as error:
            raise KvmError(
                "Failed to {0}: the cluster can't be reached: {1}.".format(doing, error),
                error_code="no_connection",
                remedy="Do most of its monitors run, are they those in ceph.conf, and is the user's key right?",
            ) from error


def failure(doing: str, code: int, complaint: str) -> KvmError:
    """The error of a command that failed, with Ceph's own words."""
    said = complaint.strip() or "it said nothing"
    return KvmError(
        "Failed to {0}: Ceph ended with {1}: {2}.".format(doing, errno.errorcode.get(code, code), said.rstrip(".")),
        error_code="ceph_failed",
        ceph={"code": code, "said": said},
    )
