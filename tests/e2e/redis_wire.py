# SPDX-License-Identifier: Apache-2.0
"""A small client of Redis that sends exactly what a test says."""

import socket


def encode(words: tuple) -> bytes:
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)


class Connection:
    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")

    def send(self, *commands):
        self.socket.sendall(b"".join(encode(words) for words in commands))

    def ask(self, *words) -> bytes:
        """Sends one command. Returns the first line of its answer."""
        self.send(words)
        return self.receive(1)

    def receive(self, count: int) -> bytes:
        """Reads `count` answers. Returns the first line of the last one."""
        return [self.read_value() for _ in range(count)][-1]

    def read_value(self) -> bytes:
        line = self.file.readline().rstrip(b"\r\n")
        if not line:
            raise EOFError("the server closed the connection")
        if line[:1] == b"$" and line != b"$-1":
            self.file.read(int(line[1:]) + 2)
        elif line[:1] == b"*":
            for _ in range(max(0, int(line[1:]))):
                self.read_value()
        return line
