"""What a person says of our answer: kept, told to the team, and where it is "no" the contact opens again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.channel import Batch
from bot.core import feedback, threads
from bot.core.contacts import Contact, State
from bot.core.deliveries import NewDelivery
from bot.core.events import SENDER, Event, EventKind
from bot.core.feedback import MOST_CHARACTERS, Feedback, Opinion, Satisfaction
from bot.core.messages import Inbound, Party
from bot.flows.changes.refusals import Refused
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.follow_up import may_be_urgent
from bot.flows.intake.receive import receive
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store import feedback as stored


@dataclass(frozen=True, slots=True)
class Saying:
    """What was chosen and typed on the page."""

    answer: str = ""
    satisfaction: str = ""
    words: str = ""


def say(
    connection: Connection, contact: Contact, saying: Saying, channel: str, now: datetime, book: Rulebook
) -> Contact:
    """Keep what the person says of our answer, and let staff know; return the contact as it stands then.

    A "no" within the days in which a contact opens again goes on with it as a message by `channel`, as every message of
    the person's does; so do words that cannot wait. The same, posted twice, is one. Raises Refused.
    """
    earlier = stored.of(connection, contact.id)
    if _is_same(earlier, saying, contact):
        return contact
    _refuse(contact, earlier, saying, book)
    stored.say(connection, _row(contact, saying, now))
    details = {"answer": saying.answer, "satisfaction": saying.satisfaction}
    contacts.note(connection, [Event(contact.id, now, EventKind.FEEDBACK_GIVEN, SENDER, details)])
    message = _message(contact, saying, channel, now)
    is_no = saying.answer == Opinion.NO
    if may_be_urgent(message, book) or (is_no and _opens_again(contact, now, book)):
        receive(connection, Batch((message,)), Reading(channel), now, book, Capacity())
    elif saying.answer != Opinion.YES:
        outbox.queue(connection, _notices(contact, is_no=is_no, now=now, book=book))
    after = contacts.with_id(connection, [contact.id])[contact.id]
    if after.state == State.OPEN:
        stored.note_reopening(connection, contact.id)
    return after


def may_say(contact: Contact, earlier: Feedback | None, book: Rulebook) -> bool:
    """Whether the page asks the question of this contact now."""
    is_sayable = feedback.may_be_said(contact, book.outgoing.feedback)
    return is_sayable and feedback.may_be_changed(earlier, contact)


def _is_same(earlier: Feedback | None, saying: Saying, contact: Contact) -> bool:
    """Whether they said the very same before, of the same answer."""
    if earlier is None or earlier.answered_at is None:
        return False
    is_of_this_answer = contact.responded_at is None or earlier.answered_at >= contact.responded_at
    return is_of_this_answer and Saying(earlier.answer, earlier.satisfaction, earlier.words) == saying


def _refuse(contact: Contact, earlier: Feedback | None, saying: Saying, book: Rulebook) -> None:
    if not feedback.may_be_said(contact, book.outgoing.feedback):
        raise Refused("there is no answer to speak of")
    if not feedback.may_be_changed(earlier, contact):
        raise Refused("staff have read it already")
    if saying.answer not in list(Opinion):
        raise Refused(f"choose one of {', '.join(Opinion)}", "answer")
    if saying.satisfaction not in ("", *Satisfaction):
        raise Refused(f"choose one of {', '.join(Satisfaction)}, or none", "satisfaction")
    if len(saying.words) > MOST_CHARACTERS:
        raise Refused(f"use {MOST_CHARACTERS:,} characters or fewer; there are {len(saying.words):,}", "words")


def _row(contact: Contact, saying: Saying, now: datetime) -> Feedback:
    return Feedback(contact.id, None, now, saying.answer, saying.satisfaction, saying.words)


def _opens_again(contact: Contact, now: datetime, book: Rulebook) -> bool:
    today = book.clocks.today
    answered_on = contact.responded_at and today(contact.responded_at)
    return threads.goes_on(contact.state, today(now), answered_on, book.intake.reopen_days)


def _message(contact: Contact, saying: Saying, channel: str, now: datetime) -> Inbound:
    """The same as a message of the person's: staff read it among the others."""
    words = f"Did we answer your question? {saying.answer.capitalize()}.\n\n{saying.words}".strip()
    digest = hashlib.sha256(f"{contact.reference} {now.isoformat()} {words}".encode()).hexdigest()
    address = contact.sender_address or ""
    return Inbound(
        channel=channel,
        external_id=f"feedback:{digest}",
        digest=digest,
        sender=Party(address, contact.sender_name) if address else None,
        text=words,
        of=contact.reference,
        unproven=True,
        told_by="at once",  # the page says so, with the new date
    )


def _notices(contact: Contact, *, is_no: bool, now: datetime, book: Rulebook) -> list[NewDelivery]:
    happened = "we did not answer their question. It was too long ago for the contact to open again by itself"
    happened = happened if is_no else "we answered their question only in part"
    return alert.notices_about(
        contact,
        f"feedback:{contact.id}:{now.isoformat()}",
        now,
        book,
        subject=f"{contact.reference}: {'not answered' if is_no else 'answered in part'}, says the person",
        happened=f"Asked about our answer, the person says that {happened}.",
        action="Open the contact, read what they say, and mark it as read. Open it again if something is still owed.",
    )
