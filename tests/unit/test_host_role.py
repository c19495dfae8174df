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

# What host1 has been told before, when host2's key was another and host4 was still there.
WRITTEN = {
    "/root/.ssh/authorized_keys": (
        "ssh-ed25519 X minicloud-migrate@host4",
        "# BEGIN minicloud.kvm hypervisors",
        'restrict,from="fd00::12" ssh-ed25519 OLD minicloud-migrate@host2',
        'restrict,from="10.0.0.4" ssh-ed25519 KEY4 minicloud-migrate@host4',
        'restrict,from="10.0.0.9" ssh-ed25519 GONE minicloud-migrate@host9',
        "# END minicloud.kvm hypervisors",
        "ssh-ed25519 X operator@host2",
    ),
    "/etc/ssh/ssh_known_hosts": (
        "# BEGIN minicloud.kvm hypervisors",
        "host2,fd00::12 ssh-rsa OLD",
        "host4,10.0.0.4 ssh-ed25519 AAAA4",
        "host9,10.0.0.9 ssh-ed25519 AAAA9",
        "# END minicloud.kvm hypervisors",
    ),
    "/etc/ssh/ssh_config.d/minicloud.conf": (
        "# BEGIN minicloud.kvm hypervisors",
        "Match originalhost host4,kvm4,10.0.0.4 localuser root",
        "# END minicloud.kvm hypervisors",
    ),
    "/etc/hosts": (
        "10.9.9.9 host4",
        "# BEGIN minicloud.kvm hosts",
        "10.0.0.4 kvm4 host4",
        "10.0.0.9 host9",
        "# END minicloud.kvm hosts",
    ),
}


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
    read = [
        {"item": path, "content": base64.b64encode("\n".join((*lines, "")).encode()).decode()}
        for path, lines in WRITTEN.items()
    ]
    tasks.append({"ansible.builtin.set_fact": {"__hypervisor_written": {"results": read}}})
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
        "10.0.0.4 kvm4 host4",
        "192.168.77.10 storage1",
    ]


def test_host_keys(written: dict[str, str]) -> None:
    assert written["known_hosts.j2"].splitlines() == [
        "host1,kvm1,192.168.77.11 ssh-ed25519 AAAA1",
        "host2,fd00::12 ssh-rsa RRRR2",
        "host4,10.0.0.4 ssh-ed25519 AAAA4",
    ]


def test_keys_are_let_in_from_their_hosts_alone(written: dict[str, str]) -> None:
    lines = WRITTEN["/root/.ssh/authorized_keys"]
    assert written["authorized_keys.j2"].splitlines() == [
        lines[2],
        'restrict,from="10.0.0.3" ssh-ed25519 K host3',
        lines[3],
    ]


def test_the_order_is_that_of_the_inventory(written: dict[str, str]) -> None:
    """Or, with three and more, a second run would find another order and change it."""
    told = [line.split()[2].split(",")[0] for line in written["ssh_config.j2"].splitlines() if "Match" in line]
    assert told == ["host2", "host3", "host4"]


def test_use_of_the_key(written: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config").write_text(written["ssh_config.j2"] + "\n", encoding="utf-8")

    def identity(host: str) -> str:
        told = subprocess.check_output(["ssh", "-G", "-F", str(tmp_path / "config"), host], text=True)
        return next(line for line in told.splitlines() if line.startswith("identityfile"))

    used = "identityfile /root/.ssh/id_minicloud_migrate"
    if os.geteuid() == 0:
        assert [identity(host) for host in ("host2", "fd00::12", "host3", "10.0.0.3", "kvm4")] == [used] * 5
    assert identity("host1") != used
    assert identity("elsewhere.example.org") != used
