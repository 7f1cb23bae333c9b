"""The table of the messages whose files no scanner has looked into yet."""

from sqlalchemy import Column, ForeignKey, Table

from bot.store.column_types import Instant
from bot.store.metadata import metadata

# A message stands here until its files were looked into; nobody opens them as long.
unscanned_files = Table(
    "unscanned_files",
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("since", Instant, nullable=False),
)
