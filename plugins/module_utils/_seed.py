# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cloud-init seeds: what a task declares, the plan, the task's result.

A seed is left alone while its documents are the declared ones: by what tool and when it was made doesn't matter. Owner
and group are compared only where they are declared, because libvirt gives a running guest's files to QEMU's user.
"""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils import _seed_file, _seed_text
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

_DOCUMENT_OPTIONS = ("user_data", "vendor_data", "meta_data", "network_config")

Options = t.Mapping[str, t.Any]
Change = t.Dict[str, t.Any]


@dataclass(frozen=True)
class Seed:
    """What is declared. mode: permission bits; owner, group: numbers, None where the task says nothing of them."""

    path: str
    state: str
    documents: t.Mapping[str, str] = field(default_factory=dict)
    mode: int = 0o640
    owner: int | None = None
    group: int | None = None


def run(params: Options, check_mode: bool) -> dict[str, t.Any]:
    """The task's result. All seeds are looked at before any is changed."""
    plans = [(seed, plan(seed, _seed_file.read(seed.path))) for seed in desired(params)]
    missing = [seed.path for seed, changes in plans if changes and not _seed_file.has_place(seed.path)]
    if missing and not check_mode:
        raise _seed_file.no_place(missing[0])
    if not check_mode:
        for seed, changes in plans:
            _apply(seed, changes)
    done = [{"path": seed.path, "state": seed.state, "changes": changes} for seed, changes in plans]
    result: dict[str, t.Any] = {
        "changed": any(changes for _seed, changes in plans),
        "diff": {side: _side(plans, side) for side in ("before", "after")},
        "seeds": done,
        # What an earlier task of a check would have made is not there yet.
        "warnings": [
            "Seed {0}: there is no directory {1}. It is taken as about to be made.".format(path, os.path.dirname(path))
            for path in missing
        ],
    }
    if params.get("seeds") is None:
        result["seed"] = done[0]
    return result


def _side(plans: list[tuple[Seed, list[Change]]], side: str) -> dict[str, t.Any]:
    return {
        seed.path: {one["field"]: one[side] for one in changes if one[side] is not None}
        for seed, changes in plans
        if changes
    }


def hide_documents(params: dict[str, t.Any]) -> Options:
    """The task's options, whole; in ``params``, which Ansible repeats in its result, the documents get hidden."""
    full = dict(params)
    if params.get("seeds") is not None:
        full["seeds"] = [dict(seed) for seed in params["seeds"]]
    for options in [params, *(params.get("seeds") or [])]:
        for name in _DOCUMENT_OPTIONS:
            if options.get(name) is not None:
                options[name] = _seed_text.HIDDEN
    return full


def wants_yaml(params: Options) -> bool:
    """Whether a document comes as text, so that PyYAML has to look at it."""
    return any(isinstance(options.get(name), str) for options in _each(params) for name in _DOCUMENT_OPTIONS)


def desired(params: Options) -> list[Seed]:
    """The declared seeds, every option checked."""
    plural = params.get("seeds") is not None
    seeds = [
        _seed(options, "seeds[{0}].".format(number) if plural else "") for number, options in enumerate(_each(params))
    ]
    paths = [seed.path for seed in seeds]
    for path in paths:
        if paths.count(path) > 1:
            raise BadValue("path", path, "two seeds of this task have it")
    return seeds


def _each(params: Options) -> list[Options]:
    return [params] if params.get("seeds") is None else list(params["seeds"])


def _seed(options: Options, prefix: str) -> Seed:
    given = options["path"]
    if not given.startswith("/") or given.endswith("/") or re.search(r"[\0\n]", given):
        raise BadValue(prefix + "path", given, "the absolute path of a file is wanted")
    path = os.path.realpath(given)
    if options["state"] == "absent":
        return Seed(path, "absent")
    return Seed(
        path,
        "present",
        documents=_documents(options, prefix),
        mode=_mode(prefix + "mode", options["mode"]),
        owner=_seed_file.owner_number(prefix + "owner", options.get("owner")),
        group=_seed_file.group_number(prefix + "group", options.get("group")),
    )


def _documents(options: Options, prefix: str) -> dict[str, str]:
    """The files of the seed. NoCloud takes no seed without user-data and meta-data, so these are always there."""
    given = {name: options[name] for name in _DOCUMENT_OPTIONS if options.get(name) is not None}
    meta_data = given.get("meta_data", {})
    documents = {
        "user-data": _seed_text.user_data(prefix + "user_data", given.get("user_data", {})),
        "meta-data": _seed_text.meta_data(prefix + "meta_data", meta_data, _instance_id(options["path"], meta_data)),
    }
    if "vendor_data" in given:
        documents["vendor-data"] = _seed_text.user_data(prefix + "vendor_data", given["vendor_data"])
    if "network_config" in given:
        documents["network-config"] = _seed_text.network_config(prefix + "network_config", given["network_config"])
    return documents


def _instance_id(path: str, meta_data: object) -> str:
    """The same for the same guest, whatever its other data: cloud-init takes a new instance-id for a new machine, and
    runs its once-per-instance work again (SSH host keys, disk_setup, runcmd). That must be asked for."""
    if isinstance(meta_data, dict) and meta_data.get("local-hostname"):
        return str(meta_data["local-hostname"])
    stem = Path(path).stem
    return re.sub(r"[-_.](seed|cidata|cloudinit|cloud-init)$", "", stem)


def _mode(option: str, value: object) -> int:
    """Permission bits; a number is what YAML has already read as octal."""
    allowed = 'octal permission bits are wanted, such as "0640"'
    if isinstance(value, str) and re.match(r"^[0-7]{3,4}$", value):
        value = int(value, 8)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 0o777:
        raise BadValue(option, value, allowed)
    return value


def plan(seed: Seed, found: _seed_file.Found | None) -> list[Change]:
    """What has to change, as ``{field, before, after}``; pure. Documents show only what a log may hold."""
    if seed.state == "absent":
        return [] if found is None else [_change("state", "present", "absent")]
    changes = [] if found is not None else [_change("state", "absent", "present")]
    there = {} if found is None else found.documents
    for name in sorted({*seed.documents, *there}):
        if seed.documents.get(name) != there.get(name):
            before, after = _seed_text.difference(name, there.get(name), seed.documents.get(name))
            changes.append(_change(name, before, after))
    if found is None or found.mode != seed.mode:
        before_mode = None if found is None else "{0:04o}".format(found.mode)
        changes.append(_change("mode", before_mode, "{0:04o}".format(seed.mode)))
    for name, wanted, is_there in (
        ("owner", seed.owner, found and found.owner),
        ("group", seed.group, found and found.group),
    ):
        if wanted is not None and wanted != is_there:
            changes.append(_change(name, is_there, wanted))
    return changes


def _change(name: str, before: object, after: object) -> Change:
    return {"field": name, "before": before, "after": after}


def _apply(seed: Seed, changes: list[Change]) -> None:
    fields = {change["field"] for change in changes}
    if seed.state == "absent":
        if fields:
            _seed_file.remove(seed.path)
    elif fields - {"mode", "owner", "group"}:
        _seed_file.write(seed.path, seed.documents, seed.mode, seed.owner, seed.group)
    elif fields:
        _seed_file.set_access(seed.path, seed.mode, seed.owner, seed.group)
