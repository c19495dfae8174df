# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading exports(5) files, and changing one export in them without a byte more."""

from __future__ import annotations

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_edit import (
    Wanted,
    access_of,
    append_line,
    declare,
    same_access,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._exports_text import (
    apply_edits,
    parse,
    to_text,
    write_word,
)
from hypothesis import event, example, given
from hypothesis import strategies as st

MANUAL = """\
# sample /etc/exports file
/               master(rw) trusty(rw,no_root_squash)
/projects       proj*.local.domain(rw)
/usr            *.local.domain(ro) @trusted(rw)
/home/joe       pc001(rw,all_squash,anonuid=150,anongid=100)
/pub            *(ro,insecure,all_squash)
/srv/www        -sync,rw server @trusted @external(ro)
/foo            2001:db8:9:e54::/64(rw) 192.0.2.0/24(rw)
/build          buildhost[0-9].local.domain(rw)
"""


def read(text: str) -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
    return [
        (entry.path.text, [(c.host, tuple(sum(c.defaults, ()) + c.own)) for c in entry.clients])
        for entry in parse(text).entries
    ]


def test_the_manuals_own_example() -> None:
    entries = dict(read(MANUAL))
    assert list(entries) == ["/", "/projects", "/usr", "/home/joe", "/pub", "/srv/www", "/foo", "/build"]
    assert entries["/srv/www"] == [
        ("server", ("sync", "rw")),
        ("@trusted", ("sync", "rw")),
        ("@external", ("sync", "rw", "ro")),
    ]
    assert entries["/foo"] == [("2001:db8:9:e54::/64", ("rw",)), ("192.0.2.0/24", ("rw",))]
    assert parse(MANUAL).stop is None


@pytest.mark.parametrize(
    ("text", "path", "clients"),
    [
        ('"/a b" h', "/a b", [("h", ())]),
        ('/a" "b h', "/a b", [("h", ())]),
        (r"/a\040b h", "/a b", [("h", ())]),
        (r"/a\08b h", r"/a\08b", [("h", ())]),
        ("/a h \\\n   i(rw) # j \\\n", "/a", [("h", ()), ("i", ("rw",))]),
        ("/a \\\n\t-rw,sync\\\n  h", "/a", [("h", ("rw", "sync"))]),
        ("/a h#i", "/a", [("h#i", ())]),
        ("/a (ro)", "/a", [("*", ("ro",))]),
        ("/a", "/a", [("", ())]),
        ("/a -rw", "/a", [("", ("rw",))]),
        ("/a h -rw", "/a", [("h", ()), ("", ("rw",))]),
        ("/a h -rw i -async j(ro)", "/a", [("h", ()), ("i", ("rw",)), ("j", ("rw", "async", "ro"))]),
        ("/a -rw -async h", "/a", [("-async", ("rw",)), ("h", ("rw",))]),
        ('/a "h(rw, sync)" i()', "/a", [("h", ("rw", "sync")), ("i", ())]),
        ("  \t/a\th\r\n", "/a", [("h", ())]),
        ("/a h\fi", "/a", [("h", ()), ("i", ())]),
    ],
)
def test_words(text: str, path: str, clients: list[tuple[str, tuple[str, ...]]]) -> None:
    assert read(text) == [(path, clients)]
    assert parse(text).stop is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/a h(rw, sync)\n/b i", 1),
        ("/a h\n/b h(rw)x\n/c h", 2),
        ("/a h\n/b h(rw,\\\nsync)\n/c h", 2),
        ("/a h\n\r\n/b i", 2),
        ("/a h\n/b " + "x" * 600 + "\n/c i\n", 2),
        ("/a h\n/b\0 i", 2),
    ],
)
def test_where_exportfs_stops(text: str, line: int) -> None:
    stop = parse(text).stop
    assert stop is not None
    assert stop.line == line


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60))
def test_what_is_written_is_read(path: str) -> None:
    text = "/" + path.replace("\0", "").replace("\\", "")
    document = parse(write_word(text) + " h\n")
    assert [entry.path.text for entry in document.entries] == [text]


WORDS = st.sampled_from(
    ["/a", "/b", '"/c d"', r"/e\040f", "h", "h(rw)", "i(ro,sync)", "10.0.0.0/24(rw)", "-rw,sync", "@g", "*(ro)", "(rw)"]
) | st.sampled_from([" ", "\t", "\n", "\\\n", "\r", "\f", "# x", "#", "\\", '"', "\n/z h(rw)\n", "i(rw", "j)"])
TEXTS = st.lists(WORDS, max_size=25).map("".join)
CLIENTS = st.lists(
    st.tuples(
        st.sampled_from(["h", "i", "10.0.0.0/24", "10.0.0.0/255.255.0.0", "2001:DB8::1", "@g", "*.example.org"]),
        st.lists(st.sampled_from(["rw", "async", "no_root_squash", "sec=krb5:sys"]), max_size=3, unique=True).map(
            tuple
        ),
    ),
    max_size=4,
    unique_by=lambda client: client[0],
).map(tuple)


def ends_within_a_word(text: str) -> bool:
    """May end so: a quote may stand in a comment, which takes more than counting to see."""
    return text.count('"') % 2 == 1 or (not text.endswith("\n") and ("\\" in text or '"' in text))


@given(TEXTS)
def test_every_text_can_be_read_and_has_its_words_where_it_says(text: str) -> None:
    for entry in parse(text).entries:
        words = [entry.path, *(client.word for client in entry.clients if client.word)]
        for word, following in zip(words, [*words[1:], None]):
            assert word.start < word.end <= (following.start if following else entry.end)
            if '"' not in text:
                assert parse(text[word.start : word.end] + " h").entries[0].path.text == word.text


@example("\\\n/a", (), ())
@example('# x"\n"/a', (("h", ()),), ())
@example("/a\f\n/a/a", (), ())
@given(TEXTS, CLIENTS, st.sampled_from([(), ("rw",), ("sync", "rw")]))
def test_declare_does_what_is_wanted_and_nothing_else(text: str, clients: tuple, defaults: tuple[str, ...]) -> None:
    wanted = Wanted("/a", clients, defaults)
    try:
        after = declare(text, wanted, "/etc/exports")
    except KvmError:
        event("can't be changed")
        assert parse(text).stop is not None or ends_within_a_word(text)
        return
    assert same_access(access_of(parse(after), "/a"), wanted.access())
    assert declare(after, wanted, "/etc/exports") == after
    others = [entry for entry in read(text) if entry[0] != "/a"]
    assert [entry for entry in read(after) if entry[0] != "/a"][: len(others)] == others


@example('# x"\n"/a')
@given(TEXTS)
def test_added_and_removed_again_leaves_every_byte(text: str) -> None:
    if parse(text).stop is not None or text.endswith("\\\n") or ends_within_a_word(text):
        return
    there = declare(text, Wanted("/new place", (("h", ("rw",)),)), "x")
    assert there == append_line(text, r"/new\040place h(rw)")
    assert declare(there, Wanted("/new place"), "x") == text


@given(st.binary(max_size=80) | TEXTS.map(str.encode))
def test_any_bytes_come_back(content: bytes) -> None:
    """Whatever is in the file: read, every word written in its place again, and an export that isn't there removed."""
    text = content.decode("latin-1")
    document = parse(text)
    words = [word for e in document.entries for word in (e.path, *(c.word for c in e.clients if c.word))]
    edits = [(word.start, word.end, text[word.start : word.end]) for word in words]
    assert apply_edits(document.text, edits).encode("latin-1") == content
    if not any("/new" in entry.path.text for entry in document.entries):
        assert declare(text, Wanted("/new place"), "x").encode("latin-1") == content


KEPT = '# hello\n/x  y(rw)   # why\n"/a"  h(rw)\t i(ro) \\\n   j(rw,sync) # about a\n/z\t-rw  k'


@pytest.mark.parametrize(
    ("clients", "after"),
    [
        ((("h", ("rw",)), ("i", ()), ("j", ("sync", "rw"))), KEPT),
        ((("j", ("rw",)), ("I", ("ro",)), ("h", ("rw", "wdelay"))), KEPT),
        ((("h", ("rw",)), ("i", ("rw",)), ("j", ("rw",))), KEPT.replace("i(ro)", "i(rw)")),
        ((("h", ("rw",)), ("j", ("rw",))), KEPT.replace("\t i(ro)", "")),
        ((("h", ("rw",)), ("i", ())), KEPT.replace(" \\\n   j(rw,sync)", "")),
        ((("i", ()), ("j", ("rw",))), KEPT.replace("  h(rw)", "")),
        (
            (("h", ("rw",)), ("i", ()), ("j", ("rw",)), ("k", ("ro", "async"))),
            KEPT.replace("j(rw,sync)", "j(rw,sync) k(ro,async)"),
        ),
        ((("k", ()),), KEPT.replace('"/a"  h(rw)\t i(ro) \\\n   j(rw,sync)', '"/a" k(ro)')),
        ((), KEPT.replace('"/a"  h(rw)\t i(ro) \\\n   j(rw,sync) # about a\n', "")),
    ],
)
def test_the_smallest_change(clients: tuple, after: str) -> None:
    assert declare(KEPT, Wanted("/a", clients), "x") == after


def test_default_options_of_a_line() -> None:
    text = "/a -rw,async h i(ro) # c\n"
    same = Wanted("/a", (("h", ()), ("i", ("ro",))), ("async", "rw"))
    assert declare(text, same, "x") == text
    assert declare(text, Wanted("/a", (("h", ("rw", "async")), ("i", ("async",)))), "x") == text
    more = Wanted("/a", (("h", ()), ("j", ())), ("async", "rw"))
    assert declare(text, more, "x") == "/a -rw,async h j # c\n"
    assert declare(text, Wanted("/a", (("h", ()),), ("ro",)), "x") == "/a -ro h # c\n"
    assert declare(text, Wanted("/a", (("h", ("rw",)),)), "x") == "/a h(rw) # c\n"


def test_an_entry_never_loses_its_last_client_and_so_opens_to_everyone() -> None:
    text = "/a h(rw)\n/b x\n/a i(rw)\n"
    assert declare(text, Wanted("/a", (("i", ("rw",)),)), "x") == "/b x\n/a i(rw)\n"
    assert declare(text, Wanted("/a", (("j", ("rw",)),)), "x") == "/a j(rw)\n/b x\n"
    assert declare("/a\n/b x\n", Wanted("/a", (("h", ()),)), "x") == "/a h(ro)\n/b x\n"
    assert declare("/a h (rw)\n", Wanted("/a", (("h", ("rw",)),)), "x") == "/a h(rw)\n"


def test_a_broken_entry_of_ours_is_repaired_and_one_of_others_is_reported() -> None:
    wanted = Wanted("/a", (("h", ("rw", "sync")),))
    assert declare("/a h(rw, sync) # c\n/b x\n", wanted, "x") == "/a h(rw,sync) # c\n/b x\n"
    with pytest.raises(KvmError, match="only up to line 2"):
        declare("/c y\n/b x(rw, sync)\n", wanted, "/etc/exports")
    assert declare("/a i\n/b x(rw, sync)\n", wanted, "x") == "/a h(rw,sync)\n/b x(rw, sync)\n"


def test_order_counts_where_the_first_match_decides() -> None:
    text = "/a 10.0.0.0/8(ro) 10.1.0.0/16(rw)\n"
    turned = Wanted("/a", (("10.1.0.0/16", ("rw",)), ("10.0.0.0/8", ("ro",))))
    assert declare(text, turned, "x") == "/a 10.1.0.0/16(rw) 10.0.0.0/8(ro)\n"
    apart = "/a 10.0.0.0/16(ro) 10.1.0.0/16(rw)\n"
    assert declare(apart, Wanted("/a", (("10.1.0.0/16", ("rw",)), ("10.0.0.0/16", ()))), "x") == apart


def test_one_path_in_many_spellings(tmp_path: object) -> None:
    wanted = Wanted("/a/b", (("h", ("rw",)),))
    for spelling in ("/a/b/", "//a/b", "/a/./b", '"/a/b"', r"/a/\142"):
        assert declare(spelling + " i\n", wanted, "x") == spelling + " h(rw)\n"


def test_names_outside_ascii() -> None:
    wanted = Wanted("/srv/größe", (("h", ("rw",)),))
    text = declare("", wanted, "x")
    assert text.encode("latin-1").decode() == "/srv/größe h(rw)\n"
    assert declare(text, wanted, "x") == text
    assert parse(text).entries[0].path.text == to_text("/srv/größe")
