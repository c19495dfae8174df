# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An argument spec cut down to what a task says.

Ansible goes through every option of every entry of a list, and through those of its lists in turn: of 500 domains with
a disk and an interface through some hundred thousand, nearly none of which is given.
"""

from __future__ import annotations

import typing as t

Spec = t.Dict[str, t.Any]


def cut(spec: Spec, params: Spec) -> Spec:
    """The spec of a module, with all its own options, without those of their entries that nobody has given."""
    return {
        option: each if params.get(option) is None else _below(each, [params[option]]) for option, each in spec.items()
    }


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
