"""What the organisation publishes that it made of what people said: "you said, we did"."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.core import postcodes, threads

MOST_CHARACTERS = 600
MOST_CONTACTS = 20
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
# Ten digits or more, however they are written, are a number by which somebody is called.
_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[\s().-]{0,3}\d){9,}")
_HANDLE = re.compile(r"(?<![\w@])@\w{2,}")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
# A shorter part of a name is a word of every text.
_SHORTEST_NAME = 3


class Stage(StrEnum):
    """How an entry stands; the texts are stored."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Improvement:
    """One entry, in words of staff: the problem that people named, its remedy, the day, the service ("" for none).

    `contact_ids` are those that it came from; nothing of them is shown to anybody but staff. `id` is 0 until it is
    stored.
    """

    problem: str
    remedy: str
    day: date
    service: str
    language: str
    written_by: str
    written_at: datetime
    state: str = Stage.DRAFT
    published_by: str = ""
    published_at: datetime | None = None
    contact_ids: tuple[int, ...] = field(default=())
    id: int = 0


def identifies(text: str, prefix: str, names: Iterable[str]) -> Iterator[str]:
    """Yield everything in a text that could show who somebody is, as staff read it.

    `prefix` begins our references; `names` are those of the people of its contacts.
    """
    kinds = {
        "an email address": _ADDRESS.findall(text),
        "a name on a platform": _HANDLE.findall(_ADDRESS.sub(" ", text)),
        "a reference": threads.references_in(text, prefix),
        "a postcode": postcodes.in_text(text),
        "a telephone number": _NUMBER.findall(text),
        "a name of a person who wrote": _names_in(text, names),
    }
    for kind, matches in kinds.items():
        for match in matches:
            yield f"{kind} ({match.strip()})"


def _names_in(text: str, names: Iterable[str]) -> list[str]:
    words = {word.casefold() for word in _WORD.findall(text)}
    parts = (part for name in names for part in _WORD.findall(name) if len(part) >= _SHORTEST_NAME)
    return [part for part in dict.fromkeys(parts) if part.casefold() in words]
