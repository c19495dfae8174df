# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The roles networks, pools and guests on this machine's libvirtd, as the playbook site runs them.

The guests have no operating system, so nothing here waits for an answer; that is the lab's part.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

Virsh = t.Callable[..., str]
Site = t.Callable[..., "Run"]

# Another run of the tests on this machine has another one.
SUBNET = f"10.213.{os.getpid() % 250}"


class Run(t.NamedTuple):
    changed: int
    failed: int
    text: str


def inventory(
    prefix: str, images: Path, guests: dict[str, dict[str, t.Any]], more: dict[str, t.Any]
) -> dict[str, t.Any]:
    pool = f"{prefix}-pool"
    return {
        "all": {
            "vars": {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "networks_list": [
                    {
                        "name": f"{prefix}-net",
                        "forward": {"mode": "isolated"},
                        "ips": [{"address": f"{SUBNET}.1", "prefix": 24}],
                    }
                ],
                "pools_list": [{"name": pool, "type": "dir", "target": {"path": str(images / "pool")}}],
                "guests_images": {"tiny": {"path": str(images / "tiny.qcow2")}},
                "guests_keys_path": str(images / "keys"),
                "guests_download_path": str(images / "download"),
                **more,
            },
            "children": {
                "hypervisors": {"hosts": {"box": None}},
                "storage": {},
                "guests": {
                    "hosts": guests,
                    "vars": {
                        "guest_memory": "64MiB",
                        "guest_vcpus": 1,
                        "guest_domain": {"type": "qemu"},
                        "guest_disks": [{"size": "64MiB", "image": "tiny", "pool": pool}],
                        "guest_interfaces": [{"network": f"{prefix}-net"}],
                        "guest_ssh_authorized_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE me"],
                        "guest_wait": False,
                        "guest_force": True,
                        "guest_timeout": 1,
                    },
                },
            },
        }
    }


@pytest.fixture
def site(scratch: str, images_dir: Path) -> Site:
    """``site(guests, *arguments, **variables)`` runs the playbook for the inventory with these guests and variables.

    With ``tags="guests"`` nothing but these, where networks and pools are there: a run's time is nearly all Ansible's.
    """
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(images_dir / "tiny.qcow2"), "32M"], check=True)

    def run(
        guests: dict[str, dict[str, t.Any]], *arguments: str, tags: str = "networks,pools,guests", **more: t.Any
    ) -> Run:
        hosts = images_dir / "hosts.yml"
        hosts.write_text(yaml.safe_dump(inventory(scratch, images_dir, guests, more)))
        done = subprocess.run(
            ["ansible-playbook", "minicloud.kvm.site", "-i", str(hosts), "-t", tags, *arguments],
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"},
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        text = done.stdout + done.stderr
        counts = {word: sum(map(int, re.findall(rf"{word}=(\d+)", done.stdout))) for word in ("changed", "failed")}
        assert (done.returncode == 0) == (counts["failed"] == 0), text
        return Run(counts["changed"], counts["failed"], text)

    return run


def test_guests_from_an_inventory(site: Site, virsh: Virsh, scratch: str, images_dir: Path) -> None:
    one, two = f"{scratch}-a", f"{scratch}-b"
    guests: dict[str, dict[str, t.Any]] = {one: {"guest_address": f"{SUBNET}.11"}, two: {}}
    pool = images_dir / "pool"

    # Nothing is there yet, and a check says what can't be known.
    checked = site(guests, "--check", "--diff")
    assert checked.failed == 0
    assert f"Volume {one}-vda.qcow2: there is no storage pool" in checked.text
    assert scratch not in virsh("list", "--all") + virsh("net-list", "--all") + virsh("pool-list", "--all")
    assert not pool.exists()
    assert not (images_dir / "keys").exists()

    made = site(guests)
    assert made.failed == 0, made.text
    assert {one, two} <= set(virsh("list", "--name").split())
    info = json.loads(
        subprocess.run(
            ["qemu-img", "info", "-U", "--output=json", str(pool / f"{one}-vda.qcow2")],
            capture_output=True,
            check=True,
        ).stdout
    )
    assert (info["virtual-size"], Path(info["full-backing-filename"]).name) == (64 * 1024**2, "tiny.qcow2")
    assert f"{one},{SUBNET}.11 ssh-ed25519 " in (images_dir / "keys" / "known_hosts").read_text()
    assert list((images_dir / "download").iterdir()) == []
    assert "PRIVATE KEY" not in made.text

    assert site(guests).changed == 0
    assert site(guests, "--check").changed == 0

    # Drift by hand: memory, a guest that is off, a seed that is gone.
    virsh("setmaxmem", one, "96M", "--config")
    virsh("destroy", two)
    (pool / f"{two}-seed.iso").unlink()
    drift = site(guests, "--check", "--diff", tags="guests")
    assert re.search(r'^-\s+"memory": "96MiB"$', drift.text, re.MULTILINE)
    assert re.search(r'^-\s+"state": "stopped"$', drift.text, re.MULTILINE)
    assert f"{two}-seed.iso" in drift.text

    # One guest alone, by its own name.
    virsh("destroy", one)
    assert site(guests, "--limit", two, tags="guests").failed == 0
    assert (virsh("domstate", one).strip(), virsh("domstate", two).strip()) == ("shut off", "running")
    assert site(guests, tags="guests").failed == 0
    assert site(guests, tags="guests").changed == 0
    assert virsh("domstate", one).strip() == "running"

    # A guest goes; its disk stays until it is asked for.
    guests[two] = {"guest_state": "absent"}
    gone = site(guests, tags="guests")
    assert gone.failed == 0, gone.text
    assert two not in virsh("list", "--all", "--name")
    assert (pool / f"{two}-vda.qcow2").exists()
    assert not (pool / f"{two}-seed.iso").exists()
    guests[two]["guest_remove_volumes"] = True
    assert site(guests, tags="guests").changed == 1
    assert site(guests, tags="guests").changed == 0
    assert not (pool / f"{two}-vda.qcow2").exists()
    assert (pool / f"{one}-vda.qcow2").exists()
    assert (pool / "tiny.qcow2").exists()


@pytest.mark.parametrize("kept", [False, True])
def test_disks_that_are_copies_of_their_image(
    site: Site, virsh: Virsh, scratch: str, images_dir: Path, loop: t.Callable[[], str], kept: bool
) -> None:
    """On a partition, and in a raw file."""
    device = loop()
    subprocess.run(["parted", "--script", device, "mklabel", "gpt"], check=True)
    picture = images_dir / "picture"
    picture.write_bytes(os.urandom(1024**2) + bytes(31 * 1024**2))
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(picture), str(images_dir / "tiny.qcow2")], check=True
    )
    (images_dir / "seeds").mkdir()
    one, two, partition = f"{scratch}-a", f"{scratch}-b", Path(device).name + "p1"
    guests: dict[str, dict[str, t.Any]] = {
        one: {"guest_disks": [{"size": "40MiB", "image": "tiny", "pool": f"{scratch}-disk", "volume": partition}]},
        two: {"guest_disks": [{"size": "40MiB", "image": "tiny", "pool": f"{scratch}-pool", "format": "raw"}]},
    }
    more: dict[str, t.Any] = {
        "pools_list": [
            {"name": f"{scratch}-pool", "type": "dir", "target": {"path": str(images_dir / "pool")}},
            {
                "name": f"{scratch}-disk",
                "type": "disk",
                "source": {"devices": [{"path": device}], "format": "gpt"},
                "target": {"path": "/dev"},
            },
        ],
        "guests_seed_path": str(images_dir / "seeds"),
        "guests_images_pool": f"{scratch}-pool" if kept else "",
    }
    checked = site(guests, "--check", **more)
    assert checked.failed == 0, checked.text
    assert not (images_dir / "pool").exists()
    made = site(guests, **more)
    assert made.failed == 0, made.text
    assert {one, two} <= set(virsh("list", "--name").split())
    for path in (device + "p1", str(images_dir / "pool" / f"{two}-vda.raw")):
        assert Path(path).read_bytes()[: 32 * 1024**2] == picture.read_bytes()
    assert f"dev='{device}p1'" in virsh("dumpxml", one)
    assert sorted(each.name for each in (images_dir / "seeds").iterdir()) == [f"{one}-seed.iso"]
    assert list((images_dir / "download").iterdir()) == []
    # What a guest has written stays.
    virsh("destroy", one)
    with Path(device + "p1").open("r+b") as file:
        file.write(b"the guest's own")
    assert site(guests, **more).changed == 1
    assert virsh("domstate", one).strip() == "running"
    assert Path(device + "p1").read_bytes().startswith(b"the guest's own")
    assert site(guests, "--check", **more).changed == 0
    guests[one] = {**guests[one], "guest_state": "absent"}
    guests[two] = {**guests[two], "guest_state": "absent", "guest_remove_volumes": True}
    gone = site(guests, tags="guests", **more)
    assert gone.failed == 0, gone.text
    # libvirt itself can't delete the partition of a loop device.
    assert partition in virsh("vol-list", f"{scratch}-disk")
    assert [each.name for each in (images_dir / "pool").iterdir()] == (["tiny.qcow2"])
    assert list((images_dir / "seeds").iterdir()) == []
    assert site(guests, tags="guests", **more).changed == 0


def test_a_guest_that_can_not_be_meant(site: Site, virsh: Virsh, scratch: str) -> None:
    wrong = site({f"{scratch}-a": {"guest_memory": None}}, tags="guests")
    assert wrong.failed == 1, wrong.text
    assert f"Guest {scratch}-a: guest_memory is wanted." in wrong.text, wrong.text
    assert scratch not in virsh("list", "--all")
