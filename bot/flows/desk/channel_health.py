"""How each channel is: its last message, its last look, how many came today against the usual, and a state in words."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from bot.channel import Coverage
from bot.core import silence
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.store import arrivals

_WEEKS = 4
_WEEK = timedelta(days=7)
# Before two weeks nobody knows what is usual.
_KNOWN_AFTER = 2 * _WEEK
Level = Literal["green", "amber", "red"]
_ORDER: dict[Level, int] = {"green": 0, "amber": 1, "red": 2}


@dataclass(frozen=True, slots=True)
class Health:
    """One channel. `usual` is None before it is known; `is_read`: we look ourselves, nobody hands messages over."""

    title: str
    is_read: bool
    last_message: datetime | None
    last_look: datetime | None
    today: int
    usual: float | None
    level: Level
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """What this process sees of the channels: their coverage, and the names of those that we read ourselves."""

    coverages: Mapping[str, Coverage]
    inboxes: Collection[str]


def of_channels(connection: Connection, sight: Sight, now: datetime, book: Rulebook) -> dict[str, Health]:
    """The health of every way in, by its name."""
    looks, titles = arrivals.last_looks(connection, sight.inboxes), Titles(book)
    healths: dict[str, Health] = {}
    for name in book.ways:
        first, last = arrivals.ends(connection, name)
        today, usual = _counts(connection, name, first, now, book)
        coverage, is_read = sight.coverages.get(name, Coverage("green")), name in sight.inboxes
        signs = [(coverage.level, finding) for finding in coverage.findings or ("",)]
        signs += [*_silence(today, usual, now, book), *(_looks(looks.get(name), now, book) if is_read else ())]
        level = max((level for level, _ in signs), key=_ORDER.__getitem__)
        sentences = tuple(sentence for _, sentence in signs if sentence)
        healths[name] = Health(titles.channel(name), is_read, last, looks.get(name), today, usual, level, sentences)
    return healths


def _silence(today: int, usual: float | None, now: datetime, book: Rulebook) -> Iterator[tuple[Level, str]]:
    is_working_day = book.clocks.default_calendar.is_working_day(book.clocks.today(now))
    if usual is not None and is_working_day and silence.is_unusual(today, usual):
        yield "amber", f"Unusually silent: {today} so far today, where {usual:g} are usual by this time"


def _looks(last_look: datetime | None, now: datetime, book: Rulebook) -> Iterator[tuple[Level, str]]:
    if last_look is None:
        yield "amber", "It has not been read yet"
    elif now - last_look > book.clocks.timing.channel_silent_after:
        yield "red", "It cannot be read now"


def _counts(
    connection: Connection, name: str, first: datetime | None, now: datetime, book: Rulebook
) -> tuple[int, float | None]:
    """How many came today, and how many are usual by this time on this weekday; None before that is known."""
    calendar = book.clocks.default_calendar
    day = book.clocks.today(now)
    elapsed = now - calendar.first_instant(day)

    def count(weeks_before: int) -> int:
        start = calendar.first_instant(day - weeks_before * _WEEK)
        # What came in this very second counts.
        return arrivals.count(connection, name, start, start + elapsed + timedelta(seconds=1))

    if first is None or now - first < _KNOWN_AFTER:
        return count(0), None
    weeks = min(_WEEKS, (now - first) // _WEEK)
    return count(0), silence.usual([count(week) for week in range(1, weeks + 1)])
