"""A WhatsApp Business number (Cloud API): webhook calls bring its messages, and answers are accepted for 24 hours.

Source: developers.facebook.com/docs/whatsapp/cloud-api. There is no list of messages to read: a message whose call is
lost is never seen.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, Coverage, Handed, RawRequest
from bot.core.lengths import Longest
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.core.outlets import Limits
from bot.wire.platforms import meta
from bot.wire.platforms.platform import Api, PlatformUrl
from bot.wire.platforms.reading import read_each

PREFIX = "whatsapp:"
WINDOW = timedelta(hours=24)
LONGEST = Longest(4096)
_LONGEST_REASON = 200
_NEEDED = frozenset({"whatsapp_business_messaging"})
_BLIND = ("WhatsApp has no list of messages to compare with: a call that never arrives is not seen",)
# The field that contains the text of a message without a file; for a file it is the caption.
_ONLY_WORDS = {"text": "body", "button": "text", "interactive": "title"}
_ABOUT_ANOTHER: dict[str, Literal["reaction", "deletion", "edit"]] = {
    "reaction": "reaction",
    "revoke": "deletion",
    "edit": "edit",
}


class Settings(Account):
    """`phone_number_id` and a system user's `token`; `app_secret` signs the calls, `verify_token` is your own word."""

    media = ("whatsapp",)
    phone_number_id: str = Field(pattern=r"^\d{1,30}$")
    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    url: PlatformUrl = meta.GRAPH


class WhatsApp:
    """One number, inbound and outbound."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = f"/hooks/{name}"
        self.limits = Limits(concurrency=4, format="text", reply_window=WINDOW, longest=LONGEST)
        self._settings = settings
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._api = Api(name, settings.url, headers)

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """Return the answer to a call that asks whether the address is ours."""
        return meta.challenge(raw, self._settings.verify_token.get_secret_value())

    def open(self, raw: RawRequest) -> Batch:
        """Return the messages of a call for this number; one call may concern several numbers."""
        entries = meta.entries(raw, self._settings.app_secret.get_secret_value(), "whatsapp_business_account")
        changes = [change for entry in entries for change in meta.changes(entry)]
        return Batch(tuple(read_each(self.name, changes, lambda change: self._read_change(*change))))

    async def send(self, message: Outbound) -> Handed:
        """Send one text as an answer to the message that it answers."""
        content = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.recipient.removeprefix(PREFIX),
            "context": {"message_id": message.in_reply_to},
            "type": "text",
            "text": {"body": message.content.decode(), "preview_url": False},
            "biz_opaque_callback_data": message.idempotency_key,
        }
        answer = await meta.post(self._api, f"/{self._settings.phone_number_id}/messages", content)
        return Handed(str(answer["messages"][0]["id"]))

    async def check(self) -> str:
        """Request the number; return one sentence about it. Raises Temporary, Permanent or Misconfigured."""
        query = {"fields": "display_phone_number,verified_name"}
        answer = await self._api.ask("GET", f"/{self._settings.phone_number_id}", params=query)
        if answer.status >= 400:
            raise meta.refusal(self._api, answer)
        return f"the number {answer.content.get('display_phone_number', '')} answers"

    async def coverage(self) -> Coverage:
        """Check that the token is valid, and for how long; add what WhatsApp never shows."""
        return await meta.token_coverage(self._api, self._settings.token.get_secret_value(), _NEEDED, _BLIND)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    def _read_change(self, field: str, value: Mapping[str, Any]) -> Iterator[Inbound]:
        if _part(value, "metadata").get("phone_number_id") != self._settings.phone_number_id:
            return
        contacts = _dicts(value, "contacts")
        names = {contact.get("wa_id"): str(_part(contact, "profile").get("name", "")) for contact in contacts}
        if field == "messages":
            for message in _messages(value, "messages", "from"):
                yield self._inbound(message, Party(f"{PREFIX}{message['from']}", names.get(message["from"], "")))
            # What became of our own: only that one did not arrive is news (Cloud API, "status messages").
            for status in _messages(value, "statuses", "recipient_id"):
                if status.get("status") == "failed":
                    yield self._undelivered(status)
        elif field == "smb_message_echoes":
            # Messages that staff sent in the WhatsApp Business app.
            for message in _messages(value, "message_echoes", "to"):
                yield self._inbound(message, None)

    def _undelivered(self, status: Mapping[str, Any]) -> Inbound:
        name = str(status["id"])
        error = next(iter(_dicts(status, "errors")), {})
        reason = f"{error.get('code', '')} {error.get('title', '')}".strip()[:_LONGEST_REASON]
        return Inbound(
            channel=self.name,
            external_id=f"{name} failed",
            digest="",
            sender=None,
            received_at=meta.instant(status.get("timestamp")),
            post=Post("undelivered", about=name),
            fault=reason or "no reason was given",
        )

    def _inbound(self, message: Mapping[str, Any], sender: Party | None) -> Inbound:
        words, post = _read(message, sender.address if sender else f"{PREFIX}{message['to']}")
        return Inbound(
            channel=self.name,
            external_id=str(message["id"]),
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=sender,
            text=words,
            received_at=meta.instant(message.get("timestamp")),
            outgoing=sender is None,
            post=post,
            raw=json.dumps(message, ensure_ascii=False).encode(),
        )


def build(name: str, settings: Settings) -> WhatsApp:
    """Return the number that `settings` describe."""
    return WhatsApp(name, settings)


def _dicts(value: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    items = value.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _messages(value: Mapping[str, Any], key: str, person: str) -> list[dict[str, Any]]:
    """Return the messages that have an id, and a `person`: the field "from" or "to"."""
    return [message for message in _dicts(value, key) if message.get("id") and message.get(person)]


def _read(message: Mapping[str, Any], conversation: str) -> tuple[str, Post]:
    """Return the text of a message, and its other properties."""
    kind = str(message.get("type", "unsupported"))
    part = _part(message, kind)
    if kind in _ABOUT_ANOTHER:
        about = str(part.get("message_id") or part.get("original_message_id") or "")
        inner = _part(part, "message")
        words = _words(str(inner.get("type", "")), _part(inner, str(inner.get("type", ""))))
        return str(part.get("emoji", "")) or words, Post(_ABOUT_ANOTHER[kind], conversation, about=about)
    parent = _part(message, "context").get("id")
    holds = "voice" if kind == "audio" and part.get("voice") else kind
    return _words(kind, part), Post(
        conversation=conversation,
        answers=(str(parent),) if parent else (),
        holds=() if kind in _ONLY_WORDS else (holds,),
    )


def _words(kind: str, part: Mapping[str, Any]) -> str:
    if kind == "interactive":
        part = _part(part, str(part.get("type", "")))
    if kind == "location":
        return ", ".join(str(part[key]) for key in ("name", "address", "latitude", "longitude") if part.get(key))
    return str(part.get(_ONLY_WORDS.get(kind, "caption"), ""))


def _part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = values.get(key)
    return part if isinstance(part, dict) else {}
