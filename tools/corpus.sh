#!/usr/bin/env bash
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# The documents of libvirt's own tests as raw declarations (tests/corpus/run_corpus.py): the sources of the version that
# runs here come from Debian's archive, once, or are in the directory $LIBVIRT_SOURCE.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

version="$(virsh version --daemon 2>/dev/null | sed -n 's/^Running against daemon: //p')"
[ -n "$version" ] || die "libvirtd does not answer"
source="${LIBVIRT_SOURCE:-$CACHE/libvirt-$version}"
if [ ! -d "$source/tests" ]; then
    # shellcheck disable=SC2016  # apt-get fills it in
    mirror="$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 debian || echo http://deb.debian.org/debian/)"
    url="${mirror%/}/pool/main/libv/libvirt/libvirt_$version.orig.tar.xz"
    say "fetching $url"
    mkdir -p "$CACHE"
    curl -fsS --retry 3 -o "$CACHE/libvirt-$version.tar.xz" "$url" ||
        die "$url can't be had; unpack libvirt's sources and give their directory as LIBVIRT_SOURCE"
    tar -xJf "$CACHE/libvirt-$version.tar.xz" -C "$CACHE" "libvirt-$version/tests"
    rm "$CACHE/libvirt-$version.tar.xz"
fi
failed=0
run() { # KIND DIRECTORY...
    local kind="$1" files=() directory
    shift
    for directory in "$@"; do files+=("$source/tests/$directory"/*.xml); done
    say "$kind: ${#files[@]} documents"
    python tests/corpus/run_corpus.py "$kind" "${files[@]}" || failed=1
}
domains=qemuxml2argvdata
[ -d "$source/tests/$domains" ] || domains=qemuxmlconfdata # its name since libvirt 10.1
run domain "$domains"
run network networkxml2xmlin networkxml2confdata
run pool storagepoolxml2xmlin
run volume storagevolxml2xmlin
run filter nwfilterxml2xmlin
run secret secretxml2xmlin
exit "$failed"
