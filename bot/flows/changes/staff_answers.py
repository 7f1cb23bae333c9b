"""What staff wrote to a person stops the clock, or does not; and a wrong guess is put right."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import autoreplies, responses
from bot.core.contacts import Contact, State
from bot.core.deliveries import NewDelivery
from bot.core.events import Event, EventKind
from bot.core.histories import Happened
from bot.core.histories import Kind as Clock
from bot.core.messages import Inbound
from bot.core.responses import Judgement, Kind
from bot.core.suggestions import choose_one
from bot.flows.changes import refusals
from bot.flows.changes.adjust import ClockChange, Word, adjust, columns, stand
from bot.flows.changes.refusals import Refused
from bot.flows.changes.respond import Response, record
from bot.flows.outgoing import alert
from bot.flows.rulebook import NO_WAY, IntakeRules, Rulebook
from bot.store import contacts
from bot.wire.mail import quoting

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """A mail of staff's in a contact, and what it was judged to be; `at` is the time at which it was sent.

    `how` is the route of an answer that left from here, and `formats` in what it did (`core.needs.are_met`).
    """

    contact_id: int
    reference: str
    at: datetime
    judgement: Judgement
    actor: str = "staff"
    how: str = ""
    formats: str | None = None


def judge(contact: Contact, message: Inbound, now: datetime, book: Rulebook) -> StaffAnswer:
    """What a mail of staff's in this contact is; one that nothing proves to be theirs stops no clock."""
    words = quoting.new_words(message.text)
    judgement = responses.judge(message, contact.sender_address or "", words, _internal(message, book.intake))
    authserv_id = book.ways.get(message.channel, NO_WAY).authserv_id
    if judgement.kind in (Kind.FULL, Kind.HOLDING) and not autoreplies.is_proven(message, authserv_id):
        judgement = Judgement(Kind.UNPROVEN, f"it reads like a {judgement.kind}, and nothing proves who sent it")
    return StaffAnswer(contact.id, contact.reference, _instant_of(message, contact, now), judgement)


def question(contact: Contact, answer: StaffAnswer, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """Ask the team once a day whether what nothing proves to be theirs is; nothing for any other mail."""
    if answer.judgement.kind is not Kind.UNPROVEN:
        return []
    return alert.notices_about(
        contact,
        f"unproven:{contact.id}:{book.clocks.today(now)}",
        now,
        book,
        subject=f"{contact.reference}: is this your answer?",
        happened=f"A mail under the name of somebody who answers for us was added to {contact.reference}. "
        "Nothing proves that they sent it, so the clock runs on.",
        action="Open it and read that mail. If it is your answer, say so there with Correct.",
    )


def take(connection: Connection, answer: StaffAnswer, now: datetime, book: Rulebook) -> None:
    """Note it; the clock stops at the time at which it was sent, if it is an answer."""
    details = {"judged": answer.judgement.kind.value, "evidence": answer.judgement.evidence}
    details |= contacts.recording_details(answer.at, now)
    contacts.note(connection, [Event(answer.contact_id, answer.at, EventKind.STAFF_WROTE, details=details)])
    count(connection, answer, now, book)


def _internal(message: Inbound, rules: IntakeRules) -> list[str]:
    addressed = message.mail.addressed() if message.mail else ()
    return [address for address in addressed if autoreplies.is_staff_address(address, rules.triage)]


def _instant_of(message: Inbound, contact: Contact, now: datetime) -> datetime:
    """By its own Date, unless that is impossible."""
    for at in (message.sent_at, message.received_at):
        if at is not None and contact.received_at <= at <= now:
            return at
    return now


def count(connection: Connection, answer: StaffAnswer, now: datetime, book: Rulebook) -> None:
    """Stop the clock, or note the holding reply; where that cannot be, nothing but the judgement is kept."""
    evidence = answer.judgement.evidence
    if answer.judgement.kind is Kind.FULL:
        with suppress(Refused):
            response = Response(answer.actor, answer.at, evidence, answer.how, answer.formats)
            record(connection, answer.reference, response, now, book)
    if answer.judgement.kind is Kind.HOLDING:
        _note_holding_reply(connection, answer, now, book)


def _note_holding_reply(connection: Connection, answer: StaffAnswer, now: datetime, book: Rulebook) -> None:
    word = Word(answer.actor, note=answer.judgement.evidence)
    for at in (answer.at, now):
        with suppress(Refused):
            adjust(connection, answer.reference, ClockChange(Clock.HOLDING_REPLY, at), word, now, book)
            return


@dataclass(frozen=True, slots=True)
class Corrected:
    """It is done: what it was taken for, and what it is now."""

    before: str
    after: str


def correct(connection: Connection, reference: str, was: str, actor: str, now: datetime, book: Rulebook) -> Corrected:
    """Say what the last mail of staff's really was: the clocks stand as if it had been known at once. Raises Refused.

    `was` is the name or the words of a `responses.Kind`.
    """
    contact, kind = refusals.contact_of(connection, reference), _kind_of(was)
    refusals.refuse_merged(connection, contact)
    judgements = [event for event in contacts.events_of(connection, contact.id) if event.kind == EventKind.STAFF_WROTE]
    if not judgements:
        raise Refused(f"no mail of staff's is known in {reference}")
    last = judgements[-1]
    before = Kind(last.details["judged"])
    if before is kind:
        raise Refused(f"it is taken for a {kind.value} already")
    is_over = before is Kind.FULL and contact.state != State.ANSWERED
    if before in (Kind.FULL, Kind.HOLDING) and (is_over or not uncount(connection, contact, before, now, book)):
        raise Refused(f"{reference} is {contact.state}, and its last answer is not that mail")
    details = {"judged": kind.value, "evidence": "staff said so", "before": before.value}
    details |= contacts.recording_details(last.at, now)
    contacts.note(connection, [Event(contact.id, last.at, EventKind.STAFF_WROTE, actor, details)])
    answer = StaffAnswer(contact.id, reference, last.at, Judgement(kind, "staff said so"), actor)
    count(connection, answer, now, book)
    return Corrected(before.value, kind.value)


def _kind_of(was: str) -> Kind:
    by_name = {kind.value: kind for kind in Kind} | {kind.name.lower(): kind for kind in Kind}
    if was not in by_name or by_name[was] not in responses.CHOICES:
        raise Refused(choose_one(was, [kind.value for kind in responses.CHOICES]), "was")
    return by_name[was]


def uncount(connection: Connection, contact: Contact, before: Kind, now: datetime, book: Rulebook) -> bool:
    """Let the clocks stand as if the last answer, which was known as `before`, had not been given; False if it is not.

    The contact opens again.
    """
    if before is Kind.FULL and contact.responded_at is None:
        return False
    correction = Happened(Clock.CORRECTED, now)
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    after = book.clocks.of(contact, [*history, correction])
    values: Values = columns(contact, after, now, book) | {"responded_at": None}
    if after.acknowledge is None or after.acknowledge.stopped_at is None:
        values["acknowledged_at"] = contact.receipt_sent_at if contact.acknowledged_by == "receipt" else None
    is_changed = contacts.reopen(connection, contact, values) if contact.state != State.OPEN else False
    is_changed = is_changed or contacts.change(connection, contact, values)
    if is_changed:
        details = {"before": before.value, **_answered_at(contact, before), **stand(after)}
        contacts.note(connection, [Event(contact.id, now, EventKind.CORRECTED, details=details)])
    return is_changed


def _answered_at(contact: Contact, before: Kind) -> dict[str, str]:
    at = contact.responded_at if before is Kind.FULL else None
    return {"answered_at": at.isoformat()} if at else {}
