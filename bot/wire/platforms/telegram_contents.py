"""Reads what a Telegram message holds: its words, the kinds of its contents, and the files that can be fetched.

Source: core.telegram.org/bots/api ("Message", "RichMessage", "File"). A bot may fetch files of 20 MB at most.
"""

from collections.abc import Mapping
from typing import Any

from bot.core.messages import RemoteFile
from bot.wire.platforms.reading import NotUnderstood

Values = Mapping[str, Any]
# The contents of a message, the more specific name first: some kinds come with an older field, too.
HOLDS = {
    "live_photo": "image",
    "photo": "image",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "venue": "location",
    "paid_media": "unsupported",
    "game": "unsupported",
    **{k: k for k in ("voice", "audio", "document", "sticker", "location", "contact", "story", "poll", "checklist")},
}
# Contents of service messages, which nobody has written.
SERVICE = frozenset(
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
_FILES = ("animation", "video", "video_note", "voice", "audio", "document", "sticker")
# The parts of a rich message in which words stand, in the order in which they are read.
_RICH = ("label", "summary", "text", "cells", "items", "blocks", "expression", "alternative_text", "caption", "credit")
_IN_LINES = frozenset({"blocks", "items", "cells"})


def words(message: Values) -> str:
    """Return the text; of a place or a contact, what staff need to know of it. Raises NotUnderstood."""
    if (text := _text(message, "text") or _text(message, "caption")) or "rich_message" in message:
        return text or _rich(message["rich_message"]["blocks"], "\n").strip()
    return _of_thing(message)


def _of_thing(message: Values) -> str:
    """Return what staff need to know of a place, a contact, a throw of dice, a poll or a list."""
    if venue := message.get("venue"):
        return f"{venue['title']}, {venue['address']}"
    if spot := message.get("location"):
        return f"{spot['latitude']}, {spot['longitude']}"
    if contact := message.get("contact"):
        return " ".join(str(contact[key]) for key in ("first_name", "last_name", "phone_number") if contact.get(key))
    if dice := message.get("dice"):
        return f"{dice['emoji']} {dice['value']}"
    return _heading(message.get("poll") or message.get("checklist") or {})


def holds(message: Values, text: str) -> tuple[str, ...]:
    """Return the kind of what a message holds besides its text."""
    without_kind = () if text else ("unsupported",)
    return next(((content_kind,) for field, content_kind in HOLDS.items() if field in message), without_kind)


def files(message: Values) -> tuple[RemoteFile, ...]:
    """Return the files of a message; of a photo its largest size, and of a live photo the still picture."""
    pieces = [(_photo(message["photo"]), "image")] if message.get("photo") else []
    # An animation comes with the older field `document`, which is the same file.
    pieces += [
        (_shown_by_browsers(message[field]), HOLDS[field]) for field in _FILES if isinstance(message.get(field), dict)
    ][:1]
    return tuple(
        RemoteFile(kind, str(piece["file_id"]), str(piece.get("file_name") or ""), str(piece.get("mime_type") or ""))
        for piece, kind in pieces
        if "file_id" in piece
    )


def is_service(message: Values, text: str) -> bool:
    """Tell whether the platform itself says something, and nobody has written."""
    has_contents = bool(text) or not HOLDS.keys().isdisjoint(message)
    return not has_contents and not SERVICE.isdisjoint(message)


def has_contents(message: Values, text: str) -> bool:
    """Tell whether a message holds anything that we know."""
    return bool(text) or not HOLDS.keys().isdisjoint(message) or not SERVICE.isdisjoint(message)


def _text(message: Values, name: str) -> str:
    value = message.get(name, "")
    if not isinstance(value, str):
        raise NotUnderstood(f"{name} is no text")
    return value


def _shown_by_browsers(piece: Values) -> Values:
    """Return a file; of a sticker that moves, which no browser shows, the still picture that Telegram makes of it."""
    still = piece.get("thumbnail") if piece.get("is_animated") or piece.get("is_video") else None
    return still if isinstance(still, dict) and "file_id" in still else piece


def _photo(sizes: Any) -> Values:
    largest: Values = max(sizes, key=lambda size: int(size.get("width", 0)) * int(size.get("height", 0)))
    return largest


def _heading(list_or_poll: Values) -> str:
    return str(list_or_poll.get("question") or list_or_poll.get("title") or "")


def _rich(value: Any, between: str = "") -> str:
    """Return the words of a piece of a rich message; those of each block stand in a line of their own."""
    if isinstance(value, list):
        return between.join(_rich(piece, " ") for piece in value)
    if isinstance(value, dict):
        parts = (_rich(value[name], "\n" if name in _IN_LINES else "") for name in _RICH if name in value)
        return "\n".join(filter(None, parts))
    return value if isinstance(value, str) else ""
