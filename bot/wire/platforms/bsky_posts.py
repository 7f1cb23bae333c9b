"""What a post on Bluesky says of itself, and the keys that posts have.

Keys are "sortable base32" of microseconds since 1970 (atproto.com/specs/tid). Ours are of 1970: they follow from the
delivery, so that a repeat is the same post, and no cursor over later posts meets them.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.messages import Party

COLLECTION = "app.bsky.feed.post"
_DIGITS, _LENGTH = "234567abcdefghijklmnopqrstuvwxyz", 13
_OURS = "22"


def party(profile: Mapping[str, Any]) -> Party:
    """Who that is, with the name that they show and their handle."""
    handle = f"@{profile['handle']}" if profile.get("handle") else ""
    shown = profile.get("displayName") or ""
    return Party(profile["did"], f"{shown} ({handle})" if shown and handle else shown or handle)


def is_program(profile: Mapping[str, Any]) -> bool:
    """Who labels their own account `bot` says that nobody types there."""
    return any(one.get("val") == "bot" and one.get("src") == profile["did"] for one in profile.get("labels") or ())


def answered(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The posts that it answers, the nearest first."""
    reply = record.get("reply")
    return tuple(dict.fromkeys((reply["parent"]["uri"], reply["root"]["uri"]))) if reply else ()


def held(embed: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What stands beside the words, by the last part of its type: app.bsky.embed.images#view holds an image."""
    if not embed:
        return ()
    kind = str(embed["$type"]).removeprefix("app.bsky.embed.").partition("#")[0]
    if kind == "recordWithMedia":
        return (*held(embed.get("media")), "post")
    return ({"images": "image", "video": "video", "external": "link", "record": "post"}.get(kind, "unsupported"),)


def link(uri: str) -> str:
    """Where a browser shows a post."""
    did, _, key = uri.removeprefix("at://").split("/")
    return f"https://bsky.app/profile/{did}/post/{key}"


def _in_digits(number: int, length: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(length)))


def tid(at: datetime) -> str:
    """The key that a post of that instant has."""
    return _in_digits(int(at.timestamp() * 1_000_000) << 10, _LENGTH)


def our_key(idempotency_key: str) -> str:
    """The key of one delivery: the first year of the count, in which nobody has posted."""
    mark = int.from_bytes(hashlib.sha256(idempotency_key.encode()).digest()[:8], "big")
    return _OURS + _in_digits(mark, _LENGTH - len(_OURS))


def is_ours(uri: str) -> bool:
    """Whether we posted it by ourselves."""
    return uri.rpartition("/")[2].startswith(_OURS)
