"""What people say of our answers, and what the organisation publishes that it made of it."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant, Sealed
from bot.store.metadata import Key

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None
_KEY = "fk_improvement_contacts"


def upgrade() -> None:
    """Make the tables; whoever was answered before is not asked."""
    _add_feedback()
    _add_improvements()


def _add_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("contact_id", Key, sa.ForeignKey("contacts.id", name="fk_feedback_contact_id"), primary_key=True),
        sa.Column("asked_at", Instant),
        sa.Column("answered_at", Instant),
        sa.Column("answer", sa.Text, nullable=False, server_default=""),
        sa.Column("satisfaction", sa.Text, nullable=False, server_default=""),
        sa.Column("words", Sealed, nullable=False, server_default=""),
        sa.Column("read_at", Instant),
        sa.Column("read_by", sa.Text, nullable=False, server_default=""),
        sa.Column("reopened", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    is_unread = sa.text("answer != '' AND read_at IS NULL")
    op.create_index("ix_feedback_unread", "feedback", ["answer"], sqlite_where=is_unread, postgresql_where=is_unread)
    op.create_index("ix_feedback_answered_at", "feedback", ["answered_at"])


def _add_improvements() -> None:
    op.create_table(
        "improvements",
        sa.Column("id", Key, primary_key=True),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("remedy", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False, server_default=""),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("language", sa.Text, nullable=False, server_default="en"),
        sa.Column("state", sa.Text, nullable=False, server_default="draft"),
        sa.Column("written_by", sa.Text, nullable=False),
        sa.Column("written_at", Instant, nullable=False),
        sa.Column("published_by", sa.Text, nullable=False, server_default=""),
        sa.Column("published_at", Instant),
        sa.CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name=op.f("ck_improvements_state_known")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_improvements_state", "improvements", ["state", "day"])
    op.create_table(
        "improvement_contacts",
        sa.Column(
            "improvement_id", Key, sa.ForeignKey("improvements.id", name=f"{_KEY}_improvement_id"), primary_key=True
        ),
        sa.Column("contact_id", Key, sa.ForeignKey("contacts.id", name=f"{_KEY}_contact_id"), primary_key=True),
    )
    op.create_index("ix_improvement_contacts_contact_id", "improvement_contacts", ["contact_id"])
