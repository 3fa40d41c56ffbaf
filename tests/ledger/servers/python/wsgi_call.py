# SPDX-License-Identifier: Apache-2.0
"""A WSGI application that asks upstream and hands the answer on, in the thread of the request."""

import http.client
import os
import threading

UPSTREAM = int(os.environ["UPSTREAM"])
KEEP = os.environ.get("KEEP") == "1"
LOCAL = threading.local()


def connection() -> http.client.HTTPConnection:
    """A connection of this thread's own, a new one each time unless KEEP says otherwise."""
    if not KEEP or not hasattr(LOCAL, "connection"):
        LOCAL.connection = http.client.HTTPConnection("127.0.0.1", UPSTREAM)
    return LOCAL.connection


def fetch(path: str) -> bytes:
    upstream = connection()
    upstream.request("GET", path)
    body = upstream.getresponse().read()
    if not KEEP:
        upstream.close()
    return body


def application(environ, start_response):
    body = fetch(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
