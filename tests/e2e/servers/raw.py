# SPDX-License-Identifier: Apache-2.0
"""An HTTP origin that does by hand what well-behaved servers do not: python3 raw.py PORT [peek]

The first part of the path says what:
  /reset    half an answer, then RST        /half     half an answer, then FIN
  /close    no answer                       /upgrade  101 and an echo
  /interim  103 before 200                  /early    an answer before the content was read
  /tiny     an answer in one-byte writes    /eof      content up to the end of the connection
  /junk     no HTTP                         /slow     an answer, the content read with pauses
and a small answer to everything else.
Heads are read byte by byte, with `peek` by looking first and then taking what the head has.
"""

import socket
import struct
import sys
import threading
import time

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"h" * 500
EARLY = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"


def read_head(connection: socket.socket) -> bytes:
    head = b""
    if len(sys.argv) > 2:
        seen = connection.recv(4096, socket.MSG_PEEK)
        end = seen.find(b"\r\n\r\n")
        return connection.recv(end + 4) if end >= 0 else b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        head += byte
    return head


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def read_content(connection: socket.socket, size: int, pause_s: float = 0):
    while size > 0:
        data = connection.recv(min(size, 65536))
        if not data:
            return
        size -= len(data)
        time.sleep(pause_s)


def reset(connection: socket.socket):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def upgrade(connection: socket.socket):
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                       b"Upgrade: echo\r\n\r\n")
    while data := connection.recv(4096):
        connection.sendall(data)


def answer(connection: socket.socket, what: bytes, size: int) -> bool:
    """Returns whether the connection goes on."""
    if what == b"early":
        connection.sendall(EARLY)
        read_content(connection, size)
        return True
    read_content(connection, size, 0.002 if what == b"slow" else 0)
    if what in (b"reset", b"half"):
        connection.sendall(HALF)
        if what == b"reset":
            reset(connection)
        return False
    if what == b"close":
        return False
    if what == b"upgrade":
        upgrade(connection)
        return False
    if what == b"eof":
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"e" * 3000)
        return False
    if what == b"junk":
        connection.sendall(b"\x00\x01\x02 this is no HTTP at all\r\n\r\n")
        return False
    if what == b"interim":
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    for i in range(0, len(OK), 1 if what == b"tiny" else len(OK)):
        connection.sendall(OK[i:i + 1] if what == b"tiny" else OK)
    return True


def serve(connection: socket.socket):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while head := read_head(connection):
            what = head.split(b" ")[1].split(b"/")[1]
            if b"100-continue" in head:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            if not answer(connection, what, content_length(head)):
                return


def serve_quietly(connection: socket.socket):
    try:
        serve(connection)
    except OSError:
        pass  # the other side ended it, which is what some tests are about


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_quietly, args=(connection,), daemon=True).start()


main()
