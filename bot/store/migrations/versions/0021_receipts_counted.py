"""How many receipts go to one mailbox, and how many to addresses that nothing proves."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what left before is counted by nobody any more."""
    op.add_column("deliveries", sa.Column("mailbox", sa.Text()))
    op.add_column("deliveries", sa.Column("unproven", sa.Boolean(), nullable=False, server_default=sa.false()))
    indexes = {
        "mailbox": (["mailbox", "created_at"], "mailbox IS NOT NULL"),
        "unproven": (["created_at"], "unproven IS TRUE"),
    }
    for name, (columns, words) in indexes.items():
        where = sa.text(words)
        op.create_index(f"ix_deliveries_{name}", "deliveries", columns, sqlite_where=where, postgresql_where=where)
