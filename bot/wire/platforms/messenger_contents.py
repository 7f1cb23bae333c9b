"""Reads what a private message of Messenger or Instagram holds besides its text.

Source: developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages, and for the list of
conversations .../docs/graph-api/reference/message.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.messages import RemoteFile
from bot.wire.platforms.meta import part
from bot.wire.platforms.reading import NotUnderstood

# The platform's own copies; whatever else has an address is a link to a page of somebody's.
_FILES = frozenset({"image", "audio", "video", "file", "story_mention", "ig_story", "ig_reel", "reel"})
_KINDS = _FILES | {"location", "fallback", "template", "share", "ig_post", "post", "appointment_booking"}


def attachments(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the attachments of a message; raises NotUnderstood where they are no list of them."""
    content = message.get("attachments")
    if content is None:
        return []
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise NotUnderstood("a message whose attachments are no list")
    return content


def holds(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the kind of each thing that a message holds."""
    for item in attachments(message):
        kind = str(item.get("type", "file"))
        yield _kind(item) if kind in _KINDS else "unsupported"
    if part(message, "reply_to").get("story"):
        yield "story"
    if message.get("is_unsupported"):
        yield "unsupported"


def files(message: Mapping[str, Any]) -> Iterator[RemoteFile]:
    """Yield what the platform keeps a copy of: its address runs out after some days."""
    for item in attachments(message):
        address = part(item, "payload").get("url")
        if item.get("type") in _FILES and isinstance(address, str) and address.startswith("https://"):
            yield RemoteFile(_kind(item), address, str(item.get("title") or ""))


def link(message: Mapping[str, Any]) -> str:
    """Return the address of the first thing that has one, for staff; "" where none has."""
    addresses = (part(item, "payload").get("url") for item in attachments(message))
    return next((url for url in addresses if isinstance(url, str) and url.startswith("https://")), "")


def place(message: Mapping[str, Any]) -> str:
    """Return where somebody says they are, in degrees; "" where they do not say."""
    points = [part(part(item, "payload"), "coordinates") for item in attachments(message)]
    return "; ".join(f"{point['lat']}, {point['long']}" for point in points if "lat" in point and "long" in point)


def listed_holds(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a message holds, as the list of conversations describes it."""
    kinds = [_listed_kind(item) for item in _list_items(message)]
    return (*kinds, *(key for key in ("sticker", "story") if message.get(key)))


def listed_files(message: Mapping[str, Any]) -> Iterator[RemoteFile]:
    """Yield the files of a message in the list of conversations."""
    for item in _list_items(message):
        data = (part(item, key).get("url") for key in ("image_data", "video_data"))
        address = next((url for url in (*data, item.get("file_url")) if isinstance(url, str)), "")
        if address.startswith("https://"):
            yield RemoteFile(_listed_kind(item), address, str(item.get("name") or ""), str(item.get("mime_type") or ""))


def _list_items(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = part(message, "attachments").get("data", [])
    return [item for item in content if isinstance(item, dict)] if isinstance(content, list) else []


def _kind(item: Mapping[str, Any]) -> str:
    return "sticker" if "sticker_id" in part(item, "payload") else str(item.get("type", "file"))


def _listed_kind(item: Mapping[str, Any]) -> str:
    main = str(item.get("mime_type", "")).partition("/")[0]
    return main if main in ("image", "video", "audio") else "file"
