"""What patients asked in vain is put together, so that a clinician sees what to write next."""

from __future__ import annotations

from content.gaps import group


def test_the_same_question_in_other_words_is_one_gap_and_the_most_asked_comes_first() -> None:
    found = group(
        [
            "do you have parking",
            "can i donate blood",
            "how soon can i give blood",
            "may i donate blood after this",
        ]
    )
    assert found[0].asked == (
        "can i donate blood",
        "how soon can i give blood",
        "may i donate blood after this",
    )
    assert found[1].asked == ("do you have parking",)


def test_messages_without_words_are_no_gap() -> None:
    assert group(["", "   ", "…"]) == []


def test_the_same_message_twice_counts_twice() -> None:
    (gap,) = group(["where are you", "where are you"])
    assert len(gap.asked) == 2
