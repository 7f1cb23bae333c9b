"""Since when the store records what the figures follow from, and the calendars as they were at a cut-off."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from bot.core.events import EventKind
from bot.store.tables import events

_NOTES = events.c.contact_id.is_(None) & (events.c.kind == EventKind.CALENDAR_NOTED)


@dataclass(frozen=True, slots=True)
class Beginning:
    """When the store began to record what every figure needs; `is_complete` where no contact is older than that."""

    at: datetime
    is_complete: bool


def calendar_notes(connection: Connection, cut_off: int) -> dict[str, dict[str, Any]]:
    """Return what was noted last of each calendar, by its key, up to the event of this number."""
    query = select(events.c.details).where(_NOTES, events.c.id <= cut_off).order_by(events.c.id)
    notes = [json.loads(details) for details in connection.execute(query).scalars()]
    return {note["calendar"]: note for note in notes}


def newest_event(connection: Connection, up_to: int) -> int | None:
    """Return the highest number of an event that is not above this one; None where there is none."""
    number: int | None = connection.execute(select(func.max(events.c.id)).where(events.c.id <= up_to)).scalar()
    return number


def begin(connection: Connection, cut_off: int) -> Beginning | None:
    """Return when calendars were noted first, as a program does that records the rest as well; None if not by then."""
    query = select(events.c.id, events.c.at).where(_NOTES, events.c.id <= cut_off).order_by(events.c.id).limit(1)
    first = connection.execute(query).first()
    if first is None:
        return None
    of_contact = select(events.c.id).where(events.c.id < first.id, events.c.contact_id.is_not(None)).limit(1)
    return Beginning(first.at, connection.execute(of_contact).first() is None)
