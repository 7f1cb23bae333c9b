"""Links between contacts, receipts that stand for several, staff's messages, and addresses that mail came back from."""

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant
from bot.store.tables import Key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns, indexes and the table of suppressions."""
    for column in (
        sa.Column("sender_key", sa.Text()),
        sa.Column("linked_to", Key),
        sa.Column("receipt_of", Key),
        sa.Column("told_respond_by", Instant()),
        sa.Column("noted_at", Instant()),
        sa.Column("muted", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("contacts", column)
    op.add_column("messages", sa.Column("written_by", sa.Text(), nullable=False, server_default="sender"))
    op.create_table(
        "suppressions",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_suppressions")),
    )
    op.execute("UPDATE contacts SET sender_key = lower(sender_address)")
    op.execute("UPDATE contacts SET told_respond_by = respond_by WHERE receipt_sent_at IS NOT NULL")
    own_receipt = sa.text("outcome = 'acknowledge' AND receipt_of IS NULL")
    for name, table, columns, where in (
        ("ix_contacts_receipt_of", "contacts", ["receipt_of"], sa.text("receipt_of IS NOT NULL")),
        ("ix_contacts_receipts", "contacts", ["sender_key", "received_at"], own_receipt),
        ("ix_contacts_waiting", "contacts", ["sender_key"], sa.text("next_look_at IS NOT NULL")),
        ("ix_contacts_automatic", "contacts", ["received_at"], sa.text("outcome IN ('log', 'ask')")),
        ("ix_deliveries_receipts", "deliveries", ["created_at"], sa.text("purpose = 'acknowledgement'")),
    ):
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
