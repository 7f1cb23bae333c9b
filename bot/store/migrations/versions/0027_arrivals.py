"""When messages came in by each channel, for the page of the coverage."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index; nothing else changes."""
    op.create_index("ix_messages_arrivals", "messages", ["channel", "received_at"])
