# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules for Ceph plan, from what a real cluster said (tests/unit/ceph; Ceph 16.2, ceph --format json).

The cluster had two OSDs on one host, a pool vms that is also a file system's, an erasure-coded pool ecp, and the rules
replicated_rule (by OSD), replicated_host and hdds (by OSD, one class of disks).
"""

from __future__ import annotations

import copy
import json
import time
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _ceph,
    _ceph_fs,
    _ceph_health,
    _ceph_key,
    _ceph_osd,
    _ceph_plan,
    _ceph_pool,
    _ceph_rados,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

SAID = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in (Path(__file__).resolve().parent / "ceph").glob("*.json")
}


def pool_plan(**given: t.Any) -> _ceph_plan.ObjectPlan:
    [(_label, one)] = _ceph_plan.declarations(
        {**dict.fromkeys(_ceph_pool.OWN), "state": "present", "delete_data": False, **given},
        _ceph_pool.OWN,
        "pools",
        "name",
    )
    [found] = _ceph_pool.plan([one], copy.deepcopy(SAID["osd_dump"]), copy.deepcopy(SAID["crush"]), SAID["df"])
    return found


def words(plan: _ceph_plan.ObjectPlan) -> list[str]:
    """The steps as ceph(8) has them."""

    def told(name: str, value: t.Any) -> list[str]:
        if value is True:
            return ["--" + name.replace("_", "-")]
        return value if isinstance(value, list) else [str(value)]

    return [
        " ".join([step.prefix, *(word for name, value in step.arguments.items() for word in told(name, value))])
        for step in plan.steps
    ]


def test_a_pool_as_it_is() -> None:
    assert pool_plan(name="vms", size=5, application="rbd", failure_domain="osd", pg_autoscale_mode="on").changes == []
    # where Ceph chooses the number of placement groups, the declared one counts for a new pool only
    assert pool_plan(name="vms", pg_num=64).changes == []


def test_a_new_pool() -> None:
    assert words(pool_plan(name="new", pg_num=16, size=3, min_size=2, application="rbd", failure_domain="host")) == [
        "osd pool create new 16",
        "osd pool set new crush_rule replicated_host",
        "osd pool set new size 3",
        "osd pool set new min_size 2",
        "osd pool application enable new rbd",
    ]


def test_a_rule_is_made_where_there_is_none() -> None:
    plan = pool_plan(name="vms", failure_domain="rack")
    assert words(plan) == [
        "osd crush rule create-replicated replicated_rack default rack",
        "osd pool set vms crush_rule replicated_rack",
    ]
    assert plan.changes[0] == {"field": "failure_domain", "before": "osd", "after": "rack"}


def test_a_rule_of_one_class_of_disks_keeps_its_pool_and_gets_no_other() -> None:
    said = copy.deepcopy(SAID["osd_dump"])
    hdds = next(rule["rule_id"] for rule in SAID["crush"]["rules"] if rule["rule_name"] == "hdds")
    next(pool for pool in said["pools"] if pool["pool_name"] == "vms")["crush_rule"] = hdds
    one = {**dict.fromkeys(_ceph_pool.OWN), "name": "vms", "state": "present", "failure_domain": "osd"}
    assert _ceph_pool.plan([one], said, SAID["crush"], {})[0].changes == []
    crush = {**SAID["crush"], "rules": [rule for rule in SAID["crush"]["rules"] if rule["rule_name"] == "hdds"]}
    assert words(_ceph_pool.plan([{**one, "name": "new"}], said, crush, {})[0])[1].endswith(
        "replicated_osd default osd"
    )


def test_a_new_size_brings_the_declared_min_size_again() -> None:
    assert words(pool_plan(name="vms", size=2, min_size=3 - 1)) == [
        "osd pool set vms size 2",
        "osd pool set vms min_size 2",
    ]
    plan = pool_plan(name="m1", size=1, min_size=1)
    assert words(plan) == ["osd pool set m1 size 1 --yes-i-really-mean-it", "osd pool set m1 min_size 1"]
    assert [change["field"] for change in plan.changes] == ["size"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "ecp", "size": 3}, "pool_type_differs"),
        ({"name": "ecp", "failure_domain": "osd"}, "pool_type_differs"),
        ({"name": "m1", "application": "rbd"}, "pool_application_differs"),
        ({"name": "m1", "crush_rule": "none"}, "bad_value"),
        ({"name": "m1", "failure_domain": "shelf"}, "bad_value"),
        ({"name": "m1", "min_size": 3}, "bad_value"),
    ],
)
def test_pools_that_are_refused(given: dict[str, t.Any], code: str) -> None:
    with pytest.raises(KvmError) as error:
        pool_plan(**given)
    assert error.value.error_code == code


def test_a_pool_is_deleted_only_empty_or_by_name() -> None:
    assert words(pool_plan(name="vms", state="absent")) == ["osd pool delete vms vms --yes-i-really-really-mean-it"]
    assert pool_plan(name="other", state="absent").changes == []
    full = copy.deepcopy(SAID["df"])
    next(pool for pool in full["pools"] if pool["name"] == "vms")["stats"]["objects"] = 7
    one = {**dict.fromkeys(_ceph_pool.OWN), "name": "vms", "state": "absent"}
    with pytest.raises(KvmError, match="it holds 7 objects"):
        _ceph_pool.plan([one], SAID["osd_dump"], {}, full)
    assert _ceph_pool.plan([{**one, "delete_data": True}], SAID["osd_dump"], {}, full)[0].changes != []


KEY = "AQAin8tUUK84ExAA/QgBtI7gEMWdmnvKBzlXdQ=="
CAPS = SAID["auth_get"][0]["caps"]


def key_plan(current: t.Any, **given: t.Any) -> _ceph_plan.ObjectPlan:
    return _ceph_key.plan({"name": "client.libvirt", "state": "present", "caps": None, "key": None, **given}, current)


def test_keys() -> None:
    current = SAID["auth_get"][0]
    assert key_plan(current, caps={**CAPS, "osd": "profile rbd  pool=vms"}).changes == []
    assert words(key_plan(current, caps={"mon": "profile rbd"})) == ["auth caps client.libvirt mon profile rbd"]
    assert words(key_plan(None, caps={"mon": "a", "osd": "b"})) == ["auth get-or-create client.libvirt mon a osd b"]
    given = key_plan(current, key=KEY)
    assert words(given) == ["auth import"]
    assert KEY in (given.steps[0].data or "")
    assert 'caps osd = "profile rbd pool=vms"' in (given.steps[0].data or "")  # an import without takes them away
    shown = _ceph_plan.result([given], "keys", "key", True)
    assert KEY not in json.dumps(shown)
    assert current["key"] not in json.dumps(shown)
    assert words(key_plan(current, state="absent")) == ["auth del client.libvirt"]
    assert words(key_plan(None, state="absent")) == []


@pytest.mark.parametrize("text", ["", "no key", "U2VjcmV0", KEY[:-4], "=" + KEY])
def test_what_is_no_key(text: str) -> None:
    assert not _ceph_key.is_key(text)
    assert _ceph_key.is_key(KEY)


def test_a_file_system_keeps_its_pools() -> None:
    one = {"name": "images", "metadata_pool": "vms", "data_pools": ["m1"], "max_mds": 2}
    assert _ceph_fs.plan([one], SAID["fs_dump"], SAID["osd_dump"])[0].changes == []
    with pytest.raises(KvmError, match="its pools are vms and m1"):
        _ceph_fs.plan([{**one, "data_pools": ["ecp"]}], SAID["fs_dump"], SAID["osd_dump"])
    added = _ceph_fs.plan([{**one, "data_pools": ["m1", "ecp"]}], SAID["fs_dump"], SAID["osd_dump"])
    assert words(added[0]) == ["fs add_data_pool images ecp"]


def test_osds() -> None:
    assert _ceph_osd.plan([0, 1], "in", SAID["osd_dump"])[0].changes == []
    assert words(_ceph_osd.plan([1], "out", SAID["osd_dump"])[0]) == ["osd out 1"]
    with pytest.raises(KvmError, match="it runs"):
        _ceph_osd.plan([1], "absent", SAID["osd_dump"])
    down = copy.deepcopy(SAID["osd_dump"])
    down["osds"][1]["up"] = 0
    assert words(_ceph_osd.plan([1, 5], "absent", down)[0]) == ["osd purge 1 --yes-i-really-mean-it"]


HEALTH = {"monitors": ["a"], "osds": [0, 1], "after_epoch": 0, "clean": True, "ignore": []}


def test_health_names_what_is_wrong() -> None:
    problems = _ceph_health.problems_of(HEALTH, SAID["status"], SAID["osd_dump"])
    assert "32 placement groups are undersized+peered" in problems
    assert "1 filesystem is offline (MDS_ALL_DOWN)" in problems
    ignore = list(SAID["status"]["health"]["checks"])
    assert (
        _ceph_health.problems_of({**HEALTH, "clean": False, "ignore": ignore}, SAID["status"], SAID["osd_dump"]) == []
    )
    muted = copy.deepcopy(SAID["status"])
    for check in muted["health"]["checks"].values():
        check["muted"] = True
    assert _ceph_health.problems_of({**HEALTH, "clean": False}, muted, SAID["osd_dump"]) == []
    stale = {**HEALTH, "clean": False, "ignore": ignore, "after_epoch": 7}
    assert _ceph_health.problems_of(stale, SAID["status"], SAID["osd_dump"]) == ["OSD 0 has not come up since epoch 7"]


def cluster_that(answer: _ceph.Answer | _ceph.Unreachable) -> _ceph.Cluster:
    def run(command: _ceph.Command) -> _ceph.Answer:
        if isinstance(answer, _ceph.Answer):
            return answer
        raise answer

    return _ceph.Cluster(run)


def test_what_ceph_says_and_how_it_fails() -> None:
    assert cluster_that(_ceph.Answer(0, '{"a": 1}', "")).ask("status") == {"a": 1}
    away = cluster_that(_ceph.Answer(2, "", "no such entity"))
    assert away.answer("auth get", (2,), entity="client.x") == (None, "no such entity")
    for answer, code, message in (
        (
            _ceph.Answer(2, "", "no such entity"),
            "ceph_failed",
            "Failed to ask Ceph for x: Ceph ended with ENOENT: no such",
        ),
        (_ceph.Answer(0, "", ""), "ceph_failed", "its answer is no JSON: it is empty"),
        (_ceph.Unreachable("no answer in 3 s"), "no_connection", "the cluster can't be reached: no answer in 3 s"),
    ):
        with pytest.raises(KvmError) as error:
            cluster_that(answer).ask("x")
        assert error.value.error_code == code
        assert message in error.value.message
    with pytest.raises(KvmError, match=r"^Failed to change pool vms: Ceph ended with EBUSY: in use\.$"):
        cluster_that(_ceph.Answer(16, "", "in use")).do("change pool vms", _ceph.Command("x"))


class Rados:
    """rados where a cluster can't be had: it takes commands, or does not come back from connecting."""

    hangs = False
    sent: t.ClassVar[list[tuple[str, t.Any, bytes]]] = []

    def __init__(self, **options: t.Any) -> None:
        self.conf = options["conf"]

    def connect(self) -> None:
        if self.hangs:
            time.sleep(2)
        self.sent.append(("connect", self.conf, b""))

    def shutdown(self) -> None:
        self.sent.append(("shutdown", {}, b""))

    def mon_command(self, words: str, data: bytes) -> tuple[int, bytes, str]:
        self.sent.append(("mon", json.loads(words), data))
        return -2, b"", "none"

    def mgr_command(self, words: str, data: bytes) -> tuple[int, bytes, str]:
        self.sent.append(("mgr", json.loads(words), data))
        return -110, b"", ""


CONNECTION = {"conf": None, "user": "client.admin", "keyring": "/k", "timeout": 1}


def test_one_connection_for_all_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ceph_rados, "rados", SimpleNamespace(Rados=Rados, Error=OSError), raising=False)
    monkeypatch.setattr(Rados, "sent", [])
    cluster = _ceph_rados.connect(CONNECTION)
    assert Rados.sent == []
    assert cluster.ask("auth get", (2,), entity="client.x") is None
    with pytest.raises(KvmError, match="Ceph ended with ENOENT: none"):
        cluster.do("import", _ceph.Command("auth import", data="secret"))
    with pytest.raises(KvmError, match="the cluster can't be reached: no answer in 1 s"):
        cluster.do("purge", _ceph.Command("osd purge", {"id": 1}))
    limits = dict.fromkeys(("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"), "1")
    assert Rados.sent == [
        ("connect", {**limits, "keyring": "/k"}, b""),
        ("mon", {"prefix": "auth get", "entity": "client.x", "format": "json"}, b""),
        ("mon", {"prefix": "auth import"}, b"secret"),
        ("mgr", {"prefix": "osd purge", "id": 1}, b""),
    ]


def test_a_connection_that_does_not_come_is_no_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ceph_rados, "rados", SimpleNamespace(Rados=Rados, Error=OSError), raising=False)
    monkeypatch.setattr(Rados, "hangs", True)
    with pytest.raises(KvmError, match="no answer in 1 s"):
        _ceph_rados.connect(CONNECTION).ask("status")
