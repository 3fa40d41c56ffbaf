#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs shellcheck over every shell script of the tree.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$SPANWIRE_ROOT"
mapfile -t scripts < <(
  git grep -lI --untracked -E '^(#!.*\b(ba)?sh$|# shellcheck shell=)' -- \
    .ci bpf packaging scripts tests
)
# Every script stops at the first failure (common.sh), a failed cd included: SC2164.
shellcheck --external-sources --source-path=SCRIPTDIR --severity=style --exclude=SC2164 \
  "${scripts[@]}"
