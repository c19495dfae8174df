# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nfs_export from its options to its result."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _exports_clients, _exports_options
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_directory import OPTIONS as DIRECTORY
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_directory import (
    Change,
    Place,
    Undo,
    look,
    read_directory,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_edit import Wanted, same_path
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_kernel import stale
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_plan import (
    Current,
    Declared,
    ExportPlan,
    Plan,
    describe,
    in_force,
    plan,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_system import (
    EXPORTS,
    EXPORTS_D,
    System,
    is_read,
    read_text,
    resolve,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_text import parse, show, to_text

Options = t.Mapping[str, t.Any]

_CLIENTS: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "host": {"type": "str", "required": True},
        "options": {"type": "list", "elements": "str", "default": []},
    },
}
# What an item of exports may leave to the task: each with its default there.
_SHARED: dict[str, tuple[dict[str, t.Any], t.Any]] = {
    "clients": (_CLIENTS, None),
    "options": ({"type": "list", "elements": "str"}, []),
    "file": ({"type": "path"}, EXPORTS),
    "state": ({"type": "str", "choices": ["present", "absent"]}, "present"),
    "allow_everyone": ({"type": "bool"}, False),
    "directory": ({"type": "dict", "options": DIRECTORY}, None),
}
OPTIONS: dict[str, t.Any] = {
    "path": {"type": "path"},
    **{name: spec if default is None else {**spec, "default": default} for name, (spec, default) in _SHARED.items()},
    "exports": {
        "type": "list",
        "elements": "dict",
        "options": {
            "path": {"type": "path", "required": True},
            **{name: spec for name, (spec, _default) in _SHARED.items()},
        },
    },
}


def export(options: Options, system: System, check_mode: bool) -> dict[str, t.Any]:
    """Make this machine export what the task declares; in check mode only say what that takes."""
    declared = read_options(options)
    places = {one.wanted.path: look(one.wanted.path) for one in declared if one.wanted.clients}
    warnings = [warning for one in declared for warning in _missing(one, places, check_mode)]
    files = system.exports_files()
    files += [one.file for one in declared if one.file not in files]
    current = Current({name: read_text(name) for name in files}, system.table(), system.kernel(), places)
    todo = plan(declared, current, resolve)
    if check_mode:
        if todo.changed and system.find("exportfs") is None:
            todo.warnings.append("exportfs isn't installed here yet; a real run needs it.")
    elif todo.changed:
        todo.warnings.extend(apply(todo, current, system))
    result = _result(todo, current)
    result["warnings"] = [*warnings, *todo.warnings]
    if options["path"] is not None:
        result["export"] = result["exports"][0]
    return result


def read_options(options: Options) -> list[Declared]:
    """The exports that a task declares. BadValue for what exports(5) doesn't allow or a user can't mean."""
    if options["path"] is not None:
        return [_read_export(options, "")]
    shared = {name: options.get(name) for name in _SHARED}
    declared: list[Declared] = []
    for position, item in enumerate(options["exports"]):
        given = {name: value for name, value in item.items() if value is not None}
        one = _read_export({**shared, **given}, "exports[{0}].".format(position))
        for earlier in declared:
            if earlier.file == one.file and same_path(to_text(earlier.wanted.path), one.wanted.path):
                raise BadValue("exports", one.wanted.path, "{0} has it twice".format(one.file))
        declared.append(one)
    return declared


def _read_export(options: Options, label: str) -> Declared:
    path, file = options["path"], os.path.normpath(options["file"])
    # nfs-utils can't carry a backslash through its own table: it reads \040 there as a blank
    if not path.startswith("/") or any(char in path for char in "\n\r\0\\"):
        raise BadValue(label + "path", path, "an absolute path without newlines and backslashes is wanted")
    if file != EXPORTS and not (os.path.dirname(file) == EXPORTS_D and is_read(os.path.basename(file))):
        allowed = "exportfs reads {0} and {1}/NAME.exports (NAME without a dot in front), nothing else"
        raise BadValue(label + "file", options["file"], allowed.format(EXPORTS, EXPORTS_D))
    if options["state"] == "absent":
        return Declared(Wanted(path), file)
    clients = options["clients"] or []
    if not clients:
        raise BadValue(
            label + "clients",
            clients,
            "an export without clients is open to everyone; name them, or set state to absent",
        )
    _exports_options.check(label + "options", options["options"])
    everyone = options["allow_everyone"]
    identities = []
    for position, client in enumerate(clients):
        where = "{0}clients[{1}].".format(label, position)
        identities.append(_exports_clients.check(where + "host", client["host"], everyone))
        _exports_options.check(where + "options", client["options"] or [])
    _exports_clients.check_together(label + "clients", identities, everyone)
    wanted = tuple((client["host"], tuple(client["options"] or ())) for client in clients)
    directory = read_directory(label, options.get("directory"))
    return Declared(Wanted(path, wanted, tuple(options["options"])), file, directory)


def _missing(one: Declared, places: t.Mapping[str, Place | None], check_mode: bool) -> list[str]:
    """NotFound where there is no directory to export, and none is declared; in check mode, where an earlier task may
    be about to make it, a warning instead."""
    path = one.wanted.path
    if not one.wanted.clients or one.directory or places[path]:
        return []
    if check_mode:
        return ["{0} isn't there yet; a real run needs the directory.".format(path)]
    raise NotFound(
        "Failed to export {0}: there is no such directory.".format(path),
        remedy="Make it first, or declare directory with owner, group and mode to have it made.",
        path=path,
    )


def apply(todo: Plan, current: Current, system: System) -> list[str]:
    """Write the files and have them exported; everything is as it was where that fails. Returns warnings."""
    if todo.exports_anew:
        system.exportfs()
    written: list[str] = []
    places = Undo()
    try:
        for one in todo.exports:
            if one.directory:
                places.make(one.declared.wanted.path, one.directory)
        if not todo.exports_anew:
            return []
        for name, text in todo.files.items():
            system.write(name, text, current.files[name])
            written.append(name)
        code, complaint = system.reexport()
        failed = _not_in_force(todo, current, system, code)
    except KvmError:
        _put_back(written, todo, current, system)
        places.undo()
        raise
    if failed:
        _put_back(written, todo, current, system)
        places.undo()
        raise KvmError(
            "Failed to {0} {1}: exportfs -r ended with code {2}: {3}.{4}".format(
                failed[0].verb,
                ", ".join(one.wanted.path for one in failed),
                code,
                complaint or "it said nothing, but its table does not have it",
                " The files are as they were." if written else "",
            ),
            error_code="exportfs_failed",
            exportfs={"code": code, "said": complaint},
        )
    warnings = ["exportfs -r complains of other exports: {0}".format(complaint)] if code != 0 else []
    return warnings + _still_served(todo, system)


def _still_served(todo: Plan, system: System) -> list[str]:
    """Warnings of what the kernel exports although it was told to forget it."""
    table, kernel = system.table(), system.kernel()
    if table is None or kernel is None:
        return []
    document = parse(table)
    return [
        "The kernel still exports {0}, although it was told to forget it.".format(show(line))
        for one in todo.exports
        for line in stale(one.declared.wanted.path, kernel, document, resolve)
    ]


def _not_in_force(todo: Plan, current: Current, system: System, code: int) -> list[Declared]:
    """What exportfs did not do. Its code alone doesn't tell: it is 0 for a host that it could not find, and 1 for any
    fault of somebody else's export."""
    table = system.table()
    if table is None:
        return [one.declared for one in todo.exports] if code else []
    texts = {**current.files, **todo.files}
    documents = [parse(text or "") for text in texts.values()]
    found = parse(table)
    return [one.declared for one in todo.exports if not in_force(one.declared.wanted.path, documents, found, resolve)]


def _put_back(written: list[str], todo: Plan, current: Current, system: System) -> None:
    for name in written:
        system.write(name, current.files[name], todo.files[name])
    if written:
        system.reexport()


def _result(todo: Plan, current: Current) -> dict[str, t.Any]:
    return {
        "changed": todo.changed,
        "exports": [_export_result(one) for one in todo.exports],
        "diff": [
            *(
                {
                    "before_header": name if current.files[name] is not None else name + " (not there)",
                    "after_header": name,
                    "before": show(current.files[name] or ""),
                    "after": show(text),
                }
                for name, text in todo.files.items()
            ),
            *(_directory_diff(one.declared.wanted.path, one.directory) for one in todo.exports if one.directory),
            *(_active_diff(one) for one in todo.exports if not one.is_active and not one.text_differs),
        ],
    }


def _export_result(one: ExportPlan) -> dict[str, t.Any]:
    return {
        "path": one.declared.wanted.path,
        "file": one.declared.file,
        "state": "present" if one.declared.wanted.clients else "absent",
        "clients": [
            {"host": show(one.spelled[client.key]), "options": meaning.options()} for client, meaning in one.after
        ],
        "changes": one.changes(),
    }


def _directory_diff(path: str, change: Change) -> dict[str, str]:
    header = "directory " + path
    return {
        "before_header": header if change.before else header + " (not there)",
        "after_header": header,
        "before": "".join("{0}: {1}\n".format(*pair) for pair in (change.before or {}).items()),
        "after": "".join("{0}: {1}\n".format(*pair) for pair in change.after.items()),
    }


def _active_diff(one: ExportPlan) -> dict[str, str]:
    """The file says so already, the server doesn't."""
    path = one.declared.wanted.path
    header = "exportfs -s" if one.in_force is False else "the kernel's NFS server"
    declared = "".join("{0} {1}\n".format(path, client) for client in describe(one.after, one.spelled))
    differs = "{0} is not exported like this\n".format(path) if one.after else "{0} is still exported\n".format(path)
    if one.in_force is not False:
        differs = "".join(show(line) + "\n" for line in one.served)
    return {
        "before_header": header,
        "after_header": header,
        "before": differs,
        "after": declared,
    }
