# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps of the lab's story about iSCSI, on machines on which `site` has run: a path that is cut while the guest writes,
more space from the LUN to the guest, a target that somebody has changed, removal that keeps what was written.

The guest's disk is a logical volume of a volume group that both hypervisors see, on a LUN with a path in each of two
networks.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import subprocess
import time
import typing as t
from collections.abc import Callable

from stage import GUEST, ROOT, StoryError, check, edit_inventory, inventory, on, playbook, say
from storage import VIRSH, Storage, errors, source

SERVER = "storage"
HOSTS = ("host1", "host2")
# What the storage node calls its volume group and the LUN's volume; what the hypervisors make of it.
LUN = "minicloud/minicloud"
MAP = "minicloud"
GROUP = "guests"
VOLUME = f"{GROUP}/{GUEST}-vda"
MIB = 1024 * 1024

WRITTEN = "/var/tmp/written"
FAILED = "/var/tmp/written.failed"
# Each round is on the disk before the next one begins.
WRITE = (
    "n=0; while :; do n=$((n+1)); dd if=/dev/urandom of=/var/tmp/written.data bs=64k count=4 conv=fsync status=none"
    f" || echo $n >>{FAILED}; echo $n >{WRITTEN}; sleep 0.2; done"
)


def declared(host: str, variable: str) -> t.Any:
    """A variable of the inventory."""
    command = [
        "ansible",
        host,
        *inventory(),
        "-m",
        "ansible.builtin.debug",
        "-a",
        f"msg={{{{ {variable} | to_json }}}}",
    ]
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"=> (\{.*\})\s*$", done.stdout, re.DOTALL)
    if done.returncode != 0 or not found:
        raise StoryError(f"The inventory does not say {variable} of {host}:\n{done.stdout}{done.stderr}")
    message = json.loads(found[1])["msg"]
    return json.loads(message) if isinstance(message, str) else message


def place() -> tuple[str, str]:
    """The hypervisor that the guest runs on, and the other one."""
    for host in HOSTS:
        if GUEST in on(host, f"{VIRSH} list --name").split():
            return host, next(other for other in HOSTS if other != host)
    raise StoryError(f"{GUEST} runs on no hypervisor.")


def until(what: Callable[[], bool], text: str, seconds: int = 120) -> float:
    """Wait until something holds; how long it took."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            raise StoryError(f"This does not hold after {seconds} s: {text}")
        time.sleep(2)
    took = time.monotonic() - began
    say(f"    - {text}, after {took:.0f} s")
    return took


def paths(host: str) -> int:
    """How many paths of the multipath device work."""
    return int(on(host, f"multipath -ll {MAP} | grep -cE 'active +ready +running' || true"))


def size(host: str, volume: str) -> int:
    """The size of a logical volume, as the host's kernel has it, in bytes."""
    return int(on(host, f"blockdev --getsize64 /dev/{volume}"))


def active(host: str, volume: str) -> bool:
    return on(host, f"lvs --noheadings -o lv_active {volume}").strip() == "active"


def writes() -> int:
    return int(on(GUEST, f"cat {WRITTEN}"))


def start_writing() -> None:
    on(GUEST, f"rm -f {FAILED}; setsid -f sh -c {shlex.quote(WRITE)} </dev/null >/dev/null 2>&1; sleep 2")


def stop_writing() -> None:
    on(GUEST, "pkill -f '^sh -c n=0; while' || true")


def second_way(host: str) -> str:
    """The device of the host that leads to a portal and not to whoever asks."""
    portals = on(host, "iscsiadm -m session | sed -n 's/^[^]]*] \\([^ ]*\\):[0-9]*,.*/\\1/p'").split()
    check(len(set(portals)) == 2, f"{host} has a session at each of {' and '.join(sorted(set(portals)))}")
    devices = {on(host, f"ip -o route get {portal} | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'") for portal in portals}
    own = on(host, "ip -o route get ${SSH_CONNECTION%% *} | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'")
    others = sorted(devices - {own})
    if not others:
        raise StoryError(f"All sessions of {host} go over {own}, as what asks does.")
    return others[0]


def iscsi_path() -> str:
    """A path is cut while the guest writes"""
    host, _other = place()
    check(paths(host) == 2, f"on {host} two paths work")
    device = second_way(host)
    start_writing()
    try:
        before = writes()
        # Should this story end here, the link comes back all the same.
        on(host, f"systemd-run --unit mclab-link --on-active=600 ip link set {device} up")
        on(host, f"ip link set {device} down")
        took = until(lambda: paths(host) == 1, f"{device} is down, and one path works")
        time.sleep(5)
        # Over the time that a lost path is given up in.
        after = until(lambda: writes() > before + 10, f"{GUEST} goes on writing")
        time.sleep(5)
        on(host, f"ip link set {device} up")
        until(lambda: paths(host) == 2, f"{device} is up, and both paths work", seconds=300)
        middle = writes()
        until(lambda: writes() > middle, f"{GUEST} goes on writing")
    finally:
        on(host, f"ip link set {device} up; systemctl stop mclab-link.timer 2>/dev/null; true")
        stop_writing()
    check(on(GUEST, f"cat {FAILED} 2>/dev/null || true") == "", "no write has failed")
    check(errors() == "", "the guest's kernel has seen no I/O error")
    return f"one path after {took:.0f} s, writing after {after:.0f} s more"


def move(dest: str) -> None:
    playbook("minicloud.kvm.migrate", "-e", f"guest={GUEST}", "-e", f"dest={dest}")
    edit_inventory(guest_hypervisor=dest)
    check(GUEST in on(dest, f"{VIRSH} list --name").split(), f"{GUEST} runs on {dest}")


def iscsi_grow() -> str:
    """More space, from the LUN to the guest, which then moves"""
    host, other = place()
    lun = int(on(SERVER, f"lvs --noheadings --nosuffix --units b -o lv_size {LUN}"))
    group = int(on(host, f"vgs --noheadings --nosuffix --units b -o vg_size {GROUP}"))
    luns = [{"lun": 0, "name": LUN.rpartition("/")[2], "size": f"{lun // MIB + 512}MiB"}]
    run = playbook("minicloud.kvm.site", "-t", "storage", "-e", json.dumps({"iscsi_target_luns": luns}))
    for each in HOSTS:
        found = int(on(each, f"blockdev --getsize64 /dev/mapper/{MAP}"))
        check(found == lun + 512 * MIB, f"on {each} the multipath device has {found // MIB} MiB")
        found = int(on(each, f"vgs --noheadings --nosuffix --units b -o vg_size {GROUP}"))
        check(found == group + 512 * MIB, f"and the volume group {found // MIB} MiB")

    # On the other host the volume is active as it was, as after a boot: what has grown here is to be seen there.
    on(other, f"lvchange -aly {VOLUME}")
    before = size(host, VOLUME)
    disks = declared(GUEST, "guest_disks")
    disks[0]["size"] = f"{before // MIB + 256}MiB"
    edit_inventory(guest_disks=disks)
    grown = playbook("minicloud.kvm.site", "-t", "guests")
    wanted = before + 256 * MIB
    check(size(host, VOLUME) == wanted, f"on {host}, where {GUEST} runs, its volume has {wanted // MIB} MiB")
    check(int(on(GUEST, "sudo -n blockdev --getsize64 /dev/vda")) == wanted, "the guest sees that without a restart")
    check(size(other, VOLUME) == before, f"on {other} it is as it was when it was activated there")
    check(playbook("minicloud.kvm.site", "-t", "guests").what() == "changed=0", "the same again changes nothing")

    move(other)
    check(size(other, VOLUME) == wanted, f"on {other} it has all of it by the time that {GUEST} is there")
    check(not active(host, VOLUME), f"on {host} it is not active any more")
    last = f"sudo -n dd if=/dev/vda of=/dev/null bs=1M skip={wanted // MIB - 1} count=1 iflag=direct status=none"
    on(GUEST, last)
    check(errors() == "", "the guest reads the last MiB, without an error")
    move(host)
    on(GUEST, last)
    check(errors() == "", f"and again, back on {host}")
    return f"{run.what()}; {grown.what()}"


def iscsi_drift() -> str:
    """Somebody changes the target; the play names and repairs it"""
    host, other = place()
    target = on(SERVER, "ls /sys/kernel/config/target/iscsi | grep ^iqn")
    initiator = on(other, "sed -n 's/^InitiatorName=//p' /etc/iscsi/initiatorname.iscsi")
    task = (SERVER, "minicloud.kvm.iscsi_target : Declare the target")
    quiet = playbook("minicloud.kvm.site", "--check", "-t", "storage")
    check(not quiet.tasks, "what the kernel has is what is declared")
    acls = f"/iscsi/{target}/tpg1/acls"
    result = ""
    for title, command in (
        ("a LUN's mapping", f"targetcli {acls}/{initiator} delete 0"),
        ("an initiator", f"targetcli {acls} delete {initiator}"),
    ):
        on(SERVER, command)
        drift = playbook("minicloud.kvm.site", "--check", "--diff", "-t", "storage", "--limit", SERVER)
        check(drift.tasks == [task], f"--check sees that {title} is gone")
        check(initiator in drift.text, "and shows whose")
        result = playbook("minicloud.kvm.site", "-t", "storage", "--limit", SERVER).what()
        # open-iscsi goes on trying by itself.
        until(lambda: paths(other) == 2, f"both paths of {other} work again", seconds=300)
    check(not playbook("minicloud.kvm.site", "--check", "-t", "storage").tasks, "nothing is left to change")
    check(paths(host) == 2, f"{host} has not noticed")
    return result


def is_gone(host: str) -> bool:
    return on(host, f"ls /dev/mapper | grep -cx {MAP} || true") == "0"


def iscsi_remove() -> str:
    """Guest, pool, sessions and target go; what was written stays"""
    target = on(SERVER, "ls /sys/kernel/config/target/iscsi | grep ^iqn")
    edit_inventory(guest_state="absent")
    playbook("minicloud.kvm.site", "-t", "guests")
    pool = next(pool["name"] for pool in declared(HOSTS[0], "pools_list") if pool.get("backend") == "iscsi")
    gone = {"pools_list": [{"name": pool, "type": "logical", "state": "absent"}]}
    playbook("minicloud.kvm.site", "-t", "pools", "--limit", "hypervisors", "-e", json.dumps(gone))
    out = gone | {"iscsi_initiator_targets": [{"target": target, "state": "absent"}]}
    playbook("minicloud.kvm.site", "-t", "storage", "--limit", "hypervisors", "-e", json.dumps(out))
    for host in HOSTS:
        check(pool not in on(host, f"{VIRSH} pool-list --all --name").split(), f"{host} does not know the pool")
        check(
            on(host, "iscsiadm -m session 2>&1 || true").startswith("iscsiadm: No active"), "and is logged in nowhere"
        )
        until(functools.partial(is_gone, host), "the device is gone")
    run = playbook("minicloud.kvm.site", "-t", "storage", "--limit", SERVER, "-e", "iscsi_target_state=absent")
    check(
        on(SERVER, "ls /sys/kernel/config/target/iscsi 2>/dev/null | grep -c ^iqn || true") == "0", "so is the target"
    )
    # The storage node itself can look: LVM does so only if it is told to.
    look = "lvs --noheadings --config 'devices { scan_lvs = 1 }' -o lv_full_name"
    check(VOLUME in on(SERVER, f"{look} {GROUP}").split(), f"on the LUN's disk there is still {VOLUME}")
    return run.what()


TARGET = "iqn.2026-01.org.example:storage"
ACLS = f"/iscsi/{TARGET}/tpg1/acls"
AWAY = "iqn.2026-01.org.example:host1"


def disk(host: str) -> str:
    """The guest's disk is a logical volume on the multipath device."""
    path = source(host)
    check(os.path.realpath(path) == path and path == f"/dev/{VOLUME}", f"on {host}, its disk is {path}")
    below = on(host, f"lsblk -s -n -l -o NAME,TYPE {path}").split()
    check(MAP in below and "mpath" in below, f"lsblk says that it lies on the multipath device {MAP}")
    check(paths(host) == 2, "with two paths")
    return "iSCSI, two paths"


def repaired() -> None:
    luns = on(SERVER, f"targetcli {ACLS}/{AWAY} ls")
    check("mapped_lun0" in luns, f"targetcli says that {AWAY} sees LUN 0")


def kept() -> None:
    host = HOSTS[0]
    check(
        VOLUME.partition("/")[2] in on(host, f"lvs --noheadings -o lv_name {GROUP}").split(), f"{VOLUME} is still there"
    )


ISCSI = Storage(
    name="iSCSI",
    disk=disk,
    # Of the hypervisor where no guest runs.
    drift=((SERVER, f"targetcli {ACLS}/{AWAY} delete 0"),),
    drifted=(SERVER,),
    shown=(AWAY,),
    repaired=repaired,
    kept=kept,
    steps=(iscsi_path, iscsi_grow, iscsi_drift, iscsi_remove),
)
