# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""vm_migrate between two real daemons: this machine's libvirtd, and a second one that runs as QEMU's user.

They have everything but a machine of their own and shared storage: a guest with a disk is moved live between machines
in the scenario minicloud.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path
from unittest import mock

import libvirt
import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _preflight, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._machines import Machine
from ansible_collections.minicloud.kvm.plugins.module_utils._preflight import Place

Args = t.Dict[str, t.Any]
MODULE = "vm_migrate"
USER = "libvirt-qemu"
# Two names of this machine. From afar only the second leads here.
HERE, THERE = "127.0.0.1", subprocess.check_output(["hostname", "-I"], text=True).split()[0]


@pytest.fixture(scope="module")
def neighbour() -> t.Iterator[str]:
    """The URI of a second libvirtd."""
    home = Path(tempfile.mkdtemp(prefix="mc", dir="/var/tmp"))
    # Short paths: a guest's sockets lie below.
    (home / "libvirt").mkdir()
    (home / "libvirt/qemu.conf").write_text('stdio_handler = "file"\n', encoding="utf-8")
    subprocess.run(["chown", "-R", USER, str(home)], check=True)
    homes = {"XDG_RUNTIME_DIR": home / "run", "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home / "cache"}
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **{key: str(path) for key, path in homes.items()}}
    (home / "run").mkdir(mode=0o755)
    shutil.chown(home / "run", USER)
    uri = f"qemu+unix:///session?socket={home}/run/libvirt/libvirt-sock"
    with (home / "log").open("wb") as log:
        daemon = subprocess.Popen(
            ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "libvirtd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
        )
    for _try in range(600):
        if daemon.poll() is not None or (home / "run/libvirt/libvirt-sock").exists():
            break
        time.sleep(0.1)
    try:
        libvirt.open(uri).close()
        yield uri
        with libvirt.open(uri) as conn:
            for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                domain.destroy()
    except libvirt.libvirtError as error:
        pytest.fail(f"the second libvirtd: {error}\n{(home / 'log').read_text(encoding='utf-8')}")
    finally:
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(home)


@pytest.fixture
def there(neighbour: str, scratch: str) -> t.Iterator[libvirt.virConnect]:
    """The connection to the neighbour, which has nothing of this test's afterwards."""
    with libvirt.open(neighbour) as conn:
        yield conn
        for domain in conn.listAllDomains():
            persistent = domain.isPersistent()
            if domain.isActive():
                domain.destroy()
            if persistent:
                domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)


@pytest.fixture
def here(libvirt_uri: str) -> t.Iterator[libvirt.virConnect]:
    with libvirt.open(libvirt_uri) as conn:
        yield conn


@pytest.fixture
def move(scratch: str, neighbour: str) -> Args:
    """The options that ask for the guest to be on the neighbour."""
    return {
        "name": scratch,
        "dest": THERE,
        "hosts": [HERE, THERE],
        "uris": {HERE: "qemu:///system", THERE: neighbour},
        "shutdown_timeout": 60,
    }


@pytest.fixture
def guest(run_module: t.Any, scratch: str, tiny: Args, images_dir: Path) -> Args:
    """A defined guest that is off, with a disk that both daemons see; its options."""
    images_dir.chmod(0o777)
    disk = images_dir / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    shutil.chown(disk, USER)
    options = {
        "name": scratch,
        "type": "qemu",
        "memory": "128MiB",
        "vcpus": 1,
        **tiny,
        "cmdline": "console=ttyS0 clearcpuid=cx16 quiet",
        "serials": [{"type": "file", "path": str(images_dir / "console")}],
        "channels": [],
        "disks": [{"file": str(disk), "format": "raw"}],
        "timeout": 90,
    }
    run_module("libvirt_domain", options)
    return options


@pytest.fixture
def boot(run_module: t.Any, images_dir: Path, up: t.Callable[[], None]) -> t.Callable[[Args], None]:
    """Start a guest and wait until it obeys its power button. Its console's file makes way for the neighbour's."""

    def run(guest: Args) -> None:
        run_module("libvirt_domain", {**guest, "state": "running"})
        up()
        (images_dir / "console").unlink()

    return run


@pytest.fixture
def running(guest: Args, boot: t.Callable[[Args], None]) -> Args:
    """The same guest, booted."""
    boot(guest)
    return guest


def where(name: str, **places: libvirt.virConnect) -> dict[str, str]:
    """{place: state} of a domain wherever it is known."""
    found = {}
    for place, conn in places.items():
        for domain in conn.listAllDomains():
            if domain.name() == name:
                found[place] = "running" if domain.isActive() else "off"
    return found


def refused(run_module: t.Any, move: Args, code: str, *words: str, check: bool = False) -> None:
    """It fails with this code, in these words; in check mode too."""
    for mode in (True, check):
        failed = run_module(MODULE, move, check=mode, expect="failed")
        assert failed["error_code"] == code, failed
        for word in words:
            assert word in failed["msg"], failed


def test_a_guest_that_is_off(run_module: t.Any, move: Args, guest: Args, here: t.Any, there: t.Any) -> None:
    name = guest["name"]
    uuid = here.lookupByName(name).UUIDString()
    here.lookupByName(name).setAutostart(1)
    told = run_module(MODULE, move, check=True)
    assert told["changed"]
    assert told["mode"] == "offline"
    assert where(name, here=here, there=there) == {"here": "off"}
    moved = run_module(MODULE, move)
    assert moved["changed"]
    assert moved["diff"] == told["diff"]
    assert (moved["found"], moved["mode"]) == (HERE, "offline")
    assert where(name, here=here, there=there) == {"there": "off"}
    assert there.lookupByName(name).UUIDString() == uuid
    assert there.lookupByName(name).autostart() == 1
    assert not run_module(MODULE, move)["changed"]
    assert not run_module(MODULE, move, check=True)["changed"]
    assert run_module(MODULE, {**move, "dest": HERE})["changed"]
    assert where(name, here=here, there=there) == {"here": "off"}


def test_live(run_module: t.Any, move: Args, guest: Args, boot: t.Any, here: t.Any, there: t.Any) -> None:
    """Without a disk, for whose sake libvirt would refuse: between them the two daemons share no network storage."""
    name = guest["name"]
    boot({**guest, "disks": []})
    here.lookupByName(name).setAutostart(1)
    told = run_module(MODULE, move, check=True)
    assert told["mode"] == "live"
    assert where(name, here=here, there=there) == {"here": "running"}
    moved = run_module(MODULE, move)
    assert moved["mode"] == "live"
    assert moved["diff"] == told["diff"]
    assert moved["time_ms"] >= moved["downtime_ms"] > 0
    assert moved["bytes"] > 1 << 20
    assert where(name, here=here, there=there) == {"there": "running"}
    assert there.lookupByName(name).isPersistent()
    assert there.lookupByName(name).autostart()
    assert not run_module(MODULE, move)["changed"]


@pytest.mark.parametrize("said", ["shared storage", "console"])
def test_a_live_move_that_fails(
    said: str,
    run_module: t.Any,
    move: Args,
    guest: Args,
    boot: t.Any,
    images_dir: Path,
    here: t.Any,
    there: t.Any,
) -> None:
    """Refused by the source before anything is done; or by the target, which may not write root's file."""
    name = guest["name"]
    boot(guest if said == "shared storage" else {**guest, "disks": []})
    if said == "console":
        (images_dir / "console").touch(mode=0o600)
    number = here.lookupByName(name).ID()
    failed = run_module(MODULE, move, expect="failed")
    assert said in failed["msg"], failed
    assert failed["found"] == HERE, failed
    assert where(name, here=here, there=there) == {"here": "running"}
    assert here.lookupByName(name).ID() == number
    assert here.lookupByName(name).isPersistent()
    # Where that is allowed, it moves by shutting down and starting; or is back, where it can't start there either.
    again = {**move, "fallback": "offline"}
    if said == "console":
        assert f"back on {HERE}" in run_module(MODULE, again, expect="failed")["msg"]
        assert where(name, here=here, there=there) == {"here": "running"}
        return
    moved = run_module(MODULE, again)
    assert moved["mode"] == "offline", moved
    assert said in moved["warnings"][0], moved
    assert moved["downtime_ms"] > 0, moved
    assert where(name, here=here, there=there) == {"there": "running"}


def test_offline(run_module: t.Any, move: Args, running: Args, here: t.Any, there: t.Any, up: t.Any) -> None:
    name = running["name"]
    offline = {**move, "mode": "offline"}
    assert run_module(MODULE, offline, check=True)["mode"] == "offline"
    assert where(name, here=here, there=there) == {"here": "running"}
    assert run_module(MODULE, offline)["mode"] == "offline"
    assert where(name, here=here, there=there) == {"there": "running"}
    up()
    assert not run_module(MODULE, offline)["changed"]


def test_it_can_not_start_there(
    run_module: t.Any, move: Args, guest: Args, boot: t.Any, here: t.Any, there: t.Any
) -> None:
    """The neighbour, who is not root, may not open the disk: the guest is back where it was, and runs."""
    name, disk = guest["name"], Path(guest["disks"][0]["file"])
    shutil.chown(disk, "root")
    disk.chmod(0o600)
    boot(guest)
    failed = run_module(MODULE, {**move, "mode": "offline"}, expect="failed")
    assert str(disk) in failed["msg"], failed
    assert f"back on {HERE}" in failed["msg"], failed
    assert where(name, here=here, there=there) == {"here": "running"}


def test_an_interrupted_move_is_put_in_order(
    run_module: t.Any, move: Args, guest: Args, here: t.Any, there: t.Any
) -> None:
    name = guest["name"]
    there.defineXML(here.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    assert run_module(MODULE, move, check=True)["changed"]
    assert where(name, here=here, there=there) == {"here": "off", "there": "off"}
    assert run_module(MODULE, move)["changed"]
    assert where(name, here=here, there=there) == {"there": "off"}


def test_another_guest_of_the_name(run_module: t.Any, move: Args, guest: Args, here: t.Any, there: t.Any) -> None:
    name = guest["name"]
    there.defineXML(f"<domain type='qemu'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os></domain>")
    refused(run_module, move, "defined_twice", name, HERE, THERE, "UUID")
    assert where(name, here=here, there=there) == {"here": "off", "there": "off"}


def test_its_uuid_is_taken(run_module: t.Any, move: Args, guest: Args, here: t.Any, there: t.Any) -> None:
    text = here.lookupByName(guest["name"]).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    there.defineXML(text.replace(f"<name>{guest['name']}<", "<name>mct-other<"))
    refused(run_module, move, "wrong_uuid", "mct-other")
    assert where(guest["name"], here=here, there=there) == {"here": "off"}


def test_its_network_is_not_there(run_module: t.Any, move: Args, guest: Args, here: t.Any, there: t.Any) -> None:
    name = guest["name"]
    run_module("libvirt_net", {"name": name, "forward": {"mode": "isolated"}})
    run_module("libvirt_domain", {**guest, "interfaces": [{"network": name}]})
    refused(run_module, move, "network_missing", name, THERE)
    assert where(name, here=here, there=there) == {"here": "off"}


def test_its_disk_is_not_there(run_module: t.Any, move: Args, guest: Args, here: t.Any, there: t.Any) -> None:
    Path(guest["disks"][0]["file"]).unlink()
    refused(run_module, move, "not_shared", guest["disks"][0]["file"], "missing")
    assert where(guest["name"], here=here, there=there) == {"here": "off"}


def test_what_libvirt_keeps_beside_it(run_module: t.Any, move: Args, running: Args, here: t.Any, there: t.Any) -> None:
    name = running["name"]
    here.lookupByName(name).managedSave()
    refused(run_module, move, "kept_beside", name, "saved state")
    assert where(name, here=here, there=there) == {"here": "off"}
    assert here.lookupByName(name).hasManagedSaveImage()


def test_the_name_leads_elsewhere(run_module: t.Any, move: Args, running: Args, here: t.Any, there: t.Any) -> None:
    """Both are names of this machine; where the target is called by a loopback address, it can't be found from afar."""
    name = running["name"]
    assert run_module(MODULE, {**move, "mode": "offline"})["changed"]
    back = {**move, "dest": HERE}
    refused(run_module, back, "resolves_wrong", HERE)
    assert where(name, here=here, there=there) == {"there": "running"}
    told = run_module(MODULE, {**back, "fallback": "offline"}, check=True)
    assert told["mode"] == "offline"
    assert "resolves" in told["warnings"][0]


def test_it_runs_twice(run_module: t.Any, move: Args, running: Args, here: t.Any, there: t.Any) -> None:
    name = running["name"]
    tree = ET.fromstring(here.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    for kind in ("serial", "console", "disk"):
        for device in tree.findall("devices/" + kind):
            tree.find("devices").remove(device)
    there.createXML(ET.tostring(tree, encoding="unicode"))
    refused(run_module, move, "runs_twice", name, HERE, THERE)
    assert where(name, here=here, there=there) == {"here": "running", "there": "running"}


def test_a_hypervisor_that_does_not_answer(
    run_module: t.Any, move: Args, guest: Args, here: t.Any, there: t.Any
) -> None:
    gone = "qemu+unix:///session?socket=/nonexistent"
    refused(run_module, {**move, "uris": {**move["uris"], THERE: gone}}, "unreachable", "/nonexistent")
    # One that is not the target: the guest may be there too, which is said.
    known = run_module(
        MODULE, {**move, "hosts": [HERE, THERE, "host3"], "uris": {**move["uris"], "host3": gone}}, check=True
    )
    assert known["changed"]
    assert "host3" in known["warnings"][0]


def test_bad_input(run_module: t.Any, move: Args, guest: Args) -> None:
    refused(run_module, {**move, "dest": "host9"}, "bad_value", "dest", "host9", THERE)
    refused(run_module, {**move, "name": "mct-nobody"}, "not_found", "mct-nobody", HERE, THERE)
    assert not run_module(MODULE, {**move, "name": "mct-nobody", "missing": "ignore"})["changed"]


class Elsewhere(Machine):
    """A machine whose files at some place are others: its commands see another directory there."""

    def __init__(self, place: Path, instead: Path) -> None:
        super().__init__("elsewhere", "root", "test:///default")
        self.view = ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" "$2"; shift 2; exec "$@"', "sh"]
        self.view += [str(instead), str(place)]

    def run(self, *argv: str) -> str | None:
        done = subprocess.run([*self.view, *argv], capture_output=True, text=True, check=False)
        return None if done.returncode else done.stdout


def test_what_is_read_only_may_be_a_copy_on_each(tmp_path: Path) -> None:
    place, instead = tmp_path / "images", tmp_path / "elsewhere"
    for directory in (place, instead):
        directory.mkdir()
        (directory / "web1-seed.iso").write_text("who it is")
        (directory / "disk").write_text("the same, by chance")
        (directory / "base").write_text("an image")
    source = Place(Machine(HERE, "root"), mock.Mock(), None, "running", "")
    dest = Place(Elsewhere(place, instead), mock.Mock(), None, "absent", "")

    def disk(name: str, more: str = "<readonly/>", below: str = "") -> str:
        layer = f"<backingStore type='file'><source file='{place}/{below}'/></backingStore>" if below else ""
        return f"<disk type='file'><source file='{place}/{name}'/>{layer}{more}</disk>"

    def check(*disks: str, warnings: list[str] | None = None) -> list[str]:
        tree = _xml.parse(f"<domain><devices>{''.join(disks)}</devices></domain>", "a domain")
        return _preflight._check_disks("web1", tree, source, dest, warnings)

    assert check(disk("web1-seed.iso")) == [f"{place}/web1-seed.iso"]
    # What is written to, or lies below what is, has to be the same file.
    for disks in (
        (disk("disk", ""),),
        (disk("web1-seed.iso"), disk("disk", "", "base")),
        (disk("disk", below="base"),),
    ):
        with pytest.raises(KvmError, match="is another file there") as caught:
            check(*disks)
        assert caught.value.error_code == "not_shared"
    (instead / "web1-seed.iso").write_text("who it was")
    with pytest.raises(KvmError, match=r"web1-seed\.iso is another file there") as caught:
        check(disk("web1-seed.iso"))
    assert "with the same content" in (caught.value.remedy or "")
    (instead / "web1-seed.iso").unlink()
    with pytest.raises(KvmError, match=r"web1-seed\.iso is missing there"):
        check(disk("web1-seed.iso"))
    # In check mode an earlier task would have made it.
    warnings: list[str] = []
    assert check(disk("web1-seed.iso"), warnings=warnings) == [f"{place}/web1-seed.iso"]
    assert "taken as about to be made" in warnings[0]


@pytest.mark.parametrize(
    ("file", "name", "known"),
    [
        ("dm/uuid", "LVM-aaabbb", True),
        ("dm/uuid", "mpath-36001405abc", True),
        ("device/wwid", "naa.6001405abc", True),
        ("wwid", "eui.0025388b", True),
        # Another virtual machine has one of that name.
        ("device/wwid", "t10.ATA QEMU HARDDISK QM00001", False),
        ("wwid", "nvme.1b36-0000", False),
        ("dm/uuid", "CRYPT-LUKS2-abc", False),
    ],
)
def test_a_device_is_known_by_what_the_storage_calls_it(
    tmp_path: Path, loop: t.Any, file: str, name: str, known: bool
) -> None:
    """The names stand in another directory than the kernel's, which has modules neither for LVM nor for LUNs."""
    device = loop()
    number = Path(device).stat().st_rdev
    path = tmp_path / f"{os.major(number)}:{os.minor(number)}" / file
    path.parent.mkdir(parents=True)
    path.write_text(name + "\n")
    told = Elsewhere(Path("/sys/dev/block"), tmp_path).files([device])[device]
    assert (told == "device\t" + name) == known


def test_a_device_without_a_name_is_told_like_a_file(loop: t.Any) -> None:
    device = loop()
    assert Machine(HERE, "root").files([device])[device].split("\t")[1].isdigit()
