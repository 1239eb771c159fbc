"""A clinic's list of patients: a file as any spreadsheet writes it, or lines that staff type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.services import enrolment, references, segment
from scheduler.services.segment import SegmentError
from tests.fakes.clock import FakeClock
from tests.fakes.people import World

NAMES = ["R-1", "R-2"]


@pytest.mark.parametrize(
    "content",
    [
        b"R-1\nR-2\n",
        b"R-1\r\nR-2",
        b"\xef\xbb\xbfreference\nR-1\nR-2\n",
        b"reference,note\nR-1,kind\nR-2,\n",
        b"note;Reference\nkind;R-1\n;R-2\n",
        b"name\tpatient id\nkind\tR-1\n\tR-2\n",
        b"R-1,kind\nR-2,too\n",
        b"R-1,R-2\n",
        b'"R-1"\n"R-2"\n',
        b"\n R-1 \n\n R-2\nr-1\n",
    ],
)
def test_a_list_is_read_as_spreadsheets_write_it(content: bytes) -> None:
    assert references.in_file(content) == NAMES


@pytest.mark.parametrize("text", ["R-1\nR-2", "R-1, R-2", " R-1;R-2; r-1 ", "R-1\n\nR-2\n"])
def test_a_list_is_typed_in_lines_or_with_commas(text: str) -> None:
    assert references.typed(text) == NAMES


@pytest.mark.parametrize(
    ("content", "reason", "says"),
    [
        (b"x\n" * 600_000, "list_big", "over 1 MB"),
        (b"".join(b"R%d\n" % number for number in range(20_001)), "list_big", "over 20000"),
        (b"PK\x03\x04\x14\x00\x00", "list_binary", "no text in UTF-8"),
        ("R-1\nMüller".encode("latin-1"), "list_binary", "no text in UTF-8"),
        ("R-1\nR-2".encode("utf-16"), "list_binary", "no text in UTF-8"),
        (b'R-1\n"R-2" x\n', "list_malformed", "line 2 of the list is not CSV"),
        (b"R-1\n" + b"y" * 41, "list_malformed", "is no reference"),
        (b"", "list_empty", "is empty"),
        (b"\n , \n", "list_empty", "is empty"),
        (b"reference\n", "list_empty", "is empty"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_the_reason(
    content: bytes, reason: str, says: str
) -> None:
    with pytest.raises(SegmentError, match=says) as refused:
        references.in_file(content)
    assert refused.value.reason == reason


@given(st.binary(max_size=400))
def test_whatever_is_in_a_file_it_is_a_list_or_refused(content: bytes) -> None:
    try:
        names = references.in_file(content)
    except SegmentError:
        return
    assert names
    assert segment.read((segment.of_names(names),))[0].names


def test_a_list_says_how_many_are_known_and_which_are_not(world: World, clock: FakeClock) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    world.store.run(
        enrolment.invite,
        world.catalog,
        clinic=world.riverside,
        procedure="microneedling",
        treated_at=clock(),
        reference="Ward 3, 12",
        now=clock(),
    )
    olgas = world.join(treated_at=clock(), now=clock(), chat_id=900, clinic=world.hilltop)
    matched = world.store.run(
        references.match, world.riverside.id, [ana.ref.lower(), "ward 3,  12", olgas.ref, "R-1"]
    )
    assert (matched.found, matched.unknown) == (2, (olgas.ref, "R-1"))
