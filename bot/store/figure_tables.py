"""The tables of the figures: the spells of contacts as they follow from the events, and reports with their numbers."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Text, text

from bot.store.column_types import Instant, Sealed
from bot.store.metadata import Key, metadata

# `core.spells.Spell`, column by column, up to the event that `store.figures` remembers; `ackbot figures rebuild` makes
# it anew from the events. Instants are microseconds since 1970 in UTC.
spells = Table(
    "spells",
    metadata,
    Column("contact_id", Key, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("received_at", BigInteger, nullable=False),
    Column("begins_at", BigInteger, nullable=False),
    *(
        Column(name, Text, nullable=False)
        for name in (
            *("channel", "channel_kind", "medium", "visibility", "outcome", "rule", "language"),
            *("area", "service", "kind", "team", "standard", "standard_version", "calendar"),
        )
    ),
    Column("acknowledge_by", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("first_respond_by", BigInteger),
    Column("respond_by", BigInteger),
    Column("responded_at", BigInteger),
    Column("ends_at", BigInteger),
    Column("ending", Text, nullable=False),
    Column("paused_at", BigInteger),
    Column("pauses", Text, nullable=False),
    Column("extensions", Integer, nullable=False),
    Column("is_undeliverable", Boolean, nullable=False),
    Column("windows_missed", Integer, nullable=False),
    Column("early_words", Integer, nullable=False),
    Column("next_word_at", BigInteger),
    Column("avoidable", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("complaint_outcome", Text, nullable=False),
    Column("asked_at", BigInteger),
    Column("opinion", Text, nullable=False),
    Column("satisfaction", Text, nullable=False),
    # Which needs somebody has says something of their health.
    Column("needs", Sealed, nullable=False),
    Column("are_needs_met", Boolean),
    Column("latest_at", BigInteger),
    # Of a period: everything that began before its end and is not over before its beginning.
    Index("ix_spells_period", "latest_at", "begins_at"),
)

# A report of whole months as it was drawn up, with its numbers protected: what is published is never computed anew.
reports = Table(
    "reports",
    metadata,
    Column("id", Key, primary_key=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    # 0, and one more for each time that it was drawn up anew after it had been published.
    Column("revision", Integer, nullable=False),
    # The number of the last event that it counts.
    Column("cut_off", Key, nullable=False),
    # `core.publications.Publication` as JSON, and the digest (SHA-256) of these bytes.
    Column("content", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("drawn_up_by", Text, nullable=False),
    Column("drawn_up_at", Instant, nullable=False),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("approved_by", Text, nullable=False, server_default=""),
    Column("approved_at", Instant),
    # Why it was withdrawn, or drawn up anew.
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('draft', 'approved', 'withdrawn')", name="state_known"),
    Index(
        "ux_reports_approved",
        "first_day",
        "last_day",
        unique=True,
        sqlite_where=text("state = 'approved'"),
    ),
    sqlite_autoincrement=True,
)
