#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over the .cc files of agent/ and fails on any finding.

  tidy.py BUILD_DIR [FILE...]

What passed is remembered outside the tree by everything its verdict hangs on: the file after the
preprocessor (comments kept, for NOLINT), the settings and clang-tidy's version. A file that had a
finding is looked at again.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-19"
CACHE = pathlib.Path(os.environ.get("SPANWIRE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "spanwire") / "tidy"


def commands(build: pathlib.Path, wanted: list) -> dict:
    """{source file: its compile command} for the sources of agent/, or those wanted of them."""
    result = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        inside = path.is_relative_to(TOP / "agent") and path.suffix == ".cc"
        if inside and (not wanted or path in wanted):
            result[path] = entry
    return result


def preprocessed(entry: dict) -> bytes:
    words = shlex.split(entry["command"])
    while words and pathlib.Path(words[0]).name in ("ccache", "env"):
        words.pop(0)
    output = words.index("-o")
    del words[output:output + 2]
    return subprocess.run([*words, "-E", "-P", "-C", "-o", "-"], cwd=entry["directory"], check=True,
                          capture_output=True).stdout


def verdict_key(entry: dict, common: bytes) -> str:
    digest = hashlib.sha256(common)
    digest.update(entry["file"].removeprefix(str(TOP)).encode())
    digest.update(preprocessed(entry))
    return digest.hexdigest()


def tidy(build: pathlib.Path, path: pathlib.Path, entry: dict, common: bytes) -> str:
    """What clang-tidy has to say about one file; nothing when it passes."""
    stamp = CACHE / verdict_key(entry, common)
    if stamp.exists():
        stamp.touch()
        return ""
    result = subprocess.run([TIDY, "--quiet", "-p", str(build), str(path)], check=False,
                            capture_output=True, text=True)
    if result.returncode == 0:
        stamp.touch()
        return ""
    return result.stdout.strip() or result.stderr.strip()


def main() -> int:
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    files = commands(build, wanted)
    if not files or len(files) < len(wanted):
        print("no compile command for", *(wanted or ["any file of agent/"]))
        return 1
    CACHE.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
    common = version + (TOP / ".clang-tidy").read_bytes()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        reports = list(pool.map(lambda item: tidy(build, *item, common), files.items()))
    findings = [report for report in reports if report]
    print(*findings, f"{len(files)} files, {len(findings)} with findings", sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
