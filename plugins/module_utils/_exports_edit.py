# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes to the text of an exports(5) file: one export as it is wanted, every other byte as it was."""

from __future__ import annotations

import functools
import os.path
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils import _exports_clients, _exports_options
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_text import (
    MAX_CLIENT,
    MAX_PATH,
    Client,
    Document,
    Edit,
    Entry,
    apply_edits,
    parse,
    to_text,
    write_word,
)

Access = t.Tuple[_exports_clients.Client, _exports_options.Meaning]


@dataclass(frozen=True)
class Wanted:
    """An export as a task declares it. No clients: no export."""

    path: str
    clients: tuple[tuple[str, tuple[str, ...]], ...] = ()  # a host as it is written, its options
    defaults: tuple[str, ...] = ()

    def access(self) -> list[Access]:
        """Who may do what."""
        return [
            (_exports_clients.read(to_text(host)), _exports_options.meaning(self.defaults, options))
            for host, options in self.clients
        ]


def same_path(text: str, path: str) -> bool:
    """Whether exportfs takes both for the same export point: it resolves symbolic links, ``.``, ``..`` and slashes.

    text: of a file; path: a user's.
    """
    return _real(text) == _real(to_text(path))


@functools.cache
def _real(path: str) -> str:
    return "/" + os.path.realpath(path.encode("latin-1")).decode("latin-1").lstrip("/")


def entries_of(document: Document, path: str) -> list[Entry]:
    """The entries of an export point; there may be several, and their clients add up."""
    return [entry for entry in document.entries if same_path(entry.path.text, path)]


def access_of(document: Document, path: str) -> list[Access]:
    """Who may do what there. Of a client that is there twice exportfs takes the first, and so does this."""
    found: dict[_exports_clients.Client, _exports_options.Meaning] = {}
    for entry in entries_of(document, path):
        if not entry.broken:
            for client in entry.clients:
                found.setdefault(client.identity, client.meaning)
    return list(found.items())


def same_access(one: t.Sequence[Access], other: t.Sequence[Access]) -> bool:
    """Whether both let the same clients do the same. The order counts only where two clients that may be the same
    machine have different options."""
    if dict(one) != dict(other):
        return False
    place = {client: position for position, (client, _meaning) in enumerate(other)}
    return all(
        place[client] < place[later] or meaning == later_meaning or not client.may_overlap(later)
        for position, (client, meaning) in enumerate(one)
        for later, later_meaning in one[position + 1 :]
    )


def declare(text: str, wanted: Wanted, label: str) -> str:
    """The file's text with the export as wanted; the same text where it means that already.

    label: the file's name, for errors. KvmError where the file can't be changed so that exportfs would see it.
    """
    document = parse(text)
    entries = entries_of(document, wanted.path)
    if _is_declared(document, wanted):
        return text
    candidates = [_change_words(document, entries, wanted), _replace_entries(document, entries, wanted)]
    for candidate in candidates:
        if candidate is not None:
            result = parse(candidate)
            if _is_declared(result, wanted) and _keeps_others(document, result, wanted.path):
                return candidate
    result = parse(candidates[-1] or "")
    raise KvmError(
        "Failed to declare the export {0} in {1}: {2}.".format(
            wanted.path,
            label,
            "exportfs reads the file only up to line {0}, where it finds {1}".format(result.stop.line, result.stop.why)
            if result.stop
            else "the file ends within a word (a quote that isn't closed, or a backslash)",
        ),
        error_code="unreadable_exports",
        remedy="Put the file right by hand, then run the task again.",
        file=label,
    )


def _is_declared(document: Document, wanted: Wanted) -> bool:
    """Whether the file says what is wanted, and says it well: no part broken, nobody twice."""
    entries = entries_of(document, wanted.path)
    found = access_of(document, wanted.path)
    return (
        bool(entries) == bool(wanted.clients)
        and not any(entry.broken for entry in entries)
        and sum(len(entry.clients) for entry in entries) == len(found)
        and same_access(found, wanted.access())
    )


def _keeps_others(before: Document, after: Document, path: str) -> bool:
    """Whether every other entry is as it was. Those behind an entry of ours that broke the file come to light."""
    old, new = _others(before, path), _others(after, path)
    return new == old if before.stop is None else new[: len(old)] == old


def _others(document: Document, path: str) -> list[tuple[str, list[Client], bool]]:
    """Every other entry, without its place."""
    return [
        (entry.path.text, [Client(c.host, c.own, c.defaults) for c in entry.clients], entry.broken)
        for entry in document.entries
        if not same_path(entry.path.text, path)
    ]


def _change_words(document: Document, entries: list[Entry], wanted: Wanted) -> str | None:
    """The smallest change: clients' words replaced, removed and added. None where it takes more than that."""
    left = {access[0]: (access[1], spelling) for access, spelling in zip(wanted.access(), wanted.clients)}
    kept: list[Entry] = []
    edits: list[Edit] = []
    for entry in entries:
        if entry.broken or not _has_defaults(entry, wanted.defaults):
            return None
        changes: list[Edit] = []
        for client in entry.clients:
            if client.word is None:
                return None
            meaning, spelling = left.pop(client.identity, (None, None))
            if spelling is None:
                changes.append((client.after, client.word.end, ""))
            elif meaning != client.meaning:
                changes.append((client.word.start, client.word.end, _client_word(wanted, *spelling)))
        if len([change for change in changes if not change[2]]) == len(entry.clients):
            edits.append(_whole_line(document.text, entry))
        else:
            kept.append(entry)
            edits += changes
    if not kept:
        return None
    if left:
        added = "".join(" " + _client_word(wanted, *spelling) for _meaning, spelling in left.values())
        edits.append((kept[-1].end, kept[-1].end, added))
    return apply_edits(document.text, edits)


def _has_defaults(entry: Entry, defaults: tuple[str, ...]) -> bool:
    """Whether the entry's default options are those that are wanted, and stand before its clients."""
    if not defaults or not entry.defaults:
        return not defaults and not entry.defaults
    (position, found), more = entry.defaults[0], entry.defaults[1:]
    return position == 0 and not more and _exports_options.meaning(found) == _exports_options.meaning(defaults)


def _replace_entries(document: Document, entries: list[Entry], wanted: Wanted) -> str:
    """The export written anew: in the place of its first entry, else at the end of the file."""
    if not wanted.clients:
        return apply_edits(document.text, [_whole_line(document.text, entry) for entry in entries])
    words = [to_text("-" + ",".join(wanted.defaults))] if wanted.defaults else []
    words += [_client_word(wanted, host, options) for host, options in wanted.clients]
    if entries:
        path = document.text[entries[0].path.start : entries[0].path.end]
        edits = [(entries[0].path.start, entries[0].end, " ".join([path, *words]))]
        edits += [_whole_line(document.text, entry) for entry in entries[1:]]
        return apply_edits(document.text, edits)
    _limit(wanted.path, MAX_PATH, wanted)
    return append_line(document.text, " ".join([write_word(to_text(wanted.path)), *words]))


def append_line(text: str, line: str) -> str:
    """The text with one more line; a text without a newline at its end still has none."""
    ended = text == "" or text.endswith("\n")
    before = text if ended else text + "\n"
    if before.endswith("\\\n"):  # a continuation would swallow the line
        before += "\n"
    return before + line + ("\n" if ended else "")


def _whole_line(text: str, entry: Entry) -> Edit:
    """The edit that removes an entry: with its line and the comment on it, if nothing else is there."""
    start = text.rfind("\n", 0, entry.path.start) + 1
    newline = text.find("\n", entry.end)
    end = len(text) if newline < 0 else newline + 1
    # All that C's isspace() knows: a form feed that is left alone on a line would end the file for exportfs.
    rest = text[entry.end : end].strip(" \t\n\v\f\r")
    if text[start : entry.path.start].strip(" \t") or (rest and not rest.startswith("#")):
        return (entry.path.start, entry.end, "")
    if newline < 0 and start > 0:  # the last line has no newline; the one before shall have none either
        return (start - 1, end, "")
    return (start, end, "")


def _client_word(wanted: Wanted, host: str, options: tuple[str, ...]) -> str:
    """host(option,option,...); exportfs warns of a host without a list, so one says what is the default anyway."""
    if not options and not wanted.defaults:
        options = ("ro",)
    word = (host or "*") + ("(" + ",".join(options) + ")" if options else "")
    _limit(word, MAX_CLIENT, wanted)
    return to_text(word)


def _limit(word: str, limit: int, wanted: Wanted) -> None:
    if len(to_text(word)) >= limit:
        raise KvmError(
            "Failed to declare the export {0}: {1} is longer than the {2} bytes that exportfs reads.".format(
                wanted.path, word, limit - 1
            ),
            error_code="bad_value",
        )
