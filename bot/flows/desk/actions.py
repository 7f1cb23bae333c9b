"""What staff and other programs can do to a contact, by name; one door for the console and for the API.

Whoever asks must be allowed to, must see the contact, and must know of what others did to it: then one of the flows
does it, as it does for the commands, and refuses by its own rules. Whatever is refused changes nothing.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from bot.core.closings import Outcome
from bot.core.contacts import State
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
    urgent,
    void_links,
)
from bot.flows.changes.adjust import ClockChange
from bot.flows.changes.assignees import Holder
from bot.flows.changes.close import Closing
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.desk import event_titles
from bot.flows.desk.answering import ANSWERING
from bot.flows.desk.judging import JUDGING, name_cause
from bot.flows.desk.noting import NOTING
from bot.flows.desk.orders import Action, Desk, Order, visible
from bot.flows.rulebook import ClockRules, Rulebook
from bot.flows.staffing import Visitor
from bot.store import audit, contacts

MOST_CHARACTERS_OF_A_REFERENCE = 40
# What can be done to a contact that is not open any more, and is not why.
_BESIDE_ITS_STATE = frozenset(
    {
        *(EventKind.NOTE, EventKind.NEEDS_NOTED, EventKind.FORMAT_MADE, EventKind.LINKED, EventKind.LINK_TAKEN_AWAY),
        *(EventKind.AVOIDABILITY_JUDGED, EventKind.CAUSE_NAMED, EventKind.COMPLAINT_DECIDED),
        EventKind.CLASSIFIED,
    }
)


def act(connection: Connection, order: Order, visitor: Visitor, now: datetime, book: Rulebook) -> str:
    """Do it, and say so. Raises Refused; whether the visitor may is asked before."""
    # The store is only asked for what is a reference: nobody knows what else was typed, or posted by hand.
    contact = visible(connection, order.reference, visitor, book)
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


def _in_words(event: StoredEvent, rules: ClockRules) -> str:
    """What somebody did, as another reads it."""
    if event.kind == EventKind.FOLLOW_UP:
        return "the person wrote again"
    actor = event.actor.removeprefix("staff:")
    local = event.at.astimezone(rules.default_calendar.zone)
    return f'{actor} did this at {local:%H:%M on %d %B}: "{event_titles.event(event.kind)}",'


def _with_who_was_first(desk: Desk, refusal: Refused) -> Refused:
    """The refusal, and where it is one because the contact is not open any more, who saw to that."""
    if refusal.kind is not Kind.CONFLICT or refusal.field:
        return refusal
    # Read again: of two at the same moment the second waits, and finds what the first one did only now.
    if contacts.with_id(desk.connection, [desk.contact.id])[desk.contact.id].state == State.OPEN:
        return refusal
    last = audit.last_by_others(desk.connection, desk.contact.id)
    return (
        refusal
        if last is None or last.kind in _BESIDE_ITS_STATE
        else Refused(f"{refusal.reason}; {_in_words(last, desk.book.clocks)} which was first")
    )


def _take(desk: Desk) -> str:
    assign.take(desk.connection, desk.contact.reference, desk.actor, desk.now)
    return "It is yours. Nobody else is called about it."


def _assign(desk: Desk) -> str:
    holder = Holder.of(desk.field("team"), desk.field("owner"))
    assign.assign(desk.connection, desk.contact.reference, holder, desk.actor, desk.now, desk.book)
    return "It is handed over, and they are told."


def _urgent(desk: Desk) -> str:
    reason = desk.field("reason")
    urgent.call_somebody(desk.connection, desk.contact.reference, reason, desk.actor, desk.now, desk.book)
    return "People are called now, one after another, until somebody takes it."


def _not_urgent(desk: Desk) -> str:
    urgent.not_urgent(desk.connection, desk.contact.reference, desk.actor, desk.now)
    return "It is no longer urgent. Nobody is called about it."


def _quiet(desk: Desk) -> str:
    until = desk.instant("until")
    if until is None:
        raise Refused("say until when", "until")
    assign.be_quiet(desk.connection, desk.contact.reference, until, desk.actor, desk.now)
    return "There is no alert before then, unless nearly all of the time is used."


def _respond(desk: Desk) -> str:
    at, note = desk.instant("at"), desk.field("note")
    answer = respond.respond(
        desk.connection, desk.contact.reference, desk.now, desk.book, actor=desk.actor, at=at, note=note
    )
    name_cause(desk)
    return f"The answer is recorded{', after the date that was promised' if answer.in_time is False else ''}."


def _adjust(kind: Clock, words: str) -> Callable[[Desk], str]:
    def do(desk: Desk) -> str:
        change = ClockChange(kind, desk.instant("at"), desk.field("to"))
        word = adjust.Word(desk.actor, desk.field("reason"), desk.field("note"))
        adjustment = adjust.adjust(desk.connection, desk.contact.reference, change, word, desk.now, desk.book)
        return f"{words}{_hearing(kind, adjustment)}"

    return do


def _hearing(kind: Clock, adjustment: adjust.Adjusted) -> str:
    """Whether the person is told the new date, or staff must tell them."""
    if adjustment.is_told:
        return " The person is told the new date."
    if adjustment.later or kind is Clock.EXTENDED:
        return _tell_them(adjustment.why_not)
    return ""


def _tell_them(why_not: str) -> str:
    return f" No message tells the person{f', because {why_not}' if why_not else ''}: tell them the new date yourself."


def _classify(desk: Desk) -> str:
    about = classify.About(
        **{name: desk.field(name) for name in ("service", "kind", "area") if name in desk.order.fields}
    )
    classification = classify.classify(desk.connection, desk.contact.reference, about, desk.actor, desk.now, desk.book)
    if classification.is_finished:
        return "What it was about is changed. Its promise and its dates stay as they were."
    hearing = _tell_them(classification.why_not) if classification.why_not else ""
    return f"The standard is now: {classification.standard.title}.{hearing}"


def _close(desk: Desk) -> str:
    closing = Closing.of(desk.field("outcome"), desk.field("reason"), desk.field("note"))
    is_told = close.close(desk.connection, desk.contact.reference, desk.actor, desk.now, desk.book, closing)
    name_cause(desk)
    return "It is closed." + (" The person is told." if is_told else "")


def _spam(desk: Desk) -> str:
    closing = Closing.of(Outcome.SPAM, "", desk.field("note"))
    close.close(desk.connection, desk.contact.reference, desk.actor, desk.now, desk.book, closing)
    return "It is closed as spam. Nothing is sent."


def _reopen(desk: Desk) -> str:
    note = desk.field("note")
    close.reopen(desk.connection, desk.contact.reference, desk.actor, desk.now, desk.book, note)
    return "It is open again. Its clock runs on with the date that it had."


def _correct(desk: Desk) -> str:
    was, reference = desk.field("was"), desk.contact.reference
    correction = staff_answers.correct(desk.connection, reference, was, desk.actor, desk.now, desk.book)
    return f"It is now known as a {correction.after}."


def _acknowledge_now(desk: Desk) -> str:
    to, reference = desk.field("to"), desk.contact.reference
    acknowledge_now.acknowledge_now(desk.connection, reference, to, desk.actor, desk.now, desk.book)
    return "The acknowledgement leaves now."


def _link(desk: Desk) -> str:
    second = desk.visible("with")
    partner = link.link(desk.connection, desk.contact, second, desk.actor, desk.now)
    return f"It is linked with {partner.reference}."


def _unlink(desk: Desk) -> str:
    second = desk.visible("with")
    partner = link.unlink(desk.connection, desk.contact, second, desk.actor, desk.now)
    return f"It is no longer linked with {partner.reference}."


def _needs(desk: Desk) -> str:
    words, language = desk.field(needs.FIELD), desk.order.fields.get(needs.LANGUAGE)
    needs.note_needs(desk.connection, desk.contact, words, desk.actor, desk.now, language=language)
    if not words and not language:
        return "Nothing is noted for this person now."
    return "It is shown on everything that this person sends."


def _hold(desk: Desk) -> str:
    reason = desk.field("reason")
    forget.hold(desk.connection, desk.contact.reference, reason, desk.actor, desk.now)
    return "It is kept until the hold is ended." if reason else "It is kept no longer than others."


def _void_links(desk: Desk) -> str:
    void_links.make_void(desk.connection, desk.contact, desk.actor, desk.now)
    return "The links that were sent before open nothing any more. The person can ask for a new one."


ACTIONS: dict[str, Action] = {
    **ANSWERING,
    "take": Action(Permission.ACT, _take),
    "urgent": Action(Permission.ACT, _urgent),
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
    "spam": Action(Permission.ACT, _spam),
    "reopen": Action(Permission.ACT, _reopen),
    "correct": Action(Permission.ACT, _correct),
    "acknowledge-now": Action(Permission.ACT, _acknowledge_now),
    "link": Action(Permission.ACT, _link),
    "unlink": Action(Permission.ACT, _unlink),
    "needs": Action(Permission.ACT, _needs),
    "void-links": Action(Permission.ACT, _void_links),
    "legal-hold": Action(Permission.LEAD, _hold),
    **NOTING,
    **JUDGING,
}
