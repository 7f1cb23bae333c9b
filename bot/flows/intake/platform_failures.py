"""A platform took a message of ours, and says later that it did not arrive: as with mail that comes back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.channel import Permanent
from bot.core.deliveries import Purpose, State
from bot.core.events import Event, EventKind
from bot.flows.changes import answer_outcome
from bot.flows.outgoing import failures
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.flows.outgoing.failures import Failed
from bot.flows.rulebook import Rulebook
from bot.store import contacts, known, outbox


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """What the platform calls `external_id` did not arrive, for this reason."""

    contact_id: int
    external_id: str
    reason: str


def note(connection: Connection, change: NotDelivered, now: datetime, book: Rulebook) -> None:
    """It has failed for good, its team is told, and an answer was never given; nothing where that is known already."""
    delivery = known.delivery_under(connection, change.contact_id, change.external_id)
    if delivery is None or not outbox.came_back(connection, delivery, change.reason, now, None):
        return
    details = {"purpose": delivery.purpose, "reason": change.reason}
    contacts.note(connection, [Event(change.contact_id, now, EventKind.UNDELIVERABLE, details=details)])
    if delivery.purpose is Purpose.ANSWER:
        answer_outcome.came_back(connection, delivery, now, book)
    error, message = Permanent(change.reason), TO_SENDERS.get(delivery.purpose)
    failure = Failed(delivery, message, now, error, State.PERMANENT_FAILURE, None)
    outbox.queue(connection, failures.notices(connection, failure, book))
