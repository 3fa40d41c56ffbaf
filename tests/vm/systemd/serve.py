# SPDX-License-Identifier: Apache-2.0
"""Answers HTTP on port 8080, with what Debian's smallest Python has."""

import socket

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

with socket.create_server(("127.0.0.1", 8080)) as server:
    while True:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(ANSWER)
