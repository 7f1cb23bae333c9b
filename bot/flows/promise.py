"""What a standard promises: in a sentence for the operator, in rows for the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.core import histories
from bot.core.books import Book
from bot.core.calendars import Calendar
from bot.core.durations import Duration
from bot.core.standards import Standard
from bot.flows.rulebook import ClockRules
from bot.render.words import due_in_words, instant_in_words


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant at which a contact could come in, and what to call it."""

    name: str
    at: datetime


def moments(now: datetime, calendar: Calendar) -> tuple[Moment, ...]:
    """Now, the next Christmas Eve, and the afternoon before the next Good Friday."""
    days = [calendar.day_of(now) + timedelta(days=n) for n in range(1, 400)]
    easter = [day for day in days if (calendar.why_not_working(day) or "").startswith("Good Friday")]
    christmas = [day for day in days if (day.month, day.day) == (12, 25)]
    before = [("on Christmas Eve", day) for day in christmas[:1]] + [("just before Easter", day) for day in easter[:1]]
    later = (
        Moment(name, datetime.combine(day - timedelta(days=1), time(16), tzinfo=calendar.zone)) for name, day in before
    )
    return Moment("now", now), *later


def sentences(standard: Standard, now: datetime, rules: ClockRules) -> Iterable[str]:
    """What this standard would promise for a message received at each of the moments."""
    calendar = rules.calendars[standard.calendar_key]
    for moment in moments(now, calendar):
        stand = histories.clocks_of(standard, moment.at, (), calendar)
        parts = []
        if stand.acknowledge and stand.acknowledge.due and standard.acknowledge:
            verb = "acknowledged by staff" if standard.acknowledged_by == "staff" else "acknowledged"
            parts.append(f"{verb} by {due_in_words(stand.acknowledge.due, standard.acknowledge, calendar.zone)}")
        if stand.respond and stand.respond.due and standard.respond:
            latest = "at the latest " if stand.respond.state is histories.State.WAITING else ""
            parts.append(f"answered {latest}by {due_in_words(stand.respond.due, standard.respond, calendar.zone)}")
        came_at = instant_in_words(moment.at, calendar.zone)
        yield f"A message received {moment.name} ({came_at}) would be {' and '.join(parts)}."


def within(duration: Duration) -> str:
    """`within 10 working days`, `on the same day`."""
    return f"within {duration}" if duration.count else f"on the {duration}"


def in_short(standard: Standard) -> str:
    """What it promises, in a line: "Acknowledge within 1 working day, answer within 10 working days"."""
    acknowledge, respond = standard.acknowledge, standard.respond
    verb = "Staff acknowledge" if standard.acknowledged_by == "staff" else "Acknowledge"
    after = " of the acknowledgement" if standard.respond_from == "acknowledgement" else ""
    first = f"{verb} {within(acknowledge)}" if acknowledge else "No acknowledgement is promised"
    then = f"answer {within(respond)}{after}" if respond else "no time to answer is promised"
    longest = f". It can be extended to {standard.extend_to}" if standard.extend_to else ""
    return f"{first}, {then}{longest}."


def publication(promises: Book, today: date) -> list[dict[str, Any]]:
    """The standards that are in force on that day, then those that follow: as rows for the page and its JSON."""
    ahead = sorted((s for s in promises.standards if s.valid_from > today), key=lambda s: s.valid_from)
    in_force = [_row(standard, in_force=True) for standard in promises.in_force(today)]
    return in_force + [_row(standard, in_force=False) for standard in ahead]


def _row(standard: Standard, *, in_force: bool) -> dict[str, Any]:
    table = standard.as_table()
    columns = ("id", "title", "version", "basis", "calendar", "receipt", "acknowledge", "acknowledged_by", "respond")
    further_columns = (
        "respond_from",
        "extend_to",
        "page",
        "approved_by",
        "reason",
        "valid_from",
        "valid_to",
        "review_by",
    )
    row = {key: table.get(key, str(getattr(standard, key) or "")) for key in (*columns, *further_columns)}
    audience = {key: list(getattr(standard, key)) for key in ("areas", "services", "channels", "kinds")}
    return row | audience | {"visibility": standard.visibility, "in_force": in_force}


def due_for_review(rules: ClockRules, now: datetime, ahead: timedelta) -> list[Standard]:
    """The standards in force that somebody must look at again within that time."""
    today = rules.default_calendar.day_of(now)
    in_force = rules.promises.in_force(today)
    return [standard for standard in in_force if standard.review_by is not None and standard.review_by - ahead <= today]
