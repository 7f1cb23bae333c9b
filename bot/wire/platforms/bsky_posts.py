"""Reads posts on Bluesky, and makes the keys of posts.

Keys are "sortable base32" of microseconds since 1970 (atproto.com/specs/tid). The service's own keys are of 1970: they
are derived from the delivery, so that a repeat is the same post, and no cursor over later posts meets them.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.messages import Party

COLLECTION = "app.bsky.feed.post"
_DIGITS, _LENGTH = "234567abcdefghijklmnopqrstuvwxyz", 13
_OWN_PREFIX = "22"


def party(profile: Mapping[str, Any]) -> Party:
    """Return the account as a party: its display name and its handle."""
    handle = f"@{profile['handle']}" if profile.get("handle") else ""
    display_name = profile.get("displayName") or ""
    return Party(profile["did"], f"{display_name} ({handle})" if display_name and handle else display_name or handle)


def is_program(profile: Mapping[str, Any]) -> bool:
    """Tell whether an account labels itself `bot`."""
    return any(
        label.get("val") == "bot" and label.get("src") == profile["did"] for label in profile.get("labels") or ()
    )


def ancestors(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the posts that a post replies to, the nearest first."""
    reply = record.get("reply")
    return tuple(dict.fromkeys((reply["parent"]["uri"], reply["root"]["uri"]))) if reply else ()


def attachments(embed: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return what a post holds besides text, by its type: app.bsky.embed.images#view holds an image."""
    if not embed:
        return ()
    kind = str(embed["$type"]).removeprefix("app.bsky.embed.").partition("#")[0]
    if kind == "recordWithMedia":
        return (*attachments(embed.get("media")), "post")
    return ({"images": "image", "video": "video", "external": "link", "record": "post"}.get(kind, "unsupported"),)


def link(uri: str) -> str:
    """Return the address at which a browser shows a post."""
    did, _, key = uri.removeprefix("at://").split("/")
    return f"https://bsky.app/profile/{did}/post/{key}"


def _in_digits(number: int, length: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(length)))


def tid(at: datetime) -> str:
    """Return the key of a post of that instant."""
    return _in_digits(int(at.timestamp() * 1_000_000) << 10, _LENGTH)


def our_key(idempotency_key: str) -> str:
    """Return the key of one delivery, in the first year of the count, in which nobody has posted."""
    mark = int.from_bytes(hashlib.sha256(idempotency_key.encode()).digest()[:8], "big")
    return _OWN_PREFIX + _in_digits(mark, _LENGTH - len(_OWN_PREFIX))


def is_ours(uri: str) -> bool:
    """Tell whether this service made the post by itself."""
    return uri.rpartition("/")[2].startswith(_OWN_PREFIX)


def is_addressed_to(did: str, notification: Mapping[str, Any]) -> bool:
    """Tell whether a post mentions the account, or is a reply that means it."""
    if notification["reason"] == "mention" or _mentions(did, notification["record"]):
        return True
    return notification["reason"] == "reply" and _replies_to(did, notification)


def _mentions(did: str, record: Mapping[str, Any]) -> bool:
    return any(feature.get("did") == did for facet in record.get("facets") or () for feature in facet["features"])


def _replies_to(did: str, notification: Mapping[str, Any]) -> bool:
    """Tell whether a reply is in its writer's own thread, or answers the account in a thread that another began.

    In a thread that the account began, only an answer to its automatic reply counts: all else is a comment.
    """
    lineage = ancestors(notification["record"])
    if not lineage:
        return False
    parent, root = lineage[0], lineage[-1]
    if _is_by(notification["author"]["did"], root):
        return True
    return _is_by(did, parent) and (is_ours(parent) or not _is_by(did, root))


def _is_by(did: str, uri: str) -> bool:
    return uri.startswith(f"at://{did}/")
