"""What each example should come to, and how much a mistake weighs.

Rare levels and topics weigh more than frequent ones, but not as much as if all were as frequent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from content.understand.examples import LEVELS, Example
from content.understand.head import OFF_TOPIC, Numbers, likelihoods

TOPIC_BALANCE, BALANCE = 0.35, 0.5
"""How far rare topics and levels are made up for: 0 not at all, 1 wholly."""


class Labels:
    """What each example should come to, and how much it weighs."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.topics = tuple(sorted({example.topic for example in examples} - {""}))
        self.level = np.array([LEVELS.index(example.level) for example in examples])
        self.topic = np.array(
            [self.topics.index(each.topic) if each.topic else -1 for each in examples]
        )
        self.told = (self.topic >= 0) | (self.level == OFF_TOPIC)
        levels = np.bincount(self.level, minlength=len(LEVELS))
        of_level = len(examples) / (len(LEVELS) * np.maximum(levels, 1))
        self.level_weight = (of_level**BALANCE).astype(np.float32)[self.level]
        counts = np.bincount(self.topic[self.topic >= 0], minlength=len(self.topics))
        of_topic = counts.sum() / (len(self.topics) * counts)
        self.topic_weight = np.append((of_topic**BALANCE).astype(np.float32), 0)[self.topic]
        share = counts / len(examples)
        self.on_weight = ((0.5 / share) ** TOPIC_BALANCE).astype(np.float32)
        self.off_weight = (0.5 / np.maximum(1 - share, 1e-9)).astype(np.float32)

    def slopes(self, scores: Numbers, rows: NDArray[np.int64]) -> Numbers:
        """Return the slope of the logistic loss over levels and topics."""
        levels, topics = np.split(scores, [len(LEVELS)], axis=1)
        each = np.arange(len(rows))
        of_level, of_topic = likelihoods(levels), likelihoods(topics)
        of_level[each, self.level[rows]] -= 1
        of_topic[each, self.topic[rows]] -= 1  # without a topic: any column, it weighs nothing
        of_level *= self.level_weight[rows][:, None]
        of_topic *= self.topic_weight[rows][:, None]
        return np.hstack([of_level, of_topic]) / np.float32(len(rows))

    def hinged(self, scores: Numbers, rows: NDArray[np.int64]) -> Numbers:
        """Return the slope of the wide model's loss: topics by squared hinge."""
        slopes = self.slopes(scores, rows)
        on = self.topic[rows][:, None] == np.arange(len(self.topics))
        sign = np.where(on, np.float32(1), np.float32(-1))
        short = np.maximum(0, 1 - sign * scores[:, len(LEVELS) :])
        weight = np.where(on, self.on_weight, self.off_weight) * self.told[rows][:, None]
        slopes[:, len(LEVELS) :] = -2 * sign * short * weight / np.float32(len(rows))
        return slopes
