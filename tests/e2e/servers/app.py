# SPDX-License-Identifier: Apache-2.0
"""The WSGI test application: what the other origins do, for gunicorn."""

import os

BIG = b"y" * 5_000_000


def chunks():
    for _ in range(3):
        yield b"c" * 1000


def drain(environ) -> int:
    size = 0
    while data := environ["wsgi.input"].read(65536):
        size += len(data)
    return size


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/status/"):
        status = path.split("/")[2]
        start_response(f"{status} Test", [] if status in ("204", "304") else
                       [("Content-Length", "0")])
        return []
    if path.startswith("/chunked/"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return chunks()
    if path.startswith("/echo/"):
        body = f"{drain(environ)} bytes".encode()
    elif path.startswith("/big/"):
        body = BIG
    else:
        body = f"hello from {os.getpid()}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
