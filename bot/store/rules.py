"""The rules by which dates were computed: every standard as last used, and the version of each calendar."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from bot.store.tables import rules
from bot.store.upserts import insert


def load(connection: Connection) -> dict[str, str]:
    """Return the value of every stored name."""
    return {row.name: row.value for row in connection.execute(select(rules.c.name, rules.c.value))}


def keep(connection: Connection, values: Mapping[str, str], at: datetime) -> None:
    """Store these values; leave all others unchanged."""
    if values:
        statement = insert(rules)
        new_values = {"value": statement.excluded.value, "kept_at": statement.excluded.kept_at}
        rows = [{"name": n, "value": v, "kept_at": at} for n, v in sorted(values.items())]
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=new_values), rows)


def drop(connection: Connection, names: Sequence[str]) -> None:
    """Delete these names."""
    connection.execute(delete(rules).where(rules.c.name.in_(names)))
