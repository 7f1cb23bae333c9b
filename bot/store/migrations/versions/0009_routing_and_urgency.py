"""In which language a person wrote, who has the contact, and what cannot wait."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was logged before counts as assigned, so that nobody is alerted about it."""
    texts = ("language", "owner", "urgent", "urgent_words", "taken_by")
    for name in texts:
        op.add_column("contacts", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("contacts", sa.Column("urgent_step", sa.Integer(), nullable=False, server_default="0"))
    for name in ("assigned_at", "urgent_at", "taken_at", "quiet_until"):
        op.add_column("contacts", sa.Column(name, Instant()))
    owned = sa.text("owner != '' AND next_look_at IS NOT NULL")
    op.create_index("ix_contacts_owner", "contacts", ["owner", "team"], sqlite_where=owned, postgresql_where=owned)
    op.execute("UPDATE contacts SET assigned_at = received_at WHERE state = 'open'")
