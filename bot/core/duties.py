"""Who is called outside office hours: the rota of each team, by days, and where it has gaps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.core.calendars import Calendar

_DAY = timedelta(days=1)
# Where a day has no office hours of its own.
_OPENS = time(9)


@dataclass(frozen=True, slots=True)
class Shift:
    """The nights of a team from `first` to `last` (both included); `person` is an address, or `channel:NAME`."""

    team: str
    first: date
    last: date
    person: str


def night_of(instant: datetime, calendar: Calendar) -> date | None:
    """Return the day whose night this is; None while the office is open.

    A night belongs to the day on which it begins, and ends when the office would open on the next day, whether it
    opens then or not: so that a Sunday is one night, too, from its morning to Monday's.
    """
    if calendar.next_opening(instant) == instant:
        return None
    local = instant.astimezone(calendar.zone)
    day = local.date()
    hours = calendar.office[day.weekday()]
    return day - _DAY if local.time() < (hours[0] if hours else _OPENS) else day


def person_on(shifts: Iterable[Shift], team: str, night: date) -> str:
    """Return who has this night; "" for nobody."""
    own = (shift.person for shift in shifts if shift.team == team and shift.first <= night <= shift.last)
    return next(own, "")


def overlap(shifts: Iterable[Shift], shift: Shift) -> Shift | None:
    """Return a shift of the same team that has a night of this one, too."""
    of_team = (entry for entry in shifts if entry.team == shift.team)
    return next((entry for entry in of_team if entry.first <= shift.last and shift.first <= entry.last), None)


def nights(shifts: Sequence[Shift], team: str, first: date, count: int) -> Iterator[tuple[date, str]]:
    """Yield so many nights with who has each; "" is a gap."""
    days = (first + number * _DAY for number in range(count))
    return ((day, person_on(shifts, team, day)) for day in days)
