#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs codespell over every tracked text file; .codespellrc holds the words it must not know better.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$SPANWIRE_ROOT"
git ls-files -co --exclude-standard -z -- \
  ':!LICENSE' ':!tests/**/corpus/**' ':!tests/**/data/**' |
  xargs -0 codespell
