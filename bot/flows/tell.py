"""Tell the person who wrote that the answer comes later than we said, by when, and why."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
