# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was declared before and is not any more goes; what somebody else has added or changed stays."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from lxml import etree

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    def run() -> str:
        names = [name for name in virsh("list", "--all", "--name").split() if name.startswith(scratch)]
        return "".join(virsh("dumpxml", "--inactive", "--security-info", name) for name in sorted(names))

    return run


@pytest.fixture
def web(scratch: str, images_dir: Path) -> Args:
    (images_dir / "a.raw").write_bytes(bytes(1024))
    (images_dir / "b.raw").write_bytes(bytes(1024))
    return {
        "name": scratch + "-web",
        "type": "qemu",
        "memory": "64MiB",
        "disks": [{"file": str(images_dir / "a.raw"), "target": "vda", "cache": "none", "serial": "ONE"}],
        "interfaces": [{"bridge": "br-none", "model": "e1000e", "mtu": 1400}],
    }


def fields(result: Args) -> list[str]:
    return [change["field"] for change in result["domain"]["changes"]]


def tree_of(virsh: t.Any, name: str) -> t.Any:
    return etree.fromstring(virsh("dumpxml", "--inactive", "--security-info", name))


def test_options_that_are_not_declared_any_more_go(converge: t.Any, virsh: t.Any, look: t.Any, web: Args) -> None:
    more = {
        **web,
        "title": "A title",
        "cpu": {"mode": "custom", "model": "qemu64", "features": [{"name": "svm", "policy": "disable"}]},
        "graphics": [{"type": "vnc", "password": "secret77"}],
        "cmdline": "quiet",
        "kernel": "/boot/vmlinuz",
    }
    converge(MODULE, more, look)
    del more["cmdline"], more["kernel"]
    more["cpu"] = {"mode": "custom", "model": "qemu64"}
    more["graphics"] = [{"type": "vnc"}]
    more["disks"] = [{**web["disks"][0]}]
    del more["disks"][0]["cache"]
    more["interfaces"] = [{"bridge": "br-none"}]
    done = converge(MODULE, more, look)
    mac = tree_of(virsh, web["name"]).find("devices/interface/mac").get("address")
    assert sorted(fields(done)) == [
        "cmdline",
        "cpu.features[svm]",
        "disks[vda].cache",
        "graphics[vnc].password",
        f"interfaces[{mac}].mtu",
        "kernel",
    ]
    assert "secret77" not in str(done)
    tree = tree_of(virsh, web["name"])
    # The model of an interface is part of what it is, like its MAC.
    assert tree.xpath("devices/interface/model[@type='e1000e']")
    assert not tree.xpath("os/kernel | os/cmdline | cpu/feature | devices/disk/driver/@cache")
    assert tree.xpath("title and devices/disk/serial[.='ONE'] and devices/graphics[not(@passwd)]")
    more = {"name": web["name"], "memory": "64MiB", "disks": more["disks"], "interfaces": more["interfaces"]}
    assert sorted(fields(converge(MODULE, more, look))) == ["cpu.mode", "cpu.model", "graphics[vnc]", "title"]


def test_a_task_about_a_part_takes_nothing_away(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, web: Args
) -> None:
    name = web["name"]
    converge(MODULE, {**web, "title": "A title", "graphics": [{"type": "vnc"}]}, look)
    assert not run_module(MODULE, {"name": name, "state": "stopped"})["changed"]
    assert fields(converge(MODULE, {"name": name, "memory": "96MiB"}, look)) == ["memory", "current_memory"]
    assert fields(converge(MODULE, {"name": name, "description": "later"}, look)) == ["description"]
    tree = tree_of(virsh, name)
    assert tree.xpath("title and description and devices/disk and devices/interface and devices/graphics")
    # The whole again: what it never said, but a task about a part did, is not declared any more.
    assert sorted(fields(converge(MODULE, {**web, "memory": "96MiB"}, look))) == [
        "description",
        "graphics[vnc]",
        "title",
    ]


def test_what_others_have_added_or_changed_stays(converge: t.Any, virsh: t.Any, look: t.Any, web: Args) -> None:
    name = web["name"]
    converge(MODULE, {**web, "title": "ours", "description": "ours"}, look)
    virsh("desc", name, "--config", "--title", "theirs")
    virsh("metadata", name, "--config", "urn:example", "--key", "x", "--set", "<note>theirs</note>")
    assert fields(converge(MODULE, web, look)) == ["description"]
    tree = tree_of(virsh, name)
    assert tree.xpath("title[.='theirs']")
    assert tree.xpath("metadata/*[local-name()='note' and .='theirs']")


def test_what_was_found_so_is_not_ours_to_take_away(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, web: Args
) -> None:
    converge(MODULE, web, look)
    virsh("desc", web["name"], "--config", "--title", "by hand")
    before = look()
    assert not run_module(MODULE, {**web, "title": "by hand"})["changed"]
    assert look() == before
    assert not run_module(MODULE, web)["changed"]
    assert tree_of(virsh, web["name"]).xpath("title[.='by hand']")


def test_raw_xml_that_is_not_declared_any_more_goes(converge: t.Any, virsh: t.Any, look: t.Any, web: Args) -> None:
    xml = (
        "<watchdog model='i6300esb' action='reset'/><sound model='ich9'/>"
        "<memtune><hard_limit unit='GiB'>1</hard_limit></memtune>"
    )
    converge(MODULE, {**web, "xml": xml}, look)
    assert tree_of(virsh, web["name"]).xpath("devices/watchdog[@model='i6300esb'] and devices/sound and memtune")
    done = converge(MODULE, {**web, "xml": "<sound model='ich9'/>"}, look)
    assert sorted(fields(done)) == ["xml/devices/watchdog", "xml/memtune/hard_limit"]
    tree = tree_of(virsh, web["name"])
    assert tree.xpath("devices/sound")
    assert not tree.xpath("devices/watchdog[@model='i6300esb'] | memtune")
    assert fields(converge(MODULE, web, look)) == ["xml/devices/sound"]
    assert not tree_of(virsh, web["name"]).xpath("devices/sound")


def test_from_raw_xml_to_an_option_and_back(converge: t.Any, virsh: t.Any, look: t.Any, web: Args) -> None:
    converge(MODULE, {**web, "xml": "<title>A title</title>"}, look)
    assert not converge(MODULE, {**web, "title": "A title"}, look)["changed"]
    converge(MODULE, {**web, "title": "Another"}, look)
    assert not converge(MODULE, {**web, "xml": "<title>Another</title>"}, look)["changed"]
    assert tree_of(virsh, web["name"]).xpath("title[.='Another']")


def test_secrets_in_raw_xml_are_told_and_remembered_nowhere(
    converge: t.Any, virsh: t.Any, look: t.Any, web: Args
) -> None:
    declared = {**web, "xml": "<graphics type='vnc' passwd='secret77'/>"}
    done = converge(MODULE, declared, look)
    assert "secret77" not in str(done)
    xml = virsh("dumpxml", "--inactive", "--security-info", web["name"])
    assert xml.count("secret77") == 1  # where libvirt keeps it
    done = converge(MODULE, {**web, "xml": "<graphics type='vnc' passwd='other666'/>"}, look)
    assert done["domain"]["changes"] == [
        {"field": "xml/devices/graphics/@passwd", "before": "********", "after": "********"}
    ]
    assert "secret77" not in str(done)
    assert "other666" not in str(done)


def test_what_libvirt_puts_into_other_words_is_told_once(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, web: Args
) -> None:
    declared = {**web, "xml": "<memtune><hard_limit unit='KiB'>9007199254740991</hard_limit></memtune>"}
    done = run_module(MODULE, declared)
    assert "of the xml, libvirt keeps xml/memtune: None instead of" in done["warnings"][0]
    again = run_module(MODULE, declared)
    assert not again["changed"]
    assert not again.get("warnings")
    virsh("memtune", web["name"], "--config", "--hard-limit", "2000000")
    told = run_module(MODULE, declared, check=True)
    assert fields(told) == ["xml/memtune/hard_limit"]
    converge(MODULE, declared, look)
    assert not tree_of(virsh, web["name"]).xpath("memtune")
