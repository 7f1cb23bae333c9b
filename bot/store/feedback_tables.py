"""The tables of what people say of our answers, and of what the organisation publishes that it made of it."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Table, Text, false

from bot.store.column_types import Instant, Sealed
from bot.store.conditions import IS_UNREAD
from bot.store.metadata import Key, metadata, partial

# One a contact: when the question left (NULL: it did not), and what the person said last.
feedback = Table(
    "feedback",
    metadata,
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True),
    Column("asked_at", Instant),
    Column("answered_at", Instant),
    # yes, partly or no; "" while the person has said nothing.
    Column("answer", Text, nullable=False, server_default=""),
    Column("satisfaction", Text, nullable=False, server_default=""),
    Column("words", Sealed, nullable=False, server_default=""),
    Column("read_at", Instant),
    Column("read_by", Text, nullable=False, server_default=""),
    # Its "no" opened the contact again.
    Column("reopened", Boolean, nullable=False, server_default=false()),
    partial("ix_feedback_unread", "answer", where=IS_UNREAD),
    Index("ix_feedback_answered_at", "answered_at"),
)

# What staff write of it for everybody: words of theirs, never those of the person.
improvements = Table(
    "improvements",
    metadata,
    Column("id", Key, primary_key=True),
    Column("problem", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("service", Text, nullable=False, server_default=""),
    # The day on which it was done.
    Column("day", Date, nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("written_by", Text, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("published_by", Text, nullable=False, server_default=""),
    Column("published_at", Instant),
    CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state_known"),
    Index("ix_improvements_state", "state", "day"),
    sqlite_autoincrement=True,
)

# The contacts that it came from; nothing of them is published.
improvement_contacts = Table(
    "improvement_contacts",
    metadata,
    Column("improvement_id", ForeignKey("improvements.id"), primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True, index=True),
)
