"""Several processes on one store: who holds what, and until when."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of leases, and the holder of a claim."""
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.add_column("deliveries", sa.Column("holder", sa.Text()))
    claimed = sa.text("state = 'sending'")
    op.create_index("ix_deliveries_claimed", "deliveries", ["holder"], sqlite_where=claimed, postgresql_where=claimed)
    serves = sa.table("rules", sa.column("name"), sa.column("value"), sa.column("kept_at", Instant()))
    first = {"name": "schema serves from", "value": "0004", "kept_at": datetime(2026, 11, 23, tzinfo=UTC)}
    op.execute(serves.insert().values(**first))
