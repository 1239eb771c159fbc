"""The data of buttons: short, versioned, and nothing of ours is read from what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.catalog import Catalog
from scheduler.buttons import MAX_BYTES, Tap, pack, unpack

parts = st.text(alphabet="abcdefXYZ019_.+/-", max_size=12)


@given(st.text(alphabet="abcxyz.", min_size=1, max_size=12), st.lists(parts, max_size=3))
def test_what_was_packed_is_what_was_tapped(kind: str, args: list[str]) -> None:
    assert unpack(pack(kind, *args)) == Tap(kind, tuple(args))


@pytest.mark.parametrize(
    "data",
    ["", "v1", "v1:", "v2:done:1", "done:1", "v1:done:<b>", "v1:do ne", "v1:" + "x" * 62, "v1:é"],
)
def test_what_this_version_never_wrote_is_no_tap(data: str) -> None:
    assert unpack(data) is None


@given(st.text(max_size=80))
def test_no_data_whatever_breaks_the_reading(data: str) -> None:
    tap = unpack(data)
    assert tap is None or pack(tap.kind, *tap.args) == data


@pytest.mark.parametrize("args", [("x" * 60,), ("a:b",), ("a b",), ("ñ",)])
def test_a_button_that_telegram_would_refuse_is_not_made(args: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="cannot be the data of a button"):
        pack("topic", *args)


def test_a_button_is_of_some_kind() -> None:
    with pytest.raises(ValueError, match="cannot be the data of a button"):
        pack("")


def test_every_topic_wait_and_city_fits_on_a_button(catalog: Catalog) -> None:
    for procedure in catalog.procedures.values():
        data = [pack("topic", key) for key in procedure.topics]
        data += [pack("can", key) for key in procedure.rules]
        assert all(len(each.encode()) <= MAX_BYTES for each in data)
    assert [pack("zone", zone) for zone in catalog.words("en").table("city")]
