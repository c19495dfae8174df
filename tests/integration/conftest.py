# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fixtures for tests on this machine's own libvirtd: scratch names, a directory QEMU can read, cleanup.

Whatever a test makes is called ``mct-<process id of pytest>-...``. Cleanup, before and after, removes what carries this
run's id and what a run that no longer lives has left behind; nothing else is ever touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
import zlib
from pathlib import Path

import libvirt
import pytest

URI = "qemu:///system"
ROOT = Path(__file__).resolve().parent.parent.parent
SCRATCH = re.compile(r"^mct-(\d+)-")
UNDEFINE = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


def _is_ours(name: str) -> bool:
    """Made by this run, or by one that is over."""
    match = SCRATCH.match(name)
    if match is None:
        return False
    pid = int(match.group(1))
    return pid == os.getpid() or not Path(f"/proc/{pid}").exists()


def _clean(conn: libvirt.virConnect, which: t.Callable[[str], bool] = _is_ours) -> None:
    """Remove scratch domains, networks, pools, secrets, filters; a pool's files stay: they are the test's.

    What a run that is over has left may be removed by several processes at once: the first one wins.
    """
    for domain in conn.listAllDomains():
        if which(domain.name()):
            with contextlib.suppress(libvirt.libvirtError):
                if domain.isActive():
                    domain.destroy()
            with contextlib.suppress(libvirt.libvirtError):
                domain.undefineFlags(UNDEFINE)
    for thing in [*conn.listAllNetworks(), *conn.listAllStoragePools()]:
        if which(thing.name()):
            with contextlib.suppress(libvirt.libvirtError):
                thing.destroy()
            with contextlib.suppress(libvirt.libvirtError):
                thing.undefine()
    _clean_definitions(conn, which)


def _clean_definitions(conn: libvirt.virConnect, which: t.Callable[[str], bool]) -> None:
    for secret in conn.listAllSecrets():
        with contextlib.suppress(libvirt.libvirtError):
            if which((secret.usageID() or "").lstrip("/")):  # a volume's is a path
                secret.undefine()
    filters = [each for each in conn.listAllNWFilters() if which(each.name())]
    for _turn in range(len(filters)):  # one that another refers to is refused until that is gone
        for each in list(filters):
            with contextlib.suppress(libvirt.libvirtError):
                each.undefine()
                filters.remove(each)


@pytest.fixture(scope="session")
def libvirt_uri() -> t.Iterator[str]:
    """qemu:///system of this machine, cleaned before and after; without it a test fails, nothing is skipped."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    try:
        conn = libvirt.open(URI)
    except libvirt.libvirtError as error:
        pytest.fail(f"{URI} can't be reached ({error}). `make setup` installs and starts libvirtd.")
    _clean(conn)
    yield URI
    _clean(conn)
    conn.close()


@pytest.fixture
def scratch(libvirt_uri: str, request: pytest.FixtureRequest) -> t.Iterator[str]:
    """A prefix for the names of what this test makes: ``mct-<pid>-<short hash of the test's id>``; gone after it."""
    prefix = f"mct-{os.getpid()}-{zlib.crc32(request.node.nodeid.encode()):08x}"
    yield prefix
    with libvirt.open(libvirt_uri) as conn:
        _clean(conn, lambda name: name.startswith(prefix))


@pytest.fixture
def images_dir() -> t.Iterator[Path]:
    """An empty directory that QEMU's user may enter (pytest's tmp_path is closed to it); gone after the test."""
    path = Path(tempfile.mkdtemp(prefix=f"mct-{os.getpid()}-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def loop(images_dir: Path) -> t.Iterator[t.Callable[[], str]]:
    """``loop()``: an empty block device of 64 MiB."""
    devices: list[str] = []

    def run() -> str:
        path = images_dir / f"device{len(devices)}"
        with path.open("wb") as file:
            file.truncate(64 * 1024 * 1024)
        words = ["losetup", "--find", "--show", str(path)]
        devices.append(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
        return devices[-1]

    yield run
    for device in devices:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.fixture(scope="session")
def tiny() -> t.Iterator[dict[str, t.Any]]:
    """kernel and initrd of the tiny guest, where any user can read them.

    Started with clearcpuid=cx16: without KVM, QEMU 7.2 crashes Linux 6.12 at random where that uses cmpxchg16b.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/lab/build_image.py"), "tiny"], stdout=subprocess.PIPE, check=True, text=True
    )
    image = json.loads(done.stdout.splitlines()[-1])
    directory = Path(tempfile.mkdtemp(prefix=f"mct-{os.getpid()}-tiny-", dir="/var/tmp"))
    directory.chmod(0o755)
    for part in ("kernel", "initrd"):
        shutil.copyfile(image[part], directory / part)
        (directory / part).chmod(0o644)
    yield {part: str(directory / part) for part in ("kernel", "initrd")}
    shutil.rmtree(directory)


@pytest.fixture
def up(images_dir: Path) -> t.Callable[[], None]:
    """``up()``: wait until the guest has said that it runs. Each start empties what it has said."""

    def run() -> None:
        deadline = time.monotonic() + 120
        console = images_dir / "console"
        while not console.exists() or b"tiny guest is running" not in console.read_bytes():
            assert time.monotonic() < deadline, console.read_bytes() if console.exists() else "no console"
            time.sleep(0.2)

    return run


@pytest.fixture
def virsh(libvirt_uri: str) -> t.Callable[..., str]:
    """``virsh("dumpxml", name)`` returns what virsh prints; the test fails where it does (unless ``check=False``)."""

    def run(*words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["virsh", "-q", "-c", libvirt_uri, *words], capture_output=True, text=True, timeout=120, check=False
        )
        if check and done.returncode:
            pytest.fail(f"virsh {' '.join(words)}: {done.stderr}")
        return done.stdout

    return run


class Converge(t.Protocol):
    """The type of the fixture ``converge``, for annotations in tests."""

    def __call__(self, name: str, args: dict[str, t.Any], look: t.Callable[[], object]) -> dict[str, t.Any]: ...


@pytest.fixture
def converge(run_module: t.Any) -> Converge:
    """``converge(module, args, look)``: check mode (which changes nothing that ``look()`` sees and foretells the very
    changes), apply, apply again (which changes nothing, as check mode says too). Returns the result of the apply."""

    def run(name: str, args: dict[str, t.Any], look: t.Callable[[], object]) -> dict[str, t.Any]:
        plural = "networks" if name == "libvirt_net" else name.partition("_")[2] + "s"
        before = look()
        told = run_module(name, args, check=True)
        assert look() == before, "check mode changed something"
        done: dict[str, t.Any] = run_module(name, args)
        assert done["changed"] == told["changed"]
        assert [each["changes"] for each in done[plural]] == [each["changes"] for each in told[plural]]
        again = run_module(name, args)
        assert not again["changed"], f"the second run changed {again['diff']}"
        assert [each["restart_required"] for each in again[plural]] == [
            each["restart_required"] for each in done[plural]
        ]
        assert not run_module(name, args, check=True)["changed"]
        return done

    return run


class Daemon:
    """A libvirtd of this test's own, as QEMU's user."""

    USER = "libvirt-qemu"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "run/libvirt/libvirt-sock"
        self.uri = f"qemu+unix:///session?socket={self.socket}"
        (home / "libvirt").mkdir()
        (home / "libvirt/qemu.conf").write_text('stdio_handler = "file"\n', encoding="utf-8")
        (home / "run").mkdir(mode=0o755)
        (home / "kill").write_text(
            f"kill -9 $(cat {home}/pid); while kill -0 $(cat {home}/pid); do sleep 0.05; done; rm -f {self.socket}\n",
            encoding="utf-8",
        )
        homes = f"HOME={home} XDG_RUNTIME_DIR={home}/run XDG_CONFIG_HOME={home} XDG_CACHE_HOME={home}/cache"
        command = f"setpriv --reuid={self.USER} --regid={self.USER} --init-groups env -i PATH=$PATH {homes} libvirtd"
        (home / "start").write_text(
            f"setsid {command} </dev/null >>{home}/log 2>&1 & echo $! > {home}/pid\n"
            f"until virsh -c '{self.uri}' uri; do kill -0 $(cat {home}/pid) || exit 1; sleep 0.1; done\n",
            encoding="utf-8",
        )
        subprocess.run(["chown", "-R", self.USER, str(home)], check=True)

    @property
    def restart(self) -> list[str]:
        return ["sh", "-c", f"sh {self.home}/kill; sh {self.home}/start"]

    @property
    def kill(self) -> list[str]:
        return ["sh", "-c", f"sh {self.home}/kill"]

    def start(self) -> None:
        subprocess.run(["sh", f"{self.home}/start"], check=True, capture_output=True)


@pytest.fixture
def daemon(libvirt_uri: str) -> t.Iterator[Daemon]:
    home = Path(tempfile.mkdtemp(prefix="mc", dir="/var/tmp"))  # short: a guest's sockets lie below
    home.chmod(0o755)
    made = Daemon(home)
    try:
        made.start()
        yield made
        if not made.socket.exists():
            made.start()
        with libvirt.open(made.uri) as conn:
            for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                domain.destroy()
    finally:
        subprocess.run(made.kill, check=False, capture_output=True)
        shutil.rmtree(home)
