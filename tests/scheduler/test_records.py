"""The audit log and the facts that outlive a restart."""

from __future__ import annotations

from scheduler.store import records
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock


def test_who_did_what_is_written_in_order(store: Store, clock: FakeClock) -> None:
    for action in ("patient.invited", "patient.joined"):
        store.run(
            records.audit, now=clock(), actor="shell", action=action, subject="R7K2M9QX",
            detail={"waits": 1},
        )  # fmt: skip
    store.run(records.audit, now=clock(), actor="shell", action="x", subject="other")
    found = store.run(records.audited, "R7K2M9QX")
    assert [row["action"] for row in found] == ["patient.invited", "patient.joined"]
    assert found[0]["detail"] == '{"waits": 1}'


def test_a_fact_is_what_it_was_last_said_to_be(store: Store) -> None:
    assert store.run(records.fact, "bot.username") is None
    store.run(records.keep, "bot.username", "old_bot")
    store.run(records.keep, "bot.username", "aftercare_bot")
    assert store.run(records.fact, "bot.username") == "aftercare_bot"
