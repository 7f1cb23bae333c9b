"""The first tables: contacts, messages, events, the outbox, cursors and what was shunted."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant
from bot.store.tables import Key

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "contacts",
        sa.Column("id", Key, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sender_address", sa.Text(), nullable=True),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("standard", sa.Text(), nullable=True),
        sa.Column("standard_version", sa.Text(), nullable=True),
        sa.Column("promise", sa.Text(), server_default="", nullable=False),
        sa.Column("calendar", sa.Text(), server_default="", nullable=False),
        sa.Column("receipt_rule", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("acknowledge_by", Instant(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("respond_by", Instant(), nullable=True),
        sa.Column("responded_at", Instant(), nullable=True),
        sa.Column("acknowledge_step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("respond_step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_look_at", Instant(), nullable=True),
        sa.Column("forgotten", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('acknowledge', 'log', 'attach', 'undeliverable', 'ask')",
            name=op.f("ck_contacts_outcome_known"),
        ),
        sa.CheckConstraint("state != 'open' OR next_look_at IS NOT NULL", name=op.f("ck_contacts_open_is_watched")),
        sa.CheckConstraint("state = 'open' OR next_look_at IS NULL", name=op.f("ck_contacts_only_open_is_watched")),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed', 'logged')", name=op.f("ck_contacts_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("reference", name=op.f("uq_contacts_reference")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_next_look_at",
        "contacts",
        ["next_look_at"],
        unique=False,
        sqlite_where=sa.text("next_look_at IS NOT NULL"),
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.create_index(
        "ix_contacts_remembered",
        "contacts",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("forgotten = 0"),
        postgresql_where=sa.text("NOT forgotten"),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
    op.create_table(
        "shunted",
        sa.Column("id", Key, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shunted")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_shunted_channel_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", Key, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("contact_id", Key, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_deliveries_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_deliveries_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_deliveries_message_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_deliveries_contact_id"), "deliveries", ["contact_id"], unique=False)
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["channel", "next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_table(
        "events",
        sa.Column("id", Key, nullable=False),
        sa.Column("contact_id", Key, nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), server_default="ackbot", nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_events_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_contact_id"), "events", ["contact_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", Key, nullable=False),
        sa.Column("contact_id", Key, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("sender_address", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), server_default="{}", nullable=False),
        sa.Column("fault", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_messages_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_messages_channel_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_messages_contact_id"), "messages", ["contact_id"], unique=False)
    op.create_index("ix_messages_message_id", "messages", ["message_id"], unique=False)
    op.create_table(
        "raw_messages",
        sa.Column("message_id", Key, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_raw_messages_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_raw_messages")),
    )
