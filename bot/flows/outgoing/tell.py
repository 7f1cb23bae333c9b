"""Tell the person who wrote: a later date and why, that we are still at it, that it is closed. Each once."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.contacts import Contact
from bot.flows.rulebook import Rulebook
from bot.store.outbox import Delivery

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Later:
    """A promise that moved; `before` is the date that the person knows, it and `reason` in words for them."""

    contact_id: int
    reference: str
    before: str
    after: datetime
    reason: str


def progress(contact: Contact, acknowledgement: Delivery, now: datetime, book: Rulebook) -> Values:
    """The delivery that says, once, that we are still working on it."""
    return _like(acknowledgement, contact, "progress", now, book)


def closing(contact: Contact, acknowledgement: Delivery, reason: str, now: datetime, book: Rulebook) -> Values:
    """The delivery that says that it is closed; `reason` is in words for the person."""
    row = _like(acknowledgement, contact, "closing", now, book)
    return row | {"details": row["details"] | {"reason": reason}}


def _like(acknowledgement: Delivery, contact: Contact, purpose: str, now: datetime, book: Rulebook) -> Values:
    outlet = acknowledgement.channel
    return {
        "key": f"{contact.id}:{purpose}",
        "contact_id": contact.id,
        "purpose": purpose,
        "channel": outlet,
        "recipient": acknowledgement.recipient,
        "message_id": f"<{purpose}.{contact.reference.lower()}.{secrets.token_hex(6)}@{book.domain(outlet)}>",
        "details": dict(acknowledgement.details),
        "created_at": now,
        "next_attempt_at": now,
    }


def new_date(later: Later, acknowledgement: Delivery, now: datetime, book: Rulebook) -> Values:
    """The delivery that says so; it goes where the acknowledgement went, once for each new date."""
    outlet = acknowledgement.channel
    return {
        "key": f"{later.contact_id}:new-date:{later.after.isoformat()}",
        "contact_id": later.contact_id,
        "purpose": "new-date",
        "channel": outlet,
        "recipient": acknowledgement.recipient,
        "message_id": f"<date.{later.reference.lower()}.{secrets.token_hex(6)}@{book.domain(outlet)}>",
        "details": {
            **acknowledgement.details,
            "before": later.before,
            "reason": later.reason,
        },
        "created_at": now,
        "next_attempt_at": now,
    }
