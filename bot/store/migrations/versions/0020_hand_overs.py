"""How often a delivery was accepted, or may have been, besides how often it was tried."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what left before counts from here on."""
    op.add_column("deliveries", sa.Column("hand_overs", sa.Integer, nullable=False, server_default="0"))
