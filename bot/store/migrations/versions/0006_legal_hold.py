"""A contact that must be kept whatever its age, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("contacts", sa.Column("legal_hold", sa.Text()))
