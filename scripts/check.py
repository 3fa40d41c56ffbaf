#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of the house that no compiler knows; exits 1 and names each breach.

  layer        a room of agent/ includes only rooms below it; a library stays behind its one door
  root         quoted includes are written from the top of the tree
  file-size    no source file is longer than 400 lines
  function     no function is longer than 60 lines, its signature included
  line-length  no source line is longer than 100 columns
  spdx         each source file names its licence in its first three lines
  top-level    only the agreed names stand at the top

scripts/check_allow.txt lists the exceptions, one "rule subject" a line with its reason after a '#'.
An entry that is no longer needed is itself a breach, so that the list can only shrink.
"""

import argparse
import ast
import pathlib
import re
import subprocess
import sys
from typing import Iterator, NamedTuple

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_COLUMNS = 100
TAB_COLUMNS = 8

TOP_LEVEL = {
    ".ci", ".clang-format", ".clang-tidy", ".codespellrc", ".gitignore", "CMakeLists.txt",
    "CMakePresets.json", "LICENSE", "README.md", "agent", "bpf", "include", "packaging", "scripts",
    "tests",
}

ROOMS = {
    "base": set(),
    "model": {"base"},
    "door": {"base"},
    "sandbox": {"base"},
    "capture": {"door", "model", "base"},
    "process": {"model", "base"},
    "protocol": {"model", "base"},
    "trace": {"model", "base"},
    "exporter": {"model", "base"},
    "store": {"model", "base"},
    "connection": {"protocol", "model", "base"},
    "keeper": {"capture", "process", "door", "sandbox", "model", "base"},
    "api": {"store", "trace", "model", "base"},
}
ROOMS["app"] = set(ROOMS)

# Headers that only one place may see: what the include begins with, and where it may stand.
DOORS = {
    "bpf/": "agent/capture/",
    "linux/bpf.h": "agent/capture/",
    "curl/": "agent/exporter/",
    "gflags/": "agent/app/flags.cc",
    "google/protobuf/": "agent/exporter/",
    "opentelemetry/": "agent/exporter/",
    "seccomp.h": "agent/sandbox/",
    "sqlite3.h": "agent/store/",
}

QUOTED_ROOTS = ("agent/", "bpf/", "opentelemetry/", "spanwire/", "tests/")

CPP = {".h", ".cc", ".c"}
SPDX = "SPDX-License-Identifier:"


class Breach(NamedTuple):
    """One broken rule. `subject` is what an allow-list entry names."""
    rule: str
    subject: str
    line: int
    text: str


class Source(NamedTuple):
    """A source file: its path from the top, its lines, and what language it is in."""
    path: str
    lines: list
    kind: str


def language(path: str, first_line: str) -> str:
    """'cpp', 'python', 'shell', 'other', or '' for what is not ours to measure."""
    suffix = pathlib.PurePath(path).suffix
    if path.startswith("tests/") and ("/corpus/" in path or "/data/" in path):
        return ""
    if suffix in CPP:
        return "cpp"
    if suffix == ".py" or (first_line.startswith("#!") and "python" in first_line):
        return "python"
    if suffix in (".sh", ".bash") or re.match(r"#!.*\b(ba|busybox )?sh\b", first_line):
        return "shell"
    if suffix in (".cmake", ".proto", ".go", ".java", ".js", ".mjs", ".ts") or path.endswith(
            "CMakeLists.txt"):
        return "other"
    return ""


def tracked(root: pathlib.Path) -> list:
    """Paths that are in the tree or could be committed: what git ignores does not count."""
    output = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
        check=True, capture_output=True).stdout.decode()
    return sorted({p for p in output.split("\0") if p and (root / p).is_file()})


def read_sources(root: pathlib.Path, paths: list) -> list:
    sources = []
    for path in paths:
        lines = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
        kind = language(path, lines[0] if lines else "")
        if kind:
            sources.append(Source(path, lines, kind))
    return sources


# --- layers ---------------------------------------------------------------------------------------

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
DEPENDS = re.compile(r"spanwire_room\(\s*(\w+)(.*?)\)", re.DOTALL)


def room_of(path: str) -> str:
    parts = path.split("/")
    return parts[1] if parts[0] == "agent" and len(parts) > 2 else ""


def check_include(source: Source, line: int, quoted: bool, header: str) -> Iterator[Breach]:
    subject = f"{source.path}:{header}"
    room, target = room_of(source.path), room_of(header)
    if quoted and not header.startswith(QUOTED_ROOTS):
        yield Breach("root", subject, line, f'write "{header}" from the top of the tree')
    if room and target and target != room and target not in ROOMS.get(room, set()):
        yield Breach("layer", subject, line, f"{room} may not include {target} ({header})")
    if not source.path.startswith("agent/"):
        return
    for prefix, door in DOORS.items():
        if header.startswith(prefix) and not source.path.startswith(door):
            yield Breach("layer", subject, line, f"{header} is for {door} only")


def check_layers(source: Source) -> Iterator[Breach]:
    if source.kind == "cpp" and not source.path.startswith("bpf/"):
        if source.path.startswith("agent/") and room_of(source.path) not in {"", *ROOMS}:
            yield Breach("layer", source.path, 1, "this room is not in ROOMS of scripts/check.py")
        for number, text in enumerate(source.lines, 1):
            match = INCLUDE.match(text)
            if match:
                yield from check_include(source, number, match[1] == '"', match[2])
    if source.path.startswith("agent/") and source.path.endswith("CMakeLists.txt"):
        yield from check_link_lines(source)


def check_link_lines(source: Source) -> Iterator[Breach]:
    """The link lines are the dependency graph: they may not promise more than the layers allow."""
    text = "\n".join(source.lines)
    for match in DEPENDS.finditer(text):
        room, words = match[1], match[2].split()
        line = text[:match.start()].count("\n") + 1
        if "DEPENDS" not in words:
            continue
        for word in words[words.index("DEPENDS") + 1:]:
            if word.isupper():
                break
            if word not in ROOMS.get(room, set()):
                yield Breach("layer", f"{source.path}:{word}", line, f"{room} may not link {word}")


# --- sizes ----------------------------------------------------------------------------------------

NOT_CODE = re.compile(
    r'R"(?P<tag>[^()\\ ]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # a character, not a digit separator
    r"|//[^\n]*|/\*.*?\*/"
    r"|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.DOTALL | re.MULTILINE)
NOT_A_FUNCTION = re.compile(r"(?:if|for|while|switch|do|return|namespace|struct|union|enum)\b")
PREFIX = re.compile(r"\s*(?:(?:public|private|protected)\s*:\s*|SEC\s*\([^)]*\)\s*|"
                    r"template\s*<[^{;]*?>\s*(?=[\w:]))*")
NAME = re.compile(r"(?:\bBPF_\w+\(\s*(\w+)|([\w:~]+|operator[^(]*)\s*\()")


def blank(match: re.Match) -> str:
    """The same shape without its letters, so that offsets and lines stay what they were."""
    return re.sub(r"[^\n]", " ", match[0])


def blocks(code: str) -> Iterator[tuple]:
    """Yields (head, offset of the head, offset of the closing brace) of each outermost block that
    is not a namespace's or a class's: those are looked into. `Name{...}` is an initializer."""
    start, stack = 0, []  # stack: per open brace, None or the (head, offset) of a function
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        in_function = any(stack)
        if match[0] == "{" and re.match(r"[\w>]", code[at - 1:at]):
            stack.append(False)
            continue
        if match[0] == "{":
            head = code[start:at]
            head = head[PREFIX.match(head).end():]
            starts_one = not in_function and is_function(head)
            stack.append((head, at - len(head)) if starts_one else None)
        elif match[0] == "}" and stack:
            opened = stack.pop()
            if opened is False:
                continue
            if opened:
                yield *opened, at
        if match[0] == ";" and stack and stack[-1] is False:
            continue
        start = match.end()


def is_function(head: str) -> bool:
    if "(" not in head or NOT_A_FUNCTION.match(head):
        return False
    before_arguments = head.split("(", 1)[0]
    return "=" not in before_arguments or "operator" in before_arguments


def functions(text: str) -> Iterator[tuple]:
    """Yields (name, first line, last line) of each function of a C or C++ file."""
    code = NOT_CODE.sub(blank, text)
    for head, begin, end in blocks(code):
        match = NAME.search(head)
        name = (match[1] or match[2]).strip() if match else "?"
        yield name, code.count("\n", 0, begin) + 1, code.count("\n", 0, end) + 1


def python_functions(text: str) -> Iterator[tuple]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def shell_functions(text: str) -> Iterator[tuple]:
    name, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"(\w[\w-]*)\s*\(\)\s*[{(]", line)
        if match:
            name, first = match[1], number
        elif line in ("}", ")") and name:
            yield name, first, number
            name = ""


MEASURES = {"cpp": functions, "python": python_functions, "shell": shell_functions}


def check_sizes(source: Source) -> Iterator[Breach]:
    count = len(source.lines)
    if count > MAX_FILE_LINES:
        yield Breach("file-size", source.path, count, f"{count} lines, {MAX_FILE_LINES} allowed")
    for number, text in enumerate(source.lines, 1):
        columns = len(text.expandtabs(TAB_COLUMNS))
        if columns > MAX_COLUMNS:
            yield Breach("line-length", f"{source.path}:{number}", number,
                         f"{columns} columns, {MAX_COLUMNS} allowed")
    measure = MEASURES.get(source.kind, lambda text: ())
    for name, first, last in measure("\n".join(source.lines)):
        length = last - first + 1
        if length > MAX_FUNCTION_LINES:
            yield Breach("function", f"{source.path}:{name}", first,
                         f"{name}: {length} lines, {MAX_FUNCTION_LINES} allowed")


# --- the rest -------------------------------------------------------------------------------------

def check_spdx(source: Source) -> Iterator[Breach]:
    if source.lines and not any(SPDX in line for line in source.lines[:3]):
        yield Breach("spdx", source.path, 1, f"no {SPDX} line among the first three")


def check_top_level(paths: list) -> Iterator[Breach]:
    for name in sorted({path.split("/")[0] for path in paths} - TOP_LEVEL):
        yield Breach("top-level", name, 0, "only the agreed names stand at the top")


def breaches(root: pathlib.Path) -> Iterator[Breach]:
    paths = tracked(root)
    yield from check_top_level(paths)
    for source in read_sources(root, paths):
        yield from check_layers(source)
        yield from check_sizes(source)
        yield from check_spdx(source)


def read_allowed(path: pathlib.Path) -> set:
    """The allowed (rule, subject) pairs; the text after a '#' is for people."""
    allowed = set()
    for line in path.read_text().splitlines() if path.exists() else []:
        words = line.split("#")[0].split()
        if words:
            allowed.add((words[0], " ".join(words[1:])))
    return allowed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    found = list(breaches(root))
    allowed = read_allowed(root / "scripts/check_allow.txt")
    bad = [b for b in found if (b.rule, b.subject) not in allowed]
    unneeded = sorted(allowed - {(b.rule, b.subject) for b in found})
    for breach in bad:
        print(f"{breach.subject.split(':')[0]}:{breach.line}: {breach.rule}: {breach.text}")
    for rule, subject in unneeded:
        print(f"scripts/check_allow.txt: no longer needed, delete it: {rule} {subject}")
    return 1 if bad or unneeded else 0


if __name__ == "__main__":
    sys.exit(main())
