"""How far behind is what follows what is logged: links, spells, the index of words, files. One statement reads all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, func, literal_column, select

from bot.store import figures, words
from bot.store.conditions import HAS_NEXT_ATTEMPT
from bot.store.tables import cursors, event_links, events, messages, remote_files


@dataclass(frozen=True, slots=True)
class Lag:
    """The last event and the last message, up to where others follow them, and when the next file is to be fetched.

    `figures` is as it is stored (`figures.Extent`).
    """

    event: int | None
    link: int | None
    figures: str | None
    message: int | None
    word: int | None
    file_due_at: datetime | None

    @property
    def has_links_to_make(self) -> bool:
        """Whether an event has no link yet."""
        return (self.event or 0) > (self.link or 0)

    @property
    def has_spells_to_make(self) -> bool:
        """Whether the table of spells lacks events."""
        return (self.event or 0) > figures.Extent.from_text(self.figures).least

    @property
    def has_words_to_index(self) -> bool:
        """Whether a message is not in the index yet."""
        return (self.message or 0) > (self.word or 0)

    def has_files_to_fetch(self, now: datetime) -> bool:
        """Whether the next attempt at a file is due."""
        return self.file_due_at is not None and self.file_due_at <= now


def _query(dialect: str) -> Select[*tuple[Any, ...]]:
    # In the order of `Lag`.
    return select(
        select(func.max(events.c.id)).scalar_subquery(),
        select(func.max(event_links.c.event_id)).scalar_subquery(),
        select(cursors.c.value).where(cursors.c.name == figures.NAME).scalar_subquery(),
        select(func.max(messages.c.id)).scalar_subquery(),
        literal_column(f"({words.LAST[dialect]})", BigInteger),
        select(func.min(remote_files.c.next_attempt_at)).where(HAS_NEXT_ATTEMPT).scalar_subquery(),
    )


_LOOK = {dialect: _query(dialect) for dialect in words.LAST}


def look(connection: Connection) -> Lag:
    """Read it."""
    return Lag(*connection.execute(_LOOK[connection.dialect.name]).one())
