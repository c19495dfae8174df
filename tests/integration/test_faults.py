# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong between the module and libvirt: the module is killed, the daemon dies, the disk is full, somebody else
is at work at the same time. Nothing is lost, the error is clear, and the next run converges."""

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
import tempfile
import time
import typing as t
from pathlib import Path

import libvirt
import pytest

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
                foretold = run_module(name, args, check=True)
                done = run_module(name, args)
                assert foretold["diff"] == done["diff"], told
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
        words = ("<allocation", "<available", "<capacity", "<domain type", "<label", "<imagelabel", "portid=")
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
    from .conftest import _clean

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
    assert {"virStorageVol.upload", "virStorageVol.resize", "virStoragePool.createXMLFrom"} <= set(steps)

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
