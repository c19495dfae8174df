# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logical volumes of a volume group that several hosts see: libvirt's hook of the role iscsi_initiator, and what a
machine says of them.

This machine has no device mapper. So the programs of LVM are stand-ins where something is activated: they note how they
are called, and say what LVM 2.03.16 says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path
from unittest import mock

import jinja2
import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _logical,
    _machines,
    _migrate,
    _pool_volumes,
    _preflight,
    _volume,
    _volume_new,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

ROLES = Path(__file__).resolve().parents[2] / "roles"
TEMPLATE = ROLES / "iscsi_initiator/templates/shared-volumes.py.j2"
MIB = 1024 * 1024
VG, LV = "HstOwo-3FMP-Nnm7-w2IE-Hb0K-2FW3-wgRTl8", "aaaaaa-bbbb-cccc-dddd-eeee-ffff-gggggg"
UUID = "LVM-" + (VG + LV).replace("-", "")
DOMAIN = "<domain><devices>{}</devices></domain>"
DISK = "<disk type='block'><source dev='{}'/><target dev='vda'/></disk>"


def render(groups: list[str]) -> str:
    environment = jinja2.Environment(keep_trailing_newline=True)
    environment.filters["to_json"] = json.dumps
    return environment.from_string(TEMPLATE.read_text()).render(iscsi_initiator_volume_groups=groups)


@pytest.fixture
def parts() -> dict[str, t.Any]:
    """The hook's functions."""
    found: dict[str, t.Any] = {"__name__": "hook"}
    exec(compile(render(["guests", "my-vg"]), str(TEMPLATE), "exec"), found)
    return found


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/dev/guests/web1-vda", "guests/web1-vda"),
        ("/dev/mapper/guests-web1--vda", "guests/web1-vda"),
        ("/dev/mapper/my--vg-a", "my-vg/a"),
        ("/dev/mapper/my--vg-a--b", "my-vg/a-b"),
        ("/dev/my-vg/../guests/x", "guests/x"),
        ("/dev/other/web1-vda", None),
        ("/dev/mapper/minicloud", None),
        ("/dev/mapper/guests-", None),
        ("/dev/mapper/guests--two-a", None),
        ("/dev/mapper/guests-web1-vda_tmeta", None),
        ("/var/lib/libvirt/images/guests/x", None),
        ("", None),
    ],
)
def test_paths(parts: dict[str, t.Any], path: str, name: str | None) -> None:
    assert parts["volume"](path, ["guests", "my-vg"]) == name


def test_disks_of_a_domain(parts: dict[str, t.Any]) -> None:
    """Also a disk that an overlay lies on, and one that is named twice; a CD-ROM that is empty has no source."""
    disks = (
        DISK.format("/dev/guests/b") + DISK.format("/dev/guests/a") + "<disk device='cdrom'><target dev='sda'/></disk>"
    )
    disks += "<disk><source file='/x.qcow2'/><backingStore><source dev='/dev/guests/a'/></backingStore></disk>"
    assert parts["volumes"](DOMAIN.format(disks), ["guests"]) == ["guests/a", "guests/b"]


class Host:
    """A directory of programs that note how they are called, and a hook that finds them."""

    def __init__(self, path: Path) -> None:
        self.bin, self.log = path / "bin", path / "log"
        self.bin.mkdir()
        self.hook = path / "hook"
        text = render(["guests"]).replace("/usr/sbin:/usr/bin", f"{self.bin}:/usr/sbin:/usr/bin")
        self.hook.write_text(text.replace("#!/usr/bin/python3", f"#!{sys.executable}"))
        self.hook.chmod(0o755)
        self.program("lvchange", "")

    def program(self, name: str, body: str) -> None:
        (self.bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{self.log}\n{body}\n')
        (self.bin / name).chmod(0o755)

    def lvs(self, *rows: dict[str, str]) -> None:
        (self.bin / "report").write_text(json.dumps({"report": [{"lv": list(rows)}]}))
        self.program("lvs", f"cat {self.bin}/report")

    def mapped(self, uuid: str | None) -> None:
        body = "echo 'Device does not exist.' >&2; exit 1" if uuid is None else f"echo {uuid}"
        self.program("dmsetup", f'[ "$1" = info ] || exit 0\n{body}')

    def run(self, domain: str, *words: str) -> tuple[int, str, list[str]]:
        done = subprocess.run(
            [str(self.hook), "web1", *(words or ("prepare", "begin", "-"))],
            input=domain,
            capture_output=True,
            text=True,
            check=False,
        )
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        assert done.stdout == ""
        return done.returncode, done.stderr, [call for call in calls if not call.startswith("lvs")]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def row(name: str = "a", **changes: str) -> dict[str, str]:
    one = {"vg_name": "guests", "lv_name": name, "vg_uuid": VG, "lv_uuid": LV, "segtype": "linear"}
    return {**one, "lv_dm_path": f"/dev/mapper/guests-{name}", **changes}


ONE = DOMAIN.format(DISK.format("/dev/guests/a"))
INFO = "dmsetup info -c --noheadings --separator   -o uuid guests-a"
HAD = ["lvchange -aly guests/a", "lvchange --refresh guests/a"]


@pytest.mark.parametrize("mapped", [None, UUID])
def test_a_volume_is_had_as_it_is_now(host: Host, mapped: str | None) -> None:
    host.lvs(row(), row(segtype="striped"), row("b"))
    host.mapped(mapped)
    assert host.run(ONE) == (0, "", [INFO, *HAD])


def test_what_another_host_has_removed_goes_first(host: Host) -> None:
    host.lvs(row())
    host.mapped("LVM-another")
    assert host.run(ONE) == (0, "", [INFO, "dmsetup remove guests-a", *HAD])
    host.log.unlink()
    host.program("dmsetup", '[ "$1" = info ] && echo LVM-another || { echo Device or resource busy >&2; exit 1; }')
    code, said, calls = host.run(ONE)
    assert (code, calls) == (1, [INFO, "dmsetup remove guests-a"])
    assert "guests-a is what another host has removed, and in use: Device or resource busy" in said


@pytest.mark.parametrize("kind", ["thin", "snapshot", "raid1", "thin-pool"])
def test_what_two_hosts_would_destroy_does_not_start(host: Host, kind: str) -> None:
    host.lvs(row(segtype=kind))
    assert host.run(ONE) == (
        1,
        f"minicloud.kvm: logical volume guests/a is of type {kind}: on several hosts that would destroy it\n",
        [],
    )


def test_errors_keep_a_guest_from_starting(host: Host) -> None:
    host.lvs(row("b"))
    assert host.run(ONE)[:2] == (1, "minicloud.kvm: there is no logical volume guests/a (lvs: 0)\n")
    host.program("lvs", "echo '  Volume group \"guests\" not found' >&2; exit 5")
    assert host.run(ONE)[:2] == (
        1,
        'minicloud.kvm: there is no logical volume guests/a (Volume group "guests" not found)\n',
    )
    host.lvs(row())
    host.mapped(None)
    host.program("lvchange", "echo '  no room' >&2; exit 5")
    assert host.run(ONE)[:2] == (1, "minicloud.kvm: lvchange -aly guests/a: no room\n")
    assert host.run("<domain>")[0] == 1


@pytest.mark.parametrize(
    "words", [("release", "end"), ("migrate", "begin"), ("start", "begin"), ("reconnect", "begin")]
)
def test_nothing_is_done_otherwise(host: Host, words: tuple[str, str]) -> None:
    assert host.run(ONE, *words, "-") == (0, "", [])
    assert not host.log.exists()


def test_other_disks_are_not_looked_at(host: Host) -> None:
    assert host.run(DOMAIN.format(DISK.format("/dev/other/a"))) == (0, "", [])
    assert not host.log.exists()


def test_a_machine_says_what_an_inactive_volume_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of one that is active: the kernel's, from sysfs."""
    (tmp_path / "lvs").write_text(f'#!/bin/sh\n[ "$5" = /dev/mct/a ] || exit 5\necho "  {VG} {LV} "\n')
    (tmp_path / "lvs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    machine = _machines.Machine("localhost", "root")
    found = machine.files(["/dev/mct/a", "/dev/mct/b", "/dev/mct/c/d", "/dev/null"])
    assert found["/dev/mct/a"] == f"device\t{UUID}"
    assert _machines.is_logical(found["/dev/mct/a"])
    assert set(found) == {"/dev/mct/a", "/dev/null"}
    assert not _machines.is_logical(found["/dev/null"])


def test_names_of_a_report() -> None:
    assert _logical.names('{"report": [{"lv": [{"lv_name": "a"}, {"lv_name": "b-c"}]}, {"lv": []}]}') == {"a", "b-c"}


@pytest.fixture
def lvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], list[str]]:
    """lvchange as it is told to be; returns what it was called with since."""
    log = tmp_path / "log"

    def have(body: str) -> list[str]:
        calls = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        (tmp_path / "lvchange").write_text(f'#!/bin/sh\necho "$*" >>{log}\n{body}\n')
        (tmp_path / "lvchange").chmod(0o755)
        return calls

    monkeypatch.setattr(_machines, "_PATH", f"PATH={tmp_path}:/usr/bin:/bin")
    return have


def test_a_machine_has_a_volume_and_gives_it_up(lvm: t.Callable[[str], list[str]], tmp_path: Path) -> None:
    machine = _machines.Machine("localhost", "root")
    lvm("")
    # Nothing is activated of which nobody says what it is.
    with pytest.raises(KvmError, match="On localhost the logical volume /dev/guests/a can't be had: lvs doesn't say"):
        machine.activate("/dev/guests/a")
    assert lvm("") == []
    (tmp_path / "lvs").write_text("#!/bin/sh\necho '  linear'\n")
    (tmp_path / "lvs").chmod(0o755)
    machine.activate("/dev/guests/a")
    assert machine.deactivate("/dev/guests/a")
    assert lvm("exit 5") == ["-aly /dev/guests/a", "--refresh /dev/guests/a", "-aln /dev/guests/a"]
    assert not machine.deactivate("/dev/guests/a")
    with pytest.raises(KvmError, match="On localhost the logical volume /dev/guests/a can't be had: lvchange -aly"):
        machine.activate("/dev/guests/a")


@pytest.mark.parametrize("kind", ["thin", "cache", "raid1", "writecache"])
def test_what_may_not_be_active_twice_is_not_activated(
    lvm: t.Callable[[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    lvm("")
    (tmp_path / "lvs").write_text(f"#!/bin/sh\necho '  linear'\necho '  {kind}'\n")
    (tmp_path / "lvs").chmod(0o755)
    with pytest.raises(
        KvmError, match=rf"/dev/guests/a is a logical volume of type {kind}: active on localhost"
    ) as told:
        _machines.Machine("localhost", "root").activate("/dev/guests/a")
    assert told.value.error_code == "not_shared"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    pool = mock.Mock(source=_xml.parse("<source><name>guests</name></source>", "a source"))
    with pytest.raises(KvmError, match=rf"Volume a is not active here, and is of type {kind}: active on two") as told:
        _logical.activate(pool, "a")
    assert told.value.error_code == "lvm_failed"
    assert lvm("") == []


class Calls:
    """Two machines that note what is asked of them; the libvirt of both is left out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: str = "") -> None:
        self.made: list[str] = []
        self.fails = fails
        domain = mock.Mock(UUIDString=lambda: "u")
        places = {}
        for name in ("host1", "host2"):
            machine = mock.Mock(activate=self.note(f"activate {name}"), deactivate=self.note(f"deactivate {name}"))
            machine.name = name
            places[name] = _preflight.Place(machine, mock.Mock(), domain, "stopped", "u")
        self.plan = _migrate.Plan(places["host2"], places["host1"], mode="offline")
        self.wanted = mock.Mock(dest="host2")
        self.wanted.name = "web1"
        monkeypatch.setattr(_preflight, "logical_disks", lambda _source: ["/dev/guests/a"])
        monkeypatch.setattr(_migrate._libvirt, "autostart", lambda _domain: False)
        monkeypatch.setattr(_migrate._libvirt, "is_persistent", lambda _domain: True)
        monkeypatch.setattr(_migrate._libvirt_domain, "lookup", lambda _host, _name: domain)
        monkeypatch.setattr(_migrate, "_offline", self.note("move"))

    def note(self, what: str) -> t.Callable[..., t.Any]:
        def called(*arguments: t.Any) -> t.Any:
            self.made.append(what)
            if what == self.fails:
                if what.startswith("deactivate"):
                    return False
                raise KvmError("It fails.")
            return {} if what == "move" else True

        return called

    def move(self) -> list[str]:
        assert self.plan.source is not None
        _migrate._move(self.wanted, self.plan, self.plan.source)
        return self.made


def test_a_guest_that_moves_takes_its_volumes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Calls(monkeypatch).move() == ["activate host2", "move", "deactivate host1"]
    stays = Calls(monkeypatch, "deactivate host1")
    stays.move()
    assert stays.plan.warnings == ["/dev/guests/a is still active on host1."]


@pytest.mark.parametrize("fails", ["activate host2", "move"])
def test_a_guest_that_does_not_move_leaves_none_there(monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    calls = Calls(monkeypatch, fails)
    with pytest.raises(KvmError, match="It fails"):
        calls.move()
    assert calls.made[-2:] == [fails, "deactivate host2"]
    assert "deactivate host1" not in calls.made


def test_which_disks_are_logical_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    disks = "".join(DISK.format(path) for path in ("/dev/guests/a", "/dev/sdb")) + "<disk><source file='/x'/></disk>"
    monkeypatch.setattr(_preflight._libvirt_migrate, "migratable_xml", lambda _domain: DOMAIN.format(disks))
    machine = mock.Mock(
        files=lambda paths: {path: f"device\t{'LVM-x' if 'guests' in path else 'naa.1'}" for path in paths}
    )
    assert _preflight.logical_disks(mock.Mock(machine=machine)) == ["/dev/guests/a"]


PLAYED = {
    "__guests_site": {
        "pools": [
            {"name": "shared", "type": "logical", "source": {"name": "guests", "devices": [{"path": "/dev/mapper/m"}]}},
            {"name": "named", "type": "logical", "source": {"devices": [{"path": "/dev/mapper/n"}]}},
            {"name": "own", "type": "logical", "source": {"devices": [{"path": "/dev/sdb"}]}},
            {"name": "files", "type": "dir"},
            {"xml": "<pool/>"},
        ]
    },
    "__guests_plan": {
        "stale_volumes": [{"pool": pool, "name": "web1-vda"} for pool in ("shared", "named", "own", "files")],
    },
}


@pytest.mark.parametrize("pools", [5, 0])
def test_what_the_role_guests_makes_of_it(tmp_path: Path, pools: int) -> None:
    """By Ansible itself."""
    given = {**PLAYED, "__guests_site": {"pools": PLAYED["__guests_site"]["pools"][:pools]}}
    names = ("__guests_groups", "__guests_stale")
    copy = {"content": {name: f"{{{{ {name} }}}}" for name in names}, "dest": str(tmp_path / "told"), "mode": "0644"}
    task = {"ansible.builtin.copy": copy, "vars": given, "throttle": "{{ 1 if __guests_groups else 0 }}"}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    play |= {
        "vars_files": [str(ROLES / "guests/vars/main.yml")],
        "vars": {"ansible_python_interpreter": sys.executable},
    }
    (tmp_path / "play.json").write_text(json.dumps([play]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "play.json"]
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "told").read_text())
    assert told["__guests_groups"] == ({"shared": "guests", "named": "named"} if pools else {})
    assert told["__guests_stale"] == (["guests/web1-vda", "named/web1-vda"] if pools else [])


class Fake(_pool_volumes.PoolFound):
    """A pool that lists a volume once it is active."""

    shown: str | None = None

    def read(self, name: str) -> t.Any:
        return None if self.shown is None else _xml.parse(self.shown, name)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_volume_that_is_not_active_here_is_there(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    pool = Fake(mock.Mock(), {"a": mock.Mock()}, None, "logical", "/dev/guests")
    host = mock.Mock(remote=False)
    world = _volume_new.World(host, {"shared": pool})
    monkeypatch.setattr(_logical, "is_hidden", lambda _pool, name: name == "a")
    monkeypatch.setattr(_volume_new, "unfilled", lambda *_: None)
    monkeypatch.setattr(_volume._libvirt_domain, "user_of", lambda *_: None)
    desired = {"name": "a", "pool": "shared", "state": state, "capacity": 64 * MIB, "allow_shrink": False}
    kind = _volume.Volume(check_mode=True)
    plan = kind.plan(desired, world)
    assert plan.steps == []
    assert [change.field for change in plan.changes] == ([] if state == "present" else ["state"])
    assert plan.warnings == (
        ["Volume shared/a is not active here: how it differs can't be known."] if state == "present" else []
    )

    def activate(_pool: t.Any, _name: str) -> None:
        pool.shown = f"<volume><capacity>{32 * MIB}</capacity><target><path>/dev/guests/a</path></target></volume>"

    monkeypatch.setattr(_logical, "activate", activate)
    plan = _volume.Volume(check_mode=False).plan(desired, world)
    assert [step.verb for step in plan.steps] == ["resize" if state == "present" else "delete"]
