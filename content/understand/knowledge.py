"""Everything understanding needs, loaded once: the warning signs, the phrases and the model.

The model is built from the example files by `aftercare content build` and kept beside them, so
that nothing is learned or downloaded when the program starts. It carries the hash of the examples
and word lists it was built from. After an edit the older model still answers and says that it is
outdated: patients are not left without answers because a file was saved.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from content.tables import ContentError
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
        outdated: One sentence on what to run if the examples were edited since the model was
            built; empty if they were not.
    """

    signs: Signs
    phrases: Phrases
    model: Model
    outdated: str = ""

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
        ContentError: If a file is wrong, or the model is missing or torn. One that is older than
            the examples is used and says so in `outdated`.
    """
    signs, phrases = load_signs(library), load_phrases(library)
    model, built_from = read_model(library)
    return Knowledge(signs, phrases, model, _outdated(library, signs, built_from))


def model_problem(library: Path) -> str:
    """Return what is wrong with a library's examples or with the model built from them.

    Empty if nothing is, and for a library that has no examples to learn from.
    """
    try:
        if not read_examples(library):
            return ""
        _, built_from = read_model(library)
        return _outdated(library, load_signs(library), built_from)
    except ContentError as error:
        return str(error)


def build_knowledge(library: Path) -> Path:
    """Learn the model from the examples and write it; returns the file.

    Raises:
        ContentError: If an example file is wrong.
    """
    signs = load_signs(library)
    model = train(read_examples(library), load_concepts(library), signs)
    path = library / SHARED / FILE
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(
        partial,
        digest=np.array(digest(library, signs)),
        topics=np.array(model.topics),
        rarity=model.rarity.astype(np.float16),
        weights=model.weights,
        scales=model.scales,
        biases=model.biases,
        deep=model.deep,
        deep_biases=model.deep_biases,
    )
    partial.replace(path)
    return path


def read_model(library: Path) -> tuple[Model, str]:
    """Return the built model and the hash of the examples it was built from.

    Raises:
        ContentError: If it is missing or torn.
    """
    path = library / SHARED / FILE
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            model = Model(
                topics=tuple(str(topic) for topic in stored["topics"]),
                rarity=stored["rarity"].astype(np.float32),
                weights=stored["weights"],
                scales=stored["scales"],
                biases=stored["biases"],
                deep=stored["deep"],
                deep_biases=stored["deep_biases"],
                concepts=load_concepts(library),
            )
            return model, str(stored["digest"])
    except FileNotFoundError:
        raise ContentError(f"{path} is missing; {REBUILD}") from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ContentError(f"{path} cannot be read ({error}); {REBUILD}") from None


def _outdated(library: Path, signs: Signs, built_from: str) -> str:
    """Return one sentence if the model was built from other files than the present ones."""
    if built_from == digest(library, signs):
        return ""
    return f"{library / SHARED / FILE} is older than the examples or the word lists; {REBUILD}"
