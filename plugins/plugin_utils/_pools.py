# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pools that name what they are on (backend: nfs, iscsi, gluster, ceph) instead of saying it in libvirt's words."""

from __future__ import annotations

import typing as t

Options = t.Dict[str, t.Any]

BACKENDS = ("nfs", "iscsi", "gluster", "ceph")
# Where a pool of files is mounted that does not say it: the same place on every hypervisor.
IMAGES = "/var/lib/libvirt/images"


class BadPool(ValueError):
    """What is declared of a pool can't be."""


def backends(pools: t.Sequence[Options]) -> list[str]:
    """The backends that pools name, each once."""
    named = {_backend(pool) for pool in pools if isinstance(pool, dict) and "backend" in pool}
    return [each for each in BACKENDS if each in named]


def declared(pools: t.Sequence[Options], found: t.Mapping[str, Options]) -> list[Options]:
    """The pools as libvirt_pool takes them. found: what each backend is on this host; a pool's own options win."""
    return [_declared(pool, found) if isinstance(pool, dict) and "backend" in pool else pool for pool in pools]


def _declared(pool: Options, found: t.Mapping[str, Options]) -> Options:
    backend = _backend(pool)
    own = {key: value for key, value in pool.items() if key != "backend"}
    if backend not in found:
        if own.get("state") == "absent":
            return own
        message = (
            "pools_list: pool {0} is on {1}, and what that is on this host isn't known. Role minicloud.kvm.storage "
            "(tasks_from: hypervisor) finds it out and has to run before, as in minicloud.kvm.site"
        )
        raise BadPool(message.format(pool["name"], backend))
    whole = _merged(found[backend], own)
    if whole.get("type") == "netfs":
        whole = _merged({"target": {"path": _path(pool)}}, whole)
    return whole


def known(pools: t.Sequence[Options], gluster_access: str = "fuse", volume_group: str = "guests") -> list[Options]:
    """The pools with as much as the inventory alone says: type, place where they hold files, and shared for a volume
    group that all hypervisors see."""
    return [
        _known(pool, gluster_access, volume_group) if isinstance(pool, dict) and "backend" in pool else pool
        for pool in pools
    ]


def _known(pool: Options, gluster_access: str, volume_group: str) -> Options:
    types = {
        "nfs": "netfs",
        "iscsi": "logical",
        "gluster": {"fuse": "dir", "netfs": "netfs"}.get(gluster_access, "gluster"),
        "ceph": "rbd",
    }
    base: Options = {"type": types[_backend(pool)]}
    if base["type"] in ("dir", "netfs"):
        base["target"] = {"path": _path(pool)}
    if base["type"] == "logical":
        base.update(shared=True, source={"name": volume_group})
    return _merged(base, {key: value for key, value in pool.items() if key != "backend"})


def _backend(pool: Options) -> str:
    name = str(pool.get("name") or "")
    if not name:
        raise BadPool("pools_list: a pool with a backend has no name: {0!r}".format(pool))
    backend = str(pool["backend"])
    if backend not in BACKENDS:
        message = "pools_list: the backend of pool {0} is {1!r}; it can be {2}"
        raise BadPool(message.format(name, pool["backend"], ", ".join(BACKENDS)))
    return backend


def _path(pool: Options) -> str:
    return str((pool.get("target") or {}).get("path") or "{0}/{1}".format(IMAGES, pool["name"]))


def _merged(base: t.Mapping[str, t.Any], own: t.Mapping[str, t.Any]) -> Options:
    """Both; where they differ, own."""
    whole = dict(base)
    for key, value in own.items():
        inner = whole.get(key)
        whole[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return whole
