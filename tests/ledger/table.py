# SPDX-License-Identifier: Apache-2.0
"""Prints what was found: one line a topology, or one a cell."""

import assessor
import shape as shapes
import topologies

WRONG_LIMIT = 0.001  # of the spans with an edge of one kind; holds everywhere
CONCURRENCY = (1, 16, 64, 256)


def percent(share: float) -> str:
    """Rounded towards the worse: 100 is said of all only."""
    if share >= 1:
        return "100"
    return f"{int(share * 10000) / 100:.2f}" if share > 0 else "0"


def wrong_percent(share: float) -> str:
    return "0" if share == 0 else f"{max(share * 100, 0.01):.2f}"


def worst_wrong(outcome: assessor.Outcome) -> float:
    """The largest share among calls, hops, and spans that should have no parent."""
    return max(outcome.share(edge, assessor.WRONG) for edge in outcome.edges)


def right_cell(cells: list, connections: int) -> str:
    outcome = assessor.Outcome()
    for cell, found in cells:
        if cell.connections == connections:
            outcome.add(found)
    return percent(outcome.share(shapes.INNER, assessor.RIGHT)) if outcome.requests else ""


def summary(cells: list) -> assessor.Outcome:
    total = assessor.Outcome()
    for _, found in cells:
        total.add(found)
    return total


def header() -> list:
    return (["topology"] + [f"right @{c}" for c in CONCURRENCY] +
            ["goal", "wrong", "none", "hop", "whole", "recall", "precision", "off p50, p99"])


def row(name: str, group: str, cells: list) -> list:
    total = summary(cells)
    return ([name] + [right_cell(cells, c) for c in CONCURRENCY] +
            [percent(topologies.GOALS[group]), wrong_percent(worst_wrong(total))] + rest(total))


def hardship_row(name: str, total: assessor.Outcome) -> list:
    """Right, over all concurrencies, stands in the first column."""
    return ([name, percent(total.share(shapes.INNER, assessor.RIGHT))] +
            [""] * len(CONCURRENCY) + [wrong_percent(worst_wrong(total))] + rest(total))


def rest(total: assessor.Outcome) -> list:
    return [percent(total.share(shapes.INNER, assessor.NONE)),
            percent(total.share(shapes.HOP, assessor.RIGHT)),
            percent(total.whole / max(1, total.requests)), percent(total.recall()),
            percent(total.precision()),
            f"{total.off_ns(.5) / 1e3:.0f}, {total.off_ns(.99) / 1e3:.0f} us"]


def cell_header() -> list:
    return ["connections", "kept", "requests", "failed", "right", "wrong"] + header()[7:]


def cell_row(cell, found: assessor.Outcome) -> list:
    return ([str(cell.connections), "yes" if cell.keep_alive else "no", str(found.requests),
             str(found.failed), percent(found.share(shapes.INNER, assessor.RIGHT)),
             wrong_percent(worst_wrong(found))] + rest(found))


def lines(rows: list) -> list:
    """A table that is Markdown and can be read as it is."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    texts = ["| " + " | ".join(f"{text:<{width}}" for text, width in zip(row, widths)) + " |"
             for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [texts[0], rule, *texts[1:]]


def method_lines(outcome: assessor.Outcome) -> list:
    """What each rule earned: calibration is right / (right + wrong) against its confidence."""
    rows = [["edge", "method", "confidence", "right", "wrong"]]
    for (edge, method, confidence), answers in sorted(outcome.methods.items()):
        rows.append([edge, method, confidence, str(answers[assessor.RIGHT]),
                     str(answers[assessor.WRONG])])
    return lines(rows)
