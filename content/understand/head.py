"""The learned part: two small models over the same features that hear levels and topics.

The wide one is linear and remembers words; the deep one has a layer of hidden sums between and
sees what words have in common. What both hear is averaged, since they err in different places.
The weights are whole numbers with one scale a column: reading a message is a look-up and a sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from content.understand.concepts import Concepts
from content.understand.examples import LEVELS
from content.understand.features import bucket_of_words, features

Numbers = NDArray[np.float32]

EMERGENCY, URGENT, CONTACT, ROUTINE, OFF_TOPIC = range(len(LEVELS))
DEEP_SHARE = 0.05
"""What the logarithm of the deep model's likelihood adds to the wide model's score of a topic."""
LEAST_LIKELY = 1e-4
STEPS = 18
"""The greatest whole number of a weight: coarse enough for a small file, and no worse."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model hears in a message.

    Attributes:
        emergency: How likely it is an emergency, 0 to 1.
        urgent: How likely it is urgent and no emergency.
        contact: How likely the clinic should see it and no more.
        off_topic: How likely it is none of our matters.
        topics: Topic -> score, about -1.5 (surely not) to 1 (surely), best first.
    """

    emergency: float
    urgent: float
    contact: float
    off_topic: float
    topics: Mapping[str, float]

    @property
    def alarm(self) -> float:
        """How likely it is an emergency or urgent, 0 to 1."""
        return self.emergency + self.urgent


@dataclass(frozen=True, slots=True)
class Model:
    """Both models together.

    Attributes:
        topics: The topic keys, in the order of their columns.
        rarity: How much each feature counts: rare ones more; 0 for one never learned.
        weights: One row a feature; the columns are the deep model's hidden sums, then the wide
            model's levels and topics.
        scales: What one step of a weight is worth, by column.
        biases: What is added, by column.
        deep: From hidden sums to the deep model's levels and topics.
        deep_biases: What is added to those.
        concepts: What words mean the same.
    """

    topics: tuple[str, ...]
    rarity: Numbers
    weights: NDArray[np.int8]
    scales: Numbers
    biases: Numbers
    deep: Numbers
    deep_biases: Numbers
    concepts: Concepts

    def hear(self, text: str, *extra: str) -> Heard:
        """Return what is heard in a text; `extra` names further features."""
        sums = self._sums(features(text, self.concepts, *extra))
        hidden = len(self.deep)
        wide = sums[hidden:]
        deep: Numbers = np.maximum(sums[:hidden], 0) @ self.deep + self.deep_biases
        levels = len(LEVELS)
        emergency, urgent, contact, _, off_topic = likelihoods(
            (wide[:levels] + deep[:levels]) * np.float32(0.5)
        )
        likely = likelihoods(deep[levels:])
        scores = wide[levels:] + DEEP_SHARE * np.log(likely + LEAST_LIKELY)
        best = np.argsort(-scores, kind="stable")
        rounded = np.round(scores[best].astype(np.float64), 4).tolist()
        return Heard(
            float(emergency),
            float(urgent),
            float(contact),
            float(off_topic),
            dict(zip([self.topics[at] for at in best.tolist()], rounded, strict=True)),
        )

    def telling(self, text: str, level: int, most: int = 3) -> str:
        """Return the words of a text that spoke most for a level, in their order."""
        columns = len(self.deep) + np.array([level, ROUTINE])
        weighed = []
        for at, (word, buckets) in enumerate(bucket_of_words(text)):
            rows = self.weights[buckets][:, columns] * self.scales[columns]
            spoke, against = self.rarity[buckets] @ rows
            weighed.append((float(spoke - against), at, word))
        heaviest = sorted(weighed, reverse=True)[:most]
        return " ".join(word for weight, _, word in sorted(heaviest, key=_place) if weight > 0)

    def _sums(self, found: NDArray[np.int64]) -> Numbers:
        rarity = self.rarity[found]
        norm: np.float32 = np.sqrt(rarity.dot(rarity))
        if not norm:
            return self.biases
        summed = (rarity / norm) @ self.weights[found].astype(np.float32)
        return summed * self.scales + self.biases


def likelihoods(scores: Numbers) -> Numbers:
    """Return scores as shares of one, along the last axis."""
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Numbers = grown / grown.sum(axis=-1, keepdims=True)
    return shares


def quantised(weights: Numbers) -> tuple[NDArray[np.int8], Numbers]:
    """Return weights as whole numbers and the scale of each column."""
    scales = np.abs(weights).max(axis=0) / STEPS
    scales[scales == 0] = 1
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)


def _place(weighed: tuple[float, int, str]) -> int:
    return weighed[1]
