"""The values of invented contacts in the words of another language: their dates, times and durations."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.durations import Duration, Unit
from bot.core.languages import ENGLISH
from bot.render.words import Language, code_of, count_in_words, date_in_words, instant_in_words

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DATE = rf"\w+day (\d+) ({'|'.join(_MONTHS)}) (\d{{4}})"
_DAY = re.compile(_DATE)
_INSTANT = re.compile(rf"(?:(\d+)(?::(\d\d))?([ap])m|(midday|midnight)) on {_DATE}")
_COUNT = re.compile(r"(\d+) (working day|day|month|hour|minute)s?")
_ZONE = ZoneInfo("UTC")


def in_language(values: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return the values as a template of this language gets them; what somebody typed stays as it is."""
    if code_of(language) == ENGLISH:
        return dict(values)
    return {key: _translated(value, language) if isinstance(value, str) else value for key, value in values.items()}


def _translated(words: str, language: Language) -> str:
    if match := _DAY.fullmatch(words):
        return date_in_words(_day(*match.groups()), language)
    if match := _INSTANT.fullmatch(words):
        hour, minute, half, name, *day = match.groups()
        at = (
            time(12 if name == "midday" else 0) if name else time(int(hour) % 12 + 12 * (half == "p"), int(minute or 0))
        )
        return instant_in_words(datetime.combine(_day(*day), at, UTC), _ZONE, language)
    if match := _COUNT.fullmatch(words):
        return count_in_words(Duration(int(match[1]), Unit(match[2])), language)
    return words


def _day(day: str, month: str, year: str) -> date:
    return date(int(year), _MONTHS.index(month) + 1, int(day))
