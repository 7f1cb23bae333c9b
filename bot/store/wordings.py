"""Versions of the words that were changed in the console; the newest of each is in force."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, insert, select

from bot.store.console_tables import wordings

# So many versions of one thing are shown.
MOST_VERSIONS = 50


class Sort(StrEnum):
    """The things whose words can be changed: a message, what a receipt says of a service, a saved answer."""

    TEMPLATE = "template"
    SERVICE = "service"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Wording:
    """One version. `subject` is that of a mail, the title of an answer, or the words of a service in a short text.

    `withdrawn`: from here on the words of the file hold again. `id` is 0 until it is stored.
    """

    sort: Sort
    name: str
    written_by: str
    written_at: datetime
    subject: str = ""
    words: str = ""
    language: str = "en"
    teams: tuple[str, ...] = ()
    service: str = ""
    withdrawn: bool = False
    note: str = ""
    id: int = 0


def add(connection: Connection, wording: Wording) -> None:
    """Store a version, which is in force from now on."""
    names = ("name", "language", "service", "subject", "words", "withdrawn", "note", "written_by", "written_at")
    row: dict[str, Any] = {name: getattr(wording, name) for name in names}
    row |= {"sort": wording.sort.value, "teams": " ".join(wording.teams)}
    connection.execute(insert(wordings).values(**row))


def newest(connection: Connection, *sorts: Sort) -> list[Wording]:
    """Return the newest version of everything of these sorts (all), even where it withdraws the words."""
    numbers = select(func.max(wordings.c.id)).group_by(wordings.c.sort, wordings.c.name, wordings.c.language)
    if sorts:
        numbers = numbers.where(wordings.c.sort.in_([sort.value for sort in sorts]))
    query = select(wordings).where(wordings.c.id.in_(numbers)).order_by(wordings.c.id)
    return [_wording(row) for row in connection.execute(query)]


def versions(connection: Connection, sort: Sort, name: str, language: str = "en") -> list[Wording]:
    """Return the versions of one thing, the newest first."""
    condition = (wordings.c.sort == sort.value) & (wordings.c.name == name) & (wordings.c.language == language)
    query = select(wordings).where(condition).order_by(wordings.c.id.desc()).limit(MOST_VERSIONS)
    return [_wording(row) for row in connection.execute(query)]


def _wording(row: Any) -> Wording:
    return Wording(
        sort=Sort(row.sort),
        name=row.name,
        written_by=row.written_by,
        written_at=row.written_at,
        subject=row.subject,
        words=row.words,
        language=row.language,
        teams=tuple(row.teams.split()),
        service=row.service,
        withdrawn=row.withdrawn,
        note=row.note,
        id=row.id,
    )
