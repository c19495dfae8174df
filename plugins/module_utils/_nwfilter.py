# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Network filters (https://libvirt.org/formatnwfilter.html): what the packets of guests' interfaces have to pass."""

from __future__ import annotations

import difflib
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt_objects, _merge, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import NAME, Integer, Text, Uuid, Value
from ansible_collections.minicloud.kvm.plugins.module_utils._definable import XML, Definable, Found, World
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._nwfilter_rules import RULE, ignored, make, says, whole
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Change, Many, Options, Row, edit

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Handle, Host
    from lxml.etree import _Element as Element


class _InOrder(Many):
    """A list that is what it says, entry by entry: its order counts, and what an entry does not say is not in it."""

    def entry(self, element: Element) -> Options:
        """What an existing entry says."""
        raise NotImplementedError

    def read(self, element: Element) -> Value | None:
        return [self.entry(each) for each in self.elements(element)]

    def agrees(self, wanted: Value, found: Value | None) -> bool:
        return bool(wanted == (found or []))

    def edit(self, element: Element, wanted: Value, field: str) -> list[Change]:
        elements = self.elements(element)
        found = self.read(element)
        if self.agrees(wanted, found):
            return []
        # Entries that stay keep their place among what else there is.
        kept: dict[int, int] = {}
        for there, here, size in difflib.SequenceMatcher(
            None,
            [repr(sorted(each.items())) for each in found or []],
            [repr(sorted(each.items())) for each in wanted],
            False,
        ).get_matching_blocks():
            kept.update((here + index, there + index) for index in range(size))
        last: Element | None = None
        for index, item in enumerate(wanted):
            each = elements[kept[index]] if index in kept else self.make(item)
            if index not in kept:
                if last is not None:
                    last.addnext(each)
                elif elements:
                    elements[0].addprevious(each)
                else:
                    element.append(each)
            last = each
        for index, each in enumerate(elements):
            if index not in kept.values():
                element.remove(each)
        return [Change(field, self.show(found) or None, self.show(wanted), self)]


class _Rules(_InOrder):
    def mean(self, field: str, value: Value) -> Value:
        return [whole("{0}[{1}].".format(field, i), each) for i, each in enumerate(super().mean(field, value))]

    def entry(self, element: Element) -> Options:
        return says(element)

    def make(self, item: Options) -> Element:
        return make(item)


class _References(_InOrder):
    """libvirt keeps the parameters of a reference by name; the values of one name are in their order."""

    def mean(self, field: str, value: Value) -> Value:
        return [self._sorted(each) for each in super().mean(field, value)]

    def entry(self, element: Element) -> Options:
        return self._sorted({row.option: row.read(element) for row in self.rows})

    def make(self, item: Options) -> Element:
        element = _xml.new("filterref", filter=item["filter"])
        for each in item.get("parameters", ()):
            element.append(_xml.new("parameter", **each))
        return element

    def _sorted(self, item: Options) -> Options:
        parameters = sorted(item.get("parameters") or (), key=lambda each: str(each["name"]))
        return {"filter": item["filter"], **({"parameters": parameters} if parameters else {})}


class _Entries(_InOrder):
    """All entries of a document, rules and references in the order they are in."""

    def elements(self, element: Element) -> list[Element]:
        return [each for each in element if each.tag in ("rule", "filterref")]

    def entry(self, element: Element) -> Options:
        return _RULES.entry(element) if element.tag == "rule" else _REFERENCES.entry(element)

    def make(self, item: Options) -> Element:
        return _RULES.make(item) if "action" in item else _REFERENCES.make(item)

    def show(self, value: Value) -> Value:
        return [_xml.canonical(self.make(item)) for item in value]


class _Chain(Text):
    """A chain; one of another has the priority of that, unless it is declared too."""

    def write(self, element: Element, place: str, value: Value) -> None:
        _xml.drop(element, "@priority")
        super().write(element, place, value)


_REFERENCES = _References(
    "filterrefs",
    "filterref",
    (
        Row("filter", "@filter", NAME, required=True, help="Name of the other filter."),
        Many(
            "parameters",
            "parameter",
            (
                Row(
                    "name",
                    "@name",
                    Text(r"[A-Za-z0-9_]+", "letters, digits and underscores are wanted"),
                    required=True,
                    help="Name, such as V(IP).",
                ),
                Row(
                    "value",
                    "@value",
                    Text(r"[A-Za-z0-9_.:]+", "letters, digits, _ . and : are wanted"),
                    required=True,
                    help="Value.",
                ),
            ),
            help="Variables of the other filter; a name may come several times.",
        ),
    ),
    help="Other filters that this one takes in, in this order. Those of a new filter stand before its rules.",
)
_RULES = _Rules(
    "rules",
    "rule",
    RULE,
    help="The rules, in this order. A rule is what it says here and nothing else. Where a value is wanted, a "
    "variable such as V($IP) may stand.",
)
_ENTRIES = _Entries("xml", "*", ())


class NwFilter(Definable):
    singular, plural, tag = "nwfilter", "nwfilters", "filter"
    parts = "uuid|rule|filterref"
    rows = (
        Row("name", "@name", NAME, keep=True, help="Name of the filter. May be left out where O(xml) has it."),
        Row(
            "state",
            None,
            help="V(present) is defined; V(absent) is not. One that a running guest's interface has is not taken away.",
            choices=("present", "absent"),
            default="present",
        ),
        Row("uuid", "uuid", Uuid(), keep=True, help="UUID. Left out, a new one is made and an existing one kept."),
        Row(
            "chain",
            "@chain",
            _Chain(
                r"root|(?=.{1,12}$)(mac|stp|vlan|arp|rarp|ipv4|ipv6)[A-Za-z0-9_.:-]*",
                "root is wanted, or mac, stp, vlan, arp, rarp, ipv4 or ipv6, with more behind it if you like, "
                "of at most 12 letters, digits, _ . : and -",
            ),
            absent="root",
            help="The chain that the rules are in: V(root), or one that begins with V(mac), V(stp), V(vlan), V(arp), "
            "V(rarp), V(ipv4) or V(ipv6) and sees only such packets.",
        ),
        Row(
            "priority",
            "@priority",
            Integer(-1000, 1000),
            help="Chains with a lower number come first; a new filter has libvirt's default for its O(chain).",
        ),
        _REFERENCES,
        _RULES,
        XML,
    )

    def identity(self, desired: Options) -> str:
        return str(desired["name"])

    def handles(self, host: Host) -> list[Handle]:
        return _libvirt_objects.nwfilters(host)

    def title(self, handle: Handle) -> str:
        return str(handle.name())

    def xml(self, handle: Handle) -> str:
        return _libvirt_objects.nwfilter_xml(handle)

    def define_xml(self, host: Host, name: str, xml: str) -> Handle:
        return _libvirt_objects.nwfilter_define(host, name, xml)

    def undefine_handle(self, handle: Handle) -> None:
        _libvirt_objects.nwfilter_undefine(handle)

    def fresh(self, desired: Options) -> Element:
        # Without a chain libvirt would not look at the priority.
        return _xml.new("filter", chain="root")

    def definition(self, desired: Options, tree: Element) -> list[Change]:
        """A document's entries are all there are, if it has any; a single one is added where none says the same."""
        changes = edit(self.rows, tree, desired)
        if "xml" not in desired:
            return changes
        given = _xml.clone(desired["xml"].tree)
        edit(self.rows, given, desired)
        wanted: list[Options] = _ENTRIES.read(given) or []
        for each in _ENTRIES.elements(given):
            given.remove(each)
        if given.get("chain", tree.get("chain")) != tree.get("chain") and given.get("priority") is None:
            _xml.drop(tree, "@priority")  # another chain has another default
        changes += _merge.merge(tree, given)
        if not desired["xml"].whole:
            found: list[Options] = _ENTRIES.read(tree) or []
            wanted = [*found, *(each for each in wanted if each not in found)]
        return changes + (_ENTRIES.edit(tree, wanted, "xml") if wanted else [])

    def complete(self, desired: Options, found: Found | None, tree: Element, plan: Plan) -> None:
        for rule in _xml.find_all(desired["xml"].tree, "rule") if "xml" in desired else []:
            words = ignored(rule)
            if words and "rules" not in desired:
                text = "Network filter {0}: libvirt ignores {1} of a rule in xml: {2}"
                plan.warnings.append(text.format(plan.name, ", ".join(words), _xml.canonical(rule)))

    def look(self, handle: Handle, desired: Options) -> Found:
        found = super().look(handle, desired)
        # libvirt leaves 0 out, and would take the chain's default when it is defined again.
        if _xml.get(found.tree, "@priority") is None:
            _xml.put(found.tree, "@priority", "0")
        return found

    def survey(self, host: Host, desired: list[Options]) -> World:
        world = super().survey(host, desired)
        if any(each["state"] == "absent" for each in desired):
            for text in _libvirt_objects.nwfilter_bindings(host):
                binding = _xml.parse(text, "A binding of a network filter")
                found = world.found.get(_xml.get(binding, "filterref/@filter") or "")
                if found:
                    found.facts["user"] = _xml.get(binding, "owner/name")
        return world

    def plan(self, desired: Options, world: World) -> Plan:
        plan = super().plan(desired, world)
        found = world.found.get(plan.name)
        if desired["state"] == "absent" and found and "user" in found.facts:
            text = "Network filter {0} is in use by domain {1}, which is running".format(plan.name, found.facts["user"])
            if not self.check_mode:
                raise KvmError(text + ": it stays.", error_code="in_use", remedy="Take it from the interface first.")
            # An earlier task of this check may have done that.
            plan.warnings.append(text + "; it is taken as about to be free.")
        return plan
