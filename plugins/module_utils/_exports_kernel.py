# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kernel's NFS server exports at this moment, against the server's table.

The kernel asks rpc.mountd about a client when that client comes, and keeps the answer for half an hour. What it was
told shows in /proc/fs/nfsd/exports (fs/nfsd/export.c in Linux): one line for each export point and client that somebody
asked for, so one that isn't there is no fault. A line is a fault where the table, by now, says something else: the
kernel was not told to forget it.

    /srv/a<TAB>10.0.0.0/24(rw,root_squash,sync,wdelay,no_subtree_check,uuid=0743ce63:00c1185a:00000000:00000000,sec=1)
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils import _exports_clients
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_edit import Access, access_of, same_path
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_options import Meaning, meaning
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_text import Document

# What else a host name is known by: its canonical name and its addresses.
Resolve = t.Callable[[str], t.FrozenSet[str]]

# Pseudoflavors, as RFC 5531 and RFC 2623 number them.
_FLAVORS = {"0": "none", "1": "sys", "390003": "krb5", "390004": "krb5i", "390005": "krb5p"}
# What the kernel's line always tells. It does not tell no_acl and mountpoint, and pnfs depends on the file system.
_TOLD = frozenset(
    ("async", "no_wdelay", "nohide", "crossmnt", "subtree_check", "insecure", "insecure_locks", "nordirplus")
)
_BY_FLAVOR = ("ro", "rw", "root_squash", "no_root_squash", "all_squash")
_LINE = re.compile(r"(?P<path>/\S*)\s+(?P<domain>\S+?)\((?P<options>.*)\)")


@dataclass(frozen=True)
class Served:
    """A line of the kernel's. domain: the clients of the table that the one who asked is, or its address behind a $."""

    line: str
    path: str
    domain: str
    meaning: Meaning


def parse_kernel(text: str) -> list[Served]:
    """What the kernel exports, without the directories it shows only on the way to an export (v4root)."""
    served = []
    for line in text.splitlines():
        match = _LINE.match(line)
        options = match.group("options").split(",") if match else []
        if match and options != [""] and "v4root" not in options:
            served.append(Served(line, _plain(match.group("path")), _plain(match.group("domain")), _meaning(options)))
    return served


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def _meaning(options: list[str]) -> Meaning:
    """The kernel's options, in the words of exports(5)."""
    words = [] if "no_subtree_check" in options else ["subtree_check"]
    uuid = ""
    for position, option in enumerate(options):
        name, _equals, value = option.partition("=")
        if name == "sec":
            words.append("sec=" + ":".join(_FLAVORS.get(flavor, flavor) for flavor in value.split(":")))
            if set(options[position + 1 : position + 2]) & set(_BY_FLAVOR):
                words.append("no_all_squash")  # of what a flavor has for itself only what is on is told
        elif name == "uuid":
            uuid = "fsid=" + value
        elif name not in ("xprtsec", "refer", "replicas", "pnfs"):
            words.append(option)
    if uuid and not any(word.startswith("fsid=") for word in words):
        words.append(uuid)
    return meaning(words)


def stale(path: str, text: str, table: Document, resolve: Resolve) -> list[str]:
    """The kernel's lines of an export point that its table doesn't say so, any more. Where that can't be known (a
    netgroup, a name, and only the address of who asked), a line is taken for good."""
    lines = []
    served = [one for one in parse_kernel(text) if same_path(one.path, path)]
    access = access_of(table, path) if served else []
    for one in served:
        judged = [(_is_of(client, one.domain, resolve), told) for client, told in access]
        if any(member is None for member, _told in judged):
            continue
        said = [told for member, told in judged if member]
        if any(_told(told, told) == _told(one.meaning, told) for told in said):
            continue
        if not said and _below_crossmnt(path, table):
            continue
        lines.append(one.line)
    return lines


def _is_of(client: _exports_clients.Client, domain: str, resolve: Resolve) -> bool | None:
    """Whether a client of the table is (among) the kernel's; None: that can't be known."""
    if not domain.startswith("$"):
        return client in [_exports_clients.read(part) for part in domain.split(",")]
    try:
        address = ipaddress.ip_address(domain[1:])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped if mapped is not None else address
    if client.kind == "everyone":
        return True
    network = client.network
    if network is not None:
        return address.version == network.version and address in network
    if client.kind == "host":
        return True if str(address) in resolve(client.key) else None
    return None


def _told(one: Meaning, table: Meaning) -> tuple[t.Any, ...]:
    """What can be compared: nothing but what the kernel tells, and of its own additions what the table has too."""
    wanted = {name for name, _value in table.values}
    names = {"anonuid", "anongid"} | ({"fsid"} & wanted if "reexport" not in wanted else set())
    # 65534 and -2 are the same nobody to the kernel, and not told.
    values = {(name, value) for name, value in one.values if name in names and value != "4294967294"}
    return one.switches & _TOLD, one.flavors, frozenset(values)


def _below_crossmnt(path: str, table: Document) -> bool:
    """Whether an export further up takes this directory along."""
    parts = path.rstrip("/").split("/")
    above: list[Access] = []
    for end in range(1, len(parts)):
        above += access_of(table, "/".join(parts[:end]) or "/")
    return any("crossmnt" in told.switches for _client, told in above)
