# SPDX-License-Identifier: Apache-2.0
"""Starts programs so that none outlives its test, whatever happens to the test."""

import os
import pathlib
import random
import signal
import socket
import subprocess
import time

START_SECONDS = 20
STOP_SECONDS = 5


class Watchdog:
    """A child that waits for our end, a SIGKILL included, and then ends the process groups that
    were named to it."""

    def __init__(self):
        reader, self.writer = os.pipe()
        if os.fork() == 0:
            os.close(self.writer)
            os.setsid()
            self.watch(reader)
        os.close(reader)

    @staticmethod
    def watch(reader: int):
        # Everything else that is inherited is closed: a pipe that we held would never end for its
        # reader.
        os.dup2(reader, 3)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.closerange(4, 256)
        with os.fdopen(3) as pipe:
            groups = [int(line) for line in pipe]
        running = {g for g in groups if g > 0} - {-g for g in groups if g < 0}
        for group in running:
            kill_group(group, signal.SIGKILL)
        os._exit(0)

    def add(self, group: int):
        os.write(self.writer, f"{group}\n".encode())

    def remove(self, group: int):
        os.write(self.writer, f"{-group}\n".encode())


def kill_group(group: int, number: int):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


class Program:
    """A running program in a process group of its own, its output in files."""

    def __init__(self, watchdog: Watchdog, name: str, argv: list, folder: pathlib.Path, **options):
        self.name, self.watchdog = name, watchdog
        self.out_path, self.err_path = folder / f"{name}.out", folder / f"{name}.err"
        environment = {**os.environ, **options.pop("env", {})}
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [str(a) for a in argv], stdin=options.pop("stdin", subprocess.DEVNULL),
                stdout=options.pop("stdout", out), stderr=err, start_new_session=True,
                env=environment, **options)
        watchdog.add(self.pid)

    @property
    def pid(self) -> int:
        return self.process.pid

    def errors(self) -> str:
        return self.err_path.read_text(errors="replace")

    def output(self) -> str:
        return self.out_path.read_text(errors="replace")

    def check_alive(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}: "
                                 f"{self.errors()[-2000:]}{self.output()[-500:]}")

    def wait_port(self, port: int, address: str = "127.0.0.1"):
        """Waits until the program accepts. The trial connections carry no bytes."""
        self.wait_until(lambda: accepts(port, address), f"port {port}")

    def wait_until(self, condition, what: str, seconds: float = START_SECONDS):
        deadline = time.monotonic() + seconds
        while not condition():
            self.check_alive()
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: no {what} within {seconds} s: "
                                     f"{self.errors()[-2000:]}")
            time.sleep(0.01)

    def wait(self, seconds: float) -> int:
        """Waits for its own end. Returns the exit code."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()
            raise AssertionError(f"{self.name} did not end within {seconds} s: "
                                 f"{self.errors()[-2000:]}") from None
        self.watchdog.remove(self.pid)
        return code

    def end(self):
        """Ends it and its children, in doubt by force."""
        if self.process.poll() is None:
            kill_group(self.pid, signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        kill_group(self.pid, signal.SIGKILL)
        self.process.wait()
        self.watchdog.remove(self.pid)


def accepts(port: int, address: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


def free_port() -> int:
    """A port nobody listens on, below the range from which clients get theirs."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
