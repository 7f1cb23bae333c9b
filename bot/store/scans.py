"""Messages whose files wait for the scanner, and what becomes of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from bot.store.tables import messages, raw_messages, unscanned_files
from bot.store.upserts import insert


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message with files that nobody opens yet."""

    message_id: int
    contact_id: int
    raw: bytes


def await_scanner(connection: Connection, message_ids: Iterable[int], now: datetime) -> None:
    """Let the files of these messages wait; those that wait already go on waiting."""
    rows = [{"message_id": number, "since": now} for number in message_ids]
    connection.execute(insert(unscanned_files).on_conflict_do_nothing(), rows)


def oldest(connection: Connection) -> Waiting | None:
    """Return the message that has waited longest."""
    query = select(messages.c.id, messages.c.contact_id, raw_messages.c.raw).select_from(
        unscanned_files.join(messages).join(raw_messages, raw_messages.c.message_id == messages.c.id)
    )
    row = connection.execute(query.order_by(unscanned_files.c.since, messages.c.id).limit(1)).first()
    return Waiting(row.id, row.contact_id, row.raw) if row else None


def waiting_since(connection: Connection) -> datetime | None:
    """Return since when the files have waited that have waited longest; None where none do."""
    return connection.execute(select(func.min(unscanned_files.c.since))).scalar()


def is_current(connection: Connection, waiting: Waiting) -> bool:
    """Tell whether it waits with the same files still, and let nobody change that before the transaction ends."""
    still = select(unscanned_files.c.message_id).where(unscanned_files.c.message_id == waiting.message_id)
    raw = select(raw_messages.c.raw).where(raw_messages.c.message_id == waiting.message_id)
    if connection.execute(still.with_for_update()).first() is None:
        return False
    return connection.execute(raw.with_for_update()).scalar() == waiting.raw


def settle(connection: Connection, message_id: int, raw: bytes) -> None:
    """Note that its files were looked into, and keep of the message what may be kept."""
    connection.execute(delete(unscanned_files).where(unscanned_files.c.message_id == message_id))
    connection.execute(update(raw_messages).where(raw_messages.c.message_id == message_id).values(raw=raw))


def waiting_among(connection: Connection, message_ids: Collection[int]) -> frozenset[int]:
    """Return which of these messages have files that wait."""
    query = select(unscanned_files.c.message_id).where(unscanned_files.c.message_id.in_(message_ids))
    return frozenset(connection.execute(query).scalars())
