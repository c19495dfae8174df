# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt_pool on this machine's own libvirtd."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import declare
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import connect
from ansible_collections.minicloud.kvm.plugins.module_utils._pool import Pool
from lxml import etree

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


def test_restart_if_required(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    args: Args = {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "a")}}
    converge(MODULE, args, look)
    args["target"] = {"path": str(images_dir / "b")}
    assert converge(MODULE, args, look)["pool"]["restart_required"] == ["target.path"]
    # The definition is changed already: what is left is the restart.
    done = converge(MODULE, {**args, "restart": "if_required"}, look)
    assert done["pool"]["changes"] == [{"field": "restart", "before": None, "after": "target.path"}]
    assert done["pool"]["restart_required"] == []
    assert str(images_dir / "b") in virsh("pool-dumpxml", scratch)
    args["target"] = {"path": str(images_dir / "c")}
    assert fields(converge(MODULE, {**args, "restart": "if_required"}, look)) == ["target.path", "restart"]
    assert str(images_dir / "c") in virsh("pool-dumpxml", scratch)
    assert virsh("pool-list", "--name").split().count(scratch) == 1


def test_refresh_is_no_change(run_module: t.Any, virsh: t.Any, scratch: str, images_dir: Path) -> None:
    args = {"name": scratch, "type": "dir", "target": {"path": str(images_dir / "a")}}
    run_module(MODULE, args)
    (images_dir / "a" / "new").write_bytes(b"x")
    assert not run_module(MODULE, {**args, "refresh": True}, check=True)["changed"]
    assert virsh("vol-list", scratch).split() == []
    assert not run_module(MODULE, {**args, "refresh": True})["changed"]
    assert virsh("vol-list", scratch).split()[0] == "new"
    # What does not run has nothing to look at.
    assert fields(run_module(MODULE, {**args, "refresh": True, "state": "inactive"})) == ["state"]


def test_drift_of_a_source(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, scratch: str, images_dir: Path
) -> None:
    args: Args = {
        "name": scratch,
        "state": "present",
        "type": "netfs",
        "source": {"hosts": [{"name": "storage.invalid"}], "dir": "/srv/one", "format": "nfs", "protocol_ver": "4.2"},
        "target": {"path": str(images_dir / "mnt")},
        "mount_opts": ["sync", "noatime"],
    }
    converge(MODULE, args, look)
    drifted = images_dir / "drifted.xml"
    text = virsh("pool-dumpxml", "--inactive", scratch)
    for before, after in (("/srv/one", "/srv/two"), ("'4.2'", "'3'"), ("'sync'", "'async'")):
        assert before in text
        text = text.replace(before, after)
    drifted.write_text(text)
    virsh("pool-define", str(drifted))
    done = converge(MODULE, args, look)
    assert fields(done) == ["source.dir", "source.protocol_ver", "mount_opts"]
    assert done["pool"]["changes"][2]["before"] == ["async", "noatime"]
    assert fields(converge(MODULE, {**args, "mount_opts": []}, look)) == ["mount_opts"]
    assert "mount_opts" not in virsh("pool-dumpxml", scratch)


def test_one_way_to_name_a_secret_or_an_adapter_takes_the_place_of_the_other(
    converge: t.Any, virsh: t.Any, look: t.Any, scratch: str
) -> None:
    auth: Args = {"type": "chap", "username": "host1"}
    source: Args = {"hosts": [{"name": "storage.invalid"}], "devices": [{"path": "iqn.2026-01.org.example:disks"}]}
    args = {"name": scratch, "state": "present", "type": "iscsi", "target": {"path": "/dev/disk/by-path"}}
    uuid = "10ed4ad4-c7b0-4696-b574-b40e04fea84b"
    for secret in ({"usage": "mct"}, {"uuid": uuid}, {"usage": "mct"}):
        converge(MODULE, {**args, "source": {**source, "auth": {**auth, "secret": secret}}}, look)
        assert (uuid in virsh("pool-dumpxml", scratch)) == ("uuid" in secret)
    converge(MODULE, {"name": scratch, "state": "absent"}, look)
    args["type"] = "scsi"
    for adapter in (
        {"name": "scsi_host41"},
        {"parentaddr": {"unique_id": 1, "address": "0000:00:1f.2"}},
        {"name": "scsi_host41"},
    ):
        converge(MODULE, {**args, "source": {"adapter": {"type": "scsi_host", **adapter}}}, look)
        assert ("parentaddr" in virsh("pool-dumpxml", scratch)) == ("parentaddr" in adapter)


def test_what_this_machine_has_no_backend_for_is_defined_by_libvirts_test_driver() -> None:
    """The cases of test_options.py that libvirtd refuses here: defined once, unchanged the second time."""
    cases = yaml.safe_load((Path(__file__).parent / "options" / "pool_types.yml").read_text(encoding="utf-8"))
    schema = etree.RelaxNG(file="/usr/share/libvirt/schemas/storagepool.rng")
    with connect("test:///default") as host:
        pools = [
            {"state": "present", "restart": "never", "name": name, **case["declare"]}
            for name, case in cases.items()
            if "needs" in case
        ]
        for pool in pools:
            pool.update(dict.fromkeys(("build", "overwrite", "refresh"), False))
            # Which needs the backend itself: it is what knows the namespace.
            pool.pop("config_opts", None)
        assert declare(Pool(), host, {"pools": pools}, False)["changed"]
        assert not declare(Pool(), host, {"pools": pools}, False)["changed"]
        for pool in pools:
            text = host.connection.storagePoolLookupByName(pool["name"]).XMLDesc(0)
            tree = etree.fromstring(text)
            assert schema.validate(tree), schema.error_log
            for xpath in cases[pool["name"]].get("expect", []):
                assert "config_opts" in xpath or tree.xpath(xpath), f"{xpath} does not hold for\n{text}"


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
    (
        {"type": "dir", "target": {"path": "/x"}, "source": {"hosts": [{"name": "h"}]}},
        "a dir pool takes no source.hosts",
    ),
    (
        {"type": "dir", "target": {"path": "/x"}, "mount_opts": ["ro"]},
        "only pools of type fs or netfs take it, not dir",
    ),
    ({"type": "fs", "target": {"path": "/x"}, "features": {"cow": True}}, "source wants devices"),
    ({"type": "fs", "target": {"path": "/x"}, "source": {"devices": [{"path": "sdb"}]}}, "an absolute path is wanted"),
    (
        {"type": "fs", "target": {"path": "/x"}, "source": {"devices": [{"path": "/dev/a"}, {"path": "/dev/b"}]}},
        "source.devices: 2 is not valid: a fs pool has exactly one",
    ),
    (
        {"type": "fs", "target": {"path": "/x"}, "source": {"devices": [{"path": "/dev/a"}], "format": "gpt"}},
        "source.format: 'gpt' is not valid: a fs pool takes auto, ext2",
    ),
    (
        {"type": "fs", "target": {"path": "/x"}, "source": {"devices": [{}]}},
        "source.devices[0].path: None is not valid",
    ),
    (
        {"type": "netfs", "target": {"path": "/x"}, "source": {"hosts": [{"name": "h"}], "dir": "y"}},
        "source.dir: 'y' is not valid: an absolute path",
    ),
    (
        {
            "type": "netfs",
            "target": {"path": "/x"},
            "source": {"hosts": [{"name": "h"}], "dir": "y", "format": "cifs", "protocol_ver": "3"},
        },
        "only NFS takes it, not cifs",
    ),
    ({"type": "netfs", "target": {"path": "/x"}, "mount_opts": ["a,b"]}, "mount_opts: 'a,b' is not valid"),
    ({"type": "logical", "target": {"path": "/dev/x"}}, "libvirt knows where its volumes are"),
    (
        {"type": "iscsi", "target": {"path": "/x"}, "source": {"hosts": [{"name": "h"}, {"name": "i"}], "devices": []}},
        "source wants hosts and devices",
    ),
    (
        {
            "type": "iscsi",
            "target": {"path": "/x"},
            "source": {
                "hosts": [{"name": "h"}],
                "devices": [{"path": "iqn.x"}],
                "auth": {"type": "ceph", "username": "u", "secret": {"usage": "s"}},
            },
        },
        "source.auth.type: 'ceph' is not valid: a iscsi pool takes chap",
    ),
    (
        {
            "type": "iscsi",
            "target": {"path": "/x"},
            "source": {
                "hosts": [{"name": "h", "port": 70000}],
                "devices": [{"path": "iqn.x"}],
            },
        },
        "source.hosts[0].port: 70000 is not valid: at most 65535",
    ),
    (
        {"type": "scsi", "target": {"path": "/x"}, "source": {"adapter": {"name": "scsi_host1"}}},
        "source.adapter.type: None is not valid",
    ),
    (
        {"type": "scsi", "target": {"path": "/x"}, "source": {"adapter": {"type": "fc_host", "name": "scsi_host1"}}},
        "source.adapter.name: 'scsi_host1' is not valid: an adapter of type fc_host takes none",
    ),
    (
        {"type": "scsi", "target": {"path": "/x"}, "source": {"adapter": {"type": "scsi_host"}}},
        "a scsi_host wants either name or parentaddr",
    ),
    (
        {
            "type": "scsi",
            "target": {"path": "/x"},
            "source": {"adapter": {"type": "scsi_host", "parentaddr": {"unique_id": 1, "address": "1f.2"}}},
        },
        "a PCI address is wanted",
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
