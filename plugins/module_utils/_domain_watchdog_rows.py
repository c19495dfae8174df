# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's watchdogs, which share one action."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _device_codecs,
    _domain_address_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


def _only_watchdog(device: Element, live: Element) -> bool:
    """libvirt plugs one sort, and that beside no other but the one of q35, which then has the same action."""
    others = _xml.find_all(live, "devices/watchdog")
    return device.get("model") == "i6300esb" and all(
        each.get("model") == "i6300esb" or (_is_of_q35(each) and _action(each) == _action(device)) for each in others
    )


def _is_of_q35(watchdog: Element) -> bool:
    return watchdog.get("model") == "itco"


def _action(watchdog: Element) -> str:
    return watchdog.get("action") or "reset"


def _common_action(tree: Element) -> str | None:
    """That of the watchdogs beside q35's, None where there are none."""
    others = (each for each in _xml.find_all(tree, "devices/watchdog") if not _is_of_q35(each))
    return next((_action(each) for each in others), None)


def align_watchdogs(tree: Element, declared: t.Sequence[t.Mapping[str, _codecs.Value]]) -> None:
    """All watchdogs have one action, else libvirt refuses them. That of q35 gets the others' only when it is new."""
    common = _common_action(tree)
    if common is None or any(item["model"] == "itco" for item in declared):
        return
    for each in filter(_is_of_q35, _xml.find_all(tree, "devices/watchdog")):
        if _action(each) != common:
            _xml.put(each, "@action", common)


def _as_libvirt_adds_it(watchdog: Element, tree: Element) -> bool:
    return _action(watchdog) == (_common_action(tree) or "reset")


WATCHDOGS = _domain_plug.Devices(
    "watchdogs",
    "devices/watchdog",
    (
        Row(
            "model",
            "@model",
            choices=("i6300esb", "ib700", "diag288", "itco"),
            help="Model; V(itco) is a part of q35, V(diag288) of s390.",
            required=True,
            value_since={"itco": "9.1.0"},
        ),
        Row(
            "action",
            "@action",
            choices=("reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"),
            help="What happens when the guest no longer answers.",
            absent="reset",
        ),
        _device_codecs.ALIAS,
        *_domain_address_rows.PCI,
    ),
    help="Watchdogs, all with one action. That of q35 need not be declared.",
    keys=("model",),
    implied=_is_of_q35,
    as_implied=_as_libvirt_adds_it,
    which="with O(watchdogs[].model) V(i6300esb), where there is no other",
    able=_only_watchdog,
    seats=lambda _device, _live: ("pci",),
)
