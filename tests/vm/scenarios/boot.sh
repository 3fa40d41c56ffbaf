# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The machine itself: nginx answers curl. What fails here is not spanwire's doing.
mkdir -p /out/boot
nginx -c /etc/nginx.conf
curl -sS -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:8080/file/[1-3]" >/out/boot/statuses
curl -sS -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:8080/missing/1" >>/out/boot/statuses
/capexec 65534 CAP_BPF grep '^CapEff' /proc/self/status >/out/boot/capabilities
nginx -c /etc/nginx.conf -s stop
