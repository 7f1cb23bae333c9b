"""The table of what was said in public and owes no receipt, until staff have looked at it."""

from sqlalchemy import Column, ForeignKey, Table

from bot.store import conditions
from bot.store.column_types import Instant
from bot.store.metadata import metadata, partial

public_posts = Table(
    "public_posts",
    metadata,
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True),
    Column("look_by", Instant, nullable=False),
    Column("looked_at", Instant),
    partial("ix_public_posts_waiting", "look_by", where=conditions.IS_UNLOOKED_AT),
)
