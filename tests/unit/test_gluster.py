# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gluster's machines and volumes: what its command printed is read, and planned upon.

The texts in tests/unit/gluster are Gluster 10.3's, on three machines, with one volume of two sets and one of a single
brick.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _gluster_peer
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_options import (
    OPTIONS,
    Wanted,
    read_group,
    read_options,
    same,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_plan import Cluster, VolumePlan, plan
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_read import (
    Heal,
    Peer,
    Task,
    answer,
    read_clients,
    read_heal,
    read_peers,
    read_removal,
    read_status,
    read_volumes,
    split_brick,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._gluster_system import addresses, aliased

PRINTED = Path(__file__).parent / "gluster"
HOSTS = ["10.231.77.11", "10.231.77.12", "10.231.77.13"]


def printed(name: str) -> t.Any:
    return answer((PRINTED / (name + ".xml")).read_text(encoding="utf-8"), "read " + name)


def bricks(*disks: str) -> tuple[str, ...]:
    return tuple(f"{host}:/srv/gluster/{disk}/vms" for disk in disks for host in HOSTS)


def cluster(pool: str = "pool", status: str = "status", local: t.Collection[str] = (HOSTS[0],)) -> Cluster:
    return Cluster(
        read_peers(printed(pool)), read_volumes(printed("info")), read_status(printed(status)), frozenset(local)
    )


def planned(where: Cluster | None = None, **declared: t.Any) -> VolumePlan:
    groups = {"virt": {"features.shard": "on", "network.ping-timeout": "20"}}
    return plan(Wanted("vms", **declared), cluster() if where is None else where, groups)


def healthy() -> Cluster:
    """As it would be with all bricks running."""
    found = cluster()
    online = dict.fromkeys(found.status["vms"].online, True)
    return Cluster(found.peers, found.volumes, {"vms": type(found.status["vms"])(online)}, found.local)


SAME: dict[str, t.Any] = {"bricks": bricks("brick1", "brick2"), "replicas": 2, "arbiter": True}


def test_peers_are_read() -> None:
    alone, three = read_peers(printed("pool_alone")), read_peers(printed("pool"))
    assert [(peer.names, peer.connected, peer.in_cluster) for peer in alone] == [((), True, True)]
    assert sorted(peer.names for peer in three) == [(), (HOSTS[1],), (HOSTS[2],)]
    away = read_peers(printed("pool_one_away"))
    assert [peer.names for peer in away if not peer.connected] == [(HOSTS[2],)]
    assert all(peer.in_cluster and not peer.rejected for peer in away)


def test_volumes_are_read() -> None:
    assert read_volumes(printed("info_none")) == {}
    found = read_volumes(printed("info"))
    vms, plain = found["vms"], found["plain"]
    assert (vms.state, vms.replica, vms.arbiters, vms.disperse) == ("started", 3, 1, 0)
    assert [brick.name for brick in vms.bricks] == list(bricks("brick1", "brick2"))
    assert [brick.arbiter for brick in vms.bricks] == [False, False, True] * 2
    assert vms.options["storage.owner-uid"] == "64055"
    assert (plain.state, plain.replica, plain.arbiters) == ("created", 1, 0)


def test_what_runs_is_read() -> None:
    assert read_status(printed("status_none")) == {}
    found = cluster()
    down = [
        brick.name for brick in found.volumes["vms"].bricks if not found.status["vms"].online[brick.uuid, brick.path]
    ]
    assert down == [HOSTS[1] + ":/srv/gluster/brick1/vms"]
    assert read_status(printed("status_removing"))["vms"].tasks == (
        Task("remove brick", "completed", bricks("brick2")),
    )
    assert read_removal(printed("removal")) == ("completed", 0)
    assert len(read_status(printed("status_one_away"))["vms"].online) == 4


def test_what_is_to_be_healed_is_read() -> None:
    first, second, third = (host + ":/srv/gluster/brick1/vms" for host in HOSTS)
    assert read_heal(printed("heal"))[:3] == [Heal(first, 4), Heal(second, None), Heal(third, 4)]
    assert [one.brick for one in read_heal(printed("heal_one_away")) if one.pending is None] == [
        third,
        third.replace("brick1", "brick2"),
    ]


def test_who_uses_a_volume_is_read() -> None:
    assert read_clients((PRINTED / "clients.txt").read_text(encoding="utf-8")) == {"fuse": 1}


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("refused_option", "option : network.pig-timeout does not exist Did you mean network.ping-timeout?", None),
        ("refused_root", "Failed to create brick directory", "file system mounted on that machine"),
    ],
)
def test_a_refusal_is_an_error_with_what_helps(name: str, said: str, remedy: str | None) -> None:
    with pytest.raises(KvmError) as caught:
        printed(name)
    assert caught.value.error_code == "gluster_failed"
    assert said in caught.value.message
    assert (caught.value.remedy is None) if remedy is None else (remedy in str(caught.value.remedy))


def test_no_xml_is_an_error() -> None:
    with pytest.raises(KvmError, match="is no XML"):
        answer("Error : Request timed out", "read")


def test_a_brick_s_name_is_taken_apart() -> None:
    assert split_brick("h:/a/b") == ("h", "/a/b")
    assert split_brick("fd00::1:/a") == ("fd00::1", "/a")


@pytest.mark.parametrize(
    ("key", "one", "other", "equal"),
    [
        ("a.b", "on", "enable", True),
        ("a.b", "True", "on", True),
        ("a.b", "off", "disable", True),
        ("a.b", "on", "off", False),
        ("a.b", "1", "on", False),
        ("a.b", "1GB", "1024MB", True),
        ("a.b", "1073741824", "1GB", True),
        ("a.b", "20", "20.0", True),
        ("a.b", "full", "diff", False),
        ("a.b", "a,b", "b,a", False),
        ("auth.allow", "10.0.0.1,10.0.0.2", "10.0.0.2, 10.0.0.1", True),
        ("auth.allow", "10.0.0.1", "*", False),
        ("auth.ssl-allow", "a,b", "b,a", True),
        ("a.b", None, "on", False),
        ("a.b", None, None, True),
    ],
)
def test_options_are_compared_by_meaning(key: str, one: str | None, other: str | None, equal: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert same(key, *pair) is equal


def test_a_group_is_read() -> None:
    assert read_group("# a comment=1\nfeatures.shard=on\n\n network.ping-timeout = 20\n") == {
        "features.shard": "on",
        "network.ping-timeout": "20",
    }


def test_nothing_to_do() -> None:
    for declared in ({}, SAME, {**SAME, "bricks": (*bricks("brick2"), *bricks("brick1"))}, {"group": "virt"}):
        todo = planned(healthy(), **declared)
        assert (todo.steps, todo.changes, todo.warnings) == ((), (), ())
    assert planned(Cluster(), state="absent").steps == ()
    # the machine that is asked is not in its own list by name; another name of a machine is the same machine
    swapped = (SAME["bricks"][1], SAME["bricks"][0], *SAME["bricks"][2:])
    assert planned(healthy(), **{**SAME, "bricks": swapped}).steps == ()


def test_a_new_volume() -> None:
    wanted = {**SAME, "group": "virt", "options": {"network.ping-timeout": "10", "auth.allow": "a", "a.b": None}}
    todo = planned(Cluster(), **wanted)
    create, options, start = todo.steps
    assert create.command == ("volume", "create", "vms", "replica", "2", "arbiter", "1", *SAME["bricks"])
    assert options.command == (
        *("volume", "set", "vms", "features.shard", "on", "network.ping-timeout", "10"),
        *("auth.allow", "a"),
    )
    assert start.command == ("volume", "start", "vms")
    assert todo.after is not None
    assert [brick.arbiter for brick in todo.after.bricks] == [False, False, True] * 2
    assert not any("force" in step.command for step in todo.steps)
    assert [step.said for step in planned(Cluster(), state="present", bricks=("a:/b/c",)).steps] == ["create it"]
    assert planned(Cluster(), bricks=("a:/b/c",)).steps[0].command == ("volume", "create", "vms", "a:/b/c")


def test_options_that_differ() -> None:
    todo = planned(healthy(), options={"network.ping-timeout": "10", "auth.allow": None, "no.such": None})
    assert [step.command for step in todo.steps] == [
        ("volume", "set", "vms", "network.ping-timeout", "10"),
        ("volume", "reset", "vms", "auth.allow"),
    ]
    assert todo.changes[0] == {"field": "options.network.ping-timeout", "before": "20", "after": "10"}


def test_a_brick_that_does_not_run() -> None:
    down = HOSTS[1] + ":/srv/gluster/brick1/vms"
    todo = planned()
    assert [step.command for step in todo.steps] == [("volume", "start", "vms", "force")]
    assert todo.steps[0].bricks == (down,)
    assert todo.changes == ({"field": "offline", "before": [down], "after": []},)
    reset = planned(reset_bricks=(down,))
    assert [step.command[1] for step in reset.steps] == ["reset-brick", "reset-brick"]
    assert reset.steps[1].command[-2:] == ("commit", "force")
    assert planned(healthy(), reset_bricks=(down,)).steps == ()
    assert planned(state="present").steps == ()


def test_a_machine_that_is_away_is_a_warning() -> None:
    found = cluster("pool_one_away", "status_one_away")
    todo = planned(found, state="present")
    assert todo.steps == ()
    assert HOSTS[2] + ":/srv/gluster/brick1/vms" in todo.warnings[0]
    assert all(HOSTS[2] not in brick for step in planned(found).steps for brick in step.bricks)


def test_it_grows() -> None:
    more = {**SAME, "bricks": bricks("brick1", "brick2", "brick3")}
    add, rebalance = planned(healthy(), **more).steps
    assert add.command == ("volume", "add-brick", "vms", *bricks("brick3"))
    assert rebalance.command == ("volume", "rebalance", "vms", "start")
    assert len(planned(healthy(), **more, rebalance=False).steps) == 1


def test_it_shrinks_only_where_that_is_named() -> None:
    less = {**SAME, "bricks": bricks("brick1")}
    with pytest.raises(KvmError) as caught:
        planned(healthy(), **less)
    assert caught.value.error_code == "bricks_not_declared"
    with pytest.raises(KvmError, match=HOSTS[2]):
        planned(healthy(), **less, remove_bricks=bricks("brick2")[:2])
    steps = planned(healthy(), **less, remove_bricks=bricks("brick2")).steps
    assert [(step.kind, step.command[-1:]) for step in steps] == [
        ("healed", ()),
        ("", ("start",)),
        ("moved", ("commit",)),
    ]
    # a removal that was interrupted is not started again
    steps = planned(cluster(status="status_removing"), **less, remove_bricks=bricks("brick2")).steps
    assert [step.kind for step in steps] == ["healed", "moved"]
    # what may go and is wanted after all stays
    assert planned(healthy(), **less | {"bricks": SAME["bricks"]}).steps == ()


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ({"bricks": bricks("brick1", "brick2"), "replicas": 3}, "layout_differs"),
        ({"bricks": bricks("brick1", "brick2")}, "layout_differs"),
        # another disk in a set, and another arbiter
        ({**SAME, "bricks": (*bricks("brick1")[:2], bricks("brick3")[2], *bricks("brick2"))}, "layout_differs"),
        ({**SAME, "bricks": (*bricks("brick1")[::-1], *bricks("brick2"))}, "layout_differs"),
        ({"options": {"features.shard": "off"}}, "shard_in_use"),
        ({"options": {"features.shard": None}}, "shard_in_use"),
        ({"options": {"client.ssl": "on"}}, "tls_on_started"),
    ],
)
def test_what_must_not_be(declared: dict[str, t.Any], code: str) -> None:
    with pytest.raises(KvmError) as caught:
        planned(healthy(), **declared)
    assert caught.value.error_code == code


def test_one_that_is_not_there_wants_bricks() -> None:
    with pytest.raises(KvmError) as caught:
        planned(Cluster())
    assert caught.value.error_code == "not_found"


def test_it_is_stopped_only_where_nobody_uses_it() -> None:
    assert [step.kind for step in planned(healthy(), state="stopped").steps] == ["unused"]
    assert [step.kind for step in planned(healthy(), state="absent").steps] == ["unused", ""]
    assert [step.kind for step in planned(healthy(), state="stopped", allow_disconnect=True).steps] == [""]
    # TLS may be switched with it
    commands = [step.command[1] for step in planned(healthy(), state="stopped", options={"client.ssl": "on"}).steps]
    assert commands == ["stop", "set"]


def options(**given: t.Any) -> dict[str, t.Any]:
    """As Ansible completes them."""
    found = {name: spec.get("default") for name, spec in OPTIONS.items()}
    return {**found, **given}


def test_options_are_read() -> None:
    one = read_options(options(name="vms", options={"a.b": True, "c.d": 3, "auth.allow": ["x", "y"], "e.f": None}))[0]
    assert one.options == {"a.b": "on", "c.d": "3", "auth.allow": "x,y", "e.f": None}


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"name": "a/b"}, "name"),
        ({"name": "a", "timeout": -1}, "timeout"),
        ({"name": "a", "replicas": 0}, "replicas"),
        ({"name": "a", "replicas": 3, "arbiter": True}, "arbiter"),
        ({"name": "a", "bricks": []}, "bricks"),
        ({"name": "a", "bricks": ["/b"]}, "bricks[0]"),
        ({"name": "a", "bricks": ["h:/"]}, "bricks[0]"),
        ({"name": "a", "bricks": ["h:/a/../b"]}, "bricks[0]"),
        ({"name": "a", "bricks": ["h:/a", "h:/a"]}, "bricks[1]"),
        ({"name": "a", "bricks": ["h:/a", "i:/a", "j:/a"], "replicas": 2}, "bricks"),
        ({"name": "a", "bricks": ["h:/a", "h:/b"], "replicas": 2}, "bricks"),
        ({"name": "a", "bricks": ["h:/a"], "remove_bricks": ["h:/a"]}, "remove_bricks"),
        ({"name": "a", "bricks": ["h:/a"], "reset_bricks": ["h:/b"]}, "reset_bricks"),
        ({"name": "a", "options": {"quick-read": "on"}}, "options"),
        ({"name": "a", "options": {"a.b": ""}}, "options.a.b"),
        ({"name": "a", "options": {"a.b": {}}}, "options.a.b"),
    ],
)
def test_bad_options_are_named(given: dict[str, t.Any], option: str) -> None:
    with pytest.raises(BadValue) as caught:
        read_options(options(**given))
    assert caught.value.facts["option"] == option


def test_volumes_together() -> None:
    each = {name: spec.get("default") for name, spec in OPTIONS["volumes"]["options"].items()}
    with pytest.raises(BadValue, match="twice"):
        read_options(options(volumes=[{**each, "name": "a"}, {**each, "name": "a"}]))
    with pytest.raises(BadValue, match="a and b both have it"):
        read_options(options(volumes=[{**each, "name": name, "bricks": ["h:/x/y"]} for name in ("a", "b")]))


def test_peers_to_take_in() -> None:
    pool = read_peers(printed("pool"))
    assert _gluster_peer.plan(HOSTS, False, pool, (), HOSTS[:1]) == _gluster_peer.PeerPlan((), (), ())
    assert _gluster_peer.plan([*HOSTS, "new"], False, pool, (), HOSTS[:1]).probe == ("new",)
    away = read_peers(printed("pool_one_away"))
    assert _gluster_peer.plan(HOSTS, False, away, (), HOSTS[:1]).silent == (HOSTS[2],)


def test_peers_to_let_go() -> None:
    pool, volumes = read_peers(printed("pool")), read_volumes(printed("info")).values()
    with pytest.raises(KvmError) as caught:
        _gluster_peer.plan(HOSTS[1:], True, pool, volumes, ())
    assert caught.value.error_code == "peer_in_use"
    assert _gluster_peer.plan(HOSTS[1:], True, pool, (), ()).detach == tuple(HOSTS[1:])
    assert _gluster_peer.plan(["new"], True, pool, (), ()).detach == ()
    with pytest.raises(BadValue, match="by itself"):
        _gluster_peer.plan(HOSTS, True, pool, (), HOSTS[:1])


# As gluster2 has it of the machine that took it in: what the resolver said of its address.
LEADS = {
    "gluster1": {"10.231.77.11"},
    "10.231.77.11": {"10.231.77.11"},
    "10.231.77.12": {"10.231.77.12"},
    "elsewhere": {"192.0.2.1"},
}


def look_up(name: str) -> t.AbstractSet[str]:
    return LEADS.get(name, set())


def test_a_machine_is_known_by_the_address_that_its_name_leads_to() -> None:
    peers = [
        Peer("a", ("gluster1",), True, "3"),
        Peer("b", ("10.231.77.13",), True, "3"),
        Peer("own", (), True, "3"),
    ]
    found = aliased(peers, ["10.231.77.11", "10.231.77.13", "elsewhere", "nowhere"], look_up)
    assert [peer.names for peer in found] == [("gluster1", "10.231.77.11"), ("10.231.77.13",), ()]
    assert aliased(peers, ["10.231.77.13", "nowhere"], look_up) == peers
    names = ["10.231.77.11", "10.231.77.12", "10.231.77.13"]
    assert _gluster_peer.plan(names, False, found, (), {"10.231.77.12"}).probe == ()
    assert _gluster_peer.plan(names, False, peers, (), {"10.231.77.12"}).probe == ("10.231.77.11",)


def test_names_lead_to_addresses_or_nowhere() -> None:
    assert addresses("127.0.0.1") == {"127.0.0.1"}
    assert addresses("no such name") == frozenset()
    assert addresses("x" * 300) == frozenset()


def test_a_rejected_peer_is_an_error_with_what_helps() -> None:
    pool = [
        # not recorded: it takes two clusters whose lists of volumes went apart
        type(peer)(peer.uuid, peer.names, True, "6", "Peer Rejected") if HOSTS[1] in peer.names else peer
        for peer in read_peers(printed("pool"))
    ]
    with pytest.raises(KvmError) as caught:
        _gluster_peer.plan(HOSTS, False, pool, (), HOSTS[:1])
    assert caught.value.error_code == "peer_rejected"


@pytest.mark.parametrize("names", [[], ["a b"], ["h", "h"]])
def test_bad_peers_are_named(names: list[str]) -> None:
    with pytest.raises(BadValue):
        _gluster_peer.read_names(names)
