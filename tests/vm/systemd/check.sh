#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs under a real systemd: starts the packaged service, traces a server, and says what it saw on
# the second serial port, between BEGIN and END.
exec >/dev/ttyS1 2>&1
echo BEGIN
echo "state: $(systemctl is-system-running)"
systemd-sysusers /etc/sysusers.d/spanwire.conf
python3 /serve.py &
systemctl start spanwire
for _ in 1 2 3 4 5 6 7 8 9 10; do
  journalctl -u spanwire -o cat | grep -q '^spanwire: ready' && break
  systemctl is-active --quiet spanwire || break
  sleep 1
done
systemctl is-active --quiet spanwire || journalctl -b --no-pager | tail -n 30
sleep 1
for _ in 1 2 3 4 5; do curl -s -o /dev/null http://127.0.0.1:8080/; done
sleep 2
keeper=$(systemctl show -p MainPID --value spanwire)
worker=$(cat "/proc/$keeper/task/$keeper/children")
for pid in $keeper $worker; do
  grep -E '^(Uid|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' "/proc/$pid/status" |
    tr -s '\t\n' ' '
  echo
done
echo "exposure: $(systemd-analyze security spanwire.service --no-pager | tail -n 1)"
kill -s SEGV "$worker"
sleep 2
curl -s -o /dev/null http://127.0.0.1:8080/after
sleep 2
systemctl stop spanwire
echo "result: $(systemctl show -p Result --value spanwire)"
echo "spans: $(grep -o '"url.path"' /var/lib/spanwire/spans.jsonl | wc -l)"
echo "after: $(grep -c '"/after"' /var/lib/spanwire/spans.jsonl)"
journalctl -u spanwire -o cat | tail -n 20
echo "left: $(grep -lx spanwire /proc/[0-9]*/comm 2>/dev/null | wc -l)"
echo END
systemctl poweroff --force --force
