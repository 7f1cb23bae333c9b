"""What came with a message on a platform, in words: what is not fetched stays there, and staff open it there."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.messages import StoredMessage
from bot.core.remote_files import State
from bot.store.remote_files import Stand
from bot.wire.bundles import words_of
from bot.wire.mail.attached import harmless

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
_MISSING = (State.REFUSED, State.LOST)
_LONGEST_NAME = 100
# What a platform says of one message is far shorter.
_MOST_OCTETS = 200_000


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What came and is not here, in words, and the address at which the platform shows it ("" where it has none).

    `waiting` is still to be fetched; `missing` could not be, or is not kept here, each with the reason.
    """

    words: tuple[str, ...] = ()
    link: str = ""
    waiting: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


def enclosed(message: StoredMessage, raw: bytes, files: Sequence[Stand] = ()) -> Enclosed:
    """What came with a message of a platform besides its words; `files` are those that were to be fetched."""
    fields = json.loads(message.fields)
    link = str(fields.get("link", ""))
    return Enclosed(
        tuple(_elsewhere(str(fields.get("holds", "")), raw, {_plain(file.kind) for file in files})),
        link if link.startswith("https://") else "",
        tuple(_name_of(file) for file in files if file.state is State.WAITING),
        tuple((_name_of(file), file.reason) for file in files if file.state in _MISSING),
    )


def _elsewhere(holds: str, raw: bytes, file_words: Collection[str]) -> Iterator[str]:
    """What is on the platform alone, in words: everything but the files that were to be fetched."""
    details = _details(raw) if holds else {}
    for kind in filter(None, holds.split(", ")):
        if _plain(kind) not in file_words:
            yield f"{_plain(kind)}{details.get(kind, '')}"


def _plain(kind: str) -> str:
    return _WORDS.get(kind, kind)


def _name_of(file: Stand) -> str:
    return f"{_plain(file.kind)}{f', “{harmless(file.name)[:_LONGEST_NAME]}”' if file.name else ''}"


def _details(raw: bytes) -> dict[str, str]:
    """Kind -> how long it lasts, or what it is called, where the platform says so."""
    try:
        said_by_platform = json.loads(words_of(raw)[:_MOST_OCTETS])
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
