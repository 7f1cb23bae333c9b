"""The files of messages that a platform keeps until they are fetched."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant, Sealed
from bot.store.metadata import Key

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; what came before stays on its platform."""
    op.create_table(
        "remote_files",
        sa.Column("id", Key, primary_key=True),
        sa.Column("message_id", Key, sa.ForeignKey("messages.id", name="fk_remote_files_message_id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False, server_default=""),
        sa.Column("locator", Sealed, nullable=False),
        sa.Column("name", Sealed, nullable=False, server_default=""),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("since", Instant, nullable=False),
        sa.Column("next_attempt_at", Instant),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_remote_files_message_id", "remote_files", ["message_id"])
    waiting = sa.text("next_attempt_at IS NOT NULL")
    op.create_index(
        "ix_remote_files_waiting", "remote_files", ["next_attempt_at"], sqlite_where=waiting, postgresql_where=waiting
    )
