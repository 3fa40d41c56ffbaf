# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For each tier of $TIERS_RUN: more tasks than processors, each asking nginx $COUNT times over one
# connection, half over TCP and half over a UNIX socket, while others only burn time. A kernel that
# preempts hooks does it here. The host judges.
# shellcheck source=../guest/agent.sh
. /agent.sh

burn() { while :; do :; done; }

ask_all() { # RUN: $TASKS clients at once
  burn &
  burners=$!
  burn &
  burners="$burners $!"
  waiting=
  for task in $(seq "$TASKS"); do
    place=8080
    [ $((task % 2)) = 0 ] || place=/run/nginx.sock
    /load "$place" "/file/$1-$task" "$COUNT" >/dev/null 2>>"/out/$1/client" &
    waiting="$waiting $!"
  done
  # shellcheck disable=SC2086  # several words
  wait $waiting
  # shellcheck disable=SC2086
  kill $burners
}

run() { # TIER
  open_folder "$1"
  launch root "$1" "/out/$1" &
  pid=$!
  if wait_ready "/out/$1" "$pid"; then
    echo "guest: tier $1: $(grep '^spanwire: ready' "/out/$1/stderr")"
    ask_all "$1"
    sleep 0.5
  fi
  stop "/out/$1" "$pid"
}

nginx -c /etc/nginx.conf
for tier in $(echo "$TIERS_RUN" | tr , ' '); do run "$tier"; done
nginx -c /etc/nginx.conf -s stop
