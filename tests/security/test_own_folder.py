"""The clinics' own folder is read, and nothing else: no link in it shows a patient another file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from content.catalog import Catalog
from content.check import check
from content.folder import MOST_BYTES, OwnFolder
from content.tables import ContentError
from tests.fakes.clock import TUESDAY_2PM
from tests.fakes.library import Library, small_library

OURS = "riverside/peel/en/topics/makeup.j2"
SECRET = "AFTERCARE_TOKEN=not-for-patients"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return small_library(tmp_path / "library")


@pytest.fixture
def own(tmp_path: Path) -> Library:
    (tmp_path / "operator").mkdir()
    (tmp_path / "operator" / "makeup.j2").write_text(SECRET, encoding="utf-8")
    folder = Library(tmp_path / "own")
    folder.path(OURS).parent.mkdir(parents=True)
    return folder


def link_out(own: Library) -> None:
    own.path(OURS).symlink_to(own.folder.parent / "operator" / "makeup.j2")


def link_up(own: Library) -> None:
    own.path(OURS).symlink_to("../../../../../operator/makeup.j2")


def link_over_a_link(own: Library) -> None:
    own.path("riverside/note").symlink_to(own.folder.parent / "operator" / "makeup.j2")
    own.path(OURS).symlink_to(own.path("riverside/note"))


def link_to_nothing(own: Library) -> None:
    own.path(OURS).symlink_to("nowhere")


def link_to_itself(own: Library) -> None:
    own.path(OURS).symlink_to(own.path(OURS))


def linked_folder(own: Library) -> None:
    topics = own.path(OURS).parent
    topics.rmdir()
    topics.symlink_to(own.folder.parent / "operator")


def linked_clinic(own: Library) -> None:
    own.path("hilltop").symlink_to(own.path("riverside"))


def linked_folder_named_like_a_text(own: Library) -> None:
    own.path(OURS).symlink_to(own.path("riverside"))


def folder_in_its_place(own: Library) -> None:
    own.path(OURS).mkdir()


def pipe(own: Library) -> None:
    os.mkfifo(own.path(OURS))


def device(own: Library) -> None:
    own.path(OURS).symlink_to("/dev/zero")


ODD = (
    link_out, link_up, link_over_a_link, link_to_nothing, link_to_itself, linked_folder,
    linked_clinic, linked_folder_named_like_a_text, folder_in_its_place, pipe, device,
)  # fmt: skip


@pytest.mark.parametrize("lay", ODD, ids=lambda lay: lay.__name__)
def test_what_is_no_file_of_the_folder_stops_the_start_with_one_sentence_that_names_it(
    library: Library, own: Library, lay: Callable[[Library], None]
) -> None:
    lay(own)
    with pytest.raises(ContentError) as error:
        Catalog(library.folder, own.folder)
    told = str(error.value)
    assert told.startswith(("riverside/peel/en/topics", "hilltop"))
    assert "expected" in told
    assert "\n" not in told
    assert check(library.folder, own.folder, now=TUESDAY_2PM).errors == [told]


@pytest.mark.parametrize("lay", [lay for lay in ODD if lay is not linked_clinic])
def test_what_is_laid_there_while_the_bot_runs_is_never_shown_to_a_patient(
    library: Library, own: Library, lay: Callable[[Library], None]
) -> None:
    catalog = Catalog(library.folder, own.folder)
    lay(own)
    with pytest.raises(ContentError, match=r"topics.*; expected") as error:
        catalog.topic("peel", "en", "makeup", {}, clinic="riverside")
    assert SECRET not in str(error.value)
    with pytest.raises(ContentError):
        Catalog(library.folder, own.folder)


def test_a_link_that_is_put_on_the_way_between_looking_and_opening_is_not_followed(
    own: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write(OURS, "Ask Rosa first.")
    folder = OwnFolder(own.folder)
    inside = folder._inside

    def then_swapped(path: Path) -> Path:
        real = inside(path)
        own.path(OURS).unlink()
        linked_folder(own)
        return real

    monkeypatch.setattr(folder, "_inside", then_swapped)
    with pytest.raises(ContentError, match="cannot be read"):
        folder.read(OURS.split("/"))


def test_two_clinics_may_share_a_text_by_a_link_within_the_folder(
    library: Library, own: Library
) -> None:
    own.write("hilltop/peel/en/topics/makeup.j2", "Ask Rosa first.")
    own.path(OURS).symlink_to("../../../../hilltop/peel/en/topics/makeup.j2")
    catalog = Catalog(library.folder, own.folder)
    assert catalog.topic("peel", "en", "makeup", {}, clinic="riverside") == "Ask Rosa first."
    assert check(library.folder, own.folder, now=TUESDAY_2PM).errors == []


def test_the_operator_may_name_the_folder_by_a_link(
    library: Library, own: Library, tmp_path: Path
) -> None:
    own.write(OURS, "Ask Rosa first.")
    (tmp_path / "words").symlink_to(own.folder)
    catalog = Catalog(library.folder, tmp_path / "words")
    assert catalog.topic("peel", "en", "makeup", {}, clinic="riverside") == "Ask Rosa first."
    assert catalog.own() == [tuple(OURS.split("/"))]
    assert catalog.version == Catalog(library.folder, own.folder).version


def test_a_file_that_is_no_text_or_endless_is_a_line_about_it(
    library: Library, own: Library
) -> None:
    own.path(OURS).write_bytes(b"\xff\xfe")
    (error,) = check(library.folder, own.folder, now=TUESDAY_2PM).errors
    assert error == f"{OURS}: is no text; expected UTF-8"
    own.write(OURS, "Rest. " * MOST_BYTES)
    (error,) = check(library.folder, own.folder, now=TUESDAY_2PM).errors
    assert error.startswith(f"{OURS}: is over {MOST_BYTES} bytes long; expected")


def test_a_text_that_is_too_long_stops_no_start(library: Library, own: Library) -> None:
    own.write(OURS, "Rest. " * MOST_BYTES)
    catalog = Catalog(library.folder, own.folder)
    assert catalog.version != Catalog(library.folder).version
    assert catalog.topic("peel", "en", "makeup", {}, clinic="hilltop").startswith("Wait a day.")


def test_other_files_beside_the_words_trouble_nobody(library: Library, own: Library) -> None:
    own.write("README.md", "Our words.")
    own.path("notes").symlink_to("nowhere")
    os.mkfifo(own.path("queue"))
    assert Catalog(library.folder, own.folder).own() == []
