#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes Debian 12's userland with systemd, once, as an initramfs in the cache, and prints its path:
# tests/vm/systemd.py boots it in QEMU.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

readonly USERLAND=$SPANWIRE_CACHE/userland/bookworm.cpio.gz
readonly MIRROR=${SPANWIRE_DEBIAN_MIRROR:-http://deb.debian.org}

# What spanwire links against, and a server and a client to trace.
readonly PACKAGES=(
  ca-certificates curl dbus libcurl4 libelf1 libgflags2.2 libprotobuf32 libseccomp2 libxxhash0
  python3-minimal systemd systemd-sysv zlib1g
)

make_userland() {
  local work list
  [[ -s $USERLAND ]] && return
  need_packages debootstrap cpio
  say "making Debian's userland"
  work=$(mktemp -d "$SPANWIRE_CACHE/userland.XXXXXX")
  list=$(IFS=,; echo "${PACKAGES[*]}")
  quietly debootstrap --variant=minbase --include="$list" bookworm "$work/root" "$MIRROR/debian"
  rm -rf "$work"/root/var/{cache/apt,lib/apt/lists}/* "$work"/root/usr/share/{doc,man,locale}/*
  mkdir -p "${USERLAND%/*}"
  (cd "$work/root" && find . -print0 | cpio --null --create --quiet --format=newc | gzip -1) \
    >"$work/image"
  mv "$work/image" "$USERLAND"
  rm -rf "$work"
}

locked userland make_userland
echo "$USERLAND"
