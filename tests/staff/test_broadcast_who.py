"""Who gets a message to many: every condition by buttons, and a list of references as a reply."""

from __future__ import annotations

import pytest

from bot.sandbox.chats import Message
from scheduler.services import references
from scheduler.store import patients
from tests.staff.conftest import Town
from tests.staff.test_broadcast import newest, settle


async def card(town: Town) -> Message:
    """Who gets a message about sun care, while Ana is the one patient."""
    await town.joins()
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Sun care", town.group)
    return town.group.last


async def question(town: Town) -> Message:
    await card(town)
    await town.rosa.tap("A list of references", town.group)
    return town.group.last


async def ref(town: Town) -> str:
    ana = await town.store.tx(patients.by_chat, town.ana.id)
    assert ana is not None
    return ana.ref


@pytest.mark.parametrize(
    ("taps", "segments", "count", "label"),
    [
        (["No session booked"], ["no_session"], 1, "✓ No session booked"),
        (["Day 0 to 3"], ["day=0-3"], 1, "✓ Day 0 to 3"),
        (["Session within 7 days"], ["session=0-7"], 0, "✓ Session within 7 days"),
        (["Other days", "From day 0", "To day 5"], ["day=0-5"], 1, "✓ Day 0 to 5"),
        (["Other days", "From day 10", "To day 60"], ["day=10-60"], 0, "✓ Day 10 to 60"),
        (
            ["Other sessions", "In 7 days or later", "In 28 days or sooner"],
            ["session=7-28"], 0, "✓ Session in 7 to 28 days",
        ),
        (["Procedure", "Microneedling"], ["procedure=microneedling"], 1, "✓ Microneedling"),
        (["Area", "Neck"], ["area=neck"], 0, "✓ Neck"),
        (["Language", "Español"], ["language=es"], 0, "✓ Español"),
        (["Area", "Face", "Day 0 to 3"], ["area=face", "day=0-3"], 1, "✓ Face"),
        (["Area", "Face", "✓ Face", "✓ Face"], ["all"], 1, "✓ All"),
        (["Day 4 to 7", "All"], ["all"], 1, "✓ All"),
    ],
)  # fmt: skip
async def test_every_condition_is_chosen_with_buttons(
    town: Town, taps: list[str], segments: list[str], count: int, label: str
) -> None:
    shown = await card(town)
    for tap in taps:
        await town.rosa.tap(tap, town.group)
    assert list((await newest(town)).segments) == segments
    said = town.now(shown)
    assert label in said.labels
    assert f"\n{count} patient" in said.text


async def test_a_file_names_the_patients_and_the_group_hears_who_is_not_known(town: Town) -> None:
    asked = await question(town)
    lines = ["Reference;Note", f"{await ref(town)};x", *(f"X-{n};y" for n in range(14))]
    await town.rosa.document("who.csv", "\n".join(lines).encode(), to=town.group, reply_to=asked)
    answer = town.group.messages[-2].text
    assert answer.startswith("1 of 15 on your list is known here.")
    assert "Not found: X-0, X-1, X-2, X-3, X-4, X-5, X-6, X-7, X-8, X-9 and 4 more." in answer
    assert "✓ A list of 15" in town.group.last.labels
    await town.rosa.tap("Next: see it first", town.group)
    await town.rosa.tap("Send now", town.group)
    await settle(town)
    assert "1 delivered" in town.group.last.text
    assert "14: not known here" in town.group.last.text


async def test_a_list_is_typed_and_taken_away_again(town: Town) -> None:
    asked = await question(town)
    await town.rosa.send(f"{await ref(town)}\nR-4711", town.group, reply_to=asked)
    assert "1 of 2 on your list is known here." in town.group.messages[-2].text
    await town.rosa.tap("✓ A list of 2", town.group)
    assert "A list of references" in town.group.last.labels
    assert (await newest(town)).segments == ("all",)


async def test_what_is_no_list_is_refused_in_one_sentence_and_changes_nothing(town: Town) -> None:
    asked = await question(town)
    for content, says in (
        (b"x\n" * (references.MOST_BYTES // 2 + 1), "That list is too big."),
        (b"PK\x03\x04\xff\xfe\x00", "I cannot read that file."),
        (b'R-1\n"R-2" x\n', "That is no list of references."),
        (b"reference\n", "There are no references in that."),
        (b"X-1\nX-2\n", "None of these is known here: X-1, X-2."),
    ):
        await town.rosa.document("who.csv", content, to=town.group, reply_to=asked)
        assert town.group.last.text.startswith(says)
    town.telegram.faults.fail(method="getFile")
    await town.rosa.document("who.csv", b"X-1", to=town.group, reply_to=asked)
    assert town.group.last.text.startswith("The file could not be fetched")
    assert (await newest(town)).segments == ("all",)


async def test_another_clinics_patient_on_a_list_is_not_known_here(town: Town) -> None:
    asked = await question(town)
    await town.olga.send("/treated", town.hill)
    for tap in ("Microneedling", "Face", "1 hour ago", "Make the code"):
        await town.olga.tap(tap, town.hill)
    (theirs,) = await town.store.tx(patients.listed, town.hilltop.id)
    await town.rosa.send(f"{await ref(town)}\n{theirs.ref}", town.group, reply_to=asked)
    assert f"Not found: {theirs.ref}" in town.group.messages[-2].text


async def test_a_list_for_what_is_sent_already_is_refused(town: Town) -> None:
    asked = await question(town)
    await town.rosa.tap("Next: see it first", town.group)
    await town.rosa.tap("Send now", town.group)
    await town.rosa.send(await ref(town), town.group, reply_to=asked)
    assert "not possible any more" in town.group.last.text
