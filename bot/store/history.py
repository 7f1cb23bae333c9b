"""What is left of the history of a contact when its words are gone, and of what people did long ago."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.core import needs
from bot.store import trail
from bot.store.conditions import IS_AUDIT_LINE
from bot.store.tables import events
from bot.store.trail import Remainder

# What the figures and the clocks are computed from: dates, standards, kinds and decisions, and whose it was. Whatever
# else an event says (notes, reasons, what a server answered, words that were found urgent) may be of the person.
FACTS = frozenset(
    {
        *("outcome", "rule", "judged", "before", "purpose", "step", "attempt", "was", "time", "with"),
        *("service", "service_before", "kind", "kind_before", "area", "area_before", "after_answer"),
        *("standard", "standard_before", "calendar", "calendar_before", "outcome_before"),
        *("team", "team_before", "owner", "owner_before", "until"),
        *("acknowledge_by", "acknowledge_by_before", "respond_by", "respond_by_before", "paused_at"),
        *("acknowledged_by", "acknowledged_by_before", "receipt_sent_at_before", "receipt_of_before"),
        *("needs", "format", "how"),
        *("extended_to", "recorded_at", "answered_at", "answer", "satisfaction", "cancelled_deliveries"),
        *("avoidable", "avoidable_before", "cause", "cause_before", "complaint_outcome", "complaint_outcome_before"),
    }
)


def forget_words(connection: Connection, contact_ids: Sequence[int], key: bytes) -> None:
    """Leave no more than the facts of the events of these contacts, proved with `key`.

    An event of each that says so must follow in the same transaction.
    """
    query = select(events.c.id, events.c.actor, events.c.details).where(events.c.contact_id.in_(contact_ids))
    remainders = []
    for row in connection.execute(query):
        details = json.loads(row.details)
        facts = _facts(details)
        if facts != details:
            remainders.append(Remainder(row.id, row.actor, json.dumps(facts, ensure_ascii=False)))
    trail.forget(connection, remainders, key)


def _facts(details: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: value for name, value in details.items() if name in FACTS}
    # An older program, or a form, may have put other words there.
    return facts | ({"needs": needs.as_column(needs.of_column(str(facts["needs"])))} if "needs" in facts else {})


def forget_people(connection: Connection, before: datetime, most: int, key: bytes) -> int:
    """Leave no more than instant and kind of up to `most` lines of the audit trail about no contact; return how many.

    An event without a contact that says so must follow in the same transaction.
    """
    query = select(events.c.id).where(IS_AUDIT_LINE, events.c.at < before).order_by(events.c.at).limit(most)
    ids = connection.execute(query).scalars().all()
    trail.forget(connection, [Remainder(event_id, actor="") for event_id in ids], key)
    return len(ids)
