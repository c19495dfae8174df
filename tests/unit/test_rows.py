# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables: every option of every kind, pairing of lists, and what an edit leaves alone."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _domain,
    _network,
    _nwfilter,
    _pool,
    _secret,
    _volume,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._codecs import Address, Integer, Mac, Octal, Size
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import (
    MASK,
    AnyRow,
    Block,
    Many,
    Row,
    edit,
    mean,
    read,
    show,
    spec,
)

Options = t.Dict[str, t.Any]
UUID = "6a1c4b52-1111-4222-8333-123456789abc"
PORT_PARAMETERS = {
    "managerid": 1,
    "typeid": 2,
    "typeidversion": 3,
    "instanceid": UUID,
    "profileid": "gold",
    "interfaceid": UUID,
}
BANDWIDTH = {way: {"average": 10, "peak": 20, "burst": 30} for way in ("inbound", "outbound")}

# Every option that stands in the XML, with a value that is not the default.
EVERYTHING: list[tuple[type, Options]] = [
    (
        _network.Network,
        {
            "name": "lab",
            "uuid": UUID,
            "title": "A network",
            "description": "Two words",
            "ipv6": True,
            "trust_guest_rx_filters": True,
            "forward": {
                "mode": "route",
                "dev": "eth0",
                "interfaces": ["eth0", "eth1"],
                "pf": "eth2",
                "addresses": ["0000:03:10.1"],
                "managed": True,
                "driver": {"name": "vfio", "model": "mlx5_vfio_pci"},
                "nat": {
                    "ipv6": True,
                    "address": {"start": "192.0.2.1", "end": "192.0.2.9"},
                    "port": {"start": 2000, "end": 3000},
                },
            },
            "bridge": {"name": "virbr-lab", "stp": False, "delay": 2, "zone": "lab", "mac_table_manager": "libvirt"},
            "mac": "52:54:00:77:00:01",
            "mtu": 1400,
            "domain": {"name": "lab.test", "local_only": True, "register": True},
            "dns": {
                "enable": False,
                "forward_plain_names": False,
                "forwarders": [{"addr": "192.0.2.53", "domain": "example.org"}],
                "txts": [{"name": "one", "value": "first"}],
                "srvs": [
                    {
                        "service": "ldap",
                        "protocol": "tcp",
                        "domain": "lab.test",
                        "target": "ds1",
                        "port": 389,
                        "priority": 1,
                        "weight": 2,
                    }
                ],
                "hosts": [{"ip": "198.51.100.9", "hostnames": ["nine", "neuf"]}],
            },
            "vlan": {"trunk": True, "tags": [{"id": 4, "native_mode": "tagged"}]},
            "virtualport": {"type": "openvswitch", "parameters": PORT_PARAMETERS},
            "bandwidth": BANDWIDTH,
            "port": {"isolated": True},
            "ips": [
                {
                    "address": "2001:db8::1",
                    "family": "ipv6",
                    "prefix": 64,
                    "local_ptr": True,
                    "tftp": {"root": "/srv/tftp"},
                    "dhcp": {
                        "ranges": [
                            {
                                "start": "2001:db8::100",
                                "end": "2001:db8::200",
                                "lease": {"expiry": 5, "unit": "hours"},
                            }
                        ],
                        "hosts": [
                            {
                                "mac": "52:54:00:77:00:0b",
                                "id": "00:01:02",
                                "name": "host1",
                                "ip": "2001:db8::11",
                                "lease": {"expiry": 5, "unit": "hours"},
                            }
                        ],
                        "bootp": {"file": "pxelinux.0", "server": "192.0.2.7"},
                    },
                }
            ],
            "routes": [
                {
                    "address": "2001:db8:1::",
                    "family": "ipv6",
                    "prefix": 64,
                    "gateway": "2001:db8::7",
                    "metric": 2,
                }
            ],
            "portgroups": [
                {
                    "name": "a",
                    "default": True,
                    "trust_guest_rx_filters": True,
                    "vlan": {"trunk": True, "tags": [{"id": 4, "native_mode": "tagged"}]},
                    "virtualport": {"type": "openvswitch", "parameters": PORT_PARAMETERS},
                    "bandwidth": BANDWIDTH,
                }
            ],
            "dnsmasq_options": ["expand-hosts"],
        },
    ),
    (
        _pool.Pool,
        {
            "name": "shared",
            "uuid": UUID,
            "type": "netfs",
            "source": {
                "hosts": [{"name": "storage", "port": 2049}],
                "devices": [{"path": "/dev/sdb", "part_separator": True}],
                "dir": "/srv/shared",
                "name": "guests",
                "format": "nfs",
                "protocol_ver": "4.2",
                "adapter": {
                    "type": "fc_host",
                    "name": "scsi_host1",
                    "parentaddr": {"unique_id": 1, "address": "0000:00:1f.2"},
                    "parent": "scsi_host5",
                    "parent_wwnn": "2000000012341234",
                    "parent_wwpn": "1000000012341234",
                    "parent_fabric_wwn": "2000000012341235",
                    "wwnn": "20000000c9831b4b",
                    "wwpn": "10000000c9831b4b",
                    "managed": True,
                },
                "initiator_iqn": "iqn.2026-01.org.example:host1",
                "auth": {"type": "chap", "username": "host1", "secret": {"usage": "chap", "uuid": UUID}},
                "vendor": "Acme",
                "product": "Shelf 9",
            },
            "target": {"path": "/mnt/shared", "mode": "0711", "owner": 1, "group": 2, "label": "some_t"},
            "features": {"cow": False},
            "mount_opts": ["noatime", "sync"],
            "config_opts": {"client_mount_timeout": "45"},
            "refresh_volume_allocation": "capacity",
        },
    ),
    (
        _volume.Volume,
        {
            "name": "disk",
            "capacity": "10GiB",
            "format": "qcow2",
            "compat": "1.1",
            "cluster_size": "128KiB",
            "lazy_refcounts": True,
            "extended_l2": True,
            "nocow": True,
            "encryption": {
                "format": "luks",
                "secret": {"usage": "disk", "uuid": UUID},
                "cipher": {"name": "aes", "size": 256, "mode": "xts", "hash": "sha256"},
                "ivgen": {"name": "plain64", "hash": "sha256"},
            },
            "backing_store": {"path": "/srv/base.qcow2", "format": "raw"},
            "mode": "0640",
            "owner": 1,
            "group": 2,
        },
    ),
    (
        _domain.Domain,
        {
            "name": "web1",
            "uuid": UUID,
            "title": "A title",
            "description": "Two\nlines",
            "type": "qemu",
            "arch": "x86_64",
            "machine": "q35",
            "firmware": "efi",
            "memory": "2GiB",
            "current_memory": "1GiB",
            "max_vcpus": 4,
            "vcpus": 2,
            "cpu": {
                "mode": "custom",
                "model": "qemu64",
                "topology": {"sockets": 2, "dies": 2, "cores": 3, "threads": 2},
                "features": [{"name": "svm", "policy": "disable"}],
            },
            "boot": ["network", "hd"],
            "kernel": "/boot/vmlinuz",
            "initrd": "/boot/initrd",
            "cmdline": "quiet",
            "disks": [
                {
                    "target": "sda",
                    "bus": "scsi",
                    "device": "cdrom",
                    "file": "/srv/a.iso",
                    "format": "raw",
                    "cache": "none",
                    "io": "native",
                    "discard": "unmap",
                    "readonly": True,
                    "shareable": True,
                    "serial": "S1",
                    "boot_order": 2,
                },
                {"target": "vda", "block": "/dev/vg/lv"},
            ],
            "interfaces": [
                {
                    "network": "lab",
                    "mac": "52:54:00:77:00:0b",
                    "model": "e1000e",
                    "target": "tap0",
                    "mtu": 1400,
                    "link": "down",
                    "boot_order": 1,
                },
                {"bridge": "br0", "mac": "52:54:00:77:00:0c"},
            ],
            "serials": [{"type": "file", "path": "/var/log/out", "log": "/var/log/more"}],
            "consoles": [{"type": "unix", "target": "virtio"}],
            "channels": [{"name": "org.example.0", "type": "spicevmc"}],
            "graphics": [{"type": "spice", "port": 5999, "listen": "0.0.0.0", "password": "sesame"}],
            "videos": [{"model": "virtio"}],
            "rngs": [{"model": "virtio", "backend": "/dev/random"}],
        },
    ),
]
# The cases of tests/integration/test_options.py: they are right of the tables too, also of what this machine's libvirt
# does not know yet.
KINDS: dict[str, t.Any] = {
    "domain": _domain.Domain,
    "net": _network.Network,
    "nwfilter": _nwfilter.NwFilter,
    "pool": _pool.Pool,
    "secret": _secret.Secret,
    "volume": _volume.Volume,
}
CASES: list[tuple[t.Any, str, Options]] = [
    (KINDS[path.stem.partition("_")[0]], f"{path.stem}: {name}", case["declare"])
    for path in sorted((Path(__file__).parents[1] / "integration" / "options").glob("*.yml"))
    for name, case in yaml.safe_load(
        path.read_text(encoding="utf-8")
        .replace("{images}", "/srv")
        .replace("{scratch}", "mct")
        .replace("{secret}", UUID)
    ).items()
]
each_kind = pytest.mark.parametrize(("kind", "options"), EVERYTHING, ids=[kind.__name__ for kind, _o in EVERYTHING])


def paths(rows: t.Sequence[AnyRow], prefix: str = "") -> t.Iterator[str]:
    """Every option that stands in the XML, as a path."""
    for row in rows:
        if isinstance(row, Row):
            if row.place is not None:
                yield prefix + row.option
        else:
            yield from paths(row.rows, f"{prefix}{row.option}.")


def said(options: Options, prefix: str = "") -> t.Iterator[str]:
    for option, value in options.items():
        yield prefix + option  # also of a dict that is one value
        for each in value if isinstance(value, list) and value and isinstance(value[0], dict) else [value]:
            yield prefix + option
            if isinstance(each, dict):
                yield from said(each, f"{prefix}{option}.")


def without_none(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return [without_none(each) for each in value] if isinstance(value, list) else value


@each_kind
def test_every_option_is_exercised_here(kind: type, options: Options) -> None:
    elsewhere = {each for other, _name, declared in CASES if other is kind for each in said(declared)}
    assert set(paths(kind.rows)) - set(said(options)) - elsewhere == set()


@pytest.mark.parametrize(("kind", "declared"), [case[::2] for case in CASES], ids=[name for _k, name, _d in CASES])
def test_every_case_is_written_and_then_agrees(kind: type, declared: Options) -> None:
    tree = _xml.new(kind.tag)
    desired = mean(kind.rows, {"name": "it", **declared})
    assert edit(kind.rows, tree, desired)
    tree = _xml.parse(_xml.write(tree), "it")
    before = _xml.canonical(tree)
    assert edit(kind.rows, tree, desired) == []
    assert _xml.canonical(tree) == before


@each_kind
def test_every_option_is_written_read_and_then_agrees(kind: type, options: Options) -> None:
    tree = _xml.new(kind.tag)
    desired = mean(kind.rows, options)
    changes = edit(kind.rows, tree, desired)
    assert changes
    tree = _xml.parse(_xml.write(tree), "it")
    found = without_none(read(kind.rows, tree))
    for option, value in desired.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            assert len(found[option]) == len(value)
            for item, other in zip(value, found[option]):
                assert {**other, **item} == other, option
        elif not isinstance(value, dict):
            assert found[option] == value
    before = _xml.canonical(tree)
    assert edit(kind.rows, tree, desired) == []
    assert _xml.canonical(tree) == before


@each_kind
def test_each_option_can_change_by_itself(kind: type, options: Options) -> None:
    """Into a full definition, another value of one option: exactly that changes, and back."""
    tree = _xml.new(kind.tag)
    edit(kind.rows, tree, mean(kind.rows, options))
    others = {"capacity": "20GiB", "memory": "4GiB", "mtu": 1300, "title": "x", "boot": ["hd"], "vcpus": 3}
    for option, value in others.items():
        if option in options:
            changes = edit(kind.rows, tree, mean(kind.rows, {option: value}))
            assert [change.field for change in changes] == [option]
            back = edit(kind.rows, tree, mean(kind.rows, {option: options[option]}))
            assert [(c.before, c.after) for c in back] == [(c.after, c.before) for c in changes]


@each_kind
def test_a_secret_is_never_shown(kind: type, options: Options) -> None:
    tree = _xml.new(kind.tag)
    desired = mean(kind.rows, options)
    changes = [change.shown() for change in edit(kind.rows, tree, desired)]
    assert "'sesame'" not in repr(changes) + repr(show(kind.rows, desired))


def test_the_argument_spec_follows_the_table() -> None:
    rows = (
        Row("name", "name", required=True),
        Row("count", "@count", Integer(), default=3),
        Row("password", "@passwd", no_log=True),
        Row("key_id", "@key"),
        Block("deep", "deep", (Row("x", "@x", choices=("a", "b")),)),
        Many("things", "thing", (Row("y", "@y"),)),
    )
    assert spec(rows) == {
        "name": {"type": "str", "required": True},
        "count": {"type": "int", "default": 3},
        "password": {"type": "str", "no_log": True},
        "key_id": {"type": "str", "no_log": False},
        "deep": {"type": "dict", "options": {"x": {"type": "str", "choices": ["a", "b"]}}},
        "things": {"type": "list", "elements": "dict", "options": {"y": {"type": "str"}}},
    }


# Pairing.

CARD = Many(
    "cards",
    "card",
    (Row("mac", "mac/@address", Mac()), Row("model", "model/@type"), Row("pin", "@pin", no_log=True)),
    keys=("mac",),
    by_order=True,
    fresh={"model/@type": "virtio"},
)
A, B, C = "52:54:00:00:00:0a", "52:54:00:00:00:0b", "52:54:00:00:00:0c"


def cards(*macs: str) -> t.Any:
    tree = _xml.new("domain")
    for index, mac in enumerate(macs):
        card = _xml.new("card")
        _xml.put(card, "mac/@address", mac)
        _xml.put(card, "model/@type", "virtio")
        _xml.put(card, "address/@slot", str(index))
        _xml.add(tree, "card", card)
    return tree


def kept(tree: t.Any) -> dict[str, str]:
    return {_xml.get(card, "mac/@address") or "new": _xml.get(card, "address/@slot") or "-" for card in tree}


@pytest.mark.parametrize(
    ("wanted", "expected", "fields"),
    [
        ([{"mac": A}, {"mac": B}], {A: "0", B: "1"}, []),
        ([{"mac": B}, {"mac": A}], {A: "0", B: "1"}, []),
        ([{}, {}], {A: "0", B: "1"}, []),
        ([{"mac": B}, {}], {A: "0", B: "1"}, []),
        ([{"mac": B}], {B: "1"}, [f"cards[{A}]"]),
        ([{}], {A: "0"}, [f"cards[{B}]"]),
        ([], {}, [f"cards[{A}]", f"cards[{B}]"]),
        ([{}, {}, {}], {A: "0", B: "1", "new": "-"}, ["cards[2]"]),
        ([{"mac": C}], {C: "-"}, [f"cards[{A}]", f"cards[{B}]", f"cards[{C}]"]),
        ([{}, {"model": "e1000e"}], {A: "0", B: "1"}, [f"cards[{B}].model"]),
        ([{"mac": B, "model": "e1000e"}, {"mac": A}], {A: "0", B: "1"}, [f"cards[{B}].model"]),
    ],
)
def test_entries_are_paired_and_keep_what_they_have(
    wanted: list[Options], expected: dict[str, str], fields: list[str]
) -> None:
    tree = cards(A, B)
    changes = edit((CARD,), tree, mean((CARD,), {"cards": wanted}))
    assert kept(tree) == expected
    assert [change.field for change in changes] == fields
    assert edit((CARD,), tree, mean((CARD,), {"cards": wanted})) == []


def test_a_key_stands_once() -> None:
    with pytest.raises(BadValue, match=r"cards\[2\]\.mac: .* is not valid: cards\[0\] has it too"):
        mean((CARD,), {"cards": [{"mac": A}, {"mac": B}, {"mac": A.upper()}]})


def test_a_change_carries_the_element_as_it_was_and_shall_be() -> None:
    tree = cards(A)
    (change,) = edit((CARD,), tree, mean((CARD,), {"cards": [{"mac": A, "model": "e1000e"}]}))
    assert change.row is CARD
    assert _xml.get(change.old, "model/@type") == "virtio"
    assert _xml.get(change.new, "model/@type") == "e1000e"
    (change,) = edit((CARD,), tree, {"cards": []})
    assert change.new is None
    assert change.after is None


def test_a_masked_value_still_counts() -> None:
    tree = cards(A)
    (change,) = edit((CARD,), tree, {"cards": [{"mac": A, "pin": "1234"}]})
    assert (change.before, change.after) == (None, MASK)
    (change,) = edit((CARD,), tree, {"cards": [{"mac": A, "pin": "5678"}]})
    assert (change.before, change.after) == (MASK, MASK)


def test_an_empty_text_takes_away_what_may_go() -> None:
    rows = (Row("title", "title", removable=True), Row("arch", "os/type/@arch"))
    tree = _xml.parse("<domain><title>x</title><os><type arch='x'/></os></domain>", "it")
    (change,) = edit(rows, tree, mean(rows, {"title": ""}))
    assert (change.before, change.after) == ("x", "")
    assert edit(rows, tree, mean(rows, {"title": ""})) == []
    with pytest.raises(BadValue):
        mean(rows, {"arch": ""})


def test_a_disk_of_another_type_is_rewritten_whole() -> None:
    disks = next(row for row in _domain.Domain.rows if row.option == "disks")
    text = (
        "<domain><devices><disk type='network'><source protocol='rbd' name='x'/><target dev='vda' bus='virtio'/></disk>"
    )
    tree = _xml.parse(text + "</devices></domain>", "it")
    edit((disks,), tree, {"disks": [{"target": "vda", "file": "/a"}]})
    disk = _xml.find(tree, "devices/disk")
    assert disk is not None
    assert disk.get("type") == "file"
    assert dict(disk.find("source").attrib) == {"file": "/a"}


def test_a_secret_that_is_refused_is_not_shown() -> None:
    with pytest.raises(BadValue) as failed:
        mean((Row("password", "@passwd", no_log=True),), {"password": "secret\a"})
    assert "secret" not in str(failed.value.as_result())
    assert failed.value.as_result()["option"] == "password"


@pytest.mark.parametrize(
    ("codec", "text"), [(Integer(), "two"), (Mac(), "52"), (Size(), "two"), (Address(), "x"), (Octal(), "9")]
)
def test_what_can_not_be_read_is_something_else(codec: t.Any, text: str) -> None:
    """It is shown as it stands there, and declared anew."""
    row = Row("it", "it", codec)
    tree = _xml.parse("<root><it>{0}</it></root>".format(text), "it")
    wanted = {Integer: 2, Mac: "52:54:00:12:34:56", Size: 1024, Address: "10.0.0.1", Octal: "0700"}[type(codec)]
    assert not row.agrees(wanted, row.read(tree))
    assert [change.shown()["before"] for change in edit((row,), tree, {"it": wanted})] == [text]
    assert edit((row,), tree, {"it": wanted}) == []
