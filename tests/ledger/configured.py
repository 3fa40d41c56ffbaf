# SPDX-License-Identifier: Apache-2.0
"""Starts servers that need a configuration. Each function returns the port, ready to accept."""

import os
import pathlib
import pwd
import shutil
import subprocess

import install
import origins

CHILDREN = 280  # of a server that has a process per connection: more than the driver has
POSTGRES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))

APACHE = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
ListenBacklog 1024
PidFile {folder}/apache{port}.pid
ErrorLog {folder}/apache{port}.log
LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so
LoadModule authz_core_module {modules}/mod_authz_core.so
User www-data
Group www-data
ServerLimit {children}
StartServers {children}
MaxRequestWorkers {children}
MinSpareServers 1
MaxSpareServers {children}
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DefaultRuntimeDir {folder}
Mutex file:{folder}
{inside}
"""

APACHE_PROXY = """
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
ProxyPass / http://127.0.0.1:{upstream}/
"""

APACHE_PHP = """
LoadModule alias_module {modules}/mod_alias.so
LoadModule env_module {modules}/mod_env.so
LoadModule php_module {php}
SetEnv UPSTREAM {upstream}
AliasMatch "^/" "{script}"
<FilesMatch "php$">
  SetHandler application/x-httpd-php
</FilesMatch>
<Directory />
  Require all granted
</Directory>
"""

PHP_FPM = """
[global]
error_log = {folder}/fpm{port}.log
daemonize = no
[ledger]
user = www-data
listen = 127.0.0.1:{port}
listen.backlog = 1024
pm = static
pm.max_children = 16
env[UPSTREAM] = {upstream}
"""

HAPROXY = """
global
  maxconn 4096
  nbthread 2
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:{port}
  default_backend out
backend out
  {option}
  server origin 127.0.0.1:{upstream}
"""

FASTCGI = """
    location / {{
      fastcgi_pass 127.0.0.1:{port};
      fastcgi_param SCRIPT_FILENAME {script};
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
    }}
"""


def copied(stage, source: pathlib.Path) -> pathlib.Path:
    """Where a server that dropped root may read it."""
    target = stage.folder / source.name
    shutil.copy(source, target)
    target.chmod(0o644)
    return target


def apache(stage, inside: str, **values) -> int:
    port = stage.port()
    common = {"folder": stage.folder, "port": port, "modules": origins.APACHE_MODULES,
              "children": CHILDREN, **values}
    path = stage.write(f"apache{port}.conf", APACHE.format(
        inside=inside.format(**common), **common))
    shutil.chown(stage.folder, "www-data")
    stage.start("apache", ["apache2", "-DFOREGROUND", "-f", path]).wait_port(port)
    return port


def apache_proxy(stage, upstream: int) -> int:
    return apache(stage, APACHE_PROXY, upstream=upstream)


def apache_php(stage, upstream: int) -> int:
    module = next(pathlib.Path(origins.APACHE_MODULES).glob("libphp*.so"))
    script = copied(stage, install.SERVERS / "php/call.php")
    return apache(stage, APACHE_PHP, upstream=upstream, php=module, script=script)


def php_fpm(stage, upstream: int) -> tuple:
    """PHP-FPM behind nginx. Returns both ports."""
    port = stage.port()
    path = stage.write(f"fpm{port}.conf", PHP_FPM.format(folder=stage.folder, port=port,
                                                         upstream=upstream))
    program = next(pathlib.Path("/usr/sbin").glob("php-fpm*"))
    stage.start("php_fpm", [program, "-y", path]).wait_port(port)
    script = copied(stage, install.SERVERS / "php/call.php")
    return origins.nginx(stage, FASTCGI.format(port=port, script=script)), port


def haproxy(stage, upstream: int, option: str) -> int:
    port = stage.port()
    path = stage.write(f"haproxy{port}.cfg", HAPROXY.format(port=port, upstream=upstream,
                                                             option=option))
    stage.start("haproxy", ["haproxy", "-db", "-f", path]).wait_port(port)
    return port


def redis(stage) -> int:
    port = stage.port()
    stage.start("redis", ["redis-server", "--port", port, "--save", "", "--dir",
                          stage.folder]).wait_port(port)
    return port


def postgres(stage) -> int:
    """A cluster of its own, as the user postgres: it refuses to run as root."""
    port, data = stage.port(), stage.folder / "postgres"
    owner = pwd.getpwnam("postgres")
    data.mkdir()
    os.chown(data, owner.pw_uid, owner.pw_gid)
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": [], "cwd": data}
    subprocess.run([POSTGRES[-1] / "initdb", "-D", data / "db", "-A", "trust", "--no-sync"],
                   check=True, stdout=subprocess.DEVNULL, timeout=120, **as_owner)
    stage.start("postgres", [POSTGRES[-1] / "postgres", "-D", data / "db", "-p", port, "-k", data,
                             "-c", "fsync=off"], **as_owner).wait_port(port)
    return port
