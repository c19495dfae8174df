# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_domain on this machine's own libvirtd: what is defined. What runs is in test_libvirt_domain_running.py."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    """All that there is of this test's domains: the definition, the live one, and libvirt's summary."""

    def run() -> str:
        names = [name for name in virsh("list", "--all", "--name").split() if name.startswith(scratch)]
        return "\n".join(
            virsh("dumpxml", "--security-info", name)
            + virsh("dumpxml", "--inactive", "--security-info", name)
            + virsh("dominfo", name)
            for name in sorted(names)
        )

    return run


@pytest.fixture
def pool(run_module: t.Any, scratch: str, images_dir: Path) -> str:
    """An active pool on images_dir / "pool" with the volumes system.qcow2 and data.raw."""
    run_module("libvirt_pool", {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "pool")}})
    volumes = [
        {"pool": scratch, "name": "system.qcow2", "capacity": "16MiB"},
        {"pool": scratch, "name": "data.raw", "capacity": "8MiB", "format": "raw"},
    ]
    run_module("libvirt_volume", {"volumes": volumes})
    return scratch


@pytest.fixture
def network(run_module: t.Any, scratch: str) -> str:
    run_module("libvirt_net", {"name": scratch, "forward": {"mode": "isolated"}})
    return scratch


@pytest.fixture
def web(scratch: str, pool: str, network: str) -> Args:
    """A domain with what most have."""
    return {
        "name": scratch + "-web",
        "type": "qemu",
        "memory": "64MiB",
        "vcpus": 1,
        "disks": [{"pool": pool, "volume": "system.qcow2"}],
        "interfaces": [{"network": network}],
    }


@pytest.fixture
def full(web: Args, network: str, pool: str, images_dir: Path) -> Args:
    """A domain with every option that is in the XML."""
    (images_dir / "kernel").write_bytes(b"kernel")
    (images_dir / "initrd").write_bytes(b"initrd")
    (images_dir / "seed.iso").write_bytes(b"seed")
    return {
        **web,
        "uuid": "6a1c4b52-1111-4222-8333-123456789abc",
        "title": "A title",
        "description": "Two words & <more>",
        "arch": "x86_64",
        "machine": "q35",
        "firmware": "bios",
        "memory": "1GiB",
        "current_memory": "512MiB",
        "vcpus": 2,
        "max_vcpus": 4,
        "cpu": {
            "mode": "custom",
            "model": "qemu64",
            "topology": {"sockets": 1, "dies": 1, "cores": 2, "threads": 2},
            "features": [{"name": "svm", "policy": "disable"}, {"name": "pdpe1gb"}],
        },
        "kernel": str(images_dir / "kernel"),
        "initrd": str(images_dir / "initrd"),
        "cmdline": "console=ttyS0 quiet",
        "disks": [
            {
                "target": "vda",
                "bus": "virtio",
                "device": "disk",
                "pool": pool,
                "volume": "system.qcow2",
                "format": "qcow2",
                "cache": "none",
                "io": "native",
                "discard": "unmap",
                "serial": "SYSTEM",
                "boot_order": 1,
            },
            {"file": str(images_dir / "seed.iso"), "format": "raw", "readonly": True, "shareable": False},
            {"block": "/dev/null", "shareable": True, "target": "sdb", "bus": "sata"},
            {"device": "cdrom", "target": "sda", "bus": "sata"},
        ],
        "interfaces": [
            {"network": network, "mac": "52:54:00:AA:BB:CC", "model": "virtio", "mtu": 1400, "boot_order": 2},
            {"bridge": "br-none", "model": "e1000e", "target": "tap-mct", "link": "down"},
        ],
        "serials": [{"type": "pty", "log": str(images_dir / "log")}, {"type": "file", "path": str(images_dir / "out")}],
        "consoles": [{"type": "pty", "target": "serial"}, {"type": "pty", "target": "virtio"}],
        "channels": [{"name": "org.qemu.guest_agent.0", "type": "unix"}, {"name": "com.example.0", "type": "pty"}],
        "graphics": [{"type": "vnc", "port": -1, "listen": "127.0.0.1", "password": "secret77"}],
        "videos": [{"model": "vga"}],
        "rngs": [{"model": "virtio", "backend": "/dev/urandom"}],
        "autostart": True,
    }


def fields(result: Args) -> list[str]:
    return [change["field"] for domain in result["domains"] for change in domain["changes"]]


def valid(virsh: t.Any, name: str) -> None:
    """libvirt's own schema has nothing against what was defined."""
    schema = etree.RelaxNG(file="/usr/share/libvirt/schemas/domain.rng")
    schema.assertValid(etree.fromstring(virsh("dumpxml", "--inactive", name)))


def identity(virsh: t.Any, name: str) -> list[str]:
    """UUID, MAC addresses, and where on its bus each device is."""
    tree = etree.fromstring(virsh("dumpxml", "--inactive", name))
    label = "string(target/@dev|target/@name|mac/@address)"
    places = [
        f"{device.tag} {device.xpath(label)} {sorted(dict(address.attrib).items())}"
        for device in tree.find("devices")
        for address in device.findall("address")
        if device.tag != "controller"
    ]
    return [tree.findtext("uuid"), *(mac.get("address") for mac in tree.iter("mac")), *places]


def test_a_usual_domain(converge: t.Any, virsh: t.Any, look: t.Any, web: Args, images_dir: Path) -> None:
    done = converge(MODULE, web, look)
    name = web["name"]
    assert done["domain"]["state"] == "stopped"
    assert done["domain"]["uuid"] == virsh("domuuid", name).strip()
    tree = etree.fromstring(virsh("dumpxml", "--inactive", name))
    assert tree.get("type") == "qemu"
    assert tree.find("os/type").get("machine").startswith("pc-q35")
    assert tree.findtext("memory") == str(64 * 1024)
    disk = tree.find("devices/disk")
    assert disk.find("source").get("file") == str(images_dir / "pool" / "system.qcow2")
    assert (disk.find("target").get("dev"), disk.find("target").get("bus")) == ("vda", "virtio")
    assert disk.find("driver").get("type") == "qcow2"
    assert tree.find("devices/interface/model").get("type") == "virtio"
    assert tree.find("devices/channel/target").get("name") == "org.qemu.guest_agent.0"
    assert tree.find("devices/rng/backend").text == "/dev/urandom"
    assert len(tree.findall("devices/serial")) == 1
    assert len(tree.findall("devices/console")) == 1
    valid(virsh, name)
    done = converge(MODULE, {"name": name, "state": "absent"}, look)
    assert done["domain"]["state"] == "absent"
    assert (images_dir / "pool" / "system.qcow2").exists()


def test_every_option(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, full: Args, images_dir: Path
) -> None:
    done = converge(MODULE, full, look)
    name = full["name"]
    assert "secret77" not in json.dumps(done["domains"]) + json.dumps(done["diff"])
    valid(virsh, name)
    tree = etree.fromstring(virsh("dumpxml", "--inactive", "--security-info", name))
    assert tree.findtext("description") == "Two words & <more>"
    assert tree.find("vcpu").attrib["current"] == "2"
    assert tree.find("devices/graphics").get("passwd") == "secret77"
    assert [disk.find("target").get("dev") for disk in tree.findall("devices/disk")] == ["vda", "vdb", "sda", "sdb"]
    before = identity(virsh, name)

    # Each option by itself: the same is no change.
    for option in set(full) - {"name"}:
        only = {"name": name, option: full[option]}
        if option == "memory":
            only["current_memory"] = full["current_memory"]
        assert not run_module(MODULE, only, check=True)["changed"], option
    # The same in other words.
    words = {"memory": "1024MiB", "uuid": full["uuid"].upper(), "machine": "q35"}
    assert not run_module(MODULE, {"name": name, "current_memory": "524288KiB", **words})["changed"]
    # A change elsewhere keeps UUID, MAC, PCI addresses, and the password.
    done = converge(MODULE, {**full, "title": "Another", "vcpus": 3, "autostart": False}, look)
    assert fields(done) == ["title", "vcpus", "autostart"]
    assert identity(virsh, name) == before
    assert "passwd='secret77'" in virsh("dumpxml", "--inactive", "--security-info", name)
    # An empty text takes away.
    done = converge(MODULE, {"name": name, "title": "", "kernel": "", "initrd": "", "cmdline": ""}, look)
    assert fields(done) == ["title", "kernel", "initrd", "cmdline"]
    done = converge(MODULE, {"name": name, "graphics": [{"type": "vnc", "password": "other"}]}, look)
    assert done["domain"]["changes"] == [{"field": "graphics[vnc].password", "before": "********", "after": "********"}]
    done = converge(MODULE, {"name": name, "graphics": [], "videos": [], "disks": [], "interfaces": []}, look)
    assert "<disk" not in virsh("dumpxml", name)


def test_only_a_state_touches_no_definition(converge: t.Any, run_module: t.Any, look: t.Any, full: Args) -> None:
    run_module(MODULE, full)
    before = look()
    for state in ("present", "stopped"):
        assert not run_module(MODULE, {"name": full["name"], "state": state})["changed"]
    assert look() == before


def test_devices_keep_their_identity(
    converge: t.Any, virsh: t.Any, look: t.Any, web: Args, pool: str, network: str
) -> None:
    web["interfaces"] = [{"network": network}, {"network": network, "model": "e1000e"}]
    converge(MODULE, web, look)
    name = web["name"]
    before = identity(virsh, name)
    macs = re.findall(r"mac address='(.*?)'", virsh("dumpxml", name))
    # In order without a MAC, by MAC in any order, a changed one keeps its own.
    web["interfaces"][1]["model"] = "virtio"
    assert fields(converge(MODULE, web, look)) == [f"interfaces[{macs[1]}].model"]
    assert re.findall(r"mac address='(.*?)'", virsh("dumpxml", name)) == macs
    web["interfaces"] = [{"network": network, "mac": mac.upper()} for mac in reversed(macs)]
    converge(MODULE, web, look)
    assert identity(virsh, name)[:3] == before[:3]
    # One goes, the other stays what it was; a disk is added behind.
    web["interfaces"] = web["interfaces"][:1]
    web["disks"].append({"pool": pool, "volume": "data.raw"})
    assert fields(converge(MODULE, web, look)) == ["disks[vdb]", f"interfaces[{macs[0]}]"]
    after = identity(virsh, name)
    assert macs[0] not in after
    assert [each for each in before if each.startswith("disk vda")] == [e for e in after if e.startswith("disk vda")]
    # Order of declaration is not order of device.
    web["disks"].reverse()
    for disk in web["disks"]:
        disk.pop("target", None)
    assert not converge(MODULE, web, look)["changed"]


def test_drift_by_hand_is_shown_and_repaired(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, web: Args, images_dir: Path
) -> None:
    converge(MODULE, {**web, "autostart": True}, look)
    name = web["name"]
    virsh("setmaxmem", name, "128M", "--config")
    virsh("setvcpus", name, "3", "--config", "--maximum")
    virsh("autostart", name, "--disable")
    virsh("detach-disk", name, "vda", "--config")
    virsh("attach-disk", name, str(images_dir / "pool" / "data.raw"), "vdc", "--config", "--targetbus", "virtio")
    told = run_module(MODULE, {**web, "autostart": True}, check=True)
    assert [c for c in told["domain"]["changes"] if c["field"] in ("memory", "autostart", "vcpus")] == [
        {"field": "memory", "before": "128MiB", "after": "64MiB"},
        {"field": "autostart", "before": False, "after": True},
    ]
    assert {"disks[vda]", "disks[vdc]"} <= set(fields(told))
    converge(MODULE, {**web, "autostart": True}, look)
    assert "vdc" not in virsh("dumpxml", name)


def test_what_has_no_option_survives(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, web: Args, images_dir: Path
) -> None:
    converge(MODULE, web, look)
    name = web["name"]
    extra = (
        "<a:note xmlns:a='urn:example'>by hand</a:note></metadata>",
        "<watchdog model='i6300esb' action='reset'/>",
        "<input type='tablet' bus='usb'/>",
        "<iotune><total_bytes_sec>1000000</total_bytes_sec></iotune>",
    )
    xml = virsh("dumpxml", "--inactive", name)
    xml = xml.replace("</metadata>", extra[0], 1).replace("</disk>", extra[3] + "</disk>", 1)
    xml = xml.replace("</devices>", extra[1] + extra[2] + "</devices>")
    (images_dir / "edited.xml").write_text(xml)
    virsh("define", str(images_dir / "edited.xml"))
    assert not converge(MODULE, web, look)["changed"]
    web["memory"] = "96MiB"
    web["disks"][0]["cache"] = "none"
    converge(MODULE, web, look)
    xml = virsh("dumpxml", "--inactive", name)
    for words in ("by hand", "i6300esb", "type='tablet'", "<total_bytes_sec>1000000"):
        assert words in xml


def test_a_disk_by_pool_and_volume_is_the_same_by_path(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, web: Args, pool: str, images_dir: Path
) -> None:
    converge(MODULE, web, look)
    name = web["name"]
    path = images_dir / "pool" / "system.qcow2"
    xml = virsh("dumpxml", "--inactive", name).replace("<disk type='file'", "<disk type='volume'")
    xml = xml.replace(f"<source file='{path}'/>", f"<source pool='{pool}' volume='system.qcow2'/>")
    (images_dir / "edited.xml").write_text(xml)
    virsh("define", str(images_dir / "edited.xml"))
    assert "type='volume'" in virsh("dumpxml", name)
    assert not converge(MODULE, web, look)["changed"]
    assert not run_module(MODULE, {"name": name, "disks": [{"file": str(path)}]})["changed"]
    assert not run_module(MODULE, {"name": name, "disks": [{"file": str(path), "target": "vda"}]})["changed"]
    web["disks"] = [{"pool": pool, "volume": "data.raw"}]
    assert converge(MODULE, web, look)["changed"]


def test_efi_keeps_its_firmware_and_variables(
    converge: t.Any, virsh: t.Any, look: t.Any, web: Args, images_dir: Path
) -> None:
    converge(MODULE, {**web, "firmware": "efi"}, look)
    xml = virsh("dumpxml", "--inactive", web["name"])
    assert "firmware='efi'" in xml
    valid(virsh, web["name"])
    assert fields(converge(MODULE, {**web, "firmware": "efi", "title": "x"}, look)) == ["title"]
    assert fields(converge(MODULE, {**web, "firmware": "bios"}, look)) == ["firmware", "title"]
    assert "pflash" not in virsh("dumpxml", "--inactive", web["name"])


XML = """
<domain type='qemu'>
  <name>{name}</name>
  <vcpu>2</vcpu>
  <memory unit='MiB'>64</memory>
  <os><boot dev='hd'/><type machine='q35' arch='x86_64'>hvm</type></os>
  <features><acpi/><apic/></features>
  <devices>
    <interface type='network'><model type='virtio'/><source network='{network}'/></interface>
    <disk device='disk' type='file'>
      <target bus='virtio' dev='vda'/><source file='{path}'/><driver type='qcow2' name='qemu'/>
    </disk>
    <serial type='pty'/>
    <console type='pty'/>
    <controller type='usb' model='qemu-xhci'/>
    <memballoon model='virtio'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>
"""


def test_a_whole_document(
    converge: t.Any,
    run_module: t.Any,
    virsh: t.Any,
    look: t.Any,
    scratch: str,
    network: str,
    pool: str,
    images_dir: Path,
) -> None:
    xml = XML.format(name=scratch, network=network, path=images_dir / "pool" / "system.qcow2")
    done = converge(MODULE, {"xml": xml}, look)
    assert done["domain"]["name"] == scratch
    before = identity(virsh, scratch)
    # Other units, another order, white space: the same.
    other = xml.replace("<memory unit='MiB'>64</memory>", "").replace("<os>", "<memory>\n 65536 </memory><os>")
    assert not run_module(MODULE, {"xml": re.sub(r">\s+<", "><", other)})["changed"]
    assert not run_module(MODULE, {"xml": virsh("dumpxml", "--inactive", scratch)})["changed"]
    # A change keeps identity; an option wins over the document.
    done = converge(MODULE, {"xml": xml.replace("<vcpu>2", "<vcpu>3"), "memory": "96MiB"}, look)
    assert {"xml/vcpu", "memory"} <= set(fields(done))
    assert identity(virsh, scratch) == before
    assert fields(run_module(MODULE, {"xml": xml}, check=True)) == ["xml/vcpu", "xml/memory"]
    # The document's disks are all there are.
    virsh("attach-disk", scratch, str(images_dir / "pool" / "data.raw"), "vdb", "--config")
    done = converge(MODULE, {"xml": xml}, look)
    assert "xml/devices/disk" in fields(done)
    assert "data.raw" not in virsh("dumpxml", scratch)


FRAGMENTS = [
    "<watchdog action='poweroff' model='i6300esb'/>",
    "<input bus='usb' type='tablet'/>",
    "<memtune><hard_limit unit='GiB'>1</hard_limit></memtune>",
    "<memtune><hard_limit>1048576</hard_limit></memtune>",
    "<cputune><shares>512</shares></cputune>",
    "<memoryBacking><locked/></memoryBacking>",
    "<memoryBacking><hugepages><page size='2' unit='M'/></hugepages></memoryBacking>",
    "<metadata><m:x xmlns:m='urn:example:m' kind='a'>text</m:x></metadata>",
    "<clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/></clock>",
    "<features><hyperv><relaxed state='on'/></hyperv></features>",
    "<on_crash>restart</on_crash>",
    "<sound model='ich9'/>",
    "<memballoon model='none'/>",
    "<controller type='scsi' index='0' model='virtio-scsi'/>",
    "<vsock model='virtio'><cid auto='yes'/></vsock>",
    "<sysinfo type='smbios'><system><entry name='serial'>X1</entry></system></sysinfo>",
    "<memory unit='MiB'>80</memory>",
    "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:env name='A' value='b'/></q:commandline>",
    "<filesystem type='mount'><source dir='/srv'/><target dir='share'/></filesystem>",
    "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0xbeef'/></source></hostdev>",
    "<panic model='isa'/>",
    "<numatune><memory mode='strict' nodeset='0'/></numatune>",
    "<iothreads>2</iothreads>",
    "<rng model='virtio'><backend model='random'>/dev/random</backend><rate bytes='1000' period='1000'/></rng>",
]


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda text: re.sub(r"\W+", "-", text)[:40])
def test_a_fragment(converge: t.Any, virsh: t.Any, look: t.Any, scratch: str, fragment: str) -> None:
    converge(MODULE, {"name": scratch, "type": "qemu", "memory": "64MiB"}, look)
    before = identity(virsh, scratch)
    done = converge(MODULE, {"name": scratch, "xml": fragment}, look)
    assert fields(done)
    after = identity(virsh, scratch)
    assert [each for each in before if each.split()[0] not in fragment] == [
        each for each in after if each.split()[0] not in fragment
    ]


def test_many_in_one_call(converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    domains = [{"name": f"{scratch}-{n}", "type": "qemu", "memory": "64MiB", "vcpus": n} for n in (1, 2, 3)]
    done = converge(MODULE, {"domains": domains}, look)
    assert "domain" not in done
    virsh("setmaxmem", f"{scratch}-2", "80M", "--config")
    virsh("undefine", f"{scratch}-3")
    done = converge(MODULE, {"domains": domains}, look)
    assert [each["name"] for each in done["domains"] if each["changes"]] == [f"{scratch}-2", f"{scratch}-3"]
    assert set(done["diff"]["after"]) == {f"domain {scratch}-2", f"domain {scratch}-3"}


def test_absent(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, web: Args, pool: str, images_dir: Path
) -> None:
    iso = images_dir / "pool" / "seed.iso"
    iso.write_bytes(b"seed")
    web["disks"] += [{"pool": pool, "volume": "data.raw"}, {"file": str(iso), "device": "cdrom", "bus": "sata"}]
    other = {**web, "name": web["name"] + "2", "disks": [{"pool": pool, "volume": "data.raw", "shareable": True}]}
    run_module(MODULE, {"domains": [web, other]})
    before = look()
    name = web["name"]
    for target, words in (("sda", "never deleted"), ("vdz", "disks are vda, vdb, sda")):
        result = run_module(MODULE, {"name": name, "state": "absent", "remove_volumes": [target]}, expect="failed")
        assert words in result["msg"]
        assert look() == before
    result = run_module(MODULE, {"name": name, "state": "absent", "remove_volumes": ["vda", "vdb"]}, expect="failed")
    assert result["error_code"] == "in_use"
    assert f"domain {other['name']}" in result["msg"]
    assert look() == before
    done = converge(MODULE, {"name": name, "state": "absent", "remove_volumes": ["vda"]}, look)
    assert fields(done) == ["state", "volume"]
    assert sorted(path.name for path in (images_dir / "pool").iterdir()) == ["data.raw", "seed.iso"]
    converge(MODULE, {"name": other["name"], "state": "absent"}, look)
    assert (images_dir / "pool" / "data.raw").exists()


def test_absent_takes_what_only_libvirt_keeps(converge: t.Any, virsh: t.Any, look: t.Any, web: Args) -> None:
    """NVRAM and the metadata of snapshots, which make others' undefine fail."""
    converge(MODULE, {**web, "firmware": "efi"}, look)
    virsh("snapshot-create-as", web["name"], "one", "--disk-only", "--no-metadata", check=False)
    virsh("snapshot-create-as", web["name"], "two", "--disk-only", check=False)
    converge(MODULE, {"name": web["name"], "state": "absent"}, look)
    assert web["name"] not in virsh("list", "--all", "--name")


BAD: list[tuple[Args, str, str]] = [
    ({"memory": "2"}, "memory: '2' is not valid", "bad_value"),
    ({"memory": "2XiB"}, "memory: '2XiB' is not valid", "bad_value"),
    ({"memory": "2g"}, "memory: '2g' is not valid", "bad_value"),
    ({"memory": "0"}, "memory: '0' is not valid", "bad_value"),
    ({"memory": "0MiB"}, "memory: '0MiB' is not valid", "bad_value"),
    ({"memory": ""}, "memory: '' is not valid", "bad_value"),
    ({"memory": "64MiB", "current_memory": "65MiB"}, "current_memory: '65MiB' is not valid", "bad_value"),
    ({"memory": None}, "memory", "bad_value"),
    ({"vcpus": 0}, "vcpus: 0 is not valid", "bad_value"),
    ({"vcpus": 3, "max_vcpus": 2}, "vcpus: 3 is not valid", "bad_value"),
    ({"name": "a/b"}, "name: 'a/b' is not valid", "bad_value"),
    ({"name": "a\nb"}, "name: 'a\\nb' is not valid", "bad_value"),
    ({"name": " a"}, "name: ' a' is not valid", "bad_value"),
    ({"title": "two\nlines"}, "title: 'two\\nlines' is not valid", "bad_value"),
    ({"description": "\x07"}, "description", "bad_value"),
    ({"uuid": "x"}, "uuid: 'x' is not valid", "bad_value"),
    (
        {"disks": [{"file": "/a", "target": "vda"}, {"file": "/b", "target": "vda"}]},
        "disks[1].target: 'vda'",
        "bad_value",
    ),
    ({"disks": [{"target": "vda"}]}, "disks[0]", "bad_value"),
    ({"disks": [{"file": "/a", "block": "/b"}]}, "disks[0]", "bad_value"),
    ({"disks": [{"pool": "p"}]}, "disks[0]", "bad_value"),
    ({"disks": [{"file": "relative"}]}, "disks[0].file: 'relative' is not valid", "bad_value"),
    ({"disks": [{"file": "/a", "target": "nvme0"}]}, "disks[0].target: 'nvme0' is not valid", "bad_value"),
    ({"interfaces": [{"network": "n", "mac": "52:54:00:12:34"}]}, "interfaces[0].mac: '52:54:00:12:34'", "bad_value"),
    ({"interfaces": [{"network": "n", "mac": "01:00:5e:00:00:01"}]}, "interfaces[0].mac", "bad_value"),
    (
        {"interfaces": [{"network": "n", "mac": "52:54:00:00:00:01"}, {"network": "n", "mac": "52:54:00:00:00:01"}]},
        "interfaces[1].mac: '52:54:00:00:00:01' is not valid: interfaces[0] has it too",
        "bad_value",
    ),
    ({"interfaces": [{}]}, "interfaces[0]", "bad_value"),
    ({"interfaces": [{"network": "n", "bridge": "b"}]}, "interfaces[0]", "bad_value"),
    ({"boot": ["usb"]}, "boot: 'usb' is not valid", "bad_value"),
    ({"kernel": "vmlinuz"}, "kernel: 'vmlinuz' is not valid", "bad_value"),
    ({"timeout": 0}, "timeout: 0 is not valid", "bad_value"),
    (
        {"vcpus": 5, "cpu": {"topology": {"sockets": 1, "cores": 2, "threads": 2}}},
        "cpu.topology",
        "bad_value",
    ),
    ({"machine": "pc-q35-99.0"}, "machine: 'pc-q35-99.0' is not valid: QEMU of this host has ", "bad_value"),
    ({"xml": "<domain"}, "not well-formed XML", "invalid_xml"),
    ({"xml": "<domain id='7'/>"}, "it describes a running domain", "bad_value"),
    ({"xml": "<network/>"}, "xml: '<network>' is not valid", "bad_value"),
    ({"xml": "<domain><name>other</name></domain>"}, "name: ", "bad_value"),
]


@pytest.mark.parametrize(("bad", "words", "code"), BAD, ids=lambda value: str(value)[:60])
def test_bad_input_is_one_clear_error_and_nothing_is_done(
    run_module: t.Any, look: t.Any, scratch: str, bad: Args, words: str, code: str
) -> None:
    good = {"name": scratch + "-good", "type": "qemu", "memory": "64MiB"}
    args = {"name": scratch + "-bad", "type": "qemu", "memory": "64MiB", **bad}
    for check, given in ((True, args), (False, {"domains": [good, args]})):
        result = run_module(MODULE, given, check=check, expect="failed")
        assert words in result["msg"]
        assert result["error_code"] == code
        assert ("domains[1]" in result["msg"]) == (given is not args)
        assert look() == ""


def test_what_is_missing_is_named_and_nothing_is_done(
    run_module: t.Any, look: t.Any, scratch: str, pool: str, images_dir: Path
) -> None:
    good = {"name": scratch + "-good", "type": "qemu", "memory": "64MiB"}
    for options, words in (
        ({"disks": [{"pool": "mct-nowhere", "volume": "x"}]}, "there is no storage pool mct-nowhere"),
        ({"disks": [{"pool": pool, "volume": "x"}]}, f"storage pool {pool} has no volume x"),
        ({"disks": [{"file": "/nonexistent/x"}], "state": "running"}, "disk vda: there is no /nonexistent/x"),
        ({"interfaces": [{"network": "mct-nowhere"}], "state": "running"}, "there is no network mct-nowhere"),
    ):
        args = {**good, "name": scratch + "-bad", **options}
        for given in (args, {"domains": [good, args]}):
            result = run_module(MODULE, given, expect="failed")
            assert words in result["msg"]
            assert result["error_code"] == "not_found"
            assert look() == ""
        assert any(words in text for text in run_module(MODULE, args, check=True)["warnings"])


def test_an_identity_is_never_changed(run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str) -> None:
    one = {"name": scratch, "type": "qemu", "memory": "64MiB"}
    run_module(MODULE, one)
    uuid = virsh("domuuid", scratch).strip()
    before = look()
    for args in (
        {**one, "uuid": "6a1c4b52-1111-4222-8333-123456789abd"},
        {**one, "name": scratch + "-2", "uuid": uuid},
        {"xml": f"<domain type='qemu'><name>{scratch}-2</name><uuid>{uuid}</uuid><memory>65536</memory></domain>"},
        {"xml": f"<domain><name>{scratch}</name><uuid>6a1c4b52-1111-4222-8333-123456789abd</uuid></domain>"},
    ):
        assert run_module(MODULE, args, expect="failed")["error_code"] == "wrong_uuid"
        assert look() == before


def test_what_libvirt_refuses_is_said_in_its_words(run_module: t.Any, look: t.Any, scratch: str) -> None:
    args = {"name": scratch, "type": "qemu", "memory": "64MiB", "machine": "q35", "iommu": {"model": "smmuv3"}}
    result = run_module(MODULE, args, expect="failed")
    assert result["msg"].startswith(f"Failed to define domain {scratch}: ")
    assert result["error_code"] == "libvirt_error"
    assert look() == ""


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tpms": [{"type": "emulator", "model": "tpm-spapr"}]}, "tpms[0].model: 'tpm-spapr'"),
        ({"cpu": {"mode": "host-passthrough"}, "state": "running"}, "cpu.mode: 'host-passthrough'"),
    ],
)
def test_what_qemu_has_not_is_refused_before_anything_is_done(
    run_module: t.Any, virsh: t.Any, scratch: str, options: Args, field: str
) -> None:
    base = {"type": "qemu", "memory": "64MiB"}
    domains = [{**base, "name": f"{scratch}-1"}, {**base, "name": f"{scratch}-2", **options}]
    for check in (True, False):
        failed = run_module(MODULE, {"domains": domains}, check=check, expect="failed")
        assert failed["error_code"] == "not_supported"
        assert field in failed["msg"]
        assert f"({scratch}-2)" in failed["msg"]
        assert "it has " in failed["msg"]
        assert scratch not in virsh("list", "--all", "--name")
