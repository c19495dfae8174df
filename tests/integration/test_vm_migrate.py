# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""vm_migrate between two real daemons: this machine's libvirtd, and a second one that runs as QEMU's user.

They are one machine, so libvirt refuses a live move between them, late and by itself: the failure that every move has
to survive. Live moves that succeed are shown between machines, in the scenario minicloud.
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

import libvirt
import pytest

Args = t.Dict[str, t.Any]
MODULE = "vm_migrate"
USER = "libvirt-qemu"
# Two names of this machine. From afar only the second leads here.
HERE, THERE = "127.0.0.1", subprocess.check_output(["hostname", "-I"], text=True).split()[0]


@pytest.fixture(scope="module")
def neighbour() -> t.Iterator[str]:
    """The URI of a second libvirtd."""
    home = Path(tempfile.mkdtemp(prefix="mct-n", dir="/var/tmp"))
    (home / "config/libvirt").mkdir(parents=True)
    (home / "config/libvirt/qemu.conf").write_text('stdio_handler = "file"\n', encoding="utf-8")
    subprocess.run(["chown", "-R", USER, str(home)], check=True)
    homes = {"XDG_RUNTIME_DIR": home / "run", "XDG_CONFIG_HOME": home / "config", "XDG_CACHE_HOME": home / "cache"}
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
            if domain.isActive():
                domain.destroy()
            if domain.isPersistent():
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
        "cmdline": "console=ttyS0 quiet",
        "serials": [{"type": "file", "path": str(images_dir / "console")}],
        "disks": [{"file": str(disk), "format": "raw"}],
        "timeout": 90,
    }
    run_module("libvirt_domain", options)
    return options


@pytest.fixture
def running(run_module: t.Any, guest: Args, images_dir: Path, up: t.Callable[[], None]) -> Args:
    """The same guest, booted, so that it obeys its power button. Its console's file makes way for the neighbour's."""
    run_module("libvirt_domain", {**guest, "state": "running"})
    up()
    (images_dir / "console").unlink()
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


def test_a_live_move_that_fails(run_module: t.Any, move: Args, running: Args, here: t.Any, there: t.Any) -> None:
    name = running["name"]
    number = here.lookupByName(name).ID()
    failed = run_module(MODULE, move, expect="failed")
    assert "same host" in failed["msg"], failed
    assert failed["found"] == HERE, failed
    assert where(name, here=here, there=there) == {"here": "running"}
    assert here.lookupByName(name).ID() == number
    assert here.lookupByName(name).isPersistent()
    # Where that is allowed, it moves by shutting down and starting.
    moved = run_module(MODULE, {**move, "fallback": "offline"})
    assert moved["mode"] == "offline", moved
    assert "same host" in moved["warnings"][0], moved
    assert moved["downtime_ms"] > 0, moved
    assert where(name, here=here, there=there) == {"there": "running"}


def test_offline_and_back(run_module: t.Any, move: Args, running: Args, here: t.Any, there: t.Any, up: t.Any) -> None:
    name = running["name"]
    assert run_module(MODULE, {**move, "mode": "offline"})["mode"] == "offline"
    assert where(name, here=here, there=there) == {"there": "running"}
    up()
    # It can't start here any more: it is back where it was, and runs.
    disk = Path(running["disks"][0]["file"])
    with libvirt.open("qemu:///system") as conn:
        twin = conn.defineXML(
            ET.tostring(_twin(there.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)), encoding="unicode")
        )
        twin.create()
        failed = run_module(MODULE, {**move, "dest": HERE, "mode": "offline"}, expect="failed")
        twin.destroy()
        twin.undefine()
    assert str(disk) in failed["msg"], failed
    assert f"back on {THERE}" in failed["msg"], failed
    assert where(name, here=here, there=there) == {"there": "running"}


def _twin(text: str) -> ET.Element:
    """Another domain that has the same disk open."""
    tree = ET.fromstring(text)
    tree.find("name").text += "-twin"  # type: ignore[union-attr,operator]
    tree.remove(tree.find("uuid"))  # type: ignore[arg-type]
    for serial in [*tree.findall("devices/serial"), *tree.findall("devices/console")]:
        tree.find("devices").remove(serial)  # type: ignore[union-attr]
    return tree


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
            tree.find("devices").remove(device)  # type: ignore[union-attr]
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
