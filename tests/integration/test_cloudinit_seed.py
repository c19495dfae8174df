# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cloudinit_seed as Ansible runs it, its seeds read by cloud-init's schema check, xorriso and blkid."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _seed_file

NETWORK = {"version": 2, "ethernets": {"all": {"match": {"name": "e*"}, "dhcp4": True}}}
USER = {"users": [{"name": "admin", "hashed_passwd": "$6$verysecret"}], "packages": ["vim"]}
SECRET = "verysecret"


def arguments(path: Path, **more: t.Any) -> dict[str, t.Any]:
    return {"path": str(path), "meta_data": {"local-hostname": "web1"}, "user_data": USER, **more}


def extract(path: Path, tmp_path: Path) -> Path:
    """The seed's files as xorriso reads them."""
    out = tmp_path / f"out-{len(list(tmp_path.iterdir()))}"
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", str(path), "-extract", "/", str(out)], check=True, capture_output=True
    )
    return out


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_seeds_life(run_module: t.Any, tmp_path: Path) -> None:
    path = tmp_path / "web1-seed.iso"
    args = arguments(path, network_config=NETWORK, vendor_data={"package_update": False})

    result = run_module("cloudinit_seed", args, check=True)
    assert result["changed"]
    assert not path.exists()
    assert result["diff"]["after"][str(path)]["user-data"] == {"packages": ["vim"], "users": "(hidden)"}

    assert run_module("cloudinit_seed", args)["changed"]
    assert mode(path) == 0o640
    label = ["blkid", "-p", "-s", "LABEL", "-o", "value", str(path)]
    assert subprocess.run(label, capture_output=True, text=True, check=True).stdout == "CIDATA\n"
    files = extract(path, tmp_path)
    assert {file.name for file in files.iterdir()} == {"user-data", "meta-data", "vendor-data", "network-config"}
    subprocess.run(["cloud-init", "schema", "--config-file", str(files / "user-data")], check=True)

    before = path.stat()
    again = run_module("cloudinit_seed", args)
    assert not again["changed"]
    assert again["seed"] == {"path": str(path), "state": "present", "changes": []}
    assert path.stat().st_ino == before.st_ino

    # Drift by hand: the seed of some other tool, with other content.
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "meta-data").write_text("instance-id: other\n")
    (tmp_path / "tree" / "user-data").write_text("#cloud-config\npackages: [nano]\n")
    subprocess.run(
        ["xorriso", "-as", "mkisofs", "-J", "-r", "-V", "cidata", "-o", str(path), str(tmp_path / "tree")],
        check=True,
        capture_output=True,
    )
    path.chmod(0o644)
    shown = run_module("cloudinit_seed", args, check=True)
    assert shown["changed"]
    assert shown["diff"]["before"][str(path)] == {
        "meta-data": {"instance-id": "other"},
        "mode": "0644",
        "user-data": {"packages": ["nano"]},
    }
    assert shown["diff"]["after"][str(path)]["meta-data"] == {"instance-id": "web1", "local-hostname": "web1"}
    assert mode(path) == 0o644
    repaired = run_module("cloudinit_seed", args)
    assert repaired["diff"] == shown["diff"]
    assert mode(path) == 0o640
    assert not run_module("cloudinit_seed", args)["changed"]

    # The same file's permissions alone.
    path.chmod(0o604)
    inode = path.stat().st_ino
    assert [c["field"] for c in run_module("cloudinit_seed", args)["seed"]["changes"]] == ["mode"]
    assert (mode(path), path.stat().st_ino) == (0o640, inode)

    # A document that is no longer declared goes.
    fewer = {name: value for name, value in args.items() if name != "vendor_data"}
    assert [c["field"] for c in run_module("cloudinit_seed", fewer)["seed"]["changes"]] == ["vendor-data"]
    assert not (extract(path, tmp_path) / "vendor-data").exists()

    absent = {"path": str(path), "state": "absent"}
    assert run_module("cloudinit_seed", absent, check=True)["changed"]
    assert path.exists()
    assert run_module("cloudinit_seed", absent)["changed"]
    assert not path.exists()
    assert not run_module("cloudinit_seed", absent)["changed"]
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_owner_that_libvirt_gave_is_no_drift(run_module: t.Any, tmp_path: Path) -> None:
    path = tmp_path / "web1-seed.iso"
    run_module("cloudinit_seed", arguments(path))
    qemu = pwd.getpwnam("libvirt-qemu")
    assert path.stat().st_gid != 0, "QEMU's group reads a new seed"
    os.chown(path, qemu.pw_uid, qemu.pw_gid)
    assert not run_module("cloudinit_seed", arguments(path))["changed"]

    # New content keeps what libvirt gave: the guest may be running.
    assert run_module("cloudinit_seed", arguments(path, user_data={}))["changed"]
    assert (path.stat().st_uid, path.stat().st_gid) == (qemu.pw_uid, qemu.pw_gid)

    declared = arguments(path, user_data={}, owner="root", group="0", mode=0o600)
    result = run_module("cloudinit_seed", declared)
    assert [(c["field"], c["after"]) for c in result["seed"]["changes"]] == [
        ("mode", "0600"),
        ("owner", 0),
        ("group", 0),
    ]
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (0, 0, 0o600)
    assert not run_module("cloudinit_seed", declared)["changed"]


def test_many_in_one_call(run_module: t.Any, tmp_path: Path) -> None:
    old = tmp_path / "old-seed.iso"
    run_module("cloudinit_seed", arguments(old))
    seeds = [{"path": str(tmp_path / f"g{n}-seed.iso"), "user_data": {"hostname": f"g{n}"}} for n in range(3)]
    args = {"seeds": [*seeds, {"path": str(old), "state": "absent"}]}
    result = run_module("cloudinit_seed", args)
    assert [bool(seed["changes"]) for seed in result["seeds"]] == [True] * 4
    assert not old.exists()
    assert (extract(tmp_path / "g2-seed.iso", tmp_path) / "meta-data").read_text() == '{\n  "instance-id": "g2"\n}\n'
    assert not run_module("cloudinit_seed", args)["changed"]


def test_secrets_stay_out_of_results_and_names_stay_whole(run_module: t.Any, tmp_path: Path) -> None:
    path = tmp_path / "web1-seed.iso"
    for more in (
        {},
        {"user_data": f"#!/bin/sh\necho {SECRET}\n"},
        {"user_data": f"#cloud-config\npassword: {SECRET}\n"},
    ):
        result = run_module("cloudinit_seed", arguments(path, **more))
        assert SECRET not in str(result)
        assert result["seed"]["path"] == str(path)
    many = run_module("cloudinit_seed", {"seeds": [arguments(path)]})
    assert SECRET not in str(many)
    broken = f"#cloud-config\npassword: {SECRET}\nusers: [\n"
    failed = run_module("cloudinit_seed", arguments(path, user_data=broken), expect="failed")
    assert SECRET not in str(failed)
    assert failed["msg"].startswith("user_data is not valid: the YAML is broken in line 4, column 1: ")


def test_a_seed_that_another_host_removed_first(tmp_path: Path) -> None:
    _seed_file.remove(str(tmp_path / "web1-seed.iso"))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({"user_data": "#cloud-config\na: [\n"}, "bad_value", "the YAML is broken in line 3"),
        ({"user_data": "hostname: x\n"}, "bad_value", "begins with none of #cloud-config"),
        ({"user_data": ["x"]}, "bad_value", "a mapping or a text is wanted"),
        ({"vendor_data": "x"}, "bad_value", "vendor_data is not valid"),
        ({"meta_data": "a: ["}, "bad_value", "meta_data is not valid"),
        ({"network_config": {"ethernets": {}}}, "bad_value", "network_config is not valid: version: 1"),
        ({"path": "relative.iso"}, "bad_value", "the absolute path of a file is wanted"),
        ({"path": "/tmp/new\nline.iso"}, "bad_value", "the absolute path of a file is wanted"),
        ({"mode": "rw"}, "bad_value", "octal permission bits"),
        ({"mode": "0999"}, "bad_value", "octal permission bits"),
        ({"owner": "no-such-user"}, "bad_value", "there is no such user"),
        ({"group": "no-such-group"}, "bad_value", "there is no such group"),
        ({"path": "/etc"}, "not_a_seed", "it is a directory"),
        ({"path": "/etc/hosts"}, "not_a_seed", "it is not an ISO 9660 image"),
        ({"path": "/etc/hosts", "state": "absent"}, "not_a_seed", "It is left as it is"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_bad_input(
    run_module: t.Any, tmp_path: Path, more: dict[str, t.Any], code: str, said: str, check: bool
) -> None:
    good = {"path": str(tmp_path / "good-seed.iso")}
    bad = {**arguments(tmp_path / "web1-seed.iso"), **more}
    result = run_module("cloudinit_seed", {"seeds": [good, bad]}, check=check, expect="failed")
    assert result["error_code"] == code
    assert said in result["msg"]
    assert list(tmp_path.iterdir()) == [], "nothing is done where one seed is wrong"


def test_a_directory_that_is_not_there(run_module: t.Any, tmp_path: Path) -> None:
    seeds = {"seeds": [{"path": str(tmp_path / "good-seed.iso")}, {"path": "/nonexistent/web1-seed.iso"}]}
    result = run_module("cloudinit_seed", seeds, expect="failed")
    assert result["error_code"] == "not_found"
    assert "there is no directory /nonexistent" in result["msg"]
    assert list(tmp_path.iterdir()) == []

    # An earlier task may be going to make it.
    result = run_module("cloudinit_seed", seeds, check=True)
    assert result["changed"]
    assert len(result["warnings"]) == 1
    assert "there is no directory /nonexistent. It is taken as about to be made." in result["warnings"][0]


def test_one_path_twice(run_module: t.Any, tmp_path: Path) -> None:
    seed = {"path": str(tmp_path / "a.iso")}
    result = run_module("cloudinit_seed", {"seeds": [seed, seed]}, expect="failed")
    assert "two seeds of this task have it" in result["msg"]


def test_other_images_survive(run_module: t.Any, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    image = tmp_path / "debian.iso"
    subprocess.run(
        ["xorriso", "-as", "mkisofs", "-V", "DEBIAN", "-o", str(image), str(tmp_path / "tree")],
        check=True,
        capture_output=True,
    )
    content = image.read_bytes()
    for state in ("present", "absent"):
        result = run_module("cloudinit_seed", arguments(image, state=state), expect="failed")
        assert result["error_code"] == "not_a_seed"
        assert "labelled 'DEBIAN'" in result["msg"]
    assert image.read_bytes() == content
