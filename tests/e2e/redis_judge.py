# SPDX-License-Identifier: Apache-2.0
"""Compares the spans of Redis commands with what the clients say."""

import collections
import re

import otlp

REQUEST_ID = re.compile(r"id:([A-Za-z0-9_.-]+)")
RECALL = 0.999
NESTING_NS = 300_000
EXAMPLES = 3
# What clients and tests send besides the commands that are judged.
HANDSHAKE = re.compile(r"(?i)(HELLO|AUTH|SELECT|PING|INFO|QUIT|MULTI|EXEC|COMMAND( \w+)?"
                       r"|CLIENT [\w-]+|SET|ECHO|CONFIG \w+)")


def id_of(span: otlp.Span) -> str:
    match = REQUEST_ID.search(span.attributes.get("db.query.text", ""))
    return match[1] if match else ""


def describe(span: otlp.Span) -> str:
    side = "CLIENT" if span.kind == otlp.CLIENT else "SERVER"
    return (f"{side} {span.attributes.get('db.query.text', span.name)[:60]} "
            f"{span.attributes.get('db.response.status_code', '')} "
            f"{span.attributes.get('spanwire.ending', '')}")


class RedisJudge:
    """Judges one run. `problems` is empty when all is well."""

    def __init__(self, commands: list, database: str = "0"):
        self.commands = {c.id: c for c in commands}
        self.database = database
        self.found = collections.defaultdict(list)
        if len(self.commands) != len(commands):
            raise ValueError("the ids are not unique")

    def judge(self, spans: list) -> list:
        """The problems, each kind once, with its count and examples."""
        sides = {otlp.CLIENT: {}, otlp.SERVER: {}}
        for span in spans:
            self.sort(span, sides)
        for command in self.commands.values():
            self.judge_command(command, *(sides[k].get(command.id)
                                          for k in (otlp.CLIENT, otlp.SERVER)))
        problems = [f"{kind}: {len(cases)}, e.g. {'; '.join(cases[:EXAMPLES])}"
                    for kind, cases in sorted(self.found.items())
                    if not kind.startswith("missing")]
        for kind, cases in self.found.items():
            if kind.startswith("missing") and 1 - len(cases) / len(self.commands) < RECALL:
                problems.append(f"{kind}: {len(cases)} of {len(self.commands)}, "
                                f"e.g. {', '.join(cases[:EXAMPLES])}")
        return problems if self.commands else ["no command was sent: the test shows nothing"]

    def sort(self, span: otlp.Span, sides: dict):
        if span.attributes.get("db.system.name") != "redis":
            self.found["not Redis"].append(describe(span))
            return
        request_id = id_of(span)
        if not request_id and HANDSHAKE.fullmatch(span.name):
            return
        if request_id not in self.commands:
            self.found["spurious span"].append(describe(span))
        elif request_id in sides[span.kind]:
            self.found["doubled span"].append(describe(span))
        else:
            sides[span.kind][request_id] = span

    def judge_command(self, command, client, server):
        for side, span in (("client", client), ("server", server)):
            if span is None:
                self.found[f"missing {side} spans"].append(command.id)
            else:
                self.judge_span(command, span)
        if client is None or server is None:
            return
        if (server.parent_id, server.trace_id) != (client.span_id, client.trace_id):
            self.found["wrong parent"].append(describe(server))
        if server.start_ns < client.start_ns - NESTING_NS:
            self.found["server before client"].append(describe(server))

    def judge_span(self, command, span: otlp.Span):
        attributes = span.attributes
        expected = {"db.operation.name": command.command, "db.namespace": self.database,
                    "db.response.status_code": command.code or None,
                    "error.type": command.code or None, "spanwire.ending": None}
        for key, value in expected.items():
            if attributes.get(key) != value:
                self.found[f"wrong {key}"].append(f"{attributes.get(key)}: {describe(span)}")
        if span.name != command.command:
            self.found["wrong name"].append(f"{span.name}: {describe(span)}")
        if (span.status == otlp.ERROR) != bool(command.code):
            self.found["wrong outcome"].append(describe(span))
        if span.end_ns < span.start_ns:
            self.found["ends before it starts"].append(describe(span))
