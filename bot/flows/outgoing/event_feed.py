"""What happens to contacts, told to programs that follow it: each event once, in its order, without personal data.

A program may ask for events again, from a number on: they leave beside those that are new, a few at a time.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.deliveries import NewDelivery, Purpose
from bot.core.events import StoredEvent
from bot.core.roles import Scope
from bot.flows.rulebook import OutgoingRules, Rulebook
from bot.store import audit, cursors, outbox, settled

EVERYTHING = "*"
# While so many wait for an outlet no more are repeated: an alert that leaves by it must not stand behind thousands.
MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class Replay:
    """The events that a program is told again: after a number, up to another. `mark` is that of this replay."""

    after: int
    up_to: int
    mark: int

    @classmethod
    def of_text(cls, text: str) -> "Replay":
        """Return the replay that `as_text` wrote."""
        return cls(*map(int, text.split()))

    def as_text(self) -> str:
        """Return it as the value of a cursor."""
        return f"{self.after} {self.up_to} {self.mark}"


def follow(connection: Connection, now: datetime, most: int, book: Rulebook) -> int:
    """Queue the next events for every outlet that follows; how many were looked at. A new follower begins now."""
    count, up_to = 0, settled.up_to(connection)
    for outlet in book.outgoing.followers:
        at = position(connection, outlet)
        if at is None:
            cursors.put(connection, _following(outlet), str(up_to), now)
            continue
        events, last = audit.stream(connection, at, up_to, Scope(), most)
        _queue(connection, events, outlet, now, book)
        if last > at:
            cursors.put(connection, _following(outlet), str(last), now)
        count += len(events) + _repeat(connection, outlet, now, most, book)
    return count


def position(connection: Connection, outlet: str) -> int | None:
    """Return the number of the event up to which the outlet was told everything; None before it has begun."""
    at = cursors.read(connection, _following(outlet))
    return None if at is None else int(at)


def replay_of(connection: Connection, outlet: str) -> Replay | None:
    """Return the replay that is under way for the outlet, or None."""
    text = cursors.read(connection, _replaying(outlet))
    return Replay.of_text(text) if text else None


def begin_replay(connection: Connection, outlet: str, replay: Replay, now: datetime) -> None:
    """Let the outlet be told these events again, in the place of a replay that is under way."""
    cursors.put(connection, _replaying(outlet), replay.as_text(), now)


def _repeat(connection: Connection, outlet: str, now: datetime, most: int, book: Rulebook) -> int:
    """Queue the next events that an outlet is to be told again; how many were looked at."""
    replay = replay_of(connection, outlet)
    if replay is None or outbox.waiting_for(connection, outlet) >= MOST_WAITING:
        return 0
    events, last = audit.stream(connection, replay.after, replay.up_to, Scope(), most)
    remainder = "" if last >= replay.up_to else Replay(last, replay.up_to, replay.mark).as_text()
    try:
        cursors.move(connection, _replaying(outlet), replay.as_text(), remainder, now)
    except cursors.CursorMoved:
        return 0  # somebody has asked for another one at this moment
    _queue(connection, events, outlet, now, book, mark=f".{replay.mark}")
    return len(events)


def _queue(
    connection: Connection, events: list[StoredEvent], outlet: str, now: datetime, book: Rulebook, mark: str = ""
) -> None:
    kinds = book.outgoing.followers[outlet]
    matches = [event for event in events if EVERYTHING in kinds or event.kind in kinds]
    outbox.queue(connection, [_delivery(event, outlet, now, book.outgoing, mark) for event in matches])


def _delivery(event: StoredEvent, outlet: str, now: datetime, rules: OutgoingRules, mark: str) -> NewDelivery:
    facts = {"number": event.id, "kind": event.kind, "reference": event.reference, "actor": event.actor}
    return NewDelivery(
        key=f"event:{event.id}:{outlet}{mark}",
        # A contact's own history is not about what programs were told of it.
        contact_id=None,
        purpose=Purpose.EVENT,
        channel=outlet,
        recipient=outlet,
        message_id=f"<event.{event.id}.{outlet}{mark}@{rules.domain(outlet)}>",
        created_at=now,
        next_attempt_at=now,
        details={**facts, "happened_at": event.at.isoformat(timespec="seconds")},
    )


def _following(outlet: str) -> str:
    return f"following {outlet}"


def _replaying(outlet: str) -> str:
    return f"replaying {outlet}"
