# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's devices as they become others: each step is foretold, done, and then nothing more to do."""

from __future__ import annotations

import typing as t

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"


class Steps(t.Protocol):
    def __call__(self, **options: t.Any) -> etree._Element: ...


@pytest.fixture
def step(scratch: str, converge: t.Any, virsh: t.Any) -> Steps:
    """``step(interfaces=[...])``: converge, and what virsh then says is below <devices>."""

    def look() -> str:
        return virsh("dumpxml", "--inactive", scratch, check=False)

    def run(**options: t.Any) -> etree._Element:
        converge(MODULE, {"name": scratch, "type": "qemu", "memory": "64MiB", **options}, look)
        return etree.fromstring(virsh("dumpxml", "--inactive", scratch)).find("devices")

    return run


def test_the_watchdog_of_q35_goes_along_with_the_declared_one(step: Steps) -> None:
    step(machine="q35")
    for watchdog in ({"action": "none"}, {"action": "poweroff"}, {"action": "reset"}, {"action": "pause"}, {}):
        devices = step(machine="q35", watchdogs=[{"model": "i6300esb", **watchdog}])
        assert {each.get("action") for each in devices.findall("watchdog")} == {watchdog.get("action", "reset")}
    assert devices.find("watchdog[@model='i6300esb']") is not None
    assert step(machine="q35", watchdogs=[]).find("watchdog[@model='i6300esb']") is None


def test_an_interface_becomes_one_of_another_type_and_keeps_its_mac(step: Steps) -> None:
    sources: list[Args] = [
        {"network": "default"},
        {"bridge": "br0"},
        {"direct": {"dev": "eth0", "mode": "private"}},
        {"user": {}},
        {"vhostuser": {"path": "/tmp/a.sock", "mode": "server"}},
        {"udp": {"address": "127.0.0.1", "port": 1, "local_address": "127.0.0.1", "local_port": 2}},
        {"server": {"port": 3}},
        {"ethernet": {}},
        {"vdpa": "/dev/vhost-vdpa-0"},
        {"network": "default", "portgroup": "a"},
    ]
    macs = set()
    for source in sources:
        # Newer libvirt wants shared memory with some.
        interface = step(memory_backing={"source": "memfd", "access": "shared"}, interfaces=[source]).find("interface")
        assert interface.get("type") == next(iter(source))
        macs.add(interface.find("mac").get("address"))
    assert len(macs) == 1


def test_a_serial_port_becomes_another_and_its_console_follows(step: Steps) -> None:
    sources: list[Args] = [
        {"type": "tcp", "mode": "bind", "host": "127.0.0.1", "service": "2445", "protocol": "telnet"},
        {"type": "udp", "host": "127.0.0.1", "service": "1", "bind_host": "127.0.0.1", "bind_service": "2"},
        {"type": "unix", "path": "/tmp/b.sock", "mode": "connect", "reconnect": 3},
        {"type": "file", "path": "/tmp/c", "append": True},
        {"type": "pty"},
    ]
    for source in sources:
        devices = step(serials=[source], consoles=[{"target": "virtio"}])
        assert [each.get("type") for each in devices.findall("serial")] == [source["type"]]
        targets = [(each.find("target").get("type"), each.get("type")) for each in devices.findall("console")]
        assert targets == [("serial", source["type"]), ("virtio", "pty")]


def test_what_libvirt_adds_is_neither_removed_nor_made_another(step: Steps) -> None:
    devices = step(inputs=[{"type": "tablet", "bus": "usb"}, {"type": "mouse", "bus": "virtio"}], watchdogs=[])
    assert sorted(each.get("bus") for each in devices.findall("input")) == ["ps2", "ps2", "usb", "virtio"]
    devices = step(inputs=[{"type": "tablet", "bus": "virtio"}])
    assert sorted(each.get("bus") for each in devices.findall("input")) == ["ps2", "ps2", "virtio"]
    devices = step(inputs=[], consoles=[])
    assert sorted(each.get("bus") for each in devices.findall("input")) == ["ps2", "ps2"]
    assert [each.find("target").get("type") for each in devices.findall("console")] == ["serial"]


def test_small_devices_change_in_place(step: Steps) -> None:
    rngs: list[Args] = [
        {"backend": "/dev/hwrng"},
        {"egd": {"type": "unix", "path": "/tmp/egd", "mode": "connect"}},
        {"backend_model": "builtin"},
        {"backend_model": "random", "backend": "/dev/random", "rate": {"bytes": "1KiB"}},
    ]
    for rng in rngs:
        devices = step(rngs=[rng])
        model = rng.get("backend_model", "egd" if "egd" in rng else "random")
        assert devices.find("rng/backend").get("model") == model
    for memballoon in ({"model": "none"}, {"model": "virtio", "period": 5}, {"period": 0, "autodeflate": True}):
        step(memballoon=memballoon)
    assert step(vsock={"auto_cid": True}).find("vsock/cid").get("auto") == "yes"
    assert step(vsock={"auto_cid": False, "cid": 9}).find("vsock/cid").get("address") == "9"
    first, second = {"usb_class": "0x08", "allow": True}, {"allow": False}
    step(graphics=[{"type": "spice"}], redirdevs=[{"type": "spicevmc"}], redirfilter=[first, second])
    filters = step(redirfilter=[second, first]).findall("redirfilter/usbdev")
    assert [each.get("allow") for each in filters] == ["no", "yes"]
    assert step(redirdevs=[], redirfilter=[]).find("redirfilter") is None
    for model in ("virtio", "qxl", "vga", "none"):
        assert step(videos=[{"model": model}]).find("video/model").get("type") == model
    listens: list[Args] = [{"type": "socket"}, {"type": "network", "network": "default"}]
    for listen in listens:
        assert (
            step(graphics=[{"type": "vnc", "listens": [listen]}]).find("graphics/listen").get("type") == listen["type"]
        )
    assert step(graphics=[{"type": "vnc", "listen": "127.0.0.2"}]).find("graphics/listen").get("address") == "127.0.0.2"


def test_a_running_domain_takes_what_it_can_at_once(
    converge: t.Any, run_module: t.Any, virsh: t.Any, scratch: str
) -> None:
    run_module("libvirt_net", {"name": scratch, "forward": {"mode": "isolated"}})

    def look() -> str:
        return virsh("dumpxml", scratch, check=False) + virsh("dumpxml", "--inactive", scratch, check=False)

    def run(interface: Args, **more: t.Any) -> Args:
        domain = {"name": scratch, "type": "qemu", "memory": "64MiB", "state": "paused", **more}
        done = converge(MODULE, {**domain, "interfaces": [{"network": scratch, **interface}]}, look)
        return t.cast("Args", done["domain"])

    assert run({})["restart_required"] == []
    values: list[Args] = [
        {"link": "down", "isolated": True, "coalesce": 7},
        {"filterref": {"filter": "clean-traffic", "parameters": [{"name": "IP", "value": "192.0.2.1"}]}},
        {"filterref": {"filter": "clean-traffic", "parameters": [{"name": "IP", "value": "192.0.2.2"}]}},
        {"filterref": {"filter": "allow-arp", "parameters": []}, "link": "up", "isolated": False},
    ]
    for value in values:
        done = run(value)
        assert done["restart_required"] == [], value
        assert done["changes"] != []
    live = etree.fromstring(virsh("dumpxml", scratch)).find("devices/interface")
    assert live.find("filterref").get("filter") == "allow-arp"
    # This waits, and is said to; what can be changed with it is changed now.
    assert [field.partition("].")[2] for field in run({"mtu": 1400, "link": "down"})["restart_required"]] == ["mtu"]
    assert etree.fromstring(virsh("dumpxml", scratch)).xpath(
        "devices/interface[link[@state='down'] and not(filterref)]"
    )
