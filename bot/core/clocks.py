"""Computes when a promise falls due, and when a share of its time is used.

Day clocks end with the last second of the due day in local time; hour and minute clocks at an exact instant. The day of
receipt is day 0, and day 1 is the next day that counts. Every returned instant is aware and in UTC.
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
    """Whether the pause includes the day of the question; it always includes the day of the answer.

    `inclusive` is the rule of the law: FOIA 2000 section 10(2) for a fee, UK GDPR Article 12A for a clarification.
    """

    INCLUSIVE = "inclusive"
    AFTER_START = "after-start"


@dataclass(frozen=True, slots=True)
class Pause:
    """A time when the clock was stopped to wait for the sender, from the day of the question to that of the answer.

    `exact` are the instants of both, where they are known: for hours and minutes only the time between them counts.
    """

    first: date
    last: date
    counting: Counting
    exact: tuple[datetime, datetime] | None = None

    def __str__(self) -> str:
        return f"{self.first}..{self.last} {self.counting}"

    @property
    def span(self) -> Days:
        """The first and last day that do not count; where there is none, the first is later than the last."""
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
    """Return the instant (UTC) that is so long before something falls due.

    Days are counted from their beginning: two working days before the end of a Tuesday is the start of the Friday.
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
    return calendar.first_instant(calendar.nth_working_day(calendar.working_days_through(day) - duration.count))


def due(
    duration: Duration,
    received_at: datetime,
    calendar: Calendar,
    receipt: ReceiptRule = SAME_DAY,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """Return the last permitted instant, in UTC. `received_at` is any aware instant.

    The receipt rule says which day is day 0; hours and minutes have none and run from the instant itself. Only the
    part of a pause between receipt and due counts: a clock that has run out cannot be stopped. Raises
    OutsideCalendar, or ValueError for an instant without offset.
    """
    if received_at.tzinfo is None:
        raise _no_offset(received_at)
    if duration.unit is Unit.WORKING_DAY and receipt is SAME_DAY and not pauses:
        return calendar.due(received_at, duration.count)
    if duration.unit in ELAPSED:
        return _elapsed_due(duration, received_at, calendar, pauses)
    if duration.unit is Unit.WORKING_HOUR:
        return _office_due(duration, received_at, calendar, receipt, pauses)
    spans = stopped_days(pauses, runs_from(duration, received_at, calendar, receipt))
    return calendar.last_second(_due_day(duration, day_zero(received_at, calendar, receipt), calendar, spans))


# What `due_next` takes, as the columns of a contact are called.
DATES = ("acknowledge_by", "acknowledged_at", "respond_by", "platform_reply_by")


def due_next(
    acknowledge_by: datetime | None,
    acknowledged_at: datetime | None,
    respond_by: datetime | None,
    platform_reply_by: datetime | None = None,
) -> datetime | None:
    """Return what falls due next: the acknowledgement until it is given, then the answer (the column `due_at`).

    `platform_reply_by` is until when the platform takes an answer, where that is still to come and we do not wait for
    the person: what they write then opens it again.
    """
    earliest = acknowledge_by if acknowledged_at is None and acknowledge_by is not None else respond_by
    if platform_reply_by is not None and (earliest is None or platform_reply_by < earliest):
        return platform_reply_by
    return earliest


def day_zero(received_at: datetime, calendar: Calendar, receipt: ReceiptRule = SAME_DAY) -> date:
    """Return the local day that counts as the day of receipt."""
    local = received_at.astimezone(calendar.zone)
    day = local.date()
    late = receipt.cutoff is not None and local.time() >= receipt.cutoff
    if late or (receipt.moves and not calendar.is_working_day(day)):
        return calendar.working_day_after(day, 1)
    return day


def runs_from(duration: Duration, received_at: datetime, calendar: Calendar, receipt: ReceiptRule) -> date:
    """Return the first day that a pause can exclude: the day of receipt; for days and months day 0."""
    if duration.unit in (Unit.DAY, Unit.MONTH):
        return day_zero(received_at, calendar, receipt)
    return calendar.day_of(received_at)


@lru_cache(maxsize=64)
def _exact(share: Fraction | float) -> Fraction:
    # 0.9 and not the nearest binary number; a ladder has the same few shares for every contact.
    return Fraction(str(share))


def share_of(
    share: Fraction | float,
    duration: Duration,
    received_at: datetime,
    calendar: Calendar,
    receipt: ReceiptRule = SAME_DAY,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """Return the instant, in UTC, at which that share of the time is used; above 1 it is overdue.

    Working days are used from midnight to midnight, working hours while the office is open, days and months evenly from
    receipt to the end of the due day; during a pause, nothing is used. A share below 1 that ends with a working day is
    reached when the next one starts, as no warning is needed in between; from 1 on it is reached at the end of the
    day, when the promise is broken.
    """
    if received_at.tzinfo is None:
        raise _no_offset(received_at)
    part = _exact(share)
    if part < 0:
        raise ValueError(f"a share is 0 or more, not {share}")
    over = part >= 1
    if duration.unit is Unit.WORKING_DAY:
        spans = stopped_days(pauses, calendar.day_of(received_at))
        start = calendar.working_days_through(day_zero(received_at, calendar, receipt))
        target_day = _postponed(start, start + part * duration.count, _day_numbers(spans, calendar))
        return calendar.moment(target_day, at_the_end=over)
    if duration.unit is Unit.WORKING_HOUR:
        office_before = office_start(received_at, calendar, receipt)
        target = office_before + int(part * duration.count * _WORKING_HOUR)
        stops = _office_spans(pauses, received_at, calendar)
        return calendar.office_instant(_postponed(office_before, target, stops), at_the_end=over)
    received_at = received_at.astimezone(UTC)
    end = due(duration, received_at, calendar, receipt, pauses) + (
        timedelta() if duration.unit in ELAPSED else _ONE_SECOND
    )
    stops = [(max(begin, 0), until) for begin, until in _elapsed_spans(pauses, received_at, calendar)]
    length = (end - received_at) // _MICROSECOND
    running_length = length - sum(max(min(until, length) - begin, 0) for begin, until in stops)
    return received_at + timedelta(microseconds=int(_postponed(0, int(running_length * part), stops)))


def stopped_days(pauses: Iterable[Pause], received_at: date) -> list[Days]:
    """Return the days that do not count, as first and last of each run: from the day of receipt on, without overlap."""
    runs: list[Days] = []
    for first, last in sorted((max(pause.span[0], received_at), pause.span[1]) for pause in pauses):
        if runs and first <= runs[-1][1]:
            runs[-1] = runs[-1][0], max(last, runs[-1][1])
        elif first <= last:
            runs.append((first, last))
    return runs


def _no_offset(received_at: datetime) -> ValueError:
    return ValueError(f"{received_at} has no offset from UTC, so it names no instant")


def _postponed(start: int, target: _Number, spans: Iterable[tuple[int, int]]) -> _Number:
    """Return the target after the spans, in order, are excluded from an axis on which `start` is the start.

    A span that begins at or after the target has no effect: the clock has run out.
    """
    for first, end in spans:
        begin = max(first, start)
        if begin < target and begin < end:
            target += end - begin
    return target


def _due_day(duration: Duration, day_zero: date, calendar: Calendar, spans: list[Days]) -> date:
    if duration.unit is not Unit.WORKING_DAY:
        return rolled(extended(unpaused_due_day(duration, day_zero), duration, calendar, spans), duration, calendar)
    start = calendar.working_days_through(day_zero)
    return calendar.nth_working_day(_postponed(start, start + duration.count, _day_numbers(spans, calendar)))


def unpaused_due_day(duration: Duration, day_zero: date) -> date:
    """Return the day so many days or months after `day_zero`; in a month that is too short, its last day.

    The corresponding date is how the Information Commissioner's Office counts the month of a subject access request.
    """
    try:
        if duration.unit is Unit.DAY:
            return day_zero + duration.count * _ONE_DAY
        years, month = divmod(day_zero.month - 1 + duration.count, 12)
        in_next_month = date(day_zero.year + years, month + 1, 28) + 4 * _ONE_DAY
    except (OverflowError, ValueError):
        raise OutsideCalendar(f"{duration.count} {duration.unit}s after {day_zero}") from None
    last = in_next_month - in_next_month.day * _ONE_DAY
    return last.replace(day=min(day_zero.day, last.day))


def extended(day: date, duration: Duration, calendar: Calendar, spans: Iterable[Days]) -> date:
    """Return the day after as many more days as the pauses took; a pause that begins later has no effect."""
    for first, last in spans:
        if first <= day:
            day += last - first + _ONE_DAY
        elif first <= rolled(day, duration, calendar):
            # The days are used up; only the day to act is still to come, and it must not lie in the pause.
            day = last + _ONE_DAY
    return day


def rolled(day: date, duration: Duration, calendar: Calendar) -> date:
    """Return the day, or the next working day if the duration rolls and the day is not one."""
    moves = duration.rolls and not calendar.is_working_day(day)
    return calendar.working_day_after(day, 1) if moves else day


def _elapsed_due(duration: Duration, received_at: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> datetime:
    received_at = received_at.astimezone(UTC)
    length = duration.count * ELAPSED[duration.unit] // _MICROSECOND
    try:
        return received_at + timedelta(
            microseconds=_postponed(0, length, _elapsed_spans(pauses, received_at, calendar))
        )
    except OverflowError:
        raise OutsideCalendar(f"{duration.count} {duration.unit}s after {received_at}") from None


def _office_due(
    duration: Duration, received_at: datetime, calendar: Calendar, receipt: ReceiptRule, pauses: Sequence[Pause]
) -> datetime:
    start = office_start(received_at, calendar, receipt)
    end = _postponed(start, start + duration.count * _WORKING_HOUR, _office_spans(pauses, received_at, calendar))
    return calendar.office_instant(end, at_the_end=True)


def office_start(received_at: datetime, calendar: Calendar, receipt: ReceiptRule) -> int:
    """Return the office time at which working hours begin: at receipt, or on day 0 where the receipt rule moves it."""
    day = day_zero(received_at, calendar, receipt)
    is_moved = day != calendar.day_of(received_at)
    return calendar.office_time(calendar.first_instant(day) if is_moved else received_at)


def _day_numbers(spans: Iterable[Days], calendar: Calendar) -> list[tuple[int, int]]:
    """Return the spans as running numbers of working days."""
    return [(calendar.working_days_before(first), calendar.working_days_through(last)) for first, last in spans]


def _office_spans(pauses: Sequence[Pause], received_at: datetime, calendar: Calendar) -> list[tuple[int, int]]:
    """Return the pauses as microseconds of office time."""
    instants = _instants(pauses, received_at, calendar)
    return [(calendar.office_time(begin), calendar.office_time(end)) for begin, end in instants]


def _elapsed_spans(pauses: Sequence[Pause], received_at: datetime, calendar: Calendar) -> list[tuple[int, int]]:
    """Return the pauses as microseconds since receipt."""
    instants = _instants(pauses, received_at, calendar)
    return [((begin - received_at) // _MICROSECOND, (end - received_at) // _MICROSECOND) for begin, end in instants]


def _instants(pauses: Sequence[Pause], received_at: datetime, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """Return the pauses as instants, in order, without overlap; those without instants from midnight to midnight."""
    whole_days = [pause for pause in pauses if pause.exact is None]
    spans = [_edges(span, calendar) for span in stopped_days(whole_days, calendar.day_of(received_at))]
    spans += [pause.exact for pause in pauses if pause.exact is not None]
    runs: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if runs and begin <= runs[-1][1]:
            runs[-1] = runs[-1][0], max(end, runs[-1][1])
        elif end > received_at:
            runs.append((begin, end))
    return runs


def _edges(span: Days, calendar: Calendar) -> tuple[datetime, datetime]:
    return calendar.first_instant(span[0]), calendar.last_second(span[1]) + _ONE_SECOND
