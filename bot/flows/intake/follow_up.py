"""What a further message does to the contact that it goes on with: resume, open again, tell the person; or mute it."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.core import threads
from bot.core.contacts import Contact, State
from bot.core.deliveries import HELD, NewDelivery, Purpose
from bot.core.events import Event, EventKind
from bot.core.intakes import RuleName
from bot.core.messages import Inbound
from bot.core.phrases import words_of
from bot.core.threads import Pointers, Threads
from bot.core.urgencies import urgency_in
from bot.flows.intake.consequences import FollowUp, Muted
from bot.flows.intake.plan import NOTHING, Plan, way_of
from bot.flows.intake.topics import urgency_of
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts

Values = dict[str, Any]
# The latest messages of a contact that are compared with another one.
_MOST_TEXTS = 50


def go_on(
    contact: Contact,
    message: Inbound,
    recipient: str | None,
    now: datetime,
    book: Rulebook,
    earlier: tuple[str, ...] = (),
) -> Plan:
    """The person wrote again: what waited for that runs on, what was answered opens again, and they are told.

    `earlier` are the texts of the contact, where its words may be urgent.
    """
    urgent, call = _urgent(contact, message, now, book, earlier)
    may_be_told = _may_be_told(contact, now, book.clocks.timing.added_told_once_in)
    notes = _note_for(contact, message, recipient, now, book) if recipient and may_be_told else ()
    reopens_at, resumes_at = _instants(contact, min(message.received_at or now, now))
    calls = tuple(alert.urgent_alerts(replace(contact, **urgent), contact.urgent_step, now, book)) if urgent else ()
    step = FollowUp(contact.id, contact.reference, urgent, reopens_at, resumes_at, bool(notes), calls + notes)
    return Plan(events=call, changes=(step,) if urgent or reopens_at or resumes_at or notes else ())


def _instants(contact: Contact, at: datetime) -> tuple[datetime | None, datetime | None]:
    """When it opens again, if it was finished; and when its clock runs on, if it waited."""
    if contact.state in (State.ANSWERED, State.CLOSED):
        return max(at, contact.responded_at or at), None
    is_waiting = contact.state == State.OPEN and contact.paused_at is not None
    return None, max(at, contact.paused_at or at) if is_waiting else None


def _urgent(
    contact: Contact, message: Inbound, now: datetime, book: Rulebook, earlier: tuple[str, ...]
) -> tuple[Values, tuple[Event, ...]]:
    """What cannot wait may come later: somebody is called, unless somebody is being called about that danger."""
    timing = book.clocks.timing
    is_old = now - (message.received_at or now) > timing.urgent_within
    if is_old or not may_be_urgent(message, book):
        return {}, ()
    urgency = urgency_of(message, book, earlier, contact.urgent if contact.urgent_at is not None else "")
    if urgency is None:
        return {}, ()
    values: Values = {
        "urgent": urgency.rule.name,
        "urgent_words": urgency.phrase,
        "urgent_at": now + timing.urgent_again_after,
        "urgent_step": contact.urgent_step + 1,
        "taken_at": None,
        "taken_by": "",
    }
    details = {"urgent": f"{urgency.rule.name}: {urgency.phrase}"}
    return values, (Event(contact.id, now, EventKind.URGENT, details=details),)


def may_be_urgent(message: Inbound, book: Rulebook) -> bool:
    """Whether a rule fires at anything in the message, be it said now or before."""
    return urgency_in(words_of(f"{message.subject}\n{message.text}"), book.intake.urgent) is not None


def texts_before(
    connection: Connection,
    messages: Sequence[Inbound],
    pointers: Sequence[Pointers],
    matching: Threads,
    book: Rulebook,
) -> dict[int, tuple[str, ...]]:
    """What stands in a contact already, where a message that goes on with it may be urgent."""
    pairs = ((m, threads.thread_of(m, p, matching)) for m, p in zip(messages, pointers, strict=True) if not m.outgoing)
    ids = {contact.merged_into or contact.id for message, contact in pairs if contact and may_be_urgent(message, book)}
    return {number: tuple(m.text for m in contacts.messages_of(connection, number)[-_MOST_TEXTS:]) for number in ids}


def _may_be_told(contact: Contact, now: datetime, once_in: timedelta) -> bool:
    is_too_soon = contact.noted_at is not None and now - contact.noted_at < once_in
    return contact.receipt_sent_at is not None and not contact.muted and not is_too_soon


def _note_for(
    contact: Contact, message: Inbound, recipient: str, now: datetime, book: Rulebook
) -> tuple[NewDelivery, ...]:
    """The delivery that says that it was added; none where nothing leaves by this way."""
    outlet = way_of(message, book).outlet
    if outlet is None:
        return ()
    note = NewDelivery(
        key=f"{contact.id}:added:{now.isoformat()}",
        contact_id=contact.id,
        purpose=Purpose.ADDED,
        channel=outlet,
        recipient=recipient,
        message_id=f"<added.{contact.reference.lower()}.{secrets.token_hex(6)}@{book.outgoing.domain(outlet)}>",
        created_at=now,
        next_attempt_at=HELD if book.may_have_answered(message.received_at or now) else now,
        details={
            "reply_to": book.reply_address(message.channel, contact.reference),
            "in_reply_to": message.mail.message_id if message.mail else "",
            "references": [],
        },
    )
    return (note,)


def automatic(contact: Contact, rule: RuleName, count: int, now: datetime, book: Rulebook) -> Plan:
    """Programs answer us, the `count`th time within a day: nothing automatic goes to them after some.

    A challenge is for staff.
    """
    muted = Plan(changes=(Muted(contact.id),)) if count >= book.clocks.timing.automatic_mails_a_day else NOTHING
    if rule is not RuleName.CHALLENGE:
        return muted
    notices = alert.notices_about(
        contact,
        f"challenge:{contact.id}",
        now,
        book,
        subject=f"{contact.reference}: the person's mail program holds our receipt back",
        happened=f"The mail program of who wrote in {contact.reference} wants proof that a person writes.",
        action="Answer its question, or reach the person another way.",
    )
    return muted + Plan(notices=tuple(notices))


def own_mail(count: int, now: datetime, book: Rulebook) -> Plan:
    """Our own mail comes back, the `count`th time within a day: again and again, and somebody must look."""
    most = book.clocks.timing.own_mails_a_day
    if count < most:
        return NOTHING
    notices = alert.notices(
        None,
        f"loop:{book.clocks.today(now)}",
        now,
        book,
        subject="Our own mail comes back to us",
        happened=f"{most} mails within a day came from our own addresses, or bore our own mark.",
        action="None was answered. Find out who forwards it: the list of those without a receipt shows each of them.",
        page="queue?which=suppressed",
    )
    return Plan(notices=tuple(notices))
