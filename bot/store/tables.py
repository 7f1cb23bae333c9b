"""The tables. Instants are aware UTC in Python and sort as they are stored; `docs/flow.md` says what each is for."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware instant; kept as UTC without offset where the engine has no time zones. Naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware in any zone -> naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant without a time zone: {value!r}")
        return (value if value.tzinfo is UTC else value.astimezone(UTC)).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Naive UTC -> aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


contacts = Table(
    "contacts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", String(24), nullable=False, unique=True),
    Column("channel", String(40), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("rule", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("sender_address", Text),
    Column("sender_name", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("team", String(40)),
    Column("service", String(40)),
    Column("standard", String(40)),
    Column("standard_version", String(20)),
    Column("promise", String(60), nullable=False, server_default=""),
    Column("calendar", String(40), nullable=False, server_default=""),
    Column("receipt_rule", String(40), nullable=False, server_default=""),
    Column("received_at", Instant, nullable=False),
    Column("acknowledge_by", Instant),
    Column("acknowledged_at", Instant),
    Column("respond_by", Instant),
    Column("responded_at", Instant),
    Column("acknowledge_step", Integer, nullable=False, server_default="0"),
    Column("respond_step", Integer, nullable=False, server_default="0"),
    Column("next_look_at", Instant),
    Column("forgotten", Boolean, nullable=False, server_default=text("0")),
    Column("kind", String(40), nullable=False, server_default=""),
    Column("area", String(40), nullable=False, server_default=""),
    Column("visibility", String(8), nullable=False, server_default="private"),
    Column("acknowledged_by", String(8), nullable=False, server_default="receipt"),
    Column("receipt_sent_at", Instant),
    Column("paused_at", Instant),
    Column("platform_reply_by", Instant),
    # Its clock has events of its own: a pause, an extension, a new start, an acknowledgement of staff's.
    Column("clock_changed", Boolean, nullable=False, server_default=text("0")),
    # The address in lower case: who has had a receipt of late, whom staff may be answering.
    Column("sender_key", Text),
    # Another contact that this one goes on with, and one whose receipt stands for this one, too.
    Column("linked_to", Integer),
    Column("receipt_of", Integer),
    # The date to answer by that the person was last told.
    Column("told_respond_by", Instant),
    # When the person was last told that something was added; and that nothing automatic goes to them any more.
    Column("noted_at", Instant),
    Column("muted", Boolean, nullable=False, server_default=text("0")),
    CheckConstraint("state != 'open' OR next_look_at IS NOT NULL", name="open_is_watched"),
    CheckConstraint("state IN ('open', 'answered', 'closed', 'logged')", name="state_known"),
    CheckConstraint("outcome IN ('acknowledge', 'log', 'attach', 'undeliverable', 'ask')", name="outcome_known"),
    CheckConstraint("state = 'open' OR next_look_at IS NULL", name="only_open_is_watched"),
    # A partial index, so that the cost of watching follows what is due and not what is stored. Its condition is one
    # that SQLite can prove from `next_look_at <= ?`; a list of states in bound parameters it could not.
    Index("ix_contacts_next_look_at", "next_look_at", sqlite_where=text("next_look_at IS NOT NULL")),
    Index("ix_contacts_remembered", "received_at", sqlite_where=text("forgotten = 0")),
    Index("ix_contacts_receipt_of", "receipt_of", sqlite_where=text("receipt_of IS NOT NULL")),
    Index(
        "ix_contacts_receipts",
        "sender_key",
        "received_at",
        sqlite_where=text("outcome = 'acknowledge' AND receipt_of IS NULL"),
    ),
    Index("ix_contacts_waiting", "sender_key", sqlite_where=text("next_look_at IS NOT NULL")),
    Index("ix_contacts_automatic", "received_at", sqlite_where=text("outcome IN ('log', 'ask')")),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("channel", String(40), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sender_address", Text),
    Column("text", Text, nullable=False),
    Column("fields", Text, nullable=False, server_default="{}"),
    Column("fault", Text, nullable=False, server_default=""),
    Column("written_by", String(6), nullable=False, server_default="sender"),
    UniqueConstraint("channel", "external_id"),
    Index("ix_messages_message_id", "message_id"),
    sqlite_autoincrement=True,
)

raw_messages = Table(
    "raw_messages",
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("contact_id", ForeignKey("contacts.id"), index=True),
    Column("purpose", String(24), nullable=False),
    Column("step", String(40), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("details", Text, nullable=False, server_default="{}"),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant),
    Column("sent_at", Instant),
    Column("last_error", Text, nullable=False, server_default=""),
    Index("ix_deliveries_receipts", "created_at", sqlite_where=text("purpose = 'acknowledgement'")),
    Index("ix_deliveries_waiting", "channel", "next_attempt_at", sqlite_where=text("next_attempt_at IS NOT NULL")),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), index=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("actor", String(80), nullable=False, server_default="ackbot"),
    Column("details", Text, nullable=False, server_default="{}"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", Text, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),
    Column("kept_at", Instant, nullable=False),
)

shunted = Table(
    "shunted",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("error", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    UniqueConstraint("channel", "external_id"),
    sqlite_autoincrement=True,
)
