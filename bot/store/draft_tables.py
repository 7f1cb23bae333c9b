"""The tables of answers that staff are writing: kept for a week, so that no word that was typed is lost."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from bot.store.column_types import Instant, Sealed, SealedBytes
from bot.store.metadata import Key, metadata

# One a contact and person of staff (`owner`, as an address).
drafts = Table(
    "drafts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("owner", Text, nullable=False),
    # Whether it is the full answer or a holding reply, and by which way it is to leave; "" for the usual.
    Column("kind", Text, nullable=False, server_default=""),
    Column("way", Text, nullable=False, server_default=""),
    Column("subject", Sealed, nullable=False, server_default=""),
    Column("words", Sealed, nullable=False, server_default=""),
    # Since when they have been writing without a long break, and when something was last typed.
    Column("began_at", Instant, nullable=False),
    Column("typed_at", Instant, nullable=False, index=True),
    UniqueConstraint("contact_id", "owner"),
    sqlite_autoincrement=True,
)

# Files that are to leave with a draft: no browser keeps them when a form is shown again.
draft_files = Table(
    "draft_files",
    metadata,
    Column("id", Key, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Sealed, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", SealedBytes, nullable=False),
    Index("ix_draft_files_contact_id", "contact_id", "owner"),
    sqlite_autoincrement=True,
)
