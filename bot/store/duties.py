"""Absences and nights of duty that were entered in the console."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.core.deputies import Away
from bot.core.duties import Shift
from bot.store.console_tables import absences, shifts


@dataclass(frozen=True, slots=True)
class Absence:
    """An absence that counts, and its number."""

    id: int
    away: Away


@dataclass(frozen=True, slots=True)
class Duty:
    """A shift of the rota, and its number."""

    id: int
    shift: Shift


def absences_from(connection: Connection, day: date) -> list[Absence]:
    """Return the absences that count and end on this day or later, by their first day."""
    query = select(absences).where(absences.c.last_day >= day, absences.c.ended_at.is_(None))
    rows = connection.execute(query.order_by(absences.c.first_day, absences.c.id))
    return [Absence(row.id, Away(row.person, row.first_day, row.last_day, row.deputy)) for row in rows]


def add_absence(connection: Connection, away: Away, actor: str, at: datetime) -> None:
    """Store an absence."""
    days = {"first_day": away.first, "last_day": away.last}
    row: dict[str, Any] = {"person": away.person, "deputy": away.deputy, "entered_by": actor, "entered_at": at}
    connection.execute(insert(absences).values(**row, **days))


def end_absence(connection: Connection, number: int, at: datetime) -> bool:
    """Let an absence count no more; False where another has ended it at the same moment."""
    condition = (absences.c.id == number) & absences.c.ended_at.is_(None)
    return connection.execute(update(absences).where(condition).values(ended_at=at)).rowcount == 1


def duties_from(connection: Connection, day: date) -> list[Duty]:
    """Return the shifts that end on this day or later, by their first day."""
    query = select(shifts).where(shifts.c.last_day >= day).order_by(shifts.c.first_day, shifts.c.id)
    rows = connection.execute(query)
    return [Duty(row.id, Shift(row.team, row.first_day, row.last_day, row.person)) for row in rows]


def add_duty(connection: Connection, shift: Shift, actor: str, at: datetime) -> None:
    """Store a shift."""
    days = {"first_day": shift.first, "last_day": shift.last}
    row: dict[str, Any] = {"team": shift.team, "person": shift.person, "entered_by": actor, "entered_at": at}
    connection.execute(insert(shifts).values(**row, **days))


def drop_duty(connection: Connection, number: int) -> bool:
    """Delete a shift; False where another has deleted it at the same moment."""
    return connection.execute(delete(shifts).where(shifts.c.id == number)).rowcount == 1


def forget(connection: Connection, before: date) -> None:
    """Delete the absences and shifts that ended before this day."""
    tables: Iterable[Any] = (absences, shifts)
    for table in tables:
        connection.execute(delete(table).where(table.c.last_day < before))
