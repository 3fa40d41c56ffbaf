# SPDX-License-Identifier: Apache-2.0
"""Tests of what is done with the assessor's answers: limits, the table, recordings with losses."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import assessor  # noqa: E402
import losses  # noqa: E402
import run  # noqa: E402
import shape as shapes  # noqa: E402
import table  # noqa: E402
import topologies  # noqa: E402
from assessor import NONE, RIGHT, WRONG  # noqa: E402
from shape import HOP, INNER, ROOT  # noqa: E402
from stage import Cell  # noqa: E402
from test_assessor import BACK, FRONT, PREFIX, right_spans, truth  # noqa: E402


class LossesTest(unittest.TestCase):

    def recording(self, records: int) -> bytes:
        payload = b"".join(losses.RECORD.pack(1 + n % 3, 0, 16) + bytes(8) for n in range(records))
        payload += losses.RECORD.pack(64, 0, 8)
        head = losses.BLOCK.pack(7, len(payload), 0, records + 1)
        return bytes(losses.HEAD_BYTES) + head + payload

    def test_nothing_lost_keeps_every_byte(self):
        whole = self.recording(50)
        thin = losses.thin(whole, 0)
        start = losses.HEAD_BYTES + losses.BLOCK.size
        self.assertEqual(thin[start:], whole[start:])

    def test_all_lost_keeps_what_the_agent_wrote(self):
        thin = losses.thin(self.recording(50), 1)
        magic, size, _, records = losses.BLOCK.unpack_from(thin, losses.HEAD_BYTES)
        self.assertEqual((magic, size, records), (7, 8, 1))

    def test_a_share_is_lost_the_same_for_one_seed(self):
        thin = losses.thin(self.recording(1000), 0.1)
        _, _, _, records = losses.BLOCK.unpack_from(thin, losses.HEAD_BYTES)
        self.assertTrue(850 < records < 950)
        self.assertEqual(thin, losses.thin(self.recording(1000), 0.1))
        self.assertNotEqual(thin, losses.thin(self.recording(1000), 0.1, seed=2))


class ThresholdsTest(unittest.TestCase):
    """What the short form lets pass. 1,000 requests of a chain of two hops, all right."""

    def setUp(self):
        shape = shapes.chain(FRONT, BACK)
        truths = [truth(n) for n in range(1000)]
        outcome = assessor.Assessor(shape, truths, right_spans(shape, truths)).assess(PREFIX)
        topology = topologies.Topology("some", topologies.LOOPS, None, True, 256)
        self.result = run.Result(topology, [(Cell(16, True, 1000), outcome)])
        self.outcome = outcome

    def breaches(self, **limits) -> str:
        return "\n".join(run.breaches(self.result, {"some": limits}))

    def answer(self, edge: str, answer: str, count: int):
        self.outcome.edges[edge][RIGHT] -= count
        self.outcome.edges[edge][answer] += count

    def test_all_right_passes(self):
        self.assertEqual(self.breaches(right=1), "")

    def test_wrong_limit_is_one_in_a_thousand(self):
        self.answer(INNER, WRONG, 1)
        self.assertEqual(self.breaches(), "")
        self.answer(INNER, WRONG, 1)
        self.assertIn("0.20 % of the parents are wrong", self.breaches())

    def test_wrong_root_and_wrong_hop(self):
        self.answer(ROOT, WRONG, 2)
        self.answer(HOP, WRONG, 4)
        self.assertIn("root: 0.20", self.breaches())
        self.assertIn("hop: 0.20", self.breaches())

    def test_too_few_right(self):
        self.answer(INNER, NONE, 100)
        self.assertEqual(self.breaches(right=0.9), "")
        self.assertIn("in-process parents: 90.00 %", self.breaches(right=0.91))

    def test_hops_recall_and_precision_have_limits_of_their_own(self):
        self.answer(HOP, NONE, 10)
        self.outcome.found -= 10
        self.outcome.spurious += 10
        problems = self.breaches()
        for what in ("parents across processes", "recall", "precision"):
            self.assertIn(what, problems)

    def test_wrong_under_hardship(self):
        lossy = assessor.Outcome()
        lossy.edges[INNER].update({RIGHT: 500, WRONG: 1})
        self.result.hardships.append(("10 % lost", lossy))
        self.assertIn("10 % lost: inner: 0.20 %", self.breaches())

    def test_failed_requests(self):
        self.outcome.failed = 2
        self.assertIn("2 of 1000 requests failed", self.breaches())

    def test_nothing_driven_shows_nothing(self):
        self.result.cells = []
        self.assertIn("no request was made", self.breaches())


class TableTest(unittest.TestCase):

    def test_percent_never_rounds_up_to_all(self):
        self.assertEqual([table.percent(s) for s in (1, 0.99999, 0.5, 0)],
                         ["100", "99.99", "50.00", "0"])

    def test_wrong_never_rounds_down_to_none(self):
        self.assertEqual([table.wrong_percent(s) for s in (0, 1e-9, 0.001)], ["0", "0.01", "0.10"])

    def test_every_topology_has_a_goal(self):
        for topology in topologies.load_all().values():
            self.assertIn(topology.group, topologies.GOALS)


if __name__ == "__main__":
    unittest.main()
