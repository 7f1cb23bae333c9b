"""Indexes: contacts of a person whatever became of them, those that are open or closed, notices, what somebody did.

The words to search by are taken in anew: what was taken out before stood in the index's own file still.
"""

import sqlalchemy as sa
from alembic import op

from bot.store import words

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the indexes, and begin with an empty index of words."""
    _index("ix_contacts_person", "contacts", ["sender_key", "id"], "sender_key IS NOT NULL")
    _index("ix_contacts_open", "contacts", ["id"], "next_look_at IS NOT NULL")
    _index("ix_contacts_closed", "contacts", ["id"], "state = 'closed'")
    op.drop_index("ix_contacts_waiting", "contacts")
    _index("ix_events_actor", "events", ["actor", "id"], "actor != 'ackbot'")
    op.drop_index("ix_deliveries_alerts", "deliveries")
    _index("ix_deliveries_alerts", "deliveries", ["created_at"], "purpose IN ('alert', 'notice', 'urgent')")
    words.empty(op.get_bind())


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
