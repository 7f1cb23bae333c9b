"""Staff, their sessions and views, tokens of the API, what people need, and the words to search by."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant, Sealed
from bot.store.tables import Key

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DUE = "CASE WHEN acknowledged_at IS NULL THEN coalesce(acknowledge_by, respond_by) ELSE respond_by END"
OPEN = "next_look_at IS NOT NULL"


def upgrade() -> None:
    """Make the tables and the indexes of the queue; the words are filled in by the service while it runs."""
    _add_what_is_due()
    _index("ix_contacts_queue", "contacts", ["due_at", "id"], OPEN)
    _index("ix_contacts_team_queue", "contacts", ["team", "due_at"], OPEN)
    _index("ix_contacts_finished", "contacts", ["team", "state", "id"], "next_look_at IS NULL")
    _index("ix_contacts_urgent", "contacts", ["id"], "urgent != ''")
    _index("ix_contacts_linked_to", "contacts", ["linked_to"], "linked_to IS NOT NULL")
    _index("ix_events_audit", "events", ["id"], "actor != 'ackbot'")
    _index("ix_deliveries_alerts", "deliveries", ["created_at"], "purpose IN ('alert', 'urgent')")
    returned = "state IN ('permanent-failure', 'technical-failure')"
    _index("ix_deliveries_returned", "deliveries", ["contact_id"], returned)
    _add_people()
    _add_the_api()
    _add_words()


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _add_what_is_due() -> None:
    # SQLite can add a computed column to a table that is there only as one that is computed when it is read.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE contacts ADD COLUMN due_at DATETIME GENERATED ALWAYS AS ({DUE}) VIRTUAL")
    else:
        op.execute(f"ALTER TABLE contacts ADD COLUMN due_at TIMESTAMPTZ GENERATED ALWAYS AS ({DUE}) STORED")


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=False)


def _instant(name: str) -> "sa.Column[object]":
    return sa.Column(name, Instant(), nullable=False)


def _add_people() -> None:
    op.create_table(
        "staff",
        sa.Column("address", sa.Text(), primary_key=True),
        *map(_text, ("name", "role", "teams", "password")),
        _instant("created_at"),
        sa.Column("disabled_at", Instant()),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), primary_key=True),
        _text("address"),
        *map(_instant, ("began_at", "seen_at", "ends_at")),
    )
    op.create_index("ix_sessions_address", "sessions", ["address"])
    op.create_table(
        "needs",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("needs", Sealed(), nullable=False),
        _text("noted_by"),
        _instant("noted_at"),
    )
    op.create_table(
        "views",
        sa.Column("id", Key, primary_key=True),
        *map(_text, ("owner", "name", "query")),
        sa.UniqueConstraint("owner", "name", name="uq_views_owner_name"),
        sqlite_autoincrement=True,
    )


def _add_the_api() -> None:
    op.create_table(
        "tokens",
        sa.Column("name", sa.Text(), primary_key=True),
        *map(_text, ("digest", "scopes", "teams")),
        _instant("created_at"),
        sa.Column("used_at", Instant()),
        sa.Column("revoked_at", Instant()),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "answers",
        sa.Column("key", sa.Text(), primary_key=True),
        _text("digest"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", Sealed(), nullable=False),
        _instant("at"),
    )
    op.create_index("ix_answers_at", "answers", ["at"])


def _add_words() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE message_words USING fts5(words, contact_id UNINDEXED, tokenize='unicode61')")
        return
    op.execute(
        "CREATE TABLE message_words "
        "(message_id BIGINT PRIMARY KEY, contact_id BIGINT NOT NULL, words tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX ix_message_words_words ON message_words USING gin (words)")
