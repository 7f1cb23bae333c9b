"""Reads one update of the Telegram Bot API, whether it was fetched or sent to the webhook.

Source: core.telegram.org/bots/api ("Update", "Message"). A person's chat with the bot and their chat with a business
account have the same number but separate message numbers, so the name of a business message includes its connection.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bot.core.messages import Inbound, Party, Post

PREFIX = "telegram:"
TO_BOT = ("message", "edited_message", "message_reaction")
TO_BUSINESS = ("business_connection", "business_message", "edited_business_message", "deleted_business_messages")
_MESSAGES = ("message", "business_message", "edited_message", "edited_business_message")
# The contents of a message, the more specific name first: some kinds come with an older field, too.
_HOLDS = {
    "live_photo": "image",
    "photo": "image",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "venue": "location",
    **{k: k for k in ("voice", "audio", "document", "sticker", "location", "contact", "story", "poll", "checklist")},
}
# Contents of service messages, which nobody has written.
_SERVICE = frozenset(
    f"""
    new_chat_members left_chat_member chat_owner_left chat_owner_changed new_chat_title new_chat_photo delete_chat_photo
    group_chat_created supergroup_chat_created channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id
    migrate_from_chat_id pinned_message invoice successful_payment refunded_payment users_shared chat_shared gift
    unique_gift gift_upgrade_sent connected_website write_access_allowed passport_data proximity_alert_triggered
    boost_added chat_background_set checklist_tasks_done checklist_tasks_added direct_message_price_changed
    {"".join(f"forum_topic_{event} " for event in ("created", "edited", "closed", "reopened"))}
    general_forum_topic_hidden general_forum_topic_unhidden giveaway_created giveaway giveaway_winners
    giveaway_completed managed_bot_created paid_message_price_changed poll_option_added poll_option_deleted
    {"".join(f"suggested_post_{event} " for event in ("approved", "approval_failed", "declined", "paid", "refunded"))}
    {"".join(f"video_chat_{event} " for event in ("scheduled", "started", "ended", "participants_invited"))}
    web_app_data
    """.split()
)
_START = re.compile(r"/start(@\w+)?(\s+[\w-]{1,64})?\s*")
_PLACE = re.compile(r"(-?\d+):(\d+)(?:@(\S+))?")
Values = Mapping[str, Any]


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
        """Yield the messages of an update; an unknown kind has none. Raises the errors of a wrong shape."""
        for kind in _MESSAGES:
            if kind in update:
                yield from self._message(update[kind], int(update["update_id"]), is_edit=kind.startswith("edited"))
        if (deleted := update.get("deleted_business_messages")) is not None:
            for number in deleted["message_ids"]:
                about = str(Place.of({**deleted, "message_id": number}))
                yield self._inbound(f"{about} deleted", "", Post("deletion", about=about), None, deleted)
        if (reaction := update.get("message_reaction")) is not None and _is_private(reaction):
            about = str(Place.of(reaction))
            emoji = "".join(str(reaction_type.get("emoji", "")) for reaction_type in reaction["new_reaction"])
            post = Post("reaction", about=about)
            if reaction["new_reaction"]:
                yield self._inbound(
                    f"{about} reaction {update['update_id']}", emoji, post, reaction.get("user"), reaction
                )

    def _message(self, message: Values, update_id: int, *, is_edit: bool) -> Iterator[Inbound]:
        place, words = Place.of(message), _words(message)
        is_live_location = is_edit and "location" in message  # which is not stored
        if not self._is_for_us(message, words) or is_live_location:
            return
        writer = _writer(message)
        is_own = bool(place.connection) and writer.get("id") != place.chat
        post = Post(
            kind=_kind(message, is_edit=is_edit),
            conversation=_conversation(message, place),
            answers=_parents(message, place),
            about=str(place) if is_edit else "",
            by_program=bool(writer.get("is_bot")) and not is_own,
            automatic=is_own and _is_automatic(message),
            holds=_holds(message, words),
            link=_link(message, place),
        )
        name = f"{place} edited {update_id}" if is_edit else str(place)
        yield self._inbound(name, words, post, None if is_own else writer, message)

    def _is_for_us(self, message: Values, words: str) -> bool:
        """Tell whether a person wrote the message, and to the bot: in a group, it must name the bot."""
        if _is_service(message, words) or _START.fullmatch(words):
            return False  # pressing Start is no message
        return _is_private(message) or self._names_us(message, words)

    def _names_us(self, message: Values, words: str) -> bool:
        """Tell whether the message names the bot by its @name (not a longer one) or answers it."""
        parent_writer = (message.get("reply_to_message") or {}).get("from") or {}
        mention = re.search(rf"@{re.escape(self.username)}(?!\w)", words, re.IGNORECASE)
        return mention is not None or parent_writer.get("id") == self.bot_id

    def _inbound(self, name: str, words: str, post: Post, writer: Any, message: Values) -> Inbound:
        sender = _party(writer)
        return Inbound(
            channel=self.name,
            external_id=name,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=sender,
            text=words,
            received_at=_instant(message.get("edit_date") or message.get("date")),
            outgoing=writer is None and post.kind in ("message", "edit"),
            visibility="private" if _is_private(message) else "public",
            post=post,
            raw=json.dumps(message, ensure_ascii=False).encode(),
        )


def _is_private(message: Values) -> bool:
    return bool(message["chat"]["type"] == "private")


def _kind(message: Values, *, is_edit: bool) -> Literal["edit", "message", "mention"]:
    if is_edit:
        return "edit"
    return "message" if _is_private(message) else "mention"


def _writer(message: Values) -> Any:
    """Return who wrote a message: the channel or group in whose name it was written, or the user."""
    return message.get("sender_chat") or message.get("from") or {}


def _conversation(message: Values, place: Place) -> str:
    """Return the name of a private thread, which stays the same when the account is connected again, or ""."""
    if not _is_private(message):
        return ""
    return f"business {place.chat}" if place.connection else str(place.chat)


def _parents(message: Values, place: Place) -> tuple[str, ...]:
    parent = message.get("reply_to_message")
    return (str(Place.of(parent, place.connection)),) if isinstance(parent, dict) else ()


def _is_service(message: Values, words: str) -> bool:
    has_contents = bool(words) or not _HOLDS.keys().isdisjoint(message)
    return not has_contents and not _SERVICE.isdisjoint(message)


def _is_automatic(message: Values) -> bool:
    """Tell whether an own message is the bot's, or a greeting or an away message of the business account."""
    return "sender_business_bot" in message or bool(message.get("is_from_offline"))


def _words(message: Values) -> str:
    """Return the text; of a place or a contact, what staff need to know of it."""
    if text := message.get("text") or message.get("caption"):
        return str(text)
    if venue := message.get("venue"):
        return f"{venue['title']}, {venue['address']}"
    if spot := message.get("location"):
        return f"{spot['latitude']}, {spot['longitude']}"
    if contact := message.get("contact"):
        return " ".join(str(contact[key]) for key in ("first_name", "last_name", "phone_number") if contact.get(key))
    return _heading(message.get("poll") or message.get("checklist") or {})


def _heading(list_or_poll: Values) -> str:
    return str(list_or_poll.get("question") or list_or_poll.get("title") or "")


def _holds(message: Values, words: str) -> tuple[str, ...]:
    without_kind = () if words else ("unsupported",)
    return next(((content_kind,) for field, content_kind in _HOLDS.items() if field in message), without_kind)


def _link(message: Values, place: Place) -> str:
    handle = message["chat"].get("username")
    return f"https://t.me/{handle}/{place.number}" if handle and not _is_private(message) else ""


def _party(writer: Any) -> Party | None:
    if not writer or "id" not in writer:
        return None
    names = [str(writer[key]) for key in ("first_name", "last_name", "title") if writer.get(key)]
    return Party(f"{PREFIX}{int(writer['id'])}", " ".join(names))


def _instant(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
