"""The table of the files that leave with what staff answer."""

from sqlalchemy import Column, ForeignKey, Table, Text

from bot.store.column_types import Sealed, SealedBytes
from bot.store.metadata import Key, metadata

answer_files = Table(
    "answer_files",
    metadata,
    Column("id", Key, primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False, index=True),
    Column("name", Sealed, nullable=False),
    # Its media type, such as application/pdf.
    Column("kind", Text, nullable=False),
    Column("content", SealedBytes, nullable=False),
    sqlite_autoincrement=True,
)
