"""Learns the model from the examples: half a minute of arithmetic, the same result every time.

Both models are fitted at once, in small batches by Adam's method. Levels, and the deep model's
topics, take the logistic loss; the wide model's topics a squared hinge, each topic against all
others. In every round some features of a message are left out, so that none is trusted alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from content.understand.concepts import Concepts
from content.understand.examples import LEVELS, Example
from content.understand.features import BUCKETS, concept_bucket, features
from content.understand.head import Model, Numbers, quantised
from content.understand.labels import Labels
from content.understand.signs import Signs, find_signs

HIDDEN = 48
ROUNDS, BATCH = 7, 256
LEFT_OUT = 0.35
DEEP_RATE, WIDE_RATE, LAST_RATE = 0.012, 0.04, 0.02
"""How far a step goes, and which part of that the last step goes."""
LEAST_SEEN = 4
"""A feature of fewer examples teaches nothing about others."""
FEW = 1000
"""From so many examples on a feature has to be seen oftener than once."""
TRUST = 2.0
"""How much more a concept counts than a word as rare."""
DECAY = 1.0
SPREAD, DEEP_SPREAD = 0.1, 0.2
"""How far apart the weights start."""
MEMORY, SQUARE_MEMORY, TINY = 0.9, 0.999, 1e-8
SEED = 20_261_129


def train(
    examples: Sequence[Example], concepts: Concepts, signs: Signs, base: str = "microneedling"
) -> Model:
    """Fit both models.

    Args:
        examples: What to learn from.
        concepts: What words mean the same.
        signs: The warning signs, whose word lists are features as well.
        base: The procedure that the others extend; the others' examples carry its name as a
            feature, so that the same words may mean another topic there.
    """
    found = []
    for example in examples:
        apart = (example.procedure,) if example.procedure not in ("", base) else ()
        traits = find_signs(example.text, signs, hours_since=None).traits
        found.append(features(example.text, concepts, *apart, *traits))
    return fit(found, examples, concepts)


def fit(
    found: Sequence[NDArray[np.int64]], examples: Sequence[Example], concepts: Concepts
) -> Model:
    """Fit both models to examples whose features are found."""
    seen = np.bincount(np.concatenate(found), minlength=BUCKETS)
    used = np.flatnonzero(seen >= min(LEAST_SEEN, 1 + len(found) // FEW))
    rarity = (np.log((1 + len(found)) / (1 + seen[used])) + 1).astype(np.float32)
    rarity[np.isin(used, [concept_bucket(name) for name in concepts.names()])] *= TRUST
    place = np.full(BUCKETS, -1)
    place[used] = np.arange(len(used))
    kept = [row[row >= 0] for row in (place[each] for each in found)]

    labels = Labels(examples)
    chance = np.random.default_rng(SEED)
    nets = _Nets(len(used), labels, chance)
    batches = -(-len(kept) // BATCH)
    for step in range(ROUNDS * batches):
        at = step % batches
        if at == 0:
            order = chance.permutation(len(kept))
        rows = order[at * BATCH : (at + 1) * BATCH]
        pace = 1 - (1 - LAST_RATE) * step / (ROUNDS * batches)
        nets.learn(*_block([kept[row] for row in rows], rarity, chance), rows, pace)

    weights, scales = quantised(nets.table.values)
    spread = np.zeros((BUCKETS, weights.shape[1]), dtype=np.int8)
    spread[used] = weights
    rarities = np.zeros(BUCKETS, dtype=np.float32)
    rarities[used] = rarity
    return Model(
        labels.topics,
        rarities,
        spread,
        scales,
        nets.biases.values,
        nets.deep.values,
        nets.deep_biases.values,
        concepts,
    )


def _block(
    rows: Sequence[NDArray[np.int64]], rarity: Numbers, chance: np.random.Generator
) -> tuple[NDArray[np.int64], Numbers]:
    """Return the features of some examples, each once, and a table of how much each has of them."""
    at = np.concatenate(rows)
    row = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    stays = chance.random(len(at)) >= LEFT_OUT
    at, row = at[stays], row[stays]
    values = rarity[at]
    norms = np.sqrt(np.bincount(row, values * values, len(rows)))
    columns, column = np.unique(at, return_inverse=True)
    block = np.zeros((len(rows), len(columns)), dtype=np.float32)
    block[row, column] = values / norms[row]
    return columns, block


class _Learned:
    """Numbers that are learned, with what Adam's method remembers of their slopes."""

    def __init__(self, values: Numbers, rate: Numbers | float) -> None:
        self.values, self.rate = values, rate
        self.mean, self.square = np.zeros_like(values), np.zeros_like(values)

    def step(
        self, slope: Numbers, pace: float, count: int, rows: NDArray[np.int64] | slice
    ) -> None:
        """Go one step down; `count` is the number of the step, from 1."""
        mean = self.mean[rows] * np.float32(MEMORY) + slope * np.float32(1 - MEMORY)
        square = self.square[rows] * np.float32(SQUARE_MEMORY)
        square += slope * slope * np.float32(1 - SQUARE_MEMORY)
        self.mean[rows], self.square[rows] = mean, square
        mean *= np.float32(pace / (1 - MEMORY**count)) * self.rate
        square /= np.float32(1 - SQUARE_MEMORY**count)
        np.sqrt(square, out=square)
        square += np.float32(TINY)
        mean /= square
        self.values[rows] -= mean


class _Nets:
    """Both models while they learn: one table whose columns are hidden sums, then wide heads."""

    def __init__(self, features: int, labels: Labels, chance: np.random.Generator) -> None:
        heads = len(LEVELS) + len(labels.topics)
        rates = np.repeat([DEEP_RATE, WIDE_RATE], [HIDDEN, heads]).astype(np.float32)
        table = np.zeros((features, HIDDEN + heads), dtype=np.float32)
        table[:, :HIDDEN] = _spread(chance, (features, HIDDEN), SPREAD)
        self.labels, self.steps, self.decay = labels, 0, np.float32(DECAY / len(labels.level))
        self.table = _Learned(table, rates)
        self.biases = _Learned(np.zeros(HIDDEN + heads, dtype=np.float32), rates)
        self.deep = _Learned(_spread(chance, (HIDDEN, heads), DEEP_SPREAD), DEEP_RATE)
        self.deep_biases = _Learned(np.zeros(heads, dtype=np.float32), DEEP_RATE)

    def learn(
        self, columns: NDArray[np.int64], block: Numbers, rows: NDArray[np.int64], pace: float
    ) -> None:
        """Learn from one batch."""
        weights = self.table.values[columns]
        sums = block @ weights + self.biases.values
        hidden = np.maximum(sums[:, :HIDDEN], 0)
        deep = hidden @ self.deep.values + self.deep_biases.values
        of_deep = self.labels.slopes(deep, rows)
        of_sums = np.empty_like(sums)
        of_sums[:, :HIDDEN] = (of_deep @ self.deep.values.T) * (hidden > 0)
        of_sums[:, HIDDEN:] = self.labels.hinged(sums[:, HIDDEN:], rows)
        of_weights = block.T @ of_sums
        first_topic = HIDDEN + len(LEVELS)
        of_weights[:, first_topic:] += self.decay * weights[:, first_topic:]
        self.steps += 1
        everything = slice(None)
        self.deep.step(hidden.T @ of_deep, pace, self.steps, everything)
        self.deep_biases.step(of_deep.sum(axis=0), pace, self.steps, everything)
        self.biases.step(of_sums.sum(axis=0), pace, self.steps, everything)
        self.table.step(of_weights, pace, self.steps, columns)


def _spread(chance: np.random.Generator, shape: tuple[int, int], width: float) -> Numbers:
    return chance.standard_normal(shape, dtype=np.float32) * np.float32(width)
