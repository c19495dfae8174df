# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two real glusterd, of which one calls the other by its host name and not as it is declared."""

from __future__ import annotations

import os
import shutil
import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from gluster_nodes import Nodes, until

if t.TYPE_CHECKING:
    from tests.conftest import Runner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.gluster,
    pytest.mark.xdist_group("gluster"),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("glusterd") is None,
        reason="needs root and glusterd (apt install glusterfs-server, which must not run here by itself)",
    ),
]


def test_a_machine_is_known_by_its_address(tmp_path: Path, runner: Runner) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n10.231.77.11 first\n")
    with Nodes(tmp_path, 2) as (first, second):
        # glusterd calls the machine that takes it in by what the resolver says of its address.
        second.run("mount", "--bind", str(tmp_path / "hosts"), "/etc/hosts")
        peers = {"peers": [first.address, second.address]}
        volume = {"name": "vms", "bricks": [f"{node.address}:/srv/gluster/brick1/vms" for node in (first, second)]}
        there = runner(*first.enter, sys.executable)
        assert there("gluster_peer", peers)["probed"] == [second.address]
        assert there("gluster_volume", volume)["changed"]
        until(lambda: "first" in second.gluster("pool", "list"))
        assert first.address not in second.gluster("pool", "list")
        here = runner(*second.enter, sys.executable)
        for check in (True, False):
            told = here("gluster_peer", peers, check=check)
            assert (told["changed"], told["probed"]) == (False, [])
            told = here("gluster_volume", volume, check=check)
            assert (told["changed"], told.get("warnings", [])) == (False, [])
