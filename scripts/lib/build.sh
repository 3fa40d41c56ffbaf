# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced. Configures and builds a preset of CMakePresets.json.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

# Paths below the tree are hashed relative to it, so that one clone's objects serve the next.
export CCACHE_BASEDIR=$SPANWIRE_ROOT CCACHE_NOHASHDIR=true CCACHE_SLOPPINESS=time_macros

build_dir() { echo "$SPANWIRE_ROOT/build/$1"; }

# build_preset PRESET [TARGET...]: silent unless it fails. Two callers do not build at once.
build_preset() {
  local preset=$1 dir
  shift
  dir=$(build_dir "$preset")
  mkdir -p "$dir"
  say "building the preset $preset"
  (
    flock 9
    cd "$SPANWIRE_ROOT"
    quietly cmake --preset "$preset" 9>&-
    quietly cmake --build "$dir" ${1:+--target "$@"} 9>&-
  ) 9>"$dir/.lock"
}
