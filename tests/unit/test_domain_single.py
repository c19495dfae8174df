# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A device that a domain has once comes and goes as a whole, in the definition and while the domain runs."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_live, _note, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import Plan

PORT = "<controller type='pci' index='0' model='pcie-root'/><controller type='pci' index='1' model='pcie-root-port'/>"
VSOCK = (
    "<vsock model='virtio'><cid auto='yes' address='3'/><alias name='vsock0'/>"
    "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></vsock>"
)
DECLARED: dict[str, t.Any] = {"name": "a", "state": "present", "timeout": 5, "vsock": {"auto_cid": True}}
WITHOUT = {key: value for key, value in DECLARED.items() if key != "vsock"}


def domain(devices: str, declared: dict[str, t.Any]) -> t.Any:
    tree = _xml.parse(f"<domain type='qemu'><name>a</name><devices>{PORT}{devices}</devices></domain>", "it")
    _note.write(tree, _note.Note(declared=_note.without_secrets(Domain.rows, declared)))
    return tree


def live(desired: dict[str, t.Any], tree: t.Any) -> Plan:
    plan = Plan("a", "present")
    note = _note.read(tree)
    _domain_live.plan(desired, tree, lambda each: Domain().forgotten(desired, each, note), plan, True)
    return plan


def actions(plan: Plan) -> list[tuple[str, str]]:
    return [(step.args["action"].verb, step.args["action"].field) for step in plan.steps]


def test_in_the_definition() -> None:
    tree = domain(VSOCK, DECLARED)
    changes = Domain().definition(WITHOUT, tree)
    assert [(change.field, change.after) for change in changes] == [("vsock", None)]
    assert _xml.find(tree, "devices/vsock") is None
    assert Domain().definition(WITHOUT, tree) == []


def test_somebody_else_s_stays() -> None:
    tree = domain(VSOCK, WITHOUT)
    assert Domain().definition(WITHOUT, tree) == []
    changed = domain(VSOCK.replace("auto='yes'", "auto='no'"), DECLARED)
    assert Domain().definition(WITHOUT, changed) == []
    assert _xml.find(changed, "devices/vsock") is not None


@pytest.mark.parametrize(
    ("desired", "tree", "verbs"),
    [
        (DECLARED, domain("", WITHOUT), [("attach", "vsock")]),
        (WITHOUT, domain(VSOCK, DECLARED), [("detach", "vsock"), ("settle", "")]),
        (DECLARED, domain(VSOCK, DECLARED), []),
    ],
)
def test_while_it_runs(desired: dict[str, t.Any], tree: t.Any, verbs: list[tuple[str, str]]) -> None:
    plan = live(desired, tree)
    assert actions(plan) == verbs
    assert plan.restart_required == []


def test_what_is_changed_in_it_waits() -> None:
    plan = live({**DECLARED, "vsock": {"auto_cid": False, "cid": 7}}, domain(VSOCK, DECLARED))
    assert actions(plan) == []
    assert sorted(plan.restart_required) == ["vsock.auto_cid", "vsock.cid"]


def test_without_a_free_port_it_waits() -> None:
    taken = "<rng model='virtio'><address type='pci' domain='0' bus='0x01' slot='0x00' function='0x0'/></rng>"
    plan = live(DECLARED, domain(taken, WITHOUT))
    assert actions(plan) == []
    assert plan.restart_required == ["vsock"]
