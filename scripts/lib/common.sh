# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by every script here: where things are, and how to speak.
set -euo pipefail

SPANWIRE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Downloads and slow builds live outside the tree, so that a clean clone finds them again.
: "${SPANWIRE_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/spanwire}"
export SPANWIRE_ROOT SPANWIRE_CACHE
mkdir -p "$SPANWIRE_CACHE"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# Runs a command silently; on failure shows what it said, and fails with its status.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status != 0)); then
    say "failed ($status): $*"
    cat "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}

# Runs a command while holding a lock named after the thing it makes in the cache.
# The lock is not inherited by what the command leaves behind.
locked() {
  local name=$1
  shift
  (
    flock 9
    "$@" 9>&-
  ) 9>"$SPANWIRE_CACHE/$name.lock"
}
