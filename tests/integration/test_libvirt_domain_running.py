# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_domain with running guests: states, what changes live, what waits for a restart.

The guest is a kernel and a BusyBox initramfs (tools/lab/build_image.py tiny), emulated; it obeys the power button.
"""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    def run() -> str:
        names = [name for name in virsh("list", "--all", "--name").split() if name.startswith(scratch)]
        return "\n".join(
            virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name) + virsh("domstate", name)
            for name in sorted(names)
        )

    return run


@pytest.fixture
def network(run_module: t.Any, scratch: str) -> str:
    run_module("libvirt_net", {"name": scratch, "forward": {"mode": "isolated"}})
    return scratch


@pytest.fixture
def pool(run_module: t.Any, scratch: str, images_dir: Path) -> str:
    run_module("libvirt_pool", {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "pool")}})
    volumes = [{"pool": scratch, "name": name, "capacity": "8MiB"} for name in ("one", "two", "three")]
    run_module("libvirt_volume", {"volumes": volumes})
    return scratch


@pytest.fixture
def guest(scratch: str, tiny: Args, images_dir: Path, network: str, pool: str) -> Args:
    """A running guest; what it says on its console is in images_dir / "console"."""
    images_dir.chmod(0o777)
    return {
        "name": scratch,
        "type": "qemu",
        "memory": "128MiB",
        "vcpus": 1,
        "max_vcpus": 2,
        **tiny,
        "cmdline": "console=ttyS0 clearcpuid=cx16 quiet",
        "serials": [{"type": "file", "path": str(images_dir / "console")}],
        "disks": [{"pool": pool, "volume": "one"}],
        "interfaces": [{"network": network}],
        "timeout": 90,
        "state": "running",
    }


def fields(result: Args) -> list[str]:
    return [change["field"] for domain in result["domains"] for change in domain["changes"]]


def devices(virsh: t.Any, name: str, tag: str) -> tuple[Args, Args]:
    """Live and persistent: what tells a device, and its address."""
    sides = []
    for options in ([], ["--inactive"]):
        tree = etree.fromstring(virsh("dumpxml", *options, name))
        found = {}
        for device in tree.findall(f"devices/{tag}"):
            label = device.xpath("string(mac/@address|target/@dev[not(../../mac)])")
            found[label] = dict(device.find("address").attrib)
        sides.append(found)
    return sides[0], sides[1]


def test_states(converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, guest: Args, up: t.Any) -> None:
    name = guest["name"]
    done = converge(MODULE, guest, look)
    assert done["domain"]["state"] == "running"
    assert done["domain"]["restart_required"] == []
    up()
    before = virsh("domid", name)
    # What libvirt adds to a running domain is not drift.
    same = {"xml": virsh("dumpxml", "--inactive", name)}
    for args in (guest, {"name": name, "state": "running"}, {"name": name}, same):
        result = run_module(MODULE, args)
        assert not result["changed"]
        assert result["domain"]["restart_required"] == []
        assert result["domain"]["state"] == "running"
    assert fields(converge(MODULE, {"name": name, "state": "paused"}, look)) == ["state"]
    assert virsh("domstate", name).strip() == "paused"
    assert not run_module(MODULE, {"name": name, "state": "present"})["changed"]
    done = converge(MODULE, {"name": name, "state": "running"}, look)
    assert done["domain"]["changes"] == [{"field": "state", "before": "paused", "after": "running"}]
    assert virsh("domid", name) == before
    # Drift by hand.
    virsh("suspend", name)
    assert fields(run_module(MODULE, guest, check=True)) == ["state"]
    assert fields(converge(MODULE, guest, look)) == ["state"]
    # Asked to stop, the guest goes by itself.
    virsh("suspend", name)
    done = converge(MODULE, {"name": name, "state": "stopped", "timeout": 90}, look)
    assert done["domain"]["changes"] == [{"field": "state", "before": "paused", "after": "stopped"}]
    assert "shutdown" in virsh("domstate", "--reason", name)
    assert fields(converge(MODULE, {**guest, "state": "paused"}, look)) == ["state"]
    # Removing would power it off.
    before = look()
    for check in (True, False):
        result = run_module(MODULE, {"name": name, "state": "absent"}, check=check, expect="failed")
        assert result["error_code"] == "running"
        assert look() == before
    done = converge(MODULE, {"name": name, "state": "absent", "force": True, "remove_volumes": ["vda"]}, look)
    assert fields(done) == ["state", "volume"]
    assert name not in virsh("list", "--all", "--name")
    assert "two" in virsh("vol-list", name)
    assert "one" not in virsh("vol-list", name)


def test_a_guest_that_does_not_obey(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str
) -> None:
    deaf = {"name": scratch, "type": "qemu", "memory": "64MiB", "state": "running"}
    converge(MODULE, deaf, look)
    result = run_module(MODULE, {"name": scratch, "state": "stopped", "timeout": 2}, expect="failed")
    assert result["error_code"] == "timeout"
    assert f"Domain {scratch} was asked to shut down and has not within 2 s." in result["msg"]
    assert virsh("domstate", scratch).strip() == "running"
    assert fields(converge(MODULE, {"name": scratch, "state": "stopped", "timeout": 2, "force": True}, look)) == [
        "state"
    ]
    assert "destroyed" in virsh("domstate", "--reason", scratch)


def test_changes_of_a_running_guest(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, guest: Args, up: t.Any, pool: str, network: str
) -> None:
    name = guest["name"]
    converge(MODULE, guest, look)
    up()
    identity = virsh("domid", name)
    mac = next(iter(devices(virsh, name, "interface")[0]))

    # Text and vCPUs.
    done = converge(MODULE, {**guest, "title": "A title", "description": "More\nlines", "vcpus": 2}, look)
    assert fields(done) == ["title", "description", "vcpus"]
    assert done["domain"]["restart_required"] == []
    for which in ("--live", "--config"):
        assert virsh("desc", name, which, "--title").strip() == "A title"
        assert virsh("vcpucount", name, which, "--current" if which == "--config" else "--active").strip() == "2"
    guest.update(vcpus=2, title="A title", description="More\nlines")

    # Plug a disk and an interface.
    guest["disks"].append({"pool": pool, "volume": "two"})
    guest["interfaces"].append({"network": network})
    done = converge(MODULE, guest, look)
    assert fields(done) == ["disks[vdb]", "interfaces[1]"]
    assert done["domain"]["restart_required"] == []
    for tag in ("disk", "interface"):
        live, config = devices(virsh, name, tag)
        assert len(live) == 2
        assert live == config

    # The link, then unplug.
    guest["interfaces"] = [{"mac": mac, "network": network, "link": "down"}]
    guest["disks"] = guest["disks"][:1]
    done = converge(MODULE, guest, look)
    assert f"interfaces[{mac}].link" in fields(done)
    assert done["domain"]["restart_required"] == []
    assert virsh("domif-getlink", name, mac).split()[-1] == "down"
    for tag in ("disk", "interface"):
        live, config = devices(virsh, name, tag)
        assert len(live) == 1
        assert live == config

    # Only the running domain drifts: plugged by hand.
    virsh("attach-interface", name, "network", network, "--model", "virtio", "--live")
    assert len(fields(run_module(MODULE, guest, check=True))) == 1
    converge(MODULE, guest, look)
    assert len(devices(virsh, name, "interface")[0]) == 1
    assert virsh("domid", name) == identity, "the guest was restarted"

    # Whether a vCPU goes again is the guest's own decision; where it does not, that is said.
    done = run_module(MODULE, {**guest, "vcpus": 1})
    assert fields(done) == ["vcpus"]
    count = virsh("vcpucount", name, "--live", "--active").strip()
    assert (count, done["domain"]["restart_required"]) in (("1", []), ("2", ["vcpus"]))
    assert len(done["warnings"] if count == "2" else ["none"]) == 1
    assert virsh("vcpucount", name, "--config", "--current").strip() == "1"


def test_what_waits_for_a_restart(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, guest: Args, up: t.Any, pool: str
) -> None:
    name = guest["name"]
    converge(MODULE, guest, look)
    up()
    identity = virsh("domid", name)
    args = {
        **guest,
        "memory": "160MiB",
        "max_vcpus": 3,
        "cmdline": "console=ttyS0 clearcpuid=cx16 quiet panic=1",
        "disks": [{"pool": pool, "volume": "one", "cache": "unsafe"}],
        "boot": ["network", "hd"],
    }
    waiting = ["boot", "cmdline", "current_memory", "disks[vda].cache", "max_vcpus", "memory"]
    done = converge(MODULE, args, look)
    assert sorted(fields(done)) == waiting
    assert sorted(done["domain"]["restart_required"]) == waiting
    assert virsh("domid", name) == identity
    # It is restarted only where the task says so.
    args["restart"] = "if_required"
    done = converge(MODULE, args, look)
    assert fields(done) == ["restart"]
    assert done["domain"]["restart_required"] == []
    assert done["domain"]["state"] == "running"
    assert virsh("domid", name) != identity
    assert "panic=1" in virsh("dumpxml", name)
    up()
    identity = virsh("domid", name)
    # Nothing that needs a restart: none.
    args["title"] = "x"
    assert fields(converge(MODULE, args, look)) == ["title"]
    assert virsh("domid", name) == identity
    # What waits and goes back to what runs waits no more.
    args["restart"] = "never"
    args["cmdline"] += " more"
    assert converge(MODULE, args, look)["domain"]["restart_required"] == ["cmdline"]
    args["cmdline"] = args["cmdline"][:-5]
    assert converge(MODULE, args, look)["domain"]["restart_required"] == []
    # xml waits too, until there was a restart.
    done = converge(MODULE, {"name": name, "xml": "<panic model='isa'/>"}, look)
    assert done["domain"]["restart_required"] == ["xml/devices/panic"]


def test_a_running_guest_is_made_persistent(
    converge: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    xml = f"<domain type='qemu'><name>{scratch}</name><memory>65536</memory><os><type>hvm</type></os></domain>"
    (images_dir / "x.xml").write_text(xml)
    virsh("create", str(images_dir / "x.xml"))
    assert fields(converge(MODULE, {"name": scratch}, look)) == ["persistent"]
    assert "yes" in next(line for line in virsh("dominfo", scratch).splitlines() if line.startswith("Persistent"))


def test_what_libvirt_writes_differently_while_it_runs(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    """A CPU written out, a port chosen, a network on a bridge of the host: nothing waits for a restart."""
    bridge = "mb" + scratch[-8:]
    subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], check=True)
    try:
        run_module("libvirt_net", {"name": scratch, "forward": {"mode": "bridge"}, "bridge": {"name": bridge}})
        domain = {
            "name": scratch,
            "type": "qemu",
            "memory": "64MiB",
            "cpu": {"mode": "custom", "model": "qemu64", "features": [{"name": "svm", "policy": "disable"}]},
            "firmware": "efi",
            "interfaces": [{"network": scratch}],
            "graphics": [{"type": "vnc", "port": -1, "password": "secret77"}],
            "videos": [{"model": "vga"}],
            "serials": [{"type": "pty"}],
            "consoles": [{"type": "pty", "target": "serial"}],
            "state": "running",
        }
        done = converge(MODULE, domain, look)
        assert done["domain"]["restart_required"] == []
        assert "secret77" not in json.dumps({k: v for k, v in done.items() if k != "invocation"})
        # A password changes at once.
        domain["graphics"][0]["password"] = "other88"
        done = converge(MODULE, domain, look)
        assert fields(done) == ["graphics[vnc].password"]
        assert done["domain"]["restart_required"] == []
        assert "other88" in virsh("dumpxml", "--security-info", scratch)
        assert "other88" in virsh("dumpxml", "--inactive", "--security-info", scratch)
        for mode in ("maximum", "host-model"):
            domain["cpu"] = {"mode": mode}
            domain["restart"] = "if_required"
            domain.update(force=True, timeout=1)
            done = converge(MODULE, domain, look)
            assert "restart" in fields(done)
        xml = virsh("dumpxml", "--inactive", "--security-info", scratch)
        again = run_module(MODULE, {"xml": xml})
        assert not again["changed"]
        assert again["domain"]["restart_required"] == []
    finally:
        virsh("destroy", scratch, check=False)
        subprocess.run(["ip", "link", "del", bridge], check=True)


def test_media_change_while_it_runs(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    for name in ("a.iso", "b.iso"):
        (images_dir / name).write_bytes(name.encode() * 1024)
    drive = {"device": "cdrom", "target": "sda", "bus": "sata", "file": str(images_dir / "a.iso"), "format": "raw"}
    domain = {"name": scratch, "type": "qemu", "memory": "64MiB", "disks": [drive], "state": "running"}
    converge(MODULE, domain, look)
    drive["file"] = str(images_dir / "b.iso")
    done = converge(MODULE, domain, look)
    assert fields(done) == ["disks[sda].file"]
    assert done["domain"]["restart_required"] == []
    assert virsh("domblklist", scratch).split() == ["sda", str(images_dir / "b.iso")]


def test_a_volume_of_a_running_guest(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, guest: Args, up: t.Any, pool: str
) -> None:
    """It is not deleted; it can grow, and the guest sees it."""
    converge(MODULE, guest, look)
    before = virsh("vol-info", "--pool", pool, "one", "--bytes")
    result = run_module("libvirt_volume", {"pool": pool, "name": "one", "state": "absent"}, expect="failed")
    assert result["error_code"] == "in_use"
    assert guest["name"] in result["msg"]
    assert virsh("vol-info", "--pool", pool, "one", "--bytes") == before
    done = run_module("libvirt_volume", {"pool": pool, "name": "one", "capacity": "16MiB"})
    assert done["changed"]
    assert not run_module("libvirt_volume", {"pool": pool, "name": "one", "capacity": "16MiB"})["changed"]
    assert "16777216" in virsh("domblkinfo", guest["name"], "vda")
