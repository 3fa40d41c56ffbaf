#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packaged service under a real systemd, booted in QEMU: it starts with the unit's capabilities
alone, traces, survives its worker's death, ends cleanly, and systemd rates it well."""

import argparse
import gzip
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import machine

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
MAX_EXPOSURE = 3.0
BOOT_SECONDS = 180

CHECK_UNIT = """[Unit]
After=multi-user.target dbus.service
[Service]
Type=simple
ExecStart=/check.sh
[Install]
WantedBy=multi-user.target
"""


def overlay(work: pathlib.Path, binary: pathlib.Path) -> bytes:
    """What comes on top of Debian's userland: a second archive that the kernel unpacks after it."""
    root = work / "overlay"
    units = root / "etc/systemd/system"
    (units / "multi-user.target.wants").mkdir(parents=True)
    (root / "usr/bin").mkdir(parents=True)
    for folder in ("etc/sysusers.d", "etc/default"):
        (root / folder).mkdir(parents=True)
    subprocess.run(["objcopy", "--strip-debug", str(binary), str(root / "usr/bin/spanwire")],
                   check=True)
    shutil.copy(TOP / "packaging/systemd/spanwire.service", units)
    shutil.copy(TOP / "packaging/systemd/spanwire.sysusers", root / "etc/sysusers.d/spanwire.conf")
    (root / "etc/default/spanwire").write_text(
        "SPANWIRE_OTLP_FILE=/var/lib/spanwire/spans.jsonl\nSPANWIRE_PORT=8080\n")
    (units / "check.service").write_text(CHECK_UNIT)
    (units / "multi-user.target.wants/check.service").symlink_to("../check.service")
    shutil.copy(HERE / "systemd/check.sh", root / "check.sh")
    (root / "check.sh").chmod(0o755)
    shutil.copy(HERE / "systemd/serve.py", root)
    (root / "init").symlink_to("sbin/init")
    archive = subprocess.run("find . -print0 | cpio --null --create --quiet --format=newc "
                             "--owner=0:0", shell=True, cwd=root, check=True, capture_output=True)
    return gzip.compress(archive.stdout, 1)


def boot(series: str, image: pathlib.Path, port: pathlib.Path) -> str:
    """Returns what the check said; the console's end when it said nothing."""
    port.write_bytes(b"")
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "2048",
               "-smp", "2", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               "-serial", "stdio", "-serial", f"file:{port}", "-kernel",
               str(machine.kernel(series)), "-initrd", str(image), "-append",
               "console=ttyS0 quiet panic=-1 oops=panic systemd.show_status=false "
               "systemd.mask=serial-getty@ttyS0.service systemd.mask=getty@tty1.service"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            console, _ = process.communicate(timeout=BOOT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            console, _ = process.communicate()
    said = port.read_text(errors="replace").replace("\r", "")
    return said if "END" in said else said + console.decode(errors="replace")[-3000:]


def problems(said: str) -> list:
    """What the check's words lack."""
    found = []
    exposure = re.search(r"exposure: .*?([\d.]+) ", said)
    if not exposure or float(exposure[1]) > MAX_EXPOSURE:
        found.append(f"exposure {exposure[1] if exposure else 'unknown'}, at most {MAX_EXPOSURE}")
    standings = re.findall(r"^Uid: .*$", said, re.MULTILINE)
    if len(standings) != 2:
        found.append(f"{len(standings)} processes, not a keeper and a worker")
    elif not re.search(r"CapPrm: 0{16} CapEff: 0{16} .*CapAmb: 0{16} NoNewPrivs: 1 Seccomp: 2",
                       standings[1]):
        found.append(f"the worker has something left: {standings[1]}")
    if any(re.search(r"Uid: 0 ", standing) for standing in standings):
        found.append("something runs as root")
    for wanted in ("spanwire: ready", "result: success", "started again", "left: 0", "END"):
        if wanted not in said:
            found.append(f"not seen: {wanted!r}")
    spans = re.search(r"^spans: (\d+)", said, re.MULTILINE)
    if not spans or int(spans[1]) < 6:
        found.append("spans are missing")
    if re.search(r"^after: 0", said, re.MULTILINE):
        found.append("no span after the worker's death")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=TOP / "build/release/spanwire")
    parser.add_argument("--kernel", default="6.12")
    arguments = parser.parse_args()
    userland = subprocess.run([str(TOP / "scripts/lib/userland.sh")], check=True,
                              capture_output=True, text=True).stdout.strip()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="spanwire-systemd-") as folder:
        work = pathlib.Path(folder)
        image = work / "initrd"
        image.write_bytes(pathlib.Path(userland).read_bytes() + overlay(work, arguments.binary))
        said = boot(arguments.kernel, image, work / "port")
    wrong = problems(said)
    print(said if wrong else re.search(r"exposure: .*", said)[0])
    print(f"{'FAIL' if wrong else 'ok'} systemd on kernel {arguments.kernel}: "
          f"{time.monotonic() - start:.1f} s")
    for text in wrong:
        print(f"  {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
