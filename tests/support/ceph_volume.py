# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``ceph-volume lvm create`` where there is no device mapper: the OSD is made on the bare device.

It stands for LVM only: the OSD's number, key and store are made as ceph-volume makes them, as client.bootstrap-osd.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import uuid
from pathlib import Path


def main() -> None:
    words = sys.argv[1:]
    assert words[:2] == ["lvm", "create"], words
    device = os.path.realpath(words[words.index("--data") + 1])
    made, ceph = str(uuid.uuid4()), pwd.getpwnam("ceph")
    key = subprocess.run(["ceph-authtool", "--gen-print-key"], capture_output=True, text=True, check=True).stdout
    client = ["ceph", "--name", "client.bootstrap-osd", "--keyring", "/var/lib/ceph/bootstrap-osd/ceph.keyring"]
    secret = json.dumps({"cephx_secret": key.strip()})
    done = subprocess.run(
        [*client, "osd", "new", made, "-i", "-"], input=secret, stdout=subprocess.PIPE, text=True, check=True
    )
    number = done.stdout.strip()
    directory = Path("/var/lib/ceph/osd/ceph-" + number)
    directory.mkdir(parents=True)
    (directory / "keyring").write_text("[osd.{0}]\n\tkey = {1}\n".format(number, key.strip()))
    (directory / "keyring").chmod(0o600)
    (directory / "block").symlink_to(device)
    for path in (directory, directory / "keyring", Path(device)):
        os.chown(path, ceph.pw_uid, ceph.pw_gid)
    subprocess.run(
        ["ceph-osd", "--mkfs", "--id", number, "--osd-uuid", made, "--setuser", "ceph", "--setgroup", "ceph"],
        check=True,
    )
    subprocess.run(["systemctl", "start", "ceph-osd@{0}.service".format(number)], check=True)


if __name__ == "__main__":
    main()
