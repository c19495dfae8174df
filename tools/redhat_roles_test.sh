#!/usr/bin/env bash
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# usage: tools/redhat_roles_test.sh
#
# The roles hypervisor, nfs_server, iscsi_target and iscsi_initiator on a stand-in for Fedora: a Debian root file system with dnf and Fedora's os-release,
# and a repository of empty RPMs with the names, and the systemd units, that the roles ask for. It tests what the roles do
# there: facts, packages by dnf, units enabled, files. It does not test Fedora.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
[ "$(id -u)" -eq 0 ] || die "a root file system and chroot need root: sudo make test-redhat-roles"

# Mounts of its own, which end with it.
[ -n "${MINICLOUD_STAND_IN:-}" ] || MINICLOUD_STAND_IN=1 exec unshare --mount "$0"

cache="$CACHE/redhat"
tarball="$cache/base.tar"
root="$cache/root"
trap 'umount -R -l "$root/proc" "$root/sys" "$root/dev" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT

base() {
    mkdir -p "$cache"
    [ -f "$tarball" ] || {
        mmdebstrap --quiet --variant=minbase \
            --include=dnf,python3-dnf,rpm,createrepo-c,python3,systemd,iproute2,openssh-client,openssh-server,kmod,file,nfs-kernel-server,python3-rtslib-fb \
            bookworm "${tarball%.tar}.part.tar" "${MIRROR:-http://deb.debian.org/debian}"
        mv "${tarball%.tar}.part.tar" "$tarball"
    }
    rm -rf --one-file-system "$root"
    mkdir -p "$root"
    tar -xpf "$tarball" -C "$root" --exclude='./dev/*'
    rm -f "$root/etc/debian_version" "$root/etc/os-release"
    printf 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42 (stand-in)"\n' >"$root/etc/os-release"
    echo 'Fedora release 42 (Adams)' | tee "$root/etc/fedora-release" >"$root/etc/redhat-release"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
}

# The names as the roles have them, from their own variables.
names() {
    ansible all -i localhost, -c local -m ansible.builtin.debug -e "@roles/$1/vars/RedHat.yml" \
        -e '{"ansible_facts": {"architecture": "x86_64"}}' -a "msg={{ $2 | to_json }}" |
        python3 -c 'import json, sys
told = json.loads(sys.stdin.read().partition("=>")[2])["msg"]
print(*(json.loads(told) if isinstance(told, str) else told), sep="\n")'
}

repository() {
    local packages units name
    mapfile -t packages < <(names hypervisor __hypervisor_distribution_packages; names nfs_server __nfs_server_packages
        names iscsi_target __iscsi_target_packages; names iscsi_initiator '(__iscsi_initiator_packages + __iscsi_initiator_multipath_packages)')
    mapfile -t units < <(names hypervisor "__hypervisor_units | map(attribute='name')"; names hypervisor "[__hypervisor_tls_socket]"
        names iscsi_target '[__iscsi_target_service]'; names iscsi_initiator '[__iscsi_initiator_boot_unit]'
        printf '%s\n' nfs-server.service rpc-statd.service iscsid.socket iscsid.service multipathd.service)
    mkdir -p "$root/srv/rpm"
    # The one program that a role calls at once; it comes back with its package.
    mv "$root/usr/sbin/exportfs" "$root/srv/exportfs"
    rm -f "$root/usr/lib/systemd/system/"nfs-* "$root/usr/lib/systemd/system/"rpc-statd*
    for name in "${packages[@]}"; do
        {
            printf 'AutoReqProv: no\nName: %s\nVersion: 1\nRelease: 1\nSummary: Stand-in\nLicense: none\nBuildArch: noarch\n' "$name"
            printf '%%description\nEmpty.\n%%files\n'
            case "$name" in
                libvirt-daemon-kvm) printf '/usr/lib/systemd/system/virt*\n' ;;
                target-restore) printf '/usr/lib/systemd/system/target.service\n' ;;
                iscsi-initiator-utils) printf '%%%%dir /etc/iscsi\n/usr/lib/systemd/system/iscsi*\n' ;;
                device-mapper-multipath) printf '/usr/lib/systemd/system/multipathd.service\n' ;;
                nfs-utils) printf '/usr/sbin/exportfs\n/usr/lib/systemd/system/*.service\n' ;;
            esac
            printf '%%install\nmkdir -p %%{buildroot}/usr/lib/systemd/system\n'
            [ "$name" != iscsi-initiator-utils ] || printf 'mkdir -p %%{buildroot}/etc/iscsi\n'
            [ "$name" != nfs-utils ] || printf 'install -D -t %%{buildroot}/usr/sbin /srv/exportfs\n'
            for unit in "${units[@]}"; do
                case "$name:$unit" in
                    libvirt-daemon-kvm:virt* | nfs-utils:nfs* | nfs-utils:rpc* | target-restore:target* | iscsi-initiator-utils:iscsi* | device-mapper-multipath:multipath*)
                        printf 'printf "[%s]\\n[Install]\\nWantedBy=multi-user.target\\n" >%%{buildroot}/usr/lib/systemd/system/%s\n' \
                            "$(case "$unit" in *.socket) printf Socket ;; *) printf Service ;; esac)" "$unit"
                        ;;
                esac
            done
        } >"$root/srv/rpm/$name.spec"
    done
    chroot "$root" bash -euc 'cd /srv/rpm
        rpmbuild --quiet -bb --define "_rpmdir /srv/rpm" --define "_buildhost stand-in" \
            --define "_binaries_in_noarch_packages_terminate_build 0" -- *.spec >/dev/null
        createrepo_c --quiet .'
    mkdir -p "$root/etc/yum.repos.d"
    printf '[stand-in]\nname=stand-in\nbaseurl=file:///srv/rpm\nenabled=1\ngpgcheck=0\n' >"$root/etc/yum.repos.d/stand-in.repo"
}

# What needs a kernel's LIO or a session is declared absent: that neither is there is seen, and nothing is done.
# play WORD OPTION...: run both roles; fails unless the recap has WORD.
play() {
    local wanted="$1"
    shift
    ansible-playbook -i "$cache/inventory.yml" "$cache/play.yml" "$@" | tee "$cache/log" | grep -E '^(TASK|changed|fatal)|changed=' || true
    grep -Eq "$wanted" "$cache/log" || { tail -n 60 "$cache/log"; die "the recap does not say $wanted"; }
}

roles() {
    cat >"$cache/inventory.yml" <<END
all:
  vars: {ansible_connection: community.general.chroot, ansible_python_interpreter: /usr/bin/python3}
  children:
    hypervisors: {hosts: {stand-in: {ansible_host: "$root"}}}
END
    cat >"$cache/play.yml" <<END
- hosts: hypervisors
  gather_facts: false
  environment: {SYSTEMD_OFFLINE: "1"}  # nobody there to start units: they are enabled, and that is all
  roles:
    - {role: minicloud.kvm.hypervisor, hypervisor_acceleration: any}
    - role: minicloud.kvm.nfs_server
      nfs_server_clients: [{host: 192.0.2.0/24}]
      nfs_server_versions: ["3", "4.2"]
    - {role: minicloud.kvm.iscsi_target, iscsi_target_name: "iqn.2026-01.org.example:x", iscsi_target_state: absent}
    - role: minicloud.kvm.iscsi_initiator
      iscsi_initiator_name: iqn.2026-01.org.example:stand-in
      iscsi_initiator_targets: [{target: "iqn.2026-01.org.example:x", state: absent}]
      iscsi_initiator_multipaths: [{wwid: 36001405aa, alias: x}]
      iscsi_initiator_volume_groups: []
END
    play 'changed=[1-9].*failed=0' --check
    [ ! -e "$root/srv/minicloud" ] || die "check mode has made a directory"
    play 'changed=[1-9].*failed=0'
    play 'changed=0 .*failed=0'
    play 'changed=0 .*failed=0' --check
    # A package, a unit and three files are changed by hand. While a package is missing, check mode says nothing of units.
    chroot "$root" rpm -e --nodeps qemu-img
    chroot "$root" systemctl --quiet disable virtnodedevd.socket
    rm -r "$root/etc/systemd/system/virtproxyd-tls.socket.d"
    sed -i 's/_ARGS=$/_ARGS="--timeout 5"/' "$root/etc/systemd/system/virtstoraged.service.d/minicloud.conf"
    sed -i 's/stand-in$/somebody-else/' "$root/etc/hosts"
    play 'changed=3 .*failed=0' --check
    play 'changed=4 .*failed=0'
    play 'changed=0 .*failed=0'
    chroot "$root" rpm -q libvirt-daemon-kvm qemu-img nfs-utils target-restore iscsi-initiator-utils device-mapper-multipath
    chroot "$root" systemctl is-enabled virtqemud.service virtnetworkd.socket nfs-server.service target.service iscsid.socket iscsi.service multipathd.service
    grep -x 'Environment=VIRTSTORAGED_ARGS=' "$root/etc/systemd/system/virtstoraged.service.d/minicloud.conf"
    [ -e "$root/etc/systemd/system/virtproxyd-tls.socket.d/minicloud.conf" ] || die "a drop-in was not repaired"
    chroot "$root" nfsconf --get mountd port | grep -x 20048
    grep -H . "$root/etc/iscsi/initiatorname.iscsi"
    grep -H alias "$root/etc/multipath.conf"
    cat "$root/etc/exports.d/"*.exports "$root/etc/exports" 2>/dev/null | grep srv
}

step "a stand-in for Fedora" base
step "a repository of empty packages" repository
step "the roles, and what is changed by hand" roles
