# SPDX-License-Identifier: Apache-2.0
"""io_uring: what the hooks see of it is counted, and what they do not see is not guessed."""

import json

import origins
import otlp
from scenarios import scenario

REQUESTS = 20
NO_IO_URING = 77


@scenario
def io_uring_client(scene):
    """The client's bytes are hidden: its calls are counted, only the server's spans come."""
    port = origins.nginx(scene)
    agent = scene.agent()
    prefix = f"/r/{scene.token}-uring-"
    client = scene.start("uring", [scene.build / "bin/uring_client", port, REQUESTS, prefix])
    code = client.wait(20)
    if code == NO_IO_URING:
        raise AssertionError("this kernel has no io_uring (kernel.io_uring_disabled): needed here")
    scene.expect(code == 0, f"the client ended with {code}: {client.errors()}")
    agent.stop()
    seen = [s for s in agent.spans() if s.request_id.startswith(scene.token)]
    servers = [s for s in seen if s.kind == otlp.SERVER]
    scene.expect(len(servers) == REQUESTS, f"{len(servers)} server spans of {REQUESTS}")
    scene.expect(len(seen) == len(servers), f"client spans out of nothing: {seen[:1]}")
    kernel = json.loads(agent.stats_path.read_text())["kernel"]
    scene.figures["io_uring calls"] = kernel["io_uring_calls"]
    # How many depends on how soon the connection, of which no byte can be read, is turned down to
    # counting bytes: then nobody asks any more how a call was made.
    scene.expect(kernel["io_uring_calls"] > 0, f"calls not counted: {kernel}")
