# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a domain shares with the host or other domains: directories and memory.

https://libvirt.org/formatdomain.html#filesystems and #shared-memory-device.
"""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_address_rows,
    _domain_controller_rows,
    _domain_disk_rows,
    _domain_plug,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

_BINARY = Block(
    "binary",
    "binary",
    (
        Row("path", "@path", _codecs.PATH, help="Program; libvirt finds it where this is left out."),
        Row("xattr", "@xattr", _codecs.Switch("on", "off"), help="Whether extended attributes are passed on."),
        Row("cache", "cache/@mode", choices=("none", "always"), help="What the guest caches."),
        Row("sandbox", "sandbox/@mode", choices=("namespace", "chroot"), help="How the program is locked in."),
        Row("posix_lock", "lock/@posix", _codecs.Switch("on", "off"), help="Whether POSIX locks reach the host."),
        Row("flock", "lock/@flock", _codecs.Switch("on", "off"), help="Whether BSD locks reach the host."),
        Row(
            "thread_pool", "thread_pool/@size", _codecs.Integer(0), help="Most threads; 0 is none beside the main one."
        ),
        Row("open_files", "openfiles/@max", _codecs.Integer(1), help="Most open files.", since="10.6.0"),
    ),
    help="How virtiofsd runs.",
)


def _ids(option: str, what: str) -> Many:
    return Many(
        option,
        "idmap/" + option,
        (
            Row("start", "@start", _codecs.Integer(0), help="First {0} in the guest.".format(what), required=True),
            Row("target", "@target", _codecs.Integer(0), help="First {0} on the host.".format(what), required=True),
            Row("count", "@count", _codecs.Integer(1), help="How many.", required=True),
        ),
        help="{0}s of the guest and those of the host that they are.".format(what),
        by_order=True,
        since="10.0.0",
    )


_FILESYSTEM: tuple[AnyRow, ...] = (
    Row("target", "target/@dir", help="Name under which the guest mounts it.", required=True, keep=True),
    Row(
        "source",
        "source/@dir",
        _codecs.PATH,
        help="Directory on the host.",
        instead_of=("source/@socket",),
        keep=True,
    ),
    Row(
        "socket",
        "source/@socket",
        _codecs.PATH,
        help="Socket of a virtiofsd that runs already, instead of a source.",
        instead_of=("source/@dir",),
        keep=True,
    ),
    Row(
        "driver",
        "driver/@type",
        choices=("path", "virtiofs", "mtp"),
        help="V(path) is 9p, V(virtiofs) needs shared memory, V(mtp) is a media device on USB.",
        absent="path",
        keep=True,
        value_since={"mtp": "10.2.0"},
    ),
    Row("model", "@model", choices=_domain_disk_rows.MODELS, help="Model of 9p.", absent="virtio", keep=True),
    Row(
        "accessmode",
        "@accessmode",
        choices=("passthrough", "mapped", "squash"),
        help="With whose rights files are made: V(passthrough) those of the guest's user, V(mapped) QEMU's with the "
        "guest's kept beside, V(squash) like V(passthrough) without errors. V(virtiofs) has V(passthrough) only.",
        absent="passthrough",
    ),
    Row(
        "multidevs",
        "@multidevs",
        choices=("default", "remap", "forbid", "warn"),
        help="What 9p does with several file systems below one source.",
        absent="default",
    ),
    Row("fmode", "@fmode", _codecs.Octal(), help="Mode of new files, of V(mapped) only."),
    Row("dmode", "@dmode", _codecs.Octal(), help="Mode of new directories, of V(mapped) only."),
    Row("readonly", "readonly", _codecs.Presence(), help="Whether the guest can't write.", absent=False),
    Row("queue", "driver/@queue", _codecs.Integer(1, 1024), help="Requests that the queue of V(virtiofs) holds."),
    *_domain_controller_rows.VIRTIO,
    _BINARY,
    _ids("uid", "UID"),
    _ids("gid", "GID"),
    _domain_controller_rows.ALIAS,
    _domain_disk_rows.BOOT_ORDER,
    *_domain_address_rows.PCI,
    _domain_address_rows.USB,
)


def _shared(device: Element, live: Element) -> bool:
    """virtiofs alone can be plugged, and reads the guest's memory."""
    modes = [_xml.get(live, "memoryBacking/access/@mode"), *_xml.get_all(live, "cpu/numa/cell/@memAccess")]
    return _xml.get(device, "driver/@type") == "virtiofs" and "shared" in modes


FILESYSTEMS = _domain_plug.Devices(
    "filesystems",
    "devices/filesystem",
    _FILESYSTEM,
    help="Directories of the host that the guest can mount.",
    keys=("target",),
    fresh={"@type": "mount"},
    which="with O(filesystems[].driver) V(virtiofs), in a domain whose memory is shared",
    able=_shared,
    seats=_domain_plug.virtio_seat,
)

SHMEMS = _domain_plug.Devices(
    "shmems",
    "devices/shmem",
    (
        Row("name", "@name", _codecs.NAME, help="Name of the memory on the host.", required=True, keep=True),
        Row(
            "model",
            "model/@type",
            choices=("ivshmem-plain", "ivshmem-doorbell"),
            help="V(ivshmem-doorbell) has interrupts and needs a server.",
            required=True,
            keep=True,
        ),
        Row("size", "size", _codecs.Size("KiB"), help="Size, a power of two; V(ivshmem-plain) has 4MiB unless said."),
        Row(
            "role",
            "@role",
            choices=("master", "peer"),
            help="V(master) keeps the memory in a migration, V(peer) has to be unplugged for it.",
        ),
        Row("server", "server/@path", _codecs.PATH, help="Socket of the server."),
        Row("msi_vectors", "msi/@vectors", _codecs.Integer(1), help="Interrupt vectors."),
        Row("msi_ioeventfd", "msi/@ioeventfd", _codecs.Switch("on", "off"), help="Whether interrupts are taken aside."),
        _domain_controller_rows.ALIAS,
        *_domain_address_rows.PCI,
    ),
    help="Memory that domains of a host share.",
    keys=("name",),
    which="where there is a free slot of conventional PCI; q35 has none but on a V(pcie-to-pci-bridge)",
    seats=lambda _device, _live: ("pci",),
)


def check(filesystems: list[Options]) -> None:
    """Every file system has one source."""
    for index, each in enumerate(filesystems):
        if ("source" in each) == ("socket" in each):
            raise BadValue("filesystems[{0}]".format(index), each, "either source or socket is wanted")
