# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role hypervisor writes for several hosts: names, host keys, keys and the use of them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

ROLE = Path(__file__).resolve().parents[2] / "roles" / "hypervisor"
FACTS: dict[str, dict[str, t.Any]] = {
    "host1": {"hostname": "kvm1", "fqdn": "kvm1.example.org", "ssh_host_key_ed25519_public": "AAAA1"},
    "host2": {
        "hostname": "host2",
        "fqdn": "localhost",
        "ssh_host_key_rsa_public": "RRRR2",
        "ssh_host_key_rsa_public_keytype": "ssh-rsa",
    },
    "host3": {"hostname": "host3", "default_ipv4": {"address": "10.0.0.3"}},
}
INVENTORY = {
    "hypervisors": {
        "hosts": {
            "host1": {"ansible_host": "192.168.77.11"},
            "host2": {"ansible_host": "192.168.77.12", "hypervisor_address": "fd00::12"},
            "host3": {"ansible_host": "host3.mgmt.example.org"},
            "host4": {"ansible_host": "never.reached.example.org"},
        }
    },
    "storage": {"hosts": {"storage1": {"ansible_host": "192.168.77.10"}, "host1": {}}},
}

# What host1 let in before: a peer whose key is not known now, an operator, and one that is no peer any more.
LET_IN = (
    'restrict,from="fd00::12" ssh-ed25519 OLD minicloud-migrate@host2',
    "ssh-ed25519 X operator@host2",
    'restrict,from="10.0.0.9" ssh-ed25519 GONE minicloud-migrate@host9',
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each template as it is for host1, rendered by Ansible itself with made-up facts and keys."""
    place = tmp_path_factory.mktemp("role")
    (place / "hosts.json").write_text(json.dumps(INVENTORY), encoding="utf-8")
    (place / "facts.json").write_text(json.dumps({"facts": FACTS}), encoding="utf-8")
    names = [path.name for path in sorted((ROLE / "templates").iterdir())]
    tasks: list[dict[str, t.Any]] = [
        {
            "ansible.builtin.set_fact": {name: f"{{{{ facts[inventory_hostname].{name} }}}}", "cacheable": True},
            "when": when,
        }
        for name in sorted({name for facts in FACTS.values() for name in facts})
        for when in [f"(facts[inventory_hostname] | default({{}})).{name} is defined"]
    ]
    tasks.append(
        {
            "ansible.builtin.set_fact": {
                "__hypervisor_key": {"ssh_public_key": "ssh-ed25519 K {{ inventory_hostname }}"}
            },
            "when": "inventory_hostname != 'host2'",
        }
    )
    let_in = base64.b64encode("\n".join(LET_IN).encode()).decode()
    tasks.append({"ansible.builtin.set_fact": {"__hypervisor_let_in": {"content": let_in}}})
    tasks.extend(
        {
            "ansible.builtin.copy": {
                "content": f"{{{{ lookup('ansible.builtin.template', '{ROLE}/templates/{name}') }}}}",
                "dest": str(place / name),
                "mode": "0644",
            },
            "when": "inventory_hostname == 'host1'",
        }
        for name in names
    )
    play = {
        "hosts": "hypervisors",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(place / "facts.json"), str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml")],
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": tasks,
    }
    (place / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "play.json"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp"), "ANSIBLE_INVENTORY_ENABLED": "yaml"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: (place / name).read_text(encoding="utf-8").strip() for name in names}


def test_names(written: dict[str, str]) -> None:
    assert written["hosts.j2"].splitlines() == [
        "192.168.77.11 kvm1.example.org kvm1 host1",
        "fd00::12 host2",
        "10.0.0.3 host3",
        "192.168.77.10 storage1",
    ]


def test_host_keys(written: dict[str, str]) -> None:
    assert written["known_hosts.j2"].splitlines() == [
        "host1,kvm1,192.168.77.11 ssh-ed25519 AAAA1",
        "host2,fd00::12 ssh-rsa RRRR2",
    ]


def test_keys_are_let_in_from_their_hosts_alone(written: dict[str, str]) -> None:
    assert written["authorized_keys.j2"].splitlines() == ['restrict,from="10.0.0.3" ssh-ed25519 K host3', LET_IN[0]]


def test_use_of_the_key(written: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config").write_text(written["ssh_config.j2"] + "\n", encoding="utf-8")

    def identity(host: str) -> str:
        told = subprocess.check_output(["ssh", "-G", "-F", str(tmp_path / "config"), host], text=True)
        return next(line for line in told.splitlines() if line.startswith("identityfile"))

    used = "identityfile /root/.ssh/id_minicloud_migrate"
    if os.geteuid() == 0:
        assert [identity(host) for host in ("host2", "fd00::12", "host3", "10.0.0.3")] == [used] * 4
    assert identity("host1") != used
    assert identity("elsewhere.example.org") != used
