"""The rules that dates were computed by: every standard as it was last used, and the version of each calendar."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.store.tables import rules


def kept(connection: Connection) -> dict[str, str]:
    """Name -> value of everything that is kept."""
    return {row.name: row.value for row in connection.execute(select(rules.c.name, rules.c.value))}


def keep(connection: Connection, values: Mapping[str, str], at: datetime) -> None:
    """Keep these values; what has another name stays as it is."""
    if values:
        statement = insert(rules)
        changed = {"value": statement.excluded.value, "kept_at": statement.excluded.kept_at}
        rows = [{"name": n, "value": v, "kept_at": at} for n, v in sorted(values.items())]
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed), rows)


def drop(connection: Connection, names: Sequence[str]) -> None:
    """Keep these no more."""
    connection.execute(delete(rules).where(rules.c.name.in_(names)))
