"""What falls due in the next working days, and what of it will be late: at the usual rate of answers, and at none.

The usual number of answers on a weekday is the median of the last eight, by nearest rank; days on which nobody worked
are left out. Contacts are taken to be answered in the order of their dates, the oldest first, those that are late
already before all others. What comes in from now on is not counted, for its dates lie behind these.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from bot.core.calendars import Calendar

DAYS = 10
WEEKS = 8
HISTORY = timedelta(weeks=WEEKS)


@dataclass(frozen=True, slots=True)
class Promised:
    """An open contact and the date by which its answer is promised."""

    contact_id: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One working day, and what falls due on it or on the days off after it.

    `answers` is how many can be expected, `late` how many of the `due` come after their date then; None: not known.
    """

    day: date
    due: tuple[int, ...]
    answers: int | None
    late: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The days; what is late `already`; what falls due `after` them. Contacts are named by their ids."""

    days: tuple[Day, ...]
    already: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def due(self) -> tuple[int, ...]:
        """What falls due within the days: all of it is late at their end if nothing happens."""
        return tuple(contact_id for day in self.days for contact_id in day.due)

    @property
    def late(self) -> tuple[int, ...] | None:
        """What becomes late within the days at the usual rate of answers, the oldest date first."""
        if any(day.late is None for day in self.days):
            return None
        return tuple(contact_id for day in self.days for contact_id in day.late or ())


def next_days(today: date, calendar: Calendar) -> tuple[date, ...]:
    """Return the next working days, with today if it is one."""
    before = calendar.working_days_before(today)
    return tuple(calendar.nth_working_day(before + number) for number in range(1, DAYS + 1))


def is_known(first_day: date | None, today: date) -> bool:
    """Tell whether there are eight weeks of history, which began on that day."""
    return first_day is not None and first_day <= today - HISTORY


def usual_answers(answers: Mapping[date, int], weekday: date, today: date, calendar: Calendar) -> int:
    """Return how many answers can be expected on a day: the median of that weekday in the eight weeks before today."""
    yesterday = today - timedelta(days=1)
    last = yesterday - timedelta(days=(yesterday.weekday() - weekday.weekday()) % 7)
    days = [last - timedelta(weeks=count) for count in range(WEEKS)]
    counts = sorted(answers.get(day, 0) for day in days if calendar.is_working_day(day))
    return counts[(len(counts) - 1) // 2] if counts else 0


def rates(answers: Mapping[date, int], today: date, calendar: Calendar) -> tuple[int, ...]:
    """Return the answers to be expected on each of the next days; of today what is not answered yet."""
    usual = [usual_answers(answers, day, today, calendar) for day in next_days(today, calendar)]
    return tuple(
        max(0, count - answers.get(today, 0)) if day == today else count
        for day, count in zip(next_days(today, calendar), usual, strict=True)
    )


def forecast(
    contacts: Collection[Promised], answers: Sequence[int] | None, now: datetime, calendar: Calendar
) -> Forecast:
    """Return what becomes of the open contacts of one team; `answers` are its `rates`, None while not known."""
    queue = sorted(contacts, key=lambda contact: (contact.due_at, contact.contact_id))
    days = next_days(calendar.day_of(now), calendar)
    number_of = _numbers(queue, days, now, calendar)
    # By the end of a day so many are answered; whoever stands behind them in the queue on their day is late.
    reach = list(accumulate(answers or ()))
    due: dict[int, list[int]] = {number: [] for number in range(-1, len(days) + 1)}
    late: dict[int, list[int]] = {number: [] for number in range(len(days))}
    for place, (contact, number) in enumerate(zip(queue, number_of, strict=True)):
        due[number].append(contact.contact_id)
        if answers is not None and number in late and place >= reach[number]:
            late[number].append(contact.contact_id)
    rows = (
        Day(day, tuple(due[number]), answers[number], tuple(late[number]))
        if answers is not None
        else Day(day, tuple(due[number]), None, None)
        for number, day in enumerate(days)
    )
    return Forecast(tuple(rows), tuple(due[-1]), tuple(due[len(days)]))


def _numbers(queue: Sequence[Promised], days: Sequence[date], now: datetime, calendar: Calendar) -> list[int]:
    """Return for each contact the place of its day; -1 for those that are late already, behind the last for later."""
    later = calendar.working_day_after(days[-1], 1)
    due_days = [calendar.day_of(contact.due_at) for contact in queue]
    return [
        -1 if contact.due_at < now else len(days) if day >= later else max(0, bisect_right(days, day) - 1)
        for contact, day in zip(queue, due_days, strict=True)
    ]


def together(parts: Sequence[Forecast]) -> Forecast:
    """Return the forecasts of several teams as one; what of one team is not known is not known of all."""
    days = (_together(days) for days in zip(*(part.days for part in parts), strict=True))
    return Forecast(
        tuple(days),
        tuple(contact_id for part in parts for contact_id in part.already),
        tuple(contact_id for part in parts for contact_id in part.after),
    )


def _together(days: Sequence[Day]) -> Day:
    due = tuple(contact_id for day in days for contact_id in day.due)
    if any(day.late is None for day in days):
        return Day(days[0].day, due, None, None)
    late = tuple(contact_id for day in days for contact_id in day.late or ())
    return Day(days[0].day, due, sum(day.answers or 0 for day in days), late)
