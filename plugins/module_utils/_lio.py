# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kernel's iSCSI server, by rtslib. The only importer of rtslib_fb: one small typed function a call."""

from __future__ import annotations

import json
import os
import stat
import traceback
import typing as t
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils import _iscsi_target
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._iscsi_target import (
    BLOCK,
    TAG,
    Auth,
    Backstore,
    Lio,
    Mapping,
    Portal,
)

try:
    import rtslib_fb
    from rtslib_fb.node import CFSNode
    from rtslib_fb.root import default_save_file
    from rtslib_fb.tcm import StorageObject

    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()


class Kernel:
    """What the kernel has. Every method but ``read`` and ``saved`` changes it."""

    def __init__(self) -> None:
        self._fabric: t.Any = None

    def read(self) -> Lio:
        """All backstores and iSCSI targets; nothing where rtslib or LIO isn't there yet, and nothing is loaded then."""
        if IMPORT_ERROR is not None or not Path(CFSNode.configfs_dir).is_dir():
            return Lio()
        fabric = rtslib_fb.FabricModule("iscsi")
        targets = list(fabric.targets)
        dump = {
            "storage_objects": [one.dump() for one in StorageObject.all()],
            "targets": [one.dump() for one in targets],
        }
        sessions = {
            one.wwn: {acl.node_wwn for group in one.tpgs for acl in group.node_acls if acl.session} for one in targets
        }
        return _iscsi_target.parse(dump, sessions)

    def saved(self) -> tuple[Lio, bool]:
        """What the next boot will bring, and whether root alone may read that."""
        if IMPORT_ERROR is not None:
            return Lio(), True
        try:
            with open(default_save_file, encoding="utf-8") as stream:
                private = not stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077
                return _iscsi_target.parse(json.load(stream)), private
        except FileNotFoundError:
            return Lio(), True
        except (ValueError, KeyError, TypeError) as error:
            raise KvmError(
                "Failed to read {0}: it is not what rtslib writes ({1}).".format(default_save_file, error),
                error_code="unreadable_saveconfig",
                remedy="Look at it, and move it away where it is of no use.",
            ) from error

    def prepare(self) -> None:
        """Load what is needed. rtslib wants the directory of its data to be there."""
        Path(default_save_file).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        rtslib_fb.RTSRoot()
        self._fabric = rtslib_fb.FabricModule("iscsi")

    def save(self) -> None:
        """Have the next boot bring what there is now."""
        rtslib_fb.RTSRoot().save_to_file()
        os.chmod(default_save_file, 0o600)

    def create_backstore(self, wanted: Backstore) -> None:
        """A backstore, with its attributes as they come."""
        if wanted.plugin == BLOCK:
            rtslib_fb.BlockStorageObject(wanted.name, dev=wanted.path, wwn=wanted.wwn, readonly=wanted.readonly)
        else:
            rtslib_fb.FileIOStorageObject(
                wanted.name, dev=wanted.path, size=wanted.size, wwn=wanted.wwn, write_back=wanted.write_back
            )

    def delete_backstore(self, plugin: str, name: str) -> None:
        """Its device or file stays as it is."""
        self._backstore(plugin, name).delete()

    def set_backstore_attribute(self, plugin: str, name: str, attribute: str, value: str) -> None:
        self._backstore(plugin, name).set_attribute(attribute, value)

    def grow_file(self, path: str, size: int) -> None:
        """A sparse file of this size; what is in it stays."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(handle).st_size < size:
                os.ftruncate(handle, size)
                os.fsync(handle)
        finally:
            os.close(handle)

    def create_target(self, name: str) -> None:
        rtslib_fb.TPG(rtslib_fb.Target(self._fabric, name), TAG)

    def delete_target(self, name: str) -> None:
        rtslib_fb.Target(self._fabric, name, mode="lookup").delete()

    def enable(self, name: str) -> None:
        self._group(name).enable = True

    def set_attribute(self, name: str, attribute: str, value: str) -> None:
        self._group(name).set_attribute(attribute, value)

    def create_lun(self, name: str, number: int, plugin: str, backstore: str) -> None:
        rtslib_fb.LUN(self._group(name), number, self._backstore(plugin, backstore))

    def delete_lun(self, name: str, number: int) -> None:
        """With all that maps it."""
        rtslib_fb.LUN(self._group(name), number).delete()

    def create_initiator(self, name: str, initiator: str) -> None:
        rtslib_fb.NodeACL(self._group(name), initiator)

    def delete_initiator(self, name: str, initiator: str) -> None:
        self._initiator(name, initiator).delete()

    def set_auth(self, name: str, initiator: str, auth: Auth) -> None:
        """CHAP names and secrets; empty ones are taken away."""
        acl = self._initiator(name, initiator)
        acl.chap_userid = auth.userid
        acl.chap_password = auth.password
        acl.chap_mutual_userid = auth.mutual_userid
        acl.chap_mutual_password = auth.mutual_password

    def map_lun(self, name: str, initiator: str, wanted: Mapping) -> None:
        rtslib_fb.MappedLUN(self._initiator(name, initiator), wanted.mapped_lun, wanted.lun, wanted.write_protect)

    def unmap_lun(self, name: str, initiator: str, mapped_lun: int) -> None:
        rtslib_fb.MappedLUN(self._initiator(name, initiator), mapped_lun).delete()

    def set_write_protect(self, name: str, initiator: str, wanted: Mapping) -> None:
        mapped = rtslib_fb.MappedLUN(self._initiator(name, initiator), wanted.mapped_lun)
        mapped.write_protect = wanted.write_protect

    def create_portal(self, name: str, portal: Portal) -> None:
        self._portal(name, portal, "any")

    def delete_portal(self, name: str, portal: Portal) -> None:
        self._portal(name, portal, "lookup").delete()

    def _portal(self, name: str, portal: Portal, mode: str) -> t.Any:
        address = "[{0}]".format(portal.address) if ":" in portal.address else portal.address
        return rtslib_fb.NetworkPortal(self._group(name), address, portal.port, mode=mode)

    def _group(self, name: str) -> t.Any:
        return rtslib_fb.TPG(rtslib_fb.Target(self._fabric, name, mode="lookup"), TAG)

    def _initiator(self, name: str, initiator: str) -> t.Any:
        return rtslib_fb.NodeACL(self._group(name), initiator, mode="lookup")

    def _backstore(self, plugin: str, name: str) -> t.Any:
        for one in StorageObject.all():
            if (one.plugin, one.name) == (plugin, name):
                return one
        raise KvmError("Failed to find the backstore {0}/{1}: somebody else has just removed it.".format(plugin, name))


def failures() -> tuple[type[BaseException], ...]:
    """What rtslib raises: its own errors, and the kernel's at a file of configfs."""
    return (OSError,) if IMPORT_ERROR is not None else (rtslib_fb.RTSLibError, OSError)
