# SPDX-License-Identifier: Apache-2.0
"""Redis and Valkey with real clients: every command at both ends, once, with its outcome."""

import secrets
import socket
import time

import harness
import otlp
import redis_clients
from redis_judge import RedisJudge, id_of
from redis_wire import Connection, encode
from scenarios import scenario

RAW = "--db-query-text=raw"
SHAPES = ((1, 1, 200), (16, 1, 1000), (64, 1, 2000), (8, 64, 4000))  # connections, depth, commands


def server(scene: harness.Scene, program="/usr/bin/redis-server", *options) -> int:
    port = scene.port()
    scene.start("redis", [program, "--port", port, "--save", "", "--appendonly", "no",
                          "--bind", "127.0.0.1", "--dir", scene.folder, "--loglevel", "warning",
                          *options]).wait_port(port)
    Connection(port).ask("SET", "text", "abc")
    return port


def load(scene: harness.Scene, port: int, client: list, shape: tuple, *more) -> list:
    concurrency, depth, requests = shape
    log = scene.folder / f"log{scene.number()}.jsonl"
    scene.run("client", [*client, port, requests, concurrency, depth, scene.id_prefix(), log,
                         *more])
    return redis_clients.read_log(log)


def judge(scene: harness.Scene, agent: harness.Agent, commands: list) -> list:
    agent.stop()
    spans = scene.own(agent.spans())
    scene.problems += RedisJudge(commands).judge(spans)
    scene.figures.update({"commands": len(commands), "spans": len(spans)})
    scene.check_ledger(agent)
    return spans


def every_shape(scene: harness.Scene, client: list, *more):
    port = server(scene)
    agent = scene.agent(RAW)
    judge(scene, agent, [command for shape in SHAPES
                         for command in load(scene, port, client, shape, *more)])


@scenario
def redis_py(scene):
    every_shape(scene, redis_clients.python_client("sync"), 2)


@scenario
def redis_py_asyncio(scene):
    every_shape(scene, redis_clients.python_client("asyncio"), 3)


@scenario
def redis_go(scene):
    every_shape(scene, redis_clients.go_client(), 3)


@scenario
def redis_node(scene):
    every_shape(scene, redis_clients.node_client())


@scenario
def redis_java(scene):
    every_shape(scene, redis_clients.java_client())


@scenario
def redis_valkey(scene):
    """Another server that speaks the protocol, RESP2 and RESP3."""
    port = server(scene, redis_clients.valkey_server())
    agent = scene.agent(RAW)
    judge(scene, agent, [command for protocol in (2, 3) for command in
                         load(scene, port, redis_clients.python_client("sync"), (16, 16, 2000),
                              protocol)])


@scenario
def redis_deep_pipelines(scene):
    """Mass insertion: as many commands in flight as the sockets hold."""
    port = server(scene)
    prefix = scene.id_prefix()
    words = [("SET", f"id:{prefix}{n}", "v") for n in range(10_200)]
    lines = scene.write("commands", b"".join(map(encode, words[10_000:])).decode())
    client = Connection(port)
    agent = scene.agent(RAW)
    for _ in range(20):  # tells what the connection is like: then it is captured as a whole
        client.send(*[("PING",)] * 4)
        client.receive(4)
    time.sleep(0.2)
    client.send(*words[:10_000])
    client.receive(10_000)
    with open(lines, "rb") as stdin:
        scene.run("cli", ["redis-cli", "-p", port, "--pipe"], stdin=stdin)
    commands = [redis_clients.Command(f"{prefix}{n}", "SET", "") for n in range(len(words))]
    agent.stop()
    for group, database in ((commands[:10_000], None), (commands[10_000:], "0")):
        ids = {command.id for command in group}
        scene.problems += RedisJudge(group, database).judge(
            [s for s in scene.own(agent.spans()) if id_of(s) in ids])


@scenario
def redis_joined(scene):
    """Connections older than the agent, idle and in full flight."""
    port = server(scene)
    idle, busy = Connection(port), Connection(port)
    idle.ask("SELECT", "3")
    busy.send(*[("GET", "before")] * 50)
    agent = scene.agent(RAW)
    busy.receive(50)
    prefix, commands = scene.id_prefix(), []
    for n in range(300):
        for name, connection in (("idle", idle), ("busy", busy)):
            key = f"{prefix}{name}{n}"
            connection.ask("SET", f"id:{key}", "x" * (n % 50))
            commands.append(redis_clients.Command(key, "SET", ""))
    agent.stop()
    spans = [s for s in scene.own(agent.spans()) if "before" not in str(s.attributes)]
    scene.problems += RedisJudge(commands, database=None).judge(spans)
    scene.figures["commands"] = len(commands)
    scene.expect(all(s.attributes.get("spanwire.connection.joined") for s in spans),
                 "a span does not say that its connection was joined")


def one(scene, spans: list, name: str, kind: int = otlp.SERVER) -> otlp.Span:
    several = [s for s in spans if s.name == name and s.kind == kind]
    scene.expect(len(several) == 1, f"{len(several)} spans of {name}")
    return several[0] if several else None


@scenario
def redis_sessions(scene):
    """Transactions, subscriptions, monitoring, waiting, silence, databases."""
    port = server(scene)
    agent = scene.agent()
    client, other = Connection(port), Connection(port)
    client.ask("SELECT", "2")
    for words in (("MULTI",), ("INCR", "a"), ("LPUSH", "l", "x"), ("EXEC",)):
        client.ask(*words)
    client.send(("BLPOP", "nothing", "5"))
    time.sleep(0.3)
    other.ask("SELECT", "2")
    other.ask("RPUSH", "nothing", "v")
    client.receive(1)
    client.send(("CLIENT", "REPLY", "OFF"), ("SETNX", "silent", "1"), ("CLIENT", "REPLY", "ON"))
    client.receive(1)
    client.ask("STRLEN", "silent")
    client.send(("SUBSCRIBE", "one", "two"))
    client.receive(2)
    other.ask("PUBLISH", "one", "hello")
    client.receive(1)
    client.ask("PING")
    client.send(("UNSUBSCRIBE",))
    client.receive(2)
    client.ask("GETDEL", "a")
    other.ask("MONITOR")
    client.ask("ECHO", "seen")
    other.receive(1)
    agent.stop()
    scene.check_ledger(agent)
    judge_sessions(scene, scene.own(agent.spans()))


def judge_sessions(scene: harness.Scene, spans: list):
    names = ("MULTI", "INCR", "LPUSH", "EXEC", "BLPOP", "RPUSH", "SETNX", "STRLEN", "SUBSCRIBE",
             "PUBLISH", "PING", "UNSUBSCRIBE", "GETDEL", "MONITOR", "ECHO")
    ends = {(n, k): one(scene, spans, n, k) for n in names for k in (otlp.CLIENT, otlp.SERVER)}
    if None in ends.values():
        return
    for (name, kind), span in ends.items():
        scene.expect("spanwire.ending" not in span.attributes and span.status == 0,
                     f"{name}: {span.attributes}")
        database = None if name == "SETNX" else "2"
        scene.expect(span.attributes.get("db.namespace") == database,
                     f"{name} in database {span.attributes.get('db.namespace')}")
        scene.expect(span.attributes.get("spanwire.blocking", False) == (name == "BLPOP"),
                     f"{name} is blocking: {span.attributes.get('spanwire.blocking')}")
        waited = span.duration_ns > 250_000_000
        scene.expect(waited == (name == "BLPOP"), f"{name} took {span.duration_ns} ns")
    scene.expect(ends["EXEC", otlp.CLIENT].attributes.get("db.operation.batch.size") == 2,
                 "EXEC has no batch size")


@scenario
def redis_contents(scene):
    """Contents of many megabytes are counted; keys, values and passwords stay where they are."""
    secret = "canary" + secrets.token_hex(12)
    port = server(scene)
    agent = scene.agent()
    client = Connection(port)
    client.ask("SET", "big", b"x" * 30_000_000)
    client.ask("GET", "big")
    client.ask("MSET", "m1", b"y" * 400_000, "m2", b"z" * 400_000)
    client.ask("MGET", "m1", "m2")
    client.ask("SET", secret, secret)
    client.ask("CONFIG", "SET", "requirepass", secret)
    client.ask("AUTH", secret)
    client.ask("HELLO", "2", "AUTH", "default", secret)
    client.ask("ACL", "SETUSER", "u", f">{secret}")
    client.ask(secret, secret)
    other = socket.create_connection(("127.0.0.1", port))
    other.sendall(f"AUTH {secret}\r\nPING\r\n".encode())
    other.recv(100)
    client.ask("GET", "last")
    agent.stop()
    spans = scene.own(agent.spans())
    scene.expect(secret.encode() not in agent.spans_path.read_bytes(), "a secret came out")
    for name in ("GET", "SET", "MSET", "MGET"):
        ends = [s for s in spans if s.name == name]
        scene.expect(len(ends) == {"GET": 4, "SET": 4}.get(name, 2),
                     f"{len(ends)} spans of {name}")
        scene.expect(not any("spanwire.ending" in s.attributes for s in ends),
                     f"{name} has no end")
    for name in ("AUTH", "PING", "CONFIG SET", "ACL SETUSER", "HELLO", "_OTHER"):
        scene.expect(any(s.name == name for s in spans), f"no span of {name}")
    scene.check_ledger(agent)


@scenario
def redis_replication(scene):
    """What a replica is sent is nobody's request."""
    port = server(scene)
    agent = scene.agent(RAW, ports=False)
    server(scene, "/usr/bin/redis-server", "--replicaof", "127.0.0.1", port,
           "--replica-read-only", "no")
    client, prefix = Connection(port), scene.id_prefix()
    for n in range(200):
        client.ask("SET", f"id:{prefix}{n}", "v")
    scene.expect(client.ask("WAIT", "1", "8000") == b":1", "the replica did not follow")
    agent.stop()
    spans = [s for s in scene.own(agent.spans()) if prefix in str(s.attributes)]
    scene.problems += RedisJudge([redis_clients.Command(f"{prefix}{n}", "SET", "")
                                  for n in range(200)]).judge(spans)
