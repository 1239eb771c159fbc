"""The pauses that Telegram asks for: kept to at once by everybody concerned, and over a restart."""

from __future__ import annotations

from typing import Protocol

import structlog

from scheduler.clock import Clock
from scheduler.store import pauses
from scheduler.store.engine import Store, passing

log = structlog.get_logger()


class Gate(Protocol):
    """Lets nothing leave for a time."""

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        """Let no reminder and no broadcast go for so long, or nothing at all."""
        ...


class Pauses:
    """Keeps to pauses.

    Args:
        store: Where they outlive a restart.
        gate: What holds back whoever would leave meanwhile.
        clock: The present instant.
    """

    def __init__(self, store: Store, gate: Gate, clock: Clock) -> None:
        self._store, self._gate, self._clock = store, gate, clock

    async def asked(self, seconds: float, *, everybody: bool) -> None:
        """Keep to a pause of so many seconds: what can wait does so, or everybody."""
        self._gate.hold(seconds, everybody=everybody)
        try:
            await self._store.tx(pauses.note, seconds, self._clock(), everybody=everybody)
        except Exception as error:
            if not passing(error):
                raise
            log.exception("pause.not_noted", seconds=seconds)  # a restart alone would forget it

    async def restore(self) -> None:
        """Keep to what is left of the pauses that were asked for before a restart."""
        left = await self._store.tx(pauses.left, self._clock())
        if left.everybody > 0:
            self._gate.hold(left.everybody, everybody=True)
        if left.bulk > left.everybody:
            self._gate.hold(left.bulk)
