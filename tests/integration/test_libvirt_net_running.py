# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_net with running guests in it: a restart plugs them back, a stop is refused.

The guest is a kernel and a BusyBox initramfs (tools/lab/build_image.py tiny), emulated; nobody has to wait for it.
"""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_net"
DEVICES = Path("/sys/class/net")


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    def run() -> str:
        nets = [name for name in virsh("net-list", "--all", "--name").split() if name.startswith(scratch)]
        return "\n".join(
            [virsh("net-dumpxml", name) + virsh("net-dumpxml", "--inactive", name) for name in sorted(nets)]
            + [virsh("domiflist", name) for name in virsh("list", "--name").split() if name.startswith(scratch)]
        )

    return run


@pytest.fixture
def net(scratch: str) -> Args:
    return {
        "name": scratch,
        "forward": {"mode": "isolated"},
        "bridge": {"name": "mb" + scratch.rpartition("-")[2]},
        "mtu": 1400,
        "portgroups": [{"name": "slow"}],
        "ips": [{"address": "10.198.7.1", "prefix": 28}],
    }


@pytest.fixture
def guest(virsh: t.Any, net: Args, tiny: Args, images_dir: Path) -> t.Callable[[str], None]:
    """``guest(suffix)``: a running guest with two interfaces in the network, one of them in a portgroup."""

    def run(suffix: str) -> None:
        name = f"{net['name']}-{suffix}"
        interfaces = "".join(
            f"<interface type='network'><source network='{net['name']}'{group}/><model type='virtio'/></interface>"
            for group in ("", " portgroup='slow'")
        )
        (images_dir / "domain.xml").write_text(
            f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory>"
            f"<os><type arch='x86_64' machine='q35'>hvm</type><kernel>{tiny['kernel']}</kernel>"
            f"<initrd>{tiny['initrd']}</initrd></os><devices>{interfaces}</devices></domain>"
        )
        virsh("define", str(images_dir / "domain.xml"))
        virsh("start", name)

    return run


@pytest.fixture
def own_ids(virsh: t.Any, scratch: str) -> t.Callable[[], list[str]]:
    """The running guests with their ids, which a guest keeps while it runs."""
    return lambda: [line for line in virsh("list", "--name", "--id").splitlines() if scratch in line]


@pytest.fixture
def taps(virsh: t.Any, scratch: str) -> t.Callable[[], dict[str, str | None]]:
    """The guests' tap devices, each with the bridge that it is on, as the kernel says."""

    def run() -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for name in virsh("list", "--name").split():
            if name.startswith(scratch):
                for device in etree.fromstring(virsh("dumpxml", name)).xpath("devices/interface/target/@dev"):
                    master = DEVICES / device / "master"
                    found[device] = master.resolve().name if master.exists() else None
        return found

    return run


def fields(result: Args) -> list[str]:
    return [change["field"] for network in result["networks"] for change in network["changes"]]


def test_a_restart_plugs_the_guests_back(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, net: Args, guest: t.Any, taps: t.Any, own_ids: t.Any
) -> None:
    converge(MODULE, net, look)
    guest("one")
    guest("two")
    before = taps()
    domids = own_ids()
    bridge = net["bridge"]["name"]
    assert list(before.values()) == [bridge] * 4
    # Not allowed, it waits.
    net["ips"].append({"address": "10.198.8.1", "prefix": 28})
    done = converge(MODULE, net, look)
    assert done["network"]["restart_required"] == ["ips[10.198.8.1]"]
    assert done["network"]["plugged_back"] == []
    assert "10.198.8.1" not in virsh("net-dumpxml", net["name"])
    # Allowed, it is made so, and all are where they were.
    net["restart"] = "if_required"
    done = converge(MODULE, net, look)
    assert done["network"]["changes"] == [{"field": "restart", "before": None, "after": "ips[10.198.8.1]"}] or (
        fields(done) == ["ips[10.198.8.1]", "restart"]
    )
    assert done["network"]["restart_required"] == []
    assert len(done["network"]["plugged_back"]) == 4
    assert taps() == before
    assert own_ids() == domids
    assert "10.198.8.1" in virsh("net-dumpxml", net["name"])
    assert "connections='4'" in virsh("net-dumpxml", net["name"])
    # Another bridge.
    net["bridge"] = {"name": bridge[:-1] + "x"}
    done = converge(MODULE, net, look)
    assert fields(done) == ["bridge.name", "restart"]
    assert taps() == dict.fromkeys(before, net["bridge"]["name"])
    assert own_ids() == domids
    assert [name for name in virsh("net-list", "--all", "--name").split() if name.startswith(net["name"])] == [
        net["name"]
    ]


def test_what_was_done_by_hand_to_a_network_with_guests(
    converge: t.Any,
    run_module: t.Any,
    virsh: t.Any,
    look: t.Any,
    net: Args,
    guest: t.Any,
    taps: t.Any,
    images_dir: t.Any,
) -> None:
    converge(MODULE, net, look)
    guest("one")
    before = taps()
    name, bridge = net["name"], net["bridge"]["name"]
    # Stopped.
    virsh("net-destroy", name)
    assert list(taps().values()) == [None] * 2
    told = run_module(MODULE, net, check=True)
    assert fields(told) == ["state"]
    assert len(told["network"]["plugged_back"]) == 2
    converge(MODULE, net, look)
    assert taps() == before
    # Restarted: the network looks as it should, its guests are off.
    virsh("net-destroy", name)
    virsh("net-start", name)
    assert fields(run_module(MODULE, net, check=True)) == ["plugged_back"]
    done = converge(MODULE, net, look)
    assert fields(done) == ["plugged_back"]
    assert taps() == before
    # One is taken off.
    device = next(iter(before))
    subprocess.run(["ip", "link", "set", device, "nomaster"], check=True)
    assert taps() != before
    assert fields(converge(MODULE, net, look)) == ["plugged_back"]
    assert taps() == before
    # The bridge is deleted.
    subprocess.run(["ip", "link", "delete", bridge], check=True)
    assert fields(run_module(MODULE, net, check=True)) == ["bridge"]
    assert fields(converge(MODULE, net, look)) == ["bridge"]
    assert taps() == before
    assert (DEVICES / bridge).exists()
    # A run that plugged back was killed on its way.
    (images_dir / "away.xml").write_text(f"<network><name>{name}-plug-back</name><portgroup name='slow'/></network>")
    virsh("net-create", str(images_dir / "away.xml"))
    text = virsh("dumpxml", f"{name}-one")
    interface = etree.fromstring(text).find("devices/interface")
    interface.find("source").set("network", f"{name}-plug-back")
    (images_dir / "interface.xml").write_bytes(etree.tostring(interface))
    virsh("update-device", f"{name}-one", str(images_dir / "interface.xml"), "--live")
    assert taps() != before
    assert fields(converge(MODULE, net, look)) == ["plugged_back"]
    assert taps() == before
    assert f"{name}-plug-back" not in virsh("net-list", "--name")


def test_a_network_in_use_is_not_stopped(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, net: Args, guest: t.Any, taps: t.Any
) -> None:
    converge(MODULE, net, look)
    guest("one")
    before = look()
    for state in ("inactive", "absent"):
        args = {"name": net["name"], "state": state}
        failed = run_module(MODULE, args, expect="failed")
        assert failed["error_code"] == "in_use"
        assert f"{net['name']}-one" in failed["msg"]
        assert len(failed["guests"]) == 2
        # An earlier task of a check may have stopped them.
        told = run_module(MODULE, args, check=True)
        assert told["changed"]
        assert f"{net['name']}-one" in told["warnings"][0]
        assert look() == before
    assert fields(run_module(MODULE, {"name": net["name"], "state": "inactive", "force": True})) == ["state"]
    assert list(taps().values()) == [None] * 2
    # Back again, they are in it again; and without guests it goes without force.
    run_module(MODULE, {"name": net["name"]})
    assert list(taps().values()) == [net["bridge"]["name"]] * 2
    run_module("libvirt_domain", {"name": f"{net['name']}-one", "state": "absent", "force": True})
    assert fields(converge(MODULE, {"name": net["name"], "state": "absent"}, look)) == ["state"]


def test_what_cannot_be_plugged_back_waits(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, net: Args, guest: t.Any, taps: t.Any
) -> None:
    converge(MODULE, net, look)
    guest("one")
    before = taps()
    args = {
        "name": net["name"],
        "forward": {"mode": "private", "dev": "eth7"},
        "ips": [],
        "restart": "if_required",
        "xml": f"<network><name>{net['name']}</name></network>",
    }
    failed = run_module(MODULE, {**args, "mtu": 1400}, check=True, expect="failed")
    assert "the network has mtu" in failed["msg"]
    done = run_module(MODULE, args)
    assert "could not be plugged back" in done["warnings"][0]
    assert "forward.mode" in done["network"]["restart_required"]
    assert taps() == before


@pytest.fixture
def links(scratch: str) -> t.Iterator[t.Callable[..., str]]:
    """``links("a", "bridge")``: a network device of that kind on this host, up; gone after the test."""
    made = []

    def run(which: str, kind: str) -> str:
        name = f"ml{which}{scratch.rpartition('-')[2]}"
        peer = ["peer", "name", name + "p"] if kind == "veth" else []
        subprocess.run(["ip", "link", "add", name, "type", kind, *peer], check=True)
        made.append(name)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        return name

    yield run
    for name in made:
        subprocess.run(["ip", "link", "delete", name], check=True)


def test_a_bridge_of_the_host(
    converge: t.Any, virsh: t.Any, look: t.Any, net: Args, guest: t.Any, taps: t.Any, links: t.Any
) -> None:
    bridges = [links(which, "bridge") for which in "ab"]
    args = {
        "name": net["name"],
        "forward": {"mode": "bridge"},
        "bridge": {"name": bridges[0]},
        "portgroups": net["portgroups"],
    }
    converge(MODULE, args, look)
    guest("one")
    assert list(taps().values()) == [bridges[0]] * 2
    args["bridge"] = {"name": bridges[1]}
    assert converge(MODULE, args, look)["network"]["restart_required"] == ["bridge.name"]
    assert list(taps().values()) == [bridges[0]] * 2
    done = converge(MODULE, {**args, "restart": "if_required"}, look)
    assert len(done["network"]["plugged_back"]) == 2
    assert list(taps().values()) == [bridges[1]] * 2
    assert "connections='2'" in virsh("net-dumpxml", net["name"])
    # From there to a network of libvirt's own.
    del net["mtu"]
    done = converge(MODULE, {**net, "restart": "if_required"}, look)
    assert "forward.mode" in fields(done)
    assert list(taps().values()) == [net["bridge"]["name"]] * 2


def test_a_guest_with_a_device_of_its_own_keeps_it(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, net: Args, guest: t.Any, links: t.Any
) -> None:
    args = {
        "name": net["name"],
        "forward": {"mode": "bridge", "dev": links("d", "veth")},
        "portgroups": net["portgroups"],
    }
    converge(MODULE, args, look)
    guest("one")
    before = virsh("domiflist", f"{net['name']}-one")
    args["forward"]["mode"] = "vepa"
    done = run_module(MODULE, {**args, "restart": "if_required"})
    assert "could not be plugged back" in done["warnings"][0]
    assert done["network"]["restart_required"] == ["forward.mode"]
    assert virsh("domiflist", f"{net['name']}-one") == before
    # Without guests it can.
    virsh("destroy", f"{net['name']}-one")
    assert fields(converge(MODULE, {**args, "restart": "if_required"}, look)) == ["restart"]
    assert "mode='vepa'" in virsh("net-dumpxml", net["name"])


def test_a_network_that_does_not_start_anew_runs_on(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, net: Args, guest: t.Any, taps: t.Any
) -> None:
    converge(MODULE, net, look)
    guest("one")
    before = taps()
    failed = run_module(
        MODULE, {**net, "dnsmasq_options": ["no-such-option"], "restart": "if_required"}, expect="failed"
    )
    assert failed["error_code"] == "not_restarted"
    assert "no-such-option" in failed["msg"] or "dnsmasq" in failed["msg"]
    assert taps() == before
    assert "no-such-option" not in virsh("net-dumpxml", net["name"])
    assert "Persistent:     yes" in virsh("net-info", net["name"])
    # Corrected, nothing has to be restarted.
    done = converge(MODULE, {**net, "dnsmasq_options": []}, look)
    assert fields(done) == ["dnsmasq_options"]
    assert taps() == before
