#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/test.sh BIN BUILD [pytest arguments]: GoogleTest, then pytest against the installed package; closes with both counts.
set -uo pipefail
bin=$1 build=$2
shift 2
jobs=$("$bin/python" build_backend/environment.py)
log=$build/test
mkdir -p "$log"

cmake -S . -B "$build" -DSMOOTHACT_TESTS=ON >"$log/configure.log" && cmake --build "$build" --parallel "$jobs" || exit 1
ctest --test-dir "$build" --output-on-failure --parallel "$jobs" --no-tests=error | tee "$log/ctest.log" | grep -v ' Passed \| Start '
cpp=${PIPESTATUS[0]}
"$bin/python" -m pytest -n "$jobs" "$@" | tee "$log/pytest.log"
python=${PIPESTATUS[0]}

echo "ctest:  $(grep 'tests passed' "$log/ctest.log")"
echo "pytest: $(tail -n 1 "$log/pytest.log")"
exit $((cpp || python))
