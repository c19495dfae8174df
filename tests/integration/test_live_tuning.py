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
        "cmdline": "console=ttyS0",
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


def test_what_is_not_declared_any_more_waits(converge: t.Any, virsh: t.Any, web: Args) -> None:
    name = web["name"]

    def look() -> str:
        return virsh("dumpxml", name) + virsh("dumpxml", "--inactive", name)

    web["cputune"] = {"shares": 512}
    web["title"] = "A title"
    converge(MODULE, web, look)
    del web["cputune"], web["title"]
    done = converge(MODULE, web, look)["domain"]
    assert sorted(change["field"] for change in done["changes"]) == ["cputune.shares", "title"]
    assert not both(virsh, name, "title")
