"""Reads one update of the Telegram Bot API, whether it was fetched or sent to the webhook.

Source: core.telegram.org/bots/api ("Update", "Message"). A person's chat with the bot and their chat with a business
account have the same number but separate message numbers, so the name of a business message includes its connection.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from bot.core.messages import Inbound, Party, Post
from bot.wire.platforms import telegram_contents as contents
from bot.wire.platforms.reading import NotUnderstood
from bot.wire.platforms.telegram_contents import Values

PREFIX = "telegram:"
TO_BOT = ("message", "edited_message", "message_reaction")
TO_BUSINESS = ("business_connection", "business_message", "edited_business_message", "deleted_business_messages")
_MESSAGES = ("message", "business_message", "edited_message", "edited_business_message")
# What is said to nobody: it brings no words of a person to us, and is neither logged nor shunted.
IGNORED: Mapping[str, str] = {
    **dict.fromkeys(
        ("channel_post", "edited_channel_post"), "a channel's own announcement, which is addressed to its readers"
    ),
    "guest_message": "the bot was called into a chat where it is no guest: it has no guest mode",
    "message_reaction_count": "a number of reactions, which names nobody",
    **dict.fromkeys(("inline_query", "chosen_inline_result"), "the bot offers no results to choose from"),
    "callback_query": "the bot shows no buttons",
    **dict.fromkeys(
        ("shipping_query", "pre_checkout_query", "purchased_paid_media", "managed_bot"),
        "the bot sells nothing and manages no other bot",
    ),
    **dict.fromkeys(("poll", "poll_answer"), "the bot starts no polls"),
    **dict.fromkeys(
        ("my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost"),
        "who is in a group, or has blocked the bot, is no message",
    ),
}
_CHAT_TYPES = ("private", "group", "supergroup", "channel")
_START = re.compile(r"/start(@\w+)?(\s+[\w-]{1,64})?\s*")
_PLACE = re.compile(r"(-?\d+):(\d+)(?:@(\S+))?")


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a message: the chat, its number there, and the business connection, or ""."""

    chat: int
    number: int
    connection: str = ""

    def __str__(self) -> str:
        return f"{self.chat}:{self.number}" + (f"@{self.connection}" if self.connection else "")

    @classmethod
    def of(cls, message: Values, connection: str = "") -> "Place":
        """Return the place of a message as Telegram describes it; raises KeyError."""
        return cls(
            int(message["chat"]["id"]),
            int(message["message_id"]),
            str(message.get("business_connection_id") or connection),
        )

    @classmethod
    def parse(cls, name: str) -> "Place | None":
        """Return the place that a message's stored name describes."""
        match = _PLACE.match(name)
        return cls(int(match[1]), int(match[2]), match[3] or "") if match else None


def connection_of(update: Any) -> str:
    """Return the business connection of an update, or ""."""
    parts = [update.get(kind) for kind in TO_BUSINESS] if isinstance(update, dict) else []
    ids = (part.get("business_connection_id") or part.get("id") for part in parts if isinstance(part, dict))
    return str(next(filter(None, ids), ""))


@dataclass(frozen=True, slots=True)
class Updates:
    """Reads the updates of the bot `username`, whose number is `bot_id`, for the channel `name`."""

    name: str
    username: str
    bot_id: int

    def read(self, update: Values) -> Iterator[Inbound]:
        """Yield the messages of an update. Raises NotUnderstood, and the errors of a wrong shape."""
        kinds = [kind for kind in update if kind != "update_id"]
        if not kinds:
            raise NotUnderstood("an update of nothing")
        for kind in kinds:
            raw = json.dumps({"update_id": update["update_id"], kind: update[kind]}, ensure_ascii=False).encode()
            for message in self._of_kind(kind, update[kind], int(update["update_id"])):
                yield replace(message, raw=raw)

    def _of_kind(self, kind: str, content: Any, update_id: int) -> Iterator[Inbound]:
        if kind in _MESSAGES:
            if "business" in kind and not content.get("business_connection_id"):
                raise NotUnderstood("a message to an account that is not named")
            yield from self._message(content, update_id, is_edit=kind.startswith("edited"))
        elif kind == "deleted_business_messages":
            yield from self._deletions(content)
        elif kind == "message_reaction":
            yield from self._reaction(content, update_id)
        elif kind == "business_connection":
            _require_connection(content)
        elif kind not in IGNORED:
            raise NotUnderstood(f"an update of the kind {kind}")

    def _deletions(self, deleted: Values) -> Iterator[Inbound]:
        if not deleted["business_connection_id"]:
            raise NotUnderstood("messages to an account that is not named")
        for number in deleted["message_ids"]:
            about = str(Place.of({**deleted, "message_id": number}))
            yield self._inbound(f"{about} deleted", "", Post("deletion", about=about), None, deleted)

    def _reaction(self, reaction: Values, update_id: int) -> Iterator[Inbound]:
        """Yield a reaction in a private chat; one in a group, or one that was withdrawn, says nothing to us."""
        about, reactions = str(Place.of(reaction)), reaction["new_reaction"]
        emoji = "".join(str(reaction_type.get("emoji", "")) for reaction_type in reactions)
        if _is_private(reaction) and reactions:
            post, writer = Post("reaction", about=about), reaction.get("user") or reaction["actor_chat"]
            yield self._inbound(f"{about} reaction {update_id}", emoji, post, writer, reaction)

    def _message(self, message: Values, update_id: int, *, is_edit: bool) -> Iterator[Inbound]:
        place, words = Place.of(message), contents.words(message)
        sent_at = int(message.get("edit_date") or message["date"])
        if not self._is_for_us(message, words) or _is_live_location(message, is_edit=is_edit):
            return
        writer = _writer(message)
        is_own = bool(place.connection) and writer["id"] != place.chat
        post = Post(
            kind=_kind(message, is_edit=is_edit),
            conversation=_conversation(message, place),
            answers=_parents(message, place),
            about=str(place) if is_edit else "",
            by_program=not is_own and bool(writer.get("is_bot")),
            automatic=is_own and _is_automatic(message),
            holds=contents.holds(message, words),
            files=contents.files(message),
            link=_link(message, place),
        )
        name = f"{place} edited {update_id}" if is_edit else str(place)
        yield self._inbound(name, words, post, None if is_own else writer, {**message, "date": sent_at})

    def _is_for_us(self, message: Values, words: str) -> bool:
        """Tell whether a person wrote the message, and to the bot: in a group, it must name the bot."""
        if contents.is_service(message, words) or _START.fullmatch(words):
            return False  # pressing Start is no message
        if _is_private(message):
            return True
        if not contents.has_contents(message, words):
            raise NotUnderstood("a message in a group that holds nothing we know")
        return self._names_us(message, words)

    def _names_us(self, message: Values, words: str) -> bool:
        """Tell whether the message names the bot by its @name (not a longer one) or answers it."""
        mention = re.search(rf"@{re.escape(self.username)}(?!\w)", words, re.IGNORECASE)
        parent = message.get("reply_to_message")
        return mention is not None or (parent is not None and _writer(parent)["id"] == self.bot_id)

    def _inbound(self, name: str, words: str, post: Post, writer: Any, message: Values) -> Inbound:
        sender = _party(writer)
        return Inbound(
            channel=self.name,
            external_id=name,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=sender,
            text=words,
            received_at=_instant(message.get("date")),
            outgoing=writer is None and post.kind in ("message", "edit"),
            visibility="private" if _is_private(message) else "public",
            post=post,
        )


def _require_connection(connection: Values) -> None:
    """Raise what says that a connection is described in a way that we do not know; the channel itself reads it."""
    if not (connection["id"] and connection["user"]["id"] and isinstance(connection["is_enabled"], bool)):
        raise NotUnderstood("a connection of an account that is not named")


def _is_private(message: Values) -> bool:
    kind = message["chat"]["type"]
    if kind not in _CHAT_TYPES:
        raise NotUnderstood(f"a chat of the kind {kind}")
    return bool(kind == "private")


def _kind(message: Values, *, is_edit: bool) -> Literal["edit", "message", "mention"]:
    if is_edit:
        return "edit"
    return "message" if _is_private(message) else "mention"


def _writer(message: Values) -> Any:
    """Return who wrote a message: the channel or group in whose name it was written, or the user."""
    return message.get("sender_chat") or message["from"]


def _conversation(message: Values, place: Place) -> str:
    """Return the name of a private thread, which stays the same when the account is connected again, or ""."""
    if not _is_private(message):
        return ""
    return f"business {place.chat}" if place.connection else str(place.chat)


def _parents(message: Values, place: Place) -> tuple[str, ...]:
    parent = message.get("reply_to_message")
    return (str(Place.of(parent, place.connection)),) if isinstance(parent, dict) else ()


def _is_live_location(message: Values, *, is_edit: bool) -> bool:
    """Tell whether the message only says where somebody is now, which is not stored."""
    return is_edit and "location" in message


def _is_automatic(message: Values) -> bool:
    """Tell whether an own message is the bot's, or a greeting or an away message of the business account."""
    return "sender_business_bot" in message or bool(message.get("is_from_offline"))


def _link(message: Values, place: Place) -> str:
    handle = message["chat"].get("username")
    return f"https://t.me/{handle}/{place.number}" if handle and not _is_private(message) else ""


def _party(writer: Any) -> Party | None:
    if writer is None:
        return None
    names = [str(writer[key]) for key in ("first_name", "last_name", "title") if writer.get(key)]
    return Party(f"{PREFIX}{int(writer['id'])}", " ".join(names))


def _instant(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
