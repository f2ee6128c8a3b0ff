#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The quick loop: compiles into build/ and puts the libraries into python/smoothact, for PYTHONPATH=python.
#   PYTHON=/path/to/python ISAS=AVX512 CUDA=OFF TESTS=OFF tools/dev.sh [-DNAME=VALUE ...]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
build=build/dev-$("$python" -c 'import sys, torch.version as v; print(sys.implementation.cache_tag, v.__version__, sep="-torch")')
generator=$(command -v ninja >/dev/null && echo Ninja || echo "Unix Makefiles")
cmake -S . -B "$build" -G "$generator" -DPython_EXECUTABLE="$(command -v "$python")" -DCMAKE_INSTALL_PREFIX="$PWD/python/smoothact" \
  -DSMOOTHACT_ISAS="${ISAS:-AVX512}" -DSMOOTHACT_CUDA="${CUDA:-OFF}" -DSMOOTHACT_TESTS="${TESTS:-OFF}" -DSMOOTHACT_STUBS=OFF "$@"
cmake --build "$build" --parallel "$("$python" build_backend/environment.py)"
cmake --install "$build" >/dev/null
