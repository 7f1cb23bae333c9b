"""What Telegram tells of a message: one update of the Bot API, as it is fetched and as it is brought.

Source: core.telegram.org/bots/api ("Update", "Message"). A person's chat with the bot and their chat with a business
account have the same number, and their messages are numbered apart; so a business message is named with its connection.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.core.messages import Inbound, Party, Post

PREFIX = "telegram:"
TO_BOT = ("message", "edited_message", "message_reaction")
TO_BUSINESS = ("business_connection", "business_message", "edited_business_message", "deleted_business_messages")
_MESSAGES = ("message", "business_message", "edited_message", "edited_business_message")
# What a message holds, the more telling name first: some kinds come with an older field, too.
_HOLDS = {
    "live_photo": "image",
    "photo": "image",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "venue": "location",
    **{k: k for k in ("voice", "audio", "document", "sticker", "location", "contact", "story", "poll", "checklist")},
}
# What the program says by itself of a chat: nobody has written it.
_SERVICE = frozenset(
    f"""
    new_chat_members left_chat_member chat_owner_left chat_owner_changed new_chat_title new_chat_photo delete_chat_photo
    group_chat_created supergroup_chat_created channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id
    migrate_from_chat_id pinned_message invoice successful_payment refunded_payment users_shared chat_shared gift
    unique_gift gift_upgrade_sent connected_website write_access_allowed passport_data proximity_alert_triggered
    boost_added chat_background_set checklist_tasks_done checklist_tasks_added direct_message_price_changed
    {"".join(f"forum_topic_{what} " for what in ("created", "edited", "closed", "reopened"))}
    general_forum_topic_hidden general_forum_topic_unhidden giveaway_created giveaway giveaway_winners
    giveaway_completed managed_bot_created paid_message_price_changed poll_option_added poll_option_deleted
    {"".join(f"suggested_post_{what} " for what in ("approved", "approval_failed", "declined", "paid", "refunded"))}
    {"".join(f"video_chat_{what} " for what in ("scheduled", "started", "ended", "participants_invited"))} web_app_data
    """.split()
)
_START = re.compile(r"/start(@\w+)?(\s+[\w-]{1,64})?\s*")
_PLACE = re.compile(r"(-?\d+):(\d+)(?:@(\S+))?")
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands: the chat, its number there, and the business connection, or ""."""

    chat: int
    number: int
    connection: str = ""

    def __str__(self) -> str:
        return f"{self.chat}:{self.number}" + (f"@{self.connection}" if self.connection else "")

    @classmethod
    def of(cls, message: Values, connection: str = "") -> "Place":
        """Of a message that Telegram describes; raises KeyError."""
        return cls(
            int(message["chat"]["id"]),
            int(message["message_id"]),
            str(message.get("business_connection_id") or connection),
        )

    @classmethod
    def named(cls, name: str) -> "Place | None":
        """Of the name that a message has with us."""
        found = _PLACE.match(name)
        return cls(int(found[1]), int(found[2]), found[3] or "") if found else None


def connection_of(update: Any) -> str:
    """The business connection by which it came, or ""."""
    told = [update.get(kind) for kind in TO_BUSINESS] if isinstance(update, dict) else []
    named = (one.get("business_connection_id") or one.get("id") for one in told if isinstance(one, dict))
    return str(next(filter(None, named), ""))


@dataclass(frozen=True, slots=True)
class Updates:
    """Reads what the bot `username`, which has the number `bot_id`, is told on the channel `name`."""

    name: str
    username: str
    bot_id: int

    def read(self, update: Values) -> Iterator[Inbound]:
        """Its messages; kinds of update that are not known bring nothing. Raises what a wrong shape raises."""
        for kind in _MESSAGES:
            if kind in update:
                yield from self._message(update[kind], int(update["update_id"]), edited=kind.startswith("edited"))
        if (deleted := update.get("deleted_business_messages")) is not None:
            for number in deleted["message_ids"]:
                about = str(Place.of({**deleted, "message_id": number}))
                yield self._made(f"{about} deleted", "", Post("deletion", about=about), None, deleted)
        if (reaction := update.get("message_reaction")) is not None and _is_private(reaction):
            about = str(Place.of(reaction))
            emoji = "".join(str(one.get("emoji", "")) for one in reaction["new_reaction"])
            post = Post("reaction", about=about)
            if reaction["new_reaction"]:
                yield self._made(f"{about} reaction {update['update_id']}", emoji, post, reaction.get("user"), reaction)

    def _message(self, message: Values, update_id: int, *, edited: bool) -> Iterator[Inbound]:
        place, words, holds = Place.of(message), _words(message), _holds(message)
        if not (words or holds) and not _SERVICE.isdisjoint(message):
            return
        if _START.fullmatch(words) or not (_is_private(message) or self._names_us(message, words)):
            return  # to press Start says nothing yet; in a group only what names the bot is said to it
        if edited and "location" in message:
            return  # where somebody is from second to second is not for us to keep
        writer = message.get("sender_chat") or message.get("from") or {}
        ours = bool(place.connection) and writer.get("id") != place.chat
        post = Post(
            kind="edit" if edited else "message" if _is_private(message) else "mention",
            conversation=_conversation(place) if _is_private(message) else "",
            answers=_answered(message, place),
            about=str(place) if edited else "",
            by_program=bool(writer.get("is_bot")) and not ours,
            # The bot's own, and greetings and away messages, which the account sends by itself.
            automatic=ours and ("sender_business_bot" in message or bool(message.get("is_from_offline"))),
            holds=holds or (() if words else ("unsupported",)),
            link=_link(message, place),
        )
        name = f"{place} edited {update_id}" if edited else str(place)
        yield self._made(name, words, post, None if ours else writer, message)

    def _names_us(self, message: Values, words: str) -> bool:
        """By its @name (not that of a longer one), or by answering the bot."""
        answered = (message.get("reply_to_message") or {}).get("from") or {}
        named = re.search(rf"@{re.escape(self.username)}(?!\w)", words, re.IGNORECASE)
        return named is not None or answered.get("id") == self.bot_id

    def _made(self, name: str, words: str, post: Post, writer: Any, told: Values) -> Inbound:
        sender = _party(writer)
        return Inbound(
            channel=self.name,
            external_id=name,
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=sender,
            text=words,
            received_at=_instant(told.get("edit_date") or told.get("date")),
            outgoing=writer is None and post.kind in ("message", "edit"),
            visibility="private" if _is_private(told) else "public",
            post=post,
            raw=json.dumps(told, ensure_ascii=False).encode(),
        )


def _is_private(told: Values) -> bool:
    return bool(told["chat"]["type"] == "private")


def _conversation(place: Place) -> str:
    """Stays the same when the account is connected anew."""
    return f"business {place.chat}" if place.connection else str(place.chat)


def _answered(message: Values, place: Place) -> tuple[str, ...]:
    answered = message.get("reply_to_message")
    return (str(Place.of(answered, place.connection)),) if isinstance(answered, dict) else ()


def _words(message: Values) -> str:
    """What was written; of a place or a person what staff need to know of it."""
    if written := message.get("text") or message.get("caption"):
        return str(written)
    if venue := message.get("venue"):
        return f"{venue['title']}, {venue['address']}"
    if spot := message.get("location"):
        return f"{spot['latitude']}, {spot['longitude']}"
    if shared := message.get("contact"):
        return " ".join(str(shared[key]) for key in ("first_name", "last_name", "phone_number") if shared.get(key))
    titled = message.get("poll") or message.get("checklist") or {}
    return str(titled.get("question") or titled.get("title") or "")


def _holds(message: Values) -> tuple[str, ...]:
    return next(((what,) for field, what in _HOLDS.items() if field in message), ())


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
