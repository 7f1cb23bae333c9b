"""The line of clocks on the page of a contact: acknowledgement, answer, and the time in which a platform takes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.contacts import State
from bot.flows.changes.answer import routes
from bot.flows.desk.contact_view import Running
from bot.flows.desk.next_due import open_until, window_left
from bot.flows.titles import Titles
from bot.render.words import instant_in_words
from bot.web.console.opening import Opening


@dataclass(frozen=True, slots=True)
class ShownClock:
    """One clock in words: what is owed by when, and how long is left; `urgency` is `late`, `today` or ""."""

    words: str
    time_left: str
    urgency: str
    due_at: datetime | None


def context(opening: Opening) -> Mapping[str, Any]:
    """The clocks, what falls due next first, and by which other ways the person is reached where a window closed."""
    clock_line = [_in_words(clock, opening.now) for clock in opening.view.clocks]
    if window := _open_window(opening):
        clock_line.append(window)
    return {
        "clock_line": sorted(clock_line, key=lambda clock: (clock.due_at is None, clock.due_at or opening.now)),
        "closed_window": _closed_window(opening),
    }


def _in_words(clock: Running, now: datetime) -> ShownClock:
    verb, participle = ("Acknowledge", "Acknowledged") if clock.name == "acknowledge" else ("Answer", "Answered")
    if clock.stopped:
        return ShownClock(f"{participle} at {clock.stopped}, {'in time' if clock.in_time else 'late'}", "", "", None)
    if not clock.due:
        return ShownClock(f"{verb}: paused, we wait for the person", "", "today", None)
    urgency = "late" if clock.due_at and clock.due_at < now else "today" if clock.left == "due today" else ""
    return ShownClock(f"{verb} by {clock.due}", clock.left, urgency, clock.due_at)


def _open_window(opening: Opening) -> ShownClock | None:
    """How long the platform still takes an answer."""
    contact, book = opening.view.contact, opening.book
    closes_at = open_until(contact, opening.now)
    if contact.state != State.OPEN or closes_at is None:
        return None
    day = instant_in_words(closes_at, book.clocks.default_calendar.zone)
    time_left = window_left(closes_at, book, opening.now)
    words = f"{_name(opening)} takes an answer until {day}"
    return ShownClock(words, time_left, "" if "day" in time_left else "today", closes_at)


def _closed_window(opening: Opening) -> Mapping[str, Any]:
    """Nothing while the platform takes an answer; else since when it takes none, and what is left."""
    contact, book, now = opening.view.contact, opening.book, opening.now
    if contact.state != State.OPEN or contact.platform_reply_by is None or contact.platform_reply_by > now:
        return {}
    ways = [route.title for route in routes(contact, book, now) if not route.why_not]
    since = instant_in_words(contact.platform_reply_by, book.clocks.default_calendar.zone)
    return {"name": _name(opening), "since": since, "ways": ways}


def _name(opening: Opening) -> str:
    name = Titles(opening.book).way(opening.view.contact)
    return name[:1].upper() + name[1:]
