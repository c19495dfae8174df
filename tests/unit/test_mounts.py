# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mounted from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._mounts import (
    Mount,
    mount_of,
    parse_mountinfo,
    require_answers,
    silent,
)

INFO = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:45 / /srv/a\\040b rw,relatime shared:20 - nfs4 storage:/srv/a\\040b rw,vers=4.2,hard
31 22 8:2 / /srv rw - xfs /dev/vdb rw
32 31 0:46 / /srv/shared rw,relatime - nfs4 storage:/srv/minicloud rw,vers=4.2,hard
33 31 0:47 / /srv/shared/iso rw - fuse.glusterfs g1:/iso rw
34 31 8:3 / /srv/covered rw - nfs old:/x rw
35 34 8:4 / /srv/covered rw - ext4 /dev/vdd rw
36 31 0:48 / /srv/auto rw - autofs systemd-1 rw,timeout=0
nonsense
"""


@pytest.mark.parametrize(
    ("path", "point", "network"),
    [
        ("/", "/", False),
        ("/var/lib", "/", False),
        ("/srv", "/srv", False),
        ("/srv/sharedx", "/srv", False),
        ("/srv/shared", "/srv/shared", True),
        ("/srv//shared/./x/../y", "/srv/shared", True),
        ("/srv/shared/iso/x", "/srv/shared/iso", True),
        ("/srv/a b", "/srv/a b", True),
        ("/srv/covered/x", "/srv/covered", False),
        ("/srv/auto/x", "/srv/auto", True),
    ],
)
def test_what_a_path_is_on(path: str, point: str, network: bool) -> None:
    mount = mount_of(path, parse_mountinfo(INFO))
    assert mount is not None
    assert (mount.point, mount.is_network) == (point, network)


def test_names() -> None:
    assert parse_mountinfo(INFO)[1] == Mount("/srv/a b", "nfs4", "storage:/srv/a b")
    assert parse_mountinfo("") == []
    assert mount_of("/x", []) is None


def test_what_answers(tmp_path: Path) -> None:
    assert silent([str(tmp_path), str(tmp_path / "not there"), "/proc"], 60) == []
    require_answers({str(tmp_path): "x", "/": "y"})
