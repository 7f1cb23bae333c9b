"""The tables of what teams set in the console over the files: absences, nights of duty, words."""

from sqlalchemy import Boolean, Column, Date, Index, Table, Text, false

from bot.store.column_types import Instant, Sealed
from bot.store.metadata import Key, metadata

absences = Table(
    "absences",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person", Sealed, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False, index=True),
    # "": the lead of the team.
    Column("deputy", Sealed, nullable=False, server_default=""),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    # Since when it counts no more although its last day is not over.
    Column("ended_at", Instant),
    sqlite_autoincrement=True,
)

# Who is called outside office hours. A night belongs to the day on which it begins.
shifts = Table(
    "shifts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("team", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False, index=True),
    # An address, or `channel:` and the name of an outlet.
    Column("person", Sealed, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# Versions of words: the newest of its subject is in force. `sort` is "template", "service" or "answer".
wordings = Table(
    "wordings",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sort", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    # Of a saved answer: the teams that are offered it, with spaces between, and the service that it is about.
    Column("teams", Text, nullable=False, server_default=""),
    Column("service", Text, nullable=False, server_default=""),
    # The subject of a mail, the title of an answer, a service's words in a short text.
    Column("subject", Text, nullable=False, server_default=""),
    Column("words", Text, nullable=False, server_default=""),
    # From here on the words of the file hold again.
    Column("withdrawn", Boolean, nullable=False, server_default=false()),
    Column("note", Text, nullable=False, server_default=""),
    Column("written_by", Text, nullable=False),
    Column("written_at", Instant, nullable=False),
    Index("ix_wordings_versions", "sort", "name", "language", "id"),
    sqlite_autoincrement=True,
)
