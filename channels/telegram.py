"""A Telegram bot, or a business account that it is connected to: messages in, answers out.

Source: core.telegram.org/bots/api. Updates are fetched from an offset, which confirms what came before it, or are
brought by calls to `webhook_url`; the one excludes the other. Telegram keeps what was not fetched for 24 hours.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, Coverage, Forged, Limits, Misconfigured, Permanent, RawRequest, Receipt
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.wire.platform import Api, PlatformUrl
from bot.wire.reading import each

PREFIX = "telegram:"
BUSINESS_WINDOW = timedelta(hours=24)
_PROOF = "x-telegram-bot-api-secret-token"
_MOST_UPDATES, _NOT_FOUND, _TOO_MANY = 100, 404, 429
_WANTED = [
    *("message", "edited_message", "message_reaction"),
    *("business_message", "edited_business_message", "deleted_business_messages"),
]
_HELD = (
    *("photo", "video", "voice", "audio", "document", "animation", "sticker", "video_note", "location", "venue"),
    *("contact", "poll", "story", "dice", "paid_media", "checklist"),
)
_WAITING_IS_MUCH = 100


class Settings(Account):
    """`token` of the bot; `business` where it answers for a business account, which takes answers for 24 hours.

    With `webhook_url` (the public address of /hooks/<name>) and a `webhook_secret` of your own Telegram calls us.
    """

    token: SecretStr
    business: bool = False
    webhook_url: str = Field(default="", pattern=r"^(https://\S+)?$")
    webhook_secret: SecretStr = SecretStr("")
    url: PlatformUrl = "https://api.telegram.org"
    poll_seconds: int = Field(default=20, ge=0, le=25)


class Telegram:
    """One bot, way in and way out."""

    alone = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.ready = asyncio.Event()
        self.limits = Limits(concurrency=4, format="text", reply_window=BUSINESS_WINDOW if settings.business else None)
        self._settings = settings
        # The token stands in the path, which no error shows; never in the base.
        self._api = Api(name, settings.url)
        self._me: Mapping[str, Any] = {}

    def open(self, raw: RawRequest) -> Batch:
        """What one call brings."""
        secret = self._settings.webhook_secret.get_secret_value()
        if not secret or not hmac.compare_digest(
            raw.headers.get(_PROOF, "").encode("utf-8", "replace"), secret.encode()
        ):
            raise Forged("another secret")
        try:
            update = json.loads(raw.body)
        except (ValueError, RecursionError):
            raise Permanent("no JSON") from None
        return Batch(tuple(each(self.name, [update], self._told)))

    async def listen(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Fetch for ever, or have Telegram call us."""
        self._me = await self._ask("getMe")
        try:
            if self._settings.webhook_url:
                await self._be_called()
                return
            if cursor is None:
                cursor = await self._first_offset()
                yield Batch((), cursor)
            self.ready.set()
            while True:
                asked = {"offset": int(cursor), "timeout": self._settings.poll_seconds, "allowed_updates": _WANTED}
                updates = await self._ask("getUpdates", asked | {"limit": _MOST_UPDATES})
                if updates:
                    cursor = str(updates[-1]["update_id"] + 1)
                    yield Batch(tuple(each(self.name, updates, self._told)), cursor)
                elif not self._settings.poll_seconds:
                    await asyncio.sleep(0.2)
        finally:
            self.ready.clear()

    async def send(self, message: Outbound) -> Receipt:
        """One plain text into the chat that is answered; there is no key that a repeat would be known by."""
        chat, _, number = message.in_reply_to.partition(":")
        content: dict[str, Any] = {
            "chat_id": int(chat),
            "text": message.content.decode(),
            "reply_parameters": {"message_id": int(number), "allow_sending_without_reply": True},
        }
        if connection := message.conversation.partition("@")[2]:
            content["business_connection_id"] = connection
        sent = await self._ask("sendMessage", content)
        return Receipt(_name(sent))

    async def check(self) -> str:
        """Ask who the bot is; one sentence. Raises Temporary, Permanent or Misconfigured."""
        return f"the bot @{(await self._ask('getMe')).get('username', '')} answers"

    async def coverage(self) -> Coverage:
        """Whether somebody else is called for this bot, what Telegram could not bring, and what waits there."""
        info = await self._ask("getWebhookInfo")
        if info.get("url", "") != self._settings.webhook_url:
            elsewhere = info.get("url") or "nowhere"
            return Coverage("red", (f"Telegram brings what people write to {elsewhere}, and not to us",))
        findings = []
        if info.get("pending_update_count", 0) > _WAITING_IS_MUCH:
            findings.append(f"{info['pending_update_count']} messages wait at Telegram, which keeps them for 24 hours")
        if info.get("last_error_message"):
            findings.append(f"a call of Telegram's failed: {str(info['last_error_message'])[:100]}")
        return Coverage("amber" if findings else "green", tuple(findings))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    async def _be_called(self) -> None:
        settings = self._settings
        secret = settings.webhook_secret.get_secret_value()
        if not secret:
            raise Misconfigured(f"channel {self.name}: webhook_url needs a webhook_secret")
        content = {"url": settings.webhook_url, "secret_token": secret, "allowed_updates": _WANTED}
        await self._ask("setWebhook", content)
        self.ready.set()
        await asyncio.Event().wait()

    async def _first_offset(self) -> str:
        """What waits there already is not new, unless all is wanted."""
        if self._settings.begin == "all":
            return "0"
        newest = await self._ask("getUpdates", {"offset": -1, "limit": 1, "timeout": 0, "allowed_updates": _WANTED})
        return str(newest[-1]["update_id"] + 1) if newest else "0"

    async def _ask(self, method: str, content: Mapping[str, Any] | None = None) -> Any:
        answer = await self._api.ask(
            "POST", f"/bot{self._settings.token.get_secret_value()}/{method}", json=content or {}
        )
        said = answer.content if isinstance(answer.content, dict) else {}
        if answer.status == _TOO_MANY:
            self._api.rest(float((said.get("parameters") or {}).get("retry_after", 1)))
        if not said.get("ok"):
            words = f"channel {self.name}: Telegram said {answer.status} {str(said.get('description', ''))[:200]}"
            if answer.status in (401, _NOT_FOUND, 409):
                raise Misconfigured(f"{words}. Is the token right, and does nobody else fetch for this bot?")
            raise Permanent(words) if answer.status in (400, 403) else self._api.error(answer)
        return said["result"]

    def _told(self, update: Mapping[str, Any]) -> Iterator[Inbound]:
        """What an update says; kinds of update that are not known bring nothing."""
        for kind in ("message", "business_message", "edited_message", "edited_business_message"):
            if isinstance(message := update.get(kind), dict):
                yield from self._message(message, edited=kind.startswith("edited"))
        if isinstance(deleted := update.get("deleted_business_messages"), dict):
            for number in deleted.get("message_ids", ()):
                about = f"{deleted['chat']['id']}:{number}"
                yield self._made(f"{about} taken back", "", Post("deletion", about=about), None, None, deleted)
        if isinstance(reaction := update.get("message_reaction"), dict) and reaction.get("new_reaction"):
            about = f"{reaction['chat']['id']}:{reaction['message_id']}"
            words = "".join(str(one.get("emoji", "")) for one in reaction["new_reaction"])
            name, post = f"{about} reaction {update.get('update_id')}", Post("reaction", about=about)
            yield self._made(name, words, post, _party(reaction.get("user")), reaction.get("date"), reaction)

    def _message(self, message: Mapping[str, Any], *, edited: bool) -> Iterator[Inbound]:
        chat, writer = message["chat"], message.get("from") or {}
        private = chat.get("type") == "private"
        words = str(message.get("text") or message.get("caption") or "")
        command = words.startswith("/start")
        if command or not (private or f"@{self._me.get('username')}" in words):
            return  # pressing "Start" says nothing yet; in a group only what names us is for us
        connection = message.get("business_connection_id", "")
        ours = bool(connection) and writer.get("id") != chat["id"]
        about = _name(message) if edited else ""
        answered = message.get("reply_to_message")
        post = Post(
            kind="edit" if edited else "message" if private else "mention",
            conversation=(f"{chat['id']}@{connection}" if connection else f"{chat['id']}") if private else "",
            answers=(_name(answered),) if isinstance(answered, dict) else (),
            about=about,
            by_program=bool(writer.get("is_bot")) and not ours,
            automatic="sender_business_bot" in message,
            holds=tuple(kind for kind in _HELD if kind in message),
        )
        name = f"{about} edited {message.get('edit_date')}" if edited else _name(message)
        made = self._made(name, words, post, None if ours else _party(writer), message.get("date"), message)
        yield made if private else _in_public(made)

    def _made(
        self, name: str, words: str, post: Post, sender: Party | None, date: Any, raw: Mapping[str, Any]
    ) -> Inbound:
        return Inbound(
            channel=self.name,
            external_id=name,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=sender,
            text=words,
            received_at=datetime.fromtimestamp(date, UTC) if isinstance(date, int) else None,
            outgoing=sender is None and post.kind == "message",
            post=post,
            raw=json.dumps(raw, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> Telegram:
    """The bot that `settings` describe."""
    return Telegram(name, settings)


def _name(message: Mapping[str, Any]) -> str:
    return f"{message['chat']['id']}:{message['message_id']}"


def _party(user: Any) -> Party | None:
    if not isinstance(user, dict) or "id" not in user:
        return None
    return Party(
        f"{PREFIX}{user['id']}", " ".join(str(user[key]) for key in ("first_name", "last_name") if user.get(key))
    )


def _in_public(message: Inbound) -> Inbound:
    return replace(message, visibility="public")
