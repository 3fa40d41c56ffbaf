#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the trace back-ends that the end-to-end tests talk to, once, into the cache:
#   $SPANWIRE_CACHE/backends/jaeger-<version>    Jaeger v2, an OpenTelemetry Collector with storage
#   $SPANWIRE_CACHE/backends/otelcol-<version>   the OpenTelemetry Collector core
# Run it to build what is missing (Jaeger takes ten minutes on a cold machine) and print both
# paths; source it for backend_path.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly JAEGER_VERSION=1.76.0
readonly OTELCOL_VERSION=0.140.0
readonly BACKENDS_DIR=$SPANWIRE_CACHE/backends

# Prints where the back-end $1 (jaeger or otelcol) is, or will be.
backend_path() {
  case $1 in
    jaeger) echo "$BACKENDS_DIR/jaeger-$JAEGER_VERSION" ;;
    otelcol) echo "$BACKENDS_DIR/otelcol-$OTELCOL_VERSION" ;;
    *) die "no such back-end: $1 (jaeger, otelcol)" ;;
  esac
}

# Writes a module of its own into the current directory. Jaeger's go.mod holds `replace` lines,
# which `go install` refuses, so a module around it repeats the one that matters. Its go.sum also
# covers the Collector modules of the same release.
write_module() {
  local name=$1 source_dir
  cat >go.mod <<MOD
module test.invalid/$name
go 1.24.6
require github.com/jaegertracing/jaeger v$JAEGER_VERSION
replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0
MOD
  source_dir=$(cd / && go mod download -json "github.com/jaegertracing/jaeger@v$JAEGER_VERSION" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  install -m 0644 "$source_dir/go.sum" go.sum
}

# One compile at a time: it runs beside other builds on small machines.
go_build() {
  GOFLAGS="-buildvcs=false -p=1" GOMAXPROCS=1 nice -n 19 \
    go build -mod=mod -trimpath -ldflags "-s -w" "$@"
}

# build_backend NAME PACKAGE [SOURCE...]: the binary appears under its final name in one step.
build_backend() {
  local name=$1 package=$2 target work
  shift 2
  target=$(backend_path "$name")
  [[ -x $target ]] && return
  say "building ${target##*/} once, into $BACKENDS_DIR"
  mkdir -p "$BACKENDS_DIR"
  work=$(mktemp -d "$BACKENDS_DIR/.build.XXXXXX")
  (
    cd "$work"
    write_module "$name"
    (($# > 0)) && cp "$@" .
    quietly go_build -o binary "$package"
    mv binary "$target"
  )
  rm -rf "$work"
}

build_backends() {
  build_backend jaeger github.com/jaegertracing/jaeger/cmd/jaeger
  build_backend otelcol . "$SPANWIRE_ROOT/tests/e2e/backends/otelcol/main.go"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  locked backends build_backends
  backend_path jaeger
  backend_path otelcol
fi
