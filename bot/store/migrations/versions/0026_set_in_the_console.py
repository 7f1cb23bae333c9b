"""What teams set in the console over the files: absences, nights of duty, and versions of words."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant, Sealed
from bot.store.metadata import Key

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; they are empty, and the files hold until somebody enters something."""
    _add_absences()
    _add_shifts()
    _add_wordings()


def _add_absences() -> None:
    op.create_table(
        "absences",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Sealed, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("deputy", Sealed, nullable=False, server_default=""),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("entered_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_absences_last_day", "absences", ["last_day"])


def _add_shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", Key, primary_key=True),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("person", Sealed, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("entered_at", Instant, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shifts_last_day", "shifts", ["last_day"])


def _add_wordings() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", Key, primary_key=True),
        sa.Column("sort", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False, server_default="en"),
        sa.Column("teams", sa.Text, nullable=False, server_default=""),
        sa.Column("service", sa.Text, nullable=False, server_default=""),
        sa.Column("subject", sa.Text, nullable=False, server_default=""),
        sa.Column("words", sa.Text, nullable=False, server_default=""),
        sa.Column("withdrawn", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("written_by", sa.Text, nullable=False),
        sa.Column("written_at", Instant, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wordings_versions", "wordings", ["sort", "name", "language", "id"])
