# SPDX-License-Identifier: Apache-2.0
"""Two ends that exchange datagrams over loopback, in every way that Python has. Prints how many
bytes they sent and received together, as JSON. Its name, for filters, is udp_peers."""

import json
import pathlib
import socket

ROUNDS = 25


class Peer:
    """A bound socket that counts what passes it."""

    def __init__(self, family: int, address: str):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.socket.bind((address, 0))
        self.address = self.socket.getsockname()
        self.bytes = self.calls = 0

    def count(self, size: int):
        self.bytes += size
        self.calls += 1

    def send_to(self, payload: bytes, address):
        self.count(self.socket.sendto(payload, address))

    def send(self, payload: bytes):
        self.count(self.socket.send(payload))

    def send_pieces(self, payload: bytes, address):
        self.count(self.socket.sendmsg([payload[:3], payload[3:]], [], 0, address))

    def receive(self):
        payload, address = self.socket.recvfrom(2048)
        self.count(len(payload))
        return payload, address


def exchange(client: Peer, server: Peer):
    for number in range(ROUNDS):
        client.send_to(b"question %d" % number, server.address)
        payload, address = server.receive()
        server.send_pieces(payload * 3, address)
        client.receive()
    client.socket.connect(server.address)
    for number in range(ROUNDS):
        client.send(b"connected %d" % number)
        payload, address = server.receive()
        server.send_to(payload, address)
        client.receive()


def main():
    pathlib.Path("/proc/self/comm").write_text("udp_peers")
    peers = [[Peer(family, address) for _ in range(2)]
             for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))]
    for client, server in peers:
        exchange(client, server)
    every = [peer for pair in peers for peer in pair]
    print(json.dumps({"bytes": sum(p.bytes for p in every), "calls": sum(p.calls for p in every)}))


if __name__ == "__main__":
    main()
