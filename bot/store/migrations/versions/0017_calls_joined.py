"""Which contacts call for somebody now, and how many urgent calls one person has had of late."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add an index of such contacts, and one of the calls by the person who had them."""
    calling = sa.text("urgent_at IS NOT NULL AND next_look_at IS NOT NULL")
    op.create_index("ix_contacts_calling", "contacts", ["id"], sqlite_where=calling, postgresql_where=calling)
    call = sa.text("purpose = 'urgent'")
    op.create_index(
        "ix_deliveries_called", "deliveries", ["recipient", "sent_at"], sqlite_where=call, postgresql_where=call
    )
