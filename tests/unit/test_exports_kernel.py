# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kernel exports, against the server's table, in the words of fs/nfsd/export.c and of exportfs."""

from __future__ import annotations

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_kernel import parse_kernel, stale
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_text import parse
from hypothesis import given
from hypothesis import strategies as st

UUID = "uuid=0743ce63:00c1185a:00000000:00000000"
PLAIN = "rw,root_squash,sync,wdelay,no_subtree_check," + UUID
NAMES = {"web.lab": frozenset({"web.lab", "10.0.0.9"})}


def etab(options: str, client: str = "10.0.0.0/24", path: str = "/a") -> str:
    return f"{path}\t{client}({options})\n"


def stale_lines(kernel: str, table: str, path: str = "/a") -> list[str]:
    return stale(path, kernel, parse(table), lambda name: NAMES.get(name, frozenset({name})))


@pytest.mark.parametrize(
    ("kernel", "table"),
    [
        (PLAIN + ",sec=1", "rw"),
        (PLAIN, "rw"),
        (PLAIN + ",sec=1:390003:390004:390005", "rw,sec=sys:krb5:krb5i:krb5p"),
        (PLAIN + ",sec=390005", "rw,sec=krb5p"),
        (
            "ro,root_squash,sync,wdelay,no_subtree_check," + UUID + ",sec=1,sec=390003,rw,root_squash",
            "sec=sys,ro,sec=krb5,rw",
        ),
        (
            PLAIN.replace("root_squash", "root_squash,all_squash") + ",anonuid=64055,anongid=64055,sec=1",
            "rw,all_squash,anonuid=64055,anongid=64055",
        ),
        (PLAIN.replace("root_squash", "no_root_squash") + ",sec=1", "rw,no_root_squash"),
        ("rw,root_squash,sync,wdelay," + UUID + ",sec=1", "rw,subtree_check"),
        (
            "rw,insecure,root_squash,async,wdelay,nohide,crossmnt,no_subtree_check,insecure_locks,sec=1",
            "rw,insecure,async,nohide,crossmnt,insecure_locks",
        ),
        (PLAIN + ",sec=1", "rw,no_acl,pnfs,mountpoint"),
        (PLAIN + ",sec=1", "rw,anonuid=-2"),
        ("rw,root_squash,sync,wdelay,no_subtree_check,fsid=7," + UUID + ",sec=1", "rw,fsid=7"),
        (PLAIN + ",sec=1", "rw,fsid=0743ce63-00c1-185a-0000-000000000000"),
        (PLAIN + ",fsid=9,sec=1", "rw,reexport=auto-fsidnum,fsid=9"),
        (PLAIN + ",xprtsec=2:3,sec=1", "rw,xprtsec=tls:mtls"),
    ],
)
def test_the_kernel_says_what_the_table_says(kernel: str, table: str) -> None:
    assert stale_lines(f"# Version 1.1\n/a\t10.0.0.0/24({kernel})\n", etab(table)) == []


@pytest.mark.parametrize(
    ("kernel", "table"),
    [
        (PLAIN + ",sec=1", "ro"),
        (PLAIN.replace("root_squash", "no_root_squash") + ",sec=1", "rw"),
        (PLAIN + ",sec=1", "rw,sec=krb5"),
        (PLAIN + ",sec=1", "rw,all_squash"),
        (PLAIN + ",sec=1", "rw,async"),
        (PLAIN + ",anonuid=5,sec=1", "rw"),
        (PLAIN + ",sec=1", "rw,fsid=7"),
        (PLAIN + ",sec=1", "rw,crossmnt"),
    ],
)
def test_the_kernel_says_something_else(kernel: str, table: str) -> None:
    line = f"/a\t10.0.0.0/24({kernel})"
    assert stale_lines(line + "\n", etab(table)) == [line]


@pytest.mark.parametrize(
    ("domain", "is_stale"),
    [
        ("10.0.0.0/24", False),
        ("10.0.0.0/24,*.example.org", False),
        ("10.1.0.0/24", True),
        ("web.lab", True),
        ("*", True),
        ("$10.0.0.7", False),
        ("$::ffff:10.0.0.7", False),
        ("$10.1.0.7", True),
        ("$garbage", False),
    ],
)
def test_whom_the_kernel_exports_to(domain: str, is_stale: bool) -> None:
    assert bool(stale_lines(f"/a\t{domain}({PLAIN},sec=1)\n", etab("rw"))) is is_stale


@pytest.mark.parametrize("client", ["@hosts", "*.example.org", "other.lab"])
def test_what_cannot_be_known_is_taken_for_good(client: str) -> None:
    assert stale_lines(f"/a\t$10.1.0.7({PLAIN},sec=1)\n", etab("ro", client)) == []


def test_a_host_by_its_address() -> None:
    assert stale_lines(f"/a\t$10.0.0.9({PLAIN},sec=1)\n", etab("rw", "web.lab")) == []
    assert stale_lines(f"/a\t$10.0.0.9({PLAIN},sec=1)\n", etab("ro", "web.lab")) != []


def test_what_is_no_export_of_its_own() -> None:
    assert parse_kernel(f"/\t*(ro,v4root,fsid=0,{UUID},sec=1)\n/a\t*()\nnonsense\n") == []
    kernel = f"/a/b\t10.0.0.0/24({PLAIN},sec=1)\n"
    assert stale_lines(kernel, etab("rw,crossmnt"), "/a/b") == []
    assert stale_lines(kernel, etab("rw"), "/a/b") != []
    assert stale_lines(kernel, etab("rw"), "/a") == []


def test_names_with_blanks() -> None:
    kernel = f"/a\\040b\t10.0.0.0/24({PLAIN},sec=1)\n"
    assert stale_lines(kernel, etab("rw", path="/a\\040b"), "/a b") == []
    assert stale_lines(kernel, etab("ro", path="/a\\040b"), "/a b") == [kernel.strip()]


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    parse_kernel(text)
