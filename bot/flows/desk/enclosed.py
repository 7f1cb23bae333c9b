"""What came with a message on a platform, in words: it stays on the platform, and staff open it there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.messages import StoredMessage

_WORDS = {
    "voice": "a voice note",
    "audio": "a sound",
    "image": "a picture",
    "photo": "a picture",
    "video": "a video",
    "gifv": "a moving picture",
    "document": "a file",
    "file": "a file",
    "sticker": "a sticker",
    "location": "a place",
    "contact": "somebody's contact details",
    "contacts": "somebody's contact details",
    "story": "a story",
    "poll": "a poll",
    "post": "a post",
    "hidden": "something that is hidden from us",
    "unsupported": "something that cannot be read here",
}
_ABOUT_FILES = ("voice", "audio", "video", "document")
_LONGEST_NAME = 100
# What a platform says of one message is far shorter.
_MOST_OCTETS = 200_000


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What came, in words, and the address at which the platform shows it ("" where it has none)."""

    words: tuple[str, ...] = ()
    link: str = ""


def enclosed(message: StoredMessage, raw: bytes) -> Enclosed:
    """What came with a message of a platform besides its words."""
    fields = json.loads(message.fields)
    holds = [kind for kind in str(fields.get("holds", "")).split(", ") if kind]
    link = str(fields.get("link", ""))
    details = _details(raw) if holds else {}
    words = tuple(f"{_WORDS.get(kind, kind)}{details.get(kind, '')}" for kind in holds)
    return Enclosed(words, link if link.startswith("https://") else "")


def _details(raw: bytes) -> dict[str, str]:
    """Kind -> how long it lasts, or what it is called, where the platform says so."""
    try:
        said_by_platform = json.loads(raw[:_MOST_OCTETS])
    except (ValueError, RecursionError):
        return {}
    return {kind: detail for kind, part in _parts(said_by_platform) if (detail := _detail(part))}


def _parts(values: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each file in what a platform hands over: in the message itself, or one level down."""
    levels = [values, *values.values()] if isinstance(values, dict) else []
    for level in levels:
        for kind in _ABOUT_FILES if isinstance(level, dict) else ():
            if isinstance(level.get(kind), dict):
                yield kind, level[kind]


def _detail(part: Mapping[str, Any]) -> str:
    seconds, name = part.get("duration"), part.get("file_name") or part.get("filename")
    if isinstance(seconds, int) and seconds > 0:
        return f" of {seconds} second{'' if seconds == 1 else 's'}"
    return f", “{str(name)[:_LONGEST_NAME]}”" if name else ""
