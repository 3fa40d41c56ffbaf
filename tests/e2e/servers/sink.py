# SPDX-License-Identifier: Apache-2.0
"""Accepts, reads everything and never answers: python3 sink.py PORT"""

import selectors
import socket
import sys


def drain(selector: selectors.BaseSelector, connection: socket.socket):
    try:
        alive = connection.recv(1 << 16)
    except OSError:
        alive = b""
    if not alive:
        selector.unregister(connection)
        connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
            else:
                drain(selector, key.fileobj)


main()
