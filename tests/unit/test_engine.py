# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Desired, plan, apply: on libvirt's own test driver, in this process."""

from __future__ import annotations

import itertools
import subprocess
import sys
import typing as t
from pathlib import Path

import libvirt
import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _engine, _libvirt, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_live import _pluggable
from ansible_collections.minicloud.kvm.plugins.module_utils._domain_seats import Free
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._network import Network
from ansible_collections.minicloud.kvm.plugins.module_utils._pool import Pool
from ansible_collections.minicloud.kvm.plugins.module_utils._volume import Volume

Args = t.Dict[str, t.Any]
ROOT = Path(__file__).resolve().parent.parent.parent
NUMBERS = itertools.count()


@pytest.fixture
def host(tmp_path: Path) -> t.Iterator[_libvirt.Host]:
    """A host of libvirt's test driver of this test's own: nothing but a pool."""
    node = tmp_path / "node.xml"
    node.write_text(
        "<node><cpu><mhz>1</mhz><model>x</model><active>2</active><nodes>1</nodes><sockets>1</sockets><cores>2</cores>"
        "<threads>1</threads></cpu><memory>8000000</memory>"
        "<pool type='dir'><name>images</name><target><path>/images</path></target></pool></node>"
    )
    with _libvirt.connect(f"test://{node}") as host:
        yield host


class Declare(t.Protocol):
    def __call__(self, kind: type, options: Args, check: bool = False) -> Args: ...


@pytest.fixture
def declare(host: _libvirt.Host) -> Declare:
    """Options as Ansible would hand them over (defaults filled in) to a result."""

    def run(kind: type, options: Args, check: bool = False) -> Args:
        defaults = {row.option: row.default for row in kind.rows if getattr(row, "default", None) is not None}
        if kind.plural in options:
            given = {kind.plural: [{**defaults, **each} for each in options[kind.plural]]}
        else:
            given = {kind.plural: None, **defaults, **options}
        return _engine.declare(kind(check), host, given, check)

    return run


CASES: list[tuple[type, Args, Args]] = [
    (Domain, {"name": "web1", "memory": "64MiB"}, {"name": "web1", "memory": "96MiB"}),
    (
        Network,
        {"name": "lab", "ips": [{"address": "198.51.100.1", "prefix": 24}], "state": "present"},
        {"name": "lab", "domain": {"name": "lab.test"}, "state": "present"},
    ),
    (
        Pool,
        {"name": "shared", "type": "dir", "target": {"path": "/shared"}, "state": "present"},
        {"name": "shared", "target": {"path": "/other"}, "state": "present"},
    ),
]
each_case = pytest.mark.parametrize(("kind", "first", "second"), CASES, ids=[kind.__name__ for kind, _f, _s in CASES])


@each_case
def test_present_again_changed_absent(declare: Declare, kind: type, first: Args, second: Args) -> None:
    for options, changed in ((first, True), (first, False), (second, True), (second, False)):
        told = declare(kind, options, check=True)
        done = declare(kind, options)
        assert told["changed"] == done["changed"] == changed
        assert told["diff"] == done["diff"]
        assert (done["diff"]["after"] != {}) == changed
        assert done[kind.plural] == [done[kind.singular]]
        assert done[kind.singular]["uuid"]
    gone = {"name": first["name"], "state": "absent"}
    assert declare(kind, gone, check=True)["changed"]
    assert declare(kind, gone)["changed"]
    assert not declare(kind, gone)["changed"]


@each_case
def test_autostart_and_state(declare: Declare, host: _libvirt.Host, kind: type, first: Args, second: Args) -> None:
    running = "running" if kind is Domain else "active"
    stopped = "stopped" if kind is Domain else "inactive"
    for options, state in (
        ({**first, "state": running, "autostart": True}, running),
        ({"name": first["name"], "state": stopped, "autostart": False}, stopped),
    ):
        done = declare(kind, options)
        assert done["changed"]
        assert done[kind.singular]["state"] == state
        assert {"state", "autostart"} <= {change["field"] for change in done[kind.singular]["changes"]}
        assert not declare(kind, options)["changed"]


@each_case
def test_nothing_is_done_where_one_of_several_is_refused(
    declare: Declare, host: _libvirt.Host, kind: type, first: Args, second: Args
) -> None:
    for bad in ({"name": "a/b"}, {**first, "name": "bad", "uuid": "x"}, {"name": "bad", "xml": "<nonsense/>"}):
        with pytest.raises(KvmError) as raised:
            declare(kind, {kind.plural: [first, {"state": "present", **bad}]})
        assert raised.value.message.startswith(f"{kind.plural}[1] ({bad['name']}): ")
        assert first["name"] not in [d.name() for d in host.connection.listAllDomains()]
        assert first["name"] not in [n.name() for n in host.connection.listAllNetworks()]
        assert first["name"] not in [p.name() for p in host.connection.listAllStoragePools()]


@each_case
def test_one_is_declared_once(declare: Declare, kind: type, first: Args, second: Args) -> None:
    with pytest.raises(BadValue, match="it is declared twice"):
        declare(kind, {kind.plural: [first, second]})


def test_volumes(declare: Declare, host: _libvirt.Host) -> None:
    disk = {"pool": "images", "name": "disk", "capacity": "1GiB"}
    assert declare(Volume, disk, check=True)["changed"]
    done = declare(Volume, disk)
    assert done["volume"]["path"] == "/images/disk"
    assert not declare(Volume, disk)["changed"]
    with pytest.raises(KvmError) as raised:
        declare(Volume, {**disk, "capacity": "1MiB"})
    assert raised.value.error_code == "would_shrink"
    assert declare(Volume, {"pool": "images", "name": "disk", "state": "absent"})["changed"]
    assert not declare(Volume, {"pool": "images", "name": "disk", "state": "absent"})["changed"]


def test_live_and_persistent_differ_and_are_both_told(declare: Declare, host: _libvirt.Host) -> None:
    web = {"name": "web1", "memory": "64MiB", "state": "running"}
    declare(Domain, web)
    web["memory"] = "96MiB"
    done = declare(Domain, web)
    assert done["domain"]["restart_required"] == ["memory", "current_memory"]
    again = declare(Domain, web)
    assert not again["changed"]
    assert again["domain"]["restart_required"] == ["memory", "current_memory"]


def test_a_definition_that_libvirt_does_not_keep_is_an_error() -> None:
    kind = Network()
    desired = kind.desire({"name": "lab", "mtu": 1400, "state": "present"})
    kept = _xml.parse("<network><name>lab</name></network>", "it")
    with pytest.raises(KvmError) as raised:
        kind.verify(desired, kept, _engine.Plan("lab", "present"))
    assert raised.value.error_code == "not_kept"
    assert raised.value.message == "libvirt accepted network lab but keeps mtu: None instead of 1400."


def test_what_libvirt_refuses_is_named(host: _libvirt.Host) -> None:
    with pytest.raises(_libvirt.LibvirtError) as raised:
        _libvirt.network_define(host, "lab", "<network/>")
    result = raised.value.as_result()
    assert result["msg"].startswith("Failed to define network lab: ")
    assert (result["libvirt_code"], result["libvirt_domain"]) == (libvirt.VIR_ERR_NO_NAME, libvirt.VIR_FROM_NETWORK)


def test_waiting_ends_with_its_time(host: _libvirt.Host) -> None:
    looks: list[bool] = []

    def never() -> bool:
        looks.append(True)
        return False

    assert not host.wait(never, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, 0.2)
    assert looks
    assert host.wait(lambda: True, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, 0)


# What a running domain has room for.


def controllers(*used: int, ports: int = 3, root: str = "pcie-root") -> t.Any:
    tree = _xml.new("domain")
    devices = _xml.need(tree, "devices")
    _xml.add_child(devices, _xml.new("controller", type="pci", index="0", model=root))
    for port in range(1, ports + 1):
        _xml.add_child(devices, _xml.new("controller", type="pci", index=str(port), model="pcie-root-port"))
    for bus in used:
        disk = _xml.new("disk")
        _xml.add_child(disk, _xml.new("address", type="pci", bus=f"0x{bus:02x}"))
        _xml.add_child(devices, disk)
    return tree


@pytest.mark.parametrize(("used", "free"), [((), 3), ((1,), 2), ((1, 3), 1), ((1, 2, 3), 0), ((0, 0), 3)])
def test_free_pci_ports(used: tuple[int, ...], free: int) -> None:
    seats = Free(controllers(*used))
    assert [seats.take(["pcie"]) for _each in range(4)] == [True] * free + [False] * (4 - free)
    assert not seats.take(["pci"])
    assert Free(controllers(*used, root="pci-root")).take(["pcie"] * 25)


def test_free_seats_of_each_sort() -> None:
    live = _xml.parse(
        "<domain><maxMemory slots='2'>1</maxMemory><devices>"
        "<controller type='pci' index='0' model='pci-root'/>"
        "<controller type='usb' model='qemu-xhci' ports='3'><address type='pci' bus='0x00' slot='0x01'/></controller>"
        "<hub type='usb'><address type='usb' bus='0' port='1'/></hub>"
        "<memory model='dimm'/>"
        "</devices></domain>",
        "it",
    )
    seats = Free(live)
    assert seats.take(["usb"] * 10)
    assert not seats.take(["usb"])
    assert not seats.take(["slot", "slot"])
    assert seats.take(["slot", "pcie"])
    # Conventional slots, without the host bridge's and the USB controller's.
    assert seats.take(["pci"] * 28)
    assert not seats.take(["pcie"])
    seats.give(["pcie"])
    assert seats.take(["pci"])


@pytest.mark.parametrize(("count", "possible"), [(1, False), (2, True), (3, True), (4, True), (5, False)])
def test_vcpus_between_the_fixed_and_the_maximum(count: int, possible: bool) -> None:
    vcpus = "".join(
        f"<vcpu id='{n}' enabled='{'yes' if n < 3 else 'no'}' hotpluggable='{'no' if n < 2 else 'yes'}'/>"
        for n in range(4)
    )
    live = _xml.parse(f"<domain><vcpu current='3'>4</vcpu><vcpus>{vcpus}</vcpus></domain>", "it")
    assert _pluggable(count, {}, live) is possible


def test_the_documentation_is_that_of_the_tables() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/generate_docs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
