# SPDX-License-Identifier: Apache-2.0
"""The judge of Redis spans, shown wrong answers."""

import copy
import unittest

import otlp
from redis_clients import Command
from redis_judge import RedisJudge


def pair(command: Command) -> list:
    """A client's span and its server's, as they should be."""
    attributes = {"db.system.name": "redis", "db.operation.name": command.command,
                  "db.namespace": "0", "db.query.text": f"{command.command} id:{command.id}"}
    if command.code:
        attributes |= {"db.response.status_code": command.code, "error.type": command.code}
    status = otlp.ERROR if command.code else 0
    client = otlp.Span("t", f"c{command.id}", "", command.command, otlp.CLIENT, 10, 90, status,
                       attributes, {})
    server = otlp.Span("t", f"s{command.id}", client.span_id, command.command, otlp.SERVER, 20, 80,
                       status, dict(attributes), {})
    return [client, server]


class RedisJudgeTest(unittest.TestCase):
    def setUp(self):
        self.commands = [Command("a1", "GET", ""), Command("a2", "LPUSH", "WRONGTYPE")]
        self.spans = [span for command in self.commands for span in pair(command)]

    def problems(self) -> str:
        return " ".join(RedisJudge(self.commands).judge(self.spans))

    def test_right_answers_pass(self):
        self.assertEqual(self.problems(), "")

    def test_missing_doubled_spurious(self):
        lost = self.spans.pop(1)
        self.assertIn("missing server spans: 1 of 2", self.problems())
        self.spans += [lost, copy.deepcopy(lost)]
        self.assertIn("doubled span: 1", self.problems())
        self.spans += pair(Command("b9", "GET", ""))
        self.assertIn("spurious span: 2", self.problems())

    def test_wrong_values(self):
        self.spans[0].attributes["db.response.status_code"] = "ERR"
        self.spans[1].attributes["db.namespace"] = "3"
        self.spans[2].name = "GET"
        self.spans[2].status = 0
        self.spans[3].parent_id = "c1"
        text = self.problems()
        for part in ("wrong db.response.status_code: 1", "wrong db.namespace: 1", "wrong name: 1",
                     "wrong outcome: 1", "wrong parent: 1"):
            self.assertIn(part, text)

    def test_no_commands_is_a_problem(self):
        self.commands, self.spans = [], []
        self.assertIn("shows nothing", self.problems())


if __name__ == "__main__":
    unittest.main()
