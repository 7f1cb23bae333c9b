"""Staff change a clock: acknowledge, hold, pause, resume, restart, extend. The change is an event; the dates follow."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import histories
from bot.core.contacts import Contact
from bot.core.durations import BadWords, duration
from bot.core.events import Event, EventKind
from bot.core.histories import Clocks, Happened, Kind
from bot.flows.changes import refusals
from bot.flows.changes.reach import reach
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import tell
from bot.flows.rulebook import ClockRules, Rulebook
from bot.store import contacts, outbox

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """It is done. `later`: the date is later than the sender was told; `is_told`: they are sent it, else staff must.

    `why_not` says why no message reaches them, "" where nothing is to be sent.
    """

    before: Clocks
    after: Clocks
    later: bool
    is_told: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What is to happen to the clocks: at `at` (None: now), for an extension with the time in all, as it was typed."""

    kind: Kind
    at: datetime | None = None
    to: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """Who does it, and what they say: a `reason` for the sender (an extension has one), a `note` for the history.

    `quiet`: the person is told another way.
    """

    actor: str
    reason: str = ""
    note: str = ""
    quiet: bool = False


# Why the date is later, in words for the person, where staff gave no reason.
REASONS = {
    Kind.RESUMED: "We had asked you something. The time until you answered does not count.",
    Kind.RESTARTED: "You told us more. The time to answer starts again with that.",
    Kind.ACKNOWLEDGED: "The time to answer starts on the day on which one of us first wrote to you.",
}


def adjust(
    connection: Connection, reference: str, change: ClockChange, word: Word, now: datetime, book: Rulebook
) -> Adjusted:
    """Let this happen to the clocks of an open contact; a later date than the person was told is told to them.

    Raises Refused.
    """
    contact = refusals.open_contact(connection, reference, "no clock of it runs")
    word = replace(word, reason=refusals.short_text(word.reason, "reason"), note=refusals.short_text(word.note, "note"))
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    before = book.clocks.of(contact, history)
    event = _event_of(contact, change, word, now)
    _refuse(contact, history, event, before, book.clocks)

    after = book.clocks.of(contact, [*history, event])
    later = None if word.quiet else _later(contact, after, word.reason or REASONS.get(event.kind, ""), book.clocks)
    values = columns(contact, after, now, book)
    if event.kind is Kind.ACKNOWLEDGED:
        # Also where nothing of the kind was promised, as for a letter: the person knows of it all the same.
        values["acknowledged_at"] = values["acknowledged_at"] or event.at
    if not contacts.change(connection, contact, values):
        raise refusals.collision(reference)
    contacts.note(connection, [_row(contact, (before, after), event, word, now)])
    if later is None:
        return Adjusted(before, after, later=False, is_told=False)
    why_not = tell_later(connection, contact, later, now, book)
    return Adjusted(before, after, later=True, is_told=not why_not, why_not=why_not)


def tell_later(connection: Connection, contact: Contact, later: tell.Later, now: datetime, book: Rulebook) -> str:
    """Send the person a date that is later than they were told; return why it does not reach them, or ""."""
    route = reach(connection, contact, now, book)
    if route.receipt:
        outbox.queue(connection, [tell.new_date(later, route.receipt, now, book.outgoing)])
    return route.why_not


def _event_of(contact: Contact, change: ClockChange, word: Word, now: datetime) -> Happened:
    """The event of a clock that this change is. Raises Refused for an extension without reason or readable length."""
    at = refusals.instant_of(change.at, contact, now)
    if change.kind is not Kind.EXTENDED:
        return Happened(change.kind, at)
    if not word.reason:
        raise Refused("say in plain words why it takes longer; the person is told", "reason")
    to = refusals.short_text(change.to, "to")
    if not to:
        raise Refused("say how long in all, such as 30 working days", "to")
    try:
        return Happened(change.kind, at, duration(to))
    except BadWords as error:
        raise Refused(str(error), "to") from error


def _refuse(contact: Contact, history: list[Happened], event: Happened, before: Clocks, rules: ClockRules) -> None:
    """Raise Refused where the clocks stand so that this cannot happen to them."""
    if any(earlier.at > event.at for earlier in history):
        raise Refused("something else happened to its clock after that; the history is told in its order")
    standard = rules.standard_of(contact)
    if reason := histories.why_not(event, before, standard):
        raise Refused(reason)
    calendar = rules.calendars[standard.calendar_key]
    if event.extended_to and (reason := histories.why_not_so_long(event.extended_to, before, standard, calendar)):
        raise Refused(reason, "to")


def columns(contact: Contact, after: Clocks, now: datetime, book: Rulebook) -> Values:
    """What the list of contacts shows of the clocks. The next look is now: the ladder starts from the new dates."""
    respond_by = after.respond.due if after.respond else None
    step = contact.respond_step
    if respond_by is not None and respond_by != contact.respond_by:
        # What the new time has passed already is alerted now, the highest of it, unless it was before.
        step = min(step, steps_behind(after, contact, now, book.clocks))
    acknowledged_at = after.acknowledge.stopped_at if after.acknowledge else contact.acknowledged_at
    return {
        "acknowledged_at": acknowledged_at,
        "respond_by": respond_by,
        "paused_at": after.paused_at,
        "clock_changed": True,
        "respond_step": step,
        "next_look_at": now,
    }


def steps_behind(after: Clocks, contact: Contact, now: datetime, rules: ClockRules) -> int:
    """How many steps of the ladder the new time to answer has passed: those are not alerted again."""
    return sum(at <= now for at, _ in rules.rungs(contact, after))


def _later(contact: Contact, after: Clocks, reason: str, rules: ClockRules) -> tell.Later | None:
    was = contact.told_respond_by
    becomes = after.respond.due if after.respond else None
    if was is None or becomes is None or becomes <= was:
        return None
    return tell.Later(contact.id, contact.reference, rules.respond_by(contact, was), was, becomes, reason)


def stand(after: Clocks) -> Values:
    """What an event says of how the time to answer stands from then on: its date, or since when it is paused."""
    dates = {"respond_by": after.respond.due if after.respond else None, "paused_at": after.paused_at}
    return {name: at.isoformat() for name, at in dates.items() if at}


def _row(contact: Contact, clocks: tuple[Clocks, Clocks], event: Happened, word: Word, now: datetime) -> Event:
    details = {
        "extended_to": str(event.extended_to) if event.extended_to else "",
        "respond_by_before": _iso(clocks[0]),
        "respond_by": _iso(clocks[1]),
        "reason": word.reason,
        "note": word.note,
        **contacts.recording_details(event.at, now),
    }
    values = {key: value for key, value in details.items() if value}
    return Event(contact.id, event.at, EventKind(event.kind), word.actor, values)


def _iso(clocks: Clocks) -> str:
    return clocks.respond.due.isoformat() if clocks.respond and clocks.respond.due else ""
