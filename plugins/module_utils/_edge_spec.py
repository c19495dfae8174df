# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An argument spec cut down to what is left for Ansible to do.

Ansible goes through every option of every entry of a list, and through those of its lists in turn: of 500 domains with
a disk and an interface through some hundred thousand, nearly none of which is given. And it goes through the given ones
a dozen times, to convert, refuse and complete them, where nearly all are what they shall be already.
"""

from __future__ import annotations

import typing as t

Spec = t.Dict[str, t.Any]

# What is understood of a spec; with anything else in it, the values are Ansible's to judge.
_KNOWN = frozenset(("type", "elements", "options", "choices", "required", "default", "no_log"))
_TYPES: dict[str, t.Any] = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


class _ForAnsibleError(Exception):
    """There is something to convert, to refuse or to mask."""


def cut(spec: Spec, params: Spec) -> tuple[Spec, Spec, Spec]:
    """A module's spec and the options given as they are left for Ansible, and the values it has nothing to do with.

    A list whose entries have nothing to convert, to refuse or to mask is completed here; Ansible gets an empty one. Of
    others it gets the options that any of the entries has, and those that are never left out.
    """
    left, given, plain = {}, dict(params), _Plain()
    done: Spec = {}
    for option, each in spec.items():
        value = params.get(option)
        left[option] = each
        if value is None or not each.get("options"):
            continue
        try:
            done[option] = plain.completed(each, value)
            left[option] = {key: said for key, said in each.items() if key != "options"}
            given[option] = type(value)()
        except _ForAnsibleError:
            left[option] = _below(each, [value])
    return left, given, done


class _Plain:
    """Values with the defaults of what they leave out, as Ansible would return them."""

    def __init__(self) -> None:
        # By the identity of a spec: its defaults, and what has to be given.
        self._fixed: dict[int, tuple[Spec, list[str]]] = {}

    def completed(self, each: Spec, value: t.Any) -> t.Any:
        if not _KNOWN.issuperset(each) or each.get("no_log"):
            raise _ForAnsibleError
        if each["type"] == "list" and isinstance(value, list):
            return [self._item(each, each.get("elements"), item) for item in value]
        return self._item(each, each["type"], value)

    def _item(self, each: Spec, kind: str | None, value: t.Any) -> t.Any:
        # Of a sort that is not here nothing is plain. A bool is an int of Python's.
        fits = isinstance(value, _TYPES.get(kind or "", ()))
        if not fits or (kind == "int" and isinstance(value, bool)):
            raise _ForAnsibleError
        if "choices" in each and value not in each["choices"]:
            raise _ForAnsibleError
        return self._entry(each["options"], value) if "options" in each else value

    def _entry(self, spec: Spec, entry: Spec) -> Spec:
        if id(spec) not in self._fixed:
            defaults = {option: each["default"] for option, each in spec.items() if each.get("default") is not None}
            self._fixed[id(spec)] = (defaults, [option for option, each in spec.items() if each.get("required")])
        defaults, required = self._fixed[id(spec)]
        said = {option: value for option, value in entry.items() if value is not None}
        # What is null and may not be is Ansible's.
        if not entry.keys() <= spec.keys() or (len(said) < len(entry) and any(each in entry for each in defaults)):
            raise _ForAnsibleError
        if any(option not in said for option in required):
            raise _ForAnsibleError
        return {**defaults, **{option: self.completed(spec[option], value) for option, value in said.items()}}


def _below(each: Spec, values: list[t.Any]) -> Spec:
    """The spec of an option that was given these values."""
    if not each.get("options"):
        return each
    items = values
    if each["type"] == "list":
        if not all(isinstance(value, list) for value in values):
            return each
        items = [item for value in values for item in value]
    # Anything else is for Ansible to convert, or to refuse.
    return {**each, "options": _given(each["options"], items)} if all(isinstance(i, dict) for i in items) else each


def _given(spec: Spec, items: list[Spec]) -> Spec:
    """The options that any item has, and those that are never left out."""
    given: set[str] = set().union(*items)
    if not given <= set(spec):
        # Ansible refuses it, and names all that there are.
        return spec
    kept = {}
    for option, each in spec.items():
        if option in given:
            kept[option] = _below(each, [item[option] for item in items if item.get(option) is not None])
        elif each.get("required") or each.get("default") is not None:
            kept[option] = each
    return kept
