"""Who said in which language a person is written to, and what staff have to make of a message that left."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant, Sealed

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, the table and the indexes; what is noted stands as before."""
    op.add_column("needs", sa.Column("language_by", sa.Text, nullable=False, server_default=""))
    op.add_column("needs", sa.Column("language_at", Instant()))
    op.create_table(
        "format_tasks",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("need_codes", Sealed(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("made_at", Instant()),
        sa.Column("made_by", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_format_tasks"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_format_tasks_delivery_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_format_tasks_contact_id"),
    )
    op.create_index("ix_format_tasks_contact_id", "format_tasks", ["contact_id"])
    _partial(
        "ix_format_tasks_to_make",
        "format_tasks",
        "contact_id",
        "made_at IS NULL AND (need_codes != '' OR language != '')",
    )
    _partial("ix_contacts_with_needs", "contacts", "id", "(need_codes != '' OR wished_language != '')")


def _partial(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
