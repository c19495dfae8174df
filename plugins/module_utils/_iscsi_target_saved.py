# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kernel has of iSCSI targets against what the next boot would bring."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import FILEIO, Backstore, Lio, Target


def check_restored(named: t.Collection[str], current: Lio, saved: Lio) -> None:
    """KvmError where saving would lose what somebody else has saved and the kernel does not have (yet).

    named: the targets that the task is about.
    """
    lost = sorted(set(saved.targets) - set(current.targets) - set(named))
    if lost:
        raise KvmError(
            "Failed to save LIO's configuration: what is saved has {0} too, which the kernel does not have, so that it"
            " would be lost. Nothing was done.".format(", ".join(lost)),
            error_code="not_restored",
            remedy="Restore it first (targetctl restore, which takes the place of all there is), or declare it absent.",
        )


def is_saved_otherwise(name: str, after: Lio, saved: Lio) -> bool:
    """Whether the next boot would bring something else for this target."""
    target = after.targets.get(name)
    if target is None:
        return name in saved.targets
    keys = set(target.luns.values())
    return _lasting(target) != _lasting(saved.targets.get(name)) or any(
        _kept(after.backstores.get(key)) != _kept(saved.backstores.get(key)) for key in keys
    )


def _lasting(target: Target | None) -> Target | None:
    """A target without who is logged in at this moment."""
    if target is None:
        return None
    return replace(target, initiators={name: replace(one, session=False) for name, one in target.initiators.items()})


def _kept(one: Backstore | None) -> Backstore | None:
    return None if one is None else replace(one, size=one.size if one.plugin == FILEIO else None)
