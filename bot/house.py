"""Everything a handler may need, wired once and handed to all of them."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from telegram.ext import CallbackContext, ContextTypes

from bot.staff.board import Board
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.clock import Clock
from scheduler.delivery import Delivery
from scheduler.messenger import Messenger
from scheduler.replying import Replies
from scheduler.store.engine import Store

Context = ContextTypes.DEFAULT_TYPE
_KEY = "house"


@dataclass(frozen=True, slots=True)
class House:
    """The parts of the running bot.

    Attributes:
        store: What survives a restart.
        catalog: What is said.
        knowledge: How patients' words are understood.
        clock: The present instant.
        messenger: Where messages leave.
        replies: Answers to what a person just did.
        delivery: Everything unasked.
        board: What changes in the clinics' groups.
        per_second: How many messages leave in a second at most, to say how long many take.
        again: Numbers of the updates that a crash left and that are dealt with once more.
        crowded: Numbers of the updates that came in a flood from their chat.
        unfinished: Where the number of an update goes that has to be dealt with once more.
    """

    store: Store
    catalog: Catalog
    knowledge: Knowledge
    clock: Clock
    messenger: Messenger
    replies: Replies
    delivery: Delivery
    board: Board
    per_second: float
    again: AbstractSet[int] = frozenset()
    crowded: AbstractSet[int] = frozenset()
    unfinished: set[int] = field(default_factory=set)

    def install(self, bot_data: dict[object, object]) -> None:
        """Let handlers find it."""
        bot_data[_KEY] = self


def house_of(context: CallbackContext) -> House:  # type: ignore[type-arg]
    """Return the house that an application was built with."""
    house = context.bot_data[_KEY]
    if not isinstance(house, House):
        raise TypeError(_KEY)
    return house
