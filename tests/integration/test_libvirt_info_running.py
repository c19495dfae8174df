# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_info of what runs: its definition is what is declared, and pasting that touches nothing."""

from __future__ import annotations

import ipaddress
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

if t.TYPE_CHECKING:
    from ..conftest import RunModule

Args = t.Dict[str, t.Any]
Look = t.Callable[[], str]


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> Look:
    """All that virsh says of the test's objects, but for what counts up by itself."""

    def names(*words: str) -> list[str]:
        return sorted(name for name in virsh(*words, "--name").split() if name.startswith(scratch))

    def run() -> str:
        said = []
        for name in names("list", "--all"):
            said += [virsh(word, name) for word in ("dominfo", "dumpxml", "snapshot-list")]
            said.append(virsh("dumpxml", "--inactive", name, check=False))
        for name in names("net-list", "--all"):
            said += [virsh(word, name) for word in ("net-info", "net-dumpxml")]
            said.append(virsh("net-dumpxml", "--inactive", name, check=False))
        for name in names("pool-list", "--all"):
            said += [virsh(word, name) for word in ("pool-info", "pool-dumpxml")]
            said.append(virsh("pool-dumpxml", "--inactive", name, check=False))
        return "".join(line for line in "".join(said).splitlines(True) if not line.startswith("CPU time"))

    return run


@pytest.fixture
def pasted(run_module: RunModule, scratch: str, look: Look) -> t.Callable[[str, str], Args]:
    """``pasted(kind, module)``: what libvirt_info says, declared: nothing changes. The info."""

    def run(kind: str, module: str) -> Args:
        before = look()
        info = run_module("libvirt_info", {"gather": [kind], "names": [f"{scratch}*"]})
        assert look() == before, "reading changed something"
        assert info[kind]
        for check in (True, False):
            again = run_module(module, {kind: info[kind]}, check=check)
            assert not again["changed"], again["diff"]
            for each in again[kind]:
                assert each.get("restart_required", []) == []
            assert look() == before
        return info

    return run


@pytest.fixture
def guest(scratch: str, tiny: Args, images_dir: Path, run_module: RunModule) -> Args:
    """A guest with devices of which libvirt chooses something when it starts."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(images_dir / "disk.qcow2"), "8M"], check=True)
    run_module("libvirt_net", {"name": scratch, "forward": {"mode": "isolated"}})
    return {
        "name": scratch,
        "type": "qemu",
        "memory": "96MiB",
        "vcpus": 1,
        "max_vcpus": 2,
        **tiny,
        "disks": [
            {"target": "vda", "bus": "virtio", "file": str(images_dir / "disk.qcow2"), "format": "qcow2"},
            {"target": "sda", "bus": "sata", "device": "cdrom", "format": "raw"},
        ],
        "interfaces": [{"network": scratch, "model": "virtio"}, {"user": {}}],
        "serials": [{"type": "pty"}],
        "channels": [{"type": "unix", "name": "org.qemu.guest_agent.0"}],
        "graphics": [{"type": "vnc"}],
        "rngs": [{"model": "virtio", "backend_model": "random", "backend": "/dev/urandom"}],
        "autostart": True,
    }


@pytest.mark.parametrize("state", ["stopped", "running", "paused", "saved"])
def test_a_domain_in_each_state(
    state: str,
    guest: Args,
    scratch: str,
    run_module: RunModule,
    virsh: t.Any,
    pasted: t.Callable[[str, str], Args],
) -> None:
    run_module("libvirt_domain", {**guest, "state": "stopped"})
    virsh("snapshot-create-as", scratch, "one")
    if state != "stopped":
        run_module("libvirt_domain", {"name": scratch, "state": "running"})
        if state != "running":
            run_module("libvirt_domain", {"name": scratch, "state": state})
    info = pasted("domains", "libvirt_domain")
    (domain,) = info["domains"]
    assert (domain["state"], domain["autostart"]) == (state, True)
    assert domain["graphics"] == [{"type": "vnc", "port": -1}]
    status = info["status"]["domains"][scratch]
    assert status["persistent"]
    assert status["addresses"] == []
    assert (status["id"] is None) == (state in ("stopped", "saved"))
    # Nor does the empty drive's format, which libvirt does not tell of a running domain.
    assert not run_module("libvirt_domain", {**guest, "state": state})["changed"]


def test_a_domain_whose_definition_waits_for_a_restart(
    guest: Args, scratch: str, run_module: RunModule, virsh: t.Any, look: Look
) -> None:
    """What it runs with is no drift: the definition is what is declared, and the rest waits as before."""
    run_module("libvirt_domain", {**guest, "state": "running"})
    virsh("setmaxmem", scratch, "128M", "--config")
    virsh("setmem", scratch, "128M", "--config")
    before = look()
    (domain,) = run_module("libvirt_info", {"gather": ["domains"], "names": [scratch]})["domains"]
    assert domain["memory"] == "128MiB"
    result = run_module("libvirt_domain", {"domains": [domain]}, check=True)
    fields = [change["field"] for change in result["domains"][0]["changes"]]
    assert fields == [], result["diff"]
    assert "memory" in result["domains"][0]["restart_required"]
    assert look() == before


def test_networks_that_run(
    guest: Args, scratch: str, run_module: RunModule, virsh: t.Any, images_dir: Path, pasted: t.Callable[..., Args]
) -> None:
    text = """<network><name>{0}-{1}</name><forward mode='{2}'/>
      <ip address='10.213.{1}.1' netmask='255.255.255.0'><dhcp><range start='10.213.{1}.2' end='10.213.{1}.9'/></dhcp>
      </ip></network>"""
    file = images_dir / "network.xml"
    for number, mode in ((31, "nat"), (32, "route"), (33, "open")):
        file.write_text(text.format(scratch, number, mode), encoding="utf-8")
        virsh("net-define", str(file))
        virsh("net-start", f"{scratch}-{number}")
        virsh("net-autostart", f"{scratch}-{number}")
    # One with a guest in it: it counts its connections.
    run_module("libvirt_domain", {**guest, "state": "running"})
    assert "connections='1'" in virsh("net-dumpxml", scratch)
    info = pasted("networks", "libvirt_net")
    by_name = {each["name"]: each for each in info["networks"]}
    assert by_name[f"{scratch}-31"]["forward"] == {"mode": "nat"}
    assert by_name[f"{scratch}-31"]["bridge"]["name"].startswith("virbr")
    assert {each["state"] for each in info["networks"]} == {"active"}
    assert "connections" not in by_name[scratch].get("xml", "")
    assert info["status"]["networks"][scratch] == {"persistent": True}


def test_pools_that_run(
    scratch: str, virsh: t.Any, images_dir: Path, pasted: t.Callable[..., Args], loop: t.Callable[[], str]
) -> None:
    virsh("pool-define-as", f"{scratch}-dir", "dir", "--target", str(images_dir))
    virsh("pool-start", f"{scratch}-dir")
    virsh("pool-autostart", f"{scratch}-dir")
    virsh("pool-define-as", f"{scratch}-off", "dir", "--target", str(images_dir / "off"))
    info = pasted("pools", "libvirt_pool")
    assert [(each["state"], each["autostart"]) for each in info["pools"]] == [("active", True), ("inactive", False)]
    on, off = info["status"]["pools"].values()
    assert on["persistent"]
    assert on["capacity"] > 0
    assert off == {"persistent": True}


TRANSIENT = {
    "domains": ("create", "libvirt_domain"),
    "networks": ("net-create", "libvirt_net"),
    "pools": ("pool-create", "libvirt_pool"),
}


@pytest.mark.parametrize("kind", TRANSIENT)
def test_adopting_what_is_transient_makes_it_persistent(
    kind: str, scratch: str, run_module: RunModule, virsh: t.Any, images_dir: Path, look: Look
) -> None:
    text = {
        "domains": f"""<domain type='qemu'><name>{scratch}</name><memory>65536</memory><os><type>hvm</type></os>
          <devices><serial type='pty'/><graphics type='vnc' autoport='yes'/></devices></domain>""",
        "networks": f"""<network><name>{scratch}</name><forward mode='nat'/>
          <ip address='10.213.34.1' netmask='255.255.255.0'/></network>""",
        "pools": f"<pool type='dir'><name>{scratch}</name><target><path>{images_dir}</path></target></pool>",
    }
    create, module = TRANSIENT[kind]
    (images_dir / "object.xml").write_text(text[kind], encoding="utf-8")
    virsh(create, str(images_dir / "object.xml"))
    before = look()
    info = run_module("libvirt_info", {"gather": [kind], "names": [scratch]})
    assert look() == before
    assert info["status"][kind][scratch]["persistent"] is False
    assert "autostart" not in info[kind][0]
    changes = [{"field": "persistent", "before": False, "after": True}]
    for check in (True, False):
        done = run_module(module, {kind: info[kind]}, check=check)
        assert done[kind][0]["changes"] == changes
    again = run_module("libvirt_info", {"gather": [kind], "names": [scratch]})
    assert again["status"][kind][scratch]["persistent"] is True
    for declared in (info[kind], again[kind]):
        assert not run_module(module, {kind: declared})["changed"]


@pytest.fixture
def booting(scratch: str, run_module: RunModule) -> str:
    """The name of a domain whose network card's firmware asks for an address, as it boots from the network."""
    address = {
        "address": "10.213.35.1",
        "prefix": 24,
        "dhcp": {"ranges": [{"start": "10.213.35.2", "end": "10.213.35.9"}]},
    }
    run_module("libvirt_net", {"name": scratch, "forward": {"mode": "isolated"}, "ips": [address]})
    interfaces = [{"network": scratch, "model": "virtio"}, {"user": {}}]
    options = {"type": "qemu", "memory": "64MiB", "boot": ["network"], "interfaces": interfaces}
    run_module("libvirt_domain", {"name": scratch, "state": "running", **options})
    return scratch


def test_addresses_of_guests(booting: str, run_module: RunModule, virsh: t.Any) -> None:
    asked: Args = {"gather": ["domains"], "names": [booting]}
    deadline = time.monotonic() + 120
    while True:
        info = run_module("libvirt_info", asked)
        found = info["status"]["domains"][booting]["addresses"]
        if found:
            break
        assert time.monotonic() < deadline
        time.sleep(0.5)
    (lease,) = found
    assert ipaddress.ip_address(lease["address"]) in ipaddress.ip_network("10.213.35.0/24")
    told = virsh("domifaddr", booting, "--source", "lease").split()
    assert [lease["interface"], lease["mac"], f"{lease['address']}/{lease['prefix']}"] == [told[0], told[1], told[3]]
    assert lease["source"] == "lease"
    assert lease["mac"] == info["domains"][0]["interfaces"][0]["mac"]
    # What two know is told once, by the first that is asked. libvirt 9.0 can't read every table of neighbours.
    bridge = virsh("net-info", booting).partition("Bridge:")[2].split()[0]
    words = [lease["address"], "lladdr", lease["mac"], "dev", bridge, "nud", "reachable"]
    subprocess.run(["ip", "neighbour", "replace", *words], check=True)
    known = lease["address"] in virsh("domifaddr", booting, "--source", "arp", check=False)
    both = run_module("libvirt_info", {**asked, "addresses": ["arp", "lease"]})
    (first,) = both["status"]["domains"][booting]["addresses"]
    assert (first["address"], first["source"]) == (lease["address"], "arp" if known else "lease")
    assert known or f"arp could not be asked for the addresses of 1 domains ({booting})" in both["warnings"][0]
    assert "addresses" not in run_module("libvirt_info", {**asked, "addresses": []})["status"]["domains"][booting]
    assert "addresses" not in str(info["domains"])
    # Its agent does not run: that is said, and the rest is told.
    agent = run_module("libvirt_info", {**asked, "addresses": ["agent", "lease"]})
    assert [each["source"] for each in agent["status"]["domains"][booting]["addresses"]] == ["lease"]
    assert f"of 1 domains ({booting})" in agent["warnings"][0]


def test_an_agent_that_is_not_there_is_told(guest: Args, scratch: str, run_module: RunModule) -> None:
    run_module("libvirt_domain", {**guest, "state": "running"})
    options: Args = {"gather": ["domains"], "names": [scratch], "addresses": ["agent", "lease"]}
    info = run_module("libvirt_info", options)
    assert info["status"]["domains"][scratch]["addresses"] == []
    (warning,) = info["warnings"]
    assert warning.startswith(f"agent could not be asked for the addresses of 1 domains ({scratch}): ")
    run_module("libvirt_domain", {"name": scratch, "state": "paused"})
    assert run_module("libvirt_info", options).get("warnings", []) == []


def test_statistics(guest: Args, scratch: str, run_module: RunModule, virsh: t.Any) -> None:
    run_module("libvirt_domain", {**guest, "state": "running"})
    groups = ["state", "cpu-total", "balloon", "vcpu", "interface", "block"]
    status = run_module("libvirt_info", {"gather": ["domains"], "names": [scratch], "stats": groups})["status"]
    stats = status["domains"][scratch]["stats"]
    told = dict(line.strip().split("=", 1) for line in virsh("domstats", scratch).splitlines()[1:] if "=" in line)
    assert stats["state"] == {"state": int(told["state.state"]), "reason": int(told["state.reason"])}
    assert stats["balloon"]["current"] == int(told["balloon.current"])
    assert 0 < stats["cpu"]["time"] <= int(told["cpu.time"])
    assert [each["name"] for each in stats["block"]["each"]] == ["vda", "sda"]
    assert stats["block"]["each"][0]["rd"]["reqs"] <= int(told["block.0.rd.reqs"])
    assert stats["net"]["each"][0]["name"] == told["net.0.name"]
    assert [each["id"] for each in stats["vcpu"]["each"]] == [0]
    assert "stats" not in run_module("libvirt_info", {"names": [scratch]})["status"]["domains"][scratch]
    virsh("destroy", scratch)
    off = run_module("libvirt_info", {"names": [scratch], "stats": ["state"]})["status"]["domains"][scratch]
    assert off["stats"]["state"]["state"] == 5
