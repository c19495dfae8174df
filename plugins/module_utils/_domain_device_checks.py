# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a domain's devices can be refused without asking libvirt, but for disks."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_address_rows, _domain_interfaces
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import Options

_CHARACTER = ("serials", "parallels", "consoles", "channels")
# Types of character device that are nothing without one of these options.
_WANTED = {
    "dev": ("path",),
    "file": ("path",),
    "pipe": ("path",),
    "tcp": ("mode", "service"),
    "udp": ("host", "service"),
    "spiceport": ("channel",),
    "dbus": ("channel",),
}
_ONLY = {"protocol": ("tcp",), "tls": ("tcp",), "bind_host": ("udp",), "bind_service": ("udp",), "append": ("file",)}


def check(desired: Options) -> None:
    """Refuse what can't be meant: options that exclude or need each other."""
    _domain_interfaces.check(desired)
    _domain_address_rows.check(desired)
    if "filesystems" in desired:
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_filesystem_rows  # noqa: PLC0415

        _domain_filesystem_rows.check(desired["filesystems"])
    if "hostdevs" in desired:
        from ansible_collections.minicloud.kvm.plugins.module_utils import _domain_hostdev_rows  # noqa: PLC0415

        _domain_hostdev_rows.check(desired["hostdevs"])
    for option in _CHARACTER:
        for field, item in _items(desired, option):
            _check_source(field, item)
    for field, channel in _items(desired, "channels"):
        if ("name" in channel) == ("guestfwd" in channel):
            raise BadValue(field, channel, "a name or guestfwd is wanted")
    for field, graphics in _items(desired, "graphics"):
        if "listen" in graphics and "listens" in graphics:
            raise BadValue(field + ".listen", graphics["listen"], "it is given with listens too")
        if {"password_valid_to", "connected"} & set(graphics) and not graphics.get("password"):
            raise BadValue(field + ".password", graphics.get("password"), "what is said of it needs a password")
    _check_others(desired)


def _check_others(desired: Options) -> None:
    for field, rng in _items(desired, "rngs"):
        model = rng.get("backend_model")
        if ("egd" in rng) != (model == "egd") and (model or "backend" in rng):
            raise BadValue(field + ".backend_model", model, "egd, the model egd and no backend go together")
        if model == "builtin" and "backend" in rng:
            raise BadValue(field + ".backend", rng["backend"], "a builtin one has none")
    vsock = desired.get("vsock", {})
    if vsock.get("auto_cid") and "cid" in vsock:
        raise BadValue("vsock.cid", vsock["cid"], "libvirt chooses it with auto_cid")


def _items(desired: Options, option: str) -> t.Iterator[tuple[str, Options]]:
    for index, item in enumerate(desired.get(option, [])):
        yield "{0}[{1}]".format(option, index), item


def _check_source(field: str, item: Options) -> None:
    kind = item.get("type")
    for option in _WANTED.get(str(kind), ()):
        if option not in item:
            raise BadValue("{0}.{1}".format(field, option), None, "type {0} wants it".format(kind))
    for option, kinds in _ONLY.items():
        if option in item and kind is not None and kind not in kinds:
            raise BadValue("{0}.{1}".format(field, option), item[option], "it is for type {0} only".format(kinds[0]))
