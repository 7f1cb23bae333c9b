"""What staff typed has left, or has come back: the clocks of its contact follow."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core.answers import BY_HAND, BY_LETTER
from bot.core.answers import Kind as Typed
from bot.core.contacts import Contact, State
from bot.core.deliveries import OUT, Delivery, Purpose
from bot.core.events import Event, EventKind
from bot.core.histories import Kind as Clock
from bot.core.responses import Judgement, Kind
from bot.flows.changes import formats, refusals, staff_answers
from bot.flows.changes.refusals import Refused
from bot.flows.changes.staff_answers import StaffAnswer
from bot.flows.outgoing import answer_words
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import Attempt
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, sent_messages
from bot.store import staff_answers as stored

_KINDS = {Typed.FULL: Kind.FULL, Typed.HOLDING: Kind.HOLDING}


def count(connection: Connection, attempts: Sequence[Attempt], book: Rulebook) -> None:
    """Let each answer that has left by one of these attempts stop the clock, or note the holding reply."""
    departures = [a for a in attempts if a.delivery.purpose is Purpose.ANSWER and a.error is None]
    standing = outbox.standing(connection, [attempt.delivery.id for attempt in departures])
    for attempt in departures:
        now_stands = standing.get(attempt.delivery.id)
        # Another process may have recorded it first; and it may have come back before.
        if now_stands and now_stands.state in OUT and now_stands.sent_at == attempt.at:
            _count(connection, attempt.delivery, attempt.at, attempt.at, book)


def confirm(
    connection: Connection, reference: str, at: datetime | None, actor: str, now: datetime, book: Rulebook
) -> None:
    """Staff have posted the letter, or have rung, at `at` (None: now): that is the answer. Raises Refused."""
    contact = refusals.contact_of(connection, reference)
    at = refusals.instant_of(at, contact, now)
    pair = stored.under_way(connection, contact.id)
    delivery = pair[0] if pair else None
    if delivery is None or delivery.channel not in BY_HAND:
        raise Refused("no letter or telephone call waits to be done")
    if not stored.hand_over(connection, delivery.id, at):
        raise refusals.collision(reference)
    message = answer_words.message(Claimed(delivery, contact), at, "", book, book.secret)
    sent_messages.keep(connection, [sent_messages.row_of(delivery, at, message, "")])
    details = {"purpose": delivery.purpose, **contacts.recording_details(at, now)}
    if contact.need_codes or contact.wished_language:
        details["format"] = answer_words.formats(delivery, contact, book)
    contacts.note(connection, [Event(contact.id, at, EventKind.ANSWER_SENT, actor, details)])
    _count(connection, delivery, at, now, book)
    if delivery.channel == BY_LETTER:
        formats.begin_one(connection, delivery, contact, at, book)


def _count(connection: Connection, delivery: Delivery, at: datetime, now: datetime, book: Rulebook) -> None:
    contact = contacts.with_id(connection, [delivery.contact_id or 0]).get(delivery.contact_id or 0)
    kind = _KINDS.get(delivery.details.get("kind", ""))
    if contact is None or kind is None:
        return
    judgement = Judgement(kind, "it was written here")
    actor, how = delivery.details.get("by", "staff"), delivery.details.get("route", "")
    formats_of_answer = answer_words.formats(delivery, contact, book)
    answer = StaffAnswer(contact.id, contact.reference, at, judgement, actor, how, formats_of_answer)
    staff_answers.count(connection, answer, now, book)


def came_back(connection: Connection, delivery: Delivery, now: datetime, book: Rulebook) -> None:
    """An answer that had left did not arrive: the clocks stand as if it had not been given.

    Not where another full answer has reached the person. One that leaves once more by itself counts when it has left.
    """
    contact = contacts.with_id(connection, [delivery.contact_id or 0]).get(delivery.contact_id or 0)
    kind = _KINDS.get(delivery.details.get("kind", ""))
    if contact is None or kind is None or _is_over(connection, contact):
        return
    answers = [d for d in stored.of_contact(connection, contact.id) if d.id != delivery.id]
    if _is_last_answer(connection, contact, [delivery, *answers]) and not _has_another(contact, answers):
        staff_answers.uncount(connection, contact, kind, now, book)


def _is_over(connection: Connection, contact: Contact) -> bool:
    """Whether nothing is owed in it any more, for another reason than that it was answered."""
    if contact.merged_into is not None or contact.forgotten:
        return True
    if contact.state != State.CLOSED:
        return False
    closings = [event for event in contacts.events_of(connection, contact.id) if event.kind == EventKind.CLOSED]
    return not closings or closings[-1].details.get("was") != State.ANSWERED or "outcome" in closings[-1].details


def _is_last_answer(connection: Connection, contact: Contact, answers: Sequence[Delivery]) -> bool:
    """Whether the last answer in the history of the clocks is one of these: the first has just come back."""
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    kinds = (Clock.RESPONDED, Clock.HOLDING_REPLY, Clock.CORRECTED, Clock.REOPENED)
    last = next((event for event in reversed(history) if event.kind in kinds), None)
    fates = outbox.fates(connection, contact.id)
    lost = {fates[d.id].sent_at for d in answers if d is answers[0] or d.state not in OUT}
    return last is not None and last.kind in kinds[:2] and last.at in lost


def _has_another(contact: Contact, answers: Sequence[Delivery]) -> bool:
    """Whether a full answer among these has left and has not come back."""
    if contact.state == State.OPEN:
        return False
    return any(d.state in OUT and d.details.get("kind") == Typed.FULL for d in answers)
