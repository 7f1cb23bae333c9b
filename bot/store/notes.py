"""Notes of staff for staff, which are events of their contact: sealed, and stripped with its words."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.core.events import EventKind
from bot.store.tables import contacts, events

# What a note has in the details of its event: its words, and the addresses of those whom it names.
WORDS, NAMED = "words", "named"


@dataclass(frozen=True, slots=True)
class Note:
    """One note of the contact with this reference; its words are "" where their time of keeping is over."""

    at: datetime
    actor: str
    words: str
    reference: str


def of(connection: Connection, contact_ids: Collection[int], most: int) -> list[Note]:
    """Return the notes of these contacts, the newest first."""
    query = select(events.c.at, events.c.actor, events.c.details, contacts.c.reference).join_from(events, contacts)
    query = query.where(events.c.contact_id.in_(sorted(contact_ids)), events.c.kind == EventKind.NOTE)
    rows = connection.execute(query.order_by(events.c.at.desc(), events.c.id.desc()).limit(most))
    return [Note(row.at, row.actor, json.loads(row.details).get(WORDS, ""), row.reference) for row in rows]
