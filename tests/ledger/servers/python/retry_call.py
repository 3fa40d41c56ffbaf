# SPDX-License-Identifier: Apache-2.0
"""A WSGI application that asks upstream for ID_f, which fails, and then for ID_t."""

from wsgi_call import fetch


def application(environ, start_response):
    path = environ["PATH_INFO"]
    fetch(path + "_f")
    body = fetch(path + "_t")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
