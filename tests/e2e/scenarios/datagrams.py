# SPDX-License-Identifier: Apache-2.0
"""UDP: no protocol reads datagrams yet, but each is recorded and accounted for when asked for."""

import json
import pathlib
import sys

import ledger
from scenarios import scenario

PEERS = pathlib.Path(__file__).parent.parent / "servers" / "datagrams.py"


def exchange(scene) -> dict:
    return json.loads(scene.run("udp_peers", [sys.executable, PEERS]).output())


@scenario
def datagrams_are_counted_to_the_byte(scene):
    agent = scene.agent("--datagrams=on", "--comm=udp_peers")
    truth = exchange(scene)
    agent.stop()
    stages = scene.check_ledger(agent)
    seen = ledger.dropped(stages, "not_stream", "stream")
    scene.expect(seen == truth["bytes"], f"{seen} bytes of {truth['bytes']} were recorded: "
                                         f"{ledger.reasons(stages)}")


@scenario
def datagrams_are_left_alone_unless_asked_for(scene):
    agent = scene.agent("--comm=udp_peers")
    exchange(scene)
    agent.stop()
    stages = scene.check_ledger(agent)
    scene.expect(ledger.dropped(stages, "not_stream", "stream") == 0,
                 f"datagrams were recorded: {ledger.reasons(stages)}")
