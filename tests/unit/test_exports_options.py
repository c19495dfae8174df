# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options and clients of NFS exports, compared by meaning."""

from __future__ import annotations

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_clients import check as check_client
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_clients import check_together, read
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_options import KNOWN, check, meaning, split
from hypothesis import given
from hypothesis import strategies as st

UUID = "12345678-1234-1234-1234-1234567890AB"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rw", "rw,sync"),
        ("rw,sync", "sync,rw"),
        ("rw", "rw,root_squash,no_all_squash,wdelay,hide,nocrossmnt,no_subtree_check,secure,acl,no_pnfs"),
        ("", "ro"),
        ("ro,rw", "rw"),
        ("secure_locks", "auth_nlm"),
        ("insecure_locks", "no_auth_nlm"),
        ("anonuid=65534,anongid=65534", ""),
        ("anonuid=-2", "anonuid=4294967294"),
        ("fsid=root", "fsid=0"),
        ("fsid=0x10", "fsid=16"),
        ("fsid=-1", "fsid=4294967295"),
        ("fsid=" + UUID, "fsid=" + UUID.replace("-", "").lower()),
        ("mp", "mountpoint"),
        ("mp=/a", "mountpoint=/a"),
        ("rw,sec=sys", "rw"),
        ("sec=sys,rw", "rw"),
        ("sec=unix", "sec=sys"),
        ("sec=krb5:sys,rw", "rw,sec=krb5:sys"),
        ("sec=krb5,rw,sec=sys,rw", "sec=krb5:sys,rw"),
        ("xprtsec=none:mtls:tls", ""),
        ("xprtsec=tls:mtls", "xprtsec=mtls:tls"),
        ("reexport=none", ""),
        ("refer=/a@h,replicas=/b@i", "replicas=/b@i"),
        ("rw, sync,", "rw"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert meaning(split(one)) == meaning(split(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rw", "ro"),
        ("rw", "rw,async"),
        ("rw,anonuid=1", "rw"),
        ("fsid=1", "fsid=2"),
        ("fsid=1", "fsid=" + UUID),
        ("sec=krb5:sys", "sec=sys:krb5"),
        ("sec=krb5", ""),
        ("sec=sys,rw,sec=krb5,ro", "sec=sys:krb5,rw"),
        ("mp", "mp=/a"),
        ("bogus", ""),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert meaning(split(one)) != meaning(split(other))


def test_a_clients_options_come_after_the_lines() -> None:
    assert meaning(["rw", "async"], ["ro"]) == meaning(["async"])
    assert meaning(["sec=sys", "rw"], ["sec=krb5"]) == meaning(["rw", "sec=sys:krb5"])
    assert meaning(["sec=sys", "rw"], ["ro"]) == meaning(["rw", "sec=sys"])


def _samples() -> list[str]:
    values = {"anonuid=": "1", "anongid=": "2", "fsid=": "7", "mountpoint=": "/m", "refer=": "/a@h+i:/b@j"}
    values |= {"replicas=": "/a@h", "xprtsec=": "tls:mtls", "reexport=": "auto-fsidnum", "sec=": "krb5:sys"}
    return [name + values[name] if name.endswith("=") else name for name in KNOWN]


@given(st.lists(st.sampled_from([*_samples(), "sec=sys", "sec=krb5i", "fsid=" + UUID, "anonuid=65534"]), max_size=12))
def test_what_is_shown_means_the_same(options: list[str]) -> None:
    options = [option for option in options if option not in ("replicas=/a@h", "fsid=" + UUID)]
    shown = meaning(options).options()
    assert meaning(shown) == meaning(options)
    check("options", shown)


@pytest.mark.parametrize("option", _samples())
def test_every_option_is_allowed(option: str) -> None:
    check("options", [option])
    assert not meaning([option]).unknown


@pytest.mark.parametrize(
    "options",
    [
        ["wr"],
        ["rw,sync"],
        [""],
        ["RW"],
        ["rw="],
        ["rw=1"],
        ["anonuid="],
        ["anonuid=bob"],
        ["anonuid=4294967296"],
        ["anonuid"],
        ["fsid=09"],
        ["fsid="],
        ["sec="],
        ["sec=krb4"],
        ["sec"],
        ["mp=relative"],
        ["mp=/a b"],
        ["refer=/a"],
        ["xprtsec=ssl"],
        ["reexport=yes"],
        ["mountpoint=/a)"],
        ["ro", "rw"],
        ["sync", "async"],
        ["secure_locks", "no_auth_nlm"],
        ["anonuid=1", "anonuid=2"],
        ["fsid=1", "fsid=" + UUID],
        ["refer=/a@h", "replicas=/a@h"],
        ["sec=sys", "ro", "rw"],
        ["sync", "sec=krb5", "async"],
    ],
)
def test_bad_options(options: list[str]) -> None:
    with pytest.raises(BadValue) as caught:
        check("clients[0].options", options)
    assert caught.value.message.startswith("clients[0].options: ")


@pytest.mark.parametrize(
    "options",
    [["rw", "rw"], ["auth_nlm", "secure_locks"], ["sec=sys", "rw", "sec=krb5", "ro"]],
)
def test_no_contradiction(options: list[str]) -> None:
    check("options", options)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
        ("10.0.0.7/24", "10.0.0.0/24"),
        ("10.0.0.7/32", "10.0.0.7"),
        ("2001:DB8:0:0::1", "2001:db8::1/128"),
        ("2001:DB8::/64", "2001:db8:0:0:1::/64"),
        ("HOST1.Example.org", "host1.example.org"),
        ("*.Example.ORG", "*.example.org"),
        ("", "*"),
    ],
)
def test_the_same_client(one: str, other: str) -> None:
    assert read(one) == read(other)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("host1", "host"),
        ("host_1.example.org", "host"),
        ("10.0.0.1", "host"),
        ("fe80::1%eth0", "host"),
        ("10.0.0.0/8", "network"),
        ("@hosts", "netgroup"),
        ("*.example.org", "wildcard"),
        ("host[0-9]", "wildcard"),
        ("gss/krb5p", "gss"),
        ("*", "everyone"),
        ("**", "everyone"),
        ("?*.*", "everyone"),
        ("0.0.0.0/0", "everyone"),
        ("10.0.0.0/0.0.0.0", "everyone"),
        ("::/0", "everyone"),
        ("10.0.0.0/0.0.0.255", "unknown"),
        ("10.0.0.0/255.0.255.0", "unknown"),
        ("10.0.0.0/33", "unknown"),
        ("10.0.0.256", "unknown"),
        ("10.0.0", "unknown"),
        ("0/0", "unknown"),
        ("host1/24", "unknown"),
        ("gss/other", "unknown"),
        ("host 1", "unknown"),
        ("-rw", "unknown"),
        ("host1(rw)", "unknown"),
    ],
)
def test_kinds_of_clients(text: str, kind: str) -> None:
    assert read(text).kind == kind


@pytest.mark.parametrize("text", ["", "*", "0.0.0.0/0", "::/0", "*.*", "[2001:db8::1]", "10.0.0.300", "a b", "@", "#x"])
def test_bad_clients(text: str) -> None:
    with pytest.raises(BadValue, match=r"clients\[0\]"):
        check_client("clients[0].host", text, allow_everyone=False)


def test_everyone_only_where_it_is_meant() -> None:
    assert check_client("host", "*", allow_everyone=True).kind == "everyone"
    halves = [read("0.0.0.0/1"), read("128.0.0.0/1")]
    with pytest.raises(BadValue, match="everyone"):
        check_together("clients", halves, allow_everyone=False)
    check_together("clients", halves, allow_everyone=True)
    with pytest.raises(BadValue, match="twice"):
        check_together("clients", [read("10.0.0.0/24"), read("10.0.0.9/255.255.255.0")], allow_everyone=False)
    check_together("clients", [read("10.0.0.0/24"), read("2001:db8::/32"), read("h")], allow_everyone=False)
