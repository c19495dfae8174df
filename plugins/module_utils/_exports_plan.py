# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to change so that a machine exports what is declared: a pure function of files, table and task."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_directory import Change, Directory, Place
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_edit import (
    Access,
    Wanted,
    access_of,
    declare,
    same_path,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_kernel import Resolve, stale
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_text import Document, parse, show, to_text


@dataclass(frozen=True)
class Declared:
    """An export as a task declares it, the file it is declared in, and what its directory shall be (None: whatever it
    is, but there)."""

    wanted: Wanted
    file: str
    directory: Directory | None = None

    @property
    def verb(self) -> str:
        """For the start of an error."""
        return "export" if self.wanted.clients else "withdraw the export"


@dataclass(frozen=True)
class Current:
    """What a machine has.

    files: the text of every file that exportfs reads, in its order; None for one that isn't there.
    table: the text of the server's own table of exports; None where there is none yet.
    kernel: what the kernel says that it exports; None where it has no NFS server.
    places: the directories of the declared exports, None for one that isn't there.
    """

    files: dict[str, str | None]
    table: str | None
    kernel: str | None = None
    places: t.Mapping[str, Place | None] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportPlan:
    """One export: who may do what, in the file before and after, and whether the table agrees before anything is done.

    in_force: None where there is no table yet. spelled: the clients' names as the file will have them.
    served: what the kernel exports there although its table doesn't say so, in the kernel's words.
    directory: what has to be done to the directory.
    """

    declared: Declared
    before: list[Access]
    after: list[Access]
    text_differs: bool
    in_force: bool | None
    spelled: dict[str, str]
    served: list[str] = field(default_factory=list)
    directory: Change | None = None

    @property
    def is_active(self) -> bool:
        """Whether what the file says is what is exported, as far as that can be known."""
        return self.in_force is not False and not self.served

    def changes(self) -> list[dict[str, t.Any]]:
        """What changes, in the words of the options."""
        changes: list[dict[str, t.Any]] = []
        if self.directory:
            changes.append({"field": "directory", "before": self.directory.before, "after": self.directory.after})
        if self.text_differs:
            changes.append({"field": "clients", "before": describe(self.before), "after": describe(self.after)})
        elif not self.is_active:
            there = bool(self.after)
            changes.append({"field": "active", "before": not there, "after": there})
        return changes


@dataclass(frozen=True)
class Plan:
    """Everything that is to be done. files: the new text of those that change."""

    exports: list[ExportPlan]
    files: dict[str, str]
    warnings: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.exports_anew or any(export.directory for export in self.exports)

    @property
    def exports_anew(self) -> bool:
        """Whether exportfs has to run."""
        return bool(self.files) or any(not export.is_active for export in self.exports)


def plan(declared: t.Sequence[Declared], current: Current, resolve: Resolve) -> Plan:
    """What has to change. KvmError where the declared exports can't be had in the files as they are."""
    texts = {name: text or "" for name, text in current.files.items()}
    for one in declared:
        texts[one.file] = declare(texts[one.file], one.wanted, one.file)
    before = {name: parse(text or "") for name, text in current.files.items()}
    after = {name: parse(text) for name, text in texts.items()}
    warnings = [warning for one in declared for warning in _elsewhere(one, after, declared)]
    table = None if current.table is None else parse(current.table)
    exports = [
        ExportPlan(
            one,
            before=access_of(before[one.file], one.wanted.path),
            after=access_of(after[one.file], one.wanted.path),
            # a broken or doubled entry that is put right says the same as before, but not to exportfs
            text_differs=declare(before[one.file].text, one.wanted, one.file) != before[one.file].text,
            in_force=None if table is None else in_force(one.wanted.path, after.values(), table, resolve),
            spelled=_spelling(after[one.file], one.wanted.path),
            served=stale(one.wanted.path, current.kernel or "", table, resolve) if table else [],
            directory=one.directory.change(current.places.get(one.wanted.path)) if one.directory else None,
        )
        for one in declared
    ]
    changed = {name: text for name, text in texts.items() if text != (current.files[name] or "")}
    return Plan(exports, changed, warnings)


def in_force(path: str, documents: t.Iterable[Document], table: Document, resolve: Resolve) -> bool:
    """Whether the table has for this export point what the files say, no more and no less."""
    expected: dict[t.Any, t.Any] = {}
    for document in documents:
        for client, meaning in access_of(document, path):
            expected.setdefault(client, meaning)
    found = dict(access_of(table, path))
    for client, meaning in expected.items():
        match = client if client in found else None
        if match is None and client.kind == "host":  # exportfs writes the canonical name into the table
            names = resolve(client.key)
            match = next((one for one in found if one.kind == "host" and names & resolve(one.key)), None)
        if match is None:
            return False
        actual = found.pop(match)
        if any(name == "reexport" for name, _value in meaning.values):  # this gives the export a number of its own
            actual, meaning = actual.without("fsid"), meaning.without("fsid")  # noqa: PLW2901
        if actual != meaning:
            return False
    return not found


def describe(access: t.Iterable[Access], spelled: t.Mapping[str, str] | None = None) -> list[str]:
    """Clients as exports(5) has them, with the shortest options."""
    return [
        "{0}({1})".format(show((spelled or {}).get(client.key, client.key)), ",".join(meaning.options()))
        for client, meaning in access
    ]


def _spelling(document: Document, path: str) -> dict[str, str]:
    return {
        client.identity.key: client.host or "*"
        for entry in document.entries
        if same_path(entry.path.text, path)
        for client in entry.clients
    }


def _elsewhere(one: Declared, documents: dict[str, Document], declared: t.Sequence[Declared]) -> list[str]:
    """Warnings of other files that export the same path. KvmError where one has a client that is declared here, for
    exportfs takes the first it reads and ignores the other."""
    mine = {client for client, _meaning in one.wanted.access()}
    warnings = []
    for name, document in documents.items():
        others = access_of(document, one.wanted.path) if name != one.file else []
        twice = [access for access in others if access[0] in mine]
        if twice:
            raise KvmError(
                "Failed to {0} {1} in {2}: {3} exports it to {4} too, and exportfs would ignore one of them.".format(
                    one.verb, one.wanted.path, one.file, name, ", ".join(describe(twice))
                ),
                error_code="exported_elsewhere",
                remedy="Set file to {0}, or declare the export there as absent.".format(name),
                file=name,
            )
        if others and not any(d.file == name and same_path(to_text(d.wanted.path), one.wanted.path) for d in declared):
            warnings.append(
                "{0} is also exported by {1}, to {2}.".format(one.wanted.path, name, ", ".join(describe(others)))
            )
    return warnings
