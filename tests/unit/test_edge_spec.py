# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An argument spec that is cut down says what the whole one says."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minicloud.kvm.plugins.module_utils import _domain, _network, _pool
from ansible_collections.minicloud.kvm.plugins.module_utils._edge_libvirt import _options
from ansible_collections.minicloud.kvm.plugins.module_utils._edge_spec import cut
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import argument_spec

Given = t.Dict[str, t.Any]
DISK: Given = {"file": "/a.img", "format": "raw", "iotune": {"read_iops_sec": "5"}}
GIVEN: list[tuple[t.Any, Given]] = [
    (_domain.Domain, {"name": "a"}),
    (_domain.Domain, {"name": "a", "memory": "1GiB", "vcpus": "2", "disks": [DISK, {"target": "sda"}]}),
    (_domain.Domain, {"domains": [{"name": "a", "disks": [DISK]}, {"name": "b", "state": "running", "disks": None}]}),
    (_domain.Domain, {"domains": [{"name": "a", "interfaces": [{"network": "default", "source": None}]}]}),
    (_network.Network, {"networks": [{"name": "a", "ips": [{"address": "10.0.0.1", "prefix": 24, "dhcp": {}}]}]}),
    (_pool.Pool, {"pools": []}),
    # What Ansible converts.
    (_domain.Domain, {"domains": '[{"name": "a", "vcpus": 2}]'}),
    (_domain.Domain, {"name": "a", "cpu": "mode=host-model"}),
    (_domain.Domain, {"domains": [{"name": "a", "disks": {"file": "/a.img"}}]}),
    # What it refuses.
    (_domain.Domain, {"domains": [{"name": "a", "nonsense": 1}]}),
    (_domain.Domain, {"domains": [{"name": "a", "disks": [{**DISK, "nonsense": 1}]}]}),
    (_domain.Domain, {"domains": [{"name": "a", "state": "nonsense"}, "b"]}),
    (_domain.Domain, {"domains": [{"name": "a", "vcpus": "many"}]}),
    (_domain.Domain, {"domains": [{"name": "a", "controllers": [{}]}]}),
    (_network.Network, {"networks": [{"name": "a", "ips": [{"prefix": 24}]}]}),
]


def said(value: t.Any) -> t.Any:
    """Without what was not given."""
    if isinstance(value, dict):
        return {key: said(each) for key, each in value.items() if each is not None}
    return [said(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("kind", "given"), GIVEN)
def test_it_says_the_same(kind: t.Any, given: Given) -> None:
    spec = argument_spec(kind)
    left, kept, done = cut(argument_spec(kind, _options(kind, given)), given)
    whole, less = ArgumentSpecValidator(spec).validate(given), ArgumentSpecValidator(left).validate(kept)
    assert said({**less.validated_parameters, **done}) == said(whole.validated_parameters)
    assert less.error_messages == whole.error_messages
    assert set(less._no_log_values) == set(whole._no_log_values)


def test_it_is_less() -> None:
    spec = argument_spec(_domain.Domain)
    # What there is to convert keeps them all for Ansible.
    less, _given, done = cut(spec, {"domains": [{"name": "a", "vcpus": "2", "disks": [{"file": "/a.img"}]}]})
    assert set(less) == set(spec)
    assert done == {}
    entry = less["domains"]["options"]
    assert {"name", "disks", "state"} <= set(entry)
    assert len(entry) < 10 < len(spec["domains"]["options"])
    assert set(entry["disks"]["options"]) == {"file"}


def test_nothing_is_left() -> None:
    spec = argument_spec(_domain.Domain)
    domain = {"name": "a", "vcpus": 2, "memory": "1GiB", "disks": [{"file": "/a.img", "readonly": True}]}
    given = {"name": None, "domains": [domain]}
    less, kept, done = cut(spec, given)
    assert "options" not in less["domains"]
    defaults = {"state": "present", "force": False, "restart": "never", "timeout": 120}
    assert kept == {"name": None, "domains": []}
    assert done == {"domains": [{**defaults, **domain}]}
    assert given["domains"] == [domain]
    assert set(domain) == {"name", "vcpus", "memory", "disks"}


@pytest.mark.parametrize(
    "entry",
    [
        {"graphics": [{"type": "vnc", "password": "secret"}]},
        {"state": None},
        {"vcpus": True},
        {"state": "nonsense"},
        {"nonsense": 1},
        {"controllers": [{}]},
        {"disks": "vda"},
    ],
)
def test_it_is_for_ansible(entry: Given) -> None:
    spec = argument_spec(_domain.Domain)
    assert "options" in cut(spec, {"domains": [{"name": "a", **entry}]})[0]["domains"]
