# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From inventory hosts to modules' options: who does what, what is declared, what a seed says."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.minicloud.kvm.plugins.filter.guests import FilterModule
from ansible_collections.minicloud.kvm.plugins.plugin_utils import _guest_seeds, _guests
from ansible_collections.minicloud.kvm.plugins.plugin_utils._guests import BadGuest, Site

HYPERVISORS = ["host1", "host2"]
NETWORK = {
    "name": "default",
    "ips": [
        {
            "address": "192.168.122.1",
            "prefix": 24,
            "dhcp": {"ranges": [{"start": "192.168.122.128", "end": "192.168.122.254"}]},
        }
    ],
}
SITE = Site(
    images={"debian-13": {"url": "https://example.org/d.qcow2", "checksum": "sha256:00"}, "local": {"src": "/i.raw"}},
    pools=[{"name": "shared", "type": "netfs", "target": {"path": "/mnt/shared"}}, {"name": "fast", "type": "dir"}],
    networks=[NETWORK],
    seed_path="/var/lib/libvirt/images",
    download_path="/var/tmp/minicloud",
)
GUEST: dict[str, t.Any] = {
    "guest_hypervisor": "host1",
    "guest_memory": "1GiB",
    "guest_vcpus": 2,
    "guest_disks": [{"size": "10GiB", "image": "debian-13", "pool": "shared"}],
    "guest_interfaces": [{"network": "default"}],
    "guest_address": "192.168.122.11",
    "guest_ssh_authorized_keys": ["ssh-ed25519 AAAA me"],
}


def guest(**more: t.Any) -> dict[str, t.Any]:
    return {**GUEST, **{"guest_" + word: value for word, value in more.items()}}


def declare(**more: t.Any) -> t.Any:
    return _guests.declare({"web1": guest(**more)}, {}, SITE, [])


# --- who does what


PLACES = {"web1": "host1", "web2": "host2", "web3": "host2"}


@pytest.mark.parametrize(
    ("play_hosts", "expected"),
    [
        # Everything: each hypervisor its own.
        (
            ["host1", "host2", *PLACES],
            {
                "host1": {"hypervisor": "host1", "guests": ["web1"], "absent": []},
                "host2": {"hypervisor": "host2", "guests": ["web2", "web3"], "absent": []},
            },
        ),
        # --limit host2: all its guests.
        (["host2"], {"host2": {"hypervisor": "host2", "guests": ["web2", "web3"], "absent": []}}),
        # --limit web3: this one, by itself on its hypervisor's behalf.
        (["web3"], {"web3": {"hypervisor": "host2", "guests": ["web3"], "absent": []}}),
        (["web2", "web3"], {"web2": {"hypervisor": "host2", "guests": ["web2", "web3"], "absent": []}}),
        # --limit host2:web3: this one, by its hypervisor.
        (["host2", "web3"], {"host2": {"hypervisor": "host2", "guests": ["web3"], "absent": []}}),
        (["storage"], {}),
    ],
)
def test_work_is_shared_out(play_hosts: list[str], expected: object) -> None:
    assert _guests.assign(PLACES, [], play_hosts, HYPERVISORS) == expected


def test_a_guest_that_goes_goes_from_everywhere() -> None:
    work = _guests.assign(PLACES, ["web1"], ["host1", "host2", *PLACES], HYPERVISORS)
    assert work["host1"] == {"hypervisor": "host1", "guests": [], "absent": ["web1"]}
    assert work["host2"] == {"hypervisor": "host2", "guests": ["web2", "web3"], "absent": ["web1"]}
    assert _guests.assign(PLACES, ["web1"], ["web1"], HYPERVISORS) == {
        "web1": {"hypervisor": "host1", "guests": [], "absent": ["web1"]}
    }


def test_the_hypervisor_of_a_guest() -> None:
    assert _guests.hypervisor_of("web1", GUEST, HYPERVISORS) == "host1"
    assert _guests.hypervisor_of("web1", {}, ["box"]) == "box"
    with pytest.raises(BadGuest, match="web1: guest_hypervisor is wanted, one of host1, host2"):
        _guests.hypervisor_of("web1", {}, HYPERVISORS)
    with pytest.raises(BadGuest, match="guest_hypervisor host9 is not in the group"):
        _guests.hypervisor_of("web1", {"guest_hypervisor": "host9"}, HYPERVISORS)


def test_what_virsh_lists() -> None:
    lines = [" Id   Name            State", "-----", " 3    web 1   running", " -    web2    shut off", ""]
    assert _guests.domains_of(lines) == {"web 1": True, "web2": False}


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        ({"host1": ["a", "b"], "host2": []}, []),
        ({"host1": ["a"], "host2": ["b"]}, ["b"]),
        ({"host1": [], "host2": []}, []),
        # Who can't be asked may have it.
        ({"host1": ["a"]}, ["b"]),
        # In check mode on a bare machine nothing is known at all.
        ({}, []),
    ],
)
def test_guests_that_may_be_elsewhere(domains: dict[str, list[str]], expected: list[str]) -> None:
    assert _guests.to_migrate(["a", "b"], "host1", HYPERVISORS, domains) == expected


def test_one_hypervisor_fills_a_shared_image() -> None:
    shared = {"pool": "shared", "name": "d", "shared": True}
    own = {"pool": "fast", "name": "d", "shared": False}
    assert _guests.to_fill([shared, own], []) == [shared, own]
    assert _guests.to_fill([shared, own], [[shared, own]]) == [own]


# --- what is declared


def test_volumes_and_domain_of_a_guest() -> None:
    plan = declare(cpu={"mode": "host-model"}, domain={"machine": "q35"})
    assert plan["volumes"] == [
        {
            "pool": "shared",
            "name": "web1-vda.qcow2",
            "capacity": "10GiB",
            "backing_store": {"volume": "debian-13.qcow2"},
        }
    ]
    assert plan["domains"] == [
        {
            "name": "web1",
            "state": "running",
            "memory": "1GiB",
            "vcpus": 2,
            "cpu": {"mode": "host-model"},
            "disks": [
                {"bus": "virtio", "pool": "shared", "target": "vda", "volume": "web1-vda.qcow2"},
                {
                    "target": "vdz",
                    "bus": "virtio",
                    "file": "/mnt/shared/web1-seed.iso",
                    "format": "raw",
                    "readonly": True,
                },
            ],
            "interfaces": [{"mac": _guests.mac("web1", 0), "network": "default"}],
            "machine": "q35",
        }
    ]
    assert plan["images"] == [
        {
            "pool": "shared",
            "name": "debian-13.qcow2",
            "image": "debian-13",
            "shared": True,
            "url": "https://example.org/d.qcow2",
            "checksum": "sha256:00",
            "download": "/var/tmp/minicloud/debian-13.qcow2",
            "volume": {"pool": "shared", "name": "debian-13.qcow2", "src": "/var/tmp/minicloud/debian-13.qcow2"},
        }
    ]


def test_several_disks() -> None:
    plan = declare(
        seed=False,
        pool="fast",
        disks=[
            {"image": "local"},
            {"size": "1GiB", "format": "raw", "cache": "none"},
            {"bus": "sata", "file": "/iso/x.iso", "device": "cdrom"},
            {"volume": "data.qcow2", "pool": "shared"},
        ],
    )
    assert plan["volumes"] == [
        {"pool": "fast", "name": "web1-vda.qcow2", "backing_store": {"volume": "local.qcow2"}},
        {"pool": "fast", "name": "web1-vdb.raw", "format": "raw", "capacity": "1GiB"},
    ]
    assert [disk["target"] for disk in plan["domains"][0]["disks"]] == ["vda", "vdb", "sda", "vdc"]
    assert plan["images"][0]["volume"] == {"pool": "fast", "name": "local.qcow2", "src": "/i.raw"}


BLOCKS = SITE._replace(
    pools=[
        *SITE.pools,
        {"name": "vg", "type": "logical"},
        {"name": "ceph", "type": "rbd"},
        {"name": "direct", "type": "iscsi-direct"},
        {"name": "luns", "type": "iscsi", "target": {"path": "/dev/disk/by-path"}},
        {"name": "images", "type": "netfs"},
    ]
)


@pytest.mark.parametrize("pool", ["vg", "ceph"])
def test_a_disk_in_a_pool_that_holds_no_files_is_a_copy_of_its_image(pool: str) -> None:
    disks = [{"size": "10GiB", "image": "debian-13", "pool": pool}, {"size": "1GiB", "pool": pool}]
    plan = _guests.declare({"web1": guest(disks=disks)}, {}, BLOCKS, [])
    assert plan["volumes"] == [
        {"pool": pool, "name": "web1-vda", "capacity": "10GiB", "src": "/var/tmp/minicloud/debian-13.qcow2"},
        {"pool": pool, "name": "web1-vdb", "capacity": "1GiB"},
    ]
    # It is brought to the hypervisor, and kept nowhere.
    assert plan["images"] == [
        {
            "pool": "",
            "name": "debian-13.qcow2",
            "image": "debian-13",
            "shared": False,
            "url": "https://example.org/d.qcow2",
            "checksum": "sha256:00",
            "download": "/var/tmp/minicloud/debian-13.qcow2",
        }
    ]
    seed = plan["domains"][0]["disks"][-1]
    assert seed["file"] == "/var/lib/libvirt/images/web1-seed.iso"
    assert plan["domains"][0]["disks"][0] == {"bus": "virtio", "pool": pool, "target": "vda", "volume": "web1-vda"}
    # Or it is kept in a pool of files; of those that share that one fills it.
    kept = _guests.declare({"web1": guest(disks=disks)}, {}, BLOCKS._replace(images_pool="images"), [])
    assert kept["volumes"][0] == {
        "pool": pool,
        "name": "web1-vda",
        "capacity": "10GiB",
        "clone": {"pool": "images", "volume": "debian-13.qcow2"},
    }
    (image,) = kept["images"]
    assert (image["pool"], image["shared"], image["volume"]["pool"]) == ("images", True, "images")
    assert _guests.to_fill([image], [[image]]) == []


def test_an_image_that_is_on_the_hypervisor_is_copied_from_there() -> None:
    plan = _guests.declare({"web1": guest(disks=[{"size": "1GiB", "image": "local", "pool": "vg"}])}, {}, BLOCKS, [])
    assert plan["volumes"][0]["src"] == "/i.raw"


def test_a_raw_disk_is_a_copy_in_a_pool_of_files_too() -> None:
    disk = {"size": "10GiB", "image": "debian-13", "pool": "fast", "format": "raw"}
    plan = _guests.declare({"web1": guest(disks=[disk])}, {}, SITE, [])
    assert plan["volumes"] == [
        {
            "pool": "fast",
            "name": "web1-vda.raw",
            "format": "raw",
            "capacity": "10GiB",
            "clone": {"pool": "fast", "volume": "debian-13.qcow2"},
        }
    ]


def test_a_seed_never_lies_among_devices() -> None:
    disks = [{"image": "debian-13", "pool": "luns", "volume": "unit:0:0:1"}]
    assert _guests.declare({"web1": guest(disks=disks)}, {}, BLOCKS, [])["volumes"] == [
        {"pool": "luns", "name": "unit:0:0:1", "src": "/var/tmp/minicloud/debian-13.qcow2", "fill_blank": True}
    ]
    assert _guests.seed_path("web1", guest(disks=disks), BLOCKS) == "/var/lib/libvirt/images/web1-seed.iso"
    with pytest.raises(
        BadGuest, match="disk vda wants a volume: those of pool luns, of type iscsi, have names of thei"
    ):
        _guests.declare({"web1": guest(disks=[{"image": "debian-13", "pool": "luns"}])}, {}, BLOCKS, [])
    with pytest.raises(
        BadGuest, match="no image can be put into pool direct, for libvirt can't write to type iscsi-direc"
    ):
        _guests.declare(
            {"web1": guest(disks=[{"image": "debian-13", "pool": "direct", "volume": "unit:0:0:1"}])}, {}, BLOCKS, []
        )
    with pytest.raises(BadGuest, match="guests_images_pool ceph is of type rbd, which holds no files"):
        _guests.declare(
            {"web1": guest(disks=[{"image": "debian-13", "pool": "vg"}])}, {}, BLOCKS._replace(images_pool="ceph"), []
        )


def test_macs_are_stable_and_differ() -> None:
    assert _guests.mac("web1", 0) == _guests.mac("web1", 0)
    assert len({_guests.mac(name, number) for name in ("web1", "web2") for number in (0, 1)}) == 4
    assert _guests.mac("web1", 0).startswith("52:54:00:")


def test_guests_that_go() -> None:
    plan = _guests.declare({}, {"web1": guest(force=True), "web2": guest(remove_volumes=True)}, SITE, ["web1"])
    assert plan["stop"] == [{"name": "web1", "state": "stopped", "force": True}]
    assert plan["absent"] == [
        {"name": "web1", "state": "absent"},
        {"name": "web2", "state": "absent", "remove_volumes": ["vda"]},
    ]
    assert plan["stale_volumes"] == [{"pool": "shared", "name": "web2-vda.qcow2", "state": "absent"}]
    assert plan["stale_seeds"][0] == {"path": "/mnt/shared/web1-seed.iso", "state": "absent"}


def test_true_removes_only_volumes_that_are_the_guests_own() -> None:
    disks = [{"size": "1GiB"}, {"volume": "data.qcow2"}]
    plan = _guests.declare({}, {"web1": guest(disks=disks, remove_volumes=True)}, SITE, [])
    assert plan["absent"][0]["remove_volumes"] == ["vda"]
    plan = _guests.declare({}, {"web1": guest(disks=disks, remove_volumes=["vdb"])}, SITE, [])
    assert plan["stale_volumes"] == [{"pool": "default", "name": "data.qcow2", "state": "absent"}]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"memory": None}, "web1: guest_memory is wanted"),
        ({"vcpus": None}, "web1: guest_vcpus is wanted"),
        ({"state": "on"}, "guest_state on is none of present, running"),
        ({"disks": "10GiB"}, "guest_disks has to be a list of mappings"),
        ({"disks": [{"size": "1GiB", "imgae": "x"}]}, "guest_disks has an unknown word imgae"),
        ({"disks": [{"image": "fedora"}]}, r"image fedora is not in guests_images \(known: debian-13, local\)"),
        ({"interfaces": {"network": "default"}}, "guest_interfaces has to be a list of mappings"),
        ({"interfaces": []}, "guest_address is there and guest_interfaces is not"),
    ],
)
def test_bad_guests(more: dict[str, t.Any], said: str) -> None:
    with pytest.raises(BadGuest, match=said):
        declare(**more)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ({}, "wants one of url"),
        ({"url": "https://example.org/x"}, "wants a checksum beside its url"),
        ({"path": "/a", "src": "/b"}, "wants one of url"),
    ],
)
def test_bad_images(image: dict[str, t.Any], said: str) -> None:
    with pytest.raises(BadGuest, match=said):
        _guests.declare({"web1": guest()}, {}, SITE._replace(images={"debian-13": image}), [])


def test_bad_remove_volumes() -> None:
    with pytest.raises(BadGuest, match="guest_remove_volumes has to be true, false, or a list of targets"):
        _guests.declare({}, {"web1": guest(remove_volumes=["vdx"])}, SITE, [])


def test_two_guests_with_one_address() -> None:
    with pytest.raises(BadGuest, match=r"web2: its address 192.168.122.11 is that of web1 as well"):
        _guests.declare({"web1": guest(), "web2": guest(address="192.168.122.11/24")}, {}, SITE, [])


# --- what a seed says


def seed(key: t.Any = None, **more: t.Any) -> t.Any:
    return _guest_seeds.seed("web1", guest(**more), SITE, key)


def test_a_seed() -> None:
    key = {"private": "PRIVATE", "public": "ssh-ed25519 AAAA web1\n"}
    mac = _guests.mac("web1", 0)
    assert seed(key) == {
        "path": "/mnt/shared/web1-seed.iso",
        "meta_data": {"instance-id": "web1", "local-hostname": "web1"},
        "user_data": {
            "users": [
                {
                    "name": "admin",
                    "shell": "/bin/bash",
                    "sudo": "ALL=(ALL) NOPASSWD:ALL",
                    "lock_passwd": True,
                    "ssh_authorized_keys": ["ssh-ed25519 AAAA me"],
                }
            ],
            "ssh_keys": {"ed25519_private": "PRIVATE\n", "ed25519_public": "ssh-ed25519 AAAA web1"},
        },
        "network_config": {
            "version": 2,
            "ethernets": {
                "net0": {
                    "match": {"macaddress": mac},
                    "dhcp4": False,
                    "addresses": ["192.168.122.11/24"],
                    "routes": [{"to": "0.0.0.0/0", "via": "192.168.122.1"}],
                    "nameservers": {"addresses": ["192.168.122.1"], "search": []},
                }
            },
        },
    }


def test_what_a_guest_says_itself_wins() -> None:
    own = seed(user_data={"users": ["default"], "packages": ["vim"]}, ssh_authorized_keys=[])
    assert own["user_data"] == {"users": ["default"], "packages": ["vim"]}
    assert seed({"private": "x", "public": "y"}, user_data="#!/bin/sh\n")["user_data"] == "#!/bin/sh\n"
    assert seed(network_config={"config": "disabled"})["network_config"] == {"config": "disabled"}
    assert seed(instance_id="web1-2")["meta_data"]["instance-id"] == "web1-2"
    assert seed(seed_path="/seeds")["path"] == "/seeds/web1-seed.iso"


def test_dhcp_where_there_is_no_address() -> None:
    config = seed(address=None)["network_config"]
    assert config["ethernets"]["net0"] == {"match": {"macaddress": _guests.mac("web1", 0)}, "dhcp4": True}
    assert "network_config" not in seed(address=None, interfaces=[])


def test_addresses_where_the_network_is_not_declared() -> None:
    interface = {"bridge": "br0", "mac": "52:54:00:AA:BB:CC", "gateway": "10.0.0.1", "nameservers": ["10.0.0.2"]}
    entry = seed(address="10.0.0.9/16", interfaces=[interface])["network_config"]["ethernets"]["net0"]
    assert entry["match"] == {"macaddress": "52:54:00:aa:bb:cc"}
    assert entry["addresses"] == ["10.0.0.9/16"]
    assert entry["routes"] == [{"to": "0.0.0.0/0", "via": "10.0.0.1"}]
    assert (
        "routes"
        not in seed(address="fd00::9/64", interfaces=[{"bridge": "br0"}])["network_config"]["ethernets"]["net0"]
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ssh_authorized_keys": []}, "web1: nobody could log in"),
        ({"address": "192.168.122"}, "its address 192.168.122 is none"),
        ({"address": "192.168.122.1"}, "is the hypervisor's own"),
        ({"address": "192.168.122.200"}, "lies in the DHCP range 192.168.122.128 to"),
        ({"address": "10.0.0.1"}, "is not in network default"),
        ({"interfaces": [{"bridge": "br0"}]}, "wants a prefix"),
    ],
)
def test_bad_seeds(more: dict[str, t.Any], said: str) -> None:
    with pytest.raises(BadGuest, match=said):
        seed(**more)


def test_known_hosts() -> None:
    text = _guest_seeds.known_hosts({"web1": GUEST}, {"web1": "ssh-ed25519 AAAA web1\n"})
    assert text == "web1,192.168.122.11 ssh-ed25519 AAAA\n"


# --- the filters


def test_filters_read_only_what_is_the_guests() -> None:
    class Host(dict[str, t.Any]):
        def __getitem__(self, key: str) -> t.Any:
            assert key.startswith("guest_"), f"{key} need not be templated"
            return super().__getitem__(key)

    filters = FilterModule().filters()
    hostvars = {"web1": Host(GUEST, ansible_host="{{ slow }}")}
    work = filters["guests_work"](hostvars, ["web1"], HYPERVISORS, ["host1", "web1"])
    assert work == {"host1": {"hypervisor": "host1", "guests": ["web1"], "absent": []}}
    plan = filters["guests_plan"](hostvars, work["host1"], SITE._asdict(), [])
    assert plan["domains"][0]["name"] == "web1"
    seeds = filters["guests_seeds"](
        hostvars, work["host1"], SITE._asdict(), ["web1"], ["PRIVATE"], ["ssh-ed25519 A web1"]
    )
    assert seeds[0]["user_data"]["ssh_keys"]["ed25519_private"] == "PRIVATE\n"


def test_filters_say_what_is_wrong() -> None:
    with pytest.raises(AnsibleFilterError, match="Guest web1: guest_hypervisor host9"):
        FilterModule().filters()["guests_work"](
            {"web1": {"guest_hypervisor": "host9"}}, ["web1"], HYPERVISORS, ["host1"]
        )


def test_an_address_is_one_guests_on_whatever_hypervisor() -> None:
    hostvars = {"web1": GUEST, "web2": guest(hypervisor="host2")}
    with pytest.raises(
        AnsibleFilterError, match=r"Guest web2: its guest_address 192\.168\.122\.11 is that of web1 as well"
    ):
        FilterModule().filters()["guests_work"](hostvars, ["web1", "web2"], HYPERVISORS, ["host1"])


def test_filters_know_where_guests_are_and_who_fills_images() -> None:
    filters = FilterModule().filters()
    work = {
        "host1": {"hypervisor": "host1", "guests": ["web1"], "absent": []},
        "host2": {"hypervisor": "host2", "guests": ["web2"], "absent": []},
    }
    image = {"pool": "shared", "name": "d", "shared": True}
    hostvars = {
        "host1": {
            "__guests_domains": {"rc": 0, "stdout_lines": [" -   web2   shut off"]},
            "__guests_volumes": {"error_code": "not_found"},
            "__guests_plan": {"images": [image]},
        },
        "host2": {
            "__guests_domains": {"rc": 0, "stdout_lines": []},
            "__guests_plan": {"images": [image]},
        },
    }
    assert filters["guests_to_migrate"](hostvars, work, "host1", HYPERVISORS) == []
    assert filters["guests_to_migrate"](hostvars, work, "host2", HYPERVISORS) == ["web2"]
    assert filters["guests_to_fill"](hostvars, work, "host1") == [image]
    assert filters["guests_to_fill"](hostvars, work, "host2") == []
