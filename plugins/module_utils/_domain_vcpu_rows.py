# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's virtual CPUs: how many, and on which of the host's."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


def _count(element: Element, place: str) -> int:
    """The number at a place; 0 where there is none, or something else."""
    text = _xml.get(element, place) or ""
    return int(text) if text.isdecimal() else 0


class _Vcpus(_codecs.Integer):
    """The vCPUs that are there at boot: <vcpu current='2'>4</vcpu>, or all of <vcpu>4</vcpu>."""

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        text = _xml.get(element, "vcpu/@current") or _xml.get(element, "vcpu")
        return int(text) if text else None

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        maximum = _count(element, "vcpu")
        if value > maximum:
            _xml.put(element, "vcpu", str(value))
        if value >= maximum:
            _xml.drop(element, "vcpu/@current")
        else:
            _xml.put(element, "vcpu/@current", str(value))


class _MaxVcpus(_codecs.Integer):
    """The vCPUs that can be there; how many are there at boot stays as it was."""

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        before = _count(element, "vcpu") or value
        current = _count(element, "vcpu/@current") or before
        _xml.put(element, "vcpu", str(value))
        if current < value:
            _xml.put(element, "vcpu/@current", str(current))
        else:
            _xml.drop(element, "vcpu/@current")

    def clear(self, element: Element, place: str) -> None:
        self.write(element, place, _count(element, "vcpu/@current") or _count(element, "vcpu") or 1)


VCPUS: tuple[AnyRow, ...] = (
    Row("max_vcpus", "vcpu", _MaxVcpus(1), help="Virtual CPUs that the domain can have at most."),
    Row("vcpus", "vcpu/@current", _Vcpus(1), help="Virtual CPUs that it has; 1 for a new domain.", live="vcpus"),
    Row(
        "vcpu_placement",
        "vcpu/@placement",
        _domain_codecs.Decisive("vcpu/@cpuset", stay_with=("static",)),
        choices=("static", "auto"),
        help="V(auto) lets numad choose the host's CPUs, V(static) takes O(cpuset).",
        absent="static",
    ),
    Row(
        "cpuset",
        "vcpu/@cpuset",
        _domain_codecs.PlacedSet(),
        help="CPUs of the host that the domain may use where O(cputune) says nothing else, such as V(0-3,^2).",
        removable=True,
    ),
)
