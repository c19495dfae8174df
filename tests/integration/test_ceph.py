# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules for Ceph on a real cluster: a monitor, a manager and OSDs in a directory (tests/support/ceph_cluster.py).

Seen with Ceph's own client. Where Ceph's daemons are not installed these tests are skipped; the plans are tested
without (tests/unit/test_ceph.py).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import sys
import tempfile
import typing as t
from pathlib import Path

import pytest

SUPPORT = Path(__file__).resolve().parent.parent / "support"


def support(name: str) -> t.Any:
    spec = importlib.util.spec_from_file_location(name, SUPPORT / (name + ".py"))
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


ceph_cluster, ceph_library = support("ceph_cluster"), support("ceph_library")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ceph,
    pytest.mark.xdist_group("ceph"),
    pytest.mark.skipif(
        bool(ceph_cluster.missing()), reason="needs Ceph's daemons: " + ", ".join(ceph_cluster.missing())
    ),
    pytest.mark.skipif(ceph_library.found() is None, reason="needs python3-rados for this Python"),
]
KEY = "AQAin8tUMICVFBAALRHNrV0Z4MXupRw4v9JQ6Q=="
OTHER_KEY = "AQAin8tUUK84ExAA/QgBtI7gEMWdmnvKBzlXdQ=="


@pytest.fixture(scope="module")
def cluster() -> t.Iterator[t.Any]:
    # Not pytest's directory: a daemon's socket has a short path.
    with tempfile.TemporaryDirectory(prefix="mct-ceph-") as directory:
        found = ceph_cluster.Cluster(Path(directory))
        try:
            yield found
        finally:
            found.stop()


@pytest.fixture(scope="module")
def run_module(runner: t.Any, tmp_path_factory: pytest.TempPathFactory) -> t.Any:
    """With Ceph's library."""
    library = ceph_library.directory(tmp_path_factory.mktemp("python"))
    return runner("env", "PYTHONPATH={0}".format(library), sys.executable)


@pytest.fixture
def ceph(cluster: t.Any, run_module: t.Any) -> t.Any:
    """Modules on that cluster."""

    def run(name: str, args: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
        found: dict[str, t.Any] = run_module(name, {"conf": str(cluster.conf), **args}, **more)
        return found

    return run


@pytest.fixture
def converge(ceph: t.Any) -> t.Any:
    """Check mode, which changes nothing that ``look`` sees; apply, with the same answer; again, without a change."""

    def run(name: str, args: dict[str, t.Any], look: t.Callable[[], object]) -> dict[str, t.Any]:
        before = look()
        checked = ceph(name, args, check=True)
        assert look() == before
        applied: dict[str, t.Any] = ceph(name, args)
        assert {k: applied[k] for k in ("changed", "diff")} == {k: checked[k] for k in ("changed", "diff")}
        after = look()
        assert not ceph(name, args)["changed"]
        assert not ceph(name, args, check=True)["changed"]
        assert look() == after
        return applied

    return run


def pool_of(cluster: t.Any, name: str) -> t.Any:
    """What Ceph says of a pool that does not change by itself; None where there is none."""
    fields = ("pool", "size", "min_size", "crush_rule", "pg_autoscale_mode", "application_metadata")
    pools = cluster.json("osd", "dump")["pools"]
    return next(({f: one[f] for f in fields} for one in pools if one["pool_name"] == name), None)


def fields(result: dict[str, t.Any], kind: str) -> dict[str, t.Any]:
    return {change["field"]: (change["before"], change["after"]) for change in result[kind]["changes"]}


def test_a_pool_from_nothing_to_nothing(cluster: t.Any, ceph: t.Any, converge: t.Any) -> None:
    args = {
        "name": "vms",
        "application": "rbd",
        "size": 2,
        "min_size": 1,
        "pg_autoscale_mode": "off",
        "pg_num": 8,
        "failure_domain": "osd",
    }

    def look() -> object:
        return pool_of(cluster, "vms"), cluster.json("osd", "crush", "rule", "ls")

    made = converge("ceph_pool", args, look)
    assert fields(made, "pool")["state"] == ("absent", "present")
    assert pool_of(cluster, "vms")["application_metadata"] == {"rbd": {}}

    cluster.ceph("osd", "pool", "set", "vms", "size", "3")
    cluster.ceph("osd", "pool", "set", "vms", "min_size", "2")
    cluster.ceph("osd", "pool", "application", "disable", "vms", "rbd", "--yes-i-really-mean-it")
    cluster.ceph("osd", "pool", "set", "vms", "pg_autoscale_mode", "warn")
    repaired = converge("ceph_pool", args, look)
    assert fields(repaired, "pool") == {
        "size": (3, 2),
        "min_size": (2, 1),
        "application": (None, "rbd"),
        "pg_autoscale_mode": ("warn", "off"),
    }

    # one host becomes several: the rule is made and taken
    assert fields(converge("ceph_pool", {**args, "failure_domain": "host"}, look), "pool") == {
        "failure_domain": ("osd", "host"),
        "crush_rule": ("replicated_rule", "replicated_host"),
    }
    assert fields(converge("ceph_pool", args, look), "pool") == {"crush_rule": ("replicated_host", "replicated_rule")}
    assert fields(converge("ceph_pool", {"name": "vms", "pg_num": 16}, look), "pool") == {"pg_num": (8, 16)}

    cluster.wait(lambda: not ceph("ceph_health", {"fail": False})["problems"])
    cluster._program("rados", "--pool", "vms", "put", "something", str(cluster.conf))
    cluster.wait(lambda: next(p for p in cluster.json("df")["pools"] if p["name"] == "vms")["stats"]["objects"] == 1)
    gone = {"name": "vms", "state": "absent"}
    assert ceph("ceph_pool", gone, check=True, expect="failed")["error_code"] == "pool_not_empty"
    assert ceph("ceph_pool", gone, expect="failed")["objects"] == 1
    converge("ceph_pool", {**gone, "delete_data": True}, look)
    assert pool_of(cluster, "vms") is None


def test_several_pools_at_once_share_a_new_rule(cluster: t.Any, converge: t.Any) -> None:
    pools = [{"name": "b1"}, {"name": "b2", "failure_domain": "rack"}, {"name": "b3", "state": "absent"}]
    args = {"pools": pools, "failure_domain": "chassis", "application": "cephfs", "size": 2}
    found = converge("ceph_pool", args, lambda: [pool_of(cluster, p["name"]) for p in pools])
    assert [len(one["changes"]) > 0 for one in found["pools"]] == [True, True, False]
    assert {"replicated_chassis", "replicated_rack"} <= set(cluster.json("osd", "crush", "rule", "ls"))
    # there is neither a chassis nor a rack here, so nothing could be stored in them
    converge("ceph_pool", {"pools": [{"name": "b1"}, {"name": "b2"}], "state": "absent"}, lambda: None)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"name": "a b"}, "name: 'a b' is not valid"),
        ({"name": "x", "size": 0}, "size: 0 is not valid: a number of copies from 1 to 10"),
        ({"name": "x", "size": 2, "min_size": 3}, "min_size: 3 is not valid"),
        ({"name": "x", "pg_num": 0}, "pg_num: 0 is not valid"),
        ({"name": "x", "failure_domain": "shelf"}, "failure_domain: 'shelf' is not valid: one of osd, host"),
        (
            {"name": "x", "crush_rule": "none"},
            "crush_rule: 'none' is not valid: the cluster has erasure-code, replicated_",
        ),
        ({"name": "x", "crush_rule": "r", "failure_domain": "osd"}, "crush_rule is given too"),
        ({"name": "ec", "size": 3}, "it is erasure-coded"),
        ({"name": "ec", "application": "rbd"}, "it is for rgw, not for rbd"),
        ({"pools": [{"name": "x"}, {"name": "x"}]}, "pools[1].name: 'x' is not valid: the task has it twice"),
        ({"name": "x", "timeout": 0}, "timeout: 0 is not valid"),
        ({"name": "x", "user": "admin"}, "user: 'admin' is not valid"),
        ({"name": "x", "size": 1}, "pool size as 1 is disabled by default"),
    ],
)
def test_what_no_pool_can_be(cluster: t.Any, ceph: t.Any, args: dict[str, t.Any], message: str) -> None:
    if pool_of(cluster, "ec") is None:
        cluster.ceph("osd", "pool", "create", "ec", "8", "8", "erasure")
        cluster.ceph("osd", "pool", "application", "enable", "ec", "rgw")
    before = cluster.json("osd", "dump")["pools"]
    assert message in ceph("ceph_pool", args, expect="failed")["msg"]
    if args.get("size") == 1:  # the pool itself is there then
        cluster.ceph("osd", "pool", "delete", "x", "x", "--yes-i-really-really-mean-it")
    assert [p["pool_name"] for p in cluster.json("osd", "dump")["pools"]] == [p["pool_name"] for p in before]


def test_a_key_from_nothing_to_nothing(cluster: t.Any, ceph: t.Any, converge: t.Any) -> None:
    caps = {"mon": "profile rbd", "mgr": "profile rbd pool=vms", "osd": "profile rbd pool=vms"}
    args = {"name": "client.libvirt", "caps": caps}

    def look() -> t.Any:
        return [one for one in cluster.json("auth", "ls")["auth_dump"] if one["entity"] == "client.libvirt"]

    made = converge("ceph_key", args, look)
    [found] = look()
    assert found["caps"] == caps
    assert found["key"] not in json.dumps(made)

    cluster.ceph("auth", "caps", "client.libvirt", "mon", "allow *", "osd", "allow *")
    drift = ceph("ceph_key", args, check=True)
    assert fields(drift, "key") == {"caps": ({"mon": "allow *", "osd": "allow *"}, caps)}
    converge("ceph_key", args, look)
    assert look() == [found]
    # blanks make no difference, and what is left out stays
    spaced = {**caps, "osd": " profile  rbd pool=vms "}
    assert not ceph("ceph_key", {"name": "client.libvirt", "caps": spaced})["changed"]
    assert not ceph("ceph_key", {"name": "client.libvirt"})["changed"]

    given = converge("ceph_key", {**args, "key": KEY}, look)
    assert fields(given, "key") == {"key": ("another one", "********")}
    assert look() == [{**found, "key": KEY}]
    assert KEY not in json.dumps(given)
    assert ceph("ceph_key", args)["changed"] is False
    converge("ceph_key", {"name": "client.libvirt", "key": OTHER_KEY}, look)
    assert look() == [{**found, "key": OTHER_KEY}]

    converge("ceph_key", {"name": "client.libvirt", "state": "absent"}, look)
    assert look() == []
    converge("ceph_key", {"keys": [{**args, "key": KEY}, {"name": "client.b", "caps": {"mon": "allow r"}}]}, look)
    assert look() == [{**found, "key": KEY}]
    converge("ceph_key", {"state": "absent", "keys": [{"name": "client.libvirt"}, {"name": "client.b"}]}, look)


def test_no_program_is_started_and_a_keyring_is_known_by_its_fingerprint(
    cluster: t.Any, ceph: t.Any, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        found = ceph("ceph_key", {"name": "client.known", "caps": {"mon": "allow r"}, "key": KEY})
        again = ceph("ceph_key", {"keys": [{"name": "client.known"}, {"name": "client.admin"}]})
    wanted = hashlib.sha256("client.known {0}".format(KEY).encode()).hexdigest()
    assert [found["key"]["fingerprint"], again["keys"][0]["fingerprint"]] == [wanted, wanted]
    secret = cluster.ceph("auth", "get-key", "client.admin").strip()
    assert again["keys"][1]["fingerprint"] == hashlib.sha256("client.admin {0}".format(secret).encode()).hexdigest()
    ceph("ceph_key", {"name": "client.known", "state": "absent"})


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"name": "libvirt", "caps": {"mon": "allow r"}}, "name: 'libvirt' is not valid: a name with its type"),
        ({"name": "client.admin", "caps": {"mon": "allow r"}}, "could lock itself out"),
        ({"name": "client.admin", "state": "absent"}, "could lock itself out"),
        ({"name": "client.x"}, "caps does not say what it may do"),
        ({"name": "client.x", "caps": {"disk": "allow r"}}, "caps: 'disk' is not valid: one of mon, osd, mgr, mds"),
        ({"name": "client.x", "caps": {"mon": ""}}, "caps.mon: '' is not valid"),
        ({"name": "client.x", "caps": {"mon": "allowed r"}}, "mon capability parse failed"),
        ({"name": "client.x", "caps": {"mon": "allow r"}, "key": "U2VjcmV0"}, "key: the value is not valid"),
        ({"keys": [{"name": "client.x", "caps": {"mon": 1}}], "key": KEY}, "keys[0].caps.mon: 1 is not valid"),
    ],
)
def test_what_no_key_can_be(cluster: t.Any, ceph: t.Any, args: dict[str, t.Any], message: str) -> None:
    before = cluster.ceph("auth", "ls")
    failed = ceph("ceph_key", args, expect="failed")
    assert message in failed["msg"]
    assert "U2VjcmV0" not in json.dumps(failed)
    assert cluster.ceph("auth", "ls") == before


def test_a_file_system(cluster: t.Any, ceph: t.Any, converge: t.Any) -> None:
    args = {"name": "images", "metadata_pool": "i_meta", "data_pools": ["i_data"]}
    assert "i_meta yet" in " ".join(ceph("ceph_fs", args, check=True)["warnings"])
    assert "there is no pool i_meta" in ceph("ceph_fs", args, expect="failed")["msg"]
    ceph("ceph_pool", {"pools": [{"name": n} for n in ("i_meta", "i_data", "i_more")], "pg_num": 8})

    def look() -> object:
        return cluster.json("fs", "ls"), [one["mdsmap"]["max_mds"] for one in cluster.json("fs", "dump")["filesystems"]]

    assert fields(converge("ceph_fs", args, look), "filesystem") == {"state": ("absent", "present")}
    more = {**args, "data_pools": ["i_data", "i_more"], "max_mds": 2}
    assert fields(converge("ceph_fs", more, look), "filesystem") == {
        "data_pools": (["i_data"], ["i_data", "i_more"]),
        "max_mds": (1, 2),
    }
    assert "also has i_more" in " ".join(ceph("ceph_fs", args)["warnings"])
    for bad, message in [
        ({**args, "data_pools": ["i_more"]}, "its pools are i_meta and i_data"),
        ({**args, "name": "other"}, "pool i_meta belongs to file system images"),
        ({**args, "name": "a b"}, "name: 'a b' is not valid"),
        ({**args, "data_pools": []}, "data_pools: [] is not valid"),
        ({**args, "max_mds": 0}, "max_mds: 0 is not valid"),
    ]:
        assert message in ceph("ceph_fs", bad, expect="failed")["msg"]
    assert (
        "belongs to file system images"
        in ceph("ceph_fs", {"filesystems": [{**args, "name": "other"}]}, check=True, expect="failed")["msg"]
    )


def test_health_knows_a_restart_that_ceph_has_not_noticed(cluster: t.Any, ceph: t.Any) -> None:
    # no metadata server runs here, and the erasure-coded pool wants more OSDs
    ignore = ["MDS_ALL_DOWN", "MDS_UP_LESS_THAN_MAX", "PG_AVAILABILITY"]
    before = ceph("ceph_health", {"wait": 60, "ignore": ignore, "clean": False, "osds": [0, 1], "monitors": ["a"]})
    assert before["problems"] == []
    assert before["fsid"] == cluster.fsid
    stale = {"osds": [0], "after_epoch": before["epoch"], "ignore": ignore, "clean": False}
    failed = ceph("ceph_health", stale, expect="failed")
    assert failed["error_code"] == "unhealthy"
    assert failed["problems"] == ["OSD 0 has not come up since epoch {0}".format(before["epoch"])]

    cluster.end("osd.0")
    cluster.wait(lambda: not cluster.json("osd", "dump")["osds"][0]["up"])
    down = ceph("ceph_health", {"osds": [0, 7], "monitors": ["a", "b"], "fail": False})
    assert {"OSD 0 is down", "there is no OSD 7", "monitor b is not in the quorum"} <= set(down["problems"])
    assert "OSD_DOWN" in down["checks"]
    cluster.start("osd.0")
    back = ceph("ceph_health", {**stale, "wait": 60})
    assert back["problems"] == []
    assert "wait: -1 is not valid" in ceph("ceph_health", {"wait": -1}, expect="failed")["msg"]


def test_an_osd_out_in_and_removed_only_when_that_is_safe(cluster: t.Any, ceph: t.Any, converge: t.Any) -> None:
    def look() -> object:
        return [(one["osd"], one["in"]) for one in cluster.json("osd", "dump")["osds"]]

    assert fields({"osd": converge("ceph_osd", {"ids": [1], "state": "out"}, look)["osds"][0]}, "osd") == {
        "state": ("in", "out")
    }
    assert converge("ceph_osd", {"ids": [0, 1]}, look)["osds"][1]["changes"] == [
        {"field": "state", "before": "out", "after": "in"}
    ]
    for args, message in [
        ({"ids": [7]}, "there is no such OSD; the cluster has 0, 1"),
        ({"ids": [-1]}, "ids: -1 is not valid"),
        ({"ids": [0, 0]}, "ids: 0 is not valid"),
        ({"ids": [0], "wait": -1}, "wait: -1 is not valid"),
        ({"ids": [1], "state": "absent"}, "Failed to remove OSD 1: it runs."),
    ]:
        assert message in ceph("ceph_osd", args, expect="failed")["msg"]
    assert ceph("ceph_osd", {"ids": [7], "state": "absent"})["changed"] is False

    # it has the only place for a second copy
    cluster.end("osd.1")
    cluster.wait(lambda: not cluster.json("osd", "dump")["osds"][1]["up"])
    for check in (True, False):
        failed = ceph("ceph_osd", {"ids": [1], "state": "absent"}, check=check, expect="failed")
        assert failed["error_code"] == "osd_not_safe"
    assert look() == [(0, 1), (1, 1)]

    cluster._osd(2)
    cluster.wait(lambda: cluster.json("osd", "stat")["num_up_osds"] == 2)
    cluster.start("osd.1")
    cluster.wait(lambda: cluster.json("osd", "stat")["num_up_osds"] == 3)
    removed = [one["pool_name"] for one in cluster.json("osd", "dump")["pools"] if one["pool_name"] == "ec"]
    for name in removed:  # its two and one parts want three OSDs
        ceph("ceph_pool", {"name": name, "state": "absent", "delete_data": True})
    ceph("ceph_osd", {"ids": [1], "state": "out", "wait": 90})
    cluster.end("osd.1")
    cluster.wait(lambda: not cluster.json("osd", "dump")["osds"][1]["up"])
    assert ceph("ceph_osd", {"ids": [1], "state": "absent", "wait": 60})["changed"]
    assert ceph("ceph_osd", {"ids": [1], "state": "absent"})["changed"] is False
    assert [one["osd"] for one in cluster.json("osd", "dump")["osds"]] == [0, 2]


def test_a_cluster_that_is_away_is_one_clear_error_in_bounded_time(ceph: t.Any, tmp_path: Path) -> None:
    conf = tmp_path / "ceph.conf"
    conf.write_text("[global]\nmon_host = 127.0.0.1:1\nkeyring = {0}\n".format(tmp_path / "keyring"))
    (tmp_path / "keyring").write_text("[client.admin]\n\tkey = {0}\n".format(KEY))
    failed = ceph("ceph_pool", {"name": "vms", "conf": str(conf), "timeout": 2}, expect="failed", timeout=60)
    assert failed["error_code"] == "no_connection"
    assert re.match(r"Failed to ask Ceph for osd dump: the cluster can't be reached: .*\. Do most of", failed["msg"])
    for args in ({"conf": str(tmp_path / "none")}, {"keyring": str(tmp_path / "none")}):
        assert ceph("ceph_pool", {"name": "vms", **args}, expect="failed")["error_code"] == "no_connection"
