"""The table of the files of messages that a platform keeps until they are fetched."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from bot.store import conditions
from bot.store.column_types import Instant, Sealed
from bot.store.metadata import Key, metadata, partial

# The content of what was fetched is kept in `raw_messages`, with the message.
remote_files = Table(
    "remote_files",
    metadata,
    Column("id", Key, primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    # The platform's word for what it is, and its type there.
    Column("kind", Text, nullable=False),
    Column("content_type", Text, nullable=False, server_default=""),
    # The platform's id of it or its address, which may let anybody read it.
    Column("locator", Sealed, nullable=False),
    Column("name", Sealed, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("size", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("since", Instant, nullable=False),
    Column("next_attempt_at", Instant),
    # Why it is not here, in words for staff.
    Column("reason", Text, nullable=False, server_default=""),
    partial("ix_remote_files_waiting", "next_attempt_at", where=conditions.HAS_NEXT_ATTEMPT),
    sqlite_autoincrement=True,
)
