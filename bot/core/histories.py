"""Computes how the clocks of one contact stand from its standard, its receipt and its events.

A clock is never stored: it follows from the contact's events.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core import clocks, escalations
from bot.core.calendars import Calendar, OutsideCalendar
from bot.core.clocks import Counting, Pause
from bot.core.durations import SAME_DAY, Duration, ReceiptRule, Unit
from bot.core.escalations import Ladder, Rungs, Step
from bot.core.standards import Standard

_ONE_SECOND = timedelta(seconds=1)


class Kind(StrEnum):
    """The events of a clock. A holding reply does not stop the clock to answer, but counts as an acknowledgement.

    Reopened: the person wrote again after the answer. Corrected: the last answer before it was not one.
    """

    ACKNOWLEDGED = "acknowledged by staff"
    HOLDING_REPLY = "holding reply"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESTARTED = "restarted"
    EXTENDED = "extended"
    RESPONDED = "responded"
    REOPENED = "reopened"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a clock, at an aware instant; `extended_to` is the new duration from the same start."""

    kind: Kind
    at: datetime
    extended_to: Duration | None = None


class State(StrEnum):
    """The state of a clock. A waiting one has not started: its date is the latest possible one."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise. `due` is None during a pause, because the end of the pause is not known yet."""

    state: State
    started_at: datetime
    due: datetime | None
    stopped_at: datetime | None = None

    def in_time(self) -> bool | None:
        """Tell whether it was stopped in time; None while it runs. Due is the last permitted second."""
        if self.stopped_at is None:
            return None
        return self.due is None or self.stopped_at < self.due + _ONE_SECOND


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks of a contact (None where nothing is promised), and how the time to answer is counted."""

    acknowledge: Clock | None
    respond: Clock | None
    duration: Duration | None
    receipt: ReceiptRule
    pauses: tuple[Pause, ...]
    paused_at: datetime | None

    def share_of(self, share: float, calendar: Calendar) -> datetime:
        """Return when this share of the time to answer is used; only where an answer is promised."""
        if self.respond is None or self.duration is None:
            raise ValueError("no answer is promised")
        return clocks.share_of(share, self.duration, self.respond.started_at, calendar, self.receipt, self.pauses)

    def instant_of(self, step: Step, calendar: Calendar) -> datetime:
        """Return when this step of the ladder is due; only where an answer has a date."""
        if step.before is None:
            return self.share_of(step.share or 0.0, calendar)
        if self.respond is None or self.respond.due is None:
            raise ValueError("the answer has no date")
        return clocks.before(self.respond.due, step.before, calendar)

    def rungs(self, ladder: Ladder, calendar: Calendar) -> Rungs:
        """Return the steps of the ladder with their instants; none while the answer has no date."""
        if self.respond is None or self.respond.due is None:
            return ()
        return escalations.rungs(ladder, lambda step: self.instant_of(step, calendar), self.respond.started_at)


@dataclass(slots=True)
class _Run:
    """The state of the time to answer while its events are applied."""

    start: datetime
    receipt: ReceiptRule
    duration: Duration | None
    waiting: bool
    pauses: list[Pause] = field(default_factory=list)
    paused_at: datetime | None = None
    responded_at: datetime | None = None


def clocks_of(
    standard: Standard,
    received_at: datetime,
    events: Iterable[Happened],
    calendar: Calendar,
    receipt_sent_at: datetime | None = None,
) -> Clocks:
    """Return the clocks after all events, in their order. Our receipt counts only where the standard says so."""
    history = _valid_events(events)
    acknowledge_by = None
    if standard.acknowledge is not None:
        acknowledge_by = clocks.due(standard.acknowledge, received_at, calendar, standard.receipt)
    is_waiting = standard.respond_from == "acknowledgement" and acknowledge_by is not None
    run = _Run(
        start=acknowledge_by if is_waiting and acknowledge_by else received_at,
        # If an acknowledgement starts the time to answer, its own day is day 0.
        receipt=SAME_DAY if is_waiting else standard.receipt,
        duration=standard.respond,
        waiting=is_waiting,
    )
    for event in history:
        _apply(run, event, standard, calendar)
    return Clocks(
        acknowledge=_acknowledge(standard, received_at, acknowledge_by, history, receipt_sent_at),
        respond=_respond(run, calendar),
        duration=run.duration,
        receipt=run.receipt,
        pauses=tuple(run.pauses),
        paused_at=run.paused_at,
    )


def _valid_events(events: Iterable[Happened]) -> list[Happened]:
    """Return the events in order, without the answers that were corrected."""
    standing: list[Happened] = []
    for event in sorted(events, key=lambda event: event.at):
        standing.append(event)
        if event.kind is Kind.CORRECTED:
            answers = [i for i, e in enumerate(standing) if e.kind in (Kind.RESPONDED, Kind.HOLDING_REPLY)]
            del standing[answers[-1] if answers else -1]
    return standing


def _apply(run: _Run, event: Happened, standard: Standard, calendar: Calendar) -> None:
    match event.kind:
        case Kind.ACKNOWLEDGED if run.waiting:
            run.start, run.waiting = event.at, False
        case Kind.PAUSED if run.paused_at is None:
            run.paused_at = event.at
        case Kind.RESUMED if run.paused_at is not None:
            days = calendar.day_of(run.paused_at), calendar.day_of(event.at)
            counting = Counting.AFTER_START if standard.pause == "none" else Counting(standard.pause)
            run.pauses.append(Pause(*days, counting, exact=(run.paused_at, event.at)))
            run.paused_at = None
        case Kind.RESTARTED | Kind.REOPENED:
            # FOIA 2000 section 1(3): the time runs from the day of the clarified request. It also runs anew from the
            # day on which a person writes again after our answer.
            run.responded_at = None
            run.start, run.receipt, run.waiting = event.at, standard.receipt, False
            run.duration, run.pauses, run.paused_at = standard.respond, [], None
        case Kind.EXTENDED if _is_allowed(run, event.extended_to, standard, calendar):
            run.duration = event.extended_to
        case Kind.RESPONDED if run.responded_at is None:
            run.responded_at = event.at
        case _:
            pass


def _is_allowed(run: _Run, duration: Duration | None, standard: Standard, calendar: Calendar) -> bool:
    """Tell whether this standard allows the duration: it may come from an earlier classification."""
    if duration is None or standard.extend_to is None:
        return False
    new_due, latest_due = (
        clocks.due(d, run.start, calendar, run.receipt, run.pauses) for d in (duration, standard.extend_to)
    )
    return new_due <= latest_due


def _acknowledge(
    standard: Standard,
    received_at: datetime,
    due: datetime | None,
    history: list[Happened],
    receipt_sent_at: datetime | None,
) -> Clock | None:
    if due is None:
        return None
    acknowledgements = [
        event.at for event in history if event.kind in (Kind.ACKNOWLEDGED, Kind.HOLDING_REPLY, Kind.RESPONDED)
    ]
    if receipt_sent_at is not None and standard.acknowledged_by == "receipt":
        acknowledgements.append(receipt_sent_at)
    first = min(acknowledgements, default=None)
    return Clock(State.RUNNING if first is None else State.STOPPED, received_at, due, first)


def _respond(run: _Run, calendar: Calendar) -> Clock | None:
    if run.duration is None:
        return None
    due = None
    if run.paused_at is None:
        due = clocks.due(run.duration, run.start, calendar, run.receipt, run.pauses)
    state = State.PAUSED if run.paused_at else State.WAITING if run.waiting else State.RUNNING
    return Clock(state if run.responded_at is None else State.STOPPED, run.start, due, run.responded_at)


def why_not(event: Happened, now: Clocks, standard: Standard) -> str:
    """Return why the event cannot happen to these clocks, in plain words; "" if it can."""
    return next((reason for asks, reason in _refusals(event, now, standard) if asks()), "")


def _refusals(event: Happened, now: Clocks, standard: Standard) -> Iterable[tuple[Callable[[], bool], str]]:
    respond, changes = now.respond, event.kind in (Kind.PAUSED, Kind.RESUMED, Kind.RESTARTED, Kind.EXTENDED)
    if not changes:
        return
    yield lambda: respond is None, f"the standard {standard.id} promises no answer, so no clock runs"
    yield lambda: respond is not None and respond.state is State.STOPPED, "it is answered already"
    due = respond.due if respond else None
    over = due is not None and event.at > due
    if event.kind is Kind.PAUSED:
        yield lambda: standard.pause == "none", f"the standard {standard.id} allows no pause"
        yield lambda: now.paused_at is not None, "its clock is paused already"
        yield lambda: over, "the time to answer is over, and a clock that has run out cannot be paused"
    if event.kind is Kind.RESUMED:
        yield lambda: now.paused_at is None, "its clock is not paused"
    if event.kind is Kind.EXTENDED:
        yield lambda: now.paused_at is not None, "its clock is paused; resume it first"
        yield lambda: standard.extend_to is None, f"the standard {standard.id} allows no extension"
        yield lambda: over, "the time to answer is over; an extension must be told before"


def why_not_so_long(longer: Duration, now: Clocks, standard: Standard, calendar: Calendar) -> str:
    """Return why the time to answer cannot be extended so far; "" if it can, or if it does not run."""
    respond, most = now.respond, standard.extend_to
    if respond is None or respond.due is None or most is None:
        return ""

    def due(duration: Duration) -> datetime:
        return clocks.due(duration, respond.started_at, calendar, now.receipt, now.pauses)

    try:
        is_too_long = due(longer) > due(most)
    except OutsideCalendar:
        is_too_long = True
    if is_too_long:
        return f"{longer} is too long; at most {most} are allowed"
    return f"{longer} is not later than what is promised now" if due(longer) <= respond.due else ""


# A time to answer of three days may be given in hours; nobody reckons with more of them.
_MOST_HOURS = 100


def time_left(clock: Clock, duration: Duration, calendar: Calendar, now: datetime) -> str:
    """Return the time left, in the unit of the promise; "" once the clock is stopped."""
    if clock.state is State.STOPPED:
        return ""
    return "paused" if clock.due is None else left_until(clock.due, duration.unit, calendar, now)


def left_until(due: datetime, unit: Unit, calendar: Calendar, now: datetime) -> str:
    """Return the time left in that unit: `3 working days left`, `due today`, `late by 5 hours`; many hours are days."""
    if unit in (Unit.WORKING_DAY, Unit.DAY, Unit.MONTH):
        today, last = calendar.day_of(now), calendar.day_of(due)
        working = unit is Unit.WORKING_DAY
        count = (last - today).days
        if working:
            count = calendar.working_days_through(last) - calendar.working_days_through(today)
        if last == today:
            return "due today"
        return _in_words(count if last > today else min(count, -1), "working day" if working else "day")
    minutes = int((due - now).total_seconds() // 60)
    if abs(minutes) >= _MOST_HOURS * 60:
        return _in_words(int(minutes / (24 * 60)), "day")
    return _in_words(minutes // 60, "hour") if abs(minutes) >= 60 else _in_words(minutes, "minute")


def _in_words(count: int, unit: str) -> str:
    words = f"{abs(count)} {unit}{'' if abs(count) == 1 else 's'}"
    return f"{words} left" if count >= 0 else f"late by {words}"
