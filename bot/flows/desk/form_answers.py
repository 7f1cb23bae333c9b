"""What a person answered on the form, or told the desk, in one line for staff."""

from collections.abc import Iterator, Mapping

from bot.core import needs
from bot.core.languages import LANGUAGES

_WAYS = {
    "email": "by email",
    "text": "by text message",
    "phone": "a call",
    "letter": "by letter",
    "told": "told at once",
}


def in_line(fields: Mapping[str, str]) -> str:
    """Return the answers with their names; how the person wants to hear from us comes first."""
    return "; ".join(_lines(fields))


def _lines(fields: Mapping[str, str]) -> Iterator[str]:
    if way := fields.get("prefers", ""):
        times = fields.get("times", "")
        yield f"prefers: {_WAYS.get(way, way)}{f' ({times})' if times else ''}"
    for name, value in fields.items():
        if value and name not in ("prefers", "times"):
            yield f"{name.replace('_', ' ')}: {_in_words(name, value)}"


def _in_words(name: str, value: str) -> str:
    if name == "language" and value in LANGUAGES:
        return LANGUAGES[value].english_name
    if name == "needs":
        return needs.in_words(needs.of_column(value)) or value
    return value
