"""Reports of whole months as they were drawn up, and how each stands."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, insert, literal, select, update

from bot.core.reports import Report, State
from bot.store.tables import reports

MOST_REPORTS = 200
_NAMES = (
    *("first_day", "last_day", "revision", "cut_off", "content", "digest", "drawn_up_by", "drawn_up_at"),
    *("state", "approved_by", "approved_at", "reason"),
)
# What lists them reads no more of each.
_WITHOUT_CONTENT = [column for column in reports.c if column.name != "content"]


def add(connection: Connection, report: Report) -> int:
    """Store a new report and return its number."""
    number = connection.execute(insert(reports).values(**_row(report)).returning(reports.c.id)).scalar_one()
    return int(number)


def change(connection: Connection, report: Report) -> None:
    """Store a report as it is now."""
    connection.execute(update(reports).where(reports.c.id == report.id).values(**_row(report)))


def find(connection: Connection, number: int, *, is_locked: bool = False) -> Report | None:
    """Return the report of this number; `is_locked`: nobody else changes it before the transaction ends."""
    query = select(reports).where(reports.c.id == number)
    row = connection.execute(query.with_for_update() if is_locked else query).first()
    return _report(row) if row else None


def list_all(connection: Connection) -> list[Report]:
    """Return every report, the newest months first."""
    order = (reports.c.last_day.desc(), reports.c.first_day.desc(), reports.c.id.desc())
    return [_report(row) for row in connection.execute(select(reports).order_by(*order).limit(MOST_REPORTS))]


def of_period(connection: Connection, first_day: date, last_day: date) -> list[Report]:
    """Return every report of these days, in the order in which they were drawn up, none of which anybody changes."""
    query = select(reports).where(reports.c.first_day == first_day, reports.c.last_day == last_day)
    return [_report(row) for row in connection.execute(query.order_by(reports.c.id).with_for_update())]


def list_approved(connection: Connection, *, has_content: bool = True) -> list[Report]:
    """Return what everybody may read, the newest months first; what they say is long, and can be left out."""
    columns = list(reports.c) if has_content else [*_WITHOUT_CONTENT, literal("").label("content")]
    query = select(*columns).where(reports.c.state == State.APPROVED)
    order = (reports.c.last_day.desc(), reports.c.first_day.desc())
    return [_report(row) for row in connection.execute(query.order_by(*order).limit(MOST_REPORTS))]


def has_approved(connection: Connection) -> bool:
    """Tell whether there is any that everybody may read."""
    query = select(reports.c.id).where(reports.c.state == State.APPROVED).limit(1)
    return connection.execute(query).first() is not None


def _row(report: Report) -> dict[str, Any]:
    return {name: getattr(report, name) for name in _NAMES}


def _report(row: Row[Any]) -> Report:
    return Report(**{name: getattr(row, name) for name in _NAMES}, id=row.id)
