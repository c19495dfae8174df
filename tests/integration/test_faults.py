# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong around a module: it is killed, the daemon dies, the disk is full, somebody else is at work too.

Nothing is lost, the error is clear, and the next run converges.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import libvirt
import pytest

from .conftest import Daemon, _clean

pytestmark = pytest.mark.slow
Args = t.Dict[str, t.Any]
ROOT = Path(__file__).resolve().parent.parent.parent
RUNNER = ROOT / "tests/support/run_with_fault.py"
# The calls that change something, of which each is a step.
STEPS = (
    r"virConnect\.(\w+Define\w*|define\w+|\w+Create\w*)|virStream\.(finish|abort|\w*sendAll|\w*SendAll)|"
    r"vir(Domain|Network|StoragePool|StorageVol|Secret|NWFilter)\.(create\w*|build|refresh|set(Autostart|Value|Metadata)|"
    r"attach\w+|detach\w+|update\w*|destroy|undefine\w*|delete|resize|upload|wipe\w*|suspend|resume|managedSave|"
    r"shutdown\w*)"
)


class Run(t.Protocol):
    def __call__(
        self,
        name: str,
        args: Args,
        at: int = 0,
        when: str = "before",
        run: list[str] | None = None,
        calls: str = STEPS,
    ) -> tuple[Args | None, list[str]]: ...


@pytest.fixture
def faulty(tmp_path: Path) -> Run:
    """``faulty(module, args, at, when, run, calls)``: run_with_fault.py; the result (None: killed) and the calls."""

    def execute(
        name: str,
        args: Args,
        at: int = 0,
        when: str = "before",
        run: list[str] | None = None,
        calls: str = STEPS,
    ) -> tuple[Args | None, list[str]]:
        log = tmp_path / "calls"
        log.write_text("", encoding="utf-8")
        fault = {"at": at, "when": when, "run": run, "calls": calls, "log": str(log)}
        payload = {"ANSIBLE_MODULE_ARGS": {**args, "_ansible_diff": True, "_ansible_remote_tmp": str(tmp_path)}}
        done = subprocess.run(
            [sys.executable, str(RUNNER), name],
            input=json.dumps(payload),
            env={**os.environ, "FAULT": json.dumps(fault)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        made = log.read_text(encoding="utf-8").split()
        if done.returncode == -signal.SIGKILL:
            return None, made
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1]), made

    return execute


@pytest.fixture
def survives(run_module: t.Any, faulty: Run) -> t.Callable[..., list[str]]:
    """``survives(module, args, reset, look)``: killed between any two of its steps, the next run makes all as a run
    that nobody kills does, and a further run is unchanged. Returns the steps.

    files: it does something to files between the steps, too.
    """

    def run(
        name: str, args: Args, reset: t.Callable[[], None], look: t.Callable[[], object], files: bool = False
    ) -> list[str]:
        reset()
        result, steps = faulty(name, args)
        assert result is not None
        assert not result.get("failed"), result
        assert steps
        good = look()
        for at in range(1, len(steps) + 1):
            for when in ("before", "after") if files or at == len(steps) else ("before",):
                reset()
                killed, _made = faulty(name, args, at=at, when=when)
                assert killed is None, f"not killed {when} {steps[at - 1]} ({at})"
                told = f"killed {when} step {at}, {steps[at - 1]}"
                foretold = run_module(name, args, check=True) if at == len(steps) else None
                done = run_module(name, args)
                assert foretold is None or foretold["diff"] == done["diff"], told
                there = look()
                assert there == good, told
                assert not run_module(name, args)["changed"], told
        return steps

    return run


@pytest.fixture
def look(virsh: t.Any, scratch: str, images_dir: Path) -> t.Callable[[], object]:
    """All that there is of this test's objects: definitions, live ones, states, files."""
    kinds = {
        "": ("list", "dumpxml"),
        "net-": ("net-list", "net-dumpxml"),
        "pool-": ("pool-list", "pool-dumpxml"),
    }

    def xml(text: str) -> list[str]:
        # What changes by itself, and what libvirt numbers anew each time.
        words = ("<allocation", "<available", "<capacity", "<domain type", "<label", "<imagelabel", "<minicloud:")
        return [line for line in text.splitlines() if not line.strip().startswith(words)]

    def run() -> object:
        found: dict[str, object] = {}
        for prefix, (lister, dump) in kinds.items():
            every = {flag: virsh(lister, flag, "--name").split() for flag in ("--all", "--autostart", "--inactive")}
            for name in [each for each in every["--all"] if each.startswith(scratch)]:
                found[prefix + name] = {
                    "autostart": name in every["--autostart"],
                    "active": name not in every["--inactive"],
                    "definition": xml(virsh(dump, "--inactive", name)),
                    "live": len(virsh(dump, name).splitlines()),
                }
        for line in virsh("secret-list").splitlines() + virsh("nwfilter-list").splitlines():
            if scratch in line:
                uuid = line.split()[0]
                kind = "nwfilter" if uuid in virsh("nwfilter-list") else "secret"
                found[line] = virsh(kind + "-dumpxml", uuid)
                if kind == "secret":
                    found[line + " value"] = virsh("secret-get-value", uuid, check=False)
        for path in sorted(images_dir.rglob("*")):
            if path.is_file() and path.suffix != ".src":
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    return run


@pytest.fixture
def clean(scratch: str, libvirt_uri: str, images_dir: Path) -> t.Callable[[], None]:
    """Remove this test's objects, and the files in its pool."""

    def run() -> None:
        with libvirt.open(libvirt_uri) as conn:
            _clean(conn, lambda name: name.startswith(scratch))
        shutil.rmtree(images_dir / "pool", ignore_errors=True)

    return run


UUID = "6d696e69-636c-4f75-8d2e-{:012x}"


@pytest.fixture
def uuid(scratch: str) -> str:
    """A UUID of this test's own."""
    return UUID.format(int.from_bytes(scratch.encode()[-6:], "big"))


@pytest.fixture
def web(scratch: str, uuid: str, images_dir: Path) -> Args:
    """A domain whose xml libvirt puts into other words, so that it is defined twice."""
    for name in ("a", "b"):
        (images_dir / name).write_bytes(bytes(1 << 20))
    return {
        "name": scratch,
        "uuid": uuid,
        "type": "qemu",
        "memory": "64MiB",
        "max_vcpus": 2,
        "vcpus": 1,
        "machine": "pc",
        "disks": [{"file": str(images_dir / "a"), "format": "raw"}],
        "interfaces": [],
        "graphics": [{"type": "vnc", "listen": "127.0.0.1"}],
        "xml": "<memtune><hard_limit unit='KiB'>9007199254740991</hard_limit></memtune>",
        "autostart": True,
        "state": "running",
    }


# --- killed at each step ---------------------------------------------------------------------------------------------


def test_killed_while_a_domain_is_made(survives: t.Any, clean: t.Any, look: t.Any, web: Args) -> None:
    steps = survives("libvirt_domain", web, clean, look)
    assert steps.count("virConnect.defineXMLFlags") == 2
    assert {"virDomain.setAutostart", "virDomain.createWithFlags"} <= set(steps)


def test_killed_while_a_running_domain_is_changed(
    survives: t.Any, clean: t.Any, look: t.Any, web: Args, run_module: t.Any, images_dir: Path
) -> None:
    disk = {"file": str(images_dir / "b"), "format": "raw", "bus": "virtio"}
    more = {**web, "title": "more", "disks": [*web["disks"], disk], "vcpus": 2, "autostart": False}

    def reset() -> None:
        clean()
        run_module("libvirt_domain", web)

    steps = survives("libvirt_domain", more, reset, look)
    assert {"virDomain.attachDeviceFlags", "virDomain.setMetadata", "virDomain.setAutostart"} <= set(steps)


def test_killed_while_a_domain_is_restarted(
    survives: t.Any, clean: t.Any, look: t.Any, web: Args, run_module: t.Any
) -> None:
    changed = {**web, "memory": "96MiB", "restart": "if_required", "force": True, "timeout": 1}

    def reset() -> None:
        clean()
        run_module("libvirt_domain", web)

    steps = survives("libvirt_domain", changed, reset, look)
    assert steps[-2:] == ["virDomain.destroy", "virDomain.createWithFlags"]


def test_killed_while_a_domain_is_removed(
    survives: t.Any, clean: t.Any, look: t.Any, web: Args, run_module: t.Any, scratch: str, images_dir: Path
) -> None:
    pool = {"name": scratch, "uuid": web["uuid"], "type": "dir", "target": {"path": str(images_dir / "pool")}}

    def reset() -> None:
        clean()
        run_module("libvirt_pool", pool)
        run_module("libvirt_volume", {"pool": scratch, "name": "disk", "capacity": "1MiB"})
        run_module("libvirt_domain", {**web, "disks": [{"pool": scratch, "volume": "disk", "target": "vda"}]})

    gone = {"name": scratch, "state": "absent", "force": True, "remove_volumes": ["vda"]}
    steps = survives("libvirt_domain", gone, reset, look)
    assert steps == ["virDomain.destroy", "virStorageVol.delete", "virDomain.undefineFlags"]


def network(scratch: str, uuid: str, number: int = 7) -> Args:
    return {
        "name": scratch,
        "uuid": uuid,
        "forward": {"mode": "isolated"},
        "bridge": {"name": f"mctf{os.getpid() % 10000}n{number}"},
        "mac": f"52:54:00:0f:00:{number:02x}",
        "ips": [{"address": f"198.18.{number}.1", "prefix": 24}],
        "autostart": True,
    }


def test_killed_while_a_network_is_made_changed_and_removed(
    survives: t.Any, clean: t.Any, look: t.Any, run_module: t.Any, scratch: str, uuid: str
) -> None:
    args = network(scratch, uuid)
    steps = survives("libvirt_net", args, clean, look)
    assert steps == ["virConnect.networkDefineXML", "virNetwork.setAutostart", "virNetwork.create"]

    def reset() -> None:
        clean()
        run_module("libvirt_net", args)

    hosts = [{"ips": ["198.18.7.2"], "ip": "198.18.7.2", "hostnames": ["two"]}]
    dns = {**args, "dns": {"hosts": [{key: hosts[0][key] for key in ("ip", "hostnames")}]}}
    assert "virNetwork.update" in survives("libvirt_net", dns, reset, look)
    mtu = {**args, "mtu": 1400, "restart": "if_required"}
    assert survives("libvirt_net", mtu, reset, look)[-2:] == ["virNetwork.destroy", "virNetwork.create"]
    survives("libvirt_net", {"name": scratch, "state": "absent"}, reset, look)


def test_killed_while_a_pool_is_made_restarted_and_removed(
    survives: t.Any, clean: t.Any, look: t.Any, run_module: t.Any, scratch: str, uuid: str, images_dir: Path
) -> None:
    args = {
        "name": scratch,
        "uuid": uuid,
        "type": "dir",
        "target": {"path": str(images_dir / "pool")},
        "autostart": True,
    }
    steps = survives("libvirt_pool", args, clean, look)
    assert {"virStoragePool.build", "virStoragePool.create", "virStoragePool.setAutostart"} <= set(steps)

    def reset() -> None:
        clean()
        shutil.rmtree(images_dir / "other", ignore_errors=True)
        run_module("libvirt_pool", args)

    other = {**args, "target": {"path": str(images_dir / "other")}, "restart": "if_required"}
    survives("libvirt_pool", other, reset, look)
    survives("libvirt_pool", {"name": scratch, "state": "absent"}, reset, look)


def test_killed_while_volumes_are_made_grown_and_deleted(
    survives: t.Any, clean: t.Any, look: t.Any, run_module: t.Any, scratch: str, uuid: str, images_dir: Path
) -> None:
    pool = {"name": scratch, "uuid": uuid, "type": "dir", "target": {"path": str(images_dir / "pool")}}
    source = images_dir / "image.src"
    source.write_bytes(os.urandom(1 << 20))

    def reset() -> None:
        clean()
        run_module("libvirt_pool", pool)

    empty = {"pool": scratch, "name": "empty", "capacity": "2MiB", "format": "raw"}
    filled = {"pool": scratch, "name": "filled", "src": str(source), "capacity": "3MiB", "format": "raw"}
    copied = {"pool": scratch, "name": "copied", "clone": {"volume": "filled"}, "format": "raw"}
    steps = survives("libvirt_volume", {"volumes": [empty, filled, copied]}, reset, look, files=True)
    assert {"virStorageVol.upload", "virStorageVol.resize", "virStoragePool.createXML"} <= set(steps)

    def full() -> None:
        reset()
        run_module("libvirt_volume", {"volumes": [empty, filled]})

    grown = {**empty, "capacity": "4MiB"}
    survives("libvirt_volume", {"volumes": [grown, {**filled, "state": "absent"}]}, full, look)


def test_killed_while_secrets_and_filters_are_made(
    survives: t.Any, clean: t.Any, look: t.Any, scratch: str, uuid: str
) -> None:
    secret = {"usage": "ceph", "name": scratch, "uuid": uuid, "value": "of no worth"}
    steps = survives("libvirt_secret", secret, clean, look)
    assert steps == ["virConnect.secretDefineXML", "virSecret.setValue"]
    nwfilter = {"name": scratch, "uuid": uuid, "rules": [{"action": "drop", "direction": "in"}]}
    assert survives("libvirt_nwfilter", nwfilter, clean, look) == ["virConnect.nwfilterDefineXML"]


# --- the daemon ------------------------------------------------------------------------------------------------------


def is_clear(result: Args | None, *codes: str) -> None:
    """A failure that a user can do something about: no traceback, a code, what was being done."""
    assert result is not None
    assert result.get("failed"), result
    assert result["error_code"] in codes, result
    assert "Failed to" in result["msg"], result
    assert "Traceback" not in json.dumps(result)


@pytest.fixture
def shared(images_dir: Path) -> Path:
    """A directory in which the private daemon can make files, too."""
    images_dir.chmod(0o777)
    return images_dir


def test_the_daemon_is_restarted_at_each_step(
    faulty: Run, run_module: t.Any, daemon: Daemon, scratch: str, shared: Path
) -> None:
    """A domain, a pool with a filled volume, a secret, a filter: an error that says so, and the next run goes on."""
    source = shared / "image.src"
    source.write_bytes(os.urandom(1 << 20))
    pool = {"name": scratch, "type": "dir", "target": {"path": str(shared / "pool")}, "autostart": True}
    volume = {"pool": scratch, "name": "disk", "src": str(source), "format": "raw", "capacity": "2MiB"}
    domain = {
        "name": scratch,
        "type": "qemu",
        "memory": "64MiB",
        "disks": [{"pool": scratch, "volume": "disk"}],
        "state": "running",
        "title": "one",
    }
    tasks = [
        ("libvirt_pool", pool),
        ("libvirt_volume", volume),
        ("libvirt_domain", domain),
        ("libvirt_domain", {**domain, "title": "two", "vcpus": 1}),
        ("libvirt_domain", {**domain, "state": "stopped", "force": True, "timeout": 2}),
        ("libvirt_secret", {"usage": "ceph", "name": scratch, "value": "of no worth"}),
    ]
    for name, options in tasks:
        args = {**options, "uri": daemon.uri}
        for at in range(1, 20):
            result, steps = faulty(name, args, at=at, run=daemon.restart)
            assert result is not None
            if len(steps) < at:
                assert not result.get("failed"), result
                break
            is_clear(result, "connection_lost")
            assert "run the task again" in result["msg"]
        assert not run_module(name, args)["changed"], name
    assert (shared / "pool/disk").read_bytes()[: 1 << 20] == source.read_bytes()
    assert sorted(each.name for each in (shared / "pool").iterdir()) == ["disk"]


def test_the_daemon_is_gone_between_the_connection_and_a_call(
    faulty: Run, run_module: t.Any, daemon: Daemon, scratch: str
) -> None:
    args = {"name": scratch, "type": "qemu", "memory": "64MiB", "uri": daemon.uri}
    for calls in (r"virConnect\.getLibVersion", r"virConnect\.listAllDomains", r"virConnect\.getCapabilities"):
        result, _calls = faulty("libvirt_domain", args, at=1, run=daemon.kill, calls=calls)
        is_clear(result, "connection_lost")
        failed = run_module("libvirt_domain", args, expect="failed")
        is_clear(failed, "no_connection")
        assert "Is libvirt's daemon running" in failed["msg"]
        daemon.start()
    assert run_module("libvirt_domain", args)["changed"]


def test_the_daemon_ends_while_a_guest_is_waited_for(
    faulty: Run, run_module: t.Any, daemon: Daemon, scratch: str
) -> None:
    """At once, not only when the time for the guest is over."""
    args = {"name": scratch, "type": "qemu", "memory": "64MiB", "uri": daemon.uri, "state": "running"}
    run_module("libvirt_domain", args)
    stopped = {**args, "state": "stopped", "timeout": 600}
    result, _calls = faulty(
        "libvirt_domain", stopped, at=1, when="after", run=daemon.restart, calls=r"virDomain\.shutdownFlags"
    )
    is_clear(result, "connection_lost")
    run_module("libvirt_domain", {**stopped, "timeout": 1, "force": True})


# --- a full disk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small(run_module: t.Any, scratch: str, images_dir: Path) -> t.Iterator[Path]:
    """An active pool on a file system of 8 MiB with 3 MiB left, the rest in the file ballast."""
    path = images_dir / "pool"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", str(path)], check=True)
    try:
        (path / "ballast").write_bytes(bytes(5 << 20))
        run_module("libvirt_pool", {"name": scratch, "type": "dir", "target": {"path": str(path)}})
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_disk_that_fills(run_module: t.Any, small: Path, scratch: str, images_dir: Path) -> None:
    """No half volume is there under its name, and none beside it; with room the next run makes it."""
    source = images_dir / "image.src"
    source.write_bytes(os.urandom(4 << 20))
    base = {"pool": scratch, "name": "base", "format": "raw", "src": str(source)}
    each = {"pool": scratch, "name": "disk", "capacity": "4MiB", "format": "raw"}
    for args in (
        {**each, "allocation": "full"},
        {**each, "allocation": "full", "format": "qcow2"},
        {**each, "src": str(source)},
        {**each, "src": str(source), "allocation": "thin"},
        {**each, "src": str(source), "format": "qcow2"},
        {**each, "clone": {"volume": "base"}},
    ):
        (small / "ballast").unlink()
        run_module("libvirt_volume", {**base, "state": "present" if "clone" in args else "absent"})
        ballast = bytes((1 if "clone" in args else 5) << 20)
        (small / "ballast").write_bytes(ballast)
        failed = run_module("libvirt_volume", args, expect="failed")
        assert "disk" in failed["msg"], failed
        assert "No space left" in failed["msg"], failed
        assert {each.name for each in small.iterdir()} <= {"ballast", "base"}, (args, list(small.iterdir()))
        with contextlib.suppress(FileNotFoundError):
            (small / "ballast").unlink()
        assert run_module("libvirt_volume", args)["changed"]
        assert not run_module("libvirt_volume", args)["changed"]
        if args["format"] == "raw" and "src" in args:
            assert (small / "disk").read_bytes() == source.read_bytes()
        run_module("libvirt_volume", {**each, "state": "absent"})
        (small / "ballast").write_bytes(b"")


def test_a_text_that_this_libvirt_does_not_keep(run_module: t.Any, scratch: str, uuid: str) -> None:
    """In the xml of a running network; libvirt 9.0 leaves it out. It is told once, and is no traceback."""
    xml = "<title>A title</title><description>Of a network</description>"
    run_module("libvirt_net", network(scratch, uuid))
    run_module("libvirt_net", {**network(scratch, uuid), "xml": xml})
    again = run_module("libvirt_net", {**network(scratch, uuid), "xml": xml})
    assert not again["changed"]
    assert again["network"]["restart_required"] == []


# --- names and UUIDs -------------------------------------------------------------------------------------------------

OTHER = "6d696e69-636c-4f75-8d2e-ffffffffffff"
IDENTIFIED: dict[str, Args] = {
    "libvirt_domain": {"type": "qemu", "memory": "64MiB"},
    "libvirt_net": {"forward": {"mode": "isolated"}, "state": "present"},
    "libvirt_pool": {"type": "dir", "target": {"path": "/var/tmp/{name}"}, "state": "present"},
    "libvirt_secret": {"usage": "ceph"},
    "libvirt_nwfilter": {},
}


@pytest.mark.parametrize("module", IDENTIFIED)
def test_a_name_of_another_uuid_and_a_uuid_of_another_name(
    run_module: t.Any, look: t.Any, scratch: str, uuid: str, module: str
) -> None:
    """Refused before anything is done, in check mode too; the message names both."""

    def declared(name: str, number: str) -> Args:
        options = json.loads(json.dumps(IDENTIFIED[module]).replace("{name}", name))
        return {**options, "name": name, "uuid": number}

    run_module(module, declared(scratch, uuid))
    before = look()
    for args, words in (
        (declared(scratch, OTHER), [scratch, uuid, OTHER]),
        (declared(scratch + "-b", uuid), [scratch, uuid, scratch + "-b"]),
    ):
        for check in (True, False):
            failed = run_module(module, args, check=check, expect="failed")
            assert failed["error_code"] == "wrong_uuid", failed
            assert all(word in failed["msg"] for word in words), failed["msg"]
    assert look() == before


@pytest.mark.parametrize("module", IDENTIFIED)
def test_somebody_else_makes_it_between_the_look_and_the_definition(
    faulty: Run, run_module: t.Any, virsh: t.Any, scratch: str, uuid: str, tmp_path: Path, module: str
) -> None:
    """The other's is not overwritten where libvirt can tell; the next run takes it as it is."""
    kind = {"libvirt_net": "network"}.get(module, module.partition("_")[2])
    name = f"<name>{scratch}</name>"
    text = {
        "domain": f"<domain type='qemu'>{name}<uuid>{uuid}</uuid><memory>65536</memory>"
        "<os><type>hvm</type></os></domain>",
        "network": f"<network>{name}<uuid>{uuid}</uuid></network>",
        "pool": f"<pool type='dir'>{name}<uuid>{uuid}</uuid><target><path>/var/tmp/{scratch}</path></target></pool>",
        "secret": f"<secret><uuid>{uuid}</uuid><usage type='ceph'>{name}</usage></secret>",
        "nwfilter": f"<filter name='{scratch}'><uuid>{uuid}</uuid></filter>",
    }[kind]
    (tmp_path / "xml").write_text(text, encoding="utf-8")
    verb = {"network": "net-define", "domain": "define"}.get(kind, kind + "-define")
    args = {**json.loads(json.dumps(IDENTIFIED[module]).replace("{name}", scratch)), "name": scratch}
    command = ["virsh", "-c", "qemu:///system", verb, str(tmp_path / "xml")]
    result, _steps = faulty(module, args, at=1, run=command, calls=r"virConnect\.\w*[dD]efineXML\w*")
    assert result is not None
    if result.get("failed"):
        is_clear(result, "libvirt_error")
        assert "run the task again" in result["msg"].lower(), result
        run_module(module, args)
    plural = kind + "s"
    again = run_module(module, args)
    assert not again["changed"]
    assert again[plural][0]["uuid"] == uuid


@pytest.mark.parametrize("module", IDENTIFIED)
def test_somebody_else_removes_it_between_the_list_and_the_look(
    faulty: Run, run_module: t.Any, virsh: t.Any, scratch: str, uuid: str, module: str
) -> None:
    """Declared, it is made anew; declared absent, it is gone."""
    kind = {"libvirt_net": "net", "libvirt_domain": ""}.get(module, module.partition("_")[2])
    verb = (kind + "-" if kind else "") + "undefine"
    args = {**json.loads(json.dumps(IDENTIFIED[module]).replace("{name}", scratch)), "name": scratch, "uuid": uuid}
    target = uuid if kind == "secret" else scratch
    command = ["virsh", "-c", "qemu:///system", verb, target]
    run_module(module, args)
    read = r"vir\w+\.(XMLDesc|isActive|isPersistent)"
    _result, calls = faulty(module, args, calls=read)
    for at in range(1, len(calls) + 1):
        result, _calls = faulty(module, args, at=at, run=command, calls=read)
        assert result is not None
        assert not result.get("failed"), (at, result)
        assert result["changed"]
        assert not run_module(module, args)["changed"]
    absent = {"name": scratch, "state": "absent", **({"usage": "ceph"} if kind == "secret" else {})}
    for calls_of in (read, r"vir\w+\.undefine\w*"):
        run_module(module, args)
        result, _calls = faulty(module, absent, at=1, run=command, calls=calls_of)
        assert result is not None
        assert not result.get("failed"), result
        assert not run_module(module, absent)["changed"]


# --- two at once -----------------------------------------------------------------------------------------------------


def many(scratch: str, images_dir: Path) -> list[tuple[str, Args]]:
    """Twenty of each kind."""
    names = [f"{scratch}-{index}" for index in range(20)]
    numbers = range(100, 120)
    return [
        (
            "libvirt_domain",
            {"domains": [{"name": name, "type": "qemu", "memory": "64MiB", "autostart": True} for name in names]},
        ),
        (
            "libvirt_net",
            {
                "networks": [
                    {"name": name, "forward": {"mode": "isolated"}, "ips": [{"address": f"198.19.{n}.1", "prefix": 24}]}
                    for name, n in zip(names, numbers)
                ]
            },
        ),
        (
            "libvirt_pool",
            {"pools": [{"name": name, "type": "dir", "target": {"path": str(images_dir / name)}} for name in names]},
        ),
        (
            "libvirt_volume",
            {"volumes": [{"pool": scratch, "name": name, "capacity": "1MiB"} for name in names]},
        ),
        (
            "libvirt_volume",
            {
                "volumes": [
                    {"pool": scratch, "name": name + ".filled", "src": str(images_dir / "image.src"), "format": "raw"}
                    for name in names
                ]
            },
        ),
        ("libvirt_secret", {"secrets": [{"usage": "ceph", "name": name, "value": "of no worth"} for name in names]}),
        (
            "libvirt_nwfilter",
            {"nwfilters": [{"name": n, "rules": [{"action": "drop", "direction": "in"}]} for n in names]},
        ),
    ]


@pytest.mark.parametrize("which", range(7), ids=["domain", "net", "pool", "volume", "filled", "secret", "nwfilter"])
def test_two_runs_at_once(
    run_module: t.Any, faulty: Run, scratch: str, images_dir: Path, look: t.Any, which: int
) -> None:
    """The same made by two, then removed by two, then made by one while another removes others: no failure, or a clear
    one; the next run converges."""
    (images_dir / "image.src").write_bytes(os.urandom(4 << 20))
    run_module("libvirt_pool", {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "pool")}})
    module, args = many(scratch, images_dir)[which]
    ((plural, declared),) = args.items()
    keys = ("name", "pool", "usage")
    absent = {plural: [{**{k: e[k] for k in keys if k in e}, "state": "absent"} for e in declared]}
    half = {plural: declared[::2]}
    other_half = {plural: absent[plural][1::2]}

    def at_once(*tasks: Args) -> list[Args]:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return list(pool.map(lambda each: run_module(module, each, expect="either"), tasks))

    def clear(results: list[Args]) -> None:
        for result in results:
            if result.get("failed"):
                assert result["error_code"] != "failed", result
                assert result["msg"].count("Failed to") == 1, result

    clear(at_once(args, args, args))
    run_module(module, args)
    assert not run_module(module, args)["changed"]
    clear(at_once(half, other_half, half, other_half))
    run_module(module, half)
    run_module(module, other_half)
    assert not run_module(module, half)["changed"]
    assert not run_module(module, other_half)["changed"]
    clear(at_once(absent, absent))
    run_module(module, absent)
    assert not run_module(module, absent)["changed"]
    assert sorted(each.name for each in (images_dir / "pool").iterdir()) == []


# --- secrets ---------------------------------------------------------------------------------------------------------

# Not longer than VNC takes; some that XML, JSON and Python write differently.
SECRETS = ("Zq7typed", "Zq7inxml", 'Zq7"q&<', "Zq7cooky", "Zq7value", "Zq7badly", "Zq7inurl")


def spellings(secret: str) -> set[str]:
    """As it may stand in a result: plain, in JSON, in Python, in XML."""
    return {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], escape(secret), escape(secret, {'"': "&quot;"})}


def test_secrets_are_nowhere_but_in_libvirt(scratch: str, images_dir: Path, tmp_path: Path, libvirt_uri: str) -> None:
    """Not in results with -vvv, diffs, logs, the list of processes, be it that a task succeeds or fails."""
    typed, inxml, odd, cooky, value, badly, inurl = SECRETS
    base: Args = {"name": scratch, "type": "qemu", "memory": "64MiB"}
    in_xml = "<graphics type='vnc' passwd={}/>"
    web = {"protocol": "https", "name": "a.iso", "hosts": [{"name": "example.org"}]}
    cookies = {**web, "cookies": [{"name": "a", "value": cooky}]}
    disk = {"network": cookies, "device": "cdrom", "bus": "sata", "format": "raw"}
    cookie_xml = (
        "<disk type='network' device='cdrom'><driver name='qemu' type='raw'/><source protocol='https' name='a.iso'>"
        f"<host name='example.org'/><cookies><cookie name='a'>{cooky}</cookie></cookies></source>"
        "<target dev='sdb' bus='sata'/></disk>"
    )
    vnc: Args = {"graphics": [{"type": "vnc", "password": typed}]}
    tasks: list[tuple[str, Args]] = [
        ("libvirt_domain", {**base, **vnc, "state": "running"}),
        ("libvirt_domain", {**base, "graphics": [{"type": "vnc", "password": odd}]}),
        ("libvirt_domain", {"domains": [{**base, "graphics": [{"type": "vnc", "password": typed}]}]}),
        ("libvirt_domain", {**base, "xml": in_xml.format(f"'{inxml}'")}),
        ("libvirt_domain", {**base, "xml": in_xml.format(quoteattr(odd))}),
        ("libvirt_domain", {**base, "disks": [disk]}),
        ("libvirt_domain", {**base, "xml": cookie_xml}),
        # Refused by Ansible, by the option's table, as XML, by libvirt.
        ("libvirt_domain", {**base, **vnc, "nonsense": True}),
        ("libvirt_domain", {**base, "graphics": [{"type": "vnc", "password": badly + "\a"}]}),
        ("libvirt_domain", {**base, **vnc, "vcpus": 100000}),
        ("libvirt_domain", {"domains": [{**base, **vnc, "vcpus": 100000}]}),
        ("libvirt_domain", {**base, "xml": in_xml.format(f"'{badly}'") + "<graphics"}),
        ("libvirt_domain", {**base, "xml": in_xml.format(f"'{badly}' nonsense='1'")}),
        ("libvirt_domain", {**base, "xml": cookie_xml.replace("https", "nonsense")}),
        ("libvirt_secret", {"usage": "ceph", "name": scratch, "value": value}),
        ("libvirt_secret", {"usage": "ceph", "name": scratch, "value": value, "uuid": OTHER}),
        ("libvirt_pool", {"name": scratch, "type": "dir", "target": {"path": str(images_dir)}}),
        ("libvirt_volume", {"pool": scratch, "name": "a", "src": f"http://me:{inurl}@127.0.0.1:9/a.img"}),
        (
            "libvirt_volume",
            {"volumes": [{"pool": scratch, "name": "a", "src": f"http://me:{inurl}@127.0.0.1:9/a.img"}]},
        ),
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        "tasks": [{"minicloud.kvm." + module: args, "ignore_errors": True} for module, args in tasks],
    }
    path = tmp_path / "play.json"
    path.write_text(json.dumps([play]), encoding="utf-8")
    syslog = tmp_path / "syslog"
    (tmp_path / "sitecustomize.py").write_text(
        f"import syslog\nsyslog.syslog = lambda *words: print(*words, file=open({str(syslog)!r}, 'a'))\n",
        encoding="utf-8",
    )
    more = {"ANSIBLE_LOG_PATH": str(tmp_path / "log"), "ANSIBLE_NOCOLOR": "1", "PYTHONPATH": str(tmp_path)}
    playbook = str(Path(sys.executable).parent / "ansible-playbook")
    words = [playbook, "-i", "localhost,", "-vvv", "--diff", str(path)]
    processes: set[bytes] = set()
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, env={**os.environ, **more})
        while process.poll() is None:
            for each in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    processes.add(each.read_bytes())
            time.sleep(0.02)
    told = (tmp_path / "out").read_text(encoding="utf-8") + (tmp_path / "log").read_text(encoding="utf-8")
    assert f"ok={len(tasks)} " in told, told
    assert "ignored=10 " in told, told
    logged = syslog.read_text(encoding="utf-8")
    listed = b"\n".join(processes).decode(errors="replace")
    assert "qemu-system" in listed
    for secret in SECRETS:
        for spelt in spellings(secret):
            for where, text in (("told", told), ("logged", logged), ("listed", listed)):
                assert spelt not in text, (secret, where, text[max(0, text.index(spelt) - 300) :][:600])


def test_a_connection_stays_while_the_module_is_busy(faulty: Run, virsh: t.Any, scratch: str) -> None:
    """The daemon closes a connection that has not answered it for half a minute (keepalive_interval, _count)."""
    args = {"name": scratch, "type": "qemu", "memory": "64MiB", "state": "stopped"}
    result, calls = faulty("libvirt_domain", args, at=1, run=["sleep", "45"], calls=r"virConnect\.defineXML.*")
    assert calls
    assert result is not None
    assert result["changed"], result
    assert scratch in virsh("list", "--all", "--name")


def test_another_pool_goes_while_pools_are_looked_at(
    faulty: Run, run_module: t.Any, virsh: t.Any, scratch: str, images_dir: Path
) -> None:
    """A pool's directory is compared with all others' directories, a volume's pool is looked into."""

    def pool(name: str) -> Args:
        target = {"path": str(images_dir / name)}
        return {"name": f"{scratch}-{name}", "type": "dir", "target": target, "state": "present"}

    read = r"virStoragePool\.(XMLDesc|isPersistent|isActive|listAllVolumes|info)"
    command = ["virsh", "-c", "qemu:///system", "pool-undefine", f"{scratch}-other"]
    run_module("libvirt_pool", pool("other"))
    result, calls = faulty("libvirt_pool", pool("mine"), calls=read)
    for at in range(1, len(calls) + 1):
        run_module("libvirt_pool", {"pools": [{"name": f"{scratch}-mine", "state": "absent"}, pool("other")]})
        result, _calls = faulty("libvirt_pool", pool("mine"), at=at, run=command, calls=read)
        assert result is not None
        assert not result.get("failed"), (at, result)
    run_module("libvirt_pool", pool("other"))
    volume = {"pool": f"{scratch}-other", "name": "disk", "capacity": "1MiB"}
    result, _calls = faulty("libvirt_volume", volume, at=1, run=command, calls=read)
    assert result is not None
    assert result["error_code"] == "not_found", result
    assert "there is no storage pool" in result["msg"]
