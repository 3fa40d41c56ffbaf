# SPDX-License-Identifier: Apache-2.0
"""Boots a kernel in QEMU, without KVM, and brings home what its scenario wrote."""

import base64
import io
import os
import pathlib
import re
import subprocess
import tarfile
from typing import NamedTuple

CACHE = pathlib.Path(os.environ.get("SPANWIRE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "spanwire")

# What a healthy kernel never prints. A test kernel that complains has failed, whatever the spans.
COMPLAINT = re.compile(r"BUG:|WARNING:|Oops|rcu.*stall|general protection|Call Trace|hung task")


class Machine(NamedTuple):
    """How to boot: the series names a kernel in the cache; options are QEMU's own."""
    series: str
    image: pathlib.Path
    cpus: int = 2
    memory_mib: int = 768
    options: tuple = ("-accel", "tcg,thread=multi")
    limit_s: int = 300
    append: str = ""  # for the kernel's command line


class Outcome(NamedTuple):
    """What came back: the console, its complaints, and the files of /out by name."""
    finished: bool
    console: str
    complaints: list
    files: dict

    def text(self, name: str) -> str:
        return self.files.get(name, b"").decode(errors="replace")


def kernel(series: str) -> pathlib.Path:
    path = CACHE / "kernels" / series / "vmlinuz"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run scripts/lib/kernels.sh")
    return path


def unpack(text: bytes) -> dict:
    """The files of the tar that the guest sent, by their path below /out."""
    if not text.strip():
        return {}
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text)), mode="r:gz") as archive:
        return {member.name.removeprefix("./"): archive.extractfile(member).read()
                for member in archive.getmembers() if member.isfile()}


def command(machine: Machine, port: pathlib.Path, variables: dict) -> list:
    words = " ".join(f"{key}={value}" for key, value in variables.items())
    return ["qemu-system-x86_64", *machine.options, "-cpu", "max", "-m", str(machine.memory_mib),
            "-smp", str(machine.cpus), "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-serial", "stdio", "-serial", f"file:{port}",
            "-kernel", str(kernel(machine.series)), "-initrd", str(machine.image),
            "-append", f"console=ttyS0 quiet no_timer_check panic=-1 oops=panic "
            f"LIMIT={machine.limit_s} {machine.append} {words}"]


def boot(machine: Machine, work: pathlib.Path, variables: dict) -> Outcome:
    """Boots, runs the scenario that `variables` names (SCENARIO, and what it reads) and ends."""
    port = work / f"{machine.series}.port"
    port.write_bytes(b"")
    with subprocess.Popen(command(machine, port, variables), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            output, _ = process.communicate(timeout=machine.limit_s + 60)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
    console = output.decode(errors="replace").replace("\r", "")
    finished = re.search(r"^DONE ", console, re.MULTILINE) is not None
    complaints = [line for line in console.splitlines() if COMPLAINT.search(line)]
    return Outcome(finished, console, complaints, unpack(port.read_bytes()) if finished else {})
