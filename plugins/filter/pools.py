# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters for pools with a backend; the logic is in plugin_utils/_pools.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.minicloud.kvm.plugins.plugin_utils import _pools

Filter = t.Callable[..., t.Any]


def pools_backends(pools: list[_pools.Options]) -> list[str]:
    try:
        return _pools.backends(pools)
    except _pools.BadPool as error:
        raise AnsibleFilterError(str(error)) from error


def pools_declared(pools: list[_pools.Options], found: _pools.Options) -> list[_pools.Options]:
    try:
        return _pools.declared(pools, found)
    except _pools.BadPool as error:
        raise AnsibleFilterError(str(error)) from error


def pools_known(
    pools: list[_pools.Options], gluster_access: str = "fuse", volume_group: str = "guests"
) -> list[_pools.Options]:
    try:
        return _pools.known(pools, gluster_access, volume_group)
    except _pools.BadPool as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Filter]:
        return {each.__name__: each for each in (pools_backends, pools_declared, pools_known)}
