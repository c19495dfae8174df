# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What role hypervisor has written its look at the machine knows again: a steady run takes no task for it."""

from __future__ import annotations

import getpass
import grp
import json
import os
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[2] / "roles" / "hypervisor"
LOOK = yaml.safe_load((ROLE / "tasks/look.yml").read_text(encoding="utf-8"))[0]["ansible.builtin.shell"]["cmd"]
UNITS = {
    "Debian": {"libvirtd-tls.socket", "libvirtd.service"},
    "RedHat": {"virtproxyd-tls.socket", "virtstoraged.service", "virtsecretd.service"},
}


def told(run_play: t.Any, place: Path, family: str, seen: list[str]) -> dict[str, t.Any]:
    """The role's variables, by Ansible itself, where its look has seen these lines."""
    names = ("__hypervisor_dropins", "__hypervisor_files", "__hypervisor_stale_dropins")
    content = {name: f"{{{{ {name} }}}}" for name in names}
    play = {
        "vars_files": [str(ROLE / f"{each}.yml") for each in ("defaults/main", "vars/main", f"vars/{family}")],
        "vars": {"__hypervisor_seen": {"stdout_lines": seen}},
        "tasks": [{"ansible.builtin.copy": {"content": content, "dest": str(place / "told.json"), "mode": "0644"}}],
    }
    run_play(place, play)
    return t.cast("dict[str, t.Any]", json.loads((place / "told.json").read_text()))


@pytest.mark.parametrize("family", sorted(UNITS))
def test_what_is_written_is_known(run_play: t.Any, tmp_path: Path, family: str) -> None:
    new = told(run_play, tmp_path, family, [])
    assert set(new["__hypervisor_dropins"]) == set(new["__hypervisor_stale_dropins"]) == UNITS[family]
    paths = {unit: f"/etc/systemd/system/{unit}.d/minicloud.conf" for unit in UNITS[family]}
    assert set(paths.values()) < set(new["__hypervisor_files"])

    # As blockinfile writes them.
    for unit, lines in new["__hypervisor_dropins"].items():
        file = tmp_path / paths[unit][1:]
        file.parent.mkdir(parents=True)
        block = ["# BEGIN minicloud.kvm hypervisor", *lines, "# END minicloud.kvm hypervisor"]
        file.write_text("[Unit]\n" + "\n".join(block) + "\n")
        file.chmod(0o644)

    def look() -> list[str]:
        """What the role's own command says of these files, as if they were root's and in /etc."""
        environment = dict.fromkeys(("PACKAGES", "UNITS", "NAME", "KEY"), "")
        files = " ".join(str(tmp_path / path[1:]) for path in paths.values())
        done = subprocess.run(
            ["bash", "-c", LOOK],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **environment, "FILES": files},
        )
        mine = f"{getpass.getuser()}:{grp.getgrgid(os.getgid()).gr_name}"
        return done.stdout.replace(str(tmp_path), "").replace(mine, "root:root").splitlines()

    assert told(run_play, tmp_path, family, look())["__hypervisor_stale_dropins"] == []
    changed = min(paths)
    file = tmp_path / paths[changed][1:]
    file.write_text(file.read_text().replace("# END", "# somebody's\n# END"))
    assert told(run_play, tmp_path, family, look())["__hypervisor_stale_dropins"] == [changed]
