"""The learned part: one small linear model that hears topics, alarm and what is not our matter.

Every head is a row of weights over the same features, stored as whole numbers from -127 to 127
with one scale each. Reading a message is a look-up and a sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from content.understand.concepts import Concepts
from content.understand.features import bucket_of_words, features

Numbers = NDArray[np.float32]

ALARM, EMERGENCY, CONTACT, OFF_TOPIC = "alarm", "emergency", "contact", "offtopic"
LEVEL_HEADS = (ALARM, EMERGENCY, CONTACT, OFF_TOPIC)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model hears in a message.

    Attributes:
        alarm: How likely it is an emergency or urgent, 0 to 1.
        emergency: How likely it is an emergency, 0 to 1.
        contact: How likely the clinic should see it, 0 to 1.
        off_topic: How likely it is none of our matters, 0 to 1.
        topics: Topic -> score, about -1 (surely not) to 1 (surely), best first.
    """

    alarm: float
    emergency: float
    contact: float
    off_topic: float
    topics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """All heads together.

    Attributes:
        topics: The topic keys, in the order of the columns.
        rarity: How much each feature counts: rare ones more.
        weights: One row a feature, one column a head: topics first, then `LEVEL_HEADS`.
        scales: What one step of a weight is worth, by head.
        biases: What is added, by head.
        concepts: What words mean the same.
    """

    topics: tuple[str, ...]
    rarity: Numbers
    weights: NDArray[np.int8]
    scales: Numbers
    biases: Numbers
    concepts: Concepts

    def hear(self, text: str, *extra: str) -> Heard:
        """Return what is heard in a text; `extra` names further features."""
        scores = self._scores(features(text, self.concepts, *extra))
        count = len(self.topics)
        best = np.argsort(-scores[:count], kind="stable")
        alarm, emergency, contact, off_topic = 1 / (1 + np.exp(-scores[count:]))
        return Heard(
            float(alarm),
            float(emergency),
            float(contact),
            float(off_topic),
            {self.topics[at]: round(float(scores[at]), 4) for at in best},
        )

    def telling(self, text: str, head: str, most: int = 3) -> str:
        """Return the words of a text that weighed most for a level head, in their order."""
        column = len(self.topics) + LEVEL_HEADS.index(head)
        weighed = [
            (float(self.weights[buckets, column] @ self.rarity[buckets]), at, word)
            for at, (word, buckets) in enumerate(bucket_of_words(text))
        ]
        heaviest = sorted(weighed, reverse=True)[:most]
        return " ".join(word for weight, _, word in sorted(heaviest, key=_place) if weight > 0)

    def _scores(self, found: NDArray[np.int64]) -> Numbers:
        if not found.size:
            return self.biases
        rarity = self.rarity[found]
        summed = rarity @ self.weights[found].astype(np.float32)
        return summed * self.scales / np.float32(np.linalg.norm(rarity)) + self.biases


def _place(weighed: tuple[float, int, str]) -> int:
    return weighed[1]


def quantised(weights: Sequence[NDArray[np.floating]]) -> tuple[NDArray[np.int8], Numbers]:
    """Return weights as whole numbers, one column a head, and the scale of each."""
    stacked = np.stack(weights, axis=1)
    scales = np.abs(stacked).max(axis=0) / 127
    scales[scales == 0] = 1
    return np.rint(stacked / scales).astype(np.int8), scales.astype(np.float32)
