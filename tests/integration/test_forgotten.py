# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was declared and is not any more leaves nothing behind: the object is as if it had been made without it.

With every case of test_options.py: declared as there, then with little of it, then made anew with that little.
"""

from __future__ import annotations

import importlib.util
import re
import typing as t
from pathlib import Path

import pytest
from lxml import etree

# The module beside this one.
_spec = importlib.util.spec_from_file_location("options_cases", Path(__file__).parent / "test_options.py")
assert _spec is not None
assert _spec.loader is not None
options = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(options)

FILES = [path for path in options.FILES if path.stem.startswith(("domain_", "net_"))]
# What is not taken away with the rest: what an object can't be without, or a task about a part of it may leave out.
KEPT = {
    "name",
    "type",
    "memory",
    "disks",
    "interfaces",
    "vcpus",
    "machine",
    "arch",
    "state",
    "forward",
    "bridge",
    "ips",
}
# What may be left, or come anew: an identity, or what libvirt has added by itself and other devices may use by now.
STAYS = re.compile(
    "|".join(
        (
            "/domain/(uuid|metadata|genid)",
            "/domain/devices/(video|controller|hub)",
            "/domain/devices/[a-z]+/(mac|address)",
            "/domain/devices/interface/virtualport/parameters",
            "/domain/memoryBacking/?(source)?$",  # of virtiofs
            "/network/(uuid|metadata|mac|bridge)",
        )
    )
)
# What is kept can't be without what goes; said by libvirt, and nothing is done.
NEEDED = {
    "domain_addresses-usb": "there is no hub",
    "domain_disks-driver": "iothread",
    "domain_disks_sources-vhost_user": "shared memory",
}


def lines(text: str) -> list[str]:
    """Every element with its place, text and attributes, without what may stay."""
    found: list[str] = []

    def walk(element: t.Any, place: str) -> None:
        here = f"{place}/{element.tag}"
        attributes = "".join(f" @{name}={value}" for name, value in sorted(element.attrib.items()))
        if not STAYS.match(here):
            found.append(f"{here}{attributes} {(element.text or '').strip()}".strip())
        for child in element.iterchildren(tag=etree.Element):
            walk(child, here)

    walk(etree.fromstring(text), "")
    return sorted(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_forgotten(
    path: Path, scratch: str, images_dir: Path, run_module: t.Any, virsh: t.Any, libvirt_uri: str
) -> None:
    sort = path.stem.partition("_")[0]
    kind, module, dump, base = options.KINDS[sort]
    listing = options.LISTINGS.get(sort, ("list", "--all", "--name"))
    words = {"images": str(images_dir), "scratch": scratch}
    every = {
        name: options.declared_of(base, scratch, words, name, case)
        for name, case in options.cases(path).items()
        # A task without a whole document that was declared before is about a part.
        if options.known(case) and "xml" not in case["declare"]
    }
    run_module(module, {kind.plural: list(every.values())})
    less = {name: {word: each[word] for word in each if word in KEPT} for name, each in every.items()}
    good = []
    for name, declared in less.items():
        needed = NEEDED.get(f"{path.stem}-{name}")
        result = run_module(module, declared, expect="failed" if needed else "ok")
        if needed:
            assert needed in result["msg"]
        else:
            good.append(declared)
    assert not run_module(module, {kind.plural: good})["changed"]
    forgotten = options.dump_all(virsh, scratch, listing, dump)
    run_module(module, {kind.plural: [{"name": each["name"], "state": "absent"} for each in less.values()]})
    run_module(module, {kind.plural: good})
    anew = options.dump_all(virsh, scratch, listing, dump)
    different = {}
    for name in (declared["name"] for declared in good):
        before, after = lines(forgotten[name]), lines(anew[name])
        if before != after:
            left, lost = (
                [each for each in one if each not in other] for one, other in ((before, after), (after, before))
            )
            different[name] = {"left": left, "lost": lost}
    assert different == {}
