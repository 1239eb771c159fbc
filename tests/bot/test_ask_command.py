"""`aftercare ask`: one question, or five hundred as JSON lines through one process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.commands import talk
from bot.commands.talk import ask
from content.understand import load_knowledge


def lines(*rows: Mapping[str, Any] | str) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(ask, list(arguments), input=typed)


def answers(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_question_is_answered_as_one_document() -> None:
    result = run("when can i wear makeup", "--hours-since", "6", "--json")
    answered = json.loads(result.stdout)
    assert (answered["route"], answered["topics"]) == ("routine", ["makeup"])
    assert len(answered["offered"]) == 3
    assert "Not yet" in answered["answer"]


def test_answers_keep_the_order_of_the_questions() -> None:
    said = ["can i swim", "i cant breathe", "puedo beber vino", "tell me a joke"]
    result = run(
        "-", "--json", typed=lines(*({"id": at, "text": text} for at, text in enumerate(said)))
    )
    answered = answers(result)
    assert [row["id"] for row in answered] == [0, 1, 2, 3]
    assert [row["route"] for row in answered] == ["routine", "emergency", "routine", "unknown"]
    assert set(answered[0]) == {"id", "route", "topics", "offered", "answer"}


def test_each_line_may_tell_its_hour_language_and_procedure() -> None:
    typed = lines(
        {"id": "early", "text": "can i wear makeup", "hours_since": 6},
        {"id": "late", "text": "can i wear makeup", "hours_since": 60},
        {"id": "es", "text": "puedo maquillarme", "language": "es-MX", "hours_since": 6},
        {"id": "rf", "text": "can i wear makeup", "procedure": "rf_microneedling"},
    )
    early, late, spanish, _ = answers(run("-", "--json", typed=typed))
    assert "Not yet" in early["answer"]
    assert "Not yet" not in late["answer"]
    assert "maquill" in spanish["answer"].lower()


def test_a_message_with_a_warning_sign_still_names_its_topics() -> None:
    typed = lines({"id": 1, "text": "there is yellow pus on my cheek", "hours_since": 60})
    (answered,) = answers(run("-", "--json", typed=typed))
    assert answered["route"] in ("urgent", "emergency")
    assert answered["topics"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{nope", "line 2 is not JSON"),
        ("[1, 2]", "line 2 has no text"),
        ('{"id": 7}', "line 2 has no text"),
        ('{"text": 5}', "line 2 has no text"),
        ('{"text": "hi", "hours_since": "six"}', "line 2: hours_since is 'six'"),
        ('{"text": "hi", "hours_since": -1}', "line 2: hours_since is -1"),
        ('{"text": "hi", "hours_since": true}', "line 2: hours_since is True"),
        ('{"text": "hi", "hours_since": NaN}', "line 2: hours_since is nan"),
        ('{"text": "hi", "procedure": "tattoo"}', "line 2: there is no procedure 'tattoo'"),
    ],
)
def test_a_malformed_line_stops_with_its_number_and_answers_nothing(line: str, said: str) -> None:
    result = run("-", "--json", typed=lines({"id": 1, "text": "can i swim"}, line))
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_empty_lines_between_questions_are_skipped() -> None:
    typed = lines({"id": 1, "text": "can i swim"}, "", {"id": 2, "text": "can i run"})
    assert [row["id"] for row in answers(run("-", "--json", typed=typed))] == [1, 2]


def test_five_hundred_questions_read_the_library_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[object] = []

    def counted(library: Any) -> Any:
        loads.append(library)
        return load_knowledge(library)

    monkeypatch.setattr(talk, "load_knowledge", counted)
    typed = lines(*({"id": at, "text": f"can i swim on day {at % 30}"} for at in range(500)))
    assert [row["id"] for row in answers(run("-", "--json", typed=typed))] == list(range(500))
    assert len(loads) == 1


def test_an_outdated_model_is_told_beside_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def outdated(library: Any) -> Any:
        return replace(load_knowledge(library), outdated="run: aftercare content build")

    monkeypatch.setattr(talk, "load_knowledge", outdated)
    result = run("can i swim", "--json")
    assert json.loads(result.stdout)["route"] == "routine"
    assert "run: aftercare content build" in result.stderr


@pytest.mark.parametrize(
    "text", ["", "🙏", "a" * 10_000, "\u202eabc", "{{ 7 * 7 }}", "<b>hi", "\ud83d", "\u200b"]
)
def test_whatever_is_typed_gets_an_answer(text: str) -> None:
    (answered,) = answers(run("-", "--json", typed=lines({"id": 1, "text": text})))
    assert answered["answer"].strip()
    assert "49" not in answered["answer"].split()
