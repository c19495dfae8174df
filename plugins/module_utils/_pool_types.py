# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the types of storage pools are declared with (https://libvirt.org/storage.html)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

Options = t.Dict[str, t.Any]


class Type(t.NamedTuple):
    """What a type of pool is declared with: the options of ``source`` that it needs, and those that it takes.

    formats: the choices of source.format. target: whether the volumes' directory is declared; libvirt itself knows it
    for some types, and volumes of others are no files of the host. auth: the only kind of auth.
    """

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    target: bool = True
    auth: str = ""


_INFO = ("vendor", "product")
TYPES: dict[str, Type] = {
    "dir": Type(takes=_INFO),
    "fs": Type(
        ("devices",),
        ("format", *_INFO),
        (
            *("auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf", "gfs", "gfs2", "vfat", "hfs+", "xfs", "ocfs2"),
            "vmfs",
        ),
    ),
    "netfs": Type(("hosts", "dir"), ("format", "protocol_ver", *_INFO), ("auto", "nfs", "glusterfs", "cifs")),
    "logical": Type((), ("name", "devices", "format", *_INFO), ("unknown", "lvm2"), target=False),
    "disk": Type(
        ("devices",),
        ("format", *_INFO),
        ("unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2"),
    ),
    "iscsi": Type(("hosts", "devices"), ("initiator_iqn", "auth", *_INFO), auth="chap"),
    "iscsi-direct": Type(("hosts", "devices", "initiator_iqn"), ("auth",), target=False, auth="chap"),
    "scsi": Type(("adapter",), _INFO),
    "mpath": Type(),
    "rbd": Type(("name", "hosts"), ("auth",), target=False, auth="ceph"),
    "gluster": Type(("name", "hosts"), ("dir",), target=False),
    "zfs": Type(("name",), ("devices",), target=False),
}
FORMATS = tuple(dict.fromkeys(each for kind in TYPES.values() for each in kind.formats))
# Types whose source is exactly one host, one device.
_ONE_HOST = ("netfs", "iscsi", "iscsi-direct", "gluster")
_ONE_DEVICE = ("fs", "disk", "iscsi", "iscsi-direct")


def check(name: str, kind: str, desired: Options, new: bool) -> None:
    """Refuse what a type does not take, and of a new pool what it needs and has not; BadValue names the option."""
    takes = TYPES[kind]
    source = desired.get("source", {})
    for option in takes.needs if new else ():
        if not source.get(option):
            raise BadValue(
                "source" if not source else "source." + option,
                source.get(option),
                "pool {0} is not there yet: to make a {1} pool, source wants {2}".format(
                    name, kind, " and ".join(takes.needs)
                ),
            )
    for option, value in source.items():
        if option not in takes.needs + takes.takes:
            raise BadValue("source." + option, value, _only("source." + option, kind, option))
    if new and takes.formats:
        source = {"format": takes.formats[0], **source}
    _check_source(kind, source, takes)
    path = desired.get("target", {}).get("path")
    if takes.target and new and not path:
        raise BadValue("target.path", None, "pool {0} is not there yet: to make it, it is wanted".format(name))
    if not takes.target and desired.get("target"):
        raise BadValue(
            "target", desired["target"], "a {0} pool takes none: libvirt knows where its volumes are".format(kind)
        )
    for option, kinds in (
        ("features", ("dir", "fs")),
        ("mount_opts", ("fs", "netfs")),
        ("config_opts", ("rbd",)),
        ("refresh_volume_allocation", ("rbd",)),
    ):
        if option in desired and kind not in kinds:
            raise BadValue(
                option, desired[option], "only pools of type {0} take it, not {1}".format(" or ".join(kinds), kind)
            )


def _only(field: str, kind: str, option: str) -> str:
    kinds = [name for name, each in TYPES.items() if option in each.needs + each.takes]
    return "a {0} pool takes no {1}; {2}: {3}".format(
        kind, field, "these do" if len(kinds) > 1 else "this does", ", ".join(kinds)
    )


def _check_source(kind: str, source: Options, takes: Type) -> None:
    if "format" in source and source["format"] not in takes.formats:
        raise BadValue("source.format", source["format"], "a {0} pool takes {1}".format(kind, ", ".join(takes.formats)))
    _check_lists(kind, source)
    if "dir" in source and source.get("format") in ("auto", "nfs") and not source["dir"].startswith("/"):
        raise BadValue("source.dir", source["dir"], "an absolute path is wanted")
    if "protocol_ver" in source and source.get("format", "auto") not in ("auto", "nfs"):
        raise BadValue(
            "source.protocol_ver", source["protocol_ver"], "only NFS takes it, not {0}".format(source["format"])
        )
    _check_auth(kind, source.get("auth"), takes)
    _check_adapter(source.get("adapter"))


def _check_lists(kind: str, source: Options) -> None:
    for option, kinds in (("hosts", _ONE_HOST), ("devices", _ONE_DEVICE)):
        if kind in kinds and len(source.get(option, "1")) != 1:
            raise BadValue("source." + option, len(source[option]), "a {0} pool has exactly one".format(kind))
    for option, key in (("hosts", "name"), ("devices", "path")):
        for index, item in enumerate(source.get(option, [])):
            if not item.get(key):
                raise BadValue("source.{0}[{1}].{2}".format(option, index, key), None, "it is wanted")
    for index, device in enumerate(source.get("devices", [])):
        if kind in ("fs", "disk", "logical") and not device["path"].startswith("/"):
            raise BadValue("source.devices[{0}].path".format(index), device["path"], "an absolute path is wanted")


def _check_auth(kind: str, auth: Options | None, takes: Type) -> None:
    if auth is None:
        return
    if auth.get("type", takes.auth) != takes.auth:
        raise BadValue("source.auth.type", auth["type"], "a {0} pool takes {1}".format(kind, takes.auth))
    for option in ("type", "username", "secret"):
        if not auth.get(option):
            raise BadValue("source.auth." + option, None, "it is wanted")
    if len(auth["secret"]) != 1:
        raise BadValue("source.auth.secret", auth["secret"], "either usage or uuid is wanted")


def _check_adapter(adapter: Options | None) -> None:
    if adapter is None:
        return
    kind = adapter.get("type")
    if kind is None:
        raise BadValue("source.adapter.type", None, "it is wanted: scsi_host or fc_host")
    scsi = {"name", "parentaddr"}
    for option in sorted(set(adapter) - {"type"} - scsi if kind == "scsi_host" else set(adapter) & scsi):
        raise BadValue("source.adapter." + option, adapter[option], "an adapter of type {0} takes none".format(kind))
    if kind == "scsi_host" and len(adapter) != 2:
        raise BadValue("source.adapter", sorted(adapter), "a scsi_host wants either name or parentaddr")
    if "parentaddr" in adapter and len(adapter["parentaddr"]) != 2:
        raise BadValue("source.adapter.parentaddr", adapter["parentaddr"], "unique_id and address are wanted")
    if kind == "fc_host" and not {"wwnn", "wwpn"} <= set(adapter):
        raise BadValue("source.adapter", sorted(adapter), "a fc_host wants wwnn and wwpn")
    if ("parent_wwnn" in adapter) != ("parent_wwpn" in adapter):
        raise BadValue("source.adapter", sorted(adapter), "parent_wwnn and parent_wwpn go together")
