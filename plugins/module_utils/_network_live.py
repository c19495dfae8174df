# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a running network can be changed in place (virNetworkUpdate), and in which order.

The running definition is compared with what it should be, section by section. What libvirt would refuse, such as a
second TXT record of a name, waits for a restart like all that has no section.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._network_forward_rows import mode_of

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

Same = t.Callable[["Element", "Element"], bool]


@dataclasses.dataclass(frozen=True)
class Update:
    """One call of virNetworkUpdate. index: which <ip> of the running network; -1: of none."""

    command: str
    section: str
    index: int
    xml: str


@dataclasses.dataclass(frozen=True)
class Section:
    """A list of entries that libvirt can add to and delete from.

    clashes: whether two entries can't be told apart by libvirt when one is added or deleted. stub: the attributes that
    tell an entry to be deleted; None: all of it.
    """

    name: str
    place: str
    clashes: Same
    stub: tuple[str, ...] | None = None


def _share(*attributes: str) -> Same:
    """Two entries of which any of these attributes is the same."""
    return lambda one, other: any(one.get(each) and one.get(each) == other.get(each) for each in attributes)


def _match(*attributes: str) -> Same:
    """Two entries of which all of these attributes that the first has are the same."""
    return lambda one, other: all(one.get(each) in (None, other.get(each)) for each in attributes)


_HOSTS = Section("ip_dhcp_host", "dhcp/host", _share("mac", "name", "ip"), ("mac", "name", "ip"))
_RANGES = Section("ip_dhcp_range", "dhcp/range", _match("start", "end"), ("start", "end"))
_SECTIONS = (
    Section("dns_host", "dns/host", _share("ip"), ("ip",)),
    Section("dns_txt", "dns/txt", _share("name"), ("name",)),
    Section("dns_srv", "dns/srv", _match("domain", "service", "protocol", "target")),
)


def updates(live: Element, wanted: Element) -> tuple[list[Update], Element]:
    """The calls that make the running network say what is wanted as far as they can, and what it then says."""
    after = _xml.clone(live)
    calls = [_section(section, -1, after, wanted) for section in _SECTIONS]
    shall = {_xml.get(ip, "@address"): ip for ip in _xml.find_all(wanted, "ip")}
    for index, ip in enumerate(_xml.find_all(after, "ip")):
        other = shall.get(_xml.get(ip, "@address"))
        if other is not None:
            calls += [_section(section, index, ip, other) for section in (_RANGES, _HOSTS)]
    calls.append(_interfaces(after, wanted))
    calls.append(_portgroups(after, wanted))
    # What is deleted may be in the way of what is added.
    order = ("delete", "modify", "add")
    every = [call for each in calls for call in each]
    return sorted(every, key=lambda call: order.index(call.command)), after


def _section(section: Section, index: int, after: Element, wanted: Element) -> list[Update]:
    """The calls for one section; ``after`` is made what they leave."""
    found, shall = _xml.find_all(after, section.place), _xml.find_all(wanted, section.place)
    texts, shall_texts = [_xml.canonical(each) for each in found], [_xml.canonical(each) for each in shall]
    gone = [each for each, text in zip(found, texts) if text not in shall_texts]
    new = [each for each, text in zip(shall, shall_texts) if text not in texts]
    there = list(found)
    for each in gone:
        # libvirt deletes the first that matches, or refuses where it is not the only one.
        if sum(section.clashes(_stub(each, section), other) for other in there) != 1:
            return []
        there.remove(each)
    for each in new:
        if any(section.clashes(each, other) for other in there):
            return []
        there.append(each)
    calls = [Update("delete", section.name, index, _xml.write(_stub(each, section))) for each in gone]
    calls += [Update("add", section.name, index, _xml.write(each)) for each in new]
    for each in new:
        _xml.add(after, section.place, _xml.clone(each))
    for each in gone:
        _xml.remove(each)
    return calls


def _stub(element: Element, section: Section) -> Element:
    if section.stub is None:
        return element
    return _xml.new(str(element.tag), **{key: element.get(key) or "" for key in section.stub if element.get(key)})


def _devices(tree: Element) -> list[str]:
    """The devices of <forward>; libvirt keeps the first one twice."""
    names = _xml.get_all(tree, "forward/interface/@dev")
    first = _xml.get(tree, "forward/@dev")
    return names or ([first] if first else [])


def _interfaces(after: Element, wanted: Element) -> list[Update]:
    found, shall = _devices(after), _devices(wanted)
    if found == shall or mode_of(after) != mode_of(wanted) or _xml.find(after, "forward/pf") is not None:
        return []
    gone = [name for name in found if name not in shall]
    new = [name for name in shall if name not in found]
    used = {each.get("dev") for each in _xml.find_all(after, "forward/interface") if each.get("connections")}
    left = [name for name in found if name not in gone] + new
    if used & set(gone) or left != shall:
        return []
    _xml.put_all(after, "forward/interface/@dev", left)
    _xml.drop(after, "forward/@dev")
    if left:
        _xml.put(after, "forward/@dev", left[0])
    calls = [("delete", name) for name in gone] + [("add", name) for name in new]
    return [Update(call, "forward_interface", -1, _xml.write(_xml.new("interface", dev=name))) for call, name in calls]


def _portgroups(after: Element, wanted: Element) -> list[Update]:
    found = {each.get("name"): each for each in _xml.find_all(after, "portgroup")}
    shall = {each.get("name"): each for each in _xml.find_all(wanted, "portgroup")}
    calls = [Update("delete", "portgroup", -1, _xml.write(each)) for name, each in found.items() if name not in shall]
    # There may be one default at any time: that one is made it last.
    for name, each in sorted(shall.items(), key=lambda item: item[1].get("default") == "yes"):
        if name not in found:
            calls.append(Update("add", "portgroup", -1, _xml.write(each)))
        elif _xml.canonical(found[name]) != _xml.canonical(each):
            calls.append(Update("modify", "portgroup", -1, _xml.write(each)))
    if calls:
        for each in found.values():
            _xml.remove(each)
        for each in shall.values():
            _xml.add(after, "portgroup", _xml.clone(each))
    return calls
