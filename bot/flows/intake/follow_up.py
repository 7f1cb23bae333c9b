"""What a further message does to the contact that it goes on with: resume, open again, tell the person; or be muted."""

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.core import urgencies
from bot.core.contacts import Contact, State
from bot.core.deliveries import HELD, NewDelivery, Purpose
from bot.core.events import Event, EventKind
from bot.core.histories import Happened, Kind
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound
from bot.core.phrases import words_of
from bot.flows.changes.adjust import ClockChange, Word, adjust, columns
from bot.flows.changes.refused import Refused
from bot.flows.intake.plan import Plan
from bot.flows.outgoing import alert
from bot.store import clocks, contacts, outbox
from bot.wire.mail import quoting

Values = dict[str, Any]
PERSON_WROTE = Word("ackbot", note="the person wrote again")
A_DAY = timedelta(days=1)


def go_on(connection: Connection, contact_id: int, message: Inbound, verdict: Verdict, plan: Plan) -> None:
    """The person wrote again: what waited for that runs on, what was answered opens again, and they are told."""
    contact = contacts.with_id(connection, [contact_id])[contact_id]
    at = min(plan.at(message), plan.now)
    _heed(connection, contact, message, plan)
    if contact.state in (State.ANSWERED, State.CLOSED):
        _reopen(connection, contact, max(at, contact.responded_at or at), plan)
    may_be_told = bool(verdict.recipient) and _may_be_told(contact, plan)
    if contact.state == State.OPEN and contact.paused_at is not None:
        resumption = ClockChange(Kind.RESUMED, max(at, contact.paused_at))
        word = Word(PERSON_WROTE.actor, note=PERSON_WROTE.note, quiet=may_be_told)  # the note names the date
        with suppress(Refused):  # the message belongs to the contact all the same
            adjust(connection, contact.reference, resumption, word, plan.now, plan.book)
    if verdict.recipient and may_be_told:
        _tell(connection, contact, message, verdict.recipient, plan)


def _heed(connection: Connection, contact: Contact, message: Inbound, plan: Plan) -> None:
    """What cannot wait may come later: somebody is called, unless somebody is being called already."""
    words, timing = words_of(f"{message.subject} {quoting.new_words(message.text)}"), plan.book.clocks.timing
    urgency = urgencies.find(words, plan.book.intake.urgent)
    if urgency is None or contact.urgent_at is not None or plan.now - plan.at(message) > timing.urgent_within:
        return
    again_at = plan.now + timing.urgent_again_after
    values: Values = {
        "urgent": urgency.rule.name,
        "urgent_words": urgency.phrase,
        "urgent_at": again_at,
        "urgent_step": contact.urgent_step + 1,
        "taken_at": None,
        "taken_by": "",
    }
    contacts.put(connection, contact.id, values)
    clocks.look_again(connection, [contact.id], again_at)
    outbox.queue(connection, alert.urgent_alerts(replace(contact, **values), contact.urgent_step, plan.now, plan.book))
    details = {"urgent": f"{urgency.rule.name}: {urgency.phrase}"}
    contacts.note(connection, [Event(contact.id, plan.now, EventKind.URGENT, details=details)])


def _reopen(connection: Connection, contact: Contact, at: datetime, plan: Plan) -> None:
    happened = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    after = plan.book.clocks.of(contact, [*happened, Happened(Kind.REOPENED, at)])
    values = columns(contact, after, plan.now, plan.book) | {"responded_at": None}
    if contacts.reopen(connection, contact, values):
        details = {"note": PERSON_WROTE.note, "answered_at": contact.responded_at and contact.responded_at.isoformat()}
        contacts.note(connection, [Event(contact.id, at, EventKind.REOPENED, details=details)])


def _may_be_told(contact: Contact, plan: Plan) -> bool:
    within = plan.book.clocks.timing.added_told_once_in
    is_too_soon = contact.noted_at is not None and plan.now - contact.noted_at < within
    return contact.receipt_sent_at is not None and not contact.muted and not is_too_soon


def _tell(connection: Connection, contact: Contact, message: Inbound, recipient: str, plan: Plan) -> None:
    outlet = plan.way(message).outlet
    if outlet is None:
        return
    reference = contact.reference
    added = NewDelivery(
        key=f"{contact.id}:added:{plan.now.isoformat()}",
        contact_id=contact.id,
        purpose=Purpose.ADDED,
        channel=outlet,
        recipient=recipient,
        message_id=f"<added.{reference.lower()}.{secrets.token_hex(6)}@{plan.book.outgoing.domain(outlet)}>",
        created_at=plan.now,
        next_attempt_at=HELD if plan.book.may_have_answered(plan.at(message)) else plan.now,
        details={
            "reply_to": plan.book.reply_address(message.channel, reference),
            "in_reply_to": message.mail.message_id if message.mail else "",
            "references": [],
        },
    )
    outbox.queue(connection, [added])
    contacts.put(connection, contact.id, {"noted_at": plan.now})


def count_automatic(connection: Connection, contact: Contact, verdict: Verdict, plan: Plan) -> None:
    """Programs answer us: nothing automatic goes to them after some answers in a day. A challenge is for staff."""
    if verdict.rule is RuleName.CHALLENGE:
        notice = alert.notices(
            contact.team,
            f"challenge:{contact.id}",
            plan.now,
            plan.book,
            subject=f"{contact.reference}: the person's mail program holds our receipt back",
            happened=f"The mail program of who wrote in {contact.reference} wants proof that a person writes.",
            action="Answer its question, or reach the person another way.",
        )
        outbox.queue(connection, notice)
    count = contacts.count_events(connection, contact.id, EventKind.AUTOMATIC_MAIL, plan.now - A_DAY)
    if count >= plan.book.clocks.timing.automatic_mails_a_day:
        contacts.put(connection, contact.id, {"muted": True})


def watch_loop(connection: Connection, rule: str, plan: Plan) -> None:
    """Our own mail comes back again and again: somebody must look."""
    most = plan.book.clocks.timing.own_mails_a_day
    if contacts.count_logged(connection, rule, plan.now - A_DAY) < most:
        return
    notice = alert.notices(
        None,
        f"loop:{plan.book.clocks.today(plan.now)}",
        plan.now,
        plan.book,
        subject="Our own mail comes back to us",
        happened=f"{most} mails within a day came from our own addresses, or bore our own mark.",
        action="None was answered. Find out who forwards it: ackbot contacts suppressed shows each of them.",
    )
    outbox.queue(connection, notice)
