# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ceph_osd from its options to its result."""

from __future__ import annotations

import errno
import time
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._ceph import Cluster
from ansible_collections.minicloud.kvm.plugins.module_utils._ceph_plan import ObjectPlan, Options, apply, result
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError, NotFound

_PAUSE = 2.0

OPTIONS: dict[str, t.Any] = {
    "ids": {"type": "list", "elements": "int", "required": True},
    "state": {"type": "str", "choices": ["in", "out", "absent"], "default": "in"},
    "wait": {"type": "int", "default": 0},
}


def osd(options: Options, cluster: Cluster, check_mode: bool) -> dict[str, t.Any]:
    """Have the OSDs as the task declares; in check mode only say what that takes."""
    ids, state = options["ids"], options["state"]
    for number in ids:
        if number < 0 or ids.count(number) > 1:
            raise BadValue("ids", number, "the numbers of OSDs are wanted, each once")
    if options["wait"] < 0:
        raise BadValue("wait", options["wait"], "a number of seconds from 0 is wanted")
    plans = plan(ids, state, cluster.ask("osd dump"))
    changing = [todo for todo in plans if todo.changes]
    if state == "absent":
        # they have to be free all together: two that are free one by one may hold the last two copies
        _wait_safe([int(todo.name) for todo in changing], cluster, 0 if check_mode else options["wait"])
    if not check_mode:
        apply(changing, cluster)
        if state == "out" and options["wait"]:
            there = [int(todo.name) for todo in plans if todo.facts["exists"]]
            _wait_safe(there, cluster, options["wait"])
    return result(plans, "osds", "osd", False)


def plan(ids: t.Sequence[int], state: str, osdmap: Options) -> list[ObjectPlan]:
    """What has to change: a pure function of the task and what the cluster says (osd dump)."""
    osds = {found["osd"]: found for found in osdmap["osds"]}
    plans = []
    for number in ids:
        current = osds.get(number)
        todo = ObjectPlan(
            str(number), state, "{0} OSD {1}".format("remove" if state == "absent" else "mark " + state, number)
        )
        todo.facts["exists"] = current is not None
        before = "in" if current is not None and current["in"] else "out"
        if state == "absent":
            _remove(todo, number, before, current)
        elif current is None:
            found = ", ".join(str(one) for one in sorted(osds)) or "none"
            raise NotFound("Failed to {0}: there is no such OSD; the cluster has {1}.".format(todo.doing, found))
        elif before != state:
            todo.change("state", before, state, "osd " + state, ids=[str(number)])
        plans.append(todo)
    return plans


def _remove(todo: ObjectPlan, number: int, before: str, current: Options | None) -> None:
    if current is None:
        return
    if current["up"]:
        raise KvmError(
            "Failed to {0}: it runs.".format(todo.doing),
            error_code="osd_up",
            remedy="Mark it out, wait until it is empty, and stop ceph-osd@{0} on its host.".format(number),
        )
    todo.change("state", before, "absent", "osd purge", id=number, yes_i_really_mean_it=True)


def _wait_safe(ids: t.Sequence[int], cluster: Cluster, seconds: int) -> None:
    """Wait until Ceph says that nothing is lost without these OSDs."""
    deadline = time.monotonic() + seconds
    while ids:
        said, complaint = cluster.answer(
            "osd safe-to-destroy", (errno.EAGAIN, errno.EBUSY), ids=[str(number) for number in ids]
        )
        # without statistics of some placement groups Ceph draws no conclusion
        unsafe = ids if said is None else sorted(set(ids) - set(said["safe_to_destroy"]))
        if not unsafe:
            return
        if time.monotonic() >= deadline:
            raise KvmError(
                "Failed to remove OSD {0}: Ceph does not say that it is safe to destroy{1}.".format(
                    ", ".join(str(number) for number in unsafe), " ({0})".format(complaint) if complaint else ""
                ),
                error_code="osd_not_safe",
                remedy="Mark it out, and wait until its data is on other OSDs, of which there have to be enough.",
                osds=list(unsafe),
            )
        time.sleep(_PAUSE)
