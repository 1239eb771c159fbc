"""What waits in the outbox comes out as it went in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler import payload
from scheduler.messenger import Attachment, Button, Outgoing

words = st.text(max_size=30)
buttons = st.builds(
    Button,
    text=words,
    data=st.none() | words,
    url=st.none() | words,
    copy_text=st.none() | words,
    style=st.sampled_from([None, "primary", "success", "danger"]),
)
attachments = st.builds(
    Attachment,
    kind=st.sampled_from(["photo", "document", "voice"]),
    filename=words,
    content=st.none() | st.binary(min_size=1, max_size=30),
    file_id=st.none() | words,
)
messages = st.builds(
    Outgoing,
    chat_id=st.integers(),
    text=words,
    buttons=st.lists(st.lists(buttons, max_size=3).map(tuple), max_size=3).map(tuple),
    silent=st.booleans(),
    attachment=st.none() | attachments,
    reply_to=st.none() | st.integers(),
    ask_reply=st.none() | words,
)


@given(messages)
def test_every_message_survives_the_outbox(message: Outgoing) -> None:
    stored = payload.pack(
        message.text,
        message.buttons,
        silent=message.silent,
        attachment=message.attachment,
        reply_to=message.reply_to,
        ask_reply=message.ask_reply,
    )
    assert payload.unpack(stored, message.chat_id) == message
