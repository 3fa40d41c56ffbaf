# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by scenarios: starts and stops spanwire.
readonly READY_SECONDS=60 STOP_SECONDS=10

launch() { # USER TIER FOLDER: becomes spanwire, as root or with the packaged capabilities
  tier=
  [ "$2" = auto ] || tier=--tier=$2
  as=
  [ "$1" = root ] || as="/capexec 65534 $CAPS"
  # shellcheck disable=SC2086  # both are words or nothing
  exec $as spanwire daemon --otlp-file="$3/spans.jsonl" --otlp-file-format="${FORMAT:-json}" \
    --stats-file="$3/stats.json" $tier 2>"$3/stderr"
}

wait_ready() { # FOLDER PID
  tries=$((READY_SECONDS * 10))
  until grep -q '^spanwire: ready' "$1/stderr" 2>/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] && kill -0 "$2" 2>/dev/null || return 1
    sleep 0.1
  done
}

stop() { # FOLDER PID: writes the exit status down
  kill -TERM "$2"
  (sleep $STOP_SECONDS && kill -KILL "$2") 2>/dev/null &
  killer=$!
  wait "$2"
  echo $? >"$1/exit"
  kill "$killer" 2>/dev/null
}

open_folder() { # NAME: a folder of /out that any user may write to
  mkdir -p "/out/$1"
  chmod 1777 "/out/$1"
}
