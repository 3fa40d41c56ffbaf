# SPDX-License-Identifier: Apache-2.0
"""A WSGI application that asks Redis for the key that is the request's id."""

import os

import redis

CLIENT = redis.Redis(port=int(os.environ["UPSTREAM"]))


def application(environ, start_response):
    CLIENT.get(environ["PATH_INFO"].removeprefix("/r/"))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
