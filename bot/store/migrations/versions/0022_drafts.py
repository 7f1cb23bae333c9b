"""Answers that staff are writing, and the files that are to leave with them."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant
from bot.store.metadata import Key

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "drafts",
        sa.Column("id", Key, nullable=False),
        sa.Column("contact_id", Key, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False, server_default="")
            for name in ("kind", "way", "subject", "words")
        ),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("typed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_drafts_contact_id"),
        sa.UniqueConstraint("contact_id", "owner", name="uq_drafts_contact_id_owner"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_drafts_typed_at", "drafts", ["typed_at"])
    op.create_table(
        "draft_files",
        sa.Column("id", Key, nullable=False),
        sa.Column("contact_id", Key, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("owner", "name")),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft_files"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_draft_files_contact_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_draft_files_contact_id", "draft_files", ["contact_id", "owner"])
