# SPDX-License-Identifier: Apache-2.0
"""Starts the real servers with small configurations of their own. Each function returns when the
server accepts, and gives back its port (or the path of its UNIX socket)."""

import pathlib
import shutil
import subprocess

import harness

SMALL, BIG = 1024, 5_000_000
APACHE_MODULES = "/usr/lib/apache2/modules"

NGINX = """
daemon off; user root; worker_processes {workers}; pid {folder}/nginx{port}.pid;
error_log {folder}/nginx{port}.log warn;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
  client_max_body_size 64m; client_header_timeout 600s; sendfile {sendfile};
  large_client_header_buffers 4 16k; reset_timedout_connection off;
  client_body_temp_path {folder}/b{port}; proxy_temp_path {folder}/p{port};
  fastcgi_temp_path {folder}/f{port}; uwsgi_temp_path {folder}/u{port};
  scgi_temp_path {folder}/s{port};
  {top}
  server {{
    listen 127.0.0.1:{port} backlog=4096; listen [::1]:{port};
    root {folder}/www;
    {inside}
  }}
}}
"""

NGINX_STATIC = """
    location / { rewrite ^ /small break; }
    location /big/ { rewrite ^ /big break; }
    location /status/204/ { return 204; }
    location /status/304/ { return 304; }
    location /status/404/ { return 404; }
    location /status/500/ { return 500; }
"""

HAPROXY = """
global
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:{port}
  default_backend out
backend out
  http-reuse {reuse}
  server origin 127.0.0.1:{upstream}
"""

APACHE = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache{port}.pid
ErrorLog {folder}/apache{port}.log
LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule alias_module {modules}/mod_alias.so
User www-data
Group www-data
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
EnableSendfile On
DefaultRuntimeDir {folder}
Mutex file:{folder}
AliasMatch "^/big/" "{folder}/www/big"
AliasMatch "^/" "{folder}/www/small"
"""


def make_files(scene: harness.Scene):
    folder = scene.folder / "www"
    folder.mkdir(exist_ok=True)
    (folder / "small").write_bytes(b"s" * SMALL)
    (folder / "big").write_bytes(b"y" * BIG)


def nginx(scene: harness.Scene, inside: str = NGINX_STATIC, top: str = "", **options) -> int:
    make_files(scene)
    port = scene.port()
    values = {"workers": 1, "sendfile": "on", **options}
    text = NGINX.format(folder=scene.folder, port=port, top=top, inside=inside, **values)
    path = scene.write(f"nginx{port}.conf", text)
    scene.start("nginx", ["nginx", "-p", scene.folder, "-c", path]).wait_port(port)
    return port


def nginx_proxy(scene: harness.Scene, upstream: str, keepalive: int = 0) -> int:
    """`upstream`: "127.0.0.1:PORT" or "unix:PATH"."""
    kept = f"keepalive {keepalive};" if keepalive else ""
    top = f"upstream origin {{ server {upstream}; {kept} }}"
    reuse = 'proxy_http_version 1.1; proxy_set_header Connection "";' if keepalive else ""
    inside = f"location / {{ proxy_pass http://origin; proxy_request_buffering on; {reuse} }}"
    return nginx(scene, inside, top)


def gunicorn(scene: harness.Scene, workers: int = 3) -> pathlib.Path:
    path = scene.folder / "app.sock"
    program = scene.start("gunicorn", [
        "gunicorn", "--bind", f"unix:{path}", "--workers", workers, "--worker-class", "sync",
        "--worker-tmp-dir", scene.folder, "--chdir", harness.SERVERS, "app:application"],
        env={"PYTHONDONTWRITEBYTECODE": "1"})
    program.wait_until(lambda: program.errors().count("Booting worker") == workers, "workers")
    return path


def haproxy(scene: harness.Scene, upstream: int, reuse: str = "safe") -> int:
    port = scene.port()
    path = scene.write(f"haproxy{port}.cfg", HAPROXY.format(port=port, upstream=upstream,
                                                             reuse=reuse))
    scene.start("haproxy", ["haproxy", "-db", "-f", path]).wait_port(port)
    return port


def apache(scene: harness.Scene, mpm: str = "event") -> int:
    make_files(scene)
    port = scene.port()
    path = scene.write(f"apache{port}.conf", APACHE.format(
        folder=scene.folder, port=port, mpm=mpm, modules=APACHE_MODULES))
    shutil.chown(scene.folder, "www-data")
    scene.start("apache", ["apache2", "-DFOREGROUND", "-f",
                           path]).wait_port(port)
    return port


def python_raw(scene: harness.Scene) -> int:
    port = scene.port()
    scene.start("raw", ["python3", harness.SERVERS / "raw.py", port]).wait_port(port)
    return port


# --- programs in other languages, compiled once into the build folder


def compiled(scene: harness.Scene, name: str, source: pathlib.Path, argv: list) -> pathlib.Path:
    """Builds `name` when it is older than its source."""
    target = scene.build / "e2e_bin" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        subprocess.run([str(a) for a in argv], check=True, cwd=source.parent, timeout=300)
    return target


def go_program(scene: harness.Scene) -> pathlib.Path:
    source = harness.SERVERS / "go/main.go"
    target = scene.build / "e2e_bin/origin"
    return compiled(scene, "origin", source, ["go", "build", "-o", target, "."])


def java_command(scene: harness.Scene) -> list:
    source = harness.SERVERS / "Origin.java"
    folder = scene.build / "e2e_bin"
    compiled(scene, "Origin.class", source, ["javac", "-d", folder, source])
    return ["java", "-XX:TieredStopAtLevel=1", "-Xmx512m",
            "-Dsun.net.httpserver.nodelay=true", "-cp", folder, "Origin"]


def node_command() -> list:
    return ["node", harness.SERVERS / "origin.mjs"]


def origin(scene: harness.Scene, language: str) -> int:
    command = origin_command(scene, language)
    port = scene.port()
    scene.start(f"{language}_origin", [*command, "server", port]).wait_port(port)
    return port


def origin_command(scene: harness.Scene, language: str) -> list:
    if language == "go":
        return [go_program(scene)]
    return java_command(scene) if language == "java" else node_command()
