# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""iscsi_target from its options to its result."""

from __future__ import annotations

import errno
import os
import socket
import stat
import typing as t
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils import _lio
from ansible_collections.minicloud.kvm.plugins.module_utils._disk_system import device_of, is_claimed, why_no_device
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import (
    BLOCK,
    Backstore,
    Lio,
    Portal,
    describe,
    wwid,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_options import read_options
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_plan import Files, Plan, TargetPlan, plan

Options = t.Mapping[str, t.Any]


def declare(options: Options, check_mode: bool) -> dict[str, t.Any]:
    """Make LIO offer what the task declares; in check mode only say what that takes."""
    wanted = read_options(options)
    kernel = _lio.Kernel()
    try:
        current, saved = kernel.read(), kernel.saved()
    except _lio.failures() as error:
        raise KvmError("Failed to read what LIO has: {0}.".format(error)) from error
    todo = plan(wanted, current, saved, Files(same_path, file_size))
    warnings = [warning for one in todo.targets for warning in one.warnings]
    missing = [said for one in todo.targets for said in _missing(one, current)]
    if missing and not check_mode:
        raise NotFound("Failed to declare the target {0}.".format("; ".join(missing)))
    warnings += ["A real run needs more: {0}.".format(said) for said in missing]
    if check_mode and _lio.IMPORT_ERROR is not None:
        warnings.append("rtslib isn't installed here yet; a real run needs it.")
    if todo.changed and not check_mode:
        apply(todo, kernel)
    result = _result(todo, current)
    result["warnings"] = warnings
    if options["name"] is not None:
        result["target"] = result["targets"][0]
    return result


def apply(todo: Plan, kernel: _lio.Kernel) -> None:
    """Do it, and save it. KvmError says at what it failed and what had been done."""
    done: list[str] = []
    doing = "load LIO"
    try:
        kernel.prepare()
        for one in todo.targets:
            for step in one.steps:
                doing = "declare the target {0} ({1})".format(one.wanted.name, step.said)
                getattr(kernel, step.method)(*step.args)
                done.append(step.said)
        doing = "save LIO's configuration"
        kernel.save()
    except _lio.failures() as error:
        raise KvmError(
            "Failed to {0}: {1}.{2}".format(
                doing, error, " Done and not saved: {0}.".format("; ".join(done)) if done else ""
            ),
            error_code="lio_failed",
        ) from error


def same_path(one: str, other: str) -> bool:
    """Whether two paths are the same device or file."""
    if os.path.normpath(one) == os.path.normpath(other):
        return True
    if why_no_device(one) or why_no_device(other):
        return os.path.realpath(one) == os.path.realpath(other)
    return device_of(one) == device_of(other)


def file_size(path: str) -> int | None:
    """A file's size; None where it isn't there. KvmError where it is something else."""
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KvmError("Failed to look at {0}: {1}.".format(path, error.strerror)) from error
    if not stat.S_ISREG(found.st_mode):
        raise KvmError("Failed to use {0} for a LUN: it is not a file.".format(path), error_code="not_a_file")
    return found.st_size


def has_address(address: str) -> bool:
    """Whether an address is one of this machine's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        return error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
    return True


def _missing(one: TargetPlan, current: Lio) -> t.Iterator[str]:
    """What a step needs and isn't there."""
    # Backstores that go before others are made give their devices back.
    released = [
        current.backstores[step.args].path
        for step in one.steps
        if step.method == "delete_backstore" and step.args in current.backstores
    ]
    for step in one.steps:
        wanted = step.args[0] if step.args else None
        if isinstance(wanted, Backstore) and wanted.plugin == BLOCK:
            why = why_no_device(wanted.path)
            if not why and is_claimed(wanted.path) and not any(same_path(wanted.path, path) for path in released):
                why = "it is in use (mounted, or by another device or backstore)"
            if why:
                yield "{0}: {1}".format(wanted.path, why)
        if isinstance(wanted, Backstore) and wanted.size is not None and not Path(wanted.path).parent.is_dir():
            yield "{0}: its directory isn't there".format(wanted.path)
        if step.method == "create_portal" and isinstance(step.args[1], Portal):
            address = step.args[1].address
            if not has_address(address):
                yield "{0}: no interface of this machine has this address".format(address)


def _result(todo: Plan, current: Lio) -> dict[str, t.Any]:
    targets = []
    diffs = []
    for one in todo.targets:
        name = one.wanted.name
        before, after = current.targets.get(name), todo.after.targets.get(name)
        said = [step.said for step in one.steps]
        targets.append(
            {
                "name": name,
                "state": "present" if one.wanted.present else "absent",
                "luns": [_lun(lun.lun, todo.after, name) for lun in one.wanted.luns if lun.backstore is not None],
                "sessions": sorted(each.name for each in before.initiators.values() if each.session) if before else [],
                "changes": said + (["save"] if todo.save else []),
            }
        )
        lines = describe(before, current.backstores), describe(after, todo.after.backstores)
        # Secrets, attributes and what is saved are not in these words.
        hidden = [] if lines[0] != lines[1] else said + (["save"] if todo.save else [])
        if todo.save:
            diffs.append(
                {
                    "before_header": name,
                    "after_header": name,
                    "before": "".join(line + "\n" for line in lines[0]),
                    "after": "".join(line + "\n" for line in [*lines[1], *hidden]),
                }
            )
    return {"changed": todo.changed, "targets": targets, "diff": diffs}


def _lun(number: int, after: Lio, name: str) -> dict[str, t.Any]:
    one = after.backstores[after.targets[name].luns[number]]
    return {"lun": number, "name": one.name, "path": one.path, "wwn": one.wwn, "wwid": wwid(one.wwn)}
