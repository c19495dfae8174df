# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The text of an exports(5) file: read the way exportfs reads it, every entry with its place in the text.

What exports(5) leaves open follows exportfs itself (nfs-utils 2.5 to 2.8), for what it does is what is exported:
a comment starts only where a word could, quotes may stand anywhere in a word, a continuation also ends a word,
default options hold for what follows on the line, and a file that can't be understood is read no further.

Text here is the file's bytes as Latin-1: one character a byte, so that nothing is lost and lengths are exportfs' own.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.minicloud.kvm.plugins.module_utils import _exports_clients, _exports_options

_SPACE = " \t\n\v\f\r"
_ESCAPED = frozenset(_SPACE + '"\\#') | {chr(code) for code in (*range(32), 127)}
# exportfs' own buffers, their ending NUL included
MAX_PATH = 1025
MAX_CLIENT = 512


@dataclass(frozen=True)
class Word:
    """A word as exportfs sees it, and where it stands: text[start:end]."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Client:
    """A client of an entry. word: None where the entry names none, which exports to everyone.

    defaults: each group of default options before it. after: where the word before it ends.
    """

    host: str
    own: tuple[str, ...]
    defaults: tuple[tuple[str, ...], ...]
    word: Word | None = None
    after: int = 0

    @property
    def identity(self) -> _exports_clients.Client:
        """Who it is."""
        return _exports_clients.read(self.host)

    @property
    def meaning(self) -> _exports_options.Meaning:
        """What it may do."""
        return _exports_options.meaning(*self.defaults, self.own)


@dataclass
class Entry:
    """One export point with its clients. defaults: each group of default options, with how many clients it follows."""

    path: Word
    clients: list[Client] = field(default_factory=list)
    defaults: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    end: int = 0
    broken: bool = False


@dataclass(frozen=True)
class Stop:
    """Where exportfs reads no further, and why."""

    line: int
    why: str


@dataclass(frozen=True)
class Document:
    """An exports file: its text, its entries in their order, and where reading stopped before the end."""

    text: str
    entries: list[Entry]
    stop: Stop | None


class _Stopped(Exception):
    """The word here can't be read, nor anything after it."""


class _Scanner:
    """Words of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def _next(self) -> str:
        """The next character, a continuation as a blank; empty at the end."""
        char = self.text[self.position : self.position + 1]
        self.position += len(char)
        if char == "\\" and self.text.startswith("\n", self.position):
            self.position += 1
            while self.text.startswith((" ", "\t"), self.position):
                self.position += 1
            return " "
        return char

    def skip(self, chars: str) -> None:
        """Step over these characters and over comments."""
        while True:
            before = self.position
            char = self._next()
            if char == "#":
                end = self.text.find("\n", self.position)
                before = len(self.text) if end < 0 else end
                char = self.text[before : before + 1]
                self.position = before + len(char)
            if not char or char not in chars:
                self.position = before
                return

    def word(self, limit: int) -> Word | None:
        """The word that starts here; None where none does. The white space that ends it is gone, a newline isn't."""
        start = end = self.position
        chars: list[str] = []
        quoted = False
        while True:
            end = self.position
            char = self._next()
            if not char or (char in _SPACE and not quoted):
                break
            if char == '"':
                quoted = not quoted
                continue
            chars.append(char)
            if len(chars) >= 4 and chars[-4] == "\\" and all(digit in "01234567" for digit in chars[-3:]):
                code = int("".join(chars[-3:]), 8)
                if code < 256:
                    chars[-4:] = [chr(code)]
            if len(chars) >= limit:
                raise _Stopped("a word of {0} or more characters".format(limit))
        if char == "\n" and self.text[end : end + 1] == "\n":
            self.position = end
        return Word("".join(chars), start, end) if chars else None

    def line(self) -> int:
        """The number of the line here, from 1."""
        return self.text.count("\n", 0, self.position) + 1


def parse(text: str) -> Document:
    """Read an exports file. Never fails: what can't be read is the document's ``stop``."""
    entries: list[Entry] = []
    if "\0" in text:
        return Document(text, entries, Stop(text[: text.index("\0")].count("\n") + 1, "a NUL character"))
    scanner = _Scanner(text)
    scanner.skip(" \t\n")
    while scanner.position < len(text):
        line = scanner.line()
        try:
            path = scanner.word(MAX_PATH)
            if path is None:
                return Document(text, entries, Stop(line, "nothing that could be an export point"))
            entries.append(Entry(path, end=path.end))
            _read_clients(scanner, entries[-1])
        except _Stopped as stopped:
            return Document(text, entries, Stop(line, str(stopped)))
        if entries[-1].broken:
            return Document(text, entries, Stop(line, "an option list that isn't client(option,option,...)"))
        scanner.skip(" \t\n")
    return Document(text, entries, None)


def _read_clients(scanner: _Scanner, entry: Entry) -> None:
    defaults: tuple[tuple[str, ...], ...] = ()

    def next_word() -> tuple[Word | None, int]:
        after = entry.end
        scanner.skip(" \t")
        word = scanner.word(MAX_CLIENT)
        if word is not None:
            entry.end = word.end
        return word, after

    word, after = next_word()
    while word is not None or not entry.clients:
        if word is not None and word.text.startswith("-"):
            group = tuple(_exports_options.split(word.text[1:]))
            entry.defaults.append((len(entry.clients), group))
            defaults = (*defaults, group)
            word, after = next_word()
        host, bracket, rest = ("", "", "") if word is None else word.text.partition("(")
        options, closing, behind = rest.partition(")")
        if bracket and (not closing or behind):
            entry.broken = True
        own = tuple(_exports_options.split(options))
        entry.clients.append(Client(host if host or not bracket else "*", own, defaults, word, after))
        word, after = next_word()


def write_word(text: str) -> str:
    """A word such that exportfs reads ``text``: octal escapes for what would end or change it."""
    return "".join("\\{0:03o}".format(ord(char)) if char in _ESCAPED else char for char in text)


def to_text(value: str) -> str:
    """A user's string as text of a file."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def show(text: str) -> str:
    """Text of a file as a user reads it."""
    return text.encode("latin-1").decode("utf-8", "backslashreplace")


Edit = t.Tuple[int, int, str]


def apply_edits(text: str, edits: t.Iterable[Edit]) -> str:
    """The text with text[start:end] replaced for each (start, end, replacement); none may overlap another."""
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text
