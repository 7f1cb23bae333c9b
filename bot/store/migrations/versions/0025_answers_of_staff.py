"""What staff answer may carry files."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Sealed, SealedBytes
from bot.store.tables import Key

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of files."""
    op.create_table(
        "answer_files",
        sa.Column("id", Key, primary_key=True),
        sa.Column(
            "delivery_id",
            sa.BigInteger(),
            sa.ForeignKey("deliveries.id", name="fk_answer_files_delivery_id"),
            nullable=False,
        ),
        sa.Column("name", Sealed(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", SealedBytes(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_answer_files_delivery_id", "answer_files", ["delivery_id"])
