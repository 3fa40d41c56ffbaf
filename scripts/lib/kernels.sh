#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches the Debian cloud kernels of the test matrix, once, into $SPANWIRE_CACHE/kernels:
#   5.10/vmlinuz, 6.1/vmlinuz, 6.12/vmlinuz, 7/vmlinuz, each with its VERSION and SHA256SUMS
# The newest version that the index offers is taken at the first run and kept. Run it to fetch what
# is missing; it prints the folders. `kernels.sh --renew` fetches newer versions.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly KERNELS_DIR=$SPANWIRE_CACHE/kernels
readonly APT_ROOT=$SPANWIRE_CACHE/kernels/.apt
readonly MIRROR=${SPANWIRE_DEBIAN_MIRROR:-http://deb.debian.org}

# The kernel series and the suites that carry them.
readonly SERIES=(5.10 6.1 6.12 7)
suites() {
  case $1 in
    5.10) echo bullseye bullseye-security ;;
    6.1) echo bookworm bookworm-security ;;
    6.12) echo trixie trixie-security ;;
    7) echo sid ;;
  esac
}

# An apt of its own: nothing of the system's package state is read or changed.
apt_private() {
  local command=$1
  shift
  "apt-$command" -qq -o Dir::Etc::SourceList="$APT_ROOT/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State="$APT_ROOT/state" -o Dir::State::status="$APT_ROOT/state/status" \
    -o Dir::Cache="$APT_ROOT/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64 \
    -o Acquire::Languages=none -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"
}

prepare_apt() {
  local series suite archive
  mkdir -p "$APT_ROOT"/{state/lists/partial,cache/archives/partial}
  : >"$APT_ROOT/state/status"
  for series in "$@"; do
    for suite in $(suites "$series"); do
      archive=debian
      [[ $suite == *-security ]] && archive=debian-security
      echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
        "$MIRROR/$archive $suite main"
    done
  done >"$APT_ROOT/sources.list"
  quietly apt_private get update
}

# The newest package of series $1 that holds a vmlinuz. Since 7.x linux-image is empty and depends
# on linux-binary, which has the kernel and wins here.
newest_package() {
  local version="${1//./\\.}(\\.[0-9]+)*"
  apt_private cache pkgnames |
    sed -En "s/^linux-(image|binary)-($version([-+][a-z0-9.]+)*-cloud-amd64)\$/\2 \1 &/p" |
    sort -k1,1V -k2,2r | tail -n 1 | cut -d' ' -f3
}

fetch_kernel() {
  local series=$1 package work
  package=$(newest_package "$series")
  [[ -n $package ]] || die "the index offers no cloud kernel $series"
  say "fetching $package"
  work=$(mktemp -d "$KERNELS_DIR/.fetch.XXXXXX")
  (cd "$work" && quietly apt_private get download "$package" && dpkg-deb -x ./*.deb tree)
  mkdir "$work/new"
  find "$work/tree" -name 'vmlinuz*' -type f -exec mv {} "$work/new/vmlinuz" \;
  [[ -s $work/new/vmlinuz ]] || die "$package holds no vmlinuz"
  echo "$package" >"$work/new/VERSION"
  (cd "$work/new" && sha256sum vmlinuz >SHA256SUMS)
  rm -rf "${KERNELS_DIR:?}/$series"
  mv "$work/new" "$KERNELS_DIR/$series"
  rm -rf "$work"
}

# True when series $1 is in the cache as it was fetched.
is_whole() { (cd "$KERNELS_DIR/$1" && sha256sum --status -c SHA256SUMS) 2>/dev/null; }

fetch_kernels() {
  local series missing=()
  for series in "${SERIES[@]}"; do
    { [[ ${1:-} != --renew ]] && is_whole "$series"; } || missing+=("$series")
  done
  ((${#missing[@]} > 0)) || return 0
  mkdir -p "$KERNELS_DIR"
  prepare_apt "${missing[@]}"
  for series in "${missing[@]}"; do fetch_kernel "$series"; done
}

locked kernels fetch_kernels "$@"
printf "$KERNELS_DIR/%s\n" "${SERIES[@]}"
