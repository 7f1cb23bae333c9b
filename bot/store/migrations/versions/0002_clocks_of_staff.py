"""What staff do to clocks, what a contact is about, and the rules that its dates were computed by."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns to contacts, and the table of rules."""
    for column in (
        sa.Column("kind", sa.Text(), nullable=False, server_default=""),
        sa.Column("area", sa.Text(), nullable=False, server_default=""),
        sa.Column("visibility", sa.Text(), nullable=False, server_default="private"),
        sa.Column("acknowledged_by", sa.Text(), nullable=False, server_default="receipt"),
        sa.Column("receipt_sent_at", Instant()),
        sa.Column("paused_at", Instant()),
        sa.Column("platform_reply_by", Instant()),
        sa.Column("clock_changed", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("contacts", column)
    op.execute("UPDATE contacts SET receipt_sent_at = acknowledged_at")
    op.create_table(
        "rules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("kept_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rules")),
    )
