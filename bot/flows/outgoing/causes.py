"""One cause is told once: whoever knows why a receipt has not arrived hears no more of it until a date has passed.

A receipt that came back, an outlet that lets nothing out, receipts that are kept back: staff hear of each at once, and
"the receipt has not left yet" a quarter of an hour later would say the same once more.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, NewDelivery, State
from bot.core.escalations import RECEIPT_LATE, Step
from bot.core.rules import GUARDS
from bot.flows.outgoing.release import KEPT_BACK
from bot.store import cursors, holds, outbox, receipts

_LOST = (State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE)


def in_hand(connection: Connection, late: Sequence[Contact]) -> set[int]:
    """Those of these whose receipt is kept back, or will not arrive: their team was told when that was known."""
    ids = [contact.id for contact in late]
    if not ids:
        return set()
    acknowledgements = outbox.acknowledgements_of(connection, ids)
    lost_ids = {contact_id for contact_id, receipt in acknowledgements.items() if receipt.state in _LOST}
    return lost_ids | holds.among(connection, ids) | {contact.id for contact in late if contact.rule in GUARDS}


def unheard(
    connection: Connection, contact: Contact, step: Step, alerts: list[NewDelivery], now: datetime
) -> list[NewDelivery]:
    """Those of these alerts of a step whose readers do not know yet that the person has no receipt."""
    is_of_receipt = step is RECEIPT_LATE or (step.clock == "acknowledge" and step.share is not None)
    if not (alerts and is_of_receipt):
        return alerts
    receipt = outbox.acknowledgements_of(connection, [contact.id]).get(contact.id)
    causes = list(_causes(connection, contact, receipt, now))
    known_keys = receipts.keys_in_use(connection, [f"{cause}:{row.recipient}" for row in alerts for cause in causes])
    return [row for row in alerts if not any(f"{cause}:{row.recipient}" in known_keys for cause in causes)]


def _causes(connection: Connection, contact: Contact, receipt: Delivery | None, now: datetime) -> Iterator[str]:
    """The keys, without the address, of what staff may have been told before."""
    if contact.acknowledge_by is not None:
        yield f"{contact.id}:alert:{RECEIPT_LATE.name}:{contact.acknowledge_by.isoformat()}"
    if receipt is not None:
        yield f"notice:undelivered:{receipt.id}"
        for day in {receipt.created_at.date(), now.date()}:
            yield f"notice:outlet:{receipt.channel}:{day}"
    began_at = cursors.read(connection, f"{KEPT_BACK}{contact.team or ''}")
    if began_at and in_hand(connection, [contact]):
        yield f"notice:kept-back:{began_at}"
