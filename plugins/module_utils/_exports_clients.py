# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom an NFS export is for: the "Machine Name Formats" of exports(5), compared by meaning."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")
_WILDCARD = re.compile(r"[a-z0-9_.*?\[\]!^-]+")
_NETGROUP = re.compile(r'@[^\s(),"\\#]+')
_GSS = ("gss/krb5", "gss/krb5i", "gss/krb5p")
_ALLOWED = (
    "a host name, an address, a network such as 192.0.2.0/24, a pattern such as *.example.org or @netgroup is wanted"
)


@dataclass(frozen=True)
class Client:
    """A client by what it means: two spellings of the same one are equal.

    kind: host (a name or one address), network, wildcard, netgroup, gss, everyone, or unknown for what exportfs
    won't understand. key: its one spelling within the kind.
    """

    kind: str
    key: str

    @property
    def network(self) -> Network | None:
        """The addresses it stands for, where it is a network or an address."""
        try:
            return ipaddress.ip_network(self.key)
        except ValueError:
            return None

    @property
    def is_name(self) -> bool:
        """Whether exportfs asks the resolver for it, and keeps its canonical name in the table."""
        return self.kind == "host" and self.network is None

    def may_overlap(self, other: Client) -> bool:
        """Whether both may hold for one machine, so that their order decides (exports(5): the first match of the same
        kind counts)."""
        if self.kind != other.kind or self.kind not in ("network", "wildcard", "netgroup"):
            return False
        mine, others = self.network, other.network
        if mine is None or others is None:
            return True
        return mine.version == others.version and mine.overlaps(others)


def read(text: str) -> Client:  # noqa: PLR0911  one return a kind, in the order in which exportfs looks
    """The client that a spelling means; never fails (kind unknown)."""
    lowered = text.lower()
    if text in ("", "*"):
        return Client("everyone", "*")
    if lowered.startswith("gss/"):
        return Client("gss" if lowered in _GSS else "unknown", lowered)
    if text.startswith("@"):
        return Client("netgroup", text)
    if re.match(r"[^/]*[*?\[]", text):
        return Client("everyone", "*") if set(lowered) <= set("*?.") else Client("wildcard", lowered)
    network = _network(lowered)
    if network is not None:
        if network.prefixlen == 0:
            return Client("everyone", str(network))
        single = network.num_addresses == 1
        return Client("host", str(network.network_address)) if single else Client("network", str(network))
    if "/" in text or not _HOST.fullmatch(lowered) or re.fullmatch(r"[0-9.]+", text):
        return Client("unknown", lowered)
    return Client("host", lowered.rstrip("."))


def _network(text: str) -> Network | None:
    """The network of an address with or without a prefix or mask; host bits don't matter, as they don't to exportfs."""
    address, slash, mask = text.partition("/")
    if "." in mask:  # ip_network would also take a host mask: 0.0.0.255
        try:
            bits = int(ipaddress.IPv4Address(mask))
        except ValueError:
            return None
        zeros = 32 - bin(bits).count("1")
        if bits != (2**32 - 1) >> zeros << zeros:
            return None
        mask = str(32 - zeros)
    elif slash and not re.fullmatch("[0-9]+", mask):
        return None
    try:
        return ipaddress.ip_network(address + slash + mask, strict=False)
    except ValueError:
        return None


def check(label: str, text: str, allow_everyone: bool) -> Client:
    """The client of a task's option; BadValue where exportfs would not understand it or it is everyone unasked."""
    client = read(text)
    if text.startswith("[") and ":" in text:
        raise BadValue(label, text, "an IPv6 address is written without brackets")
    pattern = {"wildcard": _WILDCARD, "netgroup": _NETGROUP}.get(client.kind)
    if client.kind == "unknown" or (pattern and not pattern.fullmatch(client.key)):
        raise BadValue(label, text, _ALLOWED)
    if client.kind == "everyone" and not allow_everyone:
        raise BadValue(label, text, "it exports to everyone; name the clients, or set allow_everyone if that is meant")
    return client


def check_together(label: str, clients: t.Sequence[Client], allow_everyone: bool) -> None:
    """BadValue where a client is there twice, or networks together make up everyone."""
    for position, client in enumerate(clients):
        if client in clients[:position]:
            raise BadValue(label, client.key, "it is there twice")
    if allow_everyone:
        return
    networks = [client.network for client in clients if client.network is not None]
    for version in (4, 6):
        merged = ipaddress.collapse_addresses(net for net in networks if net.version == version)  # type: ignore[type-var]
        for network in merged:
            if network.prefixlen == 0:
                raise BadValue(
                    label,
                    [client.key for client in clients],
                    "together these networks are everyone; set allow_everyone if that is meant",
                )
