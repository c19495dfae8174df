#!/usr/bin/env bash
# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# `ansible-test sanity` of the ansible-core in .venv; arguments are passed on (--test pylint, a path, ...).
#
# ansible-test has two wishes that a checkout doesn't meet:
# - a real directory .../ansible_collections/minicloud/kvm under git: the tracked and untracked files are copied to one;
# - pip's bootstrap script from ansible.com, for the virtual environments it makes. Where only PyPI or a mirror of it can
#   be reached that download fails; a stand-in under the name it looks for does the same with Python's own ensurepip.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

copy="$ROOT/.build/ansible_collections/minicloud/kvm"
home="$CACHE/ansible-test" # its ~/.ansible: the virtual environments last from one run to the next

rm -rf "$copy"
mkdir -p "$copy" "$home/.ansible/test/cache" "$home/.config"
# pip finds what this user has configured, a mirror for example.
if [ -d "$HOME/.config/pip" ]; then ln -sfn "$HOME/.config/pip" "$home/.config/pip"; fi
cd "$ROOT"
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
    tar --null --files-from=- -cf - | tar -xf - -C "$copy"
git -C "$copy" init -q
git -C "$copy" add -A

pip_version="$(python - <<'PYTHON'
from importlib.resources import files
import re
text = (files("ansible_test") / "_internal/python_requirements.py").read_text()
print(re.search(r"\bpip='([0-9.]+)'", text).group(1))
PYTHON
)"
cat >"$home/.ansible/test/cache/get_pip_${pip_version//./_}.py" <<'PYTHON'
"""Stands in for get-pip.py: pip from ensurepip, then the asked-for packages from the configured index."""
import ensurepip
import runpy
import sys

wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
ensurepip.bootstrap()
sys.argv = ["pip", "install", "--quiet", *wanted]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
PYTHON

cd "$copy"
# Only the system's Pythons: ansible-test tries each one it finds, and a version manager's shims are not all real.
export PATH="$VENV/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export PIP_CACHE_DIR="${PIP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pip}"
HOME="$home" PYTHONPYCACHEPREFIX='' exec ansible-test sanity --local --requirements --color no "$@" </dev/null
