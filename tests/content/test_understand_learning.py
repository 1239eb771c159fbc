"""What the model learns from, and that it is never older than what a clinician edited."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from content.catalog import LIBRARY, Catalog
from content.tables import ContentError
from content.understand import Knowledge, build_knowledge, load_knowledge
from content.understand.concepts import Concepts
from content.understand.examples import read_examples
from content.understand.features import features, words
from content.understand.head import Model
from content.understand.knowledge import read_model
from content.understand.question import is_trick, spoken
from tests.bench.safety.messages import FOLDER as BENCH
from tests.bench.safety.messages import read_set

MAKEUP = ["can i wear makeup", "is foundation ok yet", "when can i use mascara", "lipstick today"]
SWIMMING = ["can i swim", "is the pool ok yet", "when can i go in the sea", "swim class today"]
URGENT = ["there is pus", "yellow stuff is leaking", "it is hot and spreading", "pus and heat"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A library with two topics and one level."""
    examples = tmp_path / "microneedling" / "en" / "examples"
    level = tmp_path / "_shared" / "examples" / "urgent"
    examples.mkdir(parents=True)
    level.mkdir(parents=True)
    (tmp_path / "microneedling" / "procedure.toml").touch()
    for part in ("warning_signs.toml", "lexicon", "en/warnings"):
        source, copy = LIBRARY / "_shared" / part, tmp_path / "_shared" / part
        copy.parent.mkdir(exist_ok=True)
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    (examples / "makeup.txt").write_text("\n".join(["# makeup", *MAKEUP]), encoding="utf-8")
    (examples / "swimming.txt").write_text("\n".join(SWIMMING), encoding="utf-8")
    (level / "en.txt").write_text("\n".join(URGENT), encoding="utf-8")
    return tmp_path


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The whole library, to be edited."""
    return shutil.copytree(LIBRARY, tmp_path / "library")


def test_the_stored_model_was_built_from_the_examples_as_they_are(knowledge: Knowledge) -> None:
    assert knowledge.outdated == ""


def test_an_edited_example_does_not_leave_patients_without_answers(copied: Path) -> None:
    path = copied / "microneedling" / "en" / "examples" / "makeup.txt"
    path.write_text(path.read_text(encoding="utf-8") + "mascara by moonlight?\n", encoding="utf-8")
    edited = load_knowledge(copied)
    assert edited.model.hear("can i wear makeup").topics["makeup"] > 0
    assert (
        "older than the examples or the word lists; run: aftercare content build" in edited.outdated
    )


@pytest.mark.parametrize("harm", ["missing", "torn"])
def test_a_model_that_cannot_be_read_asks_for_a_new_build(copied: Path, harm: str) -> None:
    path = copied / "_shared" / "knowledge.npz"
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ContentError, match="run: aftercare content build"):
        load_knowledge(copied)


def test_building_twice_gives_the_same_bytes(small: Path) -> None:
    first = build_knowledge(small).read_bytes()
    assert build_knowledge(small).read_bytes() == first


def test_a_clinicians_new_example_is_understood_after_the_next_build(small: Path) -> None:
    path = small / "microneedling" / "en" / "examples" / "swimming.txt"
    before = _built(small).hear("snorkelling with turtles").topics
    path.write_text(
        path.read_text(encoding="utf-8") + "\nsnorkelling on holiday\n", encoding="utf-8"
    )
    after = _built(small).hear("snorkelling with turtles").topics
    assert after["swimming"] - after["makeup"] > before["swimming"] - before["makeup"]


def test_no_message_of_the_bench_is_among_what_the_model_learns_from() -> None:
    learned = {_told(example.text) for example in read_examples(LIBRARY)} - {""}
    paths = sorted(BENCH.glob("*.tsv"))
    known = [
        f"{path.name} {row.id}" for path in paths for row in read_set(path.stem)
        if _told(row.text) in learned
    ]  # fmt: skip
    assert paths
    assert known == []


def test_a_message_in_two_levels_is_refused_by_name(small: Path) -> None:
    path = small / "_shared" / "examples" / "urgent" / "en.txt"
    path.write_text("Can I swim\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"'Can I swim'.* both|both .* expected one level"):
        read_examples(small)


def test_a_level_that_nobody_knows_is_refused_with_its_place(small: Path) -> None:
    folder = small / "_shared" / "examples" / "dreadful"
    folder.mkdir()
    (folder / "en.txt").write_text("oh no\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"dreadful/en\.txt: expected <level>"):
        read_examples(small)


def test_every_example_belongs_to_a_topic_that_has_an_answer(catalog: Catalog) -> None:
    examples = read_examples(LIBRARY)
    known = {key for procedure in catalog.procedures.values() for key in procedure.topics}
    assert {example.topic for example in examples} - {""} == known


def test_features_are_the_same_on_every_machine_and_in_every_run() -> None:
    assert features("I", Concepts()).tolist() == [2211, 10230, 41026, 45820, 57274]


def test_no_example_of_a_patients_own_matter_is_mistaken_for_a_trick(knowledge: Knowledge) -> None:
    mistaken = [
        example.text
        for example in read_examples(LIBRARY)
        if example.level != "offtopic"
        and is_trick(example.text, spoken(example.text), knowledge.phrases)
    ]
    assert mistaken == []


def test_the_model_is_small_enough_to_be_part_of_every_install(knowledge: Knowledge) -> None:
    assert (LIBRARY / "_shared" / "knowledge.npz").stat().st_size < 3_500_000
    assert knowledge.model.weights.dtype.itemsize == 1


def _told(text: str) -> str:
    """Return the words of a message without stops, by which two count as one."""
    return " ".join(word for word in words(text) if word not in ".?")


def _built(library: Path) -> Model:
    build_knowledge(library)
    return read_model(library)[0]
