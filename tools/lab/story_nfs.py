# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps of the lab's story about NFS, on machines on which `site` has run: the server's settings, drift that only the
kernel has, mounts by fstab, a storage node that is down.

The guest runs on one of the hypervisors and counts (step migrate of story.py); it has to go on counting after each.
"""

from __future__ import annotations

import json
import shlex
import time

from stage import StoryError, check, module, on, playbook, say
from storage import Storage, counted, goes_on, source

SERVER = "storage"
HOST = "host1"
EXPORT = "/srv/minicloud"
POOL = "/var/lib/libvirt/images/shared"
ETAB = "/var/lib/nfs/etab"


def disk(host: str) -> str:
    """The guest's disk is a file on what the storage node exports."""
    path = source(host)
    kind, where = on(host, f"findmnt -n -o FSTYPE,SOURCE -T {path}").split()
    check(kind.startswith("nfs"), f"on {host}, its disk {path} lies on {where} ({kind})")
    check(EXPORT in on(SERVER, "exportfs -s"), f"exportfs says that {SERVER} exports {EXPORT}")
    return "NFS"


def repaired() -> None:
    check("async" not in on(SERVER, "exportfs -v"), "exportfs says that the export is sync again")


def kept() -> None:
    disk = on(SERVER, f"ls {EXPORT}/web1-vda.qcow2")
    check(disk != "", f"its disk {disk} is still there")


def nfs_settings() -> str:
    """The NFS server gets versions, threads and fixed ports"""
    before = counted()
    declared = ["-e", '{"nfs_server_versions": ["3", "4.2"], "nfs_server_threads": 16}', "-t", "storage"]
    run = playbook("minicloud.kvm.site", *declared)
    versions = on(SERVER, "cat /proc/fs/nfsd/versions").split()
    check({"+3", "+4", "-4.0", "-4.1", "+4.2"} <= set(versions), f"the kernel serves {' '.join(versions)}")
    check(on(SERVER, "cat /proc/fs/nfsd/threads") == "16", "with 16 threads")
    ports = on(SERVER, "rpcinfo -p")
    for service, port in (("mountd", "20048"), ("status", "32765"), ("nlockmgr", "32767")):
        lines = [line for line in ports.splitlines() if line.endswith(service)]
        check(bool(lines) and all(line.split()[3] == port for line in lines), f"{service} listens on {port}")
    again = playbook("minicloud.kvm.site", *declared)
    check(not again.tasks, "the same again changes nothing")
    on(SERVER, "rpc.nfsd 4")
    drift = playbook("minicloud.kvm.site", "--check", *declared)
    check([host for host, _task in drift.tasks] == [SERVER], "--check sees that somebody has set 4 threads")
    playbook("minicloud.kvm.site", *declared)
    check(on(SERVER, "cat /proc/fs/nfsd/threads") == "16", "and a run sets 16 again")
    on(HOST, f"mkdir -p /mnt/v3 && mount -t nfs -o vers=3,ro {SERVER}:{EXPORT} /mnt/v3 && ls /mnt/v3 && umount /mnt/v3")
    say("    - a hypervisor can mount it with version 3")
    goes_on(before)
    return run.what()


def nfs_kernel() -> str:
    """What only the kernel exports is seen and repaired"""
    on(HOST, f"ls {POOL} >/dev/null")
    for line in on(SERVER, "cat /proc/fs/nfsd/exports").splitlines():
        say(f"      {line}")
    check(f"{EXPORT}\t" in on(SERVER, "cat /proc/fs/nfsd/exports"), "the kernel was asked for the export")
    quiet = playbook("minicloud.kvm.site", "--check", "-t", "storage")
    check(not quiet.tasks, "what it says is what is declared")
    # The kernel is told that all may only read; then files and table say rw again, and nobody tells the kernel.
    on(SERVER, f"cp -p /etc/exports /root/exports && cp {ETAB} /root/etab")
    on(SERVER, r"sed -i '/^.srv/s/\brw\b/ro/' /etc/exports && exportfs -r -f")
    on(HOST, f"stat -f {POOL} >/dev/null")
    on(SERVER, f"cp -p /root/exports /etc/exports && cp /root/etab {ETAB}")
    check(f"{EXPORT}\t" in on(SERVER, "cat /proc/fs/nfsd/exports"), "the kernel was asked again")
    drift = playbook("minicloud.kvm.site", "--check", "--diff", "-t", "storage")
    check(drift.tasks == [(SERVER, "minicloud.kvm.nfs_server : Export the directories")], "--check sees it")
    check("(ro," in drift.text, "and shows the kernel's own line")
    run = playbook("minicloud.kvm.site", "-t", "storage")
    on(HOST, f"touch {POOL}/.written && rm {POOL}/.written")
    say("    - a hypervisor may write again")
    check(not playbook("minicloud.kvm.site", "--check", "-t", "storage").tasks, "nothing is left to change")
    return run.what()


def nfs_fstab() -> str:
    """A pool mounted by fstab"""
    on(SERVER, "mkdir -p /srv/second")
    path = "/var/lib/libvirt/images/second"
    pool = {
        "name": "second",
        "type": "netfs",
        "source": {"hosts": [{"name": SERVER}], "dir": "/srv/second", "format": "nfs", "protocol_ver": "4.2"},
        "target": {"path": path},
    }
    export: dict[str, object] = {
        "path": "/srv/second",
        "directory": {"owner": "64055", "group": "64055", "mode": "0770"},
        "clients": [{"host": "*", "options": ["rw", "all_squash", "anonuid=64055", "anongid=64055"]}],
        "allow_everyone": True,
    }
    told = module(SERVER, "nfs_export", export)
    check(bool(told.get("changed")), "the storage node exports a second directory")
    options = ["-t", "pools", "--limit", HOST, "-e", "pools_mounted_by=fstab"]

    def run(**changes: object) -> str:
        pools = f'{{"pools_list": [{json.dumps({**pool, **changes})}], "pools_mount_options": ["noatime"]}}'
        return playbook("minicloud.kvm.site", *options, "-e", pools).what()

    result = run()
    mounted = on(HOST, f"findmnt -n -o SOURCE,FSTYPE,OPTIONS {path}; grep ' {path} ' /etc/fstab")
    check("nfs4" in mounted and "noatime" in mounted and "vers=4.2" in mounted, mounted)
    kind = on(HOST, "virsh -c qemu:///system pool-dumpxml second | head -n 1")
    check("'dir'" in kind, f"libvirt says {kind}")
    check(run() == "changed=0", "the same again changes nothing")
    on(HOST, f"umount {path}")
    check(HOST in run(), "what was unmounted by hand is mounted again")
    run(state="absent")
    check(on(HOST, f"grep -c ' {path} ' /etc/fstab || true") == "0", "pool, mount and line are gone")
    check(on(SERVER, "ls -d /srv/second") != "", "and the directory is still there")
    module(SERVER, "nfs_export", {"path": "/srv/second", "state": "absent"})
    return result


def nfs_dead() -> str:
    """A storage node that is down is one clear error, and the guest goes on when it is back"""
    before = counted()
    # Down; then up again as a machine whose port answers and that serves nothing.
    answers = "import socket, time; s = socket.create_server(('', 2049)); time.sleep(900)"
    cases = (
        ("the server is down", "true", "doesn't answer on port 2049"),
        (
            "its port answers, and nothing else does",
            f"systemd-run --unit nobody python3 -c {shlex.quote(answers)}",
            "has not answered for",
        ),
    )
    on(SERVER, "systemctl stop nfs-server.service")
    try:
        for title, command, words in cases:
            on(SERVER, command)
            began = time.monotonic()
            try:
                playbook("minicloud.kvm.site", "-t", "pools", "--limit", HOST)
            except StoryError as error:
                said = " ".join(str(error).split())
            else:
                said = ""
            took = time.monotonic() - began
            check(words in said, f"{title}: the play says that it {words}")
            check(took < 120, f"after {took:.0f} s")
    finally:
        on(SERVER, "systemctl stop nobody.service 2>/dev/null; true")
        on(SERVER, "systemctl start nfs-server.service")
    began = time.monotonic()
    while time.monotonic() - began < 180:
        time.sleep(5)
        if counted() > before:
            break
    goes_on(before)
    check(playbook("minicloud.kvm.site", "--check").what() == "changed=0", "nothing was changed anywhere")
    return f"the guest went on {time.monotonic() - began:.0f} s after the server was back"


def nfs_gone() -> str:
    """Pool and export go; what is in the directory stays"""
    no_pool: dict[str, object] = {"pools_list": [{"name": "shared", "state": "absent"}]}
    run = playbook("minicloud.kvm.site", "-t", "pools", "-e", json.dumps(no_pool))
    for host in ("host1", "host2"):
        known = on(host, "virsh -q -c qemu:///system pool-list --all --name").split()
        check("shared" not in known, f"{host} does not know the pool")
        check(on(host, f"findmnt -n {POOL} || true") == "", "and has nothing mounted there")
    no_export = no_pool | {"nfs_server_exports": [{"path": EXPORT, "state": "absent"}]}
    options = ["-t", "storage,pools", "-e", json.dumps(no_export)]
    playbook("minicloud.kvm.site", *options)
    check(EXPORT not in on(SERVER, "exportfs -s"), f"exportfs says nothing of {EXPORT}")
    check(not playbook("minicloud.kvm.site", *options).tasks, "the same again changes nothing")
    kept()
    return run.what()


NFS = Storage(
    name="NFS",
    disk=disk,
    drift=((SERVER, r"sed -i '/^.srv/s/\bsync\b/async/' /etc/exports && exportfs -ra"),),
    drifted=(SERVER,),
    shown=("async",),
    repaired=repaired,
    kept=kept,
    steps=(nfs_settings, nfs_kernel, nfs_fstab, nfs_dead, nfs_gone),
)
