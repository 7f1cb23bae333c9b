"""Messages whose files no scanner has looked into yet."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant
from bot.store.metadata import Key

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; of what came before nothing waits."""
    key = sa.ForeignKey("messages.id", name="fk_unscanned_files_message_id")
    op.create_table(
        "unscanned_files",
        sa.Column("message_id", Key, key, primary_key=True),
        sa.Column("since", Instant, nullable=False),
    )
