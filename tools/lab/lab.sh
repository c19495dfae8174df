#!/usr/bin/env bash
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# usage: tools/lab/lab.sh up | down | reset [HOST] | ssh HOST [COMMAND] | status | demo
#
# The lab's playbooks with the inventories of a scenario: LAB_SCENARIO, or the one that is up. See tools/lab.mk for the variables
# that it obeys.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
export ANSIBLE_HOME="$CACHE/ansible" ANSIBLE_HOST_KEY_CHECKING=1
LAB=extensions/molecule/lab

story() { "$VENV/bin/python" tools/lab/story.py "$@"; }
play() {
    local inventory
    mapfile -t inventory < <(story inventory)
    ansible-playbook "${inventory[@]}" "$@"
}

is_another() {
    [ -z "${LAB_SCENARIO:-}" ] || [ ! -e .lab/scenario ] || [ "$LAB_SCENARIO" = "$(cat .lab/scenario)" ] ||
        die "the lab of $(cat .lab/scenario) is up: make lab-down first"
}

# The images are built here first, where their progress can be seen; the playbook then finds them in the cache.
images() {
    [ -e .lab/image.json ] || [ -n "${LAB_IMAGE_URL:-}" ] || image "$(story image)"
    image guest
}

image() {
    as_root env "PATH=$PATH" "MINICLOUD_CACHE=${MINICLOUD_CACHE:-$HOME/.cache/minicloud}" "$VENV/bin/python" \
        tools/lab/build_image.py "$1" --suite "${LAB_SUITE:-trixie}" ${LAB_MIRROR:+--mirror "$LAB_MIRROR"} >/dev/null
}

is_up() { [ -e .lab/known_hosts ] || die "the lab is not up (make lab-up)"; }

status() {
    [ -e .lab/known_hosts ] || { echo "The lab is not up (make lab-up)."; return; }
    local name state answer names
    mapfile -t names < <(awk '/^Host [a-z]/ {print $2}' .lab/ssh_config)
    printf '%-8s  %-9s  %s\n' machine libvirt inside
    for name in "${names[@]}"; do
        state="$(as_root virsh -c qemu:///system domstate "mclab-$name" 2>/dev/null | head -n 1)" || state="absent"
        answer="$(ssh -F .lab/ssh_config -o BatchMode=yes -o ConnectTimeout=5 "$name" \
            '. /etc/os-release; echo "$PRETTY_NAME, up $(cut -d. -f1 /proc/uptime) s"' 2>/dev/null </dev/null)" || answer="does not answer"
        printf '%-8s  %-9s  %s\n' "$name" "$state" "$answer"
    done
}

case "${1:-}" in
    up)
        is_another
        step "images" images
        step "machines" play "$LAB/create.yml"
        ;;
    down) step "lab down" play "$LAB/destroy.yml" ;;
    reset)
        is_up
        step "bare again" play "$LAB/reset.yml" ${2:+--limit "$2"}
        ;;
    ssh)
        is_up
        [ -n "${2:-}" ] || die "which machine? HOST=host1, host2, storage or a guest"
        story "$@"
        ;;
    status) status ;;
    demo)
        is_another
        step "images" images
        story demo
        ;;
    *) sed -n 's/^# usage: //p' "$0" >&2; exit 2 ;;
esac
