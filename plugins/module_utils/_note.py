# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was declared last time, kept in the <metadata> of the object itself.

A definition that this collection writes carries a note of what it was made from. So the next run can tell what was
declared and is not any more (it goes) from what somebody else has added (it stays). The note is written with a change
of the definition only: what was found to be so already, and never had to be written, is nobody's to take away.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Change, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_NAMESPACE = "urn:minicloud:kvm:declared:1"
_PREFIX = "minicloud"
_PLACE = "metadata/{" + _NAMESPACE + "}declared"


@dataclasses.dataclass
class Note:
    """declared: the options by name, as meanings, without secrets; xml: the raw XML of that time, secrets masked.

    kept: digests of the differences between the raw XML and what libvirt has made of it (see digest).
    """

    declared: Options = dataclasses.field(default_factory=dict)
    xml: str | None = None
    whole: bool = False
    kept: list[str] = dataclasses.field(default_factory=list)


def read(tree: Element) -> Note:
    """The note in a definition; an empty one where there is none, or one that can't be read."""
    text = _xml.get(tree, _PLACE)
    try:
        found = json.loads(text or "{}")
        return Note(dict(found.get("options", {})), found.get("xml"), bool(found.get("whole")), list(found["kept"]))
    except (ValueError, TypeError, AttributeError, KeyError):
        return Note()


def there(tree: Element) -> bool:
    """Whether a definition has a note at all."""
    return _xml.find(tree, _PLACE) is not None


def _text(note: Note) -> str:
    kept: Options = {"options": note.declared, "kept": note.kept}
    if note.xml is not None:
        kept.update(xml=note.xml, whole=note.whole)
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def write(tree: Element, note: Note) -> None:
    drop(tree)
    _xml.need(tree, "metadata").append(_xml.new_in(_NAMESPACE, _PREFIX, "declared", _text(note)))


def as_metadata(note: Note) -> tuple[str, str, str]:
    """(XML, prefix, namespace), as virDomainSetMetadata wants an element of <metadata>."""
    return _xml.write(_xml.new("declared", _text(note))), _PREFIX, _NAMESPACE


def drop(tree: Element) -> None:
    """Take the note out, as from a pasted virsh dumpxml."""
    _xml.drop(tree, _PLACE)


def without_secrets(rows: t.Sequence[AnyRow], desired: Options) -> Options:
    """What of a declaration is worth remembering: what stands in the definition. Of a secret, that it was declared."""
    kept: Options = {}
    for row in rows_of(rows, desired):
        if row.place is None:
            continue
        value = desired[row.option]
        if isinstance(row, Row):
            kept[row.option] = None if row.no_log else value
        elif isinstance(row, Block):
            kept[row.option] = without_secrets(row.rows, value)
        elif isinstance(row, Many):
            kept[row.option] = [without_secrets(row.rows, item) for item in value]
    return kept


def digest(change: Change) -> str:
    """A short name of one difference, which tells nothing of what may be secret in it."""
    text = json.dumps([change.field, change.before, change.after], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
