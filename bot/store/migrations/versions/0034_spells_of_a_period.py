"""An index of spells that knows when they began: what began after a period is passed over without its row."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the index in the place of the narrower one."""
    op.create_index("ix_spells_period", "spells", ["latest_at", "begins_at"])
    op.drop_index("ix_spells_latest_at", "spells")
