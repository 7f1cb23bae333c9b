"""Alerts that left together in one message, and how many one person has had of late."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and an index of the alerts by the person who had them."""
    op.add_column("deliveries", sa.Column("joined_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    alert = sa.text("purpose = 'alert'")
    op.create_index(
        "ix_deliveries_alerted", "deliveries", ["recipient", "sent_at"], sqlite_where=alert, postgresql_where=alert
    )
