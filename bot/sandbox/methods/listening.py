"""The methods by which a bot hears: the webhook, answers to taps, files."""

from __future__ import annotations

import re

from bot.sandbox.arguments import Arguments
from bot.sandbox.chats import Json
from bot.sandbox.cloud import Cloud, Event
from bot.sandbox.files import MAX_DOWNLOAD
from bot.sandbox.refusal import bad_request
from bot.sandbox.webhook import Webhook

MAX_ANSWER = 200
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


async def set_webhook(cloud: Cloud, args: Arguments) -> bool:
    """`setWebhook`; only addresses on this machine are reached, by http or https."""
    url, secret = args.text("url"), args.text("secret_token")
    if url and not re.match(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])[:/]", url):
        raise bad_request("bad webhook: only this machine can be reached from the sandbox")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    await _stop(cloud)
    if "allowed_updates" in args:
        cloud.updates.allow(args.rows("allowed_updates"))
    if args.flag("drop_pending_updates"):
        cloud.updates.clear()
    if url:
        cloud.updates.by_webhook = True
        cloud.webhook = Webhook(cloud.updates, url, secret)
    return True


async def delete_webhook(cloud: Cloud, args: Arguments) -> bool:
    """`deleteWebhook`."""
    await _stop(cloud)
    if args.flag("drop_pending_updates"):
        cloud.updates.clear()
    return True


def get_webhook_info(cloud: Cloud, _: Arguments) -> Json:
    """`getWebhookInfo`."""
    info: Json = {
        "url": cloud.webhook.url if cloud.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(cloud.updates),
    }
    if cloud.updates.allowed:
        info["allowed_updates"] = cloud.updates.allowed
    if cloud.webhook and cloud.webhook.last_error:
        info["last_error_message"] = cloud.webhook.last_error
        info["last_error_date"] = cloud.now()
    return info


def answer_callback_query(cloud: Cloud, args: Arguments) -> bool:
    """`answerCallbackQuery`."""
    tap = cloud.taps.get(args.text("callback_query_id"))
    if tap is None:
        raise bad_request(_TOO_OLD)
    text = args.text("text")
    if len(text) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    answer: Json = {"text": text, "alert": args.flag("show_alert"), "user": tap.user.id}
    tap.answers.append(answer)
    cloud.tell(Event("answered", tap.chat, detail=answer))
    return True


def get_file(cloud: Cloud, args: Arguments) -> Json:
    """`getFile`."""
    if "file_id" not in args:
        raise bad_request("file_id not specified")
    file = cloud.files.find(args.text("file_id"))
    if len(file.content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file.id,
        "file_unique_id": f"u{file.id}",
        "file_size": len(file.content),
        "file_path": file.path,
    }


async def _stop(cloud: Cloud) -> None:
    cloud.updates.by_webhook = False
    if cloud.webhook is not None:
        await cloud.webhook.stop()
        cloud.webhook = None
