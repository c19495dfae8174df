#!/usr/bin/env bash
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# All that development, tests and the demo need, on Debian, Ubuntu, Fedora and EL: system packages, a few tools that are
# unpacked rather than installed, a virtual environment, a running libvirtd. Each step looks first whether there is
# anything to do; run again it takes a second or two and changes nothing.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

# build and run the virtual environment | hypervisor | the lab's images and machines
DEBIAN_PACKAGES=(
    python3-venv python3-dev gcc libc6-dev pkg-config libvirt-dev
    libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils ovmf swtpm swtpm-tools dnsmasq-base iptables iproute2
    mmdebstrap debian-archive-keyring e2fsprogs xfsprogs fdisk lvm2 parted scrub openssh-client xorriso busybox-static cpio
    virtinst osinfo-db
    make git ca-certificates procps
)
# Packages of their own since Debian 13; before, parts of those above.
DEBIAN_SPLIT_OFF=(
    qemu-system-modules-spice qemu-system-modules-opengl virtiofsd
    libvirt-daemon-driver-storage-{disk,iscsi,logical,mpath,scsi}
)
# What the unpacked cloud-init (see unpacked_tools) imports.
DEBIAN_CLOUD_INIT=(
    python3-configobj python3-jinja2 python3-jsonpatch python3-jsonschema python3-oauthlib python3-requests
    python3-serial python3-yaml
)
FEDORA_PACKAGES=(
    python3-devel gcc pkgconf-pkg-config libvirt-devel
    libvirt-daemon-kvm libvirt-daemon-config-network libvirt-daemon-config-nwfilter libvirt-client qemu-kvm qemu-img edk2-ovmf swtpm swtpm-tools dnsmasq iptables-nft iproute
    mmdebstrap debian-keyring e2fsprogs xfsprogs util-linux lvm2 parted scrub openssh-clients xorriso busybox cpio
    virt-install osinfo-db
    make git ca-certificates procps-ng nfs-utils
)

distribution() {
    # shellcheck source=/dev/null
    . /etc/os-release
    case " ${ID:-} ${ID_LIKE:-} " in
        *" debian "* | *" ubuntu "*) echo debian ;;
        *" fedora "* | *" rhel "*) echo fedora ;;
        *) die "${PRETTY_NAME:-this system} is neither Debian, Ubuntu, Fedora nor EL; see tools/setup.sh for what is needed" ;;
    esac
}

has_systemd() { [ -d /run/systemd/system ]; }

debian_missing() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# Of these packages the ones that the distribution has.
debian_known() { LC_ALL=C apt-cache madison "$@" 2>/dev/null | awk '{print $1}' | sort -u; }

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null; }

system_packages() {
    local missing=() split_off=() log="$CACHE/setup-packages.log"
    mkdir -p "$CACHE"
    case "$(distribution)" in
        debian)
            local wanted=("${DEBIAN_PACKAGES[@]}")
            command -v cloud-init >/dev/null || wanted+=("${DEBIAN_CLOUD_INIT[@]}")
            mapfile -t missing < <(debian_missing "${wanted[@]}")
            # A new system knows no package before the update.
            [ ${#missing[@]} -eq 0 ] || apt_get update >"$log" 2>&1 || { tail -n 30 "$log" >&2; die "the lists of packages could not be fetched"; }
            mapfile -t split_off < <(debian_known "${DEBIAN_SPLIT_OFF[@]}")
            mapfile -t -O ${#missing[@]} missing < <(debian_missing "${split_off[@]}")
            ;;
        fedora)
            mapfile -t missing < <(rpm -q --whatprovides "${FEDORA_PACKAGES[@]}" 2>/dev/null | sed -n 's/^no package provides //p')
            ;;
    esac
    if [ ${#missing[@]} -eq 0 ]; then
        say "all there"
        return
    fi
    say "installing ${missing[*]} (log: ${log#"$ROOT"/})"
    case "$(distribution)" in
        debian) apt_get update >"$log" 2>&1 && apt_get install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ;;
        fedora) as_root dnf install -y --setopt=install_weak_deps=False "${missing[@]}" >"$log" 2>&1 </dev/null ;;
    esac || { tail -n 30 "$log" >&2; die "the packages could not be installed"; }
}

unpack() { # PACKAGE DIRECTORY
    (cd "$2" && apt-get -q download "$1") >"$CACHE/setup-unpack.log" 2>&1 ||
        (apt_get update; cd "$2" && apt-get -q download "$1") >"$CACHE/setup-unpack.log" 2>&1 ||
        die "apt-get download $1 failed, see .cache/setup-unpack.log"
    dpkg-deb -x "$2/$1"_*.deb "$2/$1"
}

# Tests check their work with exportfs and `cloud-init schema`. Installing the packages these come from would start an
# NFS server on this machine and run cloud-init at its next boot; so their packages are unpacked under .cache/tools.
unpacked_tools() {
    if command -v exportfs >/dev/null && command -v nfsconf >/dev/null && command -v cloud-init >/dev/null; then
        say "all there"
        return
    fi
    if [ "$(distribution)" != debian ]; then
        say "no cloud-init schema checker on this distribution: the tests that use it will say so and fail"
        return
    fi
    local work bin="$CACHE/tools/bin"
    work="$(mktemp -d "$CACHE/unpack.XXXXXX")"
    mkdir -p "$bin"
    chmod 755 "$work"
    if ! command -v exportfs >/dev/null; then
        say "unpacking exportfs from nfs-kernel-server"
        unpack nfs-kernel-server "$work"
        cp "$work/nfs-kernel-server/usr/sbin/exportfs" "$bin/exportfs"
        [ -d /var/lib/nfs ] || as_root mkdir /var/lib/nfs # where it keeps its table
    fi
    if ! command -v nfsconf >/dev/null; then
        say "unpacking nfsconf from nfs-common"
        unpack nfs-common "$work"
        cp "$work/nfs-common/usr/sbin/nfsconf" "$bin/nfsconf"
    fi
    if ! command -v cloud-init >/dev/null; then
        say "unpacking cloud-init"
        unpack cloud-init "$work"
        rm -rf "$CACHE/tools/cloudinit"
        cp -r "$work/cloud-init/usr/lib/python3/dist-packages" "$CACHE/tools/cloudinit"
        printf '#!/bin/sh\nPYTHONPATH="%s" exec /usr/bin/python3 -m cloudinit.cmd.main "$@"\n' "$CACHE/tools/cloudinit" >"$bin/cloud-init"
        chmod 755 "$bin/cloud-init"
    fi
    rm -rf "$work"
}

# The first Python that is 3.11 or later and can make a virtual environment; the system's own first.
find_python() {
    local python
    for python in /usr/bin/python3 python3.13 python3.12 python3.11 python3.14 python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    die "Python 3.11 or later with its venv module is needed (on Ubuntu 22.04: apt install python3.11-venv python3.11-dev)"
}

virtual_environment() {
    local python wanted stamp="$VENV/.made-from"
    python="$(find_python)"
    wanted="$("$python" -VV | tr '\n' ' ') $(sha256sum <"$ROOT/requirements-dev.txt")"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$VENV/bin/python" -c 'import libvirt, lxml, ansible' 2>/dev/null; then
        say "up to date"
    else
        say "making .venv with $python from requirements-dev.txt"
        rm -f "$stamp"
        if ! [ "$("$VENV/bin/python" -VV 2>/dev/null)" = "$("$python" -VV)" ]; then
            "$python" -m venv --clear "$VENV"
        fi
        "$VENV/bin/python" -m pip install -q -r "$ROOT/requirements-dev.txt" </dev/null
        echo "$wanted" >"$stamp"
    fi
    # The checkout is the installed collection: Ansible, pytest and the linters all find it here.
    local site link
    site="$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
    for link in "$site/ansible_collections/minicloud/kvm" "$ROOT/.build/typed/ansible_collections/minicloud/kvm"; do
        [ "$(readlink "$link" 2>/dev/null)" = "$ROOT" ] && continue
        mkdir -p "$(dirname "$link")"
        ln -sfn "$ROOT" "$link"
        say "linked ${link#"$ROOT"/}"
    done
}

libvirt_answers() { as_root virsh -c qemu:///system version >/dev/null 2>&1; }

# What udev does where it runs. libvirtd as root can open a /dev/kvm that QEMU's own user can't, finds the two at odds and
# examines QEMU anew at every call: defining a domain takes a minute.
kvm_device() {
    has_systemd && return
    [ -c /dev/kvm ] && getent group kvm >/dev/null || return 0
    [ "$(stat -c %G:%a /dev/kvm)" = kvm:660 ] && return
    say "/dev/kvm: group kvm, mode 0660"
    as_root chgrp kvm /dev/kvm
    as_root chmod 0660 /dev/kvm
}

libvirt_daemon() {
    kvm_device
    if libvirt_answers; then
        say "answers"
        return
    fi
    if has_systemd; then
        local unit
        # Debian and Ubuntu ship one daemon, Fedora one a driver.
        if systemctl cat libvirtd.service >/dev/null 2>&1 && [ "$(distribution)" = debian ]; then
            as_root systemctl enable --now libvirtd.socket
        else
            for unit in qemu network storage nodedev secret nwfilter interface; do
                as_root systemctl enable --now "virt${unit}d.socket"
            done
        fi
    else
        say "no systemd here: starting virtlogd and libvirtd"
        # Into a file: a daemon must not keep the pipe of whoever reads this script's output.
        local daemon log="$CACHE/setup-libvirt.log"
        for daemon in virtlogd libvirtd; do
            pgrep -x "$daemon" >/dev/null || as_root "$daemon" -d </dev/null >"$log" 2>&1 ||
                { cat "$log" >&2; die "$daemon does not start"; }
        done
    fi
    local tries
    for tries in $(seq 30); do
        libvirt_answers && return
        sleep 1
    done
    as_root virsh -c qemu:///system version || die "libvirt does not answer after $tries s"
}

began=$SECONDS
step "system packages" system_packages
step "tools that are unpacked, not installed" unpacked_tools
step "virtual environment" virtual_environment
step "libvirt" libvirt_daemon
printf '==> set up: %d s\n' $((SECONDS - began))
