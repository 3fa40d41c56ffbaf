# SPDX-License-Identifier: Apache-2.0
"""cron.py UPSTREAM PATH PREFIX: asks upstream again and again without being asked: PATH, and with
PREFIX the ids PREFIXbg1, PREFIXbg2, ..."""

import http.client
import itertools
import sys
import time

UPSTREAM, PATH, PREFIX = int(sys.argv[1]), sys.argv[2], sys.argv[3]

for number in itertools.count(1):
    upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM)
    upstream.request("GET", f"{PATH}{PREFIX}bg{number}" if PREFIX != "-" else PATH)
    upstream.getresponse().read()
    upstream.close()
    time.sleep(0.005)
