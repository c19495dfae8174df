# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is there comes back as declarations: pasted, they change nothing; on an empty host they make the same."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import typing as t
from pathlib import Path

import libvirt
import pytest
import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils import _libvirt
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import declare
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._since import number
from lxml import etree

if t.TYPE_CHECKING:
    from ..conftest import RunModule

HERE = Path(__file__).parent
TABLE = HERE / "adopt" / "virt_install.yml"
SETS: dict[str, str] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
_SPEC = importlib.util.spec_from_file_location("run_corpus", HERE.parent / "corpus" / "run_corpus.py")
assert _SPEC is not None
assert _SPEC.loader is not None
corpus = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(corpus)
OPTIONS = sorted((HERE / "options").glob("*.yml"))
# By the beginning of a file of cases: the kind's tag, and what each case has besides.
TAGS: dict[str, tuple[str, dict[str, t.Any]]] = {
    "domain": ("domain", {"memory": "64MiB", "type": "qemu"}),
    "net": ("network", {}),
    "nwfilter": ("filter", {}),
    "pool": ("pool", {}),
}
MODULES = {
    "domains": "libvirt_domain",
    "networks": "libvirt_net",
    "pools": "libvirt_pool",
    "volumes": "libvirt_volume",
    "secrets": "libvirt_secret",
    "nwfilters": "libvirt_nwfilter",
}
DUMPS = {"domains": "dumpxml", "networks": "net-dumpxml", "pools": "pool-dumpxml", "nwfilters": "nwfilter-dumpxml"}


class Adopted(t.NamedTuple):
    """Objects as they came back, and what virsh said of each before and after they were made anew."""

    there: dict[str, list[dict[str, t.Any]]]
    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture
def adopt(scratch: str, run_module: RunModule, virsh: t.Any) -> t.Callable[..., Adopted]:
    """``adopt(kinds)``: gather, declare (which changes nothing), remove by hand, declare on the host that is empty."""

    def said(there: dict[str, list[dict[str, t.Any]]]) -> dict[str, str]:
        dumped = {}
        for kind, dump in DUMPS.items():
            for each in there.get(kind, []):
                words = [] if kind == "nwfilters" else ["--inactive"]
                dumped[f"{kind} {each['name']}"] = corpus.stripped(virsh(dump, *words, each["name"]), False)
        return dumped

    def gather(kinds: list[str]) -> dict[str, list[dict[str, t.Any]]]:
        # The path of a volume begins with the directory, the name of anything else with the test's prefix.
        result = run_module("libvirt_info", {"gather": kinds, "names": [f"{scratch}*", f"*{scratch}*"]})
        assert not result["changed"]
        return {kind: result[kind] for kind in kinds}

    def run(kinds: list[str], remove: t.Callable[[dict[str, list[dict[str, t.Any]]]], None]) -> Adopted:
        there = gather(kinds)
        before = said(there)
        for check in (True, False):
            for kind in kinds:
                result = run_module(MODULES[kind], {kind: there[kind]}, check=check)
                assert not result["changed"], result["diff"]
        assert said(there) == before
        assert gather(kinds) == there
        remove(there)
        for kind in kinds:
            assert run_module(MODULES[kind], {kind: there[kind]})["changed"]
            again = run_module(MODULES[kind], {kind: there[kind]}, check=True)
            assert not again["changed"], again["diff"]
        return Adopted(there, before, said(there))

    return run


def test_what_our_modules_declared_comes_back(
    scratch: str, run_module: RunModule, virsh: t.Any, images_dir: Path, adopt: t.Callable[..., Adopted]
) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(images_dir / "disk.qcow2"), "8M"], check=True)
    declared: dict[str, dict[str, t.Any]] = {
        "pools": {"type": "dir", "target": {"path": str(images_dir)}, "state": "active", "autostart": True},
        "networks": {
            "forward": {"mode": "nat"},
            # Which another test's network can't have taken when it is made again.
            "bridge": {"name": "mb" + scratch.rpartition("-")[2]},
            "ips": [
                {
                    "address": "10.213.7.1",
                    "prefix": 24,
                    "dhcp": {"ranges": [{"start": "10.213.7.2", "end": "10.213.7.9"}]},
                }
            ],
            "state": "inactive",
            "autostart": False,
        },
        "nwfilters": {"chain": "ipv4", "rules": [{"action": "drop", "direction": "out"}], "state": "present"},
        "domains": {
            "type": "qemu",
            "memory": "64MiB",
            "vcpus": 2,
            "title": "A title",
            "disks": [
                {"target": "vda", "bus": "virtio", "file": str(images_dir / "disk.qcow2"), "format": "qcow2"},
                {"target": "sda", "bus": "sata", "device": "cdrom"},
            ],
            "interfaces": [{"network": "default", "mac": "52:54:00:12:34:56", "model": "virtio"}],
            "watchdogs": [{"model": "i6300esb", "action": "poweroff"}],
            "graphics": [{"type": "vnc", "port": 5999}],
            "state": "stopped",
            "autostart": False,
        },
    }
    for kind, options in declared.items():
        run_module(MODULES[kind], {"name": f"{scratch}-1", **options})

    def remove(_there: object) -> None:
        virsh("undefine", f"{scratch}-1")
        virsh("net-undefine", f"{scratch}-1")
        virsh("nwfilter-undefine", f"{scratch}-1")
        virsh("pool-destroy", f"{scratch}-1")
        virsh("pool-undefine", f"{scratch}-1")

    done = adopt(list(declared), remove)
    assert done.after == done.before
    for kind, options in declared.items():
        (back,) = done.there[kind]
        assert back["uuid"]
        for option, value in options.items():
            assert says(back.get(option), value), f"{kind}: {option}: {back.get(option)} instead of {value}"
    assert "xml" not in done.there["pools"][0]
    assert "xml" not in done.there["nwfilters"][0]


def says(found: t.Any, declared: t.Any) -> bool:
    """Whether all that was declared came back; there may be more."""
    if isinstance(declared, dict):
        return isinstance(found, dict) and all(says(found.get(key), value) for key, value in declared.items())
    if isinstance(declared, list):
        return isinstance(found, list) and len(found) == len(declared) and all(map(says, found, declared))
    return bool(found == declared)


BY_HAND = {
    "domains": """<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
        <os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
        <disk type='file' device='cdrom'><target dev='hdc'/><readonly/></disk>
        <interface type='network'><source network='default'/><model type='e1000'/></interface>
        <graphics type='vnc' port='-1' passwd='hiddenpw' passwdValidTo='2030-01-01T00:00:00'/>
        <hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0xbeef'/></source></hostdev>
        <input type='tablet'/><input type='keyboard' bus='usb'/></devices></domain>""",
    "networks": """<network><name>{name}</name><forward mode='route'/><bridge name='{bridge}'/>
        <domain name='example.org' localOnly='yes'/><ip address='10.213.8.1' netmask='255.255.255.0'><dhcp>
        <host mac='52:54:00:00:00:01' ip='10.213.8.2'/></dhcp>
        </ip></network>""",
    "pools": "<pool type='dir'><name>{name}</name><target><path>{images}</path></target></pool>",
    "nwfilters": """<filter name='{name}' chain='root'><filterref filter='clean-traffic'/>
        <rule action='accept' direction='inout' priority='500'><tcp dstportstart='22'/></rule></filter>""",
}
DEFINE = {"domains": "define", "networks": "net-define", "pools": "pool-define", "nwfilters": "nwfilter-define"}


def test_what_was_made_by_hand_is_adopted(
    scratch: str, virsh: t.Any, images_dir: Path, adopt: t.Callable[..., Adopted]
) -> None:
    file = images_dir / "object.xml"
    for kind, text in BY_HAND.items():
        bridge = "mb" + scratch.rpartition("-")[2]
        file.write_text(text.format(name=f"{scratch}-1", images=images_dir, bridge=bridge), encoding="utf-8")
        virsh(DEFINE[kind], str(file))

    def remove(_there: object) -> None:
        for undefine in ("undefine", "net-undefine", "pool-undefine", "nwfilter-undefine"):
            virsh(undefine, f"{scratch}-1")

    done = adopt(list(BY_HAND), remove)
    assert {key: corpus.untold(text) for key, text in done.after.items()} == {
        key: corpus.untold(text) for key, text in done.before.items()
    }
    (domain,), (network,) = done.there["domains"], done.there["networks"]
    assert domain["interfaces"][0]["network"] == "default"
    (drive,) = domain["disks"]
    assert drive == {
        "target": "hdc",
        "bus": "ide",
        "device": "cdrom",
        "readonly": True,
        "address": {"controller": 0, "bus": 1, "target": 0, "unit": 0},
    }
    assert network["ips"][0]["prefix"] == 24
    assert "xml" not in network
    assert "hiddenpw" not in json.dumps(done.there)


def test_a_password_stays_though_it_is_not_told(
    scratch: str, run_module: RunModule, virsh: t.Any, tmp_path: Path
) -> None:
    (tmp_path / "domain.xml").write_text(BY_HAND["domains"].format(name=f"{scratch}-1"), encoding="utf-8")
    virsh("define", str(tmp_path / "domain.xml"))
    there = run_module("libvirt_info", {"gather": ["domains"], "names": [f"{scratch}-1"]})
    assert "hiddenpw" not in json.dumps(there)
    options = {**there["domains"][0], "description": "mine now"}
    assert run_module("libvirt_domain", options)["changed"]
    assert "hiddenpw" in virsh("dumpxml", "--security-info", f"{scratch}-1")


def test_secrets_come_back_without_their_values(scratch: str, run_module: RunModule, virsh: t.Any) -> None:
    value = "never-to-be-shown"
    options = {"usage": "ceph", "name": f"{scratch}-1", "description": "A key", "value": value}
    run_module("libvirt_secret", options)
    result = run_module("libvirt_info", {"gather": ["secrets"], "names": [f"{scratch}-1"]})
    assert value not in json.dumps(result)
    (secret,) = result["secrets"]
    assert says(secret, {"usage": "ceph", "name": f"{scratch}-1", "description": "A key", "state": "present"})
    assert not run_module("libvirt_secret", secret)["changed"]
    before = virsh("secret-dumpxml", secret["uuid"])
    virsh("secret-undefine", secret["uuid"])
    assert run_module("libvirt_secret", secret)["changed"]
    assert virsh("secret-dumpxml", secret["uuid"]) == before


def test_volumes(scratch: str, run_module: RunModule, virsh: t.Any, images_dir: Path) -> None:
    pool = f"{scratch}-pool"
    run_module("libvirt_pool", {"name": pool, "type": "dir", "target": {"path": str(images_dir)}})
    base = {"name": "base.qcow2", "capacity": "4MiB", "format": "qcow2", "compat": "1.1"}
    overlay = {"name": "over.qcow2", "capacity": "8MiB", "backing_store": {"volume": "base.qcow2"}}
    run_module("libvirt_volume", {"volumes": [{"pool": pool, **each} for each in (base, overlay)]})
    virsh("vol-create-as", pool, "hand.img", "1M", "--format", "raw")
    result = run_module("libvirt_info", {"gather": ["volumes"], "names": [f"{pool}/*"]})
    assert [each["name"] for each in result["volumes"]] == ["base.qcow2", "hand.img", "over.qcow2"]
    assert says(result["volumes"][0], {"pool": pool, "state": "present", **base})
    assert result["volumes"][2]["backing_store"] == {"volume": "base.qcow2"}
    status = result["status"]["volumes"][f"{pool}/hand.img"]
    assert status == {"type": "file", "path": str(images_dir / "hand.img"), "allocation": 1048576}
    for check in (True, False):
        assert not run_module("libvirt_volume", {"volumes": result["volumes"]}, check=check)["changed"]
    for name in ("over.qcow2", "base.qcow2", "hand.img"):
        virsh("vol-delete", "--pool", pool, name)
    assert run_module("libvirt_volume", {"volumes": result["volumes"]})["changed"]
    assert run_module("libvirt_info", {"gather": ["volumes"], "names": [f"{pool}/*"]})["volumes"] == result["volumes"]


def test_a_running_domain(
    scratch: str, run_module: RunModule, virsh: t.Any, tiny: dict[str, t.Any], images_dir: Path
) -> None:
    options = {"memory": "64MiB", "type": "qemu", "kernel": tiny["kernel"], "initrd": tiny["initrd"]}
    devices = {"graphics": [{"type": "vnc"}], "interfaces": [{"user": {}}], "disks": []}
    run_module("libvirt_domain", {"name": f"{scratch}-1", "state": "running", **options, **devices})
    result = run_module("libvirt_info", {"gather": ["domains"], "names": [f"{scratch}-1"]})
    (domain,) = result["domains"]
    assert domain["state"] == "running"
    status = result["status"]["domains"][f"{scratch}-1"]
    assert status == {"persistent": True, "id": int(virsh("domid", f"{scratch}-1")), "addresses": []}
    for check in (True, False):
        again = run_module("libvirt_domain", domain, check=check)
        assert not again["changed"], again["diff"]
        assert again["domain"]["restart_required"] == []


def test_names_and_kinds(scratch: str, run_module: RunModule) -> None:
    for name in ("web1", "web2", "db1"):
        run_module("libvirt_domain", {"name": f"{scratch}-{name}", "memory": "64MiB"})
    result = run_module("libvirt_info", {"gather": ["domains"], "names": [f"{scratch}-web*"]}, check=True)
    assert [each["name"] for each in result["domains"]] == [f"{scratch}-web1", f"{scratch}-web2"]
    assert "networks" not in result
    every = run_module("libvirt_info", {})
    assert {f"{scratch}-db1"} < {each["name"] for each in every["domains"]}
    assert {"domains", "networks", "pools", "secrets", "nwfilters"} < set(every)
    assert "volumes" not in every
    assert run_module("libvirt_info", {"names": [f"{scratch}-none"]})["domains"] == []


def test_an_unknown_kind_is_refused(run_module: RunModule) -> None:
    result = run_module("libvirt_info", {"gather": ["snapshots"]}, expect="failed")
    assert "snapshots" in result["msg"]


def filled(value: t.Any, words: dict[str, str]) -> t.Any:
    return yaml.safe_load(re.sub(r"\{(images|scratch)\}", lambda match: words[match.group(1)], json.dumps(value)))


@pytest.mark.parametrize(
    "path", [path for path in OPTIONS if path.stem.split("_")[0] in TAGS], ids=lambda path: path.stem
)
def test_every_option_comes_back(path: Path, scratch: str, images_dir: Path, libvirt_uri: str) -> None:
    """What the cases of test_options.py make is adopted too."""
    tag, base = TAGS[path.stem.split("_")[0]]
    make = corpus.KINDS[tag]
    failed = []
    with _libvirt.connect(libvirt_uri) as host:
        objects = corpus.Objects(tag, host.connection)
        for name, case in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if "needs" in case or host.version() < number(case.get("since", "0.0.0")):
                continue
            options = filled(case["declare"], {"images": str(images_dir), "scratch": scratch})
            try:
                given = corpus.options(make, **{**base, **options, "name": corpus.NAME, "state": "present"})
                declare(make(), host, given, False)
                corpus.adopt_what_is_there(tag, host, objects)
            except (corpus.Lie, KvmError) as error:
                failed.append(f"{name}: {error}")
            finally:
                objects.remove()
    assert failed == []


@pytest.fixture(scope="module")
def printed(libvirt_uri: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[t.Any]]:
    """What virt-install prints for each option set: [exit code, XML, errors]."""
    images = tmp_path_factory.mktemp("images")
    for name, form in (("disk.qcow2", "qcow2"), ("raw.img", "raw"), ("raw2.img", "raw"), ("medium.iso", "raw")):
        subprocess.run(["qemu-img", "create", "-q", "-f", form, str(images / name), "1M"], check=True)
    with libvirt.open(libvirt_uri) as conn:
        # It would make a pool of the directory, with a name of its own choice.
        text = f"<pool type='dir'><name>{corpus.NAME}-pool</name><target><path>{images}</path></target></pool>"
        pool = conn.storagePoolCreateXML(text)
        try:
            done = subprocess.run(
                ["/usr/bin/python3", str(HERE.parent / "support" / "virt_install.py")],
                input=json.dumps({name: words(name, libvirt_uri, images) for name in SETS}),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        finally:
            pool.destroy()
    printed: dict[str, list[t.Any]] = json.loads(done.stdout)
    return printed


def words(name: str, uri: str, images: Path) -> list[str]:
    """The arguments of an option set (adopt/virt_install.yml)."""
    given = shlex.split(SETS[name].replace("{images}", str(images)))
    for option, value in (("--osinfo", "debian11"), ("--memory", "1024"), ("--disk", "none"), ("--network", "none")):
        if option not in given:
            given += [option, value]
    if not {"--cdrom", "--pxe"} & set(given):
        given.append("--import")
    return ["--connect", uri, "--name", corpus.NAME, "--virt-type", "qemu", "--print-xml", "1", *given]


@pytest.mark.parametrize("name", SETS)
def test_what_virt_install_makes_is_adopted(name: str, printed: dict[str, list[t.Any]], libvirt_uri: str) -> None:
    code, xml, errors = printed[name]
    assert not code, errors
    with _libvirt.connect(libvirt_uri) as host:
        objects = corpus.Objects("domain", host.connection)
        objects.remove()
        try:
            said = corpus.adopt("domain", host, objects, etree.fromstring(xml))
        finally:
            objects.remove()
    # Nothing had to be left to the XML.
    assert said["without xml"]
    assert said["options typed"] > 10
