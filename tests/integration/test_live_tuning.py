# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much of the host a running domain gets is changed while it runs, and in its definition."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"


@pytest.fixture
def web(scratch: str, tiny: Args, images_dir: Path, run_module: t.Any, up: t.Callable[[], None]) -> Args:
    (images_dir / "a.raw").write_bytes(bytes(1024 * 1024))
    declared = {
        "name": scratch + "-web",
        "state": "running",
        "type": "qemu",
        "memory": "128MiB",
        "vcpus": 2,
        **tiny,
        "cmdline": "console=ttyS0 clearcpuid=cx16",
        "serials": [{"type": "file", "path": str(images_dir / "console")}],
        "disks": [{"file": str(images_dir / "a.raw"), "target": "vda"}],
        "interfaces": [],
    }
    run_module(MODULE, declared)
    up()
    return declared


def both(virsh: t.Any, name: str, xpath: str) -> bool:
    """Whether it holds for the running domain and for its definition."""
    trees = [etree.fromstring(virsh("dumpxml", *words, name)) for words in ((), ("--inactive",))]
    return all(bool(tree.xpath(xpath)) for tree in trees)


def test_tuning(converge: t.Any, virsh: t.Any, web: Args) -> None:
    name = web["name"]

    def look() -> str:
        return virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name) + virsh("schedinfo", name)

    process = virsh("domid", name)
    web["cputune"] = {
        "shares": 512,
        "quota": 50000,
        "vcpupins": [{"vcpu": 0, "cpuset": "0"}],
        "emulatorpin": "1",
    }
    web["memtune"] = {"hard_limit": "2GiB"}
    web["blkiotune"] = {"weight": 500}
    web["iothreads"] = 2
    web["disks"][0]["iotune"] = {"total_bytes_sec": "10MiB", "read_iops_sec": 100}
    done = converge(MODULE, web, look)["domain"]
    assert done["restart_required"] == []
    for xpath in (
        "cputune/shares[.='512'] and cputune/quota[.='50000'] and cputune/emulatorpin[@cpuset='1']",
        "cputune/vcpupin[@vcpu='0' and @cpuset='0']",
        "memtune/hard_limit[.='2097152']",
        "blkiotune/weight[.='500']",
        "iothreads[.='2']",
        "devices/disk/iotune[total_bytes_sec='10485760' and read_iops_sec='100']",
    ):
        assert both(virsh, name, xpath), xpath
    assert "cpu_shares     : 512" in virsh("schedinfo", name)
    # Drift by hand, of the running domain only.
    virsh("schedinfo", name, "--live", "cpu_shares=256")
    virsh("blkdeviotune", name, "vda", "--live", "--total-bytes-sec", "1000000")
    done = converge(MODULE, web, look)["domain"]
    assert sorted(change["field"] for change in done["changes"]) == [
        "cputune.shares",
        "disks[vda].iotune.total_bytes_sec",
    ]
    # Limits that are lifted, threads that are fewer.
    web["iothreads"] = 1
    web["disks"][0]["iotune"] = {"total_bytes_sec": "20MiB"}
    done = converge(MODULE, web, look)["domain"]
    assert done["restart_required"] == []
    assert both(virsh, name, "iothreads[.='1']")
    assert both(virsh, name, "devices/disk/iotune[not(read_iops_sec)]")
    assert virsh("domid", name) == process


def test_what_is_not_declared_any_more(converge: t.Any, virsh: t.Any, web: Args) -> None:
    name = web["name"]

    def look() -> str:
        return virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name)

    web["cputune"] = {"shares": 512, "quota": 20000, "period": 50000}
    web["memtune"] = {"hard_limit": "2GiB", "soft_limit": "1GiB", "swap_hard_limit": "3GiB"}
    web["title"] = "A title"
    web["on_crash"] = "restart"
    web["memballoon"] = {"period": 5}
    web["perf_events"] = ["page_faults"]
    converge(MODULE, web, look)
    # Above what the other one was.
    web["memtune"] = {"hard_limit": "5GiB", "swap_hard_limit": "6GiB"}
    done = converge(MODULE, web, look)["domain"]
    assert done["restart_required"] == []
    assert both(virsh, name, "memtune[hard_limit='5242880' and swap_hard_limit='6291456' and not(soft_limit)]")
    for option in ("cputune", "memtune", "title", "on_crash", "memballoon", "perf_events"):
        del web[option]
    done = converge(MODULE, web, look)["domain"]
    assert sorted(change["field"] for change in done["changes"]) == [
        "cputune.period",
        "cputune.quota",
        "cputune.shares",
        "memballoon.period",
        "memtune.hard_limit",
        "memtune.swap_hard_limit",
        "on_crash",
        "perf_events",
        "title",
    ]
    # How much each weighs without is the host's choice.
    assert done["restart_required"] == ["cputune.shares"]
    for xpath in ("not(title)", "not(memtune)", "on_crash[.='destroy']", "not(cputune/quota[.>0])", "not(//stats)"):
        assert both(virsh, name, xpath), xpath
    assert "hard_limit     : unlimited" in virsh("memtune", name)


def test_more_tuning(
    converge: t.Any, run_module: t.Any, virsh: t.Any, scratch: str, images_dir: Path, loop: t.Callable[[], str]
) -> None:
    """Threads one by one, limits of block devices, bursts in groups, events that are counted, a password's end."""
    device = loop()
    for name in ("a", "b"):
        (images_dir / name).write_bytes(bytes(1024 * 1024))
    guest: Args = {
        "name": scratch,
        "state": "running",
        "type": "qemu",
        "memory": "64MiB",
        "graphics": [{"type": "vnc", "password": "abcd1234"}],
        "disks": [{"file": str(images_dir / each), "target": "vd" + each} for each in ("a", "b")],
    }
    run_module(MODULE, guest)

    def look() -> str:
        return virsh("dumpxml", scratch) + virsh("dumpxml", "--inactive", scratch)

    burst = {"total_bytes_sec": "1MiB", "total_bytes_sec_max": "2MiB", "total_bytes_sec_max_length": 4}
    for disk in guest["disks"]:
        disk["iotune"] = {**burst, "group_name": "both"}
    guest["iothreadids"] = [{"id": 3, "thread_pool_min": 1, "thread_pool_max": 16}, {"id": 5}]
    guest["blkiotune"] = {"devices": [{"path": device, "read_bytes_sec": "1MiB", "write_iops_sec": 100}]}
    guest["perf_events"] = ["cpu_clock", "page_faults"]
    guest["graphics"] = [{"type": "vnc", "password": "abcd9999", "password_valid_to": "2036-01-01T00:00:00"}]
    done = converge(MODULE, guest, look)["domain"]
    assert done["restart_required"] == []
    for xpath in (
        "count(devices/disk/iotune[group_name='both' and total_bytes_sec_max_length='4']) = 2",
        "iothreadids/iothread[@id='3' and @thread_pool_min='1' and @thread_pool_max='16']",
        "iothreads[.='2'] and iothreadids/iothread[@id='5']",
        f"blkiotune/device[path='{device}' and read_bytes_sec='1048576' and write_iops_sec='100']",
        "perf/event[@name='cpu_clock' and @enabled='yes']",
        "devices/graphics/@passwdValidTo[.='2036-01-01T00:00:00']",
    ):
        assert both(virsh, scratch, xpath), xpath
    assert f"device_read_bytes_sec: {device},1048576" in virsh("blkiotune", scratch)
    # Other limits, another group, other threads.
    guest["disks"][0]["iotune"] = {"read_iops_sec": 50, "read_iops_sec_max": 60, "group_name": "one"}
    del guest["disks"][1]["iotune"]
    guest["iothreadids"] = [{"id": 3, "thread_pool_min": 2, "thread_pool_max": 8}, {"id": 7}]
    guest["blkiotune"] = {"devices": [{"path": device, "read_bytes_sec": "2MiB"}]}
    guest["perf_events"] = ["page_faults"]
    done = converge(MODULE, guest, look)["domain"]
    assert done["restart_required"] == []
    for xpath in (
        "devices/disk[1]/iotune[group_name='one' and read_iops_sec='50' and not(total_bytes_sec)]",
        "not(devices/disk[2]/iotune)",
        "iothreadids/iothread[@id='3' and @thread_pool_max='8'] and iothreadids[iothread/@id='7' and count(*) = 2]",
        f"blkiotune/device[path='{device}' and read_bytes_sec='2097152' and not(write_iops_sec)]",
        "perf[not(event[@name='cpu_clock' and @enabled='yes'])]",
    ):
        assert both(virsh, scratch, xpath), xpath
    # What has been set of a thread stays until a restart, and so does an order of boot.
    guest["iothreadids"] = [{"id": 3}]
    del guest["disks"][0]["iotune"]
    guest["disks"][1].update(boot_order=1, snapshot="no")
    guest["blkiotune"] = {"devices": []}
    done = converge(MODULE, guest, look)["domain"]
    assert sorted(done["restart_required"]) == [
        "disks[vdb].boot_order",
        "iothreadids[3].thread_pool_max",
        "iothreadids[3].thread_pool_min",
    ]
    assert both(virsh, scratch, "count(iothreadids/iothread) = 1 and not(blkiotune/device)")
    assert both(virsh, scratch, "devices/disk[2][@snapshot='no'] and not(devices/disk/iotune)")


def test_interfaces_move_and_nodes_change(converge: t.Any, run_module: t.Any, virsh: t.Any, scratch: str) -> None:
    networks = [scratch, scratch + "-2"]
    for name in networks:
        run_module("libvirt_net", {"name": name, "forward": {"mode": "isolated"}})
    guest: Args = {
        "name": scratch,
        "state": "running",
        "type": "qemu",
        "memory": "64MiB",
        "interfaces": [{"mac": "52:54:00:00:00:0a", "network": networks[0]}],
    }
    run_module(MODULE, guest)

    def look() -> str:
        return virsh("dumpxml", scratch) + virsh("dumpxml", "--inactive", scratch)

    guest["interfaces"][0].update(network=networks[1], link="down", isolated=True, coalesce=7)
    guest["numatune"] = {"nodeset": "0"}
    done = converge(MODULE, guest, look)["domain"]
    assert done["restart_required"] == []
    assert both(virsh, scratch, f"devices/interface[source/@network='{networks[1]}' and link/@state='down']")
    assert both(virsh, scratch, "numatune/memory[@nodeset='0']")
    # Another sort of interface is another device.
    guest["interfaces"] = [{"mac": "52:54:00:00:00:0a", "user": {}}]
    done = converge(MODULE, guest, look)["domain"]
    assert "interfaces[52:54:00:00:00:0a].user" in done["restart_required"]
    # A limit that the host's kernel can't keep is an error, and says what it lacks.
    guest["interfaces"] = [{"mac": "52:54:00:00:00:0a", "network": networks[1]}]
    converge(MODULE, guest, look)
    guest["interfaces"][0]["bandwidth"] = {"outbound": {"average": 1000}, "inbound": {"average": 1000}}
    result = run_module(MODULE, guest, expect="either")
    if result.get("failed"):
        assert "sch_sfq" in result["msg"] + result.get("remedy", "")
    else:
        assert both(virsh, scratch, "devices/interface/bandwidth/outbound[@average='1000']")
        assert not run_module(MODULE, guest)["changed"]
    del guest["interfaces"][0]["bandwidth"]
    converge(MODULE, guest, look)
    assert not both(virsh, scratch, "devices/interface/bandwidth")
