"""What staff and other programs can do to a contact, by name; one door for the console and for the API.

Whoever asks must be allowed to, must see the contact, and must know of what others did to it: then one of the flows
does it, as it does for the commands. Whatever is refused changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import references, responses
from bot.core.contacts import Contact, State
from bot.core.durations import BadWords, duration
from bot.core.events import Event, EventKind
from bot.core.histories import Happened, Kind
from bot.core.roles import Permission
from bot.flows.changes import (
    acknowledge_now,
    adjust,
    assign,
    assignees,
    classify,
    close,
    forget,
    needs,
    respond,
    staff_answers,
)
from bot.flows.changes.assignees import Holder
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.render.words import instant_in_words
from bot.store import audit, contacts, links, queue

MOST_CHARACTERS = 5_000
MOST_CHARACTERS_OF_NEEDS = 500
MOST_CHARACTERS_OF_A_REFERENCE = 40


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to which contact. `seen` is the number of the last event that whoever asks has seen."""

    action: str
    reference: str
    fields: Mapping[str, str]
    seen: int | None = None

    def field(self, name: str) -> str:
        """One field, without spaces around it. Raises Objection for one that is too long: nothing is cut."""
        text = self.fields.get(name, "").strip()
        if len(text) > MOST_CHARACTERS:
            reason = f"use {MOST_CHARACTERS:,} characters or fewer; there are {len(text):,}"
            raise Objection("invalid", reason, name)
        return text


class Objection(Exception):
    """Nothing was changed; the text says why, in words for whoever asked.

    `kind` is unknown (no such contact, for this one), stale (somebody did something first), conflict (not as things
    stand) or invalid (a field is wrong, which `field` names).
    """

    def __init__(self, kind: str, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason, self.field = kind, reason, field

    @property
    def sentence(self) -> str:
        """The reason as a sentence of its own."""
        return f"{self.reason[:1].upper()}{self.reason[1:]}."


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
    """Do it, and say so. Raises Objection; whether the visitor may is asked before."""
    # The store is only asked for what is a reference: nobody knows what else was typed, or posted by hand.
    named = references.find(order.reference, book.prefix)
    contact = queue.visible(connection, named[0], visitor.scope) if named else None
    if contact is None:
        raise Objection("unknown", f"there is no contact {order.reference[:MOST_CHARACTERS_OF_A_REFERENCE]}")
    if order.seen is not None:
        last = audit.last_by_others(connection, contact.id)
        if last is not None and last.id > order.seen:
            raise Objection("stale", f"{_told(last, book)} after you had opened this page. Look again")
    return ACTIONS[order.action].do(Desk(connection, order, contact, visitor, now, book))


def _told(event: audit.Event, book: Rulebook) -> str:
    """What somebody did, as another reads it."""
    if event.kind == EventKind.FOLLOW_UP:
        return "the person wrote again"
    who = event.actor.removeprefix("staff:")
    local = event.at.astimezone(book.default_calendar.zone)
    return f'{who} did this at {local:%H:%M on %d %B}: "{event.kind}",'


def _done(desk: Desk, result: Any, words: str) -> str:
    """The words, unless the flow refused."""
    reason = getattr(result, "reason", None)
    if reason is None:
        return words
    # Read again: of two at the same moment the second waits, and finds what the first one did only now.
    if contacts.with_id(desk.connection, [desk.contact.id])[desk.contact.id].state != State.OPEN:
        last = audit.last_by_others(desk.connection, desk.contact.id)
        who = f"; {_told(last, desk.book)} which was first" if last is not None else ""
        reason = f"{reason}{who}"
    raise Objection("conflict", reason)


def _instant(desk: Desk, name: str) -> datetime | None:
    text = desk.order.field(name)
    if not text:
        return None
    zone = desk.book.default_calendar.zone
    try:
        found = datetime.fromisoformat(text)
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # there are hours of the year 9999 that are of no year in UTC
        raise Objection("invalid", "enter a day and a time, like 2026-12-18 10:00", name) from None
    if abs(found - desk.now) > assign.FURTHEST:
        raise Objection("invalid", "that is more than ten years away", name)
    return found


def _in_words(desk: Desk, at: datetime) -> str:
    return instant_in_words(at, desk.book.default_calendar.zone)


def _wanted(desk: Desk, name: str, what: str) -> str:
    text = desk.order.field(name)
    if not text:
        raise Objection("invalid", what, name)
    return text


def _take(desk: Desk) -> str:
    done = assign.take(desk.connection, desk.contact.reference, desk.actor, desk.now)
    return _done(desk, done, "It is yours. Nobody else is called about it.")


def _assign(desk: Desk) -> str:
    holder = Holder.of(desk.order.field("team"), desk.order.field("owner"))
    if not (holder.team or holder.owner):
        raise Objection("invalid", "choose a team or a person", "team")
    fault = assignees.why_no_address(holder.owner) or assignees.why_unknown(desk.connection, holder.owner, desk.book)
    if fault:
        raise Objection("invalid", fault, "owner")
    done = assign.assign(desk.connection, desk.contact.reference, holder, desk.actor, desk.now, desk.book)
    return _done(desk, done, "It is handed over, and they are told.")


def _not_urgent(desk: Desk) -> str:
    done = assign.not_urgent(desk.connection, desk.contact.reference, desk.actor, desk.now)
    return _done(desk, done, "It is no longer urgent. Nobody is called about it.")


def _quiet(desk: Desk) -> str:
    until = _instant(desk, "until")
    if until is None:
        raise Objection("invalid", "say until when", "until")
    if until <= desk.now:
        raise Objection("invalid", f"{_in_words(desk, until)} is over. Choose a later time", "until")
    done = assign.be_quiet(desk.connection, desk.contact.reference, until, desk.actor, desk.now)
    return _done(desk, done, "There is no alert before then, unless nearly all of the time is used.")


def _respond(desk: Desk) -> str:
    at = _instant(desk, "at") or max(desk.now, desk.contact.received_at)
    if at > desk.now and at > desk.contact.received_at:
        raise Objection("invalid", "the answer cannot be in the future", "at")
    if at < desk.contact.received_at:
        came = _in_words(desk, desk.contact.received_at)
        raise Objection("invalid", f"the answer cannot be earlier than the contact, which came at {came}", "at")
    said = {"actor": desk.actor, "note": desk.order.field("note")}
    done = respond.respond(desk.connection, desk.contact.reference, at, recorded_at=desk.now, **said)
    late = getattr(done, "in_time", None) is False
    return _done(desk, done, f"The answer is recorded{', after the date that was promised' if late else ''}.")


def _clock(kind: Kind, words: str) -> Callable[[Desk], str]:
    def do(desk: Desk) -> str:
        happened = Happened(kind, _instant(desk, "at") or desk.now)
        word = adjust.Word(desk.actor, desk.order.field("reason"), desk.order.field("note"))
        done = adjust.adjust(desk.connection, desk.contact.reference, happened, word, desk.now, desk.book)
        told = " The person is told the new date." if getattr(done, "told", False) else ""
        return _done(desk, done, words + told)

    return do


def _extend(desk: Desk) -> str:
    reason = _wanted(desk, "reason", "say in plain words why it takes longer; the person is told")
    try:
        longer = duration(_wanted(desk, "to", "say how long in all, such as 30 working days"))
    except BadWords as error:
        raise Objection("invalid", str(error), "to") from error
    happened, word = Happened(Kind.EXTENDED, desk.now, longer), adjust.Word(desk.actor, reason)
    done = adjust.adjust(desk.connection, desk.contact.reference, happened, word, desk.now, desk.book)
    return _done(desk, done, "There is more time now, and the person is told why.")


def _classify(desk: Desk) -> str:
    said = {name: desk.order.field(name) for name in ("service", "kind", "area") if name in desk.order.fields}
    for name, value in said.items():
        if value != (getattr(desk.contact, name) or "") and (fault := classify.why_unknown(name, value, desk.book)):
            raise Objection("invalid", fault, name)
    about = classify.About(**said)
    done = classify.classify(desk.connection, desk.contact.reference, about, desk.actor, desk.now, desk.book)
    standard = getattr(done, "standard", None)
    return _done(desk, done, f"The standard is now: {standard.title if standard else ''}.")


def _close(desk: Desk) -> str:
    reason = desk.order.field("reason")
    if desk.contact.state == State.OPEN and not reason:
        raise Objection("conflict", "it is not answered: say why it is closed all the same", "reason")
    done = close.close(desk.connection, desk.contact.reference, desk.actor, desk.now, desk.book, reason)
    return _done(desk, done, "It is closed." + (" The person is told." if getattr(done, "told", False) else ""))


def _reopen(desk: Desk) -> str:
    note = desk.order.field("note")
    done = close.reopen(desk.connection, desk.contact.reference, desk.actor, desk.now, desk.book, note)
    return _done(desk, done, "It is open again. Its clock runs on with the date that it had.")


def _correct(desk: Desk) -> str:
    known = {kind.value: kind for kind in responses.Kind}
    was = known.get(desk.order.field("was"))
    if was is None:
        raise Objection("invalid", f"choose one of {', '.join(known)}", "was")
    done = staff_answers.correct(desk.connection, desk.contact.reference, was, desk.actor, desk.now, desk.book)
    return _done(desk, done, f"It is now known as a {was.value}.")


def _acknowledge_now(desk: Desk) -> str:
    to, reference = desk.order.field("to"), desk.contact.reference
    done = acknowledge_now.acknowledge_now(desk.connection, reference, to, desk.actor, desk.now, desk.book)
    if isinstance(done, acknowledge_now.NotQueued) and done.field:
        raise Objection("conflict", done.reason, done.field)
    return _done(desk, done, "The acknowledgement leaves now.")


def _link(desk: Desk) -> str:
    other = _other(desk)
    if not links.link(desk.connection, desk.contact.id, other.id):
        raise Objection("conflict", f"it is linked with {other.reference} already", "with")
    _note(desk, EventKind.LINKED, {"with": other.reference})
    return f"It is linked with {other.reference}."


def _unlink(desk: Desk) -> str:
    other = _other(desk)
    if not links.unlink(desk.connection, desk.contact.id, other.id):
        raise Objection("conflict", f"staff have not linked it with {other.reference}", "with")
    _note(desk, EventKind.LINK_TAKEN_AWAY, {"with": other.reference})
    return f"It is no longer linked with {other.reference}."


def _other(desk: Desk) -> Contact:
    named = references.find(_wanted(desk, "with", "enter a reference"), desk.book.prefix)
    other = queue.visible(desk.connection, named[0], desk.visitor.scope) if named else None
    if other is None or other.id == desk.contact.id:
        raise Objection("invalid", "enter the reference of another contact", "with")
    return other


def _needs(desk: Desk) -> str:
    if desk.contact.forgotten:
        raise Objection("conflict", "its words are gone already, and who wrote them is not known any more")
    wanted = desk.order.field("needs")
    if len(wanted) > MOST_CHARACTERS_OF_NEEDS:
        reason = f"use {MOST_CHARACTERS_OF_NEEDS} characters or fewer; there are {len(wanted):,}"
        raise Objection("invalid", reason, "needs")
    needs.note_needs(desk.connection, desk.contact, wanted, desk.actor, desk.now)
    return "It is shown on everything that this person sends." if wanted else "Nothing is noted for this person now."


def _hold(desk: Desk) -> str:
    reason = desk.order.field("reason")
    if desk.contact.forgotten:
        raise Objection("conflict", "its words are gone already")
    forget.hold(desk.connection, desk.contact, reason, desk.actor, desk.now)
    return "It is kept until the hold is ended." if reason else "It is kept no longer than others."


def _note(desk: Desk, kind: EventKind, details: dict[str, str]) -> None:
    contacts.note(desk.connection, [Event(desk.contact.id, desk.now, kind, desk.actor, details)])


ACTIONS: dict[str, Action] = {
    "take": Action(Permission.ACT, _take),
    "not-urgent": Action(Permission.ACT, _not_urgent),
    "assign": Action(Permission.ACT, _assign),
    "quiet": Action(Permission.ACT, _quiet),
    "respond": Action(Permission.ACT, _respond),
    "acknowledge": Action(
        Permission.ACT, _clock(Kind.ACKNOWLEDGED, "It is recorded that the person knows that we have it.")
    ),
    "holding-reply": Action(
        Permission.ACT, _clock(Kind.HOLDING_REPLY, "The holding reply is recorded. The clock runs on.")
    ),
    "pause": Action(Permission.ACT, _clock(Kind.PAUSED, "Its clock is paused.")),
    "resume": Action(Permission.ACT, _clock(Kind.RESUMED, "Its clock runs on.")),
    "restart": Action(Permission.ACT, _clock(Kind.RESTARTED, "Its clock starts anew from today.")),
    "extend": Action(Permission.ACT, _extend),
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
