#!/usr/bin/env bash
# Makes .venv and installs the pinned packages: "run" for serving, "dev" for testing too.
# Does nothing, and needs no network, when the pinned lists have not changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/debian.sh

kind=${1:-run}
lists=(requirements.txt)
[ "$kind" = dev ] && lists+=(requirements-dev.txt)

say() { printf 'set-up: %s\n' "$*" >&2; }
is_3_11() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; }

fingerprint() { cat "$@" | sha256sum | cut -d' ' -f1; }
stamp=.venv/.installed-$kind

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3 python /usr/bin/python3; do
        if is_3_11 "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    if ! python=$(find_python); then
        say "Python 3.11 was not found"
        can_install || { say "install it (Debian: apt-get install python3 python3-venv) and try again"; exit 1; }
        say "installing Debian's python3 and python3-venv"
        install_packages python3 python3-venv
        python=$(find_python) || { say "Debian's python3 is not 3.11 here; set PYTHON to a Python 3.11"; exit 1; }
    fi
    rm -rf .venv
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        # Debian ships Python without the part that puts pip into a new environment.
        if ! can_install; then
            say "$python cannot make a virtual environment: install python3-venv and try again"
            exit 1
        fi
        say "installing Debian's python3-venv"
        install_packages python3-venv
        rm -rf .venv
        "$python" -m venv .venv
    fi
}

mkdir -p .cache
exec 9>.cache/setup.lock
command -v flock >/dev/null 2>&1 && flock 9

is_3_11 .venv/bin/python || make_venv

wanted=$(fingerprint "${lists[@]}")
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "installing the pinned packages (${lists[*]}), a minute or so the first time"
    arguments=()
    for list in "${lists[@]}"; do arguments+=(-r "$list"); done
    .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --require-hashes \
        "${arguments[@]}"
    printf '%s\n' "$wanted" >"$stamp"
    [ "$kind" = run ] || fingerprint requirements.txt >.venv/.installed-run
fi
