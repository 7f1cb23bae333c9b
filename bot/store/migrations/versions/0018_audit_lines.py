"""The index by which lines of the audit trail that are about no contact are found when their time is over."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    condition = sa.text("contact_id IS NULL AND actor NOT IN ('ackbot', '')")
    op.create_index("ix_events_audit_lines", "events", ["at"], sqlite_where=condition, postgresql_where=condition)
