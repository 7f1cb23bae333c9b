"""When a message of ours arrived, where its provider says so."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what left before, nobody knows."""
    op.add_column("deliveries", sa.Column("arrived_at", Instant))
