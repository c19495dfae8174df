# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a guest's seed says: its name, its user and key, its own SSH host key, its addresses."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.minicloud.kvm.plugins.plugin_utils import _guests
from ansible_collections.minicloud.kvm.plugins.plugin_utils._guests import Options, Site, Variables, bad

Key = t.Mapping[str, str]


def seed(name: str, guest: Variables, site: Site, key: Key | None) -> Options:
    """The options of cloudinit_seed. key: the guest's SSH host key, {private, public}, where there is one."""
    meta_data = {"instance-id": str(guest.get("guest_instance_id") or name), "local-hostname": name}
    declared = {
        "path": _guests.seed_path(name, guest, site),
        "meta_data": meta_data,
        "user_data": _user_data(name, guest, key),
        "network_config": guest.get("guest_network_config") or _network_config(name, guest, site),
    }
    return {word: value for word, value in declared.items() if value is not None}


def _user_data(name: str, guest: Variables, key: Key | None) -> object:
    """The user, with the declared keys, and the guest's own host key, below what the guest's own user data says.

    User data that is text is taken as it is.
    """
    own = guest.get("guest_user_data") or {}
    if not isinstance(own, dict):
        return own
    data: Options = {}
    if "users" not in own:
        data["users"] = [_user(name, guest)]
    if key is not None and "ssh_keys" not in own:
        data["ssh_keys"] = {
            "ed25519_private": key["private"].rstrip("\n") + "\n",
            "ed25519_public": key["public"].strip(),
        }
    return {**data, **own}


def _user(name: str, guest: Variables) -> Options:
    keys = guest.get("guest_ssh_authorized_keys") or []
    if isinstance(keys, str):
        keys = keys.splitlines()
    keys = [key.strip() for key in keys if key.strip()]
    if not keys:
        raise bad(name, "nobody could log in: guest_ssh_authorized_keys or users in guest_user_data are wanted")
    return {
        "name": str(guest.get("guest_user") or "admin"),
        "shell": "/bin/bash",
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "lock_passwd": True,
        "ssh_authorized_keys": keys,
    }


def _network_config(name: str, guest: Variables, site: Site) -> Options | None:
    """Each interface by its MAC: the declared address, or DHCP."""
    ethernets: Options = {}
    for number, interface in enumerate(_guests.interfaces(name, guest)):
        # The kernel writes MACs in lower case, and cloud-init compares them as text.
        entry: Options = {"match": {"macaddress": interface["mac"].lower()}}
        entry.update(_static(name, interface, site) if interface.get("address") else {"dhcp4": True})
        ethernets["net{0}".format(number)] = entry
    return {"version": 2, "ethernets": ethernets} if ethernets else None


def _static(name: str, interface: Options, site: Site) -> Options:
    """The address, and what the network's own declaration says of prefix, gateway and name server."""
    text = str(interface["address"])
    try:
        address = ipaddress.ip_interface(text)
    except ValueError as error:
        raise bad(name, "its address {0} is none".format(text)) from error
    around = _surroundings(name, interface, address, site)
    if "/" not in text:
        if around is None:
            raise bad(
                name,
                "its address {0} wants a prefix ({0}/24), for networks_list says nothing of network {1}'s".format(
                    text, interface.get("network")
                ),
            )
        address = ipaddress.ip_interface("{0}/{1}".format(text, around.network.prefixlen))
    gateway = interface.get("gateway", str(around.ip) if around else None)
    entry: Options = {"dhcp4": False, "addresses": [str(address)]}
    if gateway:
        # Not "default": cloud-init before 22.4 doesn't know the word everywhere.
        everything = "0.0.0.0/0" if address.version == 4 else "::/0"
        entry["routes"] = [{"to": everything, "via": str(gateway)}]
    servers = interface.get("nameservers", [str(around.ip)] if around else [])
    if servers or interface.get("search"):
        entry["nameservers"] = {"addresses": list(servers), "search": list(interface.get("search") or [])}
    return entry


def _surroundings(
    name: str, interface: Options, address: t.Any, site: Site
) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface | None:
    """The hypervisor's own declared address in the interface's network: the guests' gateway and name server."""
    for network in site.networks:
        if network.get("name") != interface.get("network"):
            continue
        for block in network.get("ips") or []:
            if "prefix" not in block:
                continue
            own = ipaddress.ip_interface("{0}/{1}".format(block["address"], block["prefix"]))
            if own.version == address.version and address.ip in own.network:
                _check_free(name, address.ip, own, block)
                return own
        if network.get("ips"):
            raise bad(name, "its address {0} is not in network {1}".format(address.ip, interface.get("network")))
    return None


def _check_free(name: str, address: t.Any, own: t.Any, block: Options) -> None:
    """Neither the hypervisor's own address nor one that DHCP may give to somebody else."""
    if address == own.ip:
        raise bad(name, "its address {0} is the hypervisor's own".format(address))
    for one in (block.get("dhcp") or {}).get("ranges") or []:
        if ipaddress.ip_address(one["start"]) <= address <= ipaddress.ip_address(one["end"]):
            raise bad(
                name,
                "its address {0} lies in the DHCP range {1} to {2}, from which others may get it".format(
                    address, one["start"], one["end"]
                ),
            )


def known_hosts(guests: t.Mapping[str, Variables], public: t.Mapping[str, str]) -> str:
    """Lines of known_hosts(5): each guest by its name and its declared addresses."""
    lines = []
    for name in sorted(public):
        guest = guests[name]
        addresses = [
            str(each["address"]).split("/", 1)[0] for each in _guests.interfaces(name, guest) if each.get("address")
        ]
        kind, key = public[name].split()[:2]
        lines.append("{0} {1} {2}".format(",".join([name, *addresses]), kind, key))
    return "".join(line + "\n" for line in lines)
