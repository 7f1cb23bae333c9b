"""What left is kept as it was handed over; events are only added to, and a chain over them shows a change."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant, SealedBytes
from bot.store.tables import Key

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# While a transaction has opened the gate, what an event says may change: `details`, and who it was.
_ON_SQLITE = (
    """CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only added to'); END""",
    # SQLite deletes what "INSERT OR REPLACE" replaces without asking the trigger for it.
    """CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'events are only added to'); END""",
    """CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    WHEN NOT EXISTS (SELECT 1 FROM trail_gate) OR OLD.id IS NOT NEW.id OR OLD.contact_id IS NOT NEW.contact_id
    OR OLD.at IS NOT NEW.at OR OLD.kind IS NOT NEW.kind
    BEGIN SELECT RAISE(ABORT, 'events are only added to'); END""",
)
_ON_POSTGRESQL = (
    """CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF EXISTS (SELECT 1 FROM trail_gate) AND (OLD.id, OLD.contact_id, OLD.at, OLD.kind)
            IS NOT DISTINCT FROM (NEW.id, NEW.contact_id, NEW.at, NEW.kind) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'events are only added to' USING ERRCODE = 'restrict_violation';
    END $$""",
    """CREATE TRIGGER events_are_not_changed BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events()""",
    """CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()""",
)


def upgrade() -> None:
    """Make the tables and the triggers; the events that are there are linked by the service while it runs."""
    op.create_table(
        "sent_messages",
        sa.Column("id", Key, primary_key=True),
        sa.Column(
            "delivery_id",
            sa.BigInteger(),
            sa.ForeignKey("deliveries.id", name="fk_sent_messages_delivery_id"),
            nullable=False,
        ),
        sa.Column("contact_id", Key),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False, server_default=""),
        sa.Column("content", SealedBytes(), nullable=False),
        sa.UniqueConstraint("delivery_id", "attempt", name="uq_sent_messages_delivery_id_attempt"),
        sqlite_autoincrement=True,
    )
    without_contact = sa.text("contact_id IS NULL")
    op.create_index(
        "ix_sent_messages_without_contact",
        "sent_messages",
        ["at"],
        sqlite_where=without_contact,
        postgresql_where=without_contact,
    )
    op.create_table("trail_gate", sa.Column("id", Key, primary_key=True), sqlite_autoincrement=True)
    op.create_table(
        "event_links",
        sa.Column("event_id", Key, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("words", "link", "mac")),
        sa.Column("secret", sa.Text(), nullable=False),
        *(sa.Column(name, sa.LargeBinary()) for name in ("salt", "remainder")),
    )
    for statement in _ON_POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _ON_SQLITE:
        op.execute(statement)
