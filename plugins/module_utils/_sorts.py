# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elements that are of one of several sorts, told by a word in them: a disk with type='file', with type='network'."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


def is_one(element: Element, only: tuple[str, str] | None) -> bool:
    """Whether an element is one of those that an option is for."""
    return only is None or _xml.get(element, only[0]) == only[1]


def make_one(element: Element, only: tuple[str, str] | None) -> bool:
    """Make an element one of those; whether it was not. What the source of another sort said has no meaning for it."""
    if only is None or is_one(element, only):
        return False
    _xml.drop(element, "source")
    _xml.put(element, *only)
    return True
