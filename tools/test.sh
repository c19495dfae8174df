#!/usr/bin/env bash
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# usage: tools/test.sh STEP...     (lint sanity docs unit integration artifact bench faults lab)
#
# Runs every step, also after one that failed; ends with a table of steps and times, and with 1 if any step failed.
# What needs no libvirtd runs beside the integration tests.
# A step is a function below, run by this script's own second form: tools/test.sh --one STEP.

# shellcheck disable=SC2317  # the steps are called by their names
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
export ANSIBLE_NOCOLOR=1 ANSIBLE_HOME="$CACHE/ansible" PY_COLORS=0 NO_COLOR=1
# What is a warning for a user, at each of his runs, is a failure here.
export ANSIBLE_DUPLICATE_YAML_DICT_KEY=error

# The integration tests write where only root may.
as_root_with_path() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else as_root env "PATH=$PATH" "PYTHONPYCACHEPREFIX=$CACHE/pycache-root" "$@"; fi
}

lint() {
    local failed=0
    check() {
        printf '==> %s\n' "$*"
        "$@" || failed=1
    }
    check ruff check .
    check ruff format --check .
    check mypy -p ansible_collections.minicloud.kvm.plugins
    check ansible-lint --offline -q
    check antsibull-changelog lint
    # shellcheck disable=SC2046
    check shellcheck -x $(git ls-files --cached --others --exclude-standard '*.sh') .ci/run
    return "$failed"
}

sanity() { tools/sanity.sh; }

docs() {
    local failed=0 playbooks=(playbooks/*.yml)
    # The options of the libvirt modules are written from their tables.
    python tools/generate_docs.py --check || failed=1
    documented module "$ROOT"/plugins/modules/*.py || failed=1
    documented role "$ROOT"/roles/* || failed=1
    playbooks=("${playbooks[@]#*/}")
    playbooks=("${playbooks[@]/#/minicloud.kvm.}")
    ansible-playbook -i inventories/minicloud --syntax-check "${playbooks[@]%.yml}" || failed=1
    return "$failed"
}

# documented module|role FILE...: the documentation of each can be read. All in one call, as its start takes longest; it
# passes over what isn't there. With SOURCE, each is from below that directory.
documented() {
    local type="$1" failed=0 name names=() text
    shift
    for name in "$@"; do names+=("minicloud.kvm.$(basename "$name" .py)"); done
    text="$(ansible-doc -t "$type" "${names[@]}")" || failed=1
    for name in "${names[@]}"; do
        if grep -q "^> ${type^^}:* \**$name\** (${SOURCE:-}" <<<"$text"; then
            say "$type $name"
        else
            say "$type $name has no documentation${SOURCE:+ in $SOURCE}"
            failed=1
        fi
    done
    return "$failed"
}

unit() { pytest -n "${WORKERS:-2}" tests/unit; }

# Side by side, as a test waits for guests and daemons most of its time. Those with networks one after the other: two
# networks that are active at once must not overlap. The one with whole plays is the longest, so it begins at once.
integration() {
    local failed=0 name job jobs=() networks=(tests/integration/test_{options,peers}.py)
    for name in net net_running nwfilter; do networks+=("tests/integration/test_libvirt_$name.py"); done
    local plays=tests/integration/test_guests_role.py
    beside networks "${networks[@]}" && jobs+=($!)
    beside plays "$plays" && jobs+=($!)
    side_by_side -m "not slow" "${networks[@]/#/--ignore=}" "--ignore=$plays" || failed=1
    for job in "${jobs[@]}"; do wait "$job" || failed=1; done
    cat "$CACHE"/integration-{networks,plays}.log
    return "$failed"
}

beside() { # NAME FILE...
    local name="$1"
    shift
    as_root_with_path pytest -o "cache_dir=$CACHE/pytest-root" -m "not slow" "$@" >"$CACHE/integration-$name.log" 2>&1 &
}

side_by_side() {
    as_root_with_path pytest -n "${WORKERS:-3}" --dist loadfile -o "cache_dir=$CACHE/pytest-root" "$@" tests/integration
}

# What is killed, restarted or full at each of its steps: minutes, and little that changes from day to day. Tests that share a
# cluster stay together (xdist_group). Of those of storage systems the ones whose turn it is.
faults() {
    local others=() name turn
    turn="$(scenario)"
    for name in gluster ceph; do
        [ "$turn" = all ] || [ "$turn" = "storage_$name" ] || others+=("and not $name")
    done
    side_by_side -m "slow ${others[*]}" --dist loadgroup
}

# What a user installs is complete: nothing but the artifact and ansible-core's own paths.
artifact() {
    local work="$ROOT/.build/artifact" failed=0
    rm -rf "$work"
    mkdir -p "$work/empty"
    ansible-galaxy collection build --output-path "$work" >/dev/null
    say "$(cd "$work" && du -h -- *.tar.gz | tr '\t' ' ')"
    # Without this the checkout in .venv would be found first, and nothing installed.
    export ANSIBLE_COLLECTIONS_PATH="$work/collections" ANSIBLE_COLLECTIONS_SCAN_SYS_PATH=false
    ansible-galaxy collection install --offline --no-deps -p "$work/collections" "$work"/*.tar.gz >/dev/null
    if tar -tzf "$work"/*.tar.gz | grep -E '(^|/)(\.venv|\.build|\.cache|\.lab|__pycache__)(/|$)'; then
        say "the artifact carries what it must not"
        failed=1
    fi
    cd "$work/empty"
    SOURCE="$work/collections" documented module "$ROOT"/plugins/modules/*.py || failed=1
    return "$failed"
}

# Among the tests: that it runs, and roughly how fast. All of it with make bench.
bench() {
    local script found=0 options
    read -ra options <<<"${BENCH:---domains 200 --rounds 1 --grow 200,400}"
    for script in tests/bench/bench_*.py; do
        [ -e "$script" ] || continue
        found=1
        as_root_with_path python "$script" "${options[@]}"
    done
    [ "$found" -eq 1 ] || { say "no benchmark in tests/bench"; return 1; }
}

# Which of the lab's scenarios runs: SCENARIO, all of them with SCENARIO=all, or those below one after the other as commits go by.
# So the same commit runs the same one everywhere. What has not been seen through on machines yet waits outside of the row.
SCENARIOS=(storage_nfs)
ALL_SCENARIOS=(minicloud storage_nfs storage_iscsi storage_gluster storage_ceph)
scenario() {
    local number
    if [ -n "${SCENARIO:-}" ]; then
        echo "$SCENARIO"
    else
        number="$(git rev-list --count HEAD 2>/dev/null)" || number="$(date +%j | sed 's/^0*//')"
        echo "${SCENARIOS[number % ${#SCENARIOS[@]}]}"
    fi
}

# Each playbook ends with what took longest in it.
lab() {
    local turn failed=0
    export ANSIBLE_CALLBACKS_ENABLED=ansible.posix.profile_tasks PROFILE_TASKS_TASK_OUTPUT_LIMIT=8
    turn="$(scenario)"
    [ "$turn" != all ] || turn="${ALL_SCENARIOS[*]}"
    cd extensions
    for turn in $turn; do
        say "scenario $turn"
        molecule test -s "$turn" || failed=1
    done
    return "$failed"
}

# These need little but a processor, while the integration tests wait for guests and daemons most of their time.
BESIDE_INTEGRATION=(lint sanity docs unit artifact)

# run NAME: the step; its result and seconds are left in a file.
run() {
    local began=$SECONDS result=passed
    printf '\n===== %s\n' "$1"
    "$0" --one "$1" </dev/null || result=FAILED
    printf -- '----- %s: %s after %d s\n' "$1" "$result" $((SECONDS - began))
    echo "$result $((SECONDS - began))" >"$STEPS/$1"
}

run_beside() {
    local name
    for name in "$@"; do run "$name" >"$STEPS/$name.log" 2>&1; done
}

if [ "${1:-}" = --one ]; then
    "$2"
    exit
fi

[ $# -gt 0 ] || die "usage: tools/test.sh STEP..."
STEPS="$CACHE/steps" began=$SECONDS beside=()
rm -rf "$STEPS"
mkdir -p "$STEPS"
case " $* " in *" integration "*)
    for name in "${BESIDE_INTEGRATION[@]}"; do
        case " $* " in *" $name "*) beside+=("$name") ;; esac
    done
    say "beside the integration tests, told at their end: ${beside[*]}"
    run_beside "${beside[@]}" &
    ;;
esac
for name in "$@"; do
    case " ${beside[*]} " in *" $name "*) continue ;; esac
    run "$name"
    if [ "$name" = integration ]; then
        wait
        for other in "${beside[@]}"; do cat "$STEPS/$other.log"; done
    fi
done

status=0
printf '\n'
for name in "$@"; do
    read -r result seconds <"$STEPS/$name"
    [ "$result" = passed ] || status=1
    printf '%-14s %6d s  %s\n' "$name" "$seconds" "$result"
done
printf '%-14s %6d s  %s\n' together $((SECONDS - began)) "$([ $status -eq 0 ] && echo passed || echo FAILED)"
exit $status
