"""The tables that prove what was done: what left as it left, and the chain over the events."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text, UniqueConstraint

from bot.store import conditions
from bot.store.column_types import Instant, SealedBytes
from bot.store.metadata import Key, metadata, partial

# A message as it was handed over, or may have been: a row for each attempt that may have left. The words of several
# deliveries in one message stand with the first of them.
sent_messages = Table(
    "sent_messages",
    metadata,
    Column("id", Key, primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("contact_id", Key),
    Column("attempt", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    # The template's name, and the version of its files as a digest.
    Column("template", Text, nullable=False, server_default=""),
    Column("content", SealedBytes, nullable=False),
    UniqueConstraint("delivery_id", "attempt"),
    partial("ix_sent_messages_without_contact", "at", where=conditions.HAS_NO_CONTACT),
    sqlite_autoincrement=True,
)

# While it has a row, which nobody but its own transaction sees, the details of events may be changed.
trail_gate = Table("trail_gate", metadata, Column("id", Key, primary_key=True), sqlite_autoincrement=True)

# The chain over the events (`core.chain`): `words` is the salted digest of what an event says, `link` that of the event
# and the link before it, `mac` proves the link with the secret that `secret` names. Of what is forgotten the salt goes,
# and `remainder` proves what is left.
event_links = Table(
    "event_links",
    metadata,
    Column("event_id", Key, primary_key=True, autoincrement=False),
    Column("words", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("secret", Text, nullable=False),
    Column("salt", LargeBinary),
    Column("remainder", LargeBinary),
)
