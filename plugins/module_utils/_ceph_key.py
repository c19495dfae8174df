# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ceph_key from its options to its result. A key goes to Ceph as a command's input, and nowhere else."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import re
import struct
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._ceph import Cluster, Command
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_plan import (
    ObjectPlan,
    Options,
    apply,
    declarations,
    result,
    spec,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError

OWN: dict[str, t.Any] = {
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "caps": {"type": "dict"},
    "key": {"type": "str", "no_log": True},
}
OPTIONS = spec(OWN, "keys", "name")
OPTIONS["keys"]["no_log"] = False  # its name would have Ansible hide the names and what they may do as well
MASK = "********"
_PARTS = ("mon", "osd", "mgr", "mds")
# Ceph's CryptoKey: type, seconds and nanoseconds of when it was made, length of the secret that follows.
_HEADER = struct.Struct("<HIIH")


def key(options: Options, cluster: Cluster, check_mode: bool) -> dict[str, t.Any]:
    """Have the keys that the task declares; in check mode only say what that takes."""
    declared = [_checked(label, one, options["user"]) for label, one in declarations(options, OWN, "keys", "name")]
    plans = []
    for one in declared:
        found = cluster.ask("auth get", (errno.ENOENT,), entity=one["name"])
        plans.append(plan(one, found[0] if found else None))
    if not check_mode:
        apply(plans, cluster)
        for todo in plans:
            if todo.changes and todo.state == "present":
                todo.facts["fingerprint"] = fingerprint(cluster.ask("auth get", entity=todo.name)[0])
    return result(plans, "keys", "key", options["name"] is not None)


def _checked(label: str, one: Options, user: str) -> Options:
    """BadValue for what can't be meant. The message never has the key."""
    name, caps = one["name"], one["caps"]
    if not re.match(r"^(client|mgr|mds|osd)\.[^\s\[\]\"'=]+$", name or ""):
        raise BadValue(label + "name", name, "a name with its type is wanted, such as client.libvirt")
    if name == user and (one["state"] == "absent" or caps is not None or one["key"] is not None):
        raise BadValue(label + "name", name, "the task works as this user, and could lock itself out")
    for part, what in (caps or {}).items():
        if part not in _PARTS:
            raise BadValue(label + "caps", part, "one of {0} is wanted".format(", ".join(_PARTS)))
        if not isinstance(what, str) or not what.strip() or "\n" in what or '"' in what:
            raise BadValue(
                "{0}caps.{1}".format(label, part), what, "what it may do is wanted, such as profile rbd pool=vms"
            )
    if one["key"] is not None and not is_key(one["key"]):
        raise KvmError(
            "{0}key: the value is not valid: a key in base64 is wanted, as ceph auth print-key prints it.".format(
                label
            ),
            error_code="bad_value",
            option=label + "key",
        )
    return one


def is_key(text: str) -> bool:
    """Whether Ceph would read it as a key."""
    try:
        raw = base64.b64decode(text, validate=True)
        length: int = _HEADER.unpack_from(raw)[3]
    except (binascii.Error, ValueError, struct.error):
        return False
    return length > 0 and len(raw) == _HEADER.size + length


def plan(one: Options, current: Options | None) -> ObjectPlan:
    """What has to change: a pure function of the task and what the cluster says (auth get)."""
    name, wanted = one["name"], one["key"]
    if one["state"] == "absent":
        todo = ObjectPlan(name, "absent", "delete the key of " + name)
        if current is not None:
            todo.change("state", "present", "absent", "auth del", entity=name)
        return todo
    todo = ObjectPlan(name, "present", "{0} the key of {1}".format("make" if current is None else "change", name))
    if current is None and not one["caps"]:
        raise KvmError(
            "Failed to {0}: there is none yet, and caps does not say what it may do.".format(todo.doing),
            error_code="caps_missing",
        )
    before = current["caps"] if current else {}
    caps = {part: what.strip() for part, what in one["caps"].items()} if one["caps"] is not None else dict(before)
    todo.facts["caps"] = caps
    todo.facts["fingerprint"] = fingerprint(current) if current else None
    if current is None:
        todo.change("state", "absent", "present")
    if _meaning(caps) != _meaning(before):
        todo.change("caps", before, caps)
    if wanted is not None and (current is None or wanted != current["key"]):
        todo.change("key", "another one" if current else None, MASK)
        todo.steps.append(Command("auth import", data=keyring(name, wanted, caps)))
    elif todo.changes:
        prefix = "auth caps" if current else "auth get-or-create"
        pairs = [word for pair in sorted(caps.items()) for word in pair]
        todo.steps.append(Command(prefix, {"entity": name, "caps": pairs}))
    return todo


def fingerprint(found: Options) -> str:
    """What shows whether a keyring has this key, and nothing of the key."""
    return hashlib.sha256("{0} {1}".format(found["entity"], found["key"]).encode()).hexdigest()


def _meaning(caps: t.Mapping[str, str]) -> dict[str, str]:
    """Blanks and the commas between grants make no difference."""
    return {
        part: ",".join(" ".join(grant.split()) for grant in re.split(r"[,;]", what) if grant.strip())
        for part, what in caps.items()
    }


def keyring(name: str, secret: str, caps: t.Mapping[str, str]) -> str:
    """A keyring as ceph auth import reads it."""
    lines = ["[{0}]".format(name), "\tkey = {0}".format(secret)]
    lines += ['\tcaps {0} = "{1}"'.format(part, what) for part, what in sorted(caps.items())]
    return "\n".join(lines) + "\n"
