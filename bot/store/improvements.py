"""The entries of "you said, we did", and the contacts that each came from."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.core.improvements import Improvement, Stage
from bot.store.tables import improvement_contacts, improvements

_NAMES = (
    *("problem", "remedy", "day", "service", "language", "state"),
    *("written_by", "written_at", "published_by", "published_at"),
)
MOST_ENTRIES = 500


def add(connection: Connection, entry: Improvement) -> int:
    """Store a new entry and return its number."""
    statement = insert(improvements).values(**_row(entry)).returning(improvements.c.id)
    number = connection.execute(statement).scalar_one()
    _tie(connection, number, entry.contact_ids)
    return int(number)


def change(connection: Connection, entry: Improvement) -> None:
    """Store an entry as it is now."""
    connection.execute(update(improvements).where(improvements.c.id == entry.id).values(**_row(entry)))
    connection.execute(delete(improvement_contacts).where(improvement_contacts.c.improvement_id == entry.id))
    _tie(connection, entry.id, entry.contact_ids)


def find(connection: Connection, number: int, *, is_locked: bool = False) -> Improvement | None:
    """Return the entry of this number; `is_locked`: nobody else changes it before the transaction ends."""
    query = select(improvements).where(improvements.c.id == number)
    rows = connection.execute(query.with_for_update() if is_locked else query).all()
    return next(iter(_entries(connection, rows)), None)


def list_all(connection: Connection) -> list[Improvement]:
    """Return every entry for staff, the newest first."""
    query = select(improvements).order_by(improvements.c.id.desc()).limit(MOST_ENTRIES)
    return _entries(connection, connection.execute(query).all())


def published(connection: Connection) -> list[Improvement]:
    """Return what everybody may read, the newest day first, without its contacts."""
    query = select(improvements).where(improvements.c.state == Stage.PUBLISHED)
    rows = connection.execute(query.order_by(improvements.c.day.desc(), improvements.c.id.desc()).limit(MOST_ENTRIES))
    return [_entry(row, ()) for row in rows]


def newest_day(connection: Connection) -> date | None:
    """Return the last day on which something was done that everybody may read; None where there is nothing."""
    query = select(improvements.c.day).where(improvements.c.state == Stage.PUBLISHED)
    day: date | None = connection.execute(query.order_by(improvements.c.day.desc()).limit(1)).scalar()
    return day


def _row(entry: Improvement) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _NAMES}


def _tie(connection: Connection, number: int, contact_ids: Iterable[int]) -> None:
    rows = [{"improvement_id": number, "contact_id": contact_id} for contact_id in contact_ids]
    if rows:
        connection.execute(insert(improvement_contacts), rows)


def _entries(connection: Connection, rows: Iterable[Any]) -> list[Improvement]:
    rows = list(rows)
    ties = select(improvement_contacts).where(improvement_contacts.c.improvement_id.in_([row.id for row in rows]))
    contact_ids: dict[int, list[int]] = {}
    for tie in connection.execute(ties.order_by(improvement_contacts.c.contact_id)):
        contact_ids.setdefault(tie.improvement_id, []).append(tie.contact_id)
    return [_entry(row, contact_ids.get(row.id, ())) for row in rows]


def _entry(row: Any, contact_ids: Iterable[int]) -> Improvement:
    values = {name: getattr(row, name) for name in _NAMES}
    return Improvement(**values, contact_ids=tuple(contact_ids), id=row.id)
