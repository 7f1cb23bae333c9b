"""The index by which messages to staff about no contact are found when their time is over."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    condition = sa.text("contact_id IS NULL AND recipient != ''")
    op.create_index(
        "ix_deliveries_notices", "deliveries", ["created_at"], sqlite_where=condition, postgresql_where=condition
    )
