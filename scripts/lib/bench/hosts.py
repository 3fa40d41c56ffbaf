# SPDX-License-Identifier: Apache-2.0
"""The programs of a benchmark run: nginx, wrk, idle connections, and spanwire itself."""

import os
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess
import time


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

NGINX_CONF = """
user root;
worker_processes {workers};
worker_rlimit_nofile 65536;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 30000; }}
http {{
  access_log off;
  sendfile on;
  keepalive_timeout 600;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=16384;
    root {folder}/www;
  }}
}}
"""


def allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))


def wait_port(port: int, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def cpu_of(pid: int) -> float:
    """User and system time of a process, in seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_of(pid: int, key: str) -> float:
    """A size that the kernel tells of a process, in MiB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


class Program:
    """A child process that ends with the `with` block."""

    def __init__(self, arguments: list, **options):
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, seconds: float = 20) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def pids(self) -> list:
        """The process and its children that live."""
        task = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}")
        return [self.process.pid, *map(int, (task / "children").read_text().split())]

    def cpu_s(self) -> float:
        """CPU seconds so far of them all."""
        return sum(map(cpu_of, self.pids()))

    def memory_mib(self, key: str = "VmRSS") -> float:
        """Of them all: what they share counts for each."""
        return sum(memory_of(pid, key) for pid in self.pids())


class Nginx(Program):
    """A static file of one kilobyte on PORT."""

    def __init__(self, folder: pathlib.Path, workers: int):
        (folder / "www").mkdir(parents=True, exist_ok=True)
        (folder / "www/page.html").write_text("x" * 1023 + "\n")
        conf = folder / "nginx.conf"
        conf.write_text(NGINX_CONF.format(folder=folder, workers=workers, port=PORT))
        super().__init__(["nginx", "-c", str(conf)])
        wait_port(PORT)


class Agent(Program):
    """spanwire daemon, writing OTLP protobuf to a file; ready when the constructor returns."""

    def __init__(self, binary: pathlib.Path, folder: pathlib.Path, *extra: str):
        self.spans, self.stats = folder / "spans.bin", folder / "stats.json"
        for stale in (self.spans, self.stats):
            stale.unlink(missing_ok=True)
        start = time.monotonic()
        super().__init__([str(binary), "daemon", f"--otlp-file={self.spans}",
                          "--otlp-file-format=proto", f"--stats-file={self.stats}", *extra],
                         stderr=subprocess.PIPE)
        self.messages = self._wait_ready(start + 30)
        self.ready_s = time.monotonic() - start

    def _wait_ready(self, end: float) -> str:
        said, pipe = b"", self.process.stderr.fileno()
        while not re.search(rb"^spanwire: ready", said, re.MULTILINE):
            if not select.select([pipe], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"spanwire was not ready in time: {said.decode()}")
            chunk = os.read(pipe, 65536)
            if not chunk:
                raise RuntimeError(f"spanwire ended before it was ready, with status "
                                   f"{self.process.wait()}: {said.decode()}")
            said += chunk
        return said.decode()

    def finish(self) -> str:
        """Stops it, as a service manager would, and returns what it still said."""
        status = self.stop()
        rest = self.process.stderr.read().decode()
        if status != 0:
            raise RuntimeError(f"spanwire ended with status {status}: {rest}")
        return rest


def timed(arguments: list) -> tuple:
    """Runs a command to its end; returns what it printed and the CPU seconds that it used."""
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, arguments, output)
    return output, usage.ru_utime + usage.ru_stime


def wrk(seconds: int, connections: int = 16) -> tuple:
    """Requests that wrk saw answered, from one thread, and the CPU seconds that it used."""
    output, used = timed(["wrk", "-t1", f"-c{connections}", f"-d{seconds}",
                          f"http://127.0.0.1:{PORT}/page.html"])
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(output)
    return int(re.search(r"(\d+) requests in", output)[1]), used


class Connections:
    """Open keep-alive connections that have each made one request and then rest."""

    REQUEST = b"GET /page.html HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

    def __init__(self, count: int):
        allow_many_files()
        self.sockets = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", PORT))
            connection.sendall(self.REQUEST)
            connection.recv(4096)
            self.sockets.append(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.sockets:
            connection.close()
