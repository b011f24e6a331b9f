#!/usr/bin/env bash
# The programs that the tests start privately: MariaDB and Redis, and in CI nginx.
# In CI their absence is a failure; elsewhere it is said loudly and the tests that need them skip.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/debian.sh

missing() {
    local found
    found=$(.venv/bin/python -c 'from tests.servers import missing_programs as m; print(*m())')
    if [ "${CI:-}" = true ] && [ ! -x /usr/sbin/nginx ]; then found="$found nginx"; fi
    echo "${found# }"
}
absent=$(missing)
[ -n "$absent" ] || exit 0

# The -core packages are the server without a system service and without a system-wide database.
packages=(mariadb-server-core mariadb-client-core redis-server)
[ "${CI:-}" != true ] || packages+=(nginx-light)
if can_install; then
    printf 'set-up: installing Debian packages: %s\n' "${packages[*]}" >&2
    install_packages "${packages[@]}" || true
    absent=$(missing)
    [ -n "$absent" ] || exit 0
fi
if [ "${CI:-}" = true ]; then
    printf 'set-up: CI needs %s and could not install them\n' "$absent" >&2
    exit 1
fi
cat >&2 <<TEXT
********************************************************************************
* NOT TESTED HERE: MariaDB and Redis. Missing: $absent
* Install them and run again. On Debian:
*   apt-get install ${packages[*]}
********************************************************************************
TEXT
