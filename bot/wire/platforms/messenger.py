"""Reads messages as Messenger and Instagram describe them, in webhook calls and in lists of conversations.

Source: developers.facebook.com/docs/messenger-platform (webhooks, Send API, Conversations API) and
developers.facebook.com/docs/instagram-platform.
"""

import hashlib
import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.core.messages import Inbound, Outbound, Party, Post
from bot.wire.platforms import meta
from bot.wire.platforms.platform import Api
from bot.wire.platforms.reading import read_each

# Automatic answers are allowed within a day; those that a person types within seven, after the first with the tag
# HUMAN_AGENT (Send API, "Message Tags").
RECEIPT_WINDOW, PERSONS_WINDOW = timedelta(hours=24), timedelta(days=7)
_CONVERSATION = "id,updated_time,messages.limit(20){id,created_time,from,to,message,attachments,sticker,story}"
_PAGE = 25


@dataclass(frozen=True, slots=True)
class Inboxes:
    """The private messages of one account: `own` is its id there, `prefix` begins the addresses of people."""

    channel: str
    prefix: str
    own: str

    def read_event(self, event: Mapping[str, Any]) -> Iterator[Inbound]:
        """Yield the message in one event of a webhook call, if there is one."""
        if (message := self._read_event(event)) is not None:
            yield message

    def _read_event(self, event: Mapping[str, Any]) -> Inbound | None:
        message = _part(event, "message")
        is_own = bool(message.get("is_echo")) or _id(event, "sender") == self.own
        person = _id(event, "recipient" if is_own else "sender")
        if not person or person == self.own:
            return None
        at = meta.instant(event.get("timestamp"))
        if message.get("mid"):
            return self._read_message(message, person, at, is_own=is_own)
        if postback := _part(event, "postback"):
            # Somebody pressed a button; its title is their message.
            name = str(postback.get("mid") or f"postback {person} {event.get('timestamp')}")
            return self._inbound(
                name, str(postback.get("title", "")), Post(conversation=self._thread(person)), person, at
            )
        return self._read_event_about_another(event, person, at)

    def _read_event_about_another(self, event: Mapping[str, Any], person: str, at: datetime | None) -> Inbound | None:
        """Read a reaction to an earlier message, or an edit of one."""
        reaction, edit = _part(event, "reaction"), _part(event, "message_edit")
        if reaction.get("mid") and reaction.get("action") != "unreact":
            name = f"{reaction['mid']} reaction {person} {event.get('timestamp')}"
            return self._inbound(
                name, str(reaction.get("emoji", "")), self._about("reaction", person, reaction), person, at
            )
        if edit.get("mid"):
            name = f"{edit['mid']} edited {edit.get('num_edit', '')}"
            return self._inbound(name, str(edit.get("text", "")), self._about("edit", person, edit), person, at)
        return None

    def _read_message(self, message: Mapping[str, Any], person: str, at: datetime | None, *, is_own: bool) -> Inbound:
        mid = str(message["mid"])
        if message.get("is_deleted"):
            return self._inbound(f"{mid} taken back", "", self._about("deletion", person, message), person, at)
        parent = _part(message, "reply_to").get("mid")
        post = Post(
            conversation=self._thread(person),
            answers=(str(parent),) if parent else (),
            # An automatic message carries our mark; a message that staff sent in the platform's own inbox has none.
            automatic=is_own and str(message.get("metadata", "")).startswith("<"),
            holds=tuple(_holds(message)),
            link=next(iter(_links(message)), ""),
        )
        return self._inbound(mid, str(message.get("text", "")), post, "" if is_own else person, at, raw=message)

    async def pages_since(self, api: Api, query: Mapping[str, str], since: datetime) -> AsyncGenerator[list[Inbound]]:
        """Yield the messages of every conversation that changed after `since`, a page of conversations at a time.

        The list is sorted by its last change and offers no other filter. Raises Temporary or Misconfigured.
        """
        path, parameters = f"/{self.own}/conversations", {**query, "fields": _CONVERSATION, "limit": str(_PAGE)}
        while True:
            answer = await api.ask("GET", path, params=parameters)
            if answer.status >= 400:
                raise meta.refusal(api, answer)
            page = [
                conversation
                for conversation in answer.content.get("data", ())
                if _instant(conversation["updated_time"]) >= since
            ]
            yield self._messages_since(page, since)
            after = _part(_part(answer.content, "paging"), "cursors").get("after")
            if len(page) < _PAGE or not after:
                return
            parameters["after"] = str(after)

    def _messages_since(self, conversations: Iterable[Mapping[str, Any]], since: datetime) -> list[Inbound]:
        """Return the messages of `conversations` since then, the oldest first."""
        messages = (m for conversation in conversations for m in _part(conversation, "messages").get("data", ()))
        fresh = [message for message in messages if _instant(message["created_time"]) >= since]
        return sorted(read_each(self.channel, fresh, self._read), key=lambda message: message.received_at or since)

    def _read(self, message: Mapping[str, Any]) -> Iterator[Inbound]:
        is_own = _id(message, "from") == self.own
        recipients = _part(message, "to").get("data") or [{}]
        person = str(recipients[0].get("id", "")) if is_own else _id(message, "from")
        if not person:
            return
        post = Post(conversation=self._thread(person), holds=_listed_contents(message))
        name = str(_part(message, "from").get("name") or _part(message, "from").get("username") or "")
        at, words = _instant(message["created_time"]), str(message.get("message", ""))
        yield self._inbound(str(message["id"]), words, post, "" if is_own else person, at, name=name, raw=message)

    def outgoing(self, message: Outbound) -> dict[str, Any]:
        """Return the body of the call that sends a text."""
        text = {"text": message.content.decode(), "metadata": message.idempotency_key}
        person = message.recipient.removeprefix(self.prefix)
        tag = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        kind = tag if message.by_person_later else {"messaging_type": "RESPONSE"}
        return {"recipient": {"id": person}, **kind, "message": text}

    def _thread(self, person: str) -> str:
        return f"{self.prefix}{person}"

    def _about(self, kind: Literal["edit", "deletion", "reaction"], person: str, part: Mapping[str, Any]) -> Post:
        return Post(kind, self._thread(person), about=str(part["mid"]))

    def _inbound(
        self,
        external_id: str,
        words: str,
        post: Post,
        person: str,
        at: datetime | None,
        *,
        name: str = "",
        raw: Mapping[str, Any] | None = None,
    ) -> Inbound:
        return Inbound(
            channel=self.channel,
            external_id=external_id,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=Party(f"{self.prefix}{person}", name) if person else None,
            text=words,
            received_at=at,
            outgoing=not person,
            post=post,
            raw=json.dumps(raw or {}, ensure_ascii=False).encode(),
        )


def events(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the events of private threads in one entry of a webhook call."""
    messaging = entry.get("messaging")
    return [event for event in messaging if isinstance(event, dict)] if isinstance(messaging, list) else []


def _part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = values.get(key)
    return part if isinstance(part, dict) else {}


def _id(values: Mapping[str, Any], key: str) -> str:
    return str(_part(values, key).get("id", ""))


def _files(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    attachments = message.get("attachments")
    return [file for file in attachments if isinstance(file, dict)] if isinstance(attachments, list) else []


def _holds(message: Mapping[str, Any]) -> Iterator[str]:
    for file in _files(message):
        yield "sticker" if "sticker_id" in _part(file, "payload") else str(file.get("type", "file"))
    if _part(message, "reply_to").get("story"):
        yield "story"
    if message.get("is_unsupported"):
        yield "unsupported"


def _listed_contents(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a message holds besides text, as the list of conversations describes it."""
    files = _part(message, "attachments").get("data", ())
    kinds = [_kind(str(file.get("mime_type", ""))) for file in files if isinstance(file, dict)]
    return (*kinds, *(key for key in ("sticker", "story") if message.get(key)))


def _links(message: Mapping[str, Any]) -> Iterator[str]:
    for file in _files(message):
        url = str(_part(file, "payload").get("url", ""))
        if url.startswith("https://"):
            yield url


def _kind(mime_type: str) -> str:
    main = mime_type.partition("/")[0]
    return main if main in ("image", "video", "audio") else "file"


def _instant(value: str) -> datetime:
    """Parse an instant; Graph writes the zone as +0000."""
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
