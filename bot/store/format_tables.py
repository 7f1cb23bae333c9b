"""The table of what somebody of staff has to make of a message that left, as no program can."""

from sqlalchemy import Column, ForeignKey, Table, Text

from bot.store import conditions
from bot.store.column_types import Instant, Sealed
from bot.store.metadata import metadata, partial

# One task for each message: into which formats (`core.needs`), and into which language (ISO 639-1, "" for none).
format_tasks = Table(
    "format_tasks",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), primary_key=True, autoincrement=False),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("need_codes", Sealed, nullable=False),
    Column("language", Sealed, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("made_at", Instant),
    Column("made_by", Text, nullable=False, server_default=""),
    partial("ix_format_tasks_to_make", "contact_id", where=conditions.IS_TO_MAKE),
)
