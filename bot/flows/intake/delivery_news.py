"""A provider took a message of ours, and says later whether it arrived: as with mail that comes back."""

from datetime import datetime

from sqlalchemy import Connection

from bot.channel import Permanent
from bot.core.contacts import Contact
from bot.core.deliveries import TO_STAFF, Delivery, Purpose, State
from bot.core.events import Event, EventKind
from bot.flows.changes import answer_outcome
from bot.flows.intake import bounces
from bot.flows.intake.consequences import News, Suppressed
from bot.flows.outgoing import answer_losses, failures
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.flows.outgoing.failures import Failed
from bot.flows.rulebook import NO_WAY, Rulebook
from bot.store import contacts, known, outbox, receipts, suppressions


def note(connection: Connection, news: News, now: datetime, book: Rulebook) -> None:
    """Note what became of one of ours; nothing where that is known already, or it is not ours."""
    way = book.ways.get(news.channel, NO_WAY)
    outlets = {news.channel, way.outlet or "", way.texts_outlet or ""} - {""}
    delivery = known.delivery_under(connection, outlets, news.name, news.key)
    if delivery is None:
        return
    if not news.failure:
        _arrive(connection, delivery, now)
    elif news.may_pass and delivery.hand_overs <= 1:
        _try_again(connection, delivery, news, now, book)
    else:
        _fail(connection, delivery, news, now, book)


def _arrive(connection: Connection, delivery: Delivery, now: datetime) -> None:
    if outbox.arrive(connection, delivery, now) and delivery.contact_id is not None:
        details = {"purpose": delivery.purpose}
        contacts.note(connection, [Event(delivery.contact_id, now, EventKind.DELIVERED, details=details)])


def _try_again(connection: Connection, delivery: Delivery, news: News, now: datetime, book: Rulebook) -> None:
    """Once more by itself, some hours later."""
    again_at = now + bounces.TRY_AGAIN_AFTER
    if not outbox.came_back(connection, delivery, news.failure, now, again_at):
        return
    contact = _contact_of(connection, delivery)
    reason = f"{news.failure}; it is sent once more later"
    details = {"purpose": delivery.purpose, "reason": reason}
    contacts.note(connection, [Event(delivery.contact_id, now, EventKind.CAME_BACK, details=details)])
    if delivery.purpose is Purpose.ANSWER and contact is not None:
        answer_outcome.came_back(connection, delivery, now, book)
        why = f"It did not arrive: {news.failure}."
        notices = answer_losses.notices_of_repeat(delivery, contact, why, again_at, now, book)
        outbox.queue(connection, notices)


def _fail(connection: Connection, delivery: Delivery, news: News, now: datetime, book: Rulebook) -> None:
    """It has failed for good: its team is told, a receipt was never had, and an answer was never given."""
    if not outbox.came_back(connection, delivery, news.failure, now, None):
        return
    details = {"purpose": delivery.purpose, "reason": news.failure}
    contacts.note(connection, [Event(delivery.contact_id, now, EventKind.UNDELIVERABLE, details=details)])
    if delivery.purpose in TO_STAFF:
        outbox.queue(connection, bounces.staff_not_reached(now, book).notices)
        return
    if delivery.purpose is Purpose.ANSWER:
        answer_outcome.came_back(connection, delivery, now, book)
    if delivery.purpose is Purpose.ACKNOWLEDGEMENT and delivery.contact_id is not None:
        withdraw_receipt(connection, delivery.contact_id, now)
    error, message = Permanent(news.failure), TO_SENDERS.get(delivery.purpose)
    failure = Failed(delivery, message, now, error, State.PERMANENT_FAILURE, None)
    outbox.queue(connection, failures.notices(connection, failure, book))
    if not news.may_pass:
        _give_up(connection, delivery.recipient, now, book)


def _give_up(connection: Connection, address: str, now: datetime, book: Rulebook) -> None:
    """Send nothing automatic there for a while; on a platform there is no other way to that person."""
    if "@" in address or address.startswith("tel:"):
        reason = f"a message to this address did not arrive on {book.clocks.today(now):%d %B %Y}"
        suppress(connection, Suppressed(address, reason, now + bounces.SUPPRESSED_FOR, "came back"), now)


def withdraw_receipt(connection: Connection, contact_id: int, now: datetime) -> None:
    """Our receipt did not arrive; the contacts for which it stood, too, say when it was thought to have left."""
    details = {"purpose": Purpose.ACKNOWLEDGEMENT}
    events = [
        Event(sharer, now, EventKind.UNDELIVERABLE, details=details | {"receipt_sent_at_before": at.isoformat()})
        for sharer, at in receipts.shared_by(connection, contact_id)
    ]
    contacts.withdraw_receipt(connection, contact_id, now)
    contacts.note(connection, events)


def suppress(connection: Connection, change: Suppressed, now: datetime) -> None:
    """Send nothing automatic to an address for a time; the figures count it once, and name nobody."""
    if not suppressions.is_suppressed(connection, change.address, now):
        details = {"reason": change.cause}
        contacts.note(connection, [Event(None, now, EventKind.ADDRESS_SUPPRESSED, details=details)])
    suppressions.add(connection, change.address, change.reason, now, change.until)


def _contact_of(connection: Connection, delivery: Delivery) -> Contact | None:
    ids = [delivery.contact_id] if delivery.contact_id else []
    return next(iter(contacts.with_id(connection, ids).values()), None)
