"""Any number of links between contacts, and telephone numbers in one form."""

import sqlalchemy as sa
from alembic import op

from bot.core import phones
from bot.store.tables import Key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Until now there was one column for what staff had linked and for what a thread goes on with.
_OF_STAFF = (
    "linked_to IS NOT NULL AND EXISTS (SELECT 1 FROM events WHERE contact_id = contacts.id AND kind = 'linked') "
    "AND EXISTS (SELECT 1 FROM contacts other WHERE other.id = contacts.linked_to)"
)


def upgrade() -> None:
    """Make the table of links, move there what staff had linked, and write known telephones in their form."""
    op.create_table(
        "links",
        sa.Column("contact_id", Key, sa.ForeignKey("contacts.id", name="fk_links_contact_id"), primary_key=True),
        sa.Column("other_id", Key, sa.ForeignKey("contacts.id", name="fk_links_other_id"), primary_key=True),
    )
    op.create_index("ix_links_other_id", "links", ["other_id"])
    op.execute(
        "INSERT INTO links (contact_id, other_id) "  # noqa: S608 - our own words
        "SELECT DISTINCT CASE WHEN id < linked_to THEN id ELSE linked_to END, "
        f"CASE WHEN id < linked_to THEN linked_to ELSE id END FROM contacts WHERE {_OF_STAFF}"
    )
    op.execute(f"UPDATE contacts SET linked_to = NULL WHERE {_OF_STAFF}")  # noqa: S608 - our own words
    for table, column in (("contacts", "sender_address"), ("contacts", "sender_key"), ("messages", "sender_address")):
        _rewrite(table, column)
    _rewrite_needs()


def _rewrite(table: str, column: str) -> None:
    known = sa.table(table, sa.column("id"), sa.column(column))
    value = known.c[column]
    rows = op.get_bind().execute(sa.select(known.c.id, value).where(value.like("tel:%"))).all()
    for number, address in rows:
        op.execute(sa.update(known).where(known.c.id == number).values({column: phones.key(address)}))


def _rewrite_needs() -> None:
    """The last of what was noted for one number under several ways to write it is what holds."""
    needs = sa.table("needs", *map(sa.column, ("address", "needs", "noted_by", "noted_at")))
    old = sa.select(needs).where(needs.c.address.like("tel:%")).order_by(needs.c.noted_at)
    kept = {phones.key(row.address): row._asdict() for row in op.get_bind().execute(old)}
    op.execute(sa.delete(needs).where(needs.c.address.like("tel:%")))
    for key, row in kept.items():
        op.execute(sa.insert(needs).values(row | {"address": key}))
