"""What staff and other programs can do to a contact, by name; one door for the console and for the API.

Whoever asks must be allowed to, must see the contact, and must know of what others did to it: then one of the flows
does it, as it does for the commands, and refuses by its own rules. Whatever is refused changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from bot.core import threads
from bot.core.contacts import Contact, State
from bot.core.events import EventKind, StoredEvent
from bot.core.histories import Kind as Clock
from bot.core.roles import Permission
from bot.flows.changes import (
    acknowledge_now,
    adjust,
    assign,
    classify,
    close,
    forget,
    link,
    needs,
    respond,
    staff_answers,
)
from bot.flows.changes.adjust import ClockChange
from bot.flows.changes.assignees import Holder
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.rulebook import ClockRules, Rulebook
from bot.flows.staffing import Visitor
from bot.store import audit, contacts, queue

MOST_CHARACTERS_OF_A_REFERENCE = 40


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to which contact. `seen` is the number of the last event that whoever asks has seen."""

    action: str
    reference: str
    fields: Mapping[str, str]
    seen: int | None = None

    def field(self, name: str) -> str:
        """One field, without spaces around it."""
        return self.fields.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Desk:
    """What an action works with."""

    connection: Connection
    order: Order
    contact: Contact
    visitor: Visitor
    now: datetime
    book: Rulebook

    @property
    def actor(self) -> str:
        """Who does it, as events name them."""
        return self.visitor.actor


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: who may, and how; it returns what to say when it is done."""

    may: Permission
    do: Callable[[Desk], str]


def act(connection: Connection, order: Order, visitor: Visitor, now: datetime, book: Rulebook) -> str:
    """Do it, and say so. Raises Refused; whether the visitor may is asked before."""
    # The store is only asked for what is a reference: nobody knows what else was typed, or posted by hand.
    contact = _visible(connection, order.reference, visitor, book)
    if contact is None:
        raise Refused(f"there is no contact {order.reference[:MOST_CHARACTERS_OF_A_REFERENCE]}", kind=Kind.UNKNOWN)
    if order.seen is not None:
        last = audit.last_by_others(connection, contact.id)
        if last is not None and last.id > order.seen:
            raise Refused(f"{_in_words(last, book.clocks)} after you had opened this page. Look again")
    desk = Desk(connection, order, contact, visitor, now, book)
    try:
        return ACTIONS[order.action].do(desk)
    except Refused as refusal:
        raise _with_who_was_first(desk, refusal) from refusal


def _visible(connection: Connection, reference: str, visitor: Visitor, book: Rulebook) -> Contact | None:
    """The contact of a reference as it was typed, where there is one that the visitor sees."""
    matches = threads.references_in(reference, book.prefix)
    return queue.visible(connection, matches[0], visitor.scope) if matches else None


def _in_words(event: StoredEvent, rules: ClockRules) -> str:
    """What somebody did, as another reads it."""
    if event.kind == EventKind.FOLLOW_UP:
        return "the person wrote again"
    actor = event.actor.removeprefix("staff:")
    local = event.at.astimezone(rules.default_calendar.zone)
    return f'{actor} did this at {local:%H:%M on %d %B}: "{event.kind}",'


def _with_who_was_first(desk: Desk, refusal: Refused) -> Refused:
    """The refusal, and where it is one because the contact is not open any more, who saw to that."""
    if refusal.kind is not Kind.CONFLICT or refusal.field:
        return refusal
    # Read again: of two at the same moment the second waits, and finds what the first one did only now.
    if contacts.with_id(desk.connection, [desk.contact.id])[desk.contact.id].state == State.OPEN:
        return refusal
    last = audit.last_by_others(desk.connection, desk.contact.id)
    return (
        refusal if last is None else Refused(f"{refusal.reason}; {_in_words(last, desk.book.clocks)} which was first")
    )


def _instant(desk: Desk, name: str) -> datetime | None:
    text = desk.order.field(name)
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
        local = instant if instant.tzinfo else instant.replace(tzinfo=desk.book.clocks.default_calendar.zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):  # there are hours of the year 9999 that are of no year in UTC
        raise Refused("enter a day and a time, like 2026-12-18 10:00", name) from None


def _take(desk: Desk) -> str:
    assign.take(desk.connection, desk.contact.reference, desk.actor, desk.now)
    return "It is yours. Nobody else is called about it."


def _assign(desk: Desk) -> str:
    holder = Holder.of(desk.order.field("team"), desk.order.field("owner"))
    assign.assign(desk.connection, desk.contact.reference, holder, desk.actor, desk.now, desk.book)
    return "It is handed over, and they are told."


def _not_urgent(desk: Desk) -> str:
    assign.not_urgent(desk.connection, desk.contact.reference, desk.actor, desk.now)
    return "It is no longer urgent. Nobody is called about it."


def _quiet(desk: Desk) -> str:
    until = _instant(desk, "until")
    if until is None:
        raise Refused("say until when", "until")
    assign.be_quiet(desk.connection, desk.contact.reference, until, desk.actor, desk.now)
    return "There is no alert before then, unless nearly all of the time is used."


def _respond(desk: Desk) -> str:
    at, note = _instant(desk, "at"), desk.order.field("note")
    answer = respond.respond(desk.connection, desk.contact.reference, desk.now, actor=desk.actor, at=at, note=note)
    return f"The answer is recorded{', after the date that was promised' if answer.in_time is False else ''}."


def _adjust(kind: Clock, words: str) -> Callable[[Desk], str]:
    def do(desk: Desk) -> str:
        change = ClockChange(kind, _instant(desk, "at"), desk.order.field("to"))
        word = adjust.Word(desk.actor, desk.order.field("reason"), desk.order.field("note"))
        adjustment = adjust.adjust(desk.connection, desk.contact.reference, change, word, desk.now, desk.book)
        return words + (" The person is told the new date." if adjustment.is_told else "")

    return do


def _classify(desk: Desk) -> str:
    about = classify.About(
        **{name: desk.order.field(name) for name in ("service", "kind", "area") if name in desk.order.fields}
    )
    classification = classify.classify(desk.connection, desk.contact.reference, about, desk.actor, desk.now, desk.book)
    return f"The standard is now: {classification.standard.title}."


def _close(desk: Desk) -> str:
    reason = desk.order.field("reason")
    is_told = close.close(desk.connection, desk.contact.reference, desk.actor, desk.now, desk.book, reason)
    return "It is closed." + (" The person is told." if is_told else "")


def _reopen(desk: Desk) -> str:
    note = desk.order.field("note")
    close.reopen(desk.connection, desk.contact.reference, desk.actor, desk.now, desk.book, note)
    return "It is open again. Its clock runs on with the date that it had."


def _correct(desk: Desk) -> str:
    was, reference = desk.order.field("was"), desk.contact.reference
    correction = staff_answers.correct(desk.connection, reference, was, desk.actor, desk.now, desk.book)
    return f"It is now known as a {correction.after}."


def _acknowledge_now(desk: Desk) -> str:
    to, reference = desk.order.field("to"), desk.contact.reference
    acknowledge_now.acknowledge_now(desk.connection, reference, to, desk.actor, desk.now, desk.book)
    return "The acknowledgement leaves now."


def _link(desk: Desk) -> str:
    second = _visible(desk.connection, desk.order.field("with"), desk.visitor, desk.book)
    partner = link.link(desk.connection, desk.contact, second, desk.actor, desk.now)
    return f"It is linked with {partner.reference}."


def _unlink(desk: Desk) -> str:
    second = _visible(desk.connection, desk.order.field("with"), desk.visitor, desk.book)
    partner = link.unlink(desk.connection, desk.contact, second, desk.actor, desk.now)
    return f"It is no longer linked with {partner.reference}."


def _needs(desk: Desk) -> str:
    words = desk.order.field("needs")
    needs.note_needs(desk.connection, desk.contact, words, desk.actor, desk.now)
    return "It is shown on everything that this person sends." if words else "Nothing is noted for this person now."


def _hold(desk: Desk) -> str:
    reason = desk.order.field("reason")
    forget.hold(desk.connection, desk.contact.reference, reason, desk.actor, desk.now)
    return "It is kept until the hold is ended." if reason else "It is kept no longer than others."


ACTIONS: dict[str, Action] = {
    "take": Action(Permission.ACT, _take),
    "not-urgent": Action(Permission.ACT, _not_urgent),
    "assign": Action(Permission.ACT, _assign),
    "quiet": Action(Permission.ACT, _quiet),
    "respond": Action(Permission.ACT, _respond),
    "acknowledge": Action(
        Permission.ACT, _adjust(Clock.ACKNOWLEDGED, "It is recorded that the person knows that we have it.")
    ),
    "holding-reply": Action(
        Permission.ACT, _adjust(Clock.HOLDING_REPLY, "The holding reply is recorded. The clock runs on.")
    ),
    "pause": Action(Permission.ACT, _adjust(Clock.PAUSED, "Its clock is paused.")),
    "resume": Action(Permission.ACT, _adjust(Clock.RESUMED, "Its clock runs on.")),
    "restart": Action(Permission.ACT, _adjust(Clock.RESTARTED, "Its clock starts anew from today.")),
    "extend": Action(Permission.ACT, _adjust(Clock.EXTENDED, "There is more time now.")),
    "classify": Action(Permission.ACT, _classify),
    "close": Action(Permission.ACT, _close),
    "reopen": Action(Permission.ACT, _reopen),
    "correct": Action(Permission.ACT, _correct),
    "acknowledge-now": Action(Permission.ACT, _acknowledge_now),
    "link": Action(Permission.ACT, _link),
    "unlink": Action(Permission.ACT, _unlink),
    "needs": Action(Permission.ACT, _needs),
    "legal-hold": Action(Permission.LEAD, _hold),
}
