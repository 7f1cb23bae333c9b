"""What a team sees of its figures: the last weeks, where the time goes, what contacts are about; exact numbers.

Each number is counted over spells that its reader may see, and opens into them (`core.selections`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from heapq import heappush, heappushpop

from sqlalchemy import Connection

from bot.core import stages
from bot.core.calendars import Calendar
from bot.core.judgements import Avoidable
from bot.core.measures import Figures, Period
from bot.core.roles import Scope
from bot.core.selections import Selection, Topic
from bot.core.spells import Spell, instant, microseconds
from bot.core.stages import Stages
from bot.core.tallies import Tally
from bot.core.working_days import WorkingDays
from bot.flows.figures import folding, report
from bot.flows.rulebook import Rulebook
from bot.store import due_dates, figures

WEEKS = 4
# Of so many answers, the newest, the page says where the time went: their events are looked up.
MOST_ANSWERS = 1_000
_MOST_LAID_OUT = 50
_LAID_OUT: dict[str, WorkingDays] = {}
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
Days = tuple[date, date]  # first, last


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose figures of what, up to which event, and what the time was then.

    `days` are the working days by calendar, `usual` those that count where a calendar is not known.
    """

    scope: Scope
    topic: Topic
    cut_off: int
    known_at: datetime
    calendar: Calendar
    days: Mapping[str, WorkingDays]
    usual: WorkingDays

    def period(self, days: Days) -> Period:
        """The period of these days, as it is known."""
        begin, end = (self.calendar.first_instant(day) for day in (days[0], days[1] + _DAY))
        return Period(*days, microseconds(begin), microseconds(end), self.cut_off, microseconds(self.known_at))

    def tally(self, period: Period) -> Tally:
        """Nothing counted yet."""
        return Tally(period, self.days, self.usual)

    def spells(self, connection: Connection, begin: int, end: int) -> Iterator[Spell]:
        """Everything of it that is seen, and belongs into that time."""
        for spell in folding.spells_at(connection, self.cut_off, instant(begin), instant(end), lambda _count: None):
            if self.scope.sees(spell.team or None) and self.topic.covers(spell):
                yield spell


@dataclass(frozen=True, slots=True)
class Span:
    """A period and its figures."""

    period: Period
    figures: Figures


@dataclass(frozen=True, slots=True)
class Service:
    """What came about one service ("" for none), and what of it need not have come, as staff say."""

    name: str
    figures: Figures

    @property
    def judged(self) -> int:
        """How many have a mark."""
        return sum(self.figures.avoidable.values())

    @property
    def avoidable(self) -> int:
        """How many of these need not have come."""
        return self.judged - self.figures.avoidable.get(Avoidable.NECESSARY, 0)


@dataclass(frozen=True, slots=True)
class Room:
    """The weeks, the newest first; a period with its services, most contacts first, and where its time went."""

    weeks: tuple[Span, ...]
    period: Span
    services: tuple[Service, ...]
    stages: Stages


def sight(connection: Connection, scope: Scope, topic: Topic, cut_off: int, book: Rulebook) -> Sight:
    """Return what somebody sees at the event of this number, by the calendars as they were known then."""
    calendars = report.calendars_at(connection, cut_off, book)
    days = {name: _working_days(calendar) for name, calendar in calendars.items()}
    usual, known_at = book.clocks.default_calendar.name, figures.recorded_at(connection, cut_off)
    return Sight(scope, topic, cut_off, known_at, calendars[usual], days, days[usual])


def _working_days(calendar: Calendar) -> WorkingDays:
    """Return the working days, which take a tenth of a second to lay out, from what earlier pages laid out."""
    if calendar.version not in _LAID_OUT:
        if len(_LAID_OUT) >= _MOST_LAID_OUT:
            _LAID_OUT.clear()
        _LAID_OUT[calendar.version] = WorkingDays(calendar)
    return _LAID_OUT[calendar.version]


def weeks(today: date) -> list[Days]:
    """Return the first and last day of this week so far and of the last weeks, the newest first."""
    monday = today - timedelta(days=today.weekday())
    return [(monday, today), *((monday - n * _WEEK, monday - (n - 1) * _WEEK - _DAY) for n in range(1, WEEKS + 1))]


class _Counts:
    """The numbers of a room while spells are added."""

    def __init__(self, sight: Sight, week_days: list[Days], days: Days) -> None:
        self._weeks = [sight.tally(sight.period(span)) for span in week_days]
        self._periods = [sight.period(span) for span in week_days]
        self._period = sight.period(days)
        self._new_tally = partial(sight.tally, self._period)
        self._services: dict[str, Tally] = {}
        self._answers: list[tuple[int, Spell]] = []

    @property
    def reach(self) -> tuple[int, int]:
        """From when to when spells are counted."""
        periods = [*self._periods, self._period]
        return min(period.begin for period in periods), max(period.end for period in periods)

    def add(self, spell: Spell) -> None:
        """Count it in every number that it belongs into."""
        for period, tally in zip(self._periods, self._weeks, strict=True):
            if _belongs(spell, period):
                tally.add(spell)
        if not _belongs(spell, self._period):
            return
        if spell.service not in self._services:
            self._services[spell.service] = self._new_tally()
        self._services[spell.service].add(spell)
        if spell.responded_at is not None and self._period.begin <= spell.responded_at < self._period.end:
            push = heappush if len(self._answers) < MOST_ANSWERS else heappushpop
            push(self._answers, (spell.responded_at, spell))

    @property
    def answers(self) -> list[Spell]:
        """The newest answers of the period."""
        return [spell for _, spell in self._answers]

    def room(self, time: Stages) -> Room:
        """What was counted."""
        whole = self._new_tally()
        for tally in self._services.values():
            whole.join(tally)
        services = [Service(name, tally.figures()) for name, tally in self._services.items()]
        return Room(
            tuple(Span(period, tally.figures()) for period, tally in zip(self._periods, self._weeks, strict=True)),
            Span(self._period, whole.figures()),
            tuple(sorted((row for row in services if row.figures.arrivals), key=_most_first)),
            time,
        )


def look(connection: Connection, sight: Sight, today: date, days: Days) -> Room:
    """Return the room as somebody sees it: the weeks before today, and the figures of these days."""
    counts = _Counts(sight, weeks(today), days)
    for spell in sight.spells(connection, *counts.reach):
        counts.add(spell)
    looks = due_dates.first_looks(connection, [spell.contact_id for spell in counts.answers])
    return counts.room(
        stages.together(
            stages.of(spell, looks.get(spell.contact_id), sight.days.get(spell.calendar, sight.usual).number)
            for spell in counts.answers
        )
    )


def behind(connection: Connection, sight: Sight, days: Days, selection: Selection) -> list[Spell]:
    """Return the spells behind one number of a period, the newest first."""
    period = sight.period(days)
    spells = sight.spells(connection, period.begin, period.end)
    matches = [spell for spell, _ in selection.behind(spells, partial(sight.tally, period))]
    return sorted(matches, key=lambda spell: (-spell.begins_at, -spell.contact_id))


def _belongs(spell: Spell, period: Period) -> bool:
    return spell.begins_at < period.end and (spell.latest_at is None or spell.latest_at >= period.begin)


def _most_first(row: Service) -> tuple[int, str]:
    return -row.figures.arrivals, row.name
