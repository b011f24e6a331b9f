#!/usr/bin/env bash
# The suite on SQLite with in-process stand-ins, then what stands on a database or Redis once more on
# private MariaDB and Redis servers.
# Arguments go to pytest. The closing lines of both runs are printed again at the end.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

mkdir -p .cache
closing=()
failed=0

run_on() {
    local stack=$1 log=.cache/test-$1.log
    shift
    printf '\n== the suite on %s ==\n' "$stack"
    .venv/bin/python -m pytest --stack "$stack" -q -n "${TEST_PROCESSES:-3}" --dist worksteal "$@" 2>&1 | tee "$log"
    [ "${PIPESTATUS[0]}" = 0 ] || failed=1
    closing+=("on $stack:" "$(tail -n 1 "$log")")
}

run_on embedded "$@"
absent=$(.venv/bin/python -c 'from tests.servers import missing_programs; print(*missing_programs())')
if [ -z "$absent" ]; then
    run_on servers "$@"
    # What touches the database once more, over the pure-Python driver, without what takes long and
    # is no other there: thousands of interleavings, and every theme's form.
    BFF_TEST_DRIVER=aiomysql run_on servers tests/kit tests/adapters/outbox \
        tests/miniprogram_api/drafts tests/miniprogram_api/applications \
        --ignore tests/miniprogram_api/drafts/test_interleavings.py \
        --ignore tests/miniprogram_api/drafts/test_every_theme.py
else
    # CI never comes here: without its servers it fails before.
    closing=("on servers: NOT RUN, missing $absent" "${closing[@]}")
fi

printf '\n'
printf '%s\n' "${closing[@]}"
exit $failed
