# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ceph's library for Python (python3-rados), which pip has not got, for the Python of the tests."""

from __future__ import annotations

import importlib.machinery
from pathlib import Path

_SYSTEM = (Path("/usr/lib/python3/dist-packages"),)


def found() -> Path | None:
    """The library where the system has one for this Python."""
    names = ["rados" + suffix for suffix in importlib.machinery.EXTENSION_SUFFIXES]
    return next((place / name for place in _SYSTEM for name in names if (place / name).exists()), None)


def directory(parent: Path) -> Path:
    """A directory with it alone, for PYTHONPATH."""
    library, made = found(), parent / "ceph_library"
    assert library is not None
    made.mkdir()
    (made / library.name).symlink_to(library)
    return made
