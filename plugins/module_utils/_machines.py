# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Other hypervisors, by the name that they reach each other with: what libvirt does not tell is asked over ssh."""

from __future__ import annotations

import contextlib
import ipaddress
import shlex
import socket
import subprocess

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

# Seconds for a question that a machine answers at once or not at all.
_TIMEOUT = 60

# File systems that several machines may share, as stat(1) calls them (human_fstype in coreutils' src/stat.c), among
# them those that libvirt takes for shared (virFileIsSharedFSType in its src/util/virfile.c). FUSE is one name for all
# sorts of things ("fuseblk" in coreutils 9.1, "fuse" in 9.7), so of these it is what mount(8) calls them.
_SHARED = frozenset(
    {"acfs", "afs", "ceph", "cifs", "gfs/gfs2", "gpfs", "lustre", "nfs", "ocfs2", "panfs", "smb", "smb2", "snfs"}
    | {"v9fs", "vxfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.glusterfs", "fuse.juicefs", "fuse.mfs", "fuse.quobyte"}
)

# Types of logical volumes' segments that may be active on several machines. Of a snapshot or thin volume each would
# keep books of its own.
SHAREABLE = frozenset(("linear", "striped"))

# What a block device is called on every machine that has it: a logical volume by its UUID, a multipath map and a LUN by
# the name that the storage gives it (Documentation/ABI of the kernel: sysfs-block-dm, sysfs-block-device). Only names
# of which there is no second one: many a virtual machine has a disk of the same maker, model and serial number.
_DEVICE = "device"
_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
# The boot's number, then a line for each path: the sort of its file system and its inode, or what the device is called;
# empty where there is none. A logical volume that is not active there is called what it would be. Not a file's size: an
# image that grows may look smaller from afar for a while (attribute caching in nfs(5)).
_TELL_FILES = """cat /proc/sys/kernel/random/boot_id
for path do
  name=
  if [ -b "$path" ]; then
    numbers=$(stat -L -c '%t %T' -- "$path")
    sys=/sys/dev/block/$((0x${numbers% *})):$((0x${numbers#* }))
    name=$(cat "$sys/dm/uuid" 2>/dev/null || cat "$sys/device/wwid" 2>/dev/null || cat "$sys/wwid" 2>/dev/null)
  fi
  if ! [ -e "$path" ]; then
    case $path in
      /dev/*/*/*) ;;
      /dev/*/*)
        name=$(PATH=$PATH:/usr/sbin:/sbin lvs --noheadings -o vg_uuid,lv_uuid -- "$path" 2>/dev/null | tr -d ' \\n-')
        name=${name:+LVM-$name};;
    esac
  fi
  case $name in
    LVM-*|mpath-[23]*|naa.*|eui.*|uuid.*) printf 'device\\t%s\\n' "$name";;
    *)
      kind=$(stat -L -f -c %T -- "$path" 2>/dev/null)
      case $kind in fuse*) kind=$(findmnt -n -o FSTYPE -T "$path");; esac
      printf '%s\\t%s\\n' "$kind" "$(stat -L -c %i -- "$path" 2>/dev/null)";;
  esac
done"""


def addresses(name: str) -> list[str]:
    """The addresses that a name has here."""
    try:
        return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)})
    except socket.gaierror:
        return []


def is_here(name: str) -> bool:
    """Whether a name is this machine's: its own name, or one whose address can be bound to."""
    if name == socket.gethostname():
        return True
    for address in addresses(name):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.bind((address, 0))
            return True
    return False


class Machine:
    """A hypervisor: its name, libvirt's URI of it, and commands run on it."""

    def __init__(self, name: str, user: str, uri: str | None = None) -> None:
        self.name = name
        self.user = user
        self.here = is_here(name)
        self.uri = uri or ("qemu:///system" if self.here else "qemu+ssh://{0}@{1}/system".format(user, name))

    def run(self, *argv: str) -> str | None:
        """What a command prints on that machine; None where it fails there."""
        # Host keys are checked, and nothing is asked: what is not prepared fails.
        ssh = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-l", self.user, "--", self.name]
        try:
            done = subprocess.run(
                list(argv) if self.here else [*ssh, " ".join(shlex.quote(word) for word in argv)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KvmError("{0} on {1}: {2}.".format(argv[0], self.name, error), error_code="unreachable") from error
        if done.returncode == 255 and not self.here:
            raise KvmError(
                "Can't log in to {0} as {1}: {2}.".format(self.name, self.user, done.stderr.strip()),
                error_code="unreachable",
                remedy="The role minicloud.kvm.hypervisor puts keys and host keys in place.",
            )
        return None if done.returncode else done.stdout

    def resolve(self, name: str) -> list[str]:
        """The addresses that a name has on that machine."""
        lines = (self.run("getent", "ahosts", name) or "").splitlines()
        return sorted({line.split(maxsplit=1)[0] for line in lines if line.strip()})

    def own_addresses(self) -> set[str]:
        """The addresses of that machine's network devices."""
        lines = (self.run("ip", "-o", "addr", "show") or "").splitlines()
        return {line.split()[3].partition("/")[0] for line in lines if len(line.split()) > 3}

    def files(self, paths: list[str]) -> dict[str, str]:
        """What the files at these paths are on that machine, in words that are the same on machines that share them.

        What is missing there is missing here.
        """
        booted, *lines = (self.run("sh", "-c", _TELL_FILES, "sh", *paths) or "-").splitlines()
        found: dict[str, str] = {}
        for path, line in zip(paths, lines):
            kind, _tab, identity = line.partition("\t")
            if identity:
                # On a disk of its own a machine may well have another file of the same inode.
                found[path] = line if kind in _SHARED or kind == _DEVICE else "{0}\t{1}".format(line, booted)
        return found

    def activate(self, path: str) -> None:
        """Have a logical volume there, as it is now: another machine may have made it, or made it larger."""
        kinds = set((self.run("env", _PATH, "lvs", "--noheadings", "-o", "segtype", path) or "").split())
        if not kinds:
            raise KvmError(
                "On {0} the logical volume {1} can't be had: lvs doesn't say of which type it is.".format(
                    self.name, path
                ),
                error_code="lvm_failed",
                remedy="Run it there by hand to see why.",
            )
        other = kinds - SHAREABLE
        if other:
            raise KvmError(
                "{0} is a logical volume of type {1}: active on {2} as well it would be destroyed.".format(
                    path, ", ".join(sorted(other)), self.name
                ),
                error_code="not_shared",
                remedy="Only linear and striped volumes may be active on two machines at once.",
            )
        for words in (["-aly"], ["--refresh"]):
            if self.run("env", _PATH, "lvchange", *words, path) is None:
                raise KvmError(
                    "On {0} the logical volume {1} can't be had: lvchange {2} fails.".format(self.name, path, words[0]),
                    error_code="lvm_failed",
                    remedy="Run it there by hand to see why.",
                )

    def deactivate(self, path: str) -> bool:
        """Whether a logical volume is no longer had there; one that is in use stays."""
        return self.run("env", _PATH, "lvchange", "-aln", path) is not None

    def contents(self, paths: list[str]) -> dict[str, str]:
        """The checksums of what is in these files on that machine; what is missing there is missing here."""
        found: dict[str, str] = {}
        for path in paths:
            text = self.run("sha256sum", "--zero", "--", path)
            if text:
                found[path] = text.split(maxsplit=1)[0]
        return found


def is_logical(identity: str) -> bool:
    """Whether what Machine.files says of a path is that it is a logical volume."""
    return identity.startswith(_DEVICE + "\tLVM-")


def is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
