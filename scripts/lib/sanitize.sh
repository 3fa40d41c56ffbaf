#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sanitize.sh PRESET [CTEST ARGS]: builds and runs the unit tests with a sanitizer. A report ends
# the test that made it.
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"

preset=$1
shift
setup build
build_preset "$preset" unit_tests
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
exec ctest --test-dir "$(build_dir "$preset")" --label-regex '^unit$' \
  --parallel "$(nproc)" --output-on-failure --no-tests=error "$@"
