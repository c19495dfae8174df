# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What would be overwritten is looked at in full, not here and there."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._marked import is_zero

SIZE = 5 * 1024 * 1024 + 17


@pytest.mark.parametrize(
    ("place", "zero"), [(None, True), (0, False), (3_333_333, False), (SIZE - 1, False), (SIZE, True)]
)
def test_every_byte_that_would_be_overwritten(tmp_path: Path, place: int | None, zero: bool) -> None:
    device = tmp_path / "device"
    with device.open("wb") as file:
        file.truncate(SIZE + 4096)
        if place is not None:
            file.seek(place)
            file.write(b"x")
    assert is_zero(str(device), SIZE) is zero
