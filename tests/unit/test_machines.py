# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a machine says of files, so that another one can tell whether it has the same.

A FUSE file system can't be had in every test environment: stat and findmnt are stand-ins, with the words that coreutils
9.1 and 9.7 have.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils import _machines


@pytest.mark.parametrize("called", ["fuseblk", "fuse"])  # by coreutils 9.1 and 9.7
@pytest.mark.parametrize(("mounted", "shared"), [("fuse.glusterfs", True), ("fuse.sshfs", False), ("fuseblk", False)])
def test_of_fuse_it_counts_what_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, mounted: str, shared: bool
) -> None:
    for name, body in (
        ("stat", f'[ "$2" = -f ] && echo {called} || echo 12833356527645599321'),
        ("findmnt", f"echo {mounted}"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    image = tmp_path / "image"
    image.touch()
    found = _machines.Machine("localhost", "root").files([str(image)])[str(image)].split("\t")
    assert found[:2] == [mounted, "12833356527645599321"]
    # A third word, this boot's number, is on no other machine.
    assert len(found) == (2 if shared else 3)
