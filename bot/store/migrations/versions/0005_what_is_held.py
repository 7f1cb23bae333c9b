"""What is held until somebody lets it leave is found without reading every delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    held = sa.text("next_attempt_at IS NULL AND state IN ('created', 'temporary-failure')")
    op.create_index("ix_deliveries_held", "deliveries", ["contact_id"], sqlite_where=held, postgresql_where=held)
