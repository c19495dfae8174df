# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Build the lab's disk images from Debian's archive, and keep them in a cache.

    build_image.py machine [--suite trixie|bookworm]   a bare machine: systemd, sshd, python3
    build_image.py machine-ceph [--suite ...]          the same with the packages of a hypervisor and of a storage
                                                       system (nfs, iscsi, gluster, ceph): installing takes long
    build_image.py guest   [--suite ...]               a cloud image: boots by itself (GRUB), cloud-init, sshd
    build_image.py tiny    [--suite ...]               kernel and a BusyBox initramfs: a running guest and nothing more

The last line on stdout is JSON: {"kind", "suite", "key", "built", "disk", "kernel", "initrd"} (paths, or null).
Progress goes to stderr. The cache is $MINICLOUD_CACHE or ~/.cache/minicloud; an image's directory is named after the
hash of what it is made of (this file and the suite), so a changed recipe is built anew and an unchanged one never is.

Needs root (package installation in a chroot) and mmdebstrap, mke2fs, qemu-img, sfdisk; no loop device, no mount.
"""

from __future__ import annotations

import argparse
import ast
import fcntl
import functools
import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SUITES = ("trixie", "bookworm")
DEFAULT_MIRROR = "http://deb.debian.org/debian"
DEFAULT_SECURITY = "http://deb.debian.org/debian-security"

# What makes packages install fast in an emulated machine; none of it changes what a package does.
DPKG_OPTIONS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
)
APT_OPTIONS = ('Acquire::Languages "none"', "Acquire::Retries 3")

MACHINE_PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "udev",
    "iproute2",
    "openssh-server",
    "python3",
    "linux-image-cloud-amd64",
    "initramfs-tools",
    "zstd",
)
# What the roles install on Debian (their vars/Debian.yml). What is missing here is installed by them.
HYPERVISOR_PACKAGES = (
    "qemu-system-x86",
    "ovmf",
    "apparmor",
    "dmidecode",
    "dnsmasq-base",
    "iptables",
    "libvirt-clients",
    "libvirt-daemon-system",
    "nfs-common",
    "openssh-client",
    "python3-libvirt",
    "python3-lxml",
    "python3-pycdlib",
    "python3-yaml",
    "qemu-utils",
    "python3-apt",
    "fio",
)
STORAGE_PACKAGES = {
    "nfs": ("nfs-kernel-server",),
    "iscsi": (
        *("python3-rtslib-fb", "targetcli-fb", "lvm2", "thin-provisioning-tools"),
        *("open-iscsi", "multipath-tools"),
    ),
    "gluster": ("glusterfs-server", "xfsprogs", "glusterfs-client"),
    "ceph": (
        *("ceph-common", "ceph-mon", "ceph-mgr", "ceph-osd", "lvm2", "qemu-block-extra"),
        "libvirt-daemon-driver-storage-rbd",
    ),
}
# Ceph's tool for disks is a package of its own since Ceph 17.
SUITE_PACKAGES = {("ceph", "trixie"): ("ceph-volume",)}

GUEST_PACKAGES = (
    *MACHINE_PACKAGES,
    "cloud-init",
    "cloud-guest-utils",
    "sudo",
    "fdisk",
    "systemd-resolved",
    "grub-pc-bin",
    "grub-common",
)
TINY_PACKAGES = ("busybox-static", "linux-image-cloud-amd64")
TINY_MODULES = ("evdev", "button")  # the power button: how a hypervisor asks a guest to stop

MACHINE_DISK = "20G"
GUEST_DISK_MIB = 1536
GUEST_LABEL = "minicloud-root"
PARTITION_START = 1 << 20  # bytes: GRUB's core image lives before it

# An initramfs with every driver of every machine takes an emulated CPU seconds to unpack.
INITRAMFS_MODULES = "virtio_pci\nvirtio_blk\nvirtio_scsi\nsd_mod\next4\n"

# Background work that would make runs in an emulated machine differ from each other.
QUIET_TIMERS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
)

# At each reload of its units, and installing packages makes many, systemd runs every generator: each is 0.5 s of an
# emulated CPU. These find nothing in a machine of the lab.
IDLE_GENERATORS = ("debug", "gpt-auto", "hibernate-resume", "rc-local", "run", "ssh", "system-update", "tpm2")

MACHINE_NETWORK = """\
# Only the machine's own card: bridges and taps belong to whoever makes them.
[Match]
Name=en*

[Network]
DHCP=ipv4
LinkLocalAddressing=no

[DHCPv4]
ClientIdentifier=mac
"""

CLOUD_CONFIG = """\
# The seed is the only source; asking the network for others costs minutes.
datasource_list: [NoCloud, None]
# There are none to choose from in the image.
locale: false
system_info:
  network: {renderers: [networkd]}
"""

GRUB_CONFIG = f"""\
linux /vmlinuz root=LABEL={GUEST_LABEL} ro console=tty0 console=ttyS0,115200n8 net.ifnames=0 quiet
initrd /initrd.img
boot
"""

TINY_INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /lib/modules/*.ko; do insmod "$module"; done
acpid -l /dev/null
echo "tiny guest is running"
exec setsid cttyhack sh
"""

TINY_POWER_BUTTON = """\
#!/bin/sh
poweroff -f
"""


class BuildError(Exception):
    """The image can't be built here; the text says why and what to do."""


START = time.monotonic()


def say(text: str) -> None:
    """One line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - START:6.1f} s] {text}", file=sys.stderr, flush=True)


def run(*command: str, stdin: str | None = None) -> str:
    """Run a command and return its stdout; a failure shows the end of what it wrote."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise BuildError(f"`{' '.join(command)}` failed with exit code {done.returncode}:\n{tail}")
    return done.stdout


def mirrors() -> tuple[str, str]:
    """The Debian mirror and the security mirror that this machine's apt uses (deb.debian.org where it has none)."""
    found: dict[str, str] = {}
    if shutil.which("apt-get"):
        listing = run("apt-get", "indextargets", "--format", "$(LABEL)|$(COMPONENT)|$(REPO_URI)")
        for line in listing.splitlines():
            label, component, uri = line.split("|", 2)
            if component == "main" and uri.startswith(("http://", "https://", "file:")):
                found.setdefault(label, uri.rstrip("/"))
    return found.get("Debian", DEFAULT_MIRROR), found.get("Debian-Security", DEFAULT_SECURITY)


def apt_proxy() -> tuple[str, ...]:
    """The proxy of this machine's apt, as an apt option for the image."""
    if not shutil.which("apt-config"):
        return ()
    proxy = run("apt-config", "dump", "--format", "%v%n", "Acquire::http::Proxy").strip()
    return (f'Acquire::http::Proxy "{proxy}"',) if proxy else ()


def debootstrap(
    root: Path, suite: str, mirror: str | None, variant: str, packages: tuple[str, ...], *options: str
) -> None:
    """Unpack and configure Debian with these packages into `root`; the sources go into the image as well."""
    main, security = (mirror, None) if mirror else mirrors()
    sources = [f"deb {main} {suite} main", f"deb {main} {suite}-updates main"]
    if security:
        sources.append(f"deb {security} {suite}-security main")
    say(f"installing Debian {suite} from {main} ({len(packages)} packages and what they need)")
    # In a namespace of its own: what mmdebstrap mounts goes with it, also where it is killed.
    run(
        *("unshare", "--mount", "--"),
        "mmdebstrap",
        "--mode=root",
        "--format=directory",
        f"--variant={variant}",
        "--include=" + ",".join(packages),
        *(f"--aptopt={option}" for option in (*APT_OPTIONS, *apt_proxy())),
        *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
        *options,
        suite,
        str(root),
        *sources,
    )


def write(root: Path, path: str, text: str, mode: int = 0o644) -> None:
    """Write a file of the image, making its directory."""
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    target.chmod(mode)


def mask(root: Path, path: str) -> None:
    """Switch off one of systemd's units or generators."""
    link = root / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to("/dev/null")


def small_initramfs(root: Path) -> None:
    """Rebuild the initramfs with the few drivers that a virtual machine's disk needs."""
    say("making a small initramfs")
    write(root, "/etc/initramfs-tools/conf.d/lab", "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=3\n")
    write(root, "/etc/initramfs-tools/modules", INITRAMFS_MODULES)
    run("chroot", str(root), "update-initramfs", "-u", "-k", "all")
    # Made anew with every package that has a part in it, an emulated CPU needs minutes for one that nobody boots from.
    write(root, "/etc/initramfs-tools/update-initramfs.conf", "update_initramfs=no\nbackup_initramfs=no\n")


def forget_identity(root: Path) -> None:
    """Remove what has to differ between machines made from one image, and what came from the build machine."""
    for path in ("etc/hostname", "etc/hosts", "etc/resolv.conf"):
        (root / path).unlink(missing_ok=True)
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    write(root, "/etc/machine-id", "")
    # The caches in /etc and /var are as new as /usr: without this the first boot builds them again.
    for stamp in ("etc/.updated", "var/.updated"):
        write(root, stamp, "")
        shutil.copystat(root / "usr", root / stamp)
    for timer in QUIET_TIMERS:
        mask(root, f"etc/systemd/system/{timer}")


def kernel_files(root: Path, out: Path) -> tuple[Path, Path]:
    """Copy the image's kernel and initramfs beside it, for direct kernel boot."""
    kernel, initrd = out / "vmlinuz", out / "initrd"
    shutil.copyfile(max((root / "boot").glob("vmlinuz-*")), kernel)
    shutil.copyfile(max((root / "boot").glob("initrd.img-*")), initrd)
    return kernel, initrd


def to_qcow2(raw: Path, disk: Path, *options: str) -> None:
    """Convert the raw image to qcow2 and drop it."""
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *options, str(raw), str(disk))
    raw.unlink()
    say(f"{disk.name}: {disk.stat().st_blocks * 512 >> 20} MiB on disk")


def build_machine(work: Path, out: Path, suite: str, mirror: str | None, storage: str | None = None) -> None:
    """One ext4 file system as the whole disk; the hypervisor boots kernel and initramfs from the files beside it."""
    root = work / "root"
    packages: tuple[str, ...] = MACHINE_PACKAGES
    options: tuple[str, ...] = ()
    if storage:
        packages += HYPERVISOR_PACKAGES + STORAGE_PACKAGES[storage] + SUITE_PACKAGES.get((storage, suite), ())
        # apt's lists stay, too: to fetch and read them takes an emulated CPU half a minute.
        options = ("--skip=cleanup/apt/lists",)
    debootstrap(root, suite, mirror, "minbase", packages, *options)
    write(root, "/etc/systemd/network/10-lab.network", MACHINE_NETWORK)
    write(root, "/etc/fstab", "/dev/vda / ext4 noatime,errors=remount-ro 0 1\n")
    run("chroot", str(root), "systemctl", "enable", "systemd-networkd.service")
    small_initramfs(root)
    forget_identity(root)
    kernel_files(root, out)
    # The initramfs that counts is the file beside the disk: packages need not build another one.
    write(root, "/etc/initramfs-tools/update-initramfs.conf", "update_initramfs=no\n")
    for name in IDLE_GENERATORS:
        mask(root, f"etc/systemd/system-generators/systemd-{name}-generator")
    say("making the disk")
    raw = work / "disk.raw"
    # Inode tables are written now (as holes): a lazy initialisation would run inside the emulated machine.
    extended = "lazy_itable_init=0,lazy_journal_init=0"
    run("mke2fs", "-q", "-t", "ext4", "-i", "65536", "-E", extended, "-d", str(root), str(raw), MACHINE_DISK)
    to_qcow2(raw, out / "disk.qcow2")


def build_guest(work: Path, out: Path, suite: str, mirror: str | None) -> None:
    """A partitioned disk with GRUB in the gap before the partition: an ordinary cloud image."""
    root = work / "root"
    debootstrap(root, suite, mirror, "minbase", GUEST_PACKAGES)
    write(root, "/etc/cloud/cloud.cfg.d/90-minicloud.cfg", CLOUD_CONFIG)
    write(root, "/etc/fstab", f"LABEL={GUEST_LABEL} / ext4 noatime,errors=remount-ro 0 1\n")
    write(root, "/boot/grub/embedded.cfg", GRUB_CONFIG)
    run("chroot", str(root), "systemctl", "enable", "systemd-networkd.service")
    small_initramfs(root)
    forget_identity(root)
    (root / "etc/resolv.conf").symlink_to("/run/systemd/resolve/stub-resolv.conf")
    say("making the disk")
    grub = ("biosdisk", "part_msdos", "ext2", "linux", "boot")
    core = "/boot/grub/core.img"
    embedded = ("-c", "/boot/grub/embedded.cfg", "-p", "(,msdos1)/boot/grub")
    run("chroot", str(root), "grub-mkimage", "-O", "i386-pc", "-o", core, *embedded, *grub)
    shutil.copy(root / "usr/lib/grub/i386-pc/boot.img", root / "boot/grub/boot.img")
    run("chroot", str(root), "dpkg", "--purge", "grub-pc-bin", "grub-common")

    raw = work / "disk.raw"
    with raw.open("wb") as disk:
        disk.truncate(GUEST_DISK_MIB << 20)
    sectors = PARTITION_START // 512
    run("sfdisk", "--quiet", str(raw), stdin=f"label: dos\nstart={sectors}, type=83, bootable\n")
    size_kib = (GUEST_DISK_MIB << 10) - (PARTITION_START >> 10)
    place = f"offset={PARTITION_START},lazy_itable_init=0,lazy_journal_init=0"
    run(
        *("mke2fs", "-q", "-t", "ext4", "-L", GUEST_LABEL, "-E", place, "-d", str(root), str(raw)),
        f"{size_kib}k",
    )
    # grub-mkimage writes the core image for exactly this place: its first sector loads the rest from sector 2 on.
    boot_code = (root / "boot/grub/boot.img").read_bytes()[:440]
    core_image = (root / core.lstrip("/")).read_bytes()
    if 512 + len(core_image) > PARTITION_START:
        raise BuildError(f"GRUB's core image has {len(core_image)} bytes and does not fit before the partition")
    with raw.open("r+b") as disk:
        disk.write(boot_code)
        disk.seek(512)
        disk.write(core_image)
    # It travels over an emulated network: small is fast.
    to_qcow2(raw, out / "disk.qcow2", "-c", "-o", "compression_type=zstd")


def build_tiny(work: Path, out: Path, suite: str, mirror: str | None) -> None:
    """Kernel and an initramfs whose init is a shell on the console; obeys the power button."""
    root, tree = work / "root", work / "tree"
    debootstrap(root, suite, mirror, "extract", TINY_PACKAGES)
    for directory in ("bin", "dev", "proc", "sys", "etc/acpi", "lib/modules"):
        (tree / directory).mkdir(parents=True)
    busybox = next(path for path in (root / "usr/bin/busybox", root / "bin/busybox") if path.exists())
    shutil.copy2(busybox, tree / "bin/busybox")
    modules = next(path for path in (root / "usr/lib/modules", root / "lib/modules") if path.exists())
    for name in TINY_MODULES:
        driver = next(modules.rglob(f"{name}.ko*"))
        content = driver.read_bytes()
        if driver.suffix == ".xz":  # Debian 13 packs its modules, Debian 12 doesn't
            content = lzma.decompress(content)
        (tree / f"lib/modules/{name}.ko").write_bytes(content)
    write(tree, "/init", TINY_INIT, 0o755)
    write(tree, "/etc/acpi/PWRF/00000080", TINY_POWER_BUTTON, 0o755)
    say("making the initramfs")
    names = "".join(f"{path.relative_to(tree)}\n" for path in sorted(tree.rglob("*")))
    archive = subprocess.run(
        [str(tree / "bin/busybox"), "cpio", "-o", "-H", "newc"],
        cwd=tree,
        input=names.encode(),
        capture_output=True,
        check=True,
    ).stdout
    (out / "initrd").write_bytes(archive)
    shutil.copyfile(max((root / "boot").glob("vmlinuz-*")), out / "vmlinuz")


BUILDERS: dict[str, Callable[[Path, Path, str, str | None], None]] = {
    "machine": build_machine,
    **{f"machine-{storage}": functools.partial(build_machine, storage=storage) for storage in STORAGE_PACKAGES},
    "guest": build_guest,
    "tiny": build_tiny,
}


def cache_directory() -> Path:
    """Where images stay: $MINICLOUD_CACHE, else ~/.cache/minicloud."""
    given = os.environ.get("MINICLOUD_CACHE")
    return Path(given).expanduser() if given else Path.home() / ".cache/minicloud"


def content_key(suite: str) -> str:
    """The hash of everything an image is made of: this file as Python reads it, without its comments and layout."""
    recipe = ast.dump(ast.parse(Path(__file__).read_bytes()))
    return hashlib.sha256(f"{suite} {recipe}".encode()).hexdigest()[:12]


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Two builds of one image at once would do the work twice: the second waits and finds it done."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def image(kind: str, suite: str, mirror: str | None, rebuild: bool) -> dict[str, object]:
    """Take the image from the cache or build it; older images of the same kind and suite are dropped afterwards."""
    store = cache_directory() / "images"
    key = content_key(suite)
    final = store / f"{kind}-{suite}-{key}"
    with locked(store):
        built = rebuild or not final.is_dir()
        if built:
            if os.geteuid() != 0:
                raise BuildError("building an image installs packages in a chroot: run this as root (sudo)")
            missing = [tool for tool in ("mmdebstrap", "mke2fs", "qemu-img", "sfdisk") if not shutil.which(tool)]
            if missing:
                raise BuildError(f"not installed: {', '.join(missing)}; `make setup` installs what is needed")
            work = store / f".work-{kind}-{suite}"
            shutil.rmtree(work, ignore_errors=True)
            (work / "out").mkdir(parents=True)
            try:
                BUILDERS[kind](work, work / "out", suite, mirror)
                for old in store.glob(f"{kind}-{suite}-*"):
                    shutil.rmtree(old)
                (work / "out").rename(final)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        say(f"{kind} image for {suite}: {'built' if built else 'from the cache'}, {final}")
    paths = {"disk": final / "disk.qcow2", "kernel": final / "vmlinuz", "initrd": final / "initrd"}
    found = {name: str(path) if path.exists() else None for name, path in paths.items()}
    return {"kind": kind, "suite": suite, "key": key, "built": built, **found}


def main() -> int:
    """Parse the arguments, build, print the result as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=sorted(BUILDERS))
    parser.add_argument("--suite", choices=SUITES, default=SUITES[0])
    parser.add_argument("--mirror", help="URL of a Debian mirror (default: the one that this machine's apt uses)")
    parser.add_argument("--rebuild", action="store_true", help="build even if the cache has it")
    options = parser.parse_args()
    try:
        print(json.dumps(image(options.kind, options.suite, options.mirror, options.rebuild)))
    except BuildError as error:
        print(f"build_image.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
