# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of a storage pool (https://libvirt.org/formatstorage.html)."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._pool_types import FORMATS, TYPES
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element


class _Extension:
    """Entries ``<option>`` of an element that libvirt keeps in a namespace of its own."""

    def __init__(self, namespace: str, tag: str) -> None:
        self.address = "http://libvirt.org/schemas/storagepool/{0}/1.0".format(namespace)
        self.tag = "{{{0}}}{1}".format(self.address, tag)

    def entries(self, element: Element) -> list[Element] | None:
        found = next((child for child in element if child.tag == self.tag), None)
        return None if found is None else list(found)

    def replace(self, element: Element, entries: t.Iterable[t.Mapping[str, str]]) -> None:
        for child in [child for child in element if child.tag == self.tag]:
            _xml.remove(child)
        whole = _xml.new(self.tag)
        for entry in entries:
            whole.append(_xml.new("{{{0}}}option".format(self.address), None, **entry))
        if len(whole):
            element.append(whole)


class MountOptions(_codecs.Text):
    """The options of mount(8), in order."""

    ansible_type = "list"
    elements = "str"
    _extension = _Extension("fs", "mount_opts")

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return [
            _codecs.Text(r"[^\s,]+", "one option of mount is wanted, without a comma").mean(option, each)
            for each in value
        ]

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        entries = self._extension.entries(element)
        return None if entries is None else [entry.get("name") for entry in entries]

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        self._extension.replace(element, ({"name": each} for each in value))


class ConfigOptions(_codecs.Text):
    """Ceph's own options: a value of each name."""

    ansible_type = "dict"
    _extension = _Extension("rbd", "config_opts")

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        return {
            super(ConfigOptions, self).mean(option, name): super(ConfigOptions, self).mean(
                "{0}.{1}".format(option, name), each
            )
            for name, each in value.items()
        }

    def read(self, element: Element, place: str) -> _codecs.Value | None:
        entries = self._extension.entries(element)
        return None if entries is None else {entry.get("name"): entry.get("value") for entry in entries}

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        self._extension.replace(element, ({"name": name, "value": each} for name, each in value.items()))


_WWN = _codecs.Text(r"[0-9a-fA-F]{16}", "16 hexadecimal digits are wanted, such as 20000000c9831b4b", lower=True)
_WORD = _codecs.Text(r"[^\s]+", "a text without spaces is wanted")

SOURCE: tuple[AnyRow, ...] = (
    Many(
        "hosts",
        "host",
        (
            Row(
                "name",
                "@name",
                _codecs.Text(r"[^\s/]+", "a host's name or address is wanted"),
                help="Name or address.",
                keep=True,
            ),
            Row("port", "@port", _codecs.Integer(1, 65535), help="Port; the service's own where it is left out."),
        ),
        help="The servers: the monitors of a V(rbd) pool, one server of any other.",
        by_order=True,
    ),
    Many(
        "devices",
        "device",
        (
            Row(
                "path",
                "@path",
                _WORD,
                help="Block device, best under C(/dev/disk/by-id); the target's IQN of an iSCSI pool.",
                keep=True,
            ),
            Row(
                "part_separator",
                "@part_separator",
                _codecs.Switch(),
                help="Whether partitions of a multipath device have a V(p) before their number.",
            ),
        ),
        help="The devices that a pool is on. V(logical) takes any number: its volume group is made of them.",
        keys=("path",),
        by_order=True,
    ),
    Row(
        "dir",
        "dir/@path",
        _codecs.Text(r"[^\n\x00]*[^\s\x00]", "a path is wanted, with no space at its end"),
        help="The directory that the server exports, the share of V(cifs), a directory in the volume of V(gluster).",
        same=lambda wanted, found: os.path.normpath(wanted) == os.path.normpath(found),
        keep=True,
    ),
    Row(
        "name",
        "name",
        _WORD,
        help="The volume group of V(logical) (the pool's name where it is left out), the pool of V(rbd) and V(zfs), "
        "the volume of V(gluster).",
        keep=True,
    ),
    Row(
        "format",
        "format/@type",
        choices=FORMATS,
        help="The file system of V(fs) and V(netfs), or V(auto) for the one that is there; the partition table of "
        "V(disk); V(lvm2) for V(logical).",
        keep=True,
    ),
    Row(
        "protocol_ver",
        "protocol/@ver",
        _codecs.Text(r"[0-9][0-9.]*", "a version of NFS is wanted, such as '4.2'"),
        help="Version of the protocol with which NFS is mounted, such as V('4.2').",
    ),
    Block(
        "adapter",
        "adapter",
        (
            Row(
                "type",
                "@type",
                choices=("scsi_host", "fc_host"),
                help="V(scsi_host) is an adapter of this host, V(fc_host) a virtual one on Fibre Channel.",
                keep=True,
            ),
            Row("name", "@name", _WORD, help="Name of a V(scsi_host) adapter, such as V(scsi_host1).", keep=True),
            Block(
                "parentaddr",
                "parentaddr",
                (
                    Row(
                        "unique_id",
                        "@unique_id",
                        _codecs.Integer(0),
                        help="The adapter's number in C(/sys/class/scsi_host/host*/unique_id).",
                    ),
                    Row("address", "address", _codecs.PciAddress(), help="PCI address, such as V(0000:00:1f.2)."),
                ),
                help="Where a V(scsi_host) adapter is; unlike its name it stays the same over reboots.",
                keep=True,
            ),
            Row(
                "parent", "@parent", _WORD, help="The adapter that a V(fc_host) one is made on, such as V(scsi_host5)."
            ),
            Row("parent_wwnn", "@parent_wwnn", _WWN, help="World wide node name of that adapter, instead of its name."),
            Row(
                "parent_wwpn",
                "@parent_wwpn",
                _WWN,
                help="World wide port name of it; goes with O(source.adapter.parent_wwnn).",
            ),
            Row(
                "parent_fabric_wwn",
                "@parent_fabric_wwn",
                _WWN,
                help="World wide name of its fabric, instead of its name.",
            ),
            Row("wwnn", "@wwnn", _WWN, help="World wide node name of a V(fc_host) adapter.", keep=True),
            Row("wwpn", "@wwpn", _WWN, help="World wide port name of a V(fc_host) adapter.", keep=True),
            Row(
                "managed", "@managed", _codecs.Switch(), help="Whether the V(fc_host) adapter goes when the pool stops."
            ),
        ),
        help="The SCSI adapter of a V(scsi) pool.",
        keep=True,
    ),
    Row(
        "initiator_iqn",
        "initiator/iqn/@name",
        _WORD,
        help="IQN by which this host logs in to an iSCSI target.",
        keep=True,
    ),
    Block(
        "auth",
        "auth",
        (
            Row("type", "@type", choices=("chap", "ceph"), help="V(chap) for iSCSI, V(ceph) for V(rbd).", keep=True),
            Row("username", "@username", _codecs.Text(), help="The user.", keep=True),
            Block(
                "secret",
                "secret",
                (
                    Row("usage", "@usage", _codecs.Text(), help="By its usage."),
                    Row("uuid", "@uuid", _codecs.Uuid(), help="By its UUID."),
                ),
                help="The secret of libvirt that holds the password or key.",
                keep=True,
            ),
        ),
        help="How this host logs in to the server.",
    ),
    Row("vendor", "vendor/@name", _codecs.Text(), help="Vendor of the storage; a note."),
    Row("product", "product/@name", _codecs.Text(), help="Product that the storage is; a note."),
)

TARGET: tuple[AnyRow, ...] = (
    Row(
        "path",
        "path",
        _codecs.PATH,
        help="The directory, or where the file system is mounted: it is made where it is missing. For V(disk) C(/dev), "
        "for V(iscsi) and V(scsi) C(/dev/disk/by-path), for V(mpath) C(/dev/mapper).",
        same=lambda wanted, found: os.path.normpath(wanted) == os.path.normpath(found),
        keep=True,
    ),
    Row("mode", "permissions/mode", _codecs.Octal(), help="Mode of the directory when it is made, such as V('0711')."),
    Row("owner", "permissions/owner", _codecs.Integer(0), help="Numeric user of the directory when it is made."),
    Row("group", "permissions/group", _codecs.Integer(0), help="Numeric group of the directory when it is made."),
    Row(
        "label", "permissions/label", _codecs.Text(), help="SELinux label of the directory; a note: libvirt sets none."
    ),
)

ROWS: tuple[AnyRow, ...] = (
    Row(
        "type",
        "@type",
        choices=tuple(TYPES),
        help="V(dir) is a directory of the host, V(netfs) a network file system that libvirt mounts, V(fs) a file "
        "system on a device, V(logical) a volume group, V(disk) the partitions of a disk. Needed to make a pool; "
        "it can't be changed.",
        keep=True,
    ),
    Block("source", "source", SOURCE, help="Where a pool comes from; what it takes depends on O(type).", keep=True),
    Block("target", "target", TARGET, help="Where the volumes are on the host.", keep=True),
    Block(
        "features",
        "features",
        (
            Row(
                "cow",
                "cow/@state",
                _codecs.Switch(),
                help="Whether Btrfs copies on write; libvirt turns it off by itself.",
            ),
        ),
        help="Features of the file system of a V(dir) or V(fs) pool.",
    ),
    Row("mount_opts", "mount_opts", MountOptions(), absent=[], help="Options for mount, of a V(fs) or V(netfs) pool."),
    Row("config_opts", "config_opts", ConfigOptions(), absent={}, help="Ceph's options by name, of a V(rbd) pool."),
    Row(
        "refresh_volume_allocation",
        "refresh/volume/@allocation",
        choices=("default", "capacity"),
        help="What is taken for the allocation of a volume of a V(rbd) pool; V(capacity) is faster to find.",
        absent="default",
    ),
)
