# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the users of other tools complain of, a test each; its docstring names the tool and its issues.

virsh, or another tool of somebody else's, says what is there.
"""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from lxml import etree

from .conftest import Daemon

Args = t.Dict[str, t.Any]
MIB = 1 << 20


@pytest.fixture
def web(scratch: str, images_dir: Path) -> Args:
    (images_dir / "disk").write_bytes(bytes(MIB))
    (images_dir / "seed.iso").write_bytes(bytes(MIB))
    return {
        "name": scratch,
        "type": "qemu",
        "memory": "64MiB",
        "disks": [
            {"file": str(images_dir / "disk"), "format": "raw"},
            {"file": str(images_dir / "seed.iso"), "device": "cdrom", "bus": "sata"},
        ],
        "interfaces": [{"network": "default"}],
    }


@pytest.fixture
def net(scratch: str) -> Args:
    ips = [
        {"address": "198.18.77.1", "prefix": 24, "dhcp": {"ranges": [{"start": "198.18.77.50", "end": "198.18.77.99"}]}}
    ]
    return {"name": scratch, "forward": {"mode": "isolated"}, "ips": ips}


@pytest.fixture
def pool(scratch: str, images_dir: Path) -> Args:
    return {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "pool")}}


def tree(virsh: t.Any, *words: str) -> t.Any:
    return etree.fromstring(virsh(*words))


def fields(result: Args, kind: str = "domain") -> list[str]:
    return [change["field"] for change in result[kind]["changes"]]


# --- community.libvirt -----------------------------------------------------------------------------------------------


def test_absent_in_check_mode_deletes_no_network(run_module: t.Any, virsh: t.Any, net: Args) -> None:
    """community.libvirt: virt_net with state=absent in check mode really deletes an inactive network."""
    run_module("libvirt_net", {**net, "state": "inactive"})
    before = virsh("net-dumpxml", net["name"])
    for state in ("absent", "active"):
        assert run_module("libvirt_net", {"name": net["name"], "state": state}, check=True)["changed"]
        assert virsh("net-dumpxml", net["name"]) == before
        assert net["name"] in virsh("net-list", "--inactive", "--name")


def test_a_forced_removal_deletes_no_disk(run_module: t.Any, virsh: t.Any, pool: Args, web: Args) -> None:
    """community.libvirt: virt with command=undefine force=true deletes disk volumes, before an undefine that fails."""
    run_module("libvirt_pool", pool)
    run_module("libvirt_volume", {"pool": pool["name"], "name": "disk", "capacity": "1MiB"})
    run_module("libvirt_domain", {**web, "disks": [{"pool": pool["name"], "volume": "disk"}], "interfaces": []})
    virsh("start", web["name"])
    run_module("libvirt_domain", {"name": web["name"], "state": "absent"}, expect="failed")
    run_module("libvirt_domain", {"name": web["name"], "state": "absent", "force": True})
    assert web["name"] not in virsh("list", "--all", "--name").split()
    assert "disk" in virsh("vol-list", pool["name"])


def test_a_removal_leaves_files_and_media_and_takes_what_efi_needs(
    run_module: t.Any, virsh: t.Any, web: Args, images_dir: Path
) -> None:
    """community.libvirt#219: absent deletes every disk's file, ISO images too, and then can't undefine EFI guests."""
    run_module("libvirt_domain", {**web, "firmware": "efi"})
    virsh("snapshot-create-as", web["name"], "one", "--disk-only", check=False)
    kept = {path.name for path in images_dir.iterdir()}
    run_module("libvirt_domain", {"name": web["name"], "state": "absent"})
    assert web["name"] not in virsh("list", "--all", "--name").split()
    assert {path.name for path in images_dir.iterdir()} == kept >= {"disk", "seed.iso"}


def test_an_unchanged_domain_is_unchanged_in_check_mode_too(run_module: t.Any, virsh: t.Any, web: Args) -> None:
    """community.libvirt#205: in check mode an unchanged domain is reported as changed."""
    run_module("libvirt_domain", web)
    for args in (web, {"xml": virsh("dumpxml", "--inactive", web["name"])}):
        told = run_module("libvirt_domain", args, check=True)
        assert (told["changed"], told["diff"]) == (False, {"before": {}, "after": {}})


def test_a_domain_without_a_mac_address_is_unchanged(run_module: t.Any, virsh: t.Any, web: Args, scratch: str) -> None:
    """community.libvirt#186: a domain whose interface has no MAC address is changed by every run."""
    xml = (
        f"<domain type='qemu'><name>{scratch}-b</name><memory>65536</memory><os><type>hvm</type></os>"
        "<devices><interface type='network'><source network='default'/></interface></devices></domain>"
    )
    for args, name in ((web, scratch), ({"xml": xml}, scratch + "-b")):
        assert run_module("libvirt_domain", args)["changed"]
        mac = tree(virsh, "dumpxml", name).xpath("string(devices/interface/mac/@address)")
        assert not run_module("libvirt_domain", args)["changed"]
        assert tree(virsh, "dumpxml", name).xpath("string(devices/interface/mac/@address)") == mac != ""


def test_an_edited_network_is_changed(run_module: t.Any, virsh: t.Any, net: Args) -> None:
    """community.libvirt#47, stackhpc.libvirt-host#25: a network that is there is never looked at again."""
    run_module("libvirt_net", net)
    net["ips"][0]["dhcp"]["ranges"] = [{"start": "198.18.77.60", "end": "198.18.77.99"}]
    assert run_module("libvirt_net", net)["changed"]
    found = tree(virsh, "net-dumpxml", net["name"])
    assert found.xpath("ip/dhcp/range/@start") == ["198.18.77.60"]
    args = {"xml": f"<network><name>{net['name']}</name><mtu size='1400'/></network>"}
    assert run_module("libvirt_net", args)["changed"]
    assert not run_module("libvirt_net", args)["changed"]
    assert tree(virsh, "net-dumpxml", "--inactive", net["name"]).xpath("string(mtu/@size)") == "1400"


def test_an_edited_pool_is_changed(run_module: t.Any, virsh: t.Any, pool: Args, images_dir: Path) -> None:
    """community.libvirt#47, stackhpc.libvirt-host#25: nor is a pool."""
    run_module("libvirt_pool", pool)
    pool["target"] = {"path": str(images_dir / "other")}
    done = run_module("libvirt_pool", {**pool, "restart": "if_required"})
    assert "target.path" in fields(done, "pool")
    assert tree(virsh, "pool-dumpxml", pool["name"]).xpath("string(target/path)") == str(images_dir / "other")


@pytest.mark.parametrize("module", ["libvirt_domain", "libvirt_net", "libvirt_pool"])
def test_present_with_autostart_starts_with_the_host(
    run_module: t.Any, virsh: t.Any, web: Args, net: Args, pool: Args, module: str
) -> None:
    """ansible#27064: state=present with autostart=true leaves autostart off."""
    args = {"libvirt_domain": web, "libvirt_net": net, "libvirt_pool": pool}[module]
    lister = {"libvirt_domain": "list", "libvirt_net": "net-list", "libvirt_pool": "pool-list"}[module]

    def starts() -> bool:
        return args["name"] in virsh(lister, "--all", "--autostart", "--name").split()

    run_module(module, {**args, "state": "present", "autostart": True})
    assert starts()
    assert not run_module(module, {**args, "state": "present", "autostart": True})["changed"]
    run_module(module, {**args, "state": "present"})
    assert starts()
    run_module(module, {**args, "state": "present", "autostart": False})
    assert not starts()


def test_stopped_is_stopped_when_the_task_is_over(
    run_module: t.Any, virsh: t.Any, web: Args, tiny: Args, images_dir: Path, up: t.Any
) -> None:
    """community.libvirt#63, ansible#19284: shutdown does not wait. terraform-provider-libvirt#1060, #1348: no
    graceful stop: a guest is asked, and obeys."""
    images_dir.chmod(0o777)
    console = [{"type": "file", "path": str(images_dir / "console")}]
    args = {
        **web,
        **tiny,
        "memory": "128MiB",
        "cmdline": "console=ttyS0 clearcpuid=cx16 quiet",
        "serials": console,
        "interfaces": [],
    }
    run_module("libvirt_domain", {**args, "state": "running"})
    up()
    run_module("libvirt_domain", {"name": web["name"], "state": "stopped", "timeout": 120})
    assert virsh("domstate", "--reason", web["name"]).strip() == "shut off (shutdown)"


def test_a_guest_that_does_not_stop_is_told_of(run_module: t.Any, virsh: t.Any, web: Args) -> None:
    """The same issues: it is neither powered off nor taken for stopped."""
    run_module("libvirt_domain", {**web, "interfaces": [], "state": "running"})
    failed = run_module("libvirt_domain", {"name": web["name"], "state": "stopped", "timeout": 2}, expect="failed")
    assert failed["error_code"] == "timeout"
    assert virsh("domstate", web["name"]).strip() == "running"


def test_a_gibibyte_is_a_gibibyte(run_module: t.Any, virsh: t.Any, pool: Args) -> None:
    """community.libvirt: a capacity with the unit GiB is read as so many bytes."""
    run_module("libvirt_pool", pool)
    run_module("libvirt_volume", {"pool": pool["name"], "name": "disk", "capacity": "1GiB", "allow_overcommit": True})
    dumped = tree(virsh, "vol-dumpxml", "--pool", pool["name"], "disk")
    assert dumped.xpath("string(capacity)") == str(1 << 30)
    for capacity in ("1", "1Gi", "1gib"):
        args = {"pool": pool["name"], "name": "other", "capacity": capacity}
        assert run_module("libvirt_volume", args, expect="failed")["error_code"] == "bad_value"


def test_a_seed_follows_its_content_and_only_that(run_module: t.Any, tmp_path: Path) -> None:
    """community.libvirt, terraform-provider-libvirt#1368: seeds are always changed, and never rewritten."""
    path = tmp_path / "seed.iso"
    args = {"path": str(path), "meta_data": {"local-hostname": "web1"}, "user_data": {"packages": ["vim"]}}
    run_module("cloudinit_seed", args)
    before = path.read_bytes()
    assert not run_module("cloudinit_seed", args)["changed"]
    assert path.read_bytes() == before
    args["user_data"] = {"packages": ["nano"]}
    assert run_module("cloudinit_seed", args)["changed"]
    words = ["xorriso", "-osirrox", "on", "-indev", str(path), "-extract", "/user-data", str(tmp_path / "user-data")]
    subprocess.run(words, check=True, capture_output=True)
    assert "nano" in (tmp_path / "user-data").read_text(encoding="utf-8")


def test_a_domain_is_declared_by_options(run_module: t.Any, virsh: t.Any, web: Args) -> None:
    """community.libvirt#279, #144, ansible#27905: only raw XML, and commands instead of states."""
    for state, domstate in (("present", "shut off"), ("running", "running"), ("paused", "paused")):
        run_module("libvirt_domain", {**web, "interfaces": [], "vcpus": 2, "state": state})
        assert virsh("domstate", web["name"]).strip() == domstate
    found = tree(virsh, "dumpxml", web["name"])
    assert found.xpath("vcpu = 2 and devices/disk[@device='cdrom'] and memory = 65536")


# --- terraform-provider-libvirt --------------------------------------------------------------------------------------


def test_a_change_replaces_nothing(run_module: t.Any, virsh: t.Any, web: Args, pool: Args, net: Args) -> None:
    """terraform-provider-libvirt#952, #1017, #1325: every change destroys an object and makes another."""
    run_module("libvirt_pool", pool)
    volume = {"pool": pool["name"], "name": "disk", "capacity": "1MiB", "format": "raw"}
    path = Path(run_module("libvirt_volume", volume)["volume"]["path"])
    path.write_bytes(b"data" * 1024)
    run_module("libvirt_net", net)
    web["disks"], web["interfaces"] = [{"pool": pool["name"], "volume": "disk"}], [{"network": net["name"]}]
    run_module("libvirt_domain", web)

    def identities() -> list[str]:
        found = tree(virsh, "dumpxml", web["name"])
        return [
            virsh("domuuid", web["name"]),
            virsh("net-uuid", net["name"]),
            virsh("pool-uuid", pool["name"]),
            *found.xpath("//mac/@address | //disk/target/@dev"),
            *(etree.tostring(each) for each in found.xpath("devices/*[self::disk or self::interface]/address")),
        ]

    before, node = identities(), path.stat().st_ino
    assert run_module("libvirt_domain", {**web, "memory": "96MiB", "vcpus": 2, "title": "other"})["changed"]
    assert run_module("libvirt_net", {**net, "domain": {"name": "x.test"}, "mtu": 1400, "restart": "if_required"})[
        "changed"
    ]
    assert run_module("libvirt_volume", {**volume, "capacity": "2MiB"})["changed"]
    assert identities() == before
    assert path.stat().st_ino == node
    assert path.read_bytes()[: 4 * 1024] == b"data" * 1024


def test_a_small_change_restarts_nothing(run_module: t.Any, virsh: t.Any, web: Args, images_dir: Path) -> None:
    """terraform-provider-libvirt#751, #792, #1069: a guest is powered off for the smallest change."""
    web.update(state="running", interfaces=[], max_vcpus=2, vcpus=1)
    run_module("libvirt_domain", web)
    number = virsh("domid", web["name"])
    (images_dir / "more").write_bytes(bytes(MIB))
    web.update(title="other", vcpus=2, autostart=True)
    web["disks"].append({"file": str(images_dir / "more"), "format": "raw"})
    done = run_module("libvirt_domain", web)
    assert done["domain"]["restart_required"] == []
    done = run_module("libvirt_domain", {**web, "cpu": {"mode": "custom", "model": "Nehalem"}})
    assert done["domain"]["restart_required"]
    assert virsh("domid", web["name"]) == number
    live = tree(virsh, "dumpxml", web["name"])
    assert live.xpath("title = 'other' and (not(vcpu/@current) or vcpu/@current = 2)")
    assert live.xpath("devices/disk/source/@file").count(str(images_dir / "more")) == 1


NORMALISED = [
    "<memory unit='MiB'>64</memory><os><type machine='q35'>hvm</type></os>",
    "<memory unit='KiB'>65536</memory><os><type arch='x86_64'>hvm</type></os><on_reboot>restart</on_reboot>",
    "<memory>65536</memory><os><type>hvm</type></os><devices><video><model type='vga'/></video></devices>",
    "<memory>65536</memory><os><type>hvm</type></os><devices><serial type='pty'/><console type='pty'/></devices>",
    "<memory>65536</memory><os><type>hvm</type></os><cpu mode='custom'><model>qemu64</model></cpu>",
    "<memory>65536</memory><os><type>hvm</type></os><devices><interface type='bridge'><source bridge='br-none'/>\
<mac address='52:54:00:AB:CD:EF'/></interface></devices>",
    "<memory>65536</memory><os><type>hvm</type></os><devices><graphics type='spice' autoport='yes'/></devices>",
]


@pytest.mark.parametrize("body", NORMALISED, ids=range(len(NORMALISED)))
def test_what_libvirt_puts_into_other_words_is_no_drift(run_module: t.Any, scratch: str, body: str) -> None:
    """terraform-provider-libvirt#1207, #1269, #1319, #1326, #1327: normalised XML shows as drift for ever."""
    args = {"xml": f"<domain type='qemu'><name>{scratch}</name>{body}</domain>"}
    result = run_module("libvirt_domain", args, expect="either")
    if result.get("failed"):
        assert "spice" in result["msg"].lower()  # what this machine's QEMU is built without
        return
    again = run_module("libvirt_domain", args)
    assert not again["changed"], again["diff"]
    assert not run_module("libvirt_domain", args, check=True)["changed"]


def test_several_hypervisors(run_module: t.Any, virsh: t.Any, daemon: Daemon, scratch: str) -> None:
    """terraform-provider-libvirt#54, #774, #829, #1071: one configuration, one hypervisor."""
    args = {"name": scratch, "type": "qemu", "memory": "64MiB"}
    there = {**args, "uri": daemon.uri, "title": "there"}
    assert run_module("libvirt_domain", args)["changed"]
    assert run_module("libvirt_domain", there)["changed"]
    assert not run_module("libvirt_domain", args)["changed"]
    assert not run_module("libvirt_domain", there)["changed"]
    assert not tree(virsh, "dumpxml", scratch).xpath("title")
    dumped = subprocess.check_output(["virsh", "-c", daemon.uri, "dumpxml", scratch], text=True)
    assert "<title>there</title>" in dumped


def test_a_network_is_changed_in_place(run_module: t.Any, virsh: t.Any, net: Args) -> None:
    """terraform-provider-libvirt#389, #468: of a network only autostart is updated; else its guests lose it."""
    run_module("libvirt_net", net)
    bridge = virsh("net-info", net["name"]).split("Bridge:")[1].split()[0]
    number = Path(f"/sys/class/net/{bridge}/ifindex").read_text(encoding="ascii")
    net["ips"][0]["dhcp"]["hosts"] = [{"mac": "52:54:00:12:34:56", "ip": "198.18.77.7", "name": "web1"}]
    done = run_module("libvirt_net", {**net, "dns": {"hosts": [{"ip": "198.18.77.8", "hostnames": ["web2"]}]}})
    assert done["network"]["restart_required"] == []
    live = tree(virsh, "net-dumpxml", net["name"])
    assert live.xpath("ip/dhcp/host/@ip") == ["198.18.77.7"]
    assert live.xpath("dns/host/hostname/text()") == ["web2"]
    assert Path(f"/sys/class/net/{bridge}/ifindex").read_text(encoding="ascii") == number


def test_an_address_is_known_before_there_is_a_lease(run_module: t.Any, virsh: t.Any, net: Args, web: Args) -> None:
    """terraform-provider-libvirt#1047, #1050, #1091: waiting for leases that never come. An address is reserved."""
    mac = "52:54:00:12:34:57"
    net["ips"][0]["dhcp"]["hosts"] = [{"mac": mac, "ip": "198.18.77.7", "name": "web1"}]
    run_module("libvirt_net", net)
    run_module("libvirt_domain", {**web, "interfaces": [{"network": net["name"], "mac": mac}], "state": "running"})
    served = Path(f"/var/lib/libvirt/dnsmasq/{net['name']}.hostsfile").read_text(encoding="utf-8")
    assert f"{mac},198.18.77.7,web1" in served
    assert mac in virsh("domiflist", web["name"])


# --- stackhpc, proxmox, salt, puppet ---------------------------------------------------------------------------------


def test_changed_variables_change_existing_domains(run_module: t.Any, virsh: t.Any, web: Args) -> None:
    """stackhpc.libvirt-vm#82: changing role variables does nothing to existing domains."""
    run_module("libvirt_domain", web)
    changed = {**web, "memory": "128MiB", "vcpus": 2, "disks": web["disks"][:1], "boot": ["network"]}
    assert run_module("libvirt_domain", changed)["changed"]
    found = tree(virsh, "dumpxml", web["name"])
    assert found.xpath("memory = 131072 and vcpu = 2 and count(devices/disk) = 1 and os/boot/@dev = 'network'")


def test_nothing_is_always_changed(
    run_module: t.Any, web: Args, net: Args, pool: Args, scratch: str, images_dir: Path
) -> None:
    """community.proxmox#24, #200: always changed."""
    volume = {"pool": pool["name"], "name": "disk", "capacity": "1MiB"}
    tasks: list[tuple[str, Args]] = [
        ("libvirt_pool", pool),
        ("libvirt_volume", volume),
        ("libvirt_net", net),
        ("libvirt_secret", {"usage": "ceph", "name": scratch, "value": "of no worth"}),
        ("libvirt_nwfilter", {"name": scratch, "rules": [{"action": "drop", "direction": "in"}]}),
        ("libvirt_domain", {**web, "state": "running", "interfaces": [{"network": net["name"]}]}),
    ]
    for module, args in tasks:
        assert run_module(module, args)["changed"]
    for check in (True, False):
        assert [module for module, args in tasks if run_module(module, args, check=check)["changed"]] == []


def test_a_volume_group_survives_a_pool(run_module: t.Any, loop: t.Callable[[], str], scratch: str) -> None:
    """salt#56454, puppet-libvirt#31: building a pool over an existing volume group destroys it."""
    device, group = loop(), scratch.replace("-", "_")
    subprocess.run(["vgcreate", "-q", group, device], check=True, capture_output=True)
    try:
        words = ["vgs", "--noheadings", "-o", "vg_uuid,vg_size,pv_count", group]
        before = subprocess.check_output(words)
        source: Args = {"name": group, "devices": [{"path": device}], "format": "lvm2"}
        args = {"name": scratch, "type": "logical", "source": source, "build": True, "overwrite": True}
        run_module("libvirt_pool", args, expect="either")
        assert subprocess.check_output(words) == before
        other = {**args, "name": scratch + "-b", "source": {**source, "name": group + "_b"}, "overwrite": False}
        failed = run_module("libvirt_pool", other, expect="failed")
        assert failed["error_code"] in ("holds_data", "in_use")
        assert subprocess.check_output(words) == before
    finally:
        run_module("libvirt_pool", {"name": scratch, "state": "absent"})
        subprocess.run(["vgremove", "-q", "-y", "-f", group], check=True, capture_output=True)
        subprocess.run(["pvremove", "-q", "-y", device], check=True, capture_output=True)
