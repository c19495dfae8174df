# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role nfs_server makes of its variables: exports, settings, ports; and how it looks at a machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[2] / "roles" / "nfs_server"
TASKS = yaml.safe_load((ROLE / "tasks" / "look.yml").read_text(encoding="utf-8"))
RESULTS = (
    "__nfs_server_declared",
    "__nfs_server_open_ports",
    "__nfs_server_firewalld_services",
    "__nfs_server_firewalld_ports",
    "__nfs_server_running_versions",
    "__nfs_server_differs",
)
CASES: dict[str, tuple[dict[str, t.Any], list[str]]] = {
    "defaults": ({}, ["threads=8", "versions=+3 +4 +4.1 +4.2"]),
    "nothing runs": ({"nfs_server_threads": 4}, ["firewalld=yes"]),
    "old": (
        {
            "nfs_server_versions": ["3", "4.2"],
            "nfs_server_threads": 16,
            "nfs_server_conf": {"nfsd": {"grace-time": 30}, "exportd": {"ttl": 60}},
            "nfs_server_exports": [
                {"path": "/a", "owner": 5, "mode": "0750", "clients": [{"host": "h"}]},
                {"path": "/b", "state": "absent", "mode": "0700"},
            ],
        },
        ["threads=16", "versions=+3 +4 -4.0 -4.1 +4.2"],
    ),
    "only 4.2": ({"nfs_server_versions": ["4.2"]}, ["threads=8", "versions=+3 +4 +4.1 +4.2"]),
    "only 4.0": ({"nfs_server_versions": ["4.0"]}, ["threads=8", "versions=-3 +4 -4.1 -4.2"]),
    "other ports": (
        {
            "nfs_server_versions": [3],
            "nfs_server_ports": {"mountd": 892, "statd": 662, "statd_outgoing": 2020, "lockd": 32803},
        },
        ["threads=0", "versions=+3 +4"],
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, t.Any]]:
    """Each case's results and its nfs.conf, by Ansible itself."""
    place = tmp_path_factory.mktemp("nfs_role")
    values = {name: f"{{{{ {name} }}}}" for name in RESULTS}
    values["conf"] = f"{{{{ lookup('ansible.builtin.template', '{ROLE}/templates/nfs.conf.j2') }}}}"
    play = {
        "hosts": "storage",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml"), str(ROLE / "vars/Debian.yml")],
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [
            {
                "ansible.builtin.copy": {"content": values, "dest": str(place / f"{number}.json"), "mode": "0644"},
                "vars": {**given, "__nfs_server_look": {"stdout_lines": lines}},
            }
            for number, (given, lines) in enumerate(CASES.values())
        ],
    }
    inventory = {
        "storage": {"hosts": {"storage1": {}}},
        "hypervisors": {"hosts": {"host1": {"ansible_host": "192.0.2.11"}, "host2": {}}},
    }
    (place / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    (place / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "play.json"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp"), "ANSIBLE_INVENTORY_ENABLED": "yaml"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: json.loads((place / f"{number}.json").read_text()) for number, name in enumerate(CASES)}


def test_nothing_declared_sets_nothing(told: dict[str, dict[str, t.Any]]) -> None:
    plain = told["defaults"]
    assert plain["__nfs_server_declared"] == [
        {"path": "/srv/minicloud", "directory": {"owner": "64055", "group": "64055", "mode": "0770"}}
    ]
    assert [line for line in plain["conf"].splitlines() if line and not line.startswith("#")] == []
    assert plain["__nfs_server_differs"] is False
    assert plain["__nfs_server_open_ports"] == ["2049/tcp"]
    assert plain["__nfs_server_firewalld_services"] == ["nfs"]
    assert plain["__nfs_server_firewalld_ports"] == []


def test_exports_and_their_directories(told: dict[str, dict[str, t.Any]]) -> None:
    assert told["old"]["__nfs_server_declared"] == [
        {
            "path": "/a",
            "clients": [{"host": "h"}],
            "directory": {"owner": "5", "group": "64055", "mode": "0750"},
        },
        {"path": "/b", "state": "absent"},
    ]


def test_settings(told: dict[str, dict[str, t.Any]], tmp_path: Path) -> None:
    (tmp_path / "nfs.conf").write_text(told["old"]["conf"], encoding="utf-8")
    assert told["old"]["conf"].splitlines()[1:] == [
        *("", "[nfsd]", "threads = 16", "vers3 = y", "vers4 = y", "vers4.0 = n", "vers4.1 = n", "vers4.2 = y"),
        *("grace-time = 30", "", "[mountd]", "port = 20048", "", "[statd]", "port = 32765", "outgoing-port = 32766"),
        *("", "[lockd]", "port = 32767", "udp-port = 32767", "", "[exportd]", "ttl = 60"),
    ]
    only = told["only 4.2"]["conf"]
    assert "vers3 = n\nvers4 = y\nvers4.0 = n\nvers4.1 = n\nvers4.2 = y\n" in only
    assert "port" not in only


def test_what_runs_is_compared(told: dict[str, dict[str, t.Any]]) -> None:
    assert {name: case["__nfs_server_running_versions"] for name, case in told.items()} == {
        "defaults": ["3", "4.0", "4.1", "4.2"],
        "nothing runs": [],
        "old": ["3", "4.2"],
        "only 4.2": ["3", "4.0", "4.1", "4.2"],
        "only 4.0": ["4.0"],
        "other ports": ["3", "4.0"],
    }
    assert {name for name, case in told.items() if case["__nfs_server_differs"]} == {"only 4.2"}


def test_ports(told: dict[str, dict[str, t.Any]]) -> None:
    old, other = told["old"], told["other ports"]
    assert old["__nfs_server_firewalld_services"] == ["nfs", "rpc-bind", "mountd"]
    assert old["__nfs_server_firewalld_ports"] == ["32765/tcp", "32765/udp", "32767/tcp", "32767/udp"]
    assert other["__nfs_server_firewalld_services"] == ["nfs", "rpc-bind"]
    assert other["__nfs_server_open_ports"] == [
        *("2049/tcp", "111/tcp", "111/udp", "892/tcp", "892/udp", "662/tcp", "662/udp", "32803/tcp", "32803/udp")
    ]
    assert told["only 4.2"]["__nfs_server_open_ports"] == ["2049/tcp"]


RULESET = """\
table inet f2b-table {
	set addr-set-sshd {
		type ipv4_addr
		elements = { 192.0.2.1 }
	}
	chain f2b-chain {
		type filter hook input priority filter - 1; policy accept;
		tcp dport { 22 } ip saddr @addr-set-sshd reject with icmp port-unreachable
	}
}
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}
table inet firewalld {
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		reject with icmpx admin-prohibited
	}
}
table inet filter {
	chain forward {
		type filter hook forward priority filter; policy drop;
	}
	chain input {
		type filter hook input priority filter; policy accept;
		ct state established,related accept
		tcp dport { 22, 80 } accept
		counter packets 0 bytes 0 drop
	}
}
"""


@pytest.mark.parametrize(
    ("ruleset", "found"),
    [
        ("", ""),
        (RULESET, "nftables=inet filter input"),
        (RULESET.replace("counter packets 0 bytes 0 drop", "counter packets 0 bytes 0 accept"), ""),
        (RULESET.replace("22, 80", "22, 2049"), ""),
        (RULESET.replace("22, 80", "22, nfs"), ""),
        (RULESET.replace("dport { 22, 80 } accept", "dport 22 drop").replace("0 drop", "0 accept"), ""),
        (RULESET.partition("table inet firewalld")[0].replace("INPUT", "in"), "nftables=ip filter in"),
    ],
)
def test_a_ruleset_of_nftables(tmp_path: Path, ruleset: str, found: str) -> None:
    """The task itself, with a stand-in for nft that shows a ruleset."""
    look = next(task for task in TASKS if task.get("register") == "__nfs_server_look")["ansible.builtin.shell"]
    (tmp_path / "ruleset").write_text(ruleset, encoding="utf-8")
    (tmp_path / "nft").write_text(f'#!/bin/sh\ncat "{tmp_path}/ruleset"\n', encoding="utf-8")
    (tmp_path / "nft").chmod(0o755)
    done = subprocess.run(
        [look["executable"], "-c", look["cmd"]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("nftables")] == ([found] if found else [])
