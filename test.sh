#!/bin/sh
# Installs what the tests need, builds, and runs every test headless. Ends with ctest's summary.
#   ./test.sh [arguments of ctest, for example: -R case.]
set -eu

cd "$(dirname "$0")"
. installer/debian-packages.sh

# shellcheck disable=SC2086
need_packages "to build and test" $build_packages $run_packages $test_packages

jobs=$(nproc 2>/dev/null || echo 2)
configure release -DCASEBOOK_TESTS=ON
cmake --build --preset release -j "$jobs"
export QT_QPA_PLATFORM=offscreen
exec ctest --preset release -j "$jobs" "$@"
