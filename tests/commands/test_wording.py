"""`aftercare content`: what a clinician checks, lists and reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Shell
from tests.fakes.library import Library, small_library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return small_library(tmp_path / "library")


def test_a_sound_library_is_told_with_its_notes(shell: Shell, library: Library) -> None:
    said = shell("content", "check", "--library", str(library.folder))
    assert said.code == 0
    assert "0 errors" in said.out
    assert "note: peel/procedure.toml" in said.out
    report = shell("content", "check", "--library", str(library.folder), "--json").json
    assert report.keys() == {"errors", "notes", "rendered"}
    assert report["errors"] == []


def test_each_error_names_its_file_and_the_command_fails(shell: Shell, library: Library) -> None:
    library.write("peel/en/topics/makeup.j2", "Call {{ clnic.phone }}.")
    said = shell("content", "check", "--library", str(library.folder))
    assert said.code == 2
    assert "error: peel/en/topics/makeup.j2: 'clnic' is undefined" in said.err
    assert "1 errors" in said.out


def test_a_clinics_folder_that_is_not_there_is_one_line(shell: Shell) -> None:
    shell.set(content="nowhere")
    assert "nowhere is not a folder" in shell("content", "list").refusal


def test_topics_are_listed_with_their_sources(shell: Shell) -> None:
    rows = shell("content", "list", "--json").json
    makeup = next(row for row in rows if row["topic"] == "makeup")
    assert makeup["procedure"] == "microneedling"
    assert makeup["rules"] == ["makeup"]
    assert makeup["sources"]
    assert makeup["reviewed"] is False
    assert "makeup" in shell("content", "list").out


def test_a_topic_is_shown_as_a_patient_reads_it(shell: Shell) -> None:
    shown = shell("content", "show", "makeup", "--json").json
    assert "24 hours" in shown["text"]
    assert shown["sources"]
    assert "maquill" in shell("content", "show", "makeup", "--language", "es").out
    assert "there is no topic 'tea'" in shell("content", "show", "tea").refusal
    assert "no procedure" in shell("content", "show", "makeup", "--procedure", "x").refusal
