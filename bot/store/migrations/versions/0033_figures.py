"""What the figures follow from: how contacts came, the dates that they opened with, spells, and reports."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant, Sealed
from bot.store.metadata import Key

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None
_TEXTS_BEFORE = (
    *("channel", "channel_kind", "medium", "visibility", "outcome", "rule", "language"),
    *("area", "service", "kind", "team", "standard", "standard_version", "calendar"),
)


def upgrade() -> None:
    """Add the columns and the tables; what older contacts say of it is read from their events."""
    for name in ("medium", "channel_kind", "avoidable", "cause", "complaint_outcome"):
        op.add_column("contacts", sa.Column(name, sa.Text, nullable=False, server_default=""))
    for name in ("first_acknowledge_by", "first_respond_by"):
        op.add_column("contacts", sa.Column(name, Instant()))
    _add_spells()
    _add_reports()


def _add_spells() -> None:
    op.create_table(
        "spells",
        sa.Column("contact_id", Key, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("begins_at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS_BEFORE),
        *(_instant(name) for name in ("acknowledge_by", "acknowledged_at", "first_respond_by")),
        *(_instant(name) for name in ("respond_by", "responded_at", "ends_at")),
        sa.Column("ending", sa.Text, nullable=False),
        _instant("paused_at"),
        sa.Column("pauses", sa.Text, nullable=False),
        sa.Column("extensions", sa.Integer, nullable=False),
        sa.Column("is_undeliverable", sa.Boolean, nullable=False),
        sa.Column("windows_missed", sa.Integer, nullable=False),
        sa.Column("early_words", sa.Integer, nullable=False),
        _instant("next_word_at"),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("avoidable", "cause", "complaint_outcome")),
        _instant("asked_at"),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("opinion", "satisfaction")),
        sa.Column("needs", Sealed(), nullable=False),
        sa.Column("are_needs_met", sa.Boolean),
        _instant("latest_at"),
    )
    op.create_index("ix_spells_latest_at", "spells", ["latest_at"])


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger)


def _add_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", Key, primary_key=True),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("cut_off", Key, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("drawn_up_by", sa.Text, nullable=False),
        sa.Column("drawn_up_at", Instant(), nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="draft"),
        sa.Column("approved_by", sa.Text, nullable=False, server_default=""),
        sa.Column("approved_at", Instant()),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint("state IN ('draft', 'approved', 'withdrawn')", name=op.f("ck_reports_state_known")),
        sqlite_autoincrement=True,
    )
    is_approved = sa.text("state = 'approved'")
    op.create_index(
        "ux_reports_approved",
        "reports",
        ["first_day", "last_day"],
        unique=True,
        sqlite_where=is_approved,
        postgresql_where=is_approved,
    )
