# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a disk lies on (the source element of https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms)."""

from __future__ import annotations

import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _xml,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Options, Row

if t.TYPE_CHECKING:
    from lxml.etree import _Element as Element

PORT = _codecs.Integer(1, 65535)
_NETWORK = ("@type", "network")


class _Client(_codecs.Text):
    """The socket of a program that QEMU is a client of."""

    def __init__(self) -> None:
        super().__init__(_codecs.PATH.pattern.pattern if _codecs.PATH.pattern else None, _codecs.PATH.allowed)

    def write(self, element: Element, place: str, value: _codecs.Value) -> None:
        _xml.put(element, place, value)
        for attribute, word in (("type", "unix"), ("mode", "client")):
            _xml.put(element, place.rpartition("@")[0] + "@" + attribute, word)


def _same_lun(wanted: _codecs.Value, found: _codecs.Value) -> bool:
    """libvirt adds LUN 0 to the name of an iSCSI target without one."""
    return bool(found == "{0}/0".format(wanted) and found.startswith("iqn."))


def _secret(*rows: AnyRow, only: tuple[str, str] | None = None) -> Block:
    return Block(
        "secret",
        "secret",
        (
            *rows,
            Row("usage", "@usage", help="Usage of the secret.", only=only, instead_of=("@uuid",)),
            Row("uuid", "@uuid", _codecs.Uuid(), help="UUID of the secret.", only=only, instead_of=("@usage",)),
        ),
        help="The libvirt secret, by its usage or its UUID.",
    )


def auth(*types: str, once_at: str = "") -> Block:
    return Block(
        "auth",
        "source/auth",
        (
            Row("username", "@username", help="User name.", required=True),
            _secret(Row("type", "@type", choices=types, help="Type of the secret.", required=True)),
        ),
        help="How to log in to a network source.",
        once_at=once_at,
    )


HOSTS = Many(
    "hosts",
    "host",
    (
        Row("name", "@name", help="Name or address.", instead_of=("@socket",)),
        Row("port", "@port", PORT, help="Port; the protocol's own where it is left out."),
        Row("transport", "@transport", choices=("tcp", "rdma", "unix"), help="Transport.", absent="tcp"),
        Row("socket", "@socket", _codecs.PATH, help="Socket of transport V(unix).", instead_of=("@name", "@port")),
    ),
    help="Servers. Only V(rbd) and V(gluster) take more than one.",
    by_order=True,
)
INITIATOR = Row("initiator", "initiator/iqn/@name", help="IQN that QEMU logs in with.")

_PROTOCOLS = ("rbd", "iscsi", "gluster", "nfs", "http", "https", "ftp", "ftps", "nbd", "ssh")

SOURCES: tuple[AnyRow, ...] = (
    Row("file", "source/@file", _codecs.PATH, help="File on the host.", only=("@type", "file"), keep=True),
    Row("block", "source/@dev", _codecs.PATH, help="Block device of the host.", only=("@type", "block"), keep=True),
    Row(
        "dir",
        "source/@dir",
        _codecs.PATH,
        help="Directory of the host that the guest sees as a FAT file system; O(disks[].format) is V(fat).",
        only=("@type", "dir"),
        keep=True,
    ),
    Block(
        "network",
        "source",
        (
            Row(
                "protocol",
                "@protocol",
                choices=_PROTOCOLS,
                help="Protocol.",
                required=True,
                keep=True,
                value_since={"ssh": "9.8.0"},
            ),
            Row(
                "name",
                "@name",
                help="What it is called there: pool and image, target and LUN, volume and file, export or path.",
                same=_same_lun,
                keep=True,
            ),
            Row("query", "@query", help="Query of an HTTP address, without the question mark."),
            HOSTS,
            Row("tls", "@tls", _codecs.Switch(), help="Whether NBD is encrypted."),
            Row("tls_hostname", "@tlsHostname", help="Name in the NBD server's certificate."),
            Row("snapshot", "snapshot/@name", help="Snapshot of an RBD image."),
            Row("config", "config/@file", _codecs.PATH, help="Ceph's configuration file on the host."),
            INITIATOR,
            Row("ssl_verify", "ssl/@verify", _codecs.Switch(), help="Whether the server's certificate is verified."),
            Many(
                "cookies",
                "cookies/cookie",
                (
                    Row("name", "@name", help="Name.", required=True, keep=True),
                    Row("value", "", help="Value.", required=True, no_log=True, keep=True),
                ),
                help="HTTP cookies.",
                keys=("name",),
            ),
            Row(
                "readahead",
                "readahead/@size",
                _codecs.PlainSize(),
                help="Size of the buffer for reading ahead (a size).",
            ),
            Row("timeout", "timeout/@seconds", _codecs.Integer(1), help="Timeout of the connection, in seconds."),
            Row("user", "identity/@user", help="User for NFS: a name, or V(+) and a number."),
            Row("group", "identity/@group", help="Group for NFS: a name, or V(+) and a number."),
            Row("username", "identity/@username", help="User for SSH with a key.", since="9.8.0"),
            Row(
                "keyfile",
                "identity/@keyfile",
                _codecs.PATH,
                help="File with the private SSH key.",
                since="9.8.0",
                instead_of=("identity/@agentsock",),
            ),
            Row(
                "agentsock",
                "identity/@agentsock",
                _codecs.PATH,
                help="Socket of an SSH agent.",
                since="9.8.0",
                instead_of=("identity/@keyfile",),
            ),
            Row("known_hosts", "knownHosts/@path", _codecs.PATH, help="File with the SSH server's key.", since="9.8.0"),
            Row(
                "reconnect_delay",
                "reconnect/@delay",
                _codecs.Integer(0),
                help="Seconds that requests wait for an NBD server to come back.",
                since="9.2.0",
            ),
        ),
        help="Storage that QEMU itself reaches over the network.",
        only=_NETWORK,
        keep=True,
    ),
    Block(
        "nvme",
        "source",
        (
            Row(
                "address",
                "address",
                _codecs.PciAddress(),
                help="PCI address of the controller.",
                required=True,
                keep=True,
            ),
            Row("namespace", "@namespace", _codecs.Integer(1, 2**32 - 1), help="Namespace.", required=True, keep=True),
            Row(
                "managed",
                "@managed",
                _codecs.Switch(),
                help="Whether libvirt takes it from the host's driver and back.",
            ),
        ),
        help="NVMe namespace that QEMU drives itself.",
        only=("@type", "nvme"),
        fresh={"@type": "pci"},
        keep=True,
    ),
    Block(
        "vhost_user",
        "source",
        (
            Row("path", "@path", _codecs.PATH, help="Socket of the vhost-user-blk server.", required=True, keep=True),
            Row("reconnect", "reconnect/@enabled", _codecs.Switch(), help="Whether QEMU connects again after a loss."),
            Row("reconnect_timeout", "reconnect/@timeout", _codecs.Integer(0), help="Seconds between attempts."),
        ),
        help="Disk of a vhost-user-blk server; the guest's memory has to be shared.",
        only=("@type", "vhostuser"),
        fresh={"@type": "unix"},
        keep=True,
    ),
    Row(
        "vhost_vdpa",
        "source/@dev",
        _codecs.PATH,
        help="vDPA block device, such as V(/dev/vhost-vdpa-0); the guest's memory has to be shared.",
        only=("@type", "vhostvdpa"),
        keep=True,
        since="9.8.0",
    ),
)
# A volume is resolved to its path; pool and volume stand for it in the options.
VOLUME: tuple[AnyRow, ...] = (
    Row("pool", None, _codecs.NAME, help="Storage pool of O(disks[].volume)."),
    Row(
        "volume",
        None,
        _codecs.NAME,
        help="Volume of the pool; its path and format stand in the domain. That of an V(rbd), V(gluster) or "
        "V(iscsi-direct) pool has no path: what the pool says of servers and credentials stands there as "
        "O(disks[].network) and O(disks[].auth).",
    ),
)


def _layer(depth: int) -> Block:
    below: tuple[AnyRow, ...] = (_layer(depth - 1),) if depth > 1 else ()
    return Block(
        "backing_store",
        "backingStore",
        (
            Row("file", "source/@file", _codecs.PATH, help="File on the host.", only=("@type", "file"), keep=True),
            Row(
                "block",
                "source/@dev",
                _codecs.PATH,
                help="Block device of the host.",
                only=("@type", "block"),
                keep=True,
            ),
            Row("format", "format/@type", choices=("raw", "qcow2"), help="Format.", required=True, keep=True),
            *below,
        ),
        help="What the image lies on. Left out, QEMU takes what stands in the image.",
    )


# More of a source than where it is.
SOURCE_MORE: tuple[AnyRow, ...] = (
    auth("ceph", "iscsi", once_at="auth"),
    Block(
        "encryption",
        "source/encryption",
        (
            Row(
                "format",
                "@format",
                choices=("luks", "luks2", "luks-any"),
                help="Format.",
                required=True,
                keep=True,
                value_since={"luks-any": "9.3.0"},
            ),
            Row(
                "engine",
                "@engine",
                choices=("qemu", "librbd"),
                help="What decrypts it. V(librbd) alone knows V(luks2) and V(luks-any), and takes only RBD images.",
            ),
            _secret(only=("@type", "passphrase")),
        ),
        help="Decryption of the image.",
        once_at="encryption",
    ),
    Row(
        "startup_policy",
        "source/@startupPolicy",
        choices=("mandatory", "requisite", "optional"),
        help="What becomes of the domain when the file is missing: V(mandatory) is an error, V(requisite) only at a "
        "start by hand, V(optional) never.",
        absent="mandatory",
        live="update",
    ),
    Block(
        "slice",
        "source/slices/slice",
        (
            Row("offset", "@offset", _codecs.PlainSize(minimum=0), help="Where it begins (a size).", required=True),
            Row("size", "@size", _codecs.PlainSize(), help="Size.", required=True),
        ),
        help="Part of the source that holds the image.",
        fresh={"@type": "storage"},
    ),
    Block(
        "reservations",
        "source/reservations",
        (
            Row("managed", "@managed", _codecs.Switch(), help="Whether libvirt runs the helper.", required=True),
            Row("socket", "source/@path", _Client(), help="Socket of a helper that libvirt does not run."),
        ),
        help="SCSI persistent reservations.",
    ),
    Block(
        "data_store",
        "source/dataStore",
        (
            Row("file", "source/@file", _codecs.PATH, help="File on the host.", only=("@type", "file")),
            Row("block", "source/@dev", _codecs.PATH, help="Block device of the host.", only=("@type", "block")),
        ),
        help="Raw file or device that holds the data of a qcow2 image.",
        fresh={"format/@type": "raw"},
        since="10.10.0",
    ),
    _layer(3),
)


def check_secret(field: str, item: Options, option: str) -> None:
    """Credentials name one secret."""
    if option in item and len({"usage", "uuid"} & set(item[option].get("secret", {}))) != 1:
        allowed = "the usage or the uuid of a libvirt secret is wanted"
        raise BadValue("{0}.{1}.secret".format(field, option), item[option].get("secret"), allowed)
