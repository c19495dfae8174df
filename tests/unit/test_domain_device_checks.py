# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Devices that can't be meant are refused before anything is done, by option, value and what is allowed."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue

OPTIONS: dict[str, t.Any] = {"name": "web1", "state": "present"}


def desire(**options: t.Any) -> dict[str, t.Any]:
    return Domain().desire({**OPTIONS, **options})


@pytest.mark.parametrize(
    ("interface", "text"),
    [
        ({}, "interfaces[0]: {} is not valid: one source is wanted, one of: network, bridge, direct, hostdev, user"),
        ({"network": "default", "bridge": "br0"}, "not network and bridge"),
        ({"user": {}, "mcast": {"address": "230.0.0.1", "port": 1}}, "not user and mcast"),
        (
            {"bridge": "br0", "portgroup": "engineering"},
            "interfaces[0].portgroup: 'engineering' is not valid: it is for",
        ),
        ({"network": "default", "ips": [{"address": "192.0.2.1"}]}, "it is for user and vhostuser, not for network"),
        ({"direct": {"dev": "eth0"}, "filterref": {"filter": "clean-traffic"}}, "not for direct"),
        ({"user": {}, "virtualport": {"type": "openvswitch"}}, "not for user"),
        ({"network": "default", "script": "/bin/true"}, "not for network"),
        ({"bridge": "br0", "downscript": "/bin/true"}, "it is for ethernet, not for bridge"),
        ({"user": {}, "port_forwards": [{"proto": "tcp"}]}, "it is for a backend of type passt"),
        ({"vhostuser": {}}, "a path is wanted"),
        ({"bridge": "br0", "target": "vnet7"}, "libvirt takes names with vnet, macvtap, macvlan for its own"),
        ({"bridge": "br0", "driver": {"rx_queue_size": 300}}, "a power of two is wanted"),
        ({"bridge": "br0", "vlan": {"trunk": True}}, "a tag is wanted"),
        ({"bridge": "br0", "vlan": {"tags": [{"id": 4096}]}}, "at most 4095 is allowed"),
        ({"hostdev": {"address": "06:10.1"}}, "a PCI address is wanted"),
        ({"bridge": "br0", "alias": "first"}, "it begins with ua-"),
        ({"bridge": "br0", "sndbuf": "1"}, "a number with a unit is wanted"),
    ],
)
def test_interfaces(interface: dict[str, t.Any], text: str) -> None:
    with pytest.raises(BadValue) as caught:
        desire(interfaces=[interface])
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"channels": [{"type": "unix"}]}, "channels[0]: {'type': 'unix'} is not valid: a name or guestfwd is wanted"),
        ({"serials": [{"type": "file"}]}, "serials[0].path: None is not valid: type file wants it"),
        ({"serials": [{"type": "tcp", "service": "1"}]}, "serials[0].mode: None is not valid: type tcp wants it"),
        ({"consoles": [{"type": "pty", "protocol": "telnet"}]}, "it is for type tcp only"),
        ({"parallels": [{"type": "unix", "bind_host": "x"}]}, "it is for type udp only"),
        (
            {"graphics": [{"type": "vnc", "listen": "::1", "listens": [{"type": "none"}]}]},
            "graphics[0].listen: '::1' is not valid: it is given with listens too",
        ),
        ({"graphics": [{"type": "vnc", "connected": "keep"}]}, "what is said of it needs a password"),
        ({"graphics": [{"type": "vnc", "password_valid_to": "tomorrow"}]}, "a time in UTC is wanted"),
        ({"rngs": [{"backend_model": "egd"}]}, "the model egd and no backend go together"),
        ({"rngs": [{"backend_model": "random", "egd": {"type": "udp"}}]}, "the model egd and no backend go together"),
        ({"rngs": [{"backend_model": "builtin", "backend": "/dev/random"}]}, "a builtin one has none"),
        ({"vsock": {"auto_cid": True, "cid": 3}}, "libvirt chooses it with auto_cid"),
        ({"vsock": {"cid": 2}}, "at least 3 is wanted"),
        ({"redirfilter": [{"vendor": "1234", "allow": True}]}, "hexadecimal digits are wanted"),
        ({"tpms": [{"type": "emulator", "active_pcr_banks": ["md5"]}]}, "allowed are sha1, sha256, sha384, sha512"),
    ],
)
def test_others(options: dict[str, t.Any], text: str) -> None:
    with pytest.raises(BadValue) as caught:
        desire(**options)
    assert text in caught.value.message


def test_what_is_allowed_passes() -> None:
    desire(
        interfaces=[
            {"user": {}, "backend": {"type": "passt"}, "port_forwards": [{"proto": "tcp"}]},
            {"vhostuser": {}, "backend": {"type": "passt"}},
            {"ethernet": {}, "target": "vnet7", "target_managed": False},
        ],
        channels=[{"guestfwd": {"address": "10.0.2.1", "port": 4600}, "type": "pty"}],
        rngs=[{"egd": {"type": "unix", "path": "/run/egd"}}, {"backend": "/dev/random"}, {"backend_model": "builtin"}],
    )
