"""The time within which a platform takes an answer, as one of the dates that fall due next."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_PROMISED = "CASE WHEN acknowledged_at IS NULL THEN coalesce(acknowledge_by, respond_by) ELSE respond_by END"
_COUNTS = "window_closed IS NOT TRUE AND paused_at IS NULL AND platform_reply_by IS NOT NULL"
_COMES_FIRST = f"{_COUNTS} AND coalesce(platform_reply_by < {_PROMISED}, TRUE)"
_DUE = f"CASE WHEN {_COMES_FIRST} THEN platform_reply_by ELSE {_PROMISED} END"
_OPEN = sa.text("next_look_at IS NOT NULL")
_INDEXES = {"ix_contacts_queue": ["due_at", "id"], "ix_contacts_team_queue": ["team", "due_at"]}


def upgrade() -> None:
    """Compute it anew: under its old name, so that an older program goes on reading it."""
    op.add_column("contacts", sa.Column("window_closed", sa.Boolean(), nullable=False, server_default=sa.false()))
    # What is over is not to stand above all else until its next look.
    op.execute("UPDATE contacts SET window_closed = TRUE WHERE platform_reply_by <= CURRENT_TIMESTAMP")
    for name in _INDEXES:
        op.drop_index(name, "contacts")
    op.drop_column("contacts", "due_at")
    # SQLite can add a computed column to a table that is there only as one that is computed when it is read.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE contacts ADD COLUMN due_at DATETIME GENERATED ALWAYS AS ({_DUE}) VIRTUAL")
    else:
        op.execute(f"ALTER TABLE contacts ADD COLUMN due_at TIMESTAMPTZ GENERATED ALWAYS AS ({_DUE}) STORED")
    for name, columns in _INDEXES.items():
        op.create_index(name, "contacts", columns, sqlite_where=_OPEN, postgresql_where=_OPEN)
