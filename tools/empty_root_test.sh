#!/usr/bin/env bash
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# usage: [ORDINARY=1] tools/empty_root_test.sh SUITE [TARGET...]     (bookworm, trixie; target test-quick)
#
# With ORDINARY=1 not as root but as an ordinary user who may use sudo.
#
# Proves that what `make setup` installs is complete: a clone of HEAD in an empty Debian that has only what the README
# asks for (git, make, ca-certificates) passes TARGET there. The lab's nested machines are left out for their time.
#
# The root has namespaces of its own (processes, mounts, network, IPC, host name), so its libvirtd, bridges and dnsmasq
# don't meet this machine's; its network goes out through a veth pair and NAT. All of it ends with this script.
# Beside what lies in /etc/pip.conf and the environment of this machine nothing is taken over but its name servers and
# additional certificate authorities, without which a machine behind a proxy could reach nothing. MIRROR names another
# Debian mirror.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

suite="${1:-}"
case "$suite" in bookworm | trixie) shift ;; *) die "usage: tools/empty_root_test.sh bookworm|trixie [TARGET...]" ;; esac
[ "$(id -u)" -eq 0 ] || die "a root file system and namespaces of its own need root: sudo make test-empty-root SUITE=$suite"
targets=("${@:-test-quick}")

mirror="${MIRROR:-http://deb.debian.org/debian}"
ordinary="${ORDINARY:-}"
tarball="$CACHE/empty-root/$suite${ordinary:+-sudo}.tar"
home="${ordinary:+/home/tester}"
home="${home:-/root}"
root="$CACHE/empty-root/$suite.$$"
netns="mct-empty-$$"
outside="mctv$$" # at most 15 characters
subnet=$((($$ % 200) + 20))
forwarding="$(cat /proc/sys/net/ipv4/ip_forward)"

# nat -I or nat -D: the rules that let the root's network out, also where this machine forwards nothing by default.
nat() {
    iptables -t nat "$1" POSTROUTING -s "10.213.$subnet.0/24" -j MASQUERADE 2>/dev/null || true
    iptables "$1" FORWARD -i "$outside" -j ACCEPT 2>/dev/null || true
    iptables "$1" FORWARD -o "$outside" -j ACCEPT 2>/dev/null || true
}

cleanup() {
    ip netns delete "$netns" 2>/dev/null || true
    ip link delete "$outside" 2>/dev/null || true
    nat -D
    # Back to what it was, unless one of libvirt's networks has come to need it meanwhile.
    if [ "$forwarding" = 0 ] && [ -z "$(virsh -q -c qemu:///system net-list --name 2>/dev/null)" ]; then
        echo 0 >/proc/sys/net/ipv4/ip_forward
    fi
    # Nothing is mounted under it outside of the mount namespace, which is gone.
    rm -rf --one-file-system "$root"
}

make_root() {
    mkdir -p "$(dirname "$tarball")"
    if [ ! -f "$tarball" ]; then
        mmdebstrap --quiet --variant=minbase "--include=git,make,ca-certificates${ordinary:+,sudo}" "$suite" "${tarball%.tar}.part.tar" "$mirror"
        mv "${tarball%.tar}.part.tar" "$tarball"
    fi
    mkdir -p "$root"
    tar -xpf "$tarball" -C "$root"
    local resolv=/etc/resolv.conf
    # The stub of systemd-resolved listens only outside of the network namespace.
    [ ! -e /run/systemd/resolve/resolv.conf ] || resolv=/run/systemd/resolve/resolv.conf
    rm -f "$root/etc/resolv.conf"
    cp -L "$resolv" "$root/etc/resolv.conf"
    printf '127.0.0.1 localhost\n127.0.1.1 empty\n' >"$root/etc/hosts"
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        mkdir -p "$root/usr/local/share/ca-certificates"
        cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
        chroot "$root" update-ca-certificates >/dev/null 2>&1
    fi
    git clone -q --no-hardlinks "file://$ROOT" "$root/minicloud.kvm"
    say "clone of $(git -C "$root/minicloud.kvm" log -1 --format='%h %s')"
    if [ -n "$ordinary" ]; then
        chroot "$root" useradd -m -s /bin/bash tester
        # sudo takes core files from what it starts; libvirtd may give them back to QEMU only with a capability that root
        # of a container may lack.
        printf '%s\n' 'tester ALL=(ALL) NOPASSWD: ALL' 'Defaults rlimit_core=default' >"$root/etc/sudoers.d/tester"
        chroot "$root" chown -R tester: /minicloud.kvm
    fi
    mv "$root/minicloud.kvm" "$root$home/"
}

make_network() {
    ip netns add "$netns"
    ip link add "$outside" type veth peer name eth0 netns "$netns"
    ip address add "10.213.$subnet.1/24" dev "$outside"
    ip link set "$outside" up
    ip -n "$netns" link set lo up
    ip -n "$netns" address add "10.213.$subnet.2/24" dev eth0
    ip -n "$netns" link set eth0 up
    ip -n "$netns" route add default via "10.213.$subnet.1"
    nat -I
    echo 1 >/proc/sys/net/ipv4/ip_forward
}

# The way in: all mounts are made in the new mount namespace and end with it.
inside() {
    local keep=() name
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_CERT PIP_INDEX_URL; do
        [ -z "${!name:-}" ] || keep+=("$name=${!name}")
    done
    # shellcheck disable=SC2016  # expanded by the inner shell
    ip netns exec "$netns" unshare --mount --pid --ipc --uts --fork --kill-child bash -euc '
        root=$1; user=$2; shift 2
        hostname empty
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"
        mount -t sysfs sysfs "$root/sys"
        # Its own device nodes: set-up may give /dev/kvm another group, and that is no business of this machine.
        mount -t tmpfs -o mode=755 tmpfs "$root/dev"
        mkdir "$root/dev/net" "$root/dev/pts" "$root/dev/shm"
        for node in null zero full random urandom tty kvm fuse net/tun vhost-net loop-control $(cd /dev && echo loop[0-9]*); do
            if [ -c "/dev/$node" ] || [ -b "/dev/$node" ]; then cp -a "/dev/$node" "$root/dev/$node"; fi
        done
        mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        ln -s pts/ptmx "$root/dev/ptmx"
        ln -s /proc/self/fd "$root/dev/fd"
        ln -s fd/0 "$root/dev/stdin"
        ln -s fd/1 "$root/dev/stdout"
        ln -s fd/2 "$root/dev/stderr"
        mount -t tmpfs -o mode=755 tmpfs "$root/run"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        # Not a mere chroot: tests, and libvirt itself, make mount namespaces, for which / has to be a mount point.
        cd "$root"
        pivot_root . .
        umount -l .
        exec chroot ${user:+--userspec="$user:$user"} / env -i CI=true LANG=C.UTF-8 \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' inside "$root" "${ordinary:+tester}" "HOME=$home" ${keep[@]+"${keep[@]}"} bash -euc '
        cd ~/minicloud.kvm
        make -k "$@"
        echo "==> set-up once more: it has nothing to do"
        make setup
    ' inside "${targets[@]}" </dev/null
}

trap cleanup EXIT
trap 'exit 130' INT TERM
step "an empty $suite" make_root
step "its network" make_network
step "make ${targets[*]} in it" inside
