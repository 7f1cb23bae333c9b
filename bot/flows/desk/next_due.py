"""What falls due next of an open contact, in words: acknowledgement, answer, or the end of a platform's time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core import clocks, histories
from bot.core.contacts import Contact, State
from bot.core.durations import Duration, Unit
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.render.words import due_in_words, instant_in_words

# A window of days is counted in days, and in hours once it nears its end.
_HOURS_FROM = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done by which day and how long is left, in words; `urgency` is `late`, `today` or ""."""

    duty: str
    day: str
    time_left: str
    urgency: str


def next_due(contact: Contact, now: datetime, book: Rulebook) -> Due | None:
    """The next date of a contact; None where nothing falls due: it is paused, finished, or nothing was promised."""
    if contact.state != State.OPEN:
        return None
    closes_at = open_until(contact, now)
    dates = (contact.acknowledge_by, contact.acknowledged_at, contact.respond_by)
    due_at = clocks.due_next(*dates, closes_at if contact.paused_at is None else None)
    if due_at is None:
        return None
    calendar, zone = book.clocks.default_calendar, book.clocks.default_calendar.zone
    urgency = "late" if due_at < now else "today" if calendar.day_of(due_at) == calendar.day_of(now) else ""
    if due_at == closes_at:
        duty = f"answer on {Titles(book).way(contact)}"
        return Due(duty, instant_in_words(due_at, zone), window_left(due_at, book, now), urgency)
    is_acknowledged = contact.acknowledged_at is not None or contact.acknowledge_by is None
    standard = book.clocks.standard_of(contact)
    promise = standard.respond if is_acknowledged else standard.acknowledge
    return Due(
        duty="answer" if is_acknowledged else "acknowledgement",
        day=due_in_words(due_at, promise, zone),
        time_left=histories.left_until(due_at, _unit(promise), book.clocks.calendars[standard.calendar_key], now),
        urgency=urgency,
    )


def open_until(contact: Contact, now: datetime) -> datetime | None:
    """When the platform stops taking an answer; None where that is over, or where it takes one for ever."""
    closes_at = contact.platform_reply_by
    return closes_at if closes_at is not None and closes_at > now else None


def window_left(closes_at: datetime, book: Rulebook, now: datetime) -> str:
    """How long a platform still takes an answer."""
    unit = Unit.DAY if closes_at - now > _HOURS_FROM else Unit.HOUR
    return histories.left_until(closes_at, unit, book.clocks.default_calendar, now)


def _unit(promise: Duration | None) -> Unit:
    return promise.unit if promise is not None else Unit.WORKING_DAY
