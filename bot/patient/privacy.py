"""What is kept, a copy of it, and its erasure."""

from __future__ import annotations

import json

from bot.patient import keyboards
from bot.patient.conversation import Conversation
from scheduler.messenger import Attachment
from scheduler.services import privacy


async def privacy_(conversation: Conversation) -> None:
    """`/privacy`: what is kept, for what, and who reads it."""
    await conversation.say(conversation.screen("privacy"))


async def my_data(conversation: Conversation) -> None:
    """`/mydata`: everything kept, as a file a person can read."""
    patient = conversation.known()
    kept = await conversation.house.store.tx(privacy.export, patient)
    await conversation.say(
        conversation.screen("mydata"),
        attachment=Attachment(
            kind="document",
            filename="aftercare-my-data.json",
            content=json.dumps(kept, indent=2, ensure_ascii=False).encode(),
        ),
    )


async def forget(conversation: Conversation) -> None:
    """`/forget`: one question before what cannot be undone."""
    await conversation.say(
        conversation.screen("forget"), keyboards.sure(conversation.words, "erase", "forget")
    )


async def forget_sure(conversation: Conversation) -> None:
    """The answer to that question."""
    if conversation.told.text() != "yes":
        await conversation.edit(conversation.screen("kept"))
        return
    patient = conversation.known()
    text = conversation.screen("forgotten")
    await conversation.house.store.tx(privacy.erase, patient, actor="patient", now=conversation.now)
    nobodys = await conversation.again()  # what has to wait is not hers any more: she is gone
    await nobodys.edit(text)
    await conversation.house.board.empty()
