"""Messages of ours as they were handed over, one for each attempt that has left or may have left."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, delete, func, or_, select

from bot.core.deliveries import TO_STAFF, Delivery
from bot.core.messages import Outbound
from bot.store.conditions import HAS_NO_CONTACT
from bot.store.direct import run_many
from bot.store.tables import contacts, deliveries, sent_messages
from bot.store.upserts import insert

# More saves a twentieth of the space, and takes a third more time.
_COMPRESSION = 1
_KEEP = insert(sent_messages).on_conflict_do_nothing(index_elements=["delivery_id", "attempt"])
# What the content does not say by itself; `english` is the same in English for staff.
_ENVELOPE = ("recipient", "envelope_sender", "subject", "conversation", "in_reply_to", "public", "english")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message as it was handed over: `content` is its bytes, `envelope` what the outlet was told besides.

    `template` names what it was written from, and the version of that. `external_id` is the other side's name for it.
    """

    id: int
    delivery_id: int
    attempt: int
    at: datetime
    template: str
    envelope: dict[str, Any]
    content: bytes

    @property
    def external_id(self) -> str:
        """Return the other side's name, or ""."""
        return str(self.envelope.get("external_id", ""))


class Departure(NamedTuple):
    """A message that left to a person, or may have: of which contact, from which words, what became of it."""

    id: int
    reference: str
    at: datetime
    template: str
    state: str


def to_people(
    connection: Connection, since: datetime, until: datetime, words: str = "", after_id: int = 0, limit: int = 500
) -> list[Departure]:
    """Return what left to people from `since` until before `until`, in order, from words of that name ("": any)."""
    query = (
        select(
            sent_messages.c.id, contacts.c.reference, sent_messages.c.at, sent_messages.c.template, deliveries.c.state
        )
        .join_from(sent_messages, deliveries, sent_messages.c.delivery_id == deliveries.c.id)
        .join(contacts, deliveries.c.contact_id == contacts.c.id)
        .where(sent_messages.c.id > after_id, sent_messages.c.at >= since, sent_messages.c.at < until)
        .where(deliveries.c.purpose.not_in(sorted(TO_STAFF)))
        .order_by(sent_messages.c.id)
        .limit(limit)
    )
    if words:
        query = query.where(sent_messages.c.template.startswith(f"{words}.", autoescape=True))
    return [Departure(*row) for row in connection.execute(query)]


def row_of(delivery: Delivery, at: datetime, message: Outbound, external_id: str) -> dict[str, Any]:
    """Return what `keep` takes of a message that was handed over."""
    envelope = {name: value for name in _ENVELOPE if (value := getattr(message, name))}
    if external_id:
        envelope["external_id"] = external_id
    head = json.dumps(envelope).encode()
    return {
        "delivery_id": delivery.id,
        "contact_id": delivery.contact_id,
        "attempt": delivery.attempts,
        "at": at,
        "template": message.template,
        "content": zlib.compress(head + b"\n" + message.content, _COMPRESSION),
    }


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store what was handed over."""
    run_many(connection, _KEEP, rows)


def of_delivery(connection: Connection, delivery_id: int) -> list[SentMessage]:
    """Return every message of a delivery that has left or may have, the oldest first.

    A delivery that left in the message of another one has that one's.
    """
    of_it = sent_messages.c.delivery_id == _first_of(delivery_id)
    query = select(sent_messages).where(of_it).order_by(sent_messages.c.attempt)
    return [_message(row) for row in connection.execute(query)]


def teams_of(connection: Connection, delivery_id: int) -> set[str | None]:
    """Return the teams of the contacts that the message of a delivery is about; None stands for no team."""
    first = _first_of(delivery_id)
    query = select(contacts.c.team).join_from(deliveries, contacts, deliveries.c.contact_id == contacts.c.id)
    query = query.where(or_(deliveries.c.id == first, deliveries.c.joined_to == first)).distinct()
    return set(connection.execute(query).scalars())


def _first_of(delivery_id: int) -> Any:
    """The number of the delivery in whose message this one left: as a rule its own."""
    same = func.coalesce(deliveries.c.joined_to, deliveries.c.id)
    return select(same).where(deliveries.c.id == delivery_id).scalar_subquery()


def forget(connection: Connection, condition: Any) -> None:
    """Delete the messages of the deliveries for which this condition holds, also those that others left in."""
    for first in (deliveries.c.id, deliveries.c.joined_to):
        ids = select(first).where(condition, first.is_not(None))
        connection.execute(delete(sent_messages).where(sent_messages.c.delivery_id.in_(ids)))


def sent_to(contact_id: int, address: str) -> Any:
    """Return the condition that a delivery of this contact went to this address; in capitals only unsealed ones are."""
    in_clear: Any = func.lower(deliveries.c.recipient, type_=Text())
    same = or_(deliveries.c.recipient == address, in_clear == address.lower())
    return (deliveries.c.contact_id == contact_id) & same


def forget_notices(connection: Connection, before: datetime) -> None:
    """Delete the messages of before then that are about no single contact."""
    connection.execute(delete(sent_messages).where(HAS_NO_CONTACT, sent_messages.c.at < before))


def _message(row: Any) -> SentMessage:
    head, _, content = zlib.decompress(row.content).partition(b"\n")
    return SentMessage(
        row.id, row.delivery_id, row.attempt, row.at, row.template, envelope=json.loads(head), content=content
    )
