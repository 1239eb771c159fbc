"""What was measured, as lines of one table and as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from rich.table import Table

Better = Literal["less", "more"]


@dataclass(frozen=True, slots=True)
class Samples:
    """The results of the rounds of one measure.

    Attributes:
        values: One for each round.
    """

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def noise(self) -> str:
        """The least and the most, where there was more than one round."""
        if len(self.values) == 1:
            return "one round"
        return f"{figure(min(self.values))}-{figure(max(self.values))}"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a line is to show.

    Attributes:
        of: Whether it is about the ratio or about this project's own figure.
        least: The least that meets it.
        most: The most that meets it.
    """

    of: Literal["ratio", "ours"]
    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Whether a value meets it."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    def __str__(self) -> str:
        """Return it as it is shown, such as `>= 30x`."""
        sign, bound = (">=", self.least) if self.least is not None else ("<=", self.most)
        return f"{sign} {figure(bound or 0.0)}{'x' if self.of == 'ratio' else ''}"


@dataclass(frozen=True, slots=True)
class Line:
    """One measure of this project beside one peer's.

    Attributes:
        topic: The experiment.
        what: What was measured, with its unit.
        ours: This project's results; None if it was not measured in this run.
        peer: The peer, or empty.
        theirs: The peer's results; None where there is no peer, or it was skipped.
        better: Whether less or more is better.
        goal: What the line is to show, if anything.
        note: What a reader has to know.
    """

    topic: str
    what: str
    ours: Samples
    peer: str = ""
    theirs: Samples | None = None
    better: Better = "less"
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better this project is; below 1 the peer is; None if that means nothing.

        Nothing can be said where the worse of the two figures is 0.
        """
        if self.theirs is None:
            return None
        ours, theirs = self.ours.middle, self.theirs.middle
        worse, base = (theirs, ours) if self.better == "less" else (ours, theirs)
        if base == 0:
            return None
        return worse / base

    @property
    def verdict(self) -> str:
        """Return `met`, `missed`, `peer wins`, or nothing to say."""
        if self.goal is not None:
            value = self.ratio if self.goal.of == "ratio" else self.ours.middle
            if value is not None:
                return "met" if self.goal.met(value) else "missed"
        return "peer wins" if self._peer_wins() else ""

    def _peer_wins(self) -> bool:
        if self.theirs is None:
            return False
        ours, theirs = self.ours.middle, self.theirs.middle
        return theirs < ours if self.better == "less" else theirs > ours

    def as_data(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {
            "topic": self.topic,
            "what": self.what,
            "better": self.better,
            "ours": _data(self.ours),
            "peer": self.peer or None,
            "theirs": _data(self.theirs),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "goal": str(self.goal) if self.goal else None,
            "verdict": self.verdict or None,
            "note": self.note or None,
        }


def samples(rows: Sequence[Any], key: str) -> Samples:
    """Return one figure of the results of several rounds."""
    return Samples(tuple(float(row[key]) for row in rows))


def figure(value: float) -> str:
    """Return a number with about three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def show(lines: Sequence[Line]) -> Table:
    """Return the lines as a table."""
    table = Table(title="aftercare and its peers")
    for name in ("", "measure", "aftercare", "peer", "peer's", "ratio", "goal", "", "min-max"):
        figures = name in ("aftercare", "peer's", "ratio")
        table.add_column(name, justify="right" if figures else "left")
    topic = ""
    for line in lines:
        if line.topic != topic:
            table.add_section()
        noise = line.ours.noise + (f" / {line.theirs.noise}" if line.theirs else "")
        table.add_row(
            line.topic if line.topic != topic else "",
            line.what + (f" ({line.note})" if line.note else ""),
            figure(line.ours.middle),
            line.peer,
            figure(line.theirs.middle) if line.theirs else "",
            "" if line.ratio is None else f"{figure(line.ratio)}x",
            str(line.goal) if line.goal else "",
            line.verdict,
            noise,
        )
        topic = line.topic
    return table


def _data(results: Samples | None) -> dict[str, Any] | None:
    if results is None:
        return None
    return {"median": results.middle, "values": list(results.values)}
