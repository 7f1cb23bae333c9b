"""Private threads on platforms, and the platforms' names of what was sent there."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, each with an index of the few rows that have one."""
    for table, column in (("contacts", "conversation"), ("deliveries", "external_id")):
        op.add_column(table, sa.Column(column, sa.Text()))
        present = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=present, postgresql_where=present)
