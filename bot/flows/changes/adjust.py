"""Staff change a clock: acknowledge, hold, pause, resume, restart, extend. The change is an event; the dates follow."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import histories
from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.core.histories import Clocks, Happened, Kind
from bot.flows.outgoing import tell
from bot.flows.rulebook import Rulebook
from bot.render.words import instant_in_words
from bot.store import contacts, outbox

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """It is done. `later`: the date is later than the sender was told; `told`: they are sent it, else staff must."""

    before: Clocks
    after: Clocks
    later: bool
    told: bool


@dataclass(frozen=True, slots=True)
class NotAdjusted:
    """Nothing was changed, and why."""

    reason: str


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
    connection: Connection, reference: str, wanted: Happened, word: Word, now: datetime, book: Rulebook
) -> Adjusted | NotAdjusted:
    """Let this happen to the clocks of an open contact. A later date than the person was told is told to them."""
    contact = contacts.find(connection, reference)
    if contact is None:
        return NotAdjusted(f"there is no contact {reference}")
    happened = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    before = book.clocks(contact, happened)
    if refusal := _why_not(contact, happened, wanted, before, now, book):
        return NotAdjusted(refusal)

    after = book.clocks(contact, [*happened, wanted])
    later = None if word.quiet else _later(contact, after, word.reason or REASONS.get(wanted.kind, ""), book)
    given = outbox.acknowledgements_of(connection, [contact.id]).get(contact.id) if later else None

    values = columns(contact, after, now, book)
    if wanted.kind is Kind.ACKNOWLEDGED:
        # Also where nothing of the kind was promised, as for a letter: the person knows of it all the same.
        values["acknowledged_at"] = values["acknowledged_at"] or wanted.at
    if not contacts.change(connection, contact, values):
        return NotAdjusted(f"somebody else changed {reference} at this moment; try again")
    contacts.note(connection, [_event(contact, before, after, wanted, word, now)])
    if later and given:
        outbox.queue(connection, [tell.new_date(later, given, now, book)])
    return Adjusted(before, after, later is not None, told=given is not None)


def _why_not(
    contact: Contact, happened: list[Happened], wanted: Happened, before: Clocks, now: datetime, book: Rulebook
) -> str:
    if contact.state != State.OPEN:
        return f"{contact.reference} is {contact.state}, so no clock of it runs"
    if wanted.at < contact.received_at:
        came = instant_in_words(contact.received_at, book.default_calendar.zone)
        return f"that would be before the contact itself, which came at {came}"
    if wanted.at > now:
        return "that is in the future"
    if any(one.at > wanted.at for one in happened):
        return "something else happened to its clock after that; the history is told in its order"
    standard = book.standard_of(contact)
    return histories.why_not(wanted, before, standard, book.calendars[standard.calendar_key])


def columns(contact: Contact, after: Clocks, now: datetime, book: Rulebook) -> Values:
    """What the list of contacts shows of the clocks. The next look is now: the ladder starts from the new dates."""
    respond_by = after.respond.due if after.respond else None
    passed = contact.respond_step
    if respond_by is not None and respond_by != contact.respond_by:
        # What the new time has passed already is alerted now, the highest of it, unless it was before.
        passed = min(passed, steps_behind(after, contact, now, book))
    acknowledged_at = after.acknowledge.stopped_at if after.acknowledge else contact.acknowledged_at
    return {
        "acknowledged_at": acknowledged_at,
        "respond_by": respond_by,
        "paused_at": after.paused_at,
        "clock_changed": True,
        "respond_step": passed,
        "next_look_at": now,
    }


def steps_behind(after: Clocks, contact: Contact, now: datetime, book: Rulebook) -> int:
    """How many steps of the ladder the new time to answer has passed: those are not alerted again."""
    return sum(at <= now for at, _ in book.rungs(contact, after))


def _later(contact: Contact, after: Clocks, reason: str, book: Rulebook) -> tell.Later | None:
    was = contact.told_respond_by
    becomes = after.respond.due if after.respond else None
    if was is None or becomes is None or becomes <= was:
        return None
    return tell.Later(contact.id, contact.reference, book.respond_by(contact, was), becomes, reason)


def _event(contact: Contact, before: Clocks, after: Clocks, wanted: Happened, word: Word, now: datetime) -> Event:
    details = {
        "extended_to": str(wanted.extended_to) if wanted.extended_to else "",
        "respond_by_before": _iso(before),
        "respond_by": _iso(after),
        "reason": word.reason,
        "note": word.note,
    }
    filled = {key: value for key, value in details.items() if value} | contacts.recorded(wanted.at, now)
    return Event(contact.id, wanted.at, EventKind(wanted.kind), word.actor, filled)


def _iso(clocks: Clocks) -> str:
    return clocks.respond.due.isoformat() if clocks.respond and clocks.respond.due else ""
