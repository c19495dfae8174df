# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the roles iscsi_target and iscsi_initiator make of one inventory: each knows of the other's hosts from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
import uuid
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _iscsi_session_task,
    _iscsi_target_options,
    _pool_types,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import wwid

ROLES = Path(__file__).resolve().parents[2] / "roles"
IQN = "iqn.2026-01.org.example:Storage"
INVENTORY: dict[str, t.Any] = {
    "storage": {
        "hosts": {
            "storage1": {
                "iscsi_target_name": IQN,
                "iscsi_target_portals": [{"address": "192.0.2.10"}, {"address": "2001:db8::10", "port": 3261}],
                "iscsi_target_luns": [
                    {"lun": 0, "name": "minicloud", "size": "1.5GiB"},
                    {"lun": 1, "name": "fast", "size": "10GB", "thin": True, "attributes": {"emulate_tpws": 1}},
                    {"lun": 2, "name": "own", "device": "/dev/x", "wwn": "3F0C3A2E-6e5e-4a3b-8f55-0b6f4b0a2b11"},
                    {"lun": 3, "name": "iso", "file": "/srv/iso", "size": "1GiB"},
                    {"lun": 4, "name": "old", "size": "1GiB", "state": "absent"},
                ],
            },
            "storage2": {"iscsi_target_name": f"{IQN}2", "iscsi_target_portals": [{"address": "192.0.2.11"}]},
            "nfs": {},
        }
    },
    "hypervisors": {
        "hosts": {
            "host1": {
                "iscsi_initiator_name": "iqn.2026-01.org.example:host1",
                "iscsi_initiator_userid": "host1",
                "iscsi_initiator_password": "it's a 'long' \"secret\" # \\",
                "iscsi_initiator_mutual_userid": "storage",
                "iscsi_initiator_mutual_password": "another-long-secret",
            },
            "host2": {},
        }
    },
}
WANTED = {
    "iscsi_target": [
        "__iscsi_target_luns",
        "__iscsi_target_volumes",
        "iscsi_target_initiators",
        "__iscsi_target_ports",
    ],
    "iscsi_initiator": [
        "iscsi_initiator_targets",
        "iscsi_initiator_multipaths",
        "iscsi_initiator_settings",
        "iscsi_initiator_pool",
        "iscsi_initiator_volume_groups",
    ],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    """The roles' variables, as Ansible itself makes them, on a host of either group; and multipath.conf's part."""
    place = tmp_path_factory.mktemp("roles")
    groups = {"all": {"children": INVENTORY}}
    (place / "hosts.json").write_text(json.dumps(groups), encoding="utf-8")
    plays: list[dict[str, t.Any]] = []
    for role, host in (("iscsi_target", "storage1"), ("iscsi_initiator", "host1")):
        tasks: list[dict[str, t.Any]] = [
            {
                "ansible.builtin.copy": {
                    "dest": str(place / name),
                    "content": f"{{{{ {name} | to_json }}}}",
                    "mode": "0600",
                }
            }
            for name in WANTED[role]
        ]
        if role == "iscsi_initiator":
            tasks.append(
                {
                    "ansible.builtin.template": {
                        "src": str(ROLES / role / "templates" / "multipath.conf.j2"),
                        "dest": str(place / "multipath.conf"),
                        "mode": "0600",
                    }
                }
            )
        # As a role has them: the inventory wins over the defaults.
        defaults = yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text())
        own = {name: value for name, value in defaults.items() if name not in INVENTORY["storage"]["hosts"]["storage1"]}
        (place / f"{role}.json").write_text(json.dumps(own), encoding="utf-8")
        plays.append(
            {
                "hosts": host,
                "connection": "local",
                "gather_facts": False,
                "vars": {"ansible_python_interpreter": sys.executable},
                "vars_files": [str(place / f"{role}.json"), str(ROLES / role / "vars" / "main.yml")],
                "tasks": tasks,
            }
        )
    (place / "play.json").write_text(json.dumps(plays), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "play.json"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp"), "ANSIBLE_INVENTORY_ENABLED": "yaml"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = {name: json.loads((place / name).read_text()) for names in WANTED.values() for name in names}
    return {**found, "multipath.conf": (place / "multipath.conf").read_text()}


def validated(spec: dict[str, t.Any], options: dict[str, t.Any]) -> dict[str, t.Any]:
    result = ArgumentSpecValidator(spec).validate(options)
    assert result.error_messages == []
    parameters: dict[str, t.Any] = result.validated_parameters
    return parameters


def test_the_target_as_the_module_takes_it(told: dict[str, t.Any]) -> None:
    assert [each["name"] for each in told["__iscsi_target_volumes"]] == ["minicloud", "fast"]
    assert told["__iscsi_target_ports"] == [3260, 3261]
    options = {
        "name": IQN,
        "portals": INVENTORY["storage"]["hosts"]["storage1"]["iscsi_target_portals"],
        "luns": told["__iscsi_target_luns"],
        "initiators": told["iscsi_target_initiators"],
    }
    wanted = _iscsi_target_options.read_options(validated(_iscsi_target_options.OPTIONS, options))[0]
    backstores = {lun.lun: lun.backstore for lun in wanted.luns}
    assert [backstores[lun] is not None and backstores[lun].path for lun in range(5)] == [
        "/dev/minicloud/minicloud",
        "/dev/minicloud/fast",
        "/dev/x",
        "/srv/iso",
        False,
    ]
    assert backstores[1] is not None
    assert backstores[1].attributes == {"emulate_tpu": "1", "emulate_tpws": "1"}
    host1 = INVENTORY["hypervisors"]["hosts"]["host1"]
    assert wanted.initiators is not None
    assert list(wanted.initiators) == [host1["iscsi_initiator_name"]]
    auth = wanted.initiators[host1["iscsi_initiator_name"]].auth
    assert (auth.userid, auth.password) == ("host1", host1["iscsi_initiator_password"])
    # What the hypervisors call these disks is what LIO will call them; and the one of a server that declares none.
    serial = uuid.uuid5(_iscsi_target_options._SERIALS, f"{IQN.lower()}2/minicloud")
    default = wwid(str(serial))
    called = [(one["alias"], one["wwid"]) for one in told["iscsi_initiator_multipaths"]]
    expected = [(one.name, wwid(one.wwn)) for one in backstores.values() if one is not None]
    assert called == [*expected, ("minicloud", default)]


def test_the_initiator_knows_the_luns_that_the_target_has_by_default() -> None:
    offered = yaml.safe_load((ROLES / "iscsi_target/defaults/main.yml").read_text())["iscsi_target_luns"]
    expected = yaml.safe_load((ROLES / "iscsi_initiator/vars/main.yml").read_text())["__iscsi_initiator_default_luns"]
    assert [{"lun": lun["lun"], "name": lun["name"]} for lun in offered] == expected


def test_the_pool_as_the_module_takes_it(told: dict[str, t.Any]) -> None:
    pool = told["iscsi_initiator_pool"]
    assert pool["source"] == {"name": "guests", "devices": [{"path": "/dev/mapper/minicloud"}]}
    assert told["iscsi_initiator_volume_groups"] == ["guests"]
    # A machine that is both has the storage node's own volume group too.
    target = yaml.safe_load((ROLES / "iscsi_target/defaults/main.yml").read_text())
    assert target["iscsi_target_volume_group"] != pool["source"]["name"]
    _pool_types.check("shared", pool["type"], {"name": "shared", **pool}, new=True)


def test_the_sessions_as_the_module_takes_them(told: dict[str, t.Any]) -> None:
    options = {"targets": told["iscsi_initiator_targets"], "settings": told["iscsi_initiator_settings"]}
    wanted = _iscsi_session_task.read_options(validated(_iscsi_session_task.OPTIONS, options))
    assert [one.target for one in wanted] == [IQN.lower(), IQN.lower() + "2"]
    assert [str(portal) for portal in wanted[0].portals] == ["192.0.2.10:3260", "[2001:db8::10]:3261"]
    assert wanted[0].settings == {"node.session.timeo.replacement_timeout": "5"}


def test_multipathd_takes_no_block_on_one_line(told: dict[str, t.Any]) -> None:
    lines = [line.strip() for line in told["multipath.conf"].splitlines() if not line.lstrip().startswith("#")]
    assert all(line.endswith("{") == ("{" in line) for line in lines)
    assert all(line == "}" for line in lines if "}" in line)
    assert sum(line.endswith("{") for line in lines) == lines.count("}")
    assert lines.count("multipath {") == 5
    assert 'alias "minicloud"' in lines
