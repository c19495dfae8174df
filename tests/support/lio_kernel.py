# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in for the kernel's side of LIO, which is a file system (configfs) that only a kernel with its modules has.

rtslib itself is the real one. It makes directories, links and removes them, and reads and writes files in a directory
that does what configfs does with these: whoever makes a directory finds the files of that object in it; one that has
objects in it, or that something links to, can't be removed; what is written to some files is read differently.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import typing as t
from pathlib import Path

import pytest

# By the path of an object below the root, the files and directories (ending in /) that it has by itself.
_OBJECTS: list[tuple[str, dict[str, str]]] = [
    (r"core/[a-z]+_\d+", {"hba_info": "", "hba_mode": "0"}),
    (
        r"core/[a-z]+_\d+/[^/]+",
        {
            "enable": "0",
            "control": "",
            "info": "",
            "udev_path": "",
            "alua/": "",
            "pr/res_aptpl_metadata": "",
            "wwn/vpd_unit_serial": "T10 VPD Unit Serial Number: ",
            "attrib/emulate_tpu": "0",
            "attrib/emulate_write_cache": "0",
            "attrib/block_size": "512",
        },
    ),
    (r"iscsi", {"discovery_auth/enforce_discovery_auth": "0", "lio_version": "stand-in"}),
    (
        r"iscsi/[^/]+/tpgt_\d+",
        {
            "enable": "0",
            "lun/": "",
            "np/": "",
            "acls/": "",
            "attrib/authentication": "1",
            "attrib/generate_node_acls": "0",
            "attrib/login_timeout": "15",
            "param/ErrorRecoveryLevel": "0",
            "auth/userid": "NULL",
        },
    ),
    (r"iscsi/[^/]+/tpgt_\d+/lun/lun_\d+", {"alua_tg_pt_gp": ""}),
    (r"iscsi/[^/]+/tpgt_\d+/np/[^/]+", {"iser": "0", "cxgbit": "0"}),
    (
        r"iscsi/[^/]+/tpgt_\d+/acls/[^/]+",
        {
            "info": "No active iSCSI Session for Initiator Endpoint: x",
            "cmdsn_depth": "64",
            "tag": "",
            "attrib/dataout_timeout": "3",
            "auth/userid": "NULL",
            "auth/password": "NULL",
            "auth/userid_mutual": "NULL",
            "auth/password_mutual": "NULL",
            "auth/authenticate_target": "0",
        },
    ),
    (r"iscsi/[^/]+/tpgt_\d+/acls/[^/]+/lun_\d+", {"write_protect": "0"}),
]


class LioKernel:
    """The directory, and what happens in it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.made: set[str] = set()
        self._mkdir, self._rmdir = os.mkdir, os.rmdir
        # What was written to it, in order: (path below the root, text).
        self.written: list[tuple[str, str]] = []
        monkeypatch.setattr(os, "mkdir", self.mkdir)
        monkeypatch.setattr(os, "rmdir", self.rmdir)

    def inside(self, path: t.Any) -> str | None:
        """A path's part below the root; None where it is elsewhere."""
        text = os.fspath(path)
        return text[len(str(self.root)) + 1 :] if text.startswith(f"{self.root}/") else None

    def mkdir(self, path: t.Any, mode: int = 0o777, **more: t.Any) -> None:
        self._mkdir(path, mode, **more)
        inside = self.inside(path)
        if inside is None:
            return
        self.made.add(inside)
        for pattern, files in _OBJECTS:
            if re.fullmatch(pattern, inside):
                for name, content in files.items():
                    file = self.root / inside / name
                    for parent in reversed(file.parents):
                        if not parent.exists():
                            self._mkdir(parent)
                    if name.endswith("/"):
                        self._mkdir(file)
                    else:
                        file.write_text(content + "\n")

    def rmdir(self, path: t.Any, **more: t.Any) -> None:
        inside = self.inside(path)
        if inside is None:
            self._rmdir(path, **more)
            return
        links = {link: os.path.realpath(link) for link in self.root.rglob("*") if link.is_symlink()}
        if any(target == str(self.root / inside) for target in links.values()):
            raise OSError(errno.EBUSY, "Device or resource busy", str(path))
        if any(other.startswith(f"{inside}/") for other in self.made) or any(
            str(link).startswith(f"{self.root}/{inside}/") for link in links
        ):
            raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))
        self.made.remove(inside)
        os.rmdir, hook = self._rmdir, os.rmdir
        try:
            shutil.rmtree(path)
        finally:
            os.rmdir = hook

    def fwrite(self, path: t.Any, string: str) -> None:
        """rtslib's function of this name."""
        inside, text = self.inside(path), str(string)
        if inside is None:
            Path(path).write_text(text)
            return
        self.written.append((inside, text))
        file = Path(path)
        if not file.exists():
            raise OSError(errno.EACCES, "Permission denied", str(path))
        if file.name == "vpd_unit_serial":
            if any(os.path.realpath(link) == str(file.parent.parent) for link in self.root.rglob("lun_*/*")):
                raise OSError(errno.EINVAL, "Invalid argument", str(path))
            text = f"T10 VPD Unit Serial Number: {text}"
        file.write_text(text)
        if file.name == "control":
            self._control(file.parent, text)

    def _control(self, backstore: Path, text: str) -> None:
        given = dict(each.split("=", 1) for each in text.split(","))
        info = backstore / "info"
        if "udev_path" in given:
            number = Path(given["udev_path"]).stat().st_rdev
            info.write_text(
                "Status: ACTIVATED  Max Queue Depth: 128  SectorSize: 512  HwMaxSectors: 128\n"
                f"        iBlock device: {Path(os.path.realpath(given['udev_path'])).name}  "
                f"UDEV PATH: {given['udev_path']}  readonly: 0\n"
                f"        Major: {os.major(number)} Minor: {os.minor(number)}  CLAIMED: IBLOCK\n"
            )
        if "readonly" in given:
            info.write_text(re.sub(r"readonly: \d", f"readonly: {given['readonly']}", info.read_text()))
        if "fd_dev_name" in given:
            info.write_text(
                "Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 16384\n"
                f"        TCM FILEIO ID: 0        File: {given['fd_dev_name']}  Size: {given['fd_dev_size']}"
                "  Mode: O_DSYNC Async: 0\n"
            )

    def log_in(self, target: str, initiator: str, logged_in: bool = True) -> None:
        """An initiator begins or ends a session."""
        words = "No active iSCSI Session for Initiator Endpoint: x\n"
        if logged_in:
            words = (
                f"InitiatorName: {initiator}\nInitiatorAlias: host\n"
                "LIO Session ID: 1   ISID: 0x00 02 3d 00 00 00  TSIH: 1  SessionType: Normal\n"
                "Session State: TARG_SESS_STATE_LOGGED_IN\n"
            )
        (self.root / "iscsi" / target / "tpgt_1" / "acls" / initiator / "info").write_text(words)
