"""The contact in which staff go on with another one."""

import sqlalchemy as sa
from alembic import op

from bot.store.metadata import Key

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing was merged before."""
    op.add_column("contacts", sa.Column("merged_into", Key))
    where = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_contacts_merged_into", "contacts", ["merged_into"], sqlite_where=where, postgresql_where=where)
