#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/test.sh BIN BUILD [pytest arguments]: GoogleTest, then pytest against the installed package; closes with both counts.
set -uo pipefail
bin=$1 build=$2
shift 2
jobs=$("$bin/python" build_backend/environment.py)
log=$build/log
mkdir -p "$log"

cmake -S . -B "$build" -DSMOOTHACT_TESTS=ON >"$log/configure" && cmake --build "$build" --parallel "$jobs" || exit 1
ctest --test-dir "$build" --output-on-failure --parallel "$jobs" --no-tests=error >"$log/ctest"
cpp=$?
((cpp)) && cat "$log/ctest"
"$bin/python" -m pytest -n "$jobs" --dist worksteal --durations 8 "$@" | tee "$log/pytest"
python=${PIPESTATUS[0]}

echo "ctest: $(grep -c ' Passed ' "$log/ctest") passed, $(grep -cE '\*\*\*(Failed|Exception|Timeout|Not Run)' "$log/ctest") failed"
echo "pytest: $(tail -n 1 "$log/pytest" | tr -d =)"
exit $((cpp || python))
