"""The rules that dates were computed by: every standard as it was last used, and the version of each calendar."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bot.store.tables import rules


def kept(connection: Connection) -> dict[str, str]:
    """Name -> value of everything that is kept."""
    return {row.name: row.value for row in connection.execute(select(rules.c.name, rules.c.value))}


def keep(connection: Connection, values: Mapping[str, str], at: datetime) -> None:
    """Keep these values; what has another name stays as it is."""
    if values:
        connection.execute(delete(rules).where(rules.c.name.in_(list(values))))
        connection.execute(insert(rules), [{"name": n, "value": v, "kept_at": at} for n, v in values.items()])
