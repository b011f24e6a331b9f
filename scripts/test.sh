#!/usr/bin/env bash
# The suite on SQLite with in-process stand-ins, then what stands on a database or Redis once more on
# private MariaDB and Redis servers.
# Arguments go to pytest. The closing lines of both runs are printed again at the end.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

mkdir -p .cache
closing=()
failed=0
# Each of a dozen processes would compile all tests anew.
unset PYTHONDONTWRITEBYTECODE

# Databases wait for the disk at each commit. In memory the wait costs nothing, and a process that is
# killed with -9 finds the same as it would on a disk: no test cuts the power. Only where there is
# plenty of it.
work_in_memory() {
    local memory=/dev/shm leftover
    for leftover in "$memory"/bff-tests-*; do
        [ -d "/proc/${leftover##*-}" ] || rm -rf "$leftover"
    done
    [ "$(df --output=avail -k "$memory" 2>/dev/null | tail -n 1)" -ge 8000000 ] 2>/dev/null || return
    [ "$(awk '/^MemAvailable/ {print $2}' /proc/meminfo)" -ge 8000000 ] || return
    export TMPDIR=$memory/bff-tests-$$
    mkdir -m 700 "$TMPDIR" && trap 'rm -rf "$TMPDIR"' EXIT
}
[ -n "${TMPDIR:-}" ] || work_in_memory

run_on() {
    local stack=$1
    play "$@"
    if [ "$outcome" = 3 ]; then
        # Pytest itself broke down, which is no verdict on any test: once more, and it is told.
        closing+=("pytest broke down on $stack and was begun anew:" "$(why "$log")")
        play "$@"
    fi
    closing+=("on $stack:" "$(tail -n 1 "$log")")
    if [ "$outcome" != 0 ]; then
        failed=1
        closing+=("pytest ended with $outcome:" "$(why "$log")")
    fi
}

play() {
    local stack=$1
    shift
    log=.cache/test-$stack.log
    printf '\n== the suite on %s ==\n' "$stack"
    .venv/bin/python -m pytest --stack "$stack" -q -n "${TEST_PROCESSES:-3}" --dist worksteal "$@" 2>&1 | tee "$log"
    outcome=${PIPESTATUS[0]}
}

# Who reads only the end of a long output is to see what was wrong.
why() {
    grep -E '^(FAILED|ERROR|LEAKED|!!!)|crashed|^INTERNALERROR> .*(Error|Exception|/tests/)' "$1" |
        cut -c 1-300 | tail -n 20
}

run_on embedded "$@"
absent=$(.venv/bin/python -c 'from tests.servers import missing_programs; print(*missing_programs())')
if [ -z "$absent" ]; then
    run_on servers "$@"
    # Over the pure-Python driver what a driver can do otherwise: values of every kind there and
    # back, units that fail, locks, claims and races.
    drafts=tests/miniprogram_api/drafts
    applications=tests/miniprogram_api/applications
    BFF_TEST_DRIVER=aiomysql run_on servers tests/kit/database tests/adapters/outbox \
        "$drafts"/test_{belongings,history,many_at_once,racing,replicas,resuming,saving,thinning,upkeep}.py \
        "$applications"/test_{casebook,following,submitting}.py \
        tests/miniprogram_api/invitations/test_at_one_moment.py
else
    # CI never comes here: without its servers it fails before.
    closing=("on servers: NOT RUN, missing $absent" "${closing[@]}")
fi

printf '\n'
printf '%s\n' "${closing[@]}"
exit $failed
