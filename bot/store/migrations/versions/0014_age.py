"""The age of a contact, counted from the last activity, and the index by which what may be forgotten is found."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty: the age of what is there is found out of its events when it is old enough."""
    op.add_column("contacts", sa.Column("last_activity_at", Instant()))
    condition = sa.text("next_look_at IS NULL AND legal_hold IS NULL AND forgotten = false")
    columns = ["kind", "channel", "visibility", "last_activity_at", "received_at"]
    op.create_index("ix_contacts_age", "contacts", columns, sqlite_where=condition, postgresql_where=condition)
