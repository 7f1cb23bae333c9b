"""What waits in the store at this moment, for the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.core.roles import Scope
from bot.flows.outgoing.release import BREAKER
from bot.store import clocks, contacts, cursors, feedback, format_tasks, needs, outbox, public_posts, shunt


@dataclass(frozen=True, slots=True)
class Backlog:
    """The same for every process on one store.

    `oldest_receipt_at` is when the acknowledgement was queued that has waited longest, `next_look_at` when the next
    open contact must be looked at; None where there is none. `receipts_stopped` says that the breaker holds them,
    `unread_feedback` how many gave which answer that nobody has read, `needs` and `languages` how many open contacts
    are of people with each need and each wish, `formats_to_make` how many messages staff have to make. `public_look_at`
    is until when somebody is to look at what was said in public and is due next.
    """

    open_contacts: int
    waiting_deliveries: int
    shunted_messages: int
    oldest_receipt_at: datetime | None
    next_look_at: datetime | None
    receipts_stopped: bool
    unread_feedback: Mapping[str, int]
    needs: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    formats_to_make: int = 0
    public_look_at: datetime | None = None


def look(connection: Connection) -> Backlog:
    """Read it; what this costs follows what waits, not what is stored."""
    by_need, by_language = needs.count_open(connection, Scope())
    return Backlog(
        open_contacts=contacts.open_count(connection),
        waiting_deliveries=outbox.waiting_count(connection),
        shunted_messages=shunt.count(connection),
        oldest_receipt_at=outbox.oldest_receipt(connection),
        next_look_at=clocks.next_look(connection),
        receipts_stopped=cursors.read(connection, BREAKER) is not None,
        unread_feedback=feedback.unread(connection),
        needs=by_need,
        languages=by_language,
        formats_to_make=format_tasks.waiting_count(connection),
        public_look_at=public_posts.next_look(connection),
    )
