# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of a storage volume (https://libvirt.org/formatstorage.html#storage-volume-xml)."""

from __future__ import annotations

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Options, Row

# Formats of files, as libvirt calls them, and types of partitions.
FILES = ("qcow2", "raw", "qcow", "qed", "vdi", "vmdk", "vpc")
PARTITIONS = ("none", "linux", "fat16", "fat32", "linux-swap", "linux-lvm", "linux-raid", "extended")
# What is fixed when a volume is made and can be seen of one that is there.
FIXED = ("compat", "cluster_size", "lazy_refcounts", "extended_l2", "encryption")
QCOW2 = ("compat", "cluster_size", "lazy_refcounts", "extended_l2")


class Allocation(_codecs.Size):
    """Bytes, or one of the words for how much is taken from the beginning."""

    WORDS = ("thin", "metadata", "full")

    def __init__(self) -> None:
        super().__init__("B", minimum=0)

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        if value in self.WORDS:
            return value
        try:
            return super().mean(option, value)
        except BadValue as error:
            raise BadValue(option, value, "a size, such as 512MiB, or one of thin, metadata, full is wanted") from error

    def show(self, value: _codecs.Value) -> _codecs.Value:
        return value if value in self.WORDS else super().show(value)


class ClusterSize(_codecs.Size):
    def __init__(self) -> None:
        super().__init__("B", minimum=512)

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        size = super().mean(option, value)
        if size > 2 * 1024 * 1024 or size & (size - 1):
            raise BadValue(option, value, "a power of two is wanted, from 512B to 2MiB")
        return size


SOURCE = _codecs.Text(
    r"/([^\n\x00]*[^\s\x00])?|https?://[^\s/][^\s]*", "an absolute path or a URL (http, https) is wanted"
)
CHECKSUM = _codecs.Text(
    r"(md5|sha1|sha224|sha256|sha384|sha512):([0-9a-fA-F]+|https?://[^\s]+)",
    "an algorithm and a checksum, or a URL of checksums, is wanted, such as sha256:https://example.org/SHA256SUMS",
)

_SECRET = Block(
    "secret",
    "secret",
    (
        Row("usage", "@usage", _codecs.Text(), help="By its usage."),
        Row("uuid", "@uuid", _codecs.Uuid(), help="By its UUID."),
    ),
    help="The secret of libvirt that holds the passphrase.",
)
_ENCRYPTION: tuple[AnyRow, ...] = (
    Row("format", "@format", choices=("luks",), default="luks", help="Format of the encryption."),
    _SECRET,
    Block(
        "cipher",
        "cipher",
        (
            Row("name", "@name", _codecs.Text(r"[a-z0-9]+"), help="Cipher, such as V(aes)."),
            Row("size", "@size", _codecs.Integer(1), help="Bits of the key, such as V(256)."),
            Row("mode", "@mode", _codecs.Text(r"[a-z0-9]+"), help="Mode, such as V(xts)."),
            Row("hash", "@hash", _codecs.Text(r"[a-z0-9]+"), help="Hash, such as V(sha256)."),
        ),
        help="The cipher; QEMU's default where it is left out.",
    ),
    Block(
        "ivgen",
        "ivgen",
        (
            Row("name", "@name", _codecs.Text(r"[a-z0-9]+"), help="Generator, such as V(plain64)."),
            Row("hash", "@hash", _codecs.Text(r"[a-z0-9]+"), help="Its hash, where it has one."),
        ),
        help="How initialization vectors are made; goes with O(encryption.cipher).",
    ),
)

ROWS: tuple[AnyRow, ...] = (
    Row(
        "name",
        "name",
        _codecs.NAME,
        help="Name of the volume. May be left out where O(xml) has it. On a V(disk) pool it is that "
        "of the next partition, such as V(sdb1).",
    ),
    Row("pool", None, _codecs.NAME, help="Storage pool that it is in, which has to be active."),
    Row(
        "state",
        None,
        help="V(present) is there with at least the declared capacity; V(absent) is deleted, with all it holds.",
        choices=("present", "absent"),
        default="present",
    ),
    Row(
        "capacity",
        "capacity",
        _codecs.Size("B"),
        help="Size that a guest sees, such as V(20GiB). A smaller volume grows, a larger one is refused unless "
        "O(allow_shrink). Left out, a new volume has the size of what it starts from.",
    ),
    Row(
        "allocation",
        None,
        Allocation(),
        help="Space taken from the beginning, when it is made: V(thin) is as little as can be, V(metadata) that for "
        "the tables of a V(qcow2), V(full) all of it; or a size. Left out, V(raw) is full, and the others and what "
        "O(clone) makes are thin.",
    ),
    Row(
        "format",
        "target/format/@type",
        choices=FILES + PARTITIONS,
        help="Format of the volume when it is made: that of O(src) or O(clone) where it is left out, or else V(qcow2). "
        "What O(src) has in another format is converted. A V(disk) pool has types of partitions: V(none) to "
        "V(extended). Volumes of other pools of devices are V(raw). It can't be changed.",
    ),
    Row(
        "compat",
        "target/compat",
        choices=("0.10", "1.1"),
        # libvirt has no word for the old one.
        absent="0.10",
        help="Version of V(qcow2): V(1.1) where it is left out.",
    ),
    Row(
        "cluster_size",
        "target/clusterSize",
        ClusterSize(),
        help="Size of the clusters of a V(qcow2), such as V(64KiB).",
    ),
    Row(
        "lazy_refcounts",
        "target/features/lazy_refcounts",
        _codecs.Presence(),
        help="Whether a V(qcow2) writes its reference counts late: faster, and slow to repair after a crash.",
    ),
    Row(
        "extended_l2",
        "target/features/extended_l2",
        _codecs.Presence(),
        help="Whether the clusters of a V(qcow2) have subclusters; take a larger O(cluster_size).",
    ),
    Row("nocow", "target/nocow", _codecs.Presence(), help="Whether copy on write of Btrfs is off for a new file."),
    Block(
        "encryption",
        "target/encryption",
        _ENCRYPTION,
        help="How a V(raw) or V(qcow2) volume is encrypted when it is made, by QEMU itself.",
    ),
    Block(
        "backing_store",
        "backingStore",
        (
            Row("volume", None, _codecs.NAME, help="Name of the volume that holds what is not written yet."),
            Row("pool", None, _codecs.NAME, help="Its pool; the volume's own where it is left out."),
            Row("path", "path", _codecs.PATH, help="Path of an image instead of a volume."),
            Row("format", "format/@type", choices=FILES, help="Its format; a volume's is known."),
        ),
        help="The image that the volume is an overlay of, when it is made. It can't be changed.",
    ),
    Block(
        "clone",
        "clone",
        (
            Row("volume", None, _codecs.NAME, help="Name of the volume.", required=True),
            Row("pool", None, _codecs.NAME, help="Its pool; the new volume's own where it is left out."),
        ),
        help="The volume that a new one is a full copy of, whatever the two pools are: with its holes, and compared "
        "when it is written. What is there already is not copied again. Within one V(rbd) pool it is a layer above a "
        "snapshot of the other, as Ceph clones.",
    ),
    Row(
        "src",
        None,
        SOURCE,
        help="File on the hypervisor, or a URL, that a new volume is filled from. What is there already is not filled "
        "again.",
    ),
    Row(
        "checksum",
        None,
        CHECKSUM,
        help="Checksum of O(src), such as V(sha256:) and its digits, or the URL of a list of checksums instead of the "
        "digits. A volume has its name only when it is right. An interrupted download is gone on with.",
    ),
    Row(
        "fill_blank",
        None,
        _codecs.Switch(),
        help="Whether a partition or LUN that is there, and on which there is nothing, is filled from O(clone) or "
        "O(src). The volumes of V(iscsi), V(scsi) and V(mpath) pools are there from the beginning. What holds anything "
        "is left as it is.",
        default=False,
    ),
    Row(
        "mode", "target/permissions/mode", _codecs.Octal(), help="Mode of the file when it is made, such as V('0640')."
    ),
    Row(
        "owner",
        "target/permissions/owner",
        _codecs.Integer(0),
        help="Numeric user of the file when it is made; on a V(netfs) pool that of the pool's directory.",
    ),
    Row(
        "group",
        "target/permissions/group",
        _codecs.Integer(0),
        help="Numeric group of the file when it is made; on a V(netfs) pool that of the directory.",
    ),
    Row(
        "allow_overcommit",
        None,
        _codecs.Switch(),
        help="Whether the capacity may be more than the whole pool has.",
        default=False,
    ),
    Row(
        "allow_shrink",
        None,
        _codecs.Switch(),
        help="Whether a larger volume is cut to O(capacity): what is behind is lost. Never that of a running domain.",
        default=False,
    ),
    Row(
        "wipe",
        None,
        choices=("zero", "nnsa", "dod", "bsi", "gutmann", "schneier", "pfitzner7", "pfitzner33", "random"),
        help="With O(state=absent): how what it holds is overwritten before it is deleted. All but V(zero) need "
        "scrub on the hypervisor.",
    ),
    Row("xml", None, _codecs.Text(), help="libvirt's XML for a new volume, for what has no option of its own."),
)


def check(desired: Options) -> None:
    """Refuse what contradicts itself; BadValue names the option."""
    if desired["state"] == "absent":
        return
    _check_origin(desired)
    form = desired.get("format")
    for option in QCOW2:
        if option in desired and form not in (None, "qcow2"):
            raise BadValue(option, _shown(option, desired), "only qcow2 has it, not {0}".format(form))
    for option in ("lazy_refcounts", "extended_l2"):
        if desired.get(option) and desired.get("compat") == "0.10":
            raise BadValue(option, True, "it needs compat 1.1")
    if desired.get("allocation") == "metadata" and form not in (None, "qcow2"):
        raise BadValue("allocation", "metadata", "only qcow2 has it, not {0}".format(form))
    if "wipe" in desired:
        raise BadValue("wipe", desired["wipe"], "it goes with state: absent")
    if "encryption" in desired:
        _check_encryption(desired, form)


def _shown(option: str, desired: Options) -> _codecs.Value:
    return next(row.show(desired[option]) for row in ROWS if row.option == option)


def _check_origin(desired: Options) -> None:
    """What a new volume starts from is one thing."""
    given = [option for option in ("backing_store", "clone", "src") if option in desired]
    if len(given) > 1:
        raise BadValue(given[-1], _shown(given[-1], desired), "a volume has one of backing_store, clone, src")
    if desired.get("fill_blank") and not {"clone", "src"} & set(desired):
        raise BadValue("fill_blank", True, "clone or src is wanted, which it is filled from")
    if "checksum" in desired and "src" not in desired:
        raise BadValue("checksum", desired["checksum"], "it is that of src")
    if "backing_store" in desired:
        store = desired["backing_store"]
        if ("volume" in store) == ("path" in store):
            raise BadValue("backing_store", store, "either volume or path is wanted")
        if desired.get("format", "qcow2") != "qcow2":
            raise BadValue("format", desired["format"], "an overlay of an image is qcow2")


def _check_encryption(desired: Options, form: str | None) -> None:
    if form not in (None, "raw", "qcow2"):
        raise BadValue("encryption", {}, "only raw and qcow2 volumes are encrypted, not {0}".format(form))
    if len(desired["encryption"].get("secret", {})) != 1:
        raise BadValue("encryption.secret", desired["encryption"].get("secret"), "either usage or uuid is wanted")
    if "src" in desired:
        raise BadValue("encryption", {}, "a volume that is filled from src is as src is")
    if ("cipher" in desired["encryption"]) != ("ivgen" in desired["encryption"]):
        raise BadValue("encryption", sorted(desired["encryption"]), "cipher and ivgen go together")
