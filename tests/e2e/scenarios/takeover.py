# SPDX-License-Identifier: Apache-2.0
"""A worker that is taken over: what an attacker reaches from where the parsers run."""

import re
import socket

import origins
from scenarios import scenario
from scenarios.deaths import descriptors, new_worker, wait_for

# Attempts of an agent before its next one, so that sudden deaths stay within five a minute.
ATTEMPTS_AN_AGENT = 5


def attack(port: int, number: int):
    """One connection whose first bytes name the attempt."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"ATTACK {number}\n\n".encode())
        try:
            connection.recv(100)
        except OSError:
            pass


def attempt(agent, port: int, number: int) -> tuple:
    """Returns what was tried, and how it ended."""
    worker, before = agent.worker_pid(), len(agent.program.errors())
    attack(port, number)

    def said() -> str:
        return agent.program.errors()[before:]
    wait_for(lambda: re.search(rf"takeover {number}: (?!try)|the worker ", said()), 8)
    tried = re.search(rf"takeover {number}: try: (.*): (.*)", said())
    if f"takeover {number}: end" in said() or not tried:
        return None, "end" if "end" in said() else "nothing was said"
    result = re.search(rf"takeover {number}: (?!try)(.*)", said())
    if "broke a rule" in said():
        outcome = "ended by the keeper"
    elif "by signal 31" in said():
        outcome = "killed by the filter"
    else:
        outcome = result[1] if result else "nothing was said"
    if outcome.startswith(("ended", "killed")):
        wait_for(lambda: new_worker(agent, worker), 5)
    return f"{tried[1]} ({tried[2]})", outcome


@scenario
def taken_over(scene):
    """Every attempt to reach outside fails; the table says how."""
    port = origins.nginx(scene)
    table, number, agent = [], 0, None
    scene.build_binary = "bin/takeover"
    while True:
        if number % ATTEMPTS_AN_AGENT == 0:
            if agent:
                agent.stop()
            # One end of each connection: each attempt is made once.
            agent = scene.agent("--comm=nginx")
            fds = descriptors(agent.program.pid)
        what, outcome = attempt(agent, port, number)
        if what is None:
            scene.expect(outcome == "end", f"attempt {number}: {outcome}")
            break
        table.append((what, outcome))
        scene.expect(outcome not in ("ESCAPED", "nothing was said"), f"{what}: {outcome}")
        settled = wait_for(lambda: descriptors(agent.program.pid) <= fds, 2)
        scene.expect(settled <= 2, f"{what}: the keeper has more descriptors")
        number += 1
    agent.stop()
    for what, outcome in table:
        print(f"     {what:58} {outcome}")
    scene.expect(len(table) > 35, f"only {len(table)} attempts")
    scene.figures["attempts"] = len(table)
