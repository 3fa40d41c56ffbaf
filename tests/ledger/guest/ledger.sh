# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs on a test kernel (tests/ledger/vm.py): the servers, the agent, and one load after the other.
# $LOADS has them: port:connections:requests:id_prefix, with commas between.
# shellcheck source=../../vm/guest/agent.sh
. /agent.sh

serve() { # PORT COMMAND...
  port=$1
  shift
  "$@" &
  until echo | nc -w 1 127.0.0.1 "$port" >/dev/null 2>&1; do sleep 0.2; done
}

open_folder ledger
serve 9000 ledger_go leaf 9000
nginx -c /etc/ledger-nginx.conf
serve 9003 ledger_go reverse 9003 http://127.0.0.1:9000 pooled
serve 9004 ledger_go reverse 9004 http://127.0.0.1:9000 unpooled
serve 9005 ledger_queue 9005 9000 2 16
launch root "${TIER:-auto}" /out/ledger &
pid=$!
wait_ready /out/ledger "$pid" || exit 1
echo "guest: $(grep '^spanwire: ready' /out/ledger/stderr)"
for load in $(echo "$LOADS" | tr , ' '); do
  IFS=: read -r port connections requests prefix <<WORDS
$load
WORDS
  load_client "--target=127.0.0.1:$port" "--connections=$connections" "--requests=$requests" \
    "--id_prefix=$prefix" "--path=/r/{id}" "--log=/out/ledger/$prefix" --timeout_ms=60000
done
sleep 1
stop /out/ledger "$pid"
