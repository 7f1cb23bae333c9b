"""What happens to contacts, told to programs that follow it: each event once, in its order, without personal data."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.deliveries import NewDelivery, Purpose
from bot.core.events import StoredEvent
from bot.core.roles import Scope
from bot.flows.rulebook import OutgoingRules, Rulebook
from bot.store import audit, cursors, outbox, settled

EVERYTHING = "*"


def follow(connection: Connection, now: datetime, most: int, book: Rulebook) -> int:
    """Queue the next events for every outlet that follows; how many were looked at. A new follower begins now."""
    count, up_to = 0, settled.up_to(connection)
    for outlet, kinds in book.outgoing.followers.items():
        name = f"following {outlet}"
        at = cursors.read(connection, name)
        if at is None:
            cursors.put(connection, name, str(up_to), now)
            continue
        events, last = audit.stream(connection, int(at), up_to, Scope(), most)
        matches = [event for event in events if EVERYTHING in kinds or event.kind in kinds]
        outbox.queue(connection, [_delivery(event, outlet, now, book.outgoing) for event in matches])
        if last > int(at):
            cursors.put(connection, name, str(last), now)
        count += len(events)
    return count


def _delivery(event: StoredEvent, outlet: str, now: datetime, rules: OutgoingRules) -> NewDelivery:
    facts = {"number": event.id, "kind": event.kind, "reference": event.reference, "actor": event.actor}
    return NewDelivery(
        key=f"event:{event.id}:{outlet}",
        # A contact's own history is not about what programs were told of it.
        contact_id=None,
        purpose=Purpose.EVENT,
        channel=outlet,
        recipient=outlet,
        message_id=f"<event.{event.id}.{outlet}@{rules.domain(outlet)}>",
        created_at=now,
        next_attempt_at=now,
        details={**facts, "happened_at": event.at.isoformat(timespec="seconds")},
    )
