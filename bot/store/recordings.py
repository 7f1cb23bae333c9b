"""Since when the store records what the figures follow from, and the calendars as they were at a cut-off."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from bot.core.events import EventKind
from bot.store.tables import events

_COVERED = "green"
_OF_COVERAGE = (EventKind.COVERAGE_CHANGED, EventKind.MESSAGES_RECONCILED, EventKind.ADDRESS_SUPPRESSED)
_NOTES = events.c.contact_id.is_(None) & (events.c.kind == EventKind.CALENDAR_NOTED)


@dataclass(frozen=True, slots=True)
class Beginning:
    """When the store began to record what every figure needs; `is_complete` where no contact is older than that."""

    at: datetime
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well everything was read in a period, as no contact can say.

    `gaps`: how often a channel ceased to be covered, by channel. `late_finds`: messages that only the comparing with
    its own list brought in, by channel. `suppressions`: addresses that get nothing automatic any more, by reason.
    """

    gaps: Counter[str] = field(default_factory=Counter)
    late_finds: Counter[str] = field(default_factory=Counter)
    suppressions: Counter[str] = field(default_factory=Counter)


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


def coverage(connection: Connection, begin: datetime, end: datetime, cut_off: int) -> Coverage:
    """Return what was noted of the reading in a time, up to the event of this number."""
    query = select(events.c.kind, events.c.details).where(
        events.c.contact_id.is_(None),
        events.c.kind.in_(_OF_COVERAGE),
        events.c.at >= begin,
        events.c.at < end,
        events.c.id <= cut_off,
    )
    tally = Coverage()
    for row in connection.execute(query):
        details = json.loads(row.details)
        match row.kind:
            case EventKind.ADDRESS_SUPPRESSED:
                tally.suppressions[details["reason"]] += 1
            case EventKind.MESSAGES_RECONCILED:
                tally.late_finds[details["channel"]] += details["count"]
            case _ if details["level"] != _COVERED and details["level_before"] in ("", _COVERED):
                tally.gaps[details["channel"]] += 1
            case _:
                pass
    return tally
