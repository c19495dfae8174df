# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Ceph cluster as its own client, ceph(8), gives it: JSON out, secrets only through its standard input."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound

# Return code, what it printed, what it complained of. The second argument is what it reads from its standard input.
Run = t.Callable[[t.List[str], t.Optional[str]], t.Tuple[int, str, str]]
# errno(3), as ceph(8) ends with it.
ENOENT = 2
# How a client is known not to have reached any monitor, or not to be let in.
_UNREACHABLE = re.compile(
    r"error connecting to the cluster|initializing cluster client|timed out|TimedOut", re.IGNORECASE
)
# What the client's own library logs on standard error beside the answer.
_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\S+ [0-9a-f]+ +-?\d+ ")

OPTIONS: dict[str, t.Any] = {
    "conf": {"type": "path"},
    "user": {"type": "str", "default": "client.admin"},
    "keyring": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
}


@dataclass(frozen=True)
class Step:
    """A command of ceph(8) that changes something. data: its standard input, which may hold a secret."""

    words: tuple[str, ...]
    data: str | None = None


@dataclass(frozen=True)
class Cluster:
    """run: run a command. words: the client with what every call of it needs."""

    run: Run
    words: tuple[str, ...]

    def ask(self, *words: str, missing: tuple[int, ...] = ()) -> t.Any:
        """What a command that only reads says; None where it ends with one of the codes for what is not there."""
        return self.answer(*words, missing=missing)[0]

    def answer(self, *words: str, missing: tuple[int, ...] = ()) -> tuple[t.Any, str]:
        """The same, with what it complained of."""
        code, out, err = self.run([*self.words, "--format", "json", *words], None)
        if code in missing and not _UNREACHABLE.search(err):
            return None, complaint_of(err)
        if code != 0:
            raise failure("ask Ceph for " + " ".join(words), code, err)
        try:
            return json.loads(out), ""
        except ValueError:
            text = "Failed to ask Ceph for {0}: its answer is no JSON: {1}.".format(
                " ".join(words), out[:200].strip() or "it is empty"
            )
            raise KvmError(text, error_code="ceph_failed") from None

    def do(self, doing: str, step: Step) -> None:
        """Change something. ``doing`` is for the error: to do what to which object."""
        code, _out, err = self.run([*self.words, *step.words], step.data)
        if code != 0:
            raise failure(doing, code, err)


def connect(options: t.Mapping[str, t.Any], run: Run, find: t.Callable[[str], str | None]) -> Cluster:
    """The client with the task's options. NotFound where it is not installed."""
    timeout = options["timeout"]
    if timeout < 1:
        raise BadValue("timeout", timeout, "a number of seconds from 1 is wanted")
    if not re.match(r"^[a-z]+\.\S+$", options["user"]):
        raise BadValue("user", options["user"], "a name with its type is wanted, such as client.admin")
    program = find("ceph")
    if program is None:
        raise NotFound(
            "Failed to talk to the Ceph cluster: the program ceph isn't installed here.",
            error_code="missing_ceph",
            remedy="Install ceph-common, or use role ceph.",
        )
    words = [program, "--connect-timeout", str(timeout), "--name", options["user"]]
    if options["conf"]:
        words += ["--conf", options["conf"]]
    if options["keyring"]:
        words += ["--keyring", options["keyring"]]
    return Cluster(run, tuple(words))


def complaint_of(text: str) -> str:
    """What a command complained of, without its library's log."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _LOG_LINE.match(line)]
    return "; ".join(dict.fromkeys(lines))


def failure(doing: str, code: int, complaint: str) -> KvmError:
    """The error of a command that failed, with Ceph's own words."""
    said = complaint_of(complaint) or "it said nothing"
    facts: dict[str, t.Any] = {"ceph": {"code": code, "said": said}}
    if _UNREACHABLE.search(complaint):
        return KvmError(
            "Failed to {0}: the cluster can't be reached: {1}.".format(doing, said.rstrip(".")),
            error_code="no_connection",
            remedy="Do most of its monitors run, are they those in ceph.conf, and is the user's key right?",
            **facts,
        )
    text = "Failed to {0}: Ceph ended with code {1}: {2}."
    return KvmError(text.format(doing, code, said.rstrip(".")), error_code="ceph_failed", **facts)
