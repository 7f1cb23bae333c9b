"""Keeps words of another direction or language apart from those around them, in a message that is not English.

A reference, a telephone number and a web address run from left to right inside text that runs from right to left
(Unicode Standard Annex 9, section 2.4); what staff wrote in English is marked as English (WCAG 2.2, criterion 3.1.2).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from bot.core.languages import is_right_to_left

_WEB_ADDRESS = r"https?://[^\s()<>\[\]]*[^\s()<>\[\].,;:!?]"
_TAG = re.compile(r"(<[^>]*>)")


class Sort(Enum):
    """A sort of value: of Latin letters or digits, in English, or in a language that nobody knows."""

    LATIN = "ltr"
    ENGLISH = "en"
    UNKNOWN = ""


SORTS = {
    "organisation": Sort.LATIN,
    "phone": Sort.LATIN,
    "reference": Sort.LATIN,
    "service_page": Sort.LATIN,
    "other_route": Sort.ENGLISH,
    "reason": Sort.ENGLISH,
    "service": Sort.ENGLISH,
    "service_text": Sort.ENGLISH,
    "service_words": Sort.ENGLISH,
    "team": Sort.ENGLISH,
    "urgent": Sort.ENGLISH,
    "about": Sort.UNKNOWN,
    "hours": Sort.UNKNOWN,
}
# LEFT-TO-RIGHT ISOLATE, FIRST STRONG ISOLATE, POP DIRECTIONAL ISOLATE.
_LRI, _FSI, _PDI = "\u2066", "\u2068", "\u2069"
_TAGS = {Sort.LATIN: '<bdi dir="ltr">', Sort.ENGLISH: '<bdi lang="en" dir="ltr">', Sort.UNKNOWN: "<bdi>"}

Places = Mapping[str, Sort]


def in_text(text: str, places: Places, language: str) -> str:
    """Return the plain text with an isolate around each of the `places`: its slots, or the words in their stead."""
    if not is_right_to_left(language):
        return text
    return _with_marks(text, places, lambda words, sort: f"{_FSI if sort is Sort.UNKNOWN else _LRI}{words}{_PDI}")


def in_page(page: str, places: Places, language: str) -> str:
    """Return the HTML with an element around each of the `places` that stands in its words, and in no attribute."""
    pieces = _TAG.split(page)
    # Every other piece is a tag.
    pieces[::2] = [_with_marks(piece, places, _in_element(language)) for piece in pieces[::2]]
    return "".join(pieces)


def _in_element(language: str) -> Callable[[str, Sort], str]:
    is_mirrored = is_right_to_left(language)

    def element(words: str, sort: Sort) -> str:
        is_needed = is_mirrored or sort is Sort.ENGLISH
        return f"{_TAGS[sort]}{words}</bdi>" if is_needed else words

    return element


def _with_marks(text: str, places: Places, mark: Callable[[str, Sort], str]) -> str:
    return _pattern(places).sub(lambda match: mark(match[0], places.get(match[0], Sort.LATIN)), text)


def _pattern(places: Iterable[str]) -> re.Pattern[str]:
    # A web address first, so that a value inside it stays a part of it; of two values that begin alike the longer.
    return re.compile("|".join([_WEB_ADDRESS, *map(re.escape, sorted(filter(None, places), key=len, reverse=True))]))
