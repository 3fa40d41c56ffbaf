# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For each run of $RUNS (USER:TIER, comma-separated): spanwire watches nginx answer curl, over
# keep-alive and over new connections, each request with a path of its own. The host judges.
readonly READY_SECONDS=30 STOP_SECONDS=10

launch() { # USER TIER FOLDER
  tier=
  [ "$2" = auto ] || tier=--tier=$2
  as=
  [ "$1" = root ] || as="/capexec 65534 $CAPS"
  # shellcheck disable=SC2086  # both are words or nothing
  exec $as spanwire daemon --otlp-file="$3/spans.jsonl" --otlp-file-format=json \
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

stop() { # FOLDER PID
  kill -TERM "$2"
  (sleep $STOP_SECONDS && kill -KILL "$2") 2>/dev/null &
  killer=$!
  wait "$2"
  echo $? >"$1/exit"
  kill "$killer" 2>/dev/null
}

ask() { # RUN: unique paths; --next in one curl would share a connection, so new ones are closed
  base=http://127.0.0.1:8080
  curl -sS -o /dev/null "$base/file/$1-keep-[1-$KEPT]"
  curl -sS -o /dev/null -H 'Connection: close' "$base/file/$1-new-[1-$NEW]"
  curl -sS -o /dev/null "$base/missing/$1-[1-$MISSING]"
}

run() { # USER TIER
  folder=/out/$1-$2
  mkdir -p "$folder"
  chmod 1777 "$folder"
  launch "$1" "$2" "$folder" &
  pid=$!
  if wait_ready "$folder" "$pid"; then
    echo "guest: $1-$2: $(grep '^spanwire: ready' "$folder/stderr")"
    ask "$1-$2" 2>"$folder/client"
    sleep 0.5
  else
    echo "guest: $1-$2: not ready"
  fi
  stop "$folder" "$pid"
}

nginx -c /etc/nginx.conf
for pair in $(echo "$RUNS" | tr , ' '); do
  run "${pair%:*}" "${pair#*:}"
done
nginx -c /etc/nginx.conf -s stop
