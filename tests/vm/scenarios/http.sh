# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For each run of $RUNS (USER:TIER, comma-separated): spanwire watches nginx answer curl, over
# keep-alive and over new connections, each request with a path of its own. The host judges.
# shellcheck source=../guest/agent.sh
. /agent.sh

ask() { # RUN
  base=http://127.0.0.1:8080
  curl -sS -o /dev/null "$base/file/$1-keep-[1-$KEPT]"
  curl -sS -o /dev/null -H 'Connection: close' "$base/file/$1-new-[1-$NEW]"
  curl -sS -o /dev/null "$base/missing/$1-[1-$MISSING]"
}

run() { # USER TIER
  name=$1-$2
  open_folder "$name"
  launch "$1" "$2" "/out/$name" &
  pid=$!
  if wait_ready "/out/$name" "$pid"; then
    echo "guest: $name: $(grep '^spanwire: ready' "/out/$name/stderr")"
    ask "$name" 2>"/out/$name/client"
    sleep 0.5
  else
    echo "guest: $name: not ready"
  fi
  stop "/out/$name" "$pid"
}

nginx -c /etc/nginx.conf
for pair in $(echo "$RUNS" | tr , ' '); do
  run "${pair%:*}" "${pair#*:}"
done
nginx -c /etc/nginx.conf -s stop
