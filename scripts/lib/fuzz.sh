#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#   fuzz.sh build                    builds every fuzzer of tests/fuzz
#   fuzz.sh run TARGET [SECONDS]     runs one, from its committed corpus
# Inputs that reach new code are kept in build/fuzz/found/TARGET, inputs that crash in
# build/fuzz/crashes; `fuzz.sh merge TARGET` copies what is worth it into the committed corpus.
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"

fuzz_dir=$(build_dir fuzz)

corpus() { echo "$SPANWIRE_ROOT/tests/fuzz/corpus/$1"; }

run_target() {
  local target=$1 seconds=${2:-60} found=$fuzz_dir/found/$1
  mkdir -p "$found" "$fuzz_dir/crashes"
  [[ -d $(corpus "$target") ]] || die "$target has no corpus: $(corpus "$target")"
  # New inputs go to the first folder; the committed corpus is only read.
  "$fuzz_dir/bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$fuzz_dir/crashes/$target-" \
    "$found" "$(corpus "$target")"
}

case ${1:-} in
  build)
    setup build
    build_preset fuzz
    ;;
  run) run_target "${@:2}" ;;
  merge) "$fuzz_dir/bin/$2" -merge=1 "$(corpus "$2")" "$fuzz_dir/found/$2" ;;
  *) die "usage: fuzz.sh build | run TARGET [SECONDS] | merge TARGET" ;;
esac
