# SPDX-License-Identifier: Apache-2.0
"""Builds the initramfs that the test kernels boot: busybox, nginx, curl and spanwire."""

import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent

DIRECTORIES = ("bin", "dev", "etc", "out", "proc", "run", "scenarios", "sys", "tmp", "usr/bin",
               "usr/sbin", "var/lib/nginx", "var/log/nginx", "www")

FILES = {
    "etc/passwd": "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/os-release": "ID=vm\nNAME=vm\n",
    "www/page.html": "x" * 1023 + "\n",
}


def libraries(binary: pathlib.Path) -> set:
    """The shared objects that `binary` loads, its ELF interpreter included."""
    result = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False)
    if "not found" in result.stdout:
        raise RuntimeError(f"{binary} misses a library:\n{result.stdout}")
    return set(re.findall(r"(/\S+) \(0x", result.stdout))


def install(root: pathlib.Path, binary: pathlib.Path, target: str) -> None:
    shutil.copy(binary, root / target)
    for library in libraries(binary):
        place = root / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copy(os.path.realpath(library), place)


def compile_static(source: pathlib.Path, target: pathlib.Path) -> None:
    subprocess.run(["clang-19", "-static", "-O2", "-Wall", "-Werror", "-o", str(target),
                    str(source)], check=True)


def populate(root: pathlib.Path, binaries: list, texts: dict) -> None:
    for directory in DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    for path, text in (FILES | texts).items():
        (root / path).write_text(text)
    install(root, pathlib.Path("/bin/busybox"), "bin/busybox")
    (root / "bin/sh").symlink_to("busybox")
    install(root, pathlib.Path("/usr/sbin/nginx"), "usr/sbin/nginx")
    install(root, pathlib.Path("/usr/bin/curl"), "usr/bin/curl")
    for binary in binaries:
        install(root, binary, f"usr/bin/{binary.name}")
    compile_static(HERE / "capexec.c", root / "capexec")
    compile_static(HERE / "load.c", root / "load")
    shutil.copy(HERE / "guest/nginx.conf", root / "etc/nginx.conf")
    shutil.copy(HERE / "guest/agent.sh", root / "agent.sh")
    shutil.copy(HERE / "guest/init", root / "init")
    (root / "init").chmod(0o755)
    for script in (HERE / "scenarios").glob("*.sh"):
        shutil.copy(script, root / "scenarios")


def build(work: pathlib.Path, binaries: list, texts: dict = None) -> pathlib.Path:
    """Makes the image below `work` (an empty folder) and returns its path.

    `binaries` go to /usr/bin with their libraries, `texts` are more files, by path.
    """
    root, image = work / "root", work / "initrd.gz"
    populate(root, binaries, texts or {})
    command = "find . -print0 | cpio --null --create --quiet --format=newc --owner=0:0 | gzip -1"
    with image.open("wb") as out:
        subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=root, stdout=out, check=True)
    return image
