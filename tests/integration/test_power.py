# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Domains on and off: saved and back, in the order that was asked for, many at once, restarted by a handler."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

Args = t.Dict[str, t.Any]
MODULE = "libvirt_domain"


@pytest.fixture
def guest(scratch: str, tiny: Args, images_dir: Path) -> t.Callable[[str], Args]:
    def make(name: str) -> Args:
        return {
            "name": f"{scratch}-{name}",
            "state": "running",
            "type": "qemu",
            "memory": "96MiB",
            **tiny,
            "cmdline": "console=ttyS0 clearcpuid=cx16",
            "serials": [{"type": "file", "path": str(images_dir / f"console-{name}")}],
        }

    return make


@pytest.fixture
def wait_for(images_dir: Path) -> t.Callable[[str], None]:
    def run(name: str) -> None:
        console = images_dir / f"console-{name}"
        deadline = time.monotonic() + 180
        while not console.exists() or b"tiny guest is running" not in console.read_bytes():
            assert time.monotonic() < deadline, name
            time.sleep(0.2)

    return run


@pytest.fixture
def look(virsh: t.Any, scratch: str) -> t.Callable[[], str]:
    def run() -> str:
        names = [name for name in virsh("list", "--all", "--name").split() if name.startswith(scratch)]
        text = "".join(virsh("dominfo", name) + virsh("dumpxml", "--inactive", name) for name in sorted(names))
        return "".join(line for line in text.splitlines(True) if not line.startswith("CPU time"))

    return run


def test_saved_and_back(
    converge: t.Any, run_module: t.Any, virsh: t.Any, look: t.Any, guest: t.Any, wait_for: t.Any, images_dir: Path
) -> None:
    web = guest("web")
    failed = run_module(MODULE, {**web, "state": "saved"}, expect="failed")
    assert failed["error_code"] == "not_running"
    run_module(MODULE, web)
    wait_for("web")
    said = (images_dir / "console-web").read_bytes().count(b"tiny guest is running")
    done = converge(MODULE, {**web, "state": "saved"}, look)
    assert done["domain"]["changes"] == [{"field": "state", "before": "running", "after": "saved"}]
    assert "Managed save:   yes" in virsh("dominfo", web["name"])
    assert virsh("domstate", web["name"]).strip() == "shut off"
    # What is changed now waits, as it goes on with what it was saved with.
    done = converge(MODULE, {**web, "state": "saved", "memory": "128MiB"}, look)
    assert done["domain"]["restart_required"] == ["memory", "current_memory"]
    web["memory"] = "96MiB"
    failed = run_module(MODULE, {**web, "state": "stopped"}, expect="failed")
    assert failed["error_code"] == "saved"
    assert "Managed save:   yes" in virsh("dominfo", web["name"])
    done = converge(MODULE, web, look)
    assert {"field": "state", "before": "saved", "after": "running"} in done["domain"]["changes"]
    # The same guest goes on: it did not boot again. (A new start empties the console's file.)
    assert (images_dir / "console-web").read_bytes().count(b"tiny guest is running") <= said
    converge(MODULE, {**web, "state": "saved"}, look)
    done = converge(MODULE, {**web, "state": "stopped", "force": True}, look)
    assert "Managed save:   no" in virsh("dominfo", web["name"])
    converge(MODULE, {**web, "state": "running"}, look)
    converge(MODULE, {**web, "state": "saved"}, look)
    converge(MODULE, {"name": web["name"], "state": "absent"}, look)
    assert web["name"] not in virsh("list", "--all", "--name").split()


def test_in_the_order_that_is_asked_for(
    run_module: t.Any, virsh: t.Any, guest: t.Any, wait_for: t.Any, scratch: str
) -> None:
    names = ["web", "db", "cache", "disk"]
    domains = {name: guest(name) for name in names}
    domains["web"]["depends_on"] = [f"{scratch}-db", f"{scratch}-cache"]
    domains["db"]["depends_on"] = [f"{scratch}-disk"]
    assert run_module(MODULE, {"domains": list(domains.values())})["changed"]
    ids = {name: int(virsh("domid", f"{scratch}-{name}")) for name in names}
    assert ids["disk"] < ids["db"] < ids["web"]
    assert ids["cache"] < ids["web"]
    assert not run_module(MODULE, {"domains": list(domains.values())})["changed"]
    for name in names:
        wait_for(name)
    for each in domains.values():
        each["state"] = "stopped"
    done = run_module(MODULE, {"domains": list(domains.values())})
    assert [each["state"] for each in done["domains"]] == ["stopped"] * 4
    assert not set(virsh("list", "--name").split()) & {f"{scratch}-{name}" for name in names}


@pytest.mark.parametrize(
    ("depends", "words"),
    [
        ({"web": ["db"], "db": ["web"]}, "these domains wait for each other"),
        ({"web": ["elsewhere"]}, "can only wait for domains of the same task"),
    ],
)
def test_an_order_that_can_not_be(
    run_module: t.Any, virsh: t.Any, guest: t.Any, scratch: str, depends: dict[str, list[str]], words: str
) -> None:
    domains = [
        {**guest(name), "depends_on": [f"{scratch}-{other}" for other in depends.get(name, [])]}
        for name in ("web", "db")
    ]
    failed = run_module(MODULE, {"domains": domains}, expect="failed")
    assert failed["error_code"] == "bad_value"
    assert words in failed["msg"]
    assert scratch not in virsh("list", "--all", "--name")


def test_who_does_not_hear_is_named_and_the_others_go(
    run_module: t.Any, virsh: t.Any, guest: t.Any, wait_for: t.Any, scratch: str
) -> None:
    good, deaf = guest("good"), guest("deaf")
    # Without its init nothing in the guest listens to the power button.
    deaf["cmdline"] = "console=ttyS0 clearcpuid=cx16 rdinit=/bin/cat"
    run_module(MODULE, {"domains": [good, deaf]})
    wait_for("good")
    for each in (good, deaf):
        each.update(state="stopped", timeout=10)
    failed = run_module(MODULE, {"domains": [deaf, good]}, expect="failed")
    assert failed["error_code"] == "timeout"
    assert f"{scratch}-deaf" in failed["msg"]
    assert virsh("domstate", good["name"]).strip() == "shut off"
    assert virsh("domstate", deaf["name"]).strip() == "running"
    run_module(MODULE, {**deaf, "force": True})
    assert virsh("domstate", deaf["name"]).strip() == "shut off"


def test_restarted_by_a_handler(run_module: t.Any, virsh: t.Any, guest: t.Any, wait_for: t.Any) -> None:
    web = guest("web")
    run_module(MODULE, web)
    wait_for("web")
    before = virsh("domid", web["name"])
    asked = {"name": web["name"], "restart": "always"}
    told = run_module(MODULE, asked, check=True)
    assert told["changed"]
    assert virsh("domid", web["name"]) == before
    done = run_module(MODULE, asked)
    assert done["domain"]["changes"] == [{"field": "restart", "before": None, "after": "always"}]
    assert int(virsh("domid", web["name"])) > int(before)
