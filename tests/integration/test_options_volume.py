# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every option of a volume, declared on this machine's libvirtd: what test_options.py is for the other kinds.

The cases are in options/volume_*.yml. {secret} is the UUID of a secret that has a value, its usage the test's prefix;
base is a volume, also in the pool {scratch}-other; {images}/image.FORMAT is an image.
"""

from __future__ import annotations

import subprocess
import typing as t
import uuid
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._volume import Volume
from lxml import etree

from tests.integration.test_options import OPTIONS, cases, filled, paths, said

Args = t.Dict[str, t.Any]
MODULE = "libvirt_volume"
# What steers a module, and what a new volume is filled from: in test_libvirt_volume*.py.
ELSEWHERE = {"name", "pool", "state", "xml", "src", "checksum", "wipe", "allow_overcommit", "allow_shrink"}
FORMATS = ("raw", "qcow2", "qcow", "qed", "vdi", "vmdk", "vpc")


@pytest.fixture
def secret(scratch: str, virsh: t.Any, images_dir: Path) -> t.Iterator[str]:
    name = str(uuid.uuid4())
    xml = images_dir / "secret.xml"
    xml.write_text(
        f"<secret ephemeral='yes' private='yes'><uuid>{name}</uuid>"
        f"<usage type='volume'><volume>{scratch}</volume></usage></secret>"
    )
    phrase = images_dir / "phrase"
    phrase.write_text("open sesame")
    virsh("secret-define", str(xml))
    virsh("secret-set-value", name, "--file", str(phrase), "--plain")
    yield name
    virsh("secret-undefine", name)


def declared_and_seen(
    volumes: list[Args], every: Args, pool: str, run: tuple[t.Any, t.Any], look: t.Callable[[], object]
) -> None:
    converge, virsh = run
    converge(MODULE, {"volumes": volumes}, look)
    schema = etree.RelaxNG(file="/usr/share/libvirt/schemas/storagevol.rng")
    for volume, (name, case) in zip(volumes, every.items()):
        text = virsh("vol-dumpxml", volume["name"], pool)
        tree = etree.fromstring(text)
        for xpath in case.get("expect", []):
            assert tree.xpath(xpath), f"{name}: {xpath} does not hold for\n{text}"
        assert schema.validate(tree), f"{name}: {schema.error_log}"


def test_files(converge: t.Any, run_module: t.Any, virsh: t.Any, scratch: str, images_dir: Path, secret: str) -> None:
    for name in ("", "-other"):
        path = str(images_dir / (name[1:] or "pool"))
        run_module("libvirt_pool", {"name": scratch + name, "type": "dir", "target": {"path": path}})
        run_module(MODULE, {"pool": scratch + name, "name": "base", "capacity": "4MiB"})
    for form in FORMATS:
        words = ["qemu-img", "create", "-q", "-f", form, str(images_dir / f"image.{form}"), "4M"]
        subprocess.run(words, check=True)
    every = cases(OPTIONS / "volume_files.yml")
    words_of = {"images": str(images_dir), "scratch": scratch, "secret": secret}
    volumes = [{"pool": scratch, "name": name, **filled(case["declare"], words_of)} for name, case in every.items()]

    def look() -> object:
        return sorted((path.name, path.stat().st_mtime_ns) for path in (images_dir / "pool").iterdir())

    declared_and_seen(volumes, every, scratch, (converge, virsh), look)


def test_partitions(converge: t.Any, run_module: t.Any, virsh: t.Any, scratch: str, loop: t.Any) -> None:
    device = loop()
    source = {"devices": [{"path": device}], "format": "dos"}
    pool = {"name": scratch, "type": "disk", "source": source, "target": {"path": "/dev"}, "build": True}
    run_module("libvirt_pool", pool)
    every = cases(OPTIONS / "volume_partitions.yml")
    disk = Path(device).name
    volumes = [{"pool": scratch, "name": disk + name, **case["declare"]} for name, case in every.items()]
    declared_and_seen(volumes, every, scratch, (converge, virsh), lambda: virsh("vol-list", scratch))


def test_every_option_has_a_case() -> None:
    rows = [row for row in Volume.rows if row.option not in ELSEWHERE]
    every = [case for path in OPTIONS.glob("volume_*.yml") for case in cases(path).values()]
    exercised = {each for case in every for each in said(rows, case["declare"])}

    assert [each for each in paths(rows) if each not in exercised] == []
