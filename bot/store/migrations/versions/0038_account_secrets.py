"""Secrets of accounts that their platforms change."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; until the first renewal each account goes on with what its configuration says."""
    op.create_table(
        "account_secrets",
        sa.Column("channel", sa.String(40), primary_key=True),
        sa.Column("secret", sa.Text, nullable=False, server_default=""),
        sa.Column("claimed_until", Instant),
        sa.Column("changed_at", Instant),
    )
