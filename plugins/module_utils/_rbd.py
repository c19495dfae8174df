# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The images of an rbd pool, for programs beside libvirt: with the servers, the user and the key that the pool has.

libvirt has neither streams for them nor a way to give them another name. Ceph's configuration, with the key, lies in
memory that only the programs inherit: in no file, in no list of processes.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils import _copy, _libvirt_objects, _xml
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound

if t.TYPE_CHECKING:
    from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import Host
    from lxml.etree import _Element as Element

# What the pool's own namespace has Ceph's options in (https://libvirt.org/formatstorage.html).
_PLAIN = "client_mount_timeout"


class Cluster(t.NamedTuple):
    """A pool of Ceph as libvirt's pool says it: its name there, Ceph's configuration (with the key), the user."""

    pool: str
    descriptor: int
    user: str

    @property
    def _conf(self) -> str:
        return "/proc/self/fd/{0}".format(self.descriptor)

    def image(self, name: str, blank: bool = False) -> _copy.Image:
        node = {"driver": "rbd", "pool": self.pool, "image": name, "conf": self._conf}
        if self.user:
            node["user"] = self.user
        return _copy.Image({"driver": "raw", "file": node}, (self.descriptor,), "", blank)

    def rename(self, old: str, new: str) -> None:
        """Give an image another name; one that has that already stays."""
        places = ["{0}/{1}".format(self.pool, name) for name in (old, new)]
        done = subprocess.run(
            ["rbd", "-c", self._conf, *(["--id", self.user] if self.user else []), "mv", *places],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            pass_fds=[self.descriptor],
            check=False,
        )
        if done.returncode:
            # Errors of librbd have lines of its log before them.
            told = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise KvmError("Volume {0} can't be renamed to {1}: {2}".format(old, new, told), error_code="not_renamed")


def require() -> None:
    if shutil.which("rbd") is None:
        raise _copy.missing("rbd", "ceph-common", "ceph-common")


@contextlib.contextmanager
def cluster(host: Host, source: Element | None) -> t.Iterator[Cluster]:
    """The cluster of an rbd pool with that source element, while programs need it."""
    if source is None:
        raise NotFound("The storage pool has no source.")
    user = _xml.get(source, "auth/@username") or ""
    descriptor = os.memfd_create("ceph.conf", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, configuration(source, _key(host, source) if user else None).encode())
        yield Cluster(_xml.get(source, "name") or "", descriptor, user)
    finally:
        os.close(descriptor)


def configuration(source: Element, key: bytes | None) -> str:
    """Ceph's configuration for a pool's source element, as libvirt itself sets it (storage_backend_rbd.c).

    key: None where there is no user, or where libvirt doesn't give the key away: then Ceph looks into its own keyrings.
    """
    hosts = []
    for host in _xml.find_all(source, "host"):
        name, port = host.get("name") or "", host.get("port")
        name = "[{0}]".format(name) if ":" in name and not name.startswith("[") else name
        hosts.append("{0}:{1}".format(name, port) if port else name)
    lines = ["[global]"]
    if hosts:
        lines.append("mon_host = {0}".format(",".join(hosts)))
    lines.append("auth_client_required = {0}".format("cephx" if _xml.get(source, "auth/@username") else "none"))
    lines += ["{0} = 30".format(option) for option in (_PLAIN, "rados_mon_op_timeout")]
    if key:
        lines.append("key = {0}".format(base64.b64encode(key).decode()))
    return "\n".join(lines) + "\n"


def _key(host: Host, source: Element) -> bytes | None:
    """The value of the secret that the pool logs in with; None where it is private."""
    auth = _xml.need(source, "auth")
    uuid, usage = _xml.get(auth, "secret/@uuid"), _xml.get(auth, "secret/@usage")
    for secret in _libvirt_objects.secrets(host):
        if uuid == secret.UUIDString() or (usage and _libvirt_objects.secret_usage(secret) == ("ceph", usage)):
            if _xml.get(_xml.parse(_libvirt_objects.secret_xml(secret), "the secret"), "@private") == "yes":
                return None
            value = _libvirt_objects.secret_value(secret)
            if value is None:
                break
            return value
    raise NotFound(
        "The storage pool's secret {0} is not there, or has no value.".format(uuid or usage),
        remedy="Declare it with minicloud.kvm.libvirt_secret first.",
    )
