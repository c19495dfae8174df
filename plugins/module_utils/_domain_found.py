# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Domains as they are found on a host."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt, _libvirt_domain, _xml

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt_domain import Listing
    from lxml.etree import _Element as Element

# So many domains libvirt is asked about at once: more are not answered sooner.
_AT_ONCE = 2
# So many a thread asks about in one go: to hand over each by itself takes as long as the answer.
_IN_ONE_GO = 10
# The XML of a domain's definition, and of what it runs or goes on with.
_Texts = t.Tuple[str, t.Optional[str]]


@dataclasses.dataclass
class Found:
    """A domain that is there: its persistent definition, and the live one when it is active."""

    handle: Handle
    uuid: str
    state: str
    persistent: bool
    autostart: bool
    config: Element
    # What it runs with, or goes on with when it is saved.
    live: Element | None

    @property
    def active(self) -> bool:
        return self.state in ("running", "paused")


class Ahead:
    """Domains by name, asked for ahead: libvirt answers while what it has told already is worked on."""

    def __init__(self, listing: Listing, names: t.Iterable[str]) -> None:
        self._listing = listing
        pool = concurrent.futures.ThreadPoolExecutor(_AT_ONCE)
        there = [name for name in names if name in listing.handles]
        self._asked: dict[str, concurrent.futures.Future[dict[str, _Texts | None]]] = {}
        for start in range(0, len(there), _IN_ONE_GO):
            some = there[start : start + _IN_ONE_GO]
            self._asked.update(dict.fromkeys(some, pool.submit(_read, listing, some)))

    def take(self, name: str) -> Found | None:
        """The domain, once: nobody else keeps it. None where there is none, or not any more."""
        asked = self._asked.pop(name, None)
        texts = None if asked is None else asked.result().pop(name)
        if texts is None:
            self._listing.handles.pop(name, None)
            return None
        listing, handle = self._listing, self._listing.handles[name]
        what = "Domain {0}".format(name)
        config = _xml.parse(texts[0], what)
        return Found(
            handle,
            # libvirt would tell it too, as soon as it has done with the threads that ask for the others.
            str(_xml.get(config, "uuid")),
            listing.state(name),
            persistent=name not in listing.transient,
            autostart=name in listing.autostart,
            config=config,
            live=None if texts[1] is None else _xml.parse(texts[1], what),
        )


def _read(listing: Listing, names: list[str]) -> dict[str, _Texts | None]:
    """None of a domain that is not there any more."""
    return {name: _libvirt.there(functools.partial(_texts, listing, name)) for name in names}


def _texts(listing: Listing, name: str) -> _Texts:
    handle, state = listing.handles[name], listing.state(name)
    live = None
    if state == "saved":
        live = _libvirt_domain.saved_xml(handle)
    elif state != "stopped":
        live = _libvirt_domain.xml(handle, False)
    return _libvirt_domain.xml(handle, True), live
