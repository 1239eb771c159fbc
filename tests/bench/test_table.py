"""The table says who wins, also when it is not this project."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from tests.bench.table import Better, Goal, Line, Samples, figure, show

FAST = Goal("ratio", least=30)


def line(
    ours: float, theirs: float | None, better: Better = "less", goal: Goal | None = None
) -> Line:
    peer = None if theirs is None else Samples((theirs,))
    return Line("enrol", "ms", Samples((ours,)), "a peer", peer, better=better, goal=goal)


@pytest.mark.parametrize(
    ("made", "ratio", "verdict"),
    [
        (line(1, 40, goal=FAST), 40, "met"),
        (line(2, 40, goal=FAST), 20, "missed"),
        (line(2, 1), 0.5, "peer wins"),
        (line(2, 1, "more"), 2, ""),
        (line(1, 2, "more"), 0.5, "peer wins"),
        (line(0, 5, goal=Goal("ours", most=0)), None, "met"),
        (line(3, None, goal=Goal("ours", most=2)), None, "missed"),
        (line(3, None, goal=FAST), None, ""),
    ],
)
def test_a_line_is_read_as_it_was_measured(made: Line, ratio: float | None, verdict: str) -> None:
    assert (made.ratio, made.verdict) == (ratio, verdict)


def test_the_median_counts_and_the_noise_stands_beside_it() -> None:
    rounds = Samples((9.0, 1.0, 2.0, 3.0, 100.0))
    assert rounds.middle == 3
    assert rounds.noise == "1-100"
    assert Samples((5.0,)).noise == "one round"


def test_the_document_says_the_same_as_the_table() -> None:
    made = line(2, 40, goal=FAST)
    data = json.loads(json.dumps(made.as_data()))
    shown = StringIO()
    Console(width=160, file=shown).print(show([made]))
    assert (data["ratio"], data["verdict"], data["goal"]) == (20, "missed", ">= 30x")
    assert all(part in shown.getvalue() for part in ("20x", "missed", ">= 30x", "a peer"))


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (0.0123, "0.0123"), (12.345, "12.3"), (12345.6, "12,346")]
)
def test_figures_have_the_digits_that_count(value: float, said: str) -> None:
    assert figure(value) == said
