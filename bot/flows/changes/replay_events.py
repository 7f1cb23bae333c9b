"""A program that follows is told again what happened after an event: it was down for long, or has lost what it knew."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.suggestions import in_brackets
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.outgoing import event_feed
from bot.flows.outgoing.event_feed import Replay
from bot.flows.rulebook import Rulebook
from bot.store import contacts


def replay_events(connection: Connection, outlet: str, after: int, actor: str, now: datetime, book: Rulebook) -> Replay:
    """Let the outlet be told again every event after this number that it follows; the trail tells who asked.

    A replay that is under way goes on within the new one. Raises Refused.
    """
    if outlet not in book.outgoing.followers:
        name = f"{outlet[:40]}{in_brackets(outlet, book.outgoing.followers)}"
        raise Refused(f"no webhook with follows is named {name}", kind=Kind.UNKNOWN)
    position = event_feed.position(connection, outlet)
    if position is None:
        raise Refused(f"{outlet} has been told nothing yet: its events begin when the service runs")
    if not 0 <= after <= position:
        raise Refused(f"give the number of an event from 0 to {position}, the last one that it was told of", "after")
    under_way = event_feed.replay_of(connection, outlet)
    first = min(after, under_way.after) if under_way else after
    replay = Replay(first, position, int(now.timestamp()))
    event_feed.begin_replay(connection, outlet, replay, now)
    details = {"channel": outlet, "after": first, "up_to": position}
    contacts.note(connection, [Event(None, now, EventKind.EVENTS_REPLAYED, actor, details)])
    return replay
