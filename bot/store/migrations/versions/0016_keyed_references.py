"""A key of its own by which a new store makes references of numbers."""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from bot.store.column_types import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the key, in a store that nobody has used: no service has noted its rules there, and no contact is logged.

    A store in use goes on without one, as references of the two sorts could be the same. An older program knows of no
    key, so it must not work on a store that has one.
    """
    rules = sa.table("rules", sa.column("name"), sa.column("value"), sa.column("kept_at", Instant()))
    connection, serves = op.get_bind(), rules.c.name == "schema serves from"
    is_used = sa.exists().where(~serves) | sa.exists().select_from(sa.table("contacts"))
    if connection.execute(sa.select(is_used)).scalar():
        return
    row = {"name": "reference key", "value": secrets.token_hex(32), "kept_at": datetime(2026, 11, 30, tzinfo=UTC)}
    connection.execute(rules.insert().values(**row))
    connection.execute(rules.update().where(serves).values(value=revision))
