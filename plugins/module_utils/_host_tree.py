# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading /proc, /sys and /dev of a machine, or of a directory that holds a copy of them."""

from __future__ import annotations

import os
import stat
import typing as t
from pathlib import Path


class Tree:
    """Files under a root. What isn't there is None or empty; what may not be read is kept in ``unseen``."""

    def __init__(self, root: str = "/") -> None:
        self.root = Path(root)
        self.unseen: list[str] = []

    def path(self, *parts: str) -> Path:
        """A path below the root: path('proc', 'meminfo')."""
        return self.root.joinpath(*parts)

    def exists(self, *parts: str) -> bool:
        """Whether there is anything at a path."""
        return self._mode(parts) is not None

    def text(self, *parts: str) -> str | None:
        """A file's text without the blanks around it."""
        try:
            return self.path(*parts).read_text(encoding="utf-8", errors="replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            self._not_seen(parts)
            return None

    def number(self, *parts: str) -> int | None:
        """A file's whole number; None where there is no such file or something else is in it."""
        text = self.text(*parts)
        return int(text) if text and text.isdigit() else None

    def names(self, *parts: str) -> list[str]:
        """The names in a directory, sorted."""
        try:
            return sorted(entry.name for entry in self.path(*parts).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError:
            self._not_seen(parts)
            return []

    def nearest(self, path: str) -> str:
        """The longest part of an absolute path that is there: a pool's directory may still have to be made."""
        places = (Path(path), *Path(path).parents)
        return str(next((place for place in places if stat.S_ISDIR(self._mode(place.parts[1:]) or 0)), "/"))

    def space(self, path: str) -> tuple[int, int]:
        """Bytes of the file system at an absolute path, and those an ordinary user can still have: (total, free)."""
        file_system = os.statvfs(self.path(*Path(path).parts[1:]))
        return file_system.f_blocks * file_system.f_frsize, file_system.f_bavail * file_system.f_frsize

    def _mode(self, parts: t.Sequence[str]) -> int | None:
        try:
            return self.path(*parts).stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            self._not_seen(parts)
            return None

    def _not_seen(self, parts: t.Sequence[str]) -> None:
        path = "/" + "/".join(parts)
        if path not in self.unseen:
            self.unseen.append(path)
