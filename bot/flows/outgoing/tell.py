"""What the person who wrote is sent after the receipt: a later date and why, that we are still at it, the closing."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.core.contacts import Contact
from bot.core.deliveries import HELD, Delivery, NewDelivery, Purpose
from bot.flows.outgoing.alert import UNPROMPTED
from bot.flows.rulebook import OutgoingRules, Rulebook

Values = dict[str, Any]
# In the details of a new date: the instant that the person knew, whose words are those of their language.
BEFORE_AT = "before_at"
# What of the details of a receipt keeps later mail in its thread.
_THREADING = ("reply_to", "in_reply_to", "references")


@dataclass(frozen=True, slots=True)
class Later:
    """A promise that moved; `before` is the date that the person knows, it and `reason` in English words for them.

    `before_at` is its instant, which is told in the language of the person.
    """

    contact_id: int
    reference: str
    before: str
    before_at: datetime
    after: datetime
    reason: str


def progress(contact: Contact, acknowledgement: Delivery, now: datetime, book: Rulebook) -> NewDelivery:
    """The delivery that says, once, that we are still working on it."""
    return _like(acknowledgement, contact, Purpose.PROGRESS, acknowledgement.details, now, book.outgoing)


def closing(
    contact: Contact, acknowledgement: Delivery | NewDelivery, reason: str, now: datetime, book: Rulebook
) -> NewDelivery:
    """The delivery that says that it is closed; `reason` is in words for the person.

    What was opened again may be closed again, and the person hears of that, too.
    """
    details = {**acknowledgement.details, "reason": reason}
    delivery = _like(acknowledgement, contact, Purpose.CLOSING, details, now, book.outgoing)
    return replace(delivery, key=f"{delivery.key}:{now.isoformat()}")


def question(
    contact: Contact,
    acknowledgement: Delivery | NewDelivery,
    answered_at: datetime,
    leaves_at: datetime,
    now: datetime,
    book: Rulebook,
) -> NewDelivery:
    """The delivery that asks, at `leaves_at`, whether the answer of `answered_at` helped.

    It is held where a store that was lost may have asked already.
    """
    threading = {name: acknowledgement.details[name] for name in _THREADING if name in acknowledgement.details}
    delivery = _like(acknowledgement, contact, Purpose.FEEDBACK, threading | {UNPROMPTED: True}, now, book.outgoing)
    key = f"{delivery.key}:{answered_at.isoformat()}"
    is_held = book.may_have_answered(answered_at)
    return replace(delivery, key=key, next_attempt_at=HELD if is_held else leaves_at)


def _like(
    acknowledgement: Delivery | NewDelivery,
    contact: Contact,
    purpose: Purpose,
    details: Mapping[str, Any],
    now: datetime,
    rules: OutgoingRules,
) -> NewDelivery:
    outlet = acknowledgement.channel
    return NewDelivery(
        key=f"{contact.id}:{purpose}",
        contact_id=contact.id,
        purpose=purpose,
        channel=outlet,
        recipient=acknowledgement.recipient,
        message_id=f"<{purpose}.{contact.reference.lower()}.{secrets.token_hex(6)}@{rules.domain(outlet)}>",
        created_at=now,
        next_attempt_at=now,
        details=details,
    )


def new_date(later: Later, acknowledgement: Delivery | NewDelivery, now: datetime, rules: OutgoingRules) -> NewDelivery:
    """The delivery that says so; it goes where the acknowledgement went, once for each new date."""
    outlet = acknowledgement.channel
    return NewDelivery(
        key=f"{later.contact_id}:new-date:{later.after.isoformat()}",
        contact_id=later.contact_id,
        purpose=Purpose.NEW_DATE,
        channel=outlet,
        recipient=acknowledgement.recipient,
        message_id=f"<date.{later.reference.lower()}.{secrets.token_hex(6)}@{rules.domain(outlet)}>",
        created_at=now,
        next_attempt_at=now,
        details={
            **acknowledgement.details,
            "before": later.before,
            BEFORE_AT: later.before_at.isoformat(),
            "reason": later.reason,
        },
    )
