# SPDX-License-Identifier: Apache-2.0
"""Says what is wrong with the outcome of a scenario, as a list of sentences."""

import collections
import json
import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import ledger  # noqa: E402  pylint: disable=wrong-import-position
import otlp  # noqa: E402  pylint: disable=wrong-import-position

KEPT, NEW, MISSING = 100, 60, 40
TASKS, ASKED = 16, 80
MAX_SHOWN = 5

KINDS = {otlp.CLIENT: "CLIENT", otlp.SERVER: "SERVER"}

Expected = dict  # {(kind, path): status}


def judge_boot(outcome, _variables: dict) -> list:
    """The machine works: nginx answers, and capexec gives the one capability that was asked for."""
    errors = []
    statuses = outcome.text("boot/statuses").split()
    if statuses != ["200", "200", "200", "404"]:
        errors.append(f"nginx answered curl {statuses}")
    if outcome.text("boot/capabilities").split()[1:] != [f"{1 << 39:016x}"]:
        errors.append(f"capexec gave {outcome.text('boot/capabilities')!r}")
    return errors


def expected(run: str) -> Expected:
    """Each request of the run once as its client's span and once as its server's."""
    paths = {f"/file/{run}-keep-{n}": 200 for n in range(1, KEPT + 1)}
    paths |= {f"/file/{run}-new-{n}": 200 for n in range(1, NEW + 1)}
    paths |= {f"/missing/{run}-{n}": 404 for n in range(1, MISSING + 1)}
    return {(kind, path): status for kind in KINDS.values() for path, status in paths.items()}


def path_of(span: otlp.Span) -> str:
    """The request's path: a server span has it as it is, a client span in its full URL."""
    return re.sub(r"^\w+://[^/]*", "", span.url)


def judge_spans(found: list, run: str) -> list:
    """Exactly one span for each expected one, with the right status, and none besides."""
    errors, wanted, seen = [], expected(run), {}
    for span in found:
        key = (KINDS.get(span.kind), path_of(span))
        seen[key] = seen.get(key, 0) + 1
        status = span.attributes.get("http.response.status_code")
        if key not in wanted:
            errors.append(f"spurious {key} {span.name}")
        elif status != wanted[key]:
            errors.append(f"{key} has status {status}, not {wanted[key]}")
    errors += [f"{key} came {count} times" for key, count in seen.items() if count > 1]
    return errors + [f"{key} is missing" for key in wanted if key not in seen]


def judge_parents(found: list) -> list:
    """Both ends of a request share a trace, and the server's span is the client's child."""
    clients = {path_of(span): span for span in found if span.kind == otlp.CLIENT}
    errors = []
    for span in found:
        client = clients.get(path_of(span))
        if span.kind != otlp.SERVER or client is None:
            continue
        if (span.trace_id, span.parent_id) != (client.trace_id, client.span_id):
            errors.append(f"{path_of(span)}: the server span is not the client span's child")
    return errors


def judge_run(outcome, user: str, tier: str) -> list:
    run = f"{user}-{tier}"
    if outcome.text(f"{run}/exit").strip() != "0":
        return [f"exit status {outcome.text(f'{run}/exit').strip() or 'unknown'}",
                *outcome.text(f"{run}/stderr").splitlines()[-12:]]
    if outcome.text(f"{run}/client"):
        return [f"curl said: {outcome.text(f'{run}/client')}"]
    try:
        lines = outcome.text(f"{run}/spans.jsonl").splitlines()
        found = [span for line in lines for span in otlp.parse_line(line)]
        stages = json.loads(outcome.text(f"{run}/stats.json"))["stages"]
    except (ValueError, KeyError) as error:
        return [f"unreadable output: {error!r}"]
    return judge_spans(found, run) + judge_parents(found) + ledger.ledger_problems(stages)


def judge_tier(outcome, user: str, tier: str) -> list:
    """A forced tier is the one that the ready line names."""
    ready = re.search(r"^spanwire: ready.*", outcome.text(f"{user}-{tier}/stderr"), re.MULTILINE)
    if tier == "auto" or ready is None or f"tier {tier}" in ready[0]:
        return []
    return [f"asked for tier {tier}, got: {ready[0]}"]


def shortened(wrong: list) -> list:
    more = len(wrong) - MAX_SHOWN
    return wrong[:MAX_SHOWN] + [f"and {more} more"] if more > 0 else wrong


def judge_http(outcome, variables: dict) -> list:
    errors = []
    for pair in variables["RUNS"].split(","):
        user, tier = pair.split(":")
        wrong = judge_run(outcome, user, tier)
        wrong += judge_tier(outcome, user, tier)
        errors += [f"{user}, tier {tier}: {text}" for text in shortened(wrong)]
    return errors


def judge_preempted_run(outcome, tier: str) -> list:
    """Every task's requests are all there, from both ends, none twice."""
    if outcome.text(f"{tier}/exit").strip() != "0" or outcome.text(f"{tier}/client"):
        return [*outcome.text(f"{tier}/client").splitlines(),
                *outcome.text(f"{tier}/stderr").splitlines()[-12:]]
    seen, errors = collections.Counter(), []
    for line in outcome.text(f"{tier}/spans.jsonl").splitlines():
        for span in otlp.parse_line(line):
            status = span.attributes.get("http.response.status_code")
            seen[(KINDS.get(span.kind), path_of(span), status)] += 1
    wanted = {(kind, f"/file/{tier}-{task}", 200): ASKED
              for kind in KINDS.values() for task in range(1, TASKS + 1)}
    for key in sorted(seen.keys() | wanted.keys(), key=str):
        if seen[key] != wanted.get(key, 0):
            errors.append(f"{key} came {seen[key]} times, not {wanted.get(key, 0)}")
    stages = json.loads(outcome.text(f"{tier}/stats.json"))["stages"]
    return errors + ledger.ledger_problems(stages)


def judge_preempted(outcome, variables: dict) -> list:
    errors = []
    for tier in variables["TIERS_RUN"].split(","):
        wrong = judge_preempted_run(outcome, tier)
        errors += [f"tier {tier}: {text}" for text in shortened(wrong)]
    return errors


JUDGES = {"boot": judge_boot, "http": judge_http, "preempted": judge_preempted}
