# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""iscsi_target with the real rtslib on a stand-in for the kernel (tests/support/lio_kernel.py), from options to result.

What only a kernel can say (that an initiator sees a LUN, its size, its WWID) is for a lab machine.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import stat
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minicloud.kvm.plugins.module_utils import _iscsi_target_task, _lio
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import wwid
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target_options import OPTIONS

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from lio_kernel import LioKernel

IQN = "iqn.2026-01.org.example:storage"
HOST1, HOST2 = "iqn.2026-01.org.example:host1", "iqn.2026-01.org.example:host2"
SECRET, MUTUAL = "one-long-secret", "another-long-secret"
MIB = 1024 * 1024

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root for loop devices and rtslib's lock file"),
    # rtslib's call of pyudev
    pytest.mark.filterwarnings("ignore:Will be removed in 1.0:DeprecationWarning"),
]


class Server:
    """A machine with LIO."""

    def __init__(self, kernel: LioKernel, saveconfig: Path) -> None:
        self.kernel = kernel
        self.saveconfig = saveconfig

    def declare(self, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """The module's result. A check leaves everything as it is."""
        spec = {"name": {"type": "str"}, **OPTIONS}
        options = options if "targets" in options else {"name": IQN, **options}
        validated = ArgumentSpecValidator(spec).validate(copy.deepcopy(options))
        assert validated.error_messages == []
        before = self.snapshot()
        result = _iscsi_target_task.declare(validated.validated_parameters, check)
        if check:
            assert self.snapshot() == before
        assert SECRET not in json.dumps(result)
        assert MUTUAL not in json.dumps(result)
        return result

    def snapshot(self) -> dict[str, str]:
        files = [*self.kernel.root.rglob("*"), self.saveconfig]
        return {
            str(path): str(path.readlink()) if path.is_symlink() else path.read_text()
            for path in files
            if path.is_symlink() or path.is_file()
        }

    def read(self, path: str) -> str:
        return (self.kernel.root / path).read_text().strip()

    def saved(self) -> dict[str, t.Any]:
        loaded: dict[str, t.Any] = json.loads(self.saveconfig.read_text())
        return loaded

    def group(self, name: str = IQN) -> Path:
        return self.kernel.root / "iscsi" / name / "tpgt_1"

    def names(self, part: str) -> list[str]:
        return sorted(path.name for path in (self.group() / part).iterdir())


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Server]:
    root = tmp_path / "target"
    (root / "core").mkdir(parents=True)
    kernel = LioKernel(root, monkeypatch)
    saveconfig = tmp_path / "etc" / "saveconfig.json"
    monkeypatch.setattr(_lio.CFSNode, "configfs_dir", str(root))
    monkeypatch.setattr(_lio, "default_save_file", str(saveconfig))
    for name in ("node", "target", "tcm", "fabric", "root", "utils"):
        module = importlib.import_module(f"rtslib_fb.{name}")
        monkeypatch.setattr(module, "fwrite", kernel.fwrite)
        if hasattr(module, "mount_configfs"):
            monkeypatch.setattr(module, "mount_configfs", lambda: None)
        if hasattr(module, "modprobe"):
            monkeypatch.setattr(module, "modprobe", lambda name: None)
        if hasattr(module, "default_save_file"):
            monkeypatch.setattr(module, "default_save_file", str(saveconfig))
        if hasattr(module, "bs_cache"):
            module.bs_cache.clear()
    yield Server(kernel, saveconfig)
    importlib.import_module("rtslib_fb.tcm").bs_cache.clear()


@pytest.fixture
def device(tmp_path: Path) -> t.Iterator[t.Callable[[], str]]:
    devices: list[str] = []

    def run() -> str:
        image = tmp_path / f"disk{len(devices)}"
        with image.open("wb") as file:
            file.truncate(64 * MIB)
        command = ["losetup", "--find", "--show", str(image)]
        devices.append(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
        return devices[-1]

    yield run
    for one in devices:
        subprocess.run(["losetup", "--detach", one], check=True)


def chap(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {
        "name": name,
        "userid": name.rpartition(":")[2],
        "password": SECRET,
        "mutual_userid": "storage",
        "mutual_password": MUTUAL,
        **more,
    }


def whole(path: str, **more: t.Any) -> dict[str, t.Any]:
    return {
        "portals": [{"address": "127.0.0.1"}, {"address": "::1", "port": 3261}],
        "luns": [{"lun": 3, "name": "minicloud", "device": path, "attributes": {"emulate_tpu": True}}],
        "initiators": [chap(HOST1), chap(HOST2)],
        **more,
    }


def test_a_target_from_nothing_to_nothing(server: Server, device: t.Callable[[], str]) -> None:
    path = device()
    declared = whole(path)
    checked = server.declare(check=True, **declared)
    result = server.declare(**declared)
    assert checked == result
    assert (result["changed"], result["warnings"]) == (True, [])
    lun = result["target"]["luns"][0]
    assert (lun["lun"], lun["name"], lun["path"]) == (3, "minicloud", path)
    assert lun["wwid"] == wwid(lun["wwn"])

    assert server.names("np") == ["127.0.0.1:3260", "[::1]:3261"]
    assert server.names("lun") == ["lun_3"]
    assert server.names("acls") == [HOST1, HOST2]
    assert server.read("core/iblock_0/minicloud/wwn/vpd_unit_serial").endswith(lun["wwn"])
    assert server.read("core/iblock_0/minicloud/udev_path") == path
    assert server.read("core/iblock_0/minicloud/attrib/emulate_tpu") == "1"
    group = f"iscsi/{IQN}/tpgt_1"
    assert server.read(f"{group}/enable") == "1"
    assert server.read(f"{group}/attrib/authentication") == "1"
    acl = f"{group}/acls/{HOST1}"
    assert [
        server.read(f"{acl}/auth/{name}") for name in ("userid", "password", "userid_mutual", "password_mutual")
    ] == [
        "host1",
        SECRET,
        "storage",
        MUTUAL,
    ]
    assert (server.group() / "acls" / HOST1 / "lun_3").is_dir()
    assert stat.S_IMODE(server.saveconfig.stat().st_mode) == 0o600
    saved = server.saved()
    assert saved["targets"][0]["wwn"] == IQN
    assert saved["storage_objects"][0]["dev"] == path

    for check in (True, False):
        again = server.declare(check=check, **declared)
        assert (again["changed"], again["target"]["changes"], again["diff"]) == (False, [], [])

    gone = server.declare(check=True, state="absent")
    assert gone["changed"]
    gone = server.declare(state="absent")
    assert gone["target"]["changes"] == [f"no target {IQN}", "no backstore minicloud", "save"]
    assert server.kernel.made == {"iscsi"}
    assert (server.saved()["targets"], server.saved()["storage_objects"]) == ([], [])
    assert not server.declare(state="absent")["changed"]


def test_drift_by_hand_is_shown_and_repaired(server: Server, device: t.Callable[[], str]) -> None:
    declared = whole(device())
    server.declare(**declared)
    kernel, group = server.kernel, f"iscsi/{IQN}/tpgt_1"
    hands: list[tuple[t.Callable[[], t.Any], str]] = [
        (lambda: kernel.fwrite(kernel.root / f"{group}/enable", "0"), "enabled"),
        (lambda: kernel.fwrite(kernel.root / f"{group}/attrib/authentication", "0"), "authentication=1"),
        (lambda: kernel.fwrite(kernel.root / f"{group}/attrib/generate_node_acls", "1"), "generate_node_acls=0"),
        (
            lambda: kernel.fwrite(kernel.root / f"{group}/acls/{HOST1}/auth/password", "somebody-elses"),
            f"{HOST1}: CHAP names and secrets",
        ),
        ((kernel.root / group / "np" / "127.0.0.1:3260").rmdir, "portal 127.0.0.1:3260"),
        ((kernel.root / group / "np" / "10.0.0.1:3260").mkdir, "no portal 10.0.0.1:3260"),
        (
            lambda: kernel.fwrite(kernel.root / "core/iblock_0/minicloud/attrib/emulate_tpu", "0"),
            "minicloud: emulate_tpu=1",
        ),
        (
            lambda: kernel.fwrite(kernel.root / f"{group}/acls/{HOST2}/lun_3/write_protect", "1"),
            f"{HOST2} sees LUN 3",
        ),
        (
            (kernel.root / group / "acls" / "iqn.2026-01.org.example:stranger").mkdir,
            "no initiator iqn.2026-01.org.example:stranger",
        ),
    ]
    for hand, said in hands:
        hand()
        for check in (True, False):
            result = server.declare(check=check, **declared)
            assert result["target"]["changes"] == [said, "save"]
            assert result["changed"]
            diff = result["diff"][0]
            assert diff["before"] != diff["after"]
        assert not server.declare(**declared)["changed"]


@pytest.mark.parametrize("how", ["gone", "open", "old"])
def test_what_the_next_boot_brings_is_looked_at_too(server: Server, device: t.Callable[[], str], how: str) -> None:
    declared = whole(device())
    server.declare(**declared)
    if how == "gone":
        server.saveconfig.unlink()
    elif how == "open":
        server.saveconfig.chmod(0o644)
    else:
        server.saveconfig.write_text(server.saveconfig.read_text().replace("127.0.0.1", "127.0.0.2"))
    for check in (True, False):
        result = server.declare(check=check, **declared)
        assert (result["changed"], result["target"]["changes"]) == (True, ["save"])
    assert stat.S_IMODE(server.saveconfig.stat().st_mode) == 0o600
    assert not server.declare(**declared)["changed"]


def test_saving_does_not_lose_what_was_not_restored(server: Server, device: t.Callable[[], str]) -> None:
    declared = whole(device())
    server.declare(**declared)
    saved = server.saved()
    saved["targets"].append({**saved["targets"][0], "wwn": "iqn.2026-01.org.example:other"})
    server.saveconfig.write_text(json.dumps(saved))
    server.saveconfig.chmod(0o600)
    assert not server.declare(**declared)["changed"]
    before = server.snapshot()
    with pytest.raises(KvmError, match=r"has iqn\.2026-01\.org\.example:other too") as caught:
        server.declare(**{**declared, "initiators": []})
    assert caught.value.error_code == "not_restored"
    assert server.snapshot() == before
    assert server.declare(targets=[{"name": "iqn.2026-01.org.example:other", "state": "absent"}])["changed"]


def test_who_is_logged_in_is_not_interrupted(server: Server, device: t.Callable[[], str]) -> None:
    path, other = device(), device()
    server.declare(**whole(path))
    server.kernel.log_in(IQN, HOST1)
    assert server.declare(**whole(path))["target"]["sessions"] == [HOST1]
    assert not server.declare(**whole(path))["changed"]
    lun = whole(path)["luns"][0]
    refused: list[tuple[dict[str, t.Any], str]] = [
        ({"state": "absent"}, "removing it"),
        (whole(path, initiators=[chap(HOST2)]), f"removing the initiator {HOST1}"),
        (whole(path, luns=[{"lun": 3, "state": "absent"}]), "removing LUN 3"),
        (whole(path, luns=[{**lun, "device": other}]), "giving LUN 3 another device"),
        (whole(path, luns=[{**lun, "readonly": True}]), "giving LUN 3 another readonly"),
        (whole(path, luns=[{**lun, "name": "other", "device": other}]), "giving LUN 3 another backstore"),
        (whole(path, initiators=[chap(HOST1, luns=[]), chap(HOST2)]), f"taking LUN 3 from {HOST1}"),
        (whole(path, portals=[{"address": "127.0.0.1"}]), "removing the portal [::1]:3261"),
    ]
    before = server.snapshot()
    for options, what in refused:
        for check in (True, False):
            with pytest.raises(KvmError) as caught:
                server.declare(check=check, **options)
            assert caught.value.error_code == "in_use"
            assert caught.value.facts["sessions"] == [HOST1]
            assert what in caught.value.message
            assert server.snapshot() == before
    # Only the other, which is not logged in
    assert server.declare(**whole(path, initiators=[chap(HOST1)]))["changed"]
    result = server.declare(
        **whole(path, luns=[{**lun, "device": other}], initiators=[chap(HOST1)]), allow_disconnect=True
    )
    assert server.read("core/iblock_0/minicloud/udev_path") == other
    assert (server.group() / "acls" / HOST1 / "lun_3").is_dir()
    assert result["target"]["changes"][:3] == ["no LUN 3", "no backstore minicloud", result["target"]["changes"][2]]


def test_a_replaced_backstore_keeps_its_serial_and_its_initiators(server: Server, device: t.Callable[[], str]) -> None:
    path, other = device(), device()
    server.declare(**whole(path))
    serial = server.read("core/iblock_0/minicloud/wwn/vpd_unit_serial")
    # initiators left out: who sees it stays as it is
    lun = {"lun": 3, "name": "minicloud", "device": other}
    server.declare(luns=[lun])
    assert server.read("core/iblock_0/minicloud/wwn/vpd_unit_serial") == serial
    assert server.read("core/iblock_0/minicloud/attrib/emulate_tpu") == "1"
    assert all((server.group() / "acls" / name / "lun_3").is_dir() for name in (HOST1, HOST2))
    assert not server.declare(luns=[lun])["changed"]
    declared = "3f0c3a2e-6e5e-4a3b-8f55-0b6f4b0a2b11"
    result = server.declare(luns=[{**lun, "wwn": declared.upper()}])
    assert result["target"]["luns"][0]["wwid"] == "360014053f0c3a2e6e5e4a3b8f550b6f4"
    assert server.read("core/iblock_0/minicloud/wwn/vpd_unit_serial").endswith(declared)


def test_luns_go_only_when_they_are_named(server: Server, device: t.Callable[[], str]) -> None:
    luns = [{"lun": number, "name": f"lun{number}", "device": device()} for number in (0, 1)]
    server.declare(portals=[{"address": "127.0.0.1"}], luns=luns, initiators=[{"name": HOST1}])
    result = server.declare(luns=luns[:1], initiators=[{"name": HOST1}])
    assert (result["changed"], len(result["warnings"])) == (False, 1)
    assert result["warnings"][0] == f"{IQN} also has LUN 1, which the task does not name. It stays."
    assert sorted(path.name for path in (server.group() / "acls" / HOST1).glob("lun_*")) == ["lun_0", "lun_1"]
    result = server.declare(luns=[luns[0], {"lun": 1, "state": "absent"}], initiators=[{"name": HOST1}])
    assert result["target"]["changes"] == ["no LUN 1", "no backstore lun1", "save"]
    assert server.names("lun") == ["lun_0"]
    assert Path(luns[1]["device"]).is_block_device()
    assert not server.declare(luns=[luns[0], {"lun": 1, "state": "absent"}])["changed"]


def test_numbers_that_an_initiator_sees(server: Server, device: t.Callable[[], str]) -> None:
    luns = [{"lun": number, "name": f"lun{number}", "device": device()} for number in (0, 1)]
    see = [{"lun": 1, "mapped_lun": 0, "write_protect": True}]
    base = {"portals": [{"address": "127.0.0.1"}], "luns": luns}
    server.declare(**base, initiators=[{"name": HOST1, "luns": see}])
    acl = server.group() / "acls" / HOST1
    assert (acl / "lun_0" / "write_protect").read_text().strip() == "1"
    assert not server.declare(**base, initiators=[{"name": HOST1, "luns": see}])["changed"]
    result = server.declare(**base, initiators=[{"name": HOST1}])
    assert result["target"]["changes"] == [
        f"{HOST1} does not see LUN 1 as 0 for reading only",
        f"{HOST1} sees LUN 0",
        f"{HOST1} sees LUN 1",
        "save",
    ]
    with pytest.raises(KvmError, match=f"{HOST1} is to see LUN 7, which the target does not have"):
        server.declare(**base, initiators=[{"name": HOST1, "luns": [{"lun": 7}]}])


def test_a_file_grows_and_never_shrinks(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "iso.img"

    def lun(size: str) -> dict[str, t.Any]:
        return {
            "portals": [{"address": "127.0.0.1"}],
            "luns": [{"lun": 0, "name": "iso", "file": str(file), "size": size}],
            "initiators": [{"name": HOST1}],
        }

    server.declare(check=True, **lun("20MiB"))
    assert not file.exists()
    server.declare(**lun("20MiB"))
    assert (file.stat().st_size, stat.S_IMODE(file.stat().st_mode)) == (20 * MIB, 0o600)
    assert "Size: 20971520" in server.read("core/fileio_0/iso/info")
    assert not server.declare(**lun("20MiB"))["changed"]
    file.write_bytes(b"data" + file.read_bytes()[4:])
    with pytest.raises(KvmError, match="never made smaller"):
        server.declare(**lun("10MiB"))
    server.kernel.log_in(IQN, HOST1)
    with pytest.raises(KvmError, match="giving LUN 0 another size would interrupt"):
        server.declare(**lun("40MiB"))
    assert file.stat().st_size == 20 * MIB
    server.declare(**lun("40MiB"), allow_disconnect=True)
    assert "Size: 41943040" in server.read("core/fileio_0/iso/info")
    assert file.read_bytes()[:4] == b"data"
    server.declare(state="absent", allow_disconnect=True)
    assert file.stat().st_size == 40 * MIB


def test_a_backstore_of_somebody_elses_is_left_alone(server: Server, device: t.Callable[[], str]) -> None:
    path, other = device(), device()
    server.declare(**whole(path))
    second = {
        **whole(other),
        "name": "iqn.2026-01.org.example:second",
        "portals": [{"address": "127.0.0.1", "port": 3299}],
    }
    before = server.snapshot()
    with pytest.raises(KvmError, match="LIO has another backstore of this name") as caught:
        server.declare(targets=[second])
    assert caught.value.error_code == "backstore_taken"
    assert server.snapshot() == before
    second["luns"] = [{"lun": 0, "name": "second", "device": other}]
    first = {**whole(path), "name": IQN}
    result = server.declare(targets=[first, second])
    assert [bool(one["changes"][:-1]) for one in result["targets"]] == [False, True]
    # One goes, the other stays.
    server.declare(targets=[{"name": second["name"], "state": "absent"}, first])
    assert server.names("lun") == ["lun_3"]


def test_what_is_not_there(server: Server, tmp_path: Path) -> None:
    declared = whole("/dev/mct/nothing", portals=[{"address": "192.0.2.7"}])
    result = server.declare(check=True, **declared)
    assert result["changed"]
    assert result["warnings"] == [
        "A real run needs more: /dev/mct/nothing: there is no such device.",
        "A real run needs more: 192.0.2.7: no interface of this machine has this address.",
    ]
    before = server.snapshot()
    with pytest.raises(KvmError, match=r"there is no such device; 192\.0\.2\.7: no interface") as caught:
        server.declare(**declared)
    assert caught.value.error_code == "not_found"
    assert server.snapshot() == before


def test_a_device_in_use_is_seen_before_anything_is_done(server: Server, device: t.Callable[[], str]) -> None:
    path, other = device(), device()
    server.declare(**whole(path))
    handle = os.open(other, os.O_RDONLY | os.O_EXCL)  # as a mount has it
    before = server.snapshot()
    try:
        with pytest.raises(KvmError, match=f"{other}: it is in use"):
            server.declare(**whole(other))
        assert server.snapshot() == before
    finally:
        os.close(handle)
    # What the backstore itself has is its own.
    handle = os.open(path, os.O_RDONLY | os.O_EXCL)
    try:
        with pytest.raises(
            KvmError, match="already in use"
        ) as caught:  # rtslib's: on this stand-in nobody gives it back
            server.declare(**whole(path, luns=[{**whole(path)["luns"][0], "readonly": True}]))
        assert caught.value.error_code == "lio_failed"
    finally:
        os.close(handle)


def test_a_failure_says_what_had_been_done(
    server: Server, device: t.Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_iscsi_target_task, "has_address", lambda address: True)
    real = server.kernel.mkdir

    def refuse(path: t.Any, mode: int = 0o777, **more: t.Any) -> None:
        if "/np/" in os.fspath(path):
            raise OSError(99, "Cannot assign requested address", str(path))
        real(path, mode, **more)

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(KvmError) as caught:
        server.declare(**whole(device()))
    assert caught.value.error_code == "lio_failed"
    assert SECRET not in str(caught.value.as_result())
    assert f"Failed to declare the target {IQN} (portal 127.0.0.1:3260): " in caught.value.message
    assert "Done and not saved: target" in caught.value.message


def test_on_a_machine_without_lio(server: Server, device: t.Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lio, "IMPORT_ERROR", "no rtslib")
    result = server.declare(check=True, **whole(device()))
    assert result["changed"]
    assert result["warnings"] == ["rtslib isn't installed here yet; a real run needs it."]


LUN = {"lun": 0, "name": "a", "device": "/dev/x"}


@pytest.mark.parametrize(
    ("options", "option", "said"),
    [
        ({"name": "iqn.2026-13.org.example:x"}, "name", "an IQN is wanted"),
        ({"name": "iqn.2026-01.lab:x"}, "name", "an IQN is wanted"),
        ({"name": "storage"}, "name", "an IQN is wanted"),
        ({"portals": []}, "portals", "can't be reached"),
        ({}, "portals", "a new target needs at least one"),
        ({"portals": [{"address": "storage"}]}, "portals[0].address", "an IPv4 or IPv6 address is wanted"),
        ({"portals": [{"address": "::1", "port": 0}]}, "portals[0].port", "1 to 65535"),
        ({"portals": [{"address": "::1"}, {"address": "0:0::1"}]}, "portals[1].address", "[::1]:3260 has it already"),
        ({"portals": [{"address": "0.0.0.0"}, {"address": "10.0.0.1"}]}, "portals[1].address", "has it already"),
        ({"luns": [{**LUN, "lun": 256}]}, "luns[0].lun", "0 to 255"),
        ({"luns": [LUN, {**LUN, "name": "b"}]}, "luns[1].lun", "another LUN of the target has it"),
        ({"luns": [LUN, {**LUN, "lun": 1}]}, "luns[1].name", "another LUN of the target has it"),
        ({"luns": [{"lun": 0, "name": "a"}]}, "luns[0].device", "either a device or a file"),
        ({"luns": [{**LUN, "file": "/x", "size": "1GiB"}]}, "luns[0].device", "either a device or a file"),
        ({"luns": [{"lun": 0, "name": "a", "file": "/x"}]}, "luns[0].size", "a file's size is wanted"),
        ({"luns": [{**LUN, "size": "1GiB"}]}, "luns[0].size", "it is for a file"),
        ({"luns": [{**LUN, "device": "x y"}]}, "luns[0].device", "an absolute path"),
        ({"luns": [{**LUN, "wwn": "1"}]}, "luns[0].wwn", "a UUID is wanted"),
        ({"luns": [{**LUN, "attributes": {"a b": 1}}]}, "luns[0].attributes", "an attribute's name"),
        ({"luns": [{"lun": 0, "device": "/dev/x"}]}, "luns[0].name", "1 to 64 letters"),
        ({"attributes": {"authentication": 0}}, "attributes", "set by what initiators says"),
        ({"initiators": [{"name": "x"}]}, "initiators[0].name", "an IQN is wanted"),
        ({"initiators": [{"name": HOST1}, {"name": HOST1.upper()}]}, "initiators[1].name", "another initiator"),
        ({"initiators": [chap(HOST1), {"name": HOST2}]}, "initiators[1].userid", "either all initiators"),
        ({"initiators": [chap(HOST1, password=None)]}, "initiators[0].userid", "a name and a secret go together"),
        ({"initiators": [chap(HOST1, password="short")]}, "initiators[0].password", "12 to 255 characters"),
        ({"initiators": [chap(HOST1, mutual_password=SECRET)]}, "initiators[0].mutual_password", "another secret"),
        (
            {"initiators": [chap(HOST1, userid=None, password=None)]},
            "initiators[0].mutual_userid",
            "only together with userid",
        ),
        (
            {"luns": [LUN], "initiators": [{"name": HOST1, "luns": [{"lun": 0}, {"lun": 0}]}]},
            "initiators[0].luns[1].mapped_lun",
            "the initiator has that number already",
        ),
    ],
)
def test_bad_values(server: Server, options: dict[str, t.Any], option: str, said: str) -> None:
    with pytest.raises(BadValue) as caught:
        server.declare(**options)
    assert caught.value.facts["option"] == option
    assert said in caught.value.message
    assert server.kernel.made == set()


def test_the_wwid_that_an_initiator_sees() -> None:
    # LIO's NAA name (target_core_spc.c): 6, 001405, then 25 digits of the unit serial.
    assert wwid("a1b2c3d4-e5f6-4718-9a0b-c1d2e3f4a5b6") == "36001405a1b2c3d4e5f647189a0bc1d2e"
