"""What was said in public and owes no receipt, until staff have looked at it; and when what was shunted was dropped."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant
from bot.store.metadata import Key

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column; what came before was logged as owing nothing, and nobody looks at it now."""
    op.add_column("shunted", sa.Column("dropped_at", Instant))
    key = sa.ForeignKey("contacts.id", name="fk_public_posts_contact_id")
    op.create_table(
        "public_posts",
        sa.Column("contact_id", Key, key, primary_key=True),
        sa.Column("look_by", Instant, nullable=False),
        sa.Column("looked_at", Instant),
    )
    unlooked = sa.text("looked_at IS NULL")
    op.create_index(
        "ix_public_posts_waiting", "public_posts", ["look_by"], sqlite_where=unlooked, postgresql_where=unlooked
    )
