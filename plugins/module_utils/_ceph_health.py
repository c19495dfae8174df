# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ceph_health: waits until a cluster is as it should be, and says what is not."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._ceph import Cluster
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_plan import Options
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError

OPTIONS: dict[str, t.Any] = {
    "wait": {"type": "int", "default": 0},
    "monitors": {"type": "list", "elements": "str", "default": []},
    "osds": {"type": "list", "elements": "int", "default": []},
    "after_epoch": {"type": "int", "default": 0},
    "clean": {"type": "bool", "default": True},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "fail": {"type": "bool", "default": True},
}
_PAUSE = 2.0


def health(options: Options, cluster: Cluster) -> dict[str, t.Any]:
    """Look until nothing is wrong any more, or the time is over."""
    for name in ("wait", "after_epoch"):
        if options[name] < 0:
            raise BadValue(name, options[name], "a number from 0 is wanted")
    deadline = time.monotonic() + options["wait"]
    while True:
        try:
            status, osdmap = cluster.ask("status"), cluster.ask("osd dump")
        except KvmError as error:
            # a monitor that restarts is away for a while
            if error.error_code != "no_connection" or time.monotonic() >= deadline:
                raise
        else:
            problems = problems_of(options, status, osdmap)
            if not problems or time.monotonic() >= deadline:
                break
        time.sleep(_PAUSE)
    if problems and options["fail"]:
        raise KvmError(
            "Ceph is not as it should be{0}: {1}.".format(
                " after {0} s".format(options["wait"]) if options["wait"] else "", "; ".join(problems)
            ),
            error_code="unhealthy",
            **_facts(problems, status, osdmap),
        )
    return {"changed": False, **_facts(problems, status, osdmap)}


def _facts(problems: list[str], status: Options, osdmap: Options) -> dict[str, t.Any]:
    return {
        "problems": problems,
        "status": status["health"]["status"],
        "checks": sorted(status["health"]["checks"]),
        "fsid": status["fsid"],
        "epoch": osdmap["epoch"],
        "monitors": sorted(status["quorum_names"]),
        "osds": [
            {"id": one["osd"], "up": bool(one["up"]), "in": bool(one["in"]), "up_from": one["up_from"]}
            for one in osdmap["osds"]
        ],
    }


def problems_of(options: Options, status: Options, osdmap: Options) -> list[str]:
    """What is wrong: a pure function of the task and what the cluster says (status, osd dump)."""
    problems = []
    away = sorted(set(options["monitors"]) - set(status["quorum_names"]))
    if away:
        problems.append("monitor {0} is not in the quorum".format(", ".join(away)))
    osds = {one["osd"]: one for one in osdmap["osds"]}
    for number in options["osds"]:
        if number not in osds:
            problems.append("there is no OSD {0}".format(number))
        elif not osds[number]["up"]:
            problems.append("OSD {0} is down".format(number))
        elif osds[number]["up_from"] <= options["after_epoch"]:
            # the monitors take an OSD for up until somebody tells them otherwise
            problems.append("OSD {0} has not come up since epoch {1}".format(number, options["after_epoch"]))
    if options["clean"]:
        problems.extend(_unclean(status["pgmap"]))
    for name, check in sorted(status["health"]["checks"].items()):
        if name not in options["ignore"] and not check.get("muted"):
            problems.append("{0} ({1})".format(check["summary"]["message"], name))
    return problems


def _unclean(pgmap: Options) -> t.Iterator[str]:
    for state in pgmap.get("pgs_by_state", ()):
        # scrubbing and trimming come and go on placement groups that are whole
        if not {"active", "clean"} <= set(state["state_name"].split("+")):
            yield "{0} placement groups are {1}".format(state["count"], state["state_name"])
