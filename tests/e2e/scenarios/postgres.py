# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: real servers, clients in several languages, PgBouncer between them."""

import time

import databases
import otlp
import sql_judge
from scenarios import scenario


def start_client(scene, command: list, mode: str, host, port: int, count: int, **options):
    """Returns the client and a function that waits for it and gives its truths."""
    work = databases.statements(scene, count, options.get("failing", True))
    log = scene.folder / f"log{scene.number()}.jsonl"
    program = scene.start(f"client_{mode}", [*command, mode, host, port,
                                             options.get("concurrency", 8), work, log],
                          env=options.get("env", {}))

    def finish() -> dict:
        if program.wait(60) != 0:
            raise AssertionError(f"{mode}: {program.errors()[-2000:]}")
        return sql_judge.read_statements(work, log)
    return program, finish


def run_client(scene, command: list, mode: str, port: int, count: int, **options) -> dict:
    return start_client(scene, command, mode, "127.0.0.1", port, count, **options)[1]()


def server_with_table(scene, programs=None) -> int:
    port = databases.postgres(scene, programs)
    scene.run("psql", [*databases.psql(port), "-c", "CREATE SEQUENCE s START 1000"])
    return port


def pgbench(port: int, script, mode: str, *options) -> list:
    return [databases.DEBIAN[-1] / "pgbench", "-n", "-M", mode, *options, "-f", script, "-h",
            "127.0.0.1", "-p", port, "-U", "postgres", "postgres"]


def judge(scene, agent, truths: dict, ports: list, sides=(otlp.CLIENT, otlp.SERVER)):
    spans = agent.spans()
    for port in ports:
        verdict = sql_judge.SqlJudge(truths, port, sides).judge(spans)
        scene.problems += verdict.problems
        scene.figures.update(verdict.figures)
    scene.figures.update({"statements": len(truths), "spans": len(spans)})
    scene.check_ledger(agent)
    return spans


def every_mode(scene, runs: list, programs=None):
    """`runs`: (language, mode, statements, options)."""
    port = server_with_table(scene, programs)
    commands = {language: databases.client_command(language) for language, *_ in runs}
    agent = scene.agent()
    truths = {}
    for language, mode, count, options in runs:
        truths |= run_client(scene, commands[language], mode, port, count, **options)
    agent.stop()
    judge(scene, agent, truths, [port])


@scenario
def postgres_python(scene):
    """psycopg 2 and 3, asyncpg; from one connection to 64."""
    every_mode(scene, [
        ("python", "psycopg2", 800, {"concurrency": 1}),
        ("python", "psycopg2", 1600, {"concurrency": 64}),
        ("python", "psycopg", 800, {"concurrency": 8}),
        ("python", "prepared", 800, {"concurrency": 8}),
        ("python", "pipeline", 1600, {"concurrency": 16, "failing": False}),
        ("python", "asyncpg", 1600, {"concurrency": 32}),
    ])


@scenario
def postgres_go_node_java(scene):
    """pgx, node-postgres, JDBC."""
    every_mode(scene, [
        ("go", "cached", 1600, {"concurrency": 64}),
        ("go", "exec", 800, {"concurrency": 8}),
        ("go", "simple", 800, {"concurrency": 1}),
        ("go", "batch", 1600, {"concurrency": 16, "failing": False}),
        ("node", "simple", 800, {"concurrency": 16}),
        ("node", "extended", 800, {"concurrency": 16}),
        ("java", "simple", 800, {"concurrency": 16}),
        ("java", "extended", 1600, {"concurrency": 32}),
    ])


@scenario
def postgres_newest(scene):
    """A server of another major version, and a client that asks for protocol 3.2 if it can."""
    every_mode(scene, [("python", "psycopg2", 400, {"concurrency": 4}),
                       ("python", "pipeline", 400, {"concurrency": 4, "failing": False}),
                       ("go", "cached", 400, {"concurrency": 4})], databases.newest())


@scenario
def postgres_pgbouncer(scene):
    """Each statement is seen four times: at both ends of both hops."""
    upstream = server_with_table(scene)
    session = databases.pgbouncer(scene, upstream, "session", pool=40)
    pooled = databases.pgbouncer(scene, upstream, "transaction", pool=4)
    command = databases.client_command("python")
    agent = scene.agent()
    by_session = run_client(scene, command, "psycopg2", session, 800, concurrency=16)
    by_session |= run_client(scene, command, "asyncpg", session, 400, concurrency=8)
    by_transaction = run_client(scene, command, "psycopg2", pooled, 1600, concurrency=32)
    agent.stop()
    judge(scene, agent, by_session, [session])
    judge(scene, agent, by_transaction, [pooled])
    judge(scene, agent, {**by_session, **by_transaction}, [upstream])


@scenario
def postgres_unix_socket(scene):
    port = server_with_table(scene)
    command = databases.client_command("python")
    agent = scene.agent(ports=False)
    truths = start_client(scene, command, "psycopg", scene.sockets, port, 800)[1]()
    agent.stop()
    own = [s for s in agent.spans() if sql_judge.id_of(s) in truths]
    verdict = sql_judge.SqlJudge(truths, 0).judge(own)
    scene.problems += verdict.problems
    scene.figures.update(verdict.figures)
    scene.check_ledger(agent)


@scenario
def postgres_joined(scene):
    """The agent starts and stops in the middle of the load. Statements that were prepared before
    say so, and have no text."""
    port = server_with_table(scene)
    command = databases.client_command("python")
    script = scene.write("pgbench.sql", "SELECT b FROM acc WHERE a = 7;\n")
    bench = scene.start("pgbench", pgbench(port, script, "prepared", "-R", 400, "-T", 5))
    client, finish = start_client(scene, command, "psycopg2", "127.0.0.1", port, 4_000,
                                  concurrency=8, env={"PAUSE_MS": "10"})
    client.wait_until(lambda: client.output().count("connected") == 8, "connections")
    agent = scene.agent()
    time.sleep(2)
    agent.stop()
    truths = finish()
    bench.wait(30)
    inside = {i: t for i, t in truths.items()
              if agent.ready_ns < t["start_ns"] and t["end_ns"] < agent.stop_ns}
    scene.expect(len(inside) > 200, f"only {len(inside)} statements while the agent lived")
    spans = judge(scene, agent, inside, [port])
    unseen = [s for s in spans if s.attributes.get("spanwire.db.statement_unseen")]
    scene.figures["prepared before"] = len(unseen)
    scene.expect(len(unseen) > 100, f"only {len(unseen)} spans of statements prepared before")
    scene.expect(all(s.name == "SELECT" and "db.query.text" not in s.attributes
                     and s.attributes.get("db.response.returned_rows") == 1
                     for s in unseen if s.status == 0 and "spanwire.ending" not in s.attributes),
                 "a statement prepared before has a text or no operation")


@scenario
def postgres_tools(scene):
    """psql with COPY, cursors, several statements and errors; pgbench in its three modes."""
    port = server_with_table(scene)
    name = f"{scene.token}-psql"
    script = scene.write("script.sql", f"""
      CREATE TABLE "{name}-1" (a int, b text);
      COPY "{name}-1" FROM STDIN;
1\tcanary
2\tcanary
\\.
      COPY "{name}-1" TO STDOUT;
      SELECT 1 AS "{name}-2" \\; SELECT 2;
      BEGIN;
      DECLARE c CURSOR FOR SELECT generate_series(1, 30) AS "{name}-3";
      FETCH 10 FROM c;
      COMMIT;
      DO $canary$ BEGIN RAISE NOTICE 'canary'; END $canary$;
      ALTER ROLE postgres PASSWORD 'canary';
      SELECT 'canary' AS "{name}-4" FROM nowhere;
      LISTEN canaries; NOTIFY canaries, 'x';
      SELECT repeat('x', 1000) AS "{name}-5" FROM generate_series(1, 3000);
      SELECT 1 AS "{name}-6";
    """)
    agent = scene.agent()
    psql = scene.start("psql", [*databases.psql(port), "-f", script])
    scene.expect(psql.wait(30) == 0, f"psql: {psql.errors()}")
    for mode in ("simple", "extended", "prepared"):
        select = scene.write(f"{mode}.sql", f'SELECT b AS "{name}-{mode}" FROM acc WHERE a = 7;\n')
        scene.run("pgbench", pgbench(port, select, mode, "-t", 100, "-c", 4))
    agent.stop()
    spans = [s for s in agent.spans() if s.server_port == port]
    check_psql(scene, name, spans)
    for mode in ("simple", "extended", "prepared"):
        for kind in (otlp.CLIENT, otlp.SERVER):
            count = sum(s.kind == kind and sql_judge.id_of(s) == f"{name}-{mode}"
                        and sql_judge.runs(s) and s.attributes.get("db.response.returned_rows") == 1
                        for s in spans)
            scene.expect(count == 400, f"pgbench {mode}: {count} of 400 spans of kind {kind}")
    scene.problems += [f"{p}: {s.name}" for s in spans for p in sql_judge.shape_problems(s)
                       if not ("literal" in p and "canaries" in str(s.attributes))]
    scene.check_ledger(agent)


def check_psql(scene, name: str, spans: list):
    """What psql's script gives, by name and side."""
    def find(name: str) -> list:
        return [s for s in spans if s.name == name]

    def expect(name: str, **attributes):
        found = find(name)
        kinds = sorted(s.kind for s in found)
        scene.expect(kinds == [otlp.SERVER, otlp.CLIENT], f"{name}: spans of kinds {kinds}")
        for span in found:
            for key, value in attributes.items():
                key = key.replace("__", ".")
                scene.expect(span.attributes.get(key) == value,
                             f"{name}: {key} is {span.attributes.get(key)}, not {value}")

    expect(f'CREATE TABLE "{name}-1"')
    copies = find(f'COPY "{name}-1"')
    scene.expect(len(copies) == 4, f"{len(copies)} spans of COPY")
    scene.expect(all(s.attributes.get("spanwire.db.affected_rows") == 2
                     and s.attributes.get("spanwire.db.copied_bytes") in (18, 21)
                     for s in copies),  # psql sends the line of the end, too
                 f"COPY: {[s.attributes for s in copies]}")
    expect("SELECT SELECT", db__response__returned_rows=2)
    expect("DECLARE SELECT")
    expect("FETCH", db__response__returned_rows=10)
    expect("DO", db__query__text="DO ?;")
    expect("ALTER ROLE postgres", db__query__text="ALTER ROLE postgres PASSWORD ?;")
    expect("SELECT nowhere", error__type="42P01", db__response__status_code="42P01")
