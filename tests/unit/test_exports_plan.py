# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Planning NFS exports over all files and the server's table."""

from __future__ import annotations

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_directory import Directory, Place, read_directory
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_edit import Wanted
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_plan import Current, Declared, Plan, plan
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_system import is_read
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_task import read_options

MAIN = "/etc/exports"
EXTRA = "/etc/exports.d/x.exports"
NAMES = {
    "web": frozenset({"web", "web.lab", "10.0.0.9"}),
    "web.lab": frozenset({"web.lab", "10.0.0.9"}),
    "10.0.0.9": frozenset({"10.0.0.9"}),
}


def resolve(name: str) -> frozenset[str]:
    return NAMES.get(name, frozenset({name}))


def export(path: str, *clients: str, file: str = MAIN) -> Declared:
    return Declared(Wanted(path, tuple((client, ("rw",)) for client in clients)), file)


def make(declared: list[Declared], main: str | None, extra: str | None = None, table: str | None = None) -> Plan:
    return plan(declared, Current({MAIN: main, EXTRA: extra}, table), resolve)


def test_a_bare_machine() -> None:
    todo = make([export("/a", "h")], None)
    assert todo.files == {MAIN: "/a h(rw)\n"}
    assert todo.exports[0].changes() == [{"field": "clients", "before": [], "after": ["h(rw)"]}]
    assert todo.exports[0].in_force is None


def test_nothing_to_do() -> None:
    todo = make([export("/a", "h")], "/a h(rw)\n", table="/a\th(rw,sync,wdelay,sec=sys,rw)\n")
    assert not todo.changed
    assert todo.exports[0].changes() == []
    assert not make([export("/a")], "/b h\n", table="/b\th(ro)\n").changed
    assert not make([export("/a")], None).changed


@pytest.mark.parametrize("table", ["", "/a\th(ro)\n", "/a\th(rw)\n/a\ti(rw)\n", "/b\th(rw)\n"])
def test_the_table_is_not_what_the_file_says(table: str) -> None:
    todo = make([export("/a", "h")], "/a h(rw)\n", table=table)
    assert todo.changed
    assert todo.files == {}
    assert todo.exports[0].changes() == [{"field": "active", "before": False, "after": True}]


def test_withdrawn_from_the_file_but_not_from_the_table() -> None:
    todo = make([export("/a")], "", table="/a\th(rw)\n")
    assert todo.exports[0].changes() == [{"field": "active", "before": True, "after": False}]


def test_names_in_the_table_are_canonical() -> None:
    assert not make([export("/a", "web")], "/a web(rw)\n", table="/a\tweb.lab(rw)\n").changed
    assert not make([export("/a", "10.0.0.9")], "/a 10.0.0.9(rw)\n", table="/a\tweb.lab(rw)\n").changed
    assert make([export("/a", "web")], "/a web(rw)\n", table="/a\tother.lab(rw)\n").changed


def test_a_reexport_gets_its_number_from_the_server() -> None:
    declared = Declared(Wanted("/a", (("h", ("rw", "reexport=auto-fsidnum")),)), MAIN)
    table = "/a\th(rw,fsid=7,reexport=auto-fsidnum)\n"
    assert not make([declared], "/a h(rw,reexport=auto-fsidnum)\n", table=table).changed


def test_another_file_has_the_same_client() -> None:
    with pytest.raises(KvmError, match=EXTRA) as caught:
        make([export("/a", "h", "i")], "", "/a/ H(ro)\n")
    assert caught.value.error_code == "exported_elsewhere"
    assert caught.value.facts["file"] == EXTRA


def test_another_file_has_another_client() -> None:
    todo = make([export("/a", "h")], "", "/a i(ro)\n", table="")
    assert todo.warnings == ["/a is also exported by /etc/exports.d/x.exports, to i(ro)."]
    assert make([export("/a")], "/a h\n", "/a i(ro)\n").warnings == todo.warnings
    both = [export("/a", "h"), export("/a", "i", file=EXTRA)]
    assert make(both, "", "/a i(ro)\n").warnings == []
    table = "/a\th(rw)\n/a\ti(rw)\n"
    assert not make(both, "/a h(rw)\n", "/a i(rw)\n", table=table).changed


def test_an_export_moves_to_another_file_in_one_task() -> None:
    todo = make([export("/a", "h", file=EXTRA), export("/a")], "# mine\n/a h(rw)\n/b i\n", None, table="/a\th(rw)\n")
    assert todo.files == {MAIN: "# mine\n/b i\n", EXTRA: "/a h(rw)\n"}


def test_a_directory_as_it_is_declared() -> None:
    wanted = Directory(uid=64055, gid=None, mode=0o770)
    declared = Declared(export("/a", "h").wanted, MAIN, wanted)
    files = {MAIN: "/a h(rw)\n"}
    table = "/a\th(rw)\n"
    missing = plan([declared], Current(files, table, places={"/a": None}), resolve)
    assert missing.changed
    assert not missing.exports_anew
    after = {"owner": 64055, "group": 0, "mode": "0770"}
    assert missing.exports[0].changes() == [{"field": "directory", "before": None, "after": after}]
    there = plan([declared], Current(files, table, places={"/a": Place(64055, 3, 0o755)}), resolve)
    assert there.exports[0].changes()[0]["before"] == {"owner": 64055, "group": 3, "mode": "0755"}
    assert there.exports[0].changes()[0]["after"] == {"owner": 64055, "group": 3, "mode": "0770"}
    assert not plan([declared], Current(files, table, places={"/a": Place(64055, 3, 0o770)}), resolve).changed


@pytest.mark.parametrize(("mode", "number"), [("0770", 0o770), ("755", 0o755), (0o2750, 0o2750), (None, None)])
def test_modes(mode: object, number: int | None) -> None:
    assert read_directory("", {"mode": mode}) == Directory(mode=number)


@pytest.mark.parametrize(
    "given", [{"mode": "u=rwx"}, {"mode": "0999"}, {"mode": -1}, {"owner": "no such"}, {"group": "-1"}]
)
def test_bad_directories(given: dict[str, object]) -> None:
    with pytest.raises(BadValue, match=r"exports\[3\]\.directory\."):
        read_directory("exports[3].", given)


def test_the_kernel_has_something_else() -> None:
    files, table = {MAIN: "/a h(rw)\n"}, "/a\th(rw)\n"
    line = "/a\th(ro,root_squash,sync,wdelay,no_subtree_check,sec=1)"
    todo = plan([export("/a", "h")], Current(files, table, kernel=line + "\n"), resolve)
    assert todo.exports_anew
    assert todo.exports[0].served == [line]
    assert todo.exports[0].changes() == [{"field": "active", "before": False, "after": True}]
    assert not plan([export("/a", "h")], Current(files, table, kernel=""), resolve).changed


def options(**given: object) -> dict[str, object]:
    return {
        "path": "/a",
        "clients": [{"host": "h", "options": []}],
        "options": [],
        "file": MAIN,
        "state": "present",
        "allow_everyone": False,
        "exports": None,
        **given,
    }


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"path": "a"}, "path"),
        ({"path": "/a\nb"}, "path"),
        ({"path": "/a\\040b"}, "path"),
        ({"file": "/tmp/exports"}, "file"),
        ({"file": "/etc/exports.d/x"}, "file"),
        ({"file": "/etc/exports.d/.x.exports"}, "file"),
        ({"file": "/etc/exports.d/y/x.exports"}, "file"),
        ({"file": "/etc/exports.d/.exports"}, "file"),
        ({"clients": []}, "clients"),
        ({"clients": None}, "clients"),
        ({"clients": [{"host": "*", "options": []}]}, "everyone"),
        ({"clients": [{"host": "h", "options": ["wr"]}]}, "clients\\[0\\].options"),
        ({"options": ["ro", "rw"]}, "contradict"),
        (
            {"path": None, "exports": [{"path": "/a", "clients": [{"host": "", "options": []}]}]},
            "exports\\[0\\].clients",
        ),
        ({"path": None, "exports": [{"path": "/a", "state": "absent"}, {"path": "/a/.", "state": "absent"}]}, "twice"),
    ],
)
def test_bad_input(given: dict[str, object], word: str) -> None:
    with pytest.raises(BadValue, match=word):
        read_options(options(**given))


def test_items_take_what_they_leave_out_from_the_task() -> None:
    items = [
        {"path": "/a", "clients": [{"host": "h", "options": []}], "file": None, "options": None},
        {"path": "/b", "clients": [{"host": "h", "options": []}], "file": MAIN, "options": ["ro"]},
        {"path": "/c", "clients": None, "state": "absent"},
    ]
    declared = read_options(options(path=None, clients=None, exports=items, file=EXTRA, options=["rw"]))
    assert declared == [
        Declared(Wanted("/a", (("h", ()),), ("rw",)), EXTRA),
        Declared(Wanted("/b", (("h", ()),), ("ro",)), MAIN),
        Declared(Wanted("/c"), EXTRA),
    ]


def test_which_files_exportfs_reads() -> None:
    assert is_read("a.exports")
    assert not any(is_read(name) for name in ("a.export", ".a.exports", ".exports", "a.exports~", "exports"))
