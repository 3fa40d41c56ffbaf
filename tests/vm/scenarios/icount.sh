# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Counts instructions: the machine runs one per nanosecond of its own clock, so nanoseconds of CPU
# are instructions. One client and one nginx worker share the only processor; what they run longer
# with the hooks attached is the hooks. Each line of /out/icount/samples is
#   on|off  client_ns  nginx_ns  agent_ns  elapsed_ns      for $COUNT requests.
# shellcheck source=../guest/agent.sh
. /agent.sh

ran() { # PID: nanoseconds that all its threads have run
  cat /proc/"$1"/task/*/schedstat 2>/dev/null | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

sample() { # NAME [AGENT_PID]
  nginx_before=$(ran "$worker")
  agent_before=$(ran "${2:-0}")
  # shellcheck disable=SC2046  # two words
  set -- "$1" "${2:-0}" $(/load 8080 /file/icount "$COUNT")
  sleep 0.3
  echo "$1 $4 $(($(ran "$worker") - nginx_before)) $(($(ran "$2") - agent_before)) $3" \
    >>/out/icount/samples
}

open_folder icount
sed -i 's/^worker_processes .*/worker_processes 1;/' /etc/nginx.conf
nginx -c /etc/nginx.conf
master=$(cat /run/nginx.pid)
until [ -n "${worker:-}" ]; do worker=$(cat "/proc/$master/task/$master/children"); done
worker=${worker% }
/load 8080 /file/warm $((COUNT * 4)) >/dev/null
for _ in $(seq "$ROUNDS"); do sample off; done
export FORMAT=proto
# shellcheck disable=SC2153  # TIER is the host's
launch root "$TIER" /out/icount &
pid=$!
if wait_ready /out/icount "$pid"; then
  echo "guest: $(grep '^spanwire: ready' /out/icount/stderr)"
  /load 8080 /file/warm $((COUNT * 4)) >/dev/null
  for _ in $(seq "$ROUNDS"); do sample on "$pid"; done
fi
stop /out/icount "$pid"
for _ in $(seq "$ROUNDS"); do sample off; done
rm -f /out/icount/spans.jsonl
