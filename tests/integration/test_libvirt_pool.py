# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_pool on this machine's own libvirtd."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

Args = t.Dict[str, t.Any]
MODULE = "libvirt_pool"


@pytest.fixture
def look(virsh: t.Any, scratch: str, images_dir: Path) -> t.Callable[[], str]:
    """All that there is of this test's pools, and of their directory."""

    def run() -> str:
        names = [name for name in virsh("pool-list", "--all", "--name").split() if name.startswith(scratch)]
        pools = [virsh("pool-dumpxml", "--inactive", name) + virsh("pool-info", name) for name in sorted(names)]
        return "\n".join([*pools, *sorted(str(path) for path in images_dir.rglob("*"))])

    return run


def fields(result: Args) -> list[str]:
    return [change["field"] for pool in result["pools"] for change in pool["changes"]]


def test_from_nothing_to_active_and_back(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    path = images_dir / "deep" / "images"
    args = {"name": scratch, "type": "dir", "target": {"path": str(path), "mode": "0711", "owner": 0, "group": 0}}
    done = converge(MODULE, {**args, "autostart": True}, look)
    assert done["pool"]["state"] == "active"
    assert done["pool"]["uuid"] == virsh("pool-uuid", scratch).strip()
    assert path.stat().st_mode & 0o7777 == 0o711
    assert re.search(r"Autostart:\s+yes", virsh("pool-info", scratch))
    (path / "kept").write_text("data")

    virsh("pool-destroy", scratch)
    virsh("pool-autostart", scratch, "--disable")
    assert fields(run_module(MODULE, {**args, "autostart": True}, check=True)) == ["autostart", "state"]
    assert fields(converge(MODULE, {**args, "autostart": True}, look)) == ["autostart", "state"]
    assert fields(converge(MODULE, {"name": scratch, "state": "inactive"}, look)) == ["state"]
    assert fields(converge(MODULE, {"name": scratch, "state": "present", "autostart": False}, look)) == ["autostart"]
    assert fields(converge(MODULE, {"name": scratch, "state": "absent"}, look)) == ["state"]
    assert scratch not in virsh("pool-list", "--all", "--name")
    assert (path / "kept").read_text() == "data"


def test_a_directory_that_is_there_keeps_its_mode_and_content(
    converge: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    path = images_dir / "there"
    path.mkdir(mode=0o750)
    (path / "image").write_text("data")
    converge(MODULE, {"name": scratch, "type": "dir", "target": {"path": str(path), "mode": "0711"}}, look)
    assert path.stat().st_mode & 0o7777 == 0o750
    assert (path / "image").read_text() == "data"


def test_a_path_that_changes_waits_for_a_restart(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    args = {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "a")}}
    converge(MODULE, args, look)
    uuid = virsh("pool-uuid", scratch)
    args["target"] = {"path": str(images_dir / "b")}
    done = converge(MODULE, args, look)
    assert fields(done) == ["target.path"]
    assert done["pool"]["restart_required"] == ["target.path"]
    assert str(images_dir / "a") in virsh("pool-dumpxml", scratch)
    run_module(MODULE, {"name": scratch, "state": "inactive"})
    done = converge(MODULE, args, look)
    assert done["pool"]["restart_required"] == []
    assert str(images_dir / "b") in virsh("pool-dumpxml", scratch)
    assert virsh("pool-uuid", scratch) == uuid
    # The same path in other words is no change.
    args["target"] = {"path": f"{images_dir}//b/"}
    assert not run_module(MODULE, args)["changed"]


def test_a_pool_given_as_xml(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    xml = f"<pool type='dir'><target><path>{images_dir}/x</path></target><name>{scratch}</name></pool>"
    done = converge(MODULE, {"xml": xml}, look)
    assert done["pool"]["name"] == scratch
    for dumped in (virsh("pool-dumpxml", scratch), virsh("pool-dumpxml", "--inactive", scratch)):
        assert not run_module(MODULE, {"xml": dumped}, check=True)["changed"]


def test_many_in_one_call_also_as_netfs(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    netfs = {
        "name": scratch + "-nfs",
        "type": "netfs",
        "source": {"hosts": [{"name": "storage.invalid"}], "dir": "/srv/shared", "format": "nfs"},
        "target": {"path": str(images_dir / "mnt")},
        "state": "present",
    }
    local = {"name": scratch + "-dir", "type": "dir", "target": {"path": str(images_dir / "dir")}}
    converge(MODULE, {"pools": [netfs, local]}, look)
    xml = virsh("pool-dumpxml", netfs["name"])
    assert "<host name='storage.invalid'/>" in xml
    assert "<format type='nfs'/>" in xml
    netfs["source"]["dir"] = "/srv/other"
    assert fields(converge(MODULE, {"pools": [netfs, local]}, look)) == ["source.dir"]
    # A server that isn't there: said, and the pool is not half there.
    result = run_module(MODULE, {**netfs, "state": "active"}, expect="failed")
    assert f"Failed to start {netfs['name']}" in result["msg"]


BAD: list[tuple[Args, str]] = [
    ({"name": "a/b"}, "name: 'a/b' is not valid"),
    ({"name": "a\nb"}, "name: 'a\\nb' is not valid"),
    ({"type": "dir"}, "target.path"),
    ({"target": {"path": "/nonexistent"}}, "type"),
    ({"type": "dir", "target": {"path": "relative"}}, "target.path: 'relative' is not valid"),
    ({"type": "dir", "target": {"path": "/x", "mode": "rwx"}}, "target.mode: 'rwx' is not valid"),
    ({"type": "netfs", "target": {"path": "/x"}}, "source"),
    (
        {"type": "netfs", "target": {"path": "/x"}, "source": {"hosts": [{"name": "a b"}], "dir": "/y"}},
        "source.hosts[0].name: 'a b' is not valid",
    ),
    ({"xml": "<pool"}, "not well-formed XML"),
    ({"xml": "<volume/>"}, "xml: '<volume>' is not valid"),
]


@pytest.mark.parametrize(("bad", "words"), BAD, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("check", [True, False], ids=["check", "apply"])
def test_bad_input_is_one_clear_error_and_nothing_is_done(
    run_module: t.Any, look: t.Any, scratch: str, images_dir: Path, bad: Args, words: str, check: bool
) -> None:
    good = {"name": scratch + "-good", "type": "dir", "target": {"path": str(images_dir / "good")}}
    args = {"name": scratch + "-bad", **bad}
    for given in (args, {"pools": [good, args]}):
        result = run_module(MODULE, given, check=check, expect="failed")
        assert words in result["msg"]
        assert result["error_code"] in ("bad_value", "invalid_xml")
        assert ("pools[1]" in result["msg"]) == (given is not args)
        assert look() == ""


def test_what_cannot_change(run_module: t.Any, look: t.Any, scratch: str, images_dir: Path) -> None:
    run_module(MODULE, {"name": scratch, "type": "dir", "target": {"path": str(images_dir)}, "state": "present"})
    before = look()
    result = run_module(MODULE, {"name": scratch, "type": "netfs"}, expect="failed")
    assert f"pool {scratch} is of type dir" in result["msg"]
    uuid = "6a1c4b52-1111-4222-8333-123456789abc"
    assert run_module(MODULE, {"name": scratch, "uuid": uuid}, expect="failed")["error_code"] == "wrong_uuid"
    assert look() == before


def test_two_pools_on_one_directory_are_refused(run_module: t.Any, look: t.Any, scratch: str, images_dir: Path) -> None:
    target = {"path": str(images_dir / "one")}
    pools = [{"name": f"{scratch}-{n}", "type": "dir", "target": target} for n in range(2)]
    result = run_module(MODULE, {"pools": pools}, expect="failed")
    assert f"pools[1] ({scratch}-1): target.path" in result["msg"]
    assert look() == ""
