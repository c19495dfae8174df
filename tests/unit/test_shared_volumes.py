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

import jinja2
import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _logical, _machines

TEMPLATE = Path(__file__).resolve().parents[2] / "roles/iscsi_initiator/templates/shared-volumes.py.j2"
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
