"""Explains why a promise falls due when it does, in plain words, day by day.

The days are walked one by one here, and looked up in tables in `clocks`: tests compare the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core import clocks
from bot.core.calendars import Calendar
from bot.core.clocks import ELAPSED, Pause
from bot.core.durations import SAME_DAY, Duration, ReceiptRule, Unit

_ONE_DAY = timedelta(days=1)
_SECOND, _MINUTE, _HOUR = 10**6, 60 * 10**6, 3600 * 10**6


def explain(
    duration: Duration,
    received_at: datetime,
    calendar: Calendar,
    receipt: ReceiptRule = SAME_DAY,
    pauses: Sequence[Pause] = (),
    *,
    every_day: bool = True,
) -> tuple[str, ...]:
    """Return the reasoning behind `clocks.due` of the same arguments, as sentences; the last one names the due instant.

    Without `every_day`, counting days and weekends are left out, so that only what moved the date remains.
    """
    case = _Case(duration, received_at, calendar, receipt, tuple(pauses), every_day=every_day)
    return tuple(case.sentences())


def in_words(day: date) -> str:
    """Return a day in words: Tuesday 29 December 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def due_in_words(due: datetime, duration: Duration, calendar: Calendar) -> str:
    """Return the due instant in local time, as a sentence."""
    local = due.astimezone(calendar.zone)
    if duration.unit in (*ELAPSED, Unit.WORKING_HOUR):
        return f"Due on {in_words(local.date())} at {_clock(local)}."
    return f"Due by the end of {in_words(local.date())} ({_clock(local)})."


@dataclass(frozen=True, slots=True)
class _Case:
    duration: Duration
    received_at: datetime
    calendar: Calendar
    receipt: ReceiptRule
    pauses: tuple[Pause, ...]
    every_day: bool

    def sentences(self) -> Iterator[str]:
        due = clocks.due(self.duration, self.received_at, self.calendar, self.receipt, self.pauses)
        yield from self._receipt()
        if self.duration.unit is Unit.WORKING_DAY:
            yield from self._working_days()
        elif self.duration.unit is Unit.WORKING_HOUR:
            yield from self._working_hours()
        elif self.duration.unit in ELAPSED:
            yield from self._elapsed(due)
        else:
            yield from self._calendar_days(due)
        yield from self._idle_pauses(due)
        yield due_in_words(due, self.duration, self.calendar)

    @property
    def _day_zero(self) -> date:
        return clocks.day_zero(self.received_at, self.calendar, self.receipt)

    @property
    def _day_received(self) -> date:
        return self.calendar.day_of(self.received_at)

    def _receipt(self) -> Iterator[str]:
        local = self.received_at.astimezone(self.calendar.zone)
        yield f"Received on {in_words(local.date())} at {_clock(local)}, {self.calendar.zone.key}."
        if self.duration.unit in ELAPSED:
            return
        if self._day_zero != self._day_received:
            why = self.calendar.why_not_working(self._day_received) or f"{self.receipt} has passed"
            yield f"Treated as received on {in_words(self._day_zero)}, the next working day: {why}."
        if self.duration.unit is not Unit.WORKING_HOUR:
            yield f"{in_words(self._day_zero)} is day 0; counting begins with the day after."

    def _why_not(self, day: date) -> str | None:
        """Return why the day does not count towards working time, or None."""
        pause = next((p for p in self.pauses if p.span[0] <= day <= p.span[1]), None)
        return self.calendar.why_not_working(day) or (f"pause {pause}" if pause else None)

    def _exclusion(self, day: date, why: str) -> Iterator[str]:
        if self.every_day or why != "weekend":
            yield f"{in_words(day)} does not count: {why}."

    def _working_days(self) -> Iterator[str]:
        day, number = self._day_zero, 0
        while number < self.duration.count:
            day += _ONE_DAY
            if (why := self._why_not(day)) is not None:
                yield from self._exclusion(day, why)
                continue
            number += 1
            if self.every_day:
                yield f"Day {number}: {in_words(day)}."

    def _working_hours(self) -> Iterator[str]:
        start = clocks.office_start(self.received_at, self.calendar, self.receipt)
        day, total, promised_time = self._day_zero, 0, self.duration.count * _HOUR
        while total < promised_time:
            end = self.calendar.office_time(self.calendar.last_second(day))
            if (why := self._why_not(day)) is not None:
                yield from self._exclusion(day, why)
            elif end > start:
                length = min(end - start, promised_time - total)
                total += length
                if self.every_day:
                    yield f"{in_words(day)}: {_length(length)} of office hours, {_length(total)} in all."
            start, day = max(start, end), day + _ONE_DAY

    def _elapsed(self, due: datetime) -> Iterator[str]:
        yield "The clock runs by day and night; weekends and holidays count, too."
        for first, last in self._stopped_spans(due):
            yield f"The clock stands still from {in_words(first)} to {in_words(last)} for a pause."
        before, after = (instant.astimezone(self.calendar.zone).utcoffset() for instant in (self.received_at, due))
        if before != after:
            yield "The clocks change in between, so the time of day is not the same."

    def _calendar_days(self, due: datetime) -> Iterator[str]:
        day = clocks.unpaused_due_day(self.duration, self._day_zero)
        shorter = self.duration.unit is Unit.MONTH and day.day != self._day_zero.day
        last = f": there is no day {self._day_zero.day} in that month, so its last one" if shorter else ""
        unit = self.duration.unit if self.duration.count == 1 else f"{self.duration.unit}s"
        yield f"{self.duration.count} {unit} later is {in_words(day)}{last}."
        for span in self._stopped_spans(due):
            yield f"{in_words(span[0])} to {in_words(span[1])} do not count: pause of {_days(span)}."
            day = clocks.extended(day, self.duration, self.calendar, [span])
            yield f"So it becomes {in_words(day)}."
        if clocks.rolled(day, self.duration, self.calendar) != day:
            yield f"That is not a working day, so the next one: {self.calendar.why_not_working(day)}."

    def _stopped_spans(self, due: datetime) -> list[tuple[date, date]]:
        """Return the runs of paused days within the running time."""
        last = self.calendar.day_of(due)
        return [span for span in clocks.stopped_days(self.pauses, self._runs_from) if span[0] <= last]

    @property
    def _runs_from(self) -> date:
        return clocks.runs_from(self.duration, self.received_at, self.calendar, self.receipt)

    def _idle_pauses(self, due: datetime) -> Iterator[str]:
        """Yield the pauses without effect: outside the running time, or without a day."""
        last = self.calendar.day_of(due)
        for pause in self.pauses:
            first_stopped, last_stopped = pause.span
            if last_stopped < max(first_stopped, self._runs_from) or first_stopped > last:
                yield f"Without effect, as the clock was not running then: pause {pause}."


def _days(span: tuple[date, date]) -> str:
    count = (span[1] - span[0]).days + 1
    return f"{count} day{'s' if count > 1 else ''}"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _length(office_time: int) -> str:
    parts = [
        (office_time // _HOUR, "h"),
        (office_time % _HOUR // _MINUTE, "min"),
        (office_time % _MINUTE // _SECOND, "s"),
    ]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"
