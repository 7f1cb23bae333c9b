"""What no program can make of a message that left: staff put it into braille, record it, or have it translated.

A task stands with the delivery until somebody says that it is made. No clock waits for it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core import needs
from bot.core.contacts import Contact
from bot.core.deliveries import OUT, Delivery, Purpose
from bot.core.events import Event, EventKind
from bot.core.languages import ENGLISH, LANGUAGES
from bot.core.needs import BY_STAFF, Need
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.outgoing import alert, answer_words
from bot.flows.outgoing.deliver import Attempt
from bot.flows.rulebook import Rulebook
from bot.store import contacts, format_tasks, outbox
from bot.store.format_tasks import FormatTask

FIELD = "message"
# What a person must know: not that we are at it still, nor a link that they asked for themselves.
_TO_BE_MADE = (Purpose.ACKNOWLEDGEMENT, Purpose.NEW_DATE, Purpose.CLOSING, Purpose.ANSWER)
_HOW = {Need.BRAILLE: "in braille", Need.AUDIO: "as a recording"}


def begin(connection: Connection, attempts: Sequence[Attempt], book: Rulebook) -> None:
    """Note what staff have to make of each message that has left by one of these attempts, and tell the team."""
    departures = [
        (attempt, attempt.contact)
        for attempt in attempts
        if attempt.error is None and attempt.contact and _calls_for_hands(attempt.delivery, attempt.contact)
    ]
    standing = outbox.standing(connection, [attempt.delivery.id for attempt, _ in departures]) if departures else {}
    for attempt, contact in departures:
        now_stands = standing.get(attempt.delivery.id)
        if now_stands and now_stands.state in OUT:
            begin_one(connection, attempt.delivery, contact, attempt.at, book)


def begin_one(connection: Connection, delivery: Delivery, contact: Contact, now: datetime, book: Rulebook) -> None:
    """Note what staff have to make of a message that has left, once, and tell the team."""
    codes, language = _formats(delivery, contact), _translation(delivery, contact)
    if not codes and not language:
        return
    task = FormatTask(delivery.id, contact.id, needs.as_column(codes), language, now)
    if not format_tasks.add(connection, task):
        return
    words = in_words(task)
    event = Event(contact.id, now, EventKind.FORMAT_NEEDED, details=_details(task, delivery.purpose))
    contacts.note(connection, [event])
    page = f"/console/contacts/{contact.reference}/sent/{delivery.id}/text"
    notices = alert.notices_about(
        contact,
        f"format:{delivery.id}",
        now,
        book,
        subject=f"Make a message {words} for {contact.reference}",
        happened=f"A message about {contact.reference} has left. They need it {words}, which no program can make.",
        action=f"Make it {words}. The text is ready: {book.outgoing.website}{page}. When the person has it, open the "
        "contact and press It is done.",
    )
    outbox.queue(connection, notices)


def finish(connection: Connection, contact: Contact, number: str, actor: str, now: datetime) -> FormatTask:
    """Somebody has made it, and the person has it. Raises Refused."""
    tasks = {str(task.delivery_id): task for task in format_tasks.of_contacts(connection, [contact.id])}
    task = tasks.get(number.strip())
    if task is None:
        raise Refused("choose one of the messages of this contact that are to be made", FIELD)
    if not format_tasks.make(connection, task.delivery_id, now, actor):
        raise Refused("it is made already", FIELD, Kind.CONFLICT)
    purposes = {delivery.id: delivery.purpose for delivery in outbox.of_contact(connection, contact.id)}
    details = _details(task, purposes.get(task.delivery_id, ""))
    contacts.note(connection, [Event(contact.id, now, EventKind.FORMAT_MADE, actor, details)])
    return task


def _details(task: FormatTask, purpose: str) -> dict[str, str]:
    """What the events say: of which message, into which formats and which language."""
    details = {"purpose": purpose, "needs": task.need_codes, "language": task.language}
    return {name: value for name, value in details.items() if value}


def in_words(task: FormatTask) -> str:
    """What is to be made, as it ends a sentence: "in braille and in Polish"."""
    parts = [_HOW[need] for need in needs.of_column(task.need_codes) if need in _HOW]
    if task.language:
        parts.append(
            f"in {LANGUAGES[task.language].english_name}" if task.language in LANGUAGES else "in their language"
        )
    return " and ".join(parts) or "in a format of its own"


def is_wish_for_another(language: str) -> bool:
    """Whether somebody wishes for another language than that of staff."""
    return language not in ("", ENGLISH)


def _calls_for_hands(delivery: Delivery, contact: Contact) -> bool:
    return delivery.purpose in _TO_BE_MADE and bool(_formats(delivery, contact) or _translation(delivery, contact))


def _formats(delivery: Delivery, contact: Contact) -> Iterable[Need]:
    if delivery.purpose not in _TO_BE_MADE:
        return ()
    return tuple(need for need in needs.of_column(contact.need_codes) if need in BY_STAFF)


def _translation(delivery: Delivery, contact: Contact) -> str:
    """Into which language an answer has to be put that was typed in another one; "" for none."""
    if delivery.purpose is not Purpose.ANSWER or not is_wish_for_another(contact.wished_language):
        return ""
    words: str = delivery.details.get("words", "")
    return "" if answer_words.writes_in(words, contact.wished_language) else contact.wished_language
