# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# shellcheck shell=bash
# What every script here shares; read with `.`, never run.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="$ROOT/.venv"
CACHE="$ROOT/.cache"
# What make setup unpacks rather than installs comes after the machine's own tools.
PATH="$VENV/bin:/usr/local/sbin:/usr/sbin:/sbin:$PATH:$CACHE/tools/bin"
# What Python compiles is kept, and kept out of the checkout.
export ROOT VENV CACHE PATH PYTHONPYCACHEPREFIX="$CACHE/pycache" PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '    %s\n' "$*"; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# as_root COMMAND...: with sudo where this is not root, told beforehand; never with a question where nobody can answer.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null; then
        die "this needs root, and there is no sudo: $*"
    elif [ -t 0 ]; then
        say "sudo $*"
        sudo -- "$@"
    else
        sudo -n true || die "this needs root, and there is no terminal for sudo's question: $*"
        sudo -n -- "$@"
    fi
}

# step NAME COMMAND...: say what is done, do it, say how long it took; a failure ends the script (bash: not where step
# stands in a condition, for then it ignores failures inside of functions too).
step() {
    local name="$1" began=$SECONDS
    shift
    printf '==> %s\n' "$name"
    "$@"
    printf '    %s: %d s\n' "$name" $((SECONDS - began))
}
