# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logical volumes, where libvirt does not do it: it can't make one larger, and sees none that is not active here.

On a volume group that several machines see, a volume that another one has made is not active here (lvmsystemid(7) and
lvmlockd(8) are about what LVM does not do there by itself).
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _pool_build, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._machines import SHAREABLE

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._pool_volumes import PoolFound


def group(pool: PoolFound) -> str:
    """The volume group that a pool is; libvirt takes the pool's own name where its source has none."""
    own = _xml.get(pool.source, "name") if pool.source is not None else None
    return own or str(t.cast(t.Any, pool.handle).name())


def is_hidden(pool: PoolFound, name: str) -> bool:
    """Whether the volume group has a volume that libvirt does not list, for it isn't active on this machine."""
    done = _pool_build.run("lvs", "--reportformat", "json", "-o", "lv_name", group(pool))
    return done.returncode == 0 and name in names(done.stdout)


def names(report: str) -> set[str]:
    """The names in what lvs --reportformat json prints."""
    found = json.loads(report)
    return {str(row["lv_name"]) for part in found["report"] for row in part.get("lv", [])}


def activate(pool: PoolFound, name: str) -> None:
    """Only what may be active on several machines: who else has it can't be known here."""
    done = _done("activated", name, "lvs", "--noheadings", "-o", "segtype", "{0}/{1}".format(group(pool), name))
    other = set(done.split()) - SHAREABLE
    if other:
        raise KvmError(
            "Volume {0} is not active here, and is of type {1}: active on two machines it would be destroyed.".format(
                name, ", ".join(sorted(other))
            ),
            error_code="lvm_failed",
            remedy="Where no other machine sees the volume group: lvchange -ay {0}/{1}".format(group(pool), name),
        )
    _done("activated", name, "lvchange", "-aly", "{0}/{1}".format(group(pool), name))


def extend(pool: PoolFound, name: str, size: int) -> None:
    """Make a volume larger: size bytes, rounded up to whole extents by LVM."""
    _done("extended", name, "lvextend", "--size", "{0}b".format(size), "{0}/{1}".format(group(pool), name))


def _done(what: str, name: str, *command: str) -> str:
    """What a command prints; KvmError where it fails."""
    done = _pool_build.run(*command)
    if done.returncode:
        raise KvmError(
            "Volume {0} can't be {1}: {2}: {3}".format(name, what, command[0], " ".join(done.stderr.split())),
            error_code="lvm_failed",
        )
    return done.stdout
