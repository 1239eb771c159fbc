"""Everything understanding needs, loaded once: the warning signs, the phrases and the model.

The model is built from the example files by `aftercare content build` and kept beside them, so
that nothing is learned or downloaded when the program starts. It carries the hash of the examples
it was built from: an edited file with a stale model is refused, not half believed.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from content.manifest import ContentError
from content.understand.concepts import load_concepts
from content.understand.examples import SHARED, digest, read_examples
from content.understand.head import Model
from content.understand.question import Phrases, load_phrases
from content.understand.result import Route
from content.understand.signs import Signs, load_signs
from content.understand.training import train

FILE = "knowledge.npz"
REBUILD = "run: aftercare content build"

HEARD = {
    "heard_emergency": Route.EMERGENCY,
    "heard_self_harm": Route.EMERGENCY,
    "heard_urgent": Route.URGENT,
    "heard_contact": Route.CONTACT,
}
"""Findings of the learned heads, with their level."""

SELF_HARM_WORDING = "emergency_self_harm"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What `understand` reads.

    Attributes:
        signs: The warning signs and their rules.
        phrases: How questions are put.
        model: The learned heads.
    """

    signs: Signs
    phrases: Phrases
    model: Model

    def wording(self, sign: str) -> str:
        """Return the template under `_shared/<language>/warnings` that answers a finding."""
        if sign == "heard_self_harm":
            return SELF_HARM_WORDING
        if sign in HEARD:
            return HEARD[sign].value
        return self.signs.wording(sign)


def load_knowledge(library: Path) -> Knowledge:
    """Read the signs, the phrases and the built model of a library.

    Raises:
        ContentError: If a file is wrong, or the model is missing or older than the examples.
    """
    return Knowledge(load_signs(library), load_phrases(library), read_model(library))


def build_knowledge(library: Path) -> Path:
    """Learn the model from the examples and write it; returns the file.

    Raises:
        ContentError: If an example file is wrong.
    """
    model = train(read_examples(library), load_concepts(library))
    path = library / SHARED / FILE
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(
        partial,
        digest=np.array(digest(library)),
        topics=np.array(model.topics),
        rarity=model.rarity.astype(np.float16),
        weights=model.weights,
        scales=model.scales,
        biases=model.biases,
    )
    partial.replace(path)
    return path


def read_model(library: Path) -> Model:
    """Read the built model; raises `ContentError` if it is missing, torn or out of date."""
    path = library / SHARED / FILE
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            if str(stored["digest"]) != digest(library):
                raise ContentError(f"{path} is older than the example files; {REBUILD}")
            return Model(
                topics=tuple(str(topic) for topic in stored["topics"]),
                rarity=stored["rarity"].astype(np.float32),
                weights=stored["weights"],
                scales=stored["scales"],
                biases=stored["biases"],
                concepts=load_concepts(library),
            )
    except FileNotFoundError:
        raise ContentError(f"{path} is missing; {REBUILD}") from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ContentError(f"{path} cannot be read ({error}); {REBUILD}") from None
