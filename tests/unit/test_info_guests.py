# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is asked for the addresses of guests, and who has not answered; libvirt's counters as dicts."""

from __future__ import annotations

import threading
import time
import typing as t

import libvirt
from ansible_collections.minicloud.kvm.plugins.module_utils import _info_guests

ADDRESS = {"addr": "10.0.0.2", "prefix": 24, "type": 0}


class Guest:
    """A domain whose agent answers at once, after some time, or not at all."""

    def __init__(self, name: str, answer: t.Any = None) -> None:
        self._name, self.answer = name, answer
        self.asked: list[int] = []

    def name(self) -> str:
        return self._name

    def interfaceAddresses(self, source: int, _flags: int) -> t.Any:  # noqa: N802 (libvirt's name)
        self.asked.append(source)
        if isinstance(self.answer, threading.Event):
            self.answer.wait(30)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"eth0": {"addrs": [ADDRESS], "hwaddr": "52:54:00:00:00:01"}, "lo": {"addrs": None, "hwaddr": ""}}


class Refused(libvirt.libvirtError):  # type: ignore[misc]
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.err = (code, 0, text, 2, None, None, None, 0, 0)


def addresses(sources: list[str], guests: dict[str, t.Any], timeout: float = 10) -> tuple[t.Any, list[str]]:
    options = {"addresses": sources, "agent_timeout": timeout}
    return _info_guests.addresses(options, guests, set(guests))


def test_each_address_is_told_once_by_the_first_who_knows_it() -> None:
    guest = Guest("web1")
    found, warnings = addresses(["lease", "agent", "arp"], {"web1": guest})
    assert found == {
        "web1": [
            {
                "address": "10.0.0.2",
                "prefix": 24,
                "interface": "eth0",
                "mac": "52:54:00:00:00:01",
                "source": "lease",
            }
        ]
    }
    assert warnings == []
    assert guest.asked == [
        libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
        libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
        libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
    ]


def test_agents_that_hang_hold_up_nothing() -> None:
    never = threading.Event()
    guests = {f"web{number}": Guest(f"web{number}", never if number in (1, 3) else None) for number in range(20)}
    began = time.monotonic()
    found, (warning,) = addresses(["agent"], guests, timeout=1)
    assert time.monotonic() - began < 5
    never.set()
    assert sum(len(each) for each in found.values()) == 18
    assert warning == (
        "agent could not be asked for the addresses of 2 domains (web1, web3): no answer within 1 seconds."
    )


def test_more_hang_than_are_asked_at_a_time() -> None:
    never = threading.Event()
    guests = {f"web{number}": Guest(f"web{number}", never) for number in range(9)}
    _found, (warning,) = addresses(["agent"], guests, timeout=0.2)
    never.set()
    assert warning.startswith("agent could not be asked for the addresses of 9 domains (web0, web1, ")
    assert "web8" not in warning


def test_what_is_refused_is_told_once_for_all() -> None:
    refused = Refused(libvirt.VIR_ERR_AGENT_UNRESPONSIVE, "QEMU guest agent is not connected")
    guests = {name: Guest(name, refused) for name in ("a", "b")}
    found, (warning,) = addresses(["agent"], guests)
    assert found == {"a": [], "b": []}
    assert warning == (
        "agent could not be asked for the addresses of 2 domains (a, b): QEMU guest agent is not connected."
    )
    for code in (libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_NO_SUPPORT):
        assert addresses(["agent", "lease"], {"a": Guest("a", Refused(code, "none"))}) == ({"a": []}, [])


def test_counters_are_nested() -> None:
    counted = {
        "state.state": 1,
        "cpu.time": 5,
        "vcpu.current": 1,
        "vcpu.2.state": 1,
        "block.count": 1,
        "block.0.name": "vda",
        "block.0.rd.reqs": 7,
        "net.0.name": "vnet0",
        "net.1.name": "vnet1",
        "cpu.time.of": 1,
    }
    assert _info_guests.nested(counted) == {
        "state": {"state": 1},
        "cpu": {"time": 5},
        "vcpu": {"current": 1, "each": [{"id": 2, "state": 1}]},
        "block": {"count": 1, "each": [{"id": 0, "name": "vda", "rd": {"reqs": 7}}]},
        "net": {"each": [{"id": 0, "name": "vnet0"}, {"id": 1, "name": "vnet1"}]},
        "cpu.time.of": 1,
    }
