# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every option of every table, declared on this machine's libvirtd; an option without a case fails the last test.

A case is an entry of tests/integration/options/<kind>_*.yml::

    watchdog_of_q35:                 # becomes the object's name, behind the test's prefix
      declare: {...}                 # the options; BASE of the kind comes first
      expect: [XPath, ...]           # each has to hold for what virsh says of the object
      since: 9.4.0                   # with an older libvirt the option is refused, and nothing is done
      needs: a reason                # what a machine's libvirt or QEMU may be built without: then libvirt refuses it;
                                     # where it is there, the case is like any other

All cases of a file are one call of the module: check mode, apply, apply again (converge). In texts {images} is a
directory that QEMU can read, {scratch} the test's prefix.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import libvirt
import pytest
import yaml
from ansible_collections.minicloud.kvm.plugins.module_utils._domain import Domain
from ansible_collections.minicloud.kvm.plugins.module_utils._network import Network
from ansible_collections.minicloud.kvm.plugins.module_utils._nwfilter import NwFilter
from ansible_collections.minicloud.kvm.plugins.module_utils._pool import Pool
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Many, Row
from ansible_collections.minicloud.kvm.plugins.module_utils._secret import Secret
from ansible_collections.minicloud.kvm.plugins.module_utils._since import number
from lxml import etree

OPTIONS = Path(__file__).parent / "options"
# Volumes are in a pool, which test_options_volume.py makes.
FILES = sorted(path for path in OPTIONS.glob("*.yml") if not path.stem.startswith("volume_"))
KINDS: dict[str, tuple[t.Any, str, tuple[str, ...], dict[str, t.Any]]] = {
    "domain": (
        Domain,
        "libvirt_domain",
        ("dumpxml", "--inactive", "--security-info"),
        {"memory": "64MiB", "type": "qemu"},
    ),
    "pool": (Pool, "libvirt_pool", ("pool-dumpxml", "--inactive"), {"state": "present"}),
    "net": (Network, "libvirt_net", ("net-dumpxml", "--inactive"), {"state": "present"}),
    "nwfilter": (NwFilter, "libvirt_nwfilter", ("nwfilter-dumpxml",), {}),
    "secret": (Secret, "libvirt_secret", ("secret-dumpxml",), {"usage": "ceph"}),
}
LISTINGS = {
    "net": ("net-list", "--all", "--name"),
    "nwfilter": ("nwfilter-list",),
    "pool": ("pool-list", "--all", "--name"),
    "secret": ("secret-list",),
}
SCHEMAS = {"pool": "storagepool", "filter": "nwfilter"}
# What steers a module is tested where it is; it is in no definition.
STEERING = {"name", "uuid", "state", "autostart", "force", "timeout", "restart", "remove_volumes", "xml"}
STEERING |= {"build", "overwrite", "refresh"}
# Not valid by libvirt's schema though libvirt defines and keeps it: a fault of the schema. case: reason.
SCHEMA_FAULTS: dict[str, str] = {
    "arp": "masks of ARP's addresses",
    "stp": "a rule of which some is negated: two elements",
    "layer_4": "a rule of which some is negated: two elements",
    "tcp_option": "TCP options",
    "layer_4_of_ipv6": "limits and states of connections, and sets",
}

Case = t.Dict[str, t.Any]


def cases(path: Path) -> dict[str, Case]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def filled(value: t.Any, words: dict[str, str]) -> t.Any:
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace("{" + word + "}", text)
        return value
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    if isinstance(value, dict):
        return {key: filled(each, words) for key, each in value.items()}
    return value


def known(case: Case) -> bool:
    """Whether this machine's libvirt is new enough, and built with all it takes."""
    version = libvirt.getVersion()
    return "needs" not in case and version >= number(case.get("since", "0.0.0"))


def declared_of(base: Case, scratch: str, words: dict[str, str], name: str, case: Case) -> Case:
    return {**base, "name": f"{scratch}-{name}", **filled(case["declare"], words)}


def dump_all(virsh: t.Any, scratch: str, listing: t.Sequence[str], dump: t.Sequence[str]) -> dict[str, str]:
    """What virsh says of each object of this test, by name; of a list with UUIDs before the names, by these."""
    lines = [line.split() for line in virsh(*listing).splitlines() if scratch in line]
    if not lines:
        return {}
    # One process for all of them.
    texts = virsh("; echo ==; ".join(" ".join([*dump, words[0]]) for words in lines)).split("\n==")
    return dict(zip((words[-1] for words in lines), texts))


def is_taken(run_module: t.Any, module: str, declaration: Case, case: Case, look: t.Callable[[], object]) -> bool:
    """Whether libvirt defines what is not known to be there: a machine with more emulators takes more. A refusal is
    looked at, and that nothing was done."""
    before = look()
    result = run_module(module, declaration, expect="either" if "needs" in case else "failed")
    if not result.get("failed"):
        return True
    assert result["error_code"] in ("too_old", "not_supported", "libvirt_error"), result
    assert "needs" in case or case["since"] in result["msg"], result
    assert look() == before
    return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_options(
    path: Path, scratch: str, images_dir: Path, run_module: t.Any, virsh: t.Any, converge: t.Any, libvirt_uri: str
) -> None:
    kind, module, dump, base = KINDS[path.stem.partition("_")[0]]
    words = {"images": str(images_dir), "scratch": scratch}

    def declared(name: str, case: Case) -> Case:
        return declared_of(base, scratch, words, name, case)

    every = cases(path)
    # What virt-xml-validate does, without a process for each.
    schema = etree.RelaxNG(file=f"/usr/share/libvirt/schemas/{SCHEMAS.get(kind.tag, kind.tag)}.rng")
    listing = LISTINGS.get(path.stem.partition("_")[0], ("list", "--all", "--name"))

    def dumped() -> dict[str, str]:
        return dump_all(virsh, scratch, listing, dump)

    def look() -> list[str]:
        return list(dumped().values())

    good = {
        name: case
        for name, case in every.items()
        if known(case) or is_taken(run_module, module, declared(name, case), case, look)
    }
    converge(module, {kind.plural: [declared(name, case) for name, case in good.items()]}, look)
    definitions = dumped()
    for name, case in good.items():
        text = definitions[declared(name, case)["name"]]
        tree = etree.fromstring(text)
        for xpath in case.get("expect", []):
            assert tree.xpath(xpath), f"{name}: {xpath} does not hold for\n{text}"
        if name not in SCHEMA_FAULTS:
            assert schema.validate(tree), f"{name}: {schema.error_log}"


def paths(rows: t.Sequence[AnyRow], prefix: str = "") -> t.Iterator[str]:
    """Every option of a table, with its choices: disks.bus=virtio."""
    for row in rows:
        if (not prefix and row.option in STEERING) or (isinstance(row, Row) and row.place is None):
            continue
        yield prefix + row.option
        if isinstance(row, Row):
            yield from (f"{prefix}{row.option}={choice}" for choice in row.choices)
        else:
            yield from paths(row.rows, prefix + row.option + ".")


def said(rows: t.Sequence[AnyRow], declared: Case, prefix: str = "") -> t.Iterator[str]:
    """The options and choices that a declaration uses."""
    for row in rows:
        if declared.get(row.option) is None:
            continue
        value = declared[row.option]
        yield prefix + row.option
        if isinstance(row, Row):
            yield f"{prefix}{row.option}={value}"
        else:
            for item in value if isinstance(row, Many) else [value]:
                yield from said(row.rows, item, prefix + row.option + ".")


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_has_a_case(kind: str) -> None:
    rows = KINDS[kind][0].rows
    exercised = {
        each
        for path in FILES
        if path.stem.partition("_")[0] == kind
        for case in cases(path).values()
        for each in said(rows, case["declare"])
    }
    assert [each for each in paths(rows) if each not in exercised] == []
