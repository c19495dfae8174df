# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is the same in domains that were made alike: a definition with stand-ins for what every domain has for itself.

Of domains of one shape one has to be declared and proven; the declaration of any other is the same with its own words
in it. A word has a stand-in only where nothing but equality with itself matters: at places whose options take it as it
is, and where it is plain (no space, no character that XML or JSON would write otherwise, nothing that has two
spellings). All other words are part of the shape.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _note, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_STANDIN = re.compile(
    r"/minicloud-shape/[0-9]{4}|minicloud-shape-[a-z0-9]+|02:6d:69:6e:69:[0-9a-f]{2}|6d696e69(?:-[0-9a-f]+){4}"
)
_PATH = re.compile(r"(/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)+", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]*", re.ASCII)
# Not what might be a number or a MAC address.
_LINE = re.compile(r"(?!([^:]*:){5})[^\W\d_]([\w .,:;/()@+=-]*[\w.)])?")
_MAC = re.compile(r"(?!00:00:00:00:00:00)[0-9a-f][02468ace](:[0-9a-f]{2}){5}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_ID = re.compile(_MAC.pattern + "|" + _UUID.pattern, re.ASCII)
_TEXTS = {"name": _WORD, "title": _LINE, "description": _LINE}
_SOURCES = ("file", "dev", "path", "dir")


@dataclasses.dataclass(frozen=True)
class Shape:
    """tree: the definition with stand-ins. words: the word that each stands for. key: the same for the same shape."""

    tree: Element
    words: dict[str, str]
    key: bytes

    def said(self, declaration: str) -> Options:
        """A declaration of the shape, as JSON, with this domain's own words."""
        options: Options = json.loads(_STANDIN.sub(lambda match: self.words[match.group()], declaration))
        return options


def shape(tree: Element) -> Shape | None:
    """The shape of a definition; None where it has to be looked at by itself."""
    if _STANDIN.search(_xml.canonical(tree)):
        return None
    note = _note.read(tree) if _note.there(tree) else None
    if note is not None and note.kept:
        # These are digests of what may be such words.
        return None
    copy = _xml.clone(tree)
    _note.drop(copy)
    standins = _Standins()
    for tag, pattern in _TEXTS.items():
        standins.text(_xml.find(copy, tag), pattern, "minicloud-shape-" + tag)
    standins.text(_xml.find(copy, "uuid"), _UUID, "6d696e69-0000-4000-8000-000000000000")
    standins.text(_xml.find(copy, "os/nvram"), _PATH, "/minicloud-shape/{0:04}")
    for each in _xml.find_all(copy, "devices//source"):
        for attribute in _SOURCES:
            standins.attribute(each, attribute, _PATH, "/minicloud-shape/{0:04}")
        standins.attribute(each, "volume", _WORD, "minicloud-shape-{0}")
    for each in _xml.find_all(copy, "devices/interface/mac"):
        standins.attribute(each, "address", _MAC, "02:6d:69:6e:69:{0:02x}")
    if len(standins.words) > 200:
        return None
    if note is not None:
        _note.write(copy, standins.note(note))
    text = _xml.canonical(copy)
    # Where it stands elsewhere too, it matters what it is the same as.
    if any(word in text for word in standins.unmistakable()):
        return None
    return Shape(copy, standins.words, hashlib.sha256(text.encode()).digest())


class _Standins:
    """words: by stand-in; by_word: the other way. The same word has the same stand-in wherever it is."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.by_word: dict[str, str] = {}

    def _of(self, word: str, form: str) -> str:
        if word not in self.by_word:
            self.by_word[word] = form.format(len(self.words))
            self.words[self.by_word[word]] = word
        return self.by_word[word]

    def text(self, element: Element | None, pattern: t.Pattern[str], form: str) -> None:
        if element is not None and pattern.fullmatch(element.text or ""):
            element.text = self._of(str(element.text), form)

    def attribute(self, element: Element, attribute: str, pattern: t.Pattern[str], form: str) -> None:
        word = element.get(attribute)
        if word is not None and pattern.fullmatch(word):
            element.set(attribute, self._of(word, form))

    def unmistakable(self) -> dict[str, str]:
        """By word the stand-ins of those that mean the same wherever they are: paths, MAC addresses, UUIDs."""
        return {word: standin for word, standin in self.by_word.items() if word[0] == "/" or _ID.fullmatch(word)}

    def note(self, note: _note.Note) -> _note.Note:
        """A note of what was declared, with the stand-ins of what still stands in the definition."""
        declared = dict(note.declared)
        for option in _TEXTS:
            if declared.get(option) in self.by_word:
                declared[option] = self.by_word[declared[option]]
        text, xml = json.dumps(declared), note.xml
        for word, standin in self.unmistakable().items():
            text = text.replace('"' + word + '"', '"' + standin + '"')
        if xml is not None:
            for word, standin in self.unmistakable().items():
                xml = xml.replace('"' + word + '"', '"' + standin + '"').replace(">" + word + "<", ">" + standin + "<")
            for word, standin in self.by_word.items():
                for tag in _TEXTS:
                    element = "<" + tag + ">{0}</" + tag + ">"
                    xml = xml.replace(element.format(word), element.format(standin))
        return _note.Note(json.loads(text), xml, note.whole, note.kept)
