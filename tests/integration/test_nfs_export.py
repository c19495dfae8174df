# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nfs_export with the real exportfs, which needs no kernel server to read files and to write its table.

Everything happens in a mount namespace of its own with a copy of /etc and an empty /var/lib/nfs.
"""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import jinja2
import pytest
import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_edit import access_of
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_options import KNOWN
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_text import parse
from ansible_collections.minicloud.kvm.plugins.modules import nfs_export
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

ROLE = Path(__file__).resolve().parents[2] / "roles" / "nfs_server"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("exportfs") is None, reason="needs root and nfs-kernel-server"
)


class Server:
    """A machine's NFS files and exportfs, apart from this machine's own."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.etc = scratch / "etc"
        self.state = scratch / "state"
        self.state.mkdir()
        self.etc.mkdir()
        # Without libvirt's: cp fails on what goes away under it, and tests beside these define and undefine there.
        own = [str(entry) for entry in Path("/etc").iterdir() if entry.name != "libvirt"]
        subprocess.run(["cp", "-a", "-t", str(self.etc), *own], check=True)
        (self.etc / "hosts").write_text("127.0.0.1 localhost\n10.9.9.9 web.lab web\n")
        (self.etc / "nsswitch.conf").write_text("hosts: files\n")
        # As the packages leave it; without it neither exportfs nor nfsconf(8) is sure to look at nfs.conf.d.
        (self.etc / "nfs.conf").write_text("[general]\n")
        script = 'mount --bind "$1" /etc && mount --bind "$2" /var/lib/nfs && echo ready && exec sleep infinity'
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, "sh", str(self.etc), str(self.state)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == "ready\n"
        self.enter = ["nsenter", "--mount", "--target", str(self.holder.pid)]
        self.clear()

    def clear(self) -> None:
        for entry in self.state.iterdir():
            entry.unlink()
        shutil.rmtree(self.etc / "exports.d", ignore_errors=True)
        (self.etc / "exports").unlink(missing_ok=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.enter, *command], capture_output=True, text=True, check=False)

    def write(self, text: str, name: str = "exports") -> None:
        (self.etc / name).parent.mkdir(exist_ok=True)
        (self.etc / name).write_text(text)

    def read(self, name: str = "exports") -> str:
        return (self.etc / name).read_text()

    def table(self) -> str:
        """What somebody else's tool says that is exported."""
        return self.run("exportfs", "-s").stdout

    def everything(self) -> dict[str, tuple[bytes, int, int]]:
        """Each file's content, when it was last changed, and its inode."""
        files = [self.etc / "exports", *self.etc.glob("exports.d/*"), self.state / "etab"]
        return {str(f): (f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_ino) for f in sorted(files) if f.is_file()}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("nfs"))
    yield server
    server.holder.kill()
    server.holder.communicate()


@pytest.fixture
def server(machine: Server) -> Server:
    machine.clear()
    return machine


@pytest.fixture(scope="module")
def run_module(machine: Server, runner: t.Any) -> t.Any:
    """Modules run on that machine."""
    return runner(*machine.enter, sys.executable)


@pytest.fixture
def srv(tmp_path: Path) -> str:
    (tmp_path / "srv").mkdir()
    return str(tmp_path / "srv")


def client(host: str, *options: str) -> dict[str, t.Any]:
    return {"host": host, "options": list(options)}


def test_from_nothing_to_nothing(server: Server, srv: str, run_module: t.Any) -> None:
    args = {"path": srv, "clients": [client("10.0.0.0/24", "rw", "sync"), client("web", "ro")]}

    before = server.everything()
    checked = run_module("nfs_export", args, check=True)
    assert checked["changed"]
    assert server.everything() == before

    applied = run_module("nfs_export", args)
    assert {k: applied[k] for k in ("changed", "diff", "exports")} == {
        k: checked[k] for k in ("changed", "diff", "exports")
    }
    assert server.read() == f"{srv} 10.0.0.0/24(rw,sync) web(ro)\n"
    assert (server.etc / "exports").stat().st_mode & 0o777 == 0o644
    assert f"{srv} 10.0.0.0/24(sync,wdelay,hide,no_subtree_check,sec=sys,rw,root_squash,no_all_squash)" in (
        " ".join(server.table().split("  "))
    )
    assert applied["exports"][0]["changes"] == [
        {"field": "clients", "before": [], "after": ["10.0.0.0/24(rw)", "web(ro)"]}
    ]
    assert applied["diff"][0]["after"] == server.read()

    before = server.everything()
    assert not run_module("nfs_export", args)["changed"]
    assert server.everything() == before

    server.run("sed", "-i", "s/10.0.0.0.24(rw,sync)/10.0.0.0\\/24(ro)/; s/$/ 10.0.0.99(rw)/", "/etc/exports")
    server.run("exportfs", "-r")
    before = server.everything()
    drift = run_module("nfs_export", args, check=True)
    assert drift["exports"][0]["changes"] == [
        {
            "field": "clients",
            "before": ["10.0.0.0/24(ro)", "web(ro)", "10.0.0.99(rw)"],
            "after": ["10.0.0.0/24(rw)", "web(ro)"],
        }
    ]
    assert server.everything() == before
    assert run_module("nfs_export", args)["changed"]
    assert server.read() == f"{srv} 10.0.0.0/24(rw,sync) web(ro)\n"
    assert not run_module("nfs_export", args)["changed"]

    gone = {"path": srv, "state": "absent"}
    assert run_module("nfs_export", gone, check=True)["changed"]
    assert run_module("nfs_export", gone)["changed"]
    assert server.read() == ""
    assert server.table() == ""
    assert not run_module("nfs_export", gone)["changed"]
    assert Path(srv).is_dir()


def test_drift_in_the_servers_table_only(server: Server, srv: str, run_module: t.Any) -> None:
    args = {"path": srv, "clients": [client("10.0.0.1", "rw"), client("web", "rw")]}
    run_module("nfs_export", args)
    text = server.read()
    for command in (
        ["exportfs", "-u", "10.0.0.1:" + srv],
        ["exportfs", "-au"],
        ["exportfs", "-i", "-o", "rw", "10.0.0.2:" + srv],
        ["exportfs", "-i", "-o", "ro,all_squash", "10.0.0.1:" + srv],
    ):
        server.run(*command)
        checked = run_module("nfs_export", args, check=True)
        assert checked["exports"][0]["changes"] == [{"field": "active", "before": False, "after": True}], command
        assert checked["diff"][0]["before_header"] == "exportfs -s"
        assert run_module("nfs_export", args)["changed"]
        assert not run_module("nfs_export", args)["changed"]
        assert server.read() == text
    server.write("")
    checked = run_module("nfs_export", {"path": srv, "state": "absent"}, check=True)
    assert checked["exports"][0]["changes"] == [{"field": "active", "before": True, "after": False}]


def test_a_crash_between_the_file_and_exportfs(server: Server, srv: str, run_module: t.Any) -> None:
    server.write(f"{srv} 10.0.0.1(rw)\n")
    args = {"path": srv, "clients": [client("10.0.0.1", "rw")]}
    assert run_module("nfs_export", args)["changed"]
    assert srv in server.table()
    assert not run_module("nfs_export", args)["changed"]


def test_many_exports_in_one_call(server: Server, tmp_path: Path, run_module: t.Any) -> None:
    paths = [tmp_path / f"d {number}" for number in range(30)]
    for path in paths:
        path.mkdir()
    server.write(f"# kept\n{tmp_path} 10.1.1.1(ro) # kept too", "exports")
    args = {
        "file": "/etc/exports.d/minicloud.exports",
        "options": ["rw", "no_subtree_check"],
        "exports": [{"path": str(path), "clients": [client("10.0.0.0/24")]} for path in paths],
    }
    args["exports"].append({"path": str(tmp_path), "file": "/etc/exports", "clients": [client("10.1.1.1", "rw")]})
    applied = run_module("nfs_export", args)
    assert len(applied["exports"]) == 31
    assert len(applied["diff"]) == 2
    assert server.read() == f"# kept\n{tmp_path} -rw,no_subtree_check 10.1.1.1(rw) # kept too"
    assert (server.etc / "exports.d/minicloud.exports").stat().st_mode & 0o777 == 0o644
    assert server.table().count("10.0.0.0/24(") == 30
    assert f"{tmp_path}/d\\0400 " in server.table()
    assert not run_module("nfs_export", args)["changed"]


def test_owner_mode_and_link_are_kept(server: Server, srv: str, run_module: t.Any) -> None:
    server.write("# mine\n", "exports.real")
    (server.etc / "exports").symlink_to("exports.real")
    os.chown(server.etc / "exports.real", 0, 4)
    (server.etc / "exports.real").chmod(0o640)
    run_module("nfs_export", {"path": srv, "clients": [client("10.0.0.1")]})
    assert (server.etc / "exports").is_symlink()
    found = (server.etc / "exports.real").stat()
    assert (found.st_gid, found.st_mode & 0o777) == (4, 0o640)
    assert server.read("exports.real") == f"# mine\n{srv} 10.0.0.1(ro)\n"


@pytest.mark.parametrize(
    ("text", "args", "words"),
    [
        ("# mine\n", {"clients": [client("nowhere.invalid", "rw")]}, "Failed to resolve nowhere.invalid"),
        ("", {"clients": [client("10.9.9.9", "rw"), client("web", "ro")]}, "duplicated export entries"),
        (None, {"clients": [client("nowhere.invalid", "rw")], "file": "/etc/exports.d/x.exports"}, "nowhere.invalid"),
    ],
)
def test_what_exportfs_refuses_is_put_back(
    server: Server, srv: str, run_module: t.Any, text: str | None, args: dict[str, t.Any], words: str
) -> None:
    other = str(Path(srv).parent)
    server.write(f"{other} 10.0.0.5(rw)\n{text or ''}")
    server.run("exportfs", "-r")
    before = {name: content for name, (content, _mtime, _inode) in server.everything().items()}
    failed = run_module("nfs_export", {"path": srv, **args}, expect="failed")
    assert failed["error_code"] == "exportfs_failed"
    assert words in failed["msg"]
    assert "as they were" in failed["msg"]
    assert {name: content for name, (content, _mtime, _inode) in server.everything().items()} == before
    assert f"{other} 10.0.0.5(" in server.table().replace("  ", " ")


def test_faults_of_other_exports_are_only_a_warning(server: Server, srv: str, run_module: t.Any) -> None:
    server.write("/not/there 10.0.0.1(rw)\n")
    applied = run_module("nfs_export", {"path": srv, "clients": [client("10.0.0.1", "rw")]})
    assert applied["changed"]
    assert any("/not/there" in warning for warning in applied["warnings"])


def test_behind_a_fault_in_the_file(server: Server, srv: str, run_module: t.Any) -> None:
    server.write("/not/there 10.0.0.1(rw, sync)\n")
    failed = run_module("nfs_export", {"path": srv, "clients": [client("10.0.0.1", "rw")]}, check=True, expect="failed")
    assert failed["error_code"] == "unreadable_exports"
    server.write("/not/there 10.0.0.1(rw,newer_option)\n")
    failed = run_module("nfs_export", {"path": srv, "clients": [client("10.0.0.1", "rw")]}, expect="failed")
    assert failed["error_code"] == "exportfs_failed"
    assert "newer_option" in failed["msg"]
    assert server.read() == "/not/there 10.0.0.1(rw,newer_option)\n"


@pytest.mark.parametrize(
    "args",
    [
        {"path": "relative", "clients": [client("h")]},
        {"path": "/a\nb", "clients": [client("h")]},
        {"path": "/", "clients": [client("h", "readwrite")]},
        {"path": "/", "clients": [client("h", "ro", "rw")]},
        {"path": "/", "clients": [client("*", "rw")]},
        {"path": "/", "clients": [client("0.0.0.0/0", "rw")]},
        {"path": "/", "clients": [client("::/0", "rw")]},
        {"path": "/", "clients": [client("", "rw")]},
        {"path": "/", "clients": []},
        {"path": "/"},
        {"path": "/", "clients": [client("h")], "file": "/etc/exports.d/x"},
        {"path": "/", "clients": [client("h")], "file": "/etc/exports.d/.x.exports"},
        {"path": "/", "clients": [client("h")], "directory": {"owner": "nobody-of-this-name"}},
        {"path": "/", "clients": [client("h")], "directory": {"group": "-1"}},
        {"path": "/", "clients": [client("h")], "directory": {"mode": "u=rwx"}},
        {"path": "/", "clients": [client("h")], "directory": {"mode": True}},
        {"path": "/", "exports": []},
        {"clients": [client("h")]},
        {"path": "/", "clients": [{"options": ["rw"]}]},
        {"exports": [{"path": "/", "clients": [client("h")]}, {"path": "//", "clients": [client("h")]}]},
    ],
)
def test_bad_input_changes_nothing(server: Server, run_module: t.Any, args: dict[str, t.Any]) -> None:
    server.write("# mine\n")
    before = server.everything()
    run_module("nfs_export", args, expect="failed")
    assert server.everything() == before


def test_a_directory_that_is_not_there(server: Server, tmp_path: Path, run_module: t.Any) -> None:
    args = {"path": str(tmp_path / "not yet"), "clients": [client("10.0.0.1")]}
    failed = run_module("nfs_export", args, expect="failed")
    assert failed["error_code"] == "not_found"
    assert not (server.etc / "exports").exists()
    checked = run_module("nfs_export", args, check=True)
    assert checked["changed"]
    assert "isn't there yet" in checked["warnings"][0]
    (tmp_path / "file").write_text("")
    args["path"] = str(tmp_path / "file")
    assert "isn't a directory" in run_module("nfs_export", args, check=True, expect="failed")["msg"]


def test_a_directory_that_is_declared(server: Server, tmp_path: Path, run_module: t.Any) -> None:
    path = tmp_path / "above" / "srv"
    args = {
        "path": str(path),
        "clients": [client("10.0.0.1", "rw")],
        "directory": {"owner": "64055", "group": "daemon", "mode": "2770"},
    }
    checked = run_module("nfs_export", args, check=True)
    group = grp.getgrnam("daemon").gr_gid
    assert checked["changed"]
    assert checked["exports"][0]["changes"][0] == {
        "field": "directory",
        "before": None,
        "after": {"owner": 64055, "group": group, "mode": "2770"},
    }
    assert not path.parent.exists()
    assert run_module("nfs_export", args)["diff"] == checked["diff"]
    assert subprocess.check_output(["stat", "-c", "%u %g %a", path], text=True) == f"64055 {group} 2770\n"
    assert path.parent.stat().st_mode & 0o777 == 0o755
    assert str(path) in server.table()
    assert not run_module("nfs_export", args)["changed"]

    os.chown(path, 0, 0)
    (path / "kept").write_text("")
    before = server.everything()
    drift = run_module("nfs_export", args, check=True)
    assert [change["field"] for change in drift["exports"][0]["changes"]] == ["directory"]
    assert path.stat().st_uid == 0
    assert run_module("nfs_export", args)["changed"]
    assert server.everything() == before
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o7777) == (64055, group, 0o2770)
    assert (path / "kept").stat().st_uid == 0
    assert not run_module("nfs_export", args)["changed"]

    other = {**args, "directory": {"mode": "0750"}}
    assert run_module("nfs_export", other)["exports"][0]["changes"][0]["after"] == {
        "owner": 64055,
        "group": group,
        "mode": "0750",
    }
    gone = {"path": str(path), "state": "absent", "directory": {"owner": "0"}}
    assert run_module("nfs_export", gone)["changed"]
    assert (path / "kept").exists()


def test_directories_below_each_other(server: Server, tmp_path: Path, run_module: t.Any) -> None:
    exports = [
        {"path": f"{tmp_path}/a/b/", "clients": [client("10.0.0.1")], "directory": {"owner": "5", "mode": "0700"}},
        {"path": f"{tmp_path}/a", "clients": [client("10.0.0.1")], "directory": {"owner": "7", "mode": "0750"}},
        {"path": f"{tmp_path}/a", "clients": [client("10.0.0.2")], "file": "/etc/exports.d/x.exports"},
    ]
    exports[2]["directory"] = exports[1]["directory"]
    args = {"exports": exports}
    run_module("nfs_export", args)
    found = [(tmp_path / name).stat() for name in ("a", "a/b")]
    assert [(each.st_uid, each.st_mode & 0o777) for each in found] == [(7, 0o750), (5, 0o700)]
    assert not run_module("nfs_export", args)["changed"]
    (tmp_path / "file").write_text("")
    args = {"path": f"{tmp_path}/file/x", "clients": [client("10.0.0.1")], "directory": {}}
    failed = run_module("nfs_export", args, expect="failed")
    assert f"Failed to make {tmp_path}/file/x" in failed["msg"]
    assert f"{tmp_path}/file" not in server.read()


def test_a_directory_goes_again_where_its_export_fails(server: Server, tmp_path: Path, run_module: t.Any) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o700)
    args = {
        "exports": [
            {"path": str(there), "clients": [client("10.0.0.1")], "directory": {"owner": "5", "mode": "0755"}},
            {"path": str(tmp_path / "a" / "b"), "clients": [client("nowhere.invalid")], "directory": {}},
        ]
    }
    failed = run_module("nfs_export", args, expect="failed")
    assert failed["error_code"] == "exportfs_failed"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert (there.stat().st_uid, there.stat().st_mode & 0o777) == (0, 0o700)


# As a kernel wrote it (fs/nfsd/export.c), but for the path: this machine has none.
KERNEL = """\
# Version 1.1
# Path Client(Flags) # IPs
{0}\t10.0.0.0/24({1},root_squash,sync,wdelay,no_subtree_check,uuid=0743ce63:00c1185a:00000000:00000000,sec=1)
/\t10.0.0.0/24(ro,root_squash,sync,no_wdelay,v4root,fsid=0,uuid=0743ce63:00c1185a:00000000:00000000,sec=1)
"""


def test_drift_in_the_kernel_only(server: Server, srv: str, run_module: t.Any) -> None:
    """A stand-in for the kernel's file, and for what it does when it is told to forget: this machine has no NFS
    server in its kernel. What makes it forget is the real exportfs, which fails here for want of a kernel."""
    args = {"path": srv, "clients": [client("10.0.0.0/24", "rw")]}
    run_module("nfs_export", args)
    assert server.run("mount", "-t", "tmpfs", "tmpfs", "/proc/fs").returncode == 0
    try:
        server.run("sh", "-c", "mkdir /proc/fs/nfs")

        def kernel(text: str) -> None:
            server.run("sh", "-c", 'printf %s "$1" >/proc/fs/nfs/exports', "sh", text)

        kernel(KERNEL.format(srv, "rw"))
        assert not run_module("nfs_export", args)["changed"]
        kernel(KERNEL.format(srv, "ro"))
        before = server.everything()
        checked = run_module("nfs_export", args, check=True)
        assert checked["exports"][0]["changes"] == [{"field": "active", "before": False, "after": True}]
        assert checked["diff"][0]["before"] == KERNEL.format(srv, "ro").splitlines()[2].replace("\\t", "\t") + "\n"
        assert server.everything() == before
        applied = run_module("nfs_export", args)
        assert applied["changed"]
        assert "kernel still exports" in applied["warnings"][0]
        kernel("# Version 1.1\n# Path Client(Flags) # IPs\n")
        assert not run_module("nfs_export", args)["changed"]
        run_module("nfs_export", {"path": srv, "state": "absent"})
        kernel(KERNEL.format(srv, "rw"))
        gone = run_module("nfs_export", {"path": srv, "state": "absent"}, check=True)
        assert gone["exports"][0]["changes"] == [{"field": "active", "before": True, "after": False}]
    finally:
        assert server.run("umount", "/proc/fs").returncode == 0


def test_a_machine_without_an_nfs_server(server: Server, srv: str, run_module: t.Any) -> None:
    args = {"path": srv, "clients": [client("10.0.0.1", "rw")]}
    exportfs = str(shutil.which("exportfs"))
    assert server.run("mount", "--bind", "/dev/null", exportfs).returncode == 0
    try:
        checked = run_module("nfs_export", args, check=True)
        failed = run_module("nfs_export", args, expect="failed")
    finally:
        assert server.run("umount", exportfs).returncode == 0
    assert checked["changed"]
    assert checked["diff"][0]["after"] == f"{srv} 10.0.0.1(rw)\n"
    assert "isn't installed" in checked["warnings"][0]
    assert failed["error_code"] == "missing_exportfs"
    assert "nfs-kernel-server" in failed["remedy"]
    assert not (server.etc / "exports").exists()


def test_where_the_servers_state_is_elsewhere(server: Server, srv: str, run_module: t.Any) -> None:
    args = {"path": srv, "clients": [client("10.0.0.1", "rw")]}
    elsewhere = server.scratch / "elsewhere"
    elsewhere.mkdir()
    server.write(f"[mountd]\nstate-directory-path={elsewhere}\n", "nfs.conf.d/minicloud.conf")
    try:
        assert run_module("nfs_export", args)["changed"]
        assert srv in (elsewhere / "etab").read_text()
        assert not run_module("nfs_export", args)["changed"]
    finally:
        (server.etc / "nfs.conf.d/minicloud.conf").unlink()


def examples() -> list[dict[str, t.Any]]:
    return [task["minicloud.kvm.nfs_export"] for task in yaml.safe_load(nfs_export.EXAMPLES)]


def test_the_documentations_examples(server: Server, run_module: t.Any) -> None:
    """As they are written, in the order of the page, one beside the other, but for where they are."""
    for args in examples():
        server.clear()
        for item in args.get("exports", [args]):
            path = server.scratch / item["path"].strip("/")
            if item.get("state") != "absent" and "directory" not in item:
                path.mkdir(parents=True, exist_ok=True)
            item["path"] = str(path)
        assert run_module("nfs_export", args)["changed"], args
        again = run_module("nfs_export", args)
        assert not again["changed"], args
        declared = [export for export in again["exports"] if export["state"] == "present"]
        assert server.table().count("(") == sum(len(export["clients"]) for export in declared)


def test_the_settings_of_the_role_are_read(server: Server) -> None:
    """By nfsconf(8), which reads as the daemons do: nfs.conf.d wins."""
    template = ROLE / "templates" / "nfs.conf.j2"
    conf = {"nfsd": {"threads": 16, "vers4.0": "n"}, "mountd": {}, "lockd": {"port": 32767, "udp-port": 32767}}
    text = jinja2.Template(template.read_text(), trim_blocks=True, keep_trailing_newline=True).render(
        __nfs_server_conf=conf
    )
    server.write("[nfsd]\nthreads = 8\nvers3 = y\n", "nfs.conf")
    server.write(text, "nfs.conf.d/minicloud.conf")
    try:
        for section, values in {**conf, "nfsd": {**conf["nfsd"], "vers3": "y"}}.items():
            for name, value in values.items():
                assert server.run("nfsconf", "--get", section, name).stdout == f"{value}\n"
    finally:
        (server.etc / "nfs.conf.d" / "minicloud.conf").unlink()
        server.write("[general]\n", "nfs.conf")


def test_everyone_where_it_is_meant(server: Server, srv: str, run_module: t.Any) -> None:
    run_module("nfs_export", {"path": srv, "clients": [client("", "ro")], "allow_everyone": True})
    assert server.read() == f"{srv} *(ro)\n"
    assert f"{srv} *(" in server.table().replace("  ", " ")


OPTIONS = [name for name in KNOWN if not name.endswith("=") and name != "mp"]
OPTIONS += [
    "anonuid=5",
    "anonuid=-2",
    "anongid=7",
    "fsid=root",
    "fsid=4294967295",
    "fsid=0x10",
    "fsid=12345678-1234-1234-1234-1234567890ab",
]
OPTIONS += ["sec=krb5:sys", "sec=krb5p", "sec=unix", "mp=/", "mountpoint=/srv", "refer=/a@h+i:/b@j", "replicas=/c@k"]
HOSTS = [
    "10.0.0.1",
    "10.0.0.0/24",
    "10.1.2.3/255.255.0.0",
    "2001:DB8::1",
    "2001:db8::/64",
    "@g",
    "*.example.org",
    "web",
]
HOSTS += ["*", "", "host[0-9]", "gss/krb5"]
PATHS = ["/", "/etc", "/usr/", "//tmp", '"/var/lib"', r"/va\162", "/usr/./share"]


@st.composite
def exports_files(draw: st.DrawFn) -> str:
    """Files full of what exports(5) allows, and sometimes of what it doesn't."""
    gap = st.sampled_from([" ", "  ", "\t", " \\\n", " \\\n   ", "\f"])
    # the first part of an option is its name: a second fsid is something that exportfs itself garbles
    one_list = st.lists(st.sampled_from(OPTIONS), max_size=4, unique_by=lambda option: option.split("=")[0])
    option_list = one_list.map(",".join)
    lines = []
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=4)):
        line = path
        for host in draw(st.lists(st.sampled_from(HOSTS), max_size=4)):
            line += draw(gap)
            if draw(st.integers(0, 9)) == 0:
                line += "-" + draw(st.sampled_from(["rw", "sync,all_squash", "sec=krb5,rw", "", "rw,ro"])) + draw(gap)
            options = draw(option_list)
            line += host + (f"({options})" if options or draw(st.booleans()) else "")
        lines.append(line + draw(st.sampled_from(["\n", "\n", " # words \\\n", "\r\n", "\n\n", '\n"', "\n \r\n"])))
    return "".join(lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exports_files())
def test_this_collection_reads_what_exportfs_reads(server: Server, text: str) -> None:
    """The judge: whatever exportfs makes of a file is what the parser makes of it."""
    server.clear()
    server.write(text)
    server.run("exportfs", "-r")
    etab = (server.state / "etab").read_text() if (server.state / "etab").exists() else ""
    mine, theirs = parse(text), parse(etab)
    for path in ("/", "/etc", "/usr", "/tmp", "/var/lib", "/var", "/usr/share"):
        # the second of two groups of default options in a row is taken for a host, which isn't found
        renamed = [(host, meaning) for host, meaning in access_of(mine, path) if host.kind != "unknown"]
        event("exported" if renamed else "not exported")
        expected = {("web.lab" if host.key == "web" else host.key): meaning for host, meaning in renamed}
        assert {host.key: meaning for host, meaning in access_of(theirs, path)} == expected
