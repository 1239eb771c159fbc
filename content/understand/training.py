"""Learns the model from the examples: a few seconds of arithmetic, the same result every time.

Every head is fitted alone, with both sides of its question weighing the same, however rare one
is. Topics use a squared hinge, levels a logistic loss; both by L-BFGS. Levels do not see the
concepts: what is alarming lies in how it is put.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from content.understand.concepts import Concepts
from content.understand.examples import OFF_TOPIC, Example
from content.understand.features import BUCKETS, concept_bucket, features
from content.understand.head import Model, quantised

Vector = NDArray[np.floating]
Loss = Callable[[Vector], tuple[Vector, Vector]]

TOPIC_DECAY, LEVEL_DECAY = 1.0, 0.05
TRUST = 2.0
"""How much more a concept counts than a word as rare."""
STEPS, REMEMBERED = 60, 6
ENOUGH = 1e-3
MOST_HALVINGS = 20
WORTH_REMEMBERING = 1e-12


def train(examples: Sequence[Example], concepts: Concepts, base: str = "microneedling") -> Model:
    """Fit every head.

    Args:
        examples: What to learn from.
        concepts: What words mean the same.
        base: The procedure that the others extend; the others' examples carry its name as a
            feature, so that the same words may mean another topic there.
    """
    found = [features(example.text, concepts, *_told_apart(example, base)) for example in examples]
    used, table = _Table.build(found, concepts)
    shared = np.isin(used, [concept_bucket(name) for name in concepts.names()])
    levels = np.array([example.level for example in examples])
    topics = np.array([example.topic for example in examples])
    told = (topics != "") | (levels == OFF_TOPIC)
    labelled = table.only(told)
    names = sorted(set(topics) - {""})
    red = (levels == "emergency") | (levels == "urgent")
    sides = (red, levels == "emergency", levels == "contact", levels == OFF_TOPIC)
    heads = [partial(_fit, labelled, topics[told] == name, _hinge, TOPIC_DECAY) for name in names]
    heads += [partial(_fit, table, side, _logistic, LEVEL_DECAY, shared) for side in sides]
    with ThreadPoolExecutor() as threads:  # numpy lets go of the lock while it sums
        fitted = list(threads.map(lambda head: head(), heads))
    whole, scales = quantised([head[:-1] for head in fitted])
    spread = np.zeros((BUCKETS, whole.shape[1]), dtype=np.int8)
    spread[used] = whole
    rarity = np.zeros(BUCKETS, dtype=np.float32)
    rarity[:] = np.log(1 + len(examples)) + 1
    rarity[used] = table.rarity
    biases = np.array([head[-1] for head in fitted], dtype=np.float32)
    return Model(tuple(names), rarity, spread, scales, biases, concepts)


def _told_apart(example: Example, base: str) -> tuple[str, ...]:
    return (example.procedure,) if example.procedure not in ("", base) else ()


class _Table:
    """The examples' features as one long list by example, and once more by feature."""

    def __init__(self, found: Sequence[NDArray[np.int64]], rarity: Vector) -> None:
        self.found, self.rarity = found, rarity
        lengths = np.array([len(row) for row in found])
        at = np.concatenate(found)
        rows = np.repeat(np.arange(len(found)), lengths)
        norms = np.sqrt(np.bincount(rows, rarity[at] ** 2, len(found)))
        values = (rarity[at] / norms[rows]).astype(np.float32)
        self._by_row = _Runs(at, values, rows, len(found))
        order = np.argsort(at, kind="stable")
        self._by_feature = _Runs(rows[order], values[order], at[order], len(rarity))

    @staticmethod
    def build(
        found: Sequence[NDArray[np.int64]], concepts: Concepts
    ) -> tuple[NDArray[np.int64], _Table]:
        """Return the buckets in use and the table over them."""
        used, at = np.unique(np.concatenate(found), return_inverse=True)
        rarity = np.log((1 + len(found)) / (1 + np.bincount(at))) + 1
        rarity[np.isin(used, [concept_bucket(name) for name in concepts.names()])] *= TRUST
        ends = np.cumsum([len(row) for row in found])[:-1]
        return used, _Table(np.split(at, ends), rarity)

    def only(self, wanted: NDArray[np.bool_]) -> _Table:
        kept = [row for row, want in zip(self.found, wanted, strict=True) if want]
        return _Table(kept, self.rarity)

    def scores(self, weights: Vector) -> Vector:
        return self._by_row.sums(weights)

    def pull(self, slopes: Vector) -> Vector:
        return self._by_feature.sums(slopes)


class _Runs:
    """Products summed over runs: a sparse matrix of which only the filled places are kept."""

    def __init__(
        self, at: NDArray[np.int64], values: Vector, runs: NDArray[np.int64], count: int
    ) -> None:
        self.at, self.values, self.count = at.astype(np.int32), values, count
        self.filled, self.starts = np.unique(runs, return_index=True)

    def sums(self, other: Vector) -> Vector:
        summed = np.zeros(self.count, dtype=np.float32)
        summed[self.filled] = np.add.reduceat(self.values * other[self.at], self.starts)
        return summed


def _fit(
    table: _Table,
    side: NDArray[np.bool_],
    loss: Loss,
    decay: float,
    blind: NDArray[np.bool_] | None = None,
) -> Vector:
    """Return weights and, last, the bias of one head; it learns nothing of `blind` features."""
    signs = np.where(side, 1.0, -1.0).astype(np.float32)
    share = np.where(side, side.mean(), 1 - side.mean())
    importance = (0.5 / np.maximum(share, 1e-9)).astype(np.float32)

    def cost(point: Vector) -> tuple[float, Vector]:
        weights, bias = point[:-1], point[-1]
        costs, slopes = loss(signs * (table.scores(weights) + bias))
        slopes = importance * signs * slopes
        slope = np.append(table.pull(slopes) + decay * weights, slopes.sum())
        if blind is not None:
            slope[:-1][blind] = 0
        return float((importance * costs).sum() + decay / 2 * (weights @ weights)), slope

    return _descend(cost, np.zeros(len(table.rarity) + 1, dtype=np.float32))


def _hinge(margins: Vector) -> tuple[Vector, Vector]:
    short = np.maximum(0, 1 - margins)
    return short * short, -2 * short


def _logistic(margins: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, -margins), -1 / (1 + np.exp(np.clip(margins, -50, 50)))


def _descend(cost: Callable[[Vector], tuple[float, Vector]], point: Vector) -> Vector:
    """Minimise by L-BFGS with a halving step."""
    value, slope = cost(point)
    start = np.linalg.norm(slope)
    steps: list[tuple[Vector, Vector]] = []
    for _ in range(STEPS):
        direction = _towards(slope, steps)
        step, fall = 1.0, float(slope @ direction)
        for _ in range(MOST_HALVINGS):
            following, (next_value, next_slope) = point + step * direction, (0.0, slope)
            next_value, next_slope = cost(following)
            if next_value <= value + 1e-4 * step * fall:
                break
            step /= 2
        if float((following - point) @ (next_slope - slope)) > WORTH_REMEMBERING:
            steps = [*steps, (following - point, next_slope - slope)][-REMEMBERED:]
        point, value, slope = following, next_value, next_slope
        if np.linalg.norm(slope) < ENOUGH * start:
            break
    return point


def _towards(slope: Vector, steps: Sequence[tuple[Vector, Vector]]) -> Vector:
    """Return the direction of descent that the last steps suggest."""
    direction = -slope
    if not steps:
        return direction / max(1.0, float(np.linalg.norm(slope)))
    shares = []
    for moved, turned in reversed(steps):
        share = float(moved @ direction) / float(moved @ turned)
        shares.append(share)
        direction = direction - share * turned
    moved, turned = steps[-1]
    direction = direction * (float(moved @ turned) / float(turned @ turned))
    for (moved, turned), share in zip(steps, reversed(shares), strict=True):
        direction = direction + (share - float(turned @ direction) / float(moved @ turned)) * moved
    return direction
