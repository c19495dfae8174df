# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt's XML: read, look up, edit in place. The only importer of lxml.

A *place* says where a value lives, relative to an element: ``memory`` (the element's text), ``@type`` (an attribute),
``cpu/topology/@cores`` (an attribute further down). A step may be told from its siblings by an attribute, as in
``sysinfo[@type='smbios']``, and may have a namespace, as in ``{http://an.org/1.0}os``. Editing keeps every node that it
does not name.
"""

from __future__ import annotations

import copy
import functools
import re
import traceback
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

LXML_IMPORT_ERROR: str | None = None
try:
    from lxml import etree
except ImportError:
    LXML_IMPORT_ERROR = traceback.format_exc()

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

# The prefixes that other tools write too, where they matter to a reader of the XML.
_PREFIXES = {
    "libosinfo": "http://libosinfo.org/xmlns/libvirt/domain/1.0",
    "qemu": "http://libvirt.org/schemas/domain/qemu/1.0",
}
if LXML_IMPORT_ERROR is None:
    for _prefix, _namespace in _PREFIXES.items():
        etree.register_namespace(_prefix, _namespace)
_ATTRIBUTE = re.compile(r"(?:(.*)/)?@([\w.:-]+)")
# A namespace's address and a condition may hold slashes.
_STEP = re.compile(r"(?:\{[^}]*\}|\[[^\]]*\]|[^/{\[])+")
_CONDITION = re.compile(r"(.+)\[@([\w.:-]+)='([^']*)'\]")


def parse(text: str, what: str) -> Element:
    """The root element of an XML text without comments and blank text; ``what`` names it in the error."""
    # No network, no entities: the text may come from anywhere.
    parser = etree.XMLParser(
        remove_blank_text=True,
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        no_network=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise KvmError("{0} is not well-formed XML: {1}.".format(what, error.msg), error_code="invalid_xml") from error
    except UnicodeEncodeError as error:
        raise KvmError(
            "{0} has something in it that is no character.".format(what), error_code="invalid_xml"
        ) from error
    if isinstance(root.tag, str):
        return root
    raise KvmError("{0} has no root element.".format(what), error_code="invalid_xml")


def parse_all(text: str, what: str) -> list[Element]:
    """The root elements of a text with one document, or with several elements one after the other."""
    try:
        return [parse(text, what)]
    except KvmError:
        if re.match(r"\s*<\?xml", text):
            raise
        wrapped = parse("<several>{0}</several>".format(text), what)
        if (wrapped.text or "").strip() or any((each.tail or "").strip() for each in wrapped):
            raise
        return list(wrapped)


def write(element: Element) -> str:
    return etree.tostring(element, pretty_print=True, encoding="unicode")


def new(tag: str, text: str | None = None, **attributes: str) -> Element:
    element = etree.Element(tag, attributes)
    element.text = text
    return element


def new_in(namespace: str, prefix: str, tag: str, text: str) -> Element:
    """An element in a namespace of its own."""
    element = etree.Element("{" + namespace + "}" + tag, nsmap={prefix: namespace})
    element.text = text
    return element


def name(element: Element) -> str:
    """An element's tag, with its namespace's address."""
    return str(element.tag)


def clone(element: Element) -> Element:
    return copy.deepcopy(element)


@functools.cache
def _split(place: str) -> tuple[str, str | None]:
    """('cpu/topology', 'cores') of 'cpu/topology/@cores'; the element itself is ''."""
    match = _ATTRIBUTE.fullmatch(place)
    return (match.group(1) or "", match.group(2)) if match else (place, None)


@functools.cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(_STEP.findall(path))


def last_step(path: str) -> str:
    return _steps(path)[-1]


def _make(parent: Element, step: str) -> Element:
    """A new child such that the step finds it."""
    match = _CONDITION.fullmatch(step)
    if match is None:
        return etree.SubElement(parent, step)
    return etree.SubElement(parent, match.group(1), {match.group(2): match.group(3)})


def find(element: Element, path: str) -> Element | None:
    return element if not path else element.find(path)


def find_all(element: Element, path: str) -> list[Element]:
    return element.findall(path)


def need(element: Element, path: str) -> Element:
    """The element at a path, made where it is missing."""
    for step in _steps(path):
        child = element.find(step)
        element = _make(element, step) if child is None else child
    return element


def get(element: Element, place: str) -> str | None:
    """The text or attribute at a place; None where there is none."""
    path, attribute = _split(place)
    found = find(element, path)
    if found is None:
        return None
    if attribute is not None:
        return found.get(attribute)
    return (found.text or "").strip()


def is_padded(element: Element, place: str) -> bool:
    """Whether a text has white space around it."""
    path, attribute = _split(place)
    found = None if attribute else find(element, path)
    text = (found.text or "") if found is not None else ""
    return text != text.strip()


def get_all(element: Element, place: str) -> list[str]:
    """The texts or attributes at a place whose last element repeats."""
    path, attribute = _split(place)
    values = [found.get(attribute) if attribute else (found.text or "").strip() for found in element.findall(path)]
    return [value for value in values if value is not None]


def put(element: Element, place: str, text: str) -> None:
    path, attribute = _split(place)
    target = need(element, path)
    if attribute is not None:
        target.set(attribute, text)
    else:
        target.text = text


def put_all(element: Element, place: str, texts: t.Sequence[str]) -> None:
    """Replace all elements at a place by one for each text."""
    path, attribute = _split(place)
    drop(element, path)
    *parents, last = _steps(path)
    parent = need(element, "/".join(parents)) if texts else None
    for text in texts:
        child = _make(t.cast("Element", parent), last)
        if attribute is not None:
            child.set(attribute, text)
        else:
            child.text = text


def drop(element: Element, place: str) -> None:
    """Remove an attribute, or all elements at a path; parents that stay empty go too."""
    path, attribute = _split(place)
    if attribute is not None:
        found = find(element, path)
        if found is not None and attribute in found.attrib:
            del found.attrib[attribute]
            if found is not element:
                _drop_empty(found)
        return
    for found in element.findall(path):
        remove(found)


def remove(element: Element) -> None:
    """Take an element out of its tree, and its parent with it where that says nothing any more."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
        _drop_empty(parent)


def _drop_empty(element: Element) -> None:
    # These and the root mean something empty too.
    if len(element) or (element.text or "").strip() or element.getparent() is None:
        return
    # The type of a <sysinfo> is only which one it is.
    if element.attrib and element.tag != "sysinfo":
        return
    if element.tag not in ("devices", "dns", "features", "apic"):
        remove(element)


def add(element: Element, path: str, child: Element) -> None:
    """Append a child below a path's parent, behind the last sibling of its kind, so that devices keep their order."""
    add_child(need(element, "/".join(_steps(path)[:-1])), child)


def add_child(parent: Element, child: Element) -> None:
    siblings = parent.findall(child.tag)
    if siblings:
        siblings[-1].addnext(child)
    else:
        parent.append(child)


def canonical(element: Element) -> str:
    """A text that is the same for two trees that differ in the order of attributes or in white space only."""
    return etree.tostring(element, method="c14n").decode()
