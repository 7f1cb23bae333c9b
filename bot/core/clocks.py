"""When a promise falls due, when a share of its time is used, and why.

Day clocks end with the last second of the due day in local time; hour and minute clocks at an exact instant.
The day of receipt is day 0, and day 1 is the next day that counts. Every instant given back is aware and in UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from bot.core import calendars, durations
from bot.core.calendars import Calendar, Days, OutsideCalendar
from bot.core.durations import SAME_DAY, Duration, ReceiptRule, Unit

_MICROSECOND, _ONE_SECOND, _ONE_DAY = timedelta(microseconds=1), timedelta(seconds=1), timedelta(days=1)
ELAPSED = {Unit.HOUR: timedelta(hours=1), Unit.MINUTE: timedelta(minutes=1)}
_WORKING_HOUR = timedelta(hours=1) // _MICROSECOND
_Number = TypeVar("_Number", int, Fraction)


class Counting(StrEnum):
    """Whether the day of the question is lost to the pause, as that of the answer always is.

    `inclusive` is the rule of the law: FOIA 2000 section 10(2) for a fee, UK GDPR Article 12A for a clarification.
    """

    INCLUSIVE = "inclusive"
    AFTER_START = "after-start"


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood still while we waited for the sender, from the day of the question to that of the answer.

    `exact` are the instants of both, where they are known: hours and minutes stand still between them alone.
    """

    first: date
    last: date
    counting: Counting
    exact: tuple[datetime, datetime] | None = None

    def __str__(self) -> str:
        return f"{self.first}..{self.last} {self.counting}"

    @property
    def span(self) -> Days:
        """The first and last day that do not count; the first is the later one where there is none."""
        return (self.first if self.counting is Counting.INCLUSIVE else self.first + _ONE_DAY), self.last


def pause(text: str) -> Pause:
    """Read `A..B inclusive` or `A..B after-start`. Raises BadWords or BadCalendar, both ValueErrors."""
    read = durations.words(text)
    first, last = calendars.days(read.at(0))
    if read.at(1) not in tuple(Counting):
        raise read.wrong(1, ", ".join(Counting))
    read.end_at(2)
    return Pause(first, last, Counting(read.at(1)))


def before(due_at: datetime, duration: Duration, calendar: Calendar) -> datetime:
    """The instant (UTC) that lies so long before something falls due.

    Of days it is the beginning of the day: two working days before the end of a Tuesday is the start of the Friday.
    Raises ValueError for months, and OutsideCalendar.
    """
    if duration.unit in ELAPSED:
        return due_at - duration.count * ELAPSED[duration.unit]
    if duration.unit is Unit.WORKING_HOUR:
        return calendar.office_instant(calendar.office_time(due_at) - duration.count * _WORKING_HOUR, at_the_end=False)
    day = calendar.day_of(due_at)
    if duration.unit is Unit.DAY:
        return calendar.first_instant(day - duration.count * _ONE_DAY)
    if duration.unit is not Unit.WORKING_DAY:
        raise ValueError(f"so long before: {duration}")
    return calendar.first_instant(calendar.numbered(calendar.working_days_through(day) - duration.count))


def due(
    duration: Duration,
    received: datetime,
    calendar: Calendar,
    receipt: ReceiptRule = SAME_DAY,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """The last permitted instant, in UTC. `received` is any aware instant.

    The receipt rule says which day is day 0; hours and minutes have none and run from the instant itself. Only
    what lies between receipt and due of a pause counts: a clock that has run out cannot be stopped. Raises
    OutsideCalendar, or ValueError for an instant without offset.
    """
    if received.tzinfo is None:
        raise _naive(received)
    if duration.unit is Unit.WORKING_DAY and receipt is SAME_DAY and not pauses:
        return calendar.due(received, duration.count)
    if duration.unit in ELAPSED:
        return _elapsed_due(duration, received, calendar, pauses)
    if duration.unit is Unit.WORKING_HOUR:
        return _office_due(duration, received, calendar, receipt, pauses)
    spans = stopped(pauses, runs_from(duration, received, calendar, receipt))
    return calendar.last_second(_due_day(duration, day_zero(received, calendar, receipt), calendar, spans))


def due_next(
    acknowledge_by: datetime | None, acknowledged_at: datetime | None, respond_by: datetime | None
) -> datetime | None:
    """What falls due next: the acknowledgement until it is given, then the answer; the column `due_at` holds it."""
    if acknowledged_at is None and acknowledge_by is not None:
        return acknowledge_by
    return respond_by


def day_zero(received: datetime, calendar: Calendar, receipt: ReceiptRule = SAME_DAY) -> date:
    """The local day that counts as the day of receipt."""
    local = received.astimezone(calendar.zone)
    day = local.date()
    late = receipt.cutoff is not None and local.time() >= receipt.cutoff
    if late or (receipt.moves and not calendar.is_working_day(day)):
        return calendar.working_day_after(day, 1)
    return day


def runs_from(duration: Duration, received: datetime, calendar: Calendar, receipt: ReceiptRule) -> date:
    """The first day that a pause can take from the clock: the day of receipt; for days and months day 0."""
    if duration.unit in (Unit.DAY, Unit.MONTH):
        return day_zero(received, calendar, receipt)
    return calendar.day_of(received)


@lru_cache(maxsize=64)
def _exact(share: Fraction | float) -> Fraction:
    # 0.9 and not the nearest binary number; a ladder has the same few shares for every contact.
    return Fraction(str(share))


def share_of(
    share: Fraction | float,
    duration: Duration,
    received: datetime,
    calendar: Calendar,
    receipt: ReceiptRule = SAME_DAY,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """The instant, in UTC, at which that share of the time is used; above 1 it is overdue.

    Working days are used from midnight to midnight, working hours while the office is open, days and months
    evenly from receipt to the end of the due day; while a pause lasts, nothing is used. A share below 1 that ends
    with a working day is reached when the next one starts, for nobody need be warned in between; from 1 on it is
    reached when the day is over, for then the promise is broken.
    """
    if received.tzinfo is None:
        raise _naive(received)
    part = _exact(share)
    if part < 0:
        raise ValueError(f"a share is 0 or more, not {share}")
    over = part >= 1
    if duration.unit is Unit.WORKING_DAY:
        spans = stopped(pauses, calendar.day_of(received))
        start = calendar.working_days_through(day_zero(received, calendar, receipt))
        return calendar.moment(
            _pushed(start, start + part * duration.count, _counted(spans, calendar)), at_the_end=over
        )
    if duration.unit is Unit.WORKING_HOUR:
        opened = office_start(received, calendar, receipt)
        used = opened + int(part * duration.count * _WORKING_HOUR)
        return calendar.office_instant(_pushed(opened, used, _open(pauses, received, calendar)), at_the_end=over)
    received = received.astimezone(UTC)
    end = due(duration, received, calendar, receipt, pauses) + (
        timedelta() if duration.unit in ELAPSED else _ONE_SECOND
    )
    stops = [(max(begin, 0), until) for begin, until in _elapsed(pauses, received, calendar)]
    length = (end - received) // _MICROSECOND
    running = length - sum(max(min(until, length) - begin, 0) for begin, until in stops)
    return received + timedelta(microseconds=int(_pushed(0, int(running * part), stops)))


def stopped(pauses: Iterable[Pause], received: date) -> list[Days]:
    """The days, as first and last of each run, that do not count: from the day of receipt on, in order, none twice."""
    runs: list[Days] = []
    for first, last in sorted((max(pause.span[0], received), pause.span[1]) for pause in pauses):
        if runs and first <= runs[-1][1]:
            runs[-1] = runs[-1][0], max(last, runs[-1][1])
        elif first <= last:
            runs.append((first, last))
    return runs


def _naive(received: datetime) -> ValueError:
    return ValueError(f"{received} has no offset from UTC, so it names no instant")


def _pushed(start: int, target: _Number, spans: Iterable[tuple[int, int]]) -> _Number:
    """Where the target comes to lie once the spans, in order, do not count on an axis on which `start` is the start.

    A span that begins at or after the target finds the clock run out.
    """
    for first, end in spans:
        begin = max(first, start)
        if begin < target and begin < end:
            target += end - begin
    return target


def _due_day(duration: Duration, day_zero: date, calendar: Calendar, spans: list[Days]) -> date:
    if duration.unit is not Unit.WORKING_DAY:
        return rolled(extended(unpaused(duration, day_zero), duration, calendar, spans), duration, calendar)
    start = calendar.working_days_through(day_zero)
    return calendar.numbered(_pushed(start, start + duration.count, _counted(spans, calendar)))


def unpaused(duration: Duration, day_zero: date) -> date:
    """The day so many days or months after `day_zero`; in a month that is too short, its last day.

    The corresponding date is how the Information Commissioner's Office counts the month of a subject access request.
    """
    try:
        if duration.unit is Unit.DAY:
            return day_zero + duration.count * _ONE_DAY
        years, month = divmod(day_zero.month - 1 + duration.count, 12)
        following = date(day_zero.year + years, month + 1, 28) + 4 * _ONE_DAY
    except (OverflowError, ValueError):
        raise OutsideCalendar(f"{duration.count} {duration.unit}s after {day_zero}") from None
    last = following - following.day * _ONE_DAY
    return last.replace(day=min(day_zero.day, last.day))


def extended(day: date, duration: Duration, calendar: Calendar, spans: Iterable[Days]) -> date:
    """The day after as many more days as the pauses took; a pause that begins after the day finds the clock run out."""
    for first, last in spans:
        if first <= day:
            day += last - first + _ONE_DAY
        elif first <= rolled(day, duration, calendar):
            # The days are used up; only the day to act is still to come, and it cannot lie in the pause.
            day = last + _ONE_DAY
    return day


def rolled(day: date, duration: Duration, calendar: Calendar) -> date:
    """The day, or the next working day if the duration rolls and the day is none."""
    moves = duration.rolls and not calendar.is_working_day(day)
    return calendar.working_day_after(day, 1) if moves else day


def _elapsed_due(duration: Duration, received: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> datetime:
    received = received.astimezone(UTC)
    length = duration.count * ELAPSED[duration.unit] // _MICROSECOND
    try:
        return received + timedelta(microseconds=_pushed(0, length, _elapsed(pauses, received, calendar)))
    except OverflowError:
        raise OutsideCalendar(f"{duration.count} {duration.unit}s after {received}") from None


def _office_due(
    duration: Duration, received: datetime, calendar: Calendar, receipt: ReceiptRule, pauses: Sequence[Pause]
) -> datetime:
    start = office_start(received, calendar, receipt)
    end = _pushed(start, start + duration.count * _WORKING_HOUR, _open(pauses, received, calendar))
    return calendar.office_instant(end, at_the_end=True)


def office_start(received: datetime, calendar: Calendar, receipt: ReceiptRule) -> int:
    """The office time at which working hours begin to run: at receipt, or on day 0 where the receipt rule moves it."""
    day = day_zero(received, calendar, receipt)
    moved = day != calendar.day_of(received)
    return calendar.office_time(calendar.first_instant(day) if moved else received)


def _counted(spans: Iterable[Days], calendar: Calendar) -> list[tuple[int, int]]:
    """The spans as running numbers of working days."""
    return [(calendar.working_days_before(first), calendar.working_days_through(last)) for first, last in spans]


def _open(pauses: Sequence[Pause], received: datetime, calendar: Calendar) -> list[tuple[int, int]]:
    """The pauses as microseconds of office time."""
    instants = _instants(pauses, received, calendar)
    return [(calendar.office_time(begin), calendar.office_time(end)) for begin, end in instants]


def _elapsed(pauses: Sequence[Pause], received: datetime, calendar: Calendar) -> list[tuple[int, int]]:
    """The pauses as microseconds since receipt."""
    instants = _instants(pauses, received, calendar)
    return [((begin - received) // _MICROSECOND, (end - received) // _MICROSECOND) for begin, end in instants]


def _instants(pauses: Sequence[Pause], received: datetime, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """The pauses as instants, in order, none twice: exact ones as they were, others from midnight to midnight."""
    known = [pause for pause in pauses if pause.exact is None]
    found = [_edges(span, calendar) for span in stopped(known, calendar.day_of(received))]
    found += [pause.exact for pause in pauses if pause.exact is not None]
    runs: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(found):
        if runs and begin <= runs[-1][1]:
            runs[-1] = runs[-1][0], max(end, runs[-1][1])
        elif end > received:
            runs.append((begin, end))
    return runs


def _edges(span: Days, calendar: Calendar) -> tuple[datetime, datetime]:
    return calendar.first_instant(span[0]), calendar.last_second(span[1]) + _ONE_SECOND
