# SPDX-License-Identifier: Apache-2.0
"""A hostile client: python3 hostility.py KIND PORT SECONDS [ID]. Bounded in number and time.

Kinds: random (junk from the first byte), confused (HTTP that turns into junk), header (1 MB of
fields), half (connections that stay open with half a request), tls (what begins like TLS),
smuggle (framing that two readers would read differently).
"""

import os
import random
import socket
import sys
import time

HALF_OPEN = 300
SMUGGLED = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"Content-Length: -1\r\n\r\n",
    b"Content-Length: 99999999999999999999999\r\n\r\n",
    b"X: \x00\x01\r\n\xff\xfe: y\r\n\r\n",
]


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=2)
    connection.settimeout(0.2)
    return connection


def talk(port: int, pieces: list):
    """Sends the pieces and reads what comes, whatever the other side does."""
    try:
        with connect(port) as connection:
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    except OSError:
        pass


def request(number: int, request_id: str) -> bytes:
    return f"POST /r/{request_id}{number} HTTP/1.1\r\nHost: h\r\n".encode()


def attack(kind: str, port: int, number: int, request_id: str):
    head = request(number, request_id)
    if kind == "random":
        talk(port, [os.urandom(random.randrange(1, 20000)) for _ in range(3)])
    elif kind == "confused":
        get = head.replace(b"POST", b"GET") + b"\r\n"
        talk(port, [get, os.urandom(3000)])
    elif kind == "header":
        talk(port, [head] + [b"X-Big: " + b"h" * 8000 + b"\r\n" for _ in range(128)])
    elif kind == "tls":
        talk(port, [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(508)])
    elif kind == "smuggle":
        talk(port, [head + random.choice(SMUGGLED)])


def half_open(port: int, until: float, request_id: str):
    kept = []
    for number in range(HALF_OPEN):
        try:
            connection = connect(port)
            connection.sendall(request(number, request_id) + b"X-Half: " + b"h" * 6000)
            kept.append(connection)
        except OSError:
            break
    time.sleep(max(0, until - time.monotonic()))


def main():
    kind, port = sys.argv[1], int(sys.argv[2])
    until = time.monotonic() + float(sys.argv[3])
    request_id = sys.argv[4] if len(sys.argv) > 4 else "hostile-"
    random.seed(7)
    if kind == "half":
        half_open(port, until, request_id)
        return
    number = 0
    while time.monotonic() < until:
        attack(kind, port, number, request_id)
        number += 1
        time.sleep(0.005)
    print(number)


main()
