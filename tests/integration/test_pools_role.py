# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role pools, and the modules, with a mount whose server is gone: a FUSE file system that nobody answers for, which
hangs whoever looks at it as a dead NFS server does."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOOK = ROOT / "roles" / "pools" / "files" / "look.bash"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

HANG = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0"
if libc.mount(b"nowhere", sys.argv[1].encode(), b"fuse", 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
print("mounted", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def enter() -> t.Iterator[list[str]]:
    """The command that enters a mount namespace of its own: nobody else on this machine is hung by what is there."""
    holder = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready && exec sleep infinity"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    yield ["nsenter", "--mount", "--target", str(holder.pid)]
    holder.kill()
    holder.communicate()


@pytest.fixture(scope="module")
def run_module(enter: list[str], runner: t.Any) -> t.Any:
    """Modules run there."""
    return runner(*enter, sys.executable)


@contextlib.contextmanager
def hanging(enter: list[str], path: Path) -> t.Iterator[None]:
    """Something is mounted on a directory there that never answers."""
    server = subprocess.Popen(
        [*enter, sys.executable, "-c", HANG, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    assert server.stdout.readline() == "mounted\n"
    try:
        yield
    finally:
        # Its end answers everyone who waits: not connected.
        server.communicate("")
        subprocess.run([*enter, "umount", "--lazy", str(path)], check=True)


@pytest.fixture
def dead(enter: list[str], tmp_path: Path) -> t.Iterator[str]:
    path = tmp_path / "dead"
    path.mkdir()
    with hanging(enter, path):
        yield str(path)


def test_the_look(enter: list[str], dead: str, tmp_path: Path) -> None:
    paths = f"{tmp_path}\n{dead}\n{tmp_path}/not there\n\n{dead}/below"
    began = time.monotonic()
    command = [*enter, "/bin/bash", str(LOOK), "1", "virt_use_nfs", paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert sorted(done.stdout.splitlines()) == [f"dead={dead}", f"dead={dead}/below"]
    assert done.stderr == ""
    assert time.monotonic() - began < 60
    done = subprocess.run(["/bin/bash", str(LOOK), "60", "", str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_selinux_booleans(tmp_path: Path) -> None:
    """A stand-in for getsebool: SELinux is not on here."""
    (tmp_path / "getsebool").write_text(
        'case "$1" in a) echo "a --> on" ;; b) echo "b --> off" ;; *) echo "Error" >&2; exit 1 ;; esac\n'
    )
    (tmp_path / "getsebool").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    command = ["/bin/bash", str(LOOK), "1", "a b c", ""]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "off=b\n"


def play(
    tmp_path: Path, variables: dict[str, t.Any], *options: str, enter: t.Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    inventory = {"all": {"hosts": {"host1": {"ansible_connection": "local", **variables}}}}
    inventory["all"]["hosts"]["host1"]["ansible_python_interpreter"] = sys.executable
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))
    (tmp_path / "play.json").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "roles": ["minicloud.kvm.pools"]}])
    )
    return subprocess.run(
        [
            *enter,
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            str(tmp_path / "hosts.json"),
            str(tmp_path / "play.json"),
            *options,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "ANSIBLE_INVENTORY_ENABLED": "yaml", "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")},
    )


@pytest.mark.parametrize("mounted_by", ["libvirt", "fstab"])
@pytest.mark.parametrize("options", [[], ["--check"]])
def test_a_dead_mount_is_one_clear_error(
    enter: list[str], dead: str, tmp_path: Path, scratch: str, mounted_by: str, options: list[str]
) -> None:
    pool = {
        "name": f"{scratch}-shared",
        "type": "netfs",
        "source": {"hosts": [{"name": "127.0.0.1"}], "dir": "/srv/x", "format": "nfs"},
        "target": {"path": dead},
    }
    # A server that answers on its port, and that is all.
    variables = {"pools_list": [pool], "pools_timeout": 2, "pools_mounted_by": mounted_by}
    listener = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import socket; s = socket.create_server(('127.0.0.1', 2049)); print(flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert listener.stdout is not None
        listener.stdout.readline()
        done = play(tmp_path, variables, *options, enter=enter)
    finally:
        listener.communicate("\n")
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"On host1, {dead} has not answered for 2 s" in " ".join(done.stdout.split())
    assert done.stdout.count("fatal: ") == 1
    assert "Declare the pools" not in done.stdout


@pytest.mark.slow
def test_modules_do_not_wait_for_a_dead_mount(dead: str, scratch: str, run_module: t.Any) -> None:
    name = f"{scratch}-dead"
    pool = {"name": name, "type": "dir", "target": {"path": dead}}
    for check in (True, False):
        failed = run_module("libvirt_pool", pool, check=check, expect="failed", timeout=90)
        assert failed["error_code"] == "mount_hangs"
        assert f"Storage pool {name} is on {dead}, where nowhere (fuse) is mounted" in failed["msg"]
        assert name not in subprocess.check_output(["virsh", "-c", "qemu:///system", "pool-list", "--all"], text=True)
    assert run_module("libvirt_pool", {"name": name, "state": "absent"})["changed"] is False
    failed = run_module("kvm_host_check", {"images_path": dead + "/images"}, expect="failed", timeout=90)
    assert failed["error_code"] == "mount_hangs"


@pytest.mark.slow
def test_a_pool_whose_mount_dies(enter: list[str], tmp_path: Path, scratch: str, run_module: t.Any) -> None:
    name, path = f"{scratch}-dying", tmp_path / "dying"
    run_module("libvirt_pool", {"name": name, "type": "dir", "target": {"path": str(path)}})
    with hanging(enter, path):
        volume = {"pool": name, "name": "x", "capacity": "1MiB"}
        for module, args in (
            ("libvirt_pool", {"name": name, "refresh": True}),
            ("libvirt_volume", volume),
            ("libvirt_volume", {**volume, "state": "absent"}),
        ):
            failed = run_module(module, args, expect="failed", timeout=90)
            assert failed["error_code"] == "mount_hangs", failed
            assert f"Storage pool {name} is on {path}" in failed["msg"]
    run_module("libvirt_volume", volume)
    assert (path / "x").exists()


@pytest.mark.parametrize("mounted_by", ["libvirt", "fstab"])
def test_pools_of_the_machine_itself(tmp_path: Path, scratch: str, mounted_by: str) -> None:
    pool = {"name": f"{scratch}-own", "type": "dir", "target": {"path": str(tmp_path / "own")}}
    variables = {"pools_list": [pool], "pools_mounted_by": mounted_by}
    for wanted, options in (
        ("changed=1", ["--check"]),
        ("changed=1", []),
        ("changed=0", []),
        ("changed=0", ["--check"]),
    ):
        done = play(tmp_path, variables, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert wanted in done.stdout
    assert "mounted" not in done.stdout.lower().replace("see whether what is mounted answers", "")


def test_a_server_that_is_down_is_one_clear_error(tmp_path: Path, scratch: str) -> None:
    pool = {
        "name": f"{scratch}-shared",
        "type": "netfs",
        "source": {"hosts": [{"name": "127.0.0.1"}], "dir": "/srv/x", "format": "glusterfs"},
        "target": {"path": str(tmp_path / "x")},
    }
    done = play(tmp_path, {"pools_list": [pool], "pools_timeout": 1})
    assert done.returncode == 2, done.stdout + done.stderr
    assert "127.0.0.1 doesn't answer on port 24007 within 1 s" in " ".join(done.stdout.split())
    assert "Declare the pools" not in done.stdout
